"""Proof, read from Freshchat, that a call of a destination took effect although its answer was never had."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from core import Refused, Visibility
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.evidence import (
    AGENT_TYPES,
    CLOCK_SKEW,
    Posted,
    find_posted,
    is_closed,
    messages_since,
    shows,
)
from plugins.freshchat.people import IDENTIFIERS, conversations_of, has, latest, users_with
from plugins.freshchat.polling import id_of
from plugins.freshchat.schemas import moment, word

Read = TypeVar("Read")

# The OpenAPI has no bots: an account that follows it shows what they wrote as the system's.
_SHOWN_AS = {"agent": AGENT_TYPES, "user": ("user",), "bot": ("bot", "system")}


def posted_by(body: Mapping[str, Any]) -> Posted:
    """How a message shows that was sent with this body."""
    texts = [str(content["content"]) for part in body["message_parts"] for content in part.values()]
    visibility = Visibility.PRIVATE if body["message_type"] == "private" else Visibility.PUBLIC
    return Posted(_SHOWN_AS[body["actor_type"]], word(body.get("actor_id")), visibility, texts)


def find_sent(
    conversation_id: str, body: Mapping[str, Any], since: datetime, known: Collection[str], client: FreshchatClient
) -> str | None:
    """The id of the message that a call begun at `since` sent; None if the thread does not show it, or is gone."""
    posted = posted_by(body)
    found = _unless_gone(lambda: find_posted(posted, conversation_id, since - CLOCK_SKEW, known, client))
    return found.vendor_id if found else None


def find_begun(body: Mapping[str, Any], since: datetime, known: Collection[str], client: FreshchatClient) -> str | None:
    """The id of the user's conversation that holds all messages of a call begun at `since`, written since then.

    It is told by its messages, not by its age: some accounts give back the conversation that a user has open in the
    channel instead of a new one.
    """
    posted = [posted_by(message) for message in body["messages"]]
    user_id = word(body["users"][0]["id"])
    ids = _unless_gone(lambda: [id_of(listed) for listed in conversations_of(client, user_id)])
    for conversation_id in ids or ():
        if not conversation_id or conversation_id in known:
            continue
        if not _unless_gone(partial(_holds, conversation_id, posted, since - CLOCK_SKEW, client)):
            continue
        conversation = _unless_gone(partial(client.conversation, conversation_id))
        if conversation and shows(conversation.get("channel_id"), body["channel_id"]):
            return conversation_id
    return None


def _holds(conversation_id: str, posted: Sequence[Posted], since: datetime, client: FreshchatClient) -> bool:
    """Whether each of the messages shows, and none of the thread's proves two of them."""
    left = list(messages_since(conversation_id, since, client))
    for one in posted:
        proof = next((message for message in left if one.is_shown_by(message)), None)
        if proof is None:
            return False
        left.remove(proof)
    return True


def find_created_user(
    body: Mapping[str, Any], since: datetime, known: Collection[str], client: FreshchatClient
) -> str | None:
    """The id of the first user created since a call was begun who has what most surely identifies the one it was for.

    One who was there before is somebody's else, or another call's.
    """
    name = next(each for each in IDENTIFIERS if body.get(each))
    times = {
        word(user["id"]): at
        for user in users_with(client, name, str(body[name]))
        if word(user["id"]) not in known and (at := moment(user.get("created_time"))) and at >= since - CLOCK_SKEW
    }
    return min(times, key=lambda each: times[each], default=None)


def find_same_user(record: Mapping[str, Any], client: FreshchatClient) -> str | None:
    """The id of the user whom a record is about: by email, else by phone, else by reference id.

    One who has the phone and another email is another person, such as a colleague at the same desk. Of several the one
    who was changed last.
    """
    email = str(record.get("email") or "")
    for name in IDENTIFIERS:
        users = users_with(client, name, str(record[name])) if record.get(name) else iter(())
        if name == "phone" and email:
            users = (user for user in users if not word(user.get("email")) or has(user, "email", email))
        user = latest(users, "updated_time", "created_time")
        if user is not None:
            return word(user["id"])
    return None


def conversation_has(values: Mapping[str, Any], conversation_id: str, client: FreshchatClient) -> bool:
    """Whether a conversation shows all values that a call set."""
    conversation = _unless_gone(lambda: client.conversation(conversation_id))
    if conversation is None:
        return False
    status = word(values.get("status"))
    # Others decide which of the open statuses a conversation has that was opened; "assigned" comes with its agent.
    if status and is_closed(conversation) is not (status == "resolved"):
        return False
    return shows(conversation, {name: value for name, value in values.items() if name != "status"})


def agent_has(values: Mapping[str, Any], agent_id: str, client: FreshchatClient) -> bool:
    """Whether an agent shows all values that a call set; the order of groups says nothing."""
    agent = _unless_gone(lambda: client.agent(agent_id))
    if agent is None:
        return False
    groups = agent.get("groups")
    if "groups" in values and _words(groups) != _words(values["groups"]):
        return False
    return shows(agent, {name: value for name, value in values.items() if name != "groups"})


def user_has(values: Mapping[str, Any], user_id: str, client: FreshchatClient) -> bool:
    """Whether a user shows all values that a call set."""
    user = _unless_gone(lambda: client.user(user_id))
    if user is None:
        return False
    properties = user.get("properties")
    present = {
        word(one.get("name")): one.get("value")
        for one in (properties if isinstance(properties, list) else ())
        if isinstance(one, Mapping)
    }
    if any(not shows(present.get(one["name"]), one["value"]) for one in values.get("properties", ())):
        return False
    return all(
        has(user, name, value) if name in IDENTIFIERS else shows(user.get(name), value)
        for name, value in values.items()
        if name != "properties"
    )


def _words(values: Any) -> set[str]:
    return {word(each) for each in values} if isinstance(values, list) else set()


def _unless_gone(read: Callable[[], Read]) -> Read | None:
    """What is read; None if the vendor has nothing there."""
    try:
        return read()
    except Refused as error:
        if error.status != 404:
            raise
        return None
