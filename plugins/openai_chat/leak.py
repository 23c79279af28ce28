"""Finds what a text for the customer repeats from messages that the customer must not see."""

from __future__ import annotations

from collections.abc import Iterable

from core import Author, Mode, Turn, Visibility

LENGTH = 40
"""Characters in a row, white space and capitals aside, from which a repetition is no accident."""


def repeats_private(text: str, turn: Turn, known: Iterable[str]) -> bool:
    """Whether `text` repeats a private message of `turn` word for word, beyond what is public or in `known` texts.

    In assist mode the AI's own drafts are private messages, and may be drafted again.
    """
    own = Author.AI if turn.mode is Mode.ASSIST else None
    private = [m.text for m in turn.messages if m.visibility is Visibility.PRIVATE and m.author is not own]
    shared = _pieces(text) & {piece for each in private for piece in _pieces(each)}
    if not shared:
        return False
    public = [m.text for m in turn.messages if m.visibility is Visibility.PUBLIC]
    open_texts = [_plain(each) for each in [*public, *known]]
    return any(not any(piece in each for each in open_texts) for piece in shared)


def _pieces(text: str) -> set[str]:
    plain = _plain(text)
    return {plain[start : start + LENGTH] for start in range(len(plain) - LENGTH + 1)}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
