"""The words that texts are written in: what a misspelt word was meant to be, and what a compound is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from plugins.answers.languages import EVERY_SMALL_WORD, small_words
from plugins.answers.words import ALIKE, stem, terms, thesaurus, tokens_of

PART = 0.7
"""What the last part of a compound counts ("Zelt" of "Leihzelt"), beside the whole."""
_FIRST_PART = 0.5
_MISSPELT = 0.9
"""What a word counts that was spelt otherwise."""
_SIMILAR = 82.0
"""From which likeness (0 to 100) an unknown word is taken for a misspelt known one."""
_SLIP = 78.0
"""The same where the two differ by a single slip: a letter too much, too little, another one, or two swapped."""
_SHORTEST_MISSPELT = 4
_SHORTEST_COMPOUND = 7
_SHORTEST_PART = 3
_COMPOUNDING = ("de", "nl")


class Vocabulary:
    """The words of some texts in the given languages ("" among them where one is not known), and of their thesauri."""

    def __init__(self, texts: Iterable[str], languages: set[str]) -> None:
        self._words = {word for text in texts for word in tokens_of(text)}
        self._stems = {stem(word, language) for language in languages for word in self._words if len(word) > 3}
        known = self._words.union(*(thesaurus(language).words for language in languages))
        self._own = sorted(word for word in self._words if len(word) >= _SHORTEST_MISSPELT)
        self._others = sorted(word for word in known - self._words if len(word) >= _SHORTEST_MISSPELT)

    def respelt(self, word: str, language: str) -> dict[str, float]:
        """The stems and groups of the known word that an unknown one is a misspelling of; none if there is none."""
        if len(word) < _SHORTEST_MISSPELT or word in EVERY_SMALL_WORD or word in self._words:
            return {}
        known = _meant(word, self._own) or _meant(word, self._others)
        keys: dict[str, float] = {}
        for term in terms(known, language):
            keys |= dict.fromkeys(term.stems, _MISSPELT)
            keys |= {group: _MISSPELT * ALIKE * share for group, share in term.groups.items()}
        return keys

    def says_little(self, word: str, language: str) -> bool:
        """Whether an unknown word is a misspelling of a small one ("plese")."""
        return len(word) >= _SHORTEST_MISSPELT and bool(_meant(word, _small_spellings(language)))

    def parts(self, word: str, language: str) -> dict[str, float]:
        """The last part of a compound if it is a known stem, and the first if that is one too, with their groups."""
        if language not in _COMPOUNDING or len(word) < _SHORTEST_COMPOUND:
            return {}
        groups = thesaurus(language).groups
        for start in range(_SHORTEST_PART, len(word) - _SHORTEST_PART):
            if not self._knows(word[start:], language):
                continue
            keys = {word[start:]: PART}
            keys |= {group: PART * ALIKE * each for group, each in groups.get((word[start:],), {}).items()}
            bare = word[:start].rstrip("s")
            for first in (word[:start], bare, f"{bare}e"):
                if self._knows(first, language):
                    keys.setdefault(first, _FIRST_PART)
                    for group, each in groups.get((first,), {}).items():
                        keys.setdefault(group, _FIRST_PART * ALIKE * each)
            return keys
        return {}

    def _knows(self, part: str, language: str) -> bool:
        return part in self._stems or (part,) in thesaurus(language).groups


@cache
def _small_spellings(language: str) -> tuple[str, ...]:
    return tuple(sorted(word for word in small_words(language) if len(word) >= _SHORTEST_MISSPELT))


def _meant(word: str, spellings: Sequence[str]) -> str:
    """The one of some words that a word is a misspelling of; "" if there is none."""
    near = process.extract(word, spellings, scorer=fuzz.ratio, score_cutoff=_SLIP, limit=None)
    for known, likeness, _ in near:
        # Slips at the first letter are rare, and other words that differ there ("house", "mouse") are not.
        if known[0] == word[0] and (likeness >= _SIMILAR or OSA.distance(known, word) == 1):
            return known
    return ""
