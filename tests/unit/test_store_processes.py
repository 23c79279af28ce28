"""The store under several processes: nothing is lost to a race, a fork or a kill, and nobody finds it locked."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.store import sqlite
from core.store.database import Database, StoreBusy, open_database
from core.store.migrations import migrate
from core.store.models import ConnectionRow

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def row(db: Database) -> int:
    with db.write():
        return int(ConnectionRow.create(name="support", connector="x", generation=0, created_at=db.now()).id)


def count(db: Database) -> int:
    with db.read():
        return int(ConnectionRow.get().generation)


def count_up(db: Database) -> None:
    """Read, then write: what a deferred transaction of SQLite cannot do beside others."""
    with db.write():
        row = db.for_update(ConnectionRow.select(), skip_locked=False).get()
        ConnectionRow.update(generation=row.generation + 1).where(ConnectionRow.id == row.id).execute()


def in_a_fork(work: Callable[[], object]) -> int:
    """Do some work in a forked child; returns its exit status: 0 when it went well, 1 when it raised."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# ---------------------------------------------------------------------------------------------------- races


def _count_up(url: str, times: int, longest: SimpleQueue[float]) -> None:
    db = open_database(url, SystemClock())
    worst = 0.0
    for _ in range(times):
        began = time.monotonic()
        count_up(db)
        worst = max(worst, time.monotonic() - began)
    longest.put(worst)
    db.close()


@pytest.mark.usefixtures("row")
def test_four_processes_that_read_then_write_lose_nothing_and_never_find_it_locked(
    db: Database, database_url: str
) -> None:
    longest: SimpleQueue[float] = SPAWN.SimpleQueue()
    crowd = [SPAWN.Process(target=_count_up, args=(database_url, 200, longest)) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(100)
        assert one.exitcode == 0
    assert count(db) == 800
    assert max(longest.get() for _ in crowd) < 3  # the vendor waits about that long for a webhook's answer


@pytest.mark.usefixtures("row")
def test_many_threads_of_one_process_lose_nothing(db: Database) -> None:
    crowd = [threading.Thread(target=lambda: [count_up(db) for _ in range(20)]) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(100)
    assert count(db) == 160


def _open(url: str, begin: Event) -> None:
    begin.wait(30)
    open_database(url, SystemClock()).close()


def test_several_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    begin = SPAWN.Event()
    crowd = [SPAWN.Process(target=_open, args=(f"sqlite:///{tmp_path}/new.db", begin)) for _ in range(3)]
    for one in crowd:
        one.start()
    begin.set()
    for one in crowd:
        one.join(60)
        assert one.exitcode == 0


def _lock_from_outside(path: str, locked: Event) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    locked.set()
    time.sleep(60)


def test_a_lock_of_another_program_is_told_as_busy(
    tmp_path: Path, open_store: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    db = open_store(f"sqlite:///{tmp_path}/r.db")
    migrate(db)
    locked = SPAWN.Event()
    intruder = SPAWN.Process(target=_lock_from_outside, args=(f"{tmp_path}/r.db", locked))
    intruder.start()
    assert locked.wait(30)
    with pytest.raises(StoreBusy, match="locked by another program"), db.write():
        pass
    intruder.kill()
    intruder.join()
    with db.write():
        pass


# ---------------------------------------------------------------------------------------------------- kills


def _write_and_stay(url: str, inside: Event) -> None:
    db = open_database(url, SystemClock())
    with db.write():
        ConnectionRow.update(generation=99).execute()
        inside.set()
        time.sleep(60)


@pytest.mark.usefixtures("row")
def test_a_process_that_is_killed_amidst_a_transaction_leaves_nothing_and_holds_up_nobody(
    db: Database, database_url: str
) -> None:
    for _ in range(3):
        inside = SPAWN.Event()
        victim = SPAWN.Process(target=_write_and_stay, args=(database_url, inside))
        victim.start()
        assert inside.wait(30)
        assert victim.pid
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        count_up(db)
    assert count(db) == 3


# ---------------------------------------------------------------------------------------------------- forks


@pytest.mark.usefixtures("row")
def test_parent_and_forked_child_each_open_their_own_connections(db: Database) -> None:
    count_up(db)
    db.wait(0)
    assert in_a_fork(lambda: [count_up(db) for _ in range(3)]) == 0
    count_up(db)
    assert count(db) == 5


@pytest.mark.usefixtures("row")
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="shows open files only where there is /proc")
def test_a_child_inherits_no_open_file_of_the_store(db: Database, tmp_path: Path) -> None:
    count_up(db)
    db.wait(0)

    def look() -> None:
        files = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        assert not [file for file in files if file.is_relative_to(tmp_path)]

    if db.engine == "sqlite":
        with pytest.raises(AssertionError), db.read():  # it can fail: here is one that is open
            look()
    assert in_a_fork(look) == 0


@pytest.mark.usefixtures("row")
def test_a_fork_waits_for_the_transactions_of_other_threads(db: Database) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with db.write():
            ConnectionRow.update(generation=7).execute()
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=write)
    thread.start()
    assert inside.wait(10)
    threading.Timer(0.2, go_on.set).start()

    def look() -> None:
        assert count(db) == 7
        count_up(db)

    assert in_a_fork(look) == 0
    thread.join(10)
    assert count(db) == 8


@pytest.mark.usefixtures("row")
def test_a_child_forked_amidst_a_transaction_is_refused_the_store_and_ends_nothing_of_the_parents(
    db: Database,
) -> None:
    with db.write():
        ConnectionRow.update(generation=5).execute()
        # The child leaves the block of its own: neither a commit nor the parent's lock may come of that.
        assert in_a_fork(lambda: _use_and_see_it_refused(db)) == 0
        ConnectionRow.update(generation=6).execute()
    count_up(db)
    assert count(db) == 7


def _use_and_see_it_refused(db: Database) -> None:
    with pytest.raises(RuntimeError, match="forked amidst a transaction"):
        count_up(db)


@pytest.mark.usefixtures("row")
def test_a_child_that_leaves_the_parents_transaction_does_not_commit_it(db: Database) -> None:
    parent = os.getpid()
    reader, writer = os.pipe()
    try:
        with db.write():
            ConnectionRow.update(generation=5).execute()
            child = os.fork()
            if child:
                os.read(reader, 1)  # the child has left the block
                ConnectionRow.update(generation=6).execute()
                raise ZeroDivisionError
    except BaseException:
        if os.getpid() == parent:
            os.waitpid(child, 0)
    finally:
        if os.getpid() != parent:
            os.write(writer, b".")
            os._exit(0)
    os.close(reader)
    os.close(writer)
    assert count(db) == 0
    count_up(db)
    assert count(db) == 1


def _die_with_a_child(path: str, forked: Event) -> None:
    db = open_database(f"sqlite:///{path}", SystemClock())
    with db.write():
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        forked.set()
        time.sleep(60)


def test_the_gate_of_a_killed_process_is_not_kept_shut_by_its_child(
    tmp_path: Path, open_store: Callable[..., Database]
) -> None:
    path = f"{tmp_path}/r.db"
    forked = SPAWN.Event()
    victim = SPAWN.Process(target=_die_with_a_child, args=(path, forked))
    victim.start()
    assert forked.wait(30)
    assert victim.pid
    children = Path(f"/proc/{victim.pid}/task/{victim.pid}/children").read_text().split()
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    migrate(open_store(f"sqlite:///{path}", gate_wait=5))
    for child in children:
        os.kill(int(child), signal.SIGKILL)
