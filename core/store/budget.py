"""A connection's share of the vendor's rate limit, kept to by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.domain import Charge, Priority
from core.store.database import Database
from core.store.models import EPOCH, BudgetRow

WINDOW = timedelta(seconds=61)
"""A minute, and a second more for calls that are slower on their way than those after them."""

SHARES = {
    Priority.LIVE: 100,  # a customer is waiting
    Priority.HANDOFF: 98,  # a customer is about to wait for a human, who must be told; but an answer goes first
    Priority.SYNC: 90,  # nobody waits, but agents see a state that is wrong
    Priority.POLL: 70,  # what the webhooks may have missed: late is better than in the way
}
"""How many per cent of the limit may be used up for a call of each kind to be still let through.

What is left above is kept for those more urgent. The least urgent may still make one call a minute.
"""
SPREAD = (Priority.DESTINATION, Priority.BACKFILL)
RESERVE = 10
"""Calls a minute that backfills and destinations leave: two answers with their looks find them free at once.

They would take all there is for hours, and so they take nearly all, but spread evenly: after the reserve, those more
urgent need not wait longer than until its next call would have been made, and they get that one. Calls that count as
several come in lumps, for which they may take half of the reserve for a moment.
"""
LANE_RESERVE = 2

NO_LANES: Mapping[str, int] = {}
ONE = Charge()


class Budget:
    """Never more than `per_minute` calls in any 60 seconds, over all processes on the store.

    A stricter limit that the vendor names is kept to instead, and so are the further limits of lanes: `lanes` tells
    them by the account's limit. Each method opens a write transaction of its own.
    """

    def __init__(
        self,
        db: Database,
        connection_id: int,
        per_minute: int,
        lanes: Callable[[int], Mapping[str, int]] = lambda limit: NO_LANES,
    ) -> None:
        self._db = db
        self._connection = connection_id
        self._per_minute = per_minute
        self._lanes = lanes

    def take(self, priority: Priority, charge: Charge = ONE, now: datetime | None = None) -> float:
        """Take a call: 0.0 if it is granted (and counted), else how many seconds to wait before asking again."""
        with self._db.write():
            row = self._row()
            now = now or self._db.now()
            limit = self._limit(row)
            most = allowance(priority, limit)
            calls, lane = _recent(row.calls, now), row.lanes.get(charge.lane, {})
            lane_calls = _recent(lane.get("calls", []), now)
            waits = [_until(row.shut_until, now), _until(_moment(lane.get("shut")), now)]
            lumps = RESERVE // 2 if priority in SPREAD and limit > 2 * RESERVE else 0
            waits.append(_room(calls, charge.calls, most + lumps, now))
            lane_limit = self._lanes(limit).get(charge.lane)
            if lane_limit is not None:
                reserve = LANE_RESERVE if priority in SPREAD else 0
                waits.append(_room(lane_calls, 1, max(1, lane_limit - reserve), now))
            if priority in SPREAD and row.paced_at is not None and row.paced_at <= now:
                # As long as it would take its calls to become free again, were all of them made at this pace.
                spread = WINDOW * min(charge.calls, most) / most
                waits.append(min(_until(row.paced_at + spread, now), WINDOW.total_seconds()))
            if max(waits) > 0:
                return max(waits)
            row.calls = [*calls, *[_stamp(now)] * charge.calls]
            if charge.lane:
                row.lanes = {**row.lanes, charge.lane: {**lane, "calls": [*lane_calls, _stamp(now)]}}
            if priority in SPREAD:
                row.paced_at = now
            BudgetRow.update(calls=row.calls, lanes=row.lanes, paced_at=row.paced_at).where(
                BudgetRow.id == row.id
            ).execute()
            return 0.0

    def shut(self, seconds: float, lane: str = "") -> None:
        """Grant nothing, or nothing of a lane, for so many seconds: the vendor has said so.

        A later end already set is kept.
        """
        with self._db.write():
            row = self._row()
            until = self._db.now() + timedelta(seconds=seconds)
            if lane:
                before = row.lanes.get(lane, {})
                shut = max(_stamp(until), before.get("shut") or 0)
                BudgetRow.update(lanes={**row.lanes, lane: {**before, "shut": shut}}).where(
                    BudgetRow.id == row.id
                ).execute()
            elif row.shut_until is None or row.shut_until < until:
                BudgetRow.update(shut_until=until).where(BudgetRow.id == row.id).execute()

    def learn(self, limit: int | None, remaining: int | None) -> None:
        """Take over what the vendor's headers say: the limit if it is lower than ours, and how many calls remain.

        Where fewer remain than we think, others use the account too: their calls are counted as made now.
        """
        with self._db.read():
            # Most answers tell nothing new, and need not wait for their turn to write.
            known = BudgetRow.get_or_none(BudgetRow.connection == self._connection)
            if known is not None and not self._news(known, limit, remaining)[1]:
                return
        with self._db.write():
            row = self._row()
            calls, changed = self._news(row, limit, remaining)
            if changed:
                BudgetRow.update(vendor_limit=row.vendor_limit, calls=calls).where(BudgetRow.id == row.id).execute()

    def limit(self) -> int:
        """The calls a minute that are granted altogether, as far as is known by now."""
        with self._db.read():
            row = BudgetRow.get_or_none(BudgetRow.connection == self._connection)
            return self._per_minute if row is None else self._limit(row)

    def _news(self, row: BudgetRow, limit: int | None, remaining: int | None) -> tuple[list[int], bool]:
        """The calls that count after what the vendor says, and whether that changes anything."""
        changed = limit is not None and limit > 0 and limit != row.vendor_limit
        if changed:
            row.vendor_limit = limit
        calls = _recent(row.calls, self._db.now())
        unseen = 0 if remaining is None else self._limit(row) - len(calls) - max(0, remaining)
        ahead = bool(row.calls) and max(row.calls) > _stamp(self._db.now())
        return calls + [_stamp(self._db.now())] * max(0, unseen), changed or unseen > 0 or ahead

    def _limit(self, row: BudgetRow) -> int:
        return int(self._per_minute if row.vendor_limit is None else min(self._per_minute, row.vendor_limit))

    def _row(self) -> BudgetRow:
        # The row is the turnstile: whoever comes second waits here for the first.
        query = self._db.for_update(
            BudgetRow.select().where(BudgetRow.connection == self._connection), skip_locked=False
        )
        row: BudgetRow | None = query.first()
        if row is None:
            self._db.insert_ignore(BudgetRow, connection=self._connection)
            row = query.get()
        return row


def allowance(priority: Priority, limit: int) -> int:
    """How many calls a minute may have been made for one of this priority to be granted, of a limit."""
    if priority in SPREAD:
        return max(1, limit - RESERVE)
    return max(1, limit * SHARES[priority] // 100)


def in_use(row: BudgetRow, now: datetime) -> int:
    """How many calls of the last minute a connection's row counts."""
    return len(_recent(row.calls, now))


def _room(calls: list[int], cost: int, most: int, now: datetime) -> float:
    """Seconds until there is room for `cost` more, where no more than `most` may count at a time."""
    over = len(calls) + min(cost, most) - most
    if over <= 0:
        return 0.0
    # The call that must leave the window before there is room.
    leaving = EPOCH + timedelta(microseconds=calls[over - 1])
    return (leaving + WINDOW - now).total_seconds()


def _until(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(stamp: Any) -> datetime | None:
    return EPOCH + timedelta(microseconds=int(stamp)) if stamp else None


def _stamp(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _recent(calls: list[int], now: datetime) -> list[int]:
    """The calls that still count. One from the future, made before the clock was set back, counts as made now."""
    since, latest = _stamp(now - WINDOW), _stamp(now)
    return sorted(min(call, latest) for call in calls if call > since)
