"""Which SQLite library to use: the first of those installed that does not lose pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playhouse.pool import (
    PooledDatabase,
    PooledSqliteDatabase,
)

from core.errors import ConfigError

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Library:
    """A SQLite library: `driver` is peewee's pooled database class for it, `options` what that wants to be given."""

    name: str
    version: Version
    driver: Any
    options: Mapping[str, Any] = field(default_factory=dict)


def is_sound(version: Version) -> bool:
    """Whether a SQLite version is free of the bug that can lose pages when several connections write in WAL mode.

    Mended in 3.51.3, and in 3.44.6 and 3.50.7 for their own lines; 3.52.0 was withdrawn
    (https://sqlite.org/wal.html#walresetbug).
    """
    if version == (3, 52, 0):
        return False
    if version[:2] == (3, 44):
        return version >= (3, 44, 6)
    if version[:2] == (3, 50):
        return version >= (3, 50, 7)
    return version >= (3, 51, 3)


def choose_library(candidates: list[Library], single_process: bool) -> Library:
    """The first library that is sound; an unsound one will do where only one process runs. Raises `ConfigError`."""
    for candidate in candidates:
        if is_sound(candidate.version):
            return candidate
    if single_process and candidates:
        return candidates[0]
    found = ", ".join(f"{candidate.name} {dotted(candidate.version)}" for candidate in candidates) or "none"
    raise ConfigError(
        "database.url",
        f"no SQLite library here is sound for several processes (found: {found})",
        "Run: pip install cysqlite",
    )


def installed_libraries() -> list[Library]:
    """The SQLite libraries of this Python that peewee can use, in the order in which they are preferred."""
    # A connection may go from thread to thread here: the pool hands it to one at a time.
    found = [Library("sqlite3", _version(sqlite3.sqlite_version), PooledSqliteDatabase, {"check_same_thread": False})]
    try:
        import cysqlite
        from playhouse.cysqlite_ext import PooledCySqliteDatabase
    except ImportError:
        pass
    else:
        found.append(Library("cysqlite", _version(cysqlite.sqlite_version), PooledCySqliteDatabase))
    try:
        import apsw
        from playhouse.apsw_ext import APSWDatabase
    except ImportError:
        pass
    else:
        pooled = type("PooledAPSWDatabase", (PooledDatabase, APSWDatabase), {})
        found.append(Library("apsw", _version(apsw.sqlite_lib_version()), pooled))
    return found


def dotted(version: Version) -> str:
    """A version as it is written."""
    return ".".join(str(part) for part in version)


def _version(text: str) -> Version:
    major, minor, patch = ([int(part) for part in text.split(".")] + [0, 0])[:3]
    return major, minor, patch
