"""The backfill: a new connection's waiting conversations are imported, once, behind everything that is alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from core.connector import Connector
from core.domain import BackfillEstimate, Connection, EventSource, ListedConversation, Priority
from core.errors import AuthFailed, BadPayload, Refused, RetryLater, VendorError
from core.flow import inbox, reading
from core.flow.process import back_off
from core.flow.record import write_down
from core.http import HttpClient
from core.runtime import Runtime
from core.store.election import Election
from core.store.models import BackfillRow, EventRow, LeaseRow, SessionRow

log = logging.getLogger(__name__)

THREADS = 8
"""Conversations read at a time: the budget keeps the pace, these keep it up while the vendor is slow to answer."""
HELD_SECONDS = 60.0
"""For how long a process that works on a backfill is elected to it, counted from each conversation it stores."""
KIND = "backfill"
UNFINISHED = ("waiting", "running")

Halted = Callable[[], bool]


def run_due(runtime: Runtime, halted: Halted) -> int:
    """Work on every backfill that is not finished, and that no other process works on; returns how many there were.

    Those of several connections go on side by side: each has a limit of its own, and may take hours.
    """
    due = [one for one, _ in runtime.connections.all() if one.active and _is_due(runtime, one)]
    if not due or halted():
        return 0
    with ThreadPoolExecutor(len(due), thread_name_prefix="backfills") as pool:
        return sum(pool.map(lambda connection: work_on(runtime, connection, halted), due))


def _is_due(runtime: Runtime, connection: Connection) -> bool:
    with runtime.db.read():
        row = BackfillRow.get_or_none(BackfillRow.connection == connection.id)
    if row is None or row.state not in UNFINISHED:
        return False
    return row.next_at is None or bool(row.next_at <= runtime.db.now())


def work_on(runtime: Runtime, connection: Connection, halted: Halted, threads: int = THREADS) -> bool:
    """Work on a connection's backfill until it is done, has to wait or is halted; False if another process does."""
    election = Election(runtime.db, f"backfill:{connection.id}", f"{runtime.owner}:backfill", HELD_SECONDS)
    if not election.hold():
        return False
    try:
        with runtime.db.read():
            row = BackfillRow.get(BackfillRow.connection == connection.id)
        Backfill(runtime, connection, row, election, halted, threads).run()
    except (VendorError, BadPayload) as problem:
        _wait(runtime, connection, row, problem)
    finally:
        election.resign()
    return True


def estimate(
    runtime: Runtime, connection: Connection, row: BackfillRow, halted: Halted = lambda: False
) -> BackfillEstimate:
    """What the vendor says there is to import by now; unknown where it does not say."""
    connector = runtime.connections.connector(connection)
    http = runtime.connections.http(connection, Priority.BACKFILL, halted)
    try:
        return connector.estimate_backfill(row.since, connection, http)
    except (AuthFailed, Refused, BadPayload) as problem:
        log.info("how much a backfill of %s would find is not known: %s", connection.name, problem)
        return BackfillEstimate()


def _wanted(row: BackfillRow) -> Any:
    """The condition that a request is still to be worked on: it was not called off, and maybe begun anew since."""
    return (BackfillRow.id == row.id) & (BackfillRow.request == row.request) & BackfillRow.state.in_(UNFINISHED)


def _wait(runtime: Runtime, connection: Connection, row: BackfillRow, problem: Exception) -> None:
    after = problem.after if isinstance(problem, RetryLater) and problem.after else back_off(6)
    log.warning("the backfill of %s waits: %s", connection.name, problem)
    with runtime.db.write():
        next_at = runtime.db.now() + timedelta(seconds=after)
        BackfillRow.update(error=str(problem), next_at=next_at).where(_wanted(row)).execute()


class Backfill:
    """One run over a connection's list for a request, page by page from where the last run ended.

    Each conversation is stored in one transaction with its mark, by which a later run passes it over, so that it may
    be killed anywhere. A page counts once all of it is stored.
    """

    def __init__(
        self,
        runtime: Runtime,
        connection: Connection,
        row: BackfillRow,
        election: Election,
        halted: Halted,
        threads: int,
    ) -> None:
        self._runtime = runtime
        self._db = runtime.db
        self._connection = connection
        self._connector: Connector = runtime.connections.connector(connection)
        self._election = election
        self._halted = halted
        self._threads = threads
        self._renewed_at = self._db.now()
        self._renewing = threading.Lock()
        self._http: HttpClient = runtime.connections.http(connection, Priority.BACKFILL, halted)
        self._row = row

    def run(self) -> None:
        """Import until the list ends; raises what the vendor's refusal to answer raises."""
        self._begin()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="backfill") as pool:
            while not self._halted():
                present = self._present()
                if present is None:
                    return
                self._row, cursor = present, present.cursor
                if cursor.get("over"):
                    self._end()
                    return
                page = self._connector.list_changes(
                    self._row.since, cursor.get("list", {}), self._connection, self._http, whole=True
                )
                seen = set(cursor.get("seen", ()))
                new = [one for one in page.conversations if one.conversation_id not in seen]
                inside = [one for one in new if one.at < self._row.until]
                if not self._import(pool, inside):
                    return
                self._checkpoint(inside, page.conversations, dict(page.cursor), len(inside) < len(new))

    def _begin(self) -> None:
        if self._row.state == "waiting":
            expected = estimate(self._runtime, self._connection, self._row, self._halted)
            self._change(
                state="running",
                started_at=self._db.now(),
                expected=expected.conversations,
                expected_calls=expected.calls,
                error="",
                next_at=None,
            )
        else:
            self._change(error="", next_at=None)

    def _import(self, pool: ThreadPoolExecutor, listed: Sequence[ListedConversation]) -> bool:
        """Import what waits of a page; False if that was broken off."""
        with self._db.read():
            done = self._done([one.conversation_id for one in listed])
        left = [one for one in listed if one.waiting and one.conversation_id not in done]
        while left:
            results = list(pool.map(self._import_one, left))
            if not all(result is not None for result in results):
                return False
            left = [one for one, stored in zip(left, results, strict=True) if not stored]
            if left:  # a worker has just taken these up
                self._runtime.clock.sleep(0.2)
        return True

    def _done(self, ids: Sequence[str]) -> set[str]:
        keys = [f"{KIND}:{one}" for one in ids]
        marks = EventRow.select(EventRow.conversation_id).where(
            EventRow.connection == self._connection.id, EventRow.dedupe_key.in_(keys)
        )
        return {mark.conversation_id for mark in marks}

    def _import_one(self, listed: ListedConversation) -> bool | None:
        """Import one; False if somebody works on it just now, None if the run was broken off."""
        if self._halted() or not self._is_ours():
            return None
        try:
            found = reading.read(
                self._runtime, self._connection, listed.conversation_id, self._http, listed.payload, self._row.until
            )
        except (Refused, AuthFailed) as problem:
            # It is gone since it was listed, or not for our eyes: the others are imported all the same.
            if isinstance(problem, AuthFailed) and problem.status == 401:
                raise
            return self._store(listed, None, str(problem))
        except RetryLater:
            if self._halted():
                return None
            raise
        return self._store(listed, found, "")

    def _store(self, listed: ListedConversation, found: reading.Found | None, problem: str) -> bool:
        with self._db.write():
            now = self._db.now()
            lease_id, known = self._place_of(listed.conversation_id)
            if lease_id is None:
                return False
            mark = self._db.insert_ignore(
                EventRow,
                connection=self._connection.id,
                lease=lease_id,
                dedupe_key=f"{KIND}:{listed.conversation_id}",
                kind=KIND,
                conversation_id=listed.conversation_id,
                payload={"at": listed.at.isoformat(), "status": listed.status},
                source=EventSource.BACKFILL.value,
                state="ignored",
                reason="known" if known else "",
                error=problem,
                received_at=now,
                done_at=now,
            )
            if mark is None:
                return True  # it was stored by somebody else meanwhile
            event = EventRow.get_by_id(mark)
            if found is not None and not known:
                write_down(self._runtime, lease_id, self._connection, event, found.news)
                for inbound, words in found.unread:
                    inbox.store_unread(self._connection.id, inbound, words, now)
            column = BackfillRow.known if known else BackfillRow.imported if found is not None else BackfillRow.gone
            same = (BackfillRow.id == self._row.id, BackfillRow.request == self._row.request)
            BackfillRow.update({column: column + 1}).where(*same).execute()
        return True

    def _is_ours(self) -> bool:
        """Whether this process is still elected, and the connection still there: looked at every now and then."""
        with self._renewing:
            now = self._db.now()
            if (now - self._renewed_at).total_seconds() < HELD_SECONDS / 3:
                return True
            present = self._runtime.connections.get(self._connection.id)
            if present is None or not present.active or self._present() is None or not self._election.hold():
                return False
            self._renewed_at = now
            return True

    def _place_of(self, conversation_id: str) -> tuple[int | None, bool]:
        """The lease of a conversation, None while somebody holds it, and whether it has a session already."""
        key = {"connection": self._connection.id, "conversation_id": conversation_id}
        made = self._db.insert_ignore(LeaseRow, **key)
        if made is not None:
            return made, False
        query = LeaseRow.select().where(
            LeaseRow.connection == self._connection.id, LeaseRow.conversation_id == conversation_id
        )
        lease = self._db.for_update(query, skip_locked=False).get()
        if lease.until is not None and lease.until >= self._db.now():
            return None, False
        return int(lease.id), SessionRow.select().where(SessionRow.lease == lease.id).exists()

    def _checkpoint(
        self,
        counted: Sequence[ListedConversation],
        page: Sequence[ListedConversation],
        cursor: dict[str, Any],
        beyond: bool,
    ) -> None:
        """Count a page, and say where the next one begins; there is none after the last, or `beyond` the window."""
        if not self._election.hold():
            raise RetryLater("another process has taken the backfill over", after=HELD_SECONDS)
        other = dict(self._row.other)
        for one in counted:
            if not one.waiting:
                other[one.status] = other.get(one.status, 0) + 1
        latest = max((one.at for one in page), default=None)
        # The next page begins with those of the same moment once more.
        seen = [one.conversation_id for one in page if one.at == latest]
        if page and all(one.at == latest for one in page):
            seen = sorted({*seen, *self._row.cursor.get("seen", ())})
        self._change(
            cursor={"list": cursor, "seen": seen, "over": beyond or not cursor},
            listed=self._row.listed + len(counted),
            found=self._row.found + sum(one.waiting for one in counted),
            other=other,
        )

    def _end(self) -> None:
        counted = estimate(self._runtime, self._connection, self._row, self._halted).conversations
        if self._change(state="done", ended_at=self._db.now(), counted=counted, error="", next_at=None):
            log.info("the backfill of %s is done: %s conversations imported", self._connection.name, self._row.imported)

    def _change(self, **values: Any) -> bool:
        """Write down how far it is; False if it is wanted no more."""
        with self._db.write():
            return bool(BackfillRow.update(**values).where(_wanted(self._row)).execute())

    def _present(self) -> BackfillRow | None:
        """The request as it is by now; None if it is wanted no more."""
        with self._db.read():
            row: BackfillRow | None = BackfillRow.get_or_none(_wanted(self._row))
        return row
