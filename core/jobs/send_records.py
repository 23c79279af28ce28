"""Records of destinations are sent: several destinations at a time, each by one process alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from core.destinations import claims
from core.destinations.claims import Claim
from core.destinations.look_ups import LookUpCache
from core.destinations.sending import serve
from core.jobs.senders import Senders
from core.runtime import Runtime

log = logging.getLogger(__name__)

SENDERS = 4
"""Destinations that are worked on at a time: one whose vendor is slow keeps one thread waiting."""
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


class RecordSender(Senders[Claim]):
    """The threads that send records. What has no answer when they end, another process looks for at the vendor."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime, "records", SENDERS)
        self._cache = LookUpCache(runtime.clock)

    def _take(self) -> Claim | None:
        return claims.claim(self._runtime)

    def _serve(self, work: Claim) -> None:
        _work_on(self._runtime, work, self._cache, self._halt.is_set)

    def _next_moment(self) -> datetime | None:
        return next_moment(self._runtime)

    def _after_fault(self, work: Claim) -> str:
        return f"destination {work.name} is worked on again once its lease is over"
