"""What the vendor answers for each record is kept, posted to whoever wants it, and a record of other destinations."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from peewee import OperationalError

from core.access import audit
from core.destination_settings import RESPONSES, Definition
from core.destinations import intake
from core.destinations.checking import load_definition
from core.destinations.fitness import Candidate, Fitness, canonical
from core.destinations.intake import Took
from core.errors import BadPayload, ConfigError
from core.flow.announce import as_payload, queue, wants
from core.payload import clean
from core.runtime import Runtime
from core.store.models import DestinationRecordRow, DestinationResponseRow, DestinationRow, SubscriptionRow

log = logging.getLogger(__name__)

LONGEST_ANSWER = 100_000
"""Characters kept of an answer; of one that is longer the beginning, which is a text then."""
AT_ONCE = 500


def keep(
    runtime: Runtime,
    destination_row: DestinationRow,
    definition: Definition,
    record_row: DestinationRecordRow,
    *,
    outcome: str,
    ok: bool,
    status: int | None,
    captured_id: str,
    answer: Any,
    error: str,
) -> None:
    """Keep what became of a record, where the definition wants that, inside the transaction now open.

    `answer` is the answer's JSON or its text. Whoever subscribed to ``responses:<name>`` is told, and if it is `ok`
    every destination whose source it is gets it as a record.
    """
    if not definition.response:
        return
    row = DestinationResponseRow.create(
        destination=destination_row.id,
        record=record_row.id,
        key=record_row.key,
        ok=ok,
        outcome=outcome,
        status=status,
        captured_id=captured_id,
        data=record_row.data,
        answer=runtime.without_secrets(_text(answer))[:LONGEST_ANSWER],
        error=error,
        at=runtime.db.now(),
    )
    told = as_record(row)
    source = f"{RESPONSES}{destination_row.name}"
    if ok:
        for fed in DestinationRow.select().where(DestinationRow.source == source):
            _feed(runtime, fed, told, source, row.key)
    _post(runtime, definition, source, {"destination": destination_row.name, **told})


def take_earlier(runtime: Runtime, name: str, by: str) -> Took:
    """Feed a destination what its source has been answered so far; what it has had already stays as it is.

    Raises `UnknownDestination`, and `ConfigError` if its source is not another destination's answers.
    """
    with runtime.db.read():
        definition = load_definition(runtime, intake.row_of(name).definition)
    if not definition.upstream:
        mend = "Give it the source responses:<name> first."
        raise ConfigError("source", "its records are not the answers of another destination", mend)
    with runtime.db.read():
        upstream = intake.row_of(definition.upstream)
    candidates = _earlier(runtime, upstream.id, Fitness(runtime, definition))
    took = intake.take_candidates(runtime, name, definition, candidates, definition.source)
    with runtime.db.write():
        audit.note(runtime.db, by, "destination.fed", name, {"accepted": took.accepted, "known": took.known})
    return took


def as_record(row: DestinationResponseRow) -> dict[str, Any]:
    """A response as a record of another destination, and as it is posted: `id` is the vendor's, `answer` what it said.

    `answer` is JSON, or the text that was no JSON; `record` is what had been written.
    """
    return {
        "key": row.key,
        "ok": row.ok,
        "outcome": row.outcome,
        "status": row.status,
        "id": row.captured_id,
        "record": row.data,
        "answer": _value(row.answer),
        "error": row.error,
    }


# --------------------------------------------------------------------------------------------------------- inside


def _earlier(runtime: Runtime, upstream_id: int, fitness: Fitness) -> Iterator[Candidate]:
    last = 0
    while True:
        here = (DestinationResponseRow.destination == upstream_id) & (DestinationResponseRow.id > last)
        with runtime.db.read():
            rows = list(DestinationResponseRow.select().where(here).order_by(DestinationResponseRow.id).limit(AT_ONCE))
        for row in rows:
            if row.ok:
                yield fitness.of_record(as_record(row), None, row.key)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].id


def _feed(runtime: Runtime, fed: DestinationRow, told: Mapping[str, Any], source: str, key: str) -> None:
    """Make an answer a record of a destination, or say there that it could not be made one.

    The answer is kept, and can be taken later. What has been written by then must be settled all the same: it would be
    written again.
    """
    try:
        with runtime.db.native.atomic():
            definition = load_definition(runtime, fed.definition)
            intake.put(runtime, fed, definition, told, origin=source, line=None, key=key)
    except OperationalError:
        raise  # the whole transaction cannot go on, and is tried again
    except Exception as problem:
        log.exception("destination %s cannot take what %s was answered", fed.name, source)
        why = f"what {source} was answered could not be taken ({type(problem).__name__}); take it once that is mended"
        DestinationRow.update(held_reason=why).where(
            DestinationRow.id == fed.id, DestinationRow.held_reason == ""
        ).execute()


def _post(runtime: Runtime, definition: Definition, event: str, told: Mapping[str, Any]) -> None:
    takers = [
        each.id
        for each in SubscriptionRow.select(SubscriptionRow.id, SubscriptionRow.events).where(SubscriptionRow.active)
        if wants(each.events, event)
    ]
    if not takers:
        return
    configured = runtime.connections.configured.get(definition.connection)
    now = runtime.db.now()
    account = f"{configured.connector if configured else ''}:{definition.connection}"
    payload = as_payload(event, account, now, told)
    for taker in takers:
        queue(taker, event, payload, now)
    runtime.db.signal()


def _text(answer: Any) -> str:
    if answer is None:
        return ""
    return answer if isinstance(answer, str) else canonical(answer)


def _value(text: str) -> Any:
    """What an answer says: its JSON if it is some, and not nested so deeply that a record could not hold it."""
    try:
        return clean(json.loads(text), 2)  # it stands in the record, and that in an event
    except (ValueError, RecursionError, BadPayload):
        return text
