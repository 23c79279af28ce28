"""The sweep: where a vendor lists what has changed, what no webhook has told is found there, and how much that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from core.connector import Connector
from core.domain import Connection, EventSource, Inbound, ListedConversation, Priority
from core.flow import inbox
from core.runtime import Runtime
from core.store.models import ConnectionRow, CursorRow, EventRow, SessionRow

OVERLAP = timedelta(seconds=120)
"""How far before the latest change seen the list is read again: changes may show late, and clocks differ."""
GRACE = timedelta(seconds=15)
"""How young a change is left alone: its webhook is probably on its way."""
SAME_MOMENT = timedelta(seconds=10)
"""A conversation read this soon after a change of the very second that was read may have changed once more in it."""
PAGES_A_ROUND = 20
CURSOR = "sweep"
KIND = "listed_change"


class Sweep:
    """One sweep of one connection: a single call where nothing has happened. It reads no conversation itself.

    What it finds is stored as hints, which are followed as those of webhooks are.
    """

    def __init__(self, runtime: Runtime, connection: Connection, connector: Connector) -> None:
        self._runtime = runtime
        self._connection = connection
        self._connector = connector
        self._db = runtime.db

    def run(self) -> None:
        """Go through what has changed; raises what the vendor's refusal to answer raises, and goes on next time."""
        place = self._place()
        since = datetime.fromisoformat(place["since"])
        cursor = place["cursor"]
        newest = datetime.fromisoformat(place["newest"])
        http = self._runtime.connections.http(self._connection, Priority.POLL)
        for _ in range(PAGES_A_ROUND):
            page = self._connector.list_changes(since - OVERLAP, cursor, self._connection, http)
            newest = max([newest, *(one.at for one in page.conversations)])
            cursor = dict(page.cursor)
            self._store(page.conversations, self._value(since if cursor else newest, newest, cursor))
            if not cursor:
                return

    def _place(self) -> dict[str, Any]:
        with self._db.read():
            row = CursorRow.get_or_none(CursorRow.connection == self._connection.id, CursorRow.name == CURSOR)
            if row is not None:
                return dict(row.value)
            began = ConnectionRow.get_by_id(self._connection.id).connected_at or self._db.now()
        return self._value(began, began, {})

    def _value(self, since: datetime, newest: datetime, cursor: dict[str, Any]) -> dict[str, Any]:
        return {"since": since.isoformat(), "newest": newest.isoformat(), "cursor": cursor}

    def _store(self, listed: Sequence[ListedConversation], place: dict[str, Any]) -> None:
        """Store hints for what is not known, and how far the sweep has come, in one transaction."""
        with self._db.read():
            unknown = self._unknown(listed)
        with self._db.write():
            for one in unknown:
                payload = {"at": one.at.isoformat(), "status": one.status}
                hint = Inbound("", KIND, one.conversation_id, payload, one.at, hint=True)
                inbox.store_event(
                    self._db, self._connection.id, hint, known=True, dedupe=timedelta(0), source=EventSource.POLL
                )
            key = {"connection": self._connection.id, "name": CURSOR}
            self._db.insert_ignore(CursorRow, **key, updated_at=self._db.now())
            CursorRow.update(value=place, updated_at=self._db.now()).where(
                CursorRow.connection == self._connection.id, CursorRow.name == CURSOR
            ).execute()
        if unknown:
            self._db.signal()

    def _unknown(self, listed: Sequence[ListedConversation]) -> list[ListedConversation]:
        """Those whose latest change was not read yet, and is not about to be."""
        ids = [one.conversation_id for one in listed]
        mine = EventRow.connection == self._connection.id
        hints = EventRow.select(EventRow.conversation_id, EventRow.state, EventRow.done_at).where(
            mine,
            EventRow.hint,
            EventRow.conversation_id.in_(ids),
        )
        read: dict[str, datetime] = {}
        waiting = set()
        for hint in hints:
            if hint.state == "pending":
                waiting.add(hint.conversation_id)
            elif hint.state == "ignored" and hint.done_at is not None:
                # Nothing in it concerned us then, so that there is no session to remember it by.
                read[hint.conversation_id] = max(read.get(hint.conversation_id, hint.done_at), hint.done_at)
        rows = SessionRow.select().where(
            SessionRow.connection == self._connection.id, SessionRow.conversation_id.in_(ids)
        )
        known = {row.conversation_id: row for row in rows}
        latest = {one.conversation_id: one for one in listed}
        now = self._db.now()
        return [
            one
            for one in latest.values()
            if one.conversation_id not in waiting
            and now - one.at >= GRACE
            and not _was_read(one, known.get(one.conversation_id), read.get(one.conversation_id))
        ]


def _was_read(listed: ListedConversation, row: SessionRow | None, ignored_at: datetime | None) -> bool:
    if row is None:
        return ignored_at is not None and ignored_at >= listed.at + SAME_MOMENT
    if row.vendor_at is None or row.vendor_at < listed.at:
        return False
    return bool(row.vendor_at > listed.at or row.read_at >= listed.at + SAME_MOMENT)
