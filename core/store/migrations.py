"""Migrations: numbered steps, each applied once and in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peewee import CharField, IntegerField

from core.errors import ConfigError
from core.store import reading
from core.store.database import Database
from core.store.models import (
    TABLES,
    ActionFileRow,
    ApiTokenRow,
    AuditRow,
    BackfillRow,
    CursorRow,
    DeliveryRow,
    DestinationCallRow,
    DestinationRecordRow,
    DestinationResponseRow,
    DestinationRow,
    DirectoryRow,
    MomentField,
    RateRow,
    Row,
    SubscriptionRow,
    UserRow,
)


class MigrationRow(Row):
    """A step that was applied."""

    number = IntegerField(unique=True)
    name = CharField()
    applied_at = MomentField()

    class Meta:
        table_name = "migration"


Step = tuple[int, str, Callable[[Any], None]]


def _add_columns(native: Any, *columns: tuple[str, str]) -> None:
    """Add columns to tables, but for those that are there: a step before may have made the table as it is today."""
    there = {table: {each.name for each in native.get_columns(table)} for table, _ in columns}
    for table, column in columns:
        if column.split()[0] not in there[table]:
            native.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column}")


def _first_tables(native: Any) -> None:
    native.create_tables(TABLES)
    reading.make(native)


def _connection_life_and_polling(native: Any) -> None:
    _add_columns(
        native,
        ("connection", "tried_at BIGINT"),
        ("connection", "refused_hash VARCHAR(255) NOT NULL DEFAULT ''"),
        ("connection", "disconnected_at BIGINT"),
        ("connection", "polled_at BIGINT"),
        ("connection", "polling_since BIGINT"),
        ("contact_identity", "polled_at BIGINT"),
        ("session", "polled_at BIGINT"),
    )
    native.create_tables([CursorRow])


def _topic_and_sentiment(native: Any) -> None:
    for column in ("topic", "sentiment"):
        native.execute_sql(f"ALTER TABLE decision ADD COLUMN {column} VARCHAR(255) NOT NULL DEFAULT ''")


def _hints_backfill_and_steps(native: Any) -> None:
    _add_columns(
        native,
        ("connection", "connected_at BIGINT"),
        ("event", "hint BOOLEAN NOT NULL DEFAULT FALSE"),
        ("event", "found TEXT"),
        ("session", "assigned_group VARCHAR(255) NOT NULL DEFAULT ''"),
        ("session", "gated_at BIGINT"),
        ("session", "vendor_at BIGINT"),
        ("session", "read_at BIGINT"),
        ("message", "quoted TEXT NOT NULL DEFAULT ''"),
        ("message", "automatic BOOLEAN NOT NULL DEFAULT FALSE"),
        ("action", "instead_of BIGINT"),
        ("action", "remark TEXT NOT NULL DEFAULT ''"),
        ("budget", "lanes TEXT NOT NULL DEFAULT '{}'"),
        ("budget", "paced_at BIGINT"),
    )
    native.execute_sql("UPDATE connection SET connected_at = verified_at")
    native.execute_sql("UPDATE session SET gated_at = created_at")
    native.create_tables([ActionFileRow, BackfillRow])


def _people_and_tokens(native: Any) -> None:
    native.create_tables([UserRow, ApiTokenRow, AuditRow, RateRow])


def _outbound_events(native: Any) -> None:
    native.create_tables([SubscriptionRow, DeliveryRow])


def _connections_of_the_pages(native: Any) -> None:
    _add_columns(
        native,
        ("connection", "settings TEXT"),
        ("connection", "saved_by VARCHAR(255) NOT NULL DEFAULT ''"),
        ("connection", "saved_at BIGINT"),
        ("connection", "revision BIGINT NOT NULL DEFAULT 0"),
        ("backfill", "requested_by VARCHAR(255) NOT NULL DEFAULT ''"),
    )
    native.execute_sql("DROP INDEX IF EXISTS connection_name")
    native.execute_sql(
        "CREATE UNIQUE INDEX IF NOT EXISTS connection_name_provisioned ON connection (name, provisioned)"
    )
    native.create_tables([DirectoryRow])


def _what_people_do(native: Any) -> None:
    _add_columns(
        native,
        ("event", "retried_by VARCHAR(255) NOT NULL DEFAULT ''"),
        ("session", "taken_by VARCHAR(255) NOT NULL DEFAULT ''"),
        ("session", "own_doing BOOLEAN NOT NULL DEFAULT FALSE"),
        ("session", "apart VARCHAR(255) NOT NULL DEFAULT ''"),
        ("session", "closed_payload TEXT"),
        ("message", "author_name VARCHAR(255) NOT NULL DEFAULT ''"),
        ("action", "by VARCHAR(255) NOT NULL DEFAULT ''"),
        ("action", "verdict VARCHAR(255) NOT NULL DEFAULT ''"),
        ("action", "draft BIGINT"),
        ("action", "retried_by VARCHAR(255) NOT NULL DEFAULT ''"),
    )


def _lists_and_search(native: Any) -> None:
    reading.add_subjects(native)
    reading.make(native)


def _requests_of_backfills(native: Any) -> None:
    _add_columns(native, ("backfill", "request INTEGER NOT NULL DEFAULT 1"))


def _latest_failure(native: Any) -> None:
    _add_columns(native, ("subscription", "failed_at BIGINT"))


def _several_former_secrets(native: Any) -> None:
    _add_columns(native, ("subscription", "former_secrets TEXT NOT NULL DEFAULT '[]'"))
    if "former_secret" not in {each.name for each in native.get_columns("subscription")}:
        return
    # What is sealed has no character that JSON would have to hide.
    native.execute_sql(
        """UPDATE subscription SET former_secrets =
           '[{"secret":"' || former_secret || '","until":' || CAST(former_until / 1000000 AS TEXT) || '}]'
           WHERE former_secret <> '' AND former_until IS NOT NULL"""
    )
    for column in ("former_secret", "former_until"):
        native.execute_sql(f"ALTER TABLE subscription DROP COLUMN {column}")


def _destinations(native: Any) -> None:
    native.create_tables([DestinationRow, DestinationCallRow, DestinationRecordRow, DestinationResponseRow])


STEPS: tuple[Step, ...] = (
    (1, "first_tables", _first_tables),
    (2, "connection_life_and_polling", _connection_life_and_polling),
    (3, "topic_and_sentiment_of_decisions", _topic_and_sentiment),
    (4, "hints_backfill_and_steps", _hints_backfill_and_steps),
    (5, "people_and_tokens", _people_and_tokens),
    (6, "outbound_events", _outbound_events),
    (7, "what_people_do", _what_people_do),
    (8, "connections_of_the_pages", _connections_of_the_pages),
    (9, "lists_and_search", _lists_and_search),
    (10, "what_is_not_understood", reading.add_indexes),
    (11, "requests_of_backfills", _requests_of_backfills),
    (12, "latest_failure_of_subscriptions", _latest_failure),
    (13, "several_former_secrets", _several_former_secrets),
    (14, "destinations", _destinations),
)
"""Number, name, and what is done with peewee's database.

The first makes the tables of an empty store as the models are today, so with it all others count as applied. The
others bring a store of an earlier version there; one that has been released is never changed.
"""


def migrate(db: Database) -> list[str]:
    """Apply the steps that are missing; returns their names. Raises `ConfigError` for a store of a newer version.

    Two processes may call this at once: they take turns, and the second finds nothing to do. One that dies on the
    way leaves whole steps behind, and the next call goes on from there.
    """
    applied: list[str] = []
    while True:
        with db.exclusively():
            done = _done(db)
            missing = [step for step in STEPS if step[0] not in done]
            if not missing:
                return applied
            missing[0][2](db.native)
            for number, name, _ in missing[:1] if done else missing:
                MigrationRow.create(number=number, name=name, applied_at=db.now())
                applied.append(_title(number, name))


def pending(db: Database) -> list[str]:
    """The names of the steps that are missing, in their order. Raises `ConfigError` for a store of a newer version."""
    with db.exclusively():
        done = _done(db)
    return [_title(number, name) for number, name, _ in STEPS if number not in done]


def _done(db: Database) -> set[int]:
    db.native.create_tables([MigrationRow])
    done = {row.number for row in MigrationRow.select()}
    newest = max(done, default=0)
    if newest > STEPS[-1][0]:
        raise ConfigError(
            "database.url",
            f"the store is of version {newest}, and this Relaydesk knows no later one than {STEPS[-1][0]}",
            "Install the newer Relaydesk again, or name another store",
        )
    return done


def _title(number: int, name: str) -> str:
    return f"{number} {name}"
