"""Commands that look and tell: `check`, `plugins`, `webhook-url`."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from core.config import load_config
from core.domain import Identity
from core.errors import ConfigError, RelaydeskError
from core.overview import webhook_url as webhook_url_of
from core.provisioning import configured_connection, provision, verify
from core.runtime import Runtime, build_runtime
from core.store.migrations import migrate


def open_runtime(config_path: str) -> Runtime:
    """The runtime of a configuration file, with its store up to date; raises `ConfigError`."""
    runtime = build_runtime(load_config(Path(config_path)))
    migrate(runtime.db)
    return runtime


def webhook_address(runtime: Runtime, name: str) -> tuple[str, str]:
    """The webhook address of a connection, and its set-up guide; raises `ConfigError` naming those there are."""
    configured_connection(runtime, name)
    provision(runtime)
    connection = runtime.connections.named(name)
    if connection is None:
        raise ConfigError(name, "it could not be stored", "Look at the log.")
    if not connection.inbound:
        mend = "Set inbound = true for it, if it shall answer customers too."
        raise ConfigError(name, "it only writes records, and so it has no webhook address", mend)
    url = webhook_url_of(runtime, connection)
    return url, runtime.connections.connector(connection).setup_guide(connection, url).text


@click.command()
@click.pass_obj
def check(config_path: str) -> None:
    """Check configuration, plugins and store, and verify every connection at its vendor.

    Prints who each connection speaks as. Exits 1 if a connection fails, 2 if the configuration is wrong.
    """
    runtime = open_runtime(config_path)
    click.echo(f"configuration  {runtime.config.path}: ok")
    click.echo(f"plugins        {', '.join(runtime.plugins.names) or 'none'}: ok")
    click.echo(f"store          {runtime.db.describe()}: ok")
    failed = 0
    for row in runtime.connections.made_on_pages():
        if row.disconnected_at is None and (trouble := runtime.connections.trouble(row)):
            failed += 1
            click.echo(f"connection     {row.name} ({row.connector}): {trouble}", err=True)
    cut = {row.id for row in runtime.connections.made_on_pages() if row.disconnected_at is not None}
    wanted = [one for one in runtime.connections.configured.values() if one.stored_id not in cut]
    if not wanted and not failed:
        click.echo("connections    none yet: add a [[connections]] table to the configuration file")
    for configured in wanted:
        try:
            identity = verify(runtime, configured)
        except RelaydeskError as problem:
            failed += 1
            click.echo(f"connection     {configured.name} ({configured.connector}): {problem}", err=True)
        else:
            click.echo(f"connection     {configured.name} ({configured.connector}): speaks as {who(identity)}: ok")
            for warning in identity.warnings:
                click.echo(f"               warning: {warning}")
    runtime.close()
    sys.exit(1 if failed else 0)


def who(identity: Identity) -> str:
    """Whom a connection speaks as, for people."""
    where = f" at {identity.account}" if identity.account else ""
    return f"{identity.agent_name} <{identity.agent_email}>{where}"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def plugins(config_path: str, as_json: bool) -> None:
    """List the enabled plugins, where each was found, and the hooks it implements."""
    runtime = open_runtime(config_path)
    found = runtime.plugins.describe()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(plugin) for plugin in found], indent=2))
        return
    table = Table("plugin", "version", "found in", "hooks")
    for plugin in found:
        table.add_row(plugin.name, plugin.version, plugin.where, "\n".join(plugin.hooks))
    Console().print(table)


@click.command("webhook-url")
@click.argument("name")
@click.option("--guide", is_flag=True, help="Also print what to do with it at the vendor, step by step.")
@click.pass_obj
def webhook_url(config_path: str, name: str, guide: bool) -> None:
    """Print the webhook address of the connection NAME.

    Whoever has this address can post events: treat it as a secret. It stays the same when the API token is rotated.
    """
    runtime = open_runtime(config_path)
    url, steps = webhook_address(runtime, name)
    click.echo(url)
    if guide:
        click.echo("\n" + steps)
