"""A person takes a session over from the AI, and gives it back to it."""

from __future__ import annotations

from core.domain import ActionKind, Outcome, Owner, Priority, Reason
from core.flow import leases, plan, sessions, sync, turns
from core.flow.by_hand import Hand, NotNow, in_hand
from core.flow.plan import Planned
from core.runtime import Runtime
from core.store.models import ActionRow, DecisionRow, LeaseRow


def take_over(runtime: Runtime, session_id: int, by: str, assignee: str = "") -> None:
    """Let a person have the session: the AI says nothing more in it, a draft it is just writing included.

    At the vendor it is assigned to `assignee`, the vendor's id of an agent, or else taken from the AI's agent. A
    session that a human has already is joined, and what was asked for when it was taken over stands unless another
    `assignee` is named; who has it already changes nothing. Raises `Missing` and `NotNow`.
    """
    with in_hand(runtime, session_id, by) as hand:
        take(hand, assignee)


def take(hand: Hand, assignee: str = "") -> None:
    """The same as a part of what a person does with a session in hand."""
    hand.need_open()
    hand.need_vendor("assign")
    row = hand.row
    going_to = _going_to(hand) if row.owner == Owner.HUMAN else None
    whose = row.assignee if going_to is None else going_to
    if row.owner == Owner.HUMAN and row.taken_by == hand.by and assignee in ("", whose):
        return
    stands = going_to is not None and assignee in ("", going_to)
    to_be_taken = not stands and _may_show_the_ai(hand)
    hand.withdraw(plan.GIVE_BACK, *([] if stands else [plan.TAKE_OVER]))
    if row.owner == Owner.HUMAN:
        hand.mark("agent_joined")
    else:
        hand.silence_ai(Reason.ASSIGNED_TO_HUMAN)
        hand.changes += sync.change_owner(row, Owner.HUMAN, "agent_took_session_from_ai", hand.now, by=hand.by)
    row.taken_by = hand.by
    if assignee and not stands:
        hand.queue(Planned(ActionKind.ASSIGN, plan.TAKE_OVER, Priority.HANDOFF, assignee=assignee, by=hand.by))
    elif to_be_taken:
        hand.queue(Planned(ActionKind.UNASSIGN, plan.TAKE_OVER, Priority.HANDOFF, by=hand.by))
    # Until the vendor is seen to show another, its agent there is no sign that the AI is to have it again.
    row.own_doing = row.own_doing or bool(assignee) or to_be_taken


def _going_to(hand: Hand) -> str | None:
    """Whose the vendor is just being told that it is ("" for nobody's), since it was taken over; None if it is not."""
    asked: ActionRow | None = (
        ActionRow.select()
        .where(
            ActionRow.session == hand.row.id,
            ActionRow.purpose == plan.TAKE_OVER,
            ActionRow.state.in_(leases.OPEN_ACTIONS),
        )
        .order_by(ActionRow.id.desc())
        .first()
    )
    return None if asked is None else str(asked.assignee)


def _may_show_the_ai(hand: Hand) -> bool:
    """Whether the vendor shows the AI's agent, or will, because of what is on its way."""
    row, agent = hand.row, hand.connection.agent_id
    return row.owner == Owner.AI or row.assignee == agent or sync.being_assigned(row, agent)


def give_back(runtime: Runtime, session_id: int, by: str) -> None:
    """Let the AI have a session again that a human has: it answers the customer's next message (behaviour 90).

    At the vendor it is assigned to the AI's agent, and what a handoff has left is taken back. Nothing changes if the AI
    has it. Raises `Missing` and `NotNow`.
    """
    with in_hand(runtime, session_id, by) as hand:
        hand.need_open()
        row = hand.row
        if row.owner == Owner.AI:
            return
        if row.owner != Owner.HUMAN:
            raise NotNow("nobody has taken the session over, so that there is nothing to give back")
        hand.need_vendor("assign")
        connection = hand.connection
        if not connection.agent_id:
            raise NotNow("the connection has no agent for the AI yet; verify it first")
        hand.withdraw(plan.TAKE_OVER)
        _leave_to_the_humans(hand)
        hand.changes += sync.change_owner(row, Owner.AI, "ai_resumed_by_system", hand.now, by=by)
        row.handoff, row.closure = None, ""
        agent = connection.agent_id
        hand.queue(Planned(ActionKind.ASSIGN, plan.GIVE_BACK, Priority.HANDOFF, assignee=agent, by=by))


def _leave_to_the_humans(hand: Hand) -> None:
    """What the customer has asked so far is not the AI's to answer; a turn that is due, or thought about, ends so."""
    row = hand.row
    due = LeaseRow.get_by_id(row.lease_id).turn_due_at is not None
    if due or turns.build(row, hand.connection).unanswered:
        sync.close_gate(row, hand.now)
        DecisionRow.create(
            session=row.id,
            at=hand.now,
            outcome=Outcome.SILENCE.value,
            reason=Reason.ASSIGNED_TO_HUMAN.value,
            detail=f"{hand.by} gave the session back",
            upto=sessions.newest_customer_message(row.id),
        )
    turns.clear(row.lease_id)
