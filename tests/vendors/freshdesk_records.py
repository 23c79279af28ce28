"""A simulated Freshdesk account to which records are written by templates, as core does it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from core import Connection, HttpClient, Identity, VendorCall
from core.destination_settings import Definition
from core.destinations.mapping import mapped
from core.testing.clock import FakeClock
from plugins.freshdesk import destination_templates
from plugins.freshdesk.simulator import FreshdeskSimulator
from tests.vendors.freshdesk_account import FRESHDESK, settings

TEMPLATES = {template.name: template for template in destination_templates()}


class Writer:
    """Writes as the account's owner; `clock` is the account's too."""

    def __init__(self, sim: FreshdeskSimulator, clock: FakeClock) -> None:
        self.sim, self.clock = sim, clock
        loaded = settings(api_key=sim.api_key)
        identity = Identity(str(sim.owner.id), sim.owner.name, sim.owner.email)
        self.connection = Connection(1, "tickets", "freshdesk", loaded, identity)
        self.http = HttpClient(sim.api_url, FRESHDESK.headers(loaded), clock, timeout_seconds=5, allow_private=True)

    def fields(self, template: str, record: dict[str, Any]) -> dict[str, Any]:
        """What of a record is sent, as the mapping of a destination without rules of its own makes it."""
        look_ups = {each.name: each for each in FRESHDESK.look_ups}
        return mapped(Definition(template, "tickets"), record, TEMPLATES[template], look_ups, self.look_up)

    def call(self, template: str, **record: Any) -> VendorCall:
        return TEMPLATES[template].call([self.fields(template, record)], self.connection)

    def send(self, template: str, call: VendorCall) -> str:
        """Make a call; returns the id that it gave."""
        answer = self.http.request(call.verb, call.path, json=call.body)
        return TEMPLATES[template].captured(call, answer.data)

    def write(self, template: str, **record: Any) -> str:
        return self.send(template, self.call(template, **record))

    def find(
        self, template: str, call: VendorCall, since: datetime | None = None, known: Collection[str] = ()
    ) -> str | None:
        """Look for a call that was begun at `since`, now unless told."""
        return TEMPLATES[template].find(call, since or self.clock.now(), known, self.connection, self.http)

    def existing(self, template: str, **record: Any) -> str | None:
        return TEMPLATES[template].existing(self.fields(template, record), self.connection, self.http)

    def look_up(self, what: str, value: str) -> str:
        return FRESHDESK.look_up(what, value, self.connection, self.http)
