"""A conversation is read at the vendor, because a hint came or a list named it, and what is new in it becomes news."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.domain import (
    Connection,
    Event,
    EventSource,
    Fact,
    Inbound,
    Priority,
    Session,
    SessionChange,
    VendorState,
)
from core.errors import BadPayload, Refused, RelaydeskError, RetryLater
from core.flow import announce, inbox, leases, misses, sessions, sync
from core.flow.leases import Lease
from core.flow.record import News, write_down
from core.http import HttpClient
from core.runtime import Runtime
from core.store.models import ConnectionRow, EventRow, MessageRow, SessionRow

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=10)
"""How far before the latest message known it is read again: messages may show late."""
GONE_AFTER = 3
"""A conversation must be missing this often before it counts as gone: a new one may show a little late."""


class Gone(RelaydeskError):
    """The vendor knows no such conversation, however often it is asked."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the news in it, the messages it comes from, and those that could not be understood, with why."""

    news: News
    messages: tuple[Inbound, ...]
    unread: tuple[tuple[Inbound, str], ...] = ()


def follow_hint(
    runtime: Runtime, lease: Lease, connection: Connection, row: EventRow
) -> tuple[Session | None, list[SessionChange]]:
    """Read the conversation a hint is about, and record what is new in it; every hint that waited by then is done.

    Raises `Gone`, or a `VendorError` if it has to wait.
    """
    with runtime.db.read():
        # Whatever a later hint tells may be missing from what is read now.
        waiting = [one.id for one in _hints(lease)]
    swept = row.source == EventSource.POLL and row.kind != sync.LOOK
    http = runtime.connections.http(connection, Priority.POLL if swept else Priority.LIVE)
    try:
        found = read(runtime, connection, row.conversation_id, http)
    except Refused as problem:
        if problem.status != 404:
            raise
        if row.waits + 1 < GONE_AFTER:
            raise RetryLater(str(problem), status=404) from problem
        if row.kind != sync.LOOK:
            _remove(runtime, lease)
        raise Gone(str(problem)) from problem
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        now = runtime.db.now()
        session, changes = write_down(runtime, lease.id, connection, row, found.news)
        for inbound, problem_words in found.unread:
            inbox.store_unread(connection.id, inbound, problem_words, now)
        EventRow.update(found=_as_json(found)).where(EventRow.id == row.id).execute()
        EventRow.update(state="done", reason="read_with_another", done_at=now, next_at=None).where(
            EventRow.id.in_([one for one in waiting if one != row.id])
        ).execute()
        if row.kind != sync.LOOK:
            misses.note(runtime.db, row, bool(found.news.facts) or bool(changes))
    return session, changes


def read(
    runtime: Runtime,
    connection: Connection,
    conversation_id: str,
    http: HttpClient,
    listed: Mapping[str, Any] | None = None,
    until: datetime | None = None,
) -> Found:
    """What is new in a conversation, written before `until`; `listed` is what a list has just said of it.

    Raises `VendorError`; an answer that cannot be read is `RetryLater`, for it may be better next time.
    """
    connector = runtime.connections.connector(connection)
    with runtime.db.read():
        row = SessionRow.get_or_none(
            SessionRow.connection == connection.id, SessionRow.conversation_id == conversation_id
        )
        session = sessions.to_session(row) if row is not None else None
        since = None if row is None else latest_message(row) - OVERLAP
        border = ConnectionRow.get_by_id(connection.id).connected_at if session is None and until is None else None
    try:
        answer = connector.read_conversation(conversation_id, since, session, connection, http, listed)
    except BadPayload as problem:
        raise RetryLater(str(problem)) from problem
    known: set[str] = set()
    if session is not None or until is None:  # a backfill's new conversation has nothing here yet
        with runtime.db.read():
            known = inbox.known_keys(connection.id, [one.external_id for one in answer.messages])
    new = [one for one in answer.messages if one.external_id not in known and (until is None or _before(one, until))]
    facts: list[Fact] = []
    unread: list[tuple[Inbound, str]] = []
    for inbound in new:
        try:
            facts += connector.normalise(_as_event(connection, inbound, runtime.db.now()), connection)
        except BadPayload as problem:
            unread.append((inbound, str(problem)))
        except Exception as problem:
            # A mistake of the plugin's own must not cost the conversation all its other messages.
            log.exception("message %s of conversation %s could not be read", inbound.external_id, conversation_id)
            unread.append((inbound, f"{type(problem).__name__}: {problem}"))
    news = News(facts, answer.contact, answer.state, border)
    return Found(news, tuple(new), tuple(unread))


def latest_message(row: SessionRow) -> datetime:
    """When the latest message known of a session was written at the vendor."""
    latest = MessageRow.select().where(MessageRow.session == row.id).order_by(MessageRow.at.desc()).first()
    found: datetime = row.created_at if latest is None else latest.at
    return found


def _hints(lease: Lease) -> Any:
    return EventRow.select(EventRow.id).where(EventRow.lease == lease.id, EventRow.state == "pending", EventRow.hint)


def _before(inbound: Inbound, until: datetime) -> bool:
    return inbound.at is None or inbound.at < until


def _as_event(connection: Connection, inbound: Inbound, now: datetime) -> Event:
    return Event(
        id=0,
        connection_id=connection.id,
        external_id=inbound.external_id,
        kind=inbound.kind,
        conversation_id=inbound.conversation_id,
        payload=inbound.payload,
        received_at=inbound.at or now,
        source=EventSource.POLL,
    )


def _remove(runtime: Runtime, lease: Lease) -> None:
    """A conversation that is gone for good is closed here."""
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        row = sessions.find(lease.id)
        if row is not None:
            state = VendorState(closed=True, assignee=row.assignee, group=row.assigned_group, removed=True)
            changes = sync.apply_state(row, state, "", runtime.db.now())
            row.save()
            announce.tell(runtime.db, row, changes)


def _as_json(found: Found) -> dict[str, Any]:
    state = found.news.state
    return {
        "messages": [
            {"external_id": one.external_id, "kind": one.kind, "payload": dict(one.payload)} for one in found.messages
        ],
        "state": None
        if state is None
        else {
            "closed": state.closed,
            "removed": state.removed,
            "assignee": state.assignee,
            "group": state.group,
            "at": state.at.isoformat() if state.at else "",
        },
    }
