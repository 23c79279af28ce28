"""Topics, as the operator names them: does a responder name one of them, or do its words stand in a text?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ENDINGS = frozenset(("e", "n", "en", "er", "es", "ed", "ing"))
"""What inflection puts behind a longer word, in the languages that put it there."""
_LONGER = 5
"""Letters from which on a word is tried with these endings; a shorter one only with the s of a plural."""
_TURNED = (frozenset("oi"), frozenset("ae"), frozenset("ei"))
"""Last letters that a plural puts for one another, as Italian does."""
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]")
"""Letters of languages that set no space between words."""


def named(topic: str, topics: Sequence[str]) -> str:
    """The one of `topics` that a responder's `topic` is; "" if it is none of them."""
    words = _words(topic)
    return next((each for each in topics if words and _equal(words, _words(each))), "")


def mentioned(text: str, topics: Sequence[str]) -> str:
    """The first of `topics` whose words stand in `text`, as whole words and one after the other; "" if none does.

    Capitals, accents and the endings of plurals make no difference.
    """
    words = _words(text)
    return next((each for each in topics if _stands_in(_words(each), words, text)), "")


def _stands_in(topic: list[str], words: list[str], text: str) -> bool:
    if not topic:
        return False
    if any(_UNSPACED.search(word) for word in topic):
        return "".join(topic) in "".join(_words(text))
    return any(_equal(topic, words[place : place + len(topic)]) for place in range(len(words) - len(topic) + 1))


def _equal(one: Sequence[str], other: Sequence[str]) -> bool:
    return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))


def _same(one: str, other: str) -> bool:
    """Whether two words are one but for the ending."""
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    if len(short) == len(long):
        return len(short) > _LONGER and short[:-1] == long[:-1] and {short[-1], long[-1]} in _TURNED
    if short.endswith("y") and long == f"{short[:-1]}ies":
        return True
    if len(short) < 3 or not long.startswith(short):
        return False
    ending = long[len(short) :]
    return ending == "s" or (ending == "es" and short[-1] in "sxzh") or (len(short) >= _LONGER and ending in _ENDINGS)


def _words(text: str) -> list[str]:
    """The words of a text, folded, without accents, and without the 's of a genitive."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    bare = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", re.sub(r"'s\b", "", unicodedata.normalize("NFC", bare)))
