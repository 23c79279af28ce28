"""A person mends a record, sends it again, drops it, or says that it has arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.access import audit
from core.destination_settings import Definition
from core.destinations import ledger, outcomes
from core.destinations.checking import load_definition
from core.destinations.claims import wake
from core.destinations.expressions import value_of
from core.destinations.fitness import Candidate, Fitness
from core.destinations.intake import row_of
from core.destinations.outcomes import Outcome, RecordOutcome
from core.destinations.records import UnknownRecord
from core.errors import BadPayload, ConfigError
from core.payload import clean
from core.runtime import Runtime
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow

AGAIN = ("failed", "skipped", "parked", "dropped")
"""The states from which a record is sent again: nothing of it is under way, and it is not known to be there."""
UNKNOWN = ("parked", "uncertain")
KEPT_KEYS = ("parked", "dropped")
"""The states in which it is known of a key that it may have been written, or that it must not be."""
NOT_WANTED = ("arriving", "waiting", "failed", "parked", "skipped")
AT_ONCE = 500


def retry(runtime: Runtime, name: str, record_id: int, by: str, data: Mapping[str, Any] | None = None) -> None:
    """Send a record again, and that record alone; with `data` as it is mended. Its key stays unless that is mended.

    Raises `UnknownDestination`, `UnknownRecord`, and `ConfigError` where it cannot be sent now, or is still broken:
    then the key is the field to mend.
    """
    mended = _cleaned(data)
    with runtime.db.write():
        destination, definition = _destination(runtime, name)
        row = _record(runtime, destination, record_id)
        _must_be(row, AGAIN, "sent again")
        if mended is None and not isinstance(row.data, dict):
            raise ConfigError("record", "it could not be read", "Give the record as it should be.")
        whole = row.data if mended is None else mended
        candidate = Fitness(runtime, definition).of_record(whole, row.line, row.key)
        if candidate.error:
            raise ConfigError(candidate.error_field or "record", candidate.error, "Mend it, and send it again.")
        key = _key(definition, row, candidate)
        _wait_again(runtime, row, candidate, by, key=key)
        if key != row.key and row.state in KEPT_KEYS:
            _leave_behind(runtime, row, key, by)
        _note(runtime, by, "retried", name, record_id, mended=mended is not None)
    runtime.db.signal()


def retry_failed(runtime: Runtime, name: str, by: str) -> int:
    """Send all that have failed again but those that are still broken; returns how many there are."""
    with runtime.db.read():
        fitness = Fitness(runtime, load_definition(runtime, row_of(name).definition))
    again, last = 0, 0
    while True:
        with runtime.db.write():
            destination, _ = _destination(runtime, name)
            query = DestinationRecordRow.select().where(
                DestinationRecordRow.destination == destination.id,
                DestinationRecordRow.state == "failed",
                DestinationRecordRow.id > last,
            )
            rows = list(
                runtime.db.for_update(query.order_by(DestinationRecordRow.id).limit(AT_ONCE), skip_locked=False)
            )
            for row in rows:
                candidate = fitness.of_record(row.data, row.line, row.key) if isinstance(row.data, dict) else None
                if candidate is not None and not candidate.error:
                    _wait_again(runtime, row, candidate, by, key=row.key)
                    again += 1
            if len(rows) < AT_ONCE:
                audit.note(runtime.db, by, "record.retried", name, {"failed": again})
                break
        last = rows[-1].id
    runtime.db.signal()
    return again


def arrived(runtime: Runtime, name: str, record_id: int, by: str, captured_id: str = "") -> None:
    """Say that a record of which nobody knew is there, under which id of the vendor's if that is known."""
    with runtime.db.write():
        destination, definition = _destination(runtime, name)
        row = _record(runtime, destination, record_id)
        _must_be(row, UNKNOWN, "said to have arrived")
        _settle_as_sent(runtime, destination, definition, row, by, captured_id.strip())
        _note(runtime, by, "arrived", name, record_id)
    runtime.db.signal()


def drop(runtime: Runtime, name: str, record_id: int, by: str) -> None:
    """Never send a record that is not under way; its key stays known."""
    with runtime.db.write():
        destination, _ = _destination(runtime, name)
        row = _record(runtime, destination, record_id)
        _must_be(row, NOT_WANTED, "dropped")
        _change(row, state="dropped", settled_at=runtime.db.now(), by=by)
        _note(runtime, by, "dropped", name, record_id)
    runtime.db.signal()


# ---------------------------------------------------------------------------------------------------------- inside


def _destination(runtime: Runtime, name: str) -> tuple[DestinationRow, Definition]:
    """It comes first and then its records, as for those that send: two that wait for each other would be the end."""
    query = DestinationRow.select().where(DestinationRow.name == name)
    row: DestinationRow = runtime.db.for_update(query, skip_locked=False).first() or row_of(name)
    return row, load_definition(runtime, row.definition)


def _record(runtime: Runtime, destination: DestinationRow, record_id: int) -> DestinationRecordRow:
    query = DestinationRecordRow.select().where(
        DestinationRecordRow.destination == destination.id, DestinationRecordRow.id == record_id
    )
    row: DestinationRecordRow | None = runtime.db.for_update(query, skip_locked=False).first()
    if row is None:
        raise UnknownRecord(f"{destination.name} has no record {record_id}")
    return row


def _must_be(row: DestinationRecordRow, states: tuple[str, ...], what: str) -> None:
    if row.state not in states:
        shown = "waiting" if row.state == "arriving" else row.state
        allowed = ", ".join(state for state in states if state != "arriving")
        raise ConfigError("record", f"it is {shown}", f"What can be {what} is: {allowed}.")


def _cleaned(data: Mapping[str, Any] | None) -> dict[str, Any] | None:
    try:
        return None if data is None else dict(clean(dict(data)))
    except BadPayload as problem:
        raise ConfigError("record", str(problem).removeprefix("body: "), "Give a simpler one.") from None


def _key(definition: Definition, row: DestinationRecordRow, candidate: Candidate) -> str:
    """What a mended record is known by: as before, unless what the definition calls its key was mended too.

    Then its file may be mended in the same way, and must find it. So it is with one that could not be read.
    """
    stays = isinstance(row.data, dict) and (
        not definition.key or value_of(row.data, definition.key) == value_of(candidate.data, definition.key)
    )
    if candidate.key == row.key or stays:
        return str(row.key)
    taken = (DestinationRecordRow.destination == row.destination_id) & (DestinationRecordRow.key == candidate.key)
    if DestinationRecordRow.select().where(taken).exists():
        problem = "there is a record of this key already"
        raise ConfigError(definition.key or "record", problem, "Drop this one, or give it another.")
    return candidate.key


def _leave_behind(runtime: Runtime, row: DestinationRecordRow, key: str, by: str) -> None:
    """Keep what a record was known by that gets another key: it may have been written so, or must not be."""
    DestinationRecordRow.create(
        destination=row.destination_id,
        key=row.key,
        data=row.data,
        origin=row.origin,
        line=row.line,
        state="dropped",
        error=f"it was sent again as {key}",
        by=by,
        created_at=row.created_at,
        settled_at=runtime.db.now(),
    )


def _wait_again(runtime: Runtime, row: DestinationRecordRow, candidate: Candidate, by: str, key: str) -> None:
    _change(
        row,
        key=key,
        data=candidate.data,
        unique_value=candidate.unique,
        state="waiting",
        attempts=0,
        settled_at=None,
        error="",
        error_field="",
        call=None,  # what becomes of the others in that call is not its matter any more
        by=by,
    )
    wake(row.destination_id)


def _settle_as_sent(
    runtime: Runtime,
    destination: DestinationRow,
    definition: Definition,
    row: DestinationRecordRow,
    by: str,
    captured_id: str,
) -> None:
    ledger.settle_record(
        runtime, destination, definition, row, "sent", RecordOutcome(True, captured_id), Outcome(outcomes.SENT)
    )
    _change(row, by=by)
    open_ones = (DestinationRecordRow.call == row.call_id) & DestinationRecordRow.state.in_(("sending", *UNKNOWN))
    if row.call_id is not None and not DestinationRecordRow.select().where(open_ones).exists():
        settled = {"state": "sent", "settled_at": runtime.db.now(), "next_at": None, "confirmed_by": by}
        DestinationCallRow.update(**settled).where(DestinationCallRow.id == row.call_id).execute()


def _change(row: DestinationRecordRow, **values: Any) -> None:
    DestinationRecordRow.update(**values).where(DestinationRecordRow.id == row.id).execute()


def _note(runtime: Runtime, by: str, what: str, name: str, record_id: int, **detail: Any) -> None:
    audit.note(runtime.db, by, f"record.{what}", name, {"record": record_id, **detail})
