"""The samples beside the editor of a destination: what its settings make of records, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
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
from core.web.pages.destinations_form import Posted, as_records, checked, place_of, rows
from core.web.pages.destinations_wording import consequences
from core.web.wording import words_of

PLAIN_RECORDS = [{"id": "1", "email": "ann@example.com", "name": "Ann Example"}]
"""What is shown of records where neither a template nor a ledger has any."""
LONGEST_SAMPLES = 50_000
"""Characters of the records that stand in the form at first: all of them are sent with each change of a letter."""
IN_THE_FILE, HERE = "Correct it in the configuration file.", "Correct it."
"""A mend of what is given in the file, and the same for what is entered on a page."""
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
        return sum(1 for each in self.samples if each.problem and not each.left_out)

    def at(self, *places: str) -> str:
        """What is wrong at a place of the form."""
        return " ".join(words for place, words in self.mistakes if place in places)


def first_records(runtime: Runtime, definition: Definition) -> str:
    """The records of which samples are made at first, as they stand in the form."""
    try:
        found = list(trying.sample_records(runtime, definition))
    except RelaydeskError:
        found = []
    some: list[Any] = []
    room = LONGEST_SAMPLES
    for each in found:
        room -= len(_written(each))
        if room < 0:
            break
        some.append(each)
    return _written(some or [_shortened(each) for each in found[:1]] or PLAIN_RECORDS)


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _shortened(record: dict[str, Any]) -> dict[str, Any]:
    """A record that is too large for a form, with as much of it as there is room for."""
    for longest in (1000, 100, 10):
        cut: dict[str, Any] = _cut(record, longest)
        if len(_written(cut)) <= LONGEST_SAMPLES:
            return cut
    return PLAIN_RECORDS[0]


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else f"{value[:longest]}…"
    if isinstance(value, dict):
        return {key[:longest]: _cut(each, longest) for key, each in islice(value.items(), longest)}
    return [_cut(each, longest) for each in value[:longest]] if isinstance(value, list) else value


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


def _place(key: str, desk: Desk, posted: Posted) -> str:
    """Where on this form a mistake is told; "" above it where the form has no such field."""
    place, template = place_of(key), desk.template
    if place.startswith("row:"):
        name = place.removeprefix("row:")
        line = next((each for each in rows(posted, template) if each.name == name), None)
        return "" if line is None else place if line.field else f"row{line.number}_name"
    missing = {
        "method": template is not None,
        "url": template is not None,
        "exists": template is None or not template.finds_existing,
        "batch_under": template is not None,
        "name": desk.stored is not None,
    }
    batched = template is None or bool(template.merged_by)
    return "" if missing.get(place) or (place.startswith("batch_") and not batched) else place


def _words(mistake: ConfigError) -> str:
    return words_of(mistake).replace(IN_THE_FILE, HERE).strip()


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
        mistakes=tuple((_place(each.key, desk, posted), _words(each)) for each in mistakes),
        told=tuple(consequences(definition, desk.template, desk.connector, answers_to)) if definition else (),
        attributes=tuple(dict.fromkeys(name for each in records for name in each)),
        headers=definition.headers if definition else None,
    )
    return panel, definition, records
