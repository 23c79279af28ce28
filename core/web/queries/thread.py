"""One session with everything in it, its messages page by page, and whether anything of it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Tuple, fn

from core.store.database import Database
from core.store.models import (
    ActionRow,
    AttachmentRow,
    DecisionRow,
    EventRow,
    MessageRow,
    SessionRow,
    TimelineRow,
)
from core.web.queries.cursors import Cursor, at_most, read_cursor, read_page
from core.web.queries.rows import columns, tuples
from core.web.queries.sessions import PAGE, SessionLine, lines_of_sessions, micros

MOST_OTHERS = 20
"""How many further sessions of the same contact are shown."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment without its content. `state`: pending, stored or placeholder."""

    id: int
    name: str
    content_type: str
    size: int | None
    state: str
    placeholder: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the thread. `quoted` is the history below it, `automatic` says that a machine wrote it.

    `author_name` is the person who wrote it from here, "" for all others.
    """

    id: int
    author: str
    author_id: str
    visibility: str
    text: str
    quoted: str
    automatic: bool
    at: datetime
    external_id: str
    author_name: str
    attachments: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision; `upto_id` is the newest customer message it saw."""

    id: int
    session_id: int
    at: datetime
    outcome: str
    reason: str
    detail: str
    confidence: float | None
    might_solve: bool | None
    fully_covered: bool | None
    sources: tuple[str, ...]
    topic: str
    sentiment: str
    upto_id: int | None


@dataclass(frozen=True, slots=True)
class Effect:
    """An action and what became of it. `by` is who asked for it, "" for the AI; `verdict` what became of a draft."""

    id: int
    session_id: int
    connection_id: int
    decision_id: int | None
    kind: str
    purpose: str
    text: str
    assignee: str
    priority: str
    state: str
    attempts: int
    error: str
    remark: str
    confirmed_by: str
    instead_of: int | None
    by: str
    verdict: str
    created_at: datetime
    started_at: datetime | None
    next_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of the timeline."""

    id: int
    at: datetime
    kind: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with everything that is shown of it.

    `others` are further sessions of its contact on all connections, latest first; `url` leads into the vendor's thread.
    """

    line: SessionLine
    connection_id: int
    url: str
    assignee: str
    assigned_group: str
    closed_by: str
    closure: str
    handoff: Mapping[str, Any] | None
    messages: tuple[Entry, ...]
    decisions: tuple[Decided, ...]
    actions: tuple[Effect, ...]
    timeline: tuple[Happened, ...]
    others: tuple[SessionLine, ...]
    phone: str
    events: int


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page of a thread, oldest first; a cursor is "" where there is no page on that side."""

    messages: tuple[Entry, ...]
    next_cursor: str = ""
    previous_cursor: str = ""


def opened(db: Database, session_id: int) -> Opened | None:
    """A session with its thread, decisions, actions and timeline; None if there is none of this id."""
    with db.read():
        row = SessionRow.get_or_none(SessionRow.id == session_id)
        if row is None:
            return None
        of_session = TimelineRow.select(TimelineRow.id, TimelineRow.at, TimelineRow.kind, TimelineRow.detail)
        happened = of_session.where(TimelineRow.session == session_id).order_by(TimelineRow.id)
        return Opened(
            line=lines_of_sessions([session_id])[0],
            connection_id=row.connection_id,
            url=row.url,
            assignee=row.assignee,
            assigned_group=row.assigned_group,
            closed_by=row.closed_by,
            closure=row.closure,
            handoff=row.handoff,
            messages=entries(session_id, tuples(_thread(session_id))),
            decisions=decisions(DecisionRow.session == session_id),
            actions=effects(ActionRow.session == session_id),
            timeline=tuple(Happened(*each) for each in tuples(happened)),
            others=lines_of_sessions([number for (number,) in _others(row, SessionRow.id)]),
            phone=_phone(row),
            events=_events(row),
        )


def messages_after(db: Database, session_id: int, cursor: str = "", limit: int = PAGE) -> MessagePage | None:
    """A page of a session's messages in their order; None if there is no such session. Raises `BadCursor`."""
    place, limit = read_cursor(cursor, 2), at_most(limit)

    def read(start: Cursor, number: int) -> Sequence[Any]:
        key = Tuple(MessageRow.at, MessageRow.id)
        query = _thread(session_id)
        if start.after:
            query = query.where(key < Tuple(*start.after) if start.back else key > Tuple(*start.after))
        if start.back:
            query = query.order_by(MessageRow.at.desc(), MessageRow.id.desc())
        return tuples(query.limit(number))

    with db.read():
        if SessionRow.get_or_none(SessionRow.id == session_id) is None:
            return None
        rows, turned = read_page(read, place, limit, key=lambda row: (micros(row[_AT]), row[0]))
        return MessagePage(entries(session_id, rows), turned.next_cursor, turned.previous_cursor)


# ------------------------------------------------------------------------------------------------------- changes


def version(db: Database, session_id: int) -> str:
    """A short text that is another one whenever what `opened` shows of a session may be; "" if there is none."""
    with db.read():
        row = SessionRow.get_or_none(SessionRow.id == session_id)
        if row is None:
            return ""
        written = (MessageRow.id, MessageRow.author, MessageRow.author_name)
        messages = MessageRow.select(*written).where(MessageRow.session == session_id)
        files = AttachmentRow.select(AttachmentRow.id, AttachmentRow.state).join(MessageRow)
        state = (ActionRow.id, ActionRow.state, ActionRow.attempts, ActionRow.next_at, ActionRow.verdict)
        further = (ActionRow.error, ActionRow.remark, ActionRow.confirmed_by)
        actions = ActionRow.select(*state, *further).where(ActionRow.session == session_id)
        line = [row.status, row.owner, row.mode, row.channel, row.subject, row.updated_at]
        whose = [row.contact.name, row.contact.email, row.contact.phone] if row.contact is not None else []
        parts: list[Iterable[Any]] = [
            [*line, row.url, row.assignee, row.assigned_group, row.closed_by, row.closure, row.handoff, *whose],
            tuples(messages.order_by(MessageRow.id)),
            tuples(files.where(MessageRow.session == session_id).order_by(AttachmentRow.id)),
            tuples(actions.order_by(ActionRow.id)),
            tuples(DecisionRow.select(fn.MAX(DecisionRow.id)).where(DecisionRow.session == session_id)),
            tuples(TimelineRow.select(fn.MAX(TimelineRow.id)).where(TimelineRow.session == session_id)),
            [_events(row)],
            _others(row, SessionRow.id, SessionRow.updated_at, SessionRow.status, SessionRow.owner),
        ]
        return _digest(parts)


def _digest(parts: Iterable[Iterable[Any]]) -> str:
    told = hashlib.sha256()
    for part in parts:
        told.update(repr(list(part)).encode("utf-8", "surrogatepass"))
    return told.hexdigest()[:24]


# --------------------------------------------------------------------------------------------------------- rows

_AT = 7
_SOURCES = Decided.__slots__.index("sources")


def _thread(session_id: int) -> Any:
    shown = (
        MessageRow.id,
        MessageRow.author,
        MessageRow.author_id,
        MessageRow.visibility,
        MessageRow.text,
        MessageRow.quoted,
        MessageRow.automatic,
        MessageRow.at,
        fn.COALESCE(MessageRow.external_id, ""),
        MessageRow.author_name,
    )
    query = MessageRow.select(*shown).where(MessageRow.session == session_id)
    return query.order_by(MessageRow.at, MessageRow.id)


def _others(row: SessionRow, *shown: Any) -> list[tuple[Any, ...]]:
    """What is to be shown of the latest other sessions of the contact."""
    if row.contact_id is None:
        return []
    theirs = SessionRow.select(*shown).where(SessionRow.contact == row.contact_id, SessionRow.id != row.id)
    return tuples(theirs.order_by(SessionRow.updated_at.desc(), SessionRow.id.desc()).limit(MOST_OTHERS))


def _phone(row: SessionRow) -> str:
    return "" if row.contact is None else str(row.contact.phone)


def _events(row: SessionRow) -> int:
    return int(EventRow.select(EventRow.id).where(EventRow.lease == row.lease_id).count())


def entries(session_id: int, rows: Sequence[tuple[Any, ...]]) -> tuple[Entry, ...]:
    """Messages of a session with their attachments. Inside `db.read()`."""
    if not rows:
        return ()
    files: dict[int, list[File]] = {}
    shown = (AttachmentRow.name, AttachmentRow.content_type, AttachmentRow.size, AttachmentRow.state)
    query = AttachmentRow.select(AttachmentRow.message, AttachmentRow.id, *shown, AttachmentRow.placeholder)
    of_session = query.join(MessageRow).where(MessageRow.session == session_id)
    for message_id, *file in tuples(of_session.order_by(AttachmentRow.id)):
        files.setdefault(message_id, []).append(File(*file))
    return tuple(Entry(*(*row, tuple(files.get(row[0], ())))) for row in rows)


def decisions(*conditions: Any) -> tuple[Decided, ...]:
    """Decisions, oldest first. Inside `db.read()`."""
    query = DecisionRow.select(*columns(DecisionRow, Decided)).where(*conditions).order_by(DecisionRow.id)
    rows = [list(row) for row in tuples(query)]
    for row in rows:
        row[_SOURCES] = tuple(map(str, row[_SOURCES] or ()))
    return tuple(Decided(*row) for row in rows)


def effects(*conditions: Any) -> tuple[Effect, ...]:
    """Actions, oldest first. Inside `db.read()`."""
    query = ActionRow.select(*columns(ActionRow, Effect)).where(*conditions).order_by(ActionRow.id)
    return tuple(Effect(*row) for row in tuples(query))
