"""How each connection fares, and what a person should look at before all else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, fn

from core.domain import Connection
from core.flow import leases, misses
from core.flow.misses import Misses
from core.remarks import remarks
from core.store.budget import in_use
from core.store.database import Database
from core.store.models import ActionRow, BackfillRow, BudgetRow, ConnectionRow, EventRow
from core.web.queries.rows import tuples

LATELY = timedelta(hours=24)
UNUSUAL = SQL("t1.state <> 'done'")
UNSENT = SQL("t1.state <> 'sent'")
"""SQLite reads by an index over some rows only where the question says so in the same words."""


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


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits: how much, and since when the oldest does; None if nothing does."""

    waiting: int = 0
    since: datetime | None = None


EMPTY = Queue()


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How a connection fares.

    `events` counts those of the last 24 hours by state. `calls` were made in the last minute; `vendor_limit` is what
    the vendor allows, None where it has not said, and until `shut_until` it allows nothing. `polling_since` is set
    while the account is polled because its webhooks are silent. `disconnected` is one that was cut off by a person.
    """

    id: int
    name: str
    connector: str
    active: bool
    disconnected: bool
    error: str
    last_event_at: datetime | None
    polled_at: datetime | None
    polling_since: datetime | None
    misses: Misses
    calls: int
    vendor_limit: int | None
    shut_until: datetime | None
    events: Mapping[str, int] = field(default_factory=dict)
    events_waiting: Queue = EMPTY
    actions_waiting: Queue = EMPTY
    dead: int = 0


def statuses(db: Database) -> list[ConnectionStatus]:
    """How every connection fares, by name; those that were taken out of the file come too, as long as they are kept."""
    with db.read():
        now = db.now()
        events = EventRow.select(EventRow.connection, EventRow.state, fn.COUNT(SQL("*")))
        lately = events.where(EventRow.received_at >= now - LATELY).group_by(EventRow.connection, EventRow.state)
        counted: dict[int, dict[str, int]] = {}
        for connection_id, state, number in tuples(lately):
            counted.setdefault(connection_id, {})[state] = number
        inbound = _queues(EventRow, EventRow.received_at, (UNUSUAL, EventRow.state == "pending"))
        outbound = _queues(ActionRow, ActionRow.created_at, (UNSENT, ActionRow.state.in_(leases.OPEN_ACTIONS)))
        dead = _queues(ActionRow, ActionRow.created_at, (UNSENT, ActionRow.state.in_(("failed", "parked"))))
        budgets = {row.connection_id: row for row in BudgetRow.select()}
        rows = list(ConnectionRow.select().order_by(ConnectionRow.name))
        measured = misses.of_each([row.id for row in rows])
        return [
            ConnectionStatus(
                id=row.id,
                name=row.name,
                connector=row.connector,
                active=row.active,
                disconnected=row.disconnected_at is not None,
                error=row.error,
                last_event_at=row.last_event_at,
                polled_at=row.polled_at,
                polling_since=row.polling_since,
                misses=measured.get(row.id, Misses()),
                calls=in_use(budgets[row.id], now) if row.id in budgets else 0,
                vendor_limit=budgets[row.id].vendor_limit if row.id in budgets else None,
                shut_until=budgets[row.id].shut_until if row.id in budgets else None,
                events=counted.get(row.id, {}),
                events_waiting=inbound.get(row.id, EMPTY),
                actions_waiting=outbound.get(row.id, EMPTY),
                dead=dead.get(row.id, EMPTY).waiting,
            )
            for row in rows
        ]


def _queues(model: Any, since: Any, conditions: tuple[Any, ...]) -> dict[int, Queue]:
    query = model.select(model.connection, fn.COUNT(SQL("*")), fn.MIN(since)).where(*conditions)
    return {each: Queue(number, oldest) for each, number, oldest in tuples(query.group_by(model.connection))}


def troubles(db: Database) -> dict[str, int]:
    """What a person should look at: events that failed or were not understood, and parked actions."""
    asked = {
        "failed": "event WHERE state <> 'done' AND state = 'failed'",
        "unknown_kind": "event WHERE state = 'ignored' AND reason = 'unknown_kind'",
        "parked": "action WHERE state <> 'sent' AND state = 'parked'",
    }
    counts = ", ".join(f"(SELECT count(*) FROM {rows})" for rows in asked.values())
    with db.read():
        return dict(zip(asked, db.native.execute_sql(f"SELECT {counts}").fetchone(), strict=True))


def lines_of(db: Database, connections: Sequence[tuple[Connection, str]]) -> list[Line]:
    """What there is to tell of each connection; those of which nothing is to be told are left out.

    That somebody has disconnected one is no news every day: its own page says so.
    """
    with db.read():
        cut = ConnectionRow.select(ConnectionRow.id).where(ConnectionRow.disconnected_at.is_null(False))
        apart = {number for (number,) in tuples(cut)}
        there = [(connection, error) for connection, error in connections if connection.id not in apart]
        imports = {row.connection_id: row for row in BackfillRow.select()}
        told = remarks(db, [connection for connection, _ in there if connection.active])
    lines = [Line(one.name, one.active, error, imports.get(one.id), told.get(one.id, [])) for one, error in there]
    return [line for line in lines if line.error or line.importing or line.remarks]
