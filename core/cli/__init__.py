"""The command `relaydesk`: everything an operator does from a shell."""

from __future__ import annotations

import sys

import click

from core.cli.backfill import backfill
from core.cli.connections import connections
from core.cli.demo import demo
from core.cli.destinations import destinations
from core.cli.look import check, plugins, webhook_url
from core.cli.project import init, migrate
from core.cli.run import serve, worker
from core.cli.simulate import send_fixture, simulate
from core.cli.users import users
from core.errors import ConfigError, RelaydeskError
from core.version import VERSION

EXIT_FAILED = 1
EXIT_USAGE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="relaydesk")
@click.option(
    "--config",
    "config_path",
    envvar="RELAYDESK_CONFIG",
    default="config.toml",
    show_default=True,
    help="The configuration file.",
)
@click.pass_context
def cli(context: click.Context, config_path: str) -> None:
    """Put an AI responder to work inside your helpdesk.

    Start with `relaydesk demo`, which needs no account; for your own helpdesk: `relaydesk init`, fill in a connection,
    `relaydesk check`, then `relaydesk serve`.

    Exit codes: 0 all went well, 1 something was tried and failed, 2 the call or the configuration is wrong.
    """
    context.obj = config_path


for command in (
    demo,
    init,
    migrate,
    check,
    serve,
    worker,
    plugins,
    connections,
    webhook_url,
    backfill,
    destinations,
    users,
    simulate,
    send_fixture,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; mistakes of configuration are told in one line, without a traceback."""
    try:
        cli()
    except ConfigError as problem:
        click.echo(f"relaydesk: {problem}", err=True)
        sys.exit(EXIT_USAGE)
    except RelaydeskError as problem:
        click.echo(f"relaydesk: {problem}", err=True)
        sys.exit(EXIT_FAILED)
