"""What the placeholders of a webhook stand for: `{{ticket.subject}}` and the like.

Vendor's list: https://support.freshdesk.com/support/solutions/articles/132589 ("Using webhooks in automation rules");
`status_id`, `priority_id` and `description_text` are seen in use, but are not on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from plugins.freshdesk.simulator_happenings import Directory
from plugins.freshdesk.simulator_state import plain_text

PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
HELPDESK_NAME = "Simulated Helpdesk"
PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
SOURCES = {1: "Email", 2: "Portal", 3: "Phone", 7: "Chat", 9: "Feedback Widget", 10: "Outbound Email", 15: "Web Chat"}


def placeholder_values(
    ticket: Any, directory: Directory, triggered_event: str, portal: str, *, quote_history: bool = True
) -> dict[str, Any]:
    """Every known placeholder, without its braces, with its value: ids are numbers, what is empty is "".

    `portal` is the address of the account's web pages; tickets' own addresses begin with it.
    """
    # An agent can be a ticket's requester too.
    contact = directory.contact(ticket.requester_id) or directory.agent(ticket.requester_id)
    agent = directory.agent(ticket.responder_id)
    group = directory.group(ticket.group_id)
    page = f"{portal}/a/tickets/{ticket.id}"
    values = {
        "helpdesk_name": HELPDESK_NAME,
        "triggered_event": triggered_event,
        "ticket.id": ticket.id,
        "ticket.subject": ticket.subject,
        "ticket.description": ticket.description,
        "ticket.description_text": plain_text(ticket.description),
        # The label in the account's own language and wording, where triggered_event gives the number.
        "ticket.status": directory.status_label(ticket.status),
        "ticket.status_id": ticket.status,
        "ticket.priority": PRIORITIES.get(ticket.priority, ""),
        "ticket.priority_id": ticket.priority,
        "ticket.source": SOURCES.get(ticket.source, ""),
        "ticket.ticket_type": ticket.type,
        "ticket.tags": ", ".join(ticket.tags),
        "ticket.url": page,
        "ticket.portal_url": f"{portal}/support/tickets/{ticket.id}",
        "ticket.due_by_time": _words(ticket.due_by),
        "ticket.latest_public_comment": latest_comment(directory, ticket, quote_history=quote_history),
        "ticket.latest_private_comment": _latest_private(directory, ticket),
        "ticket.company.name": "",
        "ticket.agent.id": getattr(agent, "id", ""),
        "ticket.agent.name": getattr(agent, "name", ""),
        "ticket.agent.email": getattr(agent, "email", ""),
        "ticket.group.id": getattr(group, "id", ""),
        "ticket.group.name": getattr(group, "name", ""),
    }
    for role in ("requester", "contact"):
        for key in ("id", "name", "email", "phone", "unique_external_id"):
            values[f"ticket.{role}.{key}"] = getattr(contact, key, "")
    values.update({f"ticket.{name}": value for name, value in ticket.custom_fields.items()})
    return {name: "" if value is None else value for name, value in values.items()}


def filled_in(text: str, values: Mapping[str, Any], escape: Callable[[str], str]) -> str:
    """The text with each placeholder replaced by its value, as text; one that is unknown gives nothing."""
    return PLACEHOLDER.sub(lambda found: escape(as_text(values.get(found[1], ""))), text)


def as_text(value: Any) -> str:
    """A value as it stands in a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def latest_comment(directory: Directory, ticket: Any, *, quote_history: bool) -> str:
    """The latest public entry as Freshdesk gives it: "Name : <div>...", often with what it answers quoted below."""
    comments = directory.public_comments(ticket)
    if not comments:
        return ""
    latest = comments[-1]
    quoted = _quotation(comments[-2]) if quote_history and len(comments) > 1 else ""
    return f"{latest.author_name} : {latest.body}{quoted}"


def _quotation(comment: Any) -> str:
    head = f'<div class="freshdesk_quote"><blockquote class="freshdesk_quote">{comment.author_name} wrote:'
    return f'{head}<div dir="ltr">{comment.body}</div></blockquote></div>'


def _latest_private(directory: Directory, ticket: Any) -> str:
    notes = [entry for entry in ticket.entries if entry.private]
    if not notes:
        return ""
    author = directory.agent(notes[-1].user_id)
    return f"{getattr(author, 'name', '')} : {notes[-1].body}"


def _words(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%A}, {moment:%B} {moment.day}, {moment:%Y at %I:%M %p}"
