"""What all tests share: a clock to turn, a store on each engine, and no network but the loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from core.store.database import Database, open_database
from core.store.migrations import migrate
from core.testing.clock import FakeClock
from core.testing.postgres import NoPostgres, drop_database, find_server, make_database

ENGINES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}[
    os.environ.get("RELAYDESK_TEST_ENGINES", "both")
]
MISSING = pytest.StashKey[str]()


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> str:
    """A PostgreSQL server; without one its tests are skipped, or fail where nothing may be left out."""
    try:
        return find_server()
    except NoPostgres as problem:
        if os.environ.get("RELAYDESK_TEST_STRICT") == "1":
            pytest.fail(f"PostgreSQL is missing: {problem}")
        request.config.stash[MISSING] = str(problem)
        pytest.skip("no PostgreSQL")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/relaydesk.db"
        return
    server = request.getfixturevalue("postgres_server")
    url = make_database(server)
    yield url
    drop_database(server, url)


@pytest.fixture
def db(database_url: str, clock: FakeClock) -> Iterator[Database]:
    """An open store with its tables."""
    store = open_database(database_url, clock)
    migrate(store)
    yield store
    store.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what this machine could not run."""
    missing = config.stash.get(MISSING, "")
    if missing:
        terminalreporter.write_line(f"left out: the tests on PostgreSQL ({missing})", yellow=True)
