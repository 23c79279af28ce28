"""The simulated endpoints for the account itself and who works in it: agents, roles, groups, fields.

Reference: https://developers.freshdesk.com/api/#agents and its neighbours. All but `/agents/me` need an administrator,
where the vendor says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import caller, only_admins
from plugins.freshdesk.simulator_answers import answer, found, listing
from plugins.freshdesk.simulator_state import ROLES, Agent

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator


def add_directory(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    _add_agents(api, sim)
    _add_groups(api, sim)
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
