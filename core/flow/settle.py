"""What becomes of an action after a try or a look: its next state, and what that changes in the session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from core.domain import (
    ActionKind,
    ActionState,
    Author,
    Connection,
    MessageFact,
    Owner,
    Reason,
    Receipt,
    SessionChange,
    SessionStatus,
    VendorState,
    Visibility,
)
from core.errors import AgentMissing, AuthFailed, Refused, RetryLater, VendorError
from core.flow import announce, handback, hours, leases, outbox, plan, sessions, summary, sync, turns
from core.flow.leases import Lease
from core.flow.process import back_off
from core.runtime import Runtime
from core.store.models import ActionRow, ConnectionRow, SessionRow

log = logging.getLogger(__name__)

AUTH_PAUSE = 60.0
"""Seconds between tries while the vendor refuses the credential: a token that is being rotated comes back."""
VALUE_WAIT = 1.0
"""Seconds before a value that may or may not have been set is read: setting it again would change nothing."""
REFUSED_WAIT = 5.0
"""Seconds before what was refused is looked for: a 400 has been seen for a message that was posted."""
GIVE_UP_READING = timedelta(hours=24)
SETTLED = frozenset({ActionState.SENT, ActionState.FAILED, ActionState.PARKED, ActionState.CANCELLED})

Change = Callable[[ActionRow, SessionRow, datetime], list[SessionChange]]


def transition(runtime: Runtime, lease: Lease, connection: Connection, action_id: int, change: Change) -> None:
    """Change an action and its session in one transaction, then tell the observers.

    A reply that is never delivered, or waits for a person, leaves a customer waiting: its handoff belongs to the
    same transaction. A claim that fails takes the reply behind it along. What was cancelled meanwhile stays so.
    """
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        now = runtime.db.now()
        action: ActionRow = ActionRow.get_by_id(action_id)
        if action.state == ActionState.CANCELLED:
            return
        row: SessionRow = SessionRow.get_by_id(action.session_id)
        changes = change(action, row, now)
        answers = not action.by and (action.kind == ActionKind.REPLY or action.purpose == "claim")
        if answers and action.state in (ActionState.FAILED, ActionState.PARKED):
            changes += _hand_off_undelivered(runtime, connection, action, row, now)
        elif action.purpose == "handoff" and action.state in (ActionState.FAILED, ActionState.PARKED):
            what = {"step": action.kind, "detail": action.error[:500]}
            changes.append(sessions.mark(row, "handoff_to_third_party_failed", now, what))
        handback.ended(runtime, connection, action, row)
        row.save()
        announce.tell(runtime.db, row, changes)
        asked, session = outbox.to_action(action, row), sessions.to_session(row)
    if asked.state in SETTLED:
        runtime.plugins.observe("action_settled", action=asked)
    for told in changes:
        runtime.plugins.observe("session_changed", session=session, change=told)


def sent(
    runtime: Runtime, connection: Connection, receipt: Receipt, confirmed_by: str, state: VendorState | None = None
) -> Change:
    """The effect is proven; `state` is what was read at the vendor right after it."""

    def change(action: ActionRow, row: SessionRow, now: datetime) -> list[SessionChange]:
        tried = action.state != ActionState.PENDING
        outbox.settle_sent(action, receipt, confirmed_by, now)
        if tried:
            outbox.end_attempt(action, "sent", now)
        return effects(runtime, connection, action, row, receipt, state, now)

    return change


def effects(
    runtime: Runtime,
    connection: Connection,
    action: ActionRow,
    row: SessionRow,
    receipt: Receipt,
    state: VendorState | None,
    now: datetime,
) -> list[SessionChange]:
    """What a proven effect changes on our side."""
    match ActionKind(action.kind):
        case ActionKind.REPLY | ActionKind.NOTE:
            _into_thread(runtime, connection, action, row, receipt, now)
            return [] if state is None else handback.take_over(runtime, connection, row, state)
        case ActionKind.ASSIGN:
            return _assigned(runtime, connection, action, row, receipt, state, now)
        case ActionKind.UNASSIGN:
            row.assignee, row.assignee_at = "", receipt.at or row.assignee_at
            who = ("user", {"by": action.by}) if action.by else ("integration", None)
            return [sessions.mark(row, f"agent_unassigned_by_{who[0]}", now, who[1])]
        case ActionKind.RESOLVE:
            closure = action.decision.reason if action.decision else Reason.RESOLVED.value
            closed = [] if action.by else sync.close(row, "ai", "closed_resolved_by_system", now, closure)
            row.status_at = receipt.at or row.status_at
            sync.vendor_follows(row, closed=True)
            return closed
        case ActionKind.UPDATE:
            if action.purpose == plan.REOPEN:
                sync.vendor_follows(row, closed=False)
            return []


def _assigned(
    runtime: Runtime,
    connection: Connection,
    action: ActionRow,
    row: SessionRow,
    receipt: Receipt,
    state: VendorState | None,
    now: datetime,
) -> list[SessionChange]:
    group = str(action.fields.get("group", row.assigned_group))
    if action.purpose == "claim":
        # From here on a human who has it has taken it.
        sync.close_gate(row, now)
        seen = state or VendorState(closed=False, assignee=action.assignee, at=receipt.at, group=group)
        return handback.take_over(runtime, connection, row, seen)
    row.assignee, row.assigned_group = action.assignee, group
    row.assignee_at = receipt.at or row.assignee_at
    to = {"to": action.assignee or group}
    if action.by:
        if action.purpose == plan.GIVE_BACK:
            handback.take_back(runtime, connection, row)  # the look before it has told what there is
        return [sessions.mark(row, "agent_assigned_by_user", now, to | {"by": action.by})]
    kind = "agent_assigned_by_system" if action.assignee else "team_assigned_by_system"
    return [sessions.mark(row, kind, now, to)]


def trouble(runtime: Runtime, problem: VendorError) -> Change:
    """Sort a failed call by what it says about its effect: certainly none, certainly never, or unknown."""

    def change(action: ActionRow, row: SessionRow, now: datetime) -> list[SessionChange]:
        log.warning("action %s (%s) did not go through: %s", action.id, action.kind, problem)
        outcome = _sort(runtime, action, problem, now)
        outbox.end_attempt(action, outcome, now, str(problem), problem.status, problem.trace_id or "")
        return []

    return change


def unfinished(runtime: Runtime) -> Change:
    """A worker died while sending: whether it was sent, only the vendor's thread can tell."""

    def change(action: ActionRow, row: SessionRow, now: datetime) -> list[SessionChange]:
        posts = ActionKind(action.kind).posts
        wait = timedelta(seconds=runtime.config.worker.quarantine_seconds if posts else 0)
        started = action.started_at or now
        words = "the worker died while sending"
        outbox.move(
            action,
            ActionState.UNCERTAIN,
            error=words,
            uncertain_at=started,
            clean_reads=0,
            next_at=max(now, started + wait),
        )
        outbox.end_attempt(action, "unknown", now, words)
        return []

    return change


def read_failed(problem: Exception) -> Change:
    """The vendor's thread could not be read: the action stays in doubt, for a day at most."""
    given = problem.after if isinstance(problem, RetryLater) else None

    def change(action: ActionRow, row: SessionRow, now: datetime) -> list[SessionChange]:
        if now - (action.uncertain_at or now) > GIVE_UP_READING:
            outbox.settle(action, ActionState.PARKED, now, error=f"it could not be read back for a day: {problem}")
        else:
            wait = timedelta(seconds=given or back_off(action.failed_reads))
            outbox.move(action, ActionState.UNCERTAIN, failed_reads=action.failed_reads + 1, next_at=now + wait)
        return []

    return change


def not_found(runtime: Runtime, connection: Connection) -> Change:
    """The effect is not to be seen at the vendor. A message is looked for twice before it may be sent again."""

    def change(action: ActionRow, row: SessionRow, now: datetime) -> list[SessionChange]:
        posts = ActionKind(action.kind).posts
        reads = action.clean_reads + 1
        if reads < (2 if posts and not action.refused else 1):
            later = now + timedelta(seconds=runtime.config.worker.second_read_seconds)
            outbox.move(action, ActionState.UNCERTAIN, clean_reads=reads, next_at=later)
        elif action.refused:
            outbox.settle(action, ActionState.FAILED, now, clean_reads=reads)
        elif action.retried_by:
            outbox.move(action, ActionState.RETRY, clean_reads=0, next_at=now)  # a person said so, once
        elif posts and connection.settings["uncertain"] == "park":
            outbox.settle(action, ActionState.PARKED, now, clean_reads=reads)
        elif outbox.tries_in_doubt(action) > int(connection.settings["max_retries"]):
            outbox.settle(action, ActionState.PARKED, now, clean_reads=reads, error=f"{action.error}; tried too often")
        else:
            outbox.move(action, ActionState.RETRY, clean_reads=0, next_at=now)
        return []

    return change


def cancelled(reason: str) -> Change:
    """The action is not wanted any more."""

    def change(action: ActionRow, row: SessionRow, now: datetime) -> list[SessionChange]:
        outbox.settle(action, ActionState.CANCELLED, now, error=reason)
        return []

    return change


def pause_for(problem: VendorError, failures: int) -> float:
    """Seconds to wait after a problem that says nothing was applied."""
    if isinstance(problem, RetryLater) and problem.after is not None:
        return problem.after
    return AUTH_PAUSE if isinstance(problem, AuthFailed) else back_off(failures)


def _sort(runtime: Runtime, action: ActionRow, problem: VendorError, now: datetime) -> str:
    posts = ActionKind(action.kind).posts
    if isinstance(problem, AgentMissing):
        # Nobody but a person can mend this (gap G13): the text waits for them, and the connection says so.
        outbox.settle(action, ActionState.PARKED, now, error=str(problem))
        ConnectionRow.update(error=str(problem)).where(ConnectionRow.id == action.connection_id).execute()
        return "agent_missing"
    if isinstance(problem, RetryLater | AuthFailed):
        wait = timedelta(seconds=pause_for(problem, action.attempts))
        outbox.move(action, ActionState.RETRY, error=str(problem), next_at=now + wait)
        return "not_applied"
    refused = isinstance(problem, Refused)
    if refused and problem.status != 400:
        outbox.settle(action, ActionState.FAILED, now, error=str(problem))
        return "refused"
    quarantine = runtime.config.worker.quarantine_seconds if posts else VALUE_WAIT
    wait = timedelta(seconds=min(REFUSED_WAIT, quarantine) if refused else quarantine)
    outbox.move(
        action,
        ActionState.UNCERTAIN,
        error=str(problem),
        refused=refused,
        uncertain_at=now,
        clean_reads=0,
        next_at=now + wait,
    )
    return "refused_in_doubt" if refused else "unknown"


def _into_thread(
    runtime: Runtime, connection: Connection, action: ActionRow, row: SessionRow, receipt: Receipt, now: datetime
) -> None:
    fact = MessageFact(
        external_id=receipt.vendor_id,
        author=Author.AGENT if action.by else Author.AI,
        author_id=connection.agent_id,
        text=action.text,
        at=receipt.at or now,
        visibility=Visibility.PUBLIC if action.kind == ActionKind.REPLY else Visibility.PRIVATE,
    )
    stored = sessions.add_own_message(runtime.db, row, fact, action.by, now)
    announce.tell(runtime.db, row, announce.said(stored, fact, fact.author, ours=True))
    outbox.set_idle_close(action, row, runtime.config.channels[sessions.to_session(row).channel], now)


def _hand_off_undelivered(
    runtime: Runtime, connection: Connection, action: ActionRow, row: SessionRow, now: datetime
) -> list[SessionChange]:
    if row.owner == Owner.HUMAN or row.status != SessionStatus.OPEN:
        return []
    steps = runtime.connections.connector(connection).handoff_steps(connection)
    turn = turns.build(row, connection)
    made = summary.summarise(turn)
    until = replace(hours.absence(runtime, turn.session), notice="")  # it could not be delivered either
    outbox.queue(row, plan.for_handoff(Reason.DELIVERY_FAILED, made, steps, until), action.decision, None, now)
    references = list(action.decision.sources) if action.decision else []
    handoff = {"reason": Reason.DELIVERY_FAILED.value, "detail": action.error, "references": references}
    return sync.hand_off(row, handoff | plan.as_json(made), now)
