"""The simulated endpoints for conversations and their messages.

Reference: https://developers.freshchat.com/api/#conversations; where live accounts differ, we do as they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from core.testing.gate import mark_performed
from plugins.freshchat.simulator_answers import ApiError, answer, body_object, message_page
from plugins.freshchat.simulator_state import STATUSES, Actor, Conversation, Message
from plugins.freshchat.simulator_webhooks import shown_message

if TYPE_CHECKING:
    from plugins.freshchat.simulator import FreshchatSimulator

PART_KINDS = (
    "text",
    "image",
    "video",
    "file",
    "email",
    "url_button",
    "quick_reply_button",
    "callback",
    "reference",
    "collection",
    "template_content",
)
CREATED_WITH = ("status", "assigned_agent_id", "assigned_group_id", "properties")
"""What a conversation may be given beside its messages when it is created."""
FIELDS = [
    {"name": "priority", "label": "Priority", "type": "DROPDOWN", "choices": ["Low", "Medium", "High", "Urgent"]},
    {"name": "cf_type", "label": "Type", "type": "DROPDOWN", "choices": ["Question", "Incident", "Problem"]},
]


def add_conversations(api: Blueprint, sim: FreshchatSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    _add_messages(api, sim)

    @api.get("/conversations")
    def list_conversations() -> Response:
        # The OpenAPI lists this collection; the vendor has none.
        raise ApiError(404, "no such resource")

    @api.get("/conversations/fields")
    def conversation_fields() -> Response:
        return answer(FIELDS)

    @api.post("/conversations")
    def create_conversation() -> Response:
        return answer(_create(sim, body_object()), sim.quirks.created_status)

    @api.get("/conversations/<conversation_id>")
    def get_conversation(conversation_id: str) -> Response:
        return answer(sim.shown(conversation_of(sim, conversation_id)))

    @api.route("/conversations/<conversation_id>", methods=["PUT", "PATCH"])
    def update_conversation(conversation_id: str) -> Response:
        if request.method == "PATCH" and not sim.quirks.patch_works:
            raise ApiError(405, "method not allowed")
        conversation = conversation_of(sim, conversation_id)
        change(sim, conversation, body_object())
        return answer(None if sim.quirks.empty_update_body else sim.shown(conversation))


def _add_messages(api: Blueprint, sim: FreshchatSimulator) -> None:
    account = sim.account

    @api.get("/conversations/<conversation_id>/messages")
    def list_messages(conversation_id: str) -> Response:
        conversation = conversation_of(sim, conversation_id)
        messages = account.visible(conversation)
        if "from_time" in request.args:
            earliest = _moment(request.args["from_time"])
            messages = [message for message in messages if _to_milliseconds(message.created_time) >= earliest]
        return message_page(
            messages,
            lambda message: shown_message(account.app_id, conversation, message),
            link_on_last_page=sim.quirks.link_on_last_page,
        )

    @api.post("/conversations/<conversation_id>/messages")
    def send_message(conversation_id: str) -> Response:
        conversation = conversation_of(sim, conversation_id)
        actor, parts, kind = checked_message(sim, body_object(), conversation.user.id)
        latest = account.latest(conversation.user, conversation.channel)
        if actor.type == "user" and conversation.resolved and latest is not conversation:
            raise ApiError(400, "this is not the latest conversation of the user")
        message = account.post(conversation, actor, parts, kind=kind, source="api")
        refuse_text_in_email(conversation, message)
        return answer(shown_message(account.app_id, conversation, message), sim.quirks.created_status)


def conversation_of(sim: FreshchatSimulator, conversation_id: str) -> Conversation:
    """The conversation with this id. Raises `ApiError`."""
    conversation = sim.account.conversations.get(conversation_id)
    if conversation is None:
        raise ApiError(404, "conversation not found", "CONVERSATION_NOT_FOUND")
    return conversation


def _create(sim: FreshchatSimulator, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check everything, then create; returns the conversation as the answer shows it.

    All `messages` are posted, in their order; a status, assignment and properties are then set as an update sets them.
    """
    account = sim.account
    channel = account.channels.get(str(given.get("channel_id")))
    if channel is None:
        raise ApiError(400, "channel_id does not name a channel of this account")
    users, messages = given.get("users"), given.get("messages")
    named = users[0] if isinstance(users, list) and users else None
    user = account.users.get(str(named.get("id"))) if isinstance(named, dict) else None
    if user is None or user.system:
        raise ApiError(400, "users must name an existing user", "USER_NOT_FOUND")
    if not isinstance(messages, list) or not messages:
        raise ApiError(400, "messages must hold the first message")
    values = {key: given[key] for key in CREATED_WITH if given.get(key)}
    check_change(sim, values)
    latest = account.latest(user, channel)
    reused = latest if sim.quirks.one_open_conversation and latest and not latest.resolved else None
    checked = [checked_message(sim, message, user.id) for message in messages]
    conversation = reused or account.open(user, channel, sim.api_actor)
    posted = [account.post(conversation, actor, parts, kind=kind, source="api") for actor, parts, kind in checked]
    if reused is None:
        account.begun(conversation)
    change(sim, conversation, values)
    shown = sim.shown(conversation)
    shown["messages"] = [shown_message(account.app_id, conversation, message) for message in posted]
    shown["users"] = [{"id": user.id}]
    return shown


def refuse_text_in_email(conversation: Conversation, message: Message) -> None:
    """Observed: in an e-mail conversation a text part is posted, and then answered with 400 all the same."""
    if conversation.channel.kind != "email" or message.private or not any("text" in part for part in message.parts):
        return
    mark_performed(request.environ)
    raise ApiError(400, "TextFragment cannot be cast to EmailFragment")


# ------------------------------------------------------------------------------------------------- messages


def checked_message(sim: FreshchatSimulator, given: Any, user_id: str) -> tuple[Actor, list[dict[str, Any]], str]:
    """Who writes, which parts, and the message_type. Raises `ApiError` for what the vendor refuses."""
    if not isinstance(given, dict):
        raise ApiError(400, "a message must be a JSON object")
    parts = given.get("message_parts")
    if not isinstance(parts, list) or not parts:
        raise ApiError(400, "message_parts is mandatory")
    kind = given.get("message_type", "normal")
    if kind not in ("normal", "private"):
        raise ApiError(400, "message_type must be normal or private")
    return _check_actor(sim, given, user_id), [_check_part(sim, part) for part in parts], kind


def _check_actor(sim: FreshchatSimulator, given: Mapping[str, Any], user_id: str) -> Actor:
    actor_type, actor_id = given.get("actor_type"), given.get("actor_id")
    if actor_type not in ("user", "agent", "bot"):
        raise ApiError(400, "actor_type must be user, agent or bot")
    if actor_type == "bot":
        # The vendor's own SDK posts as bot without an actor_id.
        return Actor("bot", str(actor_id)) if actor_id else sim.account.bot
    if not actor_id:
        raise ApiError(400, "actor_id is mandatory")
    if actor_type == "agent":
        _check_agent(sim, actor_id)
    elif actor_id != user_id:
        raise ApiError(400, "the user is not a member of this conversation")
    return Actor(actor_type, str(actor_id))


def _check_agent(sim: FreshchatSimulator, agent_id: Any) -> None:
    agent = sim.account.agents.get(agent_id) if isinstance(agent_id, str) else None
    if agent is None or agent.is_deleted:
        raise ApiError(404, "agent not found", "AGENT_NOT_FOUND")
    if agent.is_deactivated:
        raise ApiError(400, "agent is deactivated", "AGENT_DEACTIVATED")


def _check_part(sim: FreshchatSimulator, part: Any) -> dict[str, Any]:
    if not isinstance(part, dict) or len(part) != 1 or next(iter(part)) not in PART_KINDS:
        raise ApiError(400, f"a message part must be an object with one of the keys {', '.join(PART_KINDS)}")
    kind, content = next(iter(part.items()))
    if not isinstance(content, dict):
        raise ApiError(400, f"{kind} must be an object")
    if kind in ("text", "email") and not (isinstance(content.get("content"), str) and content["content"].strip()):
        raise ApiError(400, f"{kind}.content must not be empty")
    if kind == "image" and not content.get("url"):
        raise ApiError(400, "image has no content", "IMAGE_EMPTY_CONTENT")
    if kind != "file":
        return part
    stored = [file for file in sim.account.files.values() if file.hash == content.get("file_hash")]
    if not stored:
        raise ApiError(400, "file_hash does not name an uploaded file")
    return sim.file_part(stored[-1])


# --------------------------------------------------------------------------------------------- updates


def change(sim: FreshchatSimulator, conversation: Conversation, given: Mapping[str, Any]) -> None:
    """Check everything, then change; a refused update changes nothing."""
    agent_id = check_change(sim, given)
    account, actor = sim.account, sim.api_actor
    status, group_id = given.get("status"), given.get("assigned_group_id")
    conversation.properties.update(given.get("properties") or {})
    if status in ("new", "reopened"):
        account.reopen(conversation, actor, status)
    if agent_id is not None or group_id is not None:
        account.assign(conversation, actor, agent_id=agent_id, group_id=group_id)
    if status == "resolved":
        account.resolve(conversation, actor)
    elif status is not None and status != "assigned" and agent_id is None:
        account.set_status(conversation, status)


def check_change(sim: FreshchatSimulator, given: Mapping[str, Any]) -> str | None:
    """Whether values can be set together; returns the agent as `_wanted_agent` does. Raises `ApiError`."""
    status, group_id, properties = given.get("status"), given.get("assigned_group_id"), given.get("properties")
    agent_id = _wanted_agent(sim, given)
    if status is not None and status not in STATUSES:
        raise ApiError(400, f"status must be one of {', '.join(STATUSES)}")
    if status == "assigned" and not agent_id:
        raise ApiError(400, "assigned_agent_id is mandatory for status assigned")
    if agent_id == "" and status != "new":
        raise ApiError(400, "status must be new to take the agent from a conversation")
    if "properties" in given and not isinstance(properties, dict):
        # Users have properties as an array of name and value, conversations as an object.
        raise ApiError(400, "Conversation payload not valid")
    if group_id and group_id not in sim.account.groups:
        raise ApiError(404, "group not found", "GROUP_NOT_FOUND")
    return agent_id


def _wanted_agent(sim: FreshchatSimulator, given: Mapping[str, Any]) -> str | None:
    """The agent to assign, "" to take it from its agent, None to leave that alone."""
    if "assigned_agent_id" not in given:
        return None
    agent_id = given["assigned_agent_id"]
    if not isinstance(agent_id, str):
        raise ApiError(400, "assigned_agent_id must be a text")
    # Some integrations send a single space where the vendor's own SDK sends an empty text.
    if agent_id.strip():
        _check_agent(sim, agent_id)
    return agent_id.strip()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ApiError(400, "from_time must be an ISO 8601 time in UTC") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _to_milliseconds(moment: datetime) -> datetime:
    """As the API shows it, so that a time taken from an answer includes its own message."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
