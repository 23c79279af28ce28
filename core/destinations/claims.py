"""Whose turn a destination is: one process works on it at a time, by a lease, while there is something to do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, fn

from core.runtime import Runtime
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow

TURN = timedelta(seconds=30)
"""How long a destination is worked on before others get their turn."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0
"""Seconds that nothing is sent after trouble with the account: at first, and at most."""
LONGEST_HELD = timedelta(hours=24, minutes=150)
"""The longest that a vendor can ask for, with the chance that is in it."""
LONGEST_ARRIVING = timedelta(seconds=30)
"""How long nothing is begun after a sign of life of records of which the last of several equal ones counts."""
SHORTEST_PAUSE = 1.0
"""Seconds after which a vendor is tried again at the earliest, even if it says that it need not be waited for."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That a destination is ours, until its turn ends or the lease is over; `fence` tells it from later claims."""

    destination_id: int
    name: str
    fence: int
    turn_ends: datetime


# ---------------------------------------------------------------------------------------------------- whose turn it is


def claim(runtime: Runtime, name: str | None = None) -> Claim | None:
    """Take the destination that was served longest ago of those with something to do, or the one of this name.

    None if nothing is due that nobody else is at. What a dead process has left under way becomes uncertain: it had
    the destination, and whoever has it now is the only one to begin a call.
    """
    with runtime.db.read():
        # A look costs little; the gate is for those who have something to write.
        if not _waiting(runtime, name).exists():
            return None
    with runtime.db.write():
        now = runtime.db.now()
        longest_ago = fn.COALESCE(DestinationRow.served_at, 0)
        query = _waiting(runtime, name).order_by(longest_ago, DestinationRow.id).limit(1)
        row: DestinationRow | None = runtime.db.for_update(query).first()
        if row is None:
            return None
        fence = row.fence + 1
        DestinationRow.update(owner=runtime.owner, fence=fence, until=now + lease_of(runtime)).where(
            DestinationRow.id == row.id
        ).execute()
        _doubt_what_was_under_way(runtime, row.id)
        return Claim(row.id, row.name, fence, now + TURN)


def renew(runtime: Runtime, claim: Claim) -> bool:
    """Keep a destination for another while; False if it is another's by now. Opens its own transaction."""
    with runtime.db.write():
        return hold(runtime, claim)


def hold(runtime: Runtime, claim: Claim, *conditions: Any) -> bool:
    """Renew the claim inside the transaction now open, which is thereby bound to its fence.

    False if it was lost or given back, or if the destination does not meet `conditions`.
    """
    held = (
        DestinationRow.update(until=runtime.db.now() + lease_of(runtime))
        .where(*_ours(claim), DestinationRow.owner.is_null(False), *conditions)
        .execute()
    )
    return bool(held == 1)


def _ours(claim: Claim) -> tuple[Any, ...]:
    return DestinationRow.id == claim.destination_id, DestinationRow.fence == claim.fence


def still_sends(revision: int) -> tuple[Any, ...]:
    """The conditions of `hold` under which what was planned may go: it sends, and is as it was planned with."""
    return (
        DestinationRow.revision == revision,
        DestinationRow.activated_at.is_null(False),
        DestinationRow.paused_at.is_null(),
    )


def lease_of(runtime: Runtime) -> timedelta:
    """How long a destination is a process's without a sign of life."""
    return timedelta(seconds=runtime.config.worker.lease_seconds)


def give_back(runtime: Runtime, claim: Claim) -> None:
    """End a turn, so that another process need not wait for the lease to be over."""
    with runtime.db.write():
        values = {"owner": None, "until": None, "served_at": runtime.db.now()}
        DestinationRow.update(**values).where(*_ours(claim)).execute()


def next_moment(runtime: Runtime, name: str | None = None) -> datetime | None:
    """When something is next due that is not due yet, of one destination or of all; None if nothing is."""
    now = runtime.db.now()
    with runtime.db.read():
        rows = list(
            DestinationRow.select() if name is None else DestinationRow.select().where(DestinationRow.name == name)
        )
        moments: list[datetime] = []
        for row in rows:
            moments += [at for at in _moments(runtime, row, now) if at > now]
    return min(moments, default=None)


def next_look(destination_id: int) -> datetime | None:
    """When the next call of a destination is looked for that is uncertain; None if none is. Inside a `read`."""
    uncertain = (DestinationCallRow.destination == destination_id) & (DestinationCallRow.state == "uncertain")
    moment: datetime | None = DestinationCallRow.select(fn.MIN(DestinationCallRow.next_at)).where(uncertain).scalar()
    return moment


def _moments(runtime: Runtime, row: DestinationRow, now: datetime) -> Iterator[datetime]:
    calls = DestinationCallRow.select().where(DestinationCallRow.destination == row.id)
    look = next_look(row.id)
    begun = calls.where(DestinationCallRow.state == "sending").exists()
    records = DestinationRecordRow.select().where(
        DestinationRecordRow.destination == row.id, DestinationRecordRow.state.in_(("waiting", "arriving"))
    )
    waits = row.activated_at is not None and row.paused_at is None and records.exists()
    at = max((each for each in held_until(row, now) if each is not None), default=now)
    free = now if row.owner is None or row.until is None or row.until > now + lease_of(runtime) else row.until
    if waits:
        yield max(at, free)
    if look is not None:
        yield max(look, free)
    if begun:
        yield free


def held_until(row: DestinationRow, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Until when nothing is begun, and records arrive; None where that is over, or further ahead than it can be."""
    held = row.held_until if row.held_until is not None and row.held_until <= now + LONGEST_HELD else None
    arriving = row.arriving_until
    return held, arriving if arriving is not None and arriving <= now + LONGEST_ARRIVING else None


def _waiting(runtime: Runtime, name: str | None) -> Any:
    """The destinations that have something to do now and are nobody's.

    A moment that lies further ahead than any can is from before the clock was set back, and counts for nothing.
    """
    now = runtime.db.now()
    records = DestinationRecordRow.select(DestinationRecordRow.id).where(
        DestinationRecordRow.destination == DestinationRow.id, DestinationRecordRow.state.in_(("waiting", "arriving"))
    )
    uncertain = DestinationCallRow.select(DestinationCallRow.id).where(
        DestinationCallRow.destination == DestinationRow.id,
        (DestinationCallRow.state == "sending")
        | ((DestinationCallRow.state == "uncertain") & (DestinationCallRow.next_at <= now)),
    )
    may_send = (
        DestinationRow.activated_at.is_null(False)
        & DestinationRow.paused_at.is_null()
        & _is_over(DestinationRow.held_until, now, LONGEST_HELD)
        & _is_over(DestinationRow.arriving_until, now, LONGEST_ARRIVING)
    )
    free = DestinationRow.owner.is_null() | _is_over(DestinationRow.until, now, lease_of(runtime))
    due = fn.EXISTS(uncertain) | (may_send & fn.EXISTS(records))
    query = DestinationRow.select().where(free, due)
    return query if name is None else query.where(DestinationRow.name == name)


def _is_over(column: Any, now: datetime, longest: timedelta) -> Any:
    return column.is_null() | (column <= now) | (column > now + longest)


def _doubt_what_was_under_way(runtime: Runtime, destination_id: int) -> None:
    quarantine = timedelta(seconds=runtime.config.worker.quarantine_seconds)
    calls = (DestinationCallRow.destination == destination_id, DestinationCallRow.state == "sending")
    for call in DestinationCallRow.select(DestinationCallRow.id, DestinationCallRow.started_at).where(*calls):
        DestinationCallRow.update(
            state="uncertain",
            uncertain_at=call.started_at,
            next_at=call.started_at + quarantine,
            error="its process has died before an answer came",
        ).where(DestinationCallRow.id == call.id).execute()
        DestinationRecordRow.update(state="uncertain").where(DestinationRecordRow.call == call.id).execute()


def wait_until(runtime: Runtime, claim: Claim, until: datetime, stirred: int | None = None) -> None:
    """Begin nothing before a moment, since nothing could go: `wake` ends that early. Opens its own transaction.

    It is the budget that asks for it, a batch that may still grow, or a call whose end is not known yet. With what was
    `stirred` when it was looked at, what has come since then is not slept over.
    """
    with runtime.db.write():
        unchanged = () if stirred is None else (DestinationRow.stirred == stirred,)
        DestinationRow.update(held_until=until, held_reason="").where(*_ours(claim), *unchanged).execute()


def wake(destination_id: int) -> None:
    """Let a destination look again at what waits, unless it is held back for trouble. Inside the transaction open."""
    DestinationRow.update(
        held_until=Case(None, [(DestinationRow.held_reason == "", None)], DestinationRow.held_until),
        stirred=DestinationRow.stirred + 1,
    ).where(DestinationRow.id == destination_id).execute()


def rest(runtime: Runtime, claim: Claim, seconds: float) -> None:
    """Leave a destination alone for a while after a fault of our own. Opens its own transaction."""
    with runtime.db.write():
        row = DestinationRow.get_or_none(*_ours(claim))
        if row is not None:
            back_off(runtime, row, "something failed here; the log of the service says what", seconds)


def back_off(runtime: Runtime, row: DestinationRow, why: str, after: float | None = None) -> None:
    """Send nothing for `after` seconds, or else longer each time in a row. Inside the transaction now open."""
    growing = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.failures, 20))
    pause = growing if after is None else max(SHORTEST_PAUSE, after)
    # With some chance in it, so that several destinations of one account do not come back together.
    until = runtime.db.now() + timedelta(seconds=pause * random.uniform(1.0, 1.1))
    DestinationRow.update(failures=row.failures + 1, held_until=until, held_reason=why).where(
        DestinationRow.id == row.id
    ).execute()
