"""A person closes a session, or opens it again, here alone or at the vendor too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain import ActionKind, Priority, Reason, SessionStatus, Step, Summary
from core.flow import plan, sessions, summary, sync, turns
from core.flow.by_hand import Hand, NotNow, Unfit, in_hand
from core.flow.plan import Planned
from core.runtime import Runtime


def resolve(
    runtime: Runtime, session_id: int, by: str, *, resolved: bool, tell_vendor: bool, summarise: bool = False
) -> None:
    """Close the session as resolved or unresolved (behaviour 116).

    Unless `tell_vendor`, the conversation stays open there, and that it does opens the session no more; a customer's
    new message does (gap G3). With `summarise` the timeline has a summary and the customer's sentiment, and the vendor,
    if it is told, a private note with them first (behaviour 47). A session that is closed so already stays as it is,
    and the vendor may be told of it yet. Raises `Missing` and `NotNow`.
    """
    with in_hand(runtime, session_id, by) as hand:
        _close(hand, _status(resolved=resolved), tell_vendor, summarise)


def reopen(runtime: Runtime, session_id: int, by: str, *, tell_vendor: bool) -> None:
    """Open a closed session again: nobody has it, so that it passes the gate anew when the customer writes.

    Unless `tell_vendor`, the conversation stays closed there, and that it does closes the session no more. An open one
    stays as it is, and the vendor may be told of it yet. Raises `Missing` and `NotNow`.
    """
    with in_hand(runtime, session_id, by) as hand:
        _open(hand, tell_vendor)


def patch(
    runtime: Runtime,
    session_id: int,
    by: str,
    *,
    status: str | None = None,
    propagate: bool | None = None,
    summarise: bool = False,
    closed_payload: Mapping[str, Any] | None = None,
) -> None:
    """Change a session as behaviour 116 has it, all in one: its `status`, and what is kept of its closing.

    `propagate` says whether the vendor is told of the status; it must be given with one. Raises `Missing`, `NotNow`
    and `Unfit`.
    """
    known = [each.value for each in SessionStatus]
    if status is not None and status not in known:
        raise Unfit(f"a status is one of {', '.join(known)}")
    if status is not None and propagate is None:
        raise Unfit("say whether the helpdesk is to be told of the status")
    if closed_payload is not None and status == SessionStatus.OPEN:
        raise Unfit("a payload is kept of a closing; the session is to be opened")
    with in_hand(runtime, session_id, by) as hand:
        if status == SessionStatus.OPEN:
            _open(hand, bool(propagate))
        elif status is not None:
            _close(hand, SessionStatus(status), bool(propagate), summarise)
        if closed_payload is not None:
            if hand.row.status == SessionStatus.OPEN:
                raise NotNow("a payload is kept of a closing; close the session with it")
            hand.row.closed_payload = dict(closed_payload)
            hand.mark("closed_payload_kept")


def _status(*, resolved: bool) -> SessionStatus:
    return SessionStatus.CLOSED_RESOLVED if resolved else SessionStatus.CLOSED_UNRESOLVED


def _close(hand: Hand, status: SessionStatus, tell: bool, summarise: bool) -> None:
    row = hand.row
    if row.status not in (SessionStatus.OPEN, status):
        raise NotNow("the session is closed already; open it again first")
    if tell:
        hand.need_vendor("resolve")
    made = summary.summarise(turns.build(row, hand.connection)) if summarise else None
    if row.status == SessionStatus.OPEN:
        there = row.apart or sync.OPEN
        hand.silence_ai(Reason.SESSION_CLOSED)
        hand.withdraw(plan.TAKE_OVER, plan.GIVE_BACK, plan.REOPEN)
        who = "api" if hand.by.startswith("token:") else "agent"
        detail = {"by": hand.by, "told": tell, **plan.as_json(made)}
        hand.changes += sync.close(row, who, f"{status.value}_by_{who}", hand.now, status=status, detail=detail)
        row.apart = there if there == sync.OPEN else ""
    elif tell and row.apart and not sync.at_work(row, plan.CLOSE):
        hand.mark("closing_told")
    if tell and (row.apart or sync.at_work(row, plan.REOPEN)) and not sync.at_work(row, plan.CLOSE):
        _tell_closed(hand, status, made)


def _tell_closed(hand: Hand, status: SessionStatus, made: Summary | None) -> None:
    if made is not None:
        heading = f"Closed by {hand.by}, {'resolved' if status is SessionStatus.CLOSED_RESOLVED else 'unresolved'}."
        note = plan.resolution_note(heading, made)
        hand.queue(Planned(ActionKind.NOTE, plan.CLOSE, Priority.SYNC, text=note, by=hand.by))
    # The status comes last, because a message posted into a resolved conversation may open it again.
    hand.queue(Planned(ActionKind.RESOLVE, plan.CLOSE, Priority.SYNC, by=hand.by))


def _open(hand: Hand, tell: bool) -> None:
    row = hand.row
    steps: tuple[Step, ...] = ()
    if tell:
        hand.need_vendor()
        connector = hand.runtime.connections.connector(hand.connection)
        steps = connector.reopen_steps(sessions.to_session(row), hand.connection)
        if not steps:
            raise NotNow(f"{connector.label} offers no way to open a conversation from here; open it there")
    if row.status != SessionStatus.OPEN:
        there = row.apart or sync.CLOSED
        hand.withdraw(plan.CLOSE)
        detail = {"by": hand.by, "told": tell}
        hand.changes += sync.reopen(row, "agent_reopened_session", hand.now, detail)
        row.apart = there if there == sync.CLOSED else ""
    elif tell and row.apart and not sync.at_work(row, plan.REOPEN):
        hand.mark("reopening_told")
    if tell and (row.apart or sync.at_work(row, plan.CLOSE)) and not sync.at_work(row, plan.REOPEN):
        planned = [Planned(step.kind, plan.REOPEN, Priority.SYNC, fields=step.fields, by=hand.by) for step in steps]
        hand.queue(*planned)
