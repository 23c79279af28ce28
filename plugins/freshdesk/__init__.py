"""Freshdesk: tickets by Freshworks, as a connector of Relaydesk."""

from __future__ import annotations

from core import Connector, DestinationTemplate, hookimpl
from plugins.freshdesk.connector import Freshdesk
from plugins.freshdesk.template_contacts import CreateContact, UpdateContact
from plugins.freshdesk.template_messages import Note, Reply
from plugins.freshdesk.template_tickets import CreateTicket, UpdateTicket


@hookimpl
def register_connectors() -> list[Connector]:
    return [Freshdesk()]


@hookimpl
def destination_templates() -> list[DestinationTemplate]:
    return [CreateTicket(), UpdateTicket(), Reply(), Note(), CreateContact(), UpdateContact()]
