"""Proof that an action took effect, read back from Freshdesk's own records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core import Action, ActionKind, Author, Receipt, Visibility
from core.markdown import html_of, plain_text
from core.witness import html_to_text, same_text
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.normalise import author_of, structured_text, visibility_of
from plugins.freshdesk.performing import labels_of, values_of
from plugins.freshdesk.reading import CLOSED
from plugins.freshdesk.schemas import flag, moment, number, text_of, word, words
from plugins.freshdesk.wording import with_file_list

CLOCK_SKEW = timedelta(seconds=120)
"""How far the vendor's clock may be behind ours."""


def find_message(action: Action, agent_id: str, client: FreshdeskClient) -> Receipt | None:
    """The earliest conversation since the attempt that is ours and proves no other action; all of them are read.

    Ours is what the AI's agent wrote with the same visibility, and, for a note, with the action's reference in it,
    else with the action's text, with or without the list of the files that may have been refused.
    """
    posted = _forms(action)
    ours = (
        entry for entry in client.conversations(action.conversation_id) if _is_ours(action, entry, posted, agent_id)
    )
    return earliest(ours, action.started_at, action.known_ids)


def earliest(entries: Iterable[Mapping[str, Any]], since: datetime | None, known: Collection[str]) -> Receipt | None:
    """The first of what the vendor has made since then, deleted ones and those among `known` aside."""
    found: Receipt | None = None
    for entry in entries:
        identifier, created = word(entry.get("id")), moment(entry.get("created_at"))
        too_old = since is not None and created is not None and created < since - CLOCK_SKEW
        if not identifier or too_old or identifier in known or flag(entry.get("deleted")):
            continue
        if found is None or (created is not None and (found.at is None or created <= found.at)):
            found = Receipt(identifier, created)
    return found


def _forms(action: Action) -> Sequence[str]:
    """The texts in which a reply may show: as HTML and as a chat's plain text, without and with a list of files."""
    texts = [action.text, *([with_file_list(action.text, action.files)] if action.files else [])]
    return [form for text in texts for form in (html_of(text), plain_text(text))]


def _is_ours(action: Action, entry: Mapping[str, Any], posted: Sequence[str], agent_id: str) -> bool:
    note = action.kind is ActionKind.NOTE
    if not agent_id or word(entry.get("user_id")) != agent_id or author_of(entry) is not Author.AGENT:
        return False
    if (visibility_of(entry) is Visibility.PRIVATE) is not note:
        return False
    seen = shown_texts(entry)
    if note and action.reference:
        return any(f"[ref:{action.reference}]" in html_to_text(text) for text in seen)
    return any(same_text(text, shown) for shown in seen if shown for text in posted)


def shown_texts(entry: Mapping[str, Any]) -> list[str]:
    """The forms in which a conversation shows what was written."""
    return [text_of(entry.get("body")), text_of(entry.get("body_text")), structured_text(entry)]


def find_value(action: Action, agent_id: str, client: FreshdeskClient) -> Receipt | None:
    """Whether the ticket shows what an action set."""
    ticket = client.ticket(action.conversation_id)
    assignee = word(ticket.get("responder_id"))
    match action.kind:
        case ActionKind.ASSIGN if action.fields.get("group"):
            # The group's own rules may have given it to one of its agents in the meantime.
            shown = word(ticket.get("group_id")) == word(action.fields["group"]) and assignee != agent_id
        case ActionKind.ASSIGN:
            shown = assignee == action.assignee
        case ActionKind.UNASSIGN:
            shown = assignee == "" or assignee != agent_id  # taken by a person since: not ours to take away again
        case ActionKind.RESOLVE:
            shown = number(ticket.get("status")) in CLOSED
        case _:
            tagged = set(labels_of(action)) <= set(words(ticket.get("tags")))
            shown = tagged and shows(ticket, values_of(action))
    return Receipt(at=moment(ticket.get("updated_at"))) if shown else None


def shows(present: Any, wanted: Any) -> bool:
    """Whether what the vendor shows has the values wanted; beside those of an object it may have others."""
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(shows(present.get(name), wanted[name]) for name in wanted)
    if isinstance(wanted, list):
        return isinstance(present, list) and set(map(str, present)) == set(map(str, wanted))
    if wanted is False:
        return not flag(present)  # a box that was never ticked is null
    if isinstance(wanted, bool):
        return flag(present)
    if isinstance(wanted, str | int) or wanted is None:
        return word(present) == word(wanted)
    return bool(present == wanted)
