"""Polling: what webhooks do not tell is read at the vendor, while they are silent and where they never speak."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from core.connector import Connector
from core.domain import Connection, EventSource, Inbound, Owner, Priority, Session, SessionStatus, VendorState
from core.errors import BadPayload, Refused, VendorError
from core.flow import inbox, misses, routing, sessions
from core.flow.reading import latest_message
from core.http import HttpClient
from core.jobs.sweep import Sweep
from core.runtime import Runtime
from core.store.models import ConnectionRow, ContactIdentityRow, CursorRow, SessionRow

log = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=120)
"""How far before the latest message known it is read again: clocks differ, and messages may show late."""
WATCHED = timedelta(hours=24)
"""How long after its last message a conversation that waits for its assignment is looked at."""
RECENT = timedelta(days=7)
"""Customers heard of within this time may begin a new conversation that no webhook tells of."""
CUSTOMERS_A_ROUND = 20
PAGES_A_ROUND = 20
NO_LISTING = timedelta(hours=24)
"""How long after an account said that it lists no conversations it is not asked again."""


def poll_due(runtime: Runtime, halted: Callable[[], bool] = lambda: False) -> int:
    """Poll every connection whose round is due; returns how many were polled.

    A vendor that cannot be asked, or a budget that runs short, ends the round of its connection: the next one goes
    on with what was looked at longest ago.
    """
    polled = 0
    for connection, _ in list(runtime.connections.all()):
        if halted() or not connection.active or not connection.inbound:
            continue
        connector = runtime.connections.connector(connection)
        pollable = connector.capabilities & {"poll", "changes"}
        if not pollable or not _begin(runtime, connection):
            continue
        polled += 1
        try:
            silent = note_silence(runtime, connection)
            if "changes" in pollable:
                Sweep(runtime, connection, connector).run()
            else:
                Round(runtime, connection, connector).run(silent)
        except (VendorError, BadPayload) as problem:
            log.info("polling %s stops for now: %s", connection.name, problem)
    return polled


def silent_since(row: ConnectionRow, minutes: float, now: datetime) -> datetime | None:
    """Since when no webhook has come, if that is longer than `minutes` ago; None while they speak."""
    heard = row.last_event_at or row.verified_at or row.created_at
    found: datetime | None = heard if now - heard >= timedelta(minutes=minutes) else None
    return found


def note_silence(runtime: Runtime, connection: Connection) -> datetime | None:
    """Since when the webhooks are silent; the connection shows whether it lives by polling alone for that."""
    with runtime.db.write():
        now = runtime.db.now()
        row = ConnectionRow.get_by_id(connection.id)
        silent = silent_since(row, float(connection.settings["poll_after_minutes"]), now)
        if "changes" in runtime.connections.connector(connection).capabilities and not _missed_since(row):
            silent = None  # its list shows that there was nothing to tell
        if (silent is None) != (row.polling_since is None):
            since = None if silent is None else now
            ConnectionRow.update(polling_since=since).where(ConnectionRow.id == row.id).execute()
    if silent is None and row.polling_since is not None:
        log.info("the webhooks of %s are back", row.name)
    elif silent is not None and row.polling_since is None:
        log.warning("no webhook of %s since %s; it is polled until they are back", row.name, silent)
    return silent


def _missed_since(row: ConnectionRow) -> bool:
    """Whether the sweep has found something that happened after the latest webhook."""
    missed_at = misses.of(row.id).missed_at
    return bool(missed_at) and (row.last_event_at is None or datetime.fromisoformat(missed_at) > row.last_event_at)


def _begin(runtime: Runtime, connection: Connection) -> bool:
    """Take the connection's next round, unless it is not due or another process has taken it."""
    with runtime.db.write():
        now = runtime.db.now()
        before = now - timedelta(seconds=float(connection.settings["poll_seconds"]))
        due = ConnectionRow.polled_at.is_null() | (ConnectionRow.polled_at <= before)
        taken = ConnectionRow.update(polled_at=now).where(ConnectionRow.id == connection.id, due).execute()
    return bool(taken == 1)


class Round:
    """One round of one connection; every step is a small transaction, and may be the last one."""

    def __init__(self, runtime: Runtime, connection: Connection, connector: Connector) -> None:
        self._runtime = runtime
        self._connection = connection
        self._connector = connector
        self._db = runtime.db

    def run(self, silent: datetime | None) -> None:
        """Look at what is due; raises what the vendor's refusal to answer raises.

        `silent` is since when the webhooks are silent, None while they speak.
        """
        for session_id in self._due_sessions(everything=silent is not None):
            self._look_at(session_id)
        if silent is not None:
            self._discover(silent)

    @property
    def _http(self) -> HttpClient:
        return self._runtime.connections.http(self._connection, Priority.POLL)

    # ------------------------------------------------------------------------------------ known conversations

    def _due_sessions(self, *, everything: bool) -> list[int]:
        """The open sessions to look at, those first that were not looked at for longest.

        While the webhooks speak these are only the ones that wait for their assignment to the AI, which is an event
        that not every account sends: the longer one waits, the more seldom it is looked at.
        """
        with self._db.read():
            now = self._db.now()
            mine = SessionRow.select().where(SessionRow.connection == self._connection.id)
            is_open = SessionRow.status == SessionStatus.OPEN.value
            query = mine.where(is_open | _just_closed(now)) if everything else _waiting(mine.where(is_open), now)
            rows: list[SessionRow] = list(_longest_ago_first(query))
        if everything:
            return [row.id for row in rows]
        return [row.id for row in rows if _is_due(row, now)]

    def _look_at(self, session_id: int) -> None:
        with self._db.read():
            row = SessionRow.get_by_id(session_id)
            session = sessions.to_session(row)
            since = _unread_since(row)
        try:
            read = self._connector.read_conversation(
                session.conversation_id, since, session, self._connection, self._http
            )
            found, state = list(read.messages), read.state
        except Refused as problem:
            # It may be gone, or merged into another: the others are looked at all the same.
            log.info("conversation %s could not be polled: %s", session.conversation_id, problem)
            found, state = [], None
        changed = [] if state is None or not _differs(state, session) else [self._read(session, state)]
        self._store([*found, *changed], EventSource.POLL)
        with self._db.write():
            SessionRow.update(polled_at=self._db.now()).where(SessionRow.id == session_id).execute()

    def _read(self, session: Session, state: VendorState) -> Inbound:
        at = state.at or self._db.now()
        return inbox.state_read(session.conversation_id, closed=state.closed, assignee=state.assignee, at=at)

    # ---------------------------------------------------------------------------------- unknown conversations

    def _discover(self, silent: datetime) -> None:
        for customer_id in self._customers():
            found = self._connector.conversations_of(customer_id, self._connection, self._http)
            self._adopt(found, silent)
            with self._db.write():
                ContactIdentityRow.update(polled_at=self._db.now()).where(
                    ContactIdentityRow.connection == self._connection.id,
                    ContactIdentityRow.external_id == customer_id,
                ).execute()
        self._walk_listing(silent)

    def _customers(self) -> list[str]:
        """Who was heard of of late, those first who were not asked about for longest."""
        with self._db.read():
            since = self._db.now() - RECENT
            heard_of = SessionRow.select(SessionRow.customer_id).where(
                SessionRow.connection == self._connection.id, SessionRow.last_message_at > since
            )
            query = ContactIdentityRow.select().where(
                ContactIdentityRow.connection == self._connection.id, ContactIdentityRow.external_id.in_(heard_of)
            )
            order = fn.COALESCE(ContactIdentityRow.polled_at, 0)
            return [row.external_id for row in query.order_by(order, ContactIdentityRow.id).limit(CUSTOMERS_A_ROUND)]

    def _walk_listing(self, silent: datetime) -> None:
        """Go through the account's own list of conversations, where it has one, from where the last round ended."""
        with self._db.read():
            row = CursorRow.get_or_none(CursorRow.connection == self._connection.id, CursorRow.name == "listing")
        cursor = dict(row.value) if row is not None else {}
        if cursor.pop("absent", False) and row is not None and self._db.now() - row.updated_at < NO_LISTING:
            return
        for _ in range(PAGES_A_ROUND):
            page = self._connector.list_conversations(cursor, self._connection, self._http)
            if page is None:
                self._keep_cursor({"absent": True})
                return
            self._adopt(page.conversation_ids, silent)
            cursor = dict(page.cursor)
            self._keep_cursor(cursor)
            if not cursor:
                return

    def _keep_cursor(self, value: dict[str, object]) -> None:
        with self._db.write():
            key = {"connection": self._connection.id, "name": "listing"}
            self._db.insert_ignore(CursorRow, **key, updated_at=self._db.now())
            CursorRow.update(value=value, updated_at=self._db.now()).where(
                CursorRow.connection == self._connection.id, CursorRow.name == "listing"
            ).execute()

    def _adopt(self, conversation_ids: Sequence[str], silent: datetime) -> None:
        """Read what was not known: its messages of before the silence are history, those after it want an answer.

        A session that is closed here may have begun again: what was written since is read.
        """
        for conversation_id in conversation_ids:
            with self._db.read():
                row = SessionRow.get_or_none(
                    SessionRow.connection == self._connection.id, SessionRow.conversation_id == conversation_id
                )
                since = None if row is None else _unread_since(row)
            if row is not None and row.status == SessionStatus.OPEN:
                continue  # it is looked at among the open ones
            read = self._connector.read_conversation(conversation_id, since, None, self._connection, self._http)
            found = list(read.messages)
            old = [] if row is not None else [one for one in found if one.at is not None and one.at < silent - OVERLAP]
            self._store(old, EventSource.BACKFILL, found[len(old) :])

    def _store(self, found: Sequence[Inbound], source: EventSource, newer: Sequence[Inbound] = ()) -> None:
        """Store facts, `found` from one source and `newer` polled, in one transaction: nobody sees half a thread."""
        with self._db.read():
            known = inbox.known_keys(self._connection.id, [one.external_id for one in (*found, *newer)])
        found = [one for one in found if one.external_id not in known]
        newer = [one for one in newer if one.external_id not in known]
        if not found and not newer:
            return
        dedupe = timedelta(hours=float(self._connection.settings["dedupe_hours"]))
        stored = 0
        with self._db.write():
            for batch, origin in ((found, source), (newer, EventSource.POLL)):
                for inbound in batch:
                    stored += inbox.store_event(
                        self._db,
                        self._connection.id,
                        inbound,
                        known=inbound.kind == inbox.STATE_READ or self._connector.knows(inbound.kind),
                        dedupe=dedupe,
                        source=origin,
                    )
        if stored:
            self._db.signal()


def _just_closed(now: datetime) -> Any:
    """Those closed since they were last looked at: what was said just before may not have been heard."""
    unseen = SessionRow.polled_at.is_null() | (SessionRow.polled_at <= SessionRow.owner_at)
    return (SessionRow.owner_at > now - WATCHED) & unseen


def _unread_since(row: SessionRow) -> datetime:
    """From when on messages may be missing: what came by webhook since the last look says nothing of those before."""
    looked: datetime = row.polled_at or row.created_at
    return min(latest_message(row), looked) - OVERLAP


def _waiting(query: Any, now: datetime) -> Any:
    return query.where(
        SessionRow.owner == Owner.NOBODY.value,
        SessionRow.routing == routing.ASSIGNED_ONLY,
        SessionRow.last_message_at > now - WATCHED,
    )


def _longest_ago_first(query: Any) -> Any:
    return query.order_by(fn.COALESCE(SessionRow.polled_at, 0), SessionRow.id)


def _is_due(row: SessionRow, now: datetime) -> bool:
    if row.polled_at is None:
        return True
    return bool(now - row.polled_at >= (now - row.last_message_at) / 4)


def _differs(state: VendorState, session: Session) -> bool:
    return state.closed or state.assignee != session.assignee
