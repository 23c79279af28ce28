"""What has happened beside the conversations themselves: events, decisions and actions, newest first."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, SQL

from core.store.database import Database
from core.store.models import ActionRow, ConnectionRow, DecisionRow, EventRow, LeaseRow, SessionRow
from core.web.queries import stretches
from core.web.queries.cursors import Cursor, at_most, read_cursor, read_page
from core.web.queries.rows import among, tuples
from core.web.queries.sessions import PAGE, SessionLine, lines_of_sessions
from core.web.queries.thread import Decided, Effect, decisions, effects

DEAD = ("failed", "parked")
"""States of an action that nothing more comes of by itself."""
MOST_DECISIONS = 20


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; what is "" or None is left open. `connection` is a name; `states` are any of them."""

    states: tuple[str, ...] = ()
    kind: str = ""
    source: str = ""
    connection: str = ""
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class EventLine:
    """A stored inbound fact. `reason` is why it was ignored, `error` what went wrong with it."""

    id: int
    connection: str
    session_id: int | None
    conversation_id: str
    kind: str
    source: str
    state: str
    reason: str
    error: str
    attempts: int
    seen_count: int
    hint: bool
    received_at: datetime
    done_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lease:
    """The conversation of an event as a piece of work: who has it until when, and when it is next due."""

    owner: str
    until: datetime | None
    next_at: datetime | None
    turn_due_at: datetime | None
    turn_error: str


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """An event with its payload as text, what was read for it ("" for nothing), and what it belongs to.

    Of a call that could not be read, the payload is its body.

    `decisions` are the first ones of its session since it came.
    """

    line: EventLine
    dedupe_key: str
    external_id: str
    payload: str
    found: str
    lease: Lease | None
    session: SessionLine | None
    decisions: tuple[Decided, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events; a cursor is "" where there is no page on that side."""

    lines: tuple[EventLine, ...]
    next_cursor: str = ""
    previous_cursor: str = ""


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """A page of decisions, likewise."""

    lines: tuple[Decided, ...]
    next_cursor: str = ""
    previous_cursor: str = ""


@dataclass(frozen=True, slots=True)
class ActionPage:
    """A page of actions, likewise."""

    lines: tuple[Effect, ...]
    next_cursor: str = ""
    previous_cursor: str = ""


ANY_EVENT = EventFilter()


def list_events(db: Database, wanted: EventFilter = ANY_EVENT, cursor: str = "", limit: int = PAGE) -> EventPage:
    """A page of events, newest first. Raises `BadCursor`."""
    with db.read():
        ids, turned = _page(lambda start, number: _event_ids(db, wanted, start, number), cursor, limit)
        return EventPage(_event_lines(ids), turned.next_cursor, turned.previous_cursor)


def kinds(db: Database) -> list[str]:
    """The kinds of event there are, for a choice of them."""
    with db.read():
        return stretches.fields_of(stretches.combinations(db, stretches.EVENTS), 1)


def open_event(db: Database, event_id: int, clean: Callable[[str], str]) -> OpenedEvent | None:
    """One event with all that it belongs to; None if there is none of this id.

    `clean` takes the secrets out of what came: the vendor was told the webhook's address, and might repeat it.
    """
    with db.read():
        row = EventRow.get_or_none(EventRow.id == event_id)
        if row is None:
            return None
        line = _event_lines([event_id])[0]
        lease = row.lease
        since = (DecisionRow.session == line.session_id, DecisionRow.at >= row.received_at)
        return OpenedEvent(
            line=line,
            dedupe_key=row.dedupe_key,
            external_id=row.external_id,
            payload=clean(_pretty(_as_it_came(row))),
            found="" if row.found is None else clean(_pretty(row.found)),
            lease=None if lease is None else _lease(lease),
            session=next(iter(lines_of_sessions([line.session_id])), None) if line.session_id is not None else None,
            decisions=decisions(*since)[:MOST_DECISIONS] if line.session_id is not None else (),
        )


def list_decisions(
    db: Database,
    *,
    outcome: str = "",
    reason: str = "",
    session_id: int | None = None,
    cursor: str = "",
    limit: int = PAGE,
) -> DecisionPage:
    """A page of decisions, newest first. Raises `BadCursor`."""
    wanted = {name: value for name, value in (("outcome", outcome), ("reason", reason)) if value}

    def read(start: Cursor, number: int) -> list[int]:
        if wanted and session_id is None:
            return stretches.newest(db, stretches.DECISIONS, wanted, start, number, {})
        conditions = [getattr(DecisionRow, name) == value for name, value in wanted.items()]
        conditions += [DecisionRow.session == session_id] if session_id is not None else []
        return _ids(DecisionRow, conditions, start, number)

    with db.read():
        ids, turned = _page(read, cursor, limit)
        found = {each.id: each for each in decisions(among("t1.id", ids))}
        return DecisionPage(_in_order(found, ids), turned.next_cursor, turned.previous_cursor)


def list_actions(
    db: Database,
    *,
    states: Sequence[str] = (),
    connection: str = "",
    session_id: int | None = None,
    cursor: str = "",
    limit: int = PAGE,
) -> ActionPage:
    """A page of actions, newest first; `DEAD` are the states of those that a person must look at.

    Raises `BadCursor`.
    """

    def read(start: Cursor, number: int) -> list[int]:
        conditions: list[Any] = [ActionRow.session == session_id] if session_id is not None else []
        conditions += [ActionRow.connection.in_(_connection_ids(connection))] if connection else []
        if states and "sent" not in states:
            conditions.append(SQL("t1.state <> 'sent'"))
        return _in_states(ActionRow, states, conditions, start, number)

    with db.read():
        ids, turned = _page(read, cursor, limit)
        found = {each.id: each for each in effects(among("t1.id", ids))}
        return ActionPage(_in_order(found, ids), turned.next_cursor, turned.previous_cursor)


# ---------------------------------------------------------------------------------------------------------- reading


def _event_ids(db: Database, wanted: EventFilter, start: Cursor, number: int) -> list[int]:
    columns: dict[str, tuple[Any, ...]] = {
        name: (getattr(wanted, name),) for name in ("kind", "source") if getattr(wanted, name)
    }
    if wanted.connection:
        columns["connection_id"] = _connection_ids(wanted.connection)
    usual = not wanted.states or "done" in wanted.states
    if columns and usual and wanted.session_id is None and len(wanted.states) < 2:
        also = {"state": "done"} if wanted.states else {}
        return stretches.newest(db, stretches.EVENTS, columns, start, number, also)
    conditions: list[Any] = [EventRow._meta.combined[name].in_(values) for name, values in columns.items()]
    if wanted.session_id is not None:
        conditions.append(
            EventRow.lease.in_(SessionRow.select(SessionRow.lease).where(SessionRow.id == wanted.session_id))
        )
    elif not usual:
        # SQLite reads by an index over some rows only where the question says so in the same words.
        conditions.append(SQL("t1.state <> 'done'"))
    return _in_states(EventRow, wanted.states, conditions, start, number)


def _in_states(model: Any, states: Sequence[str], conditions: list[Any], start: Cursor, number: int) -> list[int]:
    """The ids in any of some states, each state by its own stretch of the index."""
    if not states:
        return _ids(model, conditions, start, number)
    found = [each for state in states for each in _ids(model, [*conditions, model.state == state], start, number)]
    return sorted(found, reverse=not start.back)[:number]


def _ids(model: Any, conditions: list[Any], start: Cursor, number: int) -> list[int]:
    if start.after:
        conditions = [*conditions, model.id > start.after[0] if start.back else model.id < start.after[0]]
    query = model.select(model.id)
    query = query.where(*conditions) if conditions else query
    ordered = query.order_by(model.id.asc() if start.back else model.id.desc()).limit(number)
    return [row[0] for row in tuples(ordered)]


def _page(read: Any, cursor: str, limit: int) -> Any:
    keyed = read_cursor(cursor, 1)
    return read_page(read, keyed, at_most(limit), key=lambda number: (number,))


def _in_order(found: dict[int, Any], ids: Sequence[int]) -> tuple[Any, ...]:
    return tuple(found[number] for number in ids if number in found)


def _connection_ids(name: str) -> tuple[int, ...]:
    """Those of the name: the file and the pages may have one each. No id is 0."""
    named = tuples(ConnectionRow.select(ConnectionRow.id).where(ConnectionRow.name == name))
    return tuple(number for (number,) in named) or (0,)


def _event_lines(ids: Sequence[int]) -> tuple[EventLine, ...]:
    if not ids:
        return ()
    own = {name: getattr(EventRow, name) for name in EventLine.__slots__ if hasattr(EventRow, name)}
    shown = {**own, "connection": ConnectionRow.name, "session_id": SessionRow.id}
    query = (
        EventRow.select(*(shown[name] for name in EventLine.__slots__))
        .join(ConnectionRow)
        .switch(EventRow)
        .join(SessionRow, JOIN.LEFT_OUTER, on=(SessionRow.lease == EventRow.lease))
        .where(among("t1.id", ids))
    )
    return _in_order({row[0]: EventLine(*row) for row in tuples(query)}, ids)


def _lease(row: LeaseRow) -> Lease:
    return Lease(row.owner or "", row.until, row.next_at, row.turn_due_at, row.turn_error)


def _as_it_came(row: EventRow) -> Any:
    """The payload; of a call that could not be read, its body."""
    came = row.payload
    return came["body"] if row.kind == "malformed" and isinstance(came, dict) and "body" in came else came


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
