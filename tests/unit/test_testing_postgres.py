"""The database that tests on PostgreSQL take one after another leaves nothing of one test to the next."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from core.testing.postgres import KeptDatabase


@pytest.fixture
def kept(postgres_server: str) -> Iterator[KeptDatabase]:
    made = KeptDatabase(postgres_server)
    yield made
    made.drop()


def add(url: str) -> int:
    """Add a row and tell its id."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO job_run (job, slot, owner, started_at, error) VALUES ('a', 0, 'b', 0, '') RETURNING id"
        ).fetchone()
    assert row
    return int(row[0])


def test_after_clearing_no_row_is_left_and_numbers_begin_anew(kept: KeptDatabase) -> None:
    url = kept.url
    assert [add(url)] == [1]
    kept.clear()
    assert kept.url == url
    assert add(url) == 1


def test_clearing_cuts_whoever_is_still_connected(kept: KeptDatabase) -> None:
    with psycopg.connect(kept.url) as forgotten:
        forgotten.execute("SELECT 1 FROM scheduler_lease")
        kept.clear()
        with pytest.raises(psycopg.OperationalError):
            forgotten.execute("SELECT 1")


def test_clearing_goes_on_where_its_own_connection_was_cut(kept: KeptDatabase) -> None:
    url = kept.url
    add(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    kept.clear()
    assert kept.url == url
    assert add(url) == 1


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id int)",
        "ALTER TABLE scheduler_lease DROP COLUMN owner",
        "DROP INDEX job_run_job_slot",
        "DELETE FROM migration WHERE number = 1",
    ],
)
def test_a_database_whose_tables_were_changed_is_made_anew(kept: KeptDatabase, change: str) -> None:
    old = kept.url
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute(change)
    kept.clear()
    assert kept.url != old
    kept.clear()
    assert kept.url != old
