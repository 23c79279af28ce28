"""The store on SQLite: a sound library, WAL, every commit synced, and one writer at a time behind a fair gate."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from core.clock import Clock
from core.errors import ConfigError
from core.store.database import Database, StoreBusy
from core.store.gate import Gate, GateTimeout

POLL_SECONDS = 0.05
BUSY_SECONDS = 15.0
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: what we told a vendor we have must survive a power cut
    "foreign_keys": 1,
    "cache_size": -16_000,
    "mmap_size": 0,
}

Version = tuple[int, int, int]


def is_sound(version: Version) -> bool:
    """Whether a SQLite version is free of the bug that can lose pages when several connections write in WAL mode.

    Mended in 3.51.3, and in 3.44.6 and 3.50.7 for their own lines; 3.52.0 was withdrawn.
    """
    if version == (3, 52, 0):
        return False
    if version[:2] == (3, 44):
        return version >= (3, 44, 6)
    if version[:2] == (3, 50):
        return version >= (3, 50, 7)
    return version >= (3, 51, 3)


def choose_driver(
    candidates: list[tuple[str, Version, Callable[..., Any]]], single_process: bool
) -> tuple[str, Version, Callable[..., Any]]:
    """The first library that is sound; an unsound one will do where only one process runs. Raises `ConfigError`."""
    for candidate in candidates:
        if is_sound(candidate[1]):
            return candidate
    if single_process and candidates:
        return candidates[0]
    found = ", ".join(f"{name} {_dotted(version)}" for name, version, _ in candidates) or "none"
    raise ConfigError(
        "database.url",
        f"no SQLite library here is sound for several processes (found: {found})",
        "Run: pip install cysqlite",
    )


def installed_drivers() -> list[tuple[str, Version, Callable[..., Any]]]:
    """The SQLite libraries of this Python that peewee can use, in the order in which they are preferred."""
    found: list[tuple[str, Version, Callable[..., Any]]] = [
        ("sqlite3", _version(sqlite3.sqlite_version), peewee.SqliteDatabase)
    ]
    try:
        import cysqlite
        from playhouse.cysqlite_ext import CySqliteDatabase

        found.append(("cysqlite", _version(cysqlite.sqlite_version), CySqliteDatabase))
    except ImportError:
        pass
    try:
        import apsw
        from playhouse.apsw_ext import APSWDatabase

        found.append(("apsw", _version(apsw.sqlitelibversion()), APSWDatabase))
    except ImportError:
        pass
    return found


class SqliteStore(Database):
    """The store in one file, for any number of processes on one machine."""

    engine = "sqlite"

    def __init__(self, path: str, clock: Clock, gate_wait: float, single_process: bool = False) -> None:
        self._path = _checked(Path(path))
        self._library, self._version, driver = choose_driver(installed_drivers(), single_process)
        self._make = lambda: driver(str(self._path), pragmas=PRAGMAS, timeout=BUSY_SECONDS)
        self._gate_wait = gate_wait
        self._gate = Gate(self._gate_path(), gate_wait)
        self._left_behind: list[object] = []
        super().__init__(self._make(), clock)
        os.register_at_fork(after_in_child=self._after_fork)

    def describe(self) -> str:
        with self.read():
            mode = self.native.execute_sql("PRAGMA journal_mode").fetchone()[0]
            level = self.native.execute_sql("PRAGMA synchronous").fetchone()[0]
        written = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}[int(level)]
        return f"SQLite {_dotted(self._version)} through {self._library}, journal {mode}, synchronous {written}"

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._gate.__enter__()
        except GateTimeout:
            raise StoreBusy(f"the store was busy for {self._gate_wait:g} seconds") from None
        try:
            with self._as_busy(), self._connection(), self.native.atomic("IMMEDIATE"):
                yield
        finally:
            self._gate.__exit__()

    @contextmanager
    def _connection(self) -> Iterator[None]:
        # The connection stays with its thread, and goes when the thread does: opening one costs more than a read.
        self.native.connect(reuse_if_open=True)
        yield

    @contextmanager
    def _as_busy(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if isinstance(error, StoreBusy) or not _says_locked(error):
                raise
            raise StoreBusy("the store was locked by another program") from error

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while True:
            with self._news:
                if self._heard_signal() | self._heard_commit():
                    return True
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._news.wait(min(POLL_SECONDS, left))

    def _heard_commit(self) -> bool:
        """Whether another connection has committed since this thread last looked."""
        with self.read():
            version = self.native.execute_sql("PRAGMA data_version").fetchone()[0]
        heard = bool(getattr(self._seen, "version", version) != version)
        self._seen.version = version
        return heard

    def _gate_path(self) -> Path:
        return self._path.with_name(self._path.name + ".gate")

    def _after_fork(self) -> None:
        """In a child: leave the parent's connections alone, even unclosed, and begin anew."""
        self._left_behind.append(self.native._state)
        self.native._state = type(self.native._state)()
        self._gate = Gate(self._gate_path(), self._gate_wait)
        self._news = threading.Condition()
        self._writing = threading.local()
        self._seen = threading.local()


def _checked(path: Path) -> Path:
    if str(path) in ("", ".", ":memory:"):
        raise ConfigError("database.url", "it names no file", "Write sqlite:///relaydesk.db")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise ConfigError("database.url", f"the folder {folder} does not exist", "Create it, or name another")
    if path.is_dir():
        raise ConfigError("database.url", f"{path} is a folder", "Name a file in it, such as relaydesk.db")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ConfigError(
            "database.url", f"{path} cannot be written", "Give the service's user the right to write there"
        )
    return path.resolve()


def _says_locked(error: BaseException) -> bool:
    text = str(error).lower()
    return "database is locked" in text or "busy" in text or "database table is locked" in text


def _version(text: str) -> Version:
    major, minor, patch = (int(part) for part in [*text.split("."), "0", "0"][:3])
    return major, minor, patch


def _dotted(version: Version) -> str:
    return ".".join(str(part) for part in version)
