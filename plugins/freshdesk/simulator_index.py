"""The tickets of the simulated account in their orders, so that lists stay quick, and what its search knows of them."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from plugins.freshdesk.simulator_state import Ticket

Place = tuple[datetime, int]


class Order:
    """The ordinary tickets (no spam, trash or archive) by one of their moments, then by id; sorted when asked."""

    def __init__(self, moment: Callable[[Ticket], datetime]) -> None:
        self._moment = moment
        self._places: list[Place] = []
        self._of: dict[int, Place] = {}
        self._sorted = True

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Take many tickets that are not there yet."""
        for ticket in tickets:
            if not ticket.hidden:
                place = (self._moment(ticket), ticket.id)
                self._places.append(place)
                self._of[ticket.id] = place
        self._sorted = False

    def move(self, ticket: Ticket) -> None:
        """Put a ticket where it belongs now, or take it out if it is hidden."""
        places = self._in_order()
        old = self._of.pop(ticket.id, None)
        if old is not None:
            del places[bisect.bisect_left(places, old)]
        if not ticket.hidden:
            self._of[ticket.id] = place = (self._moment(ticket), ticket.id)
            bisect.insort(places, place)

    def drop(self, ticket_id: int) -> None:
        """Forget a ticket."""
        old = self._of.pop(ticket_id, None)
        if old is not None:
            places = self._in_order()
            del places[bisect.bisect_left(places, old)]

    def ids(self, *, descending: bool) -> Iterator[int]:
        """The ids of all, in order."""
        places = self._in_order()
        return (one for _, one in (reversed(places) if descending else iter(places)))

    def page(self, since: datetime | None, *, descending: bool, start: int, size: int) -> tuple[list[int], bool]:
        """The ids of a page of those at `since` or later, and whether there are more after it."""
        places = self._in_order()
        first = 0 if since is None else bisect.bisect_left(places, (since, 0))
        if descending:
            end = len(places) - start
            chosen = places[max(first, end - size) : end][::-1] if end > first else []
            return [one for _, one in chosen], end - size > first
        chosen = places[first + start : first + start + size]
        return [one for _, one in chosen], first + start + size < len(places)

    def _in_order(self) -> list[Place]:
        if not self._sorted:
            self._places.sort()
            self._sorted = True
        return self._places


class SearchIndex:
    """What the search knows: each ticket as it was `lag` seconds ago. [vendor: "index lags minutes"]"""

    def __init__(self, now: Callable[[], datetime], lag: Callable[[], float]) -> None:
        self._now = now
        self._lag = lag
        self._known: dict[int, Mapping[str, Any] | None] = {}
        self._coming: deque[tuple[datetime, int, Mapping[str, Any] | None]] = deque()

    def load(self, tickets: Iterable[Ticket]) -> None:
        """Know these at once."""
        for ticket in tickets:
            self._known[ticket.id] = searchable(ticket)

    def note(self, ticket: Ticket, *, gone: bool = False) -> None:
        """Learn of a ticket's present values, or that it is gone, after the lag."""
        self._coming.append((self._now(), ticket.id, None if gone else searchable(ticket)))
        self._learn()

    def matching(self, accepts: Callable[[Mapping[str, Any]], bool]) -> list[int]:
        """The ids of the tickets whose known values are accepted, newest first; their order is not documented."""
        self._learn()
        found = [one for one, values in self._known.items() if values is not None and accepts(values)]
        return sorted(found, reverse=True)

    def _learn(self) -> None:
        latest = self._now() - timedelta(seconds=self._lag())
        while self._coming and self._coming[0][0] <= latest:
            _, ticket_id, values = self._coming.popleft()
            self._known[ticket_id] = values


def searchable(ticket: Ticket) -> Mapping[str, Any] | None:
    """The values of a ticket by the names that queries use; None if the search leaves it out."""
    if ticket.hidden:
        return None
    return {
        # The search calls the responder agent_id, and knows neither responder_id nor requester_id.
        "agent_id": ticket.responder_id,
        "group_id": ticket.group_id,
        "priority": ticket.priority,
        "status": ticket.status,
        "tag": list(ticket.tags),
        "type": ticket.type,
        "due_by": ticket.due_by,
        "fr_due_by": ticket.fr_due_by,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        **ticket.custom_fields,
    }
