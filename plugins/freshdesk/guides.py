"""What a person must click in Freshdesk so that events arrive, and what to delete there at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from plugins.freshdesk.webhook import CREATED, SECRET_HEADER, UPDATED

CREATION_CONTENT = f'{{"event":"{CREATED}","ticket_id":"{{{{ticket.id}}}}"}}'
UPDATE_CONTENT = f'{{"event":"{UPDATED}","ticket_id":"{{{{ticket.id}}}}","triggered_event":"{{{{triggered_event}}}}"}}'
"""What the two rules send. The quotation marks around each placeholder belong to it: the vendor pastes text in."""


def setup(settings: Mapping[str, Any], webhook_url: str) -> str:
    """Numbered lines of plain text, with the address and the contents to paste; the secret is not among them."""
    steps = [
        "In Freshdesk, make an agent for the AI alone, with the role Administrator (Admin > Agents). Customers see "
        "its name, and what a person writes as the same agent is taken for the AI's.",
        "Sign in as that agent, open Profile settings from the picture at the top right, have the API key shown, and "
        "put it into this connection's setting api_key.",
        'Rule 1: Admin > Workflows > Automations > "Ticket Creation", new rule. Condition: Source is any. '
        + _action(settings, webhook_url, CREATION_CONTENT)
        + "\n   If there are other rules for new tickets, have all matching rules executed, or put this one first.",
        'Rule 2: the same under "Ticket Updates". Performed by: agent or requester. Events: Reply is sent; Note is '
        "added (any); Status, Agent and Group are changed (from any to any). "
        + _action(settings, webhook_url, UPDATE_CONTENT)
        + "\n   The address is a secret: whoever has it can send events. The content Simple works too, with Ticket ID "
        "ticked.",
    ]
    marker = str(settings["marker_field"])
    if marker:
        steps.append(
            f'Admin > Workflows > Ticket Fields: add a Checkbox labelled "{label_of(marker)}"; its API name must '
            f"be {marker}. It is ticked when the AI hands a ticket over, so that rules of yours can route by it."
        )
    steps += [
        "Verify this connection once more, then write a ticket as a customer. It appears here within a few seconds.",
        "Should a rule fail or its webhook come late: changes are also looked for here, so that nothing is lost.",
    ]
    return _numbered(steps)


def _action(settings: Mapping[str, Any], webhook_url: str, content: str) -> str:
    header = f"custom header {SECRET_HEADER} with the value of webhook_secret; " if settings["webhook_secret"] else ""
    return (
        f'Action "Trigger Webhook": request type POST; URL {webhook_url} ; {header}encoding JSON; content Advanced, '
        f"which is to be exactly this:\n   {content}"
    )


def label_of(marker: str) -> str:
    """The label from which Freshdesk makes this API name."""
    return marker.removeprefix("cf_").replace("_", " ")


def farewell(settings: Mapping[str, Any]) -> str:
    """Numbered lines of plain text: what is left over in the account once the connection is cut."""
    steps = [
        "In Freshdesk, delete Rule 1 under Admin > Workflows > Automations > Ticket Creation.",
        "Delete Rule 2 under Ticket Updates. Its address leads nowhere now, and a new connection gets another one.",
        "Reset the AI agent's API key in its profile settings, or deactivate the agent, unless something else uses it.",
        "Reassign the open tickets that are still assigned to the AI's agent.",
    ]
    if settings["marker_field"]:
        steps.append(f"Delete the ticket field {settings['marker_field']} if no rule of yours needs it.")
    return _numbered(steps)


def _numbered(steps: Iterable[str]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
