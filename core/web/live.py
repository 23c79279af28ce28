"""Parts of pages that stay up to date: what is shown is sent only to browsers that do not have it as it is."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, make_response, request, session
from flask_wtf.csrf import generate_csrf

FORM_TOKEN = "X-Form-Token"  # the name of a header


def asked_by_itself() -> bool:
    """Whether it is an open page that asks for a part of itself, and not a person who does anything."""
    return "X-Live" in request.headers


def when_changed(part: str) -> Response:
    """A part of a page, or 304 if the browser has it as it is."""
    response = make_response(part)
    response.add_etag(weak=True)
    response.make_conditional(request)
    return _with_token(response)


def unless_known(version: str, make: Callable[[], str]) -> Response:
    """A part of a page that is of a version, or 304 without making it if the browser has this one."""
    known = request.if_none_match.contains_weak(version)
    response = make_response("", 304) if known else make_response(make())
    response.set_etag(version, weak=True)
    return _with_token(response)


def _with_token(response: Response) -> Response:
    """With what the forms of the page need, which may have been open since before the last sign-in."""
    if "csrf_token" in session:  # else making one would begin a session with a poll
        response.headers[FORM_TOKEN] = generate_csrf()
    return response
