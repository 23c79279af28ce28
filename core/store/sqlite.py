"""The store on SQLite: a sound library, WAL, every commit synced, and one writer at a time behind a fair gate."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import peewee

from core.clock import Clock
from core.errors import ConfigError
from core.store.database import Database, StoreBusy
from core.store.driver import guarded
from core.store.gate import Gate, GateTimeout
from core.store.sqlite_library import choose_library, dotted, installed_libraries

POLL_SECONDS = 0.05
BUSY_SECONDS = 5.0
"""How long SQLite itself waits for a lock. Our own writers queue at the gate, so this is for other programs."""
PRAGMAS = {
    "synchronous": 2,  # FULL: what we told a vendor we have must survive a power cut
    "foreign_keys": 1,
    "cache_size": -16_000,
    "mmap_size": 0,  # a write past the end of a mapped file would be silent damage
}


class SqliteStore(Database):
    """The store in one file, for any number of processes on one machine."""

    engine = "sqlite"
    _poll_seconds = POLL_SECONDS
    _version: int | None
    """The state of the file as the watcher last saw it; None before it has looked: all until then counts as news."""

    def __init__(self, address: str, clock: Clock, gate_wait: float, single_process: bool = False) -> None:
        self._path = _checked(address)
        self._library = choose_library(installed_libraries(), single_process)
        self._gate_wait = gate_wait
        self._gate = self._new_gate()
        self._watcher = self._driver(thread_safe=False)
        super().__init__(self._driver(), clock)
        self._prepare()

    def describe(self) -> str:
        with self.read():
            mode = self.native.pragma("journal_mode")
            level = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}[int(self.native.pragma("synchronous"))]
        name, version = self._library.name, dotted(self._library.version)
        return f"SQLite {version} through {name}, journal {mode}, synchronous {level}, file {self._path}"

    def _driver(self, **options: Any) -> Any:
        pragmas = PRAGMAS | {"busy_timeout": int(BUSY_SECONDS * 1000)}
        options |= self._library.options
        driver = guarded(self._library.driver)
        return driver(str(self._path), autoconnect=False, max_connections=None, pragmas=pragmas, **options)

    def _new_gate(self) -> Gate:
        return Gate(self._path.with_name(self._path.name + ".gate"), self._gate_wait)

    def _prepare(self) -> None:
        """Open the file for the first time. In the gate, since SQLite does not wait to change the journal's mode."""
        try:
            with self._users.inside(), self._as_busy(), self._turn(), self._connected("read"):
                mode = self.native.pragma("journal_mode", "wal")
        except OSError as error:
            raise _unwritable(self._path, error.strerror or "") from None
        except peewee.DatabaseError as error:
            raise _unwritable(self._path, _words(error)) from None
        if mode != "wal":
            raise ConfigError(
                "database.url",
                f"the file system of {self._path} cannot hold a database for several processes (journal: {mode})",
                "Name a file on a local disk",
            )

    # ---------------------------------------------------------------------------------------- transactions

    @contextmanager
    def _turn(self) -> Iterator[None]:
        gate = self._gate
        try:
            gate.__enter__()
        except GateTimeout:
            raise StoreBusy(f"the store was busy for {self._gate_wait:g} seconds") from None
        try:
            yield
        finally:
            gate.__exit__()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.push(self._begun())
            yield

    def _begun(self) -> Any:
        try:
            return self.native.atomic("IMMEDIATE").__enter__()
        except peewee.OperationalError as error:
            if self._why_busy(error) is None:
                raise
        # A query that somebody did not read to its end keeps this connection at an old state of the file, from
        # which SQLite lets nobody write. A new connection is at the present state.
        self.native.manual_close()
        self.native.connect()
        return self.native.atomic("IMMEDIATE").__enter__()

    def _why_busy(self, error: peewee.PeeweeException) -> str | None:
        words = str(error)
        if "is locked" in words and isinstance(error, peewee.OperationalError):
            return "the store was locked by another program"
        return None

    # ------------------------------------------------------------------------------------------------ news

    def _look(self) -> bool:
        """Whether any connection but the watcher's has committed since; SQLite says so without a lock or a read."""
        with self._users.inside(), self._watching:
            self._watcher.connect(reuse_if_open=True)
            try:
                version = self._watcher.execute_sql("PRAGMA data_version").fetchall()[0][0]
            except peewee.OperationalError:
                return False  # locked by another program for a moment: it is looked again
            changed = version != self._version
            self._version = version
            return bool(changed)

    def _announce(self) -> None:
        """Nothing to do: the commit itself is what the others see."""

    # --------------------------------------------------------------------------------------- closing, forking

    def _let_go(self) -> None:
        with self._watching:
            self._watcher.manual_close()
            self._version = None
        super()._let_go()

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._watching = threading.Lock()
        self._version = None

    def after_fork_in_child(self) -> None:
        super().after_fork_in_child()
        self._gate.leave_to_parent()
        self._gate = self._new_gate()


def _checked(address: str) -> Path:
    name = address.removeprefix("/")
    if not address.startswith("/") or name in ("", ":memory:"):
        raise ConfigError("database.url", "it names no file", "Write sqlite:///relaydesk.db")
    path = Path(name).resolve()
    if not path.parent.is_dir():
        raise ConfigError("database.url", f"the folder {path.parent} does not exist", "Create it, or name another")
    if path.is_dir():
        raise ConfigError("database.url", f"{path} is a folder", "Name a file in it, such as relaydesk.db")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise _unwritable(path, "no right to write")
    return path


def _unwritable(path: Path, why: str) -> ConfigError:
    mend = "Name a SQLite file, old or new, in a folder that the service's user may write to"
    return ConfigError("database.url", f"{path} cannot be used as the store ({why})", mend)


def _words(error: BaseException) -> str:
    """What SQLite said, without the statement that cysqlite puts before it."""
    return str(error).rpartition("] ")[2].partition(" (code=")[0]
