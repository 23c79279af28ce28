"""All that it takes to write to a destination as it is now: definition, template, connection and budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.destination_settings import Definition
from core.destination_template import DestinationTemplate, VendorCall
from core.destinations.checking import load_definition
from core.destinations.expressions import LookUpFunction
from core.destinations.look_ups import LookUpCache
from core.destinations.rendering import Prepared, Renderer
from core.domain import Connection, Priority
from core.errors import ConfigError
from core.http import Answer, HttpClient
from core.runtime import Runtime
from core.store.models import DestinationRow

LONGEST_WAIT = 65.0
"""Seconds that what looks things up waits for the budget: what was used up is free again in a minute."""
Halted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the calls of a destination are made with; `revision` is that of the row it was made of.

    `http` is for what writes, and is refused where the budget is used up. What looks things up goes by `reads`: several
    such calls may belong together, which would never come to their end were each to begin with the first again.
    """

    definition: Definition
    connection: Connection
    template: DestinationTemplate | None
    renderer: Renderer
    http: HttpClient
    reads: HttpClient
    look_up: LookUpFunction
    revision: int

    def existing_id(self, prepared: Prepared) -> str | None:
        """The id under which the vendor has a record already, where the definition wants to know that."""
        if self.template is None or not self.template.finds_existing or self.definition.exists == "fail":
            return None
        return self.template.existing(prepared.fields, self.connection, self.reads)

    def make(self, call: VendorCall) -> Answer:
        """Make a call that writes, once; raises what `HttpClient.request` does."""
        return self.http.request(call.verb, call.path, json=call.body, more_headers=self.definition.headers)


def equip(
    runtime: Runtime, row: DestinationRow, cache: LookUpCache, priority: Priority, halted: Halted = lambda: False
) -> Equipment:
    """Everything for the destination's calls. Raises `ConfigError` where its connection or template is not there."""
    definition = load_definition(runtime, row.definition)
    return equip_for(runtime, definition, cache, priority, row.revision, halted)


def equip_for(
    runtime: Runtime,
    definition: Definition,
    cache: LookUpCache,
    priority: Priority,
    revision: int = 0,
    halted: Halted = lambda: False,
) -> Equipment:
    """The same for a definition that need not be stored."""
    connection = runtime.connections.named(definition.connection)
    if connection is None or not connection.active:
        mend = f"`relaydesk connections verify {definition.connection}` says why."
        raise ConfigError("connection", f"{definition.connection} is not connected", mend)
    connector = runtime.connections.connector(connection)
    template = runtime.plugins.templates[connection.connector].get(definition.template)
    http = runtime.connections.http(connection, priority)
    reads = runtime.connections.http(connection, priority, halted, LONGEST_WAIT)

    def look_up(what: str, value: str) -> str:
        return cache.find(connector, connection, what, value, reads)

    renderer = Renderer(definition, connection, connector, template)
    return Equipment(definition, connection, template, renderer, http, reads, look_up, revision)
