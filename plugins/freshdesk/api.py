"""How Freshdesk's API is called: ids in paths, objects and pages, and what each call counts towards the limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from core import Answer, BadPayload, Charge, HttpClient, Refused
from core.payload import clean
from plugins.freshdesk.schemas import word

PAGE_SIZE = 100
"""Entries of a page; more than 100 is refused with 400."""
MOST_PAGES = 300
"""Pages of one listing: the tickets end there with a 400, and the vendor advises against going far in any other."""

_NEXT = re.compile(r"""<[^<>]*>\s*;[^,<]*\brel\s*=\s*["']?next\b""", re.IGNORECASE)
_TICKET = re.compile(r"/tickets/\d+")

# Of the documentation's table of limits a minute: calls in all, to tickets created and updated, and to the two lists.
_PLANS: Mapping[int, tuple[int, int, int, int]] = {
    200: (80, 80, 20, 20),
    400: (160, 160, 100, 100),
    700: (280, 280, 200, 200),
    1000: (400, 400, 300, 300),
    2000: (800, 800, 400, 400),
}
_TRIAL = 50
_LANES = ("ticket_create", "ticket_update", "tickets_list", "contacts_list")


class FreshdeskApi:
    """The base of `FreshdeskClient`: what its methods have in common."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def _object(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return object_of(self._http.get(path, params), path)

    def _page(self, path: str, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        """The objects of one page, and whether the answer points to a next one."""
        answer = self._http.get(path, params)
        data = clean(answer.data)
        if not isinstance(data, list):
            raise BadPayload(f"GET {path}: the answer is no list")
        return [entry for entry in data if isinstance(entry, dict)], has_next(answer)

    def _pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """All entries over all pages, each id once: new entries shift the pages.

        The link to the next page only says that there is one. Its address is never called, which may be of another
        host: pages are counted instead.
        """
        seen: set[str] = set()
        for page in range(1, MOST_PAGES + 1):
            found, more = self._page(path, {**(params or {}), "page": page, "per_page": PAGE_SIZE})
            for entry in found:
                identifier = word(entry.get("id"))
                if not identifier or identifier not in seen:
                    seen.add(identifier)
                    yield entry
            if not found or not more:
                return
        raise BadPayload(f"GET {path}: goes on beyond {MOST_PAGES} pages")


def segment(identifier: str) -> str:
    """An id as one segment of a path, whatever characters it is made of."""
    if identifier.strip(". ") == "":
        raise Refused("an empty id leads nowhere at the vendor")
    return quote(identifier, safe="")


def object_of(answer: Answer, name: str) -> dict[str, Any]:
    """The JSON object of an answer, its texts cleaned. Raises `BadPayload`."""
    data = clean(answer.data)
    if not isinstance(data, dict):
        raise BadPayload(f"{name}: the answer is no object")
    return data


def has_next(answer: Answer) -> bool:
    """Whether the header `Link` names a next page; it is absent on the last one."""
    header = next((value for name, value in answer.headers.items() if name.lower() == "link"), "")
    return bool(_NEXT.search(header[:4000]))


def charge(verb: str, path: str, params: Mapping[str, Any]) -> Charge:
    """What a call counts as; documentation: "Rate Limit" and, for `include`, "View a Ticket", "List All Tickets"."""
    place = "/" + path.partition("?")[0].rpartition("/api/v2")[2].strip("/")
    verb = verb.upper()
    included = [name for name in word(params.get("include")).split(",") if name.strip()]
    if place == "/tickets" and verb == "GET":
        return Charge(1 + 2 * len(included), "tickets_list")
    if place == "/tickets" and verb == "POST":
        return Charge(1, "ticket_create")
    if place == "/contacts" and verb == "GET":
        return Charge(1, "contacts_list")
    if _TICKET.fullmatch(place) and verb == "PUT":
        return Charge(1, "ticket_update")
    if _TICKET.fullmatch(place) and verb == "GET":
        # Of the conversations the text says that they "consume two API calls"; taken as two beside the ticket's own.
        return Charge(1 + sum(2 if name.strip() == "conversations" else 1 for name in included))
    return Charge()


def lanes(per_minute: int) -> dict[str, int]:
    """The further limits of an account with this limit in all; documentation: "Rate Limit".

    A trial has none. A limit that no plan has is somebody's own, or a plan's of another day: it is taken to be
    divided as carefully as that of the smallest plan.
    """
    if per_minute == _TRIAL:
        return {}
    figures = _PLANS.get(per_minute)
    if figures is None:
        part, list_part = max(1, per_minute * 2 // 5), max(1, per_minute // 10)
        figures = (part, part, list_part, list_part)
    return dict(zip(_LANES, figures, strict=True))
