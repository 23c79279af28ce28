"""The record of who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain import NOTHING
from core.store.database import Database
from core.store.models import AuditRow

COMMAND_LINE = "command line"
"""By whom something was changed that was changed by a command."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the record."""

    id: int
    at: datetime
    by: str
    what: str
    subject: str
    detail: Mapping[str, Any]


def note(db: Database, by: str, what: str, subject: str = "", detail: Mapping[str, Any] = NOTHING) -> None:
    """Write a line, inside the transaction now open; `detail` are JSON values, and never a secret."""
    AuditRow.create(at=db.now(), by=by, what=what, subject=subject[:255], detail=dict(detail))


def entries(db: Database, before: int | None = None, limit: int = PAGE) -> tuple[list[Entry], int | None]:
    """The latest lines, or those before one of them; with the id to go on from, None at the end."""
    with db.read():
        query = AuditRow.select().order_by(AuditRow.id.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(AuditRow.id < before)
        rows = list(query)
    shown = [Entry(row.id, row.at, row.by, row.what, row.subject, row.detail) for row in rows[:limit]]
    return shown, shown[-1].id if len(rows) > limit else None
