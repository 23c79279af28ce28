"""What a destination's record becomes in Freshchat's words, and the id in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import BadRecord, Connection, DestinationTemplate, OutcomeUnknown
from core.payload import clean
from plugins.freshchat.schemas import word

_NO_AUTHOR = {
    "user": "is missing: a user's message needs the id of the user",
    "agent": "is missing: the connection has no agent of its own yet; verify it, or give an agent's id",
}
_PROPERTY = "properties."
NOBODY = "nobody"
"""In the place of an agent or a group: the conversation is to have none."""


def identifier(record: Mapping[str, Any], name: str) -> str:
    """An id that the record must have. Raises `BadRecord`."""
    found = word(record.get(name))
    if not found.strip("."):
        raise BadRecord(name, "is missing, and an id is wanted")
    return found


def message_body(record: Mapping[str, Any], usual_author: str, user_id: str, connection: Connection) -> dict[str, Any]:
    """A message as its endpoints take it; one of a user without an `actor_id` is from `user_id`. Raises `BadRecord`."""
    text = str(record.get("message") or "")
    if not text.strip():
        raise BadRecord("message", "is empty")
    author = str(record.get("actor_type") or usual_author)
    author_id = word(record.get("actor_id")) or {"user": user_id, "agent": connection.agent_id}.get(author, "")
    if not author_id and author in _NO_AUTHOR:
        raise BadRecord("actor_id", _NO_AUTHOR[author])
    body = {
        "message_parts": [{str(record.get("message_format") or "text"): {"content": text}}],
        "message_type": record.get("message_type") or "normal",
        "actor_type": author,
    }
    # A bot may write without an id.
    return body | ({"actor_id": author_id} if author_id else {})


def conversation_values(record: Mapping[str, Any]) -> dict[str, Any]:
    """What of a conversation a record sets; its properties are an object. Raises `BadRecord`."""
    names = ("status", "assigned_agent_id", "assigned_group_id")
    values: dict[str, Any] = {name: record[name] for name in names if record.get(name)}
    nobody = {name: "" for name in names[1:] if values.get(name) == NOBODY}
    values |= nobody
    # Freshchat takes an assignment off together with this status; one that goes to an agent has another.
    if nobody and not values.get("assigned_agent_id"):
        values.setdefault("status", "new")
    if values.get("status") == "assigned" and not values.get("assigned_agent_id"):
        raise BadRecord("assigned_agent_id", "is missing: the status assigned needs an agent")
    properties = _properties(record)
    return values | ({"properties": properties} if properties else {})


def user_values(record: Mapping[str, Any]) -> dict[str, Any]:
    """A user as the endpoints take one; their properties are an array of name and value. Raises `BadRecord`."""
    if not word(record.get("first_name")):
        raise BadRecord("first_name", "is missing")
    if not word(record.get("email")) and not word(record.get("phone")):
        raise BadRecord("email", "is missing, and so is phone: a user needs one of them")
    names = ("first_name", "last_name", "email", "phone", "reference_id")
    values: dict[str, Any] = {name: word(record[name]) for name in names if word(record.get(name))}
    properties = [{"name": name, "value": value} for name, value in _properties(record).items()]
    return values | ({"properties": properties} if properties else {})


def _properties(record: Mapping[str, Any]) -> dict[str, Any]:
    """Those given all at once, and those given by name."""
    named = {name.removeprefix(_PROPERTY): value for name, value in record.items() if name.startswith(_PROPERTY)}
    return dict(record.get("properties") or {}) | named


def checked(values: dict[str, Any], template: DestinationTemplate) -> dict[str, Any]:
    """The values, if there are any. Raises `BadRecord`."""
    if not values:
        names = ", ".join(field.name for field in template.fields if not field.required)
        raise BadRecord("", f"sets nothing; give at least one of {names}")
    return values


def id_of_made(data: Any, what: str, *names: str) -> str:
    """The id of what a call made, from its answer, which may have it inside an object. Raises `OutcomeUnknown`."""
    answer = data if isinstance(data, Mapping) else {}
    nested = answer.get(what)
    for entry in (answer, nested if isinstance(nested, Mapping) else {}):
        for name in names:
            if word(entry.get(name)):
                return str(clean(word(entry[name])))
    raise OutcomeUnknown(f"the vendor accepted the {what} but gave no id for it")
