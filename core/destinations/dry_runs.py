"""A dry run looks at a whole file as the intake does, and counts what would be sent; nothing is sent or stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.destination_settings import Definition
from core.destinations.fitness import Candidate, Fitness, digest
from core.destinations.formats import Item
from core.destinations.grouping import PreparedRecord
from core.destinations.intake import MOST_ERRORS, LineError
from core.destinations.showing import Sample, Showing
from core.runtime import Runtime
from core.store.models import DestinationRecordRow, DestinationRow

SAMPLES = 10
_AT_ONCE = 1000
"""About how many records are looked for in the ledger, and put into calls, together."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of a file: `good` records would make so many `requests`.

    The others are `broken`, `duplicates` of others in the file, or `known` in the ledger. `errors` are the first
    hundred of the broken ones.
    """

    read: int
    good: int
    broken: int
    duplicates: int
    requests: int
    errors: tuple[LineError, ...]
    samples: tuple[Sample, ...]
    known: int = 0


class DryRunning:
    """Goes through a file, of whose records it keeps eight bytes each.

    Raises `ConfigError` if the connection or the template is not there.
    """

    def __init__(self, runtime: Runtime, definition: Definition) -> None:
        self._runtime = runtime
        self._definition = definition
        self._showing = Showing(runtime, definition)
        self._fitness = Fitness(runtime, definition)
        self._keys: set[int] = set()
        self._values: set[int] = set()
        self._counts = dict.fromkeys(("read", "good", "broken", "duplicates", "requests", "known"), 0)
        self._errors: list[LineError] = []
        self._first: list[Mapping[str, Any]] = []
        self._together: list[Candidate] = []
        size = definition.batch.size if definition.batch else 1
        self._portion = size * max(1, _AT_ONCE // size)
        self._most_shown = SAMPLES * size

    def look_at(self, item: Item) -> None:
        """Count what stands in a place of the file."""
        self._counts["read"] += 1
        candidate = self._fitness.of_item(item)
        if candidate.error:
            self._counts["broken"] += 1
            if len(self._errors) < MOST_ERRORS:
                self._errors.append(LineError(candidate.line, candidate.error_field, candidate.error))
        elif _seen(self._keys, candidate.key) or (candidate.unique and _seen(self._values, candidate.unique)):
            self._counts["duplicates"] += 1
        else:
            self._together.append(candidate)
            if len(self._together) >= self._portion:
                self._count_calls()

    def ended(self) -> DryRun:
        """What it has come to, once there is nothing more to look at."""
        self._count_calls()
        shown = tuple(self._showing.of(self._first))[:SAMPLES]
        return DryRun(**self._counts, errors=tuple(self._errors), samples=shown)

    def _count_calls(self) -> None:
        known = self._known()
        good: list[PreparedRecord] = []
        for candidate in self._together:
            if candidate.key in known:
                self._counts["known"] += 1
            else:
                good.append(self._showing.prepared(candidate.data))
                if len(self._first) < self._most_shown:
                    self._first.append(candidate.data)
        self._counts["good"] += len(good)
        self._counts["requests"] += len(self._showing.groups(good))
        self._together.clear()

    def _known(self) -> set[str]:
        """Which of the keys are in the ledger of the destination that has this name."""
        keys = [candidate.key for candidate in self._together]
        with self._runtime.db.read():
            found = (
                DestinationRecordRow.select(DestinationRecordRow.key)
                .join(DestinationRow)
                .where(DestinationRow.name == self._definition.name, DestinationRecordRow.key.in_(keys))
            )
            return {row.key for row in found}


def _seen(known: set[int], text: str) -> bool:
    number = int(digest(text)[:16], 16)
    if number in known:
        return True
    known.add(number)
    return False
