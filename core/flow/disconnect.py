"""A connection is cut: nothing of it is sent, read or answered any more, and what it leaves open is ended visibly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.access import audit
from core.domain import Action, ActionState, Connection, Outcome, Owner, Reason, SessionStatus
from core.errors import ConfigError
from core.flow import leases, outbox, sessions, turns
from core.runtime import Runtime
from core.store.models import (
    ActionRow,
    AttachmentRow,
    ConnectionRow,
    DecisionRow,
    DestinationRow,
    EventRow,
    LeaseRow,
    MessageRow,
    SessionRow,
)
from core.stored_connections import without_secrets

WHY = "the connection was disconnected"


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What a disconnection has ended: actions `cancelled` and `parked`, events `unread`, turns left `unanswered`.

    `assigned` counts the open conversations that are still assigned to the AI's agent at the vendor.
    """

    cancelled: int
    parked: int
    unread: int
    unanswered: int
    assigned: int


def disconnect(runtime: Runtime, connection: Connection, by: str = "") -> Disconnected:
    """Cut a connection in one transaction; its sessions stay as they are. `by` is who wants it.

    The addresses it had are stale from now on, and every worker that is just at it loses its lease, so that nothing
    of it is written or sent later. What may have been sent already cannot be looked up any more: it is parked.
    The secrets of one that was made on the pages are erased.
    Raises `ConfigError` if it is disconnected already.
    """
    with runtime.db.write():
        now = runtime.db.now()
        _cut(runtime, connection, now, by)
        LeaseRow.update(owner=None, until=None, fence=LeaseRow.fence + 1, next_at=None).where(
            LeaseRow.connection == connection.id
        ).execute()
        DestinationRow.update(owner=None, until=None, fence=DestinationRow.fence + 1).where(
            DestinationRow.connection == connection.name
        ).execute()
        ended = _end_actions(connection.id, now, leases.OPEN_ACTIONS, WHY)
        unread = (
            EventRow.update(state="ignored", reason="disconnected", done_at=now, next_at=None)
            .where(EventRow.connection == connection.id, EventRow.state == "pending")
            .execute()
        )
        unanswered = _end_turns(connection.id, now)
        _end_downloads(connection.id)
        SessionRow.update(resolve_due_at=None).where(SessionRow.connection == connection.id).execute()
        assigned = _still_assigned(connection)
        audit.note(runtime.db, by or audit.COMMAND_LINE, "connection.disconnected", connection.name)
    runtime.db.signal()
    for action in ended:
        runtime.plugins.observe("action_settled", action=action)
    cancelled = sum(action.state is ActionState.CANCELLED for action in ended)
    return Disconnected(cancelled, len(ended) - cancelled, int(unread), unanswered, assigned)


def park_in_doubt(connection_id: int, now: datetime, why: str) -> list[Action]:
    """Park what may have been sent and cannot be looked up any more, inside the transaction now open.

    Every worker that is just at a conversation of the connection loses its lease, and the next one takes it up at once.
    """
    LeaseRow.update(owner=None, until=None, fence=LeaseRow.fence + 1, next_at=now).where(
        LeaseRow.connection == connection_id, LeaseRow.owner.is_null(False)
    ).execute()
    return _end_actions(connection_id, now, leases.IN_DOUBT, why)


def _cut(runtime: Runtime, connection: Connection, now: datetime, by: str) -> None:
    query = ConnectionRow.select().where(ConnectionRow.id == connection.id, ConnectionRow.disconnected_at.is_null())
    row = runtime.db.for_update(query, skip_locked=False).first()
    if row is None:
        raise ConfigError(connection.name, "it is disconnected already", "There is nothing more to do here.")
    how = f"`relaydesk connections reconnect {row.name}` connects" if row.provisioned else "its page connects"
    ConnectionRow.update(
        active=False,
        disconnected_at=now,
        generation=ConnectionRow.generation + 1,
        settings_hash="",
        refused_hash="",
        error=f"disconnected; {how} it again",
        polling_since=None,
        settings=None if row.settings is None else without_secrets(row.settings),
        revision=ConnectionRow.revision + 1,
        saved_by=by,
        saved_at=now,
    ).where(ConnectionRow.id == row.id).execute()


def _end_actions(connection_id: int, now: datetime, states: tuple[str, ...], why: str) -> list[Action]:
    rows = ActionRow.select().where(ActionRow.connection == connection_id, ActionRow.state.in_(states))
    ended = []
    for action in rows.order_by(ActionRow.id):
        if action.state in leases.IN_DOUBT:
            outbox.settle(action, ActionState.PARKED, now, error=f"{action.error or 'it was being sent'}; {why}")
            outbox.end_attempt(action, "unknown", now, why)
        else:
            outbox.settle(action, ActionState.CANCELLED, now, error=why)
        ended.append(outbox.to_action(action, action.session))
    return ended


def _end_turns(connection_id: int, now: datetime) -> int:
    """Every turn has its decision, also those that nobody takes any more."""
    due = LeaseRow.select().where(LeaseRow.connection == connection_id, LeaseRow.turn_due_at.is_null(False))
    ids = [row.id for row in due]
    for lease_id in ids:
        row = sessions.find(lease_id)
        if row is not None:
            DecisionRow.create(
                session=row.id,
                at=now,
                outcome=Outcome.SILENCE.value,
                reason=Reason.DISCONNECTED.value,
                upto=sessions.newest_customer_message(row.id),
            )
            sessions.mark(row, "ai_response_cancelled", now, {"reason": Reason.DISCONNECTED.value})
        turns.clear(lease_id)
    return len(ids)


def _end_downloads(connection_id: int) -> None:
    of_connection = MessageRow.select(MessageRow.id).where(MessageRow.connection == connection_id)
    AttachmentRow.update(state="placeholder", placeholder=f"it was not fetched: {WHY}").where(
        AttachmentRow.state == "pending", AttachmentRow.message.in_(of_connection)
    ).execute()


def _still_assigned(connection: Connection) -> int:
    return int(
        SessionRow.select()
        .where(
            SessionRow.connection == connection.id,
            SessionRow.status == SessionStatus.OPEN.value,
            SessionRow.owner == Owner.AI.value,
            SessionRow.assignee == connection.agent_id,
        )
        .count()
    )
