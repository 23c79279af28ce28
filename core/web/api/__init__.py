"""The REST API `/api/v1`: what the pages show and operators do there, for other programs, with its OpenAPI."""

from __future__ import annotations

from functools import partial

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from core.runtime import Runtime
from core.web.api.actions import actions
from core.web.api.connections import backfills, connections
from core.web.api.contacts import contacts
from core.web.api.deliveries import deliveries
from core.web.api.destinations import destinations
from core.web.api.documentation import documentation
from core.web.api.events import events
from core.web.api.messages import messages
from core.web.api.records import records
from core.web.api.sessions import sessions
from core.web.api.specification import describe
from core.web.api.subscriptions import subscriptions

AREAS = (
    *(sessions, messages, contacts, connections, backfills, events, actions),
    *(subscriptions, deliveries, destinations, records),
)


def install_api(app: Flask, runtime: Runtime, forgery: CSRFProtect) -> None:
    """Give an app the API: it asks for tokens and never for cookies, so that no form of another site can use it."""
    resources = [area(runtime) for area in AREAS]
    for resource in resources:
        forgery.exempt(resource)
        app.register_blueprint(resource)
    app.register_blueprint(documentation(partial(describe, runtime.config.server.base_url, resources)))
