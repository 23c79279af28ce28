"""Machines that answer the AI are not answered for ever: what is automatic, repeats itself, or comes too quickly.

A machine that is certain to be one is not answered at all; where it may as well be a person, a human goes on.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from peewee import fn

from core.config import ChannelConfig
from core.domain import ActionKind, ActionState, Author, Channel, Handoff, Message, Reason, Turn, Visibility
from core.store.models import ActionRow, SessionRow
from core.witness import normalise_text

QUICK = timedelta(seconds=60)
"""A mail that comes sooner than this after ours was hardly written by a person, and two in a row were not."""
HOUR = timedelta(hours=1)
PER_PERSON = 3
"""How many times the figure of one conversation counts for all of one person's: machines may begin one each time."""


def is_automatic(turn: Turn) -> bool:
    """Whether a machine wrote all that is unanswered, by the vendor's evidence or by saying the same at once again.

    In chats only the vendor's own evidence counts: people there repeat themselves, and are quick.
    """
    waiting = turn.unanswered
    if waiting and all(message.automatic for message in waiting):
        return True
    return _repeats(turn) and all(_at_once(turn, message) for message in waiting)


def out_of_hand(turn: Turn, channel: ChannelConfig, now: datetime) -> Handoff | None:
    """A handoff where the AI would go on and on: what comes is too quick, or nothing new, or too much in an hour."""
    if _repeats(turn):
        # It may be a person whom the answer did not help: to keep quiet would be to lose them.
        return Handoff(Reason.CANNOT_RESOLVE, "the customer's side has said the same once more")
    if turn.session.channel is Channel.EMAIL and turn.unanswered and _too_quick(turn):
        return Handoff(Reason.AUTOMATIC_MESSAGE, "two mails in a row came within a minute of the AI's")
    row = SessionRow.get_by_id(turn.session.id)
    here, most = ActionRow.session == row.id, channel.replies_per_hour
    if _said(here, now) >= most:
        return Handoff(Reason.TOO_MANY_REPLIES, f"{most} replies within an hour")
    theirs = ActionRow.session.in_(SessionRow.select(SessionRow.id).where(SessionRow.contact == row.contact_id))
    if row.contact_id is not None and _said(theirs, now) >= PER_PERSON * most:
        return Handoff(Reason.TOO_MANY_REPLIES, f"{PER_PERSON * most} replies to one person within an hour")
    return None


def _said(whose: Any, now: datetime) -> int:
    """How many replies of the AI there were within the last hour, on their way or delivered."""
    said = ActionRow.select(fn.COUNT(ActionRow.id)).where(
        whose,
        ActionRow.kind == ActionKind.REPLY.value,
        ActionRow.by == "",
        ActionRow.state.not_in([ActionState.CANCELLED.value, ActionState.FAILED.value]),
        ActionRow.created_at > now - HOUR,
    )
    return int(said.scalar() or 0)


def _repeats(turn: Turn) -> bool:
    """Whether the mails that wait say just what others before them said, that were answered: numbers may differ."""
    waiting = turn.unanswered
    if turn.session.channel is not Channel.EMAIL or not waiting:
        return False
    answered: set[str] = set()
    unanswered: set[str] = set()
    for message in turn.messages:
        if message.author is Author.AI and message.visibility is Visibility.PUBLIC:
            answered |= unanswered
        elif message.author is Author.CUSTOMER and message not in waiting:
            unanswered.add(_essence(message.text))
    said = {_essence(message.text) for message in waiting}
    return "" not in said and said <= answered


def _essence(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("Subject: ")]
    return re.sub(r"\d+", "", normalise_text("\n".join(lines))).casefold().strip()


def _at_once(turn: Turn, message: Message) -> bool:
    """Whether a message came within a minute of the AI's last reply before it."""
    replies = [one.at for one in _public(turn) if one.author is Author.AI and one.at <= message.at]
    return bool(replies) and message.at - max(replies) < QUICK


def _too_quick(turn: Turn) -> bool:
    """Whether the last two mails each followed a reply of the AI within a minute."""
    mails = [one.id for one in turn.messages if one.author is Author.CUSTOMER]
    quick = {
        answer.id
        for reply, answer in pairwise(_public(turn))
        if reply.author is Author.AI and answer.author is Author.CUSTOMER and answer.at - reply.at < QUICK
    }
    return len(mails) > 1 and set(mails[-2:]) <= quick


def _public(turn: Turn) -> list[Message]:
    return [one for one in turn.messages if one.visibility is Visibility.PUBLIC]
