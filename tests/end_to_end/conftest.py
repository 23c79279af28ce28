"""A whole service over real HTTP against a simulator, over each engine and in each manner of account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.testing.clock import FakeClock
from tests.end_to_end.people import Chats, Tickets
from tests.end_to_end.worlds import DeskWorld, World


@pytest.fixture
def world(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[World]:
    """A world whose simulator runs; the test starts the service with the settings it wants."""
    made = World(tmp_path, database_url, clock)
    yield made
    made.stop()


@pytest.fixture
def quick(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[World]:
    """A world on SQLite, for what hardly touches the store, or does so where it is tried on each engine elsewhere."""
    made = World(tmp_path, sqlite_url, clock)
    yield made
    made.stop()


EVERY_ACCOUNT = [
    pytest.param(("sqlite", "observed", True), id="sqlite-observed-all"),
    pytest.param(("sqlite", "documented", False), id="sqlite-documented-three"),
    pytest.param(("postgresql", "documented", True), id="postgresql-documented-all"),
    pytest.param(("postgresql", "observed", False), id="postgresql-observed-three"),
]
"""Engine, dialect, and whether all the vendor's events arrive or only the three of behaviour 25: every pair once."""


@pytest.fixture(params=EVERY_ACCOUNT)
def every_account(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """A world over each engine, in each dialect, with all events and with three."""
    yield from _world(request, tmp_path, clock)


BOTH_ACCOUNTS = [
    pytest.param(("sqlite", "documented", False), id="sqlite-documented-three"),
    pytest.param(("postgresql", "observed", True), id="postgresql-observed-all"),
]
"""For what hardly touches the vendor: each engine, dialect and set of events once."""


@pytest.fixture(params=BOTH_ACCOUNTS)
def both_accounts(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """A world over each engine, in each dialect, with all events and with three, but not each with each."""
    yield from _world(request, tmp_path, clock)


def _world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    engine, dialect, all_events = request.param
    sqlite = engine == "sqlite"
    url = request.getfixturevalue("sqlite_url" if sqlite else "postgres_url")
    made = World(tmp_path, url, clock, dialect, "all" if all_events else "guide")
    yield made
    made.stop()


@pytest.fixture
def desk(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[DeskWorld]:
    """A world whose helpdesk is Freshdesk; the test starts the service with the settings it wants."""
    made = DeskWorld(tmp_path, database_url, clock)
    yield made
    made.stop()


EVERY_DESK = [
    pytest.param(("sqlite", "advanced"), id="sqlite-advanced"),
    pytest.param(("postgresql", "simple"), id="postgresql-simple"),
    pytest.param(("sqlite", "form"), id="sqlite-form"),
]
"""Engine, and the content of the webhooks that an operator chose."""


@pytest.fixture(params=EVERY_DESK)
def every_desk(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[DeskWorld]:
    """A world of Freshdesk over each engine, with each content of webhooks."""
    yield from _desk(request, tmp_path, clock)


@pytest.fixture(params=EVERY_DESK[:2])
def both_desks(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[DeskWorld]:
    """A world of Freshdesk over each engine, for what hardly touches the webhooks."""
    yield from _desk(request, tmp_path, clock)


def _desk(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[DeskWorld]:
    engine, content = request.param
    sqlite = engine == "sqlite"
    url = request.getfixturevalue("sqlite_url" if sqlite else "postgres_url")
    made = DeskWorld(tmp_path, url, clock, content)
    yield made
    made.stop()


EACH_VENDOR = [
    pytest.param(("sqlite", "freshchat"), id="sqlite-freshchat"),
    pytest.param(("postgresql", "freshdesk"), id="postgresql-freshdesk"),
    pytest.param(("postgresql", "freshchat"), id="postgresql-freshchat"),
    pytest.param(("sqlite", "freshdesk"), id="sqlite-freshdesk"),
]
"""Engine and vendor: each with each."""


@pytest.fixture(params=EACH_VENDOR)
def everywhere(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Chats]:
    """The people of each vendor over each engine."""
    yield from _people(request, tmp_path, clock)


@pytest.fixture(params=EACH_VENDOR[:2])
def people(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Chats]:
    """The people of each vendor, each over another engine."""
    yield from _people(request, tmp_path, clock)


def _people(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Chats]:
    engine, vendor = request.param
    url = request.getfixturevalue("sqlite_url" if engine == "sqlite" else "postgres_url")
    made = World(tmp_path, url, clock) if vendor == "freshchat" else DeskWorld(tmp_path, url, clock)
    yield Chats(made) if vendor == "freshchat" else Tickets(made)
    made.stop()
