"""The people of an account, found by what identifies them, and the conversations that are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core import Refused
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.listings import all_conversations
from plugins.freshchat.schemas import moment, word

IDENTIFIERS: Mapping[str, str] = {"email": "email", "phone": "phone_no", "reference_id": "reference_id"}
"""What a user is found by, surest for a person first, and what the list of users calls the filter for it."""


def agents_with(client: FreshchatClient, email: str) -> Iterator[dict[str, Any]]:
    """The agents with this email, the deactivated too; all are read, as the vendor has no filter for it."""
    for agent in client.agents():
        if word(agent.get("id")) and email.strip() and has(agent, "email", email):
            yield agent


def is_active(agent: Mapping[str, Any]) -> bool:
    """Whether an agent is neither deactivated nor deleted."""
    return agent.get("is_deactivated") is not True and agent.get("is_deleted") is not True


def users_with(client: FreshchatClient, name: str, value: str) -> Iterator[dict[str, Any]]:
    """The users who have this value of one of `IDENTIFIERS`; several are possible.

    Each that is listed is looked at: an account may pay no heed to filters, and list everybody.
    """
    try:
        for user in client.users(**{IDENTIFIERS[name]: value.strip()}):
            if word(user.get("id")) and has(user, name, value):
                yield user
    except Refused as error:
        if error.status != 404:  # some lists are "not found" when they are empty
            raise


def has(person: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a person has this value: emails in any case, phone numbers however their digits are grouped."""
    there = word(person.get(name))
    match name:
        case "email":
            return there.casefold() == value.strip().casefold()
        case "phone":
            return bool(there) and re.sub(r"\D", "", there) == re.sub(r"\D", "", value)
        case _:
            return there == value.strip()


def latest(entries: Iterable[Mapping[str, Any]], *times: str) -> Mapping[str, Any] | None:
    """The entry that is the newest by the first of these times it has; None if there are no entries."""

    def seconds(entry: Mapping[str, Any]) -> float:
        found = next((at for name in times if (at := moment(entry.get(name)))), None)
        return found.timestamp() if found else 0.0

    return max(entries, key=seconds, default=None)


def conversations_of(client: FreshchatClient, user_id: str) -> Iterator[Mapping[str, Any]]:
    """The conversations of a user, each with its id and mostly with nothing else.

    An account that follows the OpenAPI has no list of them, but one of all its conversations, with their users: that
    is then read instead. Raises `Refused` with status 404 if there is no such user.
    """
    try:
        yield from client.user_conversations(user_id)
    except Refused as error:
        if error.status != 404:
            raise
        client.user(user_id)
        yield from _among_all(client, user_id)


def _among_all(client: FreshchatClient, user_id: str) -> Iterator[Mapping[str, Any]]:
    try:
        for conversation in all_conversations(client, {}):
            users = conversation.get("users")
            listed = users if isinstance(users, list) else []
            if any(isinstance(user, Mapping) and word(user.get("id")) == user_id for user in listed):
                yield conversation
    except Refused as error:
        if error.status not in (400, 404, 405):  # there is no such list either, so the user has no conversations
            raise
