"""Checking a Freshdesk connection: who the AI will write as, what the account has, or which setting to mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core import AuthFailed, BadPayload, ConfigError, Identity, Refused, RetryLater, VendorError, VerifyFailed
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.guides import label_of
from plugins.freshdesk.schemas import entries, flag, mapping, number, text_of, word

MENDS = {
    "domain": "Copy the host from the address bar of Freshdesk's own pages; it ends in .freshdesk.com.",
    "api_url": "Correct the address, or leave api_url out and give the domain: Freshdesk's own API needs no other.",
}
_WITHOUT_WEBHOOKS = ("free", "sprout")
_GLOBAL_SCOPE = 1
_NOT_ADMIN = re.compile(r"access_denied|not authori[sz]ed|permission", re.IGNORECASE)


def verify(client: FreshdeskClient, settings: Mapping[str, Any], host: str, field: str = "domain") -> Identity:
    """Find out whose key it is and what the account has; `field` is the setting that led to `host`.

    Raises `VerifyFailed` for a domain or key that leads to no account, `ConfigError` for a key without admin
    privileges and for agents and groups that do not exist, `RetryLater` where no answer could be had.
    """
    try:
        return _identity(client, settings, host)
    except AuthFailed as error:
        problem: Exception = _credential_problem(error)
    except (BadPayload, Refused) as error:
        said = error.words if isinstance(error, VendorError) else str(error)
        problem = VerifyFailed(field, f"{host} does not answer as the Freshdesk API ({said})", MENDS[field])
    except VendorError as error:
        problem = RetryLater(
            f"{field}: {host} gave no usable answer ({error.words}). "
            f"Check the {field} for a slip, and that this machine may reach it; then try again.",
            after=error.after if isinstance(error, RetryLater) else None,
            status=error.status,
            trace_id=error.trace_id,
        )
    raise problem


def _identity(client: FreshdeskClient, settings: Mapping[str, Any], host: str) -> Identity:
    me = client.me()
    agent_id, contact = word(me.get("id")), mapping(me.get("contact"))
    if not agent_id:
        raise BadPayload("agents/me: has no id")
    _check_admin(client, text_of(contact.get("name")) or agent_id)
    _check_targets(client, settings, agent_id)
    fields = client.ticket_fields()
    marker, marker_warning = _marker(fields, str(settings["marker_field"]))
    warnings = (marker_warning, _group_warning(settings), _scope_warning(me), _plan_warning(client))
    return Identity(
        agent_id,
        text_of(contact.get("name")),
        text_of(contact.get("email")),
        host,
        {"marker": marker, "statuses": _statuses(fields)},
        tuple(warning for warning in warnings if warning),
    )


def _credential_problem(error: AuthFailed) -> ConfigError:
    if error.status == 403:
        return VerifyFailed(
            "api_key",
            f"Freshdesk does not let this agent use the API ({error.words})",
            "See that the agent is active and not locked, and that the account is not suspended.",
        )
    return VerifyFailed(
        "api_key",
        f"Freshdesk does not accept the key ({error.words})",
        "It was reset, or it is another account's: copy the key from the AI agent's profile settings once more.",
    )


def _check_admin(client: FreshdeskClient, name: str) -> None:
    """An agent's own record does not tell their role: only what is for admins shows whether they are one."""
    try:
        client.admin_ticket_fields()
    except AuthFailed as error:
        if error.status != 403 or not (_NOT_ADMIN.search(error.words) or error.words.endswith("403")):
            raise
        problem = ConfigError(
            "api_key",
            f"the key's agent, {name}, has no admin privileges ({error.words})",
            "Give the agent the role Administrator in Freshdesk, under Admin > Agents, or use an admin's key.",
        )
    else:
        return
    raise problem


def _check_targets(client: FreshdeskClient, settings: Mapping[str, Any], agent_id: str) -> None:
    """Raises `ConfigError` for an agent or group of the settings that the account does not have."""
    if settings["handoff_agent_id"] == agent_id:
        raise ConfigError(
            "handoff_agent_id",
            "is the AI's own agent, whose tickets the AI answers",
            "Give the id of a person, or leave it out.",
        )
    targets: tuple[tuple[str, str, Callable[[str], Any]], ...] = (
        ("handoff_agent_id", "agent", client.agent),
        ("handoff_group_id", "group", client.group),
        ("default_group_id", "group", client.group),
    )
    for key, kind, read in targets:
        if settings[key] and not _exists(read, str(settings[key])):
            raise ConfigError(
                key,
                f"the account has no {kind} {settings[key]}",
                f"`relaydesk connections list` shows its {kind}s: give the id of one, or leave the setting out.",
            )


def _exists(read: Callable[[str], Any], identifier: str) -> bool:
    try:
        read(identifier)
    except Refused as error:
        if error.status in (400, 404):
            return False
        raise
    return True


# ------------------------------------------------------------------------------------------------- warnings


def _marker(fields: list[dict[str, Any]], wanted: str) -> tuple[str, str]:
    """The marker's API name in this account, "" for none, and what to do about it."""
    if not wanted:
        return "", ""
    # Some old accounts' names end in the account's number.
    named = [entry for entry in fields if re.fullmatch(rf"{re.escape(wanted)}(_\d+)?", text_of(entry.get("name")))]
    found = next((entry for entry in named if entry.get("type") == "custom_checkbox"), None)
    if found:
        return text_of(found["name"]), ""
    mend = (
        f'To have it, open Admin > Ticket Fields in Freshdesk, add a Checkbox labelled "{label_of(wanted)}", '
        f"whose API name then is {wanted}, save, and verify the connection again."
    )
    if named:
        kind = text_of(named[0].get("type")) or "of another kind"
        return "", f"marker_field: {wanted} is no checkbox ({kind}), so handed-off tickets are not marked. {mend}"
    return "", f"marker_field: the account has no field {wanted}, so handed-off tickets are not marked. {mend}"


def _statuses(fields: list[dict[str, Any]]) -> dict[str, str]:
    """The account's statuses, own ones among them: their numbers and what its agents call them."""
    entry = next((one for one in fields if one.get("type") == "default_status" or one.get("name") == "status"), {})
    return dict(_labels(entry.get("choices")))


def _labels(choices: Any) -> Iterator[tuple[str, str]]:
    """Choices as the two descriptions have them: {"2": ["Open", "Being Processed"]}, or a list of objects."""
    for status, labels in mapping(choices).items():
        label = labels[0] if isinstance(labels, list) and labels else labels
        if number(status) is not None and text_of(label):
            yield word(status), text_of(label)
    for choice in entries(choices):
        identifier = (
            number(choice.get("value")) if number(choice.get("value")) is not None else number(choice.get("id"))
        )
        label = text_of(choice.get("label")) or text_of(choice.get("value"))
        if identifier is not None and label:
            yield str(identifier), label


def _group_warning(settings: Mapping[str, Any]) -> str:
    if not settings["handoff_group_id"] or settings["handoff_group_id"] != settings["default_group_id"]:
        return ""
    return (
        "handoff_group_id: is also the default_group_id, so that new tickets of the people who take over are the AI's. "
        "Give the AI a group of its own, or leave one of the two out."
    )


def _scope_warning(me: Mapping[str, Any]) -> str:
    scope = number(me.get("ticket_scope"))
    if scope in (None, _GLOBAL_SCOPE) or flag(me.get("global_access")):
        return ""
    return (
        "api_key: its agent sees only a part of the tickets. Give the agent global access (Admin > Agents), unless "
        "the AI is meant for that part alone."
    )


def _plan_warning(client: FreshdeskClient) -> str:
    """Plans without the webhook action; an account that does not tell its plan has none to be warned of."""
    try:
        plan = text_of(client.account().get("tier_type")).lower()
    except (VendorError, BadPayload):
        return ""
    if plan not in _WITHOUT_WEBHOOKS:
        return ""
    return (
        f"domain: the plan {plan.title()} has no webhooks, so the account is asked for changes instead, and answers "
        "come a little later. Plans from Growth on have them."
    )
