"""Errors of the REST API: problem+json (RFC 9457), whatever goes wrong under `/api/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, json, make_response, request

from core.web.wording import sentence

API = "/api/"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "5"
"""Seconds after which a busy store is worth another try."""

Errors = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its name, which its address ends with, its title, and what a caller is told of it."""

    name: str
    title: str
    words: str


KINDS = {
    400: Kind("malformed", "The body is not JSON", "The body of the request is not JSON."),
    401: Kind("unauthorized", "No valid token", "Send a token that is neither expired nor revoked as a bearer token."),
    403: Kind("forbidden", "The token lacks the scope", "The token is good, but was not made for this."),
    404: Kind("not-found", "Not found", "There is nothing at this address."),
    405: Kind("method", "Method not allowed", "This address takes other methods; the header Allow names them."),
    409: Kind("not-now", "Not as things stand", "It cannot be done as things stand; the detail says what to do first."),
    413: Kind("too-large", "The body is too large", "That is more than fits into one request."),
    415: Kind("media-type", "The body is of another type", "Send JSON, and say so: Content-Type: application/json."),
    422: Kind("invalid", "Something given cannot be used", "`errors` says by field what is wrong."),
    500: Kind("failed", "Something failed here", "The log of the service says what."),
    503: Kind("busy", "Busy", "The database is busy. Try again in a few seconds."),
}
"""By status. Others have no kind of their own."""


def is_api(path: str) -> bool:
    """Whether an address belongs to the API, so that a program and not a person reads the answer."""
    return path.startswith(API)


def problem(
    status: int, detail: str = "", errors: Errors | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that says what is wrong; `errors` are words by field."""
    kind = KINDS.get(status)
    told: dict[str, object] = {
        # Relative to the service, as RFC 9457 has it: the page that explains it.
        "type": f"/api/v1/docs#problem-{kind.name}" if kind else "about:blank",
        "title": kind.title if kind else HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence(detail or (kind.words if kind else HTTPStatus(status).description)),
    }
    if errors:
        told["errors"] = {field: list(words) for field, words in errors.items()}
    answer = make_response(json.dumps(told), status)
    answer.mimetype = MEDIA_TYPE
    if status == 503:
        answer.headers["Retry-After"] = RETRY_AFTER
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Relaydesk"'
    for name, value in (headers or {}).items():
        answer.headers[name] = value
    return answer


def asked_by_a_program() -> bool:
    """Whether the present request is one to the API."""
    return is_api(request.path)
