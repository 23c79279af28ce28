"""The command `demo`: simulated helpdesks and the service under gunicorn, with one round played at each of them."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from core.cli.demo_service import Sessions, check_free, configure, free_port, running_service, tail_of
from core.cli.look import open_runtime, webhook_address
from core.cli.project import SAMPLE, make_project
from core.cli.simulate import find_rounds
from core.errors import ConfigError
from core.signalled import wait_for_signal
from core.testing.demo import Round, StepFailed

ADMIN = "admin@localhost"
LAST_PORT = 65535
PORT = click.IntRange(0, LAST_PORT)


@click.command()
@click.option("--once", is_flag=True, help="Stop after the last step: 0 if every step happened, 1 if not.")
@click.option("--port", type=PORT, default=0, help="The service's port; 0 takes a free one.")
@click.option(
    "--simulator-port",
    type=PORT,
    default=0,
    help="The first simulator's port, the next ones following; 0 takes free ones.",
)
@click.option("--vendor", "only", multiple=True, help="Play at this vendor only; may be given more than once.")
@click.option(
    "--answers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SAMPLE,
    help="A folder of Markdown files to answer from, instead of the samples.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for the project, its database and the service's log, which stay there afterwards.",
)
def demo(once: bool, port: int, simulator_port: int, only: tuple[str, ...], answers: Path, keep: Path | None) -> None:
    """Show the whole service at work, with a simulated account of each vendor in place of yours.

    Plays a round at each, judged by what the simulated account shows: a question is answered, a human is asked for,
    an agent takes over and resolves. Then it stays up for you to try, until Ctrl-C.
    """
    rounds = find_rounds()
    for name in only:
        if name not in rounds:
            raise click.UsageError(f'--vendor: there is no "{name}". Those there are: {", ".join(rounds)}')
    chosen = {name: each for name, each in rounds.items() if name in only or not only}
    with _stopped_in_order(), _project_folder(keep) as folder:
        try:
            _run(folder, chosen, once=once, ports=_ports(port, simulator_port, len(chosen)), answers=answers)
        except StepFailed as failure:
            click.echo(f"\n{failure}", err=True)
            click.echo(f"\nthe service's log, its last lines:\n{tail_of(folder / 'service.log')}", err=True)
            sys.exit(1)


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the demo as an exception does, so that its processes end with it."""

    def stop(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    heeded = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN]
    before = {each: signal.signal(each, stop) for each in heeded}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _project_folder(keep: Path | None) -> Iterator[Path]:
    """The folder to keep, or one that is removed at the end; raises `ConfigError` where something would be lost."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="relaydesk-demo-") as scratch:
            yield Path(scratch)
        return
    if keep.exists() and any(keep.iterdir()):
        raise ConfigError("--keep", f"{keep} is not empty", "Name a new folder.")
    yield keep.absolute()


def _ports(port: int, first: int, number: int) -> list[int]:
    """The service's port, and those of the simulators; 0 among these for one that is free."""
    simulators = [first + index if first else 0 for index in range(number)]
    if port and port in simulators:
        raise ConfigError("--simulator-port", "it is the service's port too", "Choose another, or leave it out.")
    if max(simulators, default=0) > LAST_PORT:
        raise ConfigError("--simulator-port", "there is no room above it", "Choose a lower one, or leave it out.")
    ports = [port or free_port(), *simulators]
    for wanted in ports:
        check_free(wanted)
    return ports


def _run(folder: Path, rounds: Mapping[str, Round], *, once: bool, ports: Sequence[int], answers: Path) -> None:
    port, *simulator_ports = ports
    password = make_project(folder, ADMIN, lambda _: None, answers)
    with ExitStack() as running:
        sims: dict[str, Any] = {}
        for (name, part), at in zip(rounds.items(), simulator_ports, strict=True):
            sims[name] = running.enter_context(part.build(port=at))
            click.echo(f"{f'Simulated {part.label}':22}{sims[name].url}/")
        configure(folder, port, {name: part.settings(sims[name]) for name, part in rounds.items()})
        address = running.enter_context(running_service(folder, port))
        click.echo(f"{'Relaydesk':22}{address}/")
        runtime = running.enter_context(closing(open_runtime(str(folder / "config.toml"))))
        for name in rounds:
            # As an admin does by hand.
            sims[name].webhook_url, _ = webhook_address(runtime, name)
        for name, part in rounds.items():
            click.echo(f"\n{part.label}")
            part.play(part.stage(sims[name], Sessions(runtime, name), click.echo))
        click.echo("\nEverything went as it should.")
        if not once:
            _stay(address, password, {part.label: sims[name].url for name, part in rounds.items()})


def _stay(address: str, password: str, simulators: Mapping[str, str]) -> None:
    """Tell where everything is, and wait for Ctrl-C."""
    click.echo(f"\n{'Inbox:':12}{address}/   (user {ADMIN}, password {password})")
    for label, url in simulators.items():
        click.echo(f"{f'{label}:':12}{url}/   (write as the customer, work as the agent)")
    click.echo("Stop with Ctrl-C.")
    with suppress(KeyboardInterrupt):
        wait_for_signal(threading.Event())
    click.echo("\nstopped")
