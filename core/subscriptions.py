"""Subscriptions to outbound events: made, changed, paused and removed; and what became of each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from core.access import audit
from core.domain import Secret
from core.errors import ConfigError, RelaydeskError
from core.flow.announce import TEST, as_payload, queue
from core.receivers import checked_events, checked_url, new_secret, replaced
from core.runtime import Runtime
from core.settings import nearest
from core.store.models import DeliveryRow, SubscriptionRow

STATES = ("pending", "delivered", "dead", "cancelled")
PAGE = 50
ORGANIZATION = "relaydesk"
"""What stands for the account in a test, which is about none."""


class Unknown(RelaydeskError):
    """There is no subscription, or no delivery, with the id that was given."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver, without its secret. While it is not `active`, `paused_reason` says why.

    `waiting` and `dead` count its deliveries; `failing_since` is set while every try fails.
    """

    id: int
    url: str
    description: str
    events: tuple[str, ...]
    active: bool
    paused_reason: str
    paused_at: datetime | None
    failing_since: datetime | None
    delivered_at: datetime | None
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a subscription; `error` is what went wrong the last time, in words."""

    id: int
    subscription_id: int
    message_id: str
    event_type: str
    payload: str
    state: str
    attempts: int
    next_at: datetime | None
    status: int | None
    error: str
    created_at: datetime
    done_at: datetime | None
    replayed_by: str
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries, newest first; `next` is the cursor of those that follow, "" after the last."""

    deliveries: tuple[Delivery, ...]
    next: str


class Subscriptions:
    """Everything a person or a program does with subscriptions.

    `by` is who does it. A mistake raises `ConfigError`, whose key is the field; an id that leads nowhere `Unknown`.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._db = runtime.db
        self._sealer = runtime.sealer
        self._allow_private = runtime.config.server.allow_private_webhooks

    # --------------------------------------------------------------------------------------- what there is

    def list(self) -> tuple[Subscription, ...]:
        """All subscriptions, oldest first."""
        with self._db.read():
            query = SubscriptionRow.select().where(SubscriptionRow.deleted_at.is_null())
            return tuple(_subscription(row) for row in query.order_by(SubscriptionRow.id))

    def get(self, subscription_id: int) -> Subscription:
        """One subscription."""
        with self._db.read():
            return _subscription(_row(subscription_id))

    def deliveries(self, subscription_id: int, state: str = "", cursor: str = "", limit: int = PAGE) -> Page:
        """The deliveries of a subscription, newest first, of one `state` or of all; `cursor` is a page's `next`."""
        if state and state not in STATES:
            raise ConfigError("state", f'there is no state "{state}"', nearest(state, [*STATES], "The states are"))
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise ConfigError("cursor", "it is not one that was given out", "Leave it out to begin with the newest.")
        with self._db.read():
            _row(subscription_id)
            query = DeliveryRow.select().where(DeliveryRow.subscription == subscription_id)
            if state:
                query = query.where(DeliveryRow.state == state)
            if cursor:
                query = query.where(DeliveryRow.id < int(cursor))
            rows = [_delivery(row) for row in query.order_by(DeliveryRow.id.desc()).limit(limit + 1)]
        more = len(rows) > limit
        return Page(tuple(rows[:limit]), str(rows[limit - 1].id) if more else "")

    # ----------------------------------------------------------------------------------------- the receivers

    def create(self, url: str, events: Sequence[str], description: str, by: str) -> tuple[Subscription, Secret]:
        """Subscribe an address to events; returns the secret by which it knows them as ours, which is shown once.

        Raises `ConfigError` for what is wrong with them, and for a subscription that there is already.
        """
        values = self._checked({"url": url, "events": events, "description": description})
        secret = new_secret()
        with self._db.write():
            # A form that is sent twice, or a page that is loaded again, must not have all told twice.
            here = (SubscriptionRow.url == values["url"]) & SubscriptionRow.deleted_at.is_null()
            if any(sorted(each.events) == sorted(values["events"]) for each in SubscriptionRow.select().where(here)):
                mend = "Change that one, or delete it first."
                raise ConfigError("subscription", "the address is subscribed to these events already", mend)
            now = self._db.now()
            row = SubscriptionRow.create(
                **values,
                secret=self._sealer.seal(secret.reveal()),
                created_by=by,
                created_at=now,
                changed_by=by,
                changed_at=now,
                until=now,
            )
            self._note(row, by, "made", events=row.events)
            return _subscription(row), secret

    def update(
        self,
        subscription_id: int,
        by: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
    ) -> Subscription:
        """Change what is given. What waits goes to the new address; what is subscribed to counts from now on."""
        given = {"url": url, "events": events, "description": description}
        values = self._checked({key: each for key, each in given.items() if each is not None})
        return self._change(subscription_id, by, "changed", **values)

    def rotate_secret(self, subscription_id: int, by: str) -> Secret:
        """Replace the secret; returns the new one, shown once. For a day all is signed with both.

        Raises `ConfigError` where it was done too often within a day.
        """
        secret = new_secret()
        with self._db.write():
            locked = SubscriptionRow.select().where(SubscriptionRow.id == subscription_id)
            self._db.for_update(locked, skip_locked=False).first()  # of two at once neither forgets the other's
            row = _row(subscription_id)
            former = replaced(row.secret, row.former_secrets, self._db.now())
            sealed = self._sealer.seal(secret.reveal())
            self._store(row, by, "secret_replaced", secret=sealed, former_secrets=former)
        return secret

    def pause(self, subscription_id: int, by: str) -> Subscription:
        """Send nothing until `resume`: what waits goes on waiting, and what happens meanwhile is not announced."""
        paused = {"active": False, "paused_reason": f"paused by {by}", "paused_at": self._db.now()}
        return self._change(subscription_id, by, "paused", **paused)

    def resume(self, subscription_id: int, by: str) -> Subscription:
        """Send again, and first of all what has waited."""
        again = {"active": True, "paused_reason": "", "paused_at": None, "failing_since": None}
        resumed = self._change(subscription_id, by, "resumed", **again)
        self._db.signal()
        return resumed

    def delete(self, subscription_id: int, by: str) -> None:
        """Remove a subscription, and cancel what waits; its secrets are forgotten at once."""
        with self._db.write():
            now = self._db.now()
            row = _row(subscription_id)
            SubscriptionRow.update(
                active=False, deleted_at=now, secret="", former_secrets=[], changed_by=by, changed_at=now
            ).where(SubscriptionRow.id == row.id).execute()
            DeliveryRow.update(
                state="cancelled", next_at=None, done_at=now, error=f"the subscription was removed by {by}"
            ).where(DeliveryRow.subscription == row.id, DeliveryRow.state == "pending").execute()
            self._note(row, by, "removed")

    # ---------------------------------------------------------------------------------------- deliveries

    def replay(self, delivery_id: int, by: str) -> Delivery:
        """Deliver an event again, as it was and under its own id: the receiver knows one that it has had."""
        with self._db.write():
            row = DeliveryRow.get_or_none(DeliveryRow.id == delivery_id)
            if row is None:
                raise Unknown(f"there is no delivery {delivery_id}")
            self._must_send(row.subscription_id)
            if self._again(DeliveryRow.id == row.id, DeliveryRow.state != "pending", by=by) != 1:
                raise ConfigError("delivery", "it is still on its way", "Wait until it is delivered or dead.")
            again: DeliveryRow = DeliveryRow.get_by_id(row.id)
        self._db.signal()
        return _delivery(again)

    def replay_dead_since(self, subscription_id: int, since: datetime, by: str) -> int:
        """Deliver again what has died since a moment, however old the events are; returns how many there are."""
        with self._db.write():
            row = self._must_send(subscription_id)
            died = (DeliveryRow.state == "dead", DeliveryRow.done_at >= since)
            found = self._again(DeliveryRow.subscription == row.id, *died, by=by)
        self._db.signal()
        return found

    def send_test(self, subscription_id: int, by: str) -> Delivery:
        """Send an event that tells of nothing, to try whether the receiver takes it."""
        with self._db.write():
            row = self._must_send(subscription_id)
            now = self._db.now()
            data = {"subscription_id": row.id, "description": row.description, "sent_by": by}
            made = queue(row.id, TEST, as_payload(TEST, ORGANIZATION, now, data), now)
        self._db.signal()
        return _delivery(made)

    # -------------------------------------------------------------------------------------------- inside

    def _change(self, subscription_id: int, by: str, what: str, **values: Any) -> Subscription:
        with self._db.write():
            return self._store(_row(subscription_id), by, what, **values)

    def _store(self, row: SubscriptionRow, by: str, what: str, **values: Any) -> Subscription:
        values |= {"changed_by": by, "changed_at": self._db.now()}
        SubscriptionRow.update(**values).where(SubscriptionRow.id == row.id).execute()
        changed = _row(row.id)
        self._note(changed, by, what, **({"events": changed.events} if "events" in values else {}))
        return _subscription(changed)

    def _note(self, row: SubscriptionRow, by: str, what: str, **detail: Any) -> None:
        # By its host alone: the rest of an address may be what only its receiver is to know.
        host = urlsplit(row.url).hostname or ""
        audit.note(self._db, by, f"subscription.{what}", host, {"subscription": row.id, **detail})

    def _must_send(self, subscription_id: int) -> SubscriptionRow:
        row = _row(subscription_id)
        if not row.active:
            raise ConfigError("subscription", f"nothing is sent to it ({row.paused_reason})", "Resume it first.")
        return row

    def _again(self, *which: Any, by: str) -> int:
        now = self._db.now()
        fresh = {"state": "pending", "attempts": 0, "next_at": now, "done_at": None}
        return int(DeliveryRow.update(**fresh, replayed_by=by, replayed_at=now).where(*which).execute())

    def _checked(self, given: dict[str, Any]) -> dict[str, Any]:
        if "url" in given:
            given["url"] = checked_url(str(given["url"]).strip(), self._allow_private)
        if "events" in given:
            given["events"] = checked_events(given["events"], responses=True)
        return given


def _row(subscription_id: int) -> SubscriptionRow:
    row: SubscriptionRow | None = SubscriptionRow.get_or_none(
        SubscriptionRow.id == subscription_id, SubscriptionRow.deleted_at.is_null()
    )
    if row is None:
        raise Unknown(f"there is no subscription {subscription_id}")
    return row


def _subscription(row: SubscriptionRow) -> Subscription:
    counts = {
        state: DeliveryRow.select().where(DeliveryRow.subscription == row.id, DeliveryRow.state == state).count()
        for state in ("pending", "dead")
    }
    counted: dict[str, Any] = {"waiting": counts["pending"], "dead": counts["dead"], "events": tuple(row.events)}
    stored = {name: getattr(row, name) for name in Subscription.__slots__ if name not in counted}
    return Subscription(**stored, **counted)


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__slots__})
