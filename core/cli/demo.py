"""The command `demo`: a simulated helpdesk and the service under gunicorn, with one conversation played through."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click
import requests

from core.cli.demo_steps import Stage, StepFailed, play
from core.cli.look import open_runtime, webhook_address
from core.cli.project import SAMPLE, make_project
from core.cli.simulate import find_simulator
from core.errors import ConfigError
from core.runtime import Runtime
from core.store.models import ConnectionRow, SessionRow

NAME = "demo"
AGENT = "robin@example.com"
HUMAN = "hanna@example.com"
ADMIN = "admin@localhost"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
TAIL = 30
PORT = click.IntRange(0, 65535)

CONNECTION = """
[[connections]]
name = "{name}"
connector = "freshchat"
api_url = "{api_url}"
access_token = {{ file = "access_token" }}
default_agent_email = "{agent}"
public_key = "{public_key}"
"""


@click.command()
@click.option("--once", is_flag=True, help="Stop after the conversation: 0 if every step happened, 1 if not.")
@click.option("--port", type=PORT, default=0, help="The service's port; 0 takes a free one.")
@click.option("--simulator-port", type=PORT, default=0, help="The simulator's port; 0 takes a free one.")
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
def demo(once: bool, port: int, simulator_port: int, answers: Path, keep: Path | None) -> None:
    """Show the whole service at work, with a simulated Freshchat account in place of yours.

    Plays one conversation, judged by what the simulated account shows: a question is answered, a human is asked
    for, an agent takes over and resolves. Then it stays up for you to try, until Ctrl-C.
    """
    with _stopped_in_order(), _project_folder(keep) as folder:
        try:
            _run(folder, once, port, simulator_port, answers)
        except StepFailed as failure:
            click.echo(f"\n{failure}", err=True)
            click.echo(f"\nthe service's log, its last lines:\n{_tail(folder / 'service.log')}", err=True)
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


def _run(folder: Path, once: bool, port: int, simulator_port: int, answers: Path) -> None:
    if port and port == simulator_port:
        raise ConfigError("--simulator-port", "it is the service's port too", "Choose another, or leave it out.")
    port = port or _free_port()
    for wanted in (port, simulator_port):
        _check_free(wanted)
    password = make_project(folder, ADMIN, lambda _: None, answers)
    with find_simulator("freshchat").build(agent_email=AGENT, human_email=HUMAN, port=simulator_port) as sim:
        _configure(folder, port, sim)
        click.echo(f"Simulated Freshchat   {sim.url}/")
        with _service(folder, port) as address, closing(open_runtime(str(folder / "config.toml"))) as runtime:
            _connect(runtime, sim)
            click.echo(f"Relaydesk             {address}/\n")
            play(_stage(runtime, sim))
            click.echo("\nThe conversation went as it should.")
            if not once:
                click.echo(f"\nInbox:      {address}/   (user {ADMIN}, password {password})")
                click.echo(f"Freshchat:  {sim.url}/   (write as the customer, work as the agent)")
                click.echo("Stop with Ctrl-C.")
                with suppress(KeyboardInterrupt):
                    threading.Event().wait()
                click.echo("\nstopped")


def _configure(folder: Path, port: int, sim: Any) -> None:
    token = folder / "access_token"
    token.touch(mode=0o600)
    token.write_text(str(sim.token), encoding="utf-8")
    file = folder / "config.toml"
    text = file.read_text(encoding="utf-8").replace("http://localhost:8000", f"http://127.0.0.1:{port}")
    text += CONNECTION.format(name=NAME, api_url=sim.api_url, agent=AGENT, public_key=sim.public_key_text())
    file.write_text(text, encoding="utf-8")


def _connect(runtime: Runtime, sim: Any) -> None:
    """Register the webhook address with the simulated account, as an admin does by hand."""
    sim.webhook_url, _ = webhook_address(runtime, NAME)
    with runtime.db.read():
        row = ConnectionRow.get(ConnectionRow.name == NAME)
    if not row.active:
        raise StepFailed(f"expected: the connection works\nseen:     {row.error}")


def _stage(runtime: Runtime, sim: Any) -> Stage:
    def closed(conversation_id: str) -> bool:
        with runtime.db.read():
            row = SessionRow.get_or_none(SessionRow.conversation_id == conversation_id)
        return row is not None and row.status == "closed_resolved"

    agents = {agent.email: agent for agent in sim.agents}
    return Stage(
        sim=sim,
        ai=agents[AGENT],
        human=agents[HUMAN],
        customer=sim.customer("ada@example.com", "Ada Customer"),
        closed=closed,
        say=click.echo,
    )


@contextmanager
def _service(folder: Path, port: int) -> Iterator[str]:
    """The service under gunicorn, ready; stopped with all its processes at the end."""
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "RELAYDESK_CONFIG": str(folder / "config.toml"), "PYTHONUNBUFFERED": "1"}
    bind = ["-w", "2", "--threads", "8", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", *bind, "core.app:serve()"]
    with (folder / "service.log").open("wb") as log:
        # A session of its own, so that Ctrl-C reaches us alone and we stop it in order.
        service = subprocess.Popen(  # noqa: S603 - the arguments are ours
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until(lambda: _is_ready(address, service), "the service becomes ready")
        yield address
    finally:
        service.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                service.wait(STOP_SECONDS)
        finally:  # also where a second Ctrl-C ends the waiting
            if service.poll() is None:
                os.killpg(service.pid, signal.SIGKILL)
                service.wait()


def _is_ready(address: str, service: subprocess.Popen[bytes]) -> bool:
    if service.poll() is not None:
        raise StepFailed("expected: the service starts\nseen:     it ended at once")
    try:
        return requests.get(f"{address}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def _wait_until(holds: Callable[[], bool], words: str) -> None:
    until = time.monotonic() + START_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise StepFailed(f"expected: {words}\nseen:     it did not within {START_SECONDS:g} seconds")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_free(port: int) -> None:
    if not port:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise ConfigError(f"port {port}", "only root may use it", "Choose one above 1023.") from None
        except OSError:
            raise ConfigError(f"port {port}", "it is in use", "Choose another, or leave the option out.") from None


def _tail(log: Path) -> str:
    if not log.is_file():
        return "(none)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])
