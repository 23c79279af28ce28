"""The demo is judged from the simulator's record: a step that does not happen is named, and the exit code tells."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from core.app import create_app
from core.cli import demo_steps
from core.cli.demo_steps import Stage, StepFailed, play
from core.cli.project import SAMPLE
from core.config import load_config
from core.jobs.dispatch import Dispatcher
from core.runtime import build_runtime
from core.store.migrations import migrate
from core.store.models import SessionRow
from plugins.freshchat.simulator import build

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]

CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "a secret key that is only good for these tests, and long"
embedded_worker = false
[database]
url = "sqlite:///relaydesk.db"
[plugins]
enabled = ["answers", "freshchat"]
[plugins.answers]
folder = "{answers}"
[channels.web]
settle_seconds = 0.2
debounce_seconds = 0.1
[[connections]]
name = "demo"
connector = "freshchat"
api_url = "{api_url}"
access_token = "{token}"
default_agent_email = "robin@example.com"
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The demo's stage over a service in this process, quick and in real time."""
    sim = build().start()
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(answers=SAMPLE, api_url=sim.api_url, token=sim.token), encoding="utf-8")
    runtime = build_runtime(load_config(file))
    migrate(runtime.db)
    runtime.connections.provision()
    connection = runtime.connections.named("demo")
    assert connection
    server = make_server("127.0.0.1", 0, create_app(runtime), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    token = runtime.tokens.make(connection.id, connection.generation)
    sim.webhook_url = f"http://127.0.0.1:{server.port}/webhooks/freshchat/{token}"
    dispatcher = Dispatcher(runtime)
    dispatcher.start()

    def closed(conversation_id: str) -> bool:
        with runtime.db.read():
            row = SessionRow.get_or_none(SessionRow.conversation_id == conversation_id)
        if row is None or row.status == "open":
            threading.Timer(0.05, sim.changes.note).start()
            return False
        return True

    agents = {agent.email: agent for agent in sim.agents}
    said: list[str] = []
    made = Stage(
        sim=sim,
        ai=agents["robin@example.com"],
        human=agents["hanna@example.com"],
        customer=sim.customer("ada@example.com", "Ada Customer"),
        closed=closed,
        say=said.append,
        patience=10.0,
    )
    yield made
    dispatcher.stop()
    server.shutdown()
    server.server_close()
    runtime.close()
    sim.stop()


def test_all_steps_happen_when_nothing_is_broken(stage: Stage) -> None:
    play(stage)


def silence_the_ai(stage: Stage) -> None:
    stage.sim.fault("send_message", "500", times=None, performed=False)


def lose_private_notes(stage: Stage) -> None:
    is_note: Callable[[Any], bool] = lambda body: body.get("message_type") == "private"  # noqa: E731
    stage.sim.fault("send_message", "403", times=None, when=is_note)


def keep_the_assignee(stage: Stage) -> None:
    is_unassigning: Callable[[Any], bool] = lambda body: body.get("status") == "new"  # noqa: E731
    stage.sim.fault("update_conversation", "503", times=None, performed=False, when=is_unassigning)


def lose_what_the_agent_does(stage: Stage) -> None:
    stage.sim.webhooks.retry_waits = ()
    stage.sim.webhooks.drop(times=100, kind="conversation_assignment")


def lose_the_resolution(stage: Stage) -> None:
    stage.sim.events -= {"conversation_resolution"}


@pytest.mark.parametrize(
    ("break_it", "step"),
    [
        (silence_the_ai, 1),
        (lose_private_notes, 2),
        (keep_the_assignee, 2),
        (lose_what_the_agent_does, 3),
        (lose_the_resolution, 4),
    ],
)
def test_a_step_that_is_broken_is_named(stage: Stage, break_it: Callable[[Stage], None], step: int) -> None:
    stage.patience = 1.5 if step == 1 else 5.0
    broken_at = {"lose_what_the_agent_does": 3}.get(break_it.__name__, 1)
    steps = list(demo_steps.STEPS)
    for number, (_, act) in enumerate(steps, 1):
        if number == broken_at:
            break_it(stage)
        if number == step:
            stage.patience = 1.5
            with pytest.raises(StepFailed, match=r"expected: [\s\S]*seen: "):
                act(stage)
            return
        act(stage)


def test_play_names_the_step_that_did_not_happen(stage: Stage) -> None:
    silence_the_ai(stage)
    stage.patience = 1.0
    with pytest.raises(StepFailed, match=r"step 1 \(A customer asks, the AI answers\) did not happen"):
        play(stage)


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
    done = subprocess.run(
        [*RELAYDESK, "demo", "--once", "--answers", str(tmp_path / "empty")],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert "step 1 (A customer asks, the AI answers) did not happen" in done.stderr
    assert "the service's log" in done.stderr


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
