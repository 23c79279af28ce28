"""The command `destinations send`: takes a file into a destination's ledger, and works on it until all is settled."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.progress import TimeRemainingColumn as Remaining

from core.cli.destination_ground import found, nothing_sent, opened, pretty
from core.destinations import formats, intake, trying
from core.destinations.catalogue import Destination, Destinations
from core.destinations.look_ups import LookUpCache
from core.destinations.met import OPEN, Met
from core.jobs.send_records import drain, next_moment
from core.runtime import Runtime

LOOK_SECONDS = 0.5
"""How often the store is asked how far it is."""
MOST_SHOWN = 20
"""Broken records that are printed; the ledger has all of them."""
LONGEST_ORIGIN = 255


@dataclass(frozen=True, slots=True)
class Sending:
    """What the command was asked for."""

    destination: Destination
    origin: str
    size: int | None
    stream: BinaryIO
    kind: str
    limit: int | None
    as_json: bool
    met: Met

    @property
    def name(self) -> str:
        """The destination's name."""
        return self.destination.name


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--format", "kind", type=click.Choice(formats.KINDS), help="How it is written; left out, as the file's name ends."
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many records, as a sample.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent; nothing is kept or sent.")
@click.option("--no-wait", is_flag=True, help="Only take the file in; the service sends it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and no progress.")
@click.pass_obj
def send(
    config_path: str, name: str, file: str, kind: str, limit: int | None, dry_run: bool, no_wait: bool, as_json: bool
) -> None:
    """Send the records of FILE (JSON, lines of JSON or CSV; - for standard input) to the destination NAME.

    The file is first taken into the ledger, then its records are sent, here or by the service where that is at it.
    It can be broken off anywhere (Ctrl-C), even killed, and be called again: no record is written twice. With --limit
    only the first are taken; they are remembered, so that the whole file later does not send them again. Nothing is
    sent before the destination is activated. Exits 1 if a record is broken or has failed.
    """
    with opened(config_path, connected=not no_wait) as runtime, click.open_file(file, "rb") as stream:
        destination = found(runtime, name)
        path = Path(file)
        origin = "standard input" if file == "-" else path.name[:LONGEST_ORIGIN]
        sending = Sending(
            destination,
            origin,
            None if file == "-" else path.stat().st_size,
            cast(BinaryIO, stream),
            kind or formats.kind_of("" if file == "-" else path.name),
            limit,
            as_json,
            Met(destination.id, origin, runtime.db.now()),
        )
        if dry_run:
            _tell_dry_run(trying.dry_run(runtime, destination.sound(), _items(sending), limit), sending)
            return
        try:
            took = _take_in(runtime, sending)
        except KeyboardInterrupt:
            click.echo("broken off while the file was read; call it again, and it goes on from here", err=True)
            sys.exit(1)
        read_at = runtime.db.now()
        broken_off = not no_wait and not nothing_sent(destination) and not _work(runtime, sending)
        _tell_result(runtime, sending, took, read_at, broken_off=broken_off)


def _items(sending: Sending) -> Iterator[formats.Item]:
    return formats.read_items(sending.stream, sending.kind)


# ------------------------------------------------------------------------------------------------- taken in, and sent


def _take_in(runtime: Runtime, sending: Sending) -> intake.Took:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Elapsed(), Remaining())
    with Progress(*columns, console=Console(stderr=True), disable=sending.as_json) as progress:
        task = progress.add_task(f"reading {sending.origin}", total=sending.size)

        def told(read: int) -> None:
            done = sending.stream.tell() if sending.size is not None else None
            progress.update(task, completed=done, description=f"reading {sending.origin}: {read:,} records")

        items, limit = _items(sending), sending.limit
        took = intake.take_in(runtime, sending.name, items, sending.origin, limit=limit, told=told, met=sending.met)
        progress.update(task, completed=sending.size, total=sending.size)
        return took


def _work(runtime: Runtime, sending: Sending) -> bool:
    """Send what came with the file until all of it is settled, here or by the service; False if it was broken off."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed(), Remaining())
    with (
        Progress(*columns, console=Console(stderr=True), disable=sending.as_json) as progress,
        _interrupted() as interrupted,
    ):
        watch, cache = _Watch(runtime, sending, progress), LookUpCache(runtime.clock)
        while not interrupted.is_set() and watch.look():
            if nothing_sent(destination := Destinations(runtime).get(sending.name)):
                break
            if drain(runtime, sending.name, lambda: interrupted.is_set() or watch.glance(), cache):
                continue
            due = next_moment(runtime, sending.name)
            watch.say(destination, due)
            interrupted.wait(_patience(due, runtime.db.now()))
        return not interrupted.is_set()


def _patience(due: datetime | None, now: datetime) -> float:
    return LOOK_SECONDS if due is None else min(max((due - now).total_seconds(), 0.01), LOOK_SECONDS)


class _Watch:
    """Shows how far the records of a file are; the store is not asked more often than it is worth."""

    def __init__(self, runtime: Runtime, sending: Sending, progress: Progress) -> None:
        self._runtime = runtime
        self._sending = sending
        self._progress = progress
        self._task = progress.add_task("sending", total=None)
        self._looked_at = 0.0

    def look(self) -> bool:
        """Show it; whether there is any record left that something may still come of."""
        counts = self._sending.met.counts(self._runtime)
        left = sum(counts[state] for state in OPEN)
        words = f"sent {counts['sent']:,}, failed {counts['failed']:,}, waiting {left:,}"
        total = sum(counts.values())
        self._progress.update(self._task, description=words, completed=total - left, total=total)
        self._looked_at = time.monotonic()
        return left > 0

    def glance(self) -> bool:
        """The same between two calls, if it is time to; False, so that the next call is made."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self.look()
        return False

    def say(self, destination: Destination, due: datetime | None) -> None:
        """Why nothing is sent just now."""
        why = f"waiting: {destination.held_reason}" if destination.held_reason else ""
        if not why and due is None:
            why = "sending, by the service"
        if why:
            self._progress.update(self._task, description=why)


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C, so that the call that is under way is brought to its end; a second one breaks that off too."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def stop(*_: Any) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield event
    except KeyboardInterrupt:
        event.set()
    finally:
        signal.signal(signal.SIGINT, before)


# -------------------------------------------------------------------------------------------------- what is told


def _tell_dry_run(would: trying.DryRun, sending: Sending) -> None:
    if sending.as_json:
        click.echo(json.dumps(asdict(would), indent=2, ensure_ascii=False, default=str))
    else:
        good = f"{would.good:,} good in {would.requests:,} requests"
        others = f"{would.known:,} known before, {would.duplicates:,} duplicates, {would.broken:,} broken"
        click.echo(f"{would.read:,} read: {good}, {others}")
        for sample in would.samples[:1]:
            click.echo(f"\nthe first request:\n{sample.verb} {sample.url}\n{pretty(sample.body)}\n")
        _tell_errors(would.errors, would.broken, "")
        click.echo("Nothing was kept or sent.")
    sys.exit(1 if would.broken else 0)


def _tell_errors(errors: tuple[intake.LineError, ...], broken: int, where: str) -> None:
    for error in errors[:MOST_SHOWN]:
        field = f", {error.field}" if error.field else ""
        click.echo(f"line {error.line}{field}: {error.reason}")
    if broken > MOST_SHOWN:
        click.echo(f"and {broken - min(len(errors), MOST_SHOWN):,} more{where}")


def _tell_result(runtime: Runtime, sending: Sending, took: intake.Took, read_at: datetime, *, broken_off: bool) -> None:
    counts = sending.met.counts(runtime)
    left = sum(counts[state] for state in OPEN)
    failed = sending.met.failed_calls(runtime, read_at)
    told = {state: counts[state] for state in ("sent", "skipped", "parked", "dropped")}
    told |= {"failed": failed, "waiting": left}
    if sending.as_json:
        told_before = {"before": dict(sending.met.before), "earlier": dict(sending.met.earlier)}
        click.echo(json.dumps({**asdict(took), **told, **told_before}, indent=2, ensure_ascii=False))
    else:
        _tell_in_words(sending, took, told, Destinations(runtime).get(sending.name))
    if broken_off:
        click.echo("broken off; call it again, and it goes on from here: no record is written twice", err=True)
    sys.exit(1 if took.broken or failed or told["parked"] or broken_off else 0)


def _tell_in_words(sending: Sending, took: intake.Took, told: Mapping[str, int], destination: Destination) -> None:
    known = f"{took.known:,} known before, {took.duplicates:,} duplicates, {took.broken:,} broken"
    click.echo(f"{sending.origin}: {took.read:,} read: {took.accepted:,} accepted, {known}")
    name, before = sending.name, sending.met.before
    if before:
        states = ", ".join(f"{state} {number:,}" for state, number in sorted(before.items()))
        click.echo(f"of those known before, settled already: {states}")
    for origin, number in sending.met.earlier.items():
        click.echo(f"{number:,} of them had come as {origin}, and were not settled yet: they count here")
    _tell_errors(took.errors, took.broken, f": relaydesk destinations records {name} --state failed")
    if sending.limit is not None:
        click.echo(f"Only the first {sending.limit:,} were taken; the whole file later does not send them again.")
    click.echo(
        ", ".join(
            f"{state} {number:,}" for state, number in told.items() if number or state in ("sent", "failed", "waiting")
        )
    )
    if told["failed"]:
        click.echo(f"why they failed: relaydesk destinations records {name} --state failed")
    if told["parked"]:
        click.echo(f"nobody knows whether they arrived: relaydesk destinations records {name} --state parked")
    if told["waiting"] and (why := nothing_sent(destination)):
        click.echo(why)
