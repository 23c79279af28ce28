"""The demo is judged from the simulator's record: a step that does not happen is named, and the exit code tells."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from core.cli import cli, demo_steps
from core.cli.demo_steps import Stage
from core.errors import ConfigError

pytestmark = pytest.mark.xdist_group("real time")  # one after the other: their limits are in seconds
RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]

Break = Callable[[Stage], None]


def silence_the_ai(stage: Stage) -> None:
    stage.sim.fault("send_message", "500", times=None, performed=False)


def lose_private_notes(stage: Stage) -> None:
    stage.sim.fault("send_message", "403", times=None, when=lambda body: body.get("message_type") == "private")


def keep_the_assignee(stage: Stage) -> None:
    is_unassigning: Callable[[Any], bool] = lambda body: body.get("status") == "new"  # noqa: E731
    stage.sim.fault("update_conversation", "503", times=None, performed=False, when=is_unassigning)


def lose_what_the_agent_does(stage: Stage) -> None:
    stage.sim.webhooks.drop(times=100, kind="conversation_assignment")


def lose_the_resolution(stage: Stage) -> None:
    stage.sim.events -= {"conversation_resolution"}


def speak_in_the_humans_conversation(stage: Stage) -> None:
    """The AI answers although the agent has the conversation: what the third step listens for."""
    write = stage.sim.agent_writes

    def write_and_interrupt(conversation: Any, agent: Any, text: str) -> Any:
        written = write(conversation, agent, text)
        threading.Timer(0.5, write, (conversation, stage.ai, "I know that one!")).start()
        return written

    stage.sim.agent_writes = write_and_interrupt


def keep_the_session_open(stage: Stage) -> None:
    stage.closed = lambda conversation_id: False


@pytest.mark.parametrize(
    ("break_it", "broken"),
    [
        (silence_the_ai, 1),
        (lose_private_notes, 2),
        (keep_the_assignee, 2),
        (lose_what_the_agent_does, 3),
        (speak_in_the_humans_conversation, 3),
        (lose_the_resolution, 4),
        (keep_the_session_open, 4),
    ],
)
def test_a_step_that_is_broken_is_named_and_the_exit_code_is_1(
    monkeypatch: pytest.MonkeyPatch, break_it: Break, broken: int
) -> None:
    title, act = demo_steps.STEPS[broken - 1]

    def broken_step(stage: Stage) -> None:
        break_it(stage)
        stage.patience = 5.0 if broken == 1 else 2.0
        act(stage)

    steps = list(demo_steps.STEPS)
    steps[broken - 1] = (title, broken_step)
    monkeypatch.setattr(demo_steps, "STEPS", tuple(steps))
    result = CliRunner().invoke(cli, ["demo", "--once"])
    assert result.exit_code == 1
    assert f"step {broken} ({title}) did not happen" in result.stderr
    assert "expected: " in result.stderr
    assert "seen: " in result.stderr
    assert f"{broken}. {title}" in result.stdout
    assert f"{broken + 1}. " not in result.stdout


def test_demo_once_exits_0_after_the_conversation(tmp_path: Path) -> None:
    done = subprocess.run(
        [*RELAYDESK, "demo", "--once"], capture_output=True, text=True, timeout=90, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The conversation went as it should." in done.stdout
    for title, _ in demo_steps.STEPS:
        assert title in done.stdout


def test_demo_once_exits_1_when_a_step_fails_and_shows_the_log(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    kept = tmp_path / "kept"
    done = subprocess.run(
        [*RELAYDESK, "demo", "--once", "--answers", str(tmp_path / "empty"), "--keep", str(kept)],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert "step 1 (A customer asks, the AI answers) did not happen" in done.stderr
    assert "the service's log" in done.stderr
    assert {"config.toml", "relaydesk.db", "service.log"} <= {file.name for file in kept.iterdir()}
    again = CliRunner().invoke(cli, ["demo", "--once", "--keep", str(kept)])
    assert isinstance(again.exception, ConfigError)
    assert str(again.exception) == f"--keep: {kept} is not empty. Name a new folder."


def test_demo_says_when_a_port_is_in_use(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*RELAYDESK, "demo", "--port", port], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
        )
    assert done.returncode == 2
    assert done.stderr == f"relaydesk: port {port}: it is in use. Choose another, or leave the option out.\n"


def test_demo_stays_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    running = subprocess.Popen([*RELAYDESK, "demo"], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert running.stdout
    try:
        lines = iter(running.stdout.readline, "")
        shown: list[str] = []
        for line in lines:
            shown.append(line)
            if "Stop with Ctrl-C" in line:
                break
        address = next(line.split()[1] for line in shown if line.startswith("Relaydesk "))
        inbox = next(line for line in shown if line.startswith("Inbox:"))
        user, password = inbox.split("user ")[1].rstrip(")\n").split(", password ")
        page = requests.get(address, auth=(user, password), timeout=10)
        assert page.status_code == 200
        assert "Ada Customer" in page.text
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        running.stdout.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
    assert not list(tmp_path.iterdir())
