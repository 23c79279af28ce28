"""The samples beside the editor of a destination: what its settings make of records, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort

from core.connector import Connector
from core.destination_settings import Definition
from core.destination_template import DestinationTemplate
from core.destinations import trying
from core.destinations.catalogue import Destination
from core.destinations.trying import Sample
from core.domain import LookUp
from core.errors import ConfigError, RelaydeskError
from core.runtime import Runtime
from core.web.pages.destinations_form import Posted, as_records, checked, place_of
from core.web.pages.destinations_wording import consequences
from core.web.wording import words_of

PLAIN_RECORDS = [{"id": "1", "email": "ann@example.com", "name": "Ann Example"}]
"""What is shown of records where neither a template nor a ledger has any."""
MOST_SAMPLES = 10
"""Records of which the editor shows what becomes of them."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What an editor is about: an account, what is written to it, and the destination if there is one already."""

    account: str
    connector: Connector
    template: DestinationTemplate | None
    base_url: str
    stored: Destination | None

    @property
    def look_ups(self) -> tuple[LookUp, ...]:
        """What names can be turned into ids."""
        return self.connector.look_ups


@dataclass(frozen=True, slots=True)
class Panel:
    """The samples as they are drawn: `mistakes` with the place of each, `told` is what else the settings lead to."""

    samples: tuple[Sample, ...] = ()
    mistakes: tuple[tuple[str, str], ...] = ()
    told: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None

    @property
    def broken(self) -> int:
        """How many of the samples cannot be sent as they are."""
        return sum(1 for each in self.samples if each.problem)

    def at(self, *places: str) -> str:
        """What is wrong at a place of the form."""
        return " ".join(words for place, words in self.mistakes if place in places)


def first_records(runtime: Runtime, definition: Definition) -> str:
    """The records of which samples are made at first, as they stand in the form."""
    try:
        found = list(trying.sample_records(runtime, definition))
    except RelaydeskError:
        found = []
    return json.dumps(found or PLAIN_RECORDS, ensure_ascii=False, indent=2, default=str)


def desk_for(runtime: Runtime, account: str, template: str, stored: Destination | None = None) -> Desk:
    """What an editor of this account and template is about; 404 if there is no such."""
    configured = runtime.connections.configured.get(account)
    connector = runtime.plugins.connectors.get(configured.connector) if configured is not None else None
    if configured is None or connector is None:
        abort(404)
    found = runtime.plugins.templates.get(connector.name, {}).get(template)
    if template and found is None and stored is None:
        abort(404)
    return Desk(account, connector, found, connector.base_url(configured.settings), stored)


def panel_of(
    runtime: Runtime, desk: Desk, posted: Posted, further: list[ConfigError] | None = None
) -> tuple[Panel, Definition | None, list[dict[str, Any]]]:
    """The samples of what is entered, the definition it makes, and the records; `further` are mistakes found before."""
    definition, _, mistakes = checked(runtime, posted, desk.template)
    mistakes += [each for each in further or () if str(each) not in {str(one) for one in mistakes}]
    records: list[dict[str, Any]] = []
    samples: tuple[Sample, ...] = ()
    try:
        records = as_records(posted.get("records", ""))[:MOST_SAMPLES]
    except ConfigError as problem:
        mistakes.append(problem)
    if definition is not None and records and not any(each.key not in ("name", "source") for each in mistakes):
        try:
            samples = trying.samples(runtime, definition, records)
        except ConfigError as problem:
            mistakes.append(problem)
        except RelaydeskError as problem:
            mistakes.append(ConfigError("", str(problem), ""))
    answers_to = posted.get("answers_to", "").strip()
    panel = Panel(
        samples=samples,
        mistakes=tuple((place_of(each.key), words_of(each).strip()) for each in mistakes),
        told=tuple(consequences(definition, desk.template, desk.connector, answers_to)) if definition else (),
        attributes=tuple(dict.fromkeys(name for each in records for name in each)),
        headers=definition.headers if definition else None,
    )
    return panel, definition, records
