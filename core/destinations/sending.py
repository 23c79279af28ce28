"""A destination's turn: what waits is prepared, the next call is recorded, made and settled, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from core.destination_settings import Definition
from core.destinations import claims, grouping, intake, ledger, outcomes, reconcile
from core.destinations.claims import Claim
from core.destinations.equipment import Equipment, equip
from core.destinations.ledger import Planned
from core.destinations.look_ups import LookUpCache
from core.destinations.outcomes import FAILED, SENT, UNCERTAIN, Outcome, RecordOutcome
from core.destinations.rendering import Prepared
from core.domain import Priority
from core.errors import BadPayload, BadRecord, ConfigError, Refused, RelaydeskError, RetryLater, VendorError
from core.runtime import Runtime
from core.store.models import DestinationRecordRow, DestinationRow

log = logging.getLogger(__name__)

WINDOW = 100
"""Records that are looked at together, at least: a batch's worth where that is more."""
MOST_IN_WINDOW = 1000
LONGEST_NAP = 2.0
"""Seconds that are waited for the budget with the destination in hand: it spreads its calls over the minute."""
Halted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits, prepared to be sent."""

    id: int
    data: Mapping[str, Any]
    prepared: Prepared
    since: datetime


def serve(runtime: Runtime, claim: Claim, cache: LookUpCache, halted: Halted = lambda: False) -> int:
    """Make the calls of a destination that is ours, until its turn is over or nothing is due; returns how many."""
    turn = Turn(runtime, claim, cache, halted)
    return turn.run()


class Turn:
    """One destination, from its claim until it is given back."""

    def __init__(self, runtime: Runtime, claim: Claim, cache: LookUpCache, halted: Halted) -> None:
        self._runtime = runtime
        self._claim = claim
        self._cache = cache
        self._halted = halted
        self._calls = 0

    def run(self) -> int:
        """See `serve`."""
        self._calls = reconcile.look(self._runtime, self._claim, self._cache)
        while not self._is_over():
            row = self._row()
            now = self._runtime.db.now()
            held = row.held_until is not None and row.held_until > now
            arriving = row.arriving_until is not None and row.arriving_until > now
            if row.activated_at is None or row.paused_at is not None or held or arriving:
                break
            try:
                equipment = equip(self._runtime, row, self._cache, Priority.DESTINATION)
            except ConfigError as problem:
                self._back_off(row, problem)
                break
            self._admit(row, equipment.definition)
            if not self._work_off(equipment):
                break
        return self._calls

    def _is_over(self) -> bool:
        return self._halted() or self._runtime.db.now() >= self._claim.turn_ends

    def _row(self) -> DestinationRow:
        with self._runtime.db.read():
            row: DestinationRow = DestinationRow.get_by_id(self._claim.destination_id)
        return row

    def _admit(self, row: DestinationRow, definition: Definition) -> None:
        """Look at the events that have arrived."""
        arrived = DestinationRecordRow.select(DestinationRecordRow.id).where(
            DestinationRecordRow.destination == row.id, DestinationRecordRow.state == "arriving"
        )
        with self._runtime.db.read():
            if not arrived.exists():
                return
        with self._runtime.db.write():
            intake.admit(self._runtime, row, definition)

    def _work_off(self, equipment: Equipment) -> bool:
        """Make the calls of a window of records; False if there was nothing to do now."""
        done = False
        try:
            waiting, done = self._prepared(equipment)
            candidates = [(each.data, each.prepared) for each in waiting]
            merges = equipment.template is not None and bool(equipment.template.merged_by)
            groups = grouping.batches(equipment.definition, merges, candidates)
            for number, places in enumerate(groups):
                if self._is_over():
                    return done
                members = [waiting[place] for place in places]
                grown = grouping.is_full(equipment.definition, places, candidates, len(groups) - number)
                if not grown and (wait := self._worth_waiting(equipment, members)) is not None:
                    claims.wait_until(self._runtime, self._claim, wait)
                    continue
                if not self._write(equipment, members):
                    return True
                done = True
        except (VendorError, BadPayload) as problem:
            self._hold(problem)
            return False
        return done

    def _worth_waiting(self, equipment: Equipment, members: list[Waiting]) -> datetime | None:
        """Until when more records may join these; None if they have waited long enough."""
        batch = equipment.definition.batch
        if batch is None:
            return None
        until = min(each.since for each in members) + timedelta(seconds=batch.seconds)
        return until if until > self._runtime.db.now() else None

    # ---------------------------------------------------------------------------------------------- preparing

    def _prepared(self, equipment: Equipment) -> tuple[list[Waiting], bool]:
        """The first records that wait and may be sent now, and whether some were found to be broken.

        Those of a lane in which an earlier one is in doubt wait for its end.
        """
        size = equipment.definition.batch.size if equipment.definition.batch else 0
        wanted = min(MOST_IN_WINDOW, max(WINDOW, 2 * size))
        taken = self._lanes_in_doubt()
        found: list[Waiting] = []
        broken = False
        for row in self._rows(wanted):
            try:
                prepared = equipment.renderer.prepare(row.data, equipment.look_up)
                equipment.renderer.call([prepared])
            except BadRecord as problem:
                ledger.break_record(self._runtime, row.id, problem.field, problem.reason)
                broken = True
                continue
            if prepared.lane and prepared.lane in taken:
                continue
            found.append(Waiting(row.id, row.data, prepared, row.created_at))
            if len(found) == wanted:
                break
        return found, broken

    def _rows(self, at_once: int) -> Iterator[DestinationRecordRow]:
        """The records that wait, in their order, some at a time."""
        last = 0
        while True:
            with self._runtime.db.read():
                rows = list(
                    DestinationRecordRow.select()
                    .where(
                        DestinationRecordRow.destination == self._claim.destination_id,
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

    def _lanes_in_doubt(self) -> set[str]:
        """The lanes in which it is not known yet what became of an earlier record."""
        with self._runtime.db.read():
            rows = DestinationRecordRow.select(DestinationRecordRow.lane).where(
                DestinationRecordRow.destination == self._claim.destination_id,
                DestinationRecordRow.state.in_(("sending", "uncertain")),
                DestinationRecordRow.lane != "",
            )
            return {row.lane for row in rows}

    # ------------------------------------------------------------------------------------------------ writing

    def _write(self, equipment: Equipment, members: list[Waiting]) -> bool:
        """Make the call for some records; False if the turn's plans no longer hold."""
        try:
            planned = self._plan(equipment, members)
        except (BadRecord, Refused) as problem:
            field = problem.field if isinstance(problem, BadRecord) else ""
            reason = problem.reason if isinstance(problem, BadRecord) else problem.words
            for each in members:
                ledger.break_record(self._runtime, each.id, field, reason)
            return True
        if planned is None:
            return True
        if not self._reserve(equipment, planned):
            return False
        call_id = ledger.begin(self._runtime, self._claim, equipment.revision, planned)
        if call_id is None:
            return False
        outcome = self._made(equipment, planned)
        self._calls += 1
        ledger.settle(self._runtime, equipment.definition, call_id, outcome)
        if outcome.kind == UNCERTAIN and outcome.status == 400:
            reconcile.look_at(self._runtime, call_id, self._cache)
        return outcome.kind in (SENT, FAILED) and not outcome.account

    def _reserve(self, equipment: Equipment, planned: Planned) -> bool:
        """Take the call's place in the budget; False if that takes longer than it is worth waiting for here."""
        while True:
            try:
                equipment.http.reserve(planned.call.verb, planned.call.path)
            except RetryLater as problem:
                wait = 1.0 if problem.after is None else problem.after
                if wait > LONGEST_NAP or self._is_over():
                    until = self._runtime.db.now() + timedelta(seconds=wait)
                    claims.wait_until(self._runtime, self._claim, until)
                    return False
                self._runtime.clock.sleep(wait)
            else:
                return True

    def _plan(self, equipment: Equipment, members: list[Waiting]) -> Planned | None:
        """The call for some records; None if they are settled without one, since the vendor has them already."""
        prepared = [each.prepared for each in members]
        ids = tuple(each.id for each in members)
        template, definition = equipment.template, equipment.definition
        call = equipment.renderer.call(prepared)
        if template is not None and template.finds_existing and definition.exists != "fail":
            existing = template.existing(prepared[0].fields, equipment.connection, equipment.http)
            if existing is not None and definition.exists == "skip":
                self._skip(definition, ids, existing)
                return None
            if existing is not None:
                call = template.update_call(prepared[0].fields, existing, equipment.connection)
                return Planned(call, ids, prepared[0].lane, definition.template, "update", existing)
        return Planned(call, ids, prepared[0].lane, definition.template)

    def _made(self, equipment: Equipment, planned: Planned) -> Outcome:
        """Make a call that was recorded."""
        call = planned.call
        try:
            answer = equipment.http.request(
                call.verb, call.path, json=call.body, more_headers=equipment.definition.headers
            )
            return outcomes.of_answer(answer, call, equipment.template, len(planned.record_ids))
        except RelaydeskError as problem:
            outcome = outcomes.of_error(problem)
            if outcome.kind == FAILED and outcome.status == 400 and call.verb == "POST" and equipment.template:
                # What a vendor has refused so has been seen to be there all the same: a look tells.
                return replace(outcome, kind=UNCERTAIN)
            return outcome
        except Exception as problem:
            log.exception("what became of a call of destination %s is not known", self._claim.name)
            return Outcome(UNCERTAIN, error=f"it could not be seen through ({type(problem).__name__})")

    def _skip(self, definition: Definition, ids: tuple[int, ...], existing: str) -> None:
        with self._runtime.db.write():
            row = DestinationRow.get_by_id(self._claim.destination_id)
            for record in DestinationRecordRow.select().where(
                DestinationRecordRow.id.in_(ids), DestinationRecordRow.state == "waiting"
            ):
                single = RecordOutcome(True, existing, "the vendor has it already")
                ledger.settle_record(self._runtime, row, definition, record, "skipped", single, Outcome(SENT))

    def _hold(self, problem: VendorError | BadPayload) -> None:
        """Send nothing for a while, since even reading does not work."""
        if isinstance(problem, RetryLater) and problem.status is None and problem.after is not None:
            wait = timedelta(seconds=problem.after)  # the budget; nothing is wrong
            claims.wait_until(self._runtime, self._claim, self._runtime.db.now() + wait)
            return
        after = problem.after if isinstance(problem, RetryLater) else None
        with self._runtime.db.write():
            claims.back_off(self._runtime, DestinationRow.get_by_id(self._claim.destination_id), str(problem), after)

    def _back_off(self, row: DestinationRow, problem: ConfigError) -> None:
        with self._runtime.db.write():
            claims.back_off(self._runtime, row, str(problem))
