"""The editor of a destination: its settings, and beside them the requests that they make of real records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for

from core.access.users import Role
from core.connector import Connector
from core.destination_settings import EXISTS, GROUPINGS, METHODS, RESPONSES, Definition, as_given
from core.destination_template import DestinationTemplate
from core.destinations import trying
from core.destinations.catalogue import Destination, Destinations
from core.destinations.trying import Sample, Tested
from core.domain import LookUp, Secret
from core.errors import ConfigError, RelaydeskError
from core.receivers import EVENTS, checked_url
from core.runtime import Runtime
from core.subscriptions import Subscriptions
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.live import when_changed
from core.web.pages.destinations_form import (
    FREE_ROWS,
    LONGEST,
    MORE_ROWS,
    MOST_ROWS,
    Posted,
    as_records,
    checked,
    place_of,
    posted_of,
    rows,
    takes_free_rows,
)
from core.web.pages.destinations_wording import consequences
from core.web.pages.outbound import MEANING
from core.web.wording import sentence, words_of

TAKEN = frozenset({"new", "samples"})
"""Names that are the last part of addresses of ours."""
PLAIN_RECORDS = [{"id": "1", "email": "ann@example.com", "name": "Ann Example"}]
"""What is shown of records where neither a template nor a ledger has any."""
MOST_SAMPLES = 10
"""Records of which the editor shows what becomes of them."""
GROUPING_WORDS = {
    "count": "as many as there are, up to that number",
    "field": "those that are equal in one attribute",
    "bytes": "as many as make a body of no more than some bytes",
    "time": "those that come within some seconds",
}
EXISTS_WORDS = {
    "fail": "The record fails, and says so",
    "skip": "Leave it as it is, and leave the record out",
    "update": "Bring it to the values of the record",
}

ShowPage = Callable[[str, Secret | None], str]


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


def add_editor(blueprint: Blueprint, runtime: Runtime, kept: Destinations, show: ShowPage) -> None:
    """Add the pages on which destinations are made, changed and tried; `show` makes the page of one."""

    @blueprint.route("/destinations/new", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def new() -> Any:
        if request.method == "POST":
            desk = _desk(runtime, request.form.get("connection", ""), request.form.get("template", ""))
            return _worked_on(runtime, kept, show, desk)
        account = request.args.get("connection", "")
        if not account:
            return render_template("destinations/choose.html", accounts=list(_accounts(runtime)))
        desk = _desk(runtime, account, request.args.get("template", ""))
        given = {"name": _free_name(kept, desk), "connection": account, "template": request.args.get("template", "")}
        if desk.template is None:
            given |= {"method": METHODS[0]}
        posted = posted_of(given, desk.template)
        posted["records"] = _first_records(runtime, Definition(given["name"], account, given["template"]))
        return _page(runtime, kept, desk, posted, first=True)

    @blueprint.route("/destinations/<name>/edit", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def edit(name: str) -> Any:
        stored = kept.get(name)
        if stored.provisioned or not stored.connector:
            flash(_unchangeable(runtime, stored), "warning")
            return redirect(url_for("destinations.destination", name=name))
        desk = _desk(runtime, stored.definition.connection, stored.definition.template, stored)
        if request.method == "POST":
            return _worked_on(runtime, kept, show, desk)
        posted = posted_of(as_given(stored.definition), desk.template)
        posted["revision"] = str(stored.revision)
        posted["records"] = _first_records(runtime, stored.definition)
        return _page(runtime, kept, desk, posted)

    @blueprint.post("/destinations/samples")
    @needs(Role.ADMIN)
    def samples() -> Response:
        desk = _desk(runtime, request.form.get("connection", ""), request.form.get("template", ""))
        panel = _panel(runtime, desk, request.form)[0]
        return when_changed(render_template("destinations/samples.html", panel=panel, desk=desk))


def _unchangeable(runtime: Runtime, stored: Destination) -> str:
    if stored.provisioned:
        return f"It stands in the configuration file. Change it there ({runtime.config.path})."
    return f'There is no connection "{stored.definition.connection}" any more. Connect the account again first.'


# -------------------------------------------------------------------------------------------------- what it is about


def _accounts(runtime: Runtime) -> Iterator[dict[str, Any]]:
    """The connections that can be written to, each with what can be written there."""
    for name, configured in sorted(runtime.connections.configured.items()):
        connector = runtime.plugins.connectors.get(configured.connector)
        if connector is not None:
            templates = list(runtime.plugins.templates.get(connector.name, {}).values())
            yield {"name": name, "connector": connector, "templates": templates}


def _desk(runtime: Runtime, account: str, template: str, stored: Destination | None = None) -> Desk:
    configured = runtime.connections.configured.get(account)
    connector = runtime.plugins.connectors.get(configured.connector) if configured is not None else None
    if configured is None or connector is None:
        abort(404)
    found = runtime.plugins.templates.get(connector.name, {}).get(template)
    if template and found is None and stored is None:
        abort(404)
    return Desk(account, connector, found, connector.base_url(configured.settings), stored)


def _free_name(kept: Destinations, desk: Desk) -> str:
    taken = {each.name for each in kept.list()} | TAKEN
    wanted = (desk.template.name if desk.template else f"{desk.connector.name}_records").replace("_", "-")
    return next(
        name
        for number in range(1, len(taken) + 2)
        if (name := wanted if number == 1 else f"{wanted}-{number}") not in taken
    )


def _first_records(runtime: Runtime, definition: Definition) -> str:
    try:
        found = list(trying.sample_records(runtime, definition))
    except RelaydeskError:
        found = []
    return json.dumps(found or PLAIN_RECORDS, ensure_ascii=False, indent=2, default=str)


# --------------------------------------------------------------------------------------------------- what is done


def _worked_on(runtime: Runtime, kept: Destinations, show: ShowPage, desk: Desk) -> Any:
    """What was entered is drawn again with its samples, sent as a test, or kept."""
    posted: Posted = request.form.copy()
    if desk.stored is not None:
        posted["name"] = desk.stored.name
    what = posted.get("do", "samples")
    if what == "rows":
        posted["empty_rows"] = str(_empty_rows(posted) + MORE_ROWS)
    if what == "save":
        return _save(runtime, kept, show, desk, posted)
    if what == "test":
        return _test(runtime, kept, desk, posted)
    return _page(runtime, kept, desk, posted)


def _test(runtime: Runtime, kept: Destinations, desk: Desk, posted: Posted) -> Any:
    panel, definition, records = _panel(runtime, desk, posted)
    if definition is None or panel.mistakes:
        return _page(runtime, kept, desk, posted, refused="Nothing was sent: mend this first."), 422
    which = posted.get("which", "1")
    number = int(which) if which.isascii() and which.isdigit() else 0
    if not 0 < number <= len(records):
        problem = ConfigError("which", f"there is no record {which[:20]}", f"Give a number from 1 to {len(records)}.")
        return _page(runtime, kept, desk, posted, refused=words_of(problem)), 422
    try:
        tested = trying.send_test(runtime, definition, records[number - 1], signed_in().email)
    except RelaydeskError as problem:
        return _page(runtime, kept, desk, posted, refused=f"Nothing was sent. {words_of(problem)}"), 422
    return _page(runtime, kept, desk, posted, tested=tested)


def _save(runtime: Runtime, kept: Destinations, show: ShowPage, desk: Desk, posted: Posted) -> Any:
    definition, given, mistakes = checked(runtime, posted, desk.template)
    answers_to = posted.get("answers_to", "").strip()
    mistakes += _of_answers(runtime, given, answers_to)
    if desk.stored is None and given["name"] in TAKEN:
        mistakes.append(ConfigError("name", "it is the address of another page", "Choose another name."))
    if not mistakes and definition is not None:
        by = signed_in().email
        try:
            if desk.stored is None:
                made = kept.create(given, by)
            else:
                revision = posted.get("revision", "")
                seen = int(revision) if revision.isascii() and revision.isdigit() else None
                made = kept.update(desk.stored.name, given, by, seen)
        except ConfigError as problem:
            mistakes.append(problem)
        else:
            return _kept(runtime, show, made, answers_to, desk)
    return _page(runtime, kept, desk, posted, refused="Nothing was saved: mend this first.", mistakes=mistakes), 422


def _of_answers(runtime: Runtime, given: Mapping[str, Any], answers_to: str) -> list[ConfigError]:
    if not answers_to:
        return []
    if not given["response"]:
        return [ConfigError("answers_to", "answers are not kept", "Tick the box above it, or leave this empty.")]
    try:
        checked_url(answers_to, runtime.config.server.allow_private_webhooks)
    except ConfigError as problem:
        return [ConfigError("answers_to", problem.problem, problem.mend)]
    return []


def _kept(runtime: Runtime, show: ShowPage, made: Destination, answers_to: str, desk: Desk) -> Any:
    if made.state == "inactive":
        flash("Saved. Nothing is sent before you activate it.", "success")
    else:
        flash("Saved. What waits is sent as it says now.", "success")
    if answers_to:
        event = f"{RESPONSES}{made.name}"
        try:
            secret = Subscriptions(runtime).create(answers_to, [event], f"Answers of {made.name}", signed_in().email)[1]
        except ConfigError as problem:
            flash(f"The answers are not posted to {answers_to}: {words_of(problem)}", "warning")
        else:
            # Shown in the answer itself, and kept nowhere in the clear.
            return show(made.name, secret)
    return redirect(url_for("destinations.destination", name=made.name))


# ------------------------------------------------------------------------------------------------- what is drawn


def _panel(
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


def _empty_rows(posted: Posted) -> int:
    text = posted.get("empty_rows", "")
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else FREE_ROWS


def _page(
    runtime: Runtime,
    kept: Destinations,
    desk: Desk,
    posted: Posted,
    *,
    first: bool = False,
    refused: str = "",
    tested: Tested | None = None,
    mistakes: list[ConfigError] | None = None,
) -> str:
    panel = _panel(runtime, desk, posted, mistakes)[0]
    free = takes_free_rows(desk.template, posted)
    others = [each.name for each in kept.list() if each.definition.response]
    own = desk.stored.name if desk.stored else ""
    return render_template(
        "destinations/editor.html",
        desk=desk,
        posted=posted,
        panel=panel,
        # A form that nobody has touched yet is not told what it lacks.
        wrong=Panel() if first else panel,
        refused=refused,
        tested=tested,
        lines=list(rows(posted, desk.template, empty=_empty_rows(posted) if free else 0)),
        free=free,
        wild=[each for each in (desk.template.fields if desk.template else ()) if each.name.endswith("*")],
        empty_rows=_empty_rows(posted),
        sources=[f"{RESPONSES}{each}" for each in others if each != own],
        method_choices=[(each, each) for each in METHODS],
        exists=[(each, EXISTS_WORDS[each]) for each in EXISTS],
        groupings=[(each, GROUPING_WORDS[each]) for each in GROUPINGS],
        events=[(each, MEANING[each]) for each in EVENTS if each in MEANING],
        longest=LONGEST,
        confirm=Confirm(),
        sentence=sentence,
    )
