"""The vendor's assignee and status and ours are kept in step, whichever side moved and in whatever order it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.domain import (
    ActionKind,
    AssignmentFact,
    Owner,
    SessionChange,
    SessionStatus,
    StatusFact,
    VendorState,
)
from core.flow import leases, ownership, plan, routing, sessions
from core.store.models import ActionRow, EventRow, SessionRow

OPEN, CLOSED = "open", "closed"
"""What a vendor's status comes to."""
LOOK = "look"
"""The kind of our own hint that the vendor is to be looked at, for what was done from here may have changed it."""
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


def change_owner(
    row: SessionRow, owner: Owner, kind: str, now: datetime, detail: str = "", by: str = ""
) -> list[SessionChange]:
    """Set who may speak; both ends of a human stretch are lines of the timeline. `by` is the person who did it here."""
    before = Owner(row.owner)
    if before is owner:
        return []
    row.owner = owner.value
    row.owner_at = now
    if owner is Owner.AI or kind in ("handoff", "agent_took_session_from_ai"):
        close_gate(row, now)
    if owner is not Owner.AI:
        row.resolve_due_at = None
    if owner is not Owner.HUMAN:
        _let_go(row)
    more = {name: word for name, word in (("detail", detail), ("by", by)) if word}
    return [sessions.mark(row, kind, now, {"from": before.value, "to": owner.value} | more)]


def _let_go(row: SessionRow) -> None:
    row.taken_by = ""
    row.own_doing = False


def close_gate(row: SessionRow, now: datetime) -> None:
    """The session is new no more: somebody has acted in it, so that from now on it matters whose it is."""
    row.gated_at = row.gated_at or now


def apply_assignment(row: SessionRow, fact: AssignmentFact, agent_id: str, now: datetime) -> list[SessionChange]:
    """The conversation was assigned at the vendor; an older event than what is known changes nothing."""
    if row.assignee_at is not None and fact.at < row.assignee_at:
        return []
    row.assignee_at = fact.at
    changes = _assigned(row, fact.assignee, agent_id, now)
    settle_own_doing(row, agent_id)
    return changes


def apply_status(row: SessionRow, fact: StatusFact, now: datetime) -> list[SessionChange]:
    """The conversation was closed or opened at the vendor; an older event than what is known changes nothing."""
    if row.status_at is not None and fact.at < row.status_at:
        return []
    row.status_at = fact.at
    if _was_left_so(row, closed=fact.closed):
        return []
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
    elif state.closed and not _read_too_early(row, state) and not _was_left_so(row, closed=True):
        changes += close(row, "integration", "closed_resolved_by_integration", now)
    else:
        if not state.closed and not _was_left_so(row, closed=False):
            changes += reopen(row, "integration_reopened_session", now)
        changes += _assigned(row, state.assignee, agent_id, now)
        settle_own_doing(row, agent_id, looked=True)
    if state.at is not None:
        row.assignee_at = max(row.assignee_at or state.at, state.at)
        row.status_at = max(row.status_at or state.at, state.at)
    return changes


def _read_too_early(row: SessionRow, state: VendorState) -> bool:
    """Whether the vendor's state is of before the customer's last message: it will open the conversation yet."""
    return row.status == SessionStatus.OPEN and None not in (row.status_at, state.at) and state.at < row.status_at


def _was_left_so(row: SessionRow, *, closed: bool) -> bool:
    """Whether the vendor shows the status that it was left with when the session was closed or opened here alone.

    That is no news, and moves nothing. Anything else is: from then on the two are in step again.
    """
    if row.apart == (CLOSED if closed else OPEN):
        return True
    row.apart = ""
    return False


def vendor_follows(row: SessionRow, *, closed: bool) -> None:
    """The vendor was told to close or open it; what has happened here meanwhile sets the two apart."""
    here = CLOSED if row.status != SessionStatus.OPEN else OPEN
    there = CLOSED if closed else OPEN
    row.apart = "" if here == there else there


def customer_spoke(row: SessionRow, at: datetime, now: datetime) -> list[SessionChange]:
    """A customer's message opens a closed session again (gap G3), unless it was written before the closing."""
    # Who closed it here alone had not seen what becomes known only now, whenever it was written.
    if row.status_at is not None and at < row.status_at and row.apart != OPEN:
        return []
    # The conversation was open when this was written: a closing that was told late must not undo that.
    row.status_at = max(row.status_at or at, at)
    row.resolve_due_at = None
    return reopen(row, "integration_reopened_session", now)


def close(
    row: SessionRow,
    by: str,
    kind: str,
    now: datetime,
    closure: str = "",
    status: SessionStatus = SessionStatus.CLOSED_RESOLVED,
    detail: Mapping[str, Any] | None = None,
) -> list[SessionChange]:
    """Close the session; closing what is closed changes nothing. `detail` says more of it in the timeline."""
    if row.status != SessionStatus.OPEN:
        return []
    row.status = status.value
    row.closed_by = by
    row.closure = closure or row.closure
    row.owner = Owner.NOBODY.value
    row.owner_at = now
    row.resolve_due_at = None
    row.apart = ""
    _let_go(row)
    return [sessions.mark(row, kind, now, detail)]


def reopen(row: SessionRow, kind: str, now: datetime, detail: Mapping[str, Any] | None = None) -> list[SessionChange]:
    """Open the session again: nobody owns it, so it passes the gate anew."""
    if row.status == SessionStatus.OPEN:
        return []
    row.status = SessionStatus.OPEN.value
    row.closed_by = row.closure = ""
    row.owner = Owner.NOBODY.value
    row.owner_at = now
    row.handoff = None
    row.apart = ""
    return [sessions.mark(row, kind, now, detail)]


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
    if before is Owner.HUMAN and assignee == agent_id and row.own_doing:
        return []  # it is not given back: it was not taken away there yet, or what was posted from here assigned it
    if before is Owner.AI and assignee != agent_id and at_work(row, plan.GIVE_BACK):
        return []  # it is just being given back
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


def settle_own_doing(row: SessionRow, agent_id: str, *, looked: bool = False) -> None:
    """Let the AI's agent at the vendor be a sign again that the AI is to have the session, once nothing else can be.

    That is when the vendor shows another, and nothing that was done from here can change that any more. What it shows
    may be old, unless it was `looked` at just now.
    """
    if row.own_doing and row.assignee != agent_id:
        row.own_doing = _may_come_to_show(row, agent_id) or (not looked and _look_due(row))


def _may_come_to_show(row: SessionRow, agent_id: str) -> bool:
    said = ActionRow.select(ActionRow.id).where(
        ActionRow.session == row.id,
        ActionRow.by != "",
        ActionRow.kind == ActionKind.REPLY.value,
        ActionRow.state.in_(leases.IN_DOUBT),
    )
    return at_work(row, plan.TAKE_OVER, plan.GIVE_BACK) or being_assigned(row, agent_id) or bool(said.exists())


def _look_due(row: SessionRow) -> bool:
    looks = EventRow.select(EventRow.id).where(
        EventRow.lease == row.lease_id, EventRow.state == "pending", EventRow.kind == LOOK
    )
    return bool(looks.exists())


def being_assigned(row: SessionRow, agent_id: str) -> bool:
    """Whether it may or may not have been assigned to the AI's agent from here."""
    assigning = ActionRow.select(ActionRow.id).where(
        ActionRow.session == row.id,
        ActionRow.kind == ActionKind.ASSIGN.value,
        ActionRow.assignee == agent_id,
        ActionRow.state.in_(leases.IN_DOUBT),
    )
    return bool(assigning.exists())


def at_work(row: SessionRow, *purposes: str) -> bool:
    """Whether something of these `purposes` that a person asked for from here is on its way, or in doubt."""
    asked = ActionRow.select(ActionRow.id).where(
        ActionRow.session == row.id,
        ActionRow.by != "",
        ActionRow.purpose.in_(purposes),
        ActionRow.state.in_(leases.OPEN_ACTIONS),
    )
    return bool(asked.exists())
