"""What was read at the vendor is taken over; what a handoff has left there is taken back once the AI has it again."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain import Connection, Owner, Priority, SessionChange, VendorState
from core.flow import outbox, sessions, sync
from core.flow.plan import Planned
from core.runtime import Runtime
from core.store.models import SessionRow

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
