"""Files of JSON, lines of JSON and CSV become records, one by one: a broken one is told of, and the next one read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from core.destinations.pieces import LONGEST, elements, lines
from core.destinations.rows import read_rows
from core.errors import BadPayload, ConfigError
from core.payload import clean

KINDS = ("json", "ndjson", "csv")
KEPT_OF_RAW = 2000
"""Characters kept of what cannot be read, to know it by."""

_ENDINGS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".tsv": "csv"}
_TYPES = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
}


@dataclass(frozen=True, slots=True)
class Item:
    """What stands in one place of a file: a record, or (`data` is None) why it is none, with its `raw` beginning.

    `line` is where it begins: its line in lines of JSON and in CSV, its number in an array.
    """

    line: int
    data: dict[str, Any] | None
    reason: str = ""
    raw: str = ""


def kind_of(name: str, content_type: str = "") -> str:
    """Which of `KINDS` a file is, by its content type if that says it, else by how its name ends.

    Raises `ConfigError` where neither does.
    """
    declared = content_type.partition(";")[0].strip().lower()
    if declared in _TYPES:
        return _TYPES[declared]
    for ending, kind in _ENDINGS.items():
        if name.lower().endswith(ending):
            return kind
    problem = f"{name or declared or 'nothing'} does not say how the records are written"
    mend = "Name the file .json, .ndjson or .csv, or give its type: application/json, application/x-ndjson, text/csv."
    raise ConfigError("format", problem, mend)


def read_items(stream: BinaryIO, kind: str) -> Iterator[Item]:
    """The records of a file of one of `KINDS`, as it is read: no more than a chunk ahead, and none is kept.

    JSON is an array of objects or one object. CSV begins with the names of the columns, and its cells are texts. Raises
    `ConfigError` for names that are empty or there twice, and for another `kind`.
    """
    if kind not in KINDS:
        raise ConfigError("format", f'there is no format "{kind}"', f"Choose from: {', '.join(KINDS)}.")
    if kind == "csv":
        return _of_csv(stream)
    return _of_lines(stream) if kind == "ndjson" else _of_array(stream)


def _of_lines(stream: BinaryIO) -> Iterator[Item]:
    for number, line in lines(stream):
        if line.strip():
            yield _parsed(number, line)


def _of_array(stream: BinaryIO) -> Iterator[Item]:
    for number, (piece, reason) in enumerate(elements(stream), 1):
        yield _broken(number, reason, piece) if reason else _parsed(number, piece)


def _of_csv(stream: BinaryIO) -> Iterator[Item]:
    names, rows = read_rows(stream)
    keys = clean(list(names))
    for row in rows:
        if row.reason:
            yield _broken(row.line, row.reason, row.raw)
        elif len(row.cells) != len(keys):
            there = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
            yield _broken(row.line, f"it has {there}, and the columns are {len(keys)}", row.raw)
        else:
            yield Item(row.line, dict(zip(keys, map(clean, row.cells), strict=True)))


# ----------------------------------------------------------------------------------------------------- one record


class NotJson(ValueError):
    """A text that is no JSON (`line` is where it goes wrong), or holds what cannot be kept (no `line`), in words."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.line = line

    @property
    def in_lines(self) -> str:
        """The words for whoever sees the text in lines, and need not count characters."""
        return f"this is not JSON, line {self.line}" if self.line else str(self)


def read_json(text: str) -> Any:
    """The value of a JSON text, strictly, and made fit to be stored. Raises `NotJson`."""
    try:
        return clean(json.loads(text, parse_constant=_no_constant, parse_float=_number))
    except json.JSONDecodeError as problem:
        raise NotJson(f"it is no JSON: {problem.msg} at character {problem.pos + 1}", problem.lineno) from None
    except NotJson:
        raise
    except BadPayload as problem:
        raise NotJson(str(problem).replace("body:", "it")) from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError:  # more digits than Python makes a number of
        raise NotJson("it holds a number that is too long") from None


def _parsed(line: int, raw: bytes) -> Item:
    if len(raw) > LONGEST:
        return _broken(line, f"it is longer than {LONGEST:,} bytes", raw)
    try:
        value = read_json(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return _broken(line, "it is not UTF-8", raw)
    except NotJson as problem:
        return _broken(line, str(problem), raw)
    return Item(line, value) if isinstance(value, dict) else _broken(line, "it is no object", raw)


def _broken(line: int, reason: str, raw: bytes) -> Item:
    text = raw[: 4 * KEPT_OF_RAW].decode("utf-8", "replace")[:KEPT_OF_RAW]
    return Item(line, None, reason, str(clean(text)))


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no number in JSON")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise NotJson(f"the number {text[:40]} is too large")
    return value
