"""Records enter the ledger: each once by its key, and of those that are equal in one attribute only one to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.destination_settings import Definition
from core.destinations.claims import wake
from core.destinations.fitness import Candidate, canonical
from core.destinations.met import Met
from core.store.database import Database
from core.store.models import DestinationRecordRow, DestinationRow

COUNTING = ("waiting", "sending", "uncertain", "parked", "sent")
"""The states of a record to which an equal one is a duplicate: it is written, or may still be."""
_ROWS = 100
"""Rows of one statement."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of each record: "accepted", "known", "broken" or "duplicate".

    Of those that were accepted in this run, `superseded` are duplicates of later ones; `first` is its first row.
    """

    outcomes: tuple[str, ...]
    superseded: int
    first: int | None


@dataclass(slots=True)
class _Holder:
    """The record that has a value by which duplicates are told: a row that is there, or one that is to be inserted."""

    state: str
    place: str
    id: int | None
    new: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Former:
    """What the ledger has under a key: a row that is there, or one that is to be inserted, at a `place` among those."""

    state: str
    called: bool
    data: Any
    id: int | None = None
    place: int = 0


class Entrance:
    """Lets records of one origin into a destination's ledger, inside the transaction now open.

    `first` is the first row of this run. Whoever holds the destination's row keeps others from the same meanwhile, so
    that of two equal ones one always sees the other.
    """

    def __init__(
        self,
        db: Database,
        row: DestinationRow,
        definition: Definition,
        origin: str,
        first: int | None = None,
        met: Met | None = None,
    ) -> None:
        self._db = db
        self._row = row
        self._definition = definition
        self._origin = origin
        self._first = first
        self._met = met
        self._now: datetime = db.now()
        self._new: list[dict[str, Any]] = []
        self._superseded: list[tuple[_Holder, str]] = []

    def let_in(self, candidates: Sequence[Candidate]) -> Entered:
        """Store them, in their order."""
        locked = DestinationRow.select(DestinationRow.id).where(DestinationRow.id == self._row.id)
        self._db.for_update(locked, skip_locked=False).first()
        there = self._known([each.key for each in candidates])
        known = {key: _Former(row.state, row.call_id is not None, row.data, row.id) for key, row in there.items()}
        holders = self._holders({each.unique for each in candidates if each.unique})
        outcomes: list[str] = []
        for each in candidates:
            former = known.get(each.key)
            stays = None if former is None else what_stays(former.state, former.called, former.data, each)
            if stays is not None:
                outcomes.append(stays)
                if self._met is not None and each.key in there:
                    self._met.found(there[each.key])
                continue
            there.pop(each.key, None)
            at = former.place if former else len(self._new)
            outcome = self._take(each, holders, former)
            outcomes.append(outcome)
            state = {"broken": "failed", "duplicate": "skipped"}.get(outcome, "waiting")
            known[each.key] = _Former(state, False, each.data, former.id if former else None, at)
        superseded = self._supersede()
        # A batch that waits to be filled may be full now; what is held back for trouble stays so.
        wake(self._row.id)
        return Entered(tuple(outcomes), superseded, self._insert())

    def admit(self, arrived: Sequence[tuple[DestinationRecordRow, Candidate]]) -> None:
        """Do the same with rows that are there already, and were not looked at until now."""
        known = self._known([each.key for _, each in arrived])
        holders = self._holders({each.unique for _, each in arrived if each.unique})
        for row, each in arrived:
            former = known.setdefault(each.key, row)
            if former.id == row.id:
                self._take(each, holders, _Former(row.state, False, row.data, row.id))
            else:
                why = f"the same {self._definition.key or 'record'} as {place(former.line, former.origin)}"
                self._change(row.id, {"state": "skipped", "error": why} | self._over())
        self._supersede()

    # ----------------------------------------------------------------------------------------- what is there

    def _known(self, keys: Iterable[str]) -> dict[str, DestinationRecordRow]:
        here = (DestinationRecordRow.destination == self._row.id) & DestinationRecordRow.key.in_(list(keys))
        return {each.key: each for each in DestinationRecordRow.select().where(here)}

    def _holders(self, values: set[str]) -> dict[str, _Holder]:
        if not values:
            return {}
        equal = DestinationRecordRow.select().where(
            DestinationRecordRow.destination == self._row.id,
            DestinationRecordRow.unique_value.in_(list(values)),
            DestinationRecordRow.state.in_(COUNTING),
        )
        return {
            each.unique_value: _Holder(each.state, place(each.line, each.origin), each.id)
            for each in equal.order_by(DestinationRecordRow.id)
        }

    # ------------------------------------------------------------------------------------------- one record

    def _take(self, each: Candidate, holders: dict[str, _Holder], former: _Former | None) -> str:
        values: dict[str, Any] = {
            "key": each.key,
            "data": each.data,
            "attempts": 0,
            "origin": self._origin,
            "line": each.line,
            "unique_value": each.unique,
            "state": "waiting",
            "settled_at": None,
            "error": each.error,
            "error_field": each.error_field,
        }
        outcome = "accepted"
        if each.error:
            outcome = "broken"
            values |= {"state": "failed"} | self._over()
        elif each.unique:
            holder = holders.get(each.unique)
            here = place(each.line, self._origin)
            name = self._definition.unique
            if holder is not None and self._definition.keep == "first":
                outcome = "duplicate"
                values |= {"state": "skipped", "error": f"the same {name} as {holder.place}"} | self._over()
            else:
                if holder is not None and holder.state == "waiting":
                    self._superseded.append((holder, f"{here} has the same {name} and came later"))
                holders[each.unique] = _Holder("waiting", here, former.id if former else None, values)
        if former is not None and former.id is not None:
            self._change(former.id, values)
            if self._met is not None:
                self._met.renewed(self._origin, former.id)
            return outcome
        values |= {"destination": self._row.id, "created_at": self._now}
        if former is not None:
            self._new[former.place] = values
        else:
            self._new.append(values)
        return outcome

    def _over(self) -> dict[str, Any]:
        return {"settled_at": self._now}

    # ------------------------------------------------------------------------------------------- the storing

    def _supersede(self) -> int:
        """Skip those that still wait and have a later equal; returns how many of them were accepted in this run."""
        ours = 0
        for holder, why in self._superseded:
            values = {"state": "skipped", "error": why} | self._over()
            if holder.id is None:
                holder.new |= values
            else:
                self._change(holder.id, values)
            ours += holder.id is None or (self._first is not None and holder.id >= self._first)
        return ours

    def _change(self, record_id: int, values: dict[str, Any]) -> None:
        DestinationRecordRow.update(**values).where(DestinationRecordRow.id == record_id).execute()

    def _insert(self) -> int | None:
        first: int | None = None
        for start in range(0, len(self._new), _ROWS):
            query = DestinationRecordRow.insert_many(self._new[start : start + _ROWS])
            made = list(query.returning(DestinationRecordRow.id).tuples().execute())
            first = made[0][0] if first is None else first
            if self._met is not None:
                self._met.made(self._origin, *(each for (each,) in made))
        return self._first if self._first is not None else first


def what_stays(state: str, called: bool, data: Any, candidate: Candidate) -> str | None:
    """What a record is to one of its key in this state: "known", or "broken" as it was; None if it takes its place.

    It does where the former never came to a call, and stands otherwise in its file now. That something is broken as it
    was before is told each time.
    """
    if state != "failed" or called:
        return "known"
    if canonical(data) != canonical(candidate.data):
        return None
    return "broken" if candidate.error else "known"


def place(line: int | None, origin: str) -> str:
    """Where a record stands, in words."""
    return f"line {line} of {origin}" if line is not None else f"an earlier one from {origin}"
