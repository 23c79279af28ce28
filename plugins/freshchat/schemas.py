"""The shapes of Freshchat's payloads: strict about ids, lenient about the rest, as the vendor changes much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from core import BadPayload

ID_LIMIT = 200
"""Characters of an id; Freshchat's longest known ones (composites of two UUIDs) stay below 80."""
"""Levels of nesting of a payload; Freshchat's deepest known one has 9."""

MISSING: dict[str, str | list[Any] | dict[Any, Any]] = {"required": "is missing", "null": "is missing"}


def word(value: Any) -> str:
    """An id or enumeration value as text; "" for what Freshchat writes instead of leaving it out: null, "", " "."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


class IdField(fields.Field[str]):
    """An id: opaque text; a number is taken as its digits, because older ids were numbers."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = word(value)
        if not text:
            raise ValidationError("is missing" if value in ("", " ") else "is not an id")
        if len(text) > ID_LIMIT:
            raise ValidationError(f"is longer than {ID_LIMIT} characters")
        return text


class WordField(fields.Field[str]):
    """A value the message can do without: anything unexpected counts as absent."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return word(value)[:ID_LIMIT]


class FlagField(fields.Field[bool]):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        return value is True or word(value).lower() == "true"


class MomentField(fields.Field[datetime | None]):
    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime | None:
        return moment(value)


class PartsField(fields.Field[list[Any]]):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        return value if isinstance(value, list) else []


class MessageSchema(Schema):
    """A message, alike in webhooks and in `GET /conversations/{id}/messages`."""

    class Meta:
        unknown = EXCLUDE

    id = IdField(required=True, error_messages=MISSING)
    conversation_id = IdField(required=True, error_messages=MISSING)
    actor_type = WordField(load_default="", allow_none=True)
    actor_id = WordField(load_default="", allow_none=True)
    user_id = WordField(load_default="", allow_none=True)
    message_type = WordField(load_default="", allow_none=True)
    message_source = WordField(load_default="", allow_none=True)
    private_note = FlagField(data_key="botsPrivateNote", load_default=False, allow_none=True)
    created_time = MomentField(load_default=None, allow_none=True)
    message_parts = PartsField(load_default=list, allow_none=True)
    msg_parts = PartsField(load_default=list, allow_none=True)
    reply_parts = PartsField(load_default=list, allow_none=True)
    interaction_id = WordField(load_default="", allow_none=True)
    app_id = WordField(load_default="", allow_none=True)
    channel_id = WordField(load_default="", allow_none=True)
    conversation_internal_id = WordField(data_key="freshchat_conversation_id", load_default="", allow_none=True)


def load(schema: type[Schema], value: Any, path: str) -> dict[str, Any]:
    """Load `value`, found at `path` of a payload; raises `BadPayload` naming the first field that is wrong."""
    if not isinstance(value, Mapping) or not value:
        raise BadPayload(f"{path}: is missing")
    try:
        loaded: dict[str, Any] = schema().load(value)
    except ValidationError as error:
        found = error.messages_dict
        name = next(iter(found))
        raise BadPayload(f"{path}.{name}: {found[name][0]}") from None
    return loaded


def moment(value: Any) -> datetime | None:
    """A time as Freshchat writes it (ISO 8601, usually UTC with milliseconds), in UTC; None if it cannot be read."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def canonical(action: str) -> str:
    """A webhook's action in one spelling: `Conversation Resolved` and `conversation.resolved` are one kind."""
    return re.sub(r"[^a-z0-9]+", "_", action.lower()).strip("_")


def is_message(action: str) -> bool:
    return canonical(action) in ("message_create", "message_created")


def inner(payload: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object inside `data`: under the first of `names`, else the only one there. The name is not the action's."""
    data = payload.get("data")
    if not isinstance(data, Mapping):
        return {}
    for name in names:
        found = data.get(name)
        if isinstance(found, Mapping):
            return found
    objects = [value for value in data.values() if isinstance(value, Mapping)]
    return objects[0] if len(objects) == 1 else {}


@dataclass(frozen=True, slots=True)
class Thread:
    """Where an event that is not a message happened; "" for what the payload does not say."""

    conversation_id: str
    interaction_id: str
    assignee: str
    status: str


def thread_of(payload: Mapping[str, Any]) -> Thread:
    """Find the conversation in a payload of whatever kind."""
    found = inner(payload, "assignment", "resolve", "reopen", "close", "conversation")
    nested = found.get("conversation")
    conversation = nested if isinstance(nested, Mapping) else found
    conversation_id = word(conversation.get("conversation_id")) or word(found.get("conversation_id"))
    # An assignment to a group names no agent; the key is there and empty. Only without it, the conversation tells.
    assignee = found["to_agent_id"] if "to_agent_id" in found else conversation.get("assigned_agent_id")
    return Thread(
        conversation_id=conversation_id if len(conversation_id) <= ID_LIMIT else "",
        interaction_id=word(found.get("interaction_id"))[:ID_LIMIT],
        assignee=word(assignee)[:ID_LIMIT],
        status=word(conversation.get("status")).lower()[:ID_LIMIT],
    )
