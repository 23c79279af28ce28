"""The ledger as people and programs read it: each record with its request and answer, and each response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN

from core.destinations.catalogue import RECORD_STATES
from core.destinations.fitness import canonical
from core.destinations.intake import row_of
from core.errors import ConfigError, RelaydeskError
from core.runtime import Runtime
from core.settings import nearest
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationResponseRow

PAGE = 50
AT_ONCE = 500
RECORD_COLUMNS = (
    "id",
    "key",
    "state",
    "origin",
    "line",
    "captured_id",
    "error_field",
    "error",
    "attempts",
    "created_at",
    "settled_at",
    "by",
    "status",
    "answer",
    "record",
)
RESPONSE_COLUMNS = ("id", "at", "key", "ok", "outcome", "status", "captured_id", "error", "answer", "record")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet program calculates, or sends somewhere."""


class UnknownRecord(RelaydeskError):
    """The destination has no record with the id that was given."""


@dataclass(frozen=True, slots=True)
class Request:
    """The call by which a record was written, or was tried to be, and what came of it; `size` are the records in it.

    `path` is below the address of the vendor's API. `confirmed_by` says who or what has found out what became of it.
    """

    id: int
    purpose: str
    verb: str
    path: str
    body: Any
    size: int
    state: str
    started_at: datetime
    status: int | None
    answer: str
    error: str
    captured_id: str
    confirmed_by: str


@dataclass(frozen=True, slots=True)
class RecordShown:
    """A record of the ledger. One that could not be read has no `data`, and shows its `raw` beginning.

    `request` is the call that it was last part of, None before the first. `by` is who decided about it last.
    """

    id: int
    key: str
    data: Mapping[str, Any] | None
    raw: str
    origin: str
    line: int | None
    state: str
    captured_id: str
    error: str
    error_field: str
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    by: str
    request: Request | None


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records, newest first; `next` is the cursor of those that follow, "" after the last."""

    records: tuple[RecordShown, ...]
    next: str


@dataclass(frozen=True, slots=True)
class ResponseShown:
    """What the vendor answered for a record, `data`; `ok` if it is written there, by this call or before."""

    id: int
    record_id: int
    key: str
    ok: bool
    outcome: str
    status: int | None
    captured_id: str
    data: Any
    answer: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ResponsePage:
    """Some responses, newest first; `next` is the cursor of those that follow, "" after the last."""

    responses: tuple[ResponseShown, ...]
    next: str


def page(runtime: Runtime, name: str, state: str = "", cursor: str = "", limit: int = PAGE) -> RecordPage:
    """The records of a destination, newest first, of one `state` or of all; `cursor` is a page's `next`.

    Raises `UnknownDestination`, and `ConfigError` for a state or a cursor that is none.
    """
    before = _checked(cursor)
    with runtime.db.read():
        query = _records(row_of(name).id, state)
        if before:
            query = query.where(DestinationRecordRow.id < before)
        rows = [_record(row) for row in query.order_by(DestinationRecordRow.id.desc()).limit(limit + 1)]
    return RecordPage(tuple(rows[:limit]), str(rows[limit - 1].id) if len(rows) > limit else "")


def one(runtime: Runtime, name: str, record_id: int) -> RecordShown:
    """One record. Raises `UnknownDestination` and `UnknownRecord`."""
    with runtime.db.read():
        row = _records(row_of(name).id, "").where(DestinationRecordRow.id == record_id).first()
        if row is None:
            raise UnknownRecord(f"{name} has no record {record_id}")
        return _record(row)


def export(runtime: Runtime, name: str, state: str = "") -> Iterator[tuple[str, ...]]:
    """The rows of a CSV file of the records, oldest first, after one of `RECORD_COLUMNS`; see `page` for the errors."""
    with runtime.db.read():
        query = _records(row_of(name).id, state)
    return _rows(runtime, query, DestinationRecordRow, _record_cells, RECORD_COLUMNS)


def responses(runtime: Runtime, name: str, cursor: str = "", limit: int = PAGE) -> ResponsePage:
    """The responses of a destination, newest first. Raises `UnknownDestination`, and `ConfigError` for a cursor."""
    before = _checked(cursor)
    with runtime.db.read():
        query = _responses(row_of(name).id)
        if before:
            query = query.where(DestinationResponseRow.id < before)
        rows = [_response(row) for row in query.order_by(DestinationResponseRow.id.desc()).limit(limit + 1)]
    return ResponsePage(tuple(rows[:limit]), str(rows[limit - 1].id) if len(rows) > limit else "")


def export_responses(runtime: Runtime, name: str) -> Iterator[tuple[str, ...]]:
    """The rows of a CSV file of the responses, oldest first, after one of `RESPONSE_COLUMNS`."""
    with runtime.db.read():
        query = _responses(row_of(name).id)
    return _rows(runtime, query, DestinationResponseRow, _response_cells, RESPONSE_COLUMNS)


# ---------------------------------------------------------------------------------------------------------- inside


def _checked(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise ConfigError("cursor", "it is not one that was given out", "Leave it out to begin with the newest.")
    return int(cursor or 0)


def _records(destination_id: int, state: str) -> Any:
    if state and state not in RECORD_STATES:
        raise ConfigError("state", f'there is no state "{state}"', nearest(state, [*RECORD_STATES], "The states are"))
    with_calls = DestinationRecordRow.select(DestinationRecordRow, DestinationCallRow)
    query = with_calls.join(DestinationCallRow, JOIN.LEFT_OUTER).where(
        DestinationRecordRow.destination == destination_id
    )
    if state:
        query = query.where(DestinationRecordRow.state.in_(("waiting", "arriving") if state == "waiting" else (state,)))
    return query


def _responses(destination_id: int) -> Any:
    return DestinationResponseRow.select().where(DestinationResponseRow.destination == destination_id)


def _record(row: DestinationRecordRow) -> RecordShown:
    own = {"data", "raw", "state", "request"}
    stored = {name: getattr(row, name) for name in RecordShown.__slots__ if name not in own}
    readable = isinstance(row.data, dict)
    return RecordShown(
        **stored,
        data=row.data if readable else None,
        raw="" if readable else str(row.data),
        state="waiting" if row.state == "arriving" else row.state,
        request=_request(row.call),
    )


def _request(call: DestinationCallRow | None) -> Request | None:
    return None if call is None else Request(**{name: getattr(call, name) for name in Request.__slots__})


def _response(row: DestinationResponseRow) -> ResponseShown:
    return ResponseShown(**{name: getattr(row, name) for name in ResponseShown.__slots__})


def _rows(runtime: Runtime, query: Any, table: Any, cells: Any, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield columns
    last = 0
    while True:
        with runtime.db.read():
            rows = list(query.where(table.id > last).order_by(table.id).limit(AT_ONCE))
            found = [cells(row) for row in rows]
        yield from (tuple(_cell(each[name]) for name in columns) for each in found)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].id


def _record_cells(row: DestinationRecordRow) -> dict[str, Any]:
    shown = _record(row)
    answered = {
        "record": shown.raw if shown.data is None else shown.data,
        "status": shown.request.status if shown.request else None,
        "answer": shown.request.answer if shown.request else "",
    }
    return {**{name: getattr(shown, name) for name in RECORD_COLUMNS if name not in answered}, **answered}


def _response_cells(row: DestinationResponseRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in RESPONSE_COLUMNS if name != "record"}, "record": row.data}


def _cell(value: Any) -> str:
    """A value as it stands in a cell, where no spreadsheet program takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else canonical(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
