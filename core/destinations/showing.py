"""What would be sent is shown, without a call: words stand in the place of what would be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.destination_settings import Definition
from core.destinations.fitness import renderer_of, stand_in
from core.destinations.grouping import PreparedRecord, batches
from core.destinations.rendering import Renderer
from core.errors import BadRecord, ConfigError
from core.runtime import Runtime

_STAND_IN = re.compile(r"1\d{15}")


@dataclass(frozen=True, slots=True)
class Sample:
    """A request as it would be sent, or the `problem` why there is none.

    `record` is what it is made of, with a batch the first of its `records`. What would be looked up is shown as what it
    is looked up by, in angle quotes.
    """

    record: Mapping[str, Any]
    verb: str = ""
    url: str = ""
    body: Any = None
    problem: str = ""
    records: tuple[Mapping[str, Any], ...] = ()


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
        good: list[PreparedRecord] = []
        found: dict[int, Sample] = {}
        places: list[int] = []
        for place, record in enumerate(records):
            try:
                good.append(self.prepared(record))
                places.append(place)
            except BadRecord as problem:
                found[place] = Sample(record, problem=str(problem), records=(record,))
        for group in self.groups(good):
            found[places[group[0]]] = self._sample([good[number] for number in group])
        return (found[place] for place in sorted(found))

    def _sample(self, group: Sequence[PreparedRecord]) -> Sample:
        records = tuple(record for record, _ in group)
        try:
            call = self._renderer.call([prepared for _, prepared in group])
        except BadRecord as problem:
            return Sample(records[0], problem=str(problem), records=records)
        url = self._in_words(address_of(self._renderer, call.path))
        return Sample(records[0], call.verb, url, self._in_words(call.body), records=records)

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
