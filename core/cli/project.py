"""Commands that set a project up: `init` and `migrate`."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import click

from core.config import load_config
from core.runtime import build_runtime
from core.store.migrations import migrate as apply_migrations

HERE = Path(__file__).resolve().parent.parent.parent


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Make a new project in FOLDER: a configuration file, a secret key, and sample answers.

    Nothing that is there already is overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    key_file = folder / "secret_key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(48) + "\n", encoding="utf-8")
        click.echo(f"made {key_file}: keep it; webhook addresses depend on it")
    if config.exists():
        click.echo(f"kept {config}: it is there already")
    else:
        example = (HERE / "config.example.toml").read_text(encoding="utf-8")
        text = example.replace('secret_key = { env = "RELAYDESK_SECRET_KEY" }', 'secret_key = { file = "secret_key" }')
        config.write_text(text, encoding="utf-8")
        click.echo(f"made {config}: fill in a [[connections]] table")
    answers = folder / "answers"
    if answers.exists():
        click.echo(f"kept {answers}: it is there already")
    else:
        shutil.copytree(HERE / "plugins" / "answers" / "sample", answers)
        click.echo(f"made {answers}: sample answers, to be replaced with your own")
    click.echo("next: relaydesk check, then relaydesk serve")


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
