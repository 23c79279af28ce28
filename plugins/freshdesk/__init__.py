"""Freshdesk: tickets by Freshworks, as a connector of Relaydesk."""

from __future__ import annotations

from core import Connector, hookimpl
from plugins.freshdesk.connector import Freshdesk


@hookimpl
def register_connectors() -> list[Connector]:
    return [Freshdesk()]
