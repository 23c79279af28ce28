"""The two rules by which an operator lets the simulated account tell somebody of its tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote_plus

from plugins.freshdesk.simulator_rules import CREATION, UPDATES, Automations, Event, Rule
from plugins.freshdesk.simulator_webhooks import ADVANCED, SIMPLE, TICKED, Webhook

CONTENTS = ("advanced", "simple", "form", "simple-form")
"""How an operator may have filled in the webhook: typed or ticked, and either of them sent as a form."""
CREATED_RULE, UPDATED_RULE = "Relaydesk: ticket created", "Relaydesk: ticket updated"
EVENTS = (
    Event("reply_sent"),
    Event("note_type"),
    Event("status"),
    Event("responder_id"),
    Event("group_id"),
)
"""Reply is sent, Note is added, and the ticket's status, agent or group is changed."""


class HasAutomations(Protocol):
    """A simulated account, as far as its rules go."""

    automations: Automations


def install_rules(
    sim: HasAutomations,
    url: str,
    content: str = "advanced",
    secret_header: tuple[str, str] | None = None,
    performer: str = "agent_or_requester",
    events: Sequence[Event] = EVENTS,
) -> list[Rule]:
    """Set both rules up, in place of those set up this way before; returns them.

    `content` is one of `CONTENTS`, `secret_header` a name and a value that go with each webhook. Raises
    `ValueError` for a content that does not exist.
    """
    if content not in CONTENTS:
        raise ValueError(f"there is no content {content!r}; there are {', '.join(CONTENTS)}")
    remove_rules(sim)
    headers = dict([secret_header]) if secret_header else {}
    made = [
        Rule(CREATED_RULE, CREATION, [_webhook(url, content, "ticket_created", headers)]),
        Rule(UPDATED_RULE, UPDATES, [_webhook(url, content, "ticket_updated", headers)], performer, events),
    ]
    return [sim.automations.add(rule) for rule in made]


def remove_rules(sim: HasAutomations) -> None:
    """Delete the rules that `install_rules` has made."""
    sim.automations.rules[:] = [rule for rule in sim.automations.rules if rule.name not in (CREATED_RULE, UPDATED_RULE)]


def rules_url(sim: HasAutomations) -> str | None:
    """Where the rules that `install_rules` has made send their webhooks; None if there are none."""
    sent = [
        action.url
        for rule in sim.automations.rules
        for action in rule.actions
        if rule.name in (CREATED_RULE, UPDATED_RULE) and isinstance(action, Webhook)
    ]
    return sent[0] if sent else None


def body_text(event: str) -> str:
    """What is pasted into the advanced content of the rule for this event."""
    return f'{{"event":"{event}","ticket_id":"{{{{ticket.id}}}}","triggered_event":"{{{{triggered_event}}}}"}}'


def _webhook(url: str, content: str, event: str, headers: dict[str, str]) -> Webhook:
    encoding = "URL ENCODED" if content.endswith("form") else "JSON"
    layout = SIMPLE if content.startswith("simple") else ADVANCED
    form = f"event={quote_plus(event)}&ticket_id={{{{ticket.id}}}}&triggered_event={{{{triggered_event}}}}"
    body = form if encoding == "URL ENCODED" else body_text(event)
    return Webhook(url, encoding=encoding, layout=layout, body=body, ticked=TICKED, headers=headers)
