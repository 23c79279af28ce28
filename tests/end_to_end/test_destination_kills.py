"""A file of ten thousand records, and a process that is killed again and again while it sends them."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.store.database import open_database
from core.store.models import DestinationCallRow, DestinationRecordRow
from plugins.freshchat.simulator import FreshchatSimulator
from tests.end_to_end.collector import CONNECTION, PLUGIN, TOKEN, Collector

log = logging.getLogger(__name__)
pytestmark = pytest.mark.xdist_group("real time")
ROOT = Path(__file__).resolve().parents[2]
RECORDS, SEED = 10_000, 20
KILLS_READING, KILLS_SENDING = 5, 15
BROKEN = {
    "{not json": ("", "JSON"),
    '["no object"]': ("", "object"),
    '{"email": "nameless-%d@example.com"}': ("first_name", "is missing"),
    '{"first_name": ["a", "list"], "email": "list-%d@example.com"}': ("first_name", "must be a text"),
    '{"first_name": "Nobody %d"}': ("email", ""),
}
"""Lines that are broken, with the field to mend and what the reason says."""
CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "a secret key that is only good for these tests, and long"
embedded_worker = false
[database]
url = "{database}"
[plugins]
enabled = ["{plugin}"]
paths = ["more_plugins"]
[worker]
lease_seconds = 1
quarantine_seconds = 1
second_read_seconds = 0.2
{connection}
[[destinations]]
name = "records"
active = true
{destination}
"""
FRESHCHAT = """
[[connections]]
name = "support"
connector = "freshchat"
inbound = false
api_url = "{api_url}"
access_token = "{token}"
default_agent_email = "robin@example.com"
requests_per_minute = 1000000
"""
USERS = """
connection = "support"
template = "create_end_user"
"""
ITEMS = """
connection = "collector"
method = "POST"
url = "/items"
key = "name"
batch = { size = 50 }
"""


class Sending:
    """A folder with a configuration, and the command that sends a file."""

    def __init__(self, folder: Path, database_url: str, plugin: str, connection: str, destination: str) -> None:
        self.folder = folder
        (folder / "more_plugins").mkdir(exist_ok=True)
        self.look = open_database(database_url, SystemClock())
        config = CONFIG.format(database=database_url, plugin=plugin, connection=connection, destination=destination)
        (folder / "config.toml").write_text(config, encoding="utf-8")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.peaks: list[int] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Send the file, in a process that can be killed."""
        command = (
            "from core.cli import main; main()",
            "destinations",
            "send",
            "records",
            str(self.folder / "file.ndjson"),
        )
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", *command],
                cwd=ROOT,
                env={**os.environ, "RELAYDESK_CONFIG": str(self.folder / "config.toml")},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def kill_once(self, reached: Callable[[], bool], delay: float) -> bool:
        """Start it, and kill it as soon as a point is reached and a moment later; False if it has ended before."""
        process = self.start()
        while process.poll() is None and not reached():
            time.sleep(0.002)
        time.sleep(delay)
        self.peaks.append(memory(process.pid))
        process.kill()
        return process.wait() == -signal.SIGKILL

    def to_the_end(self, seconds: float, watch: Callable[[int], None] = lambda pid: None) -> int:
        """Send what is left; returns what the command exits with."""
        process, until = self.start(), time.monotonic() + seconds
        while process.poll() is None:
            assert time.monotonic() < until, self.log()
            watch(process.pid)
            time.sleep(0.02)
        return int(process.returncode)

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-5000:]

    def rows(self) -> list[Any]:
        """The ledger: line, state, field, reason and captured id of each record."""
        with self.look.read():
            row = DestinationRecordRow
            query = row.select(row.line, row.state, row.error_field, row.error, row.captured_id).order_by(row.id)
            return list(query.tuples())

    def count(self) -> int:
        with self.look.read():
            return int(DestinationRecordRow.select().count())

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.look.close()


def memory(pid: int) -> int:
    """What a process holds in memory, in kB; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)


def write_file(folder: Path) -> dict[int, tuple[str, str]]:
    """A file of which every hundredth line is broken; returns for each such line its field and a word of its reason."""
    chance = random.Random(SEED)
    bad = sorted(chance.sample(range(1, RECORDS + 1), RECORDS // 100))
    broken: dict[int, tuple[str, str]] = {}
    kinds = list(BROKEN.items())
    with (folder / "file.ndjson").open("w", encoding="utf-8") as file:
        for line in range(1, RECORDS + 1):
            if line in bad:
                text, broken[line] = kinds[line % len(kinds)]
                file.write(text.replace("%d", str(line)) + "\n")
            else:
                file.write(json.dumps(good(line, chance)) + "\n")
    return broken


def good(line: int, chance: random.Random) -> dict[str, Any]:
    """A record of this line, with more or less in it."""
    record: dict[str, Any] = {"first_name": f"Person {line}", "email": f"p{line}@example.com"}
    if chance.random() < 0.5:
        record["phone"] = f"+49 30 {line:06}"
    if chance.random() < 0.3:
        record |= {"last_name": "Müller-Ødegård", "properties.plan": chance.choice(["gold", "silver"])}
    if chance.random() < 0.1:
        record["not known to the vendor"] = "x" * chance.randrange(2000)
    return record


@pytest.fixture
def sim() -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator() as running:
        running.add_agent("robin@example.com", "Robin Assistant")
        yield running


@pytest.fixture
def sending(tmp_path: Path, sqlite_url: str, sim: FreshchatSimulator) -> Iterator[Sending]:
    connection = FRESHCHAT.format(api_url=sim.api_url, token=sim.token)
    made = Sending(tmp_path, sqlite_url, "freshchat", connection, USERS)
    yield made
    made.stop()


@pytest.mark.timeout(600)
def test_every_good_record_is_written_once_and_every_broken_one_named_however_often_it_is_killed(
    sending: Sending, sim: FreshchatSimulator
) -> None:
    broken = write_file(sending.folder)
    chance = random.Random(SEED)
    begun = time.monotonic()
    for point in sorted(chance.sample(range(RECORDS), KILLS_READING)):
        assert sending.kill_once(lambda at=point: sending.count() >= at, chance.random() / 100), sending.log()
    for point in sorted(chance.sample(range(RECORDS - 100 * len(BROKEN)), KILLS_SENDING)):
        assert sending.kill_once(lambda at=point: len(sim.account.users) >= at, chance.random() / 100), sending.log()
    sending.to_the_end(400)
    took = time.monotonic() - begun
    written = Counter(user.email for user in sim.account.users.values() if user.email and user.email.startswith("p"))
    expected = {f"p{line}@example.com" for line in range(1, RECORDS + 1) if line not in broken}
    assert set(written) == expected
    assert [email for email, times in written.items() if times > 1] == []
    rows = sending.rows()
    assert Counter(state for _, state, *_ in rows) == {"sent": len(expected), "failed": len(broken)}
    named = {line: (field, reason) for line, state, field, reason, _ in rows if state == "failed"}
    assert set(named) == set(broken)
    for line, (field, word) in broken.items():
        assert named[line][0] == field, (line, named[line])
        assert word in named[line][1], (line, named[line])
    ids = {user.id: user.email for user in sim.account.users.values()}
    assert all(ids[captured] == f"p{line}@example.com" for line, state, *_, captured in rows if state == "sent")
    with sending.look.read():
        in_doubt = DestinationCallRow.select().where(DestinationCallRow.uncertain_at.is_null(False)).count()
    log.info("%s records, %s kills, %s calls in doubt, %.0f s", RECORDS, len(sending.peaks), in_doubt, took)
    log.info("memory when killed: %s to %s kB", min(sending.peaks), max(sending.peaks))


@pytest.mark.timeout(300)
def test_memory_is_flat(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "more_plugins").mkdir()
    (tmp_path / "more_plugins" / "collector.py").write_text(PLUGIN, encoding="utf-8")
    with (tmp_path / "file.ndjson").open("w", encoding="utf-8") as file:
        for number in range(RECORDS):
            file.write(json.dumps({"name": f"n{number}", "text": "x" * 500}) + "\n")
    with Collector() as collector:
        connection = CONNECTION.format(api_url=collector.api_url, token=TOKEN, per_minute=1_000_000, uncertain="resend")
        sending = Sending(tmp_path, sqlite_url, "collector", connection, ITEMS)
        seen: dict[int, int] = {}
        try:
            code = sending.to_the_end(200, lambda pid: watch(pid, collector, seen))
            assert code == 0, sending.log()
        finally:
            sending.stop()
        assert len(collector.items) == RECORDS
        assert sorted(collector.names()) == sorted(f"n{number}" for number in range(RECORDS))
    early = max(kilobytes for sent, kilobytes in seen.items() if sent <= 2000)
    late = max(kilobytes for sent, kilobytes in seen.items() if sent > 8000)
    log.info("memory: %s kB by 2,000 records, %s kB by %s: %.3f", early, late, RECORDS, late / early)
    assert late <= 1.1 * early


def watch(pid: int, collector: Collector, seen: dict[int, int]) -> None:
    sent = len(collector.items)
    if sent:
        seen[sent] = max(seen.get(sent, 0), memory(pid))
