"""Database: one way to read, write and wait on either engine."""

from __future__ import annotations

import abc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from core.clock import Clock
from core.errors import ConfigError, RelaydeskError
from core.store.models import Row, database

Query = TypeVar("Query")


class StoreBusy(RelaydeskError):
    """The store could not be written in time: nothing was changed, and the same may be tried again."""


class Database(abc.ABC):
    """The store of one process. The models speak to the one that was opened last."""

    engine: str

    def __init__(self, native: Any, clock: Clock) -> None:
        self.native = native
        self._clock = clock
        self._writing = threading.local()
        self._news = threading.Condition()
        self._signals = 0
        self._seen = threading.local()
        database.initialize(native)

    # ---------------------------------------------------------------------------------------- transactions

    @contextmanager
    def write(self) -> Iterator[None]:
        """One write transaction: committed at the end, rolled back if an exception passes through.

        Raises `StoreBusy` when the engine cannot take it in time, `RuntimeError` when called inside another.
        """
        if getattr(self._writing, "active", False):
            raise RuntimeError("a write transaction was begun inside another")
        with self._transaction():
            self._writing.active = True
            try:
                yield
            finally:
                self._writing.active = False

    @contextmanager
    def read(self) -> Iterator[None]:
        """A connection for reading; inside `write` it is that transaction's."""
        if getattr(self._writing, "active", False):
            yield
            return
        with self._connection():
            yield

    @abc.abstractmethod
    @contextmanager
    def _transaction(self) -> Iterator[None]: ...

    @abc.abstractmethod
    @contextmanager
    def _connection(self) -> Iterator[None]: ...

    def insert_ignore(self, model: type[Row], **values: Any) -> int | None:
        """Insert a row unless a unique key forbids it; returns its id, or None."""
        query = model.insert(**values).on_conflict_ignore().returning(model.id)
        rows = list(query.tuples().execute())
        return int(rows[0][0]) if rows else None

    def for_update(self, query: Query) -> Query:
        """Lock the rows of a query, passing over those that another transaction has locked."""
        return query

    # --------------------------------------------------------------------------------------- time and news

    def now(self) -> datetime:
        """The present moment, by the clock all processes on this store share."""
        return self._clock.now()

    def signal(self) -> None:
        """Tell every waiting thread of every process that there is work."""
        with self._news:
            self._signals += 1
            self._news.notify_all()

    @abc.abstractmethod
    def wait(self, seconds: float) -> bool:
        """Wait for news, `seconds` of real time at most; True if there was any since this thread's last wait."""

    def _heard_signal(self) -> bool:
        """Whether there was a signal since this thread last looked. Call with `_news` held."""
        heard = bool(getattr(self._seen, "signals", 0) != self._signals)
        self._seen.signals = self._signals
        return heard

    # --------------------------------------------------------------------------------------------- the rest

    @abc.abstractmethod
    def describe(self) -> str:
        """A line for the start-up log: library, version, and how safely it writes."""

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """A write transaction that no other process's `exclusively` overlaps: for migrations."""
        with self.write():
            yield

    def close(self) -> None:
        """Give back this thread's connection."""
        if not self.native.is_closed():
            self.native.close()


def open_database(url: str, clock: Clock, *, gate_wait: float = 15.0, single_process: bool = False) -> Database:
    """Open the store at ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``.

    `gate_wait` is how many seconds a write may wait for others; `single_process` says that no other process will
    open the file, which an old SQLite can take. Raises `ConfigError` for ``database.url``.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        from core.store.sqlite import SqliteStore

        return SqliteStore(url.removeprefix("sqlite:///"), clock, gate_wait, single_process)
    if scheme in ("postgresql", "postgres"):
        try:
            from core.store.postgres import PostgresStore
        except ImportError:
            raise ConfigError(
                "database.url", "the PostgreSQL driver is not installed", "Run: pip install 'relaydesk[postgres]'"
            ) from None
        return PostgresStore(url, clock, gate_wait)
    raise ConfigError(
        "database.url", "it names no engine that Relaydesk knows", "Write sqlite:///relaydesk.db or postgresql://…"
    )
