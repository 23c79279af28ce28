"""Conversation leases: one worker at a time on one conversation, and a fence against late writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, Value

from core.errors import RelaydeskError
from core.store.database import Database
from core.store.models import ActionRow, EventRow, LeaseRow, SessionRow

IN_DOUBT = ("sending", "uncertain", "reconciling")
OPEN_ACTIONS = ("pending", "retry", *IN_DOUBT)


class LeaseLost(RelaydeskError):
    """Another worker has claimed the conversation meanwhile: nothing more may be written for it here."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on one conversation, good until `seconds` after it was last held."""

    id: int
    connection_id: int
    conversation_id: str
    owner: str
    fence: int
    seconds: float


def claim(db: Database, owner: str, seconds: float) -> Lease | None:
    """Claim the conversation that has been due longest, or None if none is due. Opens its own transaction."""
    with db.read():
        # A look costs little; the gate is for those who have something to write.
        if not LeaseRow.select(LeaseRow.id).where(LeaseRow.next_at <= db.now(), _free(db.now())).exists():
            return None
    with db.write():
        now = db.now()
        query = (
            LeaseRow.select()
            .where(LeaseRow.next_at <= now, _free(now))
            .order_by(LeaseRow.next_at, LeaseRow.id)
            .limit(1)
        )
        row = db.for_update(query).first()
        if row is None:
            return None
        fence = row.fence + 1
        until = now + timedelta(seconds=seconds)
        LeaseRow.update(owner=owner, until=until, fence=fence).where(LeaseRow.id == row.id).execute()
        return Lease(row.id, row.connection_id, row.conversation_id, owner, fence, seconds)


def _free(now: datetime) -> Any:
    return LeaseRow.until.is_null() | (LeaseRow.until < now)


def hold(db: Database, lease: Lease) -> None:
    """Renew the lease inside the transaction now open, which is thereby bound to the fence; raises `LeaseLost`."""
    until = db.now() + timedelta(seconds=lease.seconds)
    held = (
        LeaseRow.update(until=until)
        .where(LeaseRow.id == lease.id, LeaseRow.fence == lease.fence, LeaseRow.owner == lease.owner)
        .execute()
    )
    if held != 1:
        raise LeaseLost(f"the lease on conversation {lease.conversation_id} has passed to another worker")


def renew(db: Database, lease: Lease) -> bool:
    """Renew the lease in a transaction of its own; False when it was lost."""
    try:
        with db.write():
            hold(db, lease)
    except LeaseLost:
        return False
    return True


def release(db: Database, lease: Lease) -> None:
    """Give the conversation back, due again when its next event, turn, action or closing is."""
    with db.write():
        hold(db, lease)
        give_back(lease, next_due(lease.id, db.now()))


def back_off(db: Database, lease: Lease, seconds: float) -> None:
    """Give the conversation back after a fault of our own, to be tried again after `seconds`."""
    with db.write():
        hold(db, lease)
        give_back(lease, db.now() + timedelta(seconds=seconds))


def give_back(lease: Lease, at: datetime | None) -> None:
    """Let the conversation be taken up again at `at`. Inside the transaction now open, which must `hold` it."""
    LeaseRow.update(owner=None, until=None, next_at=at).where(LeaseRow.id == lease.id).execute()


def wake(lease_id: int, at: datetime) -> None:
    """Make the conversation due at `at`, unless it is due earlier. Inside the transaction now open."""
    # The row is written in any case, so that on PostgreSQL this waits for a worker that is just giving it back, and
    # counts from what that has written. A condition instead would be judged by the old row, and the wake-up lost.
    later = LeaseRow.next_at.is_null() | (LeaseRow.next_at > at)
    earliest = Case(None, [(later, Value(at, converter=LeaseRow.next_at.db_value))], LeaseRow.next_at)
    LeaseRow.update(next_at=earliest).where(LeaseRow.id == lease_id).execute()


def in_doubt(lease_id: int) -> bool:
    """Whether an action of the conversation may or may not have taken effect."""
    return bool(
        ActionRow.select(ActionRow.id).where(ActionRow.lease == lease_id, ActionRow.state.in_(IN_DOUBT)).exists()
    )


def next_due(lease_id: int, now: datetime) -> datetime | None:
    """When there is next something to do in a conversation; None when nothing is left."""
    moments: list[datetime] = []
    event = (
        EventRow.select(EventRow.next_at)
        .where(EventRow.lease == lease_id, EventRow.state == "pending")
        .order_by(EventRow.id)
        .first()
    )
    if event is not None:
        moments.append(event.next_at or now)
    action = (
        ActionRow.select(ActionRow.next_at)
        .where(ActionRow.lease == lease_id, ActionRow.state.in_(OPEN_ACTIONS))
        .order_by(ActionRow.id)
        .first()
    )
    if action is not None:
        moments.append(action.next_at or now)
    row = LeaseRow.get_by_id(lease_id)
    # A turn waits for what is in doubt, whose own moment counts, or whose echo wakes the conversation before that.
    if row.turn_due_at is not None and not in_doubt(lease_id):
        moments.append(row.turn_due_at)
    session = SessionRow.get_or_none(SessionRow.lease == lease_id)
    if session is not None and session.resolve_due_at is not None:
        moments.append(session.resolve_due_at)
    return min(moments) if moments else None
