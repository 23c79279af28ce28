"""Mapped records become a call: by a template, or as the body of a manual destination's request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.connector import Connector
from core.destination_settings import Definition
from core.destination_template import DestinationTemplate, VendorCall
from core.destinations.addresses import checked_address, filled_path
from core.destinations.expressions import MISSING, LookUpFunction, evaluate, parse, placeholders, value_of
from core.destinations.mapping import mapped
from core.domain import Connection
from core.errors import BadRecord, ConfigError


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record that can be sent: its `fields` as they are sent, and the `path` of a manual destination's call.

    Those of the same `lane` are written in their order, "" is none. Those whose `merge` differs never go into one call.
    """

    fields: Mapping[str, Any]
    lane: str
    merge: str
    path: str


class Renderer:
    """Makes requests of the records of one destination, for the connection as it is now.

    Raises `ConfigError` if the connection does not have what the definition names; see `checking`.
    """

    def __init__(
        self, definition: Definition, connection: Connection, connector: Connector, template: DestinationTemplate | None
    ) -> None:
        if definition.template and template is None:
            mend = "Choose another template, or enable the plugin that has it."
            raise ConfigError("template", f"there is no template {definition.template} any more", mend)
        self.definition = definition
        self.connection = connection
        self.connector = connector
        self.template = template
        self.look_ups = {each.name: each for each in connector.look_ups}
        self._path = "" if template else checked_address(definition.url, connector.base_url(connection.settings))

    def prepare(self, data: Mapping[str, Any], look_up: LookUpFunction) -> Prepared:
        """A record as it is sent. Raises `BadRecord` naming the attribute; what `look_up` raises passes through."""
        fields = mapped(self.definition, data, self.template, self.look_ups, look_up)
        if self.template is not None:
            lane = str(fields.get(self.template.in_order_of, "")) if self.template.in_order_of else ""
            merge = json.dumps([fields.get(name) for name in self.template.merged_by], default=str)
            return Prepared(fields, lane, merge, "")
        path = filled_path(self._path, lambda text: self._piece(text, data, look_up))
        return Prepared(fields, path if any(placeholders(self._path)) else "", path, path)

    def call(self, prepared: Sequence[Prepared]) -> VendorCall:
        """The call that writes one record or several that go together. Raises `BadRecord`."""
        records = [each.fields for each in prepared]
        if self.template is not None:
            return self.template.call(records, self.connection)
        batch = self.definition.batch
        body: Any = records[0]
        if batch is not None:
            body = {batch.under: records} if batch.under else records
        return VendorCall(self.definition.method, prepared[0].path, body)

    def _piece(self, text: str, data: Mapping[str, Any], look_up: LookUpFunction) -> str:
        expression = parse(text, self.look_ups)
        value = evaluate(expression, data, look_up)
        if value is MISSING or value is None or isinstance(value, dict | list):
            raise BadRecord(expression.attribute, "is missing, and the address needs it")
        return str(value)


def group_value(data: Mapping[str, Any], attribute: str) -> str:
    """By what a record is grouped, or told from duplicates of it: "" where it has no such attribute."""
    value = value_of(data, attribute) if attribute else MISSING
    return "" if value is MISSING or value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def unmade(mistake: Exception) -> BadRecord:
    """What is told of a record that a mistake, be it a template's, keeps from being made a request."""
    return BadRecord("", f"it cannot be made a request ({type(mistake).__name__})")
