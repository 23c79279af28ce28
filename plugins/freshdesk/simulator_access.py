"""Who calls the simulated Freshdesk API, and what they may do: a key acts as the agent whose it is.

Reference: https://developers.freshdesk.com/api/#authentication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request

from plugins.freshdesk.simulator_answers import ApiError
from plugins.freshdesk.simulator_happenings import Performer
from plugins.freshdesk.simulator_state import Agent, Ticket

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

READABLE = "GET"
"""What may still be done to a ticket in spam or trash."""


def identify(sim: FreshdeskSimulator) -> None:
    """Find the agent whose key is the user name, whatever the password. Raises `ApiError`."""
    credentials = request.authorization
    key = credentials.username if credentials is not None and credentials.type == "basic" else None
    agent = sim.account.agent(sim.account.keys.get(key or ""))
    if agent is None:
        raise ApiError(401)
    if not agent.active:
        raise ApiError(sim.quirks.deactivated_status)
    g.agent = agent


def caller() -> Agent:
    """The agent whose key was used."""
    agent: Agent = g.agent
    return agent


def performer() -> Performer:
    """What rules are told of who did it: what a key does, its agent does."""
    return Performer("agent", caller().id)


def only_admins() -> None:
    """Refuse whoever is no administrator. Raises `ApiError`."""
    if not caller().is_admin:
        raise ApiError(403)


def ticket_of(sim: FreshdeskSimulator, ticket_id: int, *, archived: bool = False) -> Ticket:
    """The ticket to read. Raises `ApiError`: an archived one is found under its own address only."""
    ticket = sim.account.tickets.get(ticket_id)
    if ticket is None or ticket.archived is not archived:
        raise ApiError(404)
    if not caller().sees(ticket):
        raise ApiError(403)
    return ticket


def writable(sim: FreshdeskSimulator, ticket_id: int) -> Ticket:
    """The ticket to change. Raises `ApiError`: one in spam or trash answers every writing verb with 405."""
    ticket = ticket_of(sim, ticket_id)
    if ticket.deleted or ticket.spam:
        raise ApiError(405, allow=READABLE)
    return ticket
