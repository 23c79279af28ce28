"""Dispatch: due conversations are claimed one at a time and drained; several at once, never one of them twice."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from peewee import fn

from core.domain import Connection
from core.errors import RelaydeskError
from core.flow import leases
from core.flow.attachments import fetch_next_attachment
from core.flow.decide import close_if_idle, take_due_turn
from core.flow.deliver import deliver_next
from core.flow.leases import Lease
from core.flow.process import process_next_event
from core.jobs.sleep import sleep_until
from core.runtime import Runtime
from core.store.models import LeaseRow

log = logging.getLogger(__name__)

WAIT_FOR_CONNECTION = 30.0
"""Seconds until a conversation of a connection that is switched off is looked at again."""
WAIT_AFTER_FAULT = 5.0
MOST_STEPS = 1000
"""A conversation gives way to others after so many steps."""


def drain(runtime: Runtime, lease: Lease, halted: Callable[[], bool] = lambda: False) -> None:
    """Do all that is due in one conversation: read what came, say what is to be said, then think.

    Once `halted`, the step under way is the last one, and the conversation is given back for another process.
    """
    connection = _switched_on(runtime, lease)
    if connection is None:
        return
    steps = (process_next_event, deliver_next, take_due_turn, close_if_idle, fetch_next_attachment)
    for _ in range(MOST_STEPS):
        if halted() or not any(step(runtime, lease, connection) for step in steps):
            break
    leases.release(runtime.db, lease)


def _switched_on(runtime: Runtime, lease: Lease) -> Connection | None:
    """The connection of a conversation. None if it is switched off: then the conversation was given back."""
    connection = runtime.connections.get(lease.connection_id)
    if connection is not None and connection.active:
        return connection
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        # Once more: it may be switched on by now, and that woke only those conversations that waited already.
        connection = runtime.connections.get(lease.connection_id)
        if connection is not None and connection.active:
            return connection
        leases.give_back(lease, runtime.db.now() + timedelta(seconds=WAIT_FOR_CONNECTION))
    return None


def drain_next(runtime: Runtime, keeper: LeaseKeeper | None = None, halted: Callable[[], bool] = lambda: False) -> bool:
    """Claim the conversation that has been due longest and drain it; False if none is due."""
    lease = leases.claim(runtime.db, runtime.owner, runtime.config.worker.lease_seconds)
    if lease is None:
        return False
    if keeper is not None:
        keeper.add(lease)
    try:
        drain(runtime, lease, halted)
    except leases.LeaseLost as lost:
        log.warning("%s", lost)
    except Exception:
        log.exception("conversation %s could not be drained; it is tried again", lease.conversation_id)
        _give_back(runtime, lease, WAIT_AFTER_FAULT)
    finally:
        if keeper is not None:
            keeper.drop(lease)
    return True


def drain_all_due(runtime: Runtime) -> int:
    """Drain, in this thread, every conversation that is due now; returns how many were taken up."""
    taken = 0
    while drain_next(runtime):
        taken += 1
    return taken


def next_moment(runtime: Runtime) -> datetime | None:
    """When the next conversation can be taken up; None when nothing is left to do.

    One that another worker holds counts from the end of its lease: it is usually given back long before.
    """
    due = LeaseRow.next_at.is_null(False)
    with runtime.db.read():
        now = runtime.db.now()
        held = LeaseRow.until.is_null(False) & (LeaseRow.until >= now)
        moments = [
            LeaseRow.select(fn.MIN(LeaseRow.next_at)).where(due, ~held).scalar(),
            LeaseRow.select(fn.MIN(LeaseRow.until)).where(due, held).scalar(),
        ]
    return min((moment for moment in moments if moment is not None), default=None)


def _give_back(runtime: Runtime, lease: Lease, seconds: float) -> None:
    try:
        leases.back_off(runtime.db, lease, seconds)
    except RelaydeskError as problem:
        log.warning("conversation %s waits for its lease to end: %s", lease.conversation_id, problem)


class LeaseKeeper(threading.Thread):
    """Renews the leases of this process while their holders wait for a vendor or a responder."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(name="lease-keeper", daemon=True)
        self._runtime = runtime
        self._held: set[Lease] = set()
        self._lock = threading.Lock()
        self._halt = threading.Event()

    def add(self, lease: Lease) -> None:
        """Begin to renew a lease."""
        with self._lock:
            self._held.add(lease)

    def drop(self, lease: Lease) -> None:
        """The lease was given back."""
        with self._lock:
            self._held.discard(lease)

    def give_back(self) -> None:
        """Let others take up at once what is still held: this process ends, and cannot see it through."""
        with self._lock:
            held = list(self._held)
        for lease in held:
            log.warning("conversation %s is left to another process", lease.conversation_id)
            _give_back(self._runtime, lease, 0.0)

    def stop(self) -> None:
        """End the thread."""
        self._halt.set()

    def run(self) -> None:
        while not self._halt.wait(self._runtime.config.worker.lease_seconds / 4):
            with self._lock:
                held = list(self._held)
            for lease in held:
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        try:
            if not leases.renew(self._runtime.db, lease):
                self.drop(lease)
        except Exception as problem:
            log.warning("a lease could not be renewed: %s", problem)


class Dispatcher:
    """The threads that drain conversations in this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._halt = threading.Event()
        self._keeper = LeaseKeeper(runtime)
        self._threads = [
            threading.Thread(target=self._work, name=f"dispatch-{number}", daemon=True)
            for number in range(runtime.config.worker.threads)
        ]

    def start(self) -> None:
        """Start working."""
        self._keeper.start()
        for thread in self._threads:
            thread.start()

    def halt(self) -> None:
        """Take up nothing new, and end what is under way after its present step."""
        self._halt.set()
        self._runtime.db.signal()

    def finish(self, wait: float | None) -> None:
        """Wait up to `wait` seconds for what is under way (None: as long as it takes), and leave the rest to others.

        Its leases are renewed meanwhile: they may be shorter than that.
        """
        until = None if wait is None else time.monotonic() + wait
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        self._keeper.stop()
        self._keeper.give_back()
        self._runtime.db.signal()

    def _work(self) -> None:
        while not self._halt.is_set():
            try:
                if not drain_next(self._runtime, self._keeper, self._halt.is_set):
                    sleep_until(self._runtime, next_moment(self._runtime))
            except Exception:
                log.exception("the dispatcher goes on after a fault")
                self._halt.wait(1.0)
