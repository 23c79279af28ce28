"""The conversation of the demo: what is done at the simulated vendor, and what its record must then show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUESTION = "How long does delivery take?"
REQUEST = "Thanks, but I would like to talk to a human, please."
AGENT_SAYS = "Hi, this is Hanna. I have your order here, and I am looking into it."
FOLLOW_UP = "Thank you, Hanna! And how long does delivery take from here?"
PATIENCE = 15.0
"""Seconds of real time within which each check must come true."""
QUIET = 6.0
"""Seconds of real time in which the AI must not speak: longer than a turn waits for more messages (4 by default)."""

Check = tuple[str, Callable[[], Any]]
"""What must come true, in words, and how the simulator's record tells."""


class StepFailed(Exception):
    """A step of the demo did not happen; the text says what was expected and what was seen."""


@dataclass
class Stage:
    """The simulated account and the people in it; `closed` asks the service whether it has closed the session too."""

    sim: Any
    ai: Any
    human: Any
    customer: Any
    closed: Callable[[str], bool]
    say: Callable[[str], None]
    patience: float = PATIENCE
    quiet: float = QUIET
    conversation: Any = None
    answers: int = 0
    """How often the AI has answered the customer by the end of the first step: it must stay at that."""

    def expect(self, *checks: Check) -> None:
        """Wait until all checks hold; raises `StepFailed` for the first that does not."""
        for words, holds in checks:
            if not self.sim.wait_for(holds, self.patience):
                raise StepFailed(f"expected: {words}\nseen:     {self._seen()}")
            self.say(f"   ok: {words}")

    def messages(self, kind: str, author: Any) -> list[Any]:
        """The messages of a kind ("normal", "private") that an agent has written."""
        thread = self.sim.thread(self.conversation)
        return [message for message in thread if message.message_type == kind and message.actor_id == author.id]

    def ai_is_silent(self) -> bool:
        """Whether the AI has said nothing to the customer since the first step."""
        return len(self.messages("normal", self.ai)) == self.answers

    def listen(self) -> None:
        """Give the AI time to speak where it should not; ends early if it does."""
        self.sim.wait_for(lambda: not self.ai_is_silent(), self.quiet)

    def _seen(self) -> str:
        if self.conversation is None:
            return "no conversation"
        assignee = self.sim.assignee(self.conversation)
        sent = self.sim.webhooks.deliveries
        calls = self.sim.record.calls()
        lines = [
            f"status {self.conversation.status}, assigned to {assignee.email if assignee else 'nobody'}",
            f"{sum(map(_taken, sent))} of {len(sent)} webhooks taken, {len(calls)} calls made",
        ]
        lines += [f"the latest call: {call.method} {call.path} was answered {call.status}" for call in calls[-1:]]
        lines += [f"{one.actor_type} ({one.message_type}): {one.text}" for one in self.sim.thread(self.conversation)]
        return "\n          ".join(lines)


def question_answered(stage: Stage) -> None:
    """The customer asks, and the AI answers as its designated agent."""
    stage.say(f"   customer: {QUESTION}")
    stage.conversation = stage.sim.customer_writes(stage.customer, QUESTION)
    stage.expect(
        ("the AI answers in the customer's thread", lambda: stage.messages("normal", stage.ai)),
        ("the conversation is assigned to the AI's agent", lambda: stage.sim.assignee(stage.conversation) is stage.ai),
    )
    stage.answers = len(stage.messages("normal", stage.ai))
    stage.say("   AI: " + _indented(stage.messages("normal", stage.ai)[0].text))


def human_asked_for(stage: Stage) -> None:
    """The customer asks for a person, and the AI lets go of the conversation with a private note."""
    stage.say(f"   customer: {REQUEST}")
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
        ("the AI has said nothing more", lambda: stage.ai_is_silent()),
    )
    stage.say("   private note: " + _indented(stage.messages("private", stage.ai)[0].text))


def agent_takes_over(stage: Stage) -> None:
    """A human agent takes the conversation and answers; the AI leaves even a question it knows to the human."""
    stage.sim.agent_assigns(stage.conversation, stage.human)
    stage.say(f"   agent: {AGENT_SAYS}")
    stage.sim.agent_writes(stage.conversation, stage.human, AGENT_SAYS)
    stage.say(f"   customer: {FOLLOW_UP}")
    stage.sim.customer_writes(stage.customer, FOLLOW_UP, conversation=stage.conversation)
    stage.expect(
        ("the agent's words are in the thread", lambda: stage.messages("normal", stage.human)),
        ("the service has taken every webhook", lambda: _all_taken(stage)),
    )
    stage.listen()
    stage.expect(("the AI stays silent", lambda: stage.ai_is_silent()))


def agent_resolves(stage: Stage) -> None:
    """The agent resolves the conversation, and both sides are closed."""
    stage.say("   agent resolves the conversation")
    stage.sim.agent_resolves(stage.conversation, by=stage.human)
    stage.expect(
        ("the conversation is resolved in Freshchat", lambda: stage.conversation.status == "resolved"),
        (
            "the service has taken the webhook that says so",
            lambda: any(_taken(one) for one in stage.sim.webhooks.of("conversation_resolution")),
        ),
        ("the session is closed in Relaydesk", lambda: stage.closed(stage.conversation.id)),
    )


STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("A customer asks, the AI answers", question_answered),
    ("The customer asks for a human, the AI hands off", human_asked_for),
    ("A human agent takes over, the AI is silent", agent_takes_over),
    ("The agent resolves, both sides close", agent_resolves),
)


def play(stage: Stage) -> None:
    """Play all steps; raises `StepFailed` naming the step that did not happen."""
    for number, (title, step) in enumerate(STEPS, 1):
        stage.say(f"{number}. {title}")
        try:
            step(stage)
        except StepFailed as failure:
            raise StepFailed(f"step {number} ({title}) did not happen\n{failure}") from None


def _indented(text: str) -> str:
    """A text of several lines, set off from the lines of the demo itself."""
    return "\n".join([line if number == 0 else f"   | {line}".rstrip() for number, line in enumerate(text.split("\n"))])


def _taken(delivery: Any) -> bool:
    return any(attempt.accepted for attempt in delivery.attempts)


def _all_taken(stage: Stage) -> bool:
    return bool(stage.sim.webhooks.deliveries) and all(_taken(one) for one in stage.sim.webhooks.deliveries)
