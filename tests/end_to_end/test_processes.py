"""Real processes, real sockets, real time: who is elected, who takes over, and what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from core.clock import SystemClock
from core.domain import Secret
from core.store.database import Database, open_database
from core.store.models import ActionRow, AttemptRow, ConnectionRow, JobRunRow, SchedulerLeaseRow, SessionRow
from core.webhook_token import WebhookTokens
from plugins.freshchat.simulator import FreshchatSimulator

pytestmark = pytest.mark.xdist_group("real time")  # one after the other: their limits are in seconds
ROOT = Path(__file__).resolve().parents[2]
KEY = "a secret key that is only good for these tests, and long"
RESPONDER = '''
"""Answers everything alike."""
from core import Reply, hookimpl

@hookimpl
def draft_reply(turn):
    return Reply("Hello from the AI.")
'''
REPLY = "Hello from the AI."
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
        self.look = open_database(database_url, SystemClock())
        self.sim = FreshchatSimulator(webhook_timeout=5, webhook_retries=(0.2,) * 50).start()
        self.ai = self.sim.add_agent("robin@example.com", "Robin Assistant")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: dict[int, Path] = {}
        self.url = ""
        # The vendor knows one address: a service that is started again is found under it.
        self.port = free_port()
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

    def gunicorn(self, *options: str, ready: bool = True, beside: bool = False) -> subprocess.Popen[bytes]:
        """Start `gunicorn wsgi:app` and connect the simulator to it; `beside` another that still listens."""
        self.port = free_port() if beside else self.port
        bind = ["-b", f"127.0.0.1:{self.port}", "--no-control-socket"]
        process = self._start([sys.executable, "-m", "gunicorn", *options, *bind, "wsgi:app"])
        self.url = f"http://127.0.0.1:{self.port}"
        path = "/readyz" if ready else "/healthz"
        self.waits(lambda: self.get(path) == 200, 30)
        return process

    def register_webhook(self) -> None:
        """Have the vendor call the connection's address from now on, as an operator does who has read it."""

        def stored() -> ConnectionRow | None:
            with self.look.read():
                row: ConnectionRow | None = ConnectionRow.get_or_none()
            return row

        row = self.waits(stored, 15)
        token = WebhookTokens(Secret(KEY)).make(row.id, row.generation)
        self.sim.webhook_url = f"{self.url}/webhooks/freshchat/{token}"

    def worker(self) -> subprocess.Popen[bytes]:
        """Start `relaydesk worker`."""
        return self._start([sys.executable, "-c", "from core.cli import main; main()", "worker"])

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "RELAYDESK_CONFIG": str(self.folder / "config.toml"), "PYTHONUNBUFFERED": "1"}
        file = self.folder / f"log-{len(self.processes)}"
        with file.open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        self.logs[process.pid] = file
        return process

    def log(self) -> str:
        """What all processes wrote."""
        return "\n".join(f"--- {pid}\n{file.read_text(encoding='utf-8')}" for pid, file in self.logs.items())

    def waits(self, holds: Callable[[], Any], seconds: float) -> Any:
        """Wait until something holds, and return it; a failure shows all logs."""
        until = time.monotonic() + seconds
        while True:
            found = holds()
            if found:
                return found
            assert time.monotonic() < until, f"it did not happen within {seconds} s\n{self.log()}"
            time.sleep(0.05)

    def writes(self, *names: str) -> list[Any]:
        """Have a customer of each name write something; returns the conversations."""
        self.register_webhook()
        sim = self.sim
        return [sim.customer_writes(sim.customer(f"{name}@example.com"), "Hi") for name in names]

    def answered_once(self, *conversations: Any, within: float = 20) -> None:
        """Wait until each has its reply, and a moment longer in which no second one may come."""
        for conversation in conversations:
            self.waits(lambda one=conversation: self.replies(one), within)
        time.sleep(1)
        found = [self.replies(one) for one in conversations]
        assert found == [[REPLY]] * len(conversations), self.log()

    def answer(self, path: str) -> requests.Response | None:
        try:
            return requests.get(self.url + path, timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            return None

    def get(self, path: str) -> int:
        answer = self.answer(path)
        return 0 if answer is None else answer.status_code

    def replies(self, conversation: Any) -> list[str]:
        thread = self.sim.thread(conversation)
        return [one.text for one in thread if one.actor_id == self.ai.id and one.message_type == "normal"]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.sim.stop()
        self.look.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def services(tmp_path: Path, database_url: str) -> Iterator[Services]:
    made = Services(tmp_path, database_url)
    yield made
    made.stop()


@pytest.fixture
def look(services: Services) -> Database:
    """A look into the service's store from outside."""
    return services.look


def holder(db: Database, duty: str) -> int:
    """The id of the process that has a duty; 0 if none has."""
    with db.read():
        row = SchedulerLeaseRow.get_or_none(SchedulerLeaseRow.name == duty, SchedulerLeaseRow.until > db.now())
    if row is None:
        return 0
    host, pid, token = row.owner.split(":")
    assert host == socket.gethostname()
    assert token
    return int(pid)


def elected(db: Database) -> tuple[int, int]:
    """Which processes are dispatcher and scheduler: often the same one, but they need not be."""
    return holder(db, "dispatcher"), holder(db, "scheduler")


def children(process: subprocess.Popen[bytes]) -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


def open_files(pid: int) -> set[str]:
    """What a process has open, sockets by their number; the same one in two processes is the same to the system."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed while we look
            found.add(str(entry.readlink()))
    return found


def reply_action(db: Database) -> ActionRow:
    with db.read():
        return ActionRow.get(ActionRow.kind == "reply")


def outcomes(db: Database) -> list[str]:
    with db.read():
        return [row.outcome for row in AttemptRow.select().order_by(AttemptRow.id)]


# ------------------------------------------------------------------------------------------------- election


def quickest(trials: Iterable[float], enough: float) -> float:
    """The shortest of the times that were tried, in seconds; no further one is tried once it is short enough.

    A machine that is busy with other tests is late now and then; a service that is too slow is late each time.
    """
    best = float("inf")
    for took in trials:
        best = min(best, took)
        if best <= enough:
            break
    return best


def test_of_four_gunicorn_workers_one_is_elected_and_another_takes_over_within_15_seconds(
    services: Services, look: Database, record_property: Callable[[str, object], None]
) -> None:
    services.configure(extra="")  # the example's settings: for them the 6 and the 15 seconds are promised
    service = services.gunicorn("-w", "4")
    conversations = []

    def first_reply(name: str) -> float:
        started = time.monotonic()
        conversations.extend(services.writes(name))
        services.waits(lambda: services.replies(conversations[-1]), 15)
        return time.monotonic() - started

    took = quickest(map(first_reply, ("ada", "bo", "cleo")), 6)
    record_property("first reply, seconds", round(took, 2))
    assert took <= 6
    with look.read():
        assert {row.channel for row in SessionRow.select()} == {"web"}

    def taken_over(name: str) -> float:
        leaders = elected(look)
        assert set(leaders) <= children(service)
        victim = leaders[0]
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        conversations.extend(services.writes(name))
        services.waits(lambda: not {0, victim} & set(elected(look)), 20)
        return time.monotonic() - killed

    took = quickest(map(taken_over, ("dan", "eve", "flo")), 15)
    record_property("taken over, seconds", round(took, 2))
    assert took <= 15
    services.answered_once(*conversations)
    # Four processes that start together ask the vendor once, and the one in place of the dead one not at all.
    assert len(services.sim.record.calls("list_agents")) == 1


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the children only where there is /proc")
def test_the_connections_are_verified_although_the_process_that_began_to_is_killed_over_it(
    services: Services, look: Database
) -> None:
    services.configure(connection="timeout_seconds = 60")
    services.sim.fault("list_agents", "timeout")
    services.gunicorn("-w", "2", ready=False)
    services.waits(lambda: not services.sim.faults.pending(), 15)
    victim = holder(look, "provision")
    os.kill(victim, signal.SIGKILL)
    services.answered_once(*services.writes("ada"))
    assert victim not in elected(look)


def test_a_vendor_that_is_down_at_the_start_is_asked_again_by_the_next_process(services: Services) -> None:
    services.configure()
    services.sim.fault("list_agents", "503")
    services.gunicorn("-w", "2")
    services.answered_once(*services.writes("ada"))


# --------------------------------------------------------------------------------------------------- kills


@pytest.mark.parametrize(("kind", "performed"), [("gunicorn", True), ("gunicorn", False), ("worker", True)])
def test_a_process_killed_between_the_post_and_the_commit_leaves_exactly_one_message(
    services: Services, look: Database, kind: str, performed: bool
) -> None:
    services.configure(connection="timeout_seconds = 60", embedded=kind == "gunicorn")
    victim = services.gunicorn("-w", "1")
    if kind == "worker":
        victim = services.worker()
        services.waits(lambda: holder(look, "scheduler"), 20)
    sim = services.sim
    sim.fault("send_message", "timeout", performed=performed)
    (conversation,) = services.writes("ada")
    # The fault holds the answer back: whoever sent the message waits for it, and has committed nothing since.
    services.waits(lambda: not sim.faults.pending(), 15)
    services.waits(lambda: len(services.replies(conversation)) == int(performed), 5)
    assert reply_action(look).state == "sending"
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()

    if kind == "worker":
        services.worker()
    else:
        services.gunicorn("-w", "1")
    services.waits(lambda: reply_action(look).state == "sent", 30)
    services.answered_once(conversation)
    # Where it was performed, the vendor's webhook or the thread itself proves it; else it is sent a second time.
    assert reply_action(look).confirmed_by in ({"echo", "readback"} if performed else {"response"})
    assert outcomes(look) == (["sent", "sent"] if performed else ["sent", "unknown", "sent"])


# ------------------------------------------------------------------------------------------------ stopping


def test_a_stopped_service_lays_its_duties_down_and_loses_nothing(services: Services, look: Database) -> None:
    services.configure(extra=QUICK.replace("election_seconds = 2", "election_seconds = 60"))
    service = services.gunicorn("-w", "2")
    (conversation,) = services.writes("ada")
    started = time.monotonic()
    service.terminate()
    assert service.wait(30) == 0
    assert time.monotonic() - started < 15
    assert elected(look) == (0, 0), services.log()
    services.gunicorn("-w", "2")  # elected at once, although an election lasts a minute
    services.answered_once(conversation)


def test_a_stopped_service_ends_what_it_is_at_while_another_begins(services: Services, look: Database) -> None:
    services.configure(extra=QUICK.replace("election_seconds = 2", "election_seconds = 20"))
    old = services.gunicorn("-w", "1")
    leaders = set(elected(look))
    services.gunicorn("-w", "1", beside=True)
    sim = services.sim
    sim.fault("send_message", "slow", seconds=9)  # longer than the lease, which must be renewed to the very end
    (conversation,) = services.writes("ada")
    services.waits(lambda: not sim.faults.pending(), 15)
    assert set(elected(look)) == leaders
    old.terminate()
    services.waits(lambda: not ({0} | leaders) & set(elected(look)), 8)  # not 20: the duties were laid down
    assert old.poll() is None, "it did not end what it was at"
    (meanwhile,) = services.writes("bo")
    assert old.wait(20) == 0
    services.answered_once(conversation, meanwhile)
    with look.read():
        confirmed = [row.confirmed_by for row in ActionRow.select().where(ActionRow.kind == "reply")]
    assert confirmed == ["response", "response"], services.log()
    assert set(outcomes(look)) == {"sent"}


# ----------------------------------------------------------------------------------------------- preloading


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into the processes, for which it needs /proc")
def test_a_preloaded_application_works_in_its_children_alone(services: Services, look: Database) -> None:
    services.configure()
    service = services.gunicorn("--preload", "-w", "2")
    services.answered_once(*services.writes(*(f"c{n}" for n in range(5))))
    leaders = set(elected(look))
    assert leaders <= children(service), "the parent has a worker"
    tasks = Path(f"/proc/{service.pid}/task")
    assert len(list(tasks.iterdir())) == 1, "the parent, which forks, has threads"
    ours = open_files(service.pid)
    assert not [name for name in ours if "relaydesk.db" in name]
    for child in children(service):
        shared = {name for name in ours & open_files(child) if name.startswith("socket:")}
        assert len(shared) == 1, "more than the socket at which gunicorn listens"

    victim = holder(look, "dispatcher")
    os.kill(victim, signal.SIGKILL)
    services.answered_once(*services.writes("late"))
    assert not {0, victim, service.pid} & set(elected(look))


# ------------------------------------------------------------------------------------- workers of their own


def test_several_workers_beside_the_web_answer_everybody_once(services: Services, look: Database) -> None:
    services.configure(embedded=False, connection="requests_per_minute = 1000")
    services.gunicorn("-w", "2")
    workers = [services.worker(), services.worker()]
    leader = services.waits(lambda: holder(look, "scheduler"), 30)
    assert leader in {process.pid for process in workers}
    services.answered_once(*services.writes(*(f"c{n}" for n in range(20))), within=40)
    with look.read():
        slots = [(row.job, row.slot) for row in JobRunRow.select()]
    assert len(slots) == len(set(slots))
    for process in workers:
        process.terminate()
        assert process.wait(20) == 0, services.log()
    assert elected(look) == (0, 0)


def test_a_worker_ends_whichever_of_its_threads_is_told_to(services: Services, look: Database) -> None:
    services.configure(embedded=False)
    worker = services.worker()
    services.waits(lambda: holder(look, "scheduler") == worker.pid, 30)
    others = {int(task.name) for task in Path(f"/proc/{worker.pid}/task").iterdir()} - {worker.pid}
    os.kill(max(others), signal.SIGTERM)  # the kernel gives it to the thread that is named, if it can
    assert worker.wait(20) == 0, services.log()
    assert elected(look) == (0, 0)


# ------------------------------------------------------------------------------------------------ readiness


def test_readiness_waits_for_the_election_and_names_what_is_missing(services: Services, look: Database) -> None:
    services.configure()
    services.sim.fault("list_agents", "slow", seconds=2)  # so that the moment before the election can be seen
    services.gunicorn("-w", "2", ready=False)
    early = services.answer("/readyz")
    assert early is not None
    assert early.status_code == 503
    assert early.json() == {
        "status": "not ready",
        "problem": "nobody is elected yet",
        "missing": ["dispatcher", "scheduler"],
    }
    services.waits(lambda: services.get("/readyz") == 200, 15)
    assert 0 not in elected(look)


def test_without_an_embedded_worker_the_web_is_ready_by_itself(services: Services, look: Database) -> None:
    services.configure(embedded=False)
    services.gunicorn("-w", "1", ready=False)
    assert services.get("/readyz") == 200
    assert elected(look) == (0, 0)
