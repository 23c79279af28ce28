"""The worker of a process: stands for election, and runs dispatcher and scheduler while elected."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from core.destinations.provision import provision_destinations
from core.jobs.dispatch import Dispatcher
from core.jobs.scheduler import Scheduler
from core.provisioning import provision
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.store.election import Election

log = logging.getLogger(__name__)

PROVISION_WAIT = 5.0
"""Seconds that standing for election waits for the connections to be verified; a vendor may be slow to answer."""
RETRY_SECONDS = 0.5
LOOK_SECONDS = 0.2
"""How often it is looked whether the process is about to end."""
STOP_WAIT = 20.0
"""Seconds that work under way gets to end; gunicorn kills after 30."""


class Duty(Protocol):
    """Something that one process at a time does."""

    def start(self) -> None:
        """Begin."""

    def halt(self) -> None:
        """Take up nothing new; returns at once."""

    def finish(self, wait: float | None) -> None:
        """Wait for what is under way, `wait` seconds at most (None: as long as it takes)."""


class Worker(threading.Thread):
    """Keeps standing for election to its duties, so that another process takes over when this one dies.

    `every_process_dispatches` is for machines of their own under `relaydesk worker`: leases on conversations keep
    several dispatchers apart, so only the scheduler needs electing there.

    All its state belongs to its thread, which ends by laying the duties down: after `stop`, or when the main thread
    has ended. For that it is no daemon: the process waits for it, and it can still work. At `atexit` it could not,
    for no thread can be started there, and the store may need one.
    """

    def __init__(self, runtime: Runtime, *, every_process_dispatches: bool = False) -> None:
        super().__init__(name="worker", daemon=False)
        self._runtime = runtime
        self._halt = threading.Event()
        self._seconds = runtime.config.worker.election_seconds
        self._unelected = ["dispatcher"] if every_process_dispatches else []
        duties = ["scheduler"] if every_process_dispatches else ["dispatcher", "scheduler"]
        self._elections = {duty: Election(runtime.db, duty, runtime.owner, self._seconds) for duty in duties}
        self._ours_until = dict.fromkeys(duties, 0.0)
        self._running: dict[str, Duty] = {}

    def run(self) -> None:
        try:
            self._provision_first()
            while not self._is_over():
                self._attend()
                self._pause(self._seconds / 5)
        finally:
            self._lay_down()

    def stop(self, wait: float = 2 * STOP_WAIT) -> None:
        """Lay down all duties, so that another process need not wait for them to lapse; `wait` seconds at most."""
        self._halt.set()
        if self.is_alive():
            self.join(wait)

    def _is_over(self) -> bool:
        return self._halt.is_set() or not threading.main_thread().is_alive()

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._is_over() and (left := until - time.monotonic()) > 0:
            self._halt.wait(min(left, LOOK_SECONDS))

    # ------------------------------------------------------------------------------------------ provisioning

    def _provision_first(self) -> None:
        """Have the connections verified, but let none that hangs keep the others waiting."""
        thread = threading.Thread(target=self._provision, name="provision", daemon=True)
        thread.start()
        until = time.monotonic() + PROVISION_WAIT
        while thread.is_alive() and not self._is_over() and (left := until - time.monotonic()) > 0:
            thread.join(min(left, LOOK_SECONDS))

    def _provision(self) -> None:
        """Bring the connections in step with the file: processes that start together do it in turn, so that the
        first one asks the vendor, the others find it done, and the next one steps in where one died over it.
        """
        election = Election(self._runtime.db, "provision", self._runtime.owner, self._seconds)
        while not self._is_over():
            try:
                if election.hold():
                    provision(self._runtime, at_start=True)
                    provision_destinations(self._runtime)
                    election.resign()
                    return
            except StoreBusy as busy:
                log.warning("the connections are verified a little later: %s", busy)
            except Exception:
                log.exception("the connections could not be verified; it is tried again within a minute")
                return
            self._pause(RETRY_SECONDS)

    # ---------------------------------------------------------------------------------------------- duties

    def _attend(self) -> None:
        """Begin and end duties as they fall to this process; nothing that goes wrong ends the worker."""
        try:
            for duty in self._unelected:
                if duty not in self._running:
                    self._begin(duty)
            for duty, election in self._elections.items():
                self._stand(duty, election)
        except Exception:
            log.exception("the worker goes on after a fault")

    def _stand(self, duty: str, election: Election) -> None:
        asked = time.monotonic()
        try:
            elected = election.hold()
        except Exception as problem:
            log.warning("the election of the %s could not be held: %s", duty, problem)
            elected = asked < self._ours_until[duty]  # nobody else can have taken it before
        else:
            self._ours_until[duty] = asked + self._seconds if elected else 0.0
        if elected and duty not in self._running:
            self._begin(duty)
        elif not elected and duty in self._running:
            log.warning("process %s is no longer the %s", self._runtime.owner, duty)
            self._end(duty)

    def _begin(self, duty: str) -> None:
        log.info("process %s is the %s", self._runtime.owner, duty)
        work: Duty = Dispatcher(self._runtime) if duty == "dispatcher" else Scheduler(self._runtime)
        work.start()
        self._running[duty] = work

    def _end(self, duty: str) -> None:
        """End a duty that was lost, without making the other one wait for its renewal."""
        work = self._running.pop(duty)
        work.halt()
        threading.Thread(target=work.finish, args=(None,), name=f"{duty}-ends", daemon=True).start()

    def _lay_down(self) -> None:
        """Let another process begin before our last work has ended: the leases on conversations keep us apart."""
        for duty, work in self._running.items():
            self._try(work.halt, f"the {duty} could not be halted")
        for duty, election in self._elections.items():
            self._try(election.resign, f"the {duty} is free only when its election lapses")
        until = time.monotonic() + STOP_WAIT
        for duty, work in self._running.items():
            end = partial(work.finish, max(0.0, until - time.monotonic()))
            self._try(end, f"the {duty} did not end in order")
        self._running.clear()

    def _try(self, act: Callable[[], object], failed: str) -> None:
        try:
            act()
        except Exception as problem:
            log.warning("%s: %s", failed, problem)
