"""Freshchat: live chat by Freshworks, as a connector of Relaydesk, with templates of what can be written to it."""

from __future__ import annotations

from core import Connector, DestinationTemplate, hookimpl
from plugins.freshchat.connector import Freshchat
from plugins.freshchat.templates import TEMPLATES


@hookimpl
def register_connectors() -> list[Connector]:
    return [Freshchat()]


@hookimpl
def destination_templates() -> list[DestinationTemplate]:
    return [template() for template in TEMPLATES]
