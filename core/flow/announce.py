"""What happens to a session is announced: an outbound event for each subscription that wants it, or none at all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.destination_settings import EVENTS, RESPONSES
from core.domain import Author, Connection, MessageFact, Owner, Reason, SessionChange, SessionStatus, Visibility
from core.flow import sessions, summary, sync, turns
from core.flow.language import language_of
from core.store.database import Database
from core.store.models import (
    AttachmentRow,
    DecisionRow,
    DeliveryRow,
    DestinationRecordRow,
    DestinationRow,
    MessageRow,
    SessionRow,
    SubscriptionRow,
)


class OutboundEvent(StrEnum):
    """The types of outbound events (behaviour 117, where the two of handing off stand under `conversation` too)."""

    STARTED = "conversation.started"
    CONTACT_RESPONSE = "conversation.contact_response"
    AI_RESPONSE = "conversation.ai_response"
    AGENT_RESPONSE = "conversation.agent_response"
    THIRD_PARTY_AGENT_RESPONSE = "conversation.third_party_agent_response"
    CLOSED = "conversation.closed"
    TO_HUMAN = "handoff.to_human"
    """There `conversation.handoff_to_human`."""
    FAILED = "handoff.failed"
    """There `conversation.handoff_to_third_party_failed`: one step of a handoff has failed for good."""
    TAKEN_BACK = "handoff.taken_back"
    """The AI has again what a human had; there it has no name."""


TEST = "subscription.test"
"""What is sent to try a subscription, whatever it is subscribed to."""
FAMILIES = ("*", "conversation.*", "handoff.*")


@dataclass(frozen=True, slots=True)
class Said:
    """A public message that was put into the thread; `ours` says that Relaydesk has sent it."""

    message_id: int
    author: Author
    ours: bool = False


Happening = SessionChange | Said

_FORBIDDEN = (Reason.FORBIDDEN_TOPIC.value, Reason.TOPIC_NOT_ALLOWED.value)


def tell(db: Database, row: SessionRow, happenings: Sequence[Happening]) -> None:
    """Announce what has just happened to a session, inside the transaction now open, which it happens in.

    Subscriptions are told, and destinations whose records our events are. It is called once a transaction, at its end:
    what it costs where nobody listens is one look at each of them, and that only if something worth an event has
    happened.
    """
    found = [(event, each) for each in happenings for event in [_event_of(each)] if event is not None]
    if not found:
        return
    wanted = {each.id: each.events for each in _active()}
    written = {each.id: each.events for each in _written_to()}
    told = False
    for event, happening in found:
        takers = [subscription for subscription, events in wanted.items() if wants(events, event)]
        writers = [destination for destination, events in written.items() if wants(events, event)]
        if takers or writers:
            payload = _envelope(event, row, happening, db.now())
            for subscription in takers:
                queue(subscription, event, payload, db.now())
            for destination in writers:
                _arrive(destination, payload, db.now())
            told = True
    if told:
        db.signal()


def said(stored: int | None, fact: MessageFact, author: Author, *, ours: bool = False) -> list[Happening]:
    """That a public message was `stored`; nothing of a private one, or of one that was there already (None)."""
    if stored is None or fact.visibility is not Visibility.PUBLIC:
        return []
    return [Said(stored, author, ours)]


def wants(events: Sequence[str], event: str) -> bool:
    """Whether who subscribed to `events` is told of an event of this type; of a destination's answers by name only."""
    if event.startswith(RESPONSES):
        return event in events
    return any(each in ("*", event) or (each.endswith(".*") and event.startswith(each[:-1])) for each in events)


def queue(subscription_id: int, event: str, payload: str, now: datetime) -> DeliveryRow:
    """Let an event be delivered to a subscription. Inside the transaction now open."""
    row: DeliveryRow = DeliveryRow.create(
        subscription=subscription_id,
        message_id=f"msg_{secrets.token_hex(16)}",
        event_type=event,
        payload=payload,
        created_at=now,
        next_at=now,
    )
    return row


def as_payload(event: str, organization_id: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The envelope of behaviour 118, with the moment that Standard Webhooks asks for, as it is signed and sent."""
    envelope = {"event": event, "organization_id": organization_id, "timestamp": at.isoformat(), "data": data}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def _active() -> list[SubscriptionRow]:
    return list(SubscriptionRow.select(SubscriptionRow.id, SubscriptionRow.events).where(SubscriptionRow.active))


def _written_to() -> list[DestinationRow]:
    """The destinations that take our events; those of one that is paused wait."""
    return list(
        DestinationRow.select(DestinationRow.id, DestinationRow.events).where(
            DestinationRow.source == EVENTS, DestinationRow.activated_at.is_null(False)
        )
    )


def _arrive(destination_id: int, payload: str, now: datetime) -> None:
    """Let an event become a record of a destination, which looks at it later."""
    DestinationRecordRow.create(
        destination=destination_id,
        key=f"event_{secrets.token_hex(16)}",
        data=json.loads(payload),
        origin=EVENTS,
        state="arriving",
        created_at=now,
    )


def _event_of(happening: Happening) -> OutboundEvent | None:
    if isinstance(happening, Said):
        return _RESPONSES.get((happening.author, happening.ours))
    detail = happening.detail
    moved = (detail.get("from"), detail.get("to"))
    if happening.kind == "message" and detail.get("opened"):
        return OutboundEvent.STARTED
    if happening.kind.startswith("closed_"):
        return OutboundEvent.CLOSED
    if happening.kind == "handoff_to_third_party_failed":
        return OutboundEvent.FAILED
    if happening.kind == "handoff" or moved == (Owner.AI, Owner.HUMAN):
        return OutboundEvent.TO_HUMAN
    return OutboundEvent.TAKEN_BACK if moved == (Owner.HUMAN, Owner.AI) else None


_RESPONSES = {
    (Author.CUSTOMER, False): OutboundEvent.CONTACT_RESPONSE,
    (Author.AI, True): OutboundEvent.AI_RESPONSE,
    (Author.AI, False): OutboundEvent.AI_RESPONSE,
    (Author.AGENT, True): OutboundEvent.AGENT_RESPONSE,
    (Author.AGENT, False): OutboundEvent.THIRD_PARTY_AGENT_RESPONSE,
}


# ------------------------------------------------------------------------------------------------- what is told


def _envelope(event: OutboundEvent, row: SessionRow, happening: Happening, now: datetime) -> str:
    account = row.connection
    data = {
        "conversation_id": row.conversation_id,
        "session_id": row.id,
        "contact_id": row.contact_id,
        "channel": row.channel,
        "connection": account.name,
        "timestamp": now.isoformat(),
        **_told(event, row, happening),
    }
    return as_payload(event, f"{account.connector}:{account.name}", now, data)


def _told(event: OutboundEvent, row: SessionRow, happening: Happening) -> dict[str, Any]:
    if isinstance(happening, Said):
        return {"message": _message(row, happening)}
    match event:
        case OutboundEvent.CLOSED:
            return _closed(row, happening)
        case OutboundEvent.TO_HUMAN:
            return _to_human(row, happening)
        case OutboundEvent.FAILED:
            return {"step": happening.detail["step"], "detail": happening.detail["detail"]}
        case _:
            return {}


def _message(row: SessionRow, said: Said) -> dict[str, Any]:
    message = MessageRow.get_by_id(said.message_id)
    # Without their addresses: whoever knows a vendor's signed address can read the file.
    files = AttachmentRow.select(AttachmentRow.name, AttachmentRow.content_type, AttachmentRow.size).where(
        AttachmentRow.message == message.id
    )
    return {
        "id": message.external_id,
        "text": message.text,
        "at": message.at.isoformat(),
        "author": {"type": message.author, "id": message.author_id, "name": _name_of(row, message)},
        "automatic": message.automatic,
        "attachments": [{"name": each.name, "content_type": each.content_type, "size": each.size} for each in files],
    }


def _name_of(row: SessionRow, message: MessageRow) -> str | None:
    return _ai_name(row) if message.author == Author.AI else message.author_name or None


def _ai_name(row: SessionRow) -> str:
    return str((row.connection.identity or {}).get("agent_name", ""))


def _to_human(row: SessionRow, change: SessionChange) -> dict[str, Any]:
    """Why a human goes on, in the three words of behaviour 119; `code` is the decision's own, if there was one."""
    if change.kind != "handoff":
        return {"reason": "human_agent_decided", "code": None, **_account(row)}
    code = str(change.detail["detail"])
    reason = "ai_forbidden_on_topic" if code in _FORBIDDEN else "ai_decided"
    return {"reason": reason, "code": code, **_account(row)}


def _closed(row: SessionRow, change: SessionChange) -> dict[str, Any]:
    resolved = not change.kind.startswith(SessionStatus.CLOSED_UNRESOLVED.value)
    # What an event closes and the next message opens again is told as it was closed.
    by = row.closed_by or change.kind.rpartition("_by_")[2]
    third = by in ("integration", "contact")
    language = language_of("\n".join(_public(row, Author.CUSTOMER)))
    return {
        "resolution_status": "resolved" if resolved else "not_resolved",
        "resolution_type": _resolution_type(row) if resolved else None,
        "closed_by": _closer(row, by, str(change.detail.get("by") or "")),
        "is_from_third_party": third,
        "third_party_name": row.connection.connector if third else None,
        "language": language or None,
        "message_count": _messages(row).count(),
        **_account(row),
    }


def _resolution_type(row: SessionRow) -> str:
    """`light`: the AI has assumed it, since the customer fell silent. `auto_handoff`: after the AI had handed it off.

    `hard`: somebody has decided it, be it the AI, an agent or the customer.
    """
    if row.closure == Reason.ASSUMED_RESOLVED:
        return "light"
    return "auto_handoff" if row.closure == sync.HANDED_OFF else "hard"


def _closer(row: SessionRow, by: str, person: str) -> dict[str, Any]:
    """Who closed it: a `person` who did so here or, of one at the helpdesk, only whom it is assigned to."""
    if by == "ai":
        return {"type": "ai", "name": _ai_name(row)}
    if by == "integration":
        return {"type": "human", "id": row.assignee or None, "email": None}
    if by in ("contact", "system"):
        return {"type": by}
    return {"type": "api" if by == "api" else "human", "id": person, "email": person if "@" in person else None}


def _account(row: SessionRow) -> dict[str, Any]:
    """What it was about, drawn from public messages alone: a responder's own summary may repeat a private one."""
    turn = turns.build(row, Connection(row.connection_id, row.connection.name, row.connection.connector, {}))
    made = summary.summarise(turn)
    latest = DecisionRow.select().where(DecisionRow.session == row.id).order_by(DecisionRow.id.desc())
    topic = latest.where(DecisionRow.topic != "").first()
    felt = latest.where(DecisionRow.sentiment != "").first()
    return {
        "summary": made.text,
        "contact_reason": topic.topic if topic else None,
        "user_sentiment": felt.sentiment if felt else made.sentiment.value,
    }


def _messages(row: SessionRow) -> Any:
    return MessageRow.select().where(MessageRow.session == row.id, MessageRow.visibility == Visibility.PUBLIC.value)


def _public(row: SessionRow, author: Author) -> list[str]:
    thread = sessions.thread(row.id)
    return [each.text for each in thread if each.author is author and each.visibility is Visibility.PUBLIC]
