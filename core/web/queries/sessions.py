"""The inbox: sessions by filter and search, latest first, and the figures of its tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Tuple, fn

from core.domain import Visibility
from core.store.database import Database
from core.store.models import EPOCH, ConnectionRow, ContactRow, MessageRow, SessionRow
from core.web.queries import found
from core.web.queries.cursors import HIGHEST, Cursor, at_most, read_cursor, read_page
from core.web.queries.rows import among, tuples

PAGE = 50
MICROSECOND = timedelta(microseconds=1)
MOST_COUNTED = 1_000
"""How far the figures of the tabs count."""
BEGINNING = 300
"""How many characters of the last message a line shows."""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are wanted; what is None or "" is left open.

    `connection` is a name. `after` is at that moment or later, `before` is earlier. `needs_person` stands for an action
    that was given up or a draft that waits. `q` is what `found.by_text` looks for.
    """

    status: str = ""
    owner: str = ""
    channel: str = ""
    mode: str = ""
    connection: str = ""
    handed_off: bool | None = None
    needs_person: bool | None = None
    contact_id: int | None = None
    created_before: datetime | None = None
    created_after: datetime | None = None
    updated_before: datetime | None = None
    updated_after: datetime | None = None
    q: str = ""


ALL = SessionFilter()


@dataclass(frozen=True, slots=True)
class Who:
    """A contact as a line shows it."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Said:
    """The newest public message of a session, its beginning only."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as the inbox shows it. `handed_off` while a human has it whom the AI gave it to."""

    id: int
    connection: str
    connector: str
    conversation_id: str
    channel: str
    mode: str
    status: str
    owner: str
    contact: Who | None
    subject: str
    last: Said | None
    created_at: datetime
    updated_at: datetime
    handed_off: bool
    needs_person: bool


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A page of the inbox; a cursor is "" where there is no page on that side.

    `cut` says that a search found more than it goes through, and that older sessions may be missing.
    """

    lines: tuple[SessionLine, ...]
    next_cursor: str = ""
    previous_cursor: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sessions there are behind each tab; `MOST_COUNTED` stands for that many or more.

    All but `needs_person` are open ones.
    """

    open: int
    ai: int
    human: int
    nobody: int
    handed_off: int
    needs_person: int


def list_sessions(db: Database, wanted: SessionFilter = ALL, cursor: str = "", limit: int = PAGE) -> SessionPage:
    """A page of sessions, the one that changed last first. Raises `BadCursor`."""
    place, limit = read_cursor(cursor, 2), at_most(limit)
    with db.read():
        conditions, cut = _meant(db, wanted)
        conditions += _conditions(wanted)

        def read(start: Cursor, number: int) -> Sequence[tuple[int, ...]]:
            return _keys(conditions, start, number)

        keys, turned = read_page(read, place, limit, key=lambda row: row)
        lines = lines_of_sessions([number for _, number in keys])
    return SessionPage(lines, turned.next_cursor, turned.previous_cursor, cut)


def counts(db: Database) -> Counts:
    """The figures of the tabs."""
    with db.read():
        figures = ", ".join(
            f"(SELECT count(*) FROM (SELECT 1 FROM session WHERE status = 'open' AND {theirs} LIMIT {MOST_COUNTED}) s)"
            for theirs in (
                "owner = 'ai'",
                "owner = 'human'",
                "owner = 'nobody'",
                "owner = 'human' AND handed_off = TRUE",
            )
        )
        ai, human, nobody, handed_off = db.native.execute_sql(f"SELECT {figures}").fetchone()
        needs = len(found.needing_a_person(db).ids)
    everything = min(MOST_COUNTED, ai + human + nobody)
    return Counts(everything, ai, human, nobody, handed_off, min(MOST_COUNTED, needs))


def lines_of_sessions(ids: Sequence[int]) -> tuple[SessionLine, ...]:
    """The lines of these sessions, in their order. Inside `db.read()`."""
    if not ids:
        return ()
    last = MessageRow.alias()
    # A private note must not look like the last message in a list.
    newest = last.select(last.id).where(last.session == SessionRow.id, last.visibility == Visibility.PUBLIC.value)
    shown = (
        SessionRow.id,
        ConnectionRow.name,
        ConnectionRow.connector,
        SessionRow.conversation_id,
        SessionRow.channel,
        SessionRow.mode,
        SessionRow.status,
        SessionRow.owner,
        SessionRow.subject,
        SessionRow.created_at,
        SessionRow.updated_at,
        SQL("t1.handed_off"),
        ContactRow.id,
        ContactRow.name,
        ContactRow.email,
        MessageRow.author,
        fn.SUBSTR(MessageRow.text, 1, BEGINNING),
        MessageRow.at,
    )
    query = (
        SessionRow.select(*shown)
        .join(ConnectionRow)
        .switch(SessionRow)
        .join(ContactRow, JOIN.LEFT_OUTER)
        .switch(SessionRow)
        .join(
            MessageRow,
            JOIN.LEFT_OUTER,
            on=(MessageRow.id == newest.order_by(last.at.desc(), last.id.desc()).limit(1)),
        )
        .where(among("t1.id", ids))
    )
    needing = found.those_needing_a_person(ids)
    lines = {row[0]: _line(row, row[0] in needing) for row in tuples(query)}
    return tuple(lines[number] for number in ids if number in lines)


def micros(moment: datetime) -> int:
    """A moment as a cursor names it."""
    return (moment - EPOCH) // MICROSECOND


def _line(row: tuple[Any, ...], needs_person: bool) -> SessionLine:
    """The line of a row with what `lines_of_sessions` selects."""
    *same, subject, created_at, updated_at, handed_off, contact_id, name, email, author, text, at = row
    contact = None if contact_id is None else Who(contact_id, name, email or "")
    last = None if author is None else Said(author, text, at)
    return SessionLine(
        *(*same, contact, subject, last, created_at, updated_at, bool(handed_off), needs_person),
    )


def _meant(db: Database, wanted: SessionFilter) -> tuple[list[Any], bool]:
    """What search and need of a person leave to choose among, as conditions, and whether there may be further ones."""
    chosen: frozenset[int] | None = None
    conditions: list[Any] = []
    cut = False
    if wanted.q.strip():
        by_text = found.by_text(db, wanted.q)
        chosen, cut = by_text.ids, by_text.cut
    if wanted.needs_person is not None:
        needing = found.needing_a_person(db)
        if wanted.needs_person:
            chosen, cut = needing.ids if chosen is None else chosen & needing.ids, cut or needing.cut
        elif needing.ids:
            conditions.append(SQL(f"id NOT IN ({','.join(map(str, needing.ids))})"))
    if chosen is not None:
        conditions.append(among("t1.id", sorted(chosen | {0})))  # 0 is no session
    return conditions, cut


def _conditions(wanted: SessionFilter) -> list[Any]:
    conditions: list[Any] = [
        getattr(SessionRow, name) == getattr(wanted, name)
        for name in ("status", "owner", "channel", "mode")
        if getattr(wanted, name)
    ]
    if wanted.connection:
        # The file and the pages may each have one of this name.
        named = tuples(ConnectionRow.select(ConnectionRow.id).where(ConnectionRow.name == wanted.connection))
        conditions.append(SessionRow.connection.in_([number for (number,) in named] or [0]))
    if wanted.handed_off is not None:
        conditions.append(SQL("handed_off = TRUE" if wanted.handed_off else "handed_off = FALSE"))
    if wanted.contact_id is not None:
        conditions.append(SessionRow.contact == min(wanted.contact_id, HIGHEST))
    for column, before, after in (
        (SessionRow.created_at, wanted.created_before, wanted.created_after),
        (SessionRow.updated_at, wanted.updated_before, wanted.updated_after),
    ):
        conditions += [column < before] if before is not None else []
        conditions += [column >= after] if after is not None else []
    return conditions


def _keys(conditions: list[Any], start: Cursor, number: int) -> list[tuple[int, ...]]:
    """Time and id of so many sessions, from a cursor on in its direction: all read from the index of the list."""
    place = (SessionRow.updated_at, SessionRow.id)
    query = SessionRow.select(*place)
    query = query.where(*conditions) if conditions else query
    if start.after:
        at, last = start.after
        query = query.where(Tuple(*place) > Tuple(at, last) if start.back else Tuple(*place) < Tuple(at, last))
    order = [each.asc() for each in place] if start.back else [each.desc() for each in place]
    return [(micros(at), session_id) for at, session_id in tuples(query.order_by(*order).limit(number))]
