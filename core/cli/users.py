"""The command `users`: who may sign in to the pages, and one-time links for them."""

from __future__ import annotations

from contextlib import closing

import click
from rich.console import Console
from rich.table import Table

from core.access.audit import COMMAND_LINE
from core.access.users import Role, User, Users
from core.cli.look import open_runtime


@click.group()
def users() -> None:
    """Who may sign in to the pages."""


@users.command("list")
@click.pass_obj
def list_users(config_path: str) -> None:
    """List everybody with their role, and whether they can sign in."""
    with closing(open_runtime(config_path)) as runtime:
        found = Users(runtime.db, runtime.config.server).all()
    if not found:
        click.echo("nobody yet: `relaydesk users invite you@yourcompany.com --role admin` lets you in")
        return
    table = Table("address", "name", "role", "state")
    for user in found:
        table.add_row(user.email, user.name, user.role.value, _state(user))
    Console().print(table)


@users.command()
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="operator works the inbox and reads everything; admin also sets everything up. Left out, it is operator for "
    "somebody new, and stays as it is for somebody who is there.",
)
@click.option("--name", default="", help="What colleagues call them.")
@click.pass_obj
def invite(config_path: str, email: str, role: str | None, name: str) -> None:
    """Print a one-time link with which EMAIL sets their password; also for one who has forgotten it.

    It is good for a day. Whoever has it can take the account: send it to nobody else. Of somebody who is there already
    nothing changes until they use it: the old password still works, and a lock still holds. Only a role that you name
    counts at once.
    """
    with closing(open_runtime(config_path)) as runtime:
        users = Users(runtime.db, runtime.config.server)
        secret = users.invite(email, Role(role) if role else None, COMMAND_LINE, name)
        click.echo(f"{runtime.config.server.base_url}/welcome/{secret}")


def _state(user: User) -> str:
    if not user.active:
        return "locked"
    if user.provisioned:
        return "from the configuration file"
    return "can sign in" if user.has_password else "has set no password yet"
