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
from core.destinations.claims import Claim, back_off, hold
from core.destinations.outcomes import FAILED, POSTPONED, SENT, UNCERTAIN, Outcome, RecordOutcome
from core.runtime import Runtime
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that is to be made for some records. `captured_id` is what it changes, where that exists already."""

    call: VendorCall
    record_ids: tuple[int, ...]
    lane: str
    template: str
    purpose: str = "write"
    captured_id: str = ""


def begin(runtime: Runtime, claim: Claim, revision: int, planned: Planned) -> int | None:
    """Record a call before it is made, and that its records are under way; returns its id.

    None if it must not be made: the destination is another's, was changed, paused or deactivated since it was planned,
    or one of the records was taken back. Opens its own transaction.
    """
    with runtime.db.write():
        row = DestinationRow.get_by_id(claim.destination_id)
        if (
            row.revision != revision
            or row.activated_at is None
            or row.paused_at is not None
            or not hold(runtime, claim)
        ):
            return None
        wanted = (DestinationRecordRow.id.in_(planned.record_ids), DestinationRecordRow.state == "waiting")
        if DestinationRecordRow.select().where(*wanted).count() != len(planned.record_ids):
            return None
        call = DestinationCallRow.create(
            destination=row.id,
            purpose=planned.purpose,
            template=planned.template,
            verb=planned.call.verb,
            path=planned.call.path,
            body=planned.call.body,
            size=len(planned.record_ids),
            fence=claim.fence,
            started_at=runtime.db.now(),
            captured_id=planned.captured_id,
        )
        DestinationRecordRow.update(
            state="sending",
            call=call.id,
            lane=planned.lane,
            attempts=DestinationRecordRow.attempts + 1,
            error="",
            error_field="",
        ).where(*wanted).execute()
        return int(call.id)


def settle(runtime: Runtime, definition: Definition, call_id: int, outcome: Outcome, confirmed_by: str = "") -> bool:
    """Record how a call has ended, and what that means for each of its records. Opens its own transaction.

    What is known of a call counts however late it is, as long as nothing else is known for certain: False if it is.
    """
    with runtime.db.write():
        call: DestinationCallRow = DestinationCallRow.get_by_id(call_id)
        if call.state not in ("sending", "uncertain", "parked"):
            return False
        destination: DestinationRow = DestinationRow.get_by_id(call.destination_id)
        records = list(
            DestinationRecordRow.select().where(DestinationRecordRow.call == call.id).order_by(DestinationRecordRow.id)
        )
        _close(runtime, call, outcome, confirmed_by)
        if outcome.kind == SENT:
            for record, single in zip(records, _singles(outcome, call, len(records)), strict=True):
                settle_record(
                    runtime, destination, definition, record, "sent" if single.sent else "failed", single, outcome
                )
            if destination.failures or destination.held_reason:
                DestinationRow.update(failures=0, held_until=None, held_reason="").where(
                    DestinationRow.id == destination.id
                ).execute()
        elif outcome.kind == FAILED:
            for record in records:
                single = RecordOutcome(False, error=outcome.error)
                settle_record(runtime, destination, definition, record, "failed", single, outcome)
        else:
            state = {POSTPONED: "waiting", UNCERTAIN: "uncertain"}[outcome.kind]
            DestinationRecordRow.update(state=state, error=outcome.error).where(
                DestinationRecordRow.call == call.id
            ).execute()
        if outcome.account:
            back_off(runtime, destination, outcome.error, outcome.after)
        return True


def park(call: DestinationCallRow, why: str) -> None:
    """Leave a call, and its records, to a person. Inside the transaction now open."""
    DestinationCallRow.update(state="parked", next_at=None, error=why).where(DestinationCallRow.id == call.id).execute()
    DestinationRecordRow.update(state="parked", error=why).where(
        DestinationRecordRow.call == call.id, DestinationRecordRow.state == "uncertain"
    ).execute()


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


def break_record(runtime: Runtime, record_id: int, field: str, reason: str) -> None:
    """Let a record fail that cannot be sent as it is, before any call was made. Opens its own transaction."""
    with runtime.db.write():
        DestinationRecordRow.update(state="failed", error=reason, error_field=field, settled_at=runtime.db.now()).where(
            DestinationRecordRow.id == record_id, DestinationRecordRow.state == "waiting"
        ).execute()


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


def _singles(outcome: Outcome, call: DestinationCallRow, size: int) -> Sequence[RecordOutcome]:
    if outcome.records and len(outcome.records) == size:
        return outcome.records
    return [RecordOutcome(True, outcome.captured_id or call.captured_id)] * size
