"""What the simulated Freshchat account holds: agents, customers, conversations, messages and files, as it shows them.

The shapes are those observed in live answers, which differ here and there from the published OpenAPI.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Part = Mapping[str, Any]
"""One part of a message: an object with a single key that says its kind, such as ``{"text": {"content": "Hello"}}``."""

STATUSES = ("new", "assigned", "resolved", "reopened", "waiting on customer", "waiting on internal team")
AVAILABILITY = ("AVAILABLE", "UNAVAILABLE", "AWAY", "BUSY")


@dataclass
class Quirks:
    """How this account behaves where live accounts differ, or where nobody knows; every default is the likeliest."""

    payload_shape: str = "2021"
    """Webhook messages as of 2018 (`msg_parts`), 2019 (no user_id), 2021, or 2022 (message_type may be missing)."""
    private_note_webhooks: bool = True
    attachments_pending: bool = False
    """Webhooks come before a file was scanned: its part has no url yet, unlike in the list of messages."""
    system_messages: bool = False
    """Assignments and resolutions also write a system message into the thread."""
    api_actor: str = "agent"
    """Who stands in the webhooks of changes made by API: the token's owner ("agent") or "system"."""
    blank_assignee: bool = False
    """An unassigned conversation shows `assigned_agent_id` as "" instead of leaving it out."""
    reopen_status: str = "reopened"
    """The status of a reopened conversation; 2018 accounts say "reopen"."""
    agent_post_reopens: bool = False
    """A public agent message into a resolved conversation reopens it."""
    one_open_conversation: bool = False
    """Creating a conversation gives back the open one of the same user and channel."""
    duplicate_email: str = "allow"
    """A second user with the same e-mail is created ("allow"), or answered 409 ("refuse") or 400 ("reject").

    The OpenAPI has no 409: in the documented dialect both are answered 400.
    """
    link_on_last_page: bool = False
    """The last page of messages also has a link, to an empty page."""
    absolute_links: bool = False
    """Lists link to their next page by full URL instead of a path."""
    created_status: int = 200
    """What a successful POST answers: 200 or 201."""
    empty_update_body: bool = False
    """A successful PUT answers with an empty body."""
    read_lag: float = 0.0
    """Seconds before a message shows in the list of messages."""
    patch_works: bool = False
    """PATCH is taken like PUT for conversations; otherwise it is answered 405."""


@dataclass(frozen=True)
class Actor:
    """Who did something: `type` is user, agent, system or bot."""

    type: str
    id: str


@dataclass
class Agent:
    id: str
    email: str
    first_name: str
    last_name: str
    created_time: datetime
    is_deactivated: bool = False
    is_deleted: bool = False
    availability_status: str = "AVAILABLE"
    groups: list[str] = field(default_factory=list)
    role: str = "AGENT"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def actor(self) -> Actor:
        return Actor("agent", self.id)

    def shown(self) -> dict[str, Any]:
        """As GET /agents/{id} gives it; `availability_status`, not the OpenAPI's `availability`."""
        return {
            "id": self.id,
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "avatar": {},
            "biography": "",
            "groups": list(self.groups),
            "role_id": self.role,
            "role_name": self.role.replace("_", " ").title(),
            "is_deactivated": self.is_deactivated,
            "is_deleted": self.is_deleted,
            "availability_status": self.availability_status,
            "agent_status": {"name": self.availability_status.title()},
            "login_status": self.availability_status == "AVAILABLE",
            "routing_type": "MANUAL",
            "agent_capacity": 0,
            "locale": "en-us",
            "timezone": "Europe/Berlin",
            "license_type": "fulltime",
            "created_time": stamp(self.created_time),
        }


@dataclass
class User:
    """A customer; `email` is None until they give one."""

    id: str
    first_name: str
    last_name: str
    created_time: datetime
    updated_time: datetime
    email: str | None = None
    phone: str | None = None
    reference_id: str | None = None
    properties: list[dict[str, str]] = field(default_factory=list)
    system: bool = False

    @property
    def actor(self) -> Actor:
        return Actor("system" if self.system else "user", self.id)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def shown(self) -> dict[str, Any]:
        """As GET /users/{id} gives it: what is unknown is left out."""
        known = {"email": self.email, "phone": self.phone, "reference_id": self.reference_id}
        return {
            "id": self.id,
            **{key: value for key, value in known.items() if value},
            "first_name": self.first_name,
            "last_name": self.last_name,
            "avatar": {},
            "properties": list(self.properties),
            "created_time": stamp(self.created_time),
            "updated_time": stamp(self.updated_time),
            "login_status": False,
        }


@dataclass(frozen=True)
class Channel:
    """`kind` is "web", or "email" where only e-mail parts are taken."""

    id: str
    name: str
    kind: str
    updated_time: datetime

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "icon": {},
            "name": self.name,
            "enabled": True,
            "public": True,
            "locale": "en",
            "tags": [],
            "source": "EMAIL" if self.kind == "email" else "FRESHCHAT",
            "welcome_message": {"message_parts": [{"text": {"content": "Hello! How can we help you?"}}]},
            "updated_time": stamp(self.updated_time),
        }


@dataclass(frozen=True)
class Group:
    id: str
    name: str

    def shown(self, agents: list[str]) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "description": "",
            "routing_type": "INTELLI_ASSIGN",
            "agents": agents,
        }


@dataclass(frozen=True)
class StoredFile:
    """An uploaded file; whoever knows `token` may download it."""

    token: str
    name: str
    content_type: str
    data: bytes
    hash: str


@dataclass(frozen=True)
class Message:
    """One entry of a thread."""

    id: str
    actor_type: str
    actor_id: str
    message_type: str
    message_source: str
    parts: tuple[Part, ...]
    created_time: datetime
    interaction_id: str

    @property
    def text(self) -> str:
        """The text and e-mail parts, in plain text."""
        texts = []
        for part in self.parts:
            if "text" in part:
                texts.append(str(part["text"]["content"]))
            elif "email" in part:
                texts.append(plain_text(str(part["email"]["content"])))
        return "\n".join(texts)

    @property
    def private(self) -> bool:
        return self.message_type == "private"


@dataclass
class Conversation:
    id: str
    internal_id: int
    channel: Channel
    user: User
    created_time: datetime
    updated_time: datetime
    interaction_id: str
    created_by: str
    status: str = "new"
    assigned_agent_id: str = ""
    assigned_group_id: str = ""
    properties: dict[str, Any] = field(default_factory=lambda: {"priority": "Low"})
    messages: list[Message] = field(default_factory=list)

    @property
    def resolved(self) -> bool:
        return self.status == "resolved"


def stamp(moment: datetime) -> str:
    """A moment as Freshchat writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_text(markup: str) -> str:
    """The text of an e-mail part's HTML, without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>|</p>\s*<p>", "\n", markup))).strip()


def as_parts(channel: Channel, text: str) -> list[Part]:
    """A text as the parts that a message in this channel consists of."""
    if channel.kind == "email":
        return [{"email": {"content": f"<p>{html.escape(text).replace(chr(10), '<br>')}</p>"}}]
    return [{"text": {"content": text}}]
