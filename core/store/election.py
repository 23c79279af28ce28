"""Election: one process at a time has a duty, and each slot of a job runs once."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.store.database import Database
from core.store.models import JobRunRow, SchedulerLeaseRow


class Election:
    """Stands `owner` for a `duty`; whoever is elected keeps it by renewing within `seconds`.

    `owner` names one process: whoever stands under the same name from elsewhere must wait like any other. A method
    opens a write transaction of its own.
    """

    def __init__(self, db: Database, duty: str, owner: str, seconds: float) -> None:
        self._db = db
        self._duty = duty
        self._owner = owner
        self._seconds = seconds
        self._fence: int | None = None

    def hold(self) -> bool:
        """Take the duty, or renew it; True while it is ours."""
        with self._db.write():
            now = self._db.now()
            until = now + timedelta(seconds=self._seconds)
            if not self._renew(until):
                self._fence = self._take(now, until)
            return self._fence is not None

    def resign(self) -> None:
        """Lay the duty down, so that another need not wait; nothing happens if it is no longer ours."""
        with self._db.write():
            # The row stays, so that its fence goes on growing.
            self._renew(self._db.now() - timedelta(microseconds=1))
        self._fence = None

    def _renew(self, until: datetime) -> bool:
        if self._fence is None:
            return False
        renewed = (
            SchedulerLeaseRow.update(until=until)
            .where(
                SchedulerLeaseRow.name == self._duty,
                SchedulerLeaseRow.owner == self._owner,
                SchedulerLeaseRow.fence == self._fence,
            )
            .execute()
        )
        return bool(renewed == 1)

    def _take(self, now: datetime, until: datetime) -> int | None:
        if self._db.insert_ignore(SchedulerLeaseRow, name=self._duty, owner=self._owner, until=until) is not None:
            return 1
        taken = (
            SchedulerLeaseRow.update(owner=self._owner, until=until, fence=SchedulerLeaseRow.fence + 1)
            .where(SchedulerLeaseRow.name == self._duty, SchedulerLeaseRow.until < now)
            .execute()
        )
        if taken != 1:
            return None
        return int(SchedulerLeaseRow.get(SchedulerLeaseRow.name == self._duty).fence)


def run_slot(db: Database, job: str, slot: datetime, owner: str) -> bool:
    """Take a slot of a job; False if it was taken already, by whomever. Opens a write transaction of its own."""
    with db.write():
        return db.insert_ignore(JobRunRow, job=job, slot=slot, owner=owner, started_at=db.now()) is not None
