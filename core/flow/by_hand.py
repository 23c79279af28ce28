"""A person has a session in hand: it is theirs for one transaction, and the timeline says who did what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.domain import ActionKind, ActionState, Connection, Reason, SessionChange, SessionStatus
from core.errors import RelaydeskError
from core.flow import announce, leases, outbox, sessions, sync
from core.flow.plan import Planned
from core.runtime import Runtime
from core.store.models import ActionRow, ConnectionRow, LeaseRow, MessageRow, SessionRow


class NotNow(RelaydeskError):
    """It cannot be done as things stand: the words, which can be shown, say why, and what to do first."""


class Missing(RelaydeskError):
    """There is no such thing."""


class Unfit(RelaydeskError):
    """What was given cannot be used: the words say what is wanted."""


OF_THE_AI = ("claim", "draft", "resolution", "handback")
"""The purposes, besides replies, of what the AI wants to do in a session that is its own."""


@dataclass(slots=True)
class Hand:
    """A session while a person, `by`, changes it; what is to be told afterwards is gathered here."""

    runtime: Runtime
    row: SessionRow
    by: str
    now: datetime
    connected: bool
    changes: list[SessionChange] = field(default_factory=list)
    settled: list[ActionRow] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """The session's connection; raises `NotNow` if it is configured no more."""
        found = self.runtime.connections.get(self.row.connection_id)
        if found is None:
            raise NotNow("the session's connection is not configured any more")
        return found

    def need_open(self) -> None:
        """Raise `NotNow` if the session is closed."""
        if self.row.status != SessionStatus.OPEN:
            raise NotNow("the session is closed; open it again first")

    def need_vendor(self, capability: str = "") -> None:
        """Raise `NotNow` if nothing can be sent to the vendor, or it offers no such capability."""
        if not self.connected:
            raise NotNow("the connection is disconnected; connect it again first")
        connector = self.runtime.connections.connector(self.connection)
        if capability and capability not in connector.capabilities:
            raise NotNow(f"{connector.label} offers no way to do this from here")

    def mark(self, kind: str, **detail: Any) -> None:
        """Write a line of the timeline that says who."""
        self.changes.append(sessions.mark(self.row, kind, self.now, {"by": self.by, **detail}))

    def queue(self, *planned: Planned, basis: MessageRow | None = None) -> list[ActionRow]:
        """Queue effects that this person wants."""
        return outbox.queue(self.row, planned, None, basis, self.now)

    def cancel(self, action: ActionRow, why: str) -> None:
        """Cancel an action that has not begun, or has come to nothing."""
        outbox.settle(action, ActionState.CANCELLED, self.now, error=why)
        self.settled.append(action)

    def silence_ai(self, why: Reason) -> None:
        """Cancel what the AI was about to say or do; a handoff that is under way goes on."""
        for action in outbox.waiting(self.row.lease_id):
            speaks = action.kind == ActionKind.REPLY and action.purpose != "handoff_notice"
            if not action.by and (speaks or action.purpose in OF_THE_AI):
                self.cancel(action, why.value)

    def withdraw(self, *purposes: str) -> None:
        """Cancel what people asked for before and is overtaken by what this one asks for."""
        for action in outbox.waiting(self.row.lease_id):
            if action.by and action.purpose in purposes:
                self.cancel(action, Reason.CANCELLED.value)


@contextmanager
def in_hand(runtime: Runtime, session_id: int, by: str) -> Iterator[Hand]:
    """Have a session for one transaction, and tell the observers after it; raises `Missing`.

    The lock on the conversation's lease row makes this wait for a worker's transaction, and the worker for this one.
    """
    with runtime.db.write():
        now = runtime.db.now()
        found = SessionRow.get_or_none(SessionRow.id == session_id)
        if found is None:
            raise Missing(f"there is no session {session_id}")
        lease = LeaseRow.select().where(LeaseRow.id == found.lease_id)
        runtime.db.for_update(lease, skip_locked=False).get()
        row: SessionRow = SessionRow.get_by_id(session_id)
        connected = ConnectionRow.get_by_id(row.connection_id).disconnected_at is None
        hand = Hand(runtime, row, by, now, connected)
        yield hand
        if hand.settled and (connection := runtime.connections.get(row.connection_id)) is not None:
            sync.settle_own_doing(row, connection.agent_id)
        if hand.changes:
            row.updated_at = now
        if row.dirty_fields:
            row.save(only=row.dirty_fields)
        announce.tell(runtime.db, row, hand.changes)
        if connected:
            leases.wake(row.lease_id, now)
            runtime.db.signal()
        session = sessions.to_session(row)
        settled = [outbox.to_action(action, row) for action in hand.settled]
    for action in settled:
        runtime.plugins.observe("action_settled", action=action)
    for change in hand.changes:
        runtime.plugins.observe("session_changed", session=session, change=change)


@contextmanager
def action_in_hand(runtime: Runtime, action_id: int, by: str) -> Iterator[tuple[Hand, ActionRow]]:
    """The same with an action and its session; raises `Missing`."""
    with runtime.db.read():
        found = ActionRow.get_or_none(ActionRow.id == action_id)
    if found is None:
        raise Missing(f"there is no action {action_id}")
    with in_hand(runtime, found.session_id, by) as hand:
        yield hand, ActionRow.get_by_id(action_id)
