"""The scheduler: APScheduler as a mere timer for the jobs of the elected process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from core.destinations.provision import provision_destinations
from core.jobs import backfill, housekeeping, names, polling
from core.jobs.backfill import Halted
from core.jobs.send_events import EventSender
from core.jobs.send_records import RecordSender
from core.provisioning import provision
from core.runtime import Runtime
from core.store.election import run_slot

log = logging.getLogger(__name__)

Job = Callable[[Runtime, Halted], object]


JOBS: tuple[tuple[str, int, Job], ...] = (
    ("wake_forgotten", 60, lambda runtime, halted: housekeeping.wake_forgotten(runtime)),
    ("throw_away", 3600, lambda runtime, halted: housekeeping.throw_away(runtime)),
    ("verify_again", 60, lambda runtime, halted: provision(runtime)),
    ("destinations", 60, lambda runtime, halted: provision_destinations(runtime)),
    ("names", 10, names.refresh_due),
    ("poll", 5, polling.poll_due),
    ("backfill", 10, backfill.run_due),
)
"""Name, seconds between runs, and what is run: it is told how to find out that it shall stop."""


def _never() -> bool:
    return False


def slot_of(moment: datetime, seconds: int) -> datetime:
    """The slot of time a moment falls into: the same for every process, so that a slot can be taken once."""
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def run_job(runtime: Runtime, name: str, seconds: int, job: Job, halted: Halted = _never) -> bool:
    """Run a job unless its present slot was taken already; False if it was. A fault is logged, not raised."""
    slot = slot_of(runtime.db.now(), seconds)
    try:
        if not run_slot(runtime.db, name, slot, runtime.owner):
            return False
        job(runtime, halted)
    except Exception:
        log.exception("the job %s has failed; it runs again in its next slot", name)
    return True


class Scheduler:
    """Runs `JOBS` in this process while it is elected, and sends events and records, which wait for no slot."""

    def __init__(self, runtime: Runtime) -> None:
        # The default grace of one second would silently drop a run after any pause of the process.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._timer = BackgroundScheduler(timezone="UTC", job_defaults=defaults)
        self._halt = threading.Event()
        self._events = EventSender(runtime)
        self._records = RecordSender(runtime)
        for name, seconds, job in JOBS:
            args = (runtime, name, seconds, job, self._halt.is_set)
            self._timer.add_job(run_job, "interval", seconds=seconds, args=args, id=name)

    def start(self) -> None:
        """Start the timer and the sending of events and records."""
        self._timer.start()
        self._events.start()
        self._records.start()

    def halt(self) -> None:
        """Stop the timer, and let what takes long come to its end early."""
        self._halt.set()
        self._timer.shutdown(wait=False)
        self._events.halt()
        self._records.halt()

    def finish(self, wait: float | None) -> None:
        """Wait up to `wait` seconds for the answers to events and records (None: as long as it takes), and for nothing
        else: every job does its work in small transactions, and may be cut off between them.
        """
        until = None if wait is None else time.monotonic() + wait
        self._events.finish(wait)
        self._records.finish(None if until is None else max(0.0, until - time.monotonic()))
