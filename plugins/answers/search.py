"""Finds the passages that may answer a question: full-text search in memory, with SQLite's FTS5."""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core import ConfigError
from plugins.answers.languages import asks, language_of
from plugins.answers.passages import Passage, sentences
from plugins.answers.vocabulary import PART, Vocabulary
from plugins.answers.words import ALIKE, Term, figures, terms, thesaurus, tokens_of

CANDIDATES = 20
"""Passages of the best BM25 rank that are looked at more closely."""
MOST_WORDS = 60
"""Terms of a question that are searched for; a longer text is searched sentence by sentence as well."""
_LONG_NUMBER = re.compile(r"\d{4,}")
"""An order number, a postcode, a year: it says nothing about which passage is meant."""
_COLUMN_WEIGHTS = "3.0, 3.0, 1.0"  # of titles, questions and text
_TEXT_ALONE = 0.3
"""What a passage counts, in reckoning how common a word is, that has it in its text and not in its titles."""
_LEAST = 0.15
"""The least that a term weighs, however common it is."""
_LEAST_ASKING = 0.25
"""The same for "how long", "when" and "how much": they tell passages of one topic apart."""
_WORD_OF_PHRASE = 0.5
"""What one word of a known phrase counts."""
_LIGHT = 0.3
"""What a word of a story counts, beside one that says what it is about."""
_GOODS = 0.4
"""What a thing that people buy counts: a question about a jacket is seldom about jackets."""
_TOLD = 0.5
"""What a word counts that stands only in sentences that ask nothing, while others ask."""

Field = Mapping[str, float]
"""Stems and groups of a piece of text, with how surely they are in it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term of a question: what it may be called in a passage, with how well that fits, and what it weighs."""

    word: str
    keys: Field
    weight: float
    known: float
    """How well the best of all passages has it: 0.0 for a thing that no file names."""
    phrase: tuple[str, ...] = ()
    """The stems of a known phrase: a text that has all of them has it."""


@dataclass(slots=True)
class Fields:
    """What a passage is made of."""

    heading: Field
    titles: Field
    questions: tuple[Field, ...]
    sentences: tuple[Field, ...]
    whole: Field
    named: tuple[Wanted, ...] = ()
    """The terms of the heading, as if they were asked for."""
    listed: tuple[tuple[Wanted, ...], ...] = ()
    """The same of each listed question."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that has words of the question; `score` is its BM25 rank turned round: higher is better."""

    passage: Passage
    fields: Fields
    score: float
    language: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made ready."""

    text: str
    wanted: tuple[Wanted, ...]
    weight: float
    """What the terms weigh together."""
    field: Field
    """The terms as a piece of text, to look for those of a heading in."""


def match(wanted: Wanted, place: Field) -> float:
    """How well a piece of text has a term, from 0.0 to 1.0."""
    if wanted.phrase and all(place.get(stem, 0.0) >= 1.0 for stem in wanted.phrase):
        return 1.0
    return max((fit * place[key] for key, fit in wanted.keys.items() if key in place), default=0.0)


def require_fts5() -> None:
    """Raise `ConfigError` if this Python's SQLite was built without full-text search."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
    except sqlite3.OperationalError as error:
        raise ConfigError(
            "plugins.enabled",
            f'the plugin "answers" needs SQLite with FTS5, which this Python lacks (SQLite {sqlite3.sqlite_version})',
            'Use a Python whose SQLite has FTS5, or take "answers" out.',
        ) from error
    finally:
        connection.close()


class Index:
    """The passages of a library at one moment; any thread may ask it."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._languages = [each.language or language_of(" ".join((*each.titles, each.text))) for each in passages]
        self._known: dict[str, set[str]] = {}
        for language, _ in Counter(filter(None, self._languages)).most_common():
            read = (each for each, spoken in zip(passages, self._languages, strict=True) if spoken == language)
            self._known[language] = {word for each in read for word in tokens_of(" ".join((*each.titles, each.text)))}
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        # An index that was replaced may still be asked by another thread: it is closed when the last one lets go.
        weakref.finalize(self, self._db.close)
        self._db.execute('CREATE VIRTUAL TABLE passage USING fts5(titles, questions, text, tokenize = "unicode61")')
        texts = (" ".join((*each.titles, *each.questions, each.text)) for each in self._passages)
        self._vocabulary = Vocabulary(texts, {*self._languages})
        self._fields = [self._read(place) for place in range(len(self._passages))]
        self._spread: dict[str, float] = {}
        for fields in self._fields:
            for key, share in fields.whole.items():
                told = share if key in fields.titles else _TEXT_ALONE * share
                self._spread[key] = self._spread.get(key, 0.0) + told
        for place, fields in enumerate(self._fields):
            passage, language = self._passages[place], self._languages[place]
            fields.named = self._wants(passage.titles[-1] if passage.titles else "", language)
            fields.listed = tuple(self._wants(each, language) for each in passage.questions)
            self._store(place, fields)

    def __len__(self) -> int:
        return len(self._passages)

    def language_of(self, text: str) -> str:
        """The language of a question; where small words do not tell, that of the files that know most of its words."""
        found = language_of(text)
        if found or not self._known:
            return found
        words = set(tokens_of(text))
        counts = {
            language: sum(word in own or word in thesaurus(language).words for word in words)
            for language, own in self._known.items()
        }
        best = max(counts, key=lambda each: counts[each])
        return best if counts[best] else ""

    def ask(self, question: str, language: str) -> Asked:
        """The terms of a question in `language` ("" if not known), weighed."""
        parts = sentences(question)
        asking = [each for each in parts if asks(each)]
        found: dict[tuple[str, ...], Wanted] = {}
        for part in [*asking, *(each for each in parts if each not in asking)]:
            factor = _TOLD if asking and part not in asking else 1.0
            for term in terms(part, language):
                wanted = self._want(term, language, factor)
                key = tuple(sorted(wanted.keys))
                if wanted.keys and (key not in found or found[key].weight < wanted.weight) and len(found) < MOST_WORDS:
                    found[key] = wanted
        asked = tuple(found.values())
        return Asked(question, asked, sum(each.weight for each in asked), _union(each.keys for each in asked))

    def candidates(self, asked: Asked) -> list[Candidate]:
        """The passages that have any of the words asked for, best first."""
        keys = {_token(key) for wanted in asked.wanted for key in wanted.keys if key in self._spread}
        if not keys:
            return []
        query = " OR ".join(f'"{key}"' for key in sorted(keys))
        with self._lock:
            rows = self._db.execute(
                f"SELECT rowid, bm25(passage, {_COLUMN_WEIGHTS}) AS rank FROM passage"  # noqa: S608 - constants
                " WHERE passage MATCH ? ORDER BY rank, rowid LIMIT ?",
                (query, CANDIDATES),
            ).fetchall()
        return [Candidate(self._passages[row], self._fields[row], -rank, self._languages[row]) for row, rank in rows]

    def _wants(self, text: str, language: str) -> tuple[Wanted, ...]:
        """The terms of a heading or listed question, weighed as if it were asked."""
        found = (self._want(term, language, 1.0) for term in terms(text, language))
        return tuple(each for each in found if each.keys)

    def _keys(self, term: Term, language: str) -> dict[str, float]:
        """What to look for in place of a term: itself, the groups it stands for, or what it was meant to be.

        Each with how well it fits; nothing if the term says nothing."""
        single = len(term.stems) == 1
        unknown = single and term.stems[0] not in self._spread
        keys: dict[str, float] = {}
        if unknown and not term.groups:
            if (len(term.word) < 2 and not term.word.isdigit()) or _LONG_NUMBER.fullmatch(term.word):
                return {}
            keys = self._vocabulary.respelt(term.word, language)
            if not keys and self._vocabulary.says_little(term.word, language):
                return {}
        if unknown and not keys:
            keys = self._vocabulary.parts(term.stems[0], language)
        keys |= dict.fromkeys(term.stems, 1.0 if single else _WORD_OF_PHRASE)
        for group, strength in term.groups.items():
            keys[group] = max(keys.get(group, 0.0), ALIKE * strength)
        return keys

    def _want(self, term: Term, language: str, factor: float) -> Wanted:
        """What is looked for in place of a term, and what that weighs."""
        keys = self._keys(term, language)
        if not keys:
            return Wanted(term.word, {}, 0.0, 0.0)
        best = max((fit for key, fit in keys.items() if key in self._spread), default=0.0)
        light = term.light or ((term.everyday or term.goods) and best < PART)
        least = _LEAST if thesaurus(language).asking.isdisjoint(term.groups) else _LEAST_ASKING
        rarity = {key: max(least, self._weight(self._spread[key])) for key in keys if key in self._spread}
        rare_ones = [rarity[key] for key, fit in keys.items() if fit >= PART and key in rarity]
        weight = sum(rare_ones) / len(rare_ones) if rare_ones else 1.0
        # A word that many passages have says less of one of them than a rare word of like meaning does.
        keys |= {key: keys[key] * math.sqrt(min(1.0, rare / weight)) for key, rare in rarity.items()}
        weight *= factor * (_LIGHT if light else _GOODS if term.goods else 1.0)
        phrase = term.stems if len(term.stems) > 1 else ()
        return Wanted(term.word, keys, weight, best, phrase)

    def _weight(self, spread: float) -> float:
        """The inverse document frequency, as BM25 has it, beside that of a word which occurs nowhere."""
        count = len(self._passages)
        most = math.log(1 + (count + 0.5) / 0.5)
        return math.log(1 + max(0.0, count - spread + 0.5) / (spread + 0.5)) / most

    def _read(self, place: int) -> Fields:
        """What the passage at this place is made of, less what needs to know how common each word is."""
        passage, language = self._passages[place], self._languages[place]
        heading = self._field(passage.titles[-1] if passage.titles else "", language)
        titles = self._field(". ".join(passage.titles), language)
        questions = tuple(self._field(each, language) for each in passage.questions)
        told = tuple(self._field(each, language, figured=True) for each in sentences(passage.text))
        return Fields(heading, titles, questions, told, _union([titles, *questions, *told]))

    def _field(self, text: str, language: str, figured: bool = False) -> Field:
        found: dict[str, float] = figures(text, language) if figured else {}
        for term in terms(text, language):
            for each in term.stems:
                found[each] = 1.0
                for part, share in self._vocabulary.parts(each, language).items():
                    found[part] = max(found.get(part, 0.0), share)
            for group, strength in term.groups.items():
                found[group] = max(found.get(group, 0.0), strength)
        return found

    def _store(self, row: int, fields: Fields) -> None:
        columns = (fields.titles, _union(fields.questions), _union(fields.sentences))
        texts = (" ".join(map(_token, column)) for column in columns)
        self._db.execute("INSERT INTO passage (rowid, titles, questions, text) VALUES (?, ?, ?, ?)", (row, *texts))


def _token(key: str) -> str:
    """A key as one word of the full-text index."""
    return re.sub(r"\W", "", key)


def _union(fields: Iterable[Field]) -> Field:
    found: dict[str, float] = {}
    for each in fields:
        for key, share in each.items():
            found[key] = max(found.get(key, 0.0), share)
    return found
