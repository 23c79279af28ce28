"""The first records that wait, each made ready to be sent, or found to be broken or to have to wait."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.destinations import ledger
from core.destinations.claims import Claim
from core.destinations.equipment import Equipment, Halted
from core.destinations.expressions import LookUpFunction
from core.destinations.failed_looks import FIRST_WAIT, due, named, note, note_behind
from core.destinations.fitness import fitting
from core.destinations.rendering import Prepared, unmade
from core.errors import BadPayload, BadRecord, RelaydeskError, RetryLater, VendorError
from core.runtime import Runtime
from core.store.models import DestinationRecordRow

log = logging.getLogger(__name__)

WINDOW = 100
"""Records that are looked at together, at least: a batch's worth where that is more."""
MOST_IN_WINDOW = 1000
LONGEST_LOOK = timedelta(seconds=5)
"""How long records are looked at before the first goes, where each goes by itself: what was found is fresh then."""
MOST_TROUBLES = 3
"""Records of one window that cannot be looked at now, before no more are tried."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits, prepared to be sent. Of its looks `failed_looks` came to nothing before."""

    id: int
    data: Mapping[str, Any]
    prepared: Prepared
    since: datetime
    attempts: int
    failed_looks: int


@dataclass(slots=True)
class Window:
    """The first records that wait, as far as they can be sent now.

    Some were `broken`, some are `held_back` behind others, and of some it cannot be told now, since `trouble` was met.
    There were `troubles` with so many for which others fare no better; `passed_over` are as many more of them, whose
    look failed before. The first of those is due `again`.
    """

    waiting: list[Waiting] = field(default_factory=list)
    broken: bool = False
    held_back: bool = False
    trouble: VendorError | BadPayload | None = None
    troubles: int = 0
    passed_over: int = 0
    again: datetime | None = None

    def pass_over(self, until: datetime) -> None:
        """One is not looked at before a moment."""
        self.again = until if self.again is None else min(self.again, until)

    @property
    def is_no_use(self) -> bool:
        """Whether looking at other records would most likely come to nothing too."""
        return self.trouble is not None and (self.troubles >= MOST_TROUBLES or is_of_the_account(self.trouble))


class _Behind(Exception):
    """What is looked for was looked for in vain for another record."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def looked_at(runtime: Runtime, claim: Claim, equipment: Equipment, over: Halted) -> Window:
    """Look at the first records that wait: all of a window, or those before the turn was `over`.

    Those of a lane in which an earlier one is in doubt wait for its end. One that cannot be looked at now, since
    what it names cannot be looked up, holds up those of its lane and those that name the same. Others pass it by, and
    wait only where they fare no better.
    """
    return _Look(runtime, claim, equipment).window(over)


class _Look:
    """One look at the first records that wait."""

    def __init__(self, runtime: Runtime, claim: Claim, equipment: Equipment) -> None:
        self._runtime = runtime
        self._claim = claim
        self._equipment = equipment
        self._size = equipment.definition.batch.size if equipment.definition.batch else 0
        self._taken = _lanes_in_doubt(runtime, claim)
        self._in_vain: set[str] = set()
        self._asked = ""
        self._looks = 0
        self._failed_again = False
        self._window = Window()

    def window(self, over: Halted) -> Window:
        """See `looked_at`."""
        wanted = min(MOST_IN_WINDOW, max(WINDOW, 2 * self._size))
        until = self._runtime.db.now() + LONGEST_LOOK
        window = self._window
        for row in _rows(self._runtime, self._claim, wanted):
            # Looks wait for the budget: what is found is forgotten again before a whole window is known.
            long = bool(window.waiting) and not self._size and self._runtime.db.now() >= until
            if window.is_no_use or len(window.waiting) == wanted or (self._looks and (long or over())):
                break
            if not self._take(row):
                break
        return window

    def _take(self, row: DestinationRecordRow) -> bool:
        """Look at one record; False if no other need be looked at."""
        window = self._window
        if row.lane and row.lane in self._taken:
            window.held_back = True
            return True
        if self._is_passed_over(row):
            return True
        self._looks += 1
        try:
            prepared = _prepared(self._equipment, row, self._look_up)
        except BadRecord as problem:
            window.broken = True
            return ledger.break_records(
                self._runtime, self._claim, self._equipment.revision, [row.id], problem.field, problem.reason
            )
        except _Behind as behind:
            note_behind(self._runtime, row.id, behind.name)
            return True
        except (VendorError, BadPayload) as problem:
            self._failed(row, problem)
            return True
        if prepared.lane and fitting(prepared.lane) in self._taken:
            window.held_back = True
        else:
            window.waiting.append(Waiting(row.id, row.data, prepared, row.created_at, row.attempts, row.failed_looks))
        return True

    def _is_passed_over(self, row: DestinationRecordRow) -> bool:
        if row.looked_for and row.looked_for in self._in_vain:
            return True
        now = self._runtime.db.now()
        until = due(row, now)
        # Of those that have failed before, one a time is tried in vain: there may be many, in front of all others.
        if until <= now and not (row.failed_looks and self._failed_again):
            return False
        self._window.pass_over(until)
        self._window.passed_over += not row.failed_alone
        self._hold_up(row, row.looked_for)
        return True

    def _failed(self, row: DestinationRecordRow, problem: VendorError | BadPayload) -> None:
        window = self._window
        window.trouble = problem
        if is_of_the_account(problem):
            return
        alone = note(self._runtime, self._claim, self._equipment.revision, row.id, self._asked, problem)
        self._failed_again |= row.failed_looks > 0
        window.troubles += not alone
        window.pass_over(self._runtime.db.now() + timedelta(seconds=FIRST_WAIT))
        self._hold_up(row, self._asked)

    def _hold_up(self, row: DestinationRecordRow, name: str) -> None:
        self._taken |= {row.lane} - {""}
        self._in_vain |= {name} - {""}

    def _look_up(self, what: str, value: str) -> str:
        self._asked = named(what, value)
        if self._asked in self._in_vain:
            raise _Behind(self._asked)
        return self._equipment.look_up(what, value)


def _prepared(equipment: Equipment, row: DestinationRecordRow, look_up: LookUpFunction) -> Prepared:
    try:
        prepared = equipment.renderer.prepare(row.data, look_up)
        if equipment.definition.batch is not None:
            equipment.renderer.call([prepared])  # it must be good by itself to go with others
    except (RelaydeskError, _Behind):
        raise
    except Exception as problem:
        log.exception("record %s of destination %s cannot be rendered", row.id, equipment.definition.name)
        raise unmade(problem) from None
    return prepared


def _rows(runtime: Runtime, claim: Claim, at_once: int) -> Iterator[DestinationRecordRow]:
    """The records that wait, in their order, some at a time."""
    last = 0
    while True:
        with runtime.db.read():
            rows = list(
                DestinationRecordRow.select()
                .where(
                    DestinationRecordRow.destination == claim.destination_id,
                    DestinationRecordRow.state == "waiting",
                    DestinationRecordRow.id > last,
                )
                .order_by(DestinationRecordRow.id)
                .limit(at_once)
            )
        yield from rows
        if len(rows) < at_once:
            return
        last = rows[-1].id


def _lanes_in_doubt(runtime: Runtime, claim: Claim) -> set[str]:
    """The lanes in which it is not known yet what became of an earlier record."""
    with runtime.db.read():
        rows = DestinationRecordRow.select(DestinationRecordRow.lane).where(
            DestinationRecordRow.destination == claim.destination_id,
            DestinationRecordRow.state.in_(("sending", "uncertain")),
            DestinationRecordRow.lane != "",
        )
        return {row.lane for row in rows}


def is_the_budget(problem: VendorError | BadPayload) -> bool:
    """Whether nothing was sent, since the calls of a minute are used up: nothing is wrong then."""
    return isinstance(problem, RetryLater) and problem.status is None and problem.after is not None


def is_of_the_account(problem: VendorError | BadPayload) -> bool:
    """Whether other records would fare no better for certain; what is forbidden may be so for one only."""
    refused = isinstance(problem, VendorError) and problem.status in (401, 429)
    return refused or is_the_budget(problem)
