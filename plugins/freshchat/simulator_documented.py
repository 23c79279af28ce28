"""The simulated API in its documented dialect: the published OpenAPI to the letter, where live accounts do otherwise.

Errors are a text `code` and a `message`; links to other pages are full addresses; every account lists its
conversations; a sent message is answered with nothing. What the OpenAPI does not name is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshchat.simulator_answers import MOST_PER_PAGE, ApiError, answer, body_object, window
from plugins.freshchat.simulator_conversations import change, checked_message, conversation_of, refuse_text_in_email
from plugins.freshchat.simulator_directory import checked_user, found, refuse_taken_email
from plugins.freshchat.simulator_state import Agent, Channel, Conversation, Group, Message, User, stamp

if TYPE_CHECKING:
    from plugins.freshchat.simulator import FreshchatSimulator

STATUSES = ("new", "assigned", "resolved", "reopened")
AVAILABILITY = {"online": "AVAILABLE", "offline": "UNAVAILABLE"}
FILTERS = ("status", "assigned_agent_id", "assigned_group_id")
AUTHORS = ("user", "agent")
PART_KINDS = ("text", "image", "email")
"""The OpenAPI names texts and images; conversations of an e-mail channel would be none without e-mail parts."""


def add_documented(api: Blueprint, sim: FreshchatSimulator) -> None:
    """Add the 16 operations of the OpenAPI, and Update Agent of another document, to the API's blueprint.

    That document names availability and groups: the one is taken as the OpenAPI's agents show it (`availability`,
    online or offline), and the live accounts' `availability_status` is no key here, so that no heed is paid to it.
    """
    _add_conversations(api, sim)
    _add_messages(api, sim)
    _add_people(api, sim)
    _add_users(api, sim)


def _add_conversations(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account
    shown = _shown_by(sim)

    @api.get("/conversations")
    def list_conversations() -> Response:
        wanted = {key: request.args[key] for key in FILTERS if key in request.args}
        if wanted.get("status", "new") not in STATUSES:
            raise ApiError(400, f"status must be one of {', '.join(STATUSES)}")
        all_shown = [shown(one) for one in account.conversations.values()]
        kept = [one for one in all_shown if all(one.get(key) == value for key, value in wanted.items())]
        return _page(sim, "conversations", kept, lambda one: one)

    @api.post("/conversations")
    def create_conversation() -> Response:
        given = body_object()
        for key in ("app_id", "channel_id", "messages"):
            if not given.get(key):
                raise ApiError(400, f"{key} is required")
        if not isinstance(given["messages"], list):
            raise ApiError(400, "messages must be a list")
        channel = account.channels.get(str(given["channel_id"]))
        if given["app_id"] != account.app_id or channel is None:
            raise ApiError(400, "app_id and channel_id must be of this account")
        user = _user_of_new(sim, given)
        checked = [_message(sim, message, user.id) for message in given["messages"]]
        conversation = account.open(user, channel, sim.api_actor)
        for actor, parts, kind in checked:
            account.post(conversation, actor, parts, kind=kind, source="api")
        account.begun(conversation)
        return answer({"conversation_id": conversation.id})

    @api.get("/conversations/<conversation_id>")
    def get_conversation(conversation_id: str) -> Response:
        return answer(shown(conversation_of(sim, conversation_id)))

    @api.route("/conversations/<conversation_id>", methods=["PUT", "PATCH"])
    def update_conversation(conversation_id: str) -> Response:
        if request.method == "PATCH" and not sim.quirks.patch_works:
            raise ApiError(405, "method not allowed")
        conversation, given = conversation_of(sim, conversation_id), body_object()
        if given.get("status", "new") not in STATUSES:
            raise ApiError(400, f"status must be one of {', '.join(STATUSES)}")
        change(sim, conversation, {key: given[key] for key in given if key != "properties"})
        return answer(shown(conversation))


def _user_of_new(sim: FreshchatSimulator, given: Mapping[str, Any]) -> User:
    """Whose conversation it will be: `users` is not required, so the author of the first user message is enough."""
    users = given.get("users")
    authors = [one for one in given["messages"] if isinstance(one, dict) and one.get("actor_type") == "user"]
    named = users[0] if isinstance(users, list) and users else {"id": authors[0].get("actor_id")} if authors else None
    user = sim.account.users.get(str(named.get("id"))) if isinstance(named, dict) else None
    if user is None or user.system:
        raise ApiError(400, "users must name a user")
    return user


def _add_messages(api: Blueprint, sim: FreshchatSimulator) -> None:
    @api.get("/conversations/<conversation_id>/messages")
    def list_messages(conversation_id: str) -> Response:
        conversation = conversation_of(sim, conversation_id)
        oldest_first = list(reversed(sim.account.visible(conversation)))
        return _page(sim, "messages", oldest_first, _shown_message)

    @api.post("/conversations/<conversation_id>/messages")
    def send_message(conversation_id: str) -> Response:
        conversation = conversation_of(sim, conversation_id)
        actor, parts, kind = _message(sim, body_object(), conversation.user.id)
        posted = sim.account.post(conversation, actor, parts, kind=kind, source="api")
        refuse_text_in_email(conversation, posted)
        return answer(None)


def _add_people(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account

    @api.get("/agents")
    def list_agents() -> Response:
        agents = [agent for agent in account.agents.values() if not agent.is_deleted]
        return _page(sim, "agents", agents, _shown_agent)

    @api.get("/agents/<agent_id>")
    def get_agent(agent_id: str) -> Response:
        return answer(_shown_agent(found(account.agents.get(agent_id), "agent")))

    @api.put("/agents/<agent_id>")
    def update_agent(agent_id: str) -> Response:
        agent, given = found(account.agents.get(agent_id), "agent"), body_object()
        groups = given.get("groups", agent.groups)
        if given.get("availability", "online") not in AVAILABILITY:
            raise ApiError(400, f"availability must be one of {', '.join(AVAILABILITY)}")
        if not (isinstance(groups, list) and all(one in account.groups for one in groups)):
            raise ApiError(400, "groups must be a list of group ids")
        agent.groups = list(groups)
        agent.availability_status = AVAILABILITY.get(str(given.get("availability")), agent.availability_status)
        return answer(_shown_agent(agent))

    @api.get("/channels")
    def list_channels() -> Response:
        return answer({"channels": [_shown_channel(channel) for channel in account.channels.values()]})

    @api.get("/channels/<channel_id>")
    def get_channel(channel_id: str) -> Response:
        return answer(_shown_channel(found(account.channels.get(channel_id), "channel")))

    @api.get("/groups")
    def list_groups() -> Response:
        return answer({"groups": [shown_group(group) for group in account.groups.values()]})

    @api.get("/groups/<group_id>")
    def get_group(group_id: str) -> Response:
        return answer(shown_group(found(account.groups.get(group_id), "group")))

    def shown_group(group: Group) -> dict[str, Any]:
        members = [agent.id for agent in account.agents.values() if group.id in agent.groups]
        return {**group.shown(members), "created_time": stamp(sim.owner.created_time)}


def _add_users(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account

    def user_of(user_id: str) -> User:
        user = account.users.get(user_id)
        found_user: User = found(None if user is None or user.system else user, "user")
        return found_user

    @api.get("/users")
    def list_users() -> Response:
        return _page(sim, "users", [user for user in account.users.values() if not user.system], _shown_user)

    @api.post("/users")
    def create_user() -> Response:
        given = checked_user(body_object())
        given.pop("reference_id", None)
        refuse_taken_email(sim, given, 400)
        return answer(_shown_user(account.add_user(given.pop("first_name", ""), **given)))

    @api.get("/users/<user_id>")
    def get_user(user_id: str) -> Response:
        return answer(_shown_user(user_of(user_id)))

    @api.put("/users/<user_id>")
    def update_user(user_id: str) -> Response:
        user = user_of(user_id)
        for key, value in checked_user(body_object()).items():
            if key != "reference_id":
                setattr(user, key, value)
        return answer(_shown_user(user))


def documented_error(status: int, words: str, word: str) -> Response:
    """An error answer: `code` is a text, and there is no `status`."""
    return answer({"code": word, "message": words}, status)


def _page(sim: FreshchatSimulator, key: str, items: Sequence[Any], show: Callable[[Any], Any]) -> Response:
    """A page of a list; `next_page` and `prev_page` are full addresses, left out where there is no such page."""
    if (
        request.args.get("items_per_page", "1").isdigit()
        and int(request.args.get("items_per_page", "1")) > MOST_PER_PAGE
    ):
        raise ApiError(400, f"items_per_page must be {MOST_PER_PAGE} or less")
    page, size = window()
    links = {}
    if page * size < len(items):
        links["next_page"] = _address(sim, page + 1, size)
    if page > 1:
        links["prev_page"] = _address(sim, page - 1, size)
    return answer({key: [show(item) for item in items[(page - 1) * size : page * size]], "links": links})


def _address(sim: FreshchatSimulator, page: int, size: int) -> str:
    others = {key: value for key, value in request.args.items() if key not in ("page", "items_per_page")}
    return f"{sim.url}{request.path}?{urlencode({**others, 'page': page, 'items_per_page': size})}"


def _message(sim: FreshchatSimulator, given: Any, user_id: str) -> Any:
    """Checked as the schema MessageCreate says."""
    if not isinstance(given, dict):
        raise ApiError(400, "a message must be a JSON object")
    for key in ("message_parts", "actor_type", "actor_id"):
        if not given.get(key):
            raise ApiError(400, f"{key} is required")
    if given["actor_type"] not in AUTHORS:
        raise ApiError(400, f"actor_type must be one of {', '.join(AUTHORS)}")
    parts = given["message_parts"]
    if isinstance(parts, list) and any(not isinstance(one, dict) or not set(one) <= set(PART_KINDS) for one in parts):
        raise ApiError(400, f"a message part must have one of the keys {', '.join(PART_KINDS)}")
    return checked_message(sim, given, user_id)


# ------------------------------------------------------------------------------------ schemas of the OpenAPI


def _shown_by(sim: FreshchatSimulator) -> Callable[[Conversation], Mapping[str, Any]]:
    def shown(conversation: Conversation) -> Mapping[str, Any]:
        """The schema Conversation: neither url nor user_id nor any time but that of its creation."""
        status = conversation.status if conversation.status in STATUSES else "assigned"
        known = {
            "assigned_agent_id": conversation.assigned_agent_id,
            "assigned_group_id": conversation.assigned_group_id,
        }
        return {
            "conversation_id": conversation.id,
            "app_id": sim.account.app_id,
            "channel_id": conversation.channel.id,
            "status": "reopened" if conversation.status == "reopen" else status,
            **{key: value for key, value in known.items() if value},
            "users": [{"id": conversation.user.id}],
            "created_time": stamp(conversation.created_time),
        }

    return shown


def _shown_message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "message_type": message.message_type,
        "actor_type": "system" if message.actor_type == "bot" else message.actor_type,
        "actor_id": message.actor_id,
        "message_parts": [dict(part) for part in message.parts],
        "reply_parts": [],
        "created_time": stamp(message.created_time),
    }


def _shown_agent(agent: Agent) -> dict[str, Any]:
    keys = ("id", "email", "first_name", "last_name", "avatar", "biography", "is_deactivated", "groups", "created_time")
    shown = agent.shown()
    availability = "online" if agent.availability_status == "AVAILABLE" else "offline"
    return {**{key: shown[key] for key in keys}, "availability": availability}


def _shown_user(user: User) -> dict[str, Any]:
    keys = ("id", "email", "first_name", "last_name", "phone", "avatar", "properties", "created_time")
    shown = user.shown()
    return {key: shown[key] for key in keys if key in shown}


def _shown_channel(channel: Channel) -> dict[str, Any]:
    keys = ("id", "name", "icon", "enabled", "public", "welcome_message", "updated_time")
    shown = channel.shown()
    return {key: shown[key] for key in keys}
