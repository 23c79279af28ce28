"""The commands around destinations: look at them, test one, let it send, and see what became of its records."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.cli.destination_changes import NOT_KNOWN, activate, deactivate, pause, resume, retry, test
from core.cli.destination_ground import found, nothing_sent, opened
from core.cli.destination_sending import send
from core.destination_settings import as_given, without_header_values
from core.destinations import records as ledger
from core.destinations.catalogue import RECORD_STATES, Destination, Destinations
from core.domain import Priority
from core.runtime import Runtime
from core.store.budget import allowance

SHORT_ERROR = 80
"""Characters of an error that a line of a table has room for."""


@click.group()
def destinations() -> None:
    """Write records to a helpdesk: files, what programs sent, and our own events (`relaydesk destinations send`)."""


for command in (send, test, retry, activate, deactivate, pause, resume):
    destinations.add_command(command)


@destinations.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def list_destinations(config_path: str, as_json: bool) -> None:
    """List the destinations of the file and the pages: what each writes, whether it sends, and its records."""
    with opened(config_path) as runtime:
        there = Destinations(runtime).list()
    if as_json:
        click.echo(json.dumps([_told(each) for each in there], indent=2, ensure_ascii=False))
        return
    if not there:
        click.echo(
            "No destinations yet. Make one on the page Destinations, or add a [[destinations]] table to the file."
        )
        return
    table = Table("name", "connection", "writes", "state", "waiting", "sent", "failed", "parked", "held")
    for each in there:
        counts = (f"{each.counts.get(state, 0):,}" for state in ("waiting", "sent", "failed", "parked"))
        shown = (each.name, each.definition.connection, _writes(each), each.state.value, *counts, each.held_reason)
        table.add_row(*map(escape, shown))
    Console().print(table)


@destinations.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(config_path: str, name: str, as_json: bool) -> None:
    """Show the destination NAME: its definition, whether it sends, its records, and its last test."""
    with opened(config_path) as runtime:
        destination = found(runtime, name)
    told = _told(destination)
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo(f"{name} is {destination.state.value}; {_changed(destination)}")
    for key, value in told["definition"].items():
        click.echo(f"  {key} = {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    _tell_counts(destination)
    tested = destination.tested
    if tested is None:
        click.echo(f"It was never tested: `relaydesk destinations test {name}` sends one record.")
    else:
        error, note = tested.get("error", ""), tested.get("note")
        said = f"{NOT_KNOWN} {error}" if tested.get("uncertain") else f"refused: {error}"
        outcome = (f"it was taken: {note}" if note else "it was taken") if tested.get("ok") else said
        click.echo(f"last test, {tested.get('at', '')} by {tested.get('by', '')}: {outcome}")


# ------------------------------------------------------------------------------------------------------- how it goes


@destinations.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(config_path: str, name: str, as_json: bool) -> None:
    """Say how far the destination NAME is: its records by state, what holds it, and how long the rest may take."""
    with opened(config_path) as runtime:
        destination = found(runtime, name)
        minutes = _minutes_left(runtime, destination)
    if as_json:
        held = {"held_until": _iso(destination.held_until), "held_reason": destination.held_reason}
        counts = _counts(destination)
        told = {"state": destination.state.value, "records": counts, **held, "minutes_left": minutes}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo(f"{name} is {destination.state.value}")
    _tell_counts(destination)
    if destination.counts.get("uncertain"):
        click.echo("uncertain: an answer did not come; it is looked for at the vendor before anything is sent again")
    if destination.counts.get("parked"):
        click.echo(
            f"parked: nobody knows whether they arrived; see `relaydesk destinations records {name} --state parked`"
        )
    if destination.held_reason:
        until = f" until {destination.held_until:%Y-%m-%d %H:%M:%S} UTC" if destination.held_until else ""
        click.echo(f"held{until}: {destination.held_reason}")
    if minutes is not None:
        click.echo(f"time left: about {minutes:,} minutes, replies to customers going before it")


def _minutes_left(runtime: Runtime, destination: Destination) -> int | None:
    """How long what waits takes by the connection's budget; None where nothing does, or nobody can say."""
    waiting = destination.counts.get("waiting", 0) + destination.counts.get("sending", 0)
    connection = runtime.connections.named(destination.definition.connection)
    if not waiting or connection is None:
        return None
    batch = destination.definition.batch
    calls = -(-waiting // (batch.size if batch else 1))
    return -(-calls // allowance(Priority.DESTINATION, runtime.connections.calls_per_minute(connection)))


@destinations.command("records")
@click.argument("name")
@click.option("--state", type=click.Choice(RECORD_STATES), default=None, help="Only those of this state.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="How many lines at most.")
@click.option("--csv", "file", type=click.File("w", encoding="utf-8"), help="Write all to this file; - prints them.")
@click.pass_obj
def list_records(config_path: str, name: str, state: str | None, limit: int, file: Any) -> None:
    """List the newest records of the destination NAME with what became of each, or export all of them as CSV."""
    with opened(config_path) as runtime:
        found(runtime, name)
        if file is not None:
            writer = csv.writer(file, lineterminator="\n")
            written = -1
            for row in ledger.export(runtime, name, state or ""):
                writer.writerow(row)
                written += 1
            click.echo(f"{written:,} records written", err=True)
            return
        page = ledger.page(runtime, name, state or "", limit=limit)
    if not page.records:
        click.echo("None.")
        return
    table = Table("id", "key", "from", "line", "state", "captured id", "what is wrong")
    for each in page.records:
        wrong = f"{each.error_field}: {each.error}" if each.error_field else each.error
        line = "" if each.line is None else str(each.line)
        shown = (str(each.id), each.key, each.origin, line, each.state, each.captured_id, wrong[:SHORT_ERROR])
        table.add_row(*map(escape, shown))
    Console().print(table)
    if page.next:
        click.echo(f"There are more: `relaydesk destinations records {name} --csv FILE` has all of them.")


# ----------------------------------------------------------------------------------------------------- how it is told


def _writes(destination: Destination) -> str:
    definition = destination.definition
    return definition.template or f"{definition.method} {definition.url}"


def _changed(destination: Destination) -> str:
    if destination.provisioned:
        return "it stands in the configuration file"
    return f"changed {destination.changed_at:%Y-%m-%d %H:%M} UTC by {destination.changed_by}"


def _counts(destination: Destination) -> dict[str, int]:
    return {state: destination.counts.get(state, 0) for state in RECORD_STATES}


def _tell_counts(destination: Destination) -> None:
    counts = {state: number for state, number in _counts(destination).items() if number}
    click.echo("records: " + (", ".join(f"{state} {number:,}" for state, number in counts.items()) or "none yet"))
    if why := nothing_sent(destination):
        click.echo(why)


def _told(destination: Destination) -> dict[str, Any]:
    tested: Mapping[str, Any] | None = destination.tested
    return {
        "name": destination.name,
        "state": destination.state.value,
        "definition": as_given(destination.definition) | without_header_values(destination.definition),
        "origin": "file" if destination.provisioned else "made",
        "revision": destination.revision,
        "records": _counts(destination),
        "held_until": _iso(destination.held_until),
        "held_reason": destination.held_reason,
        "tested": dict(tested) if tested is not None else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
