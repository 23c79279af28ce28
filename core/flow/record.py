"""Facts are written into a session: its messages, its owner, its status, and the turn they make due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain import (
    AssignmentFact,
    Author,
    Connection,
    Contact,
    EventSource,
    Fact,
    MessageFact,
    Owner,
    Receipt,
    Session,
    SessionChange,
    StatusFact,
    VendorState,
    Visibility,
)
from core.flow import announce, handback, leases, outbox, ownership, routing, sessions, sync, turns
from core.flow.announce import Happening, Said
from core.flow.leases import Lease
from core.runtime import Runtime
from core.store.models import EventRow, SessionRow

NOT_FETCHED = "it was written before this service was connected, and is to be found at the vendor"


@dataclass(frozen=True, slots=True)
class News:
    """What is to be recorded: facts, and where the whole conversation was read at the vendor, what is true there now.

    Messages of before `history_before` are kept and never answered, and say nothing about whose it is.
    """

    facts: Sequence[Fact]
    contact: Contact | None = None
    state: VendorState | None = None
    history_before: datetime | None = None

    def contact_called(self, external_id: str) -> Contact | None:
        """The contact, if it is the one with this id."""
        return self.contact if self.contact is not None and self.contact.external_id == external_id else None


def record(
    runtime: Runtime, lease: Lease, connection: Connection, event: EventRow, news: News
) -> tuple[Session | None, list[SessionChange]]:
    """Apply an event's news and end the event, in one transaction.

    Returns the session as it then stands (None if the event belongs to none) and what changed in it.
    """
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        return write_down(runtime, lease.id, connection, event, news)


def write_down(
    runtime: Runtime, lease_id: int, connection: Connection, event: EventRow, news: News
) -> tuple[Session | None, list[SessionChange]]:
    """The same inside the transaction now open, by whoever has the conversation."""
    now = runtime.db.now()
    row = sessions.find(lease_id)
    happened: list[Happening] = []
    opened = row is None and _begins_session(news, event)
    if row is None and opened:
        row = _open(runtime, lease_id, connection, event, news)
        happened.append(sessions.mark(row, "message", now, {"opened": True}))
    if row is None:
        finish(event, "ignored", "no_session" if news.facts else "nothing_to_tell", now)
        return None, []
    imported = event.source == EventSource.BACKFILL
    if opened and imported and news.state is not None:
        _old_thread(runtime, connection, row, news)
    else:
        for fact in news.facts:
            happened += _apply(runtime, connection, row, fact, news, event)
    if news.state is not None:
        # What began before we were there is not answered because it is the AI's when we first see it (gap G15).
        answer = not (opened and row.gated_at is not None)
        happened += _take_over(runtime, connection, row, news, news.state, event if answer else None)
    # What is imported has not just happened: among the others it stands by when it was last spoken in.
    row.updated_at = row.last_message_at if imported and row.last_message_at is not None else now
    row.save()
    # A session that was opened for its past alone has not begun now.
    if not imported and (not opened or any(isinstance(each, Said) for each in happened)):
        announce.tell(runtime.db, row, happened)
    finish(event, "done", "", now)
    return sessions.to_session(row), [each for each in happened if isinstance(each, SessionChange)]


def _is_history(at: datetime, event: EventRow, news: News) -> bool:
    return event.source == EventSource.BACKFILL or (news.history_before is not None and at < news.history_before)


def _begins_session(news: News, event: EventRow) -> bool:
    """A conversation begins for us when a person speaks in it, not when the helpdesk moves it about.

    One that had ended before anybody here knew of it, and in which nobody has spoken since, is left alone.
    """
    spoken = [
        fact for fact in news.facts if isinstance(fact, MessageFact) and fact.author in (Author.CUSTOMER, Author.AGENT)
    ]
    over = news.state is not None and (news.state.closed or news.state.removed)
    return any(not over or not _is_history(fact.at, event, news) for fact in spoken)


def _open(runtime: Runtime, lease_id: int, connection: Connection, event: EventRow, news: News) -> SessionRow:
    connector = runtime.connections.connector(connection)
    read = news.state.channel if news.state is not None else None
    channel = read or connector.channel
    now = runtime.db.now()
    row = sessions.open_session(
        lease_id,
        channel,
        runtime.config.channels[channel].mode.value,
        routing.routing_mode(connection.settings, claims_assigned=connector.claims_assigned),
        now,
    )
    first = min((fact.at for fact in news.facts if isinstance(fact, MessageFact)), default=now)
    if _is_history(first, event, news):
        sync.close_gate(row, now)  # the gate for new conversations is none of its business
    return row


def _apply(
    runtime: Runtime, connection: Connection, row: SessionRow, fact: Fact, news: News, event: EventRow
) -> Sequence[Happening]:
    now = runtime.db.now()
    match fact:
        case StatusFact():
            return sync.apply_status(row, fact, now)
        case AssignmentFact():
            new = row.gated_at is None
            changes = sync.apply_assignment(row, fact, connection.agent_id, now)
            handback.after(runtime, connection, row, changes)
            if _given_to_ai(changes, new=new):
                _answer_what_waits(runtime, connection, row, event)
            return changes
        case MessageFact():
            sessions.add_data(row, fact.data)
            if _is_history(fact.at, event, news):
                return _old_message(runtime, connection, row, fact, news)
            if fact.author is Author.CUSTOMER:
                return _customer_message(runtime, connection, row, fact, news, event)
            return _other_message(runtime, connection, row, fact, news)


def _take_over(
    runtime: Runtime, connection: Connection, row: SessionRow, news: News, state: VendorState, event: EventRow | None
) -> list[SessionChange]:
    """What was read of the conversation after its messages: the last word on whose it is, and whether it is open.

    `event` may lead to an answer, if it makes the session the AI's; None if nothing may.
    """
    now = runtime.db.now()
    new = row.gated_at is None
    if state.customer_id and state.customer_id != row.customer_id:
        sessions.match_contact(runtime.db, row, state.customer_id, news.contact_called(state.customer_id), now)
    changes = handback.take_over(runtime, connection, row, state)
    if state.at is not None:
        row.vendor_at, row.read_at = max(row.vendor_at or state.at, state.at), now
    intake = runtime.connections.connector(connection).intake_group(connection.settings)
    let_in = intake and any(
        change.kind == "team_assigned_by_integration" and change.detail["to"] == intake for change in changes
    )
    # What was closed or put away before anybody had acted in it, and is taken out again, is as new as before.
    taken_out = new and any(change.kind == "integration_reopened_session" for change in changes)
    waits = _given_to_ai(changes, new=new) or ((let_in or taken_out) and row.owner == Owner.NOBODY)
    if event is not None and waits:
        _answer_what_waits(runtime, connection, row, event)
    return changes


def _given_to_ai(changes: Sequence[SessionChange], *, new: bool) -> bool:
    """Whether a conversation that nobody had, or that was turned away while it was `new`, is the AI's now."""
    from_whom = (Owner.NOBODY, Owner.HUMAN) if new else (Owner.NOBODY,)
    return any(change.detail.get("to") == Owner.AI and change.detail.get("from") in from_whom for change in changes)


def _old_thread(runtime: Runtime, connection: Connection, row: SessionRow, news: News) -> None:
    """A whole thread of before we were there, at once: a backfill brings tens of thousands of messages."""
    facts = [fact for fact in news.facts if isinstance(fact, MessageFact)]
    thread = [_old(fact, connection) for fact in facts]
    sessions.add_thread(runtime.db, row, thread, runtime.db.now())
    for fact in facts:
        sessions.add_data(row, fact.data)
        if fact.customer_id and not row.customer_id:
            found = news.contact_called(fact.customer_id)
            sessions.match_contact(runtime.db, row, fact.customer_id, found, runtime.db.now())


def _old(fact: MessageFact, connection: Connection) -> tuple[MessageFact, Author]:
    own = _is_own(fact, connection)
    # The past of a whole account would be gigabytes, and the vendor has it.
    files = tuple(replace(file, placeholder=f"{file.name}: {NOT_FETCHED}") for file in fact.attachments)
    return replace(fact, attachments=files), Author.AI if own else fact.author


def _is_own(fact: MessageFact, connection: Connection) -> bool:
    return bool(connection.agent_id) and fact.author_id == connection.agent_id


def _old_message(
    runtime: Runtime, connection: Connection, row: SessionRow, fact: MessageFact, news: News
) -> list[SessionChange]:
    """A message of before we were there (gap G15): it is kept, and nothing follows from it."""
    now = runtime.db.now()
    if fact.customer_id and not row.customer_id:
        sessions.match_contact(runtime.db, row, fact.customer_id, news.contact_called(fact.customer_id), now)
    old, author = _old(fact, connection)
    sessions.add_message(runtime.db, row, old, author, now)
    row.last_message_at = fact.at  # they come in order
    if news.state is not None or row.status != "open":
        return []
    # Nobody read whose it is now, so that an agent's words are all there is to go by.
    own = author is Author.AI
    owner = ownership.after_message(Owner(row.owner), fact.author, fact.visibility, own=own)
    return sync.change_owner(row, owner, "agent_took_session_from_ai", now, fact.author_id)


def _customer_message(
    runtime: Runtime, connection: Connection, row: SessionRow, fact: MessageFact, news: News, event: EventRow
) -> Sequence[Happening]:
    now = runtime.db.now()
    sessions.match_contact(runtime.db, row, fact.customer_id, news.contact_called(fact.customer_id), now)
    stored = sessions.add_message(runtime.db, row, fact, Author.CUSTOMER, now)
    if stored is None:
        return []
    was_closed = row.status != "open"
    changes = sync.customer_spoke(row, fact.at, now)
    if was_closed and changes:
        # A conversation that begins again follows the present settings (behaviour 33).
        claims_assigned = runtime.connections.connector(connection).claims_assigned
        row.mode = runtime.config.channels[sessions.to_session(row).channel].mode.value
        row.routing = routing.routing_mode(connection.settings, claims_assigned=claims_assigned)
    turns.schedule(row.lease_id, row, runtime.config.channels[sessions.to_session(row).channel], event.id, now)
    return [*changes, *announce.said(stored, fact, Author.CUSTOMER)]


def _other_message(
    runtime: Runtime, connection: Connection, row: SessionRow, fact: MessageFact, news: News
) -> Sequence[Happening]:
    now = runtime.db.now()
    own = _is_own(fact, connection)
    if sessions.has_message(connection.id, fact.external_id):
        return []
    if own:
        action = outbox.proved_by(row.lease_id, fact)
        if action is not None:
            outbox.settle_sent(action, Receipt(fact.external_id, fact.at), "echo", now)
            outbox.end_attempt(action, "sent", now, "its echo arrived")
            if row.status == "open" and row.owner == Owner.AI:
                outbox.set_idle_close(action, row, runtime.config.channels[sessions.to_session(row).channel], now)
            if news.state is None:
                handback.ended(runtime, connection, action, row)
            stored = sessions.add_own_message(runtime.db, row, fact, action.by, now)
            return announce.said(stored, fact, Author.AGENT if action.by else Author.AI, ours=True)
    stored = sessions.add_message(runtime.db, row, fact, fact.author, now)
    said = announce.said(stored, fact, Author.AI if own else fact.author)
    if row.status != "open":
        return said
    if fact.author is Author.AGENT and fact.visibility is Visibility.PUBLIC and not own:
        sync.close_gate(row, now)
    owner = ownership.after_message(Owner(row.owner), fact.author, fact.visibility, own=own)
    return [*said, *sync.change_owner(row, owner, "agent_took_session_from_ai", now, fact.author_id)]


def _answer_what_waits(runtime: Runtime, connection: Connection, row: SessionRow, event: EventRow) -> None:
    """A conversation given to the AI after its first message: what the customer has asked is answered now."""
    row.save()  # what waits depends on what has just changed
    if event.source != EventSource.BACKFILL and turns.build(row, connection).unanswered:
        channel = runtime.config.channels[sessions.to_session(row).channel]
        turns.schedule(row.lease_id, row, channel, event.id, runtime.db.now())


def finish(event: EventRow, state: str, reason: str, now: datetime) -> None:
    """End an event, inside the transaction now open."""
    EventRow.update(state=state, reason=reason, done_at=now, next_at=None).where(EventRow.id == event.id).execute()
