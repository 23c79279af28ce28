"""Turns: when the AI is due to think about a conversation, and what it is shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from core.config import ChannelConfig
from core.domain import (
    ActionKind,
    ActionState,
    Author,
    Connection,
    Guidance,
    Message,
    Mode,
    Outcome,
    Owner,
    Reason,
    Turn,
    Visibility,
)
from core.flow import sessions
from core.store.models import ActionRow, DecisionRow, EventRow, LeaseRow, SessionRow

LONGEST_WAIT = timedelta(seconds=15)
"""A customer who never stops typing is answered this long after the settle time all the same."""
TOO_OLD = timedelta(hours=72)
"""A webhook that tells of an older message is kept, not answered: a replayed body must not start a conversation."""

NO_GUIDANCE = Guidance()

UNTRIED: dict[str, Any] = {"turn_attempts": 0, "turn_waits": 0, "turn_missing": 0, "turn_error": ""}


def schedule(lease_id: int, row: SessionRow, channel: ChannelConfig, event_id: int, now: datetime) -> None:
    """Make a turn due for a customer's message. Inside the transaction now open.

    While nobody owns the session the helpdesk is given time to route it (behaviour 123); later a message waits only
    until the customer has stopped typing.
    """
    lease = LeaseRow.get_by_id(lease_id)
    started = lease.turn_from_at or now
    settle = timedelta(seconds=channel.settle_seconds if row.owner == Owner.NOBODY else 0)
    quiet = timedelta(seconds=channel.debounce_seconds)
    due = min(max(started + settle, now + quiet), started + settle + LONGEST_WAIT)
    LeaseRow.update(turn_due_at=due, turn_from_at=started, turn_event=event_id, **UNTRIED).where(
        LeaseRow.id == lease_id
    ).execute()


def number(lease_id: int, due_by: datetime | None = None) -> int | None:
    """Which turn waits for its decision, by the event that led to it last; None if none does, or is due by a moment.

    Whoever has thought about one and finds another in its place must leave that one alone: it has yet to be taken.
    """
    lease = LeaseRow.get_by_id(lease_id)
    if lease.turn_due_at is None or (due_by is not None and lease.turn_due_at > due_by):
        return None
    return int(lease.turn_event or 0)


def put_off(lease_id: int, until: datetime) -> None:
    """Let a due turn wait until a moment."""
    LeaseRow.update(turn_due_at=until).where(LeaseRow.id == lease_id).execute()


def hold(lease_id: int, until: datetime) -> None:
    """Let the turn wait until a moment, for reasons outside the conversation; what comes meanwhile wakes it again."""
    LeaseRow.update(turn_due_at=until, turn_from_at=None, **UNTRIED).where(LeaseRow.id == lease_id).execute()


def clear(lease_id: int) -> None:
    """The turn has had its decision."""
    LeaseRow.update(turn_due_at=None, turn_from_at=None, turn_event=None, **UNTRIED).where(
        LeaseRow.id == lease_id
    ).execute()


def record_wait(lease_id: int, why: str, until: datetime, *, missing: bool) -> None:
    """Let a turn wait for the vendor; this is no failure of ours, however often it happens.

    `missing` says that the vendor answered, and does not know the conversation.
    """
    LeaseRow.update(
        turn_waits=LeaseRow.turn_waits + 1,
        turn_missing=LeaseRow.turn_missing + int(missing),
        turn_error=why,
        turn_due_at=until,
    ).where(LeaseRow.id == lease_id).execute()


def record_failure(lease_id: int, error: str, until: datetime) -> int:
    """Count a failure of our own in a turn; returns how many there have been."""
    lease = LeaseRow.get_by_id(lease_id)
    LeaseRow.update(turn_attempts=lease.turn_attempts + 1, turn_error=error, turn_due_at=until).where(
        LeaseRow.id == lease_id
    ).execute()
    return int(lease.turn_attempts) + 1


def trigger(lease_id: int) -> EventRow | None:
    """The event that led to the turn now due."""
    event_id = LeaseRow.get_by_id(lease_id).turn_event
    row: EventRow | None = EventRow.get_or_none(EventRow.id == event_id) if event_id else None
    return row


def build(row: SessionRow, connection: Connection, guidance: Guidance = NO_GUIDANCE) -> Turn:
    """What a responder is asked; `guidance` is what the handoff settings ask of it."""
    messages = sessions.thread(row.id)
    session = sessions.to_session(row)
    return Turn(
        session=session,
        connection=connection.name,
        mode=Mode(row.mode),
        messages=messages,
        unanswered=unanswered(messages, _answered_upto(row)),
        contact=session.contact,
        guidance=guidance,
    )


def unanswered(messages: tuple[Message, ...], answered_upto: int = 0) -> tuple[Message, ...]:
    """The customer's messages after `answered_upto` that no agent has answered either.

    A reply answers what it saw, not what happens to stand above it: a message may cross with it. What was left to
    the humans is not taken up again when the AI gets its voice back: it answers what comes next (behaviour 90).
    """
    waiting: list[Message] = []
    for message in messages:
        if message.author is Author.CUSTOMER and message.id > answered_upto:
            waiting.append(message)
        elif message.author is Author.AGENT and message.visibility is Visibility.PUBLIC:
            waiting.clear()
    return tuple(waiting)


def _answered_upto(row: SessionRow) -> int:
    """The newest customer message that is answered (or about to be), drafted for, or left to the humans.

    What was turned away while the session was new is not left to anybody: the gate may let it in yet.
    """
    said = ActionRow.select(fn.MAX(ActionRow.basis)).where(
        ActionRow.session == row.id,
        (ActionRow.kind == ActionKind.REPLY.value) | (ActionRow.purpose == "draft"),
        ActionRow.purpose != "hold_notice",
        ActionRow.state.not_in([ActionState.CANCELLED.value, ActionState.FAILED.value]),
    )
    theirs = DecisionRow.outcome == Outcome.HANDOFF.value
    if row.gated_at is not None:
        by_owner = DecisionRow.reason == Reason.ASSIGNED_TO_HUMAN.value
        theirs = theirs | (by_owner & (DecisionRow.at >= row.gated_at))
    left = DecisionRow.select(fn.MAX(DecisionRow.upto)).where(DecisionRow.session == row.id, theirs)
    return max(int(said.scalar() or 0), int(left.scalar() or 0))
