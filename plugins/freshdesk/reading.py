"""A ticket as it stands at the vendor: its messages in the shape of events, its state, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core import Author, Contact, ConversationRead, Inbound, Refused, VendorState
from core.witness import html_to_text, normalise_text
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.normalise import (
    CHATS,
    CONVERSATION,
    DESCRIPTION,
    author_of,
    channel_of,
    structured_text,
    time_of,
)
from plugins.freshdesk.schemas import flag, mapping, moment, number, text_of, word, words

CLOSED = (4, 5)
"""The statuses Resolved and Closed. 2 is Open, 3 Pending; from 6 on they are an account's own, and open ones."""
WAITING = (2, 3)

_NEEDED = ("id", "source", "requester_id", "created_at")
"""What of its ticket goes with each conversation."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(
    client: FreshdeskClient,
    ticket_id: str,
    since: datetime | None,
    marker: str,
    page_url: str,
    listed: Mapping[str, Any] | None = None,
) -> ConversationRead:
    """The ticket's messages since then, its state and its requester, in two calls, or one for a `listed` ticket."""
    archived = False
    if listed:
        ticket = dict(listed)
    else:
        ticket, archived = ticket_of(client, ticket_id)
    ordered = sorted(_present(client.conversations(ticket_id, archived=archived)), key=_place)
    found = [_first_message(ticket, ticket_id), *_messages(ticket, ticket_id, ordered)]
    return ConversationRead(
        tuple(one for one in found if since is None or one.at is None or one.at >= since),
        state_of(ticket, marker, page_url),
        contact_of(mapping(ticket.get("requester")), word(ticket.get("requester_id"))),
    )


def ticket_of(client: FreshdeskClient, ticket_id: str) -> tuple[dict[str, Any], bool]:
    """The ticket with its requester, and whether it is archived: its usual address then no longer leads to it."""
    try:
        return client.ticket(ticket_id, include="requester"), False
    except Refused as error:
        if error.status not in (301, 302, 404):
            raise
        gone = error
    try:
        return client.archived_ticket(ticket_id), True
    except Refused as error:
        if error.status not in (404, 405):
            raise
    raise Refused(gone.words, status=404, trace_id=gone.trace_id)


def state_of(ticket: Mapping[str, Any], marker: str, page_url: str) -> VendorState:
    """What is true of a ticket now; `marker` is the API name of the checkbox of handed-off ones, "" for none."""
    status = number(ticket.get("status"))
    return VendorState(
        closed=status in CLOSED,
        assignee=word(ticket.get("responder_id")),
        url=page_url,
        customer_id=word(ticket.get("requester_id")),
        at=moment(ticket.get("updated_at")),
        channel=channel_of(ticket.get("source")),
        data={
            "labels": words(ticket.get("tags")),
            "source": number(ticket.get("source")),
            "subject": text_of(ticket.get("subject")),
            "marker": bool(marker) and flag(mapping(ticket.get("custom_fields")).get(marker)),
            "status": status,
        },
        group=word(ticket.get("group_id")),
        removed=flag(ticket.get("spam")) or flag(ticket.get("deleted")),
    )


def contact_of(person: Mapping[str, Any], otherwise: str = "") -> Contact | None:
    """A requester or contact; None for an object that says nothing of a person."""
    identifier = word(person.get("id")) or otherwise
    if not person or not identifier:
        return None
    return Contact(
        identifier,
        name=text_of(person.get("name")).strip(),
        email=text_of(person.get("email")).strip(),
        phone=word(person.get("phone")) or word(person.get("mobile")),
    )


def _present(found: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Those that have an id and were not deleted: the API goes on listing deleted ones."""
    return (entry for entry in found if word(entry.get("id")) and not flag(entry.get("deleted")))


def _place(entry: Mapping[str, Any]) -> tuple[datetime, int]:
    """By time and then by id: the order of the list is nowhere promised."""
    return time_of(entry) or _EPOCH, number(entry.get("id")) or 0


def _first_message(ticket: Mapping[str, Any], ticket_id: str) -> Inbound:
    return Inbound(f"message:ticket-{ticket_id}", DESCRIPTION, ticket_id, {"ticket": dict(ticket)}, time_of(ticket))


def _messages(ticket: Mapping[str, Any], ticket_id: str, ordered: Iterable[Mapping[str, Any]]) -> Iterator[Inbound]:
    known = {name: ticket.get(name) for name in _NEEDED}
    doubled = _doubled(ticket) if number(ticket.get("source")) in CHATS else ""
    for entry in ordered:
        if doubled and author_of(entry) is Author.CUSTOMER:
            repeats, doubled = _text(entry) == doubled, ""
            if repeats:
                continue
        payload = {"ticket": known, "conversation": dict(entry)}
        yield Inbound(f"message:{word(entry['id'])}", CONVERSATION, ticket_id, payload, time_of(entry))


def _doubled(ticket: Mapping[str, Any]) -> str:
    """What the first conversation of a chat's ticket says once more: the description, evened out."""
    return normalise_text(html_to_text(text_of(ticket.get("description"))) or text_of(ticket.get("description_text")))


def _text(entry: Mapping[str, Any]) -> str:
    body = html_to_text(text_of(entry.get("body"))) or text_of(entry.get("body_text"))
    return normalise_text(body or structured_text(entry))
