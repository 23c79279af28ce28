"""Each call to a vendor is granted by the connection's budget, and what the answer says of the limit is learned."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

from core.clock import Clock
from core.connector import Connector
from core.domain import Charge, Priority
from core.errors import RetryLater
from core.store.budget import Budget

LONGEST_NAP = 1.0
"""Seconds after which whoever waits for the budget looks whether it is still worth it."""

Stopped = Callable[[], bool]


class Pacing:
    """What an `HttpClient` asks before a call and tells after it, for calls of one priority.

    Where the budget is used up a call is refused, to be made later. With `patience`, it waits instead: until it is
    granted, or until `patience` says that the work is to stop, unless it would take more than `at_most` seconds. Of
    those who wait together one asks at a time.
    """

    def __init__(
        self,
        budget: Budget,
        connector: Connector,
        priority: Priority,
        clock: Clock,
        patience: Stopped | None = None,
        at_most: float = math.inf,
    ) -> None:
        self._budget = budget
        self._connector = connector
        self._priority = priority
        self._clock = clock
        self._patience = patience
        self._at_most = at_most
        self._turnstile = threading.Lock()

    def spend(self, verb: str, path: str, params: Mapping[str, Any]) -> Charge:
        """Take the call; raises `RetryLater` if it cannot be made now."""
        charge = self._connector.charge(verb, path, params)
        if self._patience is None:
            wait = self._budget.take(self._priority, charge)
        else:
            with self._turnstile:
                while 0 < (wait := self._budget.take(self._priority, charge)) <= self._at_most:
                    if self._patience():
                        break
                    self._clock.sleep(min(wait, LONGEST_NAP))
        if wait > 0:
            raise RetryLater("the budget of calls a minute is used up", after=wait)
        return charge

    def learn(self, status: int, headers: Mapping[str, str], charge: Charge) -> None:
        """Take over what the answer to a call says: how long to wait, the limit, and what is left of it."""
        limit, remaining = number(headers.get("X-RateLimit-Total")), number(headers.get("X-RateLimit-Remaining"))
        if status == 429:
            # With calls left in all, it is the lane's own limit that was hit.
            lane = charge.lane if remaining else ""
            wait = number(headers.get("Retry-After"))
            self._budget.shut(60.0 if wait is None else float(wait), lane)
        if limit is not None or remaining is not None:
            self._budget.learn(limit, remaining)


def number(text: str | None) -> int | None:
    """A header's whole number; None if it is absent or anything else."""
    return int(text) if text is not None and text.strip().isdigit() else None
