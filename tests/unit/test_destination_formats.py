"""Files become records: whatever is broken is told of by its line, the rest is read, and nothing is held."""

from __future__ import annotations

import csv
import io
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.destinations.formats import Item, kind_of, read_items
from core.destinations.pieces import CHUNK, LONGEST
from core.errors import ConfigError

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=6)
NAMES = st.lists(TEXTS.map(str.strip).filter(bool), min_size=2, max_size=4, unique=True)


class Drip(io.RawIOBase):
    """Gives what it has in small portions, as a network does."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._content, self._sizes = content, itertools.cycle(sizes or [1])

    def read(self, size: int = -1) -> bytes:
        taken = min(size, next(self._sizes))
        given, self._content = self._content[:taken], self._content[taken:]
        return given


def read(content: bytes | str, kind: str) -> list[Item]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_items(io.BytesIO(raw), kind))


def good(items: list[Item]) -> list[tuple[int, Any]]:
    return [(item.line, item.data) for item in items if item.data is not None]


def broken(items: list[Item]) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for item in items if item.data is None]


# -------------------------------------------------------------------------------------------------- which format


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [
        ("people.csv", "", "csv"),
        ("PEOPLE.CSV", "", "csv"),
        ("people.tsv", "application/octet-stream", "csv"),
        ("people.json", "", "json"),
        ("people.ndjson", "", "ndjson"),
        ("people.jsonl", "", "ndjson"),
        ("", "application/json; charset=utf-8", "json"),
        ("", "Application/X-NDJSON", "ndjson"),
        ("people.txt", "text/csv", "csv"),
    ],
)
def test_the_content_type_or_else_the_name_says_what_a_file_is(name: str, content_type: str, kind: str) -> None:
    assert kind_of(name, content_type) == kind


@pytest.mark.parametrize(("name", "content_type"), [("people.xlsx", ""), ("", "text/plain"), ("", "")])
def test_a_file_that_is_none_of_them_is_refused_with_what_to_do(name: str, content_type: str) -> None:
    with pytest.raises(ConfigError, match=r"format: .* does not say how .*Name the file \.json, \.ndjson or \.csv"):
        kind_of(name, content_type)
    with pytest.raises(ConfigError, match=r'format: there is no format "xml". Choose from: json, ndjson, csv'):
        read("", "xml")


# ------------------------------------------------------------------------------------------------ round trips


@given(
    records=RECORDS, sizes=st.lists(st.integers(1, 7), max_size=4), bom=st.booleans(), indent=st.sampled_from([None, 2])
)
def test_an_array_is_read_as_it_was_written(records: Any, sizes: list[int], bom: bool, indent: int | None) -> None:
    content = (b"\xef\xbb\xbf" if bom else b"") + json.dumps(records, ensure_ascii=False, indent=indent).encode()
    items = list(read_items(cast(BinaryIO, Drip(content, sizes)), "json"))
    assert good(items) == list(enumerate(records, 1))
    assert broken(items) == []


@given(records=RECORDS, sizes=st.lists(st.integers(1, 7), max_size=4), end=st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_lines_of_json_are_read_as_they_were_written(records: Any, sizes: list[int], end: str) -> None:
    content = "".join(json.dumps(record, ensure_ascii=False) + end for record in records).encode()
    items = list(read_items(cast(BinaryIO, Drip(content, sizes)), "ndjson"))
    assert [item.data for item in items] == records
    assert [item.line for item in items] == [1 + place * end.count("\n") for place in range(len(records))]


@given(
    names=NAMES,
    rows=st.lists(st.lists(TEXTS, min_size=4, max_size=4), max_size=5),
    delimiter=st.sampled_from(",;\t"),
    sizes=st.lists(st.integers(1, 7), max_size=4),
)
def test_csv_is_read_as_it_was_written(
    names: list[str], rows: list[list[str]], delimiter: str, sizes: list[int]
) -> None:
    # A name that holds another delimiter more often than there are columns would be a riddle to a person too.
    names = [name.translate(dict.fromkeys(map(ord, ",;\t\r\n"), "_")) + str(place) for place, name in enumerate(names)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(names)
    cut = [row[: len(names)] for row in rows]
    writer.writerows(cut)
    items = list(read_items(cast(BinaryIO, Drip(out.getvalue().encode(), sizes)), "csv"))
    # The end of a line is its end however it is written, also inside a cell.
    wanted = [[cell.replace("\r\n", "\n") for cell in row] for row in cut]
    assert broken(items) == []
    assert [list(item.data.values()) for item in items if item.data is not None] == wanted
    assert all(item.data is not None and list(item.data) == names for item in items)


@given(content=st.binary(max_size=200), kind=st.sampled_from(["json", "ndjson", "csv"]))
def test_whatever_is_sent_is_read_to_its_end_or_refused_in_words(content: bytes, kind: str) -> None:
    try:
        items = read(content, kind)
    except ConfigError as problem:
        assert problem.key == "header"
        return
    assert all((item.data is None) == bool(item.reason) for item in items)
    json.dumps([item.data for item in items], allow_nan=False).encode("utf-8")
    assert all("\x00" not in item.raw for item in items)


# ---------------------------------------------------------------------------------------------------- JSON


def test_one_object_is_one_record() -> None:
    assert good(read(' {"email": "ann@x.example", "tags": [1, {}]}\n', "json")) == [
        (1, {"email": "ann@x.example", "tags": [1, {}]})
    ]


def test_an_array_without_elements_holds_no_record() -> None:
    assert read(" [ ] ", "json") == []


def test_each_element_that_is_broken_is_told_of_and_the_others_are_read() -> None:
    items = read('[{"a": "},]\\"{"}, 3, {"b": NaN}, , {"c": 1e999}, {"d" 1}, ["x"], {"e": 1}]', "json")
    assert good(items) == [(1, {"a": '},]"{'}), (8, {"e": 1})]
    assert broken(items) == [
        (2, "it is no object"),
        (3, "NaN is no number in JSON"),
        (4, "it is no JSON: Expecting value at character 1"),
        (5, "the number 1e999 is too large"),
        (6, "it is no JSON: Expecting ':' delimiter at character 6"),
        (7, "it is no object"),
    ]


def test_a_file_that_breaks_off_gives_what_was_there_before() -> None:
    items = read('[{"a": 1}, {"a": 2}, {"a": "thr', "json")
    assert good(items) == [(1, {"a": 1}), (2, {"a": 2})]
    assert broken(items) == [(3, "the file breaks off here")]
    assert items[-1].raw.strip() == '{"a": "thr'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("nothing", "it is no JSON: it begins with neither [ nor {"),
        ('{"a": 1} {"b": 2}', "something follows the end of what the file holds"),
        ("[] x", "something follows the end of what the file holds"),
    ],
)
def test_what_is_no_json_at_all_is_told_once(content: str, reason: str) -> None:
    assert [each for _, each in broken(read(content, "json"))] == [reason]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "it is nested more than 32 levels deep"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "it holds a number that is too long"),
        (b'{"a": -Infinity}', "-Infinity is no number in JSON"),
        (b'{"a": "\xff"}', "it is not UTF-8"),
        (b'{"a": "' + b"x" * LONGEST + b'"}', "it is longer than 1,048,576 bytes"),
    ],
)
@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_a_hostile_record_is_broken_and_the_next_one_is_read(line: bytes, reason: str, kind: str) -> None:
    content = b"[" + line + b',\n{"b": 1}]' if kind == "json" else line + b'\n{"b": 1}'
    items = read(content, kind)
    assert broken(items) == [(1, reason)]
    assert good(items) == [(2, {"b": 1})]
    assert len(items[0].raw) <= 2000


def test_what_no_database_takes_is_replaced_and_of_equal_names_the_last_counts() -> None:
    [item] = read('{"a\\u0000": "\\ud83d!", "b": 1, "b": 2}', "ndjson")
    assert item.data == {"a\ufffd": "\ufffd!", "b": 2}


def test_lines_are_counted_as_an_editor_does() -> None:
    items = read(b'\xef\xbb\xbf{"a": 1}\r\n\n   \n{"a":\n{"a": 2}', "ndjson")
    assert good(items) == [(1, {"a": 1}), (5, {"a": 2})]
    assert broken(items) == [(4, "it is no JSON: Expecting value at character 6")]


# ------------------------------------------------------------------------------------------------------- CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_csv_of_each_kind_is_read(delimiter: str, bom: bytes) -> None:
    rows = [["email", "name"], ["ann@x.example", "Zoë"], ["bob@x.example", ""]]
    content = bom + "\r\n".join(delimiter.join(row) for row in rows).encode()
    assert good(read(content, "csv")) == [
        (2, {"email": "ann@x.example", "name": "Zoë"}),
        (3, {"email": "bob@x.example", "name": ""}),
    ]


def test_a_row_is_known_by_the_line_on_which_it_begins() -> None:
    items = read('\nname,text\nann,"one\ntwo, three"\n\nbob,four\n', "csv")
    assert good(items) == [(3, {"name": "ann", "text": "one\ntwo, three"}), (6, {"name": "bob", "text": "four"})]


def test_rows_with_too_few_or_too_many_cells_or_odd_bytes_are_broken() -> None:
    items = read(b"a,b\n1\n1,2,3\n\xff,2\n1,2\n", "csv")
    assert broken(items) == [
        (2, "it has 1 cell, and the columns are 2"),
        (3, "it has 3 cells, and the columns are 2"),
        (4, "it is not UTF-8"),
    ]
    assert good(items) == [(5, {"a": "1", "b": "2"})]
    assert items[1].raw == "1,2,3"


def test_a_quote_that_nobody_closes_costs_its_own_line_alone() -> None:
    items = read('a,b\n1,"two\n3,4\n5,"six"\n"7"x,8\n9,10\n11,"12', "csv")
    assert broken(items) == [
        (2, "a quotation mark is not closed"),
        (5, "it is no CSV: ',' expected after '\"'"),
        (7, "a quotation mark is not closed"),
    ]
    assert [line for line, _ in good(items)] == [3, 4, 6]


def test_lines_are_not_read_again_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.destinations.rows.REREAD", 2)
    items = read('a\n"1\n"2\n"3\n"4"\n5\n', "csv")
    assert {item.line for item in items} == {2, 3, 4, 5, 6}
    assert good(items)[-1] == (6, {"a": "5"})


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("a,,b,", "header: there is no name over column 2, 4. Name each column"),
        ("a,b,a,b", "header: several columns are called a, b. Give each column a name of its own"),
        (b"\xff\xfea", "header: the names of the columns cannot be read: it is not UTF-8"),
        ('"a', "header: the names of the columns cannot be read: a quotation mark is not closed"),
    ],
)
def test_columns_without_names_of_their_own_are_refused(header: str | bytes, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(header, "csv")
    assert words in str(caught.value)


def test_a_csv_file_with_nothing_in_it_or_names_alone_holds_no_record() -> None:
    assert read("", "csv") == read("\n", "csv") == read("a,b\n", "csv") == []


def test_a_cell_that_does_not_end_is_no_reason_to_hold_the_file() -> None:
    items = read("a\n" + "x" * 2 * LONGEST + "\nb\n", "csv")
    assert broken(items) == [(2, "it is longer than 1,048,576 bytes")]
    assert good(items) == [(3, {"a": "b"})]


# ---------------------------------------------------------------------------------------------------- memory


class Endless(io.RawIOBase):
    """The same line for ever; counts what was asked for."""

    def __init__(self, begin: bytes, line: bytes) -> None:
        self._line = line * (CHUNK // len(line))
        self._next = begin + line
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        while len(self._next) < size:
            self._next += self._line
        given, self._next = self._next[:size], self._next[size:]
        self.given += len(given)
        return given


ENDLESS = [
    pytest.param("json", b"[", b'{"name": "Ann", "text": "some words"},', id="json"),
    pytest.param("ndjson", b"", b'{"name": "Ann", "text": "some words"}\n', id="ndjson"),
    pytest.param("csv", b"name,text\n", b'Ann,"some words"\n', id="csv"),
]


@pytest.mark.parametrize(("kind", "begin", "line"), ENDLESS)
def test_no_more_is_read_than_a_chunk_ahead(kind: str, begin: bytes, line: bytes) -> None:
    stream = Endless(begin, line)
    items: Iterator[Item] = read_items(cast(BinaryIO, stream), kind)
    for _ in range(3):
        next(items)
    assert stream.given <= CHUNK + 3


@pytest.mark.parametrize(("kind", "begin", "line"), ENDLESS)
def test_memory_is_flat(kind: str, begin: bytes, line: bytes) -> None:
    stream = Endless(begin, line)
    items: Iterator[Item] = read_items(cast(BinaryIO, stream), kind)
    tracemalloc.start()
    try:
        for _ in range(50_000):
            next(items)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stream.given > 800_000
    assert most < 700_000
