"""The store on PostgreSQL: row locks that pass over each other, its clock, and its notifications."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any

import peewee
import psycopg
from playhouse.postgres_ext import PooledPsycopg3Database
from psycopg.conninfo import conninfo_to_dict

from core.clock import Clock, SystemClock
from core.errors import ConfigError
from core.store.database import Database, Query, StoreBusy
from core.store.driver import guarded
from core.store.listener import CHANNEL, Listener

MIGRATION_LOCK = 0x52454C41
MEASURE_CLOCK_EVERY = 30.0
MEASURE_AGAIN_AFTER = 5.0
"""Seconds until the clock is measured again after that has failed."""
CLOCK_JUMP = 1.0
MOST_CONNECTIONS = 32
STUCK_SECONDS = 60
"""How long a stopped process may sit in a transaction, before the server frees the rows it has locked."""
PASSING = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25P03")
"""Serialization failure, deadlock, lock time-out, server going down (3), too many connections, stuck transaction."""


class PostgresStore(Database):
    """The store for any number of processes on any number of machines."""

    engine = "postgresql"
    _poll_seconds = 1.0  # news come by the listener; this is how soon one that was stopped for a fork starts again

    def __init__(self, url: str, clock: Clock, gate_wait: float) -> None:
        self._parameters = _checked(url)
        self._gate_wait = gate_wait
        self._offset = timedelta(0)
        self._measured: tuple[datetime, float] | None = None
        self._measure_due = 0.0
        self._listener: Listener
        self._url = url
        super().__init__(self._pool(), clock)
        try:
            with self.read():
                self._server = str(self.native.execute_sql("SHOW server_version").fetchone()[0])
        except StoreBusy as busy:
            words = str(busy.__cause__).strip().splitlines() or ["no answer"]
            raise ConfigError(
                "database.url",
                f"PostgreSQL cannot be reached ({words[0]})",
                "Start it, or correct the address, the user and the password",
            ) from None

    def _pool(self) -> Any:
        given = self._parameters
        options = (
            f"-c lock_timeout={int(self._gate_wait * 1000)} -c idle_in_transaction_session_timeout={STUCK_SECONDS}s"
            # Nothing asked here runs for long: to compile a statement, or to start further processes, takes longer.
            " -c jit=off -c max_parallel_workers_per_gather=0"
            # psycopg prepares what is asked often. A plan for whatever values walks a million rows where those that are
            # asked for are few, and never uses an index over some rows only.
            " -c plan_cache_mode=force_custom_plan"
        )
        return guarded(PooledPsycopg3Database)(
            self._url,
            autoconnect=False,
            max_connections=MOST_CONNECTIONS,
            stale_timeout=300,
            timeout=self._gate_wait,
            options=f"{options} {given.get('options') or ''}",
            connect_timeout=given.get("connect_timeout") or 10,
            application_name=given.get("application_name") or "relaydesk",
        )

    def describe(self) -> str:
        where = f"{self._parameters.get('host', '')}/{self._parameters.get('dbname', '')}"
        return f"PostgreSQL {self._server} at {where} through psycopg {psycopg.__version__}"

    # ---------------------------------------------------------------------------------------- transactions

    def _turn(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _transaction(self) -> AbstractContextManager[Any]:
        atomic: AbstractContextManager[Any] = self.native.atomic()
        return atomic

    def _why_busy(self, error: peewee.PeeweeException) -> str | None:
        cause = getattr(error, "orig", None)
        state = getattr(cause, "sqlstate", None)
        if state in PASSING or (state or "").startswith("08"):
            return f"PostgreSQL did not take the transaction: {type(cause).__name__}"
        if state is None and isinstance(error, peewee.OperationalError | peewee.InterfaceError):
            return "the connection to PostgreSQL was lost"
        return None

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        with self.write():
            self.native.execute_sql("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            yield

    def for_update(self, query: Query, *, skip_locked: bool = True) -> Query:
        locked: Query = query.for_update(skip_locked=skip_locked)  # type: ignore[attr-defined]
        return locked

    # ------------------------------------------------------------------------------------------------ time

    def now(self) -> datetime:
        if not isinstance(self._clock, SystemClock):
            return self._clock.now()
        if time.monotonic() >= self._measure_due or self._has_jumped():
            self._measure()
        return self._clock.now() + self._offset

    def _has_jumped(self) -> bool:
        """Whether this machine's clock was set, or the machine slept, since the server's clock was measured."""
        if self._measured is None:
            return True
        local, steady = self._measured
        passed = time.monotonic() - steady
        return abs((self._clock.now() - local).total_seconds() - passed) > CLOCK_JUMP

    def _measure(self) -> None:
        """All machines go by the server's clock, so that a lease means the same to each."""
        self._measured = self._clock.now(), time.monotonic()
        self._measure_due = time.monotonic() + MEASURE_AGAIN_AFTER
        with suppress(StoreBusy, peewee.PeeweeException), self.read():  # until then the last measurement serves
            before = self._clock.now()
            theirs = self.native.execute_sql("SELECT clock_timestamp()").fetchone()[0]
            after = self._clock.now()
            self._offset = theirs - (before + (after - before) / 2)
            self._measure_due = time.monotonic() + MEASURE_CLOCK_EVERY

    # ------------------------------------------------------------------------------------------------ news

    def _announce(self) -> None:
        with self.read():
            self.native.execute_sql("SELECT pg_notify(%s, %s)", (CHANNEL, self._name))

    def _look(self) -> bool:
        with self._users.inside():
            self._listener.start()
        return False  # the listener wakes whoever waits

    # --------------------------------------------------------------------------------------- closing, forking

    def _let_go(self) -> None:
        self._listener.stop()
        super()._let_go()

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._name = secrets.token_hex(8)
        self._listener = Listener(self._url, self._name, self._wake)


def _checked(url: str) -> dict[str, Any]:
    """The parts of an address. What is wrong with one is not quoted, since the password may be part of it."""
    mend = "Write postgresql://user:password@host/database, with %40 for an @ in the password, and %2F for a /"
    try:
        parts = dict(conninfo_to_dict(url))
    except psycopg.Error:
        raise ConfigError("database.url", "the address of PostgreSQL cannot be read", mend) from None
    ports = str(parts.get("port") or "").replace(",", "")
    if "@" in str(parts.get("host") or "") or not (ports.isdigit() or not ports):
        raise ConfigError("database.url", "the address of PostgreSQL names no host and port", mend)
    return parts
