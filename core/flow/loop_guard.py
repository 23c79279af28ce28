"""Machines that answer the AI are not answered for ever: what is automatic, repeats itself, or comes too quickly.

A machine that is certain to be one is not answered at all; where it may as well be a person, a human goes on.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise

from peewee import fn

from core.config import ChannelConfig
from core.domain import ActionKind, ActionState, Author, Channel, Handoff, Message, Reason, Turn, Visibility
from core.store.models import ActionRow
from core.witness import normalise_text

QUICK = timedelta(seconds=60)
"""A mail that comes sooner than this after ours was hardly written by a person, and two in a row were not."""
HOUR = timedelta(hours=1)


def is_automatic(turn: Turn) -> bool:
    """Whether a machine wrote all that is unanswered, by the vendor's evidence or by saying the same at once again.

    In chats only the vendor's own evidence counts: people there repeat themselves, and are quick.
    """
    waiting = turn.unanswered
    if waiting and all(message.automatic for message in waiting):
        return True
    return _repeats(turn) and waiting[0].id in _quick(turn)


def out_of_hand(turn: Turn, channel: ChannelConfig, now: datetime) -> Handoff | None:
    """A handoff where the AI would go on and on: what comes is too quick, or nothing new, or too much in an hour."""
    if _repeats(turn):
        # It may be a person whom the answer did not help: to keep quiet would be to lose them.
        return Handoff(Reason.CANNOT_RESOLVE, "the customer's side has said the same once more")
    if turn.session.channel is Channel.EMAIL and turn.unanswered and _too_quick(turn, turn.unanswered[-1]):
        return Handoff(Reason.AUTOMATIC_MESSAGE, "two mails in a row came within a minute of the AI's")
    said = ActionRow.select(fn.COUNT(ActionRow.id)).where(
        ActionRow.session == turn.session.id,
        ActionRow.kind == ActionKind.REPLY.value,
        ActionRow.state.not_in([ActionState.CANCELLED.value, ActionState.FAILED.value]),
        ActionRow.created_at > now - HOUR,
    )
    if int(said.scalar() or 0) < channel.replies_per_hour:
        return None
    return Handoff(Reason.TOO_MANY_REPLIES, f"{channel.replies_per_hour} replies within an hour")


def _repeats(turn: Turn) -> bool:
    """Whether the only mail that waits says just what one before it said, that was answered: numbers may differ."""
    if turn.session.channel is not Channel.EMAIL or len(turn.unanswered) != 1:
        return False
    latest = turn.unanswered[0]
    essence = _essence(latest.text)
    answered = False
    for message in reversed([one for one in turn.messages if one.id < latest.id or one.at < latest.at]):
        if message.author is Author.AI and message.visibility is Visibility.PUBLIC:
            answered = True
        elif message.author is Author.CUSTOMER and answered and essence and _essence(message.text) == essence:
            return True
    return False


def _essence(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("Subject: ")]
    return re.sub(r"\d+", "", normalise_text("\n".join(lines))).casefold().strip()


def _too_quick(turn: Turn, latest: Message) -> bool:
    """Whether this mail and the one before it each came within a minute of a reply of the AI."""
    mails = [one.id for one in turn.messages if one.author is Author.CUSTOMER]
    return len(mails) > 1 and {latest.id, mails[-2]} <= _quick(turn)


def _quick(turn: Turn) -> set[int]:
    """The customer's messages that came within a minute of a reply of the AI."""
    public = [one for one in turn.messages if one.visibility is Visibility.PUBLIC]
    return {
        answer.id
        for reply, answer in pairwise(public)
        if reply.author is Author.AI and answer.author is Author.CUSTOMER and answer.at - reply.at < QUICK
    }
