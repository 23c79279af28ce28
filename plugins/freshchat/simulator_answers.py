"""How the simulated Freshchat API answers: its error body, its pages and their links.

Reference: https://developers.freshchat.com/api/#introduction (errors, pagination), as observed in live answers.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

DEFAULT_PER_PAGE = 20
MOST_PER_PAGE = 50
STATUS_WORDS = {
    400: "INVALID_VALUE",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}


class ApiError(Exception):
    """A call is refused: `word` is the error body's `status`, by default the usual one of the HTTP status."""

    def __init__(self, status: int, words: str, word: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.word = word


def error(status: int, words: str, word: str = "") -> Response:
    """An error answer; `code` is a number here, although the OpenAPI says text."""
    body = {"code": status, "status": word or status_word(status), "message": words}
    return answer(body, status)


def status_word(status: int) -> str:
    """The usual word for an HTTP status in an error body."""
    return STATUS_WORDS.get(status, "ERROR")


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer, or an empty one for None, with the trace id that the vendor's support asks for."""
    text = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(text, status, mimetype="application/json", headers={"X-Trace-ID": str(uuid.uuid4())})


def body_object() -> dict[str, Any]:
    """The request's JSON object. Raises `ApiError` if it is anything else."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise ApiError(400, "the request body must be a JSON object")
    return given


def window() -> tuple[int, int]:
    """The page asked for, counted from 1, and the items on one; more than 50 are quietly made 50."""
    try:
        page = int(request.args.get("page", 1))
        size = int(request.args.get("items_per_page", DEFAULT_PER_PAGE))
    except ValueError:
        raise ApiError(400, "page and items_per_page must be numbers") from None
    if page < 1 or size < 1:
        raise ApiError(400, "page and items_per_page must be positive")
    return page, min(size, MOST_PER_PAGE)


def listing(key: str, items: Sequence[Any], show: Callable[[Any], Any], root: str) -> Response:
    """A page of a list: `links.next_page` is an object with a `href`, and absent on the last page.

    `root` is what links begin with: "" for a path, or the server's address.
    """
    page, size = window()
    pages = max(1, -(-len(items) // size))
    links = {"first_page": _link(root, 1, size), "last_page": _link(root, pages, size)}
    if page < pages:
        links["next_page"] = _link(root, page + 1, size)
    if page > 1:
        links["previous_page"] = _link(root, page - 1, size)
    pagination = {"total_items": len(items), "total_pages": pages, "current_page": page, "items_per_page": size}
    shown = [show(item) for item in items[(page - 1) * size : page * size]]
    return answer({key: shown, "pagination": pagination, "links": links})


def message_page(items: Sequence[Any], show: Callable[[Any], Any], *, link_on_last_page: bool) -> Response:
    """A page of messages: a single `link` with a path, no `links` and no `pagination` as other lists have."""
    page, size = window()
    shown = [show(item) for item in items[(page - 1) * size : page * size]]
    body: dict[str, Any] = {"messages": shown}
    if page * size < len(items) or (link_on_last_page and shown):
        body["link"] = {"rel": "next_page", "href": _href(page + 1, size), "method": "GET"}
    return answer(body)


def _link(root: str, page: int, size: int) -> dict[str, str]:
    return {"href": root + _href(page, size), "rel": "self", "method": "GET"}


def _href(page: int, size: int) -> str:
    others = {key: value for key, value in request.args.items() if key not in ("page", "items_per_page")}
    return f"{request.path}?{urlencode({**others, 'page': page, 'items_per_page': size})}"
