"""The ledger of records and calls: what is begun, and what became of it.

Every call is recorded, with the records it writes, before it is made; one that nobody knows the end of is uncertain,
and its records with it, until it is looked for at the vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.destination_settings import Definition
from core.destination_template import VendorCall
from core.destinations import responses
from core.destinations.claims import Claim, back_off, hold, still_sends, wake
from core.destinations.failed_looks import NONE_FAILED
from core.destinations.fitness import fitting
from core.destinations.outcomes import FAILED, POSTPONED, SENT, UNCERTAIN, Outcome, RecordOutcome
from core.runtime import Runtime
from core.store.models import NOT_HELD, DestinationCallRow, DestinationRecordRow, DestinationRow

_TELLS = {
    SENT: ("sending", "uncertain", "parked", "postponed"),
    FAILED: ("sending", "uncertain", "parked"),
    POSTPONED: ("sending", "uncertain", "parked"),
    UNCERTAIN: ("sending",),
}
"""To calls of which states an outcome is news: more than is known of them already."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that is to be made for some records. `captured_id` is what it changes, where that exists already."""

    call: VendorCall
    record_ids: tuple[int, ...]
    lane: str
    template: str
    purpose: str = "write"
    captured_id: str = ""


class _TakenBack(Exception):
    """One of the records of a call does not wait any more."""


def begin(runtime: Runtime, claim: Claim, revision: int, planned: Planned) -> int | None:
    """Record a call before it is made, and that its records are under way; returns its id.

    None if it must not be made: the destination is another's, was changed, paused, deactivated or removed since it was
    planned, or one of the records was taken back. Opens its own transaction.
    """
    try:
        with runtime.db.write():
            # The row is ours from here on until the commit: nobody can pause it in between.
            if not hold(runtime, claim, *still_sends(revision)):
                return None
            call = DestinationCallRow.insert(
                destination=claim.destination_id,
                purpose=planned.purpose,
                template=planned.template,
                verb=planned.call.verb,
                path=planned.call.path,
                body=planned.call.body,
                size=len(planned.record_ids),
                fence=claim.fence,
                started_at=runtime.db.now(),
                captured_id=planned.captured_id,
            ).execute()
            begun = (
                DestinationRecordRow.update(
                    state="sending",
                    call=call,
                    lane=fitting(planned.lane),
                    attempts=DestinationRecordRow.attempts + 1,
                    error="",
                    error_field="",
                    **NONE_FAILED,
                )
                .where(DestinationRecordRow.id.in_(planned.record_ids), DestinationRecordRow.state == "waiting")
                .execute()
            )
            if begun != len(planned.record_ids):
                raise _TakenBack
            return int(call)
    except _TakenBack:
        return None


def settle(
    runtime: Runtime,
    definition: Definition,
    call_id: int,
    outcome: Outcome,
    confirmed_by: str = "",
    claim: Claim | None = None,
) -> bool:
    """Record how a call has ended, and what that means for each of its records. Opens its own transaction.

    An answer counts however late it is: that something was written even where the call had been given up, as long as
    the record was not begun again. What a person has decided about a record stays. False if it changes nothing. What
    was only concluded, not answered, must be concluded under a `claim`, and counts for nothing if that was lost.
    """
    with runtime.db.write():
        if claim is not None and not hold(runtime, claim):
            return False
        query = DestinationCallRow.select().where(DestinationCallRow.id == call_id)
        # The destination's row first, here as everywhere: whoever lets records in has that too, and then theirs.
        whose = DestinationRow.select().where(DestinationRow.id.in_(query.select(DestinationCallRow.destination)))
        destination: DestinationRow | None = runtime.db.for_update(whose, skip_locked=False).first()
        call: DestinationCallRow | None = runtime.db.for_update(query, skip_locked=False).first()
        if destination is None or call is None or call.state not in _TELLS[outcome.kind]:
            return False
        its = DestinationRecordRow.select().where(DestinationRecordRow.call == call.id)
        records = list(runtime.db.for_update(its.order_by(DestinationRecordRow.id), skip_locked=False))
        _close(runtime, call, outcome, confirmed_by)
        _apply(runtime, destination, definition, call, records, outcome)
        if outcome.account:
            back_off(runtime, destination, outcome.error, outcome.after)
        elif not confirmed_by and outcome.kind in (SENT, FAILED) and (destination.failures or destination.held_reason):
            DestinationRow.update(**NOT_HELD).where(DestinationRow.id == destination.id).execute()
        elif destination.held_until is not None and not destination.held_reason:
            wake(destination.id)  # what waited behind it may go
        return True


def _apply(
    runtime: Runtime,
    destination: DestinationRow,
    definition: Definition,
    call: DestinationCallRow,
    records: Sequence[DestinationRecordRow],
    outcome: Outcome,
) -> None:
    """Let the outcome of a call be that of its records."""
    undecided = ("sending", "uncertain", "parked")
    if outcome.kind in (SENT, FAILED):
        # One that waits to go again need not, since this call has written it after all.
        settled = (*undecided, "waiting") if outcome.kind == SENT else undecided
        for record, single in zip(records, _singles(outcome, call, len(records)), strict=True):
            if record.state not in settled:
                continue
            if single is None:
                _park_records(DestinationRecordRow.id == record.id, "the vendor's answer cannot be told apart any more")
                continue
            state = "sent" if single.sent else "failed"
            settle_record(runtime, destination, definition, record, state, single, outcome)
    else:
        state = {POSTPONED: "waiting", UNCERTAIN: "uncertain"}[outcome.kind]
        ids = [record.id for record in records if record.state in undecided]
        DestinationRecordRow.update(state=state, error=outcome.error).where(DestinationRecordRow.id.in_(ids)).execute()


def park(call: DestinationCallRow, why: str) -> None:
    """Leave a call, and its records, to a person. Inside the transaction now open."""
    DestinationCallRow.update(state="parked", next_at=None, error=why).where(DestinationCallRow.id == call.id).execute()
    _park_records((DestinationRecordRow.call == call.id) & (DestinationRecordRow.state == "uncertain"), why)
    wake(call.destination_id)  # what waited behind it goes on


def _park_records(which: Any, why: str) -> None:
    DestinationRecordRow.update(state="parked", error=why).where(which).execute()


def settle_record(
    runtime: Runtime,
    destination: DestinationRow,
    definition: Definition,
    record: DestinationRecordRow,
    state: str,
    single: RecordOutcome,
    outcome: Outcome,
) -> None:
    """Give a record its end: sent, failed or skipped; its answer is kept where answers are. In the transaction open.

    The one place where that happens: what is known to have been answered reaches whoever waits for it exactly once.
    """
    DestinationRecordRow.update(
        state=state, captured_id=single.captured_id, error=single.error, settled_at=runtime.db.now()
    ).where(DestinationRecordRow.id == record.id).execute()
    responses.keep(
        runtime,
        destination,
        definition,
        record,
        outcome=state,
        ok=state != "failed",
        status=outcome.status,
        captured_id=single.captured_id,
        answer=outcome.answer,
        error=single.error,
    )


def break_records(
    runtime: Runtime, claim: Claim, revision: int, record_ids: Sequence[int], field: str, reason: str
) -> bool:
    """Let records fail that cannot be sent as they are, before any call was made. Opens its own transaction.

    False, and nothing happens, if the destination is another's by now, or was changed since they were looked at.
    """
    with runtime.db.write():
        if not hold(runtime, claim, *still_sends(revision)):
            return False
        DestinationRecordRow.update(state="failed", error=reason, error_field=field, settled_at=runtime.db.now()).where(
            DestinationRecordRow.id.in_(record_ids), DestinationRecordRow.state == "waiting"
        ).execute()
        return True


def skip_records(
    runtime: Runtime, claim: Claim, revision: int, definition: Definition, record_ids: Sequence[int], existing: str
) -> bool:
    """Let records be skipped that the vendor has already, under an id; otherwise as `break_records`."""
    with runtime.db.write():
        if not hold(runtime, claim, *still_sends(revision)):
            return False
        row = DestinationRow.get_by_id(claim.destination_id)
        waiting = DestinationRecordRow.id.in_(record_ids) & (DestinationRecordRow.state == "waiting")
        for record in runtime.db.for_update(DestinationRecordRow.select().where(waiting), skip_locked=False):
            single = RecordOutcome(True, existing, "the vendor has it already")
            settle_record(runtime, row, definition, record, "skipped", single, Outcome(SENT))
        return True


def _close(runtime: Runtime, call: DestinationCallRow, outcome: Outcome, confirmed_by: str) -> None:
    now = runtime.db.now()
    values: dict[str, Any] = {
        "state": outcome.kind,
        "status": outcome.status,
        "answer": outcome.answer,
        "error": outcome.error,
        "confirmed_by": confirmed_by or ("answer" if outcome.kind == SENT else ""),
        "next_at": None,
        "settled_at": now,
    }
    if outcome.captured_id:
        values["captured_id"] = outcome.captured_id
    if outcome.kind == UNCERTAIN:
        quarantine = timedelta(seconds=runtime.config.worker.quarantine_seconds)
        values |= {"uncertain_at": now, "next_at": now + quarantine, "settled_at": None}
    DestinationCallRow.update(**values).where(DestinationCallRow.id == call.id).execute()


def _singles(outcome: Outcome, call: DestinationCallRow, size: int) -> Sequence[RecordOutcome | None]:
    """What became of each record; None where the answer speaks of more, and none can be told from the others."""
    if outcome.kind == FAILED:
        return [RecordOutcome(False, error=outcome.error)] * size
    if outcome.records:
        return outcome.records if len(outcome.records) == size else [None] * size
    return [RecordOutcome(True, outcome.captured_id or call.captured_id)] * size
