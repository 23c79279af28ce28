"""The command `relaydesk`: everything an operator does from a shell."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from core.errors import ConfigError, RelaydeskError
from core.version import VERSION

EXIT_FAILED = 1
EXIT_USAGE = 2
FILES = {
    "demo": "demo",
    "init": "project",
    "migrate": "project",
    "check": "look",
    "serve": "run",
    "worker": "run",
    "plugins": "look",
    "connections": "connections",
    "webhook-url": "look",
    "backfill": "backfill",
    "destinations": "destinations",
    "users": "users",
    "simulate": "simulate",
    "send-fixture": "simulate",
}
"""The commands, in the order in which one comes to need them, and the files they stand in."""


class Commands(click.Group):
    """Loads a command when it is called: to load all of them, and what they use, takes longer than most take."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in FILES:
            return None
        command: click.Command = getattr(import_module(f"core.cli.{FILES[cmd_name]}"), cmd_name.replace("-", "_"))
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
