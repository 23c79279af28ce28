"""The simulated endpoints for everything but conversations: account, agents, users, channels, groups and files.

Reference: https://developers.freshchat.com/api/#agents and its neighbours; where live accounts differ, we follow them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshchat.simulator_answers import ApiError, answer, body_object, listing
from plugins.freshchat.simulator_state import AVAILABILITY, Agent, User, stamp

if TYPE_CHECKING:
    from plugins.freshchat.simulator import FreshchatSimulator

LARGEST_FILE = 25 * 1024 * 1024
MOST_FETCHED = 100
USER_KEYS = ("email", "first_name", "last_name", "phone", "reference_id")
USER_FILTERS: dict[str, Callable[[User, str], bool]] = {
    "email": lambda user, text: (user.email or "").lower() == text.lower(),
    "phone": lambda user, text: user.phone == text,
    "phone_no": lambda user, text: user.phone == text,  # documents differ in what they call it
    "reference_id": lambda user, text: user.reference_id == text,
    "first_name": lambda user, text: user.first_name == text,
    "last_name": lambda user, text: user.last_name == text,
    "created_from": lambda user, text: stamp(user.created_time) >= text,
    "created_to": lambda user, text: stamp(user.created_time) <= text,
    "updated_from": lambda user, text: stamp(user.updated_time) >= text,
    "updated_to": lambda user, text: stamp(user.updated_time) <= text,
}
AGENT_FILTERS: dict[str, Callable[[Agent, str], bool]] = {
    "groups": lambda agent, text: text in agent.groups,
    "is_deactivated": lambda agent, text: agent.is_deactivated == (text.lower() == "true"),
    "availability_status": lambda agent, text: agent.availability_status == text,
}


def add_directory(api: Blueprint, sim: FreshchatSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    account = sim.account

    @api.get("/accounts/configuration")
    def account_configuration() -> Response:
        return answer(
            {"account_id": account.account_id, "app_id": account.app_id, "datacenter": "us", "plan_name": "Growth"}
        )

    @api.get("/channels")
    def list_channels() -> Response:
        return listing("channels", list(account.channels.values()), lambda one: one.shown(), sim.link_root)

    @api.get("/channels/<channel_id>")
    def get_channel(channel_id: str) -> Response:
        return answer(found(account.channels.get(channel_id), "channel").shown())

    @api.get("/groups")
    def list_groups() -> Response:
        return listing("groups", list(account.groups.values()), shown_group, sim.link_root)

    @api.get("/groups/<group_id>")
    def get_group(group_id: str) -> Response:
        return answer(shown_group(found(account.groups.get(group_id), "group")))

    @api.get("/roles")
    def list_roles() -> Response:
        roles = sorted({agent.role for agent in account.agents.values()})
        return listing("roles", roles, shown_role, sim.link_root)

    def shown_group(group: Any) -> Any:
        return group.shown([agent.id for agent in account.agents.values() if group.id in agent.groups])

    _add_agents(api, sim)
    _add_users(api, sim)
    _add_files(api, sim)


def shown_role(role: str) -> dict[str, Any]:
    """A role as live accounts show it."""
    return {"id": role, "name": role.replace("_", " ").title(), "description": "", "is_custom_role": False}


def found(item: Any, what: str) -> Any:
    """The item itself. Raises `ApiError` where there is none."""
    if item is None:
        raise ApiError(404, f"{what} not found", f"{what.upper()}_NOT_FOUND")
    return item


def _add_agents(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account

    def agent_of(agent_id: str) -> Agent:
        agent: Agent = found(account.agents.get(agent_id), "agent")
        return agent

    @api.get("/agents")
    def list_agents() -> Response:
        agents = [agent for agent in account.agents.values() if not agent.is_deleted]
        # There is no filter by e-mail: one that is sent is not heeded, and everybody is listed.
        given = {key: request.args[key] for key in AGENT_FILTERS if key in request.args}
        for key, text in given.items():
            agents = [agent for agent in agents if AGENT_FILTERS[key](agent, text)]
        if given and not agents:
            raise ApiError(404, "no agents", "AGENT_NOT_FOUND")
        return listing("agents", agents, lambda agent: agent.shown(), sim.link_root)

    @api.get("/agents/<agent_id>")
    def get_agent(agent_id: str) -> Response:
        return answer(agent_of(agent_id).shown())

    @api.put("/agents/<agent_id>")
    def update_agent(agent_id: str) -> Response:
        agent, given = agent_of(agent_id), body_object()
        availability, groups = given.get("availability_status", agent.availability_status), given.get("groups")
        if availability not in AVAILABILITY:
            raise ApiError(400, f"availability_status must be one of {', '.join(AVAILABILITY)}")
        if groups is not None and not (isinstance(groups, list) and all(one in account.groups for one in groups)):
            raise ApiError(400, "groups must be a list of group ids")
        agent.availability_status = availability
        agent.groups = list(agent.groups if groups is None else groups)
        return answer(None if sim.quirks.empty_update_body else agent.shown())


def _add_users(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account
    _add_one_user(api, sim)

    @api.get("/users")
    def list_users() -> Response:
        given = {key: request.args[key] for key in USER_FILTERS if request.args.get(key)}
        if not given:
            raise ApiError(400, "at least one filter is mandatory")
        users = [user for user in account.users.values() if not user.system]
        for key, text in given.items():
            users = [user for user in users if USER_FILTERS[key](user, text)]
        return listing("users", users, lambda user: user.shown(), sim.link_root)

    @api.post("/users")
    def create_user() -> Response:
        given = checked_user(body_object())
        refuse_taken_email(sim, given, 409 if sim.quirks.duplicate_email == "refuse" else 400)
        first_name = given.pop("first_name", "") or sim.made_up_name()
        return answer(account.add_user(first_name, **given).shown(), sim.quirks.created_status)

    @api.post("/users/fetch")
    def fetch_users() -> Response:
        ids = body_object().get("ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_FETCHED:
            raise ApiError(400, f"ids must be a list of 1 to {MOST_FETCHED} user ids")
        known = [account.users[one] for one in ids if one in account.users and not account.users[one].system]
        return answer({"users": [user.shown() for user in known]})


def _add_one_user(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account

    def user_of(user_id: str) -> User:
        user = account.users.get(user_id)
        # Bots and system senders are users too, but only shown to those who ask for them.
        hidden = user is not None and user.system and request.args.get("system_user") != "true"
        shown: User = found(None if hidden else user, "user")
        return shown

    @api.get("/users/<user_id>")
    def get_user(user_id: str) -> Response:
        return answer(user_of(user_id).shown())

    @api.put("/users/<user_id>")
    def update_user(user_id: str) -> Response:
        user = user_of(user_id)
        for key, value in checked_user(body_object()).items():
            setattr(user, key, value)
        user.updated_time = account.clock.now()
        return answer(None if sim.quirks.empty_update_body else user.shown())

    @api.delete("/users/<user_id>")
    def delete_user(user_id: str) -> Response:
        del account.users[user_of(user_id).id]
        return answer(None, 204)

    @api.get("/users/<user_id>/conversations")
    def list_user_conversations(user_id: str) -> Response:
        user = user_of(user_id)
        return answer({"conversations": [{"id": one.id} for one in account.conversations.values() if one.user is user]})


def checked_user(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a user that can be set. Raises `ApiError` for a wrong one."""
    fields = {key: given[key] for key in USER_KEYS if given.get(key) is not None}
    if not all(isinstance(value, str) for value in fields.values()):
        raise ApiError(400, f"{', '.join(USER_KEYS)} must be texts")
    if "email" in fields and "@" not in fields["email"]:
        raise ApiError(400, "email is not valid")
    if "properties" in given:
        properties = given["properties"]
        if not isinstance(properties, list) or not all(isinstance(one, dict) and "name" in one for one in properties):
            raise ApiError(400, "properties must be a list of objects with name and value")
        fields["properties"] = properties
    return fields


def refuse_taken_email(sim: FreshchatSimulator, given: dict[str, Any], status: int) -> None:
    """Raise `ApiError` with this status for a new user whose e-mail another has, unless the account allows it."""
    email = given.get("email", "").lower()
    taken = email and any((user.email or "").lower() == email for user in sim.account.users.values())
    if taken and sim.quirks.duplicate_email != "allow":
        raise ApiError(status, "a user with this email exists already", "USER_ALREADY_EXISTS")


def _add_files(api: Blueprint, sim: FreshchatSimulator) -> None:
    def uploaded(field: str) -> Any:
        upload = request.files.get(field)
        if upload is None:
            raise ApiError(400, f"send the file as the form field {field}")
        data = upload.read()
        if len(data) > LARGEST_FILE:
            raise ApiError(400, "the file is larger than 25 MB")
        return sim.account.store(upload.filename or field, upload.mimetype, data)

    @api.post("/files/upload")
    def upload_file() -> Response:
        file = uploaded("file")
        return answer(
            {
                "file_name": file.name,
                "file_size": len(file.data),
                "file_content_type": file.content_type,
                "file_extension_type": PurePath(file.name).suffix.removeprefix("."),
                "file_hash": file.hash,
                "file_security_status": "SAFE_FILE",
            },
            sim.quirks.created_status,
        )

    @api.post("/images/upload")
    def upload_image() -> Response:
        return answer({"url": sim.file_url(uploaded("image"))}, sim.quirks.created_status)
