"""The worker of a process: stands for election, and runs dispatcher and scheduler while elected."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from core.jobs.dispatch import Dispatcher
from core.jobs.scheduler import Scheduler
from core.runtime import Runtime
from core.store.election import Election

log = logging.getLogger(__name__)


class Duty(Protocol):
    """Something that one process at a time does."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


class Worker(threading.Thread):
    """Keeps standing for election to its duties, so that another process takes over when this one dies.

    `every_process_dispatches` is for machines of their own under `relaydesk worker`: leases on conversations keep
    several dispatchers apart, so only the scheduler needs electing there.
    """

    def __init__(self, runtime: Runtime, *, every_process_dispatches: bool = False) -> None:
        super().__init__(name="worker", daemon=True)
        self._runtime = runtime
        self._halt = threading.Event()
        self._seconds = runtime.config.worker.election_seconds
        duties = ["scheduler"] if every_process_dispatches else ["dispatcher", "scheduler"]
        self._elections = {duty: Election(runtime.db, duty, runtime.owner, self._seconds) for duty in duties}
        self._running: dict[str, Duty] = {}
        if every_process_dispatches:
            self._begin("dispatcher")

    def run(self) -> None:
        self._provision()
        while not self._halt.is_set():
            for duty, election in self._elections.items():
                self._stand(duty, election)
            self._halt.wait(self._seconds / 5)

    def stop(self) -> None:
        """Lay down all duties, so that another process need not wait for them to lapse."""
        self._halt.set()
        for duty in list(self._running):
            self._end(duty)
        for election in self._elections.values():
            election.resign()

    def _provision(self) -> None:
        """Bring the connections in step with the file, once for all processes that start together."""
        election = Election(self._runtime.db, "provision", self._runtime.owner, self._seconds)
        try:
            if election.hold():
                self._runtime.connections.provision()
        except Exception:
            log.exception("the connections could not be verified; it is tried again within a minute")
        finally:
            election.resign()

    def _stand(self, duty: str, election: Election) -> None:
        try:
            elected = election.hold()
        except Exception as problem:
            log.warning("the election of the %s could not be held: %s", duty, problem)
            elected = False
        if elected and duty not in self._running:
            self._begin(duty)
        elif not elected and duty in self._running:
            log.warning("process %s is no longer the %s", self._runtime.owner, duty)
            self._end(duty)

    def _begin(self, duty: str) -> None:
        log.info("process %s is the %s", self._runtime.owner, duty)
        work: Duty = Dispatcher(self._runtime) if duty == "dispatcher" else Scheduler(self._runtime)
        self._running[duty] = work
        work.start()

    def _end(self, duty: str) -> None:
        self._running.pop(duty).stop()
