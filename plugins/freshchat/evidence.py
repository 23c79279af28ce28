"""Proof that an action took effect, read back from Freshchat's own records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import Action, ActionKind, BadPayload, Receipt, Visibility
from core.witness import same_text
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.normalise import visibility_of
from plugins.freshchat.parts import read_parts
from plugins.freshchat.schemas import MessageSchema, load, moment, word

CLOCK_SKEW = timedelta(seconds=120)
"""How far the vendor's clock may be behind ours."""
AGENT_TYPES = ("agent", "bot")
"""What an agent is shown as: one that bots write as may be shown as a bot."""


@dataclass(frozen=True, slots=True)
class Posted:
    """How a message that we posted shows in its thread: by whom, to whom, and with which text.

    `author_types` are those it may be shown with; an `author_id` of "" is anybody's. One of `texts` stands in it, or
    the `reference` if it has one.
    """

    author_types: tuple[str, ...]
    author_id: str
    visibility: Visibility
    texts: Sequence[str]
    reference: str = ""

    def is_shown_by(self, message: Mapping[str, Any]) -> bool:
        """Whether a loaded message is it."""
        if message["actor_type"].lower() not in self.author_types:
            return False
        if self.author_id and message["actor_id"] != self.author_id:
            return False
        if message["message_type"].lower() == "system" or visibility_of(message) is not self.visibility:
            return False
        seen = read_parts(message["message_parts"] or message["msg_parts"]).text
        if self.reference:
            return f"[ref:{self.reference}]" in seen
        return any(same_text(text, seen) for text in self.texts)


def find_message(action: Action, texts: Sequence[str], agent_id: str, client: FreshchatClient) -> Receipt | None:
    """The earliest message since the attempt that is ours and proves no other action; the thread is read whole.

    Ours is what the designated agent wrote with the same visibility, and, for a note, with the action's
    reference in it, else with one of the `texts` that may have been posted.
    """
    if not agent_id:
        return None
    note = action.kind is ActionKind.NOTE
    visibility = Visibility.PRIVATE if note else Visibility.PUBLIC
    posted = Posted(AGENT_TYPES, agent_id, visibility, texts, action.reference if note else "")
    since = action.started_at - CLOCK_SKEW if action.started_at else None
    return find_posted(posted, action.conversation_id, since, action.known_ids, client)


def find_posted(
    posted: Posted, conversation_id: str, since: datetime | None, known: Collection[str], client: FreshchatClient
) -> Receipt | None:
    """The earliest message at `since` or later that shows what was posted, and whose id is not `known`."""
    found: Receipt | None = None
    for message in messages_since(conversation_id, since, client):
        if message["id"] in known or not posted.is_shown_by(message):
            continue
        created = message["created_time"]
        if found is None or (created is not None and (found.at is None or created <= found.at)):
            found = Receipt(message["id"], created)
    return found


def messages_since(conversation_id: str, since: datetime | None, client: FreshchatClient) -> Iterator[dict[str, Any]]:
    """The messages of a thread, loaded, but for those that say they are older than `since`."""
    for entry in client.messages(conversation_id, since):
        try:
            message = load(MessageSchema, {"conversation_id": conversation_id} | entry, "messages")
        except BadPayload:
            continue  # without an id it can prove nothing
        created = message["created_time"]
        if since is None or created is None or created >= since:
            yield message


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
            shown = shows(conversation, action.fields)
    return Receipt(at=moment(conversation.get("updated_time"))) if shown else None


def is_closed(conversation: Mapping[str, Any]) -> bool:
    """Whether a conversation has ended; every status but these two, unknown ones too, is an open one."""
    return word(conversation.get("status")).lower() in ("resolved", "closed")


def shows(present: Any, wanted: Any) -> bool:
    """Whether what is there has all that was wanted; what it has beyond that does not count."""
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(shows(present.get(name), wanted[name]) for name in wanted)
    if isinstance(wanted, str) or wanted is None:
        return word(present) == word(wanted)
    return bool(present == wanted)
