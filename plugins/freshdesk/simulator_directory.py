"""The simulated endpoints for everything but tickets: agents, roles, groups, contacts, fields and the account itself.

Reference: https://developers.freshdesk.com/api/#agents and its neighbours. All but `/agents/me` need an administrator,
where the vendor says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import caller, only_admins
from plugins.freshdesk.simulator_answers import (
    ApiError,
    Invalid,
    answer,
    given,
    listing,
    moment,
    unknown_field,
)
from plugins.freshdesk.simulator_state import ROLES, Agent, Contact

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

CONTACT_KEYS = ("name", "email", "phone", "mobile", "unique_external_id", "other_emails", "company_id")
IGNORED_CONTACT_KEYS = ("address", "description", "job_title", "language", "time_zone", "tags", "custom_fields")
IDENTITIES = ("email", "phone", "mobile", "unique_external_id")
STATES = ("blocked", "deleted", "unverified", "verified")


def add_directory(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    _add_agents(api, sim)
    _add_groups(api, sim)
    _add_contacts(api, sim)
    _add_contact_writing(api, sim)
    _add_account(api, sim)


def _add_agents(api: Blueprint, sim: FreshdeskSimulator) -> None:
    account = sim.account

    @api.get("/agents/me")
    def me() -> Response:
        return answer(sim.shapes.agent(caller()))

    @api.get("/agents")
    def list_agents() -> Response:
        only_admins()
        return listing([one for one in account.agents.values() if _wanted_agent(one)], sim.shapes.agent)

    @api.get("/agents/<int:agent_id>")
    def view_agent(agent_id: int) -> Response:
        only_admins()
        return answer(sim.shapes.agent(found(account.agent(agent_id))))

    @api.get("/roles")
    def list_roles() -> Response:
        only_admins()
        return listing(list(ROLES), sim.shapes.role)

    @api.get("/roles/<int:role_id>")
    def view_role(role_id: int) -> Response:
        only_admins()
        return answer(sim.shapes.role(found(role_id if role_id in ROLES else None)))


def _wanted_agent(agent: Agent) -> bool:
    args = request.args
    if "email" in args and agent.email.lower() != args["email"].lower():
        return False
    if "state" in args and agent.occasional is not (args["state"] == "occasional"):
        return False
    return all(getattr(agent, key) == args[key] for key in ("phone", "mobile") if key in args)


def _add_groups(api: Blueprint, sim: FreshdeskSimulator) -> None:
    groups = sim.account.groups

    @api.get("/groups")
    @api.get("/admin/groups")
    def list_groups() -> Response:
        only_admins()
        return listing(list(groups.values()), sim.shapes.group)

    @api.get("/groups/<int:group_id>")
    @api.get("/admin/groups/<int:group_id>")
    def view_group(group_id: int) -> Response:
        only_admins()
        return answer(sim.shapes.group(found(groups.get(group_id))))


def found(item: Any) -> Any:
    """The item itself. Raises `ApiError` where there is none."""
    if item is None:
        raise ApiError(404)
    return item


# --------------------------------------------------------------------------------------------------- contacts


def _add_contacts(api: Blueprint, sim: FreshdeskSimulator) -> None:
    account = sim.account

    @api.get("/contacts")
    def list_contacts() -> Response:
        state = request.args.get("state")
        if state is not None and state not in STATES:
            raise Invalid(("state", f"It should be one of these values: '{','.join(STATES)}'", "invalid_value"))
        since = moment("updated_since") or moment("_updated_since")
        if "email" in request.args:
            one = account.contact_by_email(request.args["email"])
            candidates = [one] if one else []
        else:
            candidates = list(account.contacts.values())
        chosen = [
            one
            for one in candidates
            if _in_state(one, state)
            and (since is None or one.updated_at >= since)
            and all(
                getattr(one, key) == request.args[key]
                for key in ("phone", "mobile", "unique_external_id")
                if key in request.args
            )
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


def _add_contact_writing(api: Blueprint, sim: FreshdeskSimulator) -> None:
    account = sim.account

    @api.post("/contacts")
    def create_contact() -> Response:
        sent = given()
        values = _contact_values(sim, sent, None)
        if not values.get("name"):
            raise Invalid(("name", "It should be a/an String", "missing_field"))
        if not any(values.get(key) for key in IDENTITIES):
            words = f"Please fill at least 1 of {', '.join(IDENTITIES)} fields"
            raise Invalid(("email", words, "missing_field"))
        contact = account.add_contact(values.pop("name"), values.pop("email", None), **values)
        return answer(sim.shapes.contact(contact), 201, {"Location": f"{request.base_url}/{contact.id}"})

    @api.put("/contacts/<int:contact_id>")
    def update_contact(contact_id: int) -> Response:
        contact = found(account.contact(contact_id))
        account.change_contact(contact, _contact_values(sim, given(), contact))
        return answer(sim.shapes.contact(contact))


def _contact_values(sim: FreshdeskSimulator, sent: Mapping[str, Any], own: Contact | None) -> dict[str, Any]:
    """The values that a request sets. Raises `Invalid`; a taken e-mail is a conflict, 409."""
    unknown = [unknown_field(key) for key in sent if key not in (*CONTACT_KEYS, *IGNORED_CONTACT_KEYS)]
    if unknown:
        raise Invalid(*unknown)
    values = {key: sent[key] for key in CONTACT_KEYS if key in sent}
    wrong = [key for key in ("name", *IDENTITIES) if not isinstance(values.get(key), str | None)]
    if wrong:
        raise Invalid(*((key, "It should be a/an String", "datatype_mismatch") for key in wrong))
    email = values.get("email")
    if email and "@" not in email:
        raise Invalid(("email", "It should be in the 'valid email address' format", "invalid_value"))
    other = sim.account.contact_by_email(email) if email else None
    if other is not None and other is not own:
        problem = ("email", "It should be a unique value", "duplicate_value")
        raise Invalid(problem, status=409, info={"user_id": other.id})
    return values


# ------------------------------------------------------------------------------------------------ the account


def _add_account(api: Blueprint, sim: FreshdeskSimulator) -> None:
    def fields() -> Response:
        wanted = request.args.get("type")
        chosen = [one for one in sim.account.fields.values() if wanted in (None, one.type)]
        return answer([sim.shapes.field(one) for one in chosen])

    @api.get("/ticket_fields")
    def list_ticket_fields() -> Response:
        return fields()

    @api.get("/admin/ticket_fields")
    def list_admin_ticket_fields() -> Response:
        only_admins()
        return fields()

    @api.get("/settings/helpdesk")
    def helpdesk_settings() -> Response:
        return answer({"primary_language": "en", "supported_languages": [], "portal_languages": []})

    @api.get("/account")
    def view_account() -> Response:
        return answer(
            {
                "account_id": sim.account.account_id,
                "account_name": "Example",
                "account_domain": "example.freshdesk.com",
                "organisation_id": sim.account.account_id + 1,
                "organisation_name": "Example",
                "tier_type": (sim.plan or "growth").title(),
                "data_center": "EU",
                "timezone": "Berlin",
                "total_agents": {"full_time": len(sim.account.agents), "occasional": 0},
            }
        )
