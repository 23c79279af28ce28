"""How sure we may be that a passage answers a question: each passage's odds, against the others and no answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from rapidfuzz import fuzz

from plugins.answers.languages import words_of
from plugins.answers.passages import Passage
from plugins.answers.search import Asked, Candidate, Field, Wanted, match
from plugins.answers.words import ALIKE

OTHER_LANGUAGE = 0.1
"""What remains of the odds of a passage that is written in another language than the question."""
ECHO = 30.0
"""What multiplies the odds of a passage for which the very question is listed: its author said it is the answer."""
_ECHOES = 92.0
"""From which likeness (0 to 100), small words and all, a question is the listed one with a slip of the pen."""
_HAS = 0.7
"""From which match on a passage is said to have a term."""
_FAMILIAR = 1.5
"""Matched weight from which a match is no longer thin: two rare words."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the confidence is reckoned from, each from 0.0 to 1.0 unless it says otherwise."""

    coverage: float
    """The share of the question's terms that the passage has, rare ones counting more and those alike a little less."""
    heading: float
    """The same share for the passage's own heading and its listed questions alone."""
    sentence: float
    """The same share for the best of its sentences together with its titles."""
    named: float
    """The other way round: the share of the heading that the question has. A heading that says more is about more."""
    likeness: float
    """How alike the question and the nearest of the listed questions are."""
    margin: float
    """How the passage stands by BM25 to the best of the others: 0.5 if level, above it if ahead of them."""
    substance: float
    """Whether the match rests on enough: 0 for nothing, 1 from two rare words on."""
    missing: float
    """The weight of the heaviest term that the passage lacks: it may be the very point."""
    length: float
    """The logarithm of the number of terms: a long question says much that no passage has."""


# Fitted by `python -m benchmarks.answers_fit` to 1,500 labelled questions on four made-up help centres; one without an
# answer counted 1.75 times as much as one with. Those of `tests/answers_set/unseen_*.json` were no part of it.
WEIGHTS = Measures(
    coverage=0.79,
    heading=1.21,
    sentence=2.02,
    named=3.13,
    likeness=0.32,
    margin=3.89,
    substance=3.37,
    missing=-3.58,
    length=0.70,
)
BIAS = -7.87


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage and how likely it is to answer the question, from 0.0 to 1.0."""

    passage: Passage
    confidence: float
    covered: bool
    """Whether the passage has every term of the question."""


def score(asked: Asked, candidates: Sequence[Candidate], language: str) -> list[Scored]:
    """The candidates with their confidence, best first; `language` is the question's, "" if not known.

    The passages stand against each other and against "none of them", whose odds are 1: a passage with a near equal
    is a guess, however well it fits. The pieces of one long section are no rivals.
    """
    rated: list[tuple[Candidate, float]] = []
    for candidate in candidates:
        own = odds(measure(asked, candidate, candidates))
        foreign = language and candidate.language not in ("", language)
        factor = (OTHER_LANGUAGE if foreign else 1.0) * (ECHO if _echoes(asked, candidate.passage) else 1.0)
        rated.append((candidate, own * factor))
    scored: list[Scored] = []
    for candidate, own in rated:
        source = candidate.passage.source
        rivals = sum(other for each, other in rated if each.passage.source != source)
        covered = all(match(wanted, candidate.fields.whole) >= _HAS for wanted in asked.wanted)
        scored.append(Scored(candidate.passage, own / (1.0 + own + rivals), covered))
    return sorted(scored, key=lambda each: each.confidence, reverse=True)


def measure(asked: Asked, candidate: Candidate, candidates: Sequence[Candidate]) -> Measures:
    """The measures of one of the candidates, in the light of the others."""
    fields, terms = candidate.fields, asked.wanted
    whole = asked.weight or 1.0
    has = [match(each, fields.whole) for each in terms]
    named = [max(match(each, place) for place in (fields.heading, *fields.questions)) for each in terms]
    titled = [match(each, fields.titles) for each in terms]
    source = candidate.passage.source
    rival = max((each.score for each in candidates if each.passage.source != source), default=0.0)
    covered = _weighed(terms, has)
    return Measures(
        coverage=covered / whole,
        heading=_weighed(terms, named) / whole,
        sentence=max((_told(terms, titled, each) for each in fields.sentences), default=0.0) / whole,
        named=_share(fields.named, asked.field),
        likeness=max(map(_likeness, [asked] * len(fields.listed), fields.listed, fields.questions), default=0.0),
        margin=candidate.score / (candidate.score + rival) if candidate.score > 0 else 0.0,
        substance=min(1.0, covered / _FAMILIAR),
        missing=max((each.weight * (1 - fit) for each, fit in zip(terms, has, strict=True)), default=0.0),
        length=math.log1p(len(terms)),
    )


def odds(measures: Measures) -> float:
    """The odds that a passage with these measures answers the question, taken alone."""
    evidence = sum(weight * value for weight, value in zip(astuple(WEIGHTS), astuple(measures), strict=True))
    return math.exp(evidence + BIAS)


def _weighed(terms: Sequence[Wanted], fits: Sequence[float]) -> float:
    return sum(each.weight * fit for each, fit in zip(terms, fits, strict=True))


def _told(terms: Sequence[Wanted], titled: Sequence[float], sentence: Field) -> float:
    return sum(each.weight * max(fit, match(each, sentence)) for each, fit in zip(terms, titled, strict=True))


def _share(terms: Sequence[Wanted], field: Field) -> float:
    """How much of the terms a field has; a term of a like meaning is as good as the same one."""
    whole = sum(each.weight for each in terms)
    return sum(each.weight * min(1.0, match(each, field) / ALIKE) for each in terms) / whole if whole else 0.0


def _likeness(asked: Asked, listed: Sequence[Wanted], question: Field) -> float:
    """Dice's measure over the terms of both."""
    both = asked.weight + sum(each.weight for each in listed)
    return 2 * sum(each.weight * match(each, question) for each in asked.wanted) / both if both else 0.0


def _echoes(asked: Asked, passage: Passage) -> bool:
    said = " ".join(words_of(asked.text))
    return any(fuzz.ratio(said, " ".join(words_of(each))) >= _ECHOES for each in passage.questions)
