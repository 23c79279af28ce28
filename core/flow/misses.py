"""How much of what happens the webhooks do not tell, and how late it is found then: what the sweep measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from core.domain import EventSource
from core.store.database import Database
from core.store.models import CursorRow, EventRow

NAME = "misses"


@dataclass(frozen=True, slots=True)
class Misses:
    """Changes that webhooks `told` of and that only the sweep found (`missed`), and how many seconds late.

    `missed_at` is when the last of these happened, "" for none. `rate` is the share that was missed, None before
    anything has happened.
    """

    told: int = 0
    missed: int = 0
    latest_lag: float = 0.0
    longest_lag: float = 0.0
    missed_at: str = ""

    @property
    def rate(self) -> float | None:
        return self.missed / (self.told + self.missed) if self.told + self.missed else None


def note(db: Database, event: EventRow, news: bool) -> None:
    """Count a hint that led to `news`, inside the transaction now open; one that told nothing new says nothing."""
    if not news:
        return
    before = of(event.connection_id)
    if event.source != EventSource.POLL:
        _keep(db, event.connection_id, replace(before, told=before.told + 1))
        return
    told_at = str(event.payload.get("at") or db.now().isoformat())
    lag = max(0.0, (db.now() - datetime.fromisoformat(told_at)).total_seconds())
    measured = Misses(before.told, before.missed + 1, lag, max(lag, before.longest_lag), told_at)
    _keep(db, event.connection_id, measured)


def of(connection_id: int) -> Misses:
    """What was measured of a connection so far. Inside a transaction."""
    return of_each([connection_id]).get(connection_id, Misses())


def of_each(connection_ids: Sequence[int]) -> dict[int, Misses]:
    """The same of several connections by their ids, without those of which nothing was measured."""
    rows: Any = CursorRow.select(CursorRow.connection, CursorRow.value).tuples()
    theirs = rows.where(CursorRow.connection.in_(list(connection_ids)), CursorRow.name == NAME)
    return {connection_id: Misses(**(value or {})) for connection_id, value in theirs}


def _keep(db: Database, connection_id: int, measured: Misses) -> None:
    value = asdict(measured)
    db.insert_ignore(CursorRow, connection=connection_id, name=NAME, updated_at=db.now())
    CursorRow.update(value=value, updated_at=db.now()).where(
        CursorRow.connection == connection_id, CursorRow.name == NAME
    ).execute()
