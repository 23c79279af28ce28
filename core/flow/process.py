"""Stored events become facts in a session."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from core.domain import (
    AssignmentFact,
    Connection,
    Contact,
    Fact,
    MessageFact,
    Priority,
    Reason,
    Session,
    SessionChange,
    VendorState,
)
from core.errors import BadPayload, RetryLater, VendorError
from core.flow import inbox, leases, ownership, reading, sessions, sync
from core.flow.leases import Lease
from core.flow.record import News, finish, record
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.store.models import EventRow

log = logging.getLogger(__name__)

ASK_AGAIN_FOR_CONTACT = 3600.0
EVENT_ATTEMPTS = 5
LOOKS = 6
"""How often the vendor is asked for our own hint, which tells of no message: what waits behind it goes first then, and
whoever looks next takes its place."""
LONGEST_BACK_OFF = 300.0


def process_next_event(runtime: Runtime, lease: Lease, connection: Connection) -> bool:
    """Take the conversation's oldest waiting event; False when none is due.

    A vendor that cannot be asked right now makes the event wait; an event that fails on its own account is tried
    five times and then shown as failed, so that it does not block the conversation for ever.
    """
    row = _next_event(runtime, lease)
    if row is None:
        return False
    try:
        if row.hint:
            session, changes = reading.follow_hint(runtime, lease, connection, row)
        else:
            session, changes = _record(runtime, lease, connection, row)
    except reading.Gone as problem:
        _end(runtime, lease, row, "ignored", Reason.CONVERSATION_GONE.value, str(problem))
        return True
    except BadPayload as problem:
        _end(runtime, lease, row, "failed", "bad_payload", str(problem))
        return True
    except VendorError as problem:
        _postpone(runtime, lease, row, problem)
        return True
    except (leases.LeaseLost, StoreBusy):
        raise
    except Exception as problem:
        log.exception("event %s could not be processed", row.id)
        _retry_or_give_up(runtime, lease, row, f"{type(problem).__name__}: {problem}")
        return True
    if session is not None:
        runtime.plugins.observe("inbound_event", event=inbox.to_event(row), session=session)
        for change in changes:
            runtime.plugins.observe("session_changed", session=session, change=change)
    return True


def _record(
    runtime: Runtime, lease: Lease, connection: Connection, row: EventRow
) -> tuple[Session | None, list[SessionChange]]:
    facts = _facts_of(runtime, connection, row)
    contact = _look_up_contact(runtime, connection, facts)
    facts = _confirm_assignments(runtime, lease, connection, facts)
    return record(runtime, lease, connection, row, News(facts, contact))


def has_due_event(lease_id: int, now: datetime) -> bool:
    """Whether an event of the conversation can be processed now: none is, while the oldest waits for the vendor."""
    oldest = (
        EventRow.select(EventRow.next_at)
        .where(EventRow.lease == lease_id, EventRow.state == "pending")
        .order_by(EventRow.id)
        .first()
    )
    return oldest is not None and (oldest.next_at is None or oldest.next_at <= now)


# ------------------------------------------------------------------------------------------- before the write


def _next_event(runtime: Runtime, lease: Lease) -> EventRow | None:
    with runtime.db.read():
        row: EventRow | None = (
            EventRow.select()
            .where(EventRow.lease == lease.id, EventRow.state == "pending")
            .order_by(EventRow.id)
            .first()
        )
    if row is None or (row.next_at is not None and row.next_at > runtime.db.now()):
        return None
    return row


def _facts_of(runtime: Runtime, connection: Connection, row: EventRow) -> list[Fact]:
    if row.kind == inbox.STATE_READ:
        return inbox.facts_of_state(row.payload)
    return runtime.connections.connector(connection).normalise(inbox.to_event(row), connection)


def _look_up_contact(runtime: Runtime, connection: Connection, facts: list[Fact]) -> Contact | None:
    """Ask the vendor who the customer is. Not knowing is no reason to keep the customer waiting."""
    customer = next((f.customer_id for f in facts if isinstance(f, MessageFact) and f.customer_id), "")
    if not customer:
        return None
    with runtime.db.read():
        if not sessions.contact_to_look_up(connection.id, customer, runtime.db.now(), ASK_AGAIN_FOR_CONTACT):
            return None
    try:
        found = runtime.connections.connector(connection).fetch_contact(
            customer, connection, runtime.connections.http(connection, Priority.SYNC)
        )
    except (VendorError, BadPayload) as problem:
        log.warning("the contact of a conversation on %s could not be read: %s", connection.name, problem)
        return None
    return found or Contact(customer)


def _confirm_assignments(runtime: Runtime, lease: Lease, connection: Connection, facts: list[Fact]) -> list[Fact]:
    """Drop an assignment that would wrongly give the AI its voice back (see `ownership.must_be_confirmed`)."""
    with runtime.db.read():
        row = sessions.find(lease.id)
        session = sessions.to_session(row) if row else None
    if session is None:
        return facts
    kept: list[Fact] = []
    for fact in facts:
        if isinstance(fact, AssignmentFact) and ownership.must_be_confirmed(
            session.owner, fact.assignee, connection.agent_id
        ):
            state = _read_state(runtime, connection, session)
            if state.assignee != fact.assignee:
                continue
        kept.append(fact)
    return kept


def _read_state(runtime: Runtime, connection: Connection, session: Session) -> VendorState:
    http = runtime.connections.http(connection, Priority.SYNC)
    try:
        return runtime.connections.connector(connection).read_state(session, connection, http)
    except BadPayload as problem:
        # It is the vendor's answer that cannot be read, not the event: that may be better next time.
        raise RetryLater(str(problem)) from problem


# ------------------------------------------------------------------------------------------------ event's end


def _end(runtime: Runtime, lease: Lease, event: EventRow, state: str, reason: str, error: str) -> None:
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        EventRow.update(error=error).where(EventRow.id == event.id).execute()
        finish(event, state, reason, runtime.db.now())
    log.log(logging.ERROR if state == "failed" else logging.INFO, "event %s has ended: %s", event.id, error)


def _postpone(runtime: Runtime, lease: Lease, event: EventRow, problem: VendorError) -> None:
    if event.kind == sync.LOOK and event.waits + 1 >= LOOKS:
        _end(runtime, lease, event, "ignored", "not_seen", str(problem))
        return
    after = problem.after if isinstance(problem, RetryLater) and problem.after else back_off(event.waits)
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        EventRow.update(
            waits=EventRow.waits + 1, error=str(problem), next_at=runtime.db.now() + timedelta(seconds=after)
        ).where(EventRow.id == event.id).execute()


def _retry_or_give_up(runtime: Runtime, lease: Lease, event: EventRow, error: str) -> None:
    if event.attempts + 1 >= EVENT_ATTEMPTS:
        _end(runtime, lease, event, "failed", "processing_failed", error)
        return
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        EventRow.update(
            attempts=EventRow.attempts + 1,
            error=error,
            next_at=runtime.db.now() + timedelta(seconds=back_off(event.attempts)),
        ).where(EventRow.id == event.id).execute()


def back_off(attempts: int) -> float:
    """How many seconds to wait after so many failures."""
    return float(min(LONGEST_BACK_OFF, 2.0 ** min(attempts, 10)))
