"""Finds the passages that may answer a question: full-text search in memory, with SQLite's FTS5."""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from core import ConfigError
from plugins.answers.languages import without_small_words
from plugins.answers.passages import Passage

TOKENIZER = "porter unicode61 remove_diacritics 2"
CANDIDATES = 12
"""Passages of the best BM25 rank that are looked at more closely."""
MOST_WORDS = 60
"""Words of a question that are searched for; a longer text is searched sentence by sentence as well."""
_SIMILAR = 85.0
"""From which likeness (0 to 100) an unknown word is taken for a misspelt known one."""
_SHORTEST_MISSPELT = 5
_LONG_NUMBER = re.compile(r"\d{4,}")
"""An order number, a postcode, a year: it says nothing about which passage is meant."""
_COLUMN_WEIGHTS = "3.0, 3.0, 1.0"  # of titles, questions and text


@dataclass(frozen=True, slots=True)
class Words:
    """What a text is made of once it is stemmed: the place of each stem counts once."""

    titles: frozenset[str]
    questions: tuple[frozenset[str], ...]
    text: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.titles.union(self.text, *self.questions)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that has words of the question; `score` is its BM25 rank turned round: higher is better."""

    passage: Passage
    words: Words
    score: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made ready: its informative stems, each with its weight (rare words weigh more)."""

    text: str
    weights: Mapping[str, float]
    unknown: frozenset[str]
    """Stems that occur in no passage."""


def require_fts5() -> None:
    """Raise `ConfigError` if this Python's SQLite was built without full-text search."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f'CREATE VIRTUAL TABLE probe USING fts5(text, tokenize = "{TOKENIZER}")')
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
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        # An index that was replaced may still be asked by another thread: it is closed when the last one lets go.
        weakref.finalize(self, self._db.close)
        self._db.executescript(
            f"""
            CREATE VIRTUAL TABLE passage USING fts5(titles, questions, text, tokenize = "unicode61");
            CREATE VIRTUAL TABLE stemmed USING fts5(text, tokenize = "{TOKENIZER}");
            CREATE VIRTUAL TABLE stem USING fts5vocab(stemmed, instance);
            """
        )
        self._words = self._fill()
        self._spread: dict[str, int] = {}
        for words in self._words:
            for stem in words.all:
                self._spread[stem] = self._spread.get(stem, 0) + 1
        self._long_stems = [stem for stem in self._spread if len(stem) >= _SHORTEST_MISSPELT]

    def __len__(self) -> int:
        return len(self._passages)

    def ask(self, question: str, language: str) -> Asked:
        """The informative words of a question in `language` ("" if not known), stemmed and weighed."""
        plain = " ".join(without_small_words(question, language).split()[:MOST_WORDS])
        with self._lock:
            [stems] = self._stems([plain])
        weights: dict[str, float] = {}
        unknown: set[str] = set()
        for stem in stems:
            if (len(stem) < 2 and not stem.isdigit()) or _LONG_NUMBER.fullmatch(stem):
                continue
            known = stem if stem in self._spread else self._respelt(stem)
            if not known:
                unknown.add(stem)
            weights[known or stem] = self._weight(known)
        return Asked(question, weights, frozenset(unknown))

    def candidates(self, asked: Asked) -> list[Candidate]:
        """The passages that have any of the words asked for, best first."""
        stems = [stem for stem in asked.weights if stem not in asked.unknown]
        if not stems:
            return []
        query = " OR ".join(f'"{stem}"' for stem in stems)
        with self._lock:
            rows = self._db.execute(
                f"SELECT rowid, bm25(passage, {_COLUMN_WEIGHTS}) AS rank FROM passage"  # noqa: S608 - constants
                " WHERE passage MATCH ? ORDER BY rank, rowid LIMIT ?",
                (query, CANDIDATES),
            ).fetchall()
        return [Candidate(self._passages[row], self._words[row], -rank) for row, rank in rows]

    def _weight(self, stem: str) -> float:
        """The inverse document frequency, as BM25 has it; the word "" occurs nowhere."""
        spread = self._spread.get(stem, 0)
        return math.log(1 + (len(self._passages) - spread + 0.5) / (spread + 0.5))

    def _respelt(self, stem: str) -> str:
        """The known stem that an unknown one is a misspelling of, "" if there is none."""
        if len(stem) < _SHORTEST_MISSPELT:
            return ""
        found = process.extractOne(stem, self._long_stems, scorer=fuzz.ratio, score_cutoff=_SIMILAR)
        return found[0] if found else ""

    def _fill(self) -> list[Words]:
        """Index the passages by their stems, and return what each is made of.

        Stems are stored, not words: so a question is searched by the very stems its confidence is reckoned from.
        """
        texts: list[str] = []
        for passage in self._passages:
            texts += [" ".join(passage.titles), passage.text]
            texts += [without_small_words(question, passage.language) for question in passage.questions]
        stems = iter(self._stems(texts))
        filled: list[Words] = []
        for row, passage in enumerate(self._passages):
            titles, text = next(stems), next(stems)
            questions = [next(stems) for _ in passage.questions]
            self._db.execute(
                "INSERT INTO passage (rowid, titles, questions, text) VALUES (?, ?, ?, ?)",
                (row, " ".join(titles), " ".join(word for each in questions for word in each), " ".join(text)),
            )
            filled.append(Words(frozenset(titles), tuple(map(frozenset, questions)), frozenset(text)))
        return filled

    def _stems(self, texts: Iterable[str]) -> list[list[str]]:
        """The stems of each text in order, made by the same tokenizer that the index uses."""
        listed = list(texts)
        self._db.executemany("INSERT INTO stemmed (rowid, text) VALUES (?, ?)", enumerate(listed))
        found: list[list[str]] = [[] for _ in listed]
        for stem, row in self._db.execute('SELECT term, doc FROM stem ORDER BY doc, "offset"'):
            found[row].append(stem)
        self._db.execute("DELETE FROM stemmed")
        return found
