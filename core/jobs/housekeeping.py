"""Housekeeping: what has served its time is thrown away, and what was forgotten is woken."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from core.flow import leases
from core.runtime import Runtime
from core.store.models import ActionRow, DeliveryRow, EventRow, JobRunRow, LeaseRow, Row, SessionRow, SubscriptionRow

log = logging.getLogger(__name__)

KEEP_EVENTS = timedelta(days=30)
"""Longer than any vendor repeats itself, so that a late repeat still finds the event it repeats."""
KEEP_JOB_RUNS = timedelta(days=7)
KEEP_DELIVERED = timedelta(days=30)
KEEP_UNDELIVERED = timedelta(days=90)
"""Outbound events that nobody took, or that wait for a subscription that is switched off."""
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
    """Delete what is settled and older than it is kept: events, deliveries, job runs; returns how many rows went."""
    now = runtime.db.now()
    switched_off = SubscriptionRow.select(SubscriptionRow.id).where(~SubscriptionRow.active)
    old = now - KEEP_UNDELIVERED
    gone = _throw_away(
        runtime, EventRow, EventRow.state.in_(["done", "ignored"]), EventRow.received_at < now - KEEP_EVENTS
    )
    for condition in (
        (DeliveryRow.state == "delivered", DeliveryRow.created_at < now - KEEP_DELIVERED),
        (DeliveryRow.state.in_(["dead", "cancelled"]), DeliveryRow.created_at < old),
        (DeliveryRow.state == "pending", DeliveryRow.created_at < old, DeliveryRow.subscription.in_(switched_off)),
    ):
        gone += _throw_away(runtime, DeliveryRow, *condition)
    return gone + _throw_away(runtime, JobRunRow, JobRunRow.started_at < now - KEEP_JOB_RUNS)


def _throw_away(runtime: Runtime, table: type[Row], *which: Any) -> int:
    """Delete rows of a table, not too many in one transaction."""
    gone = 0
    while True:
        with runtime.db.write():
            ids = [row.id for row in table.select(table.id).where(*which).limit(AT_ONCE)]
            if ids:
                table.delete().where(table.id.in_(ids)).execute()
        gone += len(ids)
        if len(ids) < AT_ONCE:
            return gone
