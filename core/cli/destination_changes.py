"""The commands that do something with a destination: test it, let it send or not, and send again what failed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from core.access.audit import COMMAND_LINE
from core.cli.destination_ground import found, nothing_sent, opened, pretty
from core.destinations import by_hand, trying
from core.destinations.catalogue import Destination, Destinations
from core.destinations.formats import NotJson, read_json
from core.errors import ConfigError

NOT_KNOWN = "not known whether it was taken:"
"""What is said before the words of a test of which nobody knows what became."""


@click.command()
@click.argument("name")
@click.option(
    "--record",
    "file",
    type=click.File("r", encoding="utf-8-sig"),
    help="A file with the record as JSON; - for standard input.",
)
@click.pass_obj
def test(config_path: str, name: str, file: Any) -> None:
    """Send ONE record to the destination NAME, really, active or not, and print what the vendor answers.

    Without --record one of its own is sent, or else the sample of its template: look at it first, with
    `relaydesk destinations send NAME FILE --dry-run`. Exits 1 if the vendor refuses it, or if no answer comes.
    """
    with opened(config_path, connected=True) as runtime:
        definition = found(runtime, name).sound()
        record = _record(file) if file is not None else next(iter(trying.sample_records(runtime, definition)), None)
        if record is None:
            raise ConfigError("record", "it has none yet, and no template that has a sample", "Give one with --record.")
        tested = trying.send_test(runtime, definition, record, COMMAND_LINE, definition.name)
    if not tested.url:
        click.echo(f"nothing was sent: {tested.error or tested.note}", err=not tested.ok)
        sys.exit(0 if tested.ok else 1)
    click.echo(f"{tested.verb} {tested.url}\n{pretty(tested.body)}\n")
    click.echo(f"answer: {tested.status or 'none'}\n{tested.answer}".rstrip())
    if tested.captured_id:
        click.echo(f"captured id: {tested.captured_id}")
    if tested.note:
        click.echo(tested.note)
    if not tested.ok:
        click.echo(f"{NOT_KNOWN if tested.uncertain else 'refused:'} {tested.error}", err=True)
        sys.exit(1)


def _record(file: Any) -> dict[str, Any]:
    try:
        record = read_json(file.read())
    except UnicodeDecodeError:
        raise ConfigError("record", "it is not UTF-8", "Give an object, as JSON.") from None
    except NotJson as problem:
        raise ConfigError("record", str(problem), "Give an object, as JSON.") from None
    if not isinstance(record, dict):
        raise ConfigError("record", "it is not an object", 'Give one, such as {"email": "ada@example.com"}.')
    return record


@click.command()
@click.argument("name")
@click.option("--record", "record_id", type=click.IntRange(min=1), help="Only the record of this id.")
@click.pass_obj
def retry(config_path: str, name: str, record_id: int | None) -> None:
    """Let what failed at the destination NAME be sent again, or one --record; the service sends it.

    `relaydesk destinations send` sends it here, beside a file. What is broken is corrected on the page of the
    destination, or over the API.
    """
    with opened(config_path) as runtime:
        destination = found(runtime, name)
        if record_id is None:
            click.echo(f"{by_hand.retry_failed(runtime, name, COMMAND_LINE):,} records are sent again")
        else:
            by_hand.retry(runtime, name, record_id, COMMAND_LINE)
            click.echo(f"record {record_id} is sent again")
    if why := nothing_sent(destination):
        click.echo(why)


def _change(config_path: str, name: str, change: Callable[[Destinations, str, str], Destination], words: str) -> None:
    with opened(config_path) as runtime:
        found(runtime, name)
        changed = change(Destinations(runtime), name, COMMAND_LINE)
    click.echo(f"{name} is {changed.state.value}: {words}")


@click.command()
@click.argument("name")
@click.pass_obj
def activate(config_path: str, name: str) -> None:
    """Let the destination NAME send, from now on, also what waits already."""
    _change(config_path, name, Destinations.activate, "what waits is sent by the service")


@click.command()
@click.argument("name")
@click.pass_obj
def deactivate(config_path: str, name: str) -> None:
    """Let the destination NAME send nothing any more but tests; what waits goes on waiting."""
    _change(config_path, name, Destinations.deactivate, "what waits goes on waiting")


@click.command()
@click.argument("name")
@click.pass_obj
def pause(config_path: str, name: str) -> None:
    """Let the destination NAME send nothing until `resume`; what waits goes on waiting."""
    _change(config_path, name, Destinations.pause, "what waits goes on waiting")


@click.command()
@click.argument("name")
@click.pass_obj
def resume(config_path: str, name: str) -> None:
    """Let the destination NAME send again after `pause`, or try at once what it is held back from."""
    _change(config_path, name, Destinations.resume, "what waits is sent by the service")
