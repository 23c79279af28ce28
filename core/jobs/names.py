"""The directory of names is read again, a while after each connection was verified and every hour from then on."""

from __future__ import annotations

from core.directory import NAME, refresh
from core.domain import Connection
from core.jobs.backfill import Halted
from core.provisioning import LOOK_AGAIN
from core.runtime import Runtime
from core.store.models import ConnectionRow, CursorRow


def refresh_due(runtime: Runtime, halted: Halted = lambda: False) -> int:
    """Read the names of every connection whose turn it is; returns how many there were.

    It is a connection's turn when somebody has just verified it anew, and an hour after the last time.
    """
    due = [one for one, _ in runtime.connections.all() if one.active and _is_due(runtime, one)]
    for connection in due:
        if halted():
            break
        refresh(runtime, connection)
    return len(due)


def _is_due(runtime: Runtime, connection: Connection) -> bool:
    with runtime.db.read():
        row = ConnectionRow.get_by_id(connection.id)
        cursor = CursorRow.get_or_none(CursorRow.connection == connection.id, CursorRow.name == NAME)
    if cursor is None or runtime.db.now() - cursor.updated_at >= LOOK_AGAIN:
        return True
    return row.verified_at is not None and bool(row.verified_at > cursor.updated_at)
