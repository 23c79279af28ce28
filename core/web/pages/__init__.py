"""The pages, an area of them in each file; every view says who may use it."""

from __future__ import annotations

from flask import Flask

from core.access.users import Users
from core.runtime import Runtime
from core.web.pages import (
    account,
    activity,
    destinations,
    inbox,
    integrations,
    outbound,
    people,
    records,
    session,
    sign_in,
)

PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("integrations.index", "Integrations", "g c", "operator"),
    ("destinations.index", "Destinations", "g d", "operator"),
    ("activity.overview", "Activity", "g a", "operator"),
    ("outbound.index", "Outbound events", "g o", "operator"),
)
"""The places of the navigation after the inbox: endpoint, words, key, and the role whose place it is."""


def install_pages(app: Flask, runtime: Runtime, users: Users) -> None:
    """Register the pages with an app."""
    app.register_blueprint(sign_in.pages(runtime, users))
    app.register_blueprint(account.pages(runtime, users))
    app.register_blueprint(inbox.pages(runtime))
    app.register_blueprint(session.pages(runtime))
    app.register_blueprint(integrations.pages(runtime))
    app.register_blueprint(activity.pages(runtime))
    app.register_blueprint(destinations.pages(runtime))
    app.register_blueprint(outbound.pages(runtime))
    app.register_blueprint(people.pages(runtime, users))
    app.register_blueprint(records.pages(runtime))
    app.jinja_env.globals["more_places"] = PLACES
