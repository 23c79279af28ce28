"""What a mapping makes of a record: which fields, under which names, of which kind, looked up by what."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.destination_settings import Definition
from core.destination_template import FieldKind, TemplateField
from core.destinations.expressions import MISSING, Expression, evaluate, parse, value_of
from core.destinations.look_ups import MOST_REMEMBERED, NOT_FOUND, LookUpCache
from core.destinations.mapping import converted, mapped, shown
from core.domain import LookUp
from core.errors import BadRecord, Refused, RetryLater
from core.testing.clock import FakeClock

KNOWN = {"user": None, "conversation": None}
TEMPLATE = SimpleNamespace(
    fields=(
        TemplateField("name", "", required=True),
        TemplateField("age", "", kind=FieldKind.NUMBER),
        TemplateField("cf_*", ""),
    )
)


def field(name: str) -> TemplateField | None:
    found = [each for each in TEMPLATE.fields if each.name == name]
    return found[0] if found else TEMPLATE.fields[2] if name.startswith("cf_") else None


TEMPLATE.field = field


def made(record: dict[str, Any], template: Any = None, **given: Any) -> dict[str, Any]:
    return mapped(Definition("d", "c", **given), record, template, KNOWN, lambda what, value: f"{what}:{value}")


# -------------------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email", Expression("email")),
        (" email ", Expression("email")),
        ("user(email)", Expression("email", ("user",))),
        ("conversation(user( email ))", Expression("email", ("user", "conversation"))),
        ("other(email)", Expression("other(email)")),
        ("user(other(email))", Expression("other(email)", ("user",))),
    ],
)
def test_look_ups_stand_inside_each_other_and_other_brackets_are_a_name_s_own(text: str, expected: Any) -> None:
    assert parse(text, KNOWN) == expected


def test_a_path_leads_into_objects_unless_an_attribute_is_called_so() -> None:
    record = {"a": {"b": {"c": 1}}, "x.y": 2, "x": {"y": 3}}
    assert value_of(record, "a.b.c") == 1
    assert value_of(record, "x.y") == 2
    assert value_of(record, "a.b.d") is MISSING
    assert value_of(record, "a.b.c.d") is MISSING


@pytest.mark.parametrize("value", [None, "", MISSING])
def test_nothing_is_looked_up_by_nothing(value: Any) -> None:
    record = {} if value is MISSING else {"email": value}
    asked: list[str] = []
    assert evaluate(Expression("email", ("user",)), record, lambda what, by: asked.append(by) or "") is MISSING  # type: ignore[func-returns-value]
    assert asked == []


# ------------------------------------------------------------------------------------------------- mapping


def test_158_without_fields_all_is_sent_but_what_is_excluded_and_constants_win() -> None:
    record = {"name": "Ada", "secret": 1, "source": "file"}
    assert made(record, exclude=("secret",), constants={"source": "us"}) == {"name": "Ada", "source": "us"}


def test_fields_choose_rename_and_look_up_and_what_is_missing_is_left_out() -> None:
    fields = {"title": "name", "who": "user(email)", "gone": "nothing", "hidden": "secret"}
    assert made({"name": "Ada", "email": "a@x", "secret": 1}, fields=fields, exclude=("secret",)) == {
        "title": "Ada",
        "who": "user:a@x",
    }


HOME = {"address": {"city": "Bern", "zip": 3000}, "record": {"email": "a@x", "name": "Ada"}, "rows": [{"a": 1, "b": 2}]}


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        (("address",), {"record": HOME["record"], "rows": HOME["rows"]}),
        (("address.city", "record.email"), {**HOME, "address": {"zip": 3000}, "record": {"name": "Ada"}}),
        (("rows.a",), {**HOME, "rows": [{"b": 2}]}),
        (("address.none", "add"), HOME),
    ],
)
def test_158_what_is_excluded_is_not_sent_inside_of_an_object_either(exclude: Any, expected: Any) -> None:
    assert made(HOME, exclude=exclude) == expected
    assert made(HOME, exclude=exclude, fields={name: name for name in HOME}) == expected
    assert HOME["address"] == {"city": "Bern", "zip": 3000}


def test_158_a_part_of_what_is_excluded_is_not_sent_by_its_path() -> None:
    fields = {"city": "address.city", "whole": "address", "name": "record.name"}
    assert made(HOME, exclude=("address",), fields=fields) == {"name": "Ada"}
    assert made(HOME, exclude=("address.city",), fields=fields) == {"name": "Ada", "whole": {"zip": 3000}}


def test_158_what_is_excluded_can_be_looked_up_by() -> None:
    fields = {"user_id": "user(email)", "mail": "email", "by": "user(record.email)"}
    record = {"email": "a@x", **HOME}
    expected = {"user_id": "user:a@x", "by": "user:a@x"}
    assert made(record, exclude=("email", "record"), fields=fields) == expected


def test_a_template_takes_what_it_knows_and_of_empty_values_none() -> None:
    record = {"name": "Ada", "age": "36", "cf_plan": "gold", "unknown": 1, "cf_empty": ""}
    assert made(record, TEMPLATE) == {"name": "Ada", "age": 36, "cf_plan": "gold"}


@pytest.mark.parametrize("given", [{}, {"name": ""}, {"name": None}])
def test_what_a_template_needs_is_missed_by_the_name_that_the_source_has(given: Any) -> None:
    with pytest.raises(BadRecord) as missed:
        made({"full_name": given.get("name")}, TEMPLATE, fields={"name": "full_name"})
    assert missed.value.field == "full_name"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (FieldKind.TEXT, "x", "x"),
        (FieldKind.TEXT, 5, "5"),
        (FieldKind.NUMBER, " 7 ", 7),
        (FieldKind.NUMBER, 12, 12),
        (FieldKind.NUMBER, "12.0", 12),
        (FieldKind.FLAG, "Yes", True),
        (FieldKind.FLAG, "0", False),
        (FieldKind.FLAG, True, True),
        (FieldKind.LIST, "a, b;c", ["a", "b", "c"]),
        (FieldKind.LIST, '["a", 1]', ["a", 1]),
        (FieldKind.LIST, [1], [1]),
        (FieldKind.OBJECT, '{"a": 1}', {"a": 1}),
        (FieldKind.OBJECT, {"a": 1}, {"a": 1}),
    ],
)
def test_text_from_a_file_becomes_what_a_field_is(kind: FieldKind, value: Any, expected: Any) -> None:
    assert converted(TemplateField("f", "", kind=kind), value, "column") == expected


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (FieldKind.TEXT, True, "must be a text, and is true"),
        (FieldKind.TEXT, {"a": 1}, 'must be a text, and is {"a": 1}'),
        (FieldKind.NUMBER, "x", 'must be a whole number, and is "x"'),
        (FieldKind.NUMBER, True, "must be a whole number"),
        (FieldKind.NUMBER, 1.5, "must be a whole number, and is 1.5"),
        (FieldKind.FLAG, "maybe", "must be true or false"),
        (FieldKind.LIST, 5, "must be a list"),
        (FieldKind.LIST, "[1", "must be a list in JSON"),
        (FieldKind.OBJECT, "x", "must be an object in JSON"),
        (FieldKind.OBJECT, 5, "must be an object"),
    ],
)
def test_what_cannot_become_that_is_told_with_what_it_is(kind: FieldKind, value: Any, words: str) -> None:
    with pytest.raises(BadRecord) as refused:
        converted(TemplateField("f", "", kind=kind), value, "column")
    assert (refused.value.field, words in refused.value.reason) == ("column", True)


def test_choices_are_kept_to_and_long_values_are_told_in_short() -> None:
    field = TemplateField("f", "", kind=FieldKind.NUMBER, choices=(1, 2))
    assert converted(field, "2", "column") == 2
    with pytest.raises(BadRecord, match="must be one of 1, 2, and is 3"):
        converted(field, 3, "column")
    assert len(shown("x" * 1000)) == 60


# ------------------------------------------------------------------------------------------------ look-ups


class Directory:
    """A connector that knows names, and counts how often it is asked."""

    look_ups = (LookUp("user", "", "", keep_seconds=100),)

    def __init__(self) -> None:
        self.known = {"ada": "1"}
        self.asked: list[str] = []

    def look_up(self, what: str, value: str, connection: Any, http: Any) -> str:
        self.asked.append(value)
        if value == "later":
            raise RetryLater("busy")
        if value not in self.known:
            raise Refused(f"there is no {what} {value}")
        return self.known[value]


def test_what_was_found_is_believed_as_long_as_it_is_said_and_what_was_not_for_less() -> None:
    clock, directory = FakeClock(), Directory()
    cache = LookUpCache(clock)

    def find(value: str, connection: int = 1) -> str:
        return cache.find(directory, SimpleNamespace(id=connection), "user", value, None)  # type: ignore[arg-type]

    assert [find("ada"), find("ada"), find("ada", 2)] == ["1"] * 3
    assert directory.asked == ["ada", "ada"]  # once for each connection
    clock.advance(101)
    assert find("ada") == "1"
    assert len(directory.asked) == 3
    for _ in range(2):
        with pytest.raises(BadRecord, match="there is no user bob"):
            find("bob")
    assert directory.asked.count("bob") == 1
    directory.known["bob"] = "2"
    clock.advance(NOT_FOUND.total_seconds() + 1)
    assert find("bob") == "2"
    for _ in range(2):
        with pytest.raises(RetryLater):
            find("later")
    assert directory.asked.count("later") == 2  # what is not known is not remembered


def test_no_more_is_remembered_than_memory_should_hold() -> None:
    directory = Directory()
    cache = LookUpCache(FakeClock())
    directory.known = {str(number): "x" for number in range(MOST_REMEMBERED + 10)}
    for number in range(MOST_REMEMBERED + 10):
        cache.find(directory, SimpleNamespace(id=1), "user", str(number), None)  # type: ignore[arg-type]
    assert len(cache._found) <= MOST_REMEMBERED
