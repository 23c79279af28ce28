"""The editor of a destination: its settings, and beside them the requests that they make of real records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from core.access.users import Role
from core.destination_settings import EXISTS, GROUPINGS, METHODS, RESERVED, RESPONSES, Definition, as_given
from core.destinations import trying
from core.destinations.catalogue import Destination, Destinations
from core.destinations.trying import Tested
from core.domain import Secret
from core.errors import ConfigError, RelaydeskError
from core.receivers import EVENTS, checked_url
from core.runtime import Runtime
from core.subscriptions import Subscriptions
from core.web.addresses import NAMED
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.live import when_changed
from core.web.pages.destinations_form import (
    FREE_ROWS,
    LONGEST,
    MORE_ROWS,
    MOST_ROWS,
    Posted,
    checked,
    posted_of,
    rows,
    takes_free_rows,
)
from core.web.pages.destinations_samples import Desk, Panel, desk_for, first_records, panel_of
from core.web.pages.outbound import MEANING
from core.web.wording import sentence, words_of

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


def add_editor(blueprint: Blueprint, runtime: Runtime, kept: Destinations, show: ShowPage) -> None:
    """Add the pages on which destinations are made, changed and tried; `show` makes the page of one."""

    @blueprint.route("/destinations/new", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def new() -> Any:
        if request.method == "POST":
            desk = desk_for(runtime, request.form.get("connection", ""), request.form.get("template", ""))
            return _worked_on(runtime, kept, show, desk)
        account = request.args.get("connection", "")
        if not account:
            return render_template("destinations/choose.html", accounts=list(_accounts(runtime)))
        desk = desk_for(runtime, account, request.args.get("template", ""))
        given = {"name": _free_name(kept, desk), "connection": account, "template": request.args.get("template", "")}
        if desk.template is None:
            given |= {"method": METHODS[0]}
        posted = posted_of(given, desk.template)
        posted["records"] = first_records(runtime, Definition(given["name"], account, given["template"]))
        return _page(runtime, kept, desk, posted, first=True)

    @blueprint.route(f"/destinations/<{NAMED}:name>/edit", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def edit(name: str) -> Any:
        stored = kept.get(name)
        if stored.provisioned or not stored.connector:
            flash(_unchangeable(runtime, stored), "warning")
            return redirect(url_for("destinations.destination", name=name))
        desk = desk_for(runtime, stored.definition.connection, stored.definition.template, stored)
        if request.method == "POST":
            return _worked_on(runtime, kept, show, desk)
        posted = posted_of(as_given(stored.definition), desk.template)
        posted["revision"] = str(stored.revision)
        posted["records"] = first_records(runtime, stored.definition)
        return _page(runtime, kept, desk, posted)

    @blueprint.post("/destinations/samples")
    @needs(Role.ADMIN)
    def samples() -> Response:
        desk = desk_for(runtime, request.form.get("connection", ""), request.form.get("template", ""))
        panel = panel_of(runtime, desk, request.form)[0]
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


def _free_name(kept: Destinations, desk: Desk) -> str:
    taken = {each.name for each in kept.list()} | {*RESERVED}
    wanted = (desk.template.name if desk.template else f"{desk.connector.name}_records").replace("_", "-")
    return next(
        name
        for number in range(1, len(taken) + 2)
        if (name := wanted if number == 1 else f"{wanted}-{number}") not in taken
    )


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
    panel, definition, records = panel_of(runtime, desk, posted)
    if definition is None or panel.mistakes:
        return _page(runtime, kept, desk, posted, refused="Nothing was sent: mend this first."), 422
    which = posted.get("which", "1")
    number = int(which) if which.isascii() and which.isdigit() and len(which) < 4 else 0
    if not 0 < number <= len(records):
        problem = ConfigError("which", f"there is no record {which[:20]}", f"Give a number from 1 to {len(records)}.")
        return _page(runtime, kept, desk, posted, refused=words_of(problem)), 422
    try:
        stored = desk.stored.name if desk.stored is not None else None
        tested = trying.send_test(runtime, definition, records[number - 1], signed_in().email, stored)
    except RelaydeskError as problem:
        return _page(runtime, kept, desk, posted, refused=f"Nothing was sent. {words_of(problem)}"), 422
    return _page(runtime, kept, desk, posted, tested=tested)


def _save(runtime: Runtime, kept: Destinations, show: ShowPage, desk: Desk, posted: Posted) -> Any:
    definition, given, mistakes = checked(runtime, posted, desk.template)
    answers_to = posted.get("answers_to", "").strip()
    mistakes += _of_answers(runtime, given, answers_to)
    if not mistakes and definition is not None:
        by = signed_in().email
        try:
            if desk.stored is None:
                made = kept.create(given, by)
            else:
                made = kept.update(desk.stored.name, given, by, _revision(posted.get("revision", "")))
        except ConfigError as problem:
            mistakes.append(problem)
        else:
            return _kept(runtime, show, made, answers_to, desk)
    return _page(runtime, kept, desk, posted, refused="Nothing was saved: mend this first.", mistakes=mistakes), 422


def _revision(text: str) -> int | None:
    """The revision that was looked at; one that there never was, which no destination has, for what is no number."""
    return (int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1) if text else None


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
    panel = panel_of(runtime, desk, posted, mistakes)[0]
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
