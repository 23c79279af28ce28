"""What the simulated Freshdesk API takes for a ticket, and what it refuses: one wrong key refuses the whole request.

Reference: https://developers.freshdesk.com/api/#create_ticket, #update_ticket and #error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import FileStorage

from plugins.freshdesk.simulator_answers import Invalid, unknown_field
from plugins.freshdesk.simulator_state import (
    CLOSED,
    DOCUMENTED_SOURCES,
    OUTBOUND_EMAIL,
    RESOLVED,
    Attachment,
    Contact,
    Field,
    Ticket,
)

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

Problem = tuple[str, str, str]
Check = Callable[["FreshdeskSimulator", Any], str | None]

MOST_ATTACHED = 20 * 1024 * 1024
"""Of all attachments of a ticket together, "not just this note"."""
IDENTITIES = ("requester_id", "email", "phone", "unique_external_id", "facebook_id", "twitter_id")
UPDATABLE = {
    *("name", *IDENTITIES, "subject", "type", "status", "priority", "description", "responder_id", "attachments"),
    *("custom_fields", "due_by", "fr_due_by", "email_config_id", "group_id", "product_id", "source", "tags"),
    *("company_id",),
}
CREATABLE = UPDATABLE | {"cc_emails"}
TEXT, NUMBER, TRUTH = "String", "Positive Integer", "Boolean"
FIELD_TYPES = {"custom_checkbox": bool, "custom_number": int, "custom_text": str, "custom_paragraph": str}


def created_values(sim: FreshdeskSimulator, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the ticket that a request creates. Raises `Invalid`."""
    problems = _problems(sim, sent, CREATABLE)
    if not any(sent.get(key) for key in IDENTITIES):
        problems.append(("requester_id", f"One of {', '.join(IDENTITIES)} is mandatory", "missing_field"))
    elif sent.get("phone") and not sent.get("email") and not sent.get("name"):
        problems.append(("name", "It should be a/an String as phone is given without email", "missing_field"))
    for key in ("subject", "description"):
        if not sent.get(key):
            problems.append((key, f"It should be a/an {TEXT}", "missing_field"))
    if problems:
        raise Invalid(*problems)
    requester = _requester(sim, sent)
    values = _values(sim, sent)
    values |= {"requester_id": requester, "custom_fields": dict(sent.get("custom_fields") or {})}
    values = {key: value for key, value in values.items() if not key.startswith("cf_")}
    values["attachments"] = stored_attachments(sim, None, sent)
    return {**values, "cc_emails": tuple(sent.get("cc_emails") or ())}


def updated_values(sim: FreshdeskSimulator, ticket: Ticket, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a request sets, custom fields by their own names. Raises `Invalid`: then nothing is set."""
    problems = _problems(sim, sent, UPDATABLE)
    if ticket.source == OUTBOUND_EMAIL:
        fixed = [key for key in ("subject", "description") if key in sent]
        problems += [(key, "It cannot be changed for an outbound email ticket", "readonly_field") for key in fixed]
    problems += _unfilled(sim, ticket, sent)
    if problems:
        raise Invalid(*problems)
    values = _values(sim, sent)
    if any(sent.get(key) for key in IDENTITIES):
        values["requester_id"] = _requester(sim, sent)
    return values


def stored_attachments(
    sim: FreshdeskSimulator, ticket: Ticket | None, sent: Mapping[str, Any]
) -> tuple[Attachment, ...]:
    """The files that came with a request, kept. Raises `Invalid` if the ticket would have more than 20 MB of them."""
    files: list[FileStorage] = sent.get("attachments") or []
    if not all(isinstance(one, FileStorage) for one in files):
        # Neither an address nor base64 in JSON: attachments come by multipart only.
        raise Invalid(("attachments", "It should contain elements of type valid file format only", "datatype_mismatch"))
    contents = [one.read() for one in files]
    if sum(map(len, contents)) + (ticket.attachment_bytes if ticket else 0) > MOST_ATTACHED:
        raise Invalid(("attachments", "Attachments of a ticket cannot exceed 20 MB in total", "invalid_value"))
    return tuple(
        sim.account.store(one.filename or "file", one.mimetype or "application/octet-stream", data)
        for one, data in zip(files, contents, strict=True)
    )


# ------------------------------------------------------------------------------------------------- the checks


def _problems(sim: FreshdeskSimulator, sent: Mapping[str, Any], known: set[str]) -> list[Problem]:
    problems = [unknown_field(key) for key in sent if key not in known]
    for key, check in CHECKS.items():
        if key in sent:
            complaint = check(sim, sent[key])
            if complaint:
                problems.append((key, complaint, code_of(complaint)))
    return problems + custom_problems({one.name: one for one in sim.account.custom_fields()}, sent.get("custom_fields"))


def custom_problems(fields: Mapping[str, Field], sent: Any) -> list[Problem]:
    """What is wrong with values for an account's own fields, which are known by their names."""
    if sent is None:
        return []
    if not isinstance(sent, dict):
        return [("custom_fields", "It should be a/an key/value pair", "datatype_mismatch")]
    problems = []
    for name, value in sent.items():
        if name not in fields:
            problems.append(unknown_field(name))
        elif value is not None and not _fits(fields[name], value):
            problems.append((name, f"It should be a/an {_wanted(fields[name])}", "datatype_mismatch"))
    return problems


def _fits(field: Field, value: Any) -> bool:
    kind = FIELD_TYPES.get(field.type)
    return kind is None or type(value) is kind


def _wanted(field: Field) -> str:
    return {bool: TRUTH, int: NUMBER}.get(FIELD_TYPES[field.type], TEXT)


def _unfilled(sim: FreshdeskSimulator, ticket: Ticket, sent: Mapping[str, Any]) -> list[Problem]:
    """Refusals for fields that the request says nothing about: forms can require them."""
    custom = sent.get("custom_fields")
    given = {**sent, **(custom if isinstance(custom, dict) else {})}
    words = "It should not be blank as this is a mandatory field"
    missing: list[str] = []
    if sent.get("status") in (RESOLVED, CLOSED):
        now = {**{key: getattr(ticket, key, None) for key in UPDATABLE}, **ticket.custom_fields, **given}
        missing += [key for key in sim.quirks.required_for_closure if now.get(key) in (None, "", [], False)]
    triggers = set(sim.quirks.dynamic_triggers)
    if given and ("*" in triggers or triggers & set(given)):
        missing += [key for key in sim.quirks.dynamic_required if given.get(key) in (None, "", [])]
    return [(key, words, "missing_field") for key in dict.fromkeys(missing)]


def _status(sim: FreshdeskSimulator, value: Any) -> str | None:
    return _one_of(value, list(sim.account.statuses))


def _type(sim: FreshdeskSimulator, value: Any) -> str | None:
    return None if value is None else _one_of(value, sim.account.types)


def _responder(sim: FreshdeskSimulator, value: Any) -> str | None:
    agent = sim.account.agents.get(value) if type(value) is int else None
    if value is None or (agent is not None and agent.active):
        return None
    return _mismatch(value, int, NUMBER) or "There is no agent matching the given responder_id"


def _group(sim: FreshdeskSimulator, value: Any) -> str | None:
    if value is None or (type(value) is int and value in sim.account.groups):
        return None
    return _mismatch(value, int, NUMBER) or "There is no group matching the given group_id"


def _email(sim: FreshdeskSimulator, value: Any) -> str | None:
    return email_problem(value) if value else None


def email_problem(value: Any) -> str | None:
    """What is wrong with an e-mail address, None for nothing."""
    if not isinstance(value, str):
        return _mismatch(value, str, TEXT)
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+", value) else "It should be in the 'valid email address' format"


def list_problem(value: Any) -> str | None:
    """What is wrong with a list of texts, None for nothing."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return None
    return _mismatch(value, list, "Array") or "It should contain elements of type String only"


def _tags(sim: FreshdeskSimulator, value: Any) -> str | None:
    problem = list_problem(value)
    if problem or all(len(one) <= 32 for one in value):
        return problem
    return "It should contain elements of type String of at most 32 characters only"


def _text(sim: FreshdeskSimulator, value: Any) -> str | None:
    return None if isinstance(value, str) else f"Value set is of another type. It should be a/an {TEXT}"


def _moment(sim: FreshdeskSimulator, value: Any) -> str | None:
    try:
        _as_moment(value)
    except (TypeError, ValueError):
        return "It should be in the combined date and time ISO8601 format"
    return None


def _as_moment(value: Any) -> datetime | None:
    moment = None if value is None else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _identity(sim: FreshdeskSimulator, value: Any) -> str | None:
    if type(value) is not int:
        return _mismatch(value, int, NUMBER)
    known = value in sim.account.contacts or value in sim.account.agents
    return None if known else "There is no contact matching the given requester_id"


CHECKS: dict[str, Check] = {
    "status": _status,
    "priority": lambda sim, value: _one_of(value, [1, 2, 3, 4]),
    # The API takes the documented sources only, although tickets with others exist.
    "source": lambda sim, value: _one_of(value, list(DOCUMENTED_SOURCES)),
    "type": _type,
    "responder_id": _responder,
    "group_id": _group,
    "requester_id": _identity,
    "tags": _tags,
    "subject": _text,
    "description": _text,
    "email": _email,
    "phone": _text,
    "name": _text,
    "unique_external_id": _text,
    "cc_emails": lambda sim, value: list_problem(value),
    "due_by": _moment,
    "fr_due_by": _moment,
}


def _one_of(value: Any, known: list[Any]) -> str | None:
    if type(value) is type(known[0]) and value in known:
        return None
    if type(value) is not type(known[0]):
        return _mismatch(value, type(known[0]), NUMBER if isinstance(known[0], int) else TEXT)
    return f"It should be one of these values: '{','.join(map(str, known))}'"


def _mismatch(value: Any, kind: type, called: str) -> str | None:
    if type(value) is kind:
        return None
    return f"Value set is of type {type(value).__name__}. It should be a/an {called}"


def code_of(complaint: str) -> str:
    """The vendor's code of what is wrong with a value."""
    return "datatype_mismatch" if complaint.startswith("Value set is of") else "invalid_value"


# ------------------------------------------------------------------------------------------------- the values


def _values(sim: FreshdeskSimulator, sent: Mapping[str, Any]) -> dict[str, Any]:
    plain = ("subject", "type", "status", "priority", "description", "responder_id", "group_id", "product_id")
    values = {key: sent[key] for key in (*plain, "source", "email_config_id", "company_id") if key in sent}
    for key in ("due_by", "fr_due_by"):
        if sent.get(key):
            values[key] = _as_moment(sent[key])
    if "tags" in sent:
        # The list replaces the one before, unlike custom_fields, which are merged key by key.
        values["tags"] = list(dict.fromkeys(sent["tags"]))
    return {**values, **(sent.get("custom_fields") or {})}


def _requester(sim: FreshdeskSimulator, sent: Mapping[str, Any]) -> int:
    """The id of the contact whom the request names; who is not known yet is made a contact."""
    account = sim.account
    if sent.get("requester_id"):
        return int(sent["requester_id"])
    email = sent.get("email")
    if email:
        agent = next((one for one in account.agents.values() if one.email.lower() == email.lower()), None)
        known: Contact | Any = agent or account.contact_by_email(email)
    else:
        known = next((one for one in account.contacts.values() if _same(one, sent)), None)
    if known is None:
        name = sent.get("name") or str(email or sent.get("phone") or "Visitor").partition("@")[0]
        more = {key: sent[key] for key in ("phone", "unique_external_id") if sent.get(key)}
        known = account.add_contact(name, email, **more)
    found: int = known.id
    return found


def _same(contact: Contact, sent: Mapping[str, Any]) -> bool:
    keys = [key for key in ("phone", "unique_external_id") if sent.get(key)]
    return bool(keys) and all(getattr(contact, key) == sent[key] for key in keys)
