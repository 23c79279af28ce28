"""What an operator should know of a connection beside its state: calls that were refused, what came late, warnings."""

from __future__ import annotations

from peewee import SQL

from core.domain import Connection
from core.flow import misses
from core.store.database import Database
from core.store.models import ConnectionRow, EventRow


def remarks(db: Database, connection: Connection) -> list[str]:
    """Sentences about what works less well than it could, each with its mend where there is one."""
    with db.read():
        row = ConnectionRow.get_by_id(connection.id)
        measured = misses.of(connection.id)
        # SQLite reads by the index over unusual events only where the question says so in the same words.
        unusual = EventRow.select().where(SQL("t1.state <> 'done'"), EventRow.state == "rejected")
        unread = unusual.where(EventRow.connection == connection.id).count()
    found = [f"warning: {warning}" for warning in (connection.identity.warnings if connection.identity else ())]
    if row.stale_calls:
        found.append(
            f"{_calls(row.stale_calls)} at an address of an earlier connection: copy the present one, which "
            f"`relaydesk webhook-url {connection.name}` prints, to the vendor"
        )
    if row.refused_calls:
        found.append(f"{_calls(row.refused_calls)} without the right secret or signature")
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
