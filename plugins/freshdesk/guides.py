"""What a person must click in Freshdesk so that events arrive, and what to delete there at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import Copy, Guide, GuideStep
from plugins.freshdesk.webhook import CREATED, SECRET_HEADER, UPDATED

CREATION_CONTENT = f'{{"event":"{CREATED}","ticket_id":"{{{{ticket.id}}}}"}}'
UPDATE_CONTENT = f'{{"event":"{UPDATED}","ticket_id":"{{{{ticket.id}}}}","triggered_event":"{{{{triggered_event}}}}"}}'
"""What the two rules send. The quotation marks around each placeholder belong to it: the vendor pastes text in."""


def setup(settings: Mapping[str, Any], webhook_url: str) -> Guide:
    """The steps to take as an admin; the secret of the header is not among what is to be copied (behaviour 70-72)."""
    address = Copy("URL", webhook_url, secret=True)
    steps = [
        GuideStep(
            "In Freshdesk, make an agent for the AI alone, with the role Administrator (Admin > Agents). Customers see "
            "its name, and what a person writes as the same agent is taken for the AI's."
        ),
        GuideStep(
            "Sign in as that agent, open Profile settings from the picture at the top right, have the API key shown, "
            "and enter it as the API key of this connection."
        ),
        GuideStep(
            'Rule 1: Admin > Workflows > Automations > "Ticket Creation", new rule. Condition: Source is any. '
            f"{_action(settings)} If there are other rules for new tickets, have all matching rules executed, or put "
            "this one first.",
            (address, Copy("Content of Rule 1, Ticket Creation", CREATION_CONTENT)),
        ),
        GuideStep(
            'Rule 2: the same under "Ticket Updates". Performed by: agent or requester. Events: Reply is sent; Note is '
            f"added (any); Status, Agent and Group are changed (from any to any). {_action(settings)} The address is a "
            "secret: whoever has it can send events. The content Simple works too, with Ticket ID ticked.",
            (address, Copy("Content of Rule 2, Ticket Updates", UPDATE_CONTENT)),
        ),
    ]
    marker = str(settings["marker_field"])
    if marker:
        steps.append(
            GuideStep(
                f'Admin > Workflows > Ticket Fields: add a Checkbox labelled "{label_of(marker)}"; its API name must '
                f"be {marker}. It is ticked when the AI hands a ticket over, so that rules of yours can route by it."
            )
        )
    steps.append(
        GuideStep(
            "Verify this connection once more, then write a ticket as a customer. It appears here within a few seconds."
        )
    )
    remark = "Should a rule fail or its webhook come late: changes are also looked for here, so that nothing is lost."
    return Guide(tuple(steps), remark)


def _action(settings: Mapping[str, Any]) -> str:
    header = f"custom header {SECRET_HEADER} with the value of webhook_secret; " if settings["webhook_secret"] else ""
    return (
        f'Action "Trigger Webhook": request type POST; the URL as given here; {header}encoding JSON; content Advanced, '
        "exactly as given here."
    )


def label_of(marker: str) -> str:
    """The label from which Freshdesk makes this API name."""
    return marker.removeprefix("cf_").replace("_", " ")


def farewell(settings: Mapping[str, Any]) -> Guide:
    """What is left over in the account once the connection is cut."""
    steps = [
        "In Freshdesk, delete Rule 1 under Admin > Workflows > Automations > Ticket Creation.",
        "Delete Rule 2 under Ticket Updates. Its address leads nowhere now, and a new connection gets another one.",
        "Reset the AI agent's API key in its profile settings, or deactivate the agent, unless something else uses it.",
        "Reassign the open tickets that are still assigned to the AI's agent.",
    ]
    if settings["marker_field"]:
        steps.append(f"Delete the ticket field {settings['marker_field']} if no rule of yours needs it.")
    return Guide(tuple(GuideStep(step) for step in steps))
