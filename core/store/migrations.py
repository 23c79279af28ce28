"""Migrations: numbered steps, each applied once and in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peewee import CharField, IntegerField

from core.errors import ConfigError
from core.store.database import Database
from core.store.models import TABLES, MomentField, Row


class MigrationRow(Row):
    """A step that was applied."""

    number = IntegerField(unique=True)
    name = CharField()
    applied_at = MomentField()

    class Meta:
        table_name = "migration"


def _first_tables(native: Any) -> None:
    native.create_tables(TABLES)


STEPS: tuple[tuple[int, str, Callable[[Any], None]], ...] = ((1, "first_tables", _first_tables),)
"""Number, name, and what is done. A step that has landed is never changed: a later one mends it."""


def migrate(db: Database) -> list[str]:
    """Apply the steps that are missing; returns their names. Raises `ConfigError` for a store of a newer version.

    Two processes may call this at once: they take turns, and the second finds nothing to do.
    """
    applied = []
    for number, name, step in STEPS:
        with db.exclusively():
            if number in _done(db):
                continue
            step(db.native)
            MigrationRow.create(number=number, name=name, applied_at=db.now())
            applied.append(f"{number} {name}")
    return applied


def pending(db: Database) -> list[str]:
    """The names of the steps that are missing, in their order."""
    with db.exclusively():
        done = _done(db)
    return [f"{number} {name}" for number, name, _ in STEPS if number not in done]


def _done(db: Database) -> set[int]:
    db.native.create_tables([MigrationRow])
    done = {row.number for row in MigrationRow.select()}
    newest = max(done, default=0)
    if newest > STEPS[-1][0]:
        raise ConfigError(
            "database.url",
            f"the store is of version {newest}, this Relaydesk knows {STEPS[-1][0]}",
            "Install the newer Relaydesk again, or name another store",
        )
    return done
