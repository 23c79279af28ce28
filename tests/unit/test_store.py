"""The store on both engines: transactions, waiting, election and budget."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SystemClock
from core.domain import Priority
from core.errors import ConfigError
from core.store.budget import Budget
from core.store.database import Database, StoreBusy, open_database
from core.store.election import Election, run_slot
from core.store.gate import Gate, GateTimeout
from core.store.migrations import STEPS, MigrationRow, migrate, pending
from core.store.models import ConnectionRow, JobRunRow, LeaseRow
from core.store.sqlite import choose_driver, is_sound
from core.testing.clock import START, FakeClock

SPAWN = multiprocessing.get_context("spawn")


def a_connection(db: Database) -> int:
    with db.write():
        row = ConnectionRow.create(name="support", connector="freshchat", created_at=db.now())
    return int(row.id)


# ------------------------------------------------------------------------------------------- transactions


def test_a_write_is_undone_when_an_exception_passes(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        raise ZeroDivisionError
    with db.read():
        assert ConnectionRow.select().count() == 0


def test_a_write_inside_a_write_is_refused(db: Database) -> None:
    with pytest.raises(RuntimeError, match="inside another"), db.write(), db.write():
        pass
    with db.write():  # and the store is usable afterwards
        pass


def test_a_row_that_is_there_already_is_not_inserted(db: Database) -> None:
    with db.write():
        first = db.insert_ignore(ConnectionRow, name="a", connector="x", created_at=db.now())
        assert first is not None
        assert db.insert_ignore(ConnectionRow, name="a", connector="y", created_at=db.now()) is None
    with db.read():
        assert ConnectionRow.get().connector == "x"


def test_moments_keep_their_microseconds_and_their_zone(db: Database, clock: FakeClock) -> None:
    clock.advance(0.123456)
    a_connection(db)
    with db.read():
        assert ConnectionRow.get().created_at == START + timedelta(seconds=0.123456)


def _increment(url: str, times: int) -> None:
    db = open_database(url, SystemClock())
    for _ in range(times):
        while True:
            try:
                with db.write():
                    row = ConnectionRow.select().for_update().get() if db.engine != "sqlite" else ConnectionRow.get()
                    ConnectionRow.update(generation=row.generation + 1).where(ConnectionRow.id == row.id).execute()
                break
            except StoreBusy:  # pragma: no cover - a failure of the test, told by the exit code
                os._exit(3)


def test_four_processes_that_read_then_write_lose_nothing_and_never_find_it_locked(
    db: Database, database_url: str
) -> None:
    a_connection(db)
    crowd = [SPAWN.Process(target=_increment, args=(database_url, 100)) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
        assert one.exitcode == 0
    with db.read():
        assert ConnectionRow.get().generation == 401


def test_a_forked_child_opens_its_own_connection(db: Database) -> None:
    a_connection(db)
    child = os.fork()
    if child == 0:
        try:
            with db.write():
                ConnectionRow.update(generation=7).execute()
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    with db.write():
        assert ConnectionRow.get().generation == 7
        ConnectionRow.update(generation=8).execute()
    with db.read():
        assert ConnectionRow.get().generation == 8


# --------------------------------------------------------------------------------------------------- gate


def _hold_gate(path: str, held: object) -> None:
    with Gate(Path(path), 5):
        held.set()  # type: ignore[attr-defined]
        time.sleep(60)


def test_a_killed_holder_of_the_gate_lets_the_next_in(tmp_path: Path) -> None:
    held = SPAWN.Event()
    holder = SPAWN.Process(target=_hold_gate, args=(str(tmp_path / "gate"), held))
    holder.start()
    assert held.wait(30)
    mine = Gate(tmp_path / "gate", 0.2)
    with pytest.raises(GateTimeout), mine:
        pass
    assert holder.pid
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with Gate(tmp_path / "gate", 5):
        pass
    with mine:  # the one that gave up is usable again
        pass


def test_threads_pass_the_gate_in_the_order_they_came(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate", 10)
    passed: list[int] = []

    def go(number: int) -> None:
        with gate:
            passed.append(number)

    with gate:
        crowd = []
        for number in range(8):
            thread = threading.Thread(target=go, args=(number,))
            thread.start()
            while len(gate._queue) <= number:
                time.sleep(0.001)
            crowd.append(thread)
    for thread in crowd:
        thread.join(10)
    assert passed == list(range(8))


def test_a_store_that_stays_busy_says_so(tmp_path: Path, clock: FakeClock) -> None:
    db = open_database(f"sqlite:///{tmp_path}/r.db", clock, gate_wait=0.1)
    with Gate(tmp_path / "r.db.gate", 1), pytest.raises(StoreBusy, match=r"busy for 0\.1 seconds"), db.write():
        pass
    db.close()


# --------------------------------------------------------------------------------------- opening, migrating


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), False),
        ((3, 53, 0), True),
        ((3, 54, 0), True),
    ],
)
def test_the_versions_of_sqlite_that_can_lose_pages_are_known(version: tuple[int, int, int], sound: bool) -> None:
    assert is_sound(version) is sound


def test_an_unsound_sqlite_is_refused_unless_only_one_process_runs() -> None:
    only_old = [("sqlite3", (3, 40, 1), object)]
    with pytest.raises(ConfigError, match=r"sqlite3 3\.40\.1.*pip install cysqlite"):
        choose_driver(only_old, single_process=False)
    assert choose_driver(only_old, single_process=True)[0] == "sqlite3"
    assert choose_driver([*only_old, ("cysqlite", (3, 54, 0), object)], single_process=False)[0] == "cysqlite"


def test_the_store_tells_how_safely_it_writes(db: Database) -> None:
    if db.engine == "sqlite":
        assert "journal wal, synchronous FULL" in db.describe()
    else:
        assert db.describe().startswith("PostgreSQL 1")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x", "names no engine"),
        ("relaydesk.db", "names no engine"),
        ("sqlite:///", "names no file"),
        ("sqlite:////nowhere/at/all/r.db", "does not exist"),
        ("sqlite:////tmp", "is a folder"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be reached"),
    ],
)
def test_a_store_that_cannot_be_opened_names_the_key(url: str, words: str, clock: FakeClock) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        open_database(url, clock)
    assert caught.value.key == "database.url"
    assert "nobody" not in str(caught.value)


def test_migrating_twice_does_nothing_the_second_time(database_url: str, clock: FakeClock) -> None:
    db = open_database(database_url, clock)
    names = [f"{number} {name}" for number, name, _ in STEPS]
    assert pending(db) == names
    assert migrate(db) == names
    assert migrate(db) == []
    assert pending(db) == []
    db.close()


def _migrate(url: str) -> None:
    db = open_database(url, SystemClock())
    migrate(db)
    db.close()


def test_two_processes_may_migrate_at_once(database_url: str, clock: FakeClock) -> None:
    pair = [SPAWN.Process(target=_migrate, args=(database_url,)) for _ in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join(60)
        assert one.exitcode == 0
    db = open_database(database_url, clock)
    with db.read():
        assert MigrationRow.select().count() == len(STEPS)
    db.close()


def test_a_store_of_a_newer_version_is_refused(db: Database) -> None:
    with db.write():
        MigrationRow.create(number=999, name="later", applied_at=db.now())
    with pytest.raises(ConfigError, match="of version 999"):
        migrate(db)


# ------------------------------------------------------------------------------------------- news and time


def _signal(url: str) -> None:
    db = open_database(url, SystemClock())
    if db.engine == "sqlite":
        with db.write():
            ConnectionRow.update(generation=ConnectionRow.generation + 1).execute()
    db.signal()
    db.close()


def test_a_waiting_thread_hears_another_process(db: Database, database_url: str) -> None:
    a_connection(db)
    db.wait(1)
    while db.wait(0.05):
        pass
    other = SPAWN.Process(target=_signal, args=(database_url,))
    other.start()
    assert db.wait(30)
    other.join(30)


def test_a_signal_given_between_two_waits_is_not_lost(db: Database) -> None:
    db.wait(0)
    while db.wait(0.05):
        pass
    db.signal()
    assert db.wait(5)


def test_on_postgresql_the_servers_clock_counts(postgres_server: str) -> None:
    db = open_database(postgres_server, SystemClock())
    with db.read():
        theirs = db.native.execute_sql("SELECT clock_timestamp()").fetchone()[0]
    assert abs((db.now() - theirs).total_seconds()) < 1
    db.close()


# ------------------------------------------------------------------------------------------------ election


def test_one_of_two_is_elected_and_the_other_takes_over_when_it_dies(db: Database, clock: FakeClock) -> None:
    first, second = Election(db, "dispatcher", "a", 10), Election(db, "dispatcher", "b", 10)
    assert first.hold()
    assert not second.hold()
    clock.advance(9)
    assert first.hold()
    clock.advance(9)
    assert not second.hold()
    clock.advance(2)
    assert second.hold()
    assert not first.hold()  # it had been asleep: its old fence renews nothing


def test_whoever_resigns_need_not_be_waited_for(db: Database) -> None:
    first, second = Election(db, "scheduler", "a", 10), Election(db, "scheduler", "b", 10)
    assert first.hold()
    first.resign()
    assert second.hold()
    first.resign()  # of what is no longer its own
    assert second.hold()


def test_a_slot_of_a_job_runs_once(db: Database) -> None:
    assert run_slot(db, "sweep", START, "a")
    assert not run_slot(db, "sweep", START, "b")
    assert run_slot(db, "sweep", START + timedelta(minutes=1), "b")
    with db.read():
        assert JobRunRow.select().count() == 2


# -------------------------------------------------------------------------------------------------- budget


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(list(Priority)), st.floats(0, 20)), max_size=60), st.integers(1, 12))
def test_b52_no_minute_ever_holds_more_calls_than_the_budget(
    tmp_path_factory: pytest.TempPathFactory, asks: list[tuple[Priority, float]], per_minute: int
) -> None:
    clock = FakeClock()
    db = open_database(f"sqlite:///{tmp_path_factory.mktemp('budget')}/r.db", clock)
    migrate(db)
    connection = a_connection(db)
    sharers = [Budget(db, connection, per_minute), Budget(db, connection, per_minute)]
    granted = []
    for number, (priority, pause) in enumerate(asks):
        clock.advance(pause)
        wait = sharers[number % 2].take(priority)
        if wait == 0:
            granted.append(clock.now())
            continue
        clock.advance(wait)  # whoever waits as long as told is granted, if nobody more urgent came first
        assert sharers[number % 2].take(priority) == 0
        granted.append(clock.now())
    for moment in granted:
        within = [other for other in granted if moment <= other <= moment + timedelta(seconds=60)]
        assert len(within) <= per_minute
    db.close()


def test_a_live_reply_finds_room_that_polling_and_backfill_may_not_use(db: Database) -> None:
    budget = Budget(db, a_connection(db), 10)
    granted = {}
    for priority in (Priority.BACKFILL, Priority.POLL, Priority.SYNC, Priority.HANDOFF, Priority.LIVE):
        granted[priority] = 0
        while budget.take(priority) == 0:
            granted[priority] += 1
    assert list(granted.values()) == [5, 2, 2, 0, 1]


def test_a_429_shuts_the_budget_for_as_long_as_the_vendor_says(db: Database, clock: FakeClock) -> None:
    budget = Budget(db, a_connection(db), 10)
    budget.shut(30)
    assert budget.take(Priority.LIVE) == 30
    clock.advance(30)
    assert budget.take(Priority.LIVE) == 0


def test_a_lower_limit_and_foreign_calls_are_learned_from_the_headers(db: Database) -> None:
    budget = Budget(db, a_connection(db), 60)
    budget.learn(20, 2)
    assert budget.take(Priority.LIVE) == 0
    assert budget.take(Priority.LIVE) == 0
    assert budget.take(Priority.LIVE) > 0


def test_two_connections_do_not_share_a_budget(db: Database) -> None:
    with db.write():
        other = ConnectionRow.create(name="second", connector="freshchat", created_at=db.now()).id
    first, second = Budget(db, a_connection(db), 1), Budget(db, other, 1)
    assert first.take(Priority.LIVE) == 0
    assert second.take(Priority.LIVE) == 0
    assert first.take(Priority.LIVE) > 0
    with db.read():
        assert LeaseRow.select().count() == 0
