"""The activity: how each connection fares, and events, decisions, actions and dead letters, each to be opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core.access.users import Role
from core.domain import ActionState, Connection, EventSource, Outcome
from core.flow import again
from core.flow.by_hand import Missing, NotNow
from core.runtime import Runtime
from core.subscriptions import Delivery, Subscription, Subscriptions
from core.web import explanations
from core.web.addresses import HIGHEST_ID, ROW_ID
from core.web.forms import Confirm
from core.web.guard import needs, own_path, signed_in
from core.web.live import when_changed
from core.web.queries import activity, health
from core.web.queries.activity import DEAD, ActionPage, DecisionPage, EventFilter, EventPage
from core.web.queries.aftermath import Lag, aftermath, lags
from core.web.queries.cursors import BadCursor
from core.web.queries.health import ConnectionStatus
from core.web.wording import span, words_of

LONGEST_FILTER = 255
SHOWN_DEAD = 25
"""Dead letters of each kind on their one page; the lists have them all."""
ROUNDS_LATE = 3
"""A poll that has missed so many rounds is late."""


@dataclass(frozen=True, slots=True)
class Account:
    """A connection as the overview shows it.

    `limit` is how many calls a minute it may make, `round_seconds` how often the helpdesk is asked; None where its
    settings are not known. `lag` is how late its webhooks come, `late` says that the asking is overdue.
    """

    status: ConnectionStatus
    limit: int | None
    round_seconds: float | None
    lag: Lag | None
    late: bool

    @property
    def state(self) -> str:
        if self.status.disconnected:
            return "disconnected"
        if not self.status.active:
            return "off"
        if self.status.error:
            return "trouble"
        return "polled" if self.status.polling_since is not None else "active"


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/activity` and what is under it."""
    blueprint = Blueprint("activity", __name__)
    for words in (span, explanations.why_event, explanations.why_decision):
        blueprint.add_app_template_filter(words)
    _add_overview(blueprint, runtime)
    _add_events(blueprint, runtime)
    _add_replay(blueprint, runtime)
    _add_lists(blueprint, runtime)
    _add_dead(blueprint, runtime)
    return blueprint


def _add_overview(blueprint: Blueprint, runtime: Runtime) -> None:
    def shown() -> dict[str, Any]:
        return {"accounts": _accounts(runtime), "troubles": health.troubles(runtime.db)}

    @blueprint.get("/activity", endpoint="overview")
    @needs(Role.OPERATOR)
    def show() -> str:
        return render_template("activity/overview.html", **shown())

    @blueprint.get("/live/activity")
    @needs(Role.OPERATOR)
    def live() -> Response:
        return when_changed(render_template("activity/overview_live.html", **shown()))


def _add_events(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.get("/activity/events")
    @needs(Role.OPERATOR)
    def events() -> str:
        asked = _asked("state", "kind", "connection", "source", "session")
        wanted = EventFilter(
            states=_one_of(asked, "state", explanations.EVENT_STATES),
            kind=asked.get("kind", ""),
            source="".join(_one_of(asked, "source", set(EventSource))),
            connection=asked.get("connection", ""),
            session_id=_session_id(asked),
        )
        page, lost = _page(lambda cursor: activity.list_events(runtime.db, wanted, cursor), EventPage(()))
        return render_template(
            "activity/events.html",
            page=page,
            lost=lost,
            asked=asked,
            states=explanations.EVENT_STATES,
            kinds={kind: kind.replace("_", " ") for kind in activity.kinds(runtime.db)},
            sources=explanations.SOURCES,
            names=_names(runtime),
        )

    @blueprint.get(f"/activity/events/<{ROW_ID}:event_id>")
    @needs(Role.OPERATOR)
    def event(event_id: int) -> str:
        opened = activity.open_event(runtime.db, event_id, runtime.without_secrets)
        if opened is None:
            abort(404)
        after = aftermath(runtime.db, event_id, opened.line.session_id)
        return render_template(
            "activity/event.html",
            event=opened,
            told=explanations.told_of_event(opened.line, after),
            after=after,
            obstacle=again.obstacle(runtime, event_id),
            confirm=Confirm(),
        )


def _add_replay(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.post(f"/activity/events/<{ROW_ID}:event_id>/replay")
    @needs(Role.ADMIN)
    def replay(event_id: int) -> AnyResponse:
        try:
            number = again.retry_event(runtime, event_id, signed_in().email)
        except Missing:
            abort(404)
        except NotNow as problem:
            flash(f"It is not read again: {problem}.", "danger")
        else:
            nothing_new = "The body could be read now. There is nothing in it that is not here already."
            flash("It is read again." if number else nothing_new, "success")
        return redirect(url_for("activity.event", event_id=event_id))


def _add_lists(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.get("/activity/decisions")
    @needs(Role.OPERATOR)
    def decisions() -> str:
        asked = _asked("outcome", "reason", "session")
        wanted: dict[str, Any] = {
            "outcome": "".join(_one_of(asked, "outcome", set(Outcome))),
            "reason": "".join(_one_of(asked, "reason", explanations.DECISIONS)),
            "session_id": _session_id(asked),
        }
        page, lost = _page(
            lambda cursor: activity.list_decisions(runtime.db, **wanted, cursor=cursor), DecisionPage(())
        )
        choices = {"outcomes": explanations.OUTCOMES, "reasons": explanations.DECISIONS}
        return render_template("activity/decisions.html", page=page, lost=lost, asked=asked, **choices)

    @blueprint.get("/activity/actions")
    @needs(Role.OPERATOR)
    def actions() -> str:
        asked = _asked("state", "connection", "session")
        wanted: dict[str, Any] = {
            "states": DEAD if asked.get("state") == "dead" else _one_of(asked, "state", set(ActionState)),
            "connection": asked.get("connection", ""),
            "session_id": _session_id(asked),
        }
        page, lost = _page(lambda cursor: activity.list_actions(runtime.db, **wanted, cursor=cursor), ActionPage(()))
        return render_template(
            "activity/actions.html",
            page=page,
            lost=lost,
            asked=asked,
            here=_here(),
            names=_names(runtime),
            choices={"dead": "dead: failed or parked", **{state.value: state.value for state in ActionState}},
            **_of_actions(runtime),
        )


def _add_dead(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.get("/activity/dead")
    @needs(Role.OPERATOR)
    def dead() -> str:
        failed = activity.list_events(runtime.db, EventFilter(states=("failed",)), limit=SHOWN_DEAD)
        given_up = activity.list_actions(runtime.db, states=DEAD, limit=SHOWN_DEAD)
        return render_template(
            "activity/dead.html",
            events=failed,
            actions=given_up,
            deliveries=_dead_deliveries(runtime),
            here=_here(),
            **_of_actions(runtime),
        )

    @blueprint.post(f"/activity/actions/<{ROW_ID}:action_id>/<any(retry, discard):what>")
    @needs(Role.OPERATOR)
    def act(action_id: int, what: str) -> AnyResponse:
        by = signed_in().email
        try:
            if what == "retry":
                again.retry_action(runtime, action_id, by)
                done = "It is tried again; a message is first looked for in the helpdesk."
            else:
                again.discard_action(runtime, action_id, by)
                done = "It is given up."
        except Missing:
            abort(404)
        except NotNow as problem:
            flash(words_of(problem), "danger")
        else:
            flash(done, "success")
        return redirect(own_path(request.form.get("next") or url_for("activity.actions")))


# ------------------------------------------------------------------------------------------------------ their parts


def _accounts(runtime: Runtime) -> list[Account]:
    late = lags(runtime.db)
    usable = {connection.id: connection for connection, _ in runtime.connections.all() if connection.settings}
    return [
        _account(runtime, status, usable.get(status.id), late.get(status.id)) for status in health.statuses(runtime.db)
    ]


def _account(runtime: Runtime, status: ConnectionStatus, connection: Connection | None, lag: Lag | None) -> Account:
    if connection is None:
        return Account(status, None, None, lag, late=False)
    seconds = float(connection.settings["poll_seconds"])
    waited = None if status.polled_at is None else runtime.db.now() - status.polled_at
    overdue = waited is not None and waited > timedelta(seconds=ROUNDS_LATE * seconds)
    limit = runtime.connections.calls_per_minute(connection)
    return Account(status, limit, seconds, lag, late=connection.active and overdue)


def _dead_deliveries(runtime: Runtime) -> list[tuple[Subscription, tuple[Delivery, ...]]]:
    kept = Subscriptions(runtime)
    return [(one, kept.deliveries(one.id, "dead", limit=SHOWN_DEAD).deliveries) for one in kept.list() if one.dead]


def _of_actions(runtime: Runtime) -> dict[str, Any]:
    """What a list of actions needs beside them."""
    connections = {connection.id: connection.name for connection, _ in runtime.connections.all()}
    words = {"states": explanations.ACTION_STATES, "nouns": explanations.ACTIONS}
    return {**words, "connections": connections, "confirm": Confirm()}


def _names(runtime: Runtime) -> dict[str, str]:
    return {connection.name: connection.name for connection, _ in runtime.connections.all()}


def _page(read: Callable[[str], Any], nothing: Any) -> tuple[Any, bool]:
    """The page of a list that the address asks for; whether its place in the list is none."""
    try:
        return read(request.args.get("cursor", "")), False
    except BadCursor:
        return nothing, True


def _asked(*names: str) -> dict[str, str]:
    """The filters in the address, without those that are left open."""
    given = {name: request.args.get(name, "").replace("\x00", "").strip()[:LONGEST_FILTER] for name in names}
    return {name: value for name, value in given.items() if value}


def _one_of(asked: dict[str, str], name: str, known: Any) -> tuple[str, ...]:
    """The value of a filter, or nothing for one that is not known."""
    return (asked[name],) if asked.get(name) in known else ()


def _session_id(asked: dict[str, str]) -> int | None:
    given = asked.get("session", "")
    if not given:
        return None
    number = int(given) if given.isascii() and given.isdigit() else 0
    return number if 0 < number <= HIGHEST_ID else 0


def _here() -> str:
    return request.full_path.rstrip("?")
