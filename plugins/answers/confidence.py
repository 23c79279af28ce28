"""How sure we may be that a passage answers a question: each passage's odds, against the others and no answer."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from plugins.answers.languages import words_of
from plugins.answers.passages import Passage
from plugins.answers.search import Asked, Candidate

OTHER_LANGUAGE = 0.1
"""What remains of the odds of a passage that is written in another language than the question."""
ECHO = 30.0
"""What multiplies the odds of a passage for which the very question is listed: its author said it is the answer."""
_ECHOES = 92.0
"""From which likeness (0 to 100), small words and all, a question is the listed one with a slip of the pen."""
_ALL = 0.999
_FAMILIAR = 3.0
"""Matched weight from which a match is no longer thin: about two words of middling rarity."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the confidence is reckoned from; each runs from 0.0 to 1.0."""

    coverage: float
    """The share of the question's informative words that the passage has, rare words counting more."""
    heading: float
    """The same share, for the passage's titles and listed questions alone."""
    likeness: float
    """How alike the question and the nearest of the listed questions are."""
    margin: float
    """How the passage stands by BM25 to the best of the others: 0.5 if level, above it if ahead of them."""
    substance: float
    """Whether the match rests on enough: 0 for nothing, 1 from two words of middling rarity on."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage and how likely it is to answer the question, from 0.0 to 1.0."""

    passage: Passage
    confidence: float
    covered: bool
    """Whether every informative word of the question occurs in the passage."""


def score(asked: Asked, candidates: Sequence[Candidate], language: str) -> list[Scored]:
    """The candidates with their confidence, best first; `language` is the question's, "" if not known.

    The passages stand against each other and against "none of them", whose odds are 1: a passage with a near equal
    is a guess, however well it fits. The pieces of one long section are no rivals.
    """
    rated: list[tuple[Candidate, Measures, float]] = []
    for candidate in candidates:
        measures = measure(asked, candidate, candidates)
        foreign = language and candidate.passage.language not in ("", language)
        factor = (OTHER_LANGUAGE if foreign else 1.0) * (ECHO if _echoes(asked, candidate.passage) else 1.0)
        rated.append((candidate, measures, odds(measures) * factor))
    scored: list[Scored] = []
    for candidate, measures, own in rated:
        source = candidate.passage.source
        rivals = sum(other for each, _, other in rated if each.passage.source != source)
        scored.append(Scored(candidate.passage, own / (1.0 + own + rivals), measures.coverage > _ALL))
    return sorted(scored, key=lambda each: each.confidence, reverse=True)


def measure(asked: Asked, candidate: Candidate, candidates: Sequence[Candidate]) -> Measures:
    """The measures of one of the candidates, in the light of the others."""
    words = candidate.words
    whole = _weight(asked, asked.weights)
    named = words.titles.union(*words.questions)
    rival = max((each.score for each in candidates if each is not candidate), default=0.0)
    return Measures(
        coverage=_weight(asked, words.all) / whole,
        heading=_weight(asked, named) / whole,
        likeness=max((_likeness(asked, question) for question in words.questions), default=0.0),
        margin=candidate.score / (candidate.score + rival) if candidate.score > 0 else 0.0,
        substance=min(1.0, _weight(asked, words.all) / _FAMILIAR),
    )


def odds(measures: Measures) -> float:
    """The odds that a passage with these measures answers the question, taken alone.

    The figures are a conditional logistic regression over some seventy labelled questions on the sample help centre,
    rounded; the questions that the tests check it with are others.
    """
    evidence = (
        6.3 * measures.coverage
        + 4.2 * measures.heading
        + 2.6 * measures.likeness
        + 2.0 * measures.margin
        + 1.1 * measures.substance
    )
    return math.exp(evidence - 7.05)


def _echoes(asked: Asked, passage: Passage) -> bool:
    said = " ".join(words_of(asked.text))
    return any(fuzz.ratio(said, " ".join(words_of(each))) >= _ECHOES for each in passage.questions)


def _weight(asked: Asked, words: Collection[str]) -> float:
    return sum(weight for stem, weight in asked.weights.items() if stem in words)


def _likeness(asked: Asked, question: Collection[str]) -> float:
    """Dice's measure over the words of both; a word of the listed question alone counts as a middling one."""
    if not question or not asked.weights:
        return 0.0
    middling = sum(asked.weights.values()) / len(asked.weights)
    shared = _weight(asked, question)
    missing = sum(middling for stem in question if stem not in asked.weights)
    return 2 * shared / (_weight(asked, asked.weights) + shared + missing)
