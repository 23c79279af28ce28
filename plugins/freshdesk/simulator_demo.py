"""Freshdesk's round of the demo: old tickets are imported, and a new one goes from hand to hand until it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core import Secret
from core.testing.demo import Round, Say, Service, Stage, StepFailed
from plugins.freshdesk.simulator import MARKER, FreshdeskSimulator, build
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_state import EMAIL, OPEN, PENDING, RESOLVED, Agent, Entry, Ticket

AGENT, HUMAN = "robin@example.com", "hanna@example.com"
SUBJECT, QUESTION = "My order", "Hello, how long does delivery take?"
REQUEST = "Thanks, but I would like to talk to a human, please."
AGENT_SAYS = "Hi, this is Hanna. I have your order here, and I am looking into it."
FOLLOW_UP = "Thank you, Hanna! And how long does delivery take from here?"
LAST_QUESTION = "Good. And can I pay by PayPal?"
OLD = (
    (9, "Broken lid", "The lid of the jar arrived broken. Can I have another one?", PENDING),
    (5, "Invoice", "Could you send me the invoice of my order once more?", OPEN),
    (2, "Gift wrapping", "Do you wrap presents?", OPEN),
    (20, "Thank you", "The parcel is here, thank you!", RESOLVED),
)
"""What waits in the account before it is connected: days ago, subject, text and status."""


class TicketStage(Stage):
    """The account, the AI's agent, a human one, a customer, the old tickets, and the new one once it is opened."""

    def __init__(self, sim: FreshdeskSimulator, service: Service, say: Say) -> None:
        super().__init__(sim, sim.webhooks, service, say)
        self.sim = sim
        agents = {agent.email: agent for agent in sim.agents}
        self.ai, self.human = agents[AGENT], agents[HUMAN]
        [self.support] = sim.account.groups.values()
        self.customer = sim.customer("grace@example.com", "Grace Customer")
        self.old = sim.tickets
        self.opened: Ticket | None = None

    @property
    def ticket(self) -> Ticket:
        if self.opened is None:
            raise StepFailed("expected: the customer has written\nseen:     no ticket")
        return self.opened

    @property
    def waiting(self) -> list[Ticket]:
        """The old tickets that are not resolved."""
        return [one for one in self.old if one.status != RESOLVED]

    def entries(self, author: Agent, *, private: bool = False) -> list[Entry]:
        """The public replies or the private notes that an agent has written in the new ticket."""
        entries = self.sim.thread(self.opened) if self.opened else []
        return [one for one in entries if one.user_id == author.id and one.private == private]

    def spoken(self) -> int:
        return len(self.entries(self.ai))

    def old_untouched(self) -> bool:
        """Whether the AI has written nothing in any of the old tickets."""
        return not any(entry.user_id == self.ai.id for one in self.old for entry in self.sim.thread(one))

    def seen(self) -> list[str]:
        known = sum(self.service.knows(str(one.id)) for one in self.waiting)
        lines = [f"{known} of {len(self.waiting)} old tickets imported"]
        if self.opened is None:
            return [*lines, "no new ticket"]
        assignee, group = self.sim.assignee(self.opened), self.sim.account.groups.get(self.opened.group_id or 0)
        lines.append(
            f"status {self.opened.status}, assigned to {assignee.email if assignee else 'nobody'}, "
            f"group {group.name if group else 'none'}, tags {self.opened.tags}, fields {self.opened.custom_fields}"
        )
        return lines + [
            f"{one.user_id} ({'private' if one.private else 'public'}): {one.text}"
            for one in self.sim.thread(self.opened)
        ]


def old_tickets_imported(stage: TicketStage) -> None:
    """What waited in the account when it was connected is in the inbox, and nobody is answered because of it."""
    stage.say(f"   waiting in the account: {', '.join(one.subject for one in stage.waiting)}")
    stage.expect(
        ("the import has come to its end", lambda: stage.service.imported()),
        ("every open and pending ticket is there", lambda: all(stage.service.knows(str(t.id)) for t in stage.waiting)),
        ("the resolved one is left out", lambda: not all(stage.service.knows(str(one.id)) for one in stage.old)),
        ("none of them is answered", lambda: stage.old_untouched()),
    )


def ticket_answered(stage: TicketStage) -> None:
    """A new ticket by mail is answered as the AI's agent, and tagged."""
    stage.tell("customer", f"{SUBJECT}: {QUESTION}")
    stage.opened = stage.sim.customer_opens(stage.customer, SUBJECT, QUESTION, source=EMAIL)
    stage.expect(
        ("the AI replies in the ticket", lambda: stage.entries(stage.ai)),
        ("the ticket is assigned to the AI's agent", lambda: stage.sim.assignee(stage.ticket) is stage.ai),
        ("it bears the tag opencx", lambda: "opencx" in stage.ticket.tags),
    )
    stage.answers = stage.spoken()
    stage.tell("AI", stage.entries(stage.ai)[0].text)


def human_asked_for(stage: TicketStage) -> None:
    """The customer asks for a person: a private note, the group of people, and the tick that rules may look at."""
    stage.tell("customer", REQUEST)
    stage.sim.customer_writes(stage.ticket, REQUEST)
    stage.expect(
        ("a private note tells the agents why", lambda: stage.entries(stage.ai, private=True)),
        (
            "the ticket is the group's, and nobody's in it",
            lambda: stage.ticket.group_id == stage.support.id and stage.sim.assignee(stage.ticket) is None,
        ),
        ("it is marked as handed off", lambda: stage.ticket.custom_fields[MARKER]),
        ("the AI has said nothing more", lambda: stage.is_silent()),
    )
    stage.tell("private note", stage.entries(stage.ai, private=True)[0].text)


def agent_answers(stage: TicketStage) -> None:
    """A human agent takes the ticket and answers; the AI leaves even a question it knows to the human."""
    stage.sim.agent_assigns(stage.ticket, stage.human)
    stage.tell("agent", AGENT_SAYS)
    stage.sim.agent_replies(stage.ticket, stage.human, AGENT_SAYS)
    stage.tell("customer", FOLLOW_UP)
    stage.sim.customer_writes(stage.ticket, FOLLOW_UP)
    stage.expect(
        ("the agent's reply is in the ticket", lambda: stage.entries(stage.human)),
        ("the service has taken every webhook", lambda: stage.all_taken()),
    )
    stage.listen()
    stage.expect(("the AI stays silent", lambda: stage.is_silent()))


def given_back(stage: TicketStage) -> None:
    """The agent gives the ticket back to the AI, which answers the customer's next message."""
    stage.say("   agent assigns the ticket to the AI's agent")
    stage.sim.agent_assigns(stage.ticket, stage.ai, by=stage.human)
    stage.expect(("the mark is taken away", lambda: not stage.ticket.custom_fields[MARKER]))
    stage.tell("customer", LAST_QUESTION)
    stage.sim.customer_writes(stage.ticket, LAST_QUESTION)
    stage.expect(("the AI answers again", lambda: stage.spoken() > stage.answers))
    stage.tell("AI", stage.entries(stage.ai)[-1].text)
    stage.answers = stage.spoken()


def agent_resolves(stage: TicketStage) -> None:
    """The agent resolves the ticket, and both sides are closed."""
    stage.say("   agent resolves the ticket")
    stage.sim.agent_resolves(stage.ticket, stage.human)
    stage.expect(
        ("the ticket is resolved in Freshdesk", lambda: stage.ticket.status == RESOLVED),
        ("the session is closed in Relaydesk", lambda: stage.service.closed(str(stage.ticket.id))),
        ("the old tickets are still not answered", lambda: stage.old_untouched()),
    )


def account(**options: Any) -> FreshdeskSimulator:
    """The account with what waits in it, not started yet."""
    sim = build(agent_email=AGENT, human_email=HUMAN, **options)
    now, linus = sim.clock.now(), sim.customer("linus@example.com", "Linus Longtime")
    said = timedelta(hours=3)
    sim.fill(
        Filed(linus, subject, text, now - timedelta(days=days), now - timedelta(days=days) + said, status=status)
        for days, subject, text, status in OLD
    )
    return sim


def settings(sim: FreshdeskSimulator) -> Mapping[str, Any]:
    """How the service reaches it."""
    [support] = sim.account.groups
    return {"api_url": sim.api_url, "api_key": Secret(sim.api_key or ""), "handoff_group_id": str(support)}


ROUND = Round(
    "Freshdesk",
    account,
    settings,
    TicketStage,
    (
        ("Tickets that waited are imported, and not answered", old_tickets_imported),
        ("A customer opens a ticket, the AI answers", ticket_answered),
        ("The customer asks for a human, the AI hands the ticket over", human_asked_for),
        ("A human agent answers, the AI is silent", agent_answers),
        ("The ticket is given back, the AI answers the next message", given_back),
        ("The agent resolves the ticket, both sides close", agent_resolves),
    ),
)
