"""Checking a Freshchat connection: who the AI will write as, or which setting to mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import AuthFailed, BadPayload, ConfigError, Identity, Refused, RetryLater, VendorError, VerifyFailed
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.people import agents_with, is_active
from plugins.freshchat.schemas import word

PROBE = "00000000-0000-0000-0000-000000000000"
"""No conversation has this id: reading it tells whether the token may read conversations, and nothing else."""

MENDS = {
    "domain": "Copy the host from the Chat URL on Freshchat's API settings page; it often is not the company's name.",
    "api_url": "Correct the address, or leave api_url out and give the domain: Freshchat's own API needs no other.",
}


def verify(client: FreshchatClient, email: str, host: str, field: str = "domain") -> Identity:
    """Find the designated agent by `email`; `field` is the setting that led to `host`, domain or api_url.

    Raises `VerifyFailed` naming the setting and the mend, `RetryLater` where no answer could be had.
    """
    try:
        agent = _find_agent(client, email)
        _check_conversations(client)
    except AuthFailed as error:
        problem: Exception = _credential_problem(error)
    except (BadPayload, Refused) as error:
        said = error.words if isinstance(error, VendorError) else str(error)
        problem = VerifyFailed(field, f"{host} does not answer as the Freshchat API ({said})", MENDS[field])
    except VendorError as error:
        problem = RetryLater(
            f"{field}: {host} gave no usable answer ({error.words}). "
            f"Check the {field} for a slip, and that this machine may reach it; then try again.",
            after=error.after if isinstance(error, RetryLater) else None,
            status=error.status,
            trace_id=error.trace_id,
        )
    else:
        name = " ".join(part for part in (word(agent.get("first_name")), word(agent.get("last_name"))) if part)
        return Identity(word(agent["id"]), name, word(agent.get("email")), host, _account_details(client))
    raise problem


def _credential_problem(error: AuthFailed) -> ConfigError:
    if error.status == 403:
        return VerifyFailed(
            "access_token",
            f"the token may not read agents ({error.words})",
            "Have an account admin make the token, with the permission to manage conversations.",
        )
    return VerifyFailed(
        "access_token",
        f"Freshchat does not accept the token ({error.words})",
        "It is revoked, out of date or another account's: paste the current one of Freshchat's API settings page.",
    )


def _find_agent(client: FreshchatClient, email: str) -> Mapping[str, Any]:
    """The active agent with this email; a deactivated one of the same email does not hide it."""
    inactive = False
    for agent in agents_with(client, email):
        if is_active(agent):
            return agent
        inactive = True
    if inactive:
        raise VerifyFailed(
            "default_agent_email",
            f"the agent {email} is deactivated or deleted",
            "Activate the agent in Freshchat, or give the email of another one.",
        )
    raise VerifyFailed(
        "default_agent_email",
        f"the account has no agent with the email {email}",
        "Create a dedicated agent for the AI in Freshchat, or correct the email.",
    )


def _check_conversations(client: FreshchatClient) -> None:
    """Raises `VerifyFailed` for a token that may not manage conversations: all else would seem to work."""
    try:
        client.conversation(PROBE)
    except AuthFailed as error:
        if error.status != 403:
            raise
        problem = VerifyFailed(
            "access_token",
            f"the token may not read conversations ({error.words})",
            "Have an account admin make the token, with the permission to manage conversations.",
        )
    except (Refused, BadPayload):
        return  # there is no such conversation, as there should not be
    else:
        return
    raise problem


def _account_details(client: FreshchatClient) -> dict[str, str]:
    """The account's ids, for links to its pages; {} where the account does not tell them, which is no fault."""
    try:
        found = client.account_configuration()
    except (VendorError, BadPayload):
        return {}
    return {key: word(found.get(key)) for key in ("app_id", "account_id") if word(found.get(key))}
