"""Commands that set a project up: `init` and `migrate`."""

from __future__ import annotations

import json
import secrets
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path

import click
from argon2 import PasswordHasher

from core.config import load_config
from core.errors import ConfigError
from core.runtime import build_runtime
from core.store.migrations import migrate as apply_migrations

HERE = Path(__file__).resolve().parent.parent.parent
EXAMPLE = "config.example.toml"
SAMPLE = HERE / "plugins" / "answers" / "sample"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--admin-email", default="admin@localhost", show_default=True, help="With which to sign in to the pages.")
def init(folder: Path, admin_email: str) -> None:
    """Make a new project in FOLDER: a configuration file, a secret key, an administrator, and sample answers.

    Nothing that is there already is overwritten.
    """
    make_project(folder, admin_email, click.echo)
    click.echo("next: relaydesk check, then relaydesk serve")


def make_project(folder: Path, admin_email: str, say: Callable[[str], None], answers: Path = SAMPLE) -> str:
    """Make a project; returns the administrator's password, "" if the configuration was there already.

    `answers` is the folder of Markdown files that the project begins with.
    """
    text = _filled_in(_example(), admin_email)
    folder.mkdir(parents=True, exist_ok=True)
    password = ""
    config = folder / "config.toml"
    key_file = folder / "secret_key"
    if not key_file.exists():
        _write_private(key_file, secrets.token_urlsafe(48))
        say(f"made {key_file}: keep it; webhook addresses depend on it")
    if config.exists():
        say(f"kept {config}: it is there already")
    else:
        password = secrets.token_urlsafe(12)
        hash_file = folder / "admin_password_hash"
        _write_private(hash_file, PasswordHasher().hash(password))
        config.write_text(text, encoding="utf-8")
        say(f"made {config}: fill in a [[connections]] table")
        say(f"made the administrator {admin_email} with the password {password} (shown only now)")
    place = folder / "answers"
    if place.exists():
        say(f"kept {place}: it is there already")
    else:
        shutil.copytree(answers, place)
        say(f"made {place}: sample answers, to be replaced with your own")
    return password


def _example() -> str:
    """The example configuration: beside core in a checkout, in share/relaydesk once installed."""
    # Debian's own Python installs below /usr/local, which sys.prefix does not say; `pip install --user` below ~/.local.
    roots = (sysconfig.get_path("data"), sysconfig.get_path("data", sysconfig.get_preferred_scheme("user")))
    for place in (HERE, *(Path(root) / "share" / "relaydesk" for root in roots)):
        if (place / EXAMPLE).is_file():
            return (place / EXAMPLE).read_text(encoding="utf-8")
    raise ConfigError("init", f"{EXAMPLE} is not where it belongs", "Install relaydesk again.")


def _filled_in(example: str, admin_email: str) -> str:
    text = example
    for shown, meant in (
        ('secret_key = { env = "RELAYDESK_SECRET_KEY" }', 'secret_key = { file = "secret_key" }'),
        ('admin_email = "admin@example.com"', f"admin_email = {json.dumps(admin_email, ensure_ascii=False)}"),
        (
            '#admin_password_hash = { env = "RELAYDESK_ADMIN_PASSWORD_HASH" }',
            'admin_password_hash = { file = "admin_password_hash" }',
        ),
    ):
        if shown not in text:
            raise ConfigError("init", f"{EXAMPLE} was changed beyond recognition", "Install relaydesk again.")
        text = text.replace(shown, meant)
    return text


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text + "\n", encoding="utf-8")


@click.command()
@click.pass_obj
def migrate(config_path: str) -> None:
    """Bring the tables of the store up to date. Safe to run at any time, and twice at once."""
    runtime = build_runtime(load_config(Path(config_path)))
    applied = apply_migrations(runtime.db)
    for step in applied:
        click.echo(f"applied {step}")
    if not applied:
        click.echo("nothing to do: the store is up to date")
    runtime.close()
