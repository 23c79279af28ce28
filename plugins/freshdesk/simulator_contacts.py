"""The simulated endpoints for contacts: lists, one contact, and what makes and changes them.

Reference: https://developers.freshdesk.com/api/#contacts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import READABLE
from plugins.freshdesk.simulator_answers import (
    ApiError,
    Invalid,
    answer,
    found,
    given,
    listing,
    moment,
    unknown_field,
)
from plugins.freshdesk.simulator_payloads import Problem, code_of, custom_problems, email_problem, list_problem
from plugins.freshdesk.simulator_state import Contact

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

IDENTITIES = ("email", "mobile", "phone", "twitter_id", "unique_external_id")
"""A contact must have one of these."""
UNIQUE = ("twitter_id", "unique_external_id")
"""No two contacts have the same, as with e-mail addresses."""
TEXTS = ("name", *IDENTITIES, "job_title", "description", "address", "language", "time_zone")
LISTS = ("tags", "other_emails")
KEYS = {*TEXTS, *LISTS, "company_id", "custom_fields"}
EXACT_FILTERS = ("phone", "mobile", "unique_external_id")
STATES = ("blocked", "deleted", "unverified", "verified")


def add_contacts(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    _add_reading(api, sim)
    _add_writing(api, sim)


def _add_reading(api: Blueprint, sim: FreshdeskSimulator) -> None:
    account = sim.account

    @api.get("/contacts")
    def list_contacts() -> Response:
        args = request.args
        state = args.get("state")
        if state is not None and state not in STATES:
            raise Invalid(("state", f"It should be one of these values: '{','.join(STATES)}'", "invalid_value"))
        if "unique_external_id" in args and not sim.quirks.external_id_filter:
            raise Invalid(unknown_field("unique_external_id"))
        since = moment("updated_since") or moment("_updated_since")
        if "email" in args:
            one = account.contact_by_email(args["email"])
            candidates = [one] if one else []
        else:
            candidates = list(account.contacts.values())
        chosen = [
            one
            for one in candidates
            if _in_state(one, state)
            and (since is None or one.updated_at >= since)
            and all(getattr(one, key) == args[key] for key in EXACT_FILTERS if key in args)
        ]
        return listing(chosen, sim.shapes.contact)

    @api.get("/contacts/<int:contact_id>")
    def view_contact(contact_id: int) -> Response:
        # An agent's id is not found here, although an agent can be the requester of a ticket.
        return answer(sim.shapes.contact(found(account.contact(contact_id))))


def _in_state(contact: Contact, state: str | None) -> bool:
    """Whether a list holds the contact; blocked and deleted ones only if asked for."""
    if state in ("blocked", "deleted"):
        return contact.blocked if state == "blocked" else contact.deleted
    if contact.blocked or contact.deleted:
        return False
    return state is None or contact.active is (state == "verified")


def _add_writing(api: Blueprint, sim: FreshdeskSimulator) -> None:
    account = sim.account

    @api.post("/contacts")
    def create_contact() -> Response:
        sent = given()
        values = _values(sim, sent, None)
        contact = account.add_contact(values.pop("name"), values.pop("email", None), **values)
        return answer(sim.shapes.contact(contact), 201, {"Location": f"{request.base_url}/{contact.id}"})

    @api.put("/contacts/<int:contact_id>")
    def update_contact(contact_id: int) -> Response:
        contact = found(account.contact(contact_id))
        if contact.blocked or contact.deleted:
            raise ApiError(405, allow=READABLE)
        account.change_contact(contact, _values(sim, given(), contact))
        return answer(sim.shapes.contact(contact))


# ------------------------------------------------------------------------------------------------- the checks


def _values(sim: FreshdeskSimulator, sent: Mapping[str, Any], own: Contact | None) -> dict[str, Any]:
    """The values that a request sets. Raises `Invalid`: then nothing is set; what another has is a conflict, 409."""
    problems = [*_problems(sim, sent), *(_missing(sent) if own is None else ())]
    if problems:
        raise Invalid(*problems)
    _check_unique(sim, sent, own)
    values = {key: sent[key] for key in KEYS if key in sent}
    if "custom_fields" in sent:
        # Merged key by key, unlike tags and further addresses, which replace those before.
        values["custom_fields"] = {**(own.custom_fields if own else {}), **(sent["custom_fields"] or {})}
    return values


def _problems(sim: FreshdeskSimulator, sent: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in sent.items():
        complaint = None
        if key not in KEYS:
            yield unknown_field(key)
        elif key == "name" and value is not None and not str(value).strip():
            complaint = "It should not be blank"
        elif key == "email" and value:
            complaint = email_problem(value)
        elif key in TEXTS and not isinstance(value, str | None):
            complaint = f"Value set is of type {type(value).__name__}. It should be a/an String"
        elif key in LISTS:
            complaint = list_problem(value)
        elif key == "company_id" and value is not None and type(value) is not int:
            complaint = f"Value set is of type {type(value).__name__}. It should be a/an Positive Integer"
        if complaint:
            yield key, complaint, code_of(complaint)
    yield from custom_problems(sim.account.contact_fields, sent.get("custom_fields"))


def _missing(sent: Mapping[str, Any]) -> Iterator[Problem]:
    """What a new contact lacks."""
    if sent.get("name") is None:
        yield "name", "It should be a/an String", "missing_field"
    if not any(sent.get(key) for key in IDENTITIES):
        yield "email", f"Please fill at least 1 of {', '.join(IDENTITIES)} fields", "missing_field"


def _check_unique(sim: FreshdeskSimulator, sent: Mapping[str, Any], own: Contact | None) -> None:
    """Raises `Invalid` with status 409 for what another contact has, deleted ones included."""
    taken: list[tuple[str, Contact | None]] = []
    if sent.get("email"):
        taken.append(("email", sim.account.contact_by_email(sent["email"])))
    taken += [("other_emails", sim.account.contact_by_email(one)) for one in sent.get("other_emails") or ()]
    everybody = sim.account.contacts.values()
    for key in UNIQUE:
        if sent.get(key):
            taken.append((key, next((one for one in everybody if getattr(one, key) == sent[key]), None)))
    for key, other in taken:
        if other is not None and other is not own:
            problem = (key, "It should be a unique value", "duplicate_value")
            raise Invalid(problem, status=409, info={"user_id": other.id})
