"""The simulated endpoints for a ticket's conversations: lists, replies, notes.

Reference: https://developers.freshdesk.com/api/#conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import caller, performer, ticket_of, writable
from plugins.freshdesk.simulator_account import SUPPORT_EMAIL
from plugins.freshdesk.simulator_answers import ApiError, Invalid, answer, given, listing, unknown_field
from plugins.freshdesk.simulator_payloads import stored_attachments
from plugins.freshdesk.simulator_state import NOTE, Entry, Ticket, as_html

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

REPLY_KEYS = {"body", "structured_body", "attachments", "from_email", "user_id", "cc_emails", "bcc_emails"}
NOTE_KEYS = {"body", "structured_body", "attachments", "incoming", "notify_emails", "private", "user_id"}
EDIT_KEYS = {"body", "attachments"}
LISTS = ("cc_emails", "bcc_emails", "notify_emails")


def add_conversations(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    _add_lists(api, sim)
    _add_writing(api, sim)
    _add_editing(api, sim)


def _add_lists(api: Blueprint, sim: FreshdeskSimulator) -> None:
    @api.get("/tickets/<int:ticket_id>/conversations")
    def list_conversations(ticket_id: int) -> Response:
        return listing(sim.account.visible_entries(ticket_of(sim, ticket_id)), sim.shapes.entry)

    @api.get("/tickets/archived/<int:ticket_id>/conversations")
    def list_archived_conversations(ticket_id: int) -> Response:
        return listing(sim.account.visible_entries(ticket_of(sim, ticket_id, archived=True)), sim.shapes.entry)


def _add_writing(api: Blueprint, sim: FreshdeskSimulator) -> None:
    account = sim.account

    @api.post("/tickets/<int:ticket_id>/reply")
    def reply_to_ticket(ticket_id: int) -> Response:
        ticket, sent = writable(sim, ticket_id), given()
        body, structured_body = _checked(sim, ticket, sent, REPLY_KEYS, private=False)
        author = _author(sim, sent)
        requester = account.contact(ticket.requester_id) or account.agent(ticket.requester_id)
        entry = account.write(
            ticket,
            performer(),
            body,
            author,
            from_email=sent.get("from_email") or SUPPORT_EMAIL,
            to_emails=(requester.email,) if requester and requester.email else (),
            cc_emails=tuple(sent.get("cc_emails") or ()),
            bcc_emails=tuple(sent.get("bcc_emails") or ()),
            attachments=stored_attachments(sim, ticket, sent),
            structured_body=structured_body,
        )
        return answer(sim.shapes.sent_reply(entry), 201)

    @api.post("/tickets/<int:ticket_id>/notes")
    def add_note(ticket_id: int) -> Response:
        ticket, sent = writable(sim, ticket_id), given()
        private, incoming = sent.get("private", True), sent.get("incoming", False)
        if type(private) is not bool or type(incoming) is not bool:
            raise Invalid(("private", "It should be a/an Boolean", "datatype_mismatch"))
        body, structured_body = _checked(sim, ticket, sent, NOTE_KEYS, private=private)
        entry = account.write(
            ticket,
            performer(),
            body,
            _author(sim, sent, contacts=incoming),
            source=NOTE,
            private=private,
            incoming=incoming,
            to_emails=tuple(sent.get("notify_emails") or ()),
            attachments=stored_attachments(sim, ticket, sent),
            structured_body=structured_body,
        )
        return answer(sim.shapes.entry(entry), 201)


def _add_editing(api: Blueprint, sim: FreshdeskSimulator) -> None:
    def entry_of(entry_id: int) -> Entry:
        entry = sim.account.entries.get(entry_id)
        if entry is None:
            raise ApiError(404)
        writable(sim, entry.ticket_id)
        return entry

    @api.put("/conversations/<int:entry_id>")
    def edit_conversation(entry_id: int) -> Response:
        entry, sent = entry_of(entry_id), given()
        if entry.source != NOTE:
            raise Invalid(("id", "Only notes can be edited", "invalid_value"))
        unknown = [unknown_field(key) for key in sent if key not in EDIT_KEYS]
        if unknown:
            raise Invalid(*unknown)
        body = _text(sent["body"]) if "body" in sent else entry.body
        files = stored_attachments(sim, sim.account.tickets[entry.ticket_id], sent)
        sim.account.edit(entry, caller(), body, files)
        return answer(sim.shapes.entry(entry))

    @api.delete("/conversations/<int:entry_id>")
    def delete_conversation(entry_id: int) -> Response:
        sim.account.remove_entry(entry_of(entry_id))
        return answer(None, 204)


# ------------------------------------------------------------------------------------------------- the checks


def _checked(
    sim: FreshdeskSimulator, ticket: Ticket, sent: Mapping[str, Any], known: set[str], *, private: bool
) -> tuple[str, Mapping[str, Any] | None]:
    """The HTML and the structured body of what is to be written. Raises `Invalid`."""
    problems = [unknown_field(key) for key in sent if key not in known]
    problems += [
        (key, "It should be a/an Array", "datatype_mismatch")
        for key in LISTS
        if key in sent and not isinstance(sent[key], list)
    ]
    if problems:
        raise Invalid(*problems)
    wanted = ticket.structured and not private
    if wanted and "body" in sent:
        # Chats of the web and of apps have no HTML: what is said in them must be structured.
        words = "It is not allowed for this ticket source: send structured_body"
        raise Invalid(("body", words, "incompatible_field"))
    if "structured_body" in sent and not ticket.structured:
        raise Invalid(("structured_body", "It is not allowed for this ticket source", "incompatible_field"))
    if wanted or "structured_body" in sent:
        return as_html(_structured_text(sent.get("structured_body"))), sent["structured_body"]
    return _text(sent.get("body")), None


def _text(body: Any) -> str:
    if body is None:
        raise Invalid(("body", "It should be a/an String", "missing_field"))
    if not isinstance(body, str):
        raise Invalid(("body", "It should be a/an String", "datatype_mismatch"))
    if not body.strip():
        raise Invalid(("body", "It should not be blank", "invalid_value"))
    return body


def _structured_text(body: Any) -> str:
    """The texts of a structured body. Raises `Invalid`."""
    contents = body.get("body_contents") if isinstance(body, dict) else None
    if not isinstance(contents, list) or not contents:
        raise Invalid(
            ("structured_body", "It should hold body_contents", "missing_field" if not body else "invalid_value")
        )
    texts = [_content(one) for one in contents]
    return "\n".join(texts)


def _content(part: Any) -> str:
    data = part.get("data") if isinstance(part, dict) and part.get("type") == "text" else None
    content = data.get("content") if isinstance(data, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise Invalid(("structured_body", "It should hold parts of type text with content", "invalid_value"))
    return content


def _author(sim: FreshdeskSimulator, sent: Mapping[str, Any], *, contacts: bool = False) -> int:
    """Whose the entry shall be: the key's agent, or another agent (a contact, for an incoming note)."""
    author = sent.get("user_id", caller().id)
    known = type(author) is int and (author in sim.account.agents or (contacts and author in sim.account.contacts))
    if not known:
        raise Invalid(("user_id", "There is no contact matching the given user_id", "invalid_value"))
    return int(author)
