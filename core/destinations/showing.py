"""What would be sent is shown, without a call: words stand in the place of what would be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.destination_settings import RECORDS, Definition
from core.destinations.fitness import canonical, key_of, renderer_of, stand_in, unique_value
from core.destinations.grouping import PreparedRecord, batches
from core.destinations.rendering import Prepared, Renderer
from core.errors import BadRecord, ConfigError
from core.runtime import Runtime

_STAND_IN = re.compile(r"1\d{15}")


@dataclass(frozen=True, slots=True)
class Sample:
    """A request as it would be sent, or the `problem` why there is none.

    `record` is what it is made of, with a batch the first of its `records`. What would be looked up is shown as what it
    is looked up by, in angle quotes. `instead` says what is done where the vendor has it already, if that is another
    thing. One that is `left_out` is not broken: its `problem` says which other one is sent.
    """

    record: Mapping[str, Any]
    verb: str = ""
    url: str = ""
    body: Any = None
    problem: str = ""
    records: tuple[Mapping[str, Any], ...] = ()
    instead: str = ""
    left_out: bool = False


class _Kept:
    """Tells of records that come together which are left out, as the intake does: each with the other that is sent."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._keys: dict[str, int] = {}
        self._values: dict[str, int] = {}
        self.left_out: dict[int, tuple[str, int]] = {}

    def look_at(self, place: int, record: Mapping[str, Any], key: str) -> None:
        definition = self._definition
        # What does not come from a file has a key of its own where the definition names none.
        key = key or (canonical(record) if definition.source == RECORDS else "")
        if key and (other := self._keys.setdefault(key, place)) != place:
            self.left_out[place] = (definition.key or "record", other)
            return
        value = unique_value(definition, record)
        other = self._values.get(value, place) if value else place
        if other != place and definition.keep == "first":
            self.left_out[place] = (definition.unique, other)
            return
        if other != place:
            self.left_out[other] = (definition.unique, place)
        self._values[value] = place


class Showing:
    """Makes samples of records, with words in the place of what would be looked up."""

    def __init__(self, runtime: Runtime, definition: Definition) -> None:
        self._definition = definition
        self._renderer = renderer_for(runtime, definition)
        self._words: dict[str, str] = {}

    def prepared(self, record: Mapping[str, Any]) -> PreparedRecord:
        """A record that can be sent. Raises `BadRecord`."""
        prepared = self._renderer.prepare(record, self._look_up)
        self._renderer.call([prepared])
        return record, prepared

    def groups(self, prepared: Sequence[PreparedRecord]) -> list[list[int]]:
        template = self._renderer.template
        return batches(self._definition, template is not None and bool(template.merged_by), prepared)

    def of(self, records: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
        """The samples of records, in their order; each is looked at as if they came together in one file."""
        good: dict[int, PreparedRecord] = {}
        found: dict[int, Sample] = {}
        kept = _Kept(self._definition)
        for place, record in enumerate(records):
            try:
                key = key_of(self._definition, record)
                prepared = self.prepared(record)
            except BadRecord as problem:
                found[place] = Sample(record, problem=str(problem), records=(record,))
            else:
                good[place] = prepared
                kept.look_at(place, record, key)
        places = [place for place in good if place not in kept.left_out]
        stands_in = {place: place for place in kept.left_out}
        for group in self.groups([good[place] for place in places]):
            members = [places[number] for number in group]
            found[members[0]] = self._sample([good[place] for place in members])
            stands_in |= dict.fromkeys(members, members[0])
        numbers = {place: number for number, place in enumerate(sorted({*found, *kept.left_out}), 1)}
        for place, (what, other) in kept.left_out.items():
            why = f"left out: the same {what} as sample {numbers[stands_in[other]]}"
            found[place] = Sample(records[place], problem=why, records=(records[place],), left_out=True)
        return (found[place] for place in sorted(found))

    def _sample(self, group: Sequence[PreparedRecord]) -> Sample:
        records = tuple(record for record, _ in group)
        try:
            call = self._renderer.call([prepared for _, prepared in group])
            instead = self._instead(group[0][1])
        except BadRecord as problem:
            return Sample(records[0], problem=str(problem), records=records)
        url = self._in_words(address_of(self._renderer, call.path))
        return Sample(records[0], call.verb, url, self._in_words(call.body), records=records, instead=instead)

    def _instead(self, prepared: Prepared) -> str:
        """What is done with what the vendor has already, in words. Raises `BadRecord`."""
        template, exists = self._renderer.template, self._definition.exists
        if template is None or not template.finds_existing or exists == "fail":
            return ""
        if exists == "skip":
            return "or nothing, where it is there already"
        its_id = stand_in("", "id")
        self._words[its_id] = "‹id›"
        call = template.update_call(prepared.fields, its_id, self._renderer.connection)
        return f"or {call.verb} …{self._in_words(call.path)}, where it is there already"

    def _look_up(self, what: str, value: str) -> str:
        found = stand_in(what, value)
        self._words[found] = f"‹{what} {self._words.get(value, value).strip('‹›')}›"
        return found

    def _in_words(self, value: Any) -> Any:
        if isinstance(value, str):
            return _STAND_IN.sub(lambda found: self._words.get(found.group(), found.group()), value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._words.get(str(value), value)
        if isinstance(value, Mapping):
            return {key: self._in_words(each) for key, each in value.items()}
        return [self._in_words(each) for each in value] if isinstance(value, list | tuple) else value


def renderer_for(runtime: Runtime, definition: Definition) -> Renderer:
    """What makes requests of a definition's records. Raises `ConfigError` if the connection or template is missing."""
    found = renderer_of(runtime, definition)
    if found is not None:
        return found
    connection = runtime.connections.named(definition.connection)
    if connection is None:
        problem = f'there is no connection "{definition.connection}" that can be used'
        raise ConfigError("connection", problem, "Connect the account first.")
    connector = runtime.connections.connector(connection)
    return Renderer(definition, connection, connector, None)


def address_of(renderer: Renderer, path: str) -> str:
    """The complete address of a call's path."""
    if "://" in path.partition("?")[0]:
        return path
    base = renderer.connector.base_url(renderer.connection.settings)
    return f"{base.rstrip('/')}/{path.lstrip('/')}"
