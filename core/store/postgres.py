"""The store on PostgreSQL: row locks that pass over each other, its clock, and its notifications."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import peewee
import psycopg
from playhouse.pool import PooledPostgresqlDatabase

from core.clock import Clock, SystemClock
from core.errors import ConfigError
from core.store.database import Database, Query, StoreBusy

log = logging.getLogger(__name__)

CHANNEL = "relaydesk"
MIGRATION_LOCK = 0x52454C41
MEASURE_CLOCK_EVERY = 30.0
LOCK_WAIT_SECONDS = 15


class PostgresStore(Database):
    """The store for any number of processes on any number of machines."""

    engine = "postgresql"

    def __init__(self, url: str, clock: Clock, gate_wait: float) -> None:
        self._url = url
        self._gate_wait = gate_wait
        self._offset = timedelta(0)
        self._measured = float("-inf")
        self._listener: _Listener | None = None
        self._listening = threading.Lock()
        super().__init__(self._pool(), clock)
        try:
            with self.read():
                self._server = str(self.native.execute_sql("SHOW server_version").fetchone()[0])
        except peewee.OperationalError as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
            raise ConfigError(
                "database.url", f"PostgreSQL cannot be reached ({first})", "Check host, name and right of access"
            ) from None
        os.register_at_fork(after_in_child=self._after_fork)

    def _pool(self) -> Any:
        return PooledPostgresqlDatabase(
            self._url,
            prefer_psycopg3=True,
            max_connections=64,
            stale_timeout=300,
            timeout=self._gate_wait,
            options=f"-c lock_timeout={LOCK_WAIT_SECONDS}s",
        )

    def describe(self) -> str:
        return f"PostgreSQL {self._server}"

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection(), self.native.atomic():
                yield
        except peewee.OperationalError as error:
            raise StoreBusy(
                f"PostgreSQL did not take the transaction: {type(error.__cause__ or error).__name__}"
            ) from error

    @contextmanager
    def _connection(self) -> Iterator[None]:
        if not self.native.is_closed():
            yield
            return
        self.native.connect()
        try:
            yield
        finally:
            self.native.close()

    def for_update(self, query: Query) -> Query:
        locked: Query = query.for_update("FOR UPDATE SKIP LOCKED")  # type: ignore[attr-defined]
        return locked

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        with self.write():
            self.native.execute_sql("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            yield

    def now(self) -> datetime:
        local = self._clock.now()
        if not isinstance(self._clock, SystemClock):
            return local
        if time.monotonic() - self._measured > MEASURE_CLOCK_EVERY:
            self._measure(local)
            local = self._clock.now()
        return local + self._offset

    def _measure(self, local: datetime) -> None:
        """All machines go by the server's clock, so that a lease means the same to each."""
        self._measured = time.monotonic()
        with self.read():
            theirs = self.native.execute_sql("SELECT clock_timestamp()").fetchone()[0]
        self._offset = theirs - local

    def signal(self) -> None:
        super().signal()
        try:
            with self.read():
                self.native.execute_sql("SELECT pg_notify(%s, '')", (CHANNEL,))
        except peewee.PeeweeException as error:
            # The others find the work a little later by their own clock.
            log.warning("the other processes could not be told of work: %s", type(error).__name__)

    def wait(self, seconds: float) -> bool:
        with self._listening:
            if self._listener is None:
                self._listener = _Listener(self)
                self._listener.start()
        with self._news:
            if self._heard_signal():
                return True
            self._news.wait(seconds)
            return self._heard_signal()

    def heard(self) -> None:
        """Another process has signalled."""
        super().signal()

    def close(self) -> None:
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        super().close()
        self.native.close_all()

    def _after_fork(self) -> None:
        """In a child: leave the parent's connections alone, and begin anew."""
        self._left_behind = (self.native, self._listener)
        fresh = self._pool()
        self.native._state = type(self.native._state)()
        self.native._in_use = fresh._in_use
        self.native._connections = fresh._connections
        self._listener = None
        self._listening = threading.Lock()
        self._news = threading.Condition()
        self._writing = threading.local()
        self._seen = threading.local()


class _Listener(threading.Thread):
    """Listens for the signals of other processes, on a connection of its own that it opens again when it is lost."""

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(name="store-listener", daemon=True)
        self._store = store
        self._halt = threading.Event()

    def stop(self) -> None:
        """End the thread."""
        self._halt.set()

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("the store's signals are not heard for a moment: %s", type(error).__name__)
                self._halt.wait(1.0)

    def _listen(self) -> None:
        with psycopg.connect(self._store._url, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._store.heard()  # what was signalled while nobody listened
            while not self._halt.is_set():
                for _ in connection.notifies(timeout=0.5):
                    self._store.heard()
                    if self._halt.is_set():
                        return
