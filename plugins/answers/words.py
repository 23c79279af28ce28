"""Turns text into what the search compares: stems, and the groups of the thesaurus that words and phrases belong to."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

import snowballstemmer

from plugins.answers import thesauri, thesaurus_de, thesaurus_en
from plugins.answers.everyday_words import EVERYDAY
from plugins.answers.languages import small_words

_ALGORITHMS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}
_GROUPS = {"en": thesaurus_en.GROUPS, "de": thesaurus_de.GROUPS, **thesauri.GROUPS}
_LIGHT = {"en": thesaurus_en.LIGHT, "de": thesaurus_de.LIGHT}
_GOODS = {"en": thesaurus_en.GOODS, "de": thesaurus_de.GOODS}
_LONGEST_PHRASE = 5
ALIKE = 0.8
"""What a word of a like meaning counts, beside the word itself."""
_LOOSE = 0.5
"""What a group that words only have to do with counts, beside one of words of a like meaning."""
_PHRASE_APART = 0.6
"""What the groups of a word count that is part of a known phrase."""
_TOKEN = re.compile(r"[^\W_]+(?:['][^\W\d_]+)*")
_FIGURES = {
    "#duration": re.compile(
        r"(?:\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|a|an|next|same|ein\w*|zwei|drei|vier|fünf|sechs|sieben|acht"
        r"|zehn|un|une|deux|trois|dos|tres|due|tre|twee|drie|dois|três)\b)\W+(?:\w+\s+)?(?:minute|hour|day|week|month|year|stunde"
        r"|minut|tag|werktag|woche|monat|jahr|heure|jour|semaine|mois|hora|día|dia|semana|mes|ora|ore|giorn|settiman|uur|dag"
        r"|weken|maand|pm\b|am\b|uhr\b)|\b\d{1,2}:\d\d\b",
        re.IGNORECASE,
    ),
    "#money": re.compile(
        r"[€$£¥]|\d\s?(?:euro|eur|dollar|usd|pound|gbp|chf|franc|franken|cent)\b|\d\s?euros|\d\s?dollars|\d\s?pounds|"
        r"\b(?:free of charge|at no cost|for free|kostenlos|gratis|gratuit|is free|are free|percent|prozent)\b|%",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase: its own stems, and the groups it stands for with how closely (0.0 to 1.0)."""

    stems: tuple[str, ...]
    groups: Mapping[str, float]
    word: str
    light: bool = False
    """Whether it rather tells the story around a question."""
    everyday: bool = False
    """Whether it is a word of every kind of text."""
    goods: bool = False
    """Whether it is a thing that people buy, whatever shop it is."""


@dataclass(slots=True)
class Thesaurus:
    """The groups of one language, by the stems of their words and phrases."""

    language: str
    groups: dict[tuple[str, ...], dict[str, float]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    light: frozenset[str] = frozenset()
    everyday: frozenset[str] = frozenset()
    goods: frozenset[str] = frozenset()
    asking: set[str] = field(default_factory=set)
    """The groups that figures answer; their words tell something even where they are small ones ("when")."""

    def at(self, stems: Sequence[str], place: int) -> tuple[int, Mapping[str, float]]:
        """How many stems from `place` on make the longest known phrase, and its groups; (1, {}) for an unknown word."""
        for length in range(min(_LONGEST_PHRASE, len(stems) - place), 0, -1):
            known = self.groups.get(tuple(stems[place : place + length]))
            if known is not None:
                return length, known
        return 1, {}


def tokens_of(text: str) -> list[str]:
    """The words and numbers of a text in lower case, as they are written."""
    return _TOKEN.findall(text.replace("’", "'").casefold().replace("e-mail", "email"))


def folded(word: str) -> str:
    """A word without accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))


_stemming = threading.local()


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """The stem of a word in lower case; words of an unknown language are stemmed as English ones."""
    name = _ALGORITHMS.get(language, "english")
    stemmer = getattr(_stemming, name, None)
    if stemmer is None:  # a stemmer keeps the word it is at, so that threads cannot share one
        stemmer = snowballstemmer.stemmer(name)
        setattr(_stemming, name, stemmer)
    return folded(stemmer.stemWord(word.partition("'")[0] if word.endswith("'s") else word))


@cache
def thesaurus(language: str) -> Thesaurus:
    """The thesaurus of a language; an empty one if there is none."""
    own = Thesaurus(language)
    for number, line in enumerate(_lines(_GROUPS.get(language, ""))):
        loose = line.startswith("~")
        for place, entry in enumerate(line.lstrip("~ ").split(";")):
            key, strength = entry.strip(), _LOOSE if loose and place else 1.0
            words = [] if key.startswith("#") else tokens_of(key)
            own.words.update(words)
            stems = (key,) if not words else tuple(stem(word, language) for word in words)
            known = own.groups.setdefault(stems, {})
            name = f"{language}{number}"
            if key.startswith("#"):
                own.asking.add(name)
            known[name] = max(strength, known.get(name, 0.0))
    own.light = frozenset(stem(word, language) for word in _LIGHT.get(language, "").split())
    own.everyday = frozenset(stem(word, language) for word in EVERYDAY.get(language, "").split())
    own.goods = frozenset(stem(word, language) for word in _GOODS.get(language, "").split())
    return own


def _lines(groups: str) -> Iterator[str]:
    """The groups of a list, one by one: a line that is indented further goes on with the one before."""
    joined = re.sub(r"\n {8,}", " ", groups)
    return (line.strip() for line in joined.splitlines() if line.strip() and not line.strip().startswith("#"))


def terms(text: str, language: str) -> list[Term]:
    """The words and phrases of a text that say something, in order; small words count within phrases alone."""
    own = thesaurus(language)
    small = small_words(language)
    words = tokens_of(text)
    stems = [stem(word, language) for word in words]
    found: list[Term] = []
    place = 0
    while place < len(words):
        length, groups = own.at(stems, place)
        part = words[place : place + length]
        telling = tuple(stems[place + each] for each, word in enumerate(part) if word not in small)
        if length > 1:
            # "store in" may be a phrase, and here be the store in town all the same.
            single = [own.groups.get((each,), {}) for each in telling]
            groups = {name: _PHRASE_APART * share for each in single for name, share in each.items()} | dict(groups)
        if length > 1 or telling or not own.asking.isdisjoint(groups):
            first = stems[place] if length == 1 else ""
            light = first in own.light or first.isdigit() or (not telling and own.asking.isdisjoint(groups))
            found.append(Term(telling, groups, " ".join(part), light, first in own.everyday, first in own.goods))
        place += length
    return found


def figures(text: str, language: str) -> dict[str, float]:
    """The groups that the figures of a text stand for: a duration, an amount of money."""
    found: dict[str, float] = {}
    for name, pattern in _FIGURES.items():
        if pattern.search(text):
            found.update(dict.fromkeys(thesaurus(language).groups.get((name,), {}), 1.0))
    return found
