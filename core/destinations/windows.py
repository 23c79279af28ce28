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
from core.destinations.fitness import fitting
from core.destinations.rendering import Prepared
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
    """A record that waits, prepared to be sent."""

    id: int
    data: Mapping[str, Any]
    prepared: Prepared
    since: datetime
    attempts: int


@dataclass(slots=True)
class Window:
    """The first records that wait, as far as they can be sent now.

    Some were `broken`, some are `held_back` behind others, and of some it cannot be told now, since `trouble` was met.
    """

    waiting: list[Waiting] = field(default_factory=list)
    broken: bool = False
    held_back: bool = False
    trouble: VendorError | BadPayload | None = None


def looked_at(runtime: Runtime, claim: Claim, equipment: Equipment, over: Halted) -> Window:
    """Look at the first records that wait: all of a window, or those before the turn was `over`.

    Those of a lane in which an earlier one is in doubt wait for its end. One that cannot be looked at now, since
    what it names cannot be looked up, holds up those of its lane, and others only where they fare no better.
    """
    size = equipment.definition.batch.size if equipment.definition.batch else 0
    wanted = min(MOST_IN_WINDOW, max(WINDOW, 2 * size))
    taken = _lanes_in_doubt(runtime, claim)
    window = Window()
    troubles, looks = 0, 0
    until = runtime.db.now() + LONGEST_LOOK
    for row in _rows(runtime, claim, wanted):
        # Looks wait for the budget: what is found is forgotten again before a whole window is known.
        if looks and (over() or (window.waiting and not size and runtime.db.now() >= until)):
            break
        if row.lane and row.lane in taken:
            window.held_back = True
            continue
        looks += 1
        try:
            prepared = _prepared(equipment, row)
        except BadRecord as problem:
            window.broken = True
            if not ledger.break_records(runtime, claim, equipment.revision, [row.id], problem.field, problem.reason):
                break
            continue
        except (VendorError, BadPayload) as problem:
            window.trouble = problem
            troubles += 1
            if troubles == MOST_TROUBLES or _is_of_the_account(problem):
                break
            taken |= {row.lane} - {""}
            continue
        if prepared.lane and fitting(prepared.lane) in taken:
            window.held_back = True
            continue
        window.waiting.append(Waiting(row.id, row.data, prepared, row.created_at, row.attempts))
        if len(window.waiting) == wanted:
            break
    return window


def _prepared(equipment: Equipment, row: DestinationRecordRow) -> Prepared:
    try:
        prepared = equipment.renderer.prepare(row.data, equipment.look_up)
        if equipment.definition.batch is not None:
            equipment.renderer.call([prepared])  # it must be good by itself to go with others
    except RelaydeskError:
        raise
    except Exception as problem:
        log.exception("record %s of destination %s cannot be rendered", row.id, equipment.definition.name)
        raise BadRecord("", f"it cannot be made a request ({type(problem).__name__})") from None
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


def _is_of_the_account(problem: VendorError | BadPayload) -> bool:
    """Whether other records would fare no better for certain."""
    refused = isinstance(problem, VendorError) and problem.status in (401, 403, 429)
    return refused or is_the_budget(problem)
