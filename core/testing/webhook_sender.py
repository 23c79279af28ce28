"""How a simulated vendor delivers webhooks: in the background and in order, or as badly as asked."""

from __future__ import annotations

import fnmatch
import heapq
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from core.clock import Clock
from core.testing.waiting import Changes

Sign = Callable[[bytes, int], Mapping[str, str]]
"""Gives the headers of a delivery, from its exact body and the number of the retry (0 for the first attempt)."""


STOP_SECONDS = 1.0
"""How long stopping waits for a delivery under way; one to a receiver that hangs is left to its time-out."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery; `status` is None if no answer came in time."""

    at: datetime
    retry: int
    headers: Mapping[str, str]
    status: int | None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Delivery:
    """One webhook: its exact body and every attempt to deliver it. `state`: waiting, held, dropped, done or failed."""

    number: int
    kind: str
    url: str
    body: bytes
    at: datetime
    state: str = "waiting"
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def payload(self) -> Any:
        """The body's JSON values."""
        return json.loads(self.body)

    def shown(self) -> dict[str, Any]:
        """The delivery as JSON values; its address, which may hold a secret, is left out."""
        attempts = [{"at": one.at.isoformat(), "retry": one.retry, "status": one.status} for one in self.attempts]
        return {
            "number": self.number,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "state": self.state,
            "payload": self.payload,
            "attempts": attempts,
        }


class WebhookSender:
    """Delivers webhooks to one `url` (none: they are lost, as at a vendor where none is registered).

    A delivery that fails is tried again after each of `retry_waits` (seconds); others overtake it meanwhile.
    `copies` is how often each webhook is delivered. One thread keeps the order; more `workers` do not.
    """

    def __init__(
        self,
        sign: Sign,
        *,
        clock: Clock,
        changes: Changes,
        timeout: float = 3.0,
        retry_waits: Sequence[float] = (0.5, 1, 2, 4, 8),
        workers: int = 1,
    ) -> None:
        self.url: str | None = None
        self.copies = 1
        self.timeout = timeout
        self.retry_waits = tuple(retry_waits)
        self.deliveries: list[Delivery] = []
        """Every webhook so far, in the order in which they came about."""
        self._sign = sign
        self._clock = clock
        self._changes = changes
        self._workers = workers
        self._condition = threading.Condition()
        self._numbers = itertools.count(1)
        self._order = itertools.count()
        self._due: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] | None = None
        self._drops: list[str] = []
        self._busy = 0
        self._running = False
        self._threads: list[threading.Thread] = []

    # ---------------------------------------------------------------------------------- what comes about

    def send(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Queue a webhook; returns at once."""
        if self.url is None:
            return
        # Compact and not confined to ASCII, as vendors send it: whoever verifies a signature over re-made JSON fails.
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        with self._condition:
            dropped = self._dropped(kind)
            for _ in range(1 if dropped else max(1, self.copies)):
                self._admit(self._new(kind, self.url, body), dropped)
        self._changes.note()

    def again(self, delivery: Delivery) -> None:
        """Deliver the very same bytes once more, however long ago they were first sent."""
        with self._condition:
            self._admit(self._new(delivery.kind, self.url or delivery.url, delivery.body), False)
        self._changes.note()

    def _new(self, kind: str, url: str, body: bytes) -> Delivery:
        delivery = Delivery(next(self._numbers), kind, url, body, self._clock.now())
        self.deliveries.append(delivery)
        return delivery

    def _admit(self, delivery: Delivery, dropped: bool) -> None:
        if dropped:
            delivery.state = "dropped"
        elif self._held is not None:
            delivery.state = "held"
            self._held.append(delivery)
        else:
            self._push(delivery, 0)

    def _dropped(self, kind: str) -> bool:
        for pattern in self._drops:
            if fnmatch.fnmatch(kind, pattern):
                self._drops.remove(pattern)
                return True
        return False

    def _push(self, delivery: Delivery, wait: float) -> None:
        delivery.state = "waiting"
        heapq.heappush(self._due, (time.monotonic() + wait if wait else 0.0, next(self._order), delivery))
        self._condition.notify_all()

    # ------------------------------------------------------------------------------------- on request

    def hold(self) -> None:
        """Keep webhooks back until `release`."""
        with self._condition:
            if self._held is None:
                self._held = []

    def release(self, shuffle: int | None = None) -> None:
        """Deliver what was kept back: in order, or in an order drawn with the seed `shuffle`."""
        with self._condition:
            held, self._held = self._held or [], None
            if shuffle is not None:
                random.Random(shuffle).shuffle(held)
            for delivery in held:
                self._push(delivery, 0)
        self._changes.note()

    def drop(self, times: int = 1, kind: str = "*") -> None:
        """Lose the next `times` webhooks whose kind matches (`*` stands for anything)."""
        with self._condition:
            self._drops.extend([kind] * times)

    def of(self, kind: str) -> list[Delivery]:
        """The webhooks of this kind so far."""
        with self._condition:
            return [delivery for delivery in self.deliveries if delivery.kind == kind]

    def settled(self, seconds: float = 5.0) -> bool:
        """Wait until nothing is to be delivered or tried again, but for what is held; False if it takes longer."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._due and not self._busy, seconds)

    # ------------------------------------------------------------------------------------ its threads

    def start(self) -> None:
        """Begin to deliver."""
        with self._condition:
            self._running = True
        self._threads = [
            threading.Thread(target=self._work, name="webhooks", daemon=True) for _ in range(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop delivering; what is not delivered yet waits for the next `start`."""
        with self._condition:
            self._running = False
            self._condition.notify_all()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for delivery in self._next():
                status = self._try(session, delivery)
                with self._condition:
                    self._settle(delivery, status)
                    self._busy -= 1
                    self._condition.notify_all()
                self._changes.note()

    def _next(self) -> Iterator[Delivery]:
        while True:
            with self._condition:
                while self._running and (not self._due or self._due[0][0] > time.monotonic()):
                    self._condition.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if not self._running:
                    return
                delivery = heapq.heappop(self._due)[2]
                self._busy += 1
            yield delivery

    def _try(self, session: requests.Session, delivery: Delivery) -> Attempt:
        retry = len(delivery.attempts)
        headers = {"Content-Type": "application/json", **self._sign(delivery.body, retry)}
        status: int | None = None
        try:
            answer = session.post(
                delivery.url, data=delivery.body, headers=headers, timeout=self.timeout, allow_redirects=False
            )
            status = answer.status_code
        except requests.RequestException:
            pass
        return Attempt(self._clock.now(), retry, headers, status)

    def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        delivery.attempts.append(attempt)
        if attempt.accepted:
            delivery.state = "done"
        elif attempt.retry < len(self.retry_waits):
            self._push(delivery, self.retry_waits[attempt.retry])
        else:
            delivery.state = "failed"
