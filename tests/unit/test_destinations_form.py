"""A destination and its form: what is given becomes fields, and the fields what was given."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from core.destination_settings import Definition, DestinationSchema, as_given
from core.destination_template import DestinationTemplate, FieldKind, TemplateField, VendorCall
from core.domain import Connection
from core.errors import ConfigError
from core.http import HttpClient
from core.settings import load_settings
from core.web.pages.destinations_form import MOST_ROWS, as_records, given_of, place_of, posted_of, rows, takes_free_rows


class Ticket(DestinationTemplate):
    """A template with a field of each kind."""

    connector: ClassVar[str] = "desk"
    name: ClassVar[str] = "create_ticket"
    label: ClassVar[str] = "Create ticket"
    about: ClassVar[str] = "Creates a ticket."
    documentation: ClassVar[str] = "https://example.com"
    verb: ClassVar[str] = "POST"
    path: ClassVar[str] = "/tickets"
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("subject", "what it is about", required=True),
        TemplateField("status", "its status", kind=FieldKind.NUMBER),
        TemplateField("tags", "its tags", kind=FieldKind.LIST),
        TemplateField("cf_*", "a field of your own"),
    )
    sample: ClassVar[Mapping[str, Any]] = {"subject": "Hello"}
    merged_by: ClassVar[tuple[str, ...]] = ("subject",)
    finds_existing: ClassVar[bool] = True

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        return VendorCall(self.verb, self.path, dict(records[0]))

    def captured(self, call: VendorCall, data: Any) -> str:
        return ""

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        return None


class Plain(Ticket):
    """One that has only fields of its own, and does nothing but write."""

    fields: ClassVar[tuple[TemplateField, ...]] = (TemplateField("subject", "what it is about"),)
    merged_by: ClassVar[tuple[str, ...]] = ()
    finds_existing: ClassVar[bool] = False


TICKET, PLAIN = Ticket(), Plain()
NAMES = st.text(st.characters(categories=["L", "N"], include_characters="_ .,()é"), min_size=1, max_size=12).filter(
    lambda name: name == name.strip() != ""
)
"""What attributes are called, also those from the head of a CSV file."""
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
TEXTS = st.one_of(WORDS, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12))
ODD = st.sampled_from(
    ["", " a ", "a\nb", "a\r\nb\r", "\n", "5", '"5"', '"', "NaN", "[Infinity]", "1e999", "[" * 40, "9" * 6000]
)
"""Texts that a form could change: by their ends, or because they look like something else."""
CONSTANTS = st.one_of(TEXTS, ODD, st.integers(-(10**9), 10**9), st.booleans(), st.lists(TEXTS, max_size=2))
BATCHES = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"size": st.integers(1, 1000), "seconds": st.floats(0, 3600)},
        optional={"group_by": st.just("time"), "under": NAMES},
    ),
    st.fixed_dictionaries({"group_by": st.just("bytes"), "bytes": st.integers(100, 4_000_000)}),
    st.fixed_dictionaries({"group_by": st.just("field"), "field": NAMES}),
)
SHARED: dict[str, Any] = {
    "name": st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True),
    "connection": st.just("support"),
    "exclude": st.lists(NAMES, unique=True, max_size=3),
    "headers": st.sampled_from(["", "X-Team:sales", "X-Team:sales,X-Other:a b"]),
    "key": st.one_of(st.just(""), NAMES),
    "unique": st.one_of(st.just(""), NAMES),
    "keep": st.sampled_from(["first", "last"]),
    "response": st.booleans(),
    "batch": BATCHES,
}
MANUAL = st.fixed_dictionaries(
    {
        **SHARED,
        "method": st.sampled_from(["POST", "PUT", "PATCH"]),
        "url": st.sampled_from(["/tickets", "/tickets/{id}", "https://desk.example/x/{user(email)}"]),
        "fields": st.dictionaries(NAMES, NAMES, max_size=5),
        "constants": st.dictionaries(NAMES, CONSTANTS, max_size=3),
        "source": st.sampled_from(["records", "responses:people"]),
    }
)
TEMPLATED = st.fixed_dictionaries(
    {
        **SHARED,
        "template": st.just("create_ticket"),
        "fields": st.dictionaries(st.sampled_from(["subject", "status", "tags", "cf_one", "gone"]), NAMES),
        "constants": st.fixed_dictionaries(
            {}, optional={"cf_two": CONSTANTS, "cf_three": CONSTANTS, "subject": st.one_of(TEXTS, ODD)}
        ),
        "exists": st.sampled_from(["fail", "skip", "update"]),
        "source": st.just("events"),
        "events": st.lists(st.sampled_from(["conversation.closed", "handoff.*"]), min_size=1, unique=True),
    }
)


def kept(what: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of what was given."""
    loaded: Definition = load_settings(DestinationSchema(), what, "", Path())
    return as_given(loaded)


def sent(posted: MultiDict[str, str]) -> MultiDict[str, str]:
    """The same as a browser sends it: the lines of a text end with two characters, and in other fields it has one."""
    return MultiDict(
        [
            (name, re.sub(r"\r\n|\r|\n", "\r\n" if "always" in name or name == "exclude" else "", text))
            for name, text in posted.items(multi=True)
        ]
    )


@settings(max_examples=150, deadline=None)
@given(MANUAL)
def test_a_manual_destination_comes_back_from_its_form_as_it_was(what: dict[str, Any]) -> None:
    assert kept(given_of(sent(posted_of(what, None)), None)) == kept(what)


@settings(max_examples=150, deadline=None)
@given(TEMPLATED)
def test_one_with_a_template_comes_back_from_its_form_as_it_was(what: dict[str, Any]) -> None:
    if what["batch"]:
        what["batch"].pop("under", None)  # the template makes the body
    assert kept(given_of(sent(posted_of(what, TICKET)), TICKET)) == kept(what)


@settings(max_examples=50, deadline=None)
@given(MANUAL)
def test_a_form_that_is_drawn_again_holds_what_it_held(what: dict[str, Any]) -> None:
    posted = posted_of(what, None)
    assert posted_of(given_of(posted, None), None) == posted_of(given_of(posted_of(kept(what), None), None), None)


def form(**fields: Any) -> MultiDict[str, str]:
    return MultiDict({"name": "x", "connection": "support", **fields})


def test_attributes_that_are_entered_count_only_where_they_are_chosen() -> None:
    entered = {"from:subject": "title", "always:status": "2"}
    assert "fields" not in given_of(form(take="same", **entered), TICKET)
    chosen = given_of(form(take="chosen", **entered), TICKET)
    assert chosen["fields"] == {"subject": "title"}
    assert chosen["constants"] == {"status": 2}


@pytest.mark.parametrize(
    ("text", "manual", "subject"),
    [
        ("5", 5, "5"),
        ("true", True, "true"),
        ('"5"', "5", "5"),
        ('"a', '"a', '"a'),
        (" a\r\nb ", "a\nb", "a\nb"),
        ("0123", "0123", "0123"),
        ('{"a": [1]}', {"a": [1]}, '{"a": [1]}'),
        ("a, b", "a, b", "a, b"),
        ("[" * 100_000, "[" * 100_000, "[" * 100_000),
    ],
)
def test_a_constant_is_json_where_it_is_some_and_a_text_field_takes_it_as_it_stands(
    text: str, manual: Any, subject: str
) -> None:
    assert given_of(form(row0_name="n", row0_always=text), None)["constants"] == {"n": manual}
    assert given_of(form(**{"always:subject": text}), TICKET)["constants"] == {"subject": subject}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("a, b ,a", ["a", "b"]),
        ("a\r\n b\n\n", ["a", "b"]),
        ("Name, first\n", ["Name, first"]),
        (" , ", []),
    ],
)
def test_attributes_never_sent_stand_one_a_line_or_with_commas_between(text: str, names: list[str]) -> None:
    assert given_of(form(exclude=text), None)["exclude"] == names


def test_what_belongs_to_another_choice_does_not_count() -> None:
    entered = {"batch_size": "7", "batch_field": "city", "batch_bytes": "nonsense", "events": "handoff.*"}
    given = given_of(form(batch="true", batch_group_by="count", **entered), None)
    assert given["batch"] == {"size": "7", "group_by": "count"}
    assert "events" not in given
    assert "batch" not in given_of(form(**entered), None)
    assert "batch" not in given_of(form(batch="true", **entered), PLAIN)
    assert "exists" not in given_of(form(exists="skip"), PLAIN)
    assert "under" not in given_of(form(batch="true", batch_under="rows"), TICKET)["batch"]


def test_lines_are_numbered_anew_and_as_many_empty_ones_follow_as_are_wanted() -> None:
    posted = form(row7_name="b", row2_name="a", row2_from="c", row3_name=" ", row99_always="d")
    free = list(rows(posted, None, empty=2))
    assert [(each.number, each.name, each.source, each.always) for each in free] == [
        (0, "a", "c", ""),
        (1, "b", "", ""),
        (2, "", "", "d"),
        (3, "", "", ""),
        (4, "", "", ""),
    ]
    assert [each.name for each in rows(posted, TICKET)][:3] == ["subject", "status", "tags"]
    many = form(**{f"row{number}_name": f"n{number}" for number in range(900)})
    assert len(list(rows(many, None))) == MOST_ROWS


def test_there_are_lines_to_name_oneself_where_something_can_be_named() -> None:
    assert takes_free_rows(None, form())
    assert takes_free_rows(TICKET, form())
    assert not takes_free_rows(PLAIN, form())
    # What the template had once can be seen, and taken out.
    assert takes_free_rows(PLAIN, posted_of({"fields": {"gone": "a"}}, PLAIN))


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("name", "name"),
        ("fields.first.name", "row:first.name"),
        ("constants.status", "row:status"),
        ("batch.size", "batch_size"),
        ("batch", "batch"),
        ("exclude[1]", "exclude"),
        ("events[0]", "events"),
        ("row3_name", "row3_name"),
        ("response", "response"),
        ("revision", ""),
        ("connection", ""),
        ("", ""),
    ],
)
def test_a_mistake_is_told_where_it_can_be_mended(key: str, place: str) -> None:
    assert place_of(key) == place


def test_sample_records_are_a_list_of_objects_or_one() -> None:
    assert as_records('[{"a": 1}, {}]') == [{"a": 1}, {}]
    assert as_records('{"a": 1}') == [{"a": 1}]
    assert as_records('{"a": "x\\ud800\\u0000"}') == [{"a": "x\ufffd\ufffd"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "this is not JSON, line 1"),
        ('[\n{"a": }]', "this is not JSON, line 2"),
        ("[]", "not a list of records"),
        ("[1]", "not a list of records"),
        ('"a"', "not a list of records"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"a": ' + "[" * 600 + "]" * 600 + "}]", "nested"),
        ('[{"a": NaN}]', "NaN is no number in JSON"),
        ('[{"a": 1e999}]', "is too large"),
        ('[{"a": ' + "9" * 5000 + "}]", "a number that is too long"),
    ],
)
def test_what_is_no_list_of_records_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        as_records(text)
