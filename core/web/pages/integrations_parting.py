"""Taking leave of a connection: what that means is said first; and deleting one that never was used."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from core.access.users import Role
from core.connecting import NoConnection, ReadOnly, delete, disconnect
from core.errors import ConfigError
from core.flow.disconnect import Disconnected
from core.overview import farewell_guide, setup
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.wording import plural, words_of


def add_parting(blueprint: Blueprint, runtime: Runtime) -> None:
    """Add the pages on which connections are disconnected and deleted."""

    @blueprint.get(f"/integrations/<{ROW_ID}:connection_id>/disconnect")
    @needs(Role.ADMIN)
    def ask(connection_id: int) -> str | Response:
        try:
            found = setup(runtime, connection_id)
        except NoConnection:
            abort(404)
        shown = found.overview
        if not shown.editable or shown.state == "disconnected":
            return redirect(url_for("integrations.connection", connection_id=connection_id))
        farewell = farewell_guide(runtime, shown.connection)
        return render_template(
            "integrations/disconnect.html", found=found, shown=shown, farewell=farewell, confirm=Confirm()
        )

    @blueprint.post(f"/integrations/<{ROW_ID}:connection_id>/disconnect")
    @needs(Role.ADMIN)
    def cut(connection_id: int) -> Response:
        try:
            ended, _ = disconnect(runtime, connection_id, signed_in().email)
        except NoConnection:
            abort(404)
        except (ReadOnly, ConfigError) as problem:
            flash(words_of(problem), "danger")
        else:
            flash(f"Disconnected. {_told(ended)}", "success")
        return redirect(url_for("integrations.connection", connection_id=connection_id))

    @blueprint.post(f"/integrations/<{ROW_ID}:connection_id>/delete")
    @needs(Role.ADMIN)
    def remove(connection_id: int) -> Response:
        try:
            delete(runtime, connection_id, signed_in().email)
        except NoConnection:
            abort(404)
        except (ReadOnly, ConfigError) as problem:
            flash(words_of(problem), "danger")
            return redirect(url_for("integrations.connection", connection_id=connection_id))
        flash("The connection is deleted.", "success")
        return redirect(url_for("integrations.index"))


def _told(ended: Disconnected) -> str:
    """What a disconnection has ended, as far as there was anything."""
    told = []
    if ended.cancelled or ended.unanswered:
        stopped = (plural(ended.cancelled, "queued action"), plural(ended.unanswered, "due answer"))
        told.append(f"{stopped[0]} and {stopped[1]} were cancelled.")
    if ended.unread:
        told.append(f"{plural(ended.unread, 'event')} stayed unread.")
    if ended.parked:
        told.append(f"{plural(ended.parked, 'action')} may have been sent or not: look in the helpdesk.")
    if ended.assigned:
        told.append(f"{plural(ended.assigned, 'open conversation')} must be assigned to somebody else there.")
    return " ".join(told) or "Nothing was on its way."
