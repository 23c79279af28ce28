"""Proof that an action took effect, read back from Freshchat's own records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from core import Action, ActionKind, BadPayload, Receipt, Visibility
from core.witness import same_text
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.normalise import visibility_of
from plugins.freshchat.parts import read_parts
from plugins.freshchat.schemas import MessageSchema, load, moment, word

CLOCK_SKEW = timedelta(seconds=120)
"""How far the vendor's clock may be behind ours."""


def find_message(action: Action, posted: Sequence[str], agent_id: str, client: FreshchatClient) -> Receipt | None:
    """The earliest message since the attempt that is ours and proves no other action; the thread is read whole.

    Ours is what the designated agent wrote with the same visibility, and, for a note, with the action's
    reference in it, else with one of the texts `posted`.
    """
    since = action.started_at - CLOCK_SKEW if action.started_at else None
    found: Receipt | None = None
    for entry in client.messages(action.conversation_id, since):
        try:
            message = load(MessageSchema, {"conversation_id": action.conversation_id} | entry, "messages")
        except BadPayload:
            continue  # without an id it can prove nothing
        created = message["created_time"]
        too_old = since is not None and created is not None and created < since
        if too_old or message["id"] in action.known_ids or not _is_ours(action, message, posted, agent_id):
            continue
        receipt = Receipt(message["id"], created)
        if found is None or (created is not None and (found.at is None or created <= found.at)):
            found = receipt
    return found


def _is_ours(action: Action, message: Mapping[str, Any], posted: Sequence[str], agent_id: str) -> bool:
    note = action.kind is ActionKind.NOTE
    if message["actor_type"].lower() not in ("agent", "bot") or message["actor_id"] != agent_id or not agent_id:
        return False
    if message["message_type"].lower() == "system" or (visibility_of(message) is Visibility.PRIVATE) is not note:
        return False
    seen = read_parts(message["message_parts"] or message["msg_parts"]).text
    if note and action.reference:
        return f"[ref:{action.reference}]" in seen
    return any(same_text(text, seen) for text in posted)


def find_value(action: Action, conversation: Mapping[str, Any]) -> Receipt | None:
    """Whether the conversation shows what an action set."""
    assignee = word(conversation.get("assigned_agent_id"))
    match action.kind:
        case ActionKind.ASSIGN:
            shown = assignee == action.assignee
        case ActionKind.UNASSIGN:
            shown = assignee == ""  # its status says less: a routing rule may have moved it on from "new"
        case ActionKind.RESOLVE:
            shown = is_closed(conversation)
        case _ if action.fields.get("status") == "new":
            shown = not is_closed(conversation)  # it was opened; which of the open statuses that makes, others decide
        case _:
            shown = _shows(conversation, action.fields)
    return Receipt(at=moment(conversation.get("updated_time"))) if shown else None


def is_closed(conversation: Mapping[str, Any]) -> bool:
    """Whether a conversation has ended; every status but these two, unknown ones too, is an open one."""
    return word(conversation.get("status")).lower() in ("resolved", "closed")


def _shows(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(_shows(present.get(name), wanted[name]) for name in wanted)
    if isinstance(wanted, str) or wanted is None:
        return word(present) == word(wanted)
    return bool(present == wanted)
