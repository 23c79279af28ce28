"""What a record may name instead of giving Freshchat's id of it, and how the id is found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from core import LookUp, Refused
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.people import agents_with, conversations_of, is_active, latest, users_with
from plugins.freshchat.polling import id_of
from plugins.freshchat.schemas import word

LOOK_UPS = (
    LookUp("user", "the email address of an end-user", "the user's id; of several, of the one changed last"),
    LookUp("agent", "the email address of an agent", "the agent's id"),
    LookUp("channel", "the name of a channel", "the channel's id"),
    LookUp("group", "the name of a group", "the group's id"),
    # Whoever writes into "the latest" conversation means the one that is there now.
    LookUp("conversation", "the id of an end-user", "the id of their latest conversation", keep_seconds=30),
)
MOST_READ = 50
"""Conversations of one user that are read to find the latest: only each of them says when it was created."""
MOST_NAMED = 8
"""Names that are told where none fits."""


def look_up(client: FreshchatClient, what: str, value: str) -> str | None:
    """The id of what is called `value`; None for what is none of `LOOK_UPS`. Raises `Refused` saying what there is."""
    match what:
        case "user":
            return _user(client, value)
        case "agent":
            return _agent(client, value)
        case "channel":
            return _named(client.channels(), "channel", value)
        case "group":
            return _named(client.groups(), "group", value)
        case "conversation":
            return _latest_conversation(client, value)
        case _:
            return None


def _user(client: FreshchatClient, email: str) -> str:
    # Freshchat lets several users have one address: a visitor's every browser may be a user of its own.
    user = latest(users_with(client, "email", email), "updated_time", "created_time") if email.strip() else None
    if user is None:
        raise Refused(f"there is no user with the email {email}")
    return word(user["id"])


def _agent(client: FreshchatClient, email: str) -> str:
    inactive = False
    for agent in agents_with(client, email):
        if is_active(agent):
            return word(agent["id"])
        inactive = True
    if inactive:
        raise Refused(f"the agent with the email {email} is deactivated or deleted")
    raise Refused(f"there is no agent with the email {email}")


def _named(entries: Iterable[Mapping[str, Any]], what: str, name: str) -> str:
    wanted = name.strip().casefold()
    named = [(word(entry.get("name")), word(entry.get("id"))) for entry in entries if word(entry.get("id"))]
    ids = [identifier for each, identifier in named if each.casefold() == wanted]
    if len(ids) > 1:
        raise Refused(f"there are {len(ids)} {what}s called {name}; give the id of one of them: {', '.join(ids)}")
    if not ids:
        raise Refused(f"there is no {what} called {name}; {_there_is([each for each, _ in named], wanted)}")
    return ids[0]


def _there_is(names: list[str], wanted: str) -> str:
    """The names there are, the most alike first."""
    if not names:
        return "there are none at all"
    alike = sorted(names, key=lambda each: -difflib.SequenceMatcher(None, each.casefold(), wanted).ratio())
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"there is {', '.join(alike[:MOST_NAMED])}{more}"


def _latest_conversation(client: FreshchatClient, user_id: str) -> str:
    """The conversation that was created last.

    Most accounts list a user's conversations by id alone, in no order that is promised. One that is the only one is
    not read; of several each is, for the time at which it was created.
    """
    try:
        listed = [one for one in conversations_of(client, user_id) if id_of(one)]
    except Refused as error:
        if error.status != 404:
            raise
        raise Refused(f"there is no user with the id {user_id}", status=404, trace_id=error.trace_id) from None
    if not listed:
        raise Refused(f"the user {user_id} has no conversation yet")
    if len(listed) > 1 and not all(word(one.get("created_time")) for one in listed):
        listed = _read(client, [id_of(one) for one in listed], user_id)
    found = latest(reversed(listed), "created_time")  # of two at the same moment the one listed last
    return id_of(found) if found else ""


def _read(client: FreshchatClient, ids: list[str], user_id: str) -> list[Mapping[str, Any]]:
    if len(ids) > MOST_READ:
        raise Refused(
            f"the user {user_id} has {len(ids)} conversations, more than the {MOST_READ} that are read to find the "
            "latest; give the id of the conversation"
        )
    found: list[Mapping[str, Any]] = []
    for conversation_id in ids:
        try:
            found.append({**client.conversation(conversation_id), "conversation_id": conversation_id})
        except Refused as error:
            if error.status != 404:  # it was deleted since it was listed
                raise
    if not found:
        raise Refused(f"the user {user_id} has no conversation any more")
    return found
