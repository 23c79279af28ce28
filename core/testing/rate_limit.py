"""A vendor's rate limit, as a simulator keeps it: so many calls in any sixty seconds."""

from __future__ import annotations

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from core.clock import Clock

WINDOW = timedelta(seconds=60)


class SlidingWindow:
    """Admits `per_minute` calls in any 60 seconds of `clock`; None admits all. Refused calls do not count."""

    def __init__(self, per_minute: int | None, clock: Clock) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: deque[datetime] = deque()

    def take(self, cost: int = 1) -> int | None:
        """Admit a call that counts as `cost`: None if it is admitted, else the whole seconds to wait (1 or more)."""
        with self._lock:
            wait = self._wait(cost)
            if wait is None and self.per_minute is not None:
                self._taken.extend([self._clock.now()] * cost)
            return wait

    def wait(self, cost: int = 1) -> int | None:
        """What `take` would answer now, without taking anything."""
        with self._lock:
            return self._wait(cost)

    def remaining(self) -> int | None:
        """How many calls are left now; None if there is no limit."""
        with self._lock:
            self._forget(self._clock.now())
            return None if self.per_minute is None else self.per_minute - len(self._taken)

    def _wait(self, cost: int) -> int | None:
        now = self._clock.now()
        self._forget(now)
        if self.per_minute is None:
            return None
        excess = len(self._taken) + cost - self.per_minute
        if excess <= 0:
            return None
        if excess > len(self._taken):
            return math.ceil(WINDOW.total_seconds())
        return max(1, math.ceil((self._taken[excess - 1] + WINDOW - now).total_seconds()))

    def _forget(self, now: datetime) -> None:
        while self._taken and now - self._taken[0] >= WINDOW:
            self._taken.popleft()
