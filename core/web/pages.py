"""The pages: the inbox, and one session with all that happened in it, for the administrator of the file."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import Blueprint, Response, abort, make_response, render_template, request
from flask_httpauth import HTTPBasicAuth

from core.runtime import Runtime
from core.web.queries import overview, thread
from core.web.queries.cursors import BadCursor
from core.web.queries.sessions import SessionPage, list_sessions

NO_ADMINISTRATOR = (
    "The pages are closed: no administrator is configured.\n"
    "Set server.admin_email and server.admin_password_hash in the configuration file, and start again.\n"
    "`relaydesk init` does so for a new project. For one that is there already, this asks for a password\n"
    "and prints its hash:\n"
    "  python -c 'import argon2, getpass; print(argon2.PasswordHasher().hash(getpass.getpass()))'\n"
)
HIGHEST_ID = 2**63 - 1
"""What the stores can compare an id with; SQLite raises for more."""
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/` and `/sessions/<id>`."""
    # Not under /static: Flask itself answers there, for a folder that this app does not have.
    blueprint = Blueprint(
        "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
    )
    auth = _guard(runtime)

    @blueprint.before_request
    def closed_without_administrator() -> Response | None:
        if runtime.config.server.admin_email and runtime.config.server.admin_password_hash:
            return None
        return make_response(NO_ADMINISTRATOR, 403, {"Content-Type": "text/plain; charset=utf-8"})

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "pages.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/")
    @auth.login_required
    def inbox() -> str:
        cursor = request.args.get("cursor", "")
        try:
            page = list_sessions(runtime.db, cursor=cursor)
        except BadCursor:
            page = SessionPage(())
        return render_template(
            "inbox.html",
            page=page,
            begun=bool(cursor),
            configured=[connection.name for connection in runtime.config.connections],
            connections=overview.lines_of(runtime.db, runtime.connections.all()),
            troubles=overview.troubles(runtime.db),
        )

    @blueprint.get(f"/sessions/<int(max={HIGHEST_ID}):session_id>")
    @auth.login_required
    def session(session_id: int) -> str:
        found = thread.opened(runtime.db, session_id)
        if found is None:
            abort(404)
        return render_template("session.html", found=found)

    return blueprint


def _guard(runtime: Runtime) -> HTTPBasicAuth:
    auth = HTTPBasicAuth(realm="Relaydesk")
    hasher = PasswordHasher()

    @auth.verify_password
    def verify(email: str, password: str) -> str | None:
        stored = runtime.config.server.admin_password_hash
        if stored is None:
            return None
        try:
            hasher.verify(stored.reveal(), password)
        except (Argon2Error, InvalidHashError):
            return None
        return email if email.lower() == runtime.config.server.admin_email.lower() else None

    return auth
