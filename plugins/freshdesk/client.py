"""Freshdesk's API v2, one method an endpoint; every address of the vendor's API is in this file.

Vendor documentation: developers.freshdesk.com/api. Each method names its section there. Errors are those of
`HttpClient` and `BadPayload`; what the vendor would refuse in obscure words is `Refused` before it is sent. The
addresses that templates of destinations write to as well have names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from core import OutboundFile, Refused
from core.payload import clean
from plugins.freshdesk.api import MOST_PAGES, PAGE_SIZE, FreshdeskApi, object_of, segment
from plugins.freshdesk.schemas import entries

SEARCH_PAGES = 10
"""Pages of 30 that a search gives."""
LONGEST_QUERY = 512

TICKETS, CONTACTS = "/tickets", "/contacts"
TICKET, CONTACT = "/tickets/{ticket_id}", "/contacts/{contact_id}"
REPLY, NOTES = "/tickets/{ticket_id}/reply", "/tickets/{ticket_id}/notes"


def address(path: str, identifier: str) -> str:
    """One of the addresses above with an id in the place of its braces."""
    before, _, after = path.partition("{")
    return before + segment(identifier) + after.partition("}")[2]


def identifier_in(path: str) -> str:
    """The id of the ticket or contact that stands in such an address; "" if none does."""
    parts = path.split("/")
    return unquote(parts[2]) if len(parts) > 2 else ""


class FreshdeskClient(FreshdeskApi):
    """The calls that can be made to one Freshdesk account."""

    # ------------------------------------------------------------------------------------------------- tickets

    def tickets(
        self, params: Mapping[str, Any] | None = None, page: int = 1, per_page: int = PAGE_SIZE
    ) -> tuple[list[dict[str, Any]], bool]:
        """`GET /tickets`; documentation: "Tickets", list all tickets.

        The tickets of one page, and whether there is a next one. Without `updated_since` only those created within
        30 days are listed. `params`: filter, requester_id, email, company_id, updated_since, order_by, order_type,
        include (stats, requester, description).
        """
        if not 1 <= page <= MOST_PAGES:
            raise Refused(f"Freshdesk lists tickets on the pages 1 to {MOST_PAGES}, and page {page} was asked for")
        return self._page(TICKETS, {**(params or {}), "page": page, "per_page": per_page})

    def ticket(self, ticket_id: str, include: str = "") -> dict[str, Any]:
        """`GET /tickets/{id}`; documentation: "Tickets", view a ticket.

        `include`: conversations (the first ten), requester, company, stats, with commas between them.
        """
        return self._object(address(TICKET, ticket_id), {"include": include} if include else None)

    def archived_ticket(self, ticket_id: str) -> dict[str, Any]:
        """`GET /tickets/archived/{id}`; documentation: "Tickets", view an archived ticket."""
        return self._object(f"/tickets/archived/{segment(ticket_id)}")

    def create_ticket(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /tickets`; documentation: "Tickets", create a ticket. `values` name the requester in some way."""
        return object_of(self._http.post(TICKETS, dict(values)), "ticket")

    def update_ticket(self, ticket_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """`PUT /tickets/{id}`; documentation: "Tickets", update a ticket.

        Only the `values` given change; `tags` are replaced as a whole, `custom_fields` key by key. One key the account
        does not know is a 400 for all of them. A ticket that is spam or deleted answers 405.
        """
        data = clean(self._http.put(address(TICKET, ticket_id), dict(values)).data)
        return data if isinstance(data, dict) else {}

    def search_tickets(self, query: str, page: int = 1) -> tuple[list[dict[str, Any]], int]:
        """`GET /search/tickets`; documentation: "Tickets", filter tickets. Its index is some minutes behind.

        The tickets of one of ten pages of 30, and how many match in all. `query` is as documented, without the
        double quotes around it.
        """
        if len(query) + 2 > LONGEST_QUERY:
            raise Refused(f"a search may be {LONGEST_QUERY} characters long, and this one has {len(query) + 2}")
        if not 1 <= page <= SEARCH_PAGES:
            raise Refused(f"Freshdesk's search has the pages 1 to {SEARCH_PAGES}, and page {page} was asked for")
        data = self._object("/search/tickets", {"query": f'"{query}"', "page": page})
        total = data.get("total")
        return [dict(entry) for entry in entries(data.get("results"))], total if isinstance(total, int) else 0

    # -------------------------------------------------------------------------------------------- conversations

    def conversations(self, ticket_id: str, *, archived: bool = False) -> Iterator[dict[str, Any]]:
        """`GET /tickets/{id}/conversations`; documentation: "Conversations", list all conversations of a ticket.

        All pages, each once, in no promised order. The description of the ticket is not among them. `archived` reads
        those of an archived ticket ("Tickets", view an archived ticket's conversations).
        """
        place = "/tickets/archived" if archived else "/tickets"
        return self._pages(f"{place}/{segment(ticket_id)}/conversations")

    def reply(self, ticket_id: str, content: Mapping[str, Any], files: Sequence[OutboundFile] = ()) -> dict[str, Any]:
        """`POST /tickets/{id}/reply`; documentation: "Conversations", create a reply. It mails the requester.

        `content`: body (HTML), or structured_body for tickets of a web chat or an app. Returns the reply, {} where the
        answer holds none. There is no idempotency key: sent twice is sent twice.
        """
        return self._post(address(REPLY, ticket_id), content, files)

    def note(self, ticket_id: str, content: Mapping[str, Any], files: Sequence[OutboundFile] = ()) -> dict[str, Any]:
        """`POST /tickets/{id}/notes`; documentation: "Conversations", create a note. Private unless told otherwise."""
        return self._post(address(NOTES, ticket_id), content, files)

    def _post(self, path: str, content: Mapping[str, Any], files: Sequence[OutboundFile]) -> dict[str, Any]:
        if files:
            parts = [("attachments[]", (file.name, file.content, file.content_type)) for file in files]
            answer = self._http.post(path, {name: _form_value(value) for name, value in content.items()}, files=parts)
        else:
            answer = self._http.post(path, dict(content))
        data = clean(answer.data)
        return data if isinstance(data, dict) else {}

    # ------------------------------------------------------------------------------------- agents, groups, roles

    def me(self) -> dict[str, Any]:
        """`GET /agents/me`; documentation: "Agents", currently authenticated agent. It does not tell of their role."""
        return self._object("/agents/me")

    def agents(self, **filters: str) -> Iterator[dict[str, Any]]:
        """`GET /agents`; documentation: "Agents", list all agents. For admins only. All pages.

        `filters`: email, mobile, phone, state (fulltime or occasional).
        """
        return self._pages("/agents", filters)

    def agent(self, agent_id: str) -> dict[str, Any]:
        """`GET /agents/{id}`; documentation: "Agents", view an agent. For admins only."""
        return self._object(f"/agents/{segment(agent_id)}")

    def roles(self) -> Iterator[dict[str, Any]]:
        """`GET /roles`; documentation: "Roles", list all roles. For admins only. All pages."""
        return self._pages("/roles")

    def groups(self) -> Iterator[dict[str, Any]]:
        """`GET /groups`; documentation: "Groups", list all groups. For admins only. All pages."""
        return self._pages("/groups")

    def group(self, group_id: str) -> dict[str, Any]:
        """`GET /groups/{id}`; documentation: "Groups", view a group. For admins only."""
        return self._object(f"/groups/{segment(group_id)}")

    # ------------------------------------------------------------------------------------------------- contacts

    def contacts(self, **filters: str) -> Iterator[dict[str, Any]]:
        """`GET /contacts`; documentation: "Contacts", list all contacts. All pages; blocked ones are left out.

        `filters`: email, phone, mobile, company_id, state, updated_since; and, though it is not documented,
        unique_external_id.
        """
        return self._pages(CONTACTS, filters)

    def contact(self, contact_id: str) -> dict[str, Any]:
        """`GET /contacts/{id}`; documentation: "Contacts", view a contact. Agents are not among them."""
        return self._object(address(CONTACT, contact_id))

    def create_contact(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /contacts`; documentation: "Contacts", create a contact.

        `values` hold a name, and one of email, phone, mobile and unique_external_id. An email address or external id
        that another contact has is a 409.
        """
        return object_of(self._http.post(CONTACTS, dict(values)), "contact")

    def update_contact(self, contact_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """`PUT /contacts/{id}`; documentation: "Contacts", update a contact.

        Only the `values` given change; `tags` and `other_emails` are replaced as a whole. A contact that is blocked or
        deleted answers 405.
        """
        return object_of(self._http.put(address(CONTACT, contact_id), dict(values)), "contact")

    # ----------------------------------------------------------------------------------------- fields and account

    def ticket_fields(self) -> list[dict[str, Any]]:
        """`GET /ticket_fields`; documentation: "Ticket Fields", list all ticket fields, with their choices."""
        return self._page("/ticket_fields", {})[0]

    def admin_ticket_fields(self) -> list[dict[str, Any]]:
        """`GET /admin/ticket_fields`; documentation: "Admin - Ticket Fields", list all. Others than admins get 403."""
        return self._page("/admin/ticket_fields", {})[0]

    def create_ticket_field(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /admin/ticket_fields`; documentation: "Admin - Ticket Fields", create. For admins only."""
        return object_of(self._http.post("/admin/ticket_fields", dict(values)), "ticket field")

    def account(self) -> dict[str, Any]:
        """`GET /account`; documentation: "Account", view account: its name, plan and data centre."""
        return self._object("/account")

    def helpdesk_settings(self) -> dict[str, Any]:
        """`GET /settings/helpdesk`; documentation: "Settings", helpdesk: its languages."""
        return self._object("/settings/helpdesk")

    def automation_rules(self, kind: int) -> list[dict[str, Any]]:
        """`GET /automations/{type}/rules`; documentation: "Automations", list all. 1: creation, 4: ticket updates."""
        data = clean(self._http.get(f"/automations/{kind}/rules").data)
        return [dict(entry) for entry in entries(data.get("rules") if isinstance(data, dict) else data)]


def _form_value(value: Any) -> Any:
    """A value as a multipart form carries it: nested ones as JSON, yes and no as words, lists as repeated fields."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return value
