"""Who gets in: every address says who may use it, and one that says nothing is open to nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask import Flask, abort, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from core.access.users import Role, User, Users
from core.runtime import Runtime
from core.web.live import asked_by_itself

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
OWN = "own"
STATIC = frozenset({"pages.static", "bootstrap.static"})
"""Stylesheets, scripts and icons, which libraries serve."""
_NEED = "relaydesk_need"
_SEEN = "seen_at"
_NOTE_EVERY = timedelta(minutes=1)


def public(view: View) -> View:
    """Let everybody use an address: a sign-in page, a health check."""
    return _marked(view, PUBLIC)


def guards_itself(view: View) -> View:
    """For an address with a guard of its own: a webhook has its token, the REST API its bearer tokens."""
    return _marked(view, OWN)


def needs(role: Role) -> Callable[[View], View]:
    """Let those who are signed in and have this role use an address; an admin has that of an operator too."""
    return lambda view: _marked(view, role.value)


def need_of(app: Flask, endpoint: str) -> str:
    """Who may use an endpoint: `PUBLIC`, `OWN`, or a role; "" for nobody."""
    if endpoint in STATIC:
        return PUBLIC
    return str(getattr(app.view_functions[endpoint], _NEED, ""))


def _marked(view: View, need: str) -> View:
    setattr(view, _NEED, need)
    return view


class SignedIn(UserMixin):  # type: ignore[misc]  # the library ships no types
    """A user as Flask-Login keeps them; the stamp in the id ends all sign-ins when the password changes."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return f"{self.user.id}:{self.user.stamp}"


def signed_in() -> User:
    """Who is asking; only where somebody has to be signed in."""
    return cast(User, current_user.user)


def sign_in(user: User, now: datetime) -> None:
    """Let a user be signed in from now on, in a session of their own."""
    session.clear()
    login_user(SignedIn(user))
    session.permanent = True
    session[_SEEN] = now.isoformat()


def sign_out() -> None:
    """End the sign-in of this browser."""
    logout_user()
    session.clear()


def own_path(target: str) -> str:
    """Where to go on after signing in: a path of ours, "/" for anything else."""
    # What begins with one slash alone names no host, so nothing of it needs to be parsed, and nothing fails to be.
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if ours else "/"


def install_guard(app: Flask, runtime: Runtime, users: Users) -> None:
    """Have every request of an app looked at before its view is called."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses and browsers change while people work

    @manager.user_loader
    def load(identifier: str) -> SignedIn | None:
        number, _, stamp = identifier.partition(":")
        user = users.get(int(number)) if number.isdecimal() else None
        return SignedIn(user) if user is not None and user.stamp == stamp else None

    @app.before_request
    def admit() -> Response | None:
        if request.endpoint is None:
            return None  # the answer is 404 or 405 for everybody
        need = need_of(app, request.endpoint)
        if need in (PUBLIC, OWN):
            return None
        if not need:
            abort(404)
        if not _still_signed_in(runtime):
            return _to_sign_in()
        if need == Role.ADMIN and not signed_in().is_admin:
            abort(403)
        return None


def _still_signed_in(runtime: Runtime) -> bool:
    if not current_user.is_authenticated:
        return False
    now = runtime.clock.now()
    seen = datetime.fromisoformat(session.get(_SEEN, "1970-01-01T00:00:00+00:00"))
    if now - seen > timedelta(hours=runtime.config.server.session_hours):
        sign_out()
        return False
    if now - seen > _NOTE_EVERY and not asked_by_itself():  # a page that is merely open is not in use
        session[_SEEN] = now.isoformat()
    return True


def _to_sign_in() -> Response:
    if request.method != "GET" or asked_by_itself():
        abort(401)
    here = request.full_path.rstrip("?")
    return redirect(url_for("sign_in.form", next=here) if here != "/" else url_for("sign_in.form"))
