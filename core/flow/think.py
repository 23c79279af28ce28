"""What the AI makes of a turn: may it speak, does it hand off, what does it say, and what follows from that."""

from __future__ import annotations

import logging
from dataclasses import replace

from core.domain import (
    Action,
    Author,
    Connection,
    Draft,
    Handoff,
    Mode,
    OutboundFile,
    Owner,
    Reason,
    Reply,
    Resolve,
    Route,
    Sentiment,
    SessionChange,
    SessionStatus,
    Silence,
    Summary,
    Turn,
    VendorState,
    Veto,
)
from core.flow import (
    announce,
    handback,
    handoff_rules,
    history,
    hours,
    leases,
    loop_guard,
    plan,
    routing,
    sessions,
    summary,
    turns,
    wording,
)
from core.flow.handoff_rules import Ruling, Seen
from core.flow.inbox import to_event
from core.flow.language import language_of
from core.flow.leases import Lease
from core.flow.plan import CoreReply, Hold, Planned
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
            changes = handback.take_over(runtime, connection, row, state)
            row.save()
            announce.tell(runtime.db, row, changes)
        turn = turns.build(row, connection, handoff_rules.guidance(runtime.config.handoff))
        event_row = turns.trigger(lease.id)
        newest = sessions.newest_customer_message(row.id)
        late = newest is not None and newest.received_at - newest.at > turns.TOO_OLD
        seen = history.seen(row, turn)
    for change in changes:
        runtime.plugins.observe("session_changed", session=turn.session, change=change)
    if turn.session.status is not SessionStatus.OPEN:
        return turn, Silence(Reason.SESSION_CLOSED), False
    if turn.mode is Mode.OFF:
        return turn, Silence(Reason.CHANNEL_OFF), False
    if late:
        return turn, Silence(Reason.TOO_OLD), False
    if loop_guard.is_automatic(turn):
        return turn, Silence(Reason.AUTOMATIC_MESSAGE), False
    route = _route(runtime, connection, turn, row.routing, event_row)
    if not route.answer:
        return turn, Silence(route.reason), False
    with runtime.db.read():
        guarded = loop_guard.out_of_hand(turn, runtime.config.channels[turn.session.channel], runtime.db.now())
    draft = guarded or hours.outside(runtime, turn) or _draft(runtime, turn, seen)
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
            intake = runtime.connections.connector(connection).intake_group(connection.settings)
            theirs = bool(intake) and turn.session.group == intake and not turn.session.assignee
            return decided or routing.default_route(mode, in_intake_group=theirs)


def _draft(runtime: Runtime, turn: Turn, seen: Seen) -> Draft:
    """The responder's draft, or what the handoff rules put in its place (behaviour 108, 109)."""
    config = runtime.config.handoff
    ruling = handoff_rules.before_draft(config, turn.mode, seen)
    if ruling is not None:
        return _ruled(runtime, turn, ruling, None)
    draft: Draft | None = runtime.plugins.decide("draft_reply", turn=turn)
    if draft is None:
        return Handoff(Reason.NO_RESPONDER)
    if isinstance(draft, Reply | Handoff):
        ruling = handoff_rules.after_draft(config, turn.mode, seen, draft)
        if ruling is not None:
            return _ruled(runtime, turn, ruling, draft)
    return draft


def _ruled(runtime: Runtime, turn: Turn, ruling: Ruling, draft: Reply | Handoff | None) -> Draft:
    """What a ruling comes to; of the draft that it takes the place of, what it says for the record is kept."""
    sources = draft.sources if draft is not None else ()
    told = draft.sentiment if isinstance(draft, Reply) else None
    topic = ruling.topic or (draft.topic if draft is not None else "")
    if not ruling.hand_off:
        person = handoff_rules.honours_requests(runtime.config.handoff)
        text = wording.say(ruling.reason, _language(turn), person=person)
        return CoreReply(
            text,
            might_solve=False,
            sources=sources,
            sentiment=told,
            topic=topic,
            reason=ruling.reason,
            detail=ruling.detail,
        )
    made = draft.summary if draft is not None else None
    if made is None:
        made = summarise(runtime, turn, Sentiment.ANGRY if ruling.reason is Reason.FRUSTRATION else told)
    return Handoff(ruling.reason, ruling.detail, made, topic, sources)


def _language(turn: Turn) -> str:
    """The language of the latest messages of the customer that tell it."""
    said = [message.text for message in turn.messages if message.author is Author.CUSTOMER]
    return next((found for text in (turn.question, *reversed(said)) if (found := language_of(text))), "")


def sentiment_told(draft: Draft | None, turn: Turn) -> Sentiment:
    """How the customer feels: as the responder says, else by what they wrote."""
    if isinstance(draft, Reply) and draft.sentiment is not None:
        return draft.sentiment
    if isinstance(draft, Reply | Handoff | Resolve) and draft.summary is not None:
        return draft.summary.sentiment
    return summary.sentiment_of_turn(turn)


def summarise(runtime: Runtime, turn: Turn, sentiment: Sentiment | None = None) -> Summary:
    """A summary for the agent: the responder's, or else one drawn from the thread.

    `sentiment` is how the customer feels, where that is known already.
    """
    made: Summary | None
    try:
        made = runtime.plugins.decide("summarise_session", turn=turn)
    except Exception:
        log.exception("a session could not be summarised by its responder; the embedded summary is used")
        made = None
    if made is not None:
        return made
    drawn = summary.summarise(turn)
    return drawn if sentiment is None else replace(drawn, sentiment=sentiment)


def planned(runtime: Runtime, connection: Connection, turn: Turn, draft: Draft, claim: bool) -> list[Planned]:
    """The effects a draft leads to in the turn's mode, before any plugin has seen them."""
    wanted = runtime.connections.connector(connection).labels(turn.mode, connection.settings)
    missing = [label for label in wanted if label not in turn.session.data.get("labels", ())]
    return plan.labelled(_effects(runtime, connection, turn, draft, claim), missing)


def _effects(runtime: Runtime, connection: Connection, turn: Turn, draft: Draft, claim: bool) -> list[Planned]:
    if turn.mode is Mode.SHADOW:
        return []
    if isinstance(draft, Hold):
        return plan.for_hold(draft.notice, connection.agent_id, claim=claim)
    if isinstance(draft, Silence):
        return []
    if turn.mode is Mode.ASSIST:
        text = draft.text if isinstance(draft, Reply | Resolve) else ""
        footer = runtime.config.channels[turn.session.channel].assist_footer
        return plan.for_assist(text, footer, _sendable(runtime, connection, draft)) if text else []
    match draft:
        case Reply():
            files = _sendable(runtime, connection, draft)
            text = draft.text if len(files) == len(draft.files) else plan.with_links(draft.text, draft.files)
            return plan.for_reply(text, connection.agent_id, claim=claim, files=files)
        case Resolve():
            made = draft.summary or summary.summarise(turn)
            return plan.for_resolution(draft.text, made, connection.agent_id, claim=claim)
        case Handoff():
            made = draft.summary or summary.summarise(turn)
            steps = runtime.connections.connector(connection).handoff_steps(connection)
            return plan.for_handoff(draft.reason, made, steps, hours.absence(runtime, turn.session))


def _sendable(runtime: Runtime, connection: Connection, draft: Draft) -> tuple[OutboundFile, ...]:
    """The draft's files, at a vendor to whom files can be sent."""
    sends = runtime.connections.connector(connection).largest_files > 0
    return draft.files if isinstance(draft, Reply) and sends else ()


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
            fields=step.fields,
            files=step.files,
            channel=turn.session.channel,
            data=turn.session.data,
        )
        answer = runtime.plugins.amend(asked, turn.session)
        if isinstance(answer, Veto):
            kept.append(replace(step, vetoed=answer.reason))
        else:
            kept.append(
                replace(step, text=answer.text, assignee=answer.assignee, fields=answer.fields, files=answer.files)
            )
    return kept
