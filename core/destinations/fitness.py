"""Whether a record can be written at all is found out without a call: what would be looked up is stood in for."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.destination_settings import Definition
from core.destinations.expressions import MISSING, value_of
from core.destinations.formats import Item
from core.destinations.rendering import Renderer, group_value, unmade
from core.errors import BadRecord, ConfigError
from core.runtime import Runtime

log = logging.getLogger(__name__)

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that is to be put into the ledger, with its `key` there; it is broken if it has an `error`.

    `data` is the text itself where that is no record. `unique` is what it is told from duplicates by, "" for nothing;
    `size` is about how many bytes it has.
    """

    key: str
    data: Any
    line: int | None
    unique: str = ""
    error: str = ""
    error_field: str = ""
    size: int = 0


class Fitness:
    """Looks at the records of one destination, as its definition and its connection are now.

    Where the connection or the template is not there it cannot be told whether a record fits, and each is good.
    """

    def __init__(self, runtime: Runtime, definition: Definition) -> None:
        self._definition = definition
        self._renderer = renderer_of(runtime, definition)

    def of_item(self, item: Item) -> Candidate:
        """What stands in a place of a file."""
        if item.data is not None:
            return self.of_record(item.data, item.line)
        key = f"line {item.line} {digest(item.raw)}"
        return Candidate(key, item.raw, item.line, error=item.reason, size=len(item.raw))

    def of_record(self, data: Mapping[str, Any], line: int | None = None, key: str = "") -> Candidate:
        """A record; `key` is what it is known by where the definition does not say by which attribute."""
        text = canonical(data)
        problem: BadRecord | None = None
        try:
            key = key_of(self._definition, data) or key
            self._render(data)
        except BadRecord as bad:
            problem = bad
        except Exception as mistake:
            log.exception("a record for destination %s cannot be made a request", self._definition.name)
            problem = unmade(mistake)
        return Candidate(
            fitting(key) or digest(text),
            data,
            line,
            unique_value(self._definition, data),
            problem.reason if problem else "",
            problem.field if problem else "",
            len(text),
        )

    def _render(self, data: Mapping[str, Any]) -> None:
        if self._renderer is not None:
            self._renderer.call([self._renderer.prepare(data, stand_in)])


def renderer_of(runtime: Runtime, definition: Definition) -> Renderer | None:
    """What makes requests of a destination's records; None while its connection or its template is not there."""
    connection = runtime.connections.named(definition.connection)
    if connection is None:
        return None
    connector = runtime.connections.connector(connection)
    template = runtime.plugins.templates.get(connector.name, {}).get(definition.template)
    try:
        return Renderer(definition, connection, connector, template)
    except ConfigError:
        return None


def stand_in(what: str, value: str) -> str:
    """What stands for the id that a look-up would find: the same for the same, and a number, as some ids must be."""
    found = hashlib.sha256(f"{what}\0{value}".encode()).hexdigest()
    return str(10**15 + int(found[:12], 16))


def key_of(definition: Definition, data: Mapping[str, Any]) -> str:
    """What the record has in the attribute that the definition calls its key; "" if it calls none.

    Raises `BadRecord` where the record has no such attribute.
    """
    if not definition.key:
        return ""
    value = value_of(data, definition.key)
    if value is MISSING or value is None or value == "":
        raise BadRecord(definition.key, "is missing, and records are known by it")
    return value if isinstance(value, str) else canonical(value)


def unique_value(definition: Definition, data: Mapping[str, Any]) -> str:
    """What a record is told from duplicates by; "" where there is nothing to compare."""
    value = group_value(data, definition.unique)
    return "" if value == '""' else fitting(value)


def canonical(value: Any) -> str:
    """A JSON value as a text that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def fitting(text: str) -> str:
    """A text that can be stored as a key: itself, or what stands for one that is too long."""
    return text if len(text) <= LONGEST_KEY else digest(text)
