"""The command `backfill`: imports what waits at a new connection's vendor, or says how much that would be."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from core.cli.look import open_runtime
from core.domain import Connection
from core.errors import ConfigError, VendorError
from core.jobs.backfill import UNFINISHED, work_on
from core.jobs.backfill_requests import can_backfill, expected_of, progress, request_backfill
from core.provisioning import configured_connection, provision
from core.runtime import Runtime
from core.store.models import BackfillRow

LOOK_SECONDS = 0.5


@click.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say how much there is to import; nothing is read or stored.")
@click.option("--again", is_flag=True, help="Go through the list once more, for what the first time has missed.")
@click.option("--days", type=click.FloatRange(min=0.01), help="With --again: how far back, instead of backfill_days.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and no progress.")
@click.pass_obj
def backfill(config_path: str, name: str, dry_run: bool, again: bool, days: float | None, as_json: bool) -> None:
    """Import the open and pending conversations of the connection NAME that changed in the last `backfill_days`.

    The service does this by itself, once, when a connection is first made; this goes on with it here, or watches it
    where the service is at it. Nobody is answered because of it, replies to customers go before it, and it can be
    broken off anywhere (Ctrl-C) and goes on from there. Exits 1 if the vendor could not be asked to the end.
    """
    with closing(open_runtime(config_path)) as runtime:
        connection = _connected(runtime, name)
        try:
            row = _row(runtime, connection, again=again and not dry_run, days=days)
            if dry_run or (row.state == "waiting" and not as_json):
                _tell_estimate(runtime, connection, row, as_json=as_json and dry_run)
            if dry_run:
                return
            if row.state in UNFINISHED:
                _work(runtime, connection, quiet=as_json)
        except VendorError as problem:
            click.echo(str(problem), err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("broken off; it goes on from here", err=True)
        _tell_result(_read(runtime, connection), as_json=as_json)


def _connected(runtime: Runtime, name: str) -> Connection:
    configured_connection(runtime, name)
    provision(runtime)
    connection = runtime.connections.named(name)
    if connection is None or not connection.active:
        raise ConfigError(name, "it is not connected", f"`relaydesk connections verify {name}` says why.")
    if not can_backfill(runtime, connection):
        label = runtime.connections.connector(connection).label
        raise ConfigError(name, f"{label} lists no conversations to import", "Leave it to its webhooks.")
    return connection


def _row(runtime: Runtime, connection: Connection, *, again: bool, days: float | None) -> BackfillRow:
    """The connection's backfill, made or begun anew where it is wanted."""
    present = progress(runtime, connection.id)
    if present is None or (again and not present.unfinished):
        return request_backfill(runtime, connection, days)
    return present.row


def _read(runtime: Runtime, connection: Connection) -> BackfillRow:
    with runtime.db.read():
        row: BackfillRow = BackfillRow.get(BackfillRow.connection == connection.id)
        return row


def _tell_estimate(runtime: Runtime, connection: Connection, row: BackfillRow, *, as_json: bool) -> None:
    expected = expected_of(runtime, connection, row)
    if as_json:
        told = {"conversations": expected.conversations, "calls": expected.calls, "minutes": expected.minutes}
        click.echo(json.dumps(told))
        return
    click.echo(f"open and pending since {row.since:%Y-%m-%d %H:%M} UTC: {_number(expected.conversations)}")
    click.echo(f"calls to the vendor: about {_number(expected.calls)}")
    click.echo(f"time: about {_number(expected.minutes)} minutes, replies to customers going before it")


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _work(runtime: Runtime, connection: Connection, *, quiet: bool) -> None:
    """Work on it until it is done, here or wherever it is worked on; the bar shows what the store says."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("importing", total=None)

        def show() -> BackfillRow:
            row = _read(runtime, connection)
            total = max(row.expected or 0, row.found)
            progress.update(task, completed=row.imported + row.known + row.gone, total=total or None)
            return row

        def halted() -> bool:
            show()
            return False

        while (row := show()).state in UNFINISHED:
            if not work_on(runtime, connection, halted):
                progress.update(task, description="importing, by the service")
                runtime.clock.sleep(LOOK_SECONDS)
            elif row.next_at is not None or (row := show()).next_at is not None:
                progress.update(task, description=f"waiting: {row.error}")
                runtime.clock.sleep(max(0.0, (row.next_at - runtime.db.now()).total_seconds()))


def _tell_result(row: BackfillRow, *, as_json: bool) -> None:
    told: dict[str, Any] = {
        "state": row.state,
        "listed": row.listed,
        "imported": row.imported,
        "known_before": row.known,
        "gone": row.gone,
        "other_statuses": row.other,
        "vendor_counts_now": row.counted,
        "error": row.error,
    }
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"{row.state}: {row.imported:,} imported, {row.known:,} known before, of {row.listed:,} listed")
    if row.gone:
        click.echo(f"not readable any more: {row.gone:,}")
    if row.other:
        counts = ", ".join(f"{status}: {number:,}" for status, number in sorted(row.other.items()))
        click.echo(f"not imported, by status: {counts}")
    if row.counted is not None:
        click.echo(f"open and pending at the vendor by now: {row.counted:,} (its search counts by the day, and lags)")
    if row.error:
        click.echo(f"it waits: {row.error}")
