"""A file is cut into its lines, or into the elements of its array, without holding more than one of them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

LONGEST = 1024 * 1024
"""Bytes that a record may have; of what is longer only the beginning is held while it is read past."""
CHUNK = 64 * 1024
NO_BEGINNING = ("it is no JSON: it begins with neither [ nor {", "the file is empty")
"""Why there is nothing at all that could be cut into elements."""

_BOM = b"\xef\xbb\xbf"
# A text that ends within the chunk is passed over at once; of one that does not only its beginning is found.
_OUTSIDE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_INSIDE = re.compile(rb'["\\]')


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """What a stream gives, without the mark that some programs put before UTF-8."""
    begun = b""
    while len(begun) < len(_BOM) and (more := stream.read(CHUNK)):
        begun += more
    chunk = begun.removeprefix(_BOM) or stream.read(CHUNK)
    while chunk:
        yield chunk
        chunk = stream.read(CHUNK)


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines and their numbers; of one that is longer than `LONGEST` the beginning, which is longer too."""
    number, rest = 0, b""
    for chunk in chunks(stream):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, line.removesuffix(b"\r")
        rest = rest[: LONGEST + 1]
    if rest:
        yield number + 1, rest.removesuffix(b"\r")


def elements(stream: BinaryIO) -> Iterator[tuple[bytes, str]]:
    """The elements of a JSON array, or the one object there is, unparsed: each may be broken by itself.

    With what stands where none can be told apart any more comes the reason, and it is the last. Of an element longer
    than `LONGEST` the beginning is given, which is longer too.
    """
    incoming = chunks(stream)
    begun = next((stripped for chunk in incoming if (stripped := chunk.lstrip())), b"")
    if begun[:1] not in (b"[", b"{"):
        yield begun, NO_BEGINNING[0] if begun else NO_BEGINNING[1]
        return
    cutter = _Cutter(array=begun[:1] == b"[")
    while begun:
        rest = yield from cutter.cut(begun)
        if rest is not None:
            while not rest.strip() and (more := next(incoming, b"")):
                rest = more
            if rest.strip():
                yield rest, "something follows the end of what the file holds"
            return
        begun = next(incoming, b"")
    yield cutter.piece, "the file breaks off here"


class _Cutter:
    """Follows brackets and texts through chunk after chunk, and knows what it is in the middle of."""

    def __init__(self, array: bool) -> None:
        self.piece = b""
        """The beginning of the present element, from former chunks."""
        self._array = array
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._more = False

    def cut(self, chunk: bytes) -> Generator[tuple[bytes, str], None, bytes | None]:
        """The elements that end in a chunk; returns what follows the end of the whole, None before that."""
        start, position = 0, int(self._escaped)
        while found := (_INSIDE if self._in_text else _OUTSIDE).search(chunk, position):
            position, token = found.end(), found.group()
            if self._in_text:
                self._in_text = token != b'"'
                position += self._in_text  # past what a backslash stands before
            elif token == b'"':
                self._in_text = True
            elif token in b"[{":
                self._depth += 1
                start = position if self._array and self._depth == 1 else start
            elif token == b"," and self._depth == 1 and self._array:
                self._more = True
                yield self._taken(chunk[start : found.start()]), ""
                start = position
            elif token in b"]}":
                self._depth -= 1
                if self._depth == 0:
                    last = self._taken(chunk[start : found.start() if self._array else position])
                    if last or self._more:
                        yield last, ""
                    return chunk[position:]
        self._escaped = position > len(chunk)
        self.piece = (self.piece + chunk[start:])[: LONGEST + 1]
        return None

    def _taken(self, end: bytes) -> bytes:
        piece, self.piece = self.piece + end, b""
        return piece if len(piece) > LONGEST else piece.strip()
