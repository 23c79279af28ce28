"""Freshchat's API v2, one method an endpoint; every address of the vendor's API is in this file.

Vendor documentation: developers.freshchat.com/api. Each method names its section there, or "OpenAPI" where only the
published OpenAPI has it. Errors are those of `HttpClient` and `BadPayload`; what the vendor would refuse in obscure
words is `Refused` before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core import Refused
from core.payload import clean
from plugins.freshchat.api import PAGE_SIZE, FreshchatApi, more_pages, next_href, object_of, path_of, segment

# The addresses that destinations write to as well; what stands in braces is an id.
CONVERSATIONS = "/conversations"
CONVERSATION = "/conversations/{conversation_id}"
MESSAGES = "/conversations/{conversation_id}/messages"
AGENT = "/agents/{agent_id}"
USERS = "/users"
USER = "/users/{user_id}"
DOCUMENTATION = "https://developers.freshchat.com/api/"

STATUSES = ("new", "assigned", "resolved", "reopened")
"""Of a conversation, as the OpenAPI has them; live accounts show others too, which are read but never written."""
AVAILABILITY = ("AVAILABLE", "UNAVAILABLE", "AWAY", "BUSY")
"""Of an agent, as live accounts have it in `availability_status`."""
LARGEST_FILE = 25 * 1024 * 1024
MOST_FETCHED = 100
"""Users that one call of /users/fetch takes."""


class FreshchatClient(FreshchatApi):
    """The calls that can be made to one Freshchat account."""

    # ------------------------------------------------------------------------------------------- conversations

    def conversations(
        self,
        *,
        status: str = "",
        assigned_agent_id: str = "",
        assigned_group_id: str = "",
        page: int = 1,
        items_per_page: int = PAGE_SIZE,
    ) -> tuple[list[dict[str, Any]], bool]:
        """`GET /conversations`; OpenAPI, "List all conversations". Many live accounts have no such collection (404).

        The conversations of one page that match the filters given, and whether there are more.
        """
        if page < 1:
            raise Refused(f"page must be 1 or more, and is {page}")
        params = {
            "status": _checked(status, STATUSES, "status") if status else "",
            "assigned_agent_id": assigned_agent_id,
            "assigned_group_id": assigned_group_id,
            "page": page,
            "items_per_page": _page_size(items_per_page),
        }
        answer = self._http.get(CONVERSATIONS, {key: value for key, value in params.items() if value})
        data = object_of(answer, "conversations")
        found = self._entries(data, "conversations", CONVERSATIONS)
        return found, bool(found) and (bool(next_href(data)) or more_pages(data, page))

    def create_conversation(
        self, channel_id: str, user_id: str, messages: Sequence[Mapping[str, Any]], app_id: str = ""
    ) -> dict[str, Any]:
        """`POST /conversations`; documentation: "Conversations", create a conversation.

        `app_id` is required by the OpenAPI and heeded by no live account; there `user_id` may be "" if a user wrote
        the messages. Returns at least the `conversation_id`.
        """
        if not messages:
            raise Refused("a conversation begins with a message, and none was given")
        users = [{"id": user_id}] if user_id else []
        body = {"app_id": app_id, "channel_id": channel_id, "users": users, "messages": list(messages)}
        return object_of(
            self._http.post(CONVERSATIONS, {key: value for key, value in body.items() if value}), "conversation"
        )

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """`GET /conversations/{conversation_id}`; documentation: "Conversations", retrieve a conversation."""
        return object_of(self._http.get(path_of(CONVERSATION, conversation_id=conversation_id)), "conversation")

    def update_conversation(self, conversation_id: str, values: Mapping[str, Any]) -> None:
        """`PUT /conversations/{conversation_id}`; documentation: "Conversations", update a conversation.

        Only the `values` given change. `PATCH` is another document's word for it, hence the setting update_verb.
        """
        if values.get("status"):
            _checked(str(values["status"]), STATUSES, "status")
        self._http.request(self._update_verb, path_of(CONVERSATION, conversation_id=conversation_id), json=dict(values))

    def conversation_fields(self) -> list[dict[str, Any]]:
        """`GET /conversations/fields`; documentation: "Conversations", list conversation properties."""
        return self._entries(clean(self._http.get("/conversations/fields").data), "fields", "/conversations/fields")

    def messages(self, conversation_id: str, from_time: datetime | None = None) -> Iterator[dict[str, Any]]:
        """`GET /conversations/{conversation_id}/messages`; documentation: "Messages", list messages.

        All pages, each message once, newest first (the OpenAPI: by creation time); with `from_time`, which the
        OpenAPI does not know, those written at that time or later.
        """
        params: dict[str, Any] = {"page": 1, "items_per_page": PAGE_SIZE}
        if from_time is not None:
            params["from_time"] = from_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return self._pages(path_of(MESSAGES, conversation_id=conversation_id), params, "messages")

    def send_message(self, conversation_id: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /conversations/{conversation_id}/messages`; documentation: "Messages", send a message.

        Returns the message object; {} where the answer holds none. There is no idempotency key: sent twice is
        shown twice, and a 400 has been seen for a message that was posted all the same.
        """
        if not message.get("message_parts"):
            raise Refused("a message without parts says nothing")
        answer = self._http.post(path_of(MESSAGES, conversation_id=conversation_id), dict(message))
        data = clean(answer.data)
        nested = data.get("message") if isinstance(data, dict) else None
        return nested if isinstance(nested, dict) else data if isinstance(data, dict) else {}

    # ------------------------------------------------------------------------------------------------- agents

    def agents(self, **filters: str) -> Iterator[dict[str, Any]]:
        """`GET /agents`; documentation: "Agents", list all agents. All pages: there is no filter by email.

        `filters`: groups, is_deactivated, availability_status; the OpenAPI has none.
        """
        return self._pages("/agents", {"page": 1, "items_per_page": PAGE_SIZE, **filters}, "agents")

    def agent(self, agent_id: str) -> dict[str, Any]:
        """`GET /agents/{agent_id}`; documentation: "Agents", retrieve an agent."""
        return object_of(self._http.get(path_of(AGENT, agent_id=agent_id)), "agent")

    def update_agent(self, agent_id: str, values: Mapping[str, Any]) -> None:
        """`PUT /agents/{agent_id}`; documentation: "Agents", update an agent; not in the OpenAPI.

        `values`: `groups`, and `availability_status` (or `availability` where an account follows the OpenAPI).
        """
        self._http.put(path_of(AGENT, agent_id=agent_id), dict(values))

    def roles(self) -> Iterator[dict[str, Any]]:
        """`GET /roles`; documentation: "Roles", list all roles; not in the OpenAPI. All pages.

        Each with id, name, description and is_custom_role; agents refer to them by `role_id`.
        """
        return self._pages("/roles", {"page": 1, "items_per_page": PAGE_SIZE}, "roles")

    # -------------------------------------------------------------------------------------------------- users

    def users(self, **filters: str) -> Iterator[dict[str, Any]]:
        """`GET /users`; documentation: "Users", list users. All pages.

        `filters`: email, phone_no (some documents: phone), reference_id, first_name, last_name, created_from,
        created_to, updated_from, updated_to. Live accounts want one of them; the OpenAPI has none, so that an account
        may pay no heed to what it is given.
        """
        return self._pages(USERS, {"page": 1, "items_per_page": PAGE_SIZE, **filters}, "users")

    def create_user(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /users`; documentation: "Users", create a user. A second one with the same email may be refused."""
        return object_of(self._http.post(USERS, dict(values)), "user")

    def user(self, user_id: str, *, system: bool = False) -> dict[str, Any]:
        """`GET /users/{user_id}`; documentation: "Users", retrieve a user. `system` finds bots and system senders."""
        params = {"system_user": "true"} if system else None
        return object_of(self._http.get(path_of(USER, user_id=user_id), params), "user")

    def update_user(self, user_id: str, values: Mapping[str, Any]) -> None:
        """`PUT /users/{user_id}`; documentation: "Users", update a user. Live accounts answer with nothing."""
        self._http.put(path_of(USER, user_id=user_id), dict(values))

    def delete_user(self, user_id: str) -> None:
        """`DELETE /users/{user_id}`; documentation: "Users", delete a user; not in the OpenAPI."""
        self._http.delete(path_of(USER, user_id=user_id))

    def fetch_users(self, user_ids: Sequence[str]) -> list[dict[str, Any]]:
        """`POST /users/fetch`; documentation: "Users", retrieve users in bulk, at most 100; not in the OpenAPI.

        The users there are, in no certain order; raises `Refused` for more ids than that.
        """
        if not 1 <= len(user_ids) <= MOST_FETCHED:
            raise Refused(f"1 to {MOST_FETCHED} users can be fetched at once, and {len(user_ids)} were asked for")
        answer = self._http.post("/users/fetch", {"ids": list(user_ids)})
        return self._entries(clean(answer.data), "users", "/users/fetch")

    def user_conversations(self, user_id: str) -> Iterator[dict[str, Any]]:
        """`GET /users/{user_id}/conversations`; documentation: "Users", a user's conversations. All pages."""
        return self._pages(f"{path_of(USER, user_id=user_id)}/conversations", {}, "conversations")

    # --------------------------------------------------------------------------- channels, groups, files, account

    def channels(self) -> Iterator[dict[str, Any]]:
        """`GET /channels`; documentation: "Channels", list all channels. All pages."""
        return self._pages("/channels", {"page": 1, "items_per_page": PAGE_SIZE}, "channels")

    def channel(self, channel_id: str) -> dict[str, Any]:
        """`GET /channels/{channel_id}`; documentation: "Channels", retrieve a channel."""
        return object_of(self._http.get(f"/channels/{segment(channel_id)}"), "channel")

    def groups(self) -> Iterator[dict[str, Any]]:
        """`GET /groups`; documentation: "Groups", list all groups. All pages."""
        return self._pages("/groups", {"page": 1, "items_per_page": PAGE_SIZE}, "groups")

    def group(self, group_id: str) -> dict[str, Any]:
        """`GET /groups/{group_id}`; documentation: "Groups", retrieve a group."""
        return object_of(self._http.get(f"/groups/{segment(group_id)}"), "group")

    def upload_file(self, name: str, content: bytes, content_type: str = "application/octet-stream") -> dict[str, Any]:
        """`POST /files/upload`; documentation: "Files", upload a file of at most 25 MB; not in the OpenAPI.

        Returns file_name, file_size, file_content_type and file_hash, by which a message part refers to it.
        """
        return object_of(self._http.post("/files/upload", files=_form("file", name, content, content_type)), "file")

    def upload_image(self, name: str, content: bytes, content_type: str) -> dict[str, Any]:
        """`POST /images/upload`; documentation: "Images", upload an image; not in the OpenAPI. Returns its `url`."""
        return object_of(self._http.post("/images/upload", files=_form("image", name, content, content_type)), "image")

    def account_configuration(self) -> dict[str, Any]:
        """`GET /accounts/configuration`; documentation: "Account", configuration. Not every account offers it."""
        return object_of(self._http.get("/accounts/configuration"), "account")


def _checked(value: str, known: Sequence[str], name: str) -> str:
    if value not in known:
        raise Refused(f"{name} must be one of {', '.join(known)}, and is {value!r}")
    return value


def _page_size(items: int) -> int:
    if not 1 <= items <= PAGE_SIZE:
        raise Refused(f"items_per_page must be 1 to {PAGE_SIZE}, and is {items}")
    return items


def _form(field: str, name: str, content: bytes, content_type: str) -> dict[str, tuple[str, bytes, str]]:
    if not content or len(content) > LARGEST_FILE:
        raise Refused(f"{name} has {len(content)} bytes; a file may have 1 to {LARGEST_FILE}")
    return {field: (name, content, content_type)}
