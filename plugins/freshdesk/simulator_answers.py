"""How the simulated Freshdesk API answers and what it takes: its two families of errors, its pages, its two encodings.

Reference: https://developers.freshdesk.com/api/#error and #pagination.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

DEFAULT_PER_PAGE, MOST_PER_PAGE = 30, 100
CODES = {
    401: ("invalid_credentials", "You have to be logged in to perform this action."),
    403: ("access_denied", "You are not authorized to perform this action."),
    406: ("not_acceptable", "The Accept header should allow application/json."),
    415: ("invalid_content_type", "Content-Type header is set to an unsupported type."),
}
"""The usual code and message of errors that say both."""
NUMBERS = ("user_id", "status", "priority", "source", "requester_id", "responder_id", "group_id", "email_config_id")
TRUTHS = ("private", "incoming")
NO_DOMAIN = (
    "<!doctype html><html><head><title>Freshdesk</title></head><body><h1>There is no helpdesk here</h1></body></html>"
)


class ApiError(Exception):
    """A call is refused with `code` and `message`, or with the usual body of its status."""

    def __init__(self, status: int, code: str = "", message: str = "", allow: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.allow = allow


class Invalid(Exception):
    """A call is refused for what stands in it: each problem is a field, a message and a code."""

    def __init__(
        self, *problems: tuple[str, str, str], status: int = 400, info: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(str(problems))
        self.problems = problems
        self.status = status
        self.info = info


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer; for None an empty one."""
    text = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(text, status, mimetype="application/json", headers=dict(headers or {}))


def error(status: int, words: str, *, code: str = "", allow: str = "") -> Response:
    """An error with the body that Freshdesk gives with this status."""
    if status in (400, 409):
        return invalid(Invalid(("request", words, code or "invalid_value"), status=status))
    headers = {"Allow": allow} if allow else {}
    if status in (404, 405):
        # Observed by clients: what does not exist has no body at all, and neither has a forbidden verb.
        return answer(None, status, headers)
    if status == 429:
        return answer({"message": "You have exceeded the limit of requests per minute"}, status)
    usual, message = CODES.get(status, ("internal_error", words))
    return answer({"code": code or usual, "message": words or message}, status, headers)


def invalid(problem: Invalid) -> Response:
    """The other family of errors: a description and a list."""
    more = {} if problem.info is None else {"additional_info": problem.info}
    errors = [{"field": field, "message": message, "code": code, **more} for field, message, code in problem.problems]
    return answer({"description": "Validation failed", "errors": errors}, problem.status)


def found(item: Any) -> Any:
    """The item itself. Raises `ApiError` where there is none."""
    if item is None:
        raise ApiError(404)
    return item


def unknown_field(name: str) -> tuple[str, str, str]:
    """The problem of a key that the vendor does not know: it refuses the whole request."""
    return (name, "Unexpected/invalid field in request", "invalid_field")


# ------------------------------------------------------------------------------------------------- what is sent


def given() -> dict[str, Any]:
    """The request's values, from JSON or from a multipart form. Raises `ApiError` if it is neither.

    A form's `attachments[]` are `FileStorage` objects under "attachments".
    """
    if request.mimetype == "multipart/form-data":
        return _from_form()
    if not request.get_data():
        return {}
    if request.mimetype != "application/json":
        raise ApiError(415)
    parsed = request.get_json(silent=True)
    if not isinstance(parsed, dict):
        raise ApiError(400, "invalid_json", "Request body has invalid json format")
    return parsed


def _from_form() -> dict[str, Any]:
    """Arrays come as ``tags[]``, objects as ``custom_fields[cf_x]``, a structured body as a JSON text."""
    values: dict[str, Any] = {}
    for key, texts in request.form.lists():
        nested = re.fullmatch(r"(\w+)\[(\w+)\]", key)
        if key.endswith("[]"):
            values[key.removesuffix("[]")] = list(texts)
        elif nested:
            values.setdefault(nested[1], {})[nested[2]] = _typed(nested[2], texts[-1])
        else:
            values[key] = _typed(key, texts[-1])
    files: list[FileStorage] = request.files.getlist("attachments[]")
    if files:
        values["attachments"] = files
    return values


def _typed(key: str, text: str) -> Any:
    """A form has texts only: the vendor makes of them what the field wants."""
    if key in NUMBERS and text.lstrip("-").isdigit():
        return int(text)
    if key in TRUTHS or (key.startswith("cf_") and text in ("true", "false")):
        return text == "true"
    if key == "structured_body":
        try:
            return json.loads(text)
        except ValueError:
            raise Invalid((key, "It should be a/an JSON object", "datatype_mismatch")) from None
    return text


# ----------------------------------------------------------------------------------------------------- pages


def window() -> tuple[int, int]:
    """The page asked for, from 1, and its size, 30 unless told; more than 100 is refused. Raises `Invalid`."""
    page, size = number("page", 1), number("per_page", DEFAULT_PER_PAGE)
    if page < 1:
        raise Invalid(("page", "It should be a Positive Integer", "invalid_value"))
    if not 1 <= size <= MOST_PER_PAGE:
        words = f"It should be a Positive Integer less than or equal to {MOST_PER_PAGE}"
        raise Invalid(("per_page", words, "invalid_value"))
    return page, size


def number(key: str, otherwise: int) -> int:
    """An argument of the query that must be a whole number. Raises `Invalid`."""
    try:
        return int(request.args.get(key, otherwise))
    except ValueError:
        raise Invalid((key, "It should be a Positive Integer", "datatype_mismatch")) from None


def moment(key: str) -> datetime | None:
    """An argument of the query that must be a time, None if it is not there. Raises `Invalid`."""
    if key not in request.args:
        return None
    try:
        # A plus that was not encoded arrives as a blank.
        parsed = datetime.fromisoformat(request.args[key].replace(" ", "+"))
    except ValueError:
        words = "It should be in the combined date and time ISO8601 format"
        raise Invalid((key, words, "invalid_value")) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def listing(items: Sequence[Any], show: Callable[[Any], Any]) -> Response:
    """A page of a list: a bare array, with a Link header unless it is the last page."""
    page, size = window()
    shown = [show(item) for item in items[(page - 1) * size : page * size]]
    return answer(shown, headers=next_link(page) if page * size < len(items) else {})


def next_link(page: int) -> dict[str, str]:
    """The header that leads from this page to the next one."""
    query = urlencode({**request.args.to_dict(), "page": page + 1})
    return {"Link": f'<{request.base_url}?{query}>; rel="next"'}
