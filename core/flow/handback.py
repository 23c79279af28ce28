"""What was read at the vendor is taken over; what a handoff has left there is taken back once the AI has it again.

What a person has done from here may change whose it is there too; that is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.domain import (
    ActionKind,
    ActionState,
    Connection,
    EventSource,
    Inbound,
    Owner,
    Priority,
    SessionChange,
    VendorState,
)
from core.flow import inbox, outbox, sessions, sync
from core.flow.plan import Planned
from core.runtime import Runtime
from core.store.models import ActionRow, SessionRow

GIVEN = ("ai_resumed_by_system", "agent_assigned_by_integration")
"""What makes a session the AI's: put back by a person (behaviour 90), or claimed, as a reopened one is (gap G3)."""


def take_over(runtime: Runtime, connection: Connection, row: SessionRow, state: VendorState) -> list[SessionChange]:
    """Make the session what the vendor shows. Inside the transaction now open."""
    changes = sync.apply_state(row, state, connection.agent_id, runtime.db.now())
    after(runtime, connection, row, changes)
    return changes


def after(runtime: Runtime, connection: Connection, row: SessionRow, changes: Sequence[SessionChange]) -> None:
    """Queue what is to be taken back, if the changes have given the session to the AI, by whatever way."""
    if row.owner == Owner.AI and any(change.kind in GIVEN for change in changes):
        take_back(runtime, connection, row)


def take_back(runtime: Runtime, connection: Connection, row: SessionRow) -> None:
    """Queue what is to be taken back, by what was read of the session last."""
    steps = runtime.connections.connector(connection).handback_steps(sessions.to_session(row), connection)
    planned = [
        Planned(step.kind, "handback", Priority.SYNC, assignee=step.assignee, fields=step.fields) for step in steps
    ]
    outbox.queue(row, planned, None, None, runtime.db.now())


def ended(runtime: Runtime, connection: Connection, action: ActionRow, row: SessionRow) -> None:
    """An action is over, or tried once more later: what it may have changed at the vendor is looked up, or known.

    Some accounts assign a conversation to whoever speaks in it. Where nobody has looked since a person has spoken from
    here, as the AI's agent, only a look can tell that the vendor shows another. Inside the transaction now open.
    """
    may_be_posted = action.kind == ActionKind.REPLY and action.state in (ActionState.SENT, ActionState.PARKED)
    if action.by and may_be_posted and row.own_doing and row.assignee != connection.agent_id:
        hint = Inbound("", sync.LOOK, row.conversation_id, {}, hint=True)
        inbox.store_event(runtime.db, connection.id, hint, known=True, dedupe=timedelta(0), source=EventSource.POLL)
    sync.settle_own_doing(row, connection.agent_id)
