"""Backfills as people ask for them: how much one would be, begun, begun anew, or called off."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.access import audit
from core.domain import BackfillEstimate, Connection, Priority
from core.errors import ConfigError
from core.jobs.backfill import UNFINISHED, estimate
from core.runtime import Runtime
from core.store.budget import allowance
from core.store.models import BackfillRow

USUAL_DAYS = 180.0
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Expected:
    """What a backfill would come to, as far as the vendor says: conversations, calls, and minutes at our pace."""

    since: datetime
    conversations: int | None
    calls: int | None
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How a backfill goes: `done` of `total` conversations (None if that is not known), and why it waits.

    `state` is waiting, running, done or cancelled; `row` has all that is counted.
    """

    state: str
    done: int
    total: int | None
    error: str
    row: BackfillRow

    @property
    def unfinished(self) -> bool:
        """Whether there is still something to do."""
        return self.state in UNFINISHED

    def minutes_left(self, now: datetime) -> int | None:
        """How much longer it takes at the pace it has had so far; None where that cannot be told."""
        begun = self.row.started_at
        if self.state != "running" or self.error or begun is None or self.done == 0 or self.total is None:
            return None
        seconds = (now - begun).total_seconds() / self.done * max(0, self.total - self.done)
        return int(-(-seconds // 60))


def can_backfill(runtime: Runtime, connection: Connection) -> bool:
    """Whether there is something to import by a connection: what its vendor lists, if it takes messages at all."""
    return connection.inbound and "backfill" in runtime.connections.connector(connection).capabilities


def progress(runtime: Runtime, connection_id: int) -> Progress | None:
    """How a connection's backfill goes; None if it never had one."""
    with runtime.db.read():
        row = BackfillRow.get_or_none(BackfillRow.connection == connection_id)
    if row is None:
        return None
    total = max(row.expected or 0, row.found) if row.state in UNFINISHED else row.found
    return Progress(row.state, row.imported + row.known + row.gone, total or None, row.error, row)


def expected(runtime: Runtime, connection: Connection, days: float | None = None) -> Expected:
    """What there is to import of the last `days`, asked of the vendor in a call or two; nothing is stored.

    Raises `ConfigError` where there can be no backfill, `VendorError` where the vendor cannot be asked now.
    """
    _check(runtime, connection)
    row = _window(runtime, connection, days)
    return expected_of(runtime, connection, row)


def expected_of(runtime: Runtime, connection: Connection, row: BackfillRow) -> Expected:
    """The same of a backfill that is there already."""
    found: BackfillEstimate = estimate(runtime, connection, row)
    minutes = None
    if found.calls is not None:
        minutes = -(-found.calls // allowance(Priority.BACKFILL, runtime.connections.calls_per_minute(connection)))
    return Expected(row.since, minutes=minutes, **dataclasses.asdict(found))


def request_backfill(runtime: Runtime, connection: Connection, days: float | None = None, by: str = "") -> BackfillRow:
    """Have the open conversations of the last `days` imported, also once more; what is here already stays as it is.

    The days count back from when the connection was first made: what came later was told by webhooks, or found.
    Raises `ConfigError` where there can be none, or one is under way.
    """
    _check(runtime, connection)
    window = timedelta(days=_days(connection, days))
    with runtime.db.write():
        now = runtime.db.now()
        row = BackfillRow.get_or_none(BackfillRow.connection == connection.id)
        if row is None:
            values = {"since": now - window, "until": now, "created_at": now, "requested_by": by}
            runtime.db.insert_ignore(BackfillRow, connection=connection.id, **values)
        else:
            again = {"since": row.until - window, "cursor": {}, "state": "waiting", "other": {}, "error": ""}
            again |= {"request": BackfillRow.request + 1}
            counts = dict.fromkeys(("listed", "found", "imported", "known", "gone"), 0)
            begun = BackfillRow.update(**again, **counts, ended_at=None, next_at=None, requested_by=by).where(
                BackfillRow.id == row.id, BackfillRow.state.not_in(UNFINISHED)
            )
            if begun.execute() != 1:
                raise ConfigError(connection.name, "its backfill is under way", "Wait for its end, or call it off.")
        audit.note(runtime.db, by or audit.COMMAND_LINE, "backfill.begun", connection.name, {"days": window.days})
    return _read(runtime, connection)


def cancel_backfill(runtime: Runtime, connection: Connection, by: str = "") -> bool:
    """Call a backfill off; what it has imported stays. False if there is none under way."""
    with runtime.db.write():
        cancelled = (
            BackfillRow.update(state="cancelled", ended_at=runtime.db.now(), error="", next_at=None)
            .where(BackfillRow.connection == connection.id, BackfillRow.state.in_(UNFINISHED))
            .execute()
        )
        if cancelled:
            audit.note(runtime.db, by or audit.COMMAND_LINE, "backfill.called_off", connection.name)
    return bool(cancelled == 1)


def _window(runtime: Runtime, connection: Connection, days: float | None) -> BackfillRow:
    with runtime.db.read():
        row = BackfillRow.get_or_none(BackfillRow.connection == connection.id)
    until = row.until if row is not None else runtime.db.now()
    return BackfillRow(connection=connection.id, since=until - timedelta(days=_days(connection, days)), until=until)


def _days(connection: Connection, days: float | None) -> float:
    if days is not None and not 0 < days <= MOST_DAYS:
        raise ConfigError("days", f"must be more than 0 and at most {MOST_DAYS}", "Give how many days back to go.")
    return days or float(connection.settings.get("backfill_days", 0)) or USUAL_DAYS


def _read(runtime: Runtime, connection: Connection) -> BackfillRow:
    with runtime.db.read():
        row: BackfillRow = BackfillRow.get(BackfillRow.connection == connection.id)
    return row


def _check(runtime: Runtime, connection: Connection) -> None:
    if not connection.active:
        raise ConfigError(connection.name, "it is not connected", "Its error says why.")
    if not can_backfill(runtime, connection):
        label = runtime.connections.connector(connection).label
        raise ConfigError(connection.name, f"{label} lists no conversations to import", "Leave it to its webhooks.")
