"""What destinations look up in an account, so that records may have names and addresses where it wants ids.

The words are those of the other connectors: a user is a contact here, and a conversation a ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core import LookUp, Refused
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.schemas import mapping, number, text_of, word
from plugins.freshdesk.template_evidence import contacts_with, is_nobody

LOOK_UPS = (
    LookUp("user", "the email address of a contact", "the contact's id"),
    LookUp("agent", "the email address of an agent", "the agent's id"),
    LookUp("group", "the name of a group of agents", "the group's id"),
    # Whoever writes into "the latest" ticket means the one that is there now.
    LookUp("conversation", "the id or email address of a contact", "the id of their latest ticket", keep_seconds=30.0),
)
_ALL_TIME = "2000-01-01T00:00:00Z"
"""Without a time the vendor lists the tickets of 30 days only."""


def look_up(client: FreshdeskClient, what: str, value: str) -> str:
    """The id of what one of `LOOK_UPS` finds by this value, however its letters are written. Raises `Refused`."""
    finders: Mapping[str, tuple[Callable[[FreshdeskClient, str], str], str]] = {
        "user": (_user, "no contact with the email address"),
        "agent": (_agent, "no agent with the email address"),
        "group": (_group, "no group called"),
        "conversation": (_conversation, "no ticket of a contact with the email address or id"),
    }
    if what not in finders:
        raise Refused(f"Freshdesk can look up {', '.join(finders)}, and not {what}")
    find, nothing = finders[what]
    wanted = value.strip()
    found = find(client, wanted) if wanted else ""
    if not found:
        raise Refused(f"Freshdesk has {nothing} {wanted!r}")
    return found


def _user(client: FreshdeskClient, email: str) -> str:
    return _id_of(next(contacts_with("email", email, client), None))


def _agent(client: FreshdeskClient, email: str) -> str:
    for agent in client.agents(email=email):
        contact = mapping(agent.get("contact"))
        if _same(contact.get("email"), email):
            if contact.get("active") is False:
                raise Refused(f"the agent with the email address {email!r} is deactivated")
            return _id_of(agent)
    return ""


def _group(client: FreshdeskClient, name: str) -> str:
    found = [one for one in client.groups() if _same(one.get("name"), name)]
    if len(found) > 1:
        ids = ", ".join(map(_id_of, found))
        raise Refused(f"Freshdesk has {len(found)} groups called {name!r}; give the id of one of them: {ids}")
    return _id_of(next(iter(found), None))


def _conversation(client: FreshdeskClient, requester: str) -> str:
    by = "email" if "@" in requester else "requester_id"
    if by == "requester_id" and number(requester) is None:
        return ""
    params = {by: requester, "updated_since": _ALL_TIME, "order_by": "created_at", "order_type": "desc"}
    try:
        tickets, _ = client.tickets(params, per_page=1)
    except Refused as error:
        if not is_nobody(error, by):
            raise
        return ""
    return _id_of(next(iter(tickets), None))


def _id_of(found: Mapping[str, Any] | None) -> str:
    return word(found.get("id")) if found else ""


def _same(shown: Any, wanted: str) -> bool:
    return text_of(shown).strip().casefold() == wanted.casefold()
