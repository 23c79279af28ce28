"""Records of destinations are sent: several destinations at a time, each by one process alone."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from core.destinations import claims
from core.destinations.claims import Claim
from core.destinations.look_ups import LookUpCache
from core.destinations.sending import serve
from core.runtime import Runtime

log = logging.getLogger(__name__)

SENDERS = 4
"""Destinations that are worked on at a time: one whose vendor is slow keeps one thread waiting."""
LONGEST_SLEEP = 5.0
AFTER_FAULT = 5.0

Halted = Callable[[], bool]


def drain(
    runtime: Runtime, name: str | None = None, halted: Halted = lambda: False, cache: LookUpCache | None = None
) -> int:
    """Make, in this thread, every call that is due now, of one destination or of all; returns how many there were.

    Whoever calls it again and again may give it the same `cache`, so that nothing is looked up twice.
    """
    cache = cache or LookUpCache(runtime.clock)
    made = 0
    while not halted() and (claim := claims.claim(runtime, name)) is not None:
        made += _work_on(runtime, claim, cache, halted)
    return made


def next_moment(runtime: Runtime, name: str | None = None) -> datetime | None:
    """When the next call is due that is not due yet, of one destination or of all; None if there is none."""
    return claims.next_moment(runtime, name)


def _work_on(runtime: Runtime, claim: Claim, cache: LookUpCache, halted: Halted) -> int:
    """A destination's turn, during which it stays ours, and after which it is anybody's."""
    try:
        with _kept(runtime, claim):
            return serve(runtime, claim, cache, halted)
    except Exception:
        log.exception("destination %s could not be worked on; it is tried again", claim.name)
        claims.rest(runtime, claim, AFTER_FAULT)
        return 0
    finally:
        claims.give_back(runtime, claim)


@contextmanager
def _kept(runtime: Runtime, claim: Claim) -> Iterator[None]:
    """Renew a claim while its holder waits for the vendor."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(runtime.config.worker.lease_seconds / 4):
            try:
                if not claims.renew(runtime, claim):
                    return
            except Exception as problem:
                log.warning("the lease on destination %s could not be renewed: %s", claim.name, problem)

    thread = threading.Thread(target=renew, name=f"keeps-{claim.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class RecordSender:
    """The threads that send records in the elected process: one looks for work, the others make the calls."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._halt = threading.Event()
        self._cache = LookUpCache(runtime.clock)
        self._free = threading.Semaphore(SENDERS)
        self._begun: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        # All are there from the start, for none could be started while the process ends.
        self._looks = threading.Thread(target=self._look, name="records", daemon=True)
        self._senders = [
            threading.Thread(target=self._send, name=f"records-{number}", daemon=True) for number in range(SENDERS)
        ]

    def start(self) -> None:
        """Start sending."""
        for thread in (self._looks, *self._senders):
            thread.start()

    def halt(self) -> None:
        """Begin no further call."""
        self._halt.set()
        self._runtime.db.signal()

    def finish(self, wait: float | None) -> None:
        """Wait up to `wait` seconds for the calls under way (None: as long as it takes).

        What has no answer by then is looked for at the vendor once the lease is over.
        """
        until = None if wait is None else time.monotonic() + wait
        for thread in (self._looks, *self._senders):
            thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def _look(self) -> None:
        while not self._halt.is_set():
            try:
                self._hand_on()
            except Exception:
                log.exception("the sending of records goes on after a fault")
                self._halt.wait(1.0)
        for _ in self._senders:
            self._begun.put(None)

    def _hand_on(self) -> None:
        """Give a destination with something to do to a sender that is free; without either, wait."""
        if not self._free.acquire(timeout=1.0):
            return
        claim = None
        try:
            claim = claims.claim(self._runtime)
        finally:
            if claim is None:
                self._free.release()
        if claim is None:
            self._runtime.db.wait(self._until_next())
        else:
            self._begun.put(claim)

    def _send(self) -> None:
        while (claim := self._begun.get()) is not None:
            try:
                _work_on(self._runtime, claim, self._cache, self._halt.is_set)
            except Exception:
                log.exception("destination %s is worked on again once its lease is over", claim.name)
            finally:
                self._free.release()

    def _until_next(self) -> float:
        due = next_moment(self._runtime)
        if due is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, (due - self._runtime.db.now()).total_seconds()))
