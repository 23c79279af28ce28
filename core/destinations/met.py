"""Which rows of a ledger the records of one run are, and how they stand: whoever waits for them asks for no others."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from core.runtime import Runtime
from core.store.models import DestinationRecordRow as Row

OPEN = ("arriving", "waiting", "sending", "uncertain")
"""The states of which something may still come by itself."""
OVER = ("sent", "skipped", "failed", "dropped")


class Met:
    """The rows that a run has made, and those it has found open, from which id to which of each origin.

    A run may be of millions of records, so that their ids are not kept one by one. What was settled before is only
    counted, in `before`, by its state; `earlier` are those found open of other origins, by origin.
    """

    def __init__(self, destination_id: int, origin: str, began: datetime) -> None:
        self.before: Counter[str] = Counter()
        self.earlier: Counter[str] = Counter()
        self._destination_id = destination_id
        self._origin = origin
        self._began = began
        self._spans: dict[str, tuple[int, int]] = {}
        self._first: int | None = None
        self._parked: set[int] = set()

    def made(self, origin: str, *ids: int) -> None:
        """Note rows that are new in this run."""
        self._first = ids[0] if self._first is None else min(self._first, *ids)
        self._add(origin, *ids)

    def renewed(self, origin: str, row_id: int) -> None:
        """Note a row that was there, broken, and has got another record in this run."""
        self._add(origin, row_id)

    def found(self, row: Row) -> None:
        """Note a row that was there already."""
        if row.origin == self._origin and self._first is not None and row.id >= self._first:
            return  # the same record stands in the file twice
        if row.state in OPEN or (row.settled_at is not None and row.settled_at >= self._began):
            self._add(row.origin, row.id)
            if row.origin != self._origin:
                self.earlier[row.origin] += 1
        else:
            self.before[row.state] += 1
            if row.state == "parked":
                self._parked.add(row.id)

    def counts(self, runtime: Runtime) -> Counter[str]:
        """How many there are in each state, but for those that were settled before the run began."""
        found: Counter[str] = Counter()
        with runtime.db.read():
            for where in self._where():
                # One state after the other, as the index has them.
                for state in OPEN:
                    found[state] += Row.select().where(*where, Row.state == state).count()
                for state in OVER:
                    since = (Row.state == state) & (Row.settled_at >= self._began)
                    found[state] += Row.select().where(*where, since).count()
                parked = Row.select(Row.id).where(*where, Row.state == "parked")
                found["parked"] += len({each.id for each in parked} - self._parked)
        return found

    def failed_calls(self, runtime: Runtime, read_at: datetime) -> int:
        """How many have failed but those that were broken when the file was read, until `read_at`."""
        late = (Row.state == "failed") & (Row.settled_at >= self._began)
        late &= Row.call.is_null(False) | (Row.settled_at > read_at)
        with runtime.db.read():
            return sum(Row.select().where(*where, late).count() for where in self._where())

    def _add(self, origin: str, *ids: int) -> None:
        low, high = self._spans.get(origin, (ids[0], ids[0]))
        self._spans[origin] = (min(low, *ids), max(high, *ids))

    def _where(self) -> list[tuple[Any, ...]]:
        here = Row.destination == self._destination_id
        return [(here, Row.origin == origin, Row.id.between(*span)) for origin, span in self._spans.items()]
