"""The rate limits of the simulated account: credits in any minute, and smaller limits for single endpoints.

Reference: https://developers.freshdesk.com/api/#ratelimit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import Clock
from core.testing.rate_limit import SlidingWindow


@dataclass(frozen=True)
class Plan:
    """What a plan grants in a minute; the limits of single endpoints are None where it has none."""

    total: int
    create: int | None = None
    update: int | None = None
    tickets: int | None = None
    contacts: int | None = None

    def of_endpoints(self) -> dict[str, int]:
        """The smaller limits, by the name of the endpoint."""
        limits = {
            "create_ticket": self.create,
            "update_ticket": self.update,
            "list_tickets": self.tickets,
            "list_contacts": self.contacts,
        }
        return {endpoint: limit for endpoint, limit in limits.items() if limit is not None}


PLANS: Mapping[str, Plan] = {
    "trial": Plan(50),
    "growth": Plan(200, 80, 80, 20, 20),
    "pro": Plan(400, 160, 160, 100, 100),
    "enterprise": Plan(700, 280, 280, 200, 200),
}


class Limits:
    """Admits a call if both the account's credits and the limit of its endpoint allow it; a refused one is free."""

    def __init__(self, total: SlidingWindow, endpoints: Mapping[str, int], clock: Clock) -> None:
        self.total = total
        self._lock = threading.Lock()
        self.endpoints = {name: SlidingWindow(limit, clock) for name, limit in endpoints.items()}

    def take(self, endpoint: str, cost: int) -> int | None:
        """None if the call is admitted, else the whole seconds to wait.

        A call counts once towards the limit of its endpoint, whatever it costs of the account's credits.
        """
        own = self.endpoints.get(endpoint)
        with self._lock:
            wait = own.wait(1) if own else None
            if wait is None:
                wait = self.total.take(cost)
            if wait is None and own:
                own.take(1)
            return wait


def cost_of(endpoint: str, includes: list[str]) -> int:
    """The credits that a call costs: what is included in a ticket costs extra, in a list of tickets twice as much."""
    if endpoint == "list_tickets":
        return 1 + 2 * len(includes)
    if endpoint == "view_ticket":
        # "Including conversations will consume two API calls", more than anything else that can be included.
        return 1 + sum(2 if one == "conversations" else 1 for one in includes)
    return 1
