"""A connection's share of the vendor's rate limit, kept to by all processes together."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.domain import Priority
from core.store.database import Database
from core.store.models import EPOCH, BudgetRow

WINDOW = timedelta(seconds=61)
"""A minute, and a second more for calls that are slower on their way than those after them."""

SHARES = {
    Priority.LIVE: 100,  # a customer is waiting
    Priority.HANDOFF: 98,  # a customer is about to wait for a human, who must be told; but an answer goes first
    Priority.SYNC: 90,  # nobody waits, but agents see a state that is wrong
    Priority.POLL: 70,  # what the webhooks may have missed: late is better than in the way
    Priority.BACKFILL: 50,  # the past can wait, and would take all there is for hours
}
"""How many per cent of the limit may be used up for a call of each kind to be still let through.

What is left above is kept for those more urgent. The least urgent may still make one call a minute.
"""


class Budget:
    """Never more than `per_minute` calls in any 60 seconds, over all processes on the store.

    A stricter limit that the vendor names is kept to instead. Each method opens a write transaction of its own.
    """

    def __init__(self, db: Database, connection_id: int, per_minute: int) -> None:
        self._db = db
        self._connection = connection_id
        self._per_minute = per_minute

    def take(self, priority: Priority, now: datetime | None = None) -> float:
        """Take one call: 0.0 if it is granted (and counted), else how many seconds to wait before asking again."""
        with self._db.write():
            row = self._row()
            now = now or self._db.now()
            if row.shut_until is not None and row.shut_until > now:
                return float((row.shut_until - now).total_seconds())
            calls = _recent(row.calls, now)
            allowed = max(1, self._limit(row) * SHARES[priority] // 100)
            if len(calls) >= allowed:
                # The call that must leave the window before there is room for this one.
                leaving = EPOCH + timedelta(microseconds=calls[len(calls) - allowed])
                return (leaving + WINDOW - now).total_seconds()
            BudgetRow.update(calls=[*calls, _stamp(now)]).where(BudgetRow.id == row.id).execute()
            return 0.0

    def shut(self, seconds: float) -> None:
        """Grant nothing for so many seconds: the vendor has said so. A later end already set is kept."""
        with self._db.write():
            row = self._row()
            until = self._db.now() + timedelta(seconds=seconds)
            if row.shut_until is None or row.shut_until < until:
                BudgetRow.update(shut_until=until).where(BudgetRow.id == row.id).execute()

    def learn(self, limit: int | None, remaining: int | None) -> None:
        """Take over what the vendor's headers say: the limit if it is lower than ours, and how many calls remain.

        Where fewer remain than we think, others use the account too: their calls are counted as made now.
        """
        with self._db.write():
            row = self._row()
            if limit is not None and limit > 0:
                row.vendor_limit = limit
            calls = _recent(row.calls, self._db.now())
            if remaining is not None:
                unseen = self._limit(row) - len(calls) - max(0, remaining)
                calls += [_stamp(self._db.now())] * max(0, unseen)
            BudgetRow.update(vendor_limit=row.vendor_limit, calls=calls).where(BudgetRow.id == row.id).execute()

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


def _stamp(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _recent(calls: list[int], now: datetime) -> list[int]:
    """The calls that still count. One from the future, made before the clock was set back, counts as made now."""
    since, latest = _stamp(now - WINDOW), _stamp(now)
    return sorted(min(call, latest) for call in calls if call > since)
