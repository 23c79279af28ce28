"""What is asked once more right before an action is performed: is it still wanted?"""

from __future__ import annotations

from typing import Final

from core.domain import ActionKind, ActionState, Owner, Reason, SessionStatus, VendorState
from core.flow import plan, sessions
from core.store.models import ActionRow, SessionRow


class DoneAlready:
    """The vendor shows what the action was to bring about."""


DONE_ALREADY: Final = DoneAlready()
Verdict = Reason | DoneAlready | str | None


def needs_a_look(action: ActionRow) -> bool:
    """Whether the vendor's present state matters to this action.

    A private note of a handoff harms nobody whoever has the conversation, and a person's words are theirs to say;
    everything else may run into a human.
    """
    if action.by:
        return not ActionKind(action.kind).posts
    return not (action.kind == ActionKind.NOTE and action.purpose in ("handoff", "draft"))


def check(action: ActionRow, row: SessionRow, state: VendorState | None, agent_id: str) -> Verdict:
    """Why the action must not be performed, `DONE_ALREADY` if it need not be, or None if it is to go out."""
    if action.requires is not None and action.requires.state != ActionState.SENT:
        return f"needs action {action.requires_id}, which is {action.requires.state}"
    kind = ActionKind(action.kind)
    other = None if action.instead_of is None else ActionRow.get_by_id(action.instead_of)
    if other is not None and other.state not in (ActionState.FAILED, ActionState.PARKED):
        return f"not needed: action {other.id} is {other.state}"
    if action.by:
        return _check_by_hand(action, row, state, agent_id)
    if kind is ActionKind.NOTE and action.purpose in ("handoff", "draft"):
        return None
    if action.purpose == "labels":
        borne = () if state is None else state.data.get("labels", ())
        return DONE_ALREADY if state is not None and set(action.fields["labels"]) <= set(borne) else None
    if row.status != SessionStatus.OPEN:
        return Reason.SESSION_CLOSED
    if action.purpose == "handback":
        return None if row.owner == Owner.AI else Reason.CANCELLED
    if action.purpose == "handoff":
        return _check_handoff(action, row, state, agent_id)
    if action.purpose == "handoff_notice":
        return _check_last_word(row, state, agent_id)
    if row.owner == Owner.HUMAN:
        return Reason.ASSIGNED_TO_HUMAN
    if overtaken(action):
        return Reason.SUPERSEDED
    if kind is ActionKind.ASSIGN:
        return DONE_ALREADY if state is not None and state.assignee == action.assignee else None
    if row.owner != Owner.AI:
        return Reason.NOT_ASSIGNED_TO_AI
    return None


def _check_by_hand(action: ActionRow, row: SessionRow, state: VendorState | None, agent_id: str) -> Verdict:
    """What a person asked for: their words go out, and the rest as long as the session is as they made it."""
    is_open = row.status == SessionStatus.OPEN
    wanted = {
        plan.TAKE_OVER: is_open and row.owner == Owner.HUMAN,
        plan.GIVE_BACK: is_open and row.owner == Owner.AI,
        plan.CLOSE: not is_open,
        plan.REOPEN: is_open,
    }
    if not wanted.get(action.purpose, True):
        return Reason.CANCELLED
    if state is None:
        return None
    match ActionKind(action.kind):
        case ActionKind.UNASSIGN:
            return _check_unassign(state, agent_id)
        case ActionKind.ASSIGN:
            return DONE_ALREADY if state.assignee == action.assignee else None
        case ActionKind.RESOLVE:
            return DONE_ALREADY if state.closed else None
        case _:
            return None if state.closed else DONE_ALREADY


def _check_unassign(state: VendorState | None, agent_id: str) -> Verdict:
    if state is None or state.assignee == agent_id:
        return None
    # Nobody has it: what we want is so. A human has it: taking it away would be the opposite of a handoff.
    return DONE_ALREADY if not state.assignee else Reason.ASSIGNED_TO_HUMAN


def _check_handoff(action: ActionRow, row: SessionRow, state: VendorState | None, agent_id: str) -> Verdict:
    """A step of a handoff at the vendor: it is marked whoever has it, and given to nobody else once a human has it.

    Of a handoff that is over no step is wanted any more, however late a person has it tried again.
    """
    if row.handoff is None:
        return Reason.CANCELLED
    if ActionKind(action.kind) is ActionKind.UNASSIGN:
        return _check_unassign(state, agent_id)
    if ActionKind(action.kind) is not ActionKind.ASSIGN or state is None:
        return None
    if action.assignee and state.assignee == action.assignee:
        return DONE_ALREADY
    if state.assignee not in ("", agent_id):
        return Reason.ASSIGNED_TO_HUMAN
    in_group = not state.assignee and state.group and state.group == action.fields.get("group")
    return DONE_ALREADY if in_group else None


def _check_last_word(row: SessionRow, state: VendorState | None, agent_id: str) -> Verdict:
    """What is said while handing off belongs to the handoff; where a human has come already it would be wrong."""
    if row.handoff is None:
        return Reason.CANCELLED
    return Reason.ASSIGNED_TO_HUMAN if state is not None and state.assignee not in ("", agent_id) else None


def to_be_drafted_anew(action: ActionRow) -> bool:
    """Whether the turn that is due answers anew what the action was for. A handoff is never taken back that way."""
    return not action.by and action.purpose not in ("handoff", "handoff_notice") and overtaken(action)


def overtaken(action: ActionRow) -> bool:
    """Whether the customer has written since the action was decided on."""
    if action.basis_id is None:
        return False
    newest = sessions.newest_customer_message(action.session_id)
    return newest is not None and newest.id > action.basis_id
