"""Housekeeping: what has served its time is thrown away, and what was forgotten is woken."""

from __future__ import annotations

import logging
from datetime import timedelta

from core.flow import leases
from core.runtime import Runtime
from core.store.models import ActionRow, EventRow, JobRunRow, LeaseRow, SessionRow

log = logging.getLogger(__name__)

KEEP_EVENTS = timedelta(days=30)
"""Longer than any vendor repeats itself, so that a late repeat still finds the event it repeats."""
KEEP_JOB_RUNS = timedelta(days=7)
AT_ONCE = 500


def wake_forgotten(runtime: Runtime) -> int:
    """Make conversations due that have work but no moment to do it at; returns how many there were.

    None should ever be found: every write that makes work also names its moment. It is the belt to those braces.
    """
    with runtime.db.read():
        asleep = LeaseRow.select(LeaseRow.id).where(LeaseRow.next_at.is_null(), LeaseRow.owner.is_null())
        events = EventRow.select(EventRow.lease).where(EventRow.state == "pending", EventRow.lease.in_(asleep))
        actions = ActionRow.select(ActionRow.lease).where(
            ActionRow.state.in_(leases.OPEN_ACTIONS), ActionRow.lease.in_(asleep)
        )
        found = {row.lease_id for row in events} | {row.lease_id for row in actions}
        turns = LeaseRow.select(LeaseRow.id).where(LeaseRow.next_at.is_null(), LeaseRow.turn_due_at.is_null(False))
        found |= {row.id for row in turns if row.id is not None}
        closings = SessionRow.select(SessionRow.lease).where(
            SessionRow.resolve_due_at.is_null(False), SessionRow.lease.in_(asleep)
        )
        found |= {row.lease_id for row in closings}
    if found:
        log.warning("%s conversations had work but no moment to do it at; they are woken", len(found))
        with runtime.db.write():
            for lease_id in found:
                leases.wake(lease_id, leases.next_due(lease_id, runtime.db.now()) or runtime.db.now())
        runtime.db.signal()
    return len(found)


def throw_away(runtime: Runtime) -> int:
    """Delete settled events and job runs that are older than they are kept; returns how many rows went."""
    now = runtime.db.now()
    gone = 0
    while True:
        with runtime.db.write():
            old = (
                EventRow.select(EventRow.id)
                .where(EventRow.state.in_(["done", "ignored"]), EventRow.received_at < now - KEEP_EVENTS)
                .limit(AT_ONCE)
            )
            ids = [row.id for row in old]
            removed = EventRow.delete().where(EventRow.id.in_(ids)).execute() if ids else 0
        gone += int(removed)
        if len(ids) < AT_ONCE:
            break
    with runtime.db.write():
        gone += int(JobRunRow.delete().where(JobRunRow.started_at < now - KEEP_JOB_RUNS).execute())
    return gone
