"""What a test or a person does in the simulated account: write as the customer, work as the agent."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

from core.testing.simulator import Simulator
from plugins.freshchat.simulator_account import Account
from plugins.freshchat.simulator_state import Actor, Agent, Channel, Conversation, Group, Message, Part, User, as_parts

Name = str
NamedFile = tuple[Name, bytes]
"""A file's name, whose suffix gives its type, and its content."""


class Driving(Simulator):
    """The methods of `FreshchatSimulator` that act as people do; all are safe to call from any thread.

    Conversations, users and agents are the live objects: their attributes show the present state.
    """

    account: Account
    web: Channel

    @abc.abstractmethod
    def stored_part(self, kind: str, name: str, data: bytes) -> Part:
        """Store a file and give the part that shows it."""

    @abc.abstractmethod
    def made_up_name(self) -> str:
        """The first name of a visitor who told none."""

    # ------------------------------------------------------------------------------------------- the account

    @property
    def agents(self) -> list[Agent]:
        """All agents, the deleted and deactivated too."""
        return list(self.account.agents.values())

    def add_agent(
        self, email: str, name: str = "", *, deactivated: bool = False, availability: str = "AVAILABLE"
    ) -> Agent:
        """A new agent."""
        first_name, _, last_name = (name or email.partition("@")[0].title()).partition(" ")
        return self.account.add_agent(
            email, first_name, last_name, is_deactivated=deactivated, availability_status=availability
        )

    def auto_assign(self, agent: Agent | None) -> None:
        """Give each new conversation to this agent from now on; None switches it off."""
        self.account.auto_assign = agent

    def on_unassign_give_to(self, agent: Agent | None) -> None:
        """Let automatic assignment give a conversation to this agent as soon as somebody unassigns it."""
        self.account.unassign_gives_to = agent

    def conversation(self, conversation_id: str) -> Conversation:
        """The conversation with this id. Raises `KeyError`."""
        return self.account.conversations[conversation_id]

    @property
    def conversations(self) -> list[Conversation]:
        """All conversations, oldest first."""
        with self.lock:
            return list(self.account.conversations.values())

    def thread(self, conversation: Conversation | str) -> list[Message]:
        """The messages of a conversation, oldest first, private notes among them."""
        with self.lock:
            return list(self._conversation(conversation).messages)

    def assignee(self, conversation: Conversation | str) -> Agent | None:
        """The agent to whom a conversation is assigned now."""
        return self.account.agents.get(self._conversation(conversation).assigned_agent_id)

    # ------------------------------------------------------------------------------------------- the customer

    def customer(self, email: str | None = None, name: str | None = None, **more: Any) -> User:
        """A new customer; without `name` one with a made-up name, as visitors have. Two may share an e-mail."""
        first_name, _, last_name = (name or self.made_up_name()).partition(" ")
        return self.account.add_user(first_name, last_name, email=email, **more)

    def customer_writes(
        self,
        user: User,
        text: str = "",
        *,
        conversation: Conversation | str | None = None,
        channel: Channel | None = None,
        image: NamedFile | None = None,
        file: NamedFile | None = None,
        parts: Sequence[Part] = (),
        new: bool = False,
    ) -> Conversation:
        """Write as a customer; returns the conversation.

        Without `conversation` it is their latest in the channel (by default the web one), reopened if it was
        resolved; with `new`, or if they have none, a new one.
        """
        with self.lock:
            place = channel or self.web
            known = self.account.latest(user, place) if conversation is None else self._conversation(conversation)
            found = None if new else known
            target = found or self.account.open(user, place, user.actor)
            self.account.post(target, user.actor, self._parts(target, text, image, file, parts))
            if found is None:
                self.account.begun(target)
            return target

    # ----------------------------------------------------------------------------------------------- the agent

    def agent_writes(
        self,
        conversation: Conversation | str,
        agent: Agent,
        text: str = "",
        *,
        private: bool = False,
        image: NamedFile | None = None,
        file: NamedFile | None = None,
    ) -> Message:
        """Write as an agent, to the customer or as a private note."""
        target = self._conversation(conversation)
        parts = self._parts(target, text, image, file, ())
        return self.account.post(target, agent.actor, parts, kind="private" if private else "normal")

    def agent_assigns(
        self,
        conversation: Conversation | str,
        to_agent: Agent | None = None,
        *,
        to_group: Group | None = None,
        by: Agent | None = None,
    ) -> None:
        """Assign to an agent, or to nobody; `by` is who does it, by default the one who gets it."""
        self.account.assign(
            self._conversation(conversation),
            self._by(by or to_agent),
            agent_id=to_agent.id if to_agent else "",
            group_id=to_group.id if to_group else None,
        )

    def agent_resolves(self, conversation: Conversation | str, by: Agent | None = None) -> None:
        """Resolve as an agent, by default the assignee."""
        target = self._conversation(conversation)
        self.account.resolve(target, self._by(by or self.assignee(target)))

    def agent_reopens(self, conversation: Conversation | str, by: Agent | None = None) -> None:
        """Reopen as an agent, by default the assignee."""
        target = self._conversation(conversation)
        self.account.reopen(target, self._by(by or self.assignee(target)))

    def agent_closes(
        self, conversation: Conversation | str, spelling: str = "conversation_close", by: Agent | None = None
    ) -> None:
        """Close as an agent, told under an event name that the vendor's reference does not know."""
        target = self._conversation(conversation)
        self.account.close(target, self._by(by or self.assignee(target)), spelling)

    # --------------------------------------------------------------------------------------------- the others

    def bot_writes(self, conversation: Conversation | str, text: str, *, private: bool = False) -> Message:
        """Write as one of the account's own bots."""
        target, kind = self._conversation(conversation), "private" if private else "normal"
        return self.account.post(target, self.account.bot, as_parts(target.channel, text), kind=kind, source="api")

    def system_writes(self, conversation: Conversation | str, text: str) -> Message:
        """Write what Freshchat itself writes into threads: that somebody joined, a survey, an absence message."""
        parts: list[Part] = [{"text": {"content": text}}]
        target = self._conversation(conversation)
        return self.account.post(target, self.account.system, parts, kind="system", source="system")

    # ------------------------------------------------------------------------------------------------ inside

    def _conversation(self, conversation: Conversation | str) -> Conversation:
        return self.conversation(conversation) if isinstance(conversation, str) else conversation

    def _by(self, agent: Agent | None) -> Actor:
        return agent.actor if agent else self.account.system

    def _parts(
        self, target: Conversation, text: str, image: NamedFile | None, file: NamedFile | None, parts: Sequence[Part]
    ) -> list[Part]:
        written = as_parts(target.channel, text) if text else []
        for kind, named in (("image", image), ("file", file)):
            if named is not None:
                written.append(self.stored_part(kind, *named))
        return [*written, *parts]
