"""A due turn becomes exactly one decision, with a reason code, and the actions that follow from it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from core.domain import (
    ActionState,
    Author,
    Connection,
    Draft,
    Handoff,
    Mode,
    Owner,
    Priority,
    Reason,
    Reply,
    Resolve,
    SessionChange,
    SessionStatus,
    Silence,
    Turn,
    VendorState,
)
from core.errors import BadPayload, RetryLater, VendorError
from core.flow import announce, guards, history, leases, outbox, plan, sessions, summary, sync, turns
from core.flow.leases import Lease
from core.flow.plan import CoreReply, Hold, Planned, topic_of
from core.flow.process import back_off, has_due_event, process_next_event
from core.flow.reading import GONE_AFTER
from core.flow.think import amended, planned, sentiment_told, summarise, think
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.store.models import ActionRow, DecisionRow, LeaseRow, MessageRow, SessionRow

log = logging.getLogger(__name__)


def take_due_turn(runtime: Runtime, lease: Lease, connection: Connection) -> bool:
    """Take the conversation's turn if one is due; False when none is, or it must wait.

    The responder is called with no transaction open. What it says counts only if nothing has moved meanwhile: the
    last look and the decision are one transaction.
    """
    due = _due(runtime, lease)
    if due is None:
        return False
    row, number = due
    try:
        state = _read_state(runtime, connection, row)
    except (VendorError, BadPayload) as problem:
        _wait_for_vendor(runtime, lease, number, problem)
        return True
    try:
        turn, draft, claim = think(runtime, lease, connection, row, state)
        steps = amended(runtime, turn, planned(runtime, connection, turn, draft, claim))
    except (leases.LeaseLost, StoreBusy):
        raise
    except Exception as problem:
        log.exception("a turn of conversation %s has failed", lease.conversation_id)
        turn_and_draft = _after_failure(runtime, lease, connection, due, f"{type(problem).__name__}: {problem}")
        if turn_and_draft is None:
            return True
        turn, draft = turn_and_draft
        steps = planned(runtime, connection, turn, draft, claim=False)
    while not _decide(runtime, lease, number, turn, draft, steps):
        # Something happened while the responder was thinking: it is read before the draft may count.
        while process_next_event(runtime, lease, connection):
            pass
    return True


def close_if_idle(runtime: Runtime, lease: Lease, connection: Connection) -> bool:
    """Resolve a session that has been answered and left alone (behaviour 46); False when that is not due."""
    with runtime.db.read():
        row = sessions.find(lease.id)
        due = row is not None and row.resolve_due_at is not None and row.resolve_due_at <= runtime.db.now()
        turn = turns.build(row, connection) if row is not None and due else None
    if row is None or turn is None:
        return False
    draft = Resolve(summary=summarise(runtime, turn))
    steps = amended(runtime, turn, planned(runtime, connection, turn, draft, claim=False))
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        if has_due_event(lease.id, runtime.db.now()):
            return True  # it is read first: it may be the customer, or nothing that keeps the session from closing
        row = SessionRow.get_by_id(row.id)
        still = row.resolve_due_at is not None and row.status == SessionStatus.OPEN and row.owner == Owner.AI
        row.resolve_due_at = None
        if still:
            upto = sessions.newest_customer_message(row.id)
            decision = _write_decision(runtime, row, draft, turn, upto, assumed=Reason.ASSUMED_RESOLVED)
            outbox.queue(row, steps, decision, decision.upto, runtime.db.now())
            sessions.mark(row, "ai_assumed_the_session_resolved", runtime.db.now())
        row.save()
    return True


# ---------------------------------------------------------------------------------------------- before the draft


def _due(runtime: Runtime, lease: Lease) -> tuple[SessionRow, int] | None:
    """The session whose turn is due, and the turn's number; None if none is, or it must wait."""
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        now = runtime.db.now()
        row = sessions.find(lease.id)
        number = turns.number(lease.id, due_by=now)
        if row is None or number is None:
            return None
        if leases.in_doubt(lease.id):
            return None  # what was said last is not certain, so a responder could not be told
        dropped = [outbox.to_action(action, row) for action in _drop_overtaken(lease, now)]
    for action in dropped:
        runtime.plugins.observe("action_settled", action=action)
    return row, number


def _drop_overtaken(lease: Lease, now: datetime) -> list[ActionRow]:
    """Cancel what waits to be sent and is overtaken: the turn that is due answers all of it anew."""
    waiting = outbox.waiting(lease.id)
    dropped = [action for action in waiting if guards.to_be_drafted_anew(action)]
    for action in dropped:
        outbox.settle(action, ActionState.CANCELLED, now, error=Reason.SUPERSEDED.value)
    return dropped


def _read_state(runtime: Runtime, connection: Connection, row: SessionRow) -> VendorState | None:
    """The vendor's present state; None where the conversation is closed on our side, or gone at the vendor."""
    if row.status != SessionStatus.OPEN or row.mode == Mode.OFF:
        return None
    connector = runtime.connections.connector(connection)
    with runtime.db.read():
        session = sessions.to_session(row)
    return connector.read_state(session, connection, runtime.connections.http(connection, Priority.LIVE))


def _wait_for_vendor(runtime: Runtime, lease: Lease, number: int, problem: VendorError | BadPayload) -> None:
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        if turns.number(lease.id) != number:
            return  # a person has ended it meanwhile: nothing waits any more
        row = sessions.find(lease.id)
        now = runtime.db.now()
        waiting = LeaseRow.get_by_id(lease.id)
        missing = isinstance(problem, VendorError) and problem.status == 404
        if row is not None and missing and waiting.turn_missing + 1 >= GONE_AFTER:
            upto = sessions.newest_customer_message(row.id)
            _write_decision(runtime, row, Silence(Reason.CONVERSATION_GONE, str(problem)), None, upto)
            turns.clear(lease.id)
            return
        after = problem.after if isinstance(problem, RetryLater) and problem.after else back_off(waiting.turn_waits)
        turns.record_wait(lease.id, str(problem), now + timedelta(seconds=after), missing=missing)


def _after_failure(
    runtime: Runtime, lease: Lease, connection: Connection, due: tuple[SessionRow, int], error: str
) -> tuple[Turn, Draft] | None:
    """Try a failed turn again later; after too many failures a human goes on, and is told why."""
    row, number = due
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        if turns.number(lease.id) != number:
            return None  # a person has ended it meanwhile: nobody is to try it again
        attempts = LeaseRow.get_by_id(lease.id).turn_attempts
        until = runtime.db.now() + timedelta(seconds=back_off(attempts))
        failures = turns.record_failure(lease.id, error, until)
        if failures < runtime.config.worker.turn_attempts:
            return None
        turn = turns.build(SessionRow.get_by_id(row.id), connection)
        return turn, Handoff(Reason.RESPONDER_FAILED, error, summary.summarise(turn))


# --------------------------------------------------------------------------------------------------- the decision


def _decide(runtime: Runtime, lease: Lease, number: int, turn: Turn, draft: Draft, steps: list[Planned]) -> bool:
    """Write the decision and queue its actions; False, with nothing written, while events wait to be read.

    `number` is the turn that was taken. Where another is due by now, what was thought of the first no longer counts.
    """
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        now = runtime.db.now()
        if has_due_event(lease.id, now):
            return False
        row = SessionRow.get_by_id(turn.session.id)
        waiting = turns.number(lease.id)
        if waiting is None:
            return True  # a person has ended the turn meanwhile, and with it what was thought of it
        upto = sessions.newest_customer_message(row.id)
        seen = max((message.id for message in turn.messages if message.author is Author.CUSTOMER), default=0)
        if waiting != number or (upto is not None and upto.id > seen):
            # The turn stays due: it will see everything that was written, and whose the session is now.
            draft, steps = Silence(Reason.SUPERSEDED), []
            upto = MessageRow.get_or_none(MessageRow.id == seen)
        else:
            acts = bool(steps) or not isinstance(draft, Silence)
            if acts and not _still_stands(turn, row):
                draft, steps = Silence(Reason.CANCELLED), []
                sessions.mark(row, "ai_response_cancelled", now)
            turns.hold(lease.id, draft.until) if isinstance(draft, Hold) else turns.clear(lease.id)
        decision = _write_decision(runtime, row, draft, turn, upto)
        queued = outbox.queue(row, steps, decision, upto, now)
        changes = _consequences(runtime, row, turn, draft)
        row.save()
        announce.tell(runtime.db, row, changes)
        session = sessions.to_session(row)
        vetoed = [outbox.to_action(action, row) for action in queued if action.state == ActionState.CANCELLED]
    for change in changes:
        runtime.plugins.observe("session_changed", session=session, change=change)
    for action in vetoed:
        runtime.plugins.observe("action_settled", action=action)
    return True


def _still_stands(turn: Turn, row: SessionRow) -> bool:
    """Whether the session is as the draft saw it: still open, and with the same owner."""
    return row.status == SessionStatus.OPEN and row.owner == turn.session.owner


def _consequences(runtime: Runtime, row: SessionRow, turn: Turn, draft: Draft) -> list[SessionChange]:
    now = runtime.db.now()
    if turn.mode is not Mode.AUTOPILOT:
        return []
    changes: list[SessionChange] = []
    _, reason, detail = plan.outcome_of(draft)
    if reason is Reason.FORBIDDEN_TOPIC:
        changes.append(sessions.mark(row, "prohibited_topic_detected", now, {"topic": topic_of(draft)}))
    match draft:
        case Handoff():
            references = draft.sources or history.seen(row, turn).sources
            handoff = {"reason": reason.value, "detail": detail, "references": list(references)}
            changes += sync.hand_off(row, handoff | plan.as_json(draft.summary), now)
        case Resolve():
            changes.append(sessions.mark(row, "ai_decided_to_resolve_the_issue", now))
        case Silence():
            changes.append(sessions.mark(row, "ai_decided_to_not_reply", now, {"reason": reason.value}))
    return changes


def _write_decision(
    runtime: Runtime,
    row: SessionRow,
    draft: Draft,
    turn: Turn | None,
    upto: MessageRow | None,
    assumed: Reason | None = None,
) -> DecisionRow:
    """Write down how a turn ended: as `draft` says, or for the reason `assumed`; `turn` is None if none was built."""
    outcome, reason, detail = plan.outcome_of(draft)
    reply = draft if isinstance(draft, Reply) else None
    decision: DecisionRow = DecisionRow.create(
        session=row.id,
        at=runtime.db.now(),
        outcome=outcome.value,
        reason=(assumed or reason).value,
        detail=detail[:2000],
        confidence=reply.confidence if reply and not isinstance(reply, CoreReply) else None,
        might_solve=reply.might_solve if reply else None,
        fully_covered=reply.fully_covered if reply else None,
        sources=list(draft.sources) if isinstance(draft, Reply | Handoff) else [],
        topic=topic_of(draft)[:255],
        sentiment=sentiment_told(draft, turn).value if turn else "",
        upto=upto,
    )
    return decision
