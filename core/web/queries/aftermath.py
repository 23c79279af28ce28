"""What came of an event: the messages it brought, what it changed, and what was decided because of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from core.domain import Author, EventSource
from core.flow.inbox import MESSAGE_PREFIX
from core.store.database import Database
from core.store.models import ActionRow, DecisionRow, EventRow, MessageRow, TimelineRow
from core.web.queries import stretches
from core.web.queries.cursors import START
from core.web.queries.rows import among, tuples
from core.web.queries.thread import Decided, Effect, Happened, decisions, effects

AT_ONCE = timedelta(seconds=1)
"""A step of the flow writes the end of an event and what it changed within so long, in one transaction."""
MEASURED = 10
"""Of how many of the latest events of an account it is looked at how late they came."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came of an event.

    `messages` are the author and visibility of each that it brought. `decision` is the first that saw them, None if
    there was no customer's message among them or none is made yet, and `effects` are its actions.
    """

    retried_by: str
    messages: tuple[tuple[str, str], ...]
    changes: tuple[Happened, ...]
    decision: Decided | None
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Lag:
    """How many seconds after a customer had written the webhook came: the latest, and the longest of the last few."""

    latest: float
    longest: float
    number: int


def aftermath(db: Database, event_id: int, session_id: int | None) -> Aftermath:
    """What came of an event that is stored, in its session if it has one."""
    with db.read():
        row = EventRow.get_by_id(event_id)
        if session_id is None:
            return Aftermath(row.retried_by, (), (), None, ())
        of_event = _messages(row.connection_id, _message_ids(row.external_id, row.found))
        brought = [each for each in of_event if each.session_id == session_id]
        decision = _decision(session_id, brought)
        return Aftermath(
            retried_by=row.retried_by,
            messages=tuple((each.author, each.visibility) for each in brought),
            changes=_changes(session_id, row),
            decision=decision,
            effects=effects(ActionRow.decision == decision.id) if decision is not None else (),
        )


def lags(db: Database) -> dict[int, Lag]:
    """How late the webhooks of each connection came of late; one that has told of no message is left out."""
    with db.read():
        known = stretches.combinations(db, stretches.EVENTS)
        measured = {each: _lag(db, each, known) for each in sorted({each[0] for each in known})}
    return {connection_id: lag for connection_id, lag in measured.items() if lag is not None}


def _lag(db: Database, connection_id: int, known: Sequence[tuple[Any, ...]]) -> Lag | None:
    wanted = {"connection_id": connection_id, "source": EventSource.WEBHOOK.value}
    ids = stretches.newest(db, stretches.EVENTS, wanted, START, MEASURED, {"state": "done"}, known)
    fields = (EventRow.received_at, EventRow.external_id, EventRow.found)
    rows = tuples(EventRow.select(*fields).where(among("t1.id", ids)).order_by(EventRow.id.desc()))
    came = [(received_at, _message_ids(external_id, found)) for received_at, external_id, found in rows]
    every = {external_id for _, external_ids in came for external_id in external_ids}
    written = {
        each.external_id: each.at for each in _messages(connection_id, every) if each.author == Author.CUSTOMER.value
    }
    late = []
    for received_at, external_ids in came:
        moments: list[datetime] = [written[each] for each in external_ids if each in written]
        if moments:
            # A conversation that is read for the first time brings its past: the newest is what was told of.
            late.append(max(0.0, (received_at - max(moments)).total_seconds()))
    return Lag(late[0], max(late), len(late)) if late else None


def _message_ids(external_id: str, found: Mapping[str, Any] | None) -> list[str]:
    """The vendor's ids of the messages in an event, or in what was read because of it."""
    told: Iterable[Any] = [external_id, *(each.get("external_id") for each in (found or {}).get("messages", ()))]
    return [str(each).removeprefix(MESSAGE_PREFIX) for each in told if str(each).startswith(MESSAGE_PREFIX)]


def _messages(connection_id: int, external_ids: Iterable[str]) -> list[MessageRow]:
    wanted = list(external_ids)
    if not wanted:
        return []
    shown = (MessageRow.id, MessageRow.session, MessageRow.external_id, MessageRow.author, MessageRow.visibility)
    query = MessageRow.select(*shown, MessageRow.at).where(MessageRow.connection == connection_id)
    return list(query.where(MessageRow.external_id.in_(wanted)).order_by(MessageRow.id))


def _decision(session_id: int, brought: list[MessageRow]) -> Decided | None:
    newest = max((each.id for each in brought if each.author == Author.CUSTOMER.value), default=None)
    if newest is None:
        return None
    saw_it = DecisionRow.select(DecisionRow.id).where(DecisionRow.session == session_id, DecisionRow.upto >= newest)
    first = saw_it.order_by(DecisionRow.id).limit(1)
    return next(iter(decisions(DecisionRow.id.in_([each[0] for each in tuples(first)]))), None)


def _changes(session_id: int, event: EventRow) -> tuple[Happened, ...]:
    if event.done_at is None:
        return ()
    later = EventRow.select(fn.MIN(EventRow.done_at)).where(EventRow.lease == event.lease_id)
    following: datetime | None = later.where(EventRow.done_at > event.done_at).scalar()
    until = min(event.done_at + AT_ONCE, following or event.done_at + AT_ONCE)
    shown = (TimelineRow.id, TimelineRow.at, TimelineRow.kind, TimelineRow.detail)
    query = TimelineRow.select(*shown).where(TimelineRow.session == session_id)
    meanwhile = query.where(TimelineRow.at >= event.done_at, TimelineRow.at < until)
    return tuple(Happened(*each) for each in tuples(meanwhile.order_by(TimelineRow.id)))
