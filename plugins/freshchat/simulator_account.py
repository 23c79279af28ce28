"""What can happen in the simulated Freshchat account, and the webhooks that each happening causes."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from core.clock import Clock
from plugins.freshchat import simulator_webhooks as payloads
from plugins.freshchat.simulator_state import (
    Actor,
    Agent,
    Channel,
    Conversation,
    Group,
    Message,
    Part,
    Quirks,
    StoredFile,
    User,
    stamp,
)

Emit = Callable[[str, Mapping[str, Any]], None]


class Account:
    """All of one account's data, in memory.

    Every change is made under `lock` and causes its webhooks, by `emit(action, payload)`, before it returns.
    `auto_assign` is the agent who gets each new conversation, `unassign_gives_to` the one whom automatic
    assignment picks as soon as a conversation is unassigned.
    """

    def __init__(self, clock: Clock, lock: AbstractContextManager[Any], emit: Emit, quirks: Quirks) -> None:
        self.clock = clock
        self.lock = lock
        self.quirks = quirks
        self.app_id = str(uuid.uuid4())
        self.account_id = str(secrets.randbelow(10**15))
        self.agents: dict[str, Agent] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, Group] = {}
        self.conversations: dict[str, Conversation] = {}
        self.files: dict[str, StoredFile] = {}
        self.auto_assign: Agent | None = None
        self.unassign_gives_to: Agent | None = None
        self._emit = emit
        self._internal_ids = itertools.count(515435468500047)
        self.system = self.add_user("System", system=True).actor
        self.bot = Actor("bot", str(uuid.uuid4()))

    # ------------------------------------------------------------------------------- people and places

    def add_agent(self, email: str, first_name: str, last_name: str = "", **more: Any) -> Agent:
        """A new agent; `more` are further fields of `Agent`."""
        with self.lock:
            agent = Agent(str(uuid.uuid4()), email, first_name, last_name, self.clock.now(), **more)
            self.agents[agent.id] = agent
            return agent

    def add_user(self, first_name: str, last_name: str = "", **more: Any) -> User:
        """A new customer; `more` are further fields of `User`."""
        with self.lock:
            now = self.clock.now()
            user = User(str(uuid.uuid4()), first_name, last_name, now, now, **more)
            self.users[user.id] = user
            return user

    def add_channel(self, name: str, kind: str = "web") -> Channel:
        """A new channel; `kind` is "web" or "email"."""
        with self.lock:
            channel = Channel(str(uuid.uuid4()), name, kind, self.clock.now())
            self.channels[channel.id] = channel
            return channel

    def add_group(self, name: str) -> Group:
        """A new group of agents, with nobody in it."""
        with self.lock:
            group = Group(str(uuid.uuid4()), name)
            self.groups[group.id] = group
            return group

    def store(self, name: str, content_type: str, data: bytes) -> StoredFile:
        """Keep an uploaded file under an address that cannot be guessed."""
        with self.lock:
            digest = hashlib.sha256(data).hexdigest()
            file = StoredFile(secrets.token_urlsafe(24), name, content_type, data, digest)
            self.files[file.token] = file
            return file

    # ------------------------------------------------------------------------------------ conversations

    def latest(self, user: User, channel: Channel) -> Conversation | None:
        """The customer's newest conversation in a channel."""
        with self.lock:
            own = [one for one in self.conversations.values() if one.user is user and one.channel == channel]
            return own[-1] if own else None

    def open(self, user: User, channel: Channel, created_by: Actor) -> Conversation:
        """A new conversation without any message; nothing is told of it until the first one."""
        with self.lock:
            now, internal_id = self.clock.now(), next(self._internal_ids)
            conversation = Conversation(
                id=str(uuid.uuid4()),
                internal_id=internal_id,
                channel=channel,
                user=user,
                created_time=now,
                updated_time=now,
                interaction_id=self._interaction(internal_id),
                created_by=created_by.id,
            )
            self.conversations[conversation.id] = conversation
            return conversation

    def begun(self, conversation: Conversation) -> None:
        """The first message was written: automatic assignment may pick it."""
        if self.auto_assign is not None and not conversation.assigned_agent_id:
            self.assign(conversation, self.system, agent_id=self.auto_assign.id)

    def post(
        self,
        conversation: Conversation,
        actor: Actor,
        parts: Sequence[Part],
        *,
        kind: str = "normal",
        source: str = "web",
    ) -> Message:
        """Write a message. A customer's message into a resolved conversation reopens that same conversation first."""
        with self.lock:
            public_reply = actor.type == "agent" and kind == "normal" and self.quirks.agent_post_reopens
            if conversation.resolved and (actor.type == "user" or public_reply):
                self.reopen(conversation, actor)
            message = Message(
                id=str(uuid.uuid4()),
                actor_type=actor.type,
                actor_id=actor.id,
                message_type=kind,
                message_source=source,
                parts=tuple(parts),
                created_time=self._touch(conversation),
                interaction_id=conversation.interaction_id,
            )
            conversation.messages.append(message)
            if kind != "private" or self.quirks.private_note_webhooks:
                payload = payloads.message_create(self.app_id, conversation, message, self.quirks)
                self._emit("message_create", payload)
            return message

    def assign(
        self, conversation: Conversation, actor: Actor, *, agent_id: str | None = None, group_id: str | None = None
    ) -> None:
        """Give the conversation to an agent or group; "" takes it from them, None leaves that as it is.

        Nothing happens if it is theirs already.
        """
        with self.lock:
            before = (conversation.assigned_agent_id, conversation.assigned_group_id)
            after = (before[0] if agent_id is None else agent_id, before[1] if group_id is None else group_id)
            if conversation.resolved and agent_id:
                self.reopen(conversation, actor)
            if agent_id is not None:
                conversation.status = "assigned" if agent_id else "new"
            if before == after:
                return
            conversation.assigned_agent_id, conversation.assigned_group_id = after
            at = self._touch(conversation)
            payload = payloads.conversation_assignment(self.app_id, conversation, actor, at, before)
            self._emit("conversation_assignment", payload)
            self._system_message(conversation, f"Assigned to {self._agent_name(after[0])}")
            if before[0] and not after[0] and self.unassign_gives_to is not None:
                self.assign(conversation, self.system, agent_id=self.unassign_gives_to.id)

    def resolve(self, conversation: Conversation, actor: Actor, *, with_user: bool = True) -> None:
        """Resolve, unless it is resolved already; whom it is assigned to stays."""
        with self.lock:
            if conversation.resolved:
                return
            conversation.status = "resolved"
            at, user = self._touch(conversation), conversation.user if with_user else None
            payload = payloads.conversation_resolution(self.app_id, conversation, actor, at, user=user)
            self._emit("conversation_resolution", payload)
            self._system_message(conversation, "Resolved the conversation")

    def reopen(self, conversation: Conversation, actor: Actor, status: str = "") -> None:
        """Open a resolved conversation again, under a new interaction id; nothing happens if it is open."""
        with self.lock:
            if not conversation.resolved:
                return
            conversation.status = status or self.quirks.reopen_status
            conversation.interaction_id = self._interaction(conversation.internal_id)
            at = self._touch(conversation)
            payload = payloads.conversation_reopen(self.app_id, conversation, actor, at)
            # The webhook says "reopened" even where the conversation itself is given the status "new" by API.
            payload["data"]["reopen"]["conversation"]["status"] = self.quirks.reopen_status
            self._emit("conversation_reopen", payload)

    def close(self, conversation: Conversation, actor: Actor, spelling: str) -> None:
        """Resolve it, and tell it under another event name instead."""
        with self.lock:
            conversation.status = "resolved"
            at = self._touch(conversation)
            payload = payloads.conversation_resolution(self.app_id, conversation, actor, at, action=spelling)
            self._emit(spelling, payload)

    def set_status(self, conversation: Conversation, status: str) -> None:
        """One of the statuses that no webhook tells of."""
        with self.lock:
            conversation.status = status
            self._touch(conversation)

    # --------------------------------------------------------------------------------- as the API shows it

    def shown(self, conversation: Conversation, url: str) -> dict[str, Any]:
        """A conversation as GET /conversations/{id} gives it: no messages, no users."""
        shown: dict[str, Any] = {
            "conversation_id": conversation.id,
            "conversation_internal_id": conversation.internal_id,
            "app_id": self.app_id,
            "status": conversation.status,
            "channel_id": conversation.channel.id,
            "skill_id": 0,
            "properties": dict(conversation.properties),
            "url": url,
            "user_id": conversation.user.id,
            "org_contact_id": conversation.user.id,
            "created_time": stamp(conversation.created_time),
            "updated_time": stamp(conversation.updated_time),
            "created_by": conversation.created_by,
        }
        if conversation.assigned_agent_id or self.quirks.blank_assignee:
            shown["assigned_agent_id"] = shown["assigned_org_agent_id"] = conversation.assigned_agent_id
        if conversation.assigned_group_id or self.quirks.blank_assignee:
            shown["assigned_group_id"] = conversation.assigned_group_id
        return shown

    def visible(self, conversation: Conversation) -> list[Message]:
        """The messages that the list shows by now, newest first."""
        with self.lock:
            latest = self.clock.now() - timedelta(seconds=self.quirks.read_lag)
            return [message for message in reversed(conversation.messages) if message.created_time <= latest]

    # ---------------------------------------------------------------------------------------------- inside

    def _touch(self, conversation: Conversation) -> datetime:
        conversation.updated_time = self.clock.now()
        return conversation.updated_time

    def _interaction(self, internal_id: int) -> str:
        return f"{internal_id}-{int(self.clock.now().timestamp() * 1000)}"

    def _agent_name(self, agent_id: str) -> str:
        agent = self.agents.get(agent_id)
        return agent.name if agent else "nobody"

    def _system_message(self, conversation: Conversation, text: str) -> None:
        if self.quirks.system_messages:
            self.post(conversation, self.system, [{"text": {"content": text}}], kind="system", source="system")
