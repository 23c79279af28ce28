"""What has happened in a session so far, read from what is stored, so that it is the same for every process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import fn

from core.domain import ActionKind, ActionState, Author, Reason, Turn
from core.flow.handoff_rules import Seen, unquoted
from core.store.models import EPOCH, ActionRow, DecisionRow, MessageRow, SessionRow, TimelineRow

BEGINNINGS = ("integration_reopened_session", "agent_reopened_session", "ai_resumed_by_system")
"""Lines of the timeline from which on all counts anew: it was opened again, or given back to the AI."""
NOTICES = ("handoff_notice", "hold_notice")
_UNSAID = (ActionState.CANCELLED.value, ActionState.FAILED.value)


def seen(row: SessionRow, turn: Turn) -> Seen:
    """What the handoff rules look at in a turn."""
    since = _beginning(row)
    unanswered = {message.id for message in turn.unanswered}
    latest = {message.id: message.text for message in turn.messages if message.author is Author.CUSTOMER}
    texts = MessageRow.select(MessageRow.id).where(
        MessageRow.session == row.id, MessageRow.author == Author.CUSTOMER.value, MessageRow.received_at >= since
    )
    before = [each.id for each in texts if each.id in latest and each.id not in unanswered]
    said = _said(row, since)
    return Seen(
        unanswered=tuple(unquoted(message.text) for message in turn.unanswered if message.text),
        before=tuple(unquoted(latest[number]) for number in sorted(before) if latest[number]),
        answered=sum(1 for each in said if each.reason == Reason.ANSWERED and each.might_solve),
        offered_help=sum(1 for each in said if each.reason == Reason.OFFERED_HELP),
        asked_for_details=sum(1 for each in said if each.reason == Reason.ASKED_FOR_DETAILS),
        asked_to_clarify=sum(1 for each in said if each.reason == Reason.ASKED_TO_CLARIFY),
        sources=tuple(dict.fromkeys(source for each in said for source in each.sources)),
    )


def was_told(session_id: int, since: datetime) -> bool:
    """Whether the customer was told a notice since a moment, or is about to be."""
    return bool(
        ActionRow.select(ActionRow.id)
        .where(
            ActionRow.session == session_id,
            ActionRow.purpose.in_(NOTICES),
            ActionRow.state.not_in(_UNSAID),
            ActionRow.created_at >= since,
        )
        .exists()
    )


def _beginning(row: SessionRow) -> datetime:
    latest = TimelineRow.select(fn.MAX(TimelineRow.at)).where(
        TimelineRow.session == row.id, TimelineRow.kind.in_(BEGINNINGS)
    )
    moment: datetime | None = latest.scalar()
    return moment or EPOCH


def _said(row: SessionRow, since: datetime) -> list[Any]:
    """The decisions whose reply was said, or is about to be: one that was overtaken or refused asked nobody."""
    replies = ActionRow.select(ActionRow.decision).where(
        ActionRow.session == row.id, ActionRow.kind == ActionKind.REPLY.value, ActionRow.state.not_in(_UNSAID)
    )
    query = DecisionRow.select().where(
        DecisionRow.session == row.id, DecisionRow.at >= since, DecisionRow.id.in_(replies)
    )
    return list(query.order_by(DecisionRow.id))
