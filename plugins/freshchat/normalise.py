"""Freshchat's events as facts: one table from the webhook's action to a pure function.

Vendor documentation: support.freshchat.com, solution article 239404, "Conversation webhooks".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from core import AssignmentFact, Author, Event, Fact, MessageFact, StatusFact, Visibility
from plugins.freshchat.parts import Content, read_parts
from plugins.freshchat.schemas import MessageSchema, canonical, inner, load, moment, thread_of, word

Handler = Callable[[Event], list[Fact]]


def message_created(event: Event) -> list[Fact]:
    """A message of a customer, agent, bot or the system: Freshchat reports all of them, our own posts too."""
    message = load(MessageSchema, inner(event.payload, "message"), "data.message")
    content = read_parts(message["message_parts"] or message["msg_parts"])
    labels = read_parts(message["reply_parts"]).text
    actor_type = (message["actor_type"] or _actor(event, "actor_type")).lower()
    actor_id = message["actor_id"] or _actor(event, "actor_id")
    visibility = visibility_of(message)
    author = _author(actor_type, message["message_type"].lower(), visibility)
    return [
        MessageFact(
            external_id=message["id"],
            author=author,
            author_id=actor_id,
            text="\n".join(piece for piece in (_with_subject(content), labels) if piece),
            at=message["created_time"] or _time_of(event),
            visibility=visibility,
            attachments=content.attachments,
            customer_id=message["user_id"] or (actor_id if actor_type == "user" else ""),
            data=_session_data(message, content, by_customer=author is Author.CUSTOMER),
        )
    ]


def conversation_assigned(event: Event) -> list[Fact]:
    """Assigned to an agent, or to nobody (an empty or absent agent id; a group alone is nobody)."""
    return [AssignmentFact(thread_of(event.payload).assignee, _time_of(event))]


def conversation_closed(event: Event) -> list[Fact]:
    """Resolved; also every spelling of "closed", which set-up guides name and Freshchat does not document."""
    return [StatusFact(closed=True, at=_time_of(event), by=_by(event, "resolver"))]


def conversation_reopened(event: Event) -> list[Fact]:
    return [StatusFact(closed=False, at=_time_of(event), by=_by(event, "reopener"))]


HANDLERS: Mapping[str, Handler] = {
    "message_create": message_created,
    "message_created": message_created,
    "conversation_assignment": conversation_assigned,
    "conversation_assigned": conversation_assigned,
    "conversation_resolution": conversation_closed,
    "conversation_resolve": conversation_closed,
    "conversation_resolved": conversation_closed,
    "conversation_close": conversation_closed,
    "conversation_closed": conversation_closed,
    "conversation_reopen": conversation_reopened,
    "conversation_reopened": conversation_reopened,
}
"""Actions in their `canonical` spelling. The documented ones are message_create, conversation_assignment,
conversation_resolution and conversation_reopen (behaviour 27)."""


def handler_for(kind: str) -> Handler | None:
    """The handler of an action, however it is spelt; None for one we do not know."""
    return HANDLERS.get(canonical(kind))


def visibility_of(message: Mapping[str, Any]) -> Visibility:
    """Of a loaded message: bots mark their notes with a flag of its own, while the type still says "normal"."""
    private = message["private_note"] or message["message_type"].lower() == "private"
    return Visibility.PRIVATE if private else Visibility.PUBLIC


def _author(actor_type: str, message_type: str, visibility: Visibility) -> Author:
    # The texts of assignments, surveys and the like come as messages, under whoever caused them.
    if message_type == "system":
        return Author.SYSTEM
    if actor_type == "agent":
        return Author.AGENT
    # An account's own bot greets and says that nobody is there; that is no person taking the conversation over.
    if actor_type == "user" and message_type in ("normal", "") and visibility is Visibility.PUBLIC:
        return Author.CUSTOMER
    return Author.SYSTEM


def _with_subject(content: Content) -> str:
    return f"Subject: {content.subject}\n{content.text}" if content.subject else content.text


def _session_data(message: Mapping[str, Any], content: Content, *, by_customer: bool) -> dict[str, Any]:
    keys = ("interaction_id", "app_id", "channel_id", "conversation_internal_id")
    data: dict[str, Any] = {key: message[key] for key in keys if message[key]}
    if content.has_email or message["message_source"].lower() == "email":
        data["email_channel"] = True
    elif content.has_text and by_customer:
        data["text_channel"] = True
    return data


def _time_of(event: Event) -> datetime:
    return moment(event.payload.get("action_time")) or event.received_at


def _actor(event: Event, key: str) -> str:
    actor = event.payload.get("actor")
    return word(actor.get(key)) if isinstance(actor, Mapping) else ""


def _by(event: Event, key: str) -> str:
    """Who did it, in the words of `StatusFact.by`; a bot counts as the system."""
    named = word(inner(event.payload, "resolve", "reopen", "close", "conversation").get(key))
    found = (named or _actor(event, "actor_type")).lower()
    return {"agent": "agent", "user": "user", "system": "system", "bot": "system"}.get(found, "")
