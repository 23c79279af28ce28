"""Freshchat: live chat by Freshworks, as a connector of Relaydesk."""

from __future__ import annotations

from core import Connector, hookimpl
from plugins.freshchat.connector import Freshchat


@hookimpl
def register_connectors() -> list[Connector]:
    return [Freshchat()]
