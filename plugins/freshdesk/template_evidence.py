"""Whether a record of a destination was written, read back from Freshdesk's lists and records.

Never from its search, whose index is minutes behind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from core import Author, Refused, VendorCall
from core.witness import normalise_text, same_text
from plugins.freshdesk.api import PAGE_SIZE
from plugins.freshdesk.client import TICKETS, FreshdeskClient, identifier_in
from plugins.freshdesk.evidence import CLOCK_SKEW, earliest, shown_texts, shows
from plugins.freshdesk.normalise import author_of, structured_text
from plugins.freshdesk.schemas import flag, mapping, moment, number, stamp, text_of, word, words

UNIQUE = ("email", "unique_external_id")
"""What only one contact has."""
PHONES = ("mobile", "phone")
"""What several contacts may share: a family, an office."""
NOTE = 2
"""The source of a conversation that is a note."""

Entries = Iterator[dict[str, Any]]


# -------------------------------------------------------------------------------------------------- values


def find_values(call: VendorCall, client: FreshdeskClient) -> str | None:
    """The id of what a PUT was to change, if it has all the values sent."""
    identifier = identifier_in(call.path)
    view = client.ticket if call.path.startswith(f"{TICKETS}/") else client.contact
    try:
        return identifier if shows(view(identifier), call.body) else None
    except Refused as error:
        _only_gone(error)
    return None


def _only_gone(error: Refused) -> None:
    """Let pass that something is gone: then nothing was written to it. Raises every other refusal."""
    if error.status != 404:
        raise error


# ------------------------------------------------------------------------------------------- replies, notes


def find_message(
    call: VendorCall, since: datetime, known: Collection[str], agent_id: str, client: FreshdeskClient, *, note: bool
) -> str | None:
    """The id of the first reply or note since then with the same author, text and visibility."""
    author = word(call.body.get("user_id")) or agent_id
    private = note and call.body["private"]
    sent = text_of(call.body.get("body")) or structured_text(call.body)

    def ours(entry: Mapping[str, Any]) -> bool:
        if author_of(entry) is not Author.AGENT or (author and word(entry.get("user_id")) != author):
            return False
        if flag(entry.get("private")) is not private or (number(entry.get("source")) == NOTE) is not note:
            return False
        return any(same_text(sent, shown) for shown in shown_texts(entry) if shown)

    try:
        found = earliest(filter(ours, client.conversations(identifier_in(call.path))), since, known)
    except Refused as error:
        _only_gone(error)
        found = None
    return found.vendor_id if found else None


# -------------------------------------------------------------------------------------------------- tickets


def find_ticket(
    body: Mapping[str, Any], since: datetime, known: Collection[str], client: FreshdeskClient
) -> str | None:
    """The id of the first of the requester's tickets created since then with this subject and description."""

    def ours(ticket: Mapping[str, Any]) -> bool:
        texts = (text_of(ticket.get("description")), text_of(ticket.get("description_text")))
        same_subject = same_text(body["subject"], text_of(ticket.get("subject")))
        return same_subject and any(same_text(body["description"], text) for text in texts if text)

    found = earliest(filter(ours, _tickets_of(body, since - CLOCK_SKEW, client)), since, known)
    return found.vendor_id if found else None


def _tickets_of(body: Mapping[str, Any], floor: datetime, client: FreshdeskClient) -> Entries:
    """The tickets since then of the requester of a new one."""
    name = next(each for each in ("requester_id", "email", "unique_external_id", "phone") if each in body)
    if name == "phone":
        yield from _picked(client, floor, PHONES, body["phone"])
        return
    try:
        yield from _created(client, floor, {name: str(body[name]), "include": "description"})
    except Refused as error:
        # Of somebody unknown there is no ticket; but an agent, too, can be a requester, and is not known here.
        if not is_nobody(error, name):
            raise
        if name == "email":
            yield from _picked(client, floor, ("email",), body["email"])


def is_nobody(error: Refused, name: str) -> bool:
    """Whether a list of tickets was refused because the vendor knows nobody by what is given: it is not empty then."""
    return error.status == 400 and bool(re.search(rf"\b{name}\b.*\binvalid_value\b", error.words))


def _picked(client: FreshdeskClient, floor: datetime, names: Sequence[str], value: Any) -> Entries:
    """The tickets of one requester out of all since then: where the vendor has no filter for it."""
    for ticket in _created(client, floor, {"include": "description,requester"}):
        if any(_has(mapping(ticket.get("requester")), name, value) for name in names):
            yield ticket


def _created(client: FreshdeskClient, floor: datetime, params: Mapping[str, str]) -> Entries:
    """The tickets created since then, page by page, newest first."""
    order = {"updated_since": stamp(floor), "order_by": "created_at", "order_type": "desc"}
    page, more = 1, True
    while more:
        found, more = client.tickets({**order, **params}, page)
        page += 1
        for ticket in found:
            created = moment(ticket.get("created_at"))
            if created is not None and created < floor:
                return
            yield ticket


# ------------------------------------------------------------------------------------------------- contacts


def contacts_with(name: str, value: Any, client: FreshdeskClient) -> Entries:
    """The contacts with this email address, telephone number or external id."""
    for contact in islice(client.contacts(**{name: str(value)}), PAGE_SIZE):
        # An account may hide addresses: then the vendor alone has compared them.
        if _has(contact, name, value) or (name == "email" and not word(contact.get("email"))):
            yield contact


def find_contact(
    body: Mapping[str, Any], since: datetime, known: Collection[str], client: FreshdeskClient
) -> str | None:
    """The id of the first contact created since then with this name and the surest of what else was given."""
    name = next(each for each in (*UNIQUE, *PHONES) if each in body)
    wanted = normalise_text(body["name"])
    same = (
        one for one in contacts_with(name, body[name], client) if normalise_text(text_of(one.get("name"))) == wanted
    )
    found = earliest(same, since, known)
    return found.vendor_id if found else None


def existing_contact(record: Mapping[str, Any], client: FreshdeskClient) -> str | None:
    """The id of the contact that a record is about; by telephone number only if it has nothing surer."""
    surest = [name for name in UNIQUE if name in record]
    for name in surest or [name for name in PHONES if name in record]:
        try:
            found = next(contacts_with(name, record[name], client), None)
        except Refused as error:
            # This filter is not documented: without it the vendor itself refuses a second contact, which is a 409.
            if name != "unique_external_id" or error.status != 400:
                raise
            found = None
        if found is not None:
            return word(found.get("id"))
    return None


def _has(person: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether a person is shown with an email address, a telephone number however it is written, or an external id."""
    wanted = str(value).strip()
    if name == "email":
        shown = [text_of(person.get("email")), *words(person.get("other_emails"))]
        return wanted.casefold() in [each.strip().casefold() for each in shown]
    if name in PHONES:
        return bool(_digits(wanted)) and _digits(word(person.get(name))) == _digits(wanted)
    return word(person.get(name)) == wanted


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
