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
            now = self._clock.now()
            self._forget(now)
            if self.per_minute is None:
                return None
            if len(self._taken) + cost <= self.per_minute:
                self._taken.extend([now] * cost)
                return None
            if not self._taken:
                return math.ceil(WINDOW.total_seconds())
            return max(1, math.ceil((self._taken[0] + WINDOW - now).total_seconds()))

    def remaining(self) -> int | None:
        """How many calls are left now; None if there is no limit."""
        with self._lock:
            self._forget(self._clock.now())
            return None if self.per_minute is None else self.per_minute - len(self._taken)

    def _forget(self, now: datetime) -> None:
        while self._taken and now - self._taken[0] >= WINDOW:
            self._taken.popleft()
