"""Deliveries of outbound events: whose try is next, what it leads to, and when a receiver is given up."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from core.domain import Secret
from core.errors import ConfigError
from core.receivers import not_over
from core.runtime import Runtime
from core.store.models import DeliveryRow, SubscriptionRow

log = logging.getLogger(__name__)

RETRIES = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds after each failed try until the next one, as Standard Webhooks recommends; after the last it is dead."""
JITTER = 0.1
"""By how much of it a wait may be longer, so that what failed together is not tried together for ever."""
LEASE = timedelta(seconds=60)
"""How long a subscription is one process's without a sign of life: longer than any try can take."""
TURN = timedelta(seconds=30)
"""How long a subscription is served before others get their turn."""
GIVE_UP = timedelta(days=5)
"""A subscription that has only failed for so long is switched off."""
QUIET = timedelta(hours=30)
"""After so long without a try, longer than any wait in the schedule, nobody knows whether it has failed meanwhile."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A try that was recorded, and is to be made now. The `fences` tell whether it still counts when it has ended."""

    id: int
    subscription_id: int
    url: str
    message_id: str
    payload: str
    secrets: tuple[Secret, ...]
    attempt: int
    fences: tuple[int, int]
    turn_ends: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try has ended; `status` is None if no answer came, `after` what a Retry-After asks for, in seconds."""

    status: int | None
    words: str = ""
    after: float | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def take(runtime: Runtime) -> Sending | None:
    """Claim the subscription that was served longest ago of those that wait, and begin its first try that is due.

    None if nothing is due that another process is not at. Opens its own transaction.
    """
    with runtime.db.read():
        # A look costs little; the gate is for those who have something to write.
        if not _waiting(runtime.db.now()).exists():
            return None
    with runtime.db.write():
        now = runtime.db.now()
        query = _waiting(now).order_by(SubscriptionRow.until, SubscriptionRow.id).limit(1)
        row = runtime.db.for_update(query).first()
        if row is None:
            return None
        row.fence += 1
        SubscriptionRow.update(owner=runtime.owner, fence=row.fence).where(SubscriptionRow.id == row.id).execute()
        return _begin(runtime, row, now + TURN)


def go_on(runtime: Runtime, sending: Sending, outcome: Outcome, *, more: bool = True) -> Sending | None:
    """Record how a try has ended, and begin the subscription's next one that is due.

    None if there is none, no `more` is wanted or its turn is over: then the subscription is given back. What ends so
    late that another process has taken it over changes nothing any more.
    """
    with runtime.db.write():
        query = SubscriptionRow.select().where(SubscriptionRow.id == sending.subscription_id)
        row = runtime.db.for_update(query, skip_locked=False).get()
        _settle(runtime, row, sending, outcome)
        if row.fence != sending.fences[0]:
            return None
        if more and row.active and runtime.db.now() < sending.turn_ends:
            return _begin(runtime, row, sending.turn_ends)
        _give_back(row.id, row.fence, runtime.db.now())
        runtime.db.signal()  # whoever looked meanwhile has passed it over
        return None


def next_moment(runtime: Runtime) -> datetime | None:
    """When the next try is due that is not due yet; None if there is none."""
    with runtime.db.read():
        sent_to = SubscriptionRow.select(SubscriptionRow.id).where(SubscriptionRow.active)
        found: datetime | None = (
            DeliveryRow.select(fn.MIN(DeliveryRow.next_at))
            .where(DeliveryRow.next_at > runtime.db.now(), DeliveryRow.subscription.in_(sent_to))
            .scalar()
        )
    return found


# --------------------------------------------------------------------------------------------- inside


def _waiting(now: datetime) -> Any:
    due = DeliveryRow.select(DeliveryRow.id).where(
        DeliveryRow.subscription == SubscriptionRow.id, DeliveryRow.next_at <= now
    )
    return SubscriptionRow.select().where(SubscriptionRow.active, SubscriptionRow.until <= now, fn.EXISTS(due))


def _begin(runtime: Runtime, row: SubscriptionRow, turn_ends: datetime) -> Sending | None:
    """Record the next try of a subscription that is ours, before it is made; give it back if none is due."""
    now = runtime.db.now()
    due = DeliveryRow.select().where(DeliveryRow.subscription == row.id, DeliveryRow.next_at <= now)
    delivery = due.order_by(DeliveryRow.next_at, DeliveryRow.id).first()
    keys = _secrets_of(runtime, row, now) if delivery is not None else ()
    if delivery is None or not keys:
        _give_back(row.id, row.fence, now)
        return None
    SubscriptionRow.update(until=now + LEASE).where(SubscriptionRow.id == row.id).execute()
    attempt, fence = delivery.attempts + 1, delivery.fence + 1
    # Should this process die now, it is due again when the lease is over.
    DeliveryRow.update(attempts=attempt, fence=fence, started_at=now, next_at=now + LEASE).where(
        DeliveryRow.id == delivery.id
    ).execute()
    fences = (row.fence, fence)
    what = (delivery.message_id, delivery.payload)
    return Sending(delivery.id, row.id, row.url, *what, keys, attempt, fences, turn_ends)


def _secrets_of(runtime: Runtime, row: SubscriptionRow, now: datetime) -> tuple[Secret, ...]:
    """What is signed with, the present secret first; none if it cannot be opened, which switches the row off."""
    former = [each["secret"] for each in not_over(row.former_secrets, now)]
    try:
        return tuple(runtime.sealer.open(each) for each in (row.secret, *former))
    except ConfigError as problem:
        _switch_off(row, str(problem), now)
        return ()


def _give_back(subscription_id: int, fence: int, now: datetime) -> None:
    SubscriptionRow.update(owner=None, until=now).where(
        SubscriptionRow.id == subscription_id, SubscriptionRow.fence == fence
    ).execute()


def _settle(runtime: Runtime, row: SubscriptionRow, sending: Sending, outcome: Outcome) -> None:
    now = runtime.db.now()
    values: dict[str, Any] = {"status": outcome.status, "error": "" if outcome.delivered else outcome.words}
    gone = outcome.status == 410
    if outcome.delivered:
        values |= {"state": "delivered", "next_at": None, "done_at": now}
    elif gone or sending.attempt > len(RETRIES):
        values |= {"state": "dead", "next_at": None, "done_at": now}
    else:
        values["next_at"] = now + timedelta(seconds=_pause_after(sending.attempt, outcome.after))
    settled = (
        DeliveryRow.update(**values)
        .where(DeliveryRow.id == sending.id, DeliveryRow.fence == sending.fences[1], DeliveryRow.state == "pending")
        .execute()
    )
    if settled != 1:
        return
    if outcome.delivered:
        SubscriptionRow.update(delivered_at=now, failing_since=None).where(SubscriptionRow.id == row.id).execute()
        return
    log.warning("event %s to subscription %s: try %s failed", sending.message_id, row.id, sending.attempt)
    since = row.failing_since if row.failed_at is not None and now - row.failed_at < QUIET else None
    SubscriptionRow.update(failing_since=since or now, failed_at=now).where(SubscriptionRow.id == row.id).execute()
    if gone:
        _switch_off(row, "it answered 410 (gone): it wants no more events", now)
    elif since is not None and now - since >= GIVE_UP:
        _switch_off(row, f"every try has failed since {since:%Y-%m-%d %H:%M} UTC, at last: {outcome.words}", now)


def _pause_after(attempt: int, asked: float | None) -> float:
    """Seconds until the next try: what the receiver asks for, if that is longer than its turn in the schedule."""
    return max(RETRIES[attempt - 1], asked or 0.0) * random.uniform(1.0, 1.0 + JITTER)


def _switch_off(row: SubscriptionRow, why: str, now: datetime) -> None:
    log.error("subscription %s is switched off: %s", row.id, why)
    row.active = False
    SubscriptionRow.update(active=False, paused_reason=why, paused_at=now).where(
        SubscriptionRow.id == row.id, SubscriptionRow.active
    ).execute()
