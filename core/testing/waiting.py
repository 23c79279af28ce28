"""Waiting for something to become true without sleeping: what simulators and their tests share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

RECHECK_SECONDS = 0.05
"""How often a predicate is asked again although nothing was noted: it may look at things outside the simulator."""


class Changes:
    """A counter of changes that threads can wait on."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.count = 0

    def note(self) -> None:
        """Tell all waiting threads that something changed."""
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait until more than `seen` changes were noted, at most `seconds`; returns the present count."""
        with self._condition:
            self._condition.wait_for(lambda: self.count > seen, seconds)
            return self.count

    def wait_for(self, predicate: Callable[[], T], seconds: float) -> T:
        """Wait until `predicate` gives something true, at most `seconds`; returns its last result, true or not.

        The predicate runs without any lock held, so it may call the simulator over HTTP.
        """
        deadline = time.monotonic() + seconds
        while True:
            seen = self.count
            result = predicate()
            left = deadline - time.monotonic()
            if result or left <= 0:
                return result
            self.wait(seen, min(left, RECHECK_SECONDS))
