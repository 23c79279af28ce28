"""The store's transactions on both engines: whole or not at all, never nested, and nothing past them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import peewee
import psycopg
import pytest

from core.store.database import Database, StoreBusy, open_database
from core.store.migrations import migrate
from core.store.models import AttachmentRow, BudgetRow, ConnectionRow, JobRunRow, LeaseRow, MessageRow, SessionRow
from core.testing.clock import START, FakeClock


def add(db: Database, name: str = "support") -> int:
    with db.write():
        return int(ConnectionRow.create(name=name, connector="freshchat", created_at=db.now()).id)


def names(db: Database) -> list[str]:
    with db.read():
        return [row.name for row in ConnectionRow.select().order_by(ConnectionRow.id)]


# ------------------------------------------------------------------------------------------------- write, read


def test_a_write_is_undone_when_an_exception_passes(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        raise ZeroDivisionError
    assert names(db) == []


def test_a_write_inside_a_write_is_refused_and_undoes_the_outer_one(db: Database) -> None:
    with pytest.raises(RuntimeError, match="inside write"), db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        with db.write():
            pass
    assert names(db) == []
    add(db)  # and the store is usable afterwards


def test_a_write_inside_a_read_is_refused(db: Database) -> None:
    with pytest.raises(RuntimeError, match="inside read"), db.read(), db.write():
        pass


def test_reading_inside_a_write_sees_what_is_not_committed_yet(db: Database) -> None:
    with db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        assert names(db) == ["a"]
        with db.read(), db.read():
            assert ConnectionRow.select().count() == 1


def test_a_part_of_a_transaction_can_be_undone_alone(db: Database) -> None:
    with db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        with pytest.raises(ZeroDivisionError), db.native.atomic():
            ConnectionRow.create(name="b", connector="x", created_at=db.now())
            raise ZeroDivisionError
    assert names(db) == ["a"]


def test_other_threads_see_a_write_when_it_is_committed_and_not_before(db: Database) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: seen.append(names(db)))
        thread.start()
        thread.join(10)

    with db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        look()
    look()
    assert seen == [[], ["a"]]


def test_nothing_is_changed_outside_of_a_write(db: Database) -> None:
    add(db)
    with db.read():
        for change in (
            ConnectionRow.insert(name="b", connector="x", created_at=db.now()),
            ConnectionRow.update(name="b"),
            ConnectionRow.delete(),
        ):
            with pytest.raises(RuntimeError, match=r"outside of db\.write"):
                change.execute()
    assert names(db) == ["support"]


def test_a_query_that_is_not_read_to_its_end_keeps_nobody_from_writing(db: Database) -> None:
    for name in ("a", "b", "c"):
        add(db, name)
    with db.read():
        rows = ConnectionRow.select().iterator()
        assert next(iter(rows)).name == "a"
    thread = threading.Thread(target=add, args=(db, "d"))  # on a connection of its own
    thread.start()
    thread.join(10)
    add(db, "e")
    assert names(db) == ["a", "b", "c", "d", "e"]


def test_nothing_is_read_outside_of_a_transaction(db: Database) -> None:
    """Such as what belongs to a row, after the `read` that the row came from."""
    add(db)
    with pytest.raises(RuntimeError, match=r"outside of db\.read\(\): SELECT"):
        ConnectionRow.get()


def test_a_store_that_was_closed_opens_again_when_it_is_used(db: Database) -> None:
    add(db, "a")
    db.close()
    add(db, "b")
    assert names(db) == ["a", "b"]


def test_what_a_late_thread_leaves_open_goes_with_the_store(postgres_url: str, clock: FakeClock) -> None:
    """As a request that is still being answered when the service stops."""
    store = open_database(postgres_url, clock)
    store.close()

    def come_late(store: Database) -> None:
        with store.read():
            store.native.execute_sql("SELECT 1")

    late = threading.Thread(target=come_late, args=(store,))
    late.start()
    late.join()
    native = store.native
    left = [connection for *_, connection in native._connections]
    assert [connection.closed for connection in left] == [False]
    del store
    gc.collect()
    assert ([connection.closed for connection in left], native._connections) == ([True], [])


def test_the_models_speak_to_the_store_that_was_opened_last(
    db: Database, tmp_path: Path, open_store: Callable[..., Database]
) -> None:
    add(db)
    other = open_store(f"sqlite:///{tmp_path}/other.db")
    migrate(other)
    assert names(other) == []


# ------------------------------------------------------------------------------------------- insert_ignore, types


def test_a_row_that_is_there_already_is_not_inserted(db: Database) -> None:
    with db.write():
        first = db.insert_ignore(ConnectionRow, name="a", connector="x", created_at=db.now())
        assert db.insert_ignore(ConnectionRow, name="a", connector="y", created_at=db.now()) is None
        second = db.insert_ignore(ConnectionRow, name="b", connector="x", created_at=db.now())
    with db.read():
        assert [(row.id, row.connector) for row in ConnectionRow.select().order_by(ConnectionRow.id)] == [
            (first, "x"),
            (second, "x"),
        ]


def test_a_missing_value_or_a_broken_reference_is_never_ignored(db: Database) -> None:
    with pytest.raises(peewee.IntegrityError), db.write():
        db.insert_ignore(ConnectionRow, name="a", connector=None, created_at=db.now())
    with pytest.raises(peewee.IntegrityError), db.write():
        db.insert_ignore(LeaseRow, connection=12345, conversation_id="c")


def test_moments_keep_their_microseconds_and_their_zone(db: Database, clock: FakeClock) -> None:
    clock.advance(0.123456)
    add(db)
    with db.read():
        assert ConnectionRow.get().created_at == START + timedelta(seconds=0.123456)


def test_json_and_bytes_come_back_as_they_were(db: Database) -> None:
    values = [1, 2**60, "ü", {"a": None}, 0.1]
    with db.write():
        connection = ConnectionRow.create(name="a", connector="x", created_at=db.now())
        BudgetRow.create(connection=connection, calls=values)
        lease = LeaseRow.create(connection=connection, conversation_id="c")
        moments = {"created_at": db.now(), "updated_at": db.now()}
        session = SessionRow.create(
            connection=connection, lease=lease, conversation_id="c", channel="web", mode="off", **moments
        )
        message = MessageRow.create(
            session=session, connection=connection, author="agent", at=db.now(), received_at=db.now()
        )
        AttachmentRow.create(message=message, name="f", content=b"\x00\xff'")
    with db.read():
        assert BudgetRow.get().calls == values
        assert bytes(AttachmentRow.get().content) == b"\x00\xff'"


# -------------------------------------------------------------------------------------------------------- locks


def test_two_workers_never_lock_the_same_row_on_postgresql(postgres: Database, postgres_url: str) -> None:
    db = postgres
    first, second = add(db, "a"), add(db, "b")
    found: list[int | None] = []

    def take() -> None:
        with db.write():
            row = db.for_update(ConnectionRow.select().order_by(ConnectionRow.id)).first()
            found.append(row and row.id)

    def take_beside() -> None:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(10)

    with db.write():
        assert db.for_update(ConnectionRow.select().where(ConnectionRow.id == first)).get().id == first
        take_beside()
    take_beside()
    assert found == [second, first]


def test_a_row_that_stays_locked_on_postgresql_is_told_as_busy(
    postgres_url: str, open_store: Callable[..., Database]
) -> None:
    db = open_store(postgres_url, gate_wait=0.2)
    migrate(db)
    add(db)
    problems: list[BaseException] = []

    def change() -> None:
        try:
            with db.write():
                ConnectionRow.update(generation=5).execute()
        except BaseException as problem:
            problems.append(problem)

    with db.write():
        ConnectionRow.update(generation=4).execute()
        thread = threading.Thread(target=change)
        thread.start()
        thread.join(10)
    assert [type(problem) for problem in problems] == [StoreBusy]
    assert "LockNotAvailable" in str(problems[0])


def test_a_deadlock_on_postgresql_is_told_as_busy_to_one_of_the_two(postgres: Database, postgres_url: str) -> None:
    db = postgres
    rows = [add(db, "a"), add(db, "b")]
    both = threading.Barrier(2)
    ends: list[str] = []

    def change(order: list[int]) -> None:
        try:
            with db.write():
                ConnectionRow.update(generation=2).where(ConnectionRow.id == order[0]).execute()
                both.wait(10)
                ConnectionRow.update(generation=2).where(ConnectionRow.id == order[1]).execute()
            ends.append("committed")
        except StoreBusy as busy:
            ends.append(str(busy))

    threads = [threading.Thread(target=change, args=(order,)) for order in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends) == ["PostgreSQL did not take the transaction: DeadlockDetected", "committed"]


# ------------------------------------------------------------------------------------------- a server that is lost


def cut_all_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_after_a_lost_connection_postgresql_is_connected_again(postgres: Database, postgres_url: str) -> None:
    db = postgres
    add(db, "a")
    cut_all_connections(postgres_url)
    assert names(db) == ["a"]
    cut_all_connections(postgres_url)
    add(db, "b")
    assert names(db) == ["a", "b"]


def test_a_connection_that_is_lost_amidst_a_transaction_is_told_as_busy_and_nothing_is_stored(
    postgres: Database, postgres_url: str
) -> None:
    db = postgres
    with pytest.raises(StoreBusy), db.write():
        ConnectionRow.create(name="a", connector="x", created_at=db.now())
        cut_all_connections(postgres_url)
        JobRunRow.select().count()
    assert names(db) == []
    with pytest.raises(StoreBusy), db.read():
        cut_all_connections(postgres_url)
        JobRunRow.select().count()
    assert names(db) == []
