"""The commands around connections: list them, verify one, cut it, and connect it again."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.cli.look import open_runtime, webhook_address, who
from core.domain import Priority
from core.errors import ConfigError, RelaydeskError
from core.flow.disconnect import disconnect as cut
from core.overview import Overview, overviews
from core.provisioning import configured_connection, provision, row_for, switch_on, verify
from core.runtime import Runtime
from core.store.models import ConnectionRow


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def connections(context: click.Context, as_json: bool) -> None:
    """List the connections of the file and the pages: their state, who they speak as, when they were last heard of.

    With a sub-command, do something with one of them.
    """
    if context.invoked_subcommand is not None:
        return
    with closing(open_runtime(context.obj)) as runtime:
        provision(runtime)
        listed = [_shown(runtime, each) for each in overviews(runtime)]
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    if not listed:
        click.echo("No connections yet. Add a [[connections]] table to the configuration file.")
        return
    shown = ("name", "connector", "origin", "state", "speaks_as", "last_event", "error")
    table = Table(*(key.replace("_", " ") for key in shown))
    for entry in listed:
        table.add_row(*(escape(entry[key]) for key in shown))
    Console().print(table)
    for entry in listed:
        for remark in entry["remarks"]:
            click.echo(f"{entry['name']}: {remark}")


def _shown(runtime: Runtime, each: Overview) -> dict[str, Any]:
    row = runtime.connections.row(each.id)
    return {
        "name": each.name,
        "connector": each.connector,
        "origin": each.origin,
        "state": "active, polled since its webhooks fell silent" if each.state == "polled" else each.state,
        "speaks_as": who(each.identity) if each.identity else "",
        "last_event": str(row.last_event_at or "never"),
        "last_poll": str(row.polled_at or "never"),
        "error": each.error,
        "remarks": list(each.remarks),
    }


@connections.command("list")
@click.argument("name")
@click.argument("what")
@click.option("--format", "shape", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many at most.")
@click.option("--filter", "filters", multiple=True, metavar="KEY=VALUE", help="Only those; in the vendor's own words.")
@click.pass_obj
def list_of(config_path: str, name: str, what: str, shape: str, limit: int, filters: tuple[str, ...]) -> None:
    """List WHAT the account of the connection NAME holds, such as agents, groups, channels, users or conversations.

    The calls count towards the connection's budget, behind replies to customers.
    """
    wanted = dict(_pair(text) for text in filters)
    with closing(open_runtime(config_path)) as runtime:
        configured_connection(runtime, name)
        connection = runtime.connections.named(name)
        if connection is None or not connection.active:
            raise ConfigError(name, "it is not connected", f"`relaydesk connections verify {name}` says why.")
        connector = runtime.connections.connector(connection)
        if what not in connector.listings:
            known = ", ".join(connector.listings) or "none"
            raise click.UsageError(f'{connector.label} has no list of "{what}". Those there are: {known}')
        http = runtime.connections.http(connection, Priority.SYNC)
        with _failure_told():
            found = list(islice(connector.listing(what, wanted, connection, http), limit))
    _show(found, connector.listings[what], shape)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.UsageError(f"--filter {text}: write it as KEY=VALUE")
    return key, value


def _show(found: Sequence[Mapping[str, Any]], columns: Sequence[str], shape: str) -> None:
    if shape == "json":
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    # A column that no entry has belongs to another kind of account.
    shown = [column for column in columns if not found or any(column in entry for entry in found)]
    lines = [[_cell(entry.get(column)) for column in shown] for entry in found]
    if shape == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([shown, *lines])
    elif not found:
        click.echo("None.")
    else:
        table = Table(*shown)
        for line in lines:
            table.add_row(*map(escape, line))
        Console().print(table)


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@connections.command("verify")
@click.argument("name")
@click.pass_obj
def verify_connection(config_path: str, name: str) -> None:
    """Ask the vendor whether the connection NAME works, and say who it speaks as.

    One that was switched off for an error is switched on again. A failure changes nothing and exits 1.
    """
    with closing(open_runtime(config_path)) as runtime:
        configured = configured_connection(runtime, name)
        before = row_for(runtime, configured)
        _refuse_erased(before)
        with _failure_told():
            identity = verify(runtime, configured)
        click.echo(f"{name} speaks as {who(identity)}")
        for warning in identity.warnings:
            click.echo(f"warning: {warning}")
        if before.disconnected_at is not None:
            click.echo(f"It is disconnected; `relaydesk connections reconnect {name}` connects it again.")
            return
        switch_on(runtime, configured, identity, before.revision)


@connections.command()
@click.argument("name")
@click.confirmation_option(prompt="Nothing will be received or answered any more. Disconnect it?")
@click.pass_obj
def disconnect(config_path: str, name: str) -> None:
    """Cut the connection NAME: nothing is received, polled or sent any more, and what is queued is cancelled.

    Its sessions stay in the inbox. Its webhook address is void from now on; connecting it again makes a new one.
    """
    with closing(open_runtime(config_path)) as runtime:
        configured_connection(runtime, name)
        connection = runtime.connections.named(name)
        if connection is None:
            raise ConfigError(name, "it has never been connected", "There is nothing to disconnect.")
        ended = cut(runtime, connection, "the command line")
        click.echo(f"{name} is disconnected. Its sessions stay in the inbox.")
        click.echo(f"cancelled: {_count(ended.cancelled, 'queued action')}, {_count(ended.unanswered, 'due answer')}")
        if ended.unread:
            click.echo(f"left unread: {_count(ended.unread, 'event')}")
        if ended.parked:
            click.echo(f"not certain whether they were sent, look at the vendor: {_count(ended.parked, 'action')}")
        if ended.assigned:
            click.echo(f"still assigned to the AI's agent at the vendor: {_count(ended.assigned, 'open conversation')}")
        click.echo("\nNow delete at the vendor what was made for it:")
        click.echo(runtime.connections.connector(connection).farewell_guide(connection).text)
        click.echo("\nRelaydesk uses its credential no more and keeps no copy.")
        if runtime.connections.row(connection.id).provisioned:
            click.echo(f"Take it out of {runtime.config.path} (or of the variable or file it is read from) yourself.")


@connections.command()
@click.argument("name")
@click.pass_obj
def reconnect(config_path: str, name: str) -> None:
    """Connect NAME again after `disconnect`, under a NEW webhook address, which must be registered at the vendor.

    It is verified first: a failure changes nothing and exits 1.
    """
    with closing(open_runtime(config_path)) as runtime:
        configured = configured_connection(runtime, name)
        before = row_for(runtime, configured)
        if before.disconnected_at is None:
            raise ConfigError(name, "it is not disconnected", f"`relaydesk connections verify {name}` looks at it.")
        _refuse_erased(before)
        with _failure_told():
            identity = verify(runtime, configured)
        switch_on(runtime, configured, identity, before.revision)
        url, guide = webhook_address(runtime, name)
        click.echo(f"{name} is connected again and speaks as {who(identity)}.")
        click.echo(f"Its webhook address is a new one; the old one is void:\n{url}\n\n{guide}")


def _refuse_erased(row: ConnectionRow) -> None:
    """The credential of a connection that was made on the pages was erased when it was cut."""
    if not row.provisioned and row.disconnected_at is not None:
        raise ConfigError(row.name, "it is disconnected, and its credential erased", "Connect it again on its page.")


@contextmanager
def _failure_told() -> Iterator[None]:
    try:
        yield
    except RelaydeskError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
