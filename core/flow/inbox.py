"""The inbox: webhook, poll and backfill all store their events here, each event once."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.domain import AssignmentFact, Event, EventSource, Fact, Inbound, StatusFact
from core.flow.leases import wake
from core.store.database import Database
from core.store.models import ConnectionRow, EventRow, LeaseRow, MessageRow

MESSAGE_PREFIX = "message:"
STATE_READ = "state_read"
"""The kind of our own event for a conversation's state as it was read at the vendor; connectors never see it."""
KEPT_OF_A_REJECTION = 64 * 1024


def state_read(conversation_id: str, *, closed: bool, assignee: str, at: datetime) -> Inbound:
    """The event that a conversation is closed or open, and whose it is, as it was read at the vendor."""
    payload = {"closed": closed, "assignee": assignee, "at": at.isoformat()}
    key = f"state:{conversation_id}:{'closed' if closed else 'open'}:{assignee}:{at.isoformat()}"
    return Inbound(key, STATE_READ, conversation_id, payload, at)


def facts_of_state(payload: Mapping[str, Any]) -> list[Fact]:
    """What such an event tells."""
    at = datetime.fromisoformat(payload["at"])
    if payload["closed"]:
        return [StatusFact(closed=True, at=at)]
    return [StatusFact(closed=False, at=at), AssignmentFact(payload["assignee"], at)]


def store_event(
    db: Database,
    connection_id: int,
    inbound: Inbound,
    *,
    known: bool,
    dedupe: timedelta,
    source: EventSource = EventSource.WEBHOOK,
) -> bool:
    """Store one event inside the transaction now open; True if it is new.

    Seen again within `dedupe` it is counted, not stored; a message that is already in a thread is never new, and a
    hint always is: two that are alike may tell of two things.
    `known` is False for a kind the connector does not understand: it is stored and shown, and goes no further.
    """
    now = db.now()
    key = f"hint:{uuid.uuid4().hex}" if inbound.hint else inbound.external_id
    if not inbound.hint and _is_repeat(connection_id, key, now - dedupe):
        return False
    lease_id = lease_of(db, connection_id, inbound.conversation_id) if known and inbound.conversation_id else None
    stored = db.insert_ignore(
        EventRow,
        connection=connection_id,
        lease=lease_id,
        dedupe_key=key,
        external_id=inbound.external_id,
        hint=inbound.hint,
        kind=inbound.kind,
        conversation_id=inbound.conversation_id,
        payload=dict(inbound.payload),
        source=source.value,
        state="pending" if lease_id is not None else "ignored",
        reason="" if lease_id is not None else ("no_conversation" if known else "unknown_kind"),
        received_at=now,
        done_at=None if lease_id is not None else now,
    )
    if stored is None:  # another process stored the same event between our look and our insert
        _count(connection_id, key)
        return False
    if lease_id is not None:
        wake(lease_id, now)
    return True


def store_unread(connection_id: int, inbound: Inbound, problem: str, now: datetime) -> None:
    """Keep a message read at the vendor that could not be understood, as a failed event. Inside the transaction."""
    key = inbound.external_id
    if not EventRow.select().where(EventRow.connection == connection_id, EventRow.dedupe_key == key).exists():
        EventRow.create(
            connection=connection_id,
            dedupe_key=key,
            external_id=key,
            kind=inbound.kind,
            conversation_id=inbound.conversation_id,
            payload=dict(inbound.payload),
            source=EventSource.POLL.value,
            state="failed",
            reason="bad_payload",
            error=problem,
            received_at=now,
            done_at=now,
        )


def store_rejection(db: Database, connection_id: int, raw: bytes, problem: str) -> None:
    """Keep a body that could not be read, so that it is seen and counted. Opens its own transaction."""
    text = raw[:KEPT_OF_A_REJECTION].decode("utf-8", "replace").replace("\x00", "\ufffd")
    key = "rejected:" + hashlib.sha256(raw).hexdigest()
    with db.write():
        now = db.now()
        stored = db.insert_ignore(
            EventRow,
            connection=connection_id,
            dedupe_key=key,
            external_id=key,
            kind="malformed",
            payload={"body": text},
            source=EventSource.WEBHOOK.value,
            state="rejected",
            reason="malformed_body",
            error=problem,
            received_at=now,
            done_at=now,
        )
        if stored is None:
            _count(connection_id, key)


def to_event(row: EventRow) -> Event:
    """The event as connectors and plugins see it."""
    return Event(
        id=row.id,
        connection_id=row.connection_id,
        external_id=row.external_id,
        kind=row.kind,
        conversation_id=row.conversation_id,
        payload=row.payload,
        received_at=row.received_at,
        source=EventSource(row.source),
    )


def note_arrival(connection_id: int, now: datetime) -> None:
    """Remember when the connection was last heard of. Inside the transaction now open."""
    ConnectionRow.update(last_event_at=now).where(ConnectionRow.id == connection_id).execute()


def known_keys(connection_id: int, keys: Sequence[str]) -> set[str]:
    """Those of `keys` whose event is stored, or whose message is in a thread."""
    events = EventRow.select(EventRow.dedupe_key).where(
        EventRow.connection == connection_id, EventRow.dedupe_key.in_(list(keys))
    )
    ids = [key.removeprefix(MESSAGE_PREFIX) for key in keys if key.startswith(MESSAGE_PREFIX)]
    messages = MessageRow.select(MessageRow.external_id).where(
        MessageRow.connection == connection_id, MessageRow.external_id.in_(ids)
    )
    return {row.dedupe_key for row in events} | {f"{MESSAGE_PREFIX}{row.external_id}" for row in messages}


def _is_repeat(connection_id: int, key: str, since: datetime) -> bool:
    in_thread = key.startswith(MESSAGE_PREFIX) and (
        MessageRow.select(MessageRow.id)
        .where(MessageRow.connection == connection_id, MessageRow.external_id == key.removeprefix(MESSAGE_PREFIX))
        .exists()
    )
    earlier = EventRow.get_or_none(EventRow.connection == connection_id, EventRow.dedupe_key == key)
    if earlier is None:
        return in_thread
    if in_thread or earlier.received_at >= since or earlier.state == "pending":
        _count(connection_id, key)
        return True
    # The window has passed: the old row gives up its key, so that the same fact may be told anew.
    EventRow.update(dedupe_key=f"{key}@{earlier.id}").where(EventRow.id == earlier.id).execute()
    return False


def _count(connection_id: int, key: str) -> None:
    EventRow.update(seen_count=EventRow.seen_count + 1).where(
        EventRow.connection == connection_id, EventRow.dedupe_key == key
    ).execute()


def lease_of(db: Database, connection_id: int, conversation_id: str) -> int:
    """The lease row of a conversation, made if there is none yet. Inside the transaction now open."""
    db.insert_ignore(LeaseRow, connection=connection_id, conversation_id=conversation_id)
    row = LeaseRow.get(LeaseRow.connection == connection_id, LeaseRow.conversation_id == conversation_id)
    return int(row.id)
