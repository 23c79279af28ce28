"""Limits of tries that hold over all processes: a storage in our own tables for the library `limits`."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from core.store.database import Database, StoreBusy
from core.store.models import EPOCH, RateRow

PER_ADDRESS = RateLimitItemPerMinute(30, 5, "sign-in by address")
PER_ACCOUNT = RateLimitItemPerMinute(10, 15, "sign-in to account")
PER_BROWSER = RateLimitItemPerMinute(10, 15, "sign-in by known browser")
"""Failed sign-ins: 30 in five minutes from one address, 10 in a quarter of an hour to one account.

A browser in which somebody has signed in to the account before may fail as often, apart from all others.
"""


class StoreStorage(Storage):
    """Counts in the table `rate`, by the clock of the store.

    A key is kept as its digest: anybody may make it longer than a column is, or of characters that no text has.
    """

    STORAGE_SCHEME = None  # made by us, never by an address

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db

    @property
    def base_exceptions(self) -> type[Exception]:
        return StoreBusy

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._db.write():
            kept, now = _kept(key), self._db.now()
            RateRow.delete().where(RateRow.until <= now).execute()
            self._db.insert_ignore(RateRow, key=kept, until=now + timedelta(seconds=expiry))
            RateRow.update(count=RateRow.count + amount).where(RateRow.key == kept).execute()
            return int(RateRow.get(RateRow.key == kept).count)

    def get(self, key: str) -> int:
        row = self._row(key)
        return int(row.count) if row else 0

    def get_expiry(self, key: str) -> float:
        row = self._row(key)
        return float(((row.until if row else self._db.now()) - EPOCH).total_seconds())

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._db.write():
            return int(RateRow.delete().execute())

    def clear(self, key: str) -> None:
        with self._db.write():
            RateRow.delete().where(RateRow.key == _kept(key)).execute()

    def _row(self, key: str) -> RateRow | None:
        with self._db.read():
            row: RateRow | None = RateRow.get_or_none(RateRow.key == _kept(key), RateRow.until > self._db.now())
        return row


def _kept(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Tries:
    """Counts what failed, and says how long somebody has to wait who failed too often."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._limiter = FixedWindowRateLimiter(StoreStorage(db))

    def wait(self, item: RateLimitItem, who: str) -> float:
        """Seconds until `who` may try again, 0.0 if at once."""
        if self._limiter.test(item, who):
            return 0.0
        reset_at, _ = self._limiter.get_window_stats(item, who)
        return max(1.0, float(reset_at) - (self._db.now() - EPOCH).total_seconds())

    def failed(self, item: RateLimitItem, who: str) -> None:
        """Count a try that failed."""
        self._limiter.hit(item, who)

    def forget(self, item: RateLimitItem, who: str) -> None:
        """Count anew: one has succeeded."""
        self._limiter.clear(item, who)
