"""The vendor's assignee and status and ours are kept in step, whichever side moved and in whatever order it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.domain import (
    AssignmentFact,
    Owner,
    SessionChange,
    SessionStatus,
    StatusFact,
    VendorState,
)
from core.flow import ownership, routing, sessions
from core.store.models import SessionRow

HANDED_OFF = "handed_off"
"""How the AI ended its part (behaviour 3); the others, `resolved` and `assumed_resolved`, are its closings' reasons."""


def hand_off(row: SessionRow, handoff: Mapping[str, Any], now: datetime) -> list[SessionChange]:
    """Let the humans have the session; `handoff` says why, and what behaviour 5 and 113 ask for."""
    row.handoff = dict(handoff)
    row.closure = HANDED_OFF
    reason = str(handoff["reason"])
    return change_owner(row, Owner.HUMAN, "handoff", now, reason) or [
        sessions.mark(row, "handoff", now, {"detail": reason})
    ]


def change_owner(row: SessionRow, owner: Owner, kind: str, now: datetime, detail: str = "") -> list[SessionChange]:
    """Set who may speak; both ends of a human stretch are lines of the timeline."""
    before = Owner(row.owner)
    if before is owner:
        return []
    row.owner = owner.value
    row.owner_at = now
    if owner is Owner.AI or kind in ("handoff", "agent_took_session_from_ai"):
        close_gate(row, now)
    if owner is not Owner.AI:
        row.resolve_due_at = None
    what = {"from": before.value, "to": owner.value}
    return [sessions.mark(row, kind, now, what | ({"detail": detail} if detail else {}))]


def close_gate(row: SessionRow, now: datetime) -> None:
    """The session is new no more: somebody has acted in it, so that from now on it matters whose it is."""
    row.gated_at = row.gated_at or now


def apply_assignment(row: SessionRow, fact: AssignmentFact, agent_id: str, now: datetime) -> list[SessionChange]:
    """The conversation was assigned at the vendor; an older event than what is known changes nothing."""
    if row.assignee_at is not None and fact.at < row.assignee_at:
        return []
    row.assignee_at = fact.at
    return _assigned(row, fact.assignee, agent_id, now)


def apply_status(row: SessionRow, fact: StatusFact, now: datetime) -> list[SessionChange]:
    """The conversation was closed or opened at the vendor; an older event than what is known changes nothing."""
    if row.status_at is not None and fact.at < row.status_at:
        return []
    row.status_at = fact.at
    if fact.closed:
        who = {"user": "contact", "agent": "integration"}.get(fact.by, "integration")
        return close(row, who, f"closed_resolved_by_{who}", now)
    return reopen(row, "integration_reopened_session", now)


def apply_state(row: SessionRow, state: VendorState, agent_id: str, now: datetime) -> list[SessionChange]:
    """Take over what was just read at the vendor: the present truth, whatever events said."""
    changes: list[SessionChange] = []
    row.url = state.url or row.url
    sessions.add_data(row, state.data)
    if state.channel is not None:
        row.channel = state.channel.value
    changes += _grouped(row, state.group, now)
    if state.removed:
        changes += close(row, "system", "closed_unresolved_by_system", now, status=SessionStatus.CLOSED_UNRESOLVED)
    elif state.closed and not _read_too_early(row, state):
        changes += close(row, "integration", "closed_resolved_by_integration", now)
    else:
        if not state.closed:
            changes += reopen(row, "integration_reopened_session", now)
        changes += _assigned(row, state.assignee, agent_id, now)
    if state.at is not None:
        row.assignee_at = max(row.assignee_at or state.at, state.at)
        row.status_at = max(row.status_at or state.at, state.at)
    return changes


def _read_too_early(row: SessionRow, state: VendorState) -> bool:
    """Whether the vendor's state is of before the customer's last message: it will open the conversation yet."""
    return row.status == SessionStatus.OPEN and None not in (row.status_at, state.at) and state.at < row.status_at


def customer_spoke(row: SessionRow, at: datetime, now: datetime) -> list[SessionChange]:
    """A customer's message opens a closed session again (gap G3), unless it was written before the closing."""
    if row.status_at is not None and at < row.status_at:
        return []
    # The conversation was open when this was written: a closing that was told late must not undo that.
    row.status_at = at
    row.resolve_due_at = None
    return reopen(row, "integration_reopened_session", now)


def close(
    row: SessionRow,
    by: str,
    kind: str,
    now: datetime,
    closure: str = "",
    status: SessionStatus = SessionStatus.CLOSED_RESOLVED,
) -> list[SessionChange]:
    """Close the session; closing what is closed changes nothing."""
    if row.status != SessionStatus.OPEN:
        return []
    row.status = status.value
    row.closed_by = by
    row.closure = closure or row.closure
    row.owner = Owner.NOBODY.value
    row.owner_at = now
    row.resolve_due_at = None
    return [sessions.mark(row, kind, now)]


def reopen(row: SessionRow, kind: str, now: datetime) -> list[SessionChange]:
    """Open the session again: nobody owns it, so it passes the gate anew."""
    if row.status == SessionStatus.OPEN:
        return []
    row.status = SessionStatus.OPEN.value
    row.closed_by = row.closure = ""
    row.owner = Owner.NOBODY.value
    row.owner_at = now
    row.handoff = None
    return [sessions.mark(row, kind, now)]


def _grouped(row: SessionRow, group: str, now: datetime) -> list[SessionChange]:
    before, row.assigned_group = row.assigned_group, group
    if before == group:
        return []
    kind = "team_assigned_by_integration" if group else "team_unassigned_by_integration"
    return [sessions.mark(row, kind, now, {"from": before, "to": group})]


def _assigned(row: SessionRow, assignee: str, agent_id: str, now: datetime) -> list[SessionChange]:
    moved = row.assignee != assignee
    row.assignee = assignee
    if row.status != SessionStatus.OPEN:
        return []
    before = Owner(row.owner)
    new = row.gated_at is None
    takes_all = row.routing == routing.CLAIM_ALL
    owner = ownership.after_assignment(before, assignee, agent_id, moved=moved, new=new, takes_all=takes_all)
    if owner is before:
        return []
    if owner is Owner.HUMAN:
        return change_owner(row, owner, "agent_assigned_by_integration", now, assignee)
    if owner is Owner.AI:
        resumed = before is Owner.HUMAN and not new
        kind = "ai_resumed_by_system" if resumed else "agent_assigned_by_integration"
        row.handoff = None
        row.closure = ""
        return change_owner(row, owner, kind, now, assignee)
    return change_owner(row, owner, "agent_unassigned_by_integration", now)
