"""A clock that stands still until it is turned, so that a day passes in no time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """Satisfies `core.clock.Clock`; `sleep` turns it instead of waiting."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The moment it was turned to."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Turn the clock on by `seconds`."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Turn the clock on by `seconds`."""
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def turn_to(self, moment: datetime) -> None:
        """Turn the clock to `moment`, unless it is past that already."""
        with self._lock:
            self._now = max(self._now, moment)
