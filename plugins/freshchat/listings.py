"""What of an account can be listed for an operator, with the columns that are shown of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import Named, Refused
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.schemas import word

LISTINGS: Mapping[str, tuple[str, ...]] = {
    "agents": ("id", "email", "first_name", "last_name", "availability_status", "availability", "is_deactivated"),
    "groups": ("id", "name", "description", "routing_type"),
    "channels": ("id", "name", "source", "enabled", "public"),
    "users": ("id", "email", "first_name", "last_name", "phone", "created_time"),
    "conversations": (
        "conversation_id",
        "status",
        "assigned_agent_id",
        "assigned_group_id",
        "channel_id",
        "created_time",
    ),
}
_NO_USERS = "Freshchat lists users by a filter only: give one, such as --filter email=ada@example.com"
_NO_CONVERSATIONS = (
    "this Freshchat account lists no conversations (most do not); --filter user=ID lists those of one user, "
    "and the inbox shows those Relaydesk knows"
)


def listing(client: FreshchatClient, what: str, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The entries of one of `LISTINGS`, page by page. Raises `Refused` saying what to ask for instead."""
    match what:
        case "agents":
            return client.agents(**filters)
        case "groups":
            return client.groups()
        case "channels":
            return client.channels()
        case "users":
            return _told(client.users(**filters), 400, _NO_USERS)
        case _:
            return _conversations(client, dict(filters))


def named(client: FreshchatClient, what: str) -> Iterator[Named]:
    """The agents or groups that are in use, as a person knows them; Freshchat has no checkbox fields."""
    if what == "agents":
        for agent in client.agents():
            if agent.get("is_deactivated") is not True and agent.get("is_deleted") is not True:
                parts = (word(agent.get("first_name")), word(agent.get("last_name")))
                yield from _with_id(agent, " ".join(part for part in parts if part), word(agent.get("email")))
    elif what == "groups":
        for group in client.groups():
            yield from _with_id(group, word(group.get("name")))


def _with_id(entry: Mapping[str, Any], name: str, email: str = "") -> Iterator[Named]:
    if word(entry.get("id")):
        yield Named(word(entry.get("id")), name, email)


def _conversations(client: FreshchatClient, filters: dict[str, str]) -> Iterator[Mapping[str, Any]]:
    user = filters.pop("user", "")
    if user:
        for one in client.user_conversations(user):
            yield {"conversation_id": one.get("id"), **one}
        return
    yield from _told(all_conversations(client, filters), 404, _NO_CONVERSATIONS)


def all_conversations(client: FreshchatClient, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """All pages of the account's own list, which most accounts do not have (404)."""
    page, more = 1, True
    while more:
        found, more = client.conversations(
            status=filters.get("status", ""),
            assigned_agent_id=filters.get("assigned_agent_id", ""),
            assigned_group_id=filters.get("assigned_group_id", ""),
            page=page,
        )
        yield from found
        page += 1


def _told(entries: Iterator[Mapping[str, Any]], status: int, words: str) -> Iterator[Mapping[str, Any]]:
    """The entries; the vendor's refusal with this status in words that help."""
    try:
        yield from entries
    except Refused as refused:
        if refused.status != status:
            raise
        raise Refused(words, status=status, trace_id=refused.trace_id) from None
