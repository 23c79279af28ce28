"""What an operator should know of a connection beside its state: calls that were refused, what came late, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import SQL, fn

from core.domain import Connection
from core.flow import misses
from core.flow.misses import Misses
from core.store.database import Database
from core.store.models import ConnectionRow, EventRow


def remarks(db: Database, connections: Sequence[Connection]) -> dict[int, list[str]]:
    """Sentences about what works less well than it could, each with its mend where there is one; by connection's id."""
    ids = [connection.id for connection in connections]
    if not ids:
        return {}
    with db.read():
        calls: Any = ConnectionRow.select(ConnectionRow.id, ConnectionRow.stale_calls, ConnectionRow.refused_calls)
        counted = {
            number: (stale, refused) for number, stale, refused in calls.where(ConnectionRow.id.in_(ids)).tuples()
        }
        measured = misses.of_each(ids)
        # SQLite reads by the index over unusual events only where the question says so in the same words.
        unusual: Any = EventRow.select(EventRow.connection, fn.COUNT(SQL("*"))).where(SQL("t1.state <> 'done'"))
        rejected = unusual.where(EventRow.state == "rejected", EventRow.connection.in_(ids))
        unread = dict(rejected.group_by(EventRow.connection).tuples().execute())
    return {
        one.id: _sentences(one, counted.get(one.id, (0, 0)), unread.get(one.id, 0), measured.get(one.id, Misses()))
        for one in connections
    }


def _sentences(connection: Connection, calls: tuple[int, int], unread: int, measured: Misses) -> list[str]:
    stale, refused = calls
    found = [f"warning: {warning}" for warning in (connection.identity.warnings if connection.identity else ())]
    if stale:
        found.append(
            f"{_calls(stale)} at an address of an earlier connection: copy the present one, which "
            f"`relaydesk webhook-url {connection.name}` prints, to the vendor"
        )
    if refused:
        found.append(f"{_calls(refused)} without the right secret or signature")
    if unread:
        found.append(f"{'1 call' if unread == 1 else f'{unread} different calls'} of the webhook could not be read")
    if measured.missed:
        found.append(
            f"{measured.missed} of {measured.missed + measured.told} changes were told by no webhook and found by "
            f"asking, the last one after {measured.latest_lag:.0f} s, none later than {measured.longest_lag:.0f} s"
        )
    return found


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
