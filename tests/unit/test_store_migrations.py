"""Migrations on both engines: each step once and whole, whoever calls and whatever happens on the way."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import ConfigError
from core.store import migrations, reading, words
from core.store.database import Database, open_database
from core.store.migrations import STEPS, MigrationRow, migrate, pending
from core.store.models import TABLES, MomentField, SubscriptionRow
from core.testing.clock import FakeClock

SPAWN = multiprocessing.get_context("spawn")
NEXT = STEPS[-1][0] + 1
NAMES = [f"{number} {name}" for number, name, _ in STEPS]


def applied(db: Database) -> list[int]:
    with db.read():
        return [row.number for row in MigrationRow.select().order_by(MigrationRow.number)]


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [number for number, _, _ in STEPS] == list(range(1, len(STEPS) + 1))


def test_migrating_makes_all_tables_and_does_nothing_the_second_time(
    bare_database_url: str, clock: FakeClock, open_store: Callable[..., Database]
) -> None:
    db = open_store(bare_database_url)
    assert pending(db) == NAMES
    assert migrate(db) == NAMES
    with db.read():
        tables = {table for table in db.native.get_tables() if "_words" not in table}
    assert tables == {table._meta.table_name for table in TABLES} | {"migration"}
    assert migrate(db) == []
    assert pending(db) == []
    with db.read():
        assert {row.applied_at for row in MigrationRow.select()} == {clock.now()}


def test_a_store_of_a_newer_version_is_refused(db: Database) -> None:
    with db.write():
        MigrationRow.create(number=999, name="later", applied_at=db.now())
    for look in (migrate, pending):
        with pytest.raises(
            ConfigError, match=r"database\.url: the store is of version 999.*Install the newer"
        ) as caught:
            look(db)
        assert caught.value.key == "database.url"


def test_a_later_step_changes_an_older_store_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def add_table(native: Any) -> None:
        calls.append("add")
        native.execute_sql("CREATE TABLE extra (id INTEGER)")

    later = (NEXT, "extra", add_table)
    monkeypatch.setattr(migrations, "STEPS", (*STEPS, later))
    assert pending(db) == [f"{later[0]} extra"]
    assert migrate(db) == [f"{later[0]} extra"]
    assert migrate(db) == []
    assert calls == ["add"]
    assert applied(db)[-1] == later[0]


def test_an_empty_store_gets_todays_tables_and_no_later_step_is_run_on_them(
    bare_database_url: str, open_store: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(native: Any) -> None:
        raise AssertionError("the tables are new already")

    monkeypatch.setattr(migrations, "STEPS", (*STEPS, (NEXT, "extra", fail)))
    db = open_store(bare_database_url)
    assert migrate(db) == [*NAMES, f"{NEXT} extra"]
    assert migrate(db) == []


def test_a_step_that_fails_half_way_leaves_nothing_and_is_run_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True

    def add_table(native: Any) -> None:
        native.execute_sql("CREATE TABLE extra (id INTEGER)")
        if broken:
            raise ZeroDivisionError

    monkeypatch.setattr(migrations, "STEPS", (*STEPS, (NEXT, "extra", add_table)))
    with pytest.raises(ZeroDivisionError):
        migrate(db)
    with db.read():
        assert "extra" not in db.native.get_tables()
    broken = False
    migrate(db)
    with db.read():
        assert "extra" in db.native.get_tables()


def _migrate(url: str) -> None:
    db = open_database(url, SystemClock())
    migrate(db)
    db.close()


def test_several_processes_may_migrate_at_once(bare_database_url: str, open_store: Callable[..., Database]) -> None:
    crowd = [SPAWN.Process(target=_migrate, args=(bare_database_url,)) for _ in range(3)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
        assert one.exitcode == 0
    db = open_store(bare_database_url)
    assert applied(db) == [number for number, _, _ in STEPS]


ADDED = {
    2: (
        {
            "connection": ("tried_at", "refused_hash", "disconnected_at", "polled_at", "polling_since"),
            "contact_identity": ("polled_at",),
            "session": ("polled_at",),
        },
        ("cursor",),
    ),
    3: ({"decision": ("topic", "sentiment")}, ()),
    4: (
        {
            "connection": ("connected_at",),
            "event": ("hint", "found"),
            "session": ("assigned_group", "gated_at", "vendor_at", "read_at"),
            "message": ("quoted", "automatic"),
            "action": ("instead_of", "remark"),
            "budget": ("lanes", "paced_at"),
        },
        ("action_file", "backfill"),
    ),
    5: ({}, ("user", "api_token", "audit", "rate")),
    6: ({}, ("delivery", "subscription")),
    8: (
        {"connection": ("settings", "saved_by", "saved_at", "revision"), "backfill": ("requested_by",)},
        ("directory",),
    ),
    7: (
        {
            "event": ("retried_by",),
            "session": ("taken_by", "own_doing", "apart", "closed_payload"),
            "message": ("author_name",),
            "action": ("by", "verdict", "draft", "retried_by"),
        },
        (),
    ),
    9: ({"session": ("handed_off", "subject")}, ()),
    10: ({}, ()),
    11: ({"backfill": ("request",)}, ()),
    12: ({"subscription": ("failed_at",)}, ()),
    13: ({"subscription": ("former_secrets",)}, ()),
    14: ({}, ("destination_response", "destination_record", "destination_call", "destination")),
}
"""What each later step adds: columns by table, and tables."""


def _columns(db: Database) -> dict[str, set[tuple[str, bool]]]:
    with db.read():
        return {
            table: {(column.name, column.null) for column in db.native.get_columns(table)}
            for table in sorted(db.native.get_tables())
        }


def _indexes(db: Database) -> set[str]:
    """All indexes and triggers, by their statements."""
    made = "SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    if db.engine == "postgresql":
        made = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with db.read():
        return {row[0] for row in db.native.execute_sql(made).fetchall()}


def test_a_store_of_every_earlier_version_becomes_what_a_new_one_is(db: Database) -> None:
    assert sorted(ADDED) == [number for number, _, _ in STEPS[1:]], "a step is not tried"
    new, indexes = _columns(db), _indexes(db)
    for first in sorted(ADDED):
        with db.write():
            for number in sorted(ADDED, reverse=True):
                if number >= first:
                    _take_back(db, number)
        assert migrate(db) == [name for name in NAMES if int(name.split()[0]) >= first]
        assert _columns(db) == new
        assert _indexes(db) == indexes


def _take_back(db: Database, number: int) -> None:
    columns, tables = ADDED[number]
    if number == 13:
        _take_back_the_one_former_secret(db)
    if number == 10:
        db.native.execute_sql("DROP INDEX event_unknown")
    if number == 9:
        _take_back_what_is_read_by(db)
    for table in tables:
        db.native.execute_sql(f'DROP TABLE "{table}"')
    for table, names in columns.items():
        for name in names:
            db.native.execute_sql(f"ALTER TABLE {table} DROP COLUMN {name}")
    MigrationRow.delete().where(MigrationRow.number == number).execute()


def _take_back_the_one_former_secret(db: Database) -> None:
    db.native.execute_sql("ALTER TABLE subscription ADD COLUMN former_secret TEXT NOT NULL DEFAULT ''")
    db.native.execute_sql("ALTER TABLE subscription ADD COLUMN former_until BIGINT")


def test_a_former_secret_of_an_earlier_version_goes_on_signing_until_its_end(db: Database) -> None:
    until = db.now() + timedelta(hours=3)
    made = {"url": "https://example.com", "events": ["*"], "secret": "new", "until": db.now()}
    made |= {"created_by": "ann", "created_at": db.now(), "changed_by": "ann", "changed_at": db.now()}
    with db.write():
        first, second = (int(SubscriptionRow.insert(**made).execute()) for _ in range(2))
        _take_back(db, 13)
        place = db.native.param
        db.native.execute_sql(
            f"UPDATE subscription SET former_secret = 'gAAAAB-_=', former_until = {place} WHERE id = {place}",
            (MomentField().db_value(until), first),
        )
    assert migrate(db) == ["13 several_former_secrets"]
    with db.read():
        assert SubscriptionRow.get_by_id(first).former_secrets == [
            {"secret": "gAAAAB-_=", "until": int(until.timestamp())}
        ]
        assert SubscriptionRow.get_by_id(second).former_secrets == []


def _take_back_what_is_read_by(db: Database) -> None:
    """Bring the indexes back to what a store of before had: two that are there no more, and none of the new ones."""
    for name in reading.INDEXES:
        db.native.execute_sql(f"DROP INDEX IF EXISTS {name}")
    for source in words.SOURCES:
        if db.engine == "sqlite":
            for when in ("added", "changed", "removed"):
                db.native.execute_sql(f"DROP TRIGGER {source.index}_{when}")
        db.native.execute_sql(f"DROP {'TABLE' if db.engine == 'sqlite' else 'INDEX'} {source.index}")
    db.native.execute_sql("CREATE INDEX message_session_id ON message (session_id)")
    db.native.execute_sql("CREATE INDEX session_status_updated_at ON session (status, updated_at)")
