"""A destination's turn: what waits is prepared, the next call is recorded, made and settled, one after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from core.destination_settings import Definition
from core.destinations import claims, failed_looks, grouping, intake, ledger, outcomes, reconcile
from core.destinations.claims import Claim
from core.destinations.equipment import LONGEST_WAIT, Equipment, equip
from core.destinations.ledger import Planned
from core.destinations.look_ups import LookUpCache
from core.destinations.outcomes import FAILED, POSTPONED, SENT, UNCERTAIN, Outcome
from core.destinations.planning import fresh_first, plan
from core.destinations.windows import MOST_TROUBLES, Waiting, Window, is_of_the_account, is_the_budget, looked_at
from core.domain import Priority
from core.errors import BadPayload, BadRecord, ConfigError, Refused, RelaydeskError, RetryLater, VendorError
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow

log = logging.getLogger(__name__)

LONGEST_NAP = 2.0
"""Seconds that are waited for the budget with the destination in hand: it spreads its calls over the minute."""
SETTLE_TRIES = 4
"""How often it is tried to record what became of a call while the store is busy."""
Halted = Callable[[], bool]


def serve(runtime: Runtime, claim: Claim, cache: LookUpCache, halted: Halted = lambda: False) -> int:
    """Make the calls of a destination that is ours, until its turn is over or nothing is due; returns how many."""
    turn = Turn(runtime, claim, cache, halted)
    return turn.run()


class Turn:
    """One destination, from its claim until it is given back.

    It ends with nothing more to do now: then either nothing waits, or there is a moment before which nothing is begun.
    """

    def __init__(self, runtime: Runtime, claim: Claim, cache: LookUpCache, halted: Halted) -> None:
        self._runtime = runtime
        self._claim = claim
        self._cache = cache
        self._halted = halted
        self._calls = 0
        self._stirred = 0

    def run(self) -> int:
        """See `serve`."""
        self._calls = reconcile.look(self._runtime, self._claim, self._cache, self._is_over)
        while not self._is_over() and claims.renew(self._runtime, self._claim):
            row = self._row()
            if not _may_send(row, self._runtime.db.now()):
                break
            try:
                equipment = equip(self._runtime, row, self._cache, Priority.DESTINATION, self._halted)
            except ConfigError as problem:
                self._back_off(str(problem))
                break
            self._stirred = row.stirred
            self._admit(equipment.definition)
            if not self._work_off(equipment):
                break
        return self._calls

    def _is_over(self) -> bool:
        return self._halted() or self._runtime.db.now() >= self._claim.turn_ends

    def _row(self) -> DestinationRow:
        with self._runtime.db.read():
            row: DestinationRow = DestinationRow.get_by_id(self._claim.destination_id)
        return row

    def _admit(self, definition: Definition) -> None:
        """Look at the events that have arrived, while the destination is ours."""
        arrived = DestinationRecordRow.select(DestinationRecordRow.id).where(
            DestinationRecordRow.destination == self._claim.destination_id, DestinationRecordRow.state == "arriving"
        )
        with self._runtime.db.read():
            if not arrived.exists():
                return
        with self._runtime.db.write():
            if claims.hold(self._runtime, self._claim):
                row = DestinationRow.get_by_id(self._claim.destination_id)
                intake.admit(self._runtime, row, definition)

    def _work_off(self, equipment: Equipment) -> bool:
        """Make the calls of a window of records; False if there is nothing more to do now."""
        window = looked_at(self._runtime, self._claim, equipment, self._is_over)
        if not window.waiting:
            return window.broken or self._rest(window)
        candidates = [(each.data, each.prepared) for each in window.waiting]
        merges = equipment.template is not None and bool(equipment.template.merged_by)
        groups = grouping.batches(equipment.definition, merges, candidates, [each.since for each in window.waiting])
        if equipment.definition.batch is None:
            groups = fresh_first(groups, window.waiting)
        done = window.broken
        growing: list[datetime] = []
        lanes: set[str] = set()
        before = self._calls
        for number, places in enumerate(groups):
            # The looks may have taken the whole turn: then one call is made all the same, or none would ever be.
            if self._halted() or (self._calls > before and self._is_over()):
                return True
            members = [window.waiting[place] for place in places]
            full = grouping.is_full(equipment.definition, places, candidates, len(groups) - number)
            if members[0].prepared.lane in lanes:
                continue
            if not full and (wait := self._worth_waiting(equipment, members)) is not None:
                growing.append(wait)
                lanes |= {each.prepared.lane for each in members if each.prepared.lane}
                continue
            try:
                if not self._write(equipment, members):
                    return True
            except (VendorError, BadPayload) as problem:
                window.trouble = problem
                window.troubles += self._passed_over(equipment, members[0], problem)
                if window.is_no_use:
                    self._hold(problem)
                    return False
                lanes |= {members[0].prepared.lane} - {""}
            done = True
        if not done:
            claims.wait_until(self._runtime, self._claim, min(growing), self._stirred)
        return done

    def _rest(self, window: Window) -> bool:
        """Name the moment before which nothing can be begun, if anything waits at all; False, since nothing is due."""
        if window.trouble is not None and (window.is_no_use or window.troubles + window.passed_over >= MOST_TROUBLES):
            self._hold(window.trouble)
        elif window.held_back or window.again is not None:
            with self._runtime.db.read():
                look = claims.next_look(self._claim.destination_id) if window.held_back else None
            moments = [each for each in (look, window.again) if each is not None]
            in_a_while = self._runtime.db.now() + timedelta(seconds=LONGEST_NAP)
            claims.wait_until(self._runtime, self._claim, min(moments, default=in_a_while), self._stirred)
        return False

    def _passed_over(self, equipment: Equipment, member: Waiting, problem: VendorError | BadPayload) -> bool:
        """Let others pass by a record that cannot be looked for; False if that is so for this one alone."""
        if is_of_the_account(problem):
            return True
        name = failed_looks.named("existing", member.prepared.lane)
        return not failed_looks.note(self._runtime, self._claim, equipment.revision, member.id, name, problem)

    def _worth_waiting(self, equipment: Equipment, members: list[Waiting]) -> datetime | None:
        """Until when more records may join these; None if they have waited long enough."""
        batch = equipment.definition.batch
        if batch is None:
            return None
        until = min(each.since for each in members) + timedelta(seconds=batch.seconds)
        return until if until > self._runtime.db.now() else None

    # ------------------------------------------------------------------------------------------------ writing

    def _write(self, equipment: Equipment, members: list[Waiting]) -> bool:
        """Make the call for some records; False if the plans for those behind them no longer hold."""
        ids = tuple(each.id for each in members)
        try:
            planned = plan(equipment, members)
        except BadRecord as problem:
            return ledger.break_records(
                self._runtime, self._claim, equipment.revision, ids, problem.field, problem.reason
            )
        except Refused as problem:
            return ledger.break_records(self._runtime, self._claim, equipment.revision, ids, "", problem.words)
        if isinstance(planned, str):
            return ledger.skip_records(
                self._runtime, self._claim, equipment.revision, equipment.definition, ids, planned
            )
        if not self._reserve(equipment, planned):
            return False
        before = self._runtime.db.now(), time.monotonic()
        call_id = ledger.begin(self._runtime, self._claim, equipment.revision, planned)
        if call_id is None:
            return False
        outcome = self._made(equipment, planned, *before)
        self._calls += 1
        confirmed_by = ""
        if outcome.kind == FAILED and equipment.template is not None and reconcile.refuses(outcome.status):
            outcome, confirmed_by = self._looked_after(equipment, call_id, members, outcome)
        self._settle(equipment, call_id, outcome, confirmed_by)
        return outcome.kind in (SENT, FAILED) and not outcome.account

    def _settle(self, equipment: Equipment, call_id: int, outcome: Outcome, confirmed_by: str) -> None:
        """Record what became of a call, with some patience, and be it without what was said: only we know it."""
        for left in reversed(range(SETTLE_TRIES)):
            try:
                ledger.settle(self._runtime, equipment.definition, call_id, outcome, confirmed_by)
                return
            except StoreBusy:
                if not left:
                    raise
                self._runtime.clock.sleep(1.0)
            except Exception:
                if not left:
                    raise
                log.exception("call %s of destination %s is recorded without its texts", call_id, self._claim.name)
                outcome = outcomes.without_texts(outcome)

    def _reserve(self, equipment: Equipment, planned: Planned) -> bool:
        """Take the call's place in the budget; False if that takes longer than it is worth waiting for here.

        What has taken looks to plan is worth more, since they would be taken again.
        """
        longest = LONGEST_NAP if equipment.definition.exists == "fail" else LONGEST_WAIT
        while True:
            try:
                equipment.http.reserve(planned.call.verb, planned.call.path)
            except RetryLater as problem:
                wait = 1.0 if problem.after is None else problem.after
                if wait > longest or self._halted():
                    until = self._runtime.db.now() + timedelta(seconds=wait)
                    claims.wait_until(self._runtime, self._claim, until)
                    return False
                self._runtime.clock.sleep(wait)
            else:
                return True

    def _made(self, equipment: Equipment, planned: Planned, at: datetime, ticks: float) -> Outcome:
        """Make a call that was recorded after a moment, by the clock that others see and by one that nobody sets."""
        call = planned.call
        passed = max((self._runtime.db.now() - at).total_seconds(), time.monotonic() - ticks)
        if passed > self._runtime.config.worker.quarantine_seconds / 2:
            # This process was stopped for a while. Others may have given the call up by now.
            return Outcome(POSTPONED, error="the call was not made in time")
        try:
            answer = equipment.make(call)
            batch = len(planned.record_ids) if equipment.definition.batch is not None else None
            return outcomes.of_answer(answer, call, equipment.template, batch)
        except RelaydeskError as problem:
            return outcomes.of_error(problem)
        except Exception as problem:
            log.exception("what became of a call of destination %s is not known", self._claim.name)
            return Outcome(UNCERTAIN, error=f"it could not be seen through ({type(problem).__name__})")

    def _looked_after(
        self, equipment: Equipment, call_id: int, members: list[Waiting], outcome: Outcome
    ) -> tuple[Outcome, str]:
        """What a refusal means, with who says so: what a vendor has refused so has been seen to be there all the same.

        What somebody else has written meanwhile is dealt with as what is there already: it is planned anew.
        """
        with self._runtime.db.read():
            call = DestinationCallRow.get_by_id(call_id)
        try:
            # What is there already by the vendor's own words is not of this call, but it may be of an earlier one.
            again = any(each.attempts for each in members)
            found = reconcile.find(self._runtime, equipment, call) if again or outcome.status != 409 else None
            if found is not None:
                return Outcome(SENT, outcome.status, outcome.answer, captured_id=found), "readback"
            if call.purpose == "write" and equipment.existing_id(members[0].prepared) is not None:
                return replace(outcome, kind=POSTPONED, account=False), "look"
        except Exception as problem:
            if not isinstance(problem, RelaydeskError):
                log.exception("what became of a call of destination %s cannot be told", self._claim.name)
            return replace(outcome, kind=UNCERTAIN, account=False), ""
        return outcome, ""

    def _hold(self, problem: VendorError | BadPayload) -> None:
        """Send nothing for a while, since even reading does not work."""
        after = problem.after if isinstance(problem, RetryLater) else None
        if is_the_budget(problem) and after is not None:
            claims.wait_until(self._runtime, self._claim, self._runtime.db.now() + timedelta(seconds=after))
        else:
            self._back_off(str(problem), after)

    def _back_off(self, why: str, after: float | None = None) -> None:
        with self._runtime.db.write():
            if claims.hold(self._runtime, self._claim):
                row = DestinationRow.get_by_id(self._claim.destination_id)
                claims.back_off(self._runtime, row, why, after)


def _may_send(row: DestinationRow, now: datetime) -> bool:
    held = any(until is not None and until > now for until in claims.held_until(row, now))
    return row.activated_at is not None and row.paused_at is None and not held
