"""What a mapping or a placeholder says a value is: an attribute of the record, or what is looked up by one.

``email`` is the attribute of this name, ``address.city`` one inside another, and ``agent(owner)`` what the connector
finds at the vendor as the agent called what the attribute `owner` says. Look-ups may stand inside each other:
``conversation(user(email))``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadRecord

_CALL = re.compile(r"\s*([a-z_]+)\((.*)\)\s*", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
MISSING = object()
"""What an expression has where the record has no such attribute."""

LookUpFunction = Callable[[str, str], str]
"""Asked with what is looked up, and by which value."""


@dataclass(frozen=True, slots=True)
class Expression:
    """The `attribute` whose value it is, after the `look_ups` around it, the innermost first."""

    attribute: str
    look_ups: tuple[str, ...] = ()


def parse(text: str, known: Mapping[str, Any]) -> Expression:
    """An expression; `known` are the look-ups there are, and any other name with brackets is an attribute's own."""
    look_ups: list[str] = []
    while (found := _CALL.fullmatch(text)) and found.group(1) in known:
        look_ups.insert(0, found.group(1))
        text = found.group(2)
    return Expression(text.strip(), tuple(look_ups))


def value_of(record: Mapping[str, Any], attribute: str) -> Any:
    """The value of an attribute, or of one inside others by a path of names; `MISSING` where there is none."""
    if attribute in record:
        return record[attribute]
    value: Any = record
    for part in attribute.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value


def evaluate(expression: Expression, record: Mapping[str, Any], look_up: LookUpFunction) -> Any:
    """The value of an expression for a record; `MISSING` where it has no such attribute, or nothing to look up by.

    Raises `BadRecord`, naming the attribute, where nothing is found by its value, and what `look_up` raises else.
    """
    value = value_of(record, expression.attribute)
    for what in expression.look_ups:
        if value is MISSING or value is None or value == "":
            return MISSING
        try:
            value = look_up(what, str(value))
        except BadRecord as problem:
            raise BadRecord(problem.field or expression.attribute, problem.reason) from None
    return value


def placeholders(text: str) -> Iterator[str]:
    """The expressions in the braces of an address."""
    for found in _PLACEHOLDER.finditer(text):
        yield found.group(1)


def filled(text: str, value: Callable[[str], str]) -> str:
    """An address with a value in the place of each expression in braces."""
    return _PLACEHOLDER.sub(lambda found: value(found.group(1)), text)
