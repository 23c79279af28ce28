"""The simulated search for tickets: its grammar, its late index and its ten pages.

Reference: https://developers.freshdesk.com/api/#filter_tickets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import caller
from plugins.freshdesk.simulator_answers import Invalid, answer, number

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

Values = Mapping[str, Any]
Test = Callable[[Values], bool]

PER_PAGE, LAST_PAGE, LONGEST = 30, 10, 512
NUMBERS = ("agent_id", "group_id", "priority", "status")
DATES = ("due_by", "fr_due_by", "created_at", "updated_at")
TEXTS = ("tag", "type")
TOKENS = re.compile(r"\s*(?:([()])|(AND|OR)(?![\w:])|(\w+):([<>]?)('(?:[^'\\]|\\.)*'|[^\s()']+))")


def add_search(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoint to the API's blueprint."""

    @api.get("/search/tickets")
    def search_tickets() -> Response:
        for key in request.args:
            if key not in ("query", "page"):
                # The size of a page is fixed: per_page is refused.
                raise Invalid((key, "Unexpected/invalid field in request", "invalid_field"))
        page = number("page", 1)
        if not 1 <= page <= LAST_PAGE:
            raise Invalid(
                ("page", f"It should be a Positive Integer less than or equal to {LAST_PAGE}", "invalid_value")
            )
        test = Query(_quoted(request.args.get("query", "")), custom_fields(sim)).test()
        found = [sim.account.tickets[one] for one in sim.account.search.matching(test) if one in sim.account.tickets]
        seen = [ticket for ticket in found if caller().sees(ticket)]
        shown = seen[(page - 1) * PER_PAGE : page * PER_PAGE]
        return answer({"total": len(seen), "results": [sim.shapes.row(one, ("description",)) for one in shown]})


def custom_fields(sim: FreshdeskSimulator) -> dict[str, str]:
    """The names and types of the custom fields, all of which can be searched."""
    return {one.name: one.type for one in sim.account.custom_fields()}


def _quoted(query: str) -> str:
    if not (len(query) > 2 and query[0] == query[-1] == '"'):
        raise Invalid(("query", "The query must be enclosed in double quotes", "invalid_value"))
    if len(query) - 2 > LONGEST:
        raise Invalid(("query", f"The query must not be longer than {LONGEST} characters", "invalid_value"))
    return query[1:-1]


class Query:
    """A query without its outer quotes; `test` reads it. AND binds closer than OR."""

    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self._tokens = self._split(text)
        self._at = 0

    def test(self) -> Test:
        """What decides whether a ticket's values match. Raises `Invalid` for what is no query."""
        read = self._either()
        if self._at < len(self._tokens):
            raise _malformed()
        return read

    def _split(self, text: str) -> list[re.Match[str]]:
        tokens, position = [], 0
        while position < len(text.rstrip()):
            found = TOKENS.match(text, position)
            if found is None:
                raise _malformed()
            tokens.append(found)
            position = found.end()
        return tokens

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda values: any(test(values) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda values: all(test(values) for test in tests)

    def _one(self) -> Test:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise _malformed()
            return inner
        if self._at >= len(self._tokens) or not self._tokens[self._at][3]:
            raise _malformed()
        token = self._tokens[self._at]
        self._at += 1
        return self._comparison(token[3], token[4], token[5])

    def _take(self, word: str) -> bool:
        if self._at < len(self._tokens) and word in (self._tokens[self._at][1], self._tokens[self._at][2]):
            self._at += 1
            return True
        return False

    def _comparison(self, name: str, sign: str, text: str) -> Test:
        if name not in (*NUMBERS, *DATES, *TEXTS) and name not in self._fields:
            # responder_id and requester_id are among the names that it does not know.
            raise Invalid((name, "Unexpected/invalid field in request", "invalid_field"))
        if text == "null":
            return lambda values: values.get(name) in (None, [])
        if name in DATES or self._fields.get(name) == "custom_date":
            return _date_test(name, sign, text)
        wanted = _value(name, self._fields.get(name, ""), text)
        if sign and not isinstance(wanted, int):
            raise _malformed()
        if name == "tag":
            return lambda values: wanted in values["tag"]
        if sign:
            return lambda values: _compares(values.get(name), sign, wanted)
        if wanted is False:
            # A checkbox nobody touched is null, and found as false.
            return lambda values: not values.get(name)
        return lambda values: bool(values.get(name) == wanted)


def _value(name: str, kind: str, text: str) -> Any:
    if text.startswith("'"):
        if name in NUMBERS:
            raise Invalid((name, "It should be a/an Positive Integer", "datatype_mismatch"))
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if kind == "custom_checkbox" and text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    raise Invalid((name, "It should be a number, null, true, false or a text in single quotes", "invalid_value"))


def _date_test(name: str, sign: str, text: str) -> Test:
    try:
        day = date.fromisoformat(text.strip("'"))
    except ValueError:
        # A date and nothing else: a time of day is refused.
        raise Invalid((name, "It should be in the 'YYYY-MM-DD' format", "invalid_value")) from None
    return lambda values: _compares(_day(values.get(name)), sign, day)


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else None


def _compares(value: Any, sign: str, wanted: Any) -> bool:
    """The signs mean "or equal" too: `:>` is greater or equal, `:<` is less or equal."""
    if value is None:
        return False
    if sign == ">":
        return bool(value >= wanted)
    return bool(value <= wanted) if sign == "<" else bool(value == wanted)


def _malformed() -> Invalid:
    return Invalid(("query", "The query could not be understood", "invalid_value"))
