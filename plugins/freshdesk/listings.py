"""What of an account can be listed for an operator, with the columns that are shown of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core import Named, Refused
from plugins.freshdesk.api import PAGE_SIZE
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.schemas import mapping, text_of, word

LISTINGS: Mapping[str, tuple[str, ...]] = {
    "agents": ("id", "email", "name", "type", "ticket_scope", "group_ids"),
    "groups": ("id", "name", "description", "agent_ids"),
    "fields": ("name", "label", "type", "id"),
    "tickets": ("id", "subject", "status", "responder_id", "group_id", "source", "tags", "updated_at"),
    "contacts": ("id", "email", "name", "phone", "mobile", "created_at"),
}
_TICKET_FILTERS = (
    *("filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since"),
    *("order_by", "order_type", "query"),
)
_MOST_LISTED = 10
"""Pages of 100 tickets or contacts that one listing reads; filters lead to the others."""


def listing(client: FreshdeskClient, what: str, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The entries of one of `LISTINGS`, page by page. Raises `Refused` saying what to ask for instead."""
    readers: Mapping[str, Callable[[], Iterator[Mapping[str, Any]]]] = {
        "agents": lambda: _agents(client, filters),
        "groups": client.groups,
        "fields": lambda: iter(client.ticket_fields()),
        "contacts": lambda: _bounded(client.contacts(**filters)),
        "tickets": lambda: _tickets(client, filters),
    }
    if what not in readers:
        raise Refused(f"Freshdesk lists {', '.join(readers)}, and not {what}")
    return readers[what]()


def named(client: FreshdeskClient, what: str) -> Iterator[Named]:
    """The agents, groups or checkbox fields, as a person knows them; only a checkbox can be a marker (behaviour 87)."""
    if what == "agents":
        for agent in _agents(client, {}):
            yield from _with_id(agent, "id", text_of(agent.get("name")), text_of(agent.get("email")))
    elif what == "groups":
        for group in client.groups():
            yield from _with_id(group, "id", text_of(group.get("name")))
    elif what == "checkbox_fields":
        for field in client.ticket_fields():
            if field.get("type") == "custom_checkbox":
                yield from _with_id(field, "name", text_of(field.get("label")))


def _with_id(entry: Mapping[str, Any], key: str, name: str, email: str = "") -> Iterator[Named]:
    if word(entry.get(key)):
        yield Named(word(entry.get(key)), name, email)


def _agents(client: FreshdeskClient, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Agents with their name and email address, which the API keeps in an object of its own."""
    for agent in client.agents(**filters):
        contact = mapping(agent.get("contact"))
        yield {"name": contact.get("name"), "email": contact.get("email"), **agent}


def _tickets(client: FreshdeskClient, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    strange = [name for name in filters if name not in _TICKET_FILTERS]
    if strange:
        raise Refused(
            f"Freshdesk has no filter {strange[0]} for tickets; it has {', '.join(_TICKET_FILTERS)}, the last for its "
            "search language, such as --filter query=\"status:2 AND tag:'opencx'\""
        )
    page, more = 1, True
    while more and page <= _MOST_LISTED:
        if filters.get("query"):
            found, total = client.search_tickets(filters["query"], page)
            more = bool(found) and page * 30 < total
        else:
            found, more = client.tickets(filters, page)
        yield from found
        page += 1


def _bounded(found: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for number, entry in enumerate(found):
        if number >= _MOST_LISTED * PAGE_SIZE:
            return
        yield entry
