"""A destination's turn: what waits is prepared, the next call is recorded, made and settled, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from core.destination_settings import Definition
from core.destinations import claims, grouping, intake, ledger, outcomes, reconcile
from core.destinations.claims import Claim
from core.destinations.equipment import LONGEST_WAIT, Equipment, equip
from core.destinations.ledger import Planned
from core.destinations.look_ups import LookUpCache
from core.destinations.outcomes import FAILED, POSTPONED, SENT, UNCERTAIN, Outcome
from core.destinations.rendering import Prepared
from core.destinations.windows import Waiting, Window, is_the_budget, looked_at
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
        """Make the calls of a window of records; False if there is nothing more to do now."""
        window = looked_at(self._runtime, self._claim, equipment)
        if not window.waiting:
            return window.broken or self._rest(window)
        candidates = [(each.data, each.prepared) for each in window.waiting]
        merges = equipment.template is not None and bool(equipment.template.merged_by)
        groups = grouping.batches(equipment.definition, merges, candidates, [each.since for each in window.waiting])
        done = window.broken
        growing: list[datetime] = []
        lanes: set[str] = set()
        for number, places in enumerate(groups):
            if self._is_over():
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
                self._hold(problem)
                return False
            done = True
        if not done:
            claims.wait_until(self._runtime, self._claim, min(growing))
        return done

    def _rest(self, window: Window) -> bool:
        """Name the moment before which nothing can be begun, if anything waits at all; False, since nothing is due."""
        if window.trouble is not None:
            self._hold(window.trouble)
        elif window.held_back:
            with self._runtime.db.read():
                moment = claims.next_look(self._claim.destination_id)
            in_a_while = self._runtime.db.now() + timedelta(seconds=LONGEST_NAP)
            claims.wait_until(self._runtime, self._claim, moment or in_a_while)
        return False

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
            planned = self._plan(equipment, members)
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
        call_id = ledger.begin(self._runtime, self._claim, equipment.revision, planned)
        if call_id is None:
            return False
        outcome = self._made(equipment, planned, self._runtime.db.now())
        self._calls += 1
        confirmed_by = ""
        if outcome.kind == FAILED and equipment.template is not None and reconcile.refuses(outcome.status):
            outcome, confirmed_by = self._looked_after(equipment, call_id, members, outcome)
        self._settle(equipment, call_id, outcome, confirmed_by)
        return outcome.kind in (SENT, FAILED) and not outcome.account

    def _settle(self, equipment: Equipment, call_id: int, outcome: Outcome, confirmed_by: str) -> None:
        """Record what became of a call, with some patience: only we know it."""
        for left in reversed(range(SETTLE_TRIES)):
            try:
                ledger.settle(self._runtime, equipment.definition, call_id, outcome, confirmed_by)
                return
            except StoreBusy:
                if not left:
                    raise
                self._runtime.clock.sleep(1.0)

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

    def _plan(self, equipment: Equipment, members: list[Waiting]) -> Planned | str:
        """The call for some records; or else the id under which the vendor has them, and which is left as it is."""
        prepared = [each.prepared for each in members]
        ids = tuple(each.id for each in members)
        template, definition = equipment.template, equipment.definition
        try:
            call = equipment.renderer.call(prepared)
            existing = self._existing(equipment, prepared[0])
            if existing is not None and definition.exists == "skip":
                return existing
            if template is not None and existing is not None:
                call = template.update_call(prepared[0].fields, existing, equipment.connection)
                return Planned(call, ids, prepared[0].lane, definition.template, "update", existing)
        except RelaydeskError:
            raise
        except Exception as problem:
            log.exception("record %s of destination %s cannot be made a request", ids, self._claim.name)
            raise BadRecord("", f"it cannot be made a request ({type(problem).__name__})") from None
        return Planned(call, ids, prepared[0].lane, definition.template)

    def _existing(self, equipment: Equipment, prepared: Prepared) -> str | None:
        """The id under which the vendor has a record already, where the definition wants to know that."""
        template = equipment.template
        if template is None or not template.finds_existing or equipment.definition.exists == "fail":
            return None
        return template.existing(prepared.fields, equipment.connection, equipment.reads)

    def _made(self, equipment: Equipment, planned: Planned, begun: datetime) -> Outcome:
        """Make a call that was recorded."""
        call = planned.call
        if self._runtime.db.now() - begun > timedelta(seconds=self._runtime.config.worker.quarantine_seconds / 2):
            # This process was stopped for a while. Others may have given the call up by now.
            return Outcome(POSTPONED, error="the call was not made in time")
        try:
            answer = equipment.http.request(
                call.verb, call.path, json=call.body, more_headers=equipment.definition.headers
            )
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
            if call.purpose == "write" and self._existing(equipment, members[0].prepared) is not None:
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
    held = any(until is not None and until > now for until in (row.held_until, row.arriving_until))
    return row.activated_at is not None and row.paused_at is None and not held
