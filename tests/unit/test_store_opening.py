"""Opening the store: the SQLite library is chosen with care, and every mistake in the address is told with its mend."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.store import sqlite
from core.store.database import Database, StoreBusy, open_database
from core.store.gate import Gate
from core.store.migrations import migrate
from core.store.models import ConnectionRow
from core.store.sqlite_library import Library, choose_library, installed_libraries, is_sound
from core.testing.clock import FakeClock

OLD = Library("sqlite3", (3, 40, 1), object)


# ------------------------------------------------------------------------------------------------- the library


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
        ((3, 52, 1), True),
        ((3, 53, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_versions_of_sqlite_that_can_lose_pages_are_known(version: tuple[int, int, int], sound: bool) -> None:
    assert is_sound(version) is sound


def test_the_first_sound_library_is_taken() -> None:
    new, newer = Library("cysqlite", (3, 54, 0), object), Library("apsw", (3, 54, 1), object)
    assert choose_library([OLD, new, newer], single_process=False) is new
    assert choose_library([OLD, new, newer], single_process=True) is new
    sound = Library("sqlite3", (3, 51, 3), object)
    assert choose_library([sound, new], single_process=False) is sound


def test_an_unsound_sqlite_is_refused_unless_only_one_process_runs() -> None:
    with pytest.raises(ConfigError, match=r"database\.url: .*sqlite3 3\.40\.1.*pip install cysqlite"):
        choose_library([OLD], single_process=False)
    assert choose_library([OLD], single_process=True) is OLD


@pytest.mark.parametrize("name", [library.name for library in installed_libraries()])
def test_every_library_that_can_be_chosen_works(
    name: str, tmp_path: Path, open_store: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    only = [library for library in installed_libraries() if library.name == name]
    monkeypatch.setattr(sqlite, "installed_libraries", lambda: only)
    db = open_store(f"sqlite:///{tmp_path}/r.db", single_process=True)
    migrate(db)
    assert f"through {name}, journal wal, synchronous FULL" in db.describe()
    with db.write():
        first = db.insert_ignore(ConnectionRow, name="a", connector="x", created_at=db.now())
        assert first is not None
        assert db.insert_ignore(ConnectionRow, name="a", connector="x", created_at=db.now()) is None
        assert ConnectionRow.update(generation=3).where(ConnectionRow.id == first).execute() == 1
    with pytest.raises(ZeroDivisionError), db.write():
        ConnectionRow.delete().execute()
        raise ZeroDivisionError
    with db.read():
        assert ConnectionRow.get().generation == 3
        assert db.native.pragma("foreign_keys") == 1
        assert db.native.pragma("mmap_size") == 0
    while db.wait(0):
        pass
    with db.write():
        ConnectionRow.update(generation=4).execute()
    assert db.wait(5)


def test_the_store_tells_what_it_runs_on(db: Database) -> None:
    if db.engine == "sqlite":
        assert db.describe().startswith("SQLite 3.")
        assert "journal wal, synchronous FULL" in db.describe()
    else:
        assert db.describe().startswith("PostgreSQL ")
        assert "through psycopg 3." in db.describe()


# ------------------------------------------------------------------------------------------------- the address


@pytest.mark.parametrize(
    ("url", "problem", "mend"),
    [
        ("mysql://x", "names no engine", "Write sqlite:///relaydesk.db or postgresql://"),
        ("relaydesk.db", "names no engine", "Write sqlite:///relaydesk.db or postgresql://"),
        ("sqlite:///", "names no file", "Write sqlite:///relaydesk.db"),
        ("sqlite://relaydesk.db", "names no file", "Write sqlite:///relaydesk.db"),
        ("sqlite:///:memory:", "names no file", "Write sqlite:///relaydesk.db"),
        ("sqlite:////nowhere/at/all/r.db", "the folder /nowhere/at/all does not exist", "Create it"),
        ("sqlite:////usr", "/usr is a folder", "Name a file in it"),
        ("sqlite:////proc/r.db", "/proc/r.db cannot be used as the store", "may write to"),
        ("postgresql://secret@127.0.0.1:1/x", "cannot be reached", "Start it, or correct the address"),
        ("postgres://secret@127.0.0.1:1/x", "cannot be reached", "Start it, or correct the address"),
        ("postgresql://u:sec@ret@127.0.0.1/x", "names no host and port", "%40 for an @"),
        ("postgresql://u:sec/ret@127.0.0.1/x", "names no host and port", "%2F for a /"),
        ("postgresql://127.0.0.1:5432:secret/x?q", "cannot be read", "Write postgresql://"),
    ],
)
def test_a_store_that_cannot_be_opened_names_the_key_and_the_mend(
    url: str, problem: str, mend: str, clock: FakeClock
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_database(url, clock)
    assert caught.value.key == "database.url"
    assert problem in caught.value.problem
    assert mend in caught.value.mend
    assert "sec" not in str(caught.value)
    assert "ret@" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ada, " * 500)
    with pytest.raises(ConfigError, match=r"letter\.txt cannot be used as the store \(file is not a database\)"):
        open_database(f"sqlite:///{file}", clock)
    assert file.read_text() == "Dear Ada, " * 500


def test_a_folder_that_may_not_be_written_is_told_of(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # these tests may run as root, who may do anything
    with pytest.raises(ConfigError, match=r"no right to write.*may write to"):
        open_database(f"sqlite:///{tmp_path}/r.db", clock)


def test_without_its_driver_postgresql_says_what_to_install(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("core.store.postgres", "core.store.listener"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"driver is not installed\. Run: pip install 'relaydesk\[postgres\]'"):
        open_database("postgresql://127.0.0.1/x", clock)


def test_a_relative_path_is_taken_from_where_the_process_runs(
    tmp_path: Path, open_store: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    db = open_store("sqlite:///here.db")
    monkeypatch.chdir("/")
    migrate(db)
    assert (tmp_path / "here.db").exists()
    assert not Path("/here.db").exists()


def test_a_store_that_stays_busy_says_so(tmp_path: Path, open_store: Callable[..., Database]) -> None:
    db = open_store(f"sqlite:///{tmp_path}/r.db", gate_wait=0.1)
    with Gate(tmp_path / "r.db.gate", 1), pytest.raises(StoreBusy, match=r"busy for 0\.1 seconds"), db.write():
        pass
    with db.write():
        pass


def test_postgresql_plans_what_is_asked_often_for_the_values_that_are_asked_for(postgres: Database) -> None:
    with postgres.read():
        for number in range(20):
            postgres.native.execute_sql("SELECT id FROM event WHERE state = %s", (f"state {number}",)).fetchall()
        plans = (
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT id FROM e%%'"
        )
        [(custom, generic)] = postgres.native.execute_sql(plans).fetchall()
    assert custom > 10
    assert generic == 0
