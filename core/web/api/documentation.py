"""The OpenAPI as a file for programs, and as a page for people that needs neither a script nor another site."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from core.markdown import html_of
from core.web.api.operations import PREFIX
from core.web.guard import public
from core.web.problems import KINDS


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the page shows it; `told` is what the OpenAPI says of it."""

    method: str
    path: str
    told: Mapping[str, Any]
    curl: str

    @property
    def anchor(self) -> str:
        """The end of its address on the page."""
        return str(self.told["operationId"])


@dataclass(frozen=True, slots=True)
class Area:
    """Operations that belong together."""

    name: str
    description: str
    operations: tuple[Operation, ...]


def documentation(describe: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """The blueprint of `/api/v1/openapi.json` and `/api/v1/docs`, which are open to everybody and hold no secret.

    What `describe` returns is asked for when somebody first comes, and kept.
    """
    blueprint = Blueprint("documentation", __name__, url_prefix=PREFIX)
    described = cache(describe)
    file = cache(lambda: json.dumps(described(), ensure_ascii=False))

    @blueprint.get("/openapi.json")
    @public
    def openapi() -> Response:
        return Response(file(), mimetype="application/json")

    @blueprint.get("/docs")
    @public
    def docs() -> str:
        told = described()
        return render_template(
            "api/docs.html",
            info=told["info"],
            areas=_areas(told),
            schemas=told["components"]["schemas"],
            kinds=KINDS,
            in_html=_in_html,
            in_line=_in_line,
        )

    return blueprint


def _in_html(text: str) -> Markup:
    # Our own words only; what looks like a tag in them is escaped all the same.
    return Markup(html_of(text))  # noqa: S704


def _in_line(text: str) -> Markup:
    return Markup(html_of(text).removeprefix("<p>").removesuffix("</p>"))  # noqa: S704


def _areas(told: Mapping[str, Any]) -> list[Area]:
    server = told["servers"][0]["url"]
    found: dict[str, list[Operation]] = {}
    for path, methods in told["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method == "parameters":
                continue
            whole = {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
            made = Operation(method.upper(), path, whole, _curl(server, method.upper(), path, whole))
            found.setdefault(operation["tags"][0], []).append(made)
    return [Area(tag["name"], tag["description"], tuple(found[tag["name"]])) for tag in told["tags"]]


def _curl(server: str, method: str, path: str, operation: Mapping[str, Any]) -> str:
    """The operation on a command line; the token stands in a variable, so that no history keeps it."""
    address = re.sub(r"\{\w+\}", "1", f"{server}{path}")
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}{address}", '-H "Authorization: Bearer $TOKEN"']
    body = operation.get("requestBody")
    if body is not None and "example" in body["content"]["application/json"]:
        lines += ["-H 'Content-Type: application/json'"]
        lines += [f"-d '{json.dumps(body['content']['application/json']['example'])}'"]
    return " \\\n  ".join(lines)
