"""Freshdesk's tickets and conversations as facts: one table from the kind of an event to a pure function.

Vendor documentation: developers.freshdesk.com/api, "Tickets" and "Conversations".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from core import Attachment, Author, BadPayload, Channel, Event, Fact, MessageFact, Visibility
from core.witness import html_to_text
from plugins.freshdesk.machine_mail import is_machine_mail
from plugins.freshdesk.quoting import Split, split_html, split_text
from plugins.freshdesk.schemas import entries, flag, mapping, moment, number, text_of, word
from plugins.freshdesk.webhook import KINDS

Handler = Callable[[Event], list[Fact]]

DESCRIPTION, CONVERSATION = "ticket_description", "conversation"
"""The kinds of the two shapes in which a ticket's messages come."""

EMAIL, PHONE, OUTBOUND_EMAIL = 1, 3, 10
CHATS = (15, 21)
"""Sources of a ticket whose messages are no mails: the web chat, and an app's. They take structured bodies only."""
# Sources of a conversation that nobody wrote: status, meta, survey, summary, and what automation rules put there.
_SYSTEM = (3, 4, 6, 13, 15, 16)
_FORWARDED = 8


def description(event: Event) -> list[Fact]:
    """What the ticket began with: the customer's first message, unless an agent wrote it as an outbound mail."""
    ticket = mapping(event.payload.get("ticket"))
    ticket_id = word(ticket.get("id")) or event.conversation_id
    source = number(ticket.get("source"))
    requester = mapping(ticket.get("requester"))
    requester_id = word(ticket.get("requester_id")) or word(requester.get("id"))
    by_agent = source == OUTBOUND_EMAIL
    subject = text_of(ticket.get("subject")).strip()
    said = _split(ticket.get("description"), ticket.get("description_text"), subject)
    machine = source == EMAIL and is_machine_mail(text_of(requester.get("email")), subject, said.text)
    return [
        MessageFact(
            external_id=f"ticket-{ticket_id}",
            author=Author.AGENT if by_agent else Author.CUSTOMER,
            author_id=word(ticket.get("responder_id")) if by_agent else requester_id,
            text=_with_subject(subject, said.text),
            at=moment(ticket.get("created_at")) or event.received_at,
            attachments=attachments_of(ticket),
            customer_id=requester_id,
            quoted=said.quoted,
            automatic=machine,
        )
    ]


def conversation(event: Event) -> list[Fact]:
    """A reply or note of a ticket, of whoever wrote it."""
    entry = mapping(event.payload.get("conversation"))
    identifier = word(entry.get("id"))
    if not identifier:
        raise BadPayload("conversation.id: is missing")
    ticket = mapping(event.payload.get("ticket"))
    requester_id = word(ticket.get("requester_id"))
    author, visibility = author_of(entry), visibility_of(entry)
    said = _split(entry.get("body"), text_of(entry.get("body_text")) or structured_text(entry), "")
    author_id = word(entry.get("user_id"))
    sender = text_of(entry.get("from_email"))
    by_mail = bool(sender) and number(ticket.get("source")) not in CHATS
    return [
        MessageFact(
            external_id=identifier,
            author=author,
            # A mail from an address that is no contact yet has none; it came for the ticket's requester all the same.
            author_id=author_id or (requester_id if author is Author.CUSTOMER else ""),
            text=said.text,
            at=moment(entry.get("created_at")) or event.received_at,
            visibility=visibility,
            attachments=attachments_of(entry),
            customer_id=requester_id,
            quoted=said.quoted,
            automatic=author is Author.CUSTOMER and by_mail and is_machine_mail(_address(sender), "", said.text),
        )
    ]


HANDLERS: Mapping[str, Handler] = {DESCRIPTION: description, CONVERSATION: conversation}


def knows(kind: str) -> bool:
    """Whether events of this kind are understood; webhooks, being hints, are read at the vendor and not normalised."""
    return kind in HANDLERS or kind in KINDS


def author_of(entry: Mapping[str, Any]) -> Author:
    """Who wrote a conversation. `incoming` and not `source` tells the customer: their mails are replies like others.

    Private incoming ones are answers of third parties to a forwarded mail.
    """
    source = number(entry.get("source"))
    if source in _SYSTEM:
        return Author.SYSTEM
    if not flag(entry.get("incoming")):
        return Author.AGENT
    return Author.SYSTEM if flag(entry.get("private")) else Author.CUSTOMER


def visibility_of(entry: Mapping[str, Any]) -> Visibility:
    """Whether the customer sees a conversation; a mail forwarded to somebody else is none of theirs."""
    forwarded = number(entry.get("source")) == _FORWARDED
    return Visibility.PRIVATE if flag(entry.get("private")) or forwarded else Visibility.PUBLIC


def channel_of(source: Any) -> Channel:
    """The channel of a ticket by its source; whatever is neither mail nor telephone, unknown ones too, is the web."""
    found = number(source)
    if found in (EMAIL, OUTBOUND_EMAIL):
        return Channel.EMAIL
    return Channel.PHONE if found == PHONE else Channel.WEB


def structured_text(entry: Mapping[str, Any]) -> str:
    """The text of a structured_body, in which chats keep what was written."""
    parts = entries(mapping(entry.get("structured_body")).get("body_contents"))
    return "\n".join(text for part in parts if (text := text_of(mapping(part.get("data")).get("content"))))


def attachments_of(entry: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The files of a ticket or conversation, cloud files among them; pictures inside the text are listed with them."""
    found = [
        Attachment(
            name=text_of(each.get("name")) or "file",
            url=text_of(each.get("attachment_url")) or text_of(each.get("url")),
            content_type=text_of(each.get("content_type")),
            size=number(each.get("size")) if each.get("size") is not None else number(each.get("file_size")),
        )
        for each in entries(entry.get("attachments"))
    ]
    found += [
        # They are at a service of the customer's, where we have no right to look.
        Attachment(text_of(each.get("name")) or "file", placeholder="a file at a cloud storage service")
        for each in entries(entry.get("cloud_files"))
    ]
    return tuple(found)


def _split(markup: Any, plain: Any, subject: str) -> Split:
    """By the HTML, whose structure shows what is quoted; by the plain text where there is no HTML."""
    if text_of(markup).strip():
        found = split_html(text_of(markup), subject)
        if found.text:
            return found
    return split_text(text_of(plain), subject)


def _with_subject(subject: str, text: str) -> str:
    # Chats and forms make the subject of the first words of the message.
    if not subject or _begins(text, subject):
        return text
    return f"Subject: {subject}\n{text}" if text else f"Subject: {subject}"


def _begins(text: str, subject: str) -> bool:
    plain = " ".join(html_to_text(subject).removesuffix("...").removesuffix("…").split()).lower()
    return bool(plain) and " ".join(text[: len(subject) + 200].split()).lower().startswith(plain)


def _address(sender: str) -> str:
    """The bare address of a sender who may be given as `Name <address>`."""
    found = re.search(r"<([^<>\s]{3,254})>", sender[:600])
    return found.group(1) if found else sender[:300]


def time_of(entry: Mapping[str, Any]) -> datetime | None:
    """When a ticket or conversation was written."""
    return moment(entry.get("created_at"))
