"""Freshchat's round of the demo: one chat, from the first question to the closing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import Secret
from core.testing.demo import Round, Say, Service, Stage, StepFailed, taken
from plugins.freshchat.simulator import FreshchatSimulator, build
from plugins.freshchat.simulator_state import Agent, Conversation, Message

AGENT, HUMAN = "robin@example.com", "hanna@example.com"
QUESTION = "How long does delivery take?"
REQUEST = "Thanks, but I would like to talk to a human, please."
AGENT_SAYS = "Hi, this is Hanna. I have your order here, and I am looking into it."
FOLLOW_UP = "Thank you, Hanna! And how long does delivery take from here?"


class ChatStage(Stage):
    """The account, the AI's agent, a human one, a customer, and their conversation once it has begun."""

    def __init__(self, sim: FreshchatSimulator, service: Service, say: Say) -> None:
        super().__init__(sim, sim.webhooks, service, say)
        self.sim = sim
        agents = {agent.email: agent for agent in sim.agents}
        self.ai, self.human = agents[AGENT], agents[HUMAN]
        self.customer = sim.customer("ada@example.com", "Ada Customer")
        self.begun: Conversation | None = None

    @property
    def conversation(self) -> Conversation:
        if self.begun is None:
            raise StepFailed("expected: the customer has written\nseen:     no conversation")
        return self.begun

    def messages(self, kind: str, author: Agent) -> list[Message]:
        """The messages of a kind ("normal", "private") that an agent has written."""
        thread = self.sim.thread(self.begun) if self.begun else []
        return [message for message in thread if message.message_type == kind and message.actor_id == author.id]

    def spoken(self) -> int:
        return len(self.messages("normal", self.ai))

    def seen(self) -> list[str]:
        if self.begun is None:
            return ["no conversation"]
        assignee = self.sim.assignee(self.begun)
        lines = [f"status {self.begun.status}, assigned to {assignee.email if assignee else 'nobody'}"]
        return lines + [f"{one.actor_type} ({one.message_type}): {one.text}" for one in self.sim.thread(self.begun)]


def question_answered(stage: ChatStage) -> None:
    """The customer asks, and the AI answers as its designated agent."""
    stage.tell("customer", QUESTION)
    stage.begun = stage.sim.customer_writes(stage.customer, QUESTION)
    stage.expect(
        ("the AI answers in the customer's thread", lambda: stage.messages("normal", stage.ai)),
        ("the conversation is assigned to the AI's agent", lambda: stage.sim.assignee(stage.conversation) is stage.ai),
    )
    stage.answers = stage.spoken()
    stage.tell("AI", stage.messages("normal", stage.ai)[0].text)


def human_asked_for(stage: ChatStage) -> None:
    """The customer asks for a person, and the AI lets go of the conversation with a private note."""
    stage.tell("customer", REQUEST)
    stage.sim.customer_writes(stage.customer, REQUEST, conversation=stage.conversation)
    stage.expect(
        (
            "the conversation is unassigned and new again",
            lambda: stage.sim.assignee(stage.conversation) is None and stage.conversation.status == "new",
        ),
        ("a private note tells the agents why", lambda: stage.messages("private", stage.ai)),
        (
            "the note holds a summary and the sentiment",
            lambda: all(word in stage.messages("private", stage.ai)[0].text for word in ("Summary:", "Sentiment:")),
        ),
        ("the AI has said nothing more", lambda: stage.is_silent()),
    )
    stage.tell("private note", stage.messages("private", stage.ai)[0].text)


def agent_takes_over(stage: ChatStage) -> None:
    """A human agent takes the conversation and answers; the AI leaves even a question it knows to the human."""
    stage.sim.agent_assigns(stage.conversation, stage.human)
    stage.tell("agent", AGENT_SAYS)
    stage.sim.agent_writes(stage.conversation, stage.human, AGENT_SAYS)
    stage.tell("customer", FOLLOW_UP)
    stage.sim.customer_writes(stage.customer, FOLLOW_UP, conversation=stage.conversation)
    stage.expect(
        ("the agent's words are in the thread", lambda: stage.messages("normal", stage.human)),
        ("the service has taken every webhook", lambda: stage.all_taken()),
    )
    stage.listen()
    stage.expect(("the AI stays silent", lambda: stage.is_silent()))


def agent_resolves(stage: ChatStage) -> None:
    """The agent resolves the conversation, and both sides are closed."""
    stage.say("   agent resolves the conversation")
    stage.sim.agent_resolves(stage.conversation, by=stage.human)
    stage.expect(
        ("the conversation is resolved in Freshchat", lambda: stage.conversation.status == "resolved"),
        (
            "the service has taken the webhook that says so",
            lambda: any(map(taken, stage.webhooks.of("conversation_resolution"))),
        ),
        ("the session is closed in Relaydesk", lambda: stage.service.closed(stage.conversation.id)),
    )


def account(**options: Any) -> FreshchatSimulator:
    """The account, not started yet."""
    return build(agent_email=AGENT, human_email=HUMAN, **options)


def settings(sim: FreshchatSimulator) -> Mapping[str, Any]:
    """How the service reaches it."""
    return {
        "api_url": sim.api_url,
        "access_token": Secret(sim.token or ""),
        "default_agent_email": AGENT,
        "public_key": sim.public_key_text(),
    }


ROUND = Round(
    "Freshchat",
    account,
    settings,
    ChatStage,
    (
        ("A customer asks, the AI answers", question_answered),
        ("The customer asks for a human, the AI hands off", human_asked_for),
        ("A human agent takes over, the AI is silent", agent_takes_over),
        ("The agent resolves, both sides close", agent_resolves),
    ),
)
