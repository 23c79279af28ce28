"""Database: one way to read, write and wait on either engine."""

from __future__ import annotations

import abc
import logging
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, TypeVar

import peewee
from playhouse.pool import MaxConnectionsExceeded

from core.clock import Clock
from core.errors import ConfigError, RelaydeskError
from core.store.forks import Users, leave_to_parent, watch_forks
from core.store.models import Row, database

log = logging.getLogger(__name__)

Query = TypeVar("Query")

PATIENCE = 5.0
"""How many seconds closing and forking wait for the transactions of other threads to end."""


class StoreBusy(RelaydeskError):
    """The store did not take a transaction: it was locked for too long, or its server was lost. Try it again.

    Nothing was stored, unless the server was lost at the very moment of the commit: what is tried again must
    look at the rows first, as everything in the flow does.
    """


class _Mine(threading.local):
    """What a thread is doing."""

    mode = ""
    signalled = False
    seen = 0


class Database(abc.ABC):
    """The store of one process; safe to use from all its threads.

    The models speak to the database that was opened last: one store per process is what they are made for.
    It may be open while the process forks: parent and child then each open connections of their own.
    """

    engine: str
    """``sqlite`` or ``postgresql``."""

    _poll_seconds: float
    """How often `_look` is asked while a thread waits."""

    def __init__(self, native: Any, clock: Clock) -> None:
        self.native = native
        self._clock = clock
        self._forked_badly = False
        self._begin_anew()
        database.initialize(native)
        watch_forks(self)
        self._end = weakref.finalize(self, native.close_all)  # a thread that comes too late opens one after `close`
        self._end.atexit = False  # a process that ends closes all by itself

    # ---------------------------------------------------------------------------------------- transactions

    @contextmanager
    def write(self) -> Iterator[None]:
        """One write transaction: committed at the end, rolled back if an exception passes through.

        Raises `StoreBusy` when the engine does not take it, a deadlock on PostgreSQL included: the whole
        transaction may then be tried again. Raises `RuntimeError` inside another `write`, and inside `read`,
        since what was read there may have changed by now.
        """
        self._refuse_after_bad_fork()
        mine = self._mine
        if mine.mode:
            raise RuntimeError(f"write() was called inside {mine.mode}()")
        mine.signalled = False
        with self._users.inside(), self._as_busy(), self._turn(), self._connected("write"), self._transaction():
            yield
            if mine.signalled:
                self._announce()
        if mine.signalled:
            self._wake()

    @contextmanager
    def read(self) -> Iterator[None]:
        """A connection for reading, without a lock; inside `write` or another `read` it is that one's.

        Each statement sees what was committed before it began. Raises `StoreBusy` when the server is lost.
        """
        self._refuse_after_bad_fork()
        if self._mine.mode:
            yield
            return
        with self._users.inside(), self._as_busy(), self._connected("read"):
            yield

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """A write transaction that no other process's `exclusively` overlaps: to migrate, or look before an insert."""
        with self.write():
            yield

    def insert_ignore(self, model: type[Row], **values: Any) -> int | None:
        """Insert a row unless a unique key forbids it; returns its id, or None. Inside the transaction now open.

        Only a unique key is ignored: a missing value or a broken reference raises `peewee.IntegrityError`.
        """
        # Not on_conflict_ignore(): on SQLite that is INSERT OR IGNORE, which also swallows a missing value.
        query = model.insert(**values).on_conflict(action="nothing").returning(model.id)
        rows = list(query.tuples().execute())
        return int(rows[0][0]) if rows else None

    def for_update(self, query: Query, *, skip_locked: bool = True) -> Query:
        """Lock the rows of a query until the transaction ends: passing over those that another one has locked, or
        else waiting for it. SQLite has one writer at a time, so there it is the query as it was.
        """
        return query

    # --------------------------------------------------------------------------------------- time and news

    def now(self) -> datetime:
        """The present moment, by the clock that all processes on this store share."""
        return self._clock.now()

    def signal(self) -> None:
        """Tell every waiting thread of every process that there is work. Inside `write` it goes out with the commit.

        On SQLite other processes hear of it by the commit itself, whether this is called or not.
        """
        if self._mine.mode == "write":
            self._mine.signalled = True
            return
        try:
            self._announce()
        except StoreBusy as busy:
            # The others find the work a little later, by their own clock.
            log.warning("the other processes could not be told of work: %s", busy)
        self._wake()

    def wait(self, seconds: float) -> bool:
        """Wait for a signal or, on SQLite, anybody's commit; `seconds` of real time at most.

        True as soon as there was one since this thread last waited, False when the time has passed.
        """
        until = time.monotonic() + seconds
        while True:
            changed = self._look()
            with self._news:
                if changed:
                    self._signals += 1
                    self._news.notify_all()
                if self._mine.seen != self._signals:
                    self._mine.seen = self._signals
                    return True
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._news.wait(min(left, self._poll_seconds))

    def _wake(self) -> None:
        with self._news:
            self._signals += 1
            self._news.notify_all()

    # --------------------------------------------------------------------------------------------- the rest

    @abc.abstractmethod
    def describe(self) -> str:
        """A line for the start-up log: library, version, and how safely it writes."""

    def close(self) -> None:
        """Give back all connections, after waiting a little for the transactions of other threads.

        Whoever uses the store again opens new ones.
        """
        try:
            self._users.bar(1 if self._mine.mode else 0, PATIENCE)
            self._let_go()
        finally:
            self._users.admit()

    # ------------------------------------------------------------------------------- what an engine must offer

    @abc.abstractmethod
    def _turn(self) -> AbstractContextManager[None]:
        """The turn to write."""

    @abc.abstractmethod
    def _transaction(self) -> AbstractContextManager[Any]:
        """The engine's write transaction, on the connection now open."""

    @abc.abstractmethod
    def _why_busy(self, error: peewee.PeeweeException) -> str | None:
        """What to say in a `StoreBusy`; None for an error that is no matter of waiting."""

    @abc.abstractmethod
    def _look(self) -> bool:
        """Whether another process has given news since the last look."""

    @abc.abstractmethod
    def _announce(self) -> None:
        """Tell the other processes of a signal; inside the transaction now open if there is one."""

    def _let_go(self) -> None:
        """Close all connections that are not in use."""
        self.native.close_idle()

    # ----------------------------------------------------------------------------------------- connections

    @contextmanager
    def _connected(self, mode: str) -> Iterator[None]:
        mine, native = self._mine, self.native
        native.connect(reuse_if_open=True)
        mine.mode = mode
        try:
            yield
        finally:
            mine.mode = ""
            native.close()

    @contextmanager
    def _as_busy(self) -> Iterator[None]:
        try:
            yield
        except MaxConnectionsExceeded:
            raise StoreBusy("all connections to the store were in use for too long") from None
        except peewee.PeeweeException as error:
            reason = self._why_busy(error)
            if reason is None:
                raise
            raise StoreBusy(reason) from error

    # --------------------------------------------------------------------------------------------- forking

    def before_fork(self) -> None:
        """See `Forkable`. Not even a new SQLite connection is safe in a child that inherited one: the library keeps
        one record of its locks per file and process, and would believe to hold what only the parent holds.
        """
        self._users.bar(1 if self._mine.mode else 0, PATIENCE)
        self._let_go()
        self._alone = not self.native._in_use

    def _refuse_after_bad_fork(self) -> None:
        if self._forked_badly:
            raise RuntimeError("this process was forked amidst a transaction, and cannot use the store; fork outside")

    def after_fork_in_parent(self) -> None:
        """See `Forkable`."""
        self._users.admit()

    def after_fork_in_child(self) -> None:
        """See `Forkable`."""
        if not self._alone:
            self._forked_badly = True
            self._end.detach()
            leave_to_parent(self.native)
            # Forgotten, so that a transaction the forking thread was in is not ended from here.
            self.native._state = type(self.native._state)()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._mine = _Mine()
        self._users = Users()
        self._news = threading.Condition()
        self._signals = 0
        self._alone = True


def open_database(url: str, clock: Clock, *, gate_wait: float = 15.0, single_process: bool = False) -> Database:
    """Open the store at ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``.

    `gate_wait` is how many seconds a write may wait for others; with `single_process`, the caller's word that no other
    process opens the file, even an old SQLite is taken. The models are pointed at it. Raises `ConfigError`.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from core.store.sqlite import SqliteStore

        return SqliteStore(rest, clock, gate_wait, single_process)
    if scheme in ("postgresql", "postgres"):
        try:
            from core.store.postgres import PostgresStore
        except ModuleNotFoundError as error:
            if error.name != "psycopg":
                raise
            mend = "Run: pip install 'relaydesk[postgres]'"
            raise ConfigError("database.url", "the PostgreSQL driver is not installed", mend) from None
        return PostgresStore(f"postgresql://{rest}", clock, gate_wait)
    mend = "Write sqlite:///relaydesk.db or postgresql://…"
    raise ConfigError("database.url", "it names no engine that Relaydesk knows", mend)
