"""The import of the past: how much it would be, begun, and called off."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from core.access.users import Role
from core.connecting import NoConnection
from core.domain import Connection
from core.errors import RelaydeskError
from core.jobs.backfill_requests import Expected, cancel_backfill, expected, request_backfill
from core.overview import overview
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.guard import needs, signed_in
from core.web.wording import plural, words_of


def add_import(blueprint: Blueprint, runtime: Runtime) -> None:
    """Add what can be done about the import on a connection's page."""

    @blueprint.post(f"/integrations/<{ROW_ID}:connection_id>/import/<any(estimate, begin, stop):what>")
    @needs(Role.ADMIN)
    def past(connection_id: int, what: str) -> Response:
        try:
            connection = overview(runtime, connection_id).connection
        except NoConnection:
            abort(404)
        days = request.form.get("days", "").strip()[:20]
        try:
            flash(*DONE[what](runtime, connection, _number(days)))
        except RelaydeskError as problem:
            flash(words_of(problem), "danger")
        kept = days if what == "estimate" else None
        return redirect(url_for("integrations.connection", connection_id=connection_id, days=kept, _anchor="import"))


def _number(days: str) -> float | None:
    """How many days were wanted, None for the usual number."""
    try:
        return float(days) if days else None
    except ValueError:
        return 0.0  # which is refused, saying what can be given


def _estimate(runtime: Runtime, connection: Connection, days: float | None) -> tuple[str, str]:
    return _told(expected(runtime, connection, days)), "info"


def _begin(runtime: Runtime, connection: Connection, days: float | None) -> tuple[str, str]:
    request_backfill(runtime, connection, days, signed_in().email)
    runtime.db.signal()
    return "The import begins within a minute. Nobody is answered because of it.", "success"


def _stop(runtime: Runtime, connection: Connection, days: float | None) -> tuple[str, str]:
    if cancel_backfill(runtime, connection, signed_in().email):
        return "The import is called off. What it has brought stays.", "success"
    return "There is no import under way any more.", "info"


DONE: dict[str, Callable[[Runtime, Connection, float | None], tuple[str, str]]] = {
    "estimate": _estimate,
    "begin": _begin,
    "stop": _stop,
}


def _told(found: Expected) -> str:
    many = "An unknown number of conversations waits"
    if found.conversations is not None:
        many = f"{plural(found.conversations, 'conversation')} {'waits' if found.conversations == 1 else 'wait'}"
    calls = f" That takes about {plural(found.calls, 'call')}" if found.calls is not None else ""
    minutes = f", or {plural(found.minutes, 'minute')}" if calls and found.minutes is not None else ""
    pace = ". Replies to customers go first." if calls else ""
    return f"{many} there, changed since {found.since:%Y-%m-%d}.{calls}{minutes}{pace}"
