"""Waiting for news on both engines: a signal wakes every process at once and is never lost. And whose clock counts."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from core.clock import SystemClock
from core.store.database import Database, open_database
from core.store.models import ConnectionRow
from core.testing.clock import FakeClock

SPAWN = multiprocessing.get_context("spawn")


def quiet(db: Database) -> None:
    """Wait until there is no news, with the listener at work."""
    db.wait(2)
    while db.wait(0.2):
        pass


def add(db: Database, name: str) -> None:
    with db.write():
        ConnectionRow.create(name=name, connector="x", created_at=db.now())
        db.signal()


# -------------------------------------------------------------------------------------------------- in a process


def test_without_news_the_time_passes(db: Database) -> None:
    quiet(db)
    began = time.monotonic()
    assert not db.wait(0.2)
    assert time.monotonic() - began >= 0.2
    assert not db.wait(0)


def test_a_signal_given_between_two_waits_is_not_lost(db: Database) -> None:
    quiet(db)
    db.signal()
    assert db.wait(0)
    assert not db.wait(0)


def test_a_signal_given_before_the_first_wait_of_a_thread_is_not_lost(db: Database) -> None:
    quiet(db)
    db.signal()
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(db.wait(0)))
    thread.start()
    thread.join(10)
    assert heard == [True]


def test_a_signal_wakes_all_threads_that_wait(db: Database) -> None:
    quiet(db)
    ready = threading.Barrier(4)
    heard: list[bool] = []

    def listen() -> None:
        while db.wait(0):
            pass
        ready.wait(10)
        heard.append(db.wait(20))

    crowd = [threading.Thread(target=listen) for _ in range(3)]
    for one in crowd:
        one.start()
    ready.wait(10)
    began = time.monotonic()
    db.signal()
    for one in crowd:
        one.join(30)
    assert heard == [True] * 3
    assert time.monotonic() - began < 5


def test_a_signal_inside_a_transaction_goes_out_with_the_commit(db: Database) -> None:
    quiet(db)
    with db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        db.signal()
        heard: list[bool] = []
        thread = threading.Thread(target=lambda: heard.extend([db.wait(0), db.wait(0)]))
        thread.start()
        thread.join(10)
        assert heard[-1] is False
    assert db.wait(0)


def test_a_signal_of_a_transaction_that_was_undone_is_heard_by_nobody(db: Database) -> None:
    quiet(db)
    with pytest.raises(ZeroDivisionError), db.write():
        db.signal()
        raise ZeroDivisionError
    assert not db.wait(0.2)


# --------------------------------------------------------------------------------------------- between processes


def _add(url: str, name: str) -> None:
    db = open_database(url, SystemClock())
    add(db, name)
    db.close()


def test_a_waiting_process_hears_another(db: Database, database_url: str) -> None:
    quiet(db)
    other = SPAWN.Process(target=_add, args=(database_url, "a"))
    other.start()
    assert db.wait(30)
    with db.read():
        assert ConnectionRow.select().count() == 1
    other.join(30)
    while db.wait(0.2):  # and again, on a listener that was there before
        pass
    other = SPAWN.Process(target=_add, args=(database_url, "b"))
    other.start()
    assert db.wait(30)
    other.join(30)


def test_what_another_process_did_between_two_waits_is_not_lost(db: Database, database_url: str) -> None:
    quiet(db)
    other = SPAWN.Process(target=_add, args=(database_url, "a"))
    other.start()
    other.join(30)
    assert db.wait(2)


def test_on_postgresql_an_own_signal_wakes_once(postgres: Database, postgres_url: str) -> None:
    db = postgres
    quiet(db)
    db.signal()
    assert db.wait(0)
    assert not db.wait(0.3)


def test_on_postgresql_a_listener_whose_connection_is_cut_listens_again(postgres: Database, postgres_url: str) -> None:
    db = postgres
    quiet(db)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert db.wait(20)  # it is back, and says that it may have missed something
        quiet(db)
        admin.execute("SELECT pg_notify('relaydesk', 'another process')")
        assert db.wait(20)


# ----------------------------------------------------------------------------------------------------- the clock


class WrongClock(SystemClock):
    """A machine's clock that can be set."""

    wrong = timedelta(hours=1)

    def now(self) -> datetime:
        return super().now() + self.wrong


def test_on_postgresql_the_servers_clock_counts_and_not_the_machines(
    postgres_url: str, open_store: Callable[..., Database]
) -> None:
    clock = WrongClock()
    db = open_store(postgres_url, clock)
    assert abs(db.now() - datetime.now(UTC)) < timedelta(seconds=2)
    with db.write():
        assert abs(db.now() - datetime.now(UTC)) < timedelta(seconds=2)
    clock.wrong = timedelta(days=-3)  # set while we run
    assert abs(db.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_on_sqlite_the_machines_clock_counts(tmp_path: Path, open_store: Callable[..., Database]) -> None:
    db = open_store(f"sqlite:///{tmp_path}/r.db", WrongClock())
    assert abs(db.now() - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=2)


def test_a_clock_that_is_given_is_used_as_it_is(db: Database, clock: FakeClock) -> None:
    assert db.now() == clock.now()
    clock.advance(3600)
    assert db.now() == clock.now()
