"""The pages: the inbox, and one session with all that happened in it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from core.access.users import Role
from core.runtime import Runtime
from core.web import queries
from core.web.addresses import ROW_ID
from core.web.guard import needs

LAST_PAGE = 100_000


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/` and `/sessions/<id>`."""
    blueprint = Blueprint("inbox", __name__)

    @blueprint.get("/")
    @needs(Role.OPERATOR)
    def inbox() -> str:
        page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
        lines, more = queries.inbox(runtime.db, page)
        return render_template(
            "inbox.html",
            lines=lines,
            page=page,
            more=more,
            configured=[connection.name for connection in runtime.config.connections],
            connections=queries.lines_of(runtime.db, runtime.connections.all()),
            troubles=queries.troubles(runtime.db),
        )

    @blueprint.get(f"/sessions/<{ROW_ID}:session_id>")
    @needs(Role.OPERATOR)
    def session(session_id: int) -> str:
        found = queries.opened(runtime.db, session_id)
        if found is None:
            abort(404)
        return render_template("session.html", found=found)

    return blueprint
