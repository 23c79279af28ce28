"""The directory: what each account calls its agents and groups, so that pages can show names where ids are stored."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from itertools import islice

from core.domain import Connection, Named, Priority
from core.errors import BadPayload, VendorError
from core.runtime import Runtime
from core.store.database import Database
from core.store.models import CursorRow, DirectoryRow

log = logging.getLogger(__name__)

KINDS: Mapping[str, str] = {"agents": "agent", "groups": "group"}
"""What a connector names, and as what the directory has it."""
MOST = 500
"""Entries that are read of each kind: an account with more agents shows the ids of the others."""
MOST_SECONDS = 20.0
AT_ONCE = 100
NAME = "directory"
"""The cursor that says when a connection's directory was last read."""


def names(db: Database, connection_id: int) -> Mapping[tuple[str, str], str]:
    """The names of a connection's agents and groups by kind (agent or group) and the vendor's id."""
    with db.read():
        rows = DirectoryRow.select().where(DirectoryRow.connection == connection_id)
        return {(row.kind, row.external_id): row.name or row.email for row in rows if row.name or row.email}


def keep(db: Database, connection_id: int, what: str, found: Iterable[Named]) -> None:
    """Write down what was read of `what` (agents or groups); of anything else nothing is kept.

    Those that are not found any more stay: what they wrote is still theirs.
    """
    kind = KINDS.get(what)
    if kind is None:
        return
    with db.write():
        now = db.now()
        rows = [
            {
                "connection": connection_id,
                "kind": kind,
                "external_id": one.id,
                "name": one.name,
                "email": one.email,
                "seen_at": now,
            }
            for one in {one.id: one for one in found}.values()
        ]
        for start in range(0, len(rows), AT_ONCE):
            DirectoryRow.insert_many(rows[start : start + AT_ONCE]).on_conflict(
                conflict_target=[DirectoryRow.connection, DirectoryRow.kind, DirectoryRow.external_id],
                preserve=[DirectoryRow.name, DirectoryRow.email, DirectoryRow.seen_at],
            ).execute()


def refresh(runtime: Runtime, connection: Connection) -> None:
    """Read a connection's agents and groups once more, in a bounded number of calls behind all that is more urgent.

    What the vendor refuses is left as it was; it is asked again in its turn.
    """
    connector = runtime.connections.connector(connection)
    http = runtime.connections.http(connection, Priority.POLL)
    until = time.monotonic() + MOST_SECONDS
    for what in KINDS:
        found: list[Named] = []
        try:
            for one in islice(connector.named(what, connection, http), MOST):
                found.append(one)
                if time.monotonic() > until:
                    break
        except (VendorError, BadPayload) as problem:
            log.info("the %s of %s could not be read: %s", what, connection.name, problem)
        keep(runtime.db, connection.id, what, found)
    with runtime.db.write():
        now = runtime.db.now()
        runtime.db.insert_ignore(CursorRow, connection=connection.id, name=NAME, updated_at=now)
        CursorRow.update(updated_at=now).where(CursorRow.connection == connection.id, CursorRow.name == NAME).execute()
