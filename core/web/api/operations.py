"""An operation of the API: who may call it, what it takes and answers, said once for the caller and the OpenAPI."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import flask
from flask import Request, Response, current_app, g, request, url_for
from flask_smorest import Blueprint
from marshmallow import Schema, missing
from webargs.flaskparser import FlaskParser, abort
from werkzeug.exceptions import HTTPException

from core.access import tokens
from core.access.tokens import Scope
from core.flow.by_hand import Missing, NotNow, Unfit
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.web.api.shapes import Called, Shape, View
from core.web.api.streamed import Streamed
from core.web.guard import guards_itself
from core.web.problems import MEDIA_TYPE, Errors, problem
from core.web.queries.cursors import BadCursor

PREFIX = "/api/v1"
BODIES = {400: "Malformed", 413: "TooLarge", 415: "MediaType"}
ALWAYS = {401: "Unauthorized", 403: "Forbidden", 422: "Invalid", 500: "Failed", 503: "Busy"}
"""The answers of every operation, by the names of their components in the OpenAPI."""
NO_PLACE = "`cursor` is none that was given out for this list."
NOT_NOW = "It cannot be done as things stand; `detail` says why, and what to do first."
"""Why an operation may be refused, for those of many resources."""
_OPERATION = "relaydesk_operation"


class Parser(FlaskParser):
    """Reads bodies of strict JSON: no NaN, nothing nested beyond reading, and no text but UTF-8."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        raw = req.get_data(cache=True)
        if not raw:
            return missing
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            abort(400)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


class Resource(Blueprint):  # type: ignore[misc]  # the library ships no types
    """Operations that belong together; `name` is their tag in the OpenAPI."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, runtime: Runtime, description: str) -> None:
        super().__init__(name, __name__, url_prefix=PREFIX, description=description)
        self._operations: list[Callable[[Blueprint], None]] = []
        self.before_request(lambda: _admit(runtime))
        _answer_troubles(self)

    def operation(
        self,
        method: str,
        path: str,
        scope: Scope,
        *,
        answers: type[Schema] | None = None,
        status: int = 200,
        words: str = "Done.",
        query: type[Schema] | None = None,
        headers: type[Schema] | None = None,
        body: type[Schema] | None = None,
        example: Mapping[str, Any] | None = None,
        bare: bool = False,
        takes: Streamed | None = None,
        gives: str = "",
        otherwise: Mapping[int, tuple[type[Schema], str]] | None = None,
        refuses: Mapping[int, str] | None = None,
        tells: Mapping[str, str] | None = None,
    ) -> Callable[[View], View]:
        """Make an operation of a view, which is given query, headers and body in this order, then the path's ids.

        `words` say what the answer of `status` is, `refuses` why it may be refused, by status, and `tells` what
        headers the answer has. A `bare` body may be left out; one that it `takes` is streamed, and the view reads it
        itself. Where it `gives` text of a media type, or answers `otherwise` with another status, it makes the
        response itself.
        """
        shape = Shape(answers, gives, status, words, tells or {}, query, headers, body, bare, example)
        called = Called(scope, shape.names, body is not None, body is not None and not bare, takes)

        def told(view: View) -> Any:
            # What is only told comes first: each step copies all that was told before it, schemas above all.
            made = self._told(view, scope, refuses or {}, otherwise or {}, BODIES if body or takes else {})
            return shape.give_to(made if takes is None else self.doc(requestBody=takes.documented())(made), self)

        def decorated(view: View) -> View:
            made = shape.give_to(view, self)
            setattr(made, _OPERATION, called)
            made.provide_automatic_options = False  # no browser of another site is let in
            guards_itself(made)
            flask.Blueprint.add_url_rule(self, path, view.__name__, made, methods=[method])
            self._operations.append(lambda to: to.add_url_rule(path, view.__name__, told(view), methods=[method]))
            return view

        return decorated

    def to_describe(self) -> Blueprint:
        """The same operations with all that the OpenAPI says of them, which serving would be slowed down by."""
        blueprint = Blueprint(self.name, __name__, url_prefix=PREFIX, description=self.description)
        for add_to in self._operations:
            add_to(blueprint)
        return blueprint

    def _told(
        self,
        view: View,
        scope: Scope,
        refuses: Mapping[int, str],
        otherwise: Mapping[int, tuple[type[Schema], str]],
        more: Mapping[int, str],
    ) -> Any:
        """A view with what the OpenAPI says of its scope, and of its answers but for the one that is hoped for."""
        made: Any = self.doc(operationId=_camel(view.__name__), security=[{"token": []}], **{"x-scope": scope.value})(
            view
        )
        for number, said in refuses.items():
            made = self.alt_response(number, schema="Problem", content_type=MEDIA_TYPE, description=said, headers=None)(
                made
            )
        for number, (schema, said) in otherwise.items():
            made = self.alt_response(number, schema=schema, description=said, success=True)(made)
        for number, name in {**ALWAYS, **more}.items():
            made = self.alt_response(number, response=name)(made)
        return made


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def scope_of(view: View) -> Scope | None:
    """The scope that an operation asks for; None for a view that is none."""
    called = getattr(view, _OPERATION, None)
    return called.scope if isinstance(called, Called) else None


def by() -> str:
    """Who is asking, as the record of changes names them."""
    return str(g.token.called)


# ------------------------------------------------------------------------------------------------ who may ask, and how


def _admit(runtime: Runtime) -> Response | None:
    """Refuse whoever may not call an operation, before anything that they give is looked at."""
    called: Called = getattr(current_app.view_functions[str(request.endpoint)], _OPERATION)
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        return problem(401, "Send a token in the header Authorization: Bearer <token>.")
    token = tokens.find(runtime.db, text.strip())
    if token is None:
        return problem(
            401,
            "There is no such token, or it is expired or revoked.",
            headers={"WWW-Authenticate": 'Bearer realm="Relaydesk", error="invalid_token"'},
        )
    if called.scope not in token.scopes:
        challenge = f'Bearer realm="Relaydesk", error="insufficient_scope", scope="{called.scope.value}"'
        return problem(
            403, f"This needs a token with the scope {called.scope.value}.", headers={"WWW-Authenticate": challenge}
        )
    g.token = token
    return _check_shape(called)


def _check_shape(called: Called) -> Response | None:
    errors = {name: ["There is no such parameter."] for name in request.args if name not in called.names}
    errors |= {name: ["It is given more than once."] for name, values in request.args.lists() if len(values) > 1}
    if errors:
        return problem(422, errors=errors)
    if called.streamed is not None:
        return called.streamed.refused()
    given = request.get_data(cache=True) if called.takes_body else b""
    if given and request.mimetype != "application/json":
        return problem(415)
    if called.needs_body and not given:
        return problem(422, "The body is missing. Send JSON.")
    return None


# ------------------------------------------------------------------------------------------------- what goes wrong


def _answer_troubles(resource: Resource) -> None:
    @resource.errorhandler(HTTPException)
    def http_trouble(trouble: HTTPException) -> Any:
        status = trouble.code or 500
        messages = getattr(trouble, "data", {}).get("messages")
        detail = trouble.description or "" if status == 404 and isinstance(trouble, Gone) else ""
        return problem(status, detail, errors=_by_field(messages) if messages else None)

    @resource.errorhandler(StoreBusy)
    def busy(trouble: StoreBusy) -> Response:
        return problem(503)

    @resource.errorhandler(Missing)
    def missing_thing(trouble: Missing) -> Response:
        return problem(404, str(trouble))

    @resource.errorhandler(BadCursor)
    def bad_cursor(trouble: BadCursor) -> Response:
        return problem(404, str(trouble))

    @resource.errorhandler(NotNow)
    def not_now(trouble: NotNow) -> Response:
        return problem(409, str(trouble))

    @resource.errorhandler(Unfit)
    def unfit(trouble: Unfit) -> Response:
        return problem(422, str(trouble))


class Gone(HTTPException):
    """There is nothing of this id; the words say what was looked for."""

    code = 404


def _by_field(messages: Mapping[str, Any]) -> Errors:
    """The errors of all that was given, without the places in which it was: a name is in one only."""
    found: dict[str, list[str]] = {}
    for told in messages.values():
        _gather(told, "", found)
    return found


def _gather(told: Any, field: str, found: dict[str, list[str]]) -> None:
    if isinstance(told, Mapping):
        for name, inner in told.items():
            # marshmallow names so what is wrong with the whole.
            _gather(inner, field if name == "_schema" else f"{field}.{name}".lstrip("."), found)
        return
    found.setdefault(field or "body", []).extend(str(words) for words in told)


# ------------------------------------------------------------------------------------------------------------- lists


def listed(runtime: Runtime, entries: Any, next_cursor: str = "", previous_cursor: str = "", **more: Any) -> Any:
    """A page of a list, with links to those beside it."""
    links = [
        f'<{_here(runtime, cursor)}>; rel="{which}"'
        for which, cursor in (("next", next_cursor), ("prev", previous_cursor))
        if cursor
    ]
    body = {"items": entries, "next": next_cursor or None, "previous": previous_cursor or None, **more}
    return body, {"Link": ", ".join(links)} if links else {}


LINKS = {"Link": "Links to the following (`next`) and the preceding page (`prev`), where there are such."}


def address(endpoint: str, **ids: Any) -> dict[str, str]:
    """The header that says where to look for what was made."""
    return {"Location": url_for(endpoint, **ids)}


def _here(runtime: Runtime, cursor: str) -> str:
    query = urlencode({**request.args.to_dict(), "cursor": cursor})
    return f"{runtime.config.server.base_url}{request.path}?{query}"
