"""The demo is judged from the simulator's record: a step that does not happen is named, and the exit code tells."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from core.cli import cli
from core.cli.simulate import find_rounds
from core.errors import ConfigError
from core.testing.demo import QUIET, Stage
from tests.end_to_end.visitor import Visitor, words

pytestmark = pytest.mark.xdist_group("demo")  # one after the other: their limits are in seconds
RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]

Break = Callable[[Any], None]


class Deaf:
    """A service that never has anything to show."""

    def knows(self, conversation_id: str) -> bool:
        return False

    def closed(self, conversation_id: str) -> bool:
        return False

    def imported(self) -> bool:
        return False


def silence_the_ai(stage: Any) -> None:
    stage.sim.fault("send_message", "500", times=None, performed=False)


def lose_private_notes(stage: Any) -> None:
    stage.sim.fault("send_message", "403", times=None, when=lambda body: body.get("message_type") == "private")


def keep_the_assignee(stage: Any) -> None:
    is_unassigning: Callable[[Any], bool] = lambda body: body.get("status") == "new"  # noqa: E731
    stage.sim.fault("update_conversation", "503", times=None, performed=False, when=is_unassigning)


def lose_what_the_agent_does(stage: Any) -> None:
    stage.sim.webhooks.drop(times=100, kind="conversation_assignment")


def lose_the_resolution(stage: Any) -> None:
    stage.sim.events -= {"conversation_resolution"}


def speak_in_the_humans_conversation(stage: Any) -> None:
    """The AI answers although the agent has the conversation: what the third step listens for."""
    write = stage.sim.agent_writes

    def write_and_interrupt(conversation: Any, agent: Any, text: str) -> Any:
        written = write(conversation, agent, text)
        threading.Timer(0.5, write, (conversation, stage.ai, "I know that one!")).start()
        return written

    stage.sim.agent_writes = write_and_interrupt


def speak_in_the_humans_ticket(stage: Any) -> None:
    """The same in a ticket."""
    write = stage.sim.agent_replies

    def write_and_interrupt(ticket: Any, agent: Any, text: str) -> Any:
        written = write(ticket, agent, text)
        threading.Timer(0.5, write, (ticket, stage.ai, "I know that one!")).start()
        return written

    stage.sim.agent_replies = write_and_interrupt


def see_nothing_in_the_service(stage: Stage) -> None:
    stage.service = Deaf()


def lose_replies(stage: Any) -> None:
    stage.sim.fault("reply_to_ticket", "500", times=None, performed=False)


def lose_notes(stage: Any) -> None:
    stage.sim.fault("add_note", "403", times=None)


def lose_the_mark(stage: Any) -> None:
    stage.sim.fault("update_ticket", "503", times=None, performed=False, when=lambda body: "custom_fields" in body)


def lose_webhooks(stage: Any) -> None:
    stage.sim.webhooks.drop(times=100)


def leave_the_import_to_itself(stage: Any) -> None:
    """It takes its time, and nothing that follows needs it. Nor is the AI listened to before the step it is about."""
    stage.quiet = 0.2
    # The vendor tells whole seconds only: a ticket of the very second of connecting counts as one that waited.
    begun = stage.sim.clock.now()
    stage.sim.wait_for(lambda: stage.sim.clock.now() > begun + timedelta(seconds=1), 5)


@pytest.mark.parametrize(
    ("vendor", "break_it", "broken"),
    [
        ("freshchat", silence_the_ai, 1),
        ("freshchat", lose_private_notes, 2),
        ("freshchat", keep_the_assignee, 2),
        ("freshchat", lose_what_the_agent_does, 3),
        ("freshchat", speak_in_the_humans_conversation, 3),
        ("freshchat", lose_the_resolution, 4),
        ("freshchat", see_nothing_in_the_service, 4),
        ("freshdesk", see_nothing_in_the_service, 1),
        ("freshdesk", lose_replies, 2),
        ("freshdesk", lose_notes, 3),
        ("freshdesk", lose_the_mark, 3),
        ("freshdesk", lose_webhooks, 4),
        ("freshdesk", speak_in_the_humans_ticket, 4),
        ("freshdesk", lose_the_mark, 5),
        ("freshdesk", see_nothing_in_the_service, 6),
    ],
)
def test_a_step_that_is_broken_is_named_and_the_exit_code_is_1(
    monkeypatch: pytest.MonkeyPatch, vendor: str, break_it: Break, broken: int
) -> None:
    part = find_rounds()[vendor]
    title, act = part.steps[broken - 1]

    def broken_step(stage: Any) -> None:
        break_it(stage)
        stage.patience = 5.0 if broken == 1 else 2.0
        stage.quiet = QUIET
        act(stage)

    steps = list(part.steps)
    if vendor == "freshdesk":
        steps[0] = (steps[0][0], leave_the_import_to_itself)
    steps[broken - 1] = (title, broken_step)
    module = sys.modules[f"plugins.{vendor}.simulator_demo"]
    monkeypatch.setattr(module, "ROUND", dataclasses.replace(part, steps=steps))
    result = CliRunner().invoke(cli, ["demo", "--once", "--vendor", vendor])
    assert result.exit_code == 1
    assert f"{part.label}: step {broken} ({title}) did not happen" in result.stderr
    assert "expected: " in result.stderr
    assert "seen: " in result.stderr
    assert f"{broken}. {title}" in result.stdout
    assert f"{broken + 1}. " not in result.stdout


def test_a_vendor_that_does_not_exist_is_a_wrong_call() -> None:
    result = CliRunner().invoke(cli, ["demo", "--once", "--vendor", "zendesk"])
    assert result.exit_code == 2
    assert '--vendor: there is no "zendesk". Those there are: freshchat, freshdesk' in result.stderr


def test_demo_once_plays_every_vendor_and_exits_0(tmp_path: Path) -> None:
    done = subprocess.run(
        [*RELAYDESK, "demo", "--once"], capture_output=True, text=True, timeout=110, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything went as it should." in done.stdout
    rounds = find_rounds()
    assert list(rounds) == ["freshchat", "freshdesk"]
    shown = [line for line in done.stdout.splitlines() if line in ("Freshchat", "Freshdesk") or line[:1].isdigit()]
    wanted: list[str] = []
    for part in rounds.values():
        wanted += [part.label, *(f"{number}. {title}" for number, (title, _) in enumerate(part.steps, 1))]
    assert shown == wanted


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
        page = Visitor(address.rstrip("/")).sign_in(user, password).read("/?tab=all")
        for person in ("Ada Customer", "Grace Customer", "Linus Longtime"):
            assert person in words(page)
        for label in ("Freshchat", "Freshdesk"):
            [simulator] = [line.split()[1] for line in shown if line.startswith(f"{label}: ")]
            assert f"<title>{label}" in requests.get(simulator, timeout=10).text
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        running.stdout.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
    assert not list(tmp_path.iterdir())
