"""Whether a conversation is held by email, where a text part is refused or posted with a 400: no one place says so.

Rests on the vendor's SDK, which tells such conversations by their parts, and on refusals that others have published.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from core import Action, AuthFailed, BadPayload, Refused
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.parts import read_parts
from plugins.freshchat.schemas import word

MOST_LOOKED_AT = 200
"""Messages of a thread that are looked at: a conversation held by email shows it in nearly each of them."""


def told_by(action: Action) -> bool | None:
    """What is known without asking: from the session's messages, or the refusal of an earlier attempt; None if neither.

    An email part in one message outweighs texts in others: those may have been written by API.
    """
    if action.data.get("email_channel") or asks_for_email(action.error):
        return True
    return False if action.data.get("text_channel") else None


def asks_for_email(words: str) -> bool:
    """Whether a refusal says that the conversation takes email parts alone, in the words of the vendor's code."""
    return "emailfragment" in words.lower()


def is_email(action: Action, client: FreshchatClient) -> bool:
    """Whether a reply must be an email part. Where nothing told it yet, the channel is asked, and then the thread."""
    known = told_by(action)
    if known is None:
        known = _channel_says(word(action.data.get("channel_id")), client)
    return _thread_says(action.conversation_id, client) if known is None else known


def _channel_says(channel_id: str, client: FreshchatClient) -> bool | None:
    """By the channel's `source`, which live accounts show in their list of channels and the OpenAPI does not know."""
    if not channel_id:
        return None
    try:
        source = next((word(one.get("source")) for one in client.channels() if word(one.get("id")) == channel_id), "")
    except (AuthFailed, Refused, BadPayload):
        return None
    return "email" in source.lower().replace("-", "") if source else None


def _thread_says(conversation_id: str, client: FreshchatClient) -> bool:
    try:
        return any(_has_email(message) for message in islice(client.messages(conversation_id), MOST_LOOKED_AT))
    except (AuthFailed, Refused, BadPayload):
        return False


def _has_email(message: Mapping[str, Any]) -> bool:
    parts = message.get("message_parts")
    source = word(message.get("message_source")).lower()
    return source == "email" or (isinstance(parts, list) and read_parts(parts).has_email)
