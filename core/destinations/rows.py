"""A CSV file is cut into rows, with the lines on which they stand; a row that is broken costs no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from core.destinations.pieces import LONGEST, lines
from core.errors import ConfigError

DELIMITERS = (",", ";", "\t")
REREAD = 100_000
"""Lines that are read again at most, to find where rows begin after a quotation mark that nobody closes."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row that begins on a `line`; it has no `cells` where a `reason` says why. `raw` is how it stands there."""

    line: int
    cells: tuple[str, ...]
    reason: str = ""
    raw: bytes = b""


def read_rows(stream: BinaryIO) -> tuple[tuple[str, ...], Iterator[CsvRow]]:
    """The names of the columns, and the rows under them; no name at all for an empty file.

    Raises `ConfigError` where names cannot be read, are empty, or are there twice.
    """
    source = _Source(stream)
    header = source.first()
    if header is None:
        return (), iter(())
    rows = _rows(source, max(DELIMITERS, key=header.count))
    first = next(rows)
    if first.reason:
        raise ConfigError("header", f"the names of the columns cannot be read: {first.reason}", "Mend the first line.")
    names = tuple(cell.strip() for cell in first.cells)
    empty = [str(place) for place, name in enumerate(names, 1) if not name]
    if empty:
        mend = "Name each column in the first line."
        raise ConfigError("header", f"there is no name over column {', '.join(empty)}", mend)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        mend = "Give each column a name of its own."
        raise ConfigError("header", f"several columns are called {', '.join(twice)}", mend)
    return names, rows


class _TooLong(Exception):
    """A row has more bytes than a record may have."""


class _Source:
    """Hands out lines to be made rows of, knows those of the present row, and can hand them out again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = lines(stream)
        self._again: deque[tuple[int, bytes]] = deque()
        self._left = REREAD
        self._length = 0
        self.row: list[tuple[int, bytes]] = []

    def first(self) -> str | None:
        """The first line that holds something, which is handed out all the same; None if there is none."""
        for number, line in self._lines:
            if line.strip():
                self._again.append((number, line))
                return line.decode("utf-8", "replace")
        return None

    def begin(self) -> None:
        """A row begins with the next line."""
        self.row.clear()
        self._length = 0

    def skip_rest(self) -> bool:
        """Let a row begin again behind the first line of the present one; False if that was done too often."""
        rest = self.row[1:]
        if len(rest) > self._left:
            return False
        self._left -= len(rest)
        self._again.extendleft(reversed(rest))
        del self.row[1:]
        return True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        self.row.append((number, line))
        self._length += len(line) + 1
        if self._length > LONGEST:
            raise _TooLong
        return line.decode("utf-8", "replace") + "\n"


def _rows(source: _Source, delimiter: str) -> Iterator[CsvRow]:
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            yield from _broken(source, f"it is longer than {LONGEST:,} bytes")
        except csv.Error as problem:
            unclosed = len(source.row) > 1 or "unexpected end" in str(problem)
            yield from _broken(source, "a quotation mark is not closed" if unclosed else f"it is no CSV: {problem}")
        else:
            if cells:
                raw = b"\n".join(line for _, line in source.row)
                reason = "" if _is_utf8(raw) else "it is not UTF-8"
                yield CsvRow(source.row[0][0], () if reason else tuple(cells), reason, raw)


def _broken(source: _Source, reason: str) -> Iterator[CsvRow]:
    """The first line of what cannot be read; the others are read again, unless that was done too often."""
    if not source.skip_rest():
        reason = f"{reason}, on this line or on one before"
    for number, line in source.row:
        yield CsvRow(number, (), reason, line)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
