"""Where a list goes on: a cursor names the last line that was seen, not how many lines came before it.

Lines that are added or move meanwhile push no other onto another page: each that stays as it is comes exactly once.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.errors import RelaydeskError

HIGHEST = 2**63 - 1
"""What the stores can compare a number with; SQLite raises for more."""
MOST_LINES = 200
_SHAPE = re.compile(r"([np])((?:\.-?\d{1,19}){1,2})", re.ASCII)

Line = TypeVar("Line")


class BadCursor(RelaydeskError):
    """What was given as a cursor is none of ours; the words can be shown to whoever gave it."""

    def __init__(self) -> None:
        super().__init__("This place in the list is not known. Begin again at its first page.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """`after` is the key of a line; what follows it is wanted or, with `back`, what stands before it.

    Without `after` it is one end of the list or the other.
    """

    after: tuple[int, ...] = ()
    back: bool = False

    def written(self) -> str:
        """The cursor as it stands in an address."""
        plain = ("p" if self.back else "n") + "".join(f".{part}" for part in self.after)
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


START = Cursor()


def read_cursor(text: str, parts: int) -> Cursor:
    """The cursor that was written so; "" is the beginning. Raises `BadCursor` for anything that was not written here.

    `parts` is of how many numbers a key of this list is made.
    """
    if not text:
        return START
    try:
        plain = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error, ValueError):
        raise BadCursor from None
    found = _SHAPE.fullmatch(plain) if len(text) <= 64 else None
    after = tuple(int(part) for part in found[2].split(".")[1:]) if found else ()
    if found is None or len(after) != parts or any(abs(part) > HIGHEST for part in after):
        raise BadCursor
    return Cursor(after, back=found[1] == "p")


@dataclass(frozen=True, slots=True)
class Turned:
    """The cursors of the pages on both sides of one; "" where there is none."""

    next_cursor: str
    previous_cursor: str


def at_most(limit: int) -> int:
    """A page's length: at least one line, and no more than are made at once."""
    return max(1, min(limit, MOST_LINES))


def read_page(
    read: Callable[[Cursor, int], Sequence[Line]], cursor: Cursor, limit: int, key: Callable[[Line], tuple[int, ...]]
) -> tuple[list[Line], Turned]:
    """A page of lines in the list's order, and the cursors of the pages beside it.

    `read` gives so many lines from a cursor on, in the cursor's direction.
    """
    found = read(cursor, limit + 1)
    if cursor.back and len(found) <= limit:
        # It would be the first page, and shorter than the first page is.
        cursor = START
        found = read(cursor, limit + 1)
    more, lines = len(found) > limit, list(found[:limit])
    if cursor.back:
        lines.reverse()
    if not lines:
        return [], Turned("", Cursor(cursor.after, back=True).written() if cursor.after else "")
    later, earlier = Cursor(key(lines[-1])).written(), Cursor(key(lines[0]), back=True).written()
    if cursor.back:
        return lines, Turned(later, earlier)
    return lines, Turned(later if more else "", earlier if cursor.after else "")
