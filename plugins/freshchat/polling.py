"""What the API lists, in the shape in which the webhooks tell it, for accounts whose webhooks are silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from core import ConversationPage, Inbound, Refused
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.schemas import moment, word

OPEN_STATUSES = ("new", "assigned", "reopened")
"""Under these the OpenAPI lists conversations that somebody waits in."""


def inbound_messages(
    conversation_id: str, messages: Iterable[Mapping[str, Any]], since: datetime | None
) -> list[Inbound]:
    """Listed messages as `message_create` would bring them, oldest first; one without an id cannot be told apart.

    `from_time` is not in the OpenAPI: where an account pays no heed to it, what is older than `since` is left out here.
    """
    found = []
    for message in messages:
        at = moment(message.get("created_time"))
        if word(message.get("id")) and (since is None or at is None or at >= since):
            found.append(_inbound(conversation_id, message, at))
    return sorted(found, key=lambda one: one.at.timestamp() if one.at else 0.0)


def _inbound(conversation_id: str, message: Mapping[str, Any], at: datetime | None) -> Inbound:
    payload = {
        "actor": {"actor_type": word(message.get("actor_type")), "actor_id": word(message.get("actor_id"))},
        "action": "message_create",
        "action_time": word(message.get("created_time")),
        # The OpenAPI's message does not say whose conversation it is in.
        "data": {"message": {**message, "conversation_id": conversation_id}},
    }
    return Inbound(f"message:{word(message['id'])}", "message_create", conversation_id, payload, at)


def conversation_page(client: FreshchatClient, cursor: Mapping[str, Any]) -> ConversationPage | None:
    """A page of the open conversations, status by status; None if the account has no list of them."""
    status = cursor.get("status")
    place = OPEN_STATUSES.index(status) if status in OPEN_STATUSES else 0
    page = int(cursor.get("page") or 1)
    try:
        found, more = client.conversations(status=OPEN_STATUSES[place], page=page)
    except Refused as error:
        if error.status in (400, 404, 405):
            return None
        raise
    ids = tuple(conversation_id for one in found if (conversation_id := id_of(one)))
    if more:
        return ConversationPage(ids, {"status": OPEN_STATUSES[place], "page": page + 1})
    if place + 1 < len(OPEN_STATUSES):
        return ConversationPage(ids, {"status": OPEN_STATUSES[place + 1], "page": 1})
    return ConversationPage(ids)


def id_of(conversation: Mapping[str, Any]) -> str:
    """A listed conversation's id, which lists call `id` or `conversation_id`."""
    return word(conversation.get("conversation_id")) or word(conversation.get("id"))
