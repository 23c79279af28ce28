"""Finished tickets for the simulated account, by the ten thousand: what a backfill is tried with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from plugins.freshdesk.simulator_account import Account
from plugins.freshdesk.simulator_state import CLOSED, EMAIL, NOTE, OPEN, RESOLVED, Contact, Entry, Ticket, as_html

Said = tuple[Literal["customer", "agent", "note"], str]
"""Who wrote an entry, and what: a note is a private one of the agent."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A ticket that came about earlier. Its entries are spread evenly between `created_at` and `updated_at`."""

    contact: Contact
    subject: str
    text: str
    created_at: datetime
    updated_at: datetime | None = None
    entries: Sequence[Said] = ()
    status: int = OPEN
    source: int = EMAIL
    responder_id: int | None = None
    group_id: int | None = None
    tags: Sequence[str] = ()


def finished(account: Account, filed: Filed) -> Ticket:
    """The ticket itself, with ids of the account; it still has to be loaded."""
    created = filed.created_at.replace(microsecond=0)
    updated = (filed.updated_at or created).replace(microsecond=0)
    ticket = Ticket(
        account.next_ticket_id(),
        filed.subject,
        as_html(filed.text),
        filed.contact.id,
        created,
        updated,
        filed.status,
        source=filed.source,
        responder_id=filed.responder_id,
        group_id=filed.group_id,
        tags=list(filed.tags),
        custom_fields={one.name: None for one in account.custom_fields()},
    )
    if filed.status in (RESOLVED, CLOSED):
        ticket.stats.resolved_at = updated
        ticket.stats.closed_at = updated if filed.status == CLOSED else None
    step = (updated - created) / len(filed.entries) if filed.entries else timedelta()
    for number, said in enumerate(filed.entries, start=1):
        ticket.entries.append(_entry(account, ticket, said, (created + step * number).replace(microsecond=0)))
    return ticket


def _entry(account: Account, ticket: Ticket, said: Said, at: datetime) -> Entry:
    who, text = said
    more: dict[str, Any] = {"incoming": True} if who == "customer" else {}
    if who == "note":
        more = {"source": NOTE, "private": True}
    author = ticket.requester_id if who == "customer" else ticket.responder_id
    return Entry(account.next_id(), ticket.id, as_html(text), author, at, at, **more)
