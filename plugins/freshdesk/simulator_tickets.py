"""The simulated endpoints for tickets: lists, one ticket, and what changes it.

Reference: https://developers.freshdesk.com/api/#tickets and #archived_tickets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import caller, performer, ticket_of, writable
from plugins.freshdesk.simulator_answers import ApiError, Invalid, answer, given, moment, next_link, number, window
from plugins.freshdesk.simulator_payloads import created_values, stored_attachments, updated_values
from plugins.freshdesk.simulator_state import GLOBAL_SCOPE, Ticket

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

LAST_PAGE = 300
CREATED_WITHIN = timedelta(days=30)
FILTERS = ("new_and_my_open", "watching", "spam", "deleted")
ORDERS: dict[str, Callable[[Ticket], Any]] = {
    "created_at": lambda ticket: ticket.created_at,
    "updated_at": lambda ticket: ticket.updated_at,
    "due_by": lambda ticket: ticket.due_by or ticket.created_at,
    "status": lambda ticket: ticket.status,
}
LIST_KEYS = {
    *("filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since"),
    *("order_by", "order_type", "include", "page", "per_page"),
}
LIST_INCLUDES = ("stats", "requester", "description", "company")
"""The last is documented for a single ticket only; Singer's tap asks live accounts for it in lists too."""
VIEW_INCLUDES = ("conversations", "requester", "company", "stats")


def add_tickets(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoints to the API's blueprint."""
    _add_reading(api, sim)
    _add_writing(api, sim)
    _add_fates(api, sim)


def _add_reading(api: Blueprint, sim: FreshdeskSimulator) -> None:
    @api.get("/tickets")
    def list_tickets() -> Response:
        for key in request.args:
            if key not in LIST_KEYS:
                # There is no filter by status, among others.
                raise Invalid((key, "Unexpected/invalid field in request", "invalid_field"))
        include = _includes(LIST_INCLUDES)
        page, tickets, more = _page(sim)
        return answer([sim.shapes.row(one, include) for one in tickets], headers=next_link(page) if more else {})

    @api.get("/tickets/<int:ticket_id>")
    def view_ticket(ticket_id: int) -> Response:
        include = _includes(VIEW_INCLUDES)
        return answer(sim.shapes.ticket(ticket_of(sim, ticket_id), include))

    @api.get("/tickets/archived/<int:ticket_id>")
    def view_archived_ticket(ticket_id: int) -> Response:
        include = _includes(VIEW_INCLUDES)
        return answer({**sim.shapes.ticket(ticket_of(sim, ticket_id, archived=True), include), "archived": True})


def _add_writing(api: Blueprint, sim: FreshdeskSimulator) -> None:
    @api.post("/tickets")
    def create_ticket() -> Response:
        values = created_values(sim, given())
        ticket = sim.account.open(performer(), **values)
        where = {"Location": f"{request.base_url}/{ticket.id}"}
        return answer(sim.shapes.ticket(ticket), 201, where)

    @api.put("/tickets/<int:ticket_id>")
    def update_ticket(ticket_id: int) -> Response:
        ticket, sent = writable(sim, ticket_id), given()
        values = updated_values(sim, ticket, sent)
        added = stored_attachments(sim, ticket, sent)
        if added:
            values["attachments"] = (*ticket.attachments, *added)
        due_by = sim.shapes.row(ticket)["due_by"]
        sim.account.change(ticket, values, performer())
        shown = sim.shapes.ticket(ticket)
        return answer({**shown, "due_by": due_by} if sim.quirks.old_due_by else shown)


def _add_fates(api: Blueprint, sim: FreshdeskSimulator) -> None:
    @api.delete("/tickets/<int:ticket_id>")
    def delete_ticket(ticket_id: int) -> Response:
        sim.account.trash(writable(sim, ticket_id), performer())
        return answer(None, 204)

    @api.put("/tickets/<int:ticket_id>/restore")
    def restore_ticket(ticket_id: int) -> Response:
        ticket = ticket_of(sim, ticket_id)
        if not ticket.deleted:
            raise ApiError(404)
        sim.account.change(ticket, {"deleted": False}, performer())
        return answer(None, 204)

    @api.put("/tickets/merge")
    def merge_tickets() -> Response:
        sent = given()
        primary_id, ids = sent.get("primary_id"), sent.get("ticket_ids")
        if not isinstance(primary_id, int) or not isinstance(ids, list) or not ids or primary_id in ids:
            raise Invalid(("ticket_ids", "It should be a list of other tickets", "missing_field"))
        known = [sim.account.tickets.get(one) for one in (primary_id, *ids)]
        tickets = [one for one in known if one is not None and not one.hidden and one.merged_into is None]
        if len(tickets) != len(known):
            raise Invalid(("ticket_ids", "There are no such tickets", "invalid_value"))
        sim.account.merge(tickets[0], tickets[1:], performer())
        return answer(None, 204)


def _includes(known: tuple[str, ...]) -> list[str]:
    include = [one for one in request.args.get("include", "").split(",") if one]
    if any(one not in known for one in include):
        raise Invalid(("include", f"It should be one of these values: '{','.join(known)}'", "invalid_value"))
    return include


# ----------------------------------------------------------------------------------------------- the list


def _page(sim: FreshdeskSimulator) -> tuple[int, list[Ticket], bool]:
    """The number of the page asked for, its tickets, and whether there are more."""
    page, size = window()
    if page > LAST_PAGE:
        words = "You cannot access tickets beyond the 300th page. Please provide a smaller page number."
        raise Invalid(("page", words, "invalid_value"))
    account, start = sim.account, (page - 1) * size
    order_by, descending = _order()
    since = moment("updated_since")
    narrowed = {"filter", "requester_id", "email", "unique_external_id", "company_id"} & set(request.args)
    floor = account.now() - CREATED_WITHIN if since is None else since
    if since is not None and order_by == "updated_at" and not narrowed and _sees_all():
        # The two questions of whoever reads everything are answered from the orders that are kept.
        ids, more = account.by_updated.page(floor, descending=descending, start=start, size=size)
    elif since is None and order_by == "created_at" and not narrowed and _sees_all():
        ids, more = account.by_created.page(floor, descending=descending, start=start, size=size)
    else:
        chosen = list(islice(_chosen(sim, order_by, descending), start, start + size + 1))
        return page, chosen[:size], len(chosen) > size
    return page, [account.tickets[one] for one in ids], more


def _order() -> tuple[str, bool]:
    order_by, order_type = request.args.get("order_by", "created_at"), request.args.get("order_type", "desc")
    if order_by not in ORDERS:
        raise Invalid(("order_by", f"It should be one of these values: '{','.join(ORDERS)}'", "invalid_value"))
    if order_type not in ("asc", "desc"):
        raise Invalid(("order_type", "It should be one of these values: 'asc,desc'", "invalid_value"))
    return order_by, order_type == "desc"


def _sees_all() -> bool:
    return caller().ticket_scope == GLOBAL_SCOPE


def _chosen(sim: FreshdeskSimulator, order_by: str, descending: bool) -> Iterator[Ticket]:
    """The tickets that the arguments ask for, in order."""
    account, accepts = sim.account, _filter(sim)
    if order_by in ("created_at", "updated_at") and request.args.get("filter") not in ("spam", "deleted"):
        order = account.by_created if order_by == "created_at" else account.by_updated
        candidates = [account.tickets[one] for one in order.ids(descending=descending)]
    else:
        key = ORDERS[order_by]
        candidates = sorted(account.tickets.values(), key=lambda one: (key(one), one.id), reverse=descending)
    return (one for one in candidates if accepts(one))


def _filter(sim: FreshdeskSimulator) -> Callable[[Ticket], bool]:
    agent, wanted = caller(), request.args.get("filter")
    if wanted is not None and wanted not in FILTERS:
        raise Invalid(("filter", f"It should be one of these values: '{','.join(FILTERS)}'", "invalid_value"))
    since = moment("updated_since")
    floor = sim.account.now() - CREATED_WITHIN
    requester = _requester(sim)
    company = number("company_id", 0) or None

    def accepts(ticket: Ticket) -> bool:
        place = "deleted" if ticket.deleted else "spam" if ticket.spam else ""
        if ticket.archived or place != (wanted if wanted in ("deleted", "spam") else ""):
            return False
        if ticket.updated_at < since if since else ticket.created_at < floor:
            return False
        if wanted == "watching" or (wanted == "new_and_my_open" and not _new_or_own(ticket, agent.id)):
            return False
        if requester is not None and ticket.requester_id != requester:
            return False
        return (company is None or ticket.company_id == company) and agent.sees(ticket)

    return accepts


def _new_or_own(ticket: Ticket, agent_id: int) -> bool:
    return ticket.status == 2 and ticket.responder_id in (None, agent_id)


def _requester(sim: FreshdeskSimulator) -> int | None:
    """The id of the contact whose tickets are wanted, None for everybody's. Raises `Invalid`."""
    args = request.args
    if "requester_id" in args:
        return number("requester_id", 0)
    found = None
    if "email" in args:
        found = sim.account.contact_by_email(args["email"])
    elif "unique_external_id" in args:
        everybody = sim.account.contacts.values()
        found = next((one for one in everybody if one.unique_external_id == args["unique_external_id"]), None)
    else:
        return None
    if found is None:
        field = "email" if "email" in args else "unique_external_id"
        raise Invalid((field, f"There is no contact matching the given {field}", "invalid_value"))
    return found.id
