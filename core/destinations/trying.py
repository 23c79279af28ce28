"""A test makes one real call; samples and a dry run make none, and show what would be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.access import audit
from core.destination_settings import Definition
from core.destination_template import VendorCall
from core.destinations import outcomes
from core.destinations.dry_runs import SAMPLES, DryRun, DryRunning
from core.destinations.equipment import Equipment, equip_for
from core.destinations.expressions import MISSING, parse, placeholders, value_of
from core.destinations.formats import Item
from core.destinations.look_ups import LookUpCache
from core.destinations.outcomes import SENT, UNCERTAIN, Outcome, RecordOutcome
from core.destinations.responses import as_record
from core.destinations.showing import Sample, Showing, address_of, renderer_for
from core.domain import Priority
from core.errors import BadPayload, BadRecord, ConfigError, RelaydeskError, VendorError
from core.payload import clean
from core.runtime import Runtime
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationResponseRow, DestinationRow

__all__ = ["DryRun", "Sample", "Tested", "dry_run", "sample_records", "samples", "send_test"]


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test: the request as it was made, and what the vendor has said to it.

    `ok` if it has done what was asked. Else there is an `error`, in words; without a `status` no answer came, and
    without a `url` there was no request. Where it is `uncertain` it may have done it all the same, and it is to be
    looked there before it is sent again. `note` says what is to be known although all is well.
    """

    ok: bool
    status: int | None
    verb: str = ""
    url: str = ""
    body: Any = None
    answer: str = ""
    error: str = ""
    captured_id: str = ""
    uncertain: bool = False
    note: str = ""


_LOOK_FIRST = "it may be there; look before you send it again"


def samples(
    runtime: Runtime, definition: Definition, records: Sequence[Mapping[str, Any]], most: int = SAMPLES
) -> tuple[Sample, ...]:
    """The requests that records would make, without a call; with a batch each sample is a batch.

    Raises `ConfigError` if the connection or the template is not there.
    """
    return tuple(islice(Showing(runtime, definition).of(records), most))


def sample_records(runtime: Runtime, definition: Definition) -> list[dict[str, Any]]:
    """Up to ten real records: the latest of the ledger, or else of the answers that feed it; or an example."""
    with runtime.db.read():
        rows = (
            DestinationRecordRow.select(DestinationRecordRow.data)
            .join(DestinationRow)
            .where(DestinationRow.name == definition.name)
            .order_by(DestinationRecordRow.id.desc())
            .limit(5 * SAMPLES)  # some of them may be no records
        )
        found = [row.data for row in rows if isinstance(row.data, dict)][:SAMPLES]
        if not found and definition.upstream:
            found = _answers(definition.upstream)
    return found or _example(runtime, definition)


def dry_run(runtime: Runtime, definition: Definition, items: Iterable[Item], limit: int | None = None) -> DryRun:
    """Look at all the records of a file, or the first `limit`; nothing is sent, and nothing stored.

    Raises `ConfigError` if the connection or the template is not there, and what `items` raises.
    """
    with DryRunning(runtime, definition) as running:
        for item in islice(items, limit):
            running.look_at(item)
        return running.ended()


def send_test(
    runtime: Runtime, definition: Definition, record: Mapping[str, Any], by: str, stored: str | None = None
) -> Tested:
    """Make one real call with a record, whatever the destination's state, and whether or not there is one yet.

    What the vendor has already is skipped or updated as it would be. What the vendor says comes back, good or bad. It
    is kept, with the call, with the destination that is called `stored`, whose definition this is or is to be; None if
    there is none yet. Raises `ConfigError` if the connection or the template is not there.
    """
    equipment = equip_for(runtime, definition, LookUpCache(runtime.clock), Priority.SYNC)
    try:
        prepared = equipment.renderer.prepare(clean(dict(record)), equipment.look_up)
        call = equipment.renderer.call([prepared])
        existing = equipment.existing_id(prepared)
        if existing is not None and equipment.template is not None and definition.exists == "update":
            call = equipment.template.update_call(prepared.fields, existing, equipment.connection)
    except (BadRecord, VendorError, BadPayload) as problem:
        status = problem.status if isinstance(problem, VendorError) else None
        failed = Tested(False, status, error=runtime.without_secrets(str(problem)))
        return _noted(runtime, definition, by, stored, failed)
    if existing is not None and definition.exists == "skip":
        note = f"the vendor has it already, under {existing}, and it is left as it is"
        return _noted(runtime, definition, by, stored, Tested(True, None, captured_id=existing, note=note))
    number = _begin(runtime, definition, stored, call, existing or "", by)
    outcome = _made(equipment, call)
    tested = _told(runtime, equipment, call, existing or "", outcome)
    # Of a test nobody looks what became of it.
    state = "parked" if tested.uncertain else outcome.kind
    return _noted(runtime, definition, by, stored, tested, number, state)


# ---------------------------------------------------------------------------------------------------------- inside


def _answers(upstream: str) -> list[dict[str, Any]]:
    """The latest good answers of another destination, as they would come. Inside the transaction now open."""
    rows = (
        DestinationResponseRow.select()
        .join(DestinationRow)
        .where(DestinationRow.name == upstream, DestinationResponseRow.ok)
        .order_by(DestinationResponseRow.id.desc())
        .limit(SAMPLES)
    )
    return [as_record(row) for row in rows]


def _example(runtime: Runtime, definition: Definition) -> list[dict[str, Any]]:
    """A record as the template documents it, under the names that the source has; of a manual one, names alone."""
    try:
        renderer = renderer_for(runtime, definition)
    except ConfigError:
        return []
    known = renderer.look_ups
    sample = dict(renderer.template.sample) if renderer.template is not None else {}
    attributes = {name: parse(text, known).attribute for name, text in definition.fields.items()}
    if definition.fields:
        sample = {attribute: sample.get(name, attribute) for name, attribute in attributes.items()}
    for text in placeholders(definition.url):
        sample.setdefault(parse(text, known).attribute, parse(text, known).attribute)
    if definition.key and value_of(sample, definition.key) is MISSING:
        sample[definition.key] = definition.key
    return [sample] if sample else []


def _told(runtime: Runtime, equipment: Equipment, call: VendorCall, existing: str, outcome: Outcome) -> Tested:
    """What came of a call, in words, without secrets that the vendor repeats."""
    single = outcome.records[0] if outcome.records else RecordOutcome(True, outcome.captured_id)
    uncertain = outcome.kind == UNCERTAIN
    ok = outcome.kind == SENT and single.sent
    error = outcome.error or single.error
    return Tested(
        ok,
        outcome.status,
        call.verb,
        address_of(equipment.renderer, call.path),
        call.body,
        runtime.without_secrets(outcome.answer),
        runtime.without_secrets(f"{error}: {_LOOK_FIRST}" if uncertain else error),
        single.captured_id or (existing if ok else ""),
        uncertain,
        f"the vendor had it already, under {existing}: that was changed" if ok and existing else "",
    )


def _made(equipment: Equipment, call: VendorCall) -> Outcome:
    try:
        answer = equipment.make(call)
    except RelaydeskError as problem:
        return outcomes.of_error(problem)
    return outcomes.of_answer(answer, call, equipment.template, None if equipment.definition.batch is None else 1)


def _begin(
    runtime: Runtime, definition: Definition, stored: str | None, call: VendorCall, existing: str, by: str
) -> int | None:
    """Record the call before it is made, where the destination is stored; returns its row."""
    with runtime.db.write():
        row = _row(stored)
        if row is None:
            return None
        made = DestinationCallRow.create(
            destination=row.id,
            purpose="test",
            template=definition.template,
            verb=call.verb,
            path=call.path,
            body=call.body,
            # Should this process die now, nobody looks what became of it; a person can.
            state="parked",
            error="no answer has come",
            started_at=runtime.db.now(),
            captured_id=existing,
            by=by,
        )
        return int(made.id)


def _row(stored: str | None) -> DestinationRow | None:
    """The destination that a test belongs to. Inside the transaction now open."""
    found: DestinationRow | None = DestinationRow.get_or_none(DestinationRow.name == stored) if stored else None
    return found


def _noted(
    runtime: Runtime,
    definition: Definition,
    by: str,
    stored: str | None,
    tested: Tested,
    number: int | None = None,
    state: str = "",
) -> Tested:
    with runtime.db.write():
        now = runtime.db.now()
        outcome = {"status": tested.status, "answer": tested.answer, "error": tested.error}
        if number is not None:
            DestinationCallRow.update(**outcome, state=state, captured_id=tested.captured_id, settled_at=now).where(
                DestinationCallRow.id == number
            ).execute()
        request = {"verb": tested.verb, "url": tested.url, "body": tested.body}
        kept = {"at": now.isoformat(), "by": by, "ok": tested.ok, "request": request, **outcome}
        kept |= {"captured_id": tested.captured_id, "uncertain": tested.uncertain, "note": tested.note}
        row = _row(stored)
        if row is not None:
            DestinationRow.update(tested=kept).where(DestinationRow.id == row.id).execute()
        audit.note(runtime.db, by, "destination.tested", definition.name, {"ok": tested.ok, "status": tested.status})
    return tested
