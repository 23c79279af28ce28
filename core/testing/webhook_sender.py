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
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests

from core.clock import Clock
from core.testing.waiting import Changes
from core.testing.webhook_delivery import Attempt, Delivery, HourlyQuota, Outgoing, Share

Sign = Callable[[bytes, int], Mapping[str, str]]
"""Gives the headers of a delivery, from its exact body and the number of the retry (0 for the first attempt)."""


STOP_SECONDS = 1.0
"""How long stopping waits for a delivery under way; one to a receiver that hangs is left to its time-out."""
LOOK_SECONDS = 0.02
"""How often a sender that waits on its clock looks at it: nothing tells that somebody has turned a clock."""


def unsigned(body: bytes, retry: int) -> Mapping[str, str]:
    """The `Sign` of a vendor that signs nothing."""
    return {}


class WebhookSender:
    """Delivers webhooks: `send` to one `url` (none: they are lost, as where none is registered), `post` to any.

    A delivery that fails is tried again after each of `retry_waits` (seconds); others overtake it meanwhile.
    `copies` is how often each webhook is delivered. One thread keeps the order; more `workers` do not.

    Waits take their time; with `waits_on_clock` they are over when `clock` says so, which a test may turn.
    `quota.per_hour` bounds the attempts in an hour of the clock: those beyond it wait for the next hour, and are
    dropped once they are `longest_delay` seconds old.
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
        waits_on_clock: bool = False,
        per_hour: int | None = None,
        longest_delay: float = 24 * 3600,
    ) -> None:
        self.url: str | None = None
        self.copies = 1
        self.timeout = timeout
        self.retry_waits = tuple(retry_waits)
        self.quota = HourlyQuota(per_hour)
        self.longest_delay = longest_delay
        self.deliveries: list[Delivery] = []
        """Every webhook so far, in the order in which they came about."""
        self._sign = sign
        self._clock = clock
        self._changes = changes
        self._workers = workers
        self._waits_on_clock = waits_on_clock
        self._condition = threading.Condition()
        self._numbers = itertools.count(1)
        self._order = itertools.count()
        self._due: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] | None = None
        self._drops: list[str] = []
        self._dropped_share = Share()
        self._copied_share = Share()
        self._busy = 0
        self._running = False
        self._threads: list[threading.Thread] = []

    # ---------------------------------------------------------------------------------- what comes about

    def send(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Queue a webhook to `url`, with the payload as JSON; returns at once."""
        if self.url is None:
            return
        # Compact and not confined to ASCII, as vendors send it: whoever verifies a signature over re-made JSON fails.
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        self.post(kind, Outgoing(self.url, body))

    def post(self, kind: str, outgoing: Outgoing) -> None:
        """Queue a webhook that has its own address and headers; returns at once."""
        with self._condition:
            dropped = self._dropped(kind)
            copies = max(1, self.copies) + self._copied_share.strikes()
            for _ in range(1 if dropped else copies):
                self._admit(self._new(kind, outgoing), dropped)
        self._changes.note()

    def again(self, delivery: Delivery) -> None:
        """Deliver the very same bytes once more, however long ago they were first sent."""
        with self._condition:
            self._admit(self._new(delivery.kind, replace(delivery.outgoing, url=self.url or delivery.url)), False)
        self._changes.note()

    def _new(self, kind: str, outgoing: Outgoing) -> Delivery:
        delivery = Delivery(next(self._numbers), kind, outgoing, self._clock.now())
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
        drawn = self._dropped_share.strikes()
        for pattern in self._drops:
            if fnmatch.fnmatch(kind, pattern):
                self._drops.remove(pattern)
                return True
        return drawn

    def _push(self, delivery: Delivery, wait: float) -> None:
        delivery.state = "waiting"
        delivery.due = self._clock.now() + timedelta(seconds=wait)
        heapq.heappush(self._due, (self._moment(wait) if wait else 0.0, next(self._order), delivery))
        self._condition.notify_all()

    def _moment(self, wait: float = 0.0) -> float:
        """The moment `wait` seconds from now, by what waits are measured on."""
        if self._waits_on_clock:
            return (self._clock.now() + timedelta(seconds=wait)).timestamp()
        return time.monotonic() + wait

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

    def drop_share(self, share: float, seed: int = 0) -> None:
        """Lose this share of the webhooks from now on (0.2 for every fifth), drawn with `seed`; 0 ends it."""
        with self._condition:
            self._dropped_share = Share(share, seed)

    def copy_share(self, share: float, seed: int = 0) -> None:
        """Deliver this share of the webhooks once more from now on, drawn with `seed`; 0 ends it."""
        with self._condition:
            self._copied_share = Share(share, seed)

    def of(self, kind: str) -> list[Delivery]:
        """The webhooks of this kind so far."""
        with self._condition:
            return [delivery for delivery in self.deliveries if delivery.kind == kind]

    def pending(self) -> list[Delivery]:
        """What is to be delivered or tried again, the next one first; `due` says when. Not what is held."""
        with self._condition:
            return [delivery for _, _, delivery in sorted(self._due)]

    def settled(self, seconds: float = 5.0) -> bool:
        """Wait until nothing is to be delivered or tried again, but for what is held; False if it takes longer.

        Where waits are measured on the clock: until nothing is due by that clock as it stands.
        """
        with self._condition:
            return self._condition.wait_for(self._quiet, seconds)

    def _quiet(self) -> bool:
        if self._waits_on_clock:
            return not self._busy and (not self._due or self._due[0][0] > self._moment())
        return not self._busy and not self._due

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
                while self._running and (not self._due or self._due[0][0] > self._moment()):
                    self._condition.wait(self._pause())
                if not self._running:
                    return
                delivery = heapq.heappop(self._due)[2]
                if not self._within_quota(delivery):
                    continue
                self._busy += 1
            yield delivery

    def _pause(self) -> float | None:
        if not self._due:
            return None
        left = self._due[0][0] - self._moment()
        return LOOK_SECONDS if self._waits_on_clock else left

    def _within_quota(self, delivery: Delivery) -> bool:
        """Whether it may go out now; otherwise it was put off to the next hour, or dropped for its age."""
        now = self._clock.now()
        too_old = self.quota.per_hour is not None and now - delivery.at >= timedelta(seconds=self.longest_delay)
        wait = 0.0 if too_old else self.quota.wait(now)
        if too_old:
            delivery.state, delivery.due = "dropped", None
            self._condition.notify_all()
        elif wait:
            self._push(delivery, wait)
        return not too_old and not wait

    def _try(self, session: requests.Session, delivery: Delivery) -> Attempt:
        outgoing, retry = delivery.outgoing, len(delivery.attempts)
        headers = {"Content-Type": outgoing.content_type, **outgoing.headers, **self._sign(delivery.body, retry)}
        status: int | None = None
        try:
            answer = session.request(
                outgoing.method,
                outgoing.url,
                data=outgoing.body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )
            status = answer.status_code
        except requests.RequestException:
            pass
        return Attempt(self._clock.now(), retry, headers, status)

    def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        delivery.attempts.append(attempt)
        delivery.due = None
        if attempt.accepted:
            delivery.state = "done"
        elif attempt.retry < len(self.retry_waits):
            self._push(delivery, self.retry_waits[attempt.retry])
        else:
            delivery.state = "failed"
