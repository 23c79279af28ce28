"""Destinations: what is written to the helpdesks, whether it is sent at present, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from core.access.users import Role
from core.destinations import by_hand, records, responses
from core.destinations.catalogue import RECORD_STATES, Destination, Destinations, UnknownDestination
from core.destinations.records import RecordPage
from core.domain import Secret
from core.errors import ConfigError
from core.runtime import Runtime
from core.subscriptions import Subscription, Subscriptions
from core.web.addresses import NAMED
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.live import when_changed
from core.web.pages import destinations_editor, destinations_records, destinations_wording
from core.web.pages.destinations_records import SendForm
from core.web.pages.destinations_wording import BADGES, MEANINGS, shown, source_words
from core.web.wording import plural, words_of

DONE = {
    "activate": "Activated. What waits is sent now.",
    "pause": "Paused. What waits goes on waiting; what is on its way arrives.",
    "resume": "Resumed. What waits is sent now.",
    "deactivate": "Deactivated. Nothing is sent any more but tests.",
}


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/destinations` and what is under it."""
    blueprint = Blueprint("destinations", __name__)
    for words in (destinations_wording.as_json, destinations_wording.shortened):
        blueprint.add_app_template_filter(words)
    kept = Destinations(runtime)
    _add_reading(blueprint, runtime, kept)
    _add_changing(blueprint, runtime, kept)
    _add_sending(blueprint, runtime)
    destinations_editor.add_editor(blueprint, runtime, kept, lambda name, secret: page(runtime, kept, name, secret))
    destinations_records.add_upload(blueprint, runtime, kept, lambda name, **more: page(runtime, kept, name, **more))
    destinations_records.add_records(blueprint, runtime, kept)
    destinations_records.add_answers(blueprint, runtime, kept)

    @blueprint.errorhandler(UnknownDestination)
    @blueprint.errorhandler(records.UnknownRecord)
    def unknown(problem: Exception) -> Any:
        return current_app.handle_http_exception(NotFound())

    return blueprint


def _add_reading(blueprint: Blueprint, runtime: Runtime, kept: Destinations) -> None:
    def listed() -> dict[str, Any]:
        return {"destinations": [shown(kept, each) for each in kept.list()]}

    @blueprint.get("/destinations")
    @needs(Role.OPERATOR)
    def index() -> str:
        return render_template("destinations/index.html", **listed())

    @blueprint.get("/live/destinations")
    @needs(Role.OPERATOR)
    def live_index() -> Response:
        return when_changed(render_template("destinations/list.html", **listed()))

    @blueprint.get(f"/destinations/<{NAMED}:name>")
    @needs(Role.OPERATOR)
    def destination(name: str) -> str:
        return page(runtime, kept, name)

    @blueprint.get(f"/live/destinations/<{NAMED}:name>")
    @needs(Role.OPERATOR)
    def live(name: str) -> Response:
        return when_changed(render_template("destinations/live.html", **_ledger(runtime, kept, name)))


def _add_changing(blueprint: Blueprint, runtime: Runtime, kept: Destinations) -> None:
    @blueprint.post(f"/destinations/<{NAMED}:name>/<any(activate, pause, resume, deactivate):what>")
    @needs(Role.ADMIN)
    def change(name: str, what: str) -> AnyResponse:
        changes = {
            "activate": kept.activate,
            "pause": kept.pause,
            "resume": kept.resume,
            "deactivate": kept.deactivate,
        }
        try:
            changes[what](name, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            flash(DONE[what], "success")
        return _back(name)

    @blueprint.post(f"/destinations/<{NAMED}:name>/delete")
    @needs(Role.ADMIN)
    def delete(name: str) -> AnyResponse:
        try:
            kept.delete(name, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
            return _back(name)
        flash(f"The destination {name} is deleted, and its ledger with it.", "success")
        return redirect(url_for("destinations.index"))


def _add_sending(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.post(f"/destinations/<{NAMED}:name>/retry-failed")
    @needs(Role.ADMIN)
    def retry_failed(name: str) -> AnyResponse:
        try:
            number = by_hand.retry_failed(runtime, name, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            again = "1 record is" if number == 1 else f"{number:,} records are"
            flash(f"{again} tried again." if number else "Nothing has failed that could be tried again.", "success")
        return _back(name)

    @blueprint.post(f"/destinations/<{NAMED}:name>/take-earlier")
    @needs(Role.ADMIN)
    def take_earlier(name: str) -> AnyResponse:
        try:
            took = responses.take_earlier(runtime, name, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            told = f"{took.accepted:,} taken in, {took.known:,} known before, {took.broken:,} broken"
            flash(f"{plural(took.read, 'earlier answer')} looked at: {told}.", "success")
        return _back(name)


# ------------------------------------------------------------------------------------------------------ their parts


def page(runtime: Runtime, kept: Destinations, name: str, secret: Secret | None = None, **more: Any) -> str:
    """The page of a destination; `more` is what has just been done there."""
    return render_template(
        "destinations/destination.html",
        **{
            **_ledger(runtime, kept, name),
            "secret": secret.reveal() if secret is not None else "",
            "send": SendForm(formdata=None),
            "fed": [each for each in kept.list() if each.definition.upstream == name],
            "told": _told(runtime, name),
            "tested_at": _tested_at(kept.get(name)),
            "file": runtime.config.path,
            **more,
        },
    )


def _ledger(runtime: Runtime, kept: Destinations, name: str) -> dict[str, Any]:
    """What of a page stays up to date."""
    destination = kept.get(name)
    state = request.args.get("state", "")
    state = state if state in RECORD_STATES else ""
    cursor = request.args.get("cursor", "")
    lost = False
    try:
        found = records.page(runtime, name, state, cursor)
    except ConfigError:
        found, lost = RecordPage((), ""), True
    return {
        "shown": shown(kept, destination),
        "destination": destination,
        "page": found,
        "lost": lost,
        "state": state,
        "cursor": cursor,
        "states": [each for each in RECORD_STATES if destination.counts.get(each) or each == state],
        "words": destinations_wording.RECORD_STATES,
        "meanings": MEANINGS,
        "badges": BADGES,
        "source": source_words(destination.definition),
        "connection_id": _connection_id(runtime, destination),
        "confirm": Confirm(),
    }


def _connection_id(runtime: Runtime, destination: Destination) -> int | None:
    connection = runtime.connections.named(destination.definition.connection)
    return connection.id if connection is not None else None


def _tested_at(destination: Destination) -> datetime | None:
    at = (destination.tested or {}).get("at")
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _told(runtime: Runtime, name: str) -> list[Subscription]:
    """The addresses to which the answers are posted."""
    event = f"responses:{name}"
    return [each for each in Subscriptions(runtime).list() if event in each.events]


def _back(name: str) -> AnyResponse:
    return redirect(url_for("destinations.destination", name=name))
