"""What can happen to the tickets of the simulated Freshdesk account, and what its automation rules are told of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.clock import Clock
from plugins.freshdesk.simulator_happenings import Happening, Performer
from plugins.freshdesk.simulator_index import Order, SearchIndex
from plugins.freshdesk.simulator_people import People
from plugins.freshdesk.simulator_state import (
    CLOSED,
    EMAIL,
    FORWARD,
    NOTE,
    OPEN,
    PENDING,
    REPLY,
    RESOLVED,
    WEB_CHAT,
    Agent,
    Attachment,
    Contact,
    Entry,
    Group,
    Quirks,
    Ticket,
    structured,
)

Emit = Callable[[Happening], None]

SYSTEM = Performer("system")
SUPPORT_EMAIL = "support@example.freshdesk.com"
QUOTED = '<div class="freshdesk_quote"><blockquote class="freshdesk_quote">{}</blockquote></div>'
DUE_AFTER, FIRST_REPLY_AFTER = timedelta(days=3), timedelta(days=1)


@dataclass(frozen=True)
class Comment:
    """A public entry as placeholders show it; `body` is HTML."""

    author_name: str
    body: str


class Account(People):
    """All of one account's data, in memory.

    Every change is made under `lock` and told by `emit(happening)` before it returns.
    """

    def __init__(
        self, clock: Clock, lock: AbstractContextManager[Any], emit: Emit, quirks: Callable[[], Quirks]
    ) -> None:
        super().__init__(clock, lock, quirks)
        self.tickets: dict[int, Ticket] = {}
        self.entries: dict[int, Entry] = {}
        self.by_created = Order(lambda ticket: ticket.created_at)
        self.by_updated = Order(lambda ticket: ticket.updated_at)
        self.search = SearchIndex(self.now, lambda: self.quirks.search_lag)
        self._emit = emit
        self._ticket_ids = itertools.count(1)

    # ------------------------------------------------------------------------------------------ new tickets

    def open(self, performer: Performer, *, requester_id: int, subject: str, description: str, **more: Any) -> Ticket:
        """A new ticket; `description` is HTML, `more` are further fields of `Ticket`."""
        with self.lock:
            now = self.now()
            times = {"due_by": now + DUE_AFTER, "fr_due_by": now + FIRST_REPLY_AFTER}
            ticket = Ticket(next(self._ticket_ids), subject, description, requester_id, now, now, **{**times, **more})
            empty = {one.name: None for one in self.custom_fields()}
            ticket.custom_fields = {**empty, **ticket.custom_fields}
            if ticket.source == WEB_CHAT:
                # Only here the description is also the first of the conversations.
                first = {
                    "structured_body": structured(ticket.text),
                    "incoming": True,
                    "attachments": ticket.attachments,
                }
                self._append(ticket, description, requester_id, **first)
            self.tickets[ticket.id] = ticket
            self._place(ticket)
            self._tell("ticket_created", ticket, performer)
            return ticket

    def load(self, tickets: Iterable[Ticket]) -> None:
        """Take finished tickets, any number of them, without anybody being told."""
        with self.lock:
            loaded = list(tickets)
            for ticket in loaded:
                self.tickets[ticket.id] = ticket
                for entry in ticket.entries:
                    self.entries[entry.id] = entry
            self.by_created.add(loaded)
            self.by_updated.add(loaded)
            self.search.load(loaded)

    def next_ticket_id(self) -> int:
        """An id for a ticket that is to be loaded."""
        return next(self._ticket_ids)

    # ---------------------------------------------------------------------------------------- conversations

    def write(
        self, ticket: Ticket, performer: Performer, body: str, user_id: int | None, *, quote: bool = False, **more: Any
    ) -> Entry:
        """Add a conversation to a ticket; `body` is HTML, `more` are further fields of `Entry`.

        With `quote` it carries what was said before, if the account does so. A customer's public reply opens a
        resolved or closed ticket again.
        """
        with self.lock:
            if quote and self.quirks.body_quotes_history and ticket.source == EMAIL:
                body += QUOTED.format(ticket.entries[-1].body if ticket.entries else ticket.description)
            entry = self._append(ticket, body, user_id, **more)
            self._note_response(ticket, entry)
            self._touch(ticket)
            if entry.source == REPLY and not entry.private:
                self._tell("reply_sent", ticket, performer)
            else:
                self._tell("note_added", ticket, performer, note_type="private" if entry.private else "public")
            if entry.incoming and not entry.private and ticket.status in (RESOLVED, CLOSED):
                self.change(ticket, {"status": OPEN}, performer)
            return entry

    def edit(self, entry: Entry, editor: Agent, body: str, attachments: Sequence[Attachment] = ()) -> None:
        """Change a note's text, and add attachments to it."""
        with self.lock:
            entry.body, entry.attachments = body, (*entry.attachments, *attachments)
            entry.updated_at = entry.last_edited_at = self.now()
            entry.last_edited_user_id = editor.id
            self._touch(self.tickets[entry.ticket_id])

    def remove_entry(self, entry: Entry) -> None:
        """Delete a conversation."""
        with self.lock:
            ticket = self.tickets[entry.ticket_id]
            ticket.entries.remove(entry)
            del self.entries[entry.id]
            self._touch(ticket)

    def visible_entries(self, ticket: Ticket) -> list[Entry]:
        """The conversations that the API shows by now, oldest first."""
        with self.lock:
            latest = self.clock.now() - timedelta(seconds=self.quirks.read_lag)
            return [entry for entry in ticket.entries if entry.created_at <= latest]

    def public_comments(self, ticket: Ticket) -> Sequence[Comment]:
        """The public conversations of a ticket, oldest first, as placeholders see them: without the description."""
        with self.lock:
            return [
                Comment(self.name_of(entry.user_id) or entry.from_email or "", entry.body)
                for entry in ticket.entries
                if not entry.private and entry.source != FORWARD
            ]

    # ------------------------------------------------------------------------------------------------ changes

    def change(self, ticket: Ticket, values: Mapping[str, Any], performer: Performer) -> dict[str, tuple[Any, Any]]:
        """Set fields of a ticket, custom ones by their cf_ name; returns what changed, old and new.

        What is set to what it is already is no change, and nobody is told of it.
        """
        with self.lock:
            before = {key: _value(ticket, key) for key in values}
            changes = {key: (before[key], value) for key, value in values.items() if before[key] != value}
            if not changes:
                return {}
            for key, (_, value) in changes.items():
                if key.startswith("cf_"):
                    ticket.custom_fields[key] = value
                else:
                    setattr(ticket, key, value)
            if "status" in changes:
                self._note_status(ticket, changes["status"][0])
            self._touch(ticket)
            self._tell("ticket_updated", ticket, performer, changes=changes)
            return changes

    def trash(self, ticket: Ticket, performer: Performer) -> None:
        """Delete a ticket, as Freshdesk does: it can be restored."""
        with self.lock:
            ticket.deleted = True
            self._touch(ticket)
            self._tell("ticket_deleted", ticket, performer)

    def purge(self, ticket: Ticket) -> None:
        """Delete a ticket for ever; nobody is told."""
        with self.lock:
            del self.tickets[ticket.id]
            for entry in ticket.entries:
                del self.entries[entry.id]
            self.by_created.drop(ticket.id)
            self.by_updated.drop(ticket.id)
            self.search.note(ticket, gone=True)

    def archive(self, ticket: Ticket) -> None:
        """Move a ticket to the archive, as happens 120 days after it was closed; nobody is told."""
        with self.lock:
            ticket.archived = True
            self._place(ticket)

    def merge(self, primary: Ticket, secondaries: Sequence[Ticket], performer: Performer, private: bool = True) -> None:
        """Merge into `primary`: notes tell of it on both sides, and the others are closed."""
        with self.lock:
            for other in secondaries:
                told = f"<div>Merged from ticket {other.id}</div>{other.description}"
                self.write(primary, performer, told, performer.id, source=NOTE, private=private)
                note = f"<div>This ticket is closed and merged into ticket {primary.id}</div>"
                self.write(other, performer, note, performer.id, source=NOTE, private=private)
                other.merged_into = primary.id
                self.change(other, {"status": CLOSED}, performer)

    def living(self, ticket: Ticket) -> Ticket:
        """Where replies to a ticket arrive: it itself, or the one it was merged into."""
        while ticket.merged_into is not None:
            ticket = self.tickets[ticket.merged_into]
        return ticket

    def dismiss(self, agent: Agent) -> None:
        """Make a contact with the same id of an agent, as deleting one does; their tickets are unassigned."""
        with self.lock:
            del self.agents[agent.id]
            self.end_key(agent)
            contact = Contact(agent.id, agent.name, agent.created_at, self.now(), agent.email, active=True)
            self.contacts[agent.id] = contact
            self._by_email.setdefault(agent.email.lower(), agent.id)
            for ticket in [one for one in self.tickets.values() if one.responder_id == agent.id]:
                self.change(ticket, {"responder_id": None}, SYSTEM)

    def dissolve(self, group: Group) -> None:
        """Delete a group; its tickets have none any more."""
        with self.lock:
            del self.groups[group.id]
            for agent in self.agents.values():
                agent.group_ids = [one for one in agent.group_ids if one != group.id]
            for ticket in [one for one in self.tickets.values() if one.group_id == group.id]:
                self.change(ticket, {"group_id": None}, SYSTEM)

    # ------------------------------------------------------------------------------------------------- inside

    def _append(self, ticket: Ticket, body: str, user_id: int | None, **more: Any) -> Entry:
        now = self.now()
        entry = Entry(self.next_id(), ticket.id, body, user_id, now, now, **more)
        ticket.entries.append(entry)
        self.entries[entry.id] = entry
        return entry

    def _touch(self, ticket: Ticket) -> None:
        """A ticket's updated_at moves with everything that happens to it, its conversations included."""
        ticket.updated_at = self.now()
        self._place(ticket)

    def _place(self, ticket: Ticket) -> None:
        self.by_created.move(ticket)
        self.by_updated.move(ticket)
        self.search.note(ticket)

    def _tell(self, kind: str, ticket: Ticket, performer: Performer, **more: Any) -> None:
        self._emit(Happening(kind, ticket, performer, self.clock.now(), **more))

    def _note_response(self, ticket: Ticket, entry: Entry) -> None:
        if entry.private:
            return
        if entry.incoming:
            ticket.stats.requester_responded_at = entry.created_at
        elif entry.source == REPLY:
            ticket.stats.agent_responded_at = entry.created_at
            ticket.stats.first_responded_at = ticket.stats.first_responded_at or entry.created_at

    def _note_status(self, ticket: Ticket, before: int) -> None:
        stats, now = ticket.stats, self.now()
        ended = ticket.status in (RESOLVED, CLOSED)
        stats.status_updated_at = now
        stats.pending_since = now if ticket.status == PENDING else None
        if ended:
            stats.resolved_at = stats.resolved_at or now
        elif before in (RESOLVED, CLOSED):
            stats.reopened_at, stats.resolved_at = now, None
        stats.closed_at = now if ticket.status == CLOSED else None


def _value(ticket: Ticket, key: str) -> Any:
    return ticket.custom_fields.get(key) if key.startswith("cf_") else getattr(ticket, key)
