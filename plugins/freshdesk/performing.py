"""What an action sends to Freshdesk, and what is tried instead where the vendor refuses a part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core import Action, ActionKind, AgentMissing, OutcomeUnknown, Receipt, Refused
from core.markdown import html_of
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.normalise import CHATS
from plugins.freshdesk.schemas import moment, number, number_of, word, words
from plugins.freshdesk.wording import note_html, structured_body, with_file_list

LARGEST_FILES = 20 * 1024 * 1024
"""Bytes of all files of a reply or note (behaviour 95). The vendor counts those of the whole ticket."""
OPEN, RESOLVED = 2, 4

_ABOUT_FILES = re.compile(r"attachment|file ?size|too large|exceed|\bMB\b", re.IGNORECASE)
_ABOUT_STRUCTURE = re.compile(r"structured_body", re.IGNORECASE)
_ABOUT_AGENT = re.compile(
    r"responder_id|agent_id|no agent|agent (is |was )?(deactivated|deleted|inactive|disabled|locked)|user_id",
    re.IGNORECASE,
)


def post(action: Action, client: FreshdeskClient) -> Receipt:
    """Post a reply or note. Raises `OutcomeUnknown` where the vendor gives no id for it."""
    if not action.files:
        return _posted(_send(action, client, action.text, with_files=False))
    total = sum(len(file.content) for file in action.files)
    if total > LARGEST_FILES:
        said = f"have {total / 1024 / 1024:.1f} MB together, and Freshdesk takes {LARGEST_FILES // 1024 // 1024}"
    else:
        try:
            return _posted(_send(action, client, action.text, with_files=True))
        except Refused as error:
            # The ticket's files so far count too, and only the vendor knows how much room they leave.
            if error.status != 413 and not (error.status in (400, 415) and _ABOUT_FILES.search(error.words)):
                raise
            said = f"were refused ({error.words})"
    text = with_file_list(action.text, action.files)
    return _posted(_send(action, client, text, with_files=False), f"the files {said}; their names were sent instead")


def _posted(sent: Mapping[str, Any], remark: str = "") -> Receipt:
    vendor_id = word(sent.get("id"))
    if not vendor_id:
        raise OutcomeUnknown("the vendor accepted the message but gave no id for it")
    return Receipt(vendor_id, moment(sent.get("created_at")), remark)


def _send(action: Action, client: FreshdeskClient, text: str, *, with_files: bool) -> dict[str, Any]:
    files = action.files if with_files else ()
    try:
        if action.kind is ActionKind.NOTE:
            content = {"body": note_html(text, action.reference), "private": True}
            return client.note(action.conversation_id, content, files)
        structured = number(action.data.get("source")) in CHATS
        try:
            return client.reply(action.conversation_id, reply_content(text, structured=structured), files)
        except Refused as error:
            # Which tickets want which body is documented by two names of sources only; the refusal tells the others.
            if error.status != 400 or not _ABOUT_STRUCTURE.search(error.words):
                raise
        return client.reply(action.conversation_id, reply_content(text, structured=not structured), files)
    except Refused as error:
        if error.status == 400 and _ABOUT_AGENT.search(error.words):
            raise AgentMissing(error.words, status=error.status, trace_id=error.trace_id) from None
        raise


def reply_content(text: str, *, structured: bool) -> dict[str, Any]:
    """The body of a reply: HTML, or a structured one for a chat."""
    return {"structured_body": structured_body(text)} if structured else {"body": html_of(text)}


# -------------------------------------------------------------------------------------------------- values


def set_values(action: Action, agent_id: str, client: FreshdeskClient) -> Receipt:
    """Set what an action is to set, in one PUT; its labels are given up where the vendor refuses them."""
    values = values_of(action)
    tags = tags_to_set(action, client)
    if not values and tags is None:
        return Receipt()
    try:
        client.update_ticket(action.conversation_id, values if tags is None else values | {"tags": tags})
    except Refused as error:
        # One key that an account's forms and rules do not let pass spoils the whole PUT.
        if error.status != 400 or tags is None or not values:
            raise _agent_gone(error, action, agent_id) from None
        refused = error
    else:
        return Receipt()
    try:
        client.update_ticket(action.conversation_id, values)
    except Refused as error:
        raise _agent_gone(error, action, agent_id) from None
    return Receipt(remark=f"the tags could not be set ({refused.words})")


def values_of(action: Action) -> dict[str, Any]:
    """What an action sets, labels aside."""
    match action.kind:
        case ActionKind.ASSIGN if action.fields.get("group"):
            return {"responder_id": None, "group_id": number_of(word(action.fields["group"]), "group")}
        case ActionKind.ASSIGN:
            return {"responder_id": number_of(action.assignee, "assignee")}
        case ActionKind.UNASSIGN:
            return {"responder_id": None}
        case ActionKind.RESOLVE:
            return {"status": RESOLVED}
        case _:
            values = action.fields.get("values")
            return dict(values) if isinstance(values, Mapping) else {}


def tags_to_set(action: Action, client: FreshdeskClient) -> list[str] | None:
    """All tags the ticket shall have, None if it has the action's labels already.

    A PUT replaces all tags: one that an agent set a moment ago would be lost if they were not read anew.
    """
    wanted = labels_of(action)
    if not wanted or set(wanted) <= set(words(action.data.get("labels"))):
        return None
    present = words(client.ticket(action.conversation_id).get("tags"))
    return None if set(wanted) <= set(present) else [*present, *(tag for tag in wanted if tag not in present)]


def labels_of(action: Action) -> list[str]:
    """The labels that an action adds, each once."""
    labels = action.fields.get("labels")
    return list(dict.fromkeys(words(list(labels)))) if isinstance(labels, list | tuple) else []


def _agent_gone(error: Refused, action: Action, agent_id: str) -> Refused:
    """The refusal, told as what it is if the agent to be assigned is the AI's own."""
    own = action.kind is ActionKind.ASSIGN and bool(action.assignee) and action.assignee == agent_id
    if own and error.status == 400 and _ABOUT_AGENT.search(error.words):
        return AgentMissing(error.words, status=error.status, trace_id=error.trace_id)
    return error
