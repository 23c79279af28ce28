"""What all pages share: sign-ins, forgery protection, headers, styles, and what is shown when something goes wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template, request
from flask_bootstrap import Bootstrap5
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from core.access.users import Users
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.version import VERSION
from core.web.addresses import CONVERTERS
from core.web.cookies import Sessions
from core.web.guard import STATIC, install_guard
from core.web.problems import asked_by_a_program, problem
from core.web.wording import ago, moment, plural, time_tag, to_minute, to_second

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Bootstrap draws its check marks as data
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
MENDS = {
    400: "The browser sent something that does not make sense here. Go back, and try again.",
    401: "You are no longer signed in.",
    403: "Your role does not allow this. Ask an administrator.",
    404: "There is nothing at this address. It may have been removed, or the address has a slip in it.",
    405: "This address is not for that.",
    413: "That is more than fits into one request.",
    429: "That was tried too often. Wait a little.",
    500: "Something failed here. The log says what; nothing you did is lost that was shown as done.",
    503: "The database is busy. Try again in a few seconds.",
}


def install_site(app: Flask, runtime: Runtime, users: Users) -> CSRFProtect:
    """Give an app all that its pages share; returns the forgery protection, from which a token-based API is exempt."""
    server = runtime.config.server
    secure = server.base_url.startswith("https://")
    app.config.update(
        # Over HTTPS the name's prefix makes browsers keep the cookie to this host alone.
        SESSION_COOKIE_NAME="__Host-relaydesk" if secure else "relaydesk",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # each use is noted in it, to a minute, which sends it anew
        PERMANENT_SESSION_LIFETIME=timedelta(hours=server.session_hours),
        WTF_CSRF_TIME_LIMIT=None,  # it is good as long as the session it belongs to
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.session_interface = Sessions()
    if server.proxies:
        fixed = ProxyFix(app.wsgi_app, x_for=server.proxies, x_proto=server.proxies, x_host=server.proxies)
        app.wsgi_app = fixed  # type: ignore[method-assign]
    app.url_map.converters.update(CONVERTERS)
    Bootstrap5(app)
    install_guard(app, runtime, users)  # first who is asking, then whether it is their own browser
    forgery = CSRFProtect(app)
    # Not under /static: Flask itself answers there, for a folder that this app does not have.
    app.register_blueprint(
        Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    )
    _install_words(app, runtime)
    _install_headers(app, secure=secure)
    _install_troubles(app)
    return forgery


def _install_words(app: Flask, runtime: Runtime) -> None:
    def since(at: datetime | None) -> str:
        return ago(at, runtime.db.now())

    app.jinja_env.filters.update(
        moment=moment,
        plural=plural,
        ago=since,
        age=lambda at: time_tag(at, since(at)),
        at=to_minute,
        at_second=to_second,
    )

    @app.context_processor
    def always_there() -> dict[str, Any]:
        user = current_user.user if current_user.is_authenticated else None
        return {"me": user, "version": VERSION}


def _install_headers(app: Flask, *, secure: bool) -> None:
    @app.after_request
    def harden(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint in STATIC:
            headers["Cache-Control"] = "public, max-age=3600"
        else:
            headers.setdefault("Cache-Control", "no-store")
        return response


def _install_troubles(app: Flask) -> None:
    def shown(status: int, title: str, words: str) -> Response:
        if asked_by_a_program():
            return problem(status)
        page = render_template("trouble.html", status=status, title=title, words=words)
        response = make_response(page, status)
        if status == 503:
            response.headers["Retry-After"] = "5"
        return response

    @app.errorhandler(HTTPException)
    def http_trouble(problem: HTTPException) -> Any:
        status = problem.code or 500
        if status < 400:
            return problem  # a redirection
        response = shown(status, problem.name, MENDS.get(status, problem.description or ""))
        for name, value in problem.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    @app.errorhandler(CSRFError)
    def forged(problem: CSRFError) -> Response:
        words = "The form was open for too long, or came from somewhere else. Open the page again, and repeat it."
        return shown(400, "This form is no longer good", words)

    @app.errorhandler(StoreBusy)
    def busy(problem: StoreBusy) -> Response:
        return shown(503, "Busy", MENDS[503])
