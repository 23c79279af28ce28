"""Outbound events: who has subscribed to what, and what became of each delivery."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse
from wtforms import DateTimeLocalField, SelectMultipleField, StringField, SubmitField, URLField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from core.access.users import Role
from core.domain import Secret
from core.errors import ConfigError
from core.flow.announce import OutboundEvent
from core.receivers import EVENTS, LONGEST_URL
from core.runtime import Runtime
from core.subscriptions import STATES, Page, Subscriptions, Unknown
from core.web.addresses import ROW_ID
from core.web.forms import Confirm, Form, complain
from core.web.guard import needs, signed_in
from core.web.live import when_changed
from core.web.wording import words_of

MEANING = {
    "*": "Everything but the answers of destinations, also what is added later",
    "conversation.*": "All about conversations",
    "handoff.*": "All about handoffs",
    OutboundEvent.STARTED: "A conversation has begun",
    OutboundEvent.CONTACT_RESPONSE: "The customer has written",
    OutboundEvent.AI_RESPONSE: "The AI has answered",
    OutboundEvent.AGENT_RESPONSE: "Somebody has answered from Relaydesk",
    OutboundEvent.THIRD_PARTY_AGENT_RESPONSE: "An agent has answered in the helpdesk",
    OutboundEvent.CLOSED: "A conversation was closed",
    OutboundEvent.TO_HUMAN: "A human goes on from here",
    OutboundEvent.FAILED: "A step of a handoff has failed for good",
    OutboundEvent.TAKEN_BACK: "The AI has again what a human had",
}
"""What each event that can be subscribed to tells."""
GROUPS = (("", "Altogether"), ("conversation.", "Conversations"), ("handoff.", "Handoffs"))
"""How the choice of events is divided: by what their names begin with."""
PROPOSED = timedelta(days=1)
"""How long ago what is proposed to be sent again may have died."""


class SubscriptionForm(Form):
    """Where events are sent to, and which."""

    url = URLField("Address of the receiver", [InputRequired("Give the receiver's address."), Length(max=LONGEST_URL)])
    description = StringField("What it is for", [Length(max=255)])
    events = SelectMultipleField(
        "Which events",
        choices=list(EVENTS),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    submit = SubmitField("Subscribe")


class SinceForm(Form):
    """From when on what has died is sent again."""

    since = DateTimeLocalField(
        "That died since (UTC)",
        [InputRequired("Give a moment, such as 2026-03-01T08:00.")],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/outbound` and what is under it."""
    blueprint = Blueprint("outbound", __name__)
    blueprint.add_app_template_filter(host)
    blueprint.add_app_template_filter(indented)
    kept = Subscriptions(runtime)
    _add_reading(blueprint, runtime, kept)
    _add_making(blueprint, runtime, kept)
    _add_changing(blueprint, runtime, kept)
    _add_deliveries(blueprint, kept)

    @blueprint.errorhandler(Unknown)
    def unknown(problem: Unknown) -> Any:
        return current_app.handle_http_exception(NotFound())

    return blueprint


def _add_reading(blueprint: Blueprint, runtime: Runtime, kept: Subscriptions) -> None:
    @blueprint.get("/outbound")
    @needs(Role.OPERATOR)
    def index() -> str:
        return render_template("outbound/index.html", subscriptions=kept.list())

    @blueprint.get(f"/outbound/<{ROW_ID}:subscription_id>")
    @needs(Role.OPERATOR)
    def subscription(subscription_id: int) -> str:
        return _page(runtime, kept, subscription_id)

    @blueprint.get(f"/live/outbound/<{ROW_ID}:subscription_id>")
    @needs(Role.OPERATOR)
    def live(subscription_id: int) -> Response:
        return when_changed(render_template("outbound/deliveries.html", **_shown(kept, subscription_id)))


def _add_making(blueprint: Blueprint, runtime: Runtime, kept: Subscriptions) -> None:
    @blueprint.route("/outbound/new", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def new() -> Any:
        form = SubscriptionForm()
        if form.validate_on_submit():
            try:
                made, secret = kept.create(*_given(form), signed_in().email)
            except ConfigError as problem:
                complain(form, problem)
            else:
                # Shown in the answer itself, and kept nowhere in the clear.
                return _page(runtime, kept, made.id, secret)
        status = 422 if form.is_submitted() else 200
        return render_template(
            "outbound/form.html", form=form, groups=_groups(), meaning=MEANING, subscription=None
        ), status

    @blueprint.route(f"/outbound/<{ROW_ID}:subscription_id>/edit", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def edit(subscription_id: int) -> Any:
        before = kept.get(subscription_id)
        form = SubscriptionForm(url=before.url, description=before.description, events=list(before.events))
        if form.validate_on_submit():
            url, events, description = _given(form)
            # The answers of a destination are no choice here, and stay what they are.
            events += [event for event in before.events if event not in EVENTS]
            try:
                kept.update(subscription_id, signed_in().email, url=url, events=events, description=description)
            except ConfigError as problem:
                complain(form, problem)
            else:
                flash("Saved. What waits goes to the address as it is now.", "success")
                return redirect(url_for("outbound.subscription", subscription_id=subscription_id))
        status = 422 if form.is_submitted() else 200
        return render_template(
            "outbound/form.html", form=form, groups=_groups(), meaning=MEANING, subscription=before
        ), status


def _add_changing(blueprint: Blueprint, runtime: Runtime, kept: Subscriptions) -> None:
    @blueprint.post(f"/outbound/<{ROW_ID}:subscription_id>/<any(pause, resume, test):what>")
    @needs(Role.ADMIN)
    def change(subscription_id: int, what: str) -> AnyResponse:
        by = signed_in().email
        try:
            if what == "pause":
                kept.pause(subscription_id, by)
                flash("Paused. What waits goes on waiting; what happens from now on is not announced.", "success")
            elif what == "resume":
                kept.resume(subscription_id, by)
                flash("Resumed. What has waited is sent first.", "success")
            else:
                kept.send_test(subscription_id, by)
                flash("A test event is on its way. What becomes of it appears among the deliveries.", "success")
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        return _back(subscription_id)

    @blueprint.post(f"/outbound/<{ROW_ID}:subscription_id>/secret")
    @needs(Role.ADMIN)
    def rotate(subscription_id: int) -> Any:
        try:
            secret = kept.rotate_secret(subscription_id, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
            return _back(subscription_id)
        return _page(runtime, kept, subscription_id, secret, replaced=True)

    @blueprint.post(f"/outbound/<{ROW_ID}:subscription_id>/delete")
    @needs(Role.ADMIN)
    def delete(subscription_id: int) -> AnyResponse:
        removed = kept.get(subscription_id)
        kept.delete(subscription_id, signed_in().email)
        flash(f"The subscription of {host(removed.url)} is deleted.", "success")
        return redirect(url_for("outbound.index"))


def _add_deliveries(blueprint: Blueprint, kept: Subscriptions) -> None:
    @blueprint.post(f"/outbound/<{ROW_ID}:subscription_id>/deliveries/<{ROW_ID}:delivery_id>/replay")
    @needs(Role.ADMIN)
    def replay(subscription_id: int, delivery_id: int) -> AnyResponse:
        try:
            kept.replay(delivery_id, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            flash("It is sent again, under its own id.", "success")
        return _back(subscription_id)

    @blueprint.post(f"/outbound/<{ROW_ID}:subscription_id>/replay-dead")
    @needs(Role.ADMIN)
    def replay_dead(subscription_id: int) -> AnyResponse:
        form = SinceForm()
        if not form.validate():
            flash(" ".join(str(each) for each in form.since.errors), "danger")
            return _back(subscription_id)
        try:
            number = kept.replay_dead_since(subscription_id, form.since.data.replace(tzinfo=UTC), signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            again = "1 event is" if number == 1 else f"{number} events are"
            flash(f"{again} sent again." if number else "Nothing has died since then.", "success")
        return _back(subscription_id)


# ------------------------------------------------------------------------------------------------------ their parts


def host(url: str) -> str:
    """The host in an address, with the port if it is not the usual one."""
    return urlsplit(url).netloc


def indented(payload: str) -> str:
    """JSON as a person reads it; what is none stays as it is."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False, indent=2)
    except ValueError:
        return payload


def _page(
    runtime: Runtime, kept: Subscriptions, subscription_id: int, secret: Secret | None = None, *, replaced: bool = False
) -> str:
    since = runtime.db.now() - PROPOSED
    return render_template(
        "outbound/subscription.html",
        **_shown(kept, subscription_id),
        secret=secret.reveal() if secret is not None else "",
        replaced=replaced,
        since=SinceForm(formdata=None, since=since),
        meaning=MEANING,
        confirm=Confirm(),
    )


def _shown(kept: Subscriptions, subscription_id: int) -> dict[str, Any]:
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    lost = False
    try:
        page = kept.deliveries(subscription_id, state, request.args.get("cursor", ""))
    except ConfigError:
        page, lost = Page((), ""), True
    return {
        "subscription": kept.get(subscription_id),
        "page": page,
        "lost": lost,
        "state": state,
        "states": STATES,
        "cursor": request.args.get("cursor", ""),
    }


def _groups() -> list[tuple[str, list[str]]]:
    """The events to choose from, each in its group."""
    found: dict[str, list[str]] = {title: [] for _, title in GROUPS}
    for event in EVENTS:
        title = next(title for begins, title in reversed(GROUPS) if event.startswith(begins))
        found[title].append(event)
    return list(found.items())


def _given(form: SubscriptionForm) -> tuple[str, list[str], str]:
    return form.url.data, list(form.events.data or ()), (form.description.data or "").strip()


def _back(subscription_id: int) -> AnyResponse:
    return redirect(url_for("outbound.subscription", subscription_id=subscription_id))
