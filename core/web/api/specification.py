"""What the OpenAPI says of the whole: what the API is, how to get in, and what every error looks like."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from flask_smorest import Api

from core.access.tokens import MEANING
from core.destination_settings import NAME
from core.version import VERSION
from core.web.addresses import CONVERTERS, GivenName, RowId
from core.web.api.operations import Resource
from core.web.problems import KINDS, MEDIA_TYPE

WORDS = """
Sessions and what belongs to them, for other programs: what the pages show, and what operators do on them.

**Tokens.** Send `Authorization: Bearer rd_…` with every request. An administrator makes tokens on the page API tokens;
each has one or more scopes, none of which includes another: {scopes}.

**Lists** come in pages. `next` is the cursor of the following page; the header `Link` has its whole address. A cursor
names the last entry that was seen: entries that are added or move meanwhile push no other onto another page. A cursor
that was not given out for the list is answered with 404.

**Errors** are problem+json (RFC 9457): `detail` says in plain words what is wrong and what to do, `errors` by field.
A parameter or field that is not known is an error, so that a misspelt filter never looks as if it had worked.

**Moments** are written as RFC 3339 has it; answers are in UTC. In an address `+` is written `%2B`.
"""
PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The page that explains the kind."},
        "title": {"type": "string", "description": "The kind, in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong here, and what to do."},
        "errors": {
            "type": "object",
            "description": "Words by field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}
ROW = {"type": "integer", "format": "int64", "minimum": 1, "maximum": RowId.HIGHEST, "examples": [1]}
"""An id in an address."""
GIVEN_NAME = {"type": "string", "pattern": f"^{NAME}$", "examples": ["new-customers"]}
"""The name of a destination in an address."""
COMPONENTS = {
    400: "Malformed",
    401: "Unauthorized",
    403: "Forbidden",
    413: "TooLarge",
    415: "MediaType",
    422: "Invalid",
    500: "Failed",
    503: "Busy",
}
_TELLS = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 503: "Retry-After"}
OPENING = ("status", "propagate")
"""What is given to open a session; to close one there is more."""


class Interface(Api):  # type: ignore[misc]  # the library ships no types
    """flask-smorest's API, which leaves the app's own errors and addresses alone."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """None: those of the pages stay as they are, and each resource has its own."""


def describe(base_url: str, resources: Iterable[Resource]) -> dict[str, Any]:
    """The OpenAPI of the resources. It takes as long as some hundred requests: ask for it once."""
    app = Flask(__name__)  # none that serves: with such nothing can be registered any more
    app.url_map.converters.update(CONVERTERS)
    scopes = "; ".join(f"`{scope.value}` ({words})" for scope, words in MEANING.items())
    interface = Interface(
        app,
        spec_kwargs={
            "title": "Relaydesk",
            "version": VERSION,
            "openapi_version": "3.1.0",
            "info": {"description": flowing(WORDS.format(scopes=scopes))},
            "servers": [{"url": base_url}],
        },
    )
    interface.register_converter(RowId, lambda _: dict(ROW))
    interface.register_converter(GivenName, lambda _: dict(GIVEN_NAME))
    components = interface.spec.components
    components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "description": "A token from the page API tokens."}
    )
    components.schema("Problem", PROBLEM)
    for status, name in COMPONENTS.items():
        components.response(name, _answer(status))
    for resource in resources:
        interface.register_blueprint(resource.to_describe())
    told: dict[str, Any] = interface.spec.to_dict()
    _split_session_change(told["components"]["schemas"])
    for operation in _operations(told):
        _finish(operation)
    return told


def _answer(status: int) -> dict[str, Any]:
    kind = KINDS[status]
    answer: dict[str, Any] = {
        "description": kind.words,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(status)}},
    }
    if status in _TELLS:
        answer["headers"] = {_TELLS[status]: {"required": True, "schema": {"type": "string"}}}
    return answer


def example(status: int) -> dict[str, Any]:
    """What the answer of a status looks like."""
    kind = KINDS[status]
    told: dict[str, Any] = {
        "type": f"/api/v1/docs#problem-{kind.name}",
        "title": kind.title,
        "status": status,
        "detail": kind.words,
    }
    return {**told, "errors": {"limit": ["Not a valid integer."]}} if status == 422 else told


def _operations(told: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    return (operation for path in told["paths"].values() for name, operation in path.items() if name != "parameters")


def _finish(operation: dict[str, Any]) -> None:
    """Put a description's lines into paragraphs, and say of a header that always comes that it does."""
    if "description" in operation:
        operation["description"] = flowing(operation["description"])
    for answer in operation["responses"].values():
        if "Location" in answer.get("headers", {}):
            answer["headers"]["Location"]["required"] = True


def flowing(text: str) -> str:
    """A text as it stands in the source, with a line for each paragraph."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def _split_session_change(schemas: dict[str, Any]) -> None:
    """Say that what is kept of a closing is given with one, which fields alone cannot."""
    whole = schemas.pop("SessionChange")
    closing, opening = copy.deepcopy(whole), copy.deepcopy(whole)
    closing["properties"]["status"]["enum"] = [each for each in whole["properties"]["status"]["enum"] if each != "open"]
    opening["properties"] = {name: each for name, each in opening["properties"].items() if name in OPENING}
    opening["properties"]["status"]["enum"] = ["open"]
    closing["description"], opening["description"] = "Close a session.", "Open a session again."
    schemas["SessionClosing"], schemas["SessionOpening"] = closing, opening
    parts = [{"$ref": f"#/components/schemas/{name}"} for name in ("SessionClosing", "SessionOpening")]
    schemas["SessionChange"] = {"oneOf": parts, "description": "What is to become of a session."}
