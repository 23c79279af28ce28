"""Destinations in the worlds of the end-to-end tests: made, fed, and run on a clock that is turned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from core.destinations import intake
from core.destinations.catalogue import Destinations
from core.destinations.formats import Item
from core.destinations.intake import Took
from core.destinations.look_ups import LookUpCache
from core.jobs import send_records
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow
from tests.end_to_end.worlds import World

ANN = "ann@acme.example"
USERS = {"connection": "support", "template": "create_end_user", "key": "email"}
MESSAGES = {"connection": "support", "template": "send_message", "key": "message"}
MICROSECOND = timedelta(microseconds=1)


class Writing:
    """What is written by the destinations of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.runtime = world.runtime
        self.catalogue = Destinations(world.runtime)
        self.cache = LookUpCache(world.clock)
        self.lines = 0

    def to(self, given: Mapping[str, Any], name: str = "records", active: bool = True, **more: Any) -> str:
        """A destination that is active, if it is not to be otherwise."""
        self.catalogue.create({"name": name, **given, **more}, ANN)
        if active:
            self.catalogue.activate(name, ANN)
        return name

    def take(self, *records: Mapping[str, Any], name: str = "records") -> Took:
        """Put records into the ledger, as from a file."""
        first, self.lines = self.lines + 1, self.lines + len(records)
        items = (Item(line, dict(record)) for line, record in enumerate(records, first))
        return intake.take_in(self.runtime, name, items, "records.json")

    def drain(self) -> int:
        """Make every call that is due now."""
        return send_records.drain(self.runtime, cache=self.cache)

    def run(self, seconds: float = 0) -> None:
        """Let everything happen that is due within `seconds` of turned time."""
        clock = self.world.clock
        until = clock.now() + timedelta(seconds=seconds)
        for _ in range(10_000):
            if self.drain():
                continue
            due = send_records.next_moment(self.runtime)
            if due is None or due > until:
                clock.turn_to(until)
                return
            assert due > clock.now()
            clock.turn_to(due + MICROSECOND)
        raise AssertionError("there is no end to it")

    # ----------------------------------------------------------------------------------------- what is there

    def rows(self, name: str = "records") -> list[DestinationRecordRow]:
        """The ledger of a destination, in order."""
        with self.runtime.db.read():
            query = DestinationRecordRow.select().join(DestinationRow).where(DestinationRow.name == name)
            return list(query.order_by(DestinationRecordRow.id))

    def row(self, number: int = 0) -> DestinationRecordRow:
        return self.rows()[number]

    def states(self, name: str = "records") -> list[str]:
        """The states of all records, in order."""
        return [row.state for row in self.rows(name)]

    def counts(self, name: str = "records") -> Counter[str]:
        return Counter(self.states(name))

    def calls(self) -> list[DestinationCallRow]:
        """All calls of the ledger, in order."""
        with self.runtime.db.read():
            return list(DestinationCallRow.select().order_by(DestinationCallRow.id))

    def destination(self, name: str = "records") -> DestinationRow:
        with self.runtime.db.read():
            row: DestinationRow = DestinationRow.get(DestinationRow.name == name)
        return row

    def users(self) -> dict[str, list[str]]:
        """The ids of the users at the vendor by email, but for Ada."""
        found: dict[str, list[str]] = {}
        for user in self.world.sim.account.users.values():
            if user.email and user.email != "ada@example.com":
                found.setdefault(user.email, []).append(user.id)
        return found


def people(*numbers: int) -> Iterable[dict[str, Any]]:
    """Records of end-users."""
    return [{"first_name": f"Person {number}", "email": f"p{number}@example.com"} for number in numbers]
