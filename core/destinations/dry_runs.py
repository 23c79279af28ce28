"""A dry run looks at a whole file as the intake does, and counts what would be sent; nothing is sent or stored."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Any

from core.destination_settings import Definition
from core.destinations.entering import COUNTING, what_stays
from core.destinations.fitness import Candidate, Fitness, canonical, digest
from core.destinations.formats import Item
from core.destinations.grouping import PreparedRecord
from core.destinations.intake import AT_ONCE, MOST_BYTES, MOST_ERRORS, LineError
from core.destinations.showing import Sample, Showing
from core.runtime import Runtime
from core.store.models import DestinationRecordRow, DestinationRow

SAMPLES = 10
_AT_ONCE = 1000
"""About how many records are put into calls together."""
_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of records, of which only the last of equal ones counts, that are held before they go into a file."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of a file: `good` records would make so many `requests`.

    The others are `broken`, `duplicates` of others in the file or the ledger, or `known` in the ledger. `errors` are
    the first hundred of the broken ones.
    """

    read: int
    good: int
    broken: int
    duplicates: int
    requests: int
    errors: tuple[LineError, ...]
    samples: tuple[Sample, ...]
    known: int = 0


class DryRunning(AbstractContextManager["DryRunning"]):
    """Goes through a file, of whose records it keeps some bytes each.

    Raises `ConfigError` if the connection or the template is not there.
    """

    def __init__(self, runtime: Runtime, definition: Definition) -> None:
        self._runtime = runtime
        self._definition = definition
        self._fitness = Fitness(runtime, definition)
        self._calls = _Calls(definition, Showing(runtime, definition))
        self._latest = _Latest() if definition.unique and definition.keep == "last" else None
        self._good: set[int] = set()
        self._broken: dict[int, int] = {}
        self._values: set[int] = set()
        self._counts = dict.fromkeys(("read", "broken", "duplicates", "known"), 0)
        self._errors: list[LineError] = []
        self._together: list[Candidate] = []
        self._size = 0

    def __exit__(self, *exception: object) -> None:
        if self._latest is not None:
            self._latest.close()

    def look_at(self, item: Item) -> None:
        """Count what stands in a place of the file."""
        self._counts["read"] += 1
        candidate = self._fitness.of_item(item)
        self._together.append(candidate)
        self._size += candidate.size
        if len(self._together) == AT_ONCE or self._size >= MOST_BYTES:
            self._judge()

    def ended(self) -> DryRun:
        """What it has come to, once there is nothing more to look at."""
        self._judge()
        for record in self._latest.left() if self._latest is not None else ():
            self._calls.add(record)
        good, requests, samples = self._calls.ended()
        return DryRun(**self._counts, good=good, requests=requests, errors=tuple(self._errors), samples=samples)

    def _judge(self) -> None:
        """Find out what would become of the records that were read, as `entering` does when they are stored."""
        known, values = self._ledger()
        for each in self._together:
            self._count(each, self._known_as(each, known.get(each.key)), values)
        self._together.clear()
        self._size = 0

    def _count(self, each: Candidate, known: str | None, values: set[str]) -> None:
        key = _number(each.key)
        if known in ("known", "duplicates"):
            self._counts[known] += 1
        elif each.error:
            self._broken[key] = _number(canonical(each.data))
            self._counts["broken"] += 1
            if len(self._errors) < MOST_ERRORS:
                self._errors.append(LineError(each.line, each.error_field, each.error))
        else:
            self._good.add(key)
            self._broken.pop(key, None)
            self._let_in(each, values)

    def _known_as(self, each: Candidate, former: DestinationRecordRow | None) -> str | None:
        """As what a record is counted since one of its key is there already; None if it is not."""
        key = _number(each.key)
        if key in self._good:
            return "duplicates"
        if key in self._broken:
            same = self._broken[key] == _number(canonical(each.data))
            return "broken" if same else None
        return what_stays(former.state, former.call_id is not None, former.data, each) if former else None

    def _let_in(self, each: Candidate, values: set[str]) -> None:
        if self._latest is not None:
            self._counts["duplicates"] += self._latest.add(each)
            return
        value = _number(each.unique) if each.unique else None
        if value is not None and (each.unique in values or value in self._values):
            self._counts["duplicates"] += 1
            return
        if value is not None:
            self._values.add(value)
        self._calls.add(each.data)

    def _ledger(self) -> tuple[dict[str, DestinationRecordRow], set[str]]:
        """What the ledger has under the keys, and which of the values by which duplicates are told."""
        here = DestinationRecordRow.select().join(DestinationRow).where(DestinationRow.name == self._definition.name)
        keys = [each.key for each in self._together]
        unique = list({each.unique for each in self._together if each.unique})
        with self._runtime.db.read():
            known = {row.key: row for row in here.where(DestinationRecordRow.key.in_(keys))}
            equal = here.where(DestinationRecordRow.unique_value.in_(unique), DestinationRecordRow.state.in_(COUNTING))
            return known, {row.unique_value for row in equal} if unique else set()


class _Calls:
    """The calls that good records would make, counted, and the first of them shown."""

    def __init__(self, definition: Definition, showing: Showing) -> None:
        self._showing = showing
        size = definition.batch.size if definition.batch else 1
        self._portion = size * max(1, _AT_ONCE // size)
        self._most_shown = SAMPLES * size
        self._together: list[PreparedRecord] = []
        self._first: list[Mapping[str, Any]] = []
        self._good = 0
        self._requests = 0

    def add(self, record: Mapping[str, Any]) -> None:
        self._together.append(self._showing.prepared(record))
        self._good += 1
        if len(self._first) < self._most_shown:
            self._first.append(record)
        if len(self._together) == self._portion:
            self._count()

    def ended(self) -> tuple[int, int, tuple[Sample, ...]]:
        """How many records would be sent, by how many calls, and the first of these."""
        self._count()
        return self._good, self._requests, tuple(self._showing.of(self._first))[:SAMPLES]

    def _count(self) -> None:
        self._requests += len(self._showing.groups(self._together))
        self._together.clear()


class _Latest:
    """Holds records of which only the last of equal ones counts, and gives them back when all have come."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - whoever has this one closes it
            _IN_MEMORY, "w+", encoding="utf-8", newline="\n"
        )
        self._latest: dict[int, int] = {}
        self._number = 0

    def add(self, each: Candidate) -> bool:
        """Hold a record; whether it takes the place of an earlier one."""
        value = _number(each.unique) if each.unique else None
        superseding = value in self._latest
        if value is not None:
            self._latest[value] = self._number
        json.dump([value, each.data], self._file)
        self._file.write("\n")
        self._number += 1
        return superseding

    def left(self) -> Iterator[Mapping[str, Any]]:
        """Those that no later one is equal to, in their order."""
        self._file.seek(0)
        for number, line in enumerate(self._file):
            value, record = json.loads(line)
            if value is None or self._latest[value] == number:
                yield record

    def close(self) -> None:
        self._file.close()


def _number(text: str) -> int:
    """What stands for a text, in eight bytes."""
    return int(digest(text)[:16], 16)
