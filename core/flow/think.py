"""What the AI makes of a turn: may it speak, does it hand off, what does it say, and what follows from that."""

from __future__ import annotations

import logging
from dataclasses import replace

from core.domain import (
    Action,
    Connection,
    Draft,
    Handoff,
    Mode,
    Owner,
    Reason,
    Reply,
    Resolve,
    Route,
    SessionChange,
    SessionStatus,
    Silence,
    Summary,
    Turn,
    VendorState,
    Veto,
)
from core.flow import leases, plan, routing, sessions, sync, turns
from core.flow.human_request import asks_for_human
from core.flow.leases import Lease
from core.flow.plan import Planned
from core.flow.process import to_event
from core.runtime import Runtime
from core.store.models import EventRow, SessionRow

log = logging.getLogger(__name__)


def think(
    runtime: Runtime, lease: Lease, connection: Connection, row: SessionRow, state: VendorState | None
) -> tuple[Turn, Draft, bool]:
    """What the AI does now: the turn it saw, its draft, and whether the conversation must be claimed for it.

    `state` is what was just read at the vendor. What a hook raises passes through: the turn is taken again later.
    """
    changes: list[SessionChange] = []
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        row = SessionRow.get_by_id(row.id)
        if state is not None:
            changes = sync.apply_state(row, state, connection.agent_id, runtime.db.now())
            row.save()
        turn = turns.build(row, connection)
        event_row = turns.trigger(lease.id)
        newest = sessions.newest_customer_message(row.id)
        late = newest is not None and newest.received_at - newest.at > turns.TOO_OLD
    for change in changes:
        runtime.plugins.observe("session_changed", session=turn.session, change=change)
    if turn.session.status is not SessionStatus.OPEN:
        return turn, Silence(Reason.SESSION_CLOSED), False
    if turn.mode is Mode.OFF:
        return turn, Silence(Reason.CHANNEL_OFF), False
    if late:
        return turn, Silence(Reason.TOO_OLD), False
    route = _route(runtime, connection, turn, row.routing, event_row)
    if not route.answer:
        return turn, Silence(route.reason), False
    draft = _draft(runtime, turn)
    if isinstance(draft, Handoff | Resolve) and draft.summary is None:
        draft = replace(draft, summary=summarise(runtime, turn))
    if turn.mode is Mode.ASSIST and isinstance(draft, Handoff):
        return turn, Silence(draft.reason, draft.detail), False
    return turn, draft, route.claim


def _route(runtime: Runtime, connection: Connection, turn: Turn, mode: str, event_row: EventRow | None) -> Route:
    match turn.session.owner:
        case Owner.AI:
            return Route(True, Reason.ANSWERED)
        case Owner.HUMAN:
            # An assistant drafts for the human who owns the conversation (behaviour 126).
            return Route(turn.mode is Mode.ASSIST, Reason.ASSIGNED_TO_HUMAN)
        case Owner.NOBODY:
            decided = None
            if event_row is not None:
                decided = runtime.plugins.decide(
                    "route_session", session=turn.session, event=to_event(event_row), connection=connection
                )
            return decided or routing.default_route(mode)


def _draft(runtime: Runtime, turn: Turn) -> Draft:
    rules = runtime.config.handoff
    if rules.explicit_request and asks_for_human(turn.question):
        return Handoff(Reason.EXPLICIT_REQUEST)
    draft: Draft | None = runtime.plugins.decide("draft_reply", turn=turn)
    if draft is None:
        return Handoff(Reason.NO_RESPONDER)
    if isinstance(draft, Reply) and rules.low_confidence and draft.confidence < rules.confidence:
        return Handoff(Reason.LOW_CONFIDENCE, f"confidence {draft.confidence:.2f} is below {rules.confidence:.2f}")
    if isinstance(draft, Handoff) and draft.reason is Reason.CANNOT_RESOLVE and not rules.cannot_resolve:
        return Silence(Reason.CANNOT_RESOLVE, "handing off when there is no answer is switched off")
    return draft


def summarise(runtime: Runtime, turn: Turn) -> Summary:
    """A summary for the agent: the responder's, or else a plain listing of the thread."""
    try:
        made = runtime.plugins.decide("summarise_session", turn=turn)
    except Exception:
        log.exception("a session could not be summarised by its responder; a plain listing is used")
        made = None
    return made or plan.plain_summary(turn)


def planned(runtime: Runtime, connection: Connection, turn: Turn, draft: Draft, claim: bool) -> list[Planned]:
    """The effects a draft leads to in the turn's mode, before any plugin has seen them."""
    if turn.mode is Mode.SHADOW or isinstance(draft, Silence):
        return []
    if turn.mode is Mode.ASSIST:
        text = draft.text if isinstance(draft, Reply | Resolve) else ""
        footer = runtime.config.channels[turn.session.channel].assist_footer
        return plan.for_assist(text, footer) if text else []
    match draft:
        case Reply():
            return plan.for_reply(draft.text, connection.agent_id, claim=claim)
        case Resolve():
            summary = draft.summary or plan.plain_summary(turn)
            return plan.for_resolution(draft.text, summary, connection.agent_id, claim=claim)
        case Handoff():
            summary = draft.summary or plan.plain_summary(turn)
            return plan.for_handoff(draft.reason, summary, runtime.connections.connector(connection).handoff_steps)


def amended(runtime: Runtime, turn: Turn, steps: list[Planned]) -> list[Planned]:
    """Let the plugins amend or veto what is about to be queued."""
    kept = []
    for step in steps:
        asked = Action(
            id=0,
            session_id=turn.session.id,
            conversation_id=turn.session.conversation_id,
            kind=step.kind,
            text=step.text,
            assignee=step.assignee,
            channel=turn.session.channel,
            data=turn.session.data,
        )
        answer = runtime.plugins.amend(asked, turn.session)
        if isinstance(answer, Veto):
            kept.append(replace(step, vetoed=answer.reason))
        else:
            kept.append(replace(step, text=answer.text, assignee=answer.assignee, fields=answer.fields))
    return kept
