"""What all tests share: a clock to turn, and a store on each engine. The loopback rule is in pyproject.toml."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.clock import Clock, SystemClock
from core.store.database import Database, open_database
from core.store.migrations import migrate
from core.testing.clock import FakeClock
from core.testing.postgres import KeptDatabase, NoPostgres, drop_database, find_server, make_database
from tests.quick_apps import rules_compiled_once

ENGINES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}[
    os.environ.get("RELAYDESK_TEST_ENGINES", "both")
]

MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory
ENOUGH_BYTES = 2 * 1024**3
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
    # Every commit on SQLite is synced. No test cuts the power, so the disk need not be waited for.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that may take long begin first: one that begins last is waited for by all workers."""
    items.sort(key=lambda item: -_patience(item))


def _patience(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.fixture(scope="session", autouse=True)
def _quick_apps() -> Iterator[None]:
    with rules_compiled_once():
        yield


@pytest.fixture(autouse=True)
def _forget_dropped_in_plugins() -> Iterator[None]:
    """A folder may have the path of one that an earlier test had, and plugins are known by their path."""
    yield
    for name in [each for each in sys.modules if each.startswith("_relaydesk_plugin_")]:
        del sys.modules[name]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """A PostgreSQL server; without one its tests are skipped, or fail where nothing may be left out."""
    if "postgresql" not in ENGINES:
        pytest.skip("RELAYDESK_TEST_ENGINES leaves PostgreSQL out")
    try:
        return find_server()
    except NoPostgres as problem:
        if os.environ.get("RELAYDESK_TEST_STRICT") == "1":
            pytest.fail(f"PostgreSQL is missing: {problem}", pytrace=False)
        pytest.skip(f"PostgreSQL is missing: {problem}")


@pytest.fixture(scope="session")
def kept_database(postgres_server: str) -> Iterator[KeptDatabase]:
    """The database that the tests on PostgreSQL take one after another."""
    kept = KeptDatabase(postgres_server)
    yield kept
    kept.drop()


@pytest.fixture
def postgres_url(kept_database: KeptDatabase) -> Iterator[str]:
    """The address of a store on PostgreSQL that has its tables and nothing in them."""
    yield kept_database.url
    kept_database.clear()


@pytest.fixture(scope="session")
def kept_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store on SQLite with its tables: making them takes longer than many a test, a copy takes nothing."""
    path = tmp_path_factory.mktemp("kept") / "relaydesk.db"
    store = open_database(f"sqlite:///{path}", SystemClock())
    migrate(store)
    store.close()
    return path


@pytest.fixture
def sqlite_url(kept_file: Path, tmp_path: Path) -> str:
    """The address of a store on SQLite that has its tables and nothing in them."""
    shutil.copyfile(kept_file, tmp_path / "relaydesk.db")
    return f"sqlite:///{tmp_path}/relaydesk.db"


@pytest.fixture(params=ENGINES)
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/relaydesk.db"
        return
    server = request.getfixturevalue("postgres_server")
    url = make_database(server)
    yield url
    drop_database(server, url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, on each engine in turn."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def open_store(clock: FakeClock) -> Iterator[Callable[..., Database]]:
    """Opens a store at an address, without tables, on the test's clock if no other is given; closed at the end."""
    stores: list[Database] = []

    def open_one(url: str, at: Clock = clock, **options: Any) -> Database:
        stores.append(open_database(url, at, **options))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def db(database_url: str, open_store: Callable[..., Database]) -> Database:
    """An open store with its tables, on each engine in turn."""
    store = open_store(database_url)
    migrate(store)
    return store


@pytest.fixture
def postgres(postgres_url: str, open_store: Callable[..., Database]) -> Database:
    """An open store with its tables, on PostgreSQL only."""
    store = open_store(postgres_url)
    migrate(store)
    return store


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let all tests that miss PostgreSQL be told of in one line, which pytest makes of skips in one place."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and "PostgreSQL" in report.longrepr[2]:
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report
