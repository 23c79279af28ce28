"""Records are put into the ledger, each once by its key; those that are broken are told of, and kept too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from core.destination_settings import EVENTS, Definition
from core.destinations.catalogue import UnknownDestination
from core.destinations.checking import load_definition
from core.destinations.claims import LONGEST_ARRIVING
from core.destinations.entering import Entered, Entrance
from core.destinations.fitness import Candidate, Fitness
from core.destinations.formats import Item
from core.destinations.loops import conversation_of, made_of_events
from core.destinations.met import Met
from core.runtime import Runtime
from core.store.models import DestinationRecordRow, DestinationRow

AT_ONCE = 500
"""Records of one transaction at most."""
MOST_BYTES = 4 * 1024 * 1024
"""About how large they may be together, so that memory stays flat whatever comes."""
MOST_ERRORS = 100
_LOOKS_LIKE_A_LOOP = (
    "it looks like a loop: more than 20 events of this conversation within an hour; a retry sends it all the same"
)
_IS_OUR_OWN = (
    "it looks like a loop: a destination has made this conversation of an event itself; a retry sends it all the same"
)
LOOP = 20
LOOP_WITHIN = timedelta(hours=1)
"""More events of one conversation than `LOOP` within this time are taken for an answer to what they have caused."""


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with a record: on which `line`, in which `field` ("" for the whole), and why."""

    line: int | None
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Took:
    """What became of the records that were `read`: `accepted`, `known` before, `broken` or `duplicates` of others.

    Of the broken ones, also those that were so before, the first hundred `errors` are here; the ledger has all.
    """

    read: int
    accepted: int
    known: int
    broken: int
    duplicates: int
    errors: tuple[LineError, ...]


def take_in(
    runtime: Runtime,
    name: str,
    items: Iterable[Item],
    origin: str,
    *,
    limit: int | None = None,
    told: Callable[[int], None] | None = None,
    met: Met | None = None,
) -> Took:
    """Put the records of a file into the ledger of a destination, whatever its state; all that is stored stays.

    A second run of the same counts what is there as known, also where the first was killed. `limit` takes only the
    first so many items; `told` is called with how many were read by now, and `met` notes which rows they are. Raises
    `UnknownDestination`, and what `items` raises.
    """
    with runtime.db.read():
        definition = load_definition(runtime, row_of(name).definition)
    fitness = Fitness(runtime, definition)
    return take_candidates(runtime, name, definition, map(fitness.of_item, islice(items, limit)), origin, told, met)


def take_candidates(
    runtime: Runtime,
    name: str,
    definition: Definition,
    candidates: Iterable[Candidate],
    origin: str,
    told: Callable[[int], None] | None = None,
    met: Met | None = None,
) -> Took:
    """The same for records that were looked at already."""
    tally = _Tally()
    until = None
    keeps_last = bool(definition.unique) and definition.keep == "last"
    for some in _portions(candidates):
        with runtime.db.write():
            row = row_of(name)
            tally.add(Entrance(runtime.db, row, definition, origin, tally.first, met).let_in(some), some)
            if keeps_last:
                until = runtime.db.now() + LONGEST_ARRIVING
                DestinationRow.update(arriving_until=until).where(DestinationRow.id == row.id).execute()
        if told is not None:
            told(tally.read)
    if until is not None:
        with runtime.db.write():
            # Unless other records are still arriving beside these.
            ours = (DestinationRow.name == name) & (DestinationRow.arriving_until == until)
            DestinationRow.update(arriving_until=None).where(ours).execute()
    runtime.db.signal()
    return tally.took()


def put(
    runtime: Runtime,
    row: DestinationRow,
    definition: Definition,
    data: Mapping[str, Any],
    *,
    origin: str,
    line: int | None,
    key: str = "",
) -> str:
    """Put one record into the ledger, inside the transaction now open; "accepted", "known", "duplicate" or "broken".

    `key` is what it is known by where the definition names no attribute for that.
    """
    candidate = Fitness(runtime, definition).of_record(data, line, key)
    runtime.db.signal()
    return Entrance(runtime.db, row, definition, origin).let_in([candidate]).outcomes[0]


def admit(runtime: Runtime, row: DestinationRow, definition: Definition) -> int:
    """Look at events that have arrived, inside the transaction now open; returns how many, some hundreds at most.

    They wait then, or they are broken, duplicates, or too many of one conversation.
    """
    here = (DestinationRecordRow.destination == row.id) & (DestinationRecordRow.state == "arriving")
    query = DestinationRecordRow.select().where(here).order_by(DestinationRecordRow.id).limit(AT_ONCE)
    arrived = list(runtime.db.for_update(query, skip_locked=False))  # a person may be about to drop one
    if not arrived:
        return 0
    fitness = Fitness(runtime, definition)
    before = _happened(row.id, arrived[0].created_at - LOOP_WITHIN)
    ours = made_of_events(row.connection, [each.data for each in arrived])
    looked_at: list[tuple[DestinationRecordRow, Candidate]] = []
    for each in arrived:
        candidate = fitness.of_record(each.data, each.line, each.key)
        conversation = conversation_of(each.data)
        moments = before.setdefault(conversation, [])
        moments.append(each.created_at)
        recent = sum(each.created_at - LOOP_WITHIN < moment <= each.created_at for moment in moments)
        if conversation and recent > LOOP and not candidate.error:
            candidate = replace(candidate, error=_LOOKS_LIKE_A_LOOP)
        elif conversation in ours and not candidate.error:
            candidate = replace(candidate, error=_IS_OUR_OWN)
        looked_at.append((each, candidate))
    Entrance(runtime.db, row, definition, EVENTS).admit(looked_at)
    return len(arrived)


# ------------------------------------------------------------------------------------------------------- inside


def _happened(destination_id: int, since: datetime) -> dict[str, list[datetime]]:
    """When each conversation's events came that were looked at since a moment."""
    found: dict[str, list[datetime]] = {}
    for state in ("waiting", "sending", "uncertain", "sent", "skipped", "failed", "parked", "dropped"):
        for each in takewhile(lambda row: row.created_at > since, _newest(destination_id, state)):
            if each.origin == EVENTS:
                found.setdefault(conversation_of(each.data), []).append(each.created_at)
    return found


def _newest(destination_id: int, state: str) -> Iterator[DestinationRecordRow]:
    """The records of a state, the newest first, some at a time: the index leads there, however many there are."""
    query = DestinationRecordRow.select().where(
        DestinationRecordRow.destination == destination_id, DestinationRecordRow.state == state
    )
    query = query.order_by(DestinationRecordRow.id.desc()).limit(AT_ONCE)
    some = list(query)
    while some:
        yield from some
        some = list(query.where(DestinationRecordRow.id < some[-1].id)) if len(some) == AT_ONCE else []


def row_of(name: str) -> DestinationRow:
    """What is stored of a destination. Raises `UnknownDestination`."""
    row: DestinationRow | None = DestinationRow.get_or_none(DestinationRow.name == name)
    if row is None:
        raise UnknownDestination(f"there is no destination {name}")
    return row


def _portions(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    some: list[Candidate] = []
    size = 0
    for candidate in candidates:
        some.append(candidate)
        size += candidate.size
        if len(some) == AT_ONCE or size >= MOST_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


@dataclass(slots=True)
class _Tally:
    read: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    errors: list[LineError] = field(default_factory=list)
    first: int | None = None

    def add(self, stored: Entered, candidates: Sequence[Candidate]) -> None:
        self.read += len(candidates)
        self.first = stored.first if self.first is None else self.first
        for outcome, each in zip(stored.outcomes, candidates, strict=True):
            self.counts[outcome] = self.counts.get(outcome, 0) + 1
            if outcome == "broken" and len(self.errors) < MOST_ERRORS:
                self.errors.append(LineError(each.line, each.error_field, each.error))
        self.counts["accepted"] = self.counts.get("accepted", 0) - stored.superseded
        self.counts["duplicate"] = self.counts.get("duplicate", 0) + stored.superseded

    def took(self) -> Took:
        accepted, known, broken, duplicates = (
            self.counts.get(each, 0) for each in ("accepted", "known", "broken", "duplicate")
        )
        return Took(self.read, accepted, known, broken, duplicates, tuple(self.errors))
