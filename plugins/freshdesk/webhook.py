"""Freshdesk's webhooks as they arrive: whatever a rule's author made of the body, and the ticket it is about.

Vendor documentation: support.freshdesk.com, solution article 132589, "Using webhooks in automation rules". They are
not signed, name neither message nor author, and their values are pasted into the text as they are: nothing of them is
trusted but the ticket's number, which is then read at the vendor.
"""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from core import AuthFailed, BadPayload, Inbound, Secret
from core.payload import clean
from plugins.freshdesk.schemas import word

SECRET_HEADER = "X-Webhook-Secret"
CREATED, UPDATED, CHANGED = "ticket_created", "ticket_updated", "ticket_changed"
KINDS = (CREATED, UPDATED, CHANGED)

_KEPT = 5_000
"""Characters kept of a body that could not be read, and of each of its values."""
_MOST_FIELDS = 200
_ID_KEYS = ("ticket_id", "ticket.id", "ticketid", "display_id", "ticket_display_id", "id")
_URL_KEYS = ("ticket_url", "ticket.url", "url", "ticket_portal_url", "ticket_link")
# A number at the end: tickets may bear a prefix ("INC-12", "#12").
_NUMBER = re.compile(r"(?:[A-Za-z]{0,12}[-\s]?#?\s?)?([1-9][0-9]{0,18})(?:\.0)?")
_IN_URL = re.compile(r"/tickets/([1-9][0-9]{0,18})(?![0-9])")
# In a body that is no JSON: XML, or most often for a quotation mark or an unquoted {{triggered_event}} pasted into it;
# or for the quotation marks that a word processor makes of plain ones.
_QUOTES = "\"'\\u201c\\u201d\\u201e\\u201f\\u2018\\u2019\\u00ab\\u00bb"
_SOMEWHERE = re.compile(
    rf"ticket[-_.]?id[{_QUOTES}\]]{{0,3}}\s{{0,5}}[:=>]\s{{0,5}}[{_QUOTES}]?\s{{0,5}}"
    r"(?:[A-Za-z]{0,12}[-\s]?)?\#?([1-9][0-9]{0,18})(?![0-9])",
    re.IGNORECASE,
)
_EVENT = re.compile(r"\bticket_created\b|ticket_action[\"']?\s{0,3}:\s{0,3}[\"']?created", re.IGNORECASE)
_UPDATE = re.compile(r"\bticket_updated\b", re.IGNORECASE)


def check_secret(headers: Mapping[str, str], secret: Secret) -> None:
    """Compare the header X-Webhook-Secret with the setting, in constant time; raises `AuthFailed`."""
    given = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER.lower()), "")
    if not given.strip():
        raise AuthFailed(f"the header {SECRET_HEADER} is missing")
    if not hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), secret.reveal().encode()):
        raise AuthFailed(f"the header {SECRET_HEADER} is not the connection's webhook_secret")


def split(raw: bytes) -> list[Inbound]:
    """The hint in a webhook's body: which ticket to look at. Raises `BadPayload` where no ticket_id is found."""
    text = raw.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    if not text:
        raise BadPayload('body: is empty; it must hold the ticket_id, as {"ticket_id":"{{ticket.id}}"}')
    payload = _payload(text)
    ticket_id = _ticket_id(payload, text)
    if not ticket_id:
        raise BadPayload(_missing(text))
    return [Inbound("", _kind(payload, text), ticket_id, clean(payload), hint=True)]


def _missing(text: str) -> str:
    if "{{" in text:
        return 'ticket_id: the placeholder was not filled in; write "{{ticket.id}}", as the setup guide shows'
    return 'ticket_id: is missing; the content must hold {"ticket_id":"{{ticket.id}}"}'


# ------------------------------------------------------------------------------------------------- the body


def _payload(text: str) -> dict[str, Any]:
    """The body's fields: JSON with or without the vendor's envelope, a form of both, or {"body": …} of the rest."""
    value = _json(text)
    if not isinstance(value, dict) and "=" in text and text[0] not in "[{<\"'":
        value = _form(text)
    if not isinstance(value, dict):
        return {"body": text[:_KEPT]}
    inner = value.get("freshdesk_webhook")
    if isinstance(inner, str):
        inner = _json(inner)
    return inner if isinstance(inner, dict) and inner else value


def _form(text: str) -> dict[str, Any] | None:
    """A form's fields; of one whose only field holds JSON, what that holds. None for no form at all."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        return None
    found: dict[str, Any] = {}
    for name, value in pairs:
        nested = _json(value) if value.lstrip()[:1] == "{" else None
        if isinstance(nested, dict) and len(pairs) == 1:
            return {name: nested} if name == "freshdesk_webhook" else nested
        # freshdesk_webhook[ticket_id]=11 is the envelope as a form has it.
        bare = re.sub(r"\Afreshdesk_webhook\[([^\[\]]{1,100})\]\Z", r"\1", name)
        found[bare[:_KEPT]] = value[:_KEPT]
    return found or None


def _json(text: str) -> Any:
    """The JSON value of a text, or None: what is no JSON is looked through as text."""
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite, strict=False)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


# -------------------------------------------------------------------------------------------- what it is about


def _ticket_id(payload: Mapping[str, Any], text: str) -> str:
    """The ticket's number, by the usual names of its field, by its address, or else wherever it is in the text."""
    fields = dict(_fields(payload))
    for name in _ID_KEYS:
        value = fields.get(name)
        found = _NUMBER.fullmatch(word(int(value) if isinstance(value, float) and value.is_integer() else value)[:60])
        if found:
            return found.group(1)
    for name in _URL_KEYS:
        found = _IN_URL.search(word(fields.get(name))[:2000])
        if found:
            return found.group(1)
    # A field of a body that could be read was looked at above; what a customer wrote in it must not name a ticket.
    if "body" not in payload or len(payload) > 1:
        return ""
    found = _SOMEWHERE.search(text)
    return found.group(1) if found else ""


def _fields(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields by their names in lower case; those of `ticket` as ticket_…; earlier ones count."""
    nested = payload.get("ticket")
    if isinstance(nested, Mapping):
        yield from ((f"ticket_{name}".lower(), value) for name, value in nested.items() if isinstance(name, str))
    yield from ((name.lower(), value) for name, value in payload.items() if isinstance(name, str))


def _kind(payload: Mapping[str, Any], text: str) -> str:
    event = word(payload.get("event")).lower()
    if event in KINDS:
        return event
    told = word(payload.get("triggered_event")) or (text[:_KEPT] if set(payload) == {"body"} else event)
    if _EVENT.search(told):
        return CREATED
    return UPDATED if _UPDATE.search(told) or "triggered_event" in payload else CHANGED
