"""What the pages read from the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from peewee import JOIN, fn

from core.domain import Connection, Visibility
from core.remarks import remarks
from core.store.database import Database
from core.store.models import (
    ActionRow,
    AttachmentRow,
    BackfillRow,
    ConnectionRow,
    ContactRow,
    DecisionRow,
    EventRow,
    MessageRow,
    SessionRow,
    TimelineRow,
)

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the inbox."""

    id: int
    connection: str
    channel: str
    status: str
    owner: str
    contact: str
    subject: str
    last: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with everything that is shown of it."""

    session: Any
    connection: str
    contact: str
    subject: str
    messages: list[Any]
    attachments: dict[int, list[Any]]
    decisions: list[Any]
    actions: list[Any]
    timeline: list[Any]


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be told of a connection: why it is off, how its import goes, what works less well than it could."""

    name: str
    active: bool
    error: str
    imported: Any
    remarks: list[str]

    @property
    def importing(self) -> bool:
        """Whether the import of what waited at the vendor is not over yet."""
        return self.imported is not None and self.imported.state in ("waiting", "running")


def inbox(db: Database, page: int) -> tuple[list[Listed], bool]:
    """The sessions of a page of the inbox, latest first, and whether there are more."""
    query = (
        SessionRow.select(SessionRow, ConnectionRow.name, ContactRow.name, ContactRow.email)
        .join(ConnectionRow)
        .switch(SessionRow)
        .join(ContactRow, JOIN.LEFT_OUTER)
        .order_by(SessionRow.updated_at.desc(), SessionRow.id.desc())
        .limit(PAGE + 1)
        .offset((page - 1) * PAGE)
    )
    with db.read():
        rows = list(query)
        last = _last_texts([row.id for row in rows])
    lines = [
        Listed(
            id=row.id,
            connection=row.connection.name,
            channel=row.channel,
            status=row.status,
            owner=row.owner,
            contact=_who(row.contact),
            subject=_subject(row),
            last=last.get(row.id, ""),
            updated_at=row.updated_at,
        )
        for row in rows[:PAGE]
    ]
    return lines, len(rows) > PAGE


def _last_texts(session_ids: list[int]) -> dict[int, str]:
    """The newest public message of each session: a private note must not look like one in a list."""
    public = MessageRow.select(fn.MAX(MessageRow.id)).where(
        MessageRow.session.in_(session_ids), MessageRow.visibility == Visibility.PUBLIC.value
    )
    newest = MessageRow.select(MessageRow.session, MessageRow.text).where(
        MessageRow.id.in_(public.group_by(MessageRow.session))
    )
    return {row.session_id: row.text for row in newest}


def opened(db: Database, session_id: int) -> Opened | None:
    """A session with its thread, decisions, actions and timeline; None if there is none of this id."""
    with db.read():
        row = SessionRow.get_or_none(SessionRow.id == session_id)
        if row is None:
            return None
        messages = list(MessageRow.select().where(MessageRow.session == row.id).order_by(MessageRow.at, MessageRow.id))
        files: dict[int, list[Any]] = {}
        for file in _files_of(row.id):
            files.setdefault(file.message_id, []).append(file)
        return Opened(
            session=row,
            connection=row.connection.name,
            contact=_who(row.contact),
            subject=_subject(row),
            messages=messages,
            attachments=files,
            decisions=list(DecisionRow.select().where(DecisionRow.session == row.id).order_by(DecisionRow.id)),
            actions=list(ActionRow.select().where(ActionRow.session == row.id).order_by(ActionRow.id)),
            timeline=list(TimelineRow.select().where(TimelineRow.session == row.id).order_by(TimelineRow.id)),
        )


def _files_of(session_id: int) -> Any:
    """All attachments of a session, without their content."""
    shown = (AttachmentRow.message, AttachmentRow.name, AttachmentRow.size, AttachmentRow.state)
    query = AttachmentRow.select(*shown, AttachmentRow.placeholder).join(MessageRow)
    return query.where(MessageRow.session == session_id).order_by(AttachmentRow.id)


def troubles(db: Database) -> dict[str, int]:
    """What a person should look at: events that failed or were not understood, and parked actions."""
    with db.read():
        events = EventRow.select(EventRow.state, EventRow.reason, fn.COUNT(EventRow.id).alias("number"))
        counted = events.group_by(EventRow.state, EventRow.reason).dicts()
        found = {"failed": 0, "unknown_kind": 0}
        for row in cast("list[dict[str, Any]]", list(counted)):
            if row["state"] == "failed":
                found["failed"] += row["number"]
            elif row["reason"] == "unknown_kind":
                found["unknown_kind"] += row["number"]
        found["parked"] = ActionRow.select().where(ActionRow.state == "parked").count()
    return found


def lines_of(db: Database, connections: Iterable[tuple[Connection, str]]) -> list[Line]:
    """What there is to tell of each connection; those of which nothing is to be told are left out."""
    told = []
    with db.read():
        imports = {row.connection_id: row for row in BackfillRow.select()}
        for connection, error in connections:
            line = Line(
                name=connection.name,
                active=connection.active,
                error=error,
                imported=imports.get(connection.id),
                remarks=remarks(db, connection) if connection.active else [],
            )
            if line.error or line.importing or line.remarks:
                told.append(line)
    return told


def _subject(row: Any) -> str:
    """What a ticket is headed with; "" where the helpdesk has no subjects."""
    subject = row.data.get("subject") if isinstance(row.data, dict) else ""
    return subject if isinstance(subject, str) else ""


def _who(contact: Any) -> str:
    if contact is None:
        return "unknown"
    return str(contact.name or contact.email or "unknown")
