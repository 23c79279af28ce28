"""Real processes, real sockets, real time: who is elected, who takes over, and what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from core.clock import SystemClock
from core.domain import Secret
from core.store.database import Database, open_database
from core.store.models import ActionRow, AttemptRow, JobRunRow, SchedulerLeaseRow, SessionRow
from core.testing.clock import FakeClock
from core.webhook_token import WebhookTokens
from plugins.freshchat.simulator import FreshchatSimulator

ROOT = Path(__file__).resolve().parents[2]
KEY = "a secret key that is only good for these tests, and long"
RESPONDER = '''
"""Answers everything alike."""
from core import Reply, hookimpl

@hookimpl
def draft_reply(turn):
    return Reply("Hello from the AI.")
'''
QUICK = """
[channels.web]
settle_seconds = 0.2
debounce_seconds = 0.1
[worker]
lease_seconds = 2
quarantine_seconds = 1
second_read_seconds = 0.5
election_seconds = 2
"""
CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "{key}"
embedded_worker = {embedded}
[database]
url = "{database}"
[plugins]
enabled = ["responder", "freshchat"]
paths = ["more_plugins"]
{extra}
[[connections]]
name = "support"
connector = "freshchat"
api_url = "{api_url}"
access_token = "{token}"
default_agent_email = "robin@example.com"
{connection}
"""


class Services:
    """A simulator, and as many processes of the service as a test wants."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.sim = FreshchatSimulator(webhook_timeout=5, webhook_retries=(0.2,) * 50).start()
        self.ai = self.sim.add_agent("robin@example.com", "Robin Assistant")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.url = ""
        # The vendor knows one address: a service that is started again is found under it.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "more_plugins").mkdir()
        (folder / "more_plugins" / "responder.py").write_text(RESPONDER, encoding="utf-8")

    def configure(self, *, extra: str = QUICK, connection: str = "", embedded: bool = True) -> None:
        """Write the configuration; without `extra` everything is as the example file has it."""
        text = CONFIG.format(
            key=KEY,
            embedded="true" if embedded else "false",
            database=self.database_url,
            extra=extra,
            api_url=self.sim.api_url,
            token=self.sim.token,
            connection=connection,
        )
        (self.folder / "config.toml").write_text(text, encoding="utf-8")

    def gunicorn(self, *options: str, ready: bool = True) -> subprocess.Popen[bytes]:
        """Start `gunicorn wsgi:app` and connect the simulator to it."""
        bind = ["-b", f"127.0.0.1:{self.port}", "--no-control-socket"]
        process = self._start([sys.executable, "-m", "gunicorn", *options, *bind, "wsgi:app"])
        self.url = f"http://127.0.0.1:{self.port}"
        self.sim.webhook_url = f"{self.url}/webhooks/freshchat/{WebhookTokens(Secret(KEY)).make(1, 1)}"
        path = "/readyz" if ready else "/healthz"
        wait_for(lambda: self.get(path) == 200, 30, lambda: self.log(process))
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        """Start `relaydesk worker`."""
        return self._start([sys.executable, "-c", "from core.cli import main; main()", "worker"])

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "RELAYDESK_CONFIG": str(self.folder / "config.toml"), "PYTHONUNBUFFERED": "1"}
        with (self.folder / f"log-{len(self.processes)}").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"log-{self.processes.index(process)}").read_text(encoding="utf-8")

    def get(self, path: str) -> int:
        try:
            return requests.get(self.url + path, timeout=5).status_code
        except requests.ConnectionError:
            return 0

    def replies(self, conversation: Any) -> list[str]:
        thread = self.sim.thread(conversation)
        return [one.text for one in thread if one.actor_id == self.ai.id and one.message_type == "normal"]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.sim.stop()


def wait_for(holds: Callable[[], Any], seconds: float, explain: Callable[[], str] = str) -> Any:
    until = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < until, f"it did not happen within {seconds} s\n{explain()}"
        time.sleep(0.05)


@pytest.fixture
def services(tmp_path: Path, database_url: str) -> Iterator[Services]:
    made = Services(tmp_path, database_url)
    yield made
    made.stop()


@pytest.fixture
def look(services: Services) -> Iterator[Database]:
    """A look into the service's store from outside."""
    db = open_database(services.database_url, SystemClock())
    yield db
    db.close()


def elected(db: Database) -> dict[str, int]:
    """Which process has which duty."""
    with db.read():
        rows = SchedulerLeaseRow.select().where(
            SchedulerLeaseRow.name != "provision", SchedulerLeaseRow.until > db.now()
        )
        return {row.name: int(row.owner.split(":")[1]) for row in rows}


def test_of_four_gunicorn_workers_one_is_elected_and_another_takes_over_within_15_seconds(
    services: Services, look: Database, record_property: Callable[[str, object], None]
) -> None:
    services.configure(extra="")
    service = services.gunicorn("-w", "4")
    sim = services.sim
    started = time.monotonic()
    first = sim.customer_writes(sim.customer("ada@example.com"), "Hi")
    assert sim.wait_for(lambda: services.replies(first), 15), services.log(service)
    took = time.monotonic() - started
    record_property("first reply, seconds", round(took, 2))
    assert took <= 6
    with look.read():
        assert SessionRow.get().channel == "web"

    duties = elected(look)
    assert set(duties) == {"dispatcher", "scheduler"}
    leader = duties["dispatcher"]
    os.kill(leader, signal.SIGKILL)
    killed = time.monotonic()
    second = sim.customer_writes(sim.customer("bo@example.com"), "Is anybody there?")
    wait_for(
        lambda: set(elected(look)) == {"dispatcher", "scheduler"} and leader not in elected(look).values(),
        20,
        lambda: services.log(service),
    )
    took = time.monotonic() - killed
    record_property("taken over, seconds", round(took, 2))
    assert took <= 15
    assert sim.wait_for(lambda: services.replies(second), 20), services.log(service)
    time.sleep(1)
    assert services.replies(first) == services.replies(second) == ["Hello from the AI."]


@pytest.mark.parametrize("performed", [True, False])
def test_a_worker_killed_between_the_post_and_the_commit_leaves_exactly_one_message(
    services: Services, look: Database, performed: bool
) -> None:
    services.configure(connection="timeout_seconds = 60")
    service = services.gunicorn("-w", "1")
    sim = services.sim
    sim.fault("send_message", "timeout", performed=performed)
    conversation = sim.customer_writes(sim.customer("ada@example.com"), "Hi")
    # The fault holds the answer back: whoever sent the message waits for it, and has committed nothing since.
    wait_for(lambda: not sim.faults.pending(), 15, lambda: services.log(service))
    wait_for(lambda: len(services.replies(conversation)) == int(performed), 5)
    with look.read():
        assert ActionRow.get(ActionRow.kind == "reply").state == "sending"
    os.killpg(service.pid, signal.SIGKILL)
    service.wait()

    services.gunicorn("-w", "1")
    wait_for(lambda: state_of_reply(look) == "sent", 30, lambda: services.log(services.processes[-1]))
    time.sleep(1)
    assert services.replies(conversation) == ["Hello from the AI."]
    with look.read():
        outcomes = [row.outcome for row in AttemptRow.select().order_by(AttemptRow.id)]
    assert outcomes == (["sent", "sent"] if performed else ["sent", "unknown", "sent"])


def state_of_reply(db: Database) -> str:
    with db.read():
        return str(ActionRow.get(ActionRow.kind == "reply").state)


def test_a_stopped_service_lays_its_duties_down_and_loses_nothing(services: Services, look: Database) -> None:
    services.configure(extra=QUICK.replace("election_seconds = 2", "election_seconds = 60"))
    service = services.gunicorn("-w", "2")
    sim = services.sim
    conversation = sim.customer_writes(sim.customer("ada@example.com"), "Hi")
    started = time.monotonic()
    service.terminate()
    service.wait(30)
    assert time.monotonic() - started < 15
    assert elected(look) == {}, services.log(service)
    services.gunicorn("-w", "2")  # elected at once, although an election lasts a minute
    assert sim.wait_for(lambda: services.replies(conversation), 20)
    time.sleep(1)
    assert services.replies(conversation) == ["Hello from the AI."]


def test_a_preloaded_application_works_in_its_children(services: Services, look: Database) -> None:
    services.configure()
    service = services.gunicorn("--preload", "-w", "2")
    sim = services.sim
    crowd = [sim.customer_writes(sim.customer(f"c{n}@example.com"), "Hi") for n in range(5)]
    for conversation in crowd:
        assert sim.wait_for(lambda one=conversation: services.replies(one), 20), services.log(service)
    time.sleep(1)
    assert [services.replies(one) for one in crowd] == [["Hello from the AI."]] * 5
    assert set(elected(look)) == {"dispatcher", "scheduler"}


def test_several_workers_beside_the_web_answer_everybody_once(services: Services, look: Database) -> None:
    services.configure(embedded=False, connection="requests_per_minute = 1000")
    web = services.gunicorn("-w", "2", ready=False)
    wait_for(lambda: services.get("/readyz") == 200, 30, lambda: services.log(web))
    workers = [services.worker(), services.worker()]
    wait_for(lambda: elected(look).get("scheduler"), 30, lambda: services.log(workers[0]))
    sim = services.sim
    crowd = [sim.customer_writes(sim.customer(f"c{n}@example.com"), "Hi") for n in range(20)]
    for conversation in crowd:
        explain = "\n".join(services.log(each) for each in workers)
        assert sim.wait_for(lambda one=conversation: services.replies(one), 40), explain
    time.sleep(1)
    assert [services.replies(one) for one in crowd] == [["Hello from the AI."]] * 20
    with look.read():
        slots = [(row.job, row.slot) for row in JobRunRow.select()]
    assert len(slots) == len(set(slots))
    for process in workers:
        process.terminate()
        assert process.wait(20) == 0, services.log(process)


def test_readiness_tells_what_is_missing(services: Services) -> None:
    services.configure(embedded=False)
    services.gunicorn("-w", "1", ready=False)
    assert wait_for(lambda: services.get("/healthz"), 10) == 200
    assert services.get("/readyz") == 200  # without an embedded worker the web process waits for nobody


def test_readiness_waits_for_the_election(tmp_path: Path, clock: FakeClock) -> None:
    from core.app import create_app
    from core.config import load_config
    from core.runtime import build_runtime
    from core.store.election import Election
    from core.store.migrations import migrate

    (tmp_path / "config.toml").write_text(
        f'[server]\nbase_url = "http://x.example"\nsecret_key = "{KEY}"\n[plugins]\nenabled = []\n', encoding="utf-8"
    )
    runtime = build_runtime(load_config(tmp_path / "config.toml"), clock)
    migrate(runtime.db)
    client = create_app(runtime).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["missing"] == ["dispatcher", "scheduler"]
    for duty in ("dispatcher", "scheduler"):
        assert Election(runtime.db, duty, "a:1:b", 10).hold()
    assert client.get("/readyz").status_code == 200
    runtime.close()
