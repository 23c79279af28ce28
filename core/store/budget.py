"""A connection's share of the vendor's rate limit, kept to by all processes together."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.domain import Priority
from core.store.database import Database
from core.store.models import EPOCH, BudgetRow

WINDOW = timedelta(seconds=61)
"""A minute, and a second for calls that are slower on their way than those before them."""

SHARE = {
    Priority.LIVE: 1.0,
    Priority.HANDOFF: 0.98,
    Priority.SYNC: 0.9,
    Priority.POLL: 0.7,
    Priority.BACKFILL: 0.5,
}
"""How much of the minute each kind of call may fill: what is left above is kept for those more urgent."""

Calls = list[int]


class Budget:
    """Never more than `per_minute` calls in any 60 seconds, over all processes on the store."""

    def __init__(self, db: Database, connection_id: int, per_minute: int) -> None:
        self._db = db
        self._connection = connection_id
        self._per_minute = per_minute

    def take(self, priority: Priority) -> float:
        """Take one call: 0.0 if it is granted (and counted), else how many seconds to wait before asking again."""
        with self._db.write():
            row, now = self._row()
            if row.shut_until is not None and row.shut_until > now:
                return float((row.shut_until - now).total_seconds())
            calls = _recent(row.calls, now)
            allowed = max(1, int(min(self._per_minute, row.per_minute) * SHARE[priority]))
            if len(calls) >= allowed:
                # The call that must leave the window before there is room for this one.
                leaving = calls[len(calls) - allowed]
                return max(0.001, (EPOCH + timedelta(microseconds=leaving) + WINDOW - now).total_seconds())
            calls.append(_stamp(now))
            BudgetRow.update(calls=calls).where(BudgetRow.id == row.id).execute()
            return 0.0

    def shut(self, seconds: float) -> None:
        """Grant nothing for a while: the vendor has said so."""
        with self._db.write():
            row, now = self._row()
            until = now + timedelta(seconds=seconds)
            if row.shut_until is None or row.shut_until < until:
                BudgetRow.update(shut_until=until).where(BudgetRow.id == row.id).execute()

    def learn(self, limit: int | None, remaining: int | None) -> None:
        """Take over what the vendor's headers say: a lower limit, and calls that others have used up."""
        with self._db.write():
            row, now = self._row()
            per_minute = min(self._per_minute, limit) if limit else row.per_minute
            calls = _recent(row.calls, now)
            if remaining is not None:
                unseen = per_minute - max(0, remaining) - len(calls)
                calls += [_stamp(now)] * max(0, min(unseen, per_minute))
            if per_minute != row.per_minute or len(calls) != len(row.calls):
                BudgetRow.update(per_minute=max(1, per_minute), calls=calls).where(BudgetRow.id == row.id).execute()

    def _row(self) -> tuple[BudgetRow, datetime]:
        self._db.insert_ignore(BudgetRow, connection=self._connection, per_minute=self._per_minute)
        query = BudgetRow.select().where(BudgetRow.connection == self._connection)
        if self._db.engine == "postgresql":
            query = query.for_update()  # the row is the turnstile: whoever comes second waits for the first
        row: BudgetRow = query.get()
        return row, self._db.now()


def _stamp(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _recent(calls: Calls, now: datetime) -> Calls:
    since = _stamp(now - WINDOW)
    return sorted(call for call in calls if call > since)
