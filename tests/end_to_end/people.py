"""What people do at either vendor, in the same words: customers, and an agent who is no AI."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.worlds import World


class Chats:
    """What people do at Freshchat. `changing` is what the vendor is told by whose it is, `speaking` by what is said."""

    changing, speaking = "update_conversation", "send_message"

    def __init__(self, world: World) -> None:
        self.world = world
        self.sim: Any = world.sim

    @property
    def connector(self) -> Any:
        """The class of the vendor's connector."""
        return type(self.world.connections.connector(self.world.connections.named("support")))

    def opens(self, text: str) -> Any:
        customer = self.sim.customer(f"{text}@example.com", text)
        return self.sim.customer_writes(customer, text)

    def writes(self, conversation: Any, text: str) -> None:
        self.sim.customer_writes(conversation.user, text, conversation=conversation)

    def replies(self, conversation: Any, text: str) -> None:
        self.sim.agent_writes(conversation, self.world.human, text)

    def notes(self, conversation: Any, text: str) -> None:
        self.sim.agent_writes(conversation, self.world.human, text, private=True)

    def assigns(self, conversation: Any, agent: Any) -> None:
        self.sim.agent_assigns(conversation, agent, by=self.world.human)

    def resolves(self, conversation: Any) -> None:
        self.sim.agent_resolves(conversation, by=self.world.human)

    def reopens(self, conversation: Any) -> None:
        self.sim.agent_reopens(conversation, by=self.world.human)

    def resolved(self, conversation: Any) -> bool:
        return bool(conversation.resolved)

    def assignee(self, conversation: Any) -> str:
        """Whose it is at the vendor: ai, human or nobody."""
        who = {self.world.ai.id: "ai", self.world.human.id: "human"}
        agent = self.sim.assignee(conversation)
        return who[agent.id] if agent else "nobody"


class Tickets(Chats):
    """What people do at Freshdesk."""

    changing, speaking = "update_ticket", "reply_to_ticket"

    def opens(self, text: str) -> Any:
        return self.sim.customer_opens(self.sim.customer(f"{text}@example.com", text), text, text)

    def writes(self, conversation: Any, text: str) -> None:
        self.sim.customer_writes(conversation, text)

    def replies(self, conversation: Any, text: str) -> None:
        self.sim.agent_replies(conversation, self.world.human, text)

    def notes(self, conversation: Any, text: str) -> None:
        self.sim.agent_notes(conversation, self.world.human, text)

    def assigns(self, conversation: Any, agent: Any) -> None:
        self.sim.agent_assigns(conversation, agent, by=self.world.human)

    def resolves(self, conversation: Any) -> None:
        self.sim.agent_resolves(conversation, self.world.human)

    def reopens(self, conversation: Any) -> None:
        self.sim.agent_sets(conversation, self.world.human, status=2)

    def resolved(self, conversation: Any) -> bool:
        return conversation.status in (4, 5)
