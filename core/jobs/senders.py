"""Senders: one thread looks for what is due, and hands it to the threads that make the calls and wait for answers."""

from __future__ import annotations

import abc
import logging
import queue
import threading
import time
from datetime import datetime
from typing import Generic, TypeVar

from core.jobs.sleep import sleep_until
from core.runtime import Runtime

log = logging.getLogger(__name__)

Work = TypeVar("Work")


class Senders(abc.ABC, Generic[Work]):
    """The threads of the elected process that send one kind of thing: `name` is what they are called, and send.

    With `number` of them, what is slow keeps one waiting, and the others go on.
    """

    def __init__(self, runtime: Runtime, name: str, number: int) -> None:
        self._runtime = runtime
        self._name = name
        self._halt = threading.Event()
        self._free = threading.Semaphore(number)
        self._begun: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        # All are there from the start, for none could be started while the process ends.
        self._looks = threading.Thread(target=self._look, name=name, daemon=True)
        self._senders = [
            threading.Thread(target=self._send, name=f"{name}-{each}", daemon=True) for each in range(number)
        ]

    def start(self) -> None:
        """Start sending."""
        for thread in (self._looks, *self._senders):
            thread.start()

    def halt(self) -> None:
        """Begin nothing new."""
        self._halt.set()
        self._runtime.db.signal()

    def finish(self, wait: float | None) -> None:
        """Wait up to `wait` seconds for the answers that are due (None: as long as it takes).

        What has none by then is another process's once the lease is over.
        """
        until = None if wait is None else time.monotonic() + wait
        for thread in (self._looks, *self._senders):
            thread.join(None if until is None else max(0.0, until - time.monotonic()))

    # ----------------------------------------------------------------------------------- what each kind says of itself

    @abc.abstractmethod
    def _take(self) -> Work | None:
        """Claim what is due, for as long as a lease lasts; None if nothing is."""

    @abc.abstractmethod
    def _serve(self, work: Work) -> None:
        """Do what was claimed."""

    @abc.abstractmethod
    def _next_moment(self) -> datetime | None:
        """When something is next due that is not due yet."""

    @abc.abstractmethod
    def _after_fault(self, work: Work) -> str:
        """What is logged with a fault: what happens now to what was claimed."""

    # ------------------------------------------------------------------------------------------------------ the threads

    def _look(self) -> None:
        while not self._halt.is_set():
            try:
                self._hand_on()
            except Exception:
                log.exception("the sending of %s goes on after a fault", self._name)
                self._halt.wait(1.0)
        for _ in self._senders:
            self._begun.put(None)

    def _hand_on(self) -> None:
        """Give what is due to a sender that is free; without either, wait."""
        if not self._free.acquire(timeout=1.0):
            return
        work = None
        try:
            work = self._take()
        finally:
            if work is None:
                self._free.release()
        if work is None:
            sleep_until(self._runtime, self._next_moment())
        else:
            self._begun.put(work)

    def _send(self) -> None:
        while (work := self._begun.get()) is not None:
            try:
                self._serve(work)
            except Exception:
                log.exception(self._after_fault(work))
            finally:
                self._free.release()
