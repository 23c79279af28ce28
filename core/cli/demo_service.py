"""The service that the demo shows: its project, its processes, and its side of the conversations."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from core.domain import Secret
from core.errors import ConfigError
from core.runtime import Runtime
from core.store.models import BackfillRow, ConnectionRow, SessionRow
from core.testing.demo import StepFailed

START_SECONDS = 30.0
STOP_SECONDS = 10.0
TAIL = 30
MAIL_SETTLES = 2.0
"""Seconds that a turn waits after a customer's first mail: nobody who watches wants to wait the usual half minute."""


def configure(folder: Path, port: int, connections: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the connections, by the names of their connectors, into the project's configuration."""
    file = folder / "config.toml"
    text = file.read_text(encoding="utf-8").replace("http://localhost:8000", f"http://127.0.0.1:{port}")
    names = ", ".join(f'"{name}"' for name in ("answers", *connections))
    text = re.sub(r"^enabled = .*$", f"enabled = [{names}]", text, count=1, flags=re.MULTILINE)
    # So that the pages can be tried with simulated accounts too.
    text = text.replace("api_url_on_pages = false", "api_url_on_pages = true", 1)
    head, mails, tail = text.partition("[channels.email]\n")
    settles = f"settle_seconds = {MAIL_SETTLES}"
    text = head + mails + re.sub(r"^settle_seconds = .*$", settles, tail, count=1, flags=re.MULTILINE)
    for name, settings in connections.items():
        text += f'\n[[connections]]\nname = "{name}"\nconnector = "{name}"\n'
        text += "".join(f"{key} = {_toml(folder, f'{name}_{key}', value)}\n" for key, value in settings.items())
    file.write_text(text, encoding="utf-8")


def _toml(folder: Path, file: str, value: Any) -> str:
    """A setting as the configuration has it; a secret is written to a file of its own."""
    if not isinstance(value, Secret):
        return f'"{value}"'
    place = folder / file
    place.touch(mode=0o600)
    place.write_text(value.reveal(), encoding="utf-8")
    return f'{{ file = "{file}" }}'


class Sessions:
    """The service's side of the conversations of one connection; see `core.testing.demo.Service`."""

    def __init__(self, runtime: Runtime, connection: str) -> None:
        self._db = runtime.db
        with self._db.read():
            self._connection: ConnectionRow = ConnectionRow.get(ConnectionRow.name == connection)
        if not self._connection.active:
            raise StepFailed(f"expected: the connection {connection} works\nseen:     {self._connection.error}")

    def knows(self, conversation_id: str) -> bool:
        return self._session(conversation_id) is not None

    def closed(self, conversation_id: str) -> bool:
        row = self._session(conversation_id)
        return row is not None and row.status == "closed_resolved"

    def imported(self) -> bool:
        with self._db.read():
            row = BackfillRow.get_or_none(BackfillRow.connection == self._connection.id)
        return row is not None and row.state == "done"

    def _session(self, conversation_id: str) -> SessionRow | None:
        with self._db.read():
            row: SessionRow | None = SessionRow.get_or_none(
                SessionRow.connection == self._connection.id, SessionRow.conversation_id == conversation_id
            )
        return row


@contextmanager
def running_service(folder: Path, port: int) -> Iterator[str]:
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_free(port: int) -> None:
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


def tail_of(log: Path) -> str:
    if not log.is_file():
        return "(none)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])
