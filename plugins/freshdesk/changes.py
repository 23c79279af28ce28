"""The list of what has changed in an account, walked by the time of change, and what a backfill of it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core import AuthFailed, BackfillEstimate, BadPayload, ChangePage, ListedConversation, Refused
from plugins.freshdesk.api import MOST_PAGES, PAGE_SIZE
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.reading import WAITING
from plugins.freshdesk.schemas import moment, number, stamp, word

_INCLUDE = "description,requester"
_PAGE_CALLS = 5
"""Calls that a page of the list counts as, with what it includes."""


def list_changes(
    client: FreshdeskClient, since: datetime, cursor: Mapping[str, Any], *, whole: bool = False
) -> ChangePage:
    """A page of the tickets changed at `since` or later, oldest change first; `whole` ones cost five times as much.

    The list is not paged through, which would end at its 300th page and, as changed tickets move to its end, leave
    some out. Each page begins anew at the time of the last ticket seen, so that some tickets come twice. Only where
    a whole page is of one second is the next one asked for.
    """
    start = moment(cursor.get("since")) or since.astimezone(UTC).replace(microsecond=0)
    page = number(cursor.get("page")) or 1
    if page > MOST_PAGES:
        raise Refused(
            f"more than {MOST_PAGES * PAGE_SIZE} tickets were changed at {stamp(start)}, "
            "and Freshdesk lists no more of one second"
        )
    params = {"updated_since": stamp(start), "order_by": "updated_at", "order_type": "asc"}
    params |= {"include": _INCLUDE} if whole else {}
    found, more = client.tickets(params, page)
    listed = tuple(_listed(ticket, start) for ticket in found if word(ticket.get("id")))
    if not found or not (more or len(found) >= PAGE_SIZE):
        return ChangePage(listed)
    last = max((one.at for one in listed), default=start)
    if last > start:
        return ChangePage(listed, {"since": stamp(last), "page": 1})
    return ChangePage(listed, {"since": stamp(start), "page": page + 1})


def _listed(ticket: Mapping[str, Any], start: datetime) -> ListedConversation:
    status = number(ticket.get("status"))
    return ListedConversation(
        conversation_id=word(ticket["id"]),
        at=moment(ticket.get("updated_at")) or start,
        waiting=status in WAITING,
        status=word(ticket.get("status")),
        payload=ticket,
    )


def estimate(client: FreshdeskClient, since: datetime) -> BackfillEstimate:
    """What a backfill would find, by two searches: their index is minutes behind and knows days only.

    A call reads the conversations of each waiting ticket; the list itself shows all tickets of those days.
    """
    day = since.astimezone(UTC).strftime("%Y-%m-%d")
    changed = f"updated_at:>'{day}'"  # the vendor's sign for "that day or later"
    try:
        _, waiting = client.search_tickets(f"(status:{WAITING[0]} OR status:{WAITING[1]}) AND {changed}")
        _, all_of_them = client.search_tickets(changed)
    except (Refused, BadPayload, AuthFailed):
        return BackfillEstimate()
    pages = max(1, math.ceil(all_of_them / PAGE_SIZE))
    return BackfillEstimate(waiting, waiting + _PAGE_CALLS * pages)
