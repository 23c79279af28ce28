"""A destination of a world: it is given records, makes the calls that are due, and tells what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.destinations import intake, records
from core.destinations.catalogue import Destination, Destinations
from core.destinations.formats import Item
from core.destinations.intake import Took
from core.destinations.records import RecordShown, ResponseShown
from core.jobs.send_records import drain, next_moment
from core.testing.record import Call
from tests.end_to_end.worlds import World

BY = "ann@acme.example"
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Writing:
    """One destination, active unless the test wants it otherwise."""

    def __init__(self, world: World, name: str = "rows", *, active: bool = True, **definition: Any) -> None:
        self.world, self.name = world, name
        self.life = Destinations(world.runtime)
        self.life.create({"name": name, "connection": "support", **definition}, BY)
        if active:
            self.life.activate(name, BY)

    def give(self, *given: Mapping[str, Any], origin: str = "rows.json") -> Took:
        """Put records into the ledger."""
        items = (Item(line, dict(each)) for line, each in enumerate(given, 1))
        return intake.take_in(self.world.runtime, self.name, items, origin)

    def write(self, *given: Mapping[str, Any]) -> list[RecordShown]:
        """Put records into the ledger, and make the calls that are due at once; returns the whole ledger."""
        self.give(*given)
        drain(self.world.runtime, self.name)
        return self.ledger()

    def ledger(self) -> list[RecordShown]:
        """All records, the oldest first, each as it is shown by itself."""
        page = records.page(self.world.runtime, self.name, limit=10_000)
        return [records.one(self.world.runtime, self.name, each.id) for each in reversed(page.records)]

    def states(self) -> list[str]:
        return [each.state for each in self.ledger()]

    def responses(self) -> list[ResponseShown]:
        """All that is kept of what was answered, the oldest first."""
        return list(reversed(records.responses(self.world.runtime, self.name, limit=10_000).responses))

    def shown(self) -> Destination:
        return self.life.get(self.name)


def run(world: World, seconds: float = 0.0) -> None:
    """Make every call of every destination that is due within `seconds` of turned time."""
    until = world.clock.now() + timedelta(seconds=seconds)
    while True:
        drain(world.runtime)
        due = next_moment(world.runtime)
        if due is None or due > until:
            break
        world.clock.turn_to(due + timedelta(microseconds=1))  # a lease is over only after its last moment
    world.clock.turn_to(until)


def written(world: World) -> list[Call]:
    """The calls by which something was written at the vendor, or was to be, in their order."""
    return [call for call in world.sim.record.calls() if call.method in WRITES]
