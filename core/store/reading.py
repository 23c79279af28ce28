"""What the lists and the search read by: indexes beside those that the tables need for the flow's own work."""

from __future__ import annotations

import json
from typing import Any

from peewee import SqliteDatabase

from core.store import words
from core.store.models import ShortField

COVERED = (
    "message_session_id",
    "message_connection_id",
    "attempt_action_id",
    "timeline_session_id",
    "decision_session_id",
    "contact_identity_connection_id",
    "conversation_lease_connection_id",
    "event_connection_id",
    "event_lease_id",
    "session_connection_id",
    "session_status_updated_at",
    "action_connection_id",
    "action_lease_id",
    "cursor_connection_id",
)
"""Indexes of earlier versions that another one begins with, or that no query reads by any more."""

INDEXES = {
    # The inbox, latest first: all that a filter asks of stands in it, so that what does not match costs no row.
    "session_listed": "session (updated_at, id, status, owner, channel, mode, connection_id, handed_off, created_at)",
    # The tabs: how many are open, and whose. Few are, compared with all that ever were.
    "session_tabs": "session (status, owner, handed_off, updated_at, id)",
    # Events by where they came from. Any choice of these is a few stretches of it (see core/web/queries/stretches.py).
    "event_from": "event (connection_id, kind, source, id)",
    "event_unusual": "event (state, id, connection_id, kind, source, reason) WHERE state <> 'done'",
    "event_unknown": "event (id) WHERE state = 'ignored' AND reason = 'unknown_kind'",
    "event_received": "event (received_at, connection_id, state)",
    "decision_why": "decision (outcome, reason, id)",
    "action_unsent": "action (state, id, session_id, connection_id, created_at) WHERE state <> 'sent'",
    "action_draft": "action (id, session_id) WHERE purpose = 'draft'",
}


def make(native: Any) -> None:
    """Add to the tables what lists and search read by, and drop the indexes that nothing needs."""
    sqlite = isinstance(native, SqliteDatabase)
    for name in COVERED:
        native.execute_sql(f"DROP INDEX IF EXISTS {name}")
    # Always what the row says, whoever writes it. SQLite adds only such as are worked out when read or indexed.
    kept = "VIRTUAL" if sqlite else "STORED"
    native.execute_sql(
        "ALTER TABLE session ADD COLUMN handed_off BOOLEAN"
        f" GENERATED ALWAYS AS (handoff IS NOT NULL AND owner = 'human') {kept}"
    )
    add_indexes(native)
    for statement in words.statements("sqlite" if sqlite else "postgresql"):
        native.execute_sql(statement)


def add_indexes(native: Any) -> None:
    """Add those of the indexes that are not there yet."""
    for name, index in INDEXES.items():
        native.execute_sql(f"CREATE INDEX IF NOT EXISTS {name} ON {index}")


def add_subjects(native: Any) -> None:
    """Give the sessions of an earlier version the subjects that stood among their data."""
    native.execute_sql("ALTER TABLE session ADD COLUMN subject VARCHAR(255) NOT NULL DEFAULT ''")
    holders = "SELECT id, data FROM session WHERE data LIKE '%\"subject\":%'"
    place = native.param
    for number, data in native.execute_sql(holders.replace("%", "%%") if place == "%s" else holders).fetchall():
        subject = json.loads(data).get("subject")
        if isinstance(subject, str) and subject:
            kept = ShortField().db_value(subject)
            native.execute_sql(f"UPDATE session SET subject = {place} WHERE id = {place}", (kept, number))
