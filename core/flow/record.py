"""Facts are written into a session: its messages, its owner, its status, and the turn they make due."""

from __future__ import annotations

from datetime import datetime, timedelta

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
    Visibility,
)
from core.flow import leases, outbox, ownership, routing, sessions, sync, turns
from core.flow.leases import Lease
from core.runtime import Runtime
from core.store.models import ActionRow, EventRow, SessionRow
from core.witness import same_text

CLAIMED_FOR_AI = (Owner.NOBODY, Owner.AI)


def record(
    runtime: Runtime, lease: Lease, connection: Connection, event: EventRow, facts: list[Fact], contact: Contact | None
) -> tuple[Session | None, list[SessionChange]]:
    """Apply an event's facts and end the event, in one transaction.

    Returns the session as it then stands (None if the event belongs to none) and what changed in it.
    """
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        now = runtime.db.now()
        row = sessions.find(lease.id)
        changes: list[SessionChange] = []
        if row is None and any(_begins_session(fact) for fact in facts):
            row = _open(runtime, lease, connection)
            changes.append(sessions.mark(row, "message", now, {"opened": True}))
        if row is None:
            finish(event, "ignored", "no_session" if facts else "nothing_to_tell", now)
            return None, []
        for fact in facts:
            changes += _apply(runtime, lease, connection, row, fact, contact, event)
        row.updated_at = now
        row.save()
        finish(event, "done", "", now)
        return sessions.to_session(row), changes


def _begins_session(fact: Fact) -> bool:
    """A conversation begins for us when a person speaks in it, not when the helpdesk moves it about."""
    return isinstance(fact, MessageFact) and fact.author in (Author.CUSTOMER, Author.AGENT)


def _open(runtime: Runtime, lease: Lease, connection: Connection) -> SessionRow:
    channel = runtime.connections.connector(connection).channel
    return sessions.open_session(
        lease.id,
        channel,
        runtime.config.channels[channel].mode.value,
        routing.routing_mode(connection.settings),
        runtime.db.now(),
    )


def _apply(
    runtime: Runtime,
    lease: Lease,
    connection: Connection,
    row: SessionRow,
    fact: Fact,
    contact: Contact | None,
    event: EventRow,
) -> list[SessionChange]:
    now = runtime.db.now()
    match fact:
        case StatusFact():
            return sync.apply_status(row, fact, now)
        case AssignmentFact():
            changes = sync.apply_assignment(row, fact, connection.agent_id, now)
            if any(
                change.detail.get("to") == Owner.AI and change.detail.get("from") == Owner.NOBODY for change in changes
            ):
                _answer_what_waits(runtime, lease, connection, row, event)
            return changes
        case MessageFact():
            row.data = {**row.data, **fact.data}
            if fact.author is Author.CUSTOMER:
                return _customer_message(runtime, lease, connection, row, fact, contact, event)
            return _other_message(runtime, lease, connection, row, fact)


def _customer_message(
    runtime: Runtime,
    lease: Lease,
    connection: Connection,
    row: SessionRow,
    fact: MessageFact,
    contact: Contact | None,
    event: EventRow,
) -> list[SessionChange]:
    now = runtime.db.now()
    sessions.match_contact(runtime.db, row, fact.customer_id, contact, now)
    if sessions.add_message(runtime.db, row, fact, Author.CUSTOMER, now) is None:
        return []
    was_closed = row.status != "open"
    changes = sync.customer_spoke(row, fact.at, now)
    if was_closed and changes:
        # A conversation that begins again follows the present settings (behaviour 33).
        row.mode = runtime.config.channels[sessions.to_session(row).channel].mode.value
        row.routing = routing.routing_mode(connection.settings)
    if event.source != EventSource.BACKFILL:
        turns.schedule(lease.id, row, runtime.config.channels[sessions.to_session(row).channel], event.id, now)
    return changes


def _other_message(
    runtime: Runtime, lease: Lease, connection: Connection, row: SessionRow, fact: MessageFact
) -> list[SessionChange]:
    now = runtime.db.now()
    own = bool(connection.agent_id) and fact.author_id == connection.agent_id
    if sessions.has_message(connection.id, fact.external_id):
        return []
    if own:
        action = _action_proved_by(lease, fact)
        if action is not None:
            outbox.settle_sent(action, Receipt(fact.external_id, fact.at), "echo", now)
            outbox.end_attempt(action, "sent", now, "its echo arrived")
            if row.status == "open" and row.owner == Owner.AI:
                outbox.set_idle_close(action, row, runtime.config.channels[sessions.to_session(row).channel], now)
            sessions.add_message(runtime.db, row, fact, Author.AI, now)
            return []
    sessions.add_message(runtime.db, row, fact, fact.author, now)
    if row.status != "open":
        return []
    owner = ownership.after_message(Owner(row.owner), fact.author, fact.visibility, own=own)
    return sync.change_owner(row, owner, "agent_took_session_from_ai", now, fact.author_id)


def _action_proved_by(lease: Lease, fact: MessageFact) -> ActionRow | None:
    """The action in doubt that this message of our own agent is the effect of."""
    kind = "note" if fact.visibility is Visibility.PRIVATE else "reply"
    candidates = ActionRow.select().where(
        ActionRow.lease == lease.id,
        ActionRow.kind == kind,
        ActionRow.state.in_(outbox.PROVABLE),
        ActionRow.vendor_id.is_null(),
    )
    for action in candidates.order_by(ActionRow.id):
        late_enough = action.started_at is None or fact.at >= action.started_at - timedelta(seconds=120)
        if late_enough and (action.reference in fact.text or same_text(action.text, fact.text)):
            found: ActionRow = action
            return found
    return None


def _answer_what_waits(
    runtime: Runtime, lease: Lease, connection: Connection, row: SessionRow, event: EventRow
) -> None:
    """A conversation given to the AI after its first message: what the customer has asked is answered now."""
    if turns.build(row, connection).unanswered:
        turns.schedule(
            lease.id, row, runtime.config.channels[sessions.to_session(row).channel], event.id, runtime.db.now()
        )


def finish(event: EventRow, state: str, reason: str, now: datetime) -> None:
    """End an event, inside the transaction now open."""
    EventRow.update(state=state, reason=reason, done_at=now, next_at=None).where(EventRow.id == event.id).execute()
