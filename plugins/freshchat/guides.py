"""What a person must click in Freshchat so that events arrive, and what to delete there at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import Copy, Guide, GuideStep


def setup(webhook_url: str) -> Guide:
    """The steps to take as an account admin (behaviour 20, 25, 26)."""
    address = Copy("Webhook address", webhook_url, secret=True)
    return Guide(
        steps=(
            GuideStep("Sign in to Freshchat as an account admin."),
            GuideStep(
                'Open Admin, then "Marketplace and Integrations" (older accounts: Settings), then '
                '"Conversation Webhooks".'
            ),
            GuideStep(
                "Switch the webhook on and paste the webhook address. Treat it as a secret: whoever has it can send "
                "events.",
                (address,),
            ),
            GuideStep(
                "If the page offers boxes for events, tick Message Created, Conversation Resolved and Conversation "
                "Closed, and Conversation Assigned and Reopened where they are offered."
            ),
            GuideStep("Give an email address for failure notices and save."),
            GuideStep(
                "Copy the public key the page then shows, and enter it as this connection's public key (public_key). "
                "The signature of every webhook is checked from then on."
            ),
            GuideStep("Write a message in a test chat. It appears here within a few seconds."),
        ),
        remark="Freshchat has one webhook address for the whole account: if another service uses it already, have that "
        "service pass the requests on, body and headers untouched.",
    )


def farewell(settings: Mapping[str, Any]) -> Guide:
    """What is left over in the account once the connection is cut."""
    agent = settings.get("default_agent_email") or "the AI's agent"
    return Guide(
        (
            GuideStep(
                'Sign in to Freshchat as an account admin and open Admin, then "Marketplace and Integrations" (older '
                'accounts: Settings), then "Conversation Webhooks".'
            ),
            GuideStep("Delete this service's address there, and switch the webhook off if no other service uses it."),
            GuideStep("Delete the API token on the API settings page, unless something else uses it."),
            GuideStep(f"Reassign the open chats that are still assigned to {agent}."),
        )
    )
