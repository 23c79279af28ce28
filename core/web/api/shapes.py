"""What an operation of the API takes and answers, and what is to be known of it before it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema

from core.access.tokens import Scope
from core.web.api.streamed import Streamed

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Called:
    """What is to be known of an operation before it is called: its scope, and what it takes."""

    scope: Scope
    names: frozenset[str]
    takes_body: bool
    needs_body: bool
    streamed: Streamed | None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a view is given, and what becomes of what it returns; see `Resource.operation` for each."""

    answers: type[Schema] | None
    gives: str
    status: int
    words: str
    tells: Mapping[str, str]
    query: type[Schema] | None
    headers: type[Schema] | None
    body: type[Schema] | None
    bare: bool
    example: Mapping[str, Any] | None

    @property
    def names(self) -> frozenset[str]:
        """The parameters that may stand in the address."""
        return frozenset(self.query().fields) if self.query is not None else frozenset()

    def give_to(self, view: View, blueprint: Blueprint) -> Any:
        """A view that has its parameters read and its answer written, as flask-smorest does both."""
        made: Any = view
        if self.body is not None:
            made = blueprint.arguments(self.body, required=not self.bare, example=self.example)(made)
        if self.headers is not None:
            made = blueprint.arguments(self.headers, location="headers")(made)
        if self.query is not None:
            made = blueprint.arguments(self.query, location="query")(made)
        shown = {name: {"description": said, "schema": {"type": "string"}} for name, said in self.tells.items()}
        shape = {"type": "string"} if self.gives else self.answers
        kind = self.gives or None
        return blueprint.response(self.status, shape, content_type=kind, description=self.words, headers=shown or None)(
            made
        )
