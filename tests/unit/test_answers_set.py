"""How well the embedded responder answers a labelled set of questions, over half of which nobody tuned it on."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from core import Author, Channel, Message, Mode, Owner, Reply, Session, SessionStatus, Turn
from core.testing.clock import START
from plugins.answers import Plugin
from plugins.answers.passages import slug

SET = Path(__file__).parents[1] / "answers_set"
THRESHOLD = 0.5
"""The default of the setting handoff.confidence."""
MOST_SOURCES = 2
PARTS = {
    "known": ("later_1", "later_2"),
    "unseen": ("unseen_1", "unseen_2"),
    "set": ("later_1", "later_2", "unseen_1", "unseen_2"),
    "older": ("open", "blind", "fresh"),
}
"""The half that the search was tuned on, the half that nobody tuned it on, and both; and more of the first kind.
SOURCES.md beside them tells how they came about."""
UNSEEN_AS_COMMITTED = {
    "unseen_1": "bc62cdee258ebf36b51c9acb23701773a92732885eaa296630176ea34a97dfb1",
    "unseen_2": "0fb804f7b11b69fa04d186228a765a513b586758378da90f27d43248b9c7464f",
}
"""The SHA-256 of each in commit a3a0da9, which was made before the tuning whose result is measured here."""
LEAST = {"known": (0.90, 0.60), "unseen": (0.90, 0.60), "set": (0.90, 0.60), "older": (0.85, 0.70)}
"""The share of the answers that must be right, and of the answerable questions that must be answered rightly."""


@dataclass(frozen=True)
class Outcome:
    """A question of the set, what should answer it ("" if nothing does) and what did, with how sure that was."""

    kind: str
    label: str
    sources: tuple[str, ...] = ()
    confidence: float = 0.0

    @property
    def answered(self) -> bool:
        """A courtesy has no sources and is no answer."""
        return bool(self.sources) and self.confidence >= THRESHOLD

    @property
    def right(self) -> bool:
        return self.answered and self.label in self.sources and len(self.sources) <= MOST_SOURCES


def rows(part: str) -> list[dict[str, str | None]]:
    return [row for name in PARTS[part] for row in json.loads((SET / f"{name}.json").read_text(encoding="utf-8"))]


def source_of(passage: str | None) -> str:
    """The source as a reply names it: the heading as an anchor."""
    file, _, heading = (passage or "").partition("#")
    return f"{file}#{slug(heading)}" if passage else ""


@cache
def outcomes(part: str) -> tuple[Outcome, ...]:
    plugin = Plugin({"folder": SET / "folder"})
    session = Session(1, 1, "c1", Channel.WEB, SessionStatus.OPEN, Owner.AI)
    found: list[Outcome] = []
    for row in rows(part):
        message = Message(Author.CUSTOMER, str(row["question"]), START)
        draft = plugin.draft_reply(Turn(session, "shop", Mode.AUTOPILOT, (message,), (message,)))
        outcome = Outcome(str(row["kind"]), source_of(row["passage"]))
        if isinstance(draft, Reply):
            outcome = replace(outcome, sources=draft.sources, confidence=draft.confidence)
        found.append(outcome)
    return tuple(found)


def precision(found: Sequence[Outcome]) -> float:
    return sum(each.right for each in found) / max(1, sum(each.answered for each in found))


def coverage(found: Sequence[Outcome]) -> float:
    return sum(each.right for each in found) / max(1, sum(bool(each.label) for each in found))


def line(name: str, found: Sequence[Outcome]) -> str:
    answered, right = sum(each.answered for each in found), sum(each.right for each in found)
    shares = f"{precision(found):11.2f}" if answered else " " * 11
    shares += f"{coverage(found):10.2f}" if any(each.label for each in found) else ""
    return f"{name:24}{len(found):10}{answered:10}{right:10}{shares}"


def tell(lines: Sequence[str]) -> None:
    print("\n" + "\n".join(lines))  # noqa: T201 - the figures are the proof


def test_the_set_is_as_large_as_it_must_be() -> None:
    headings = [
        heading
        for file in (SET / "folder").glob("*.md")
        for heading in re.findall(r"(?m)^## ", file.read_text("utf-8"))
    ]
    assert len(headings) == 40
    for part in PARTS:
        assert sum(row["passage"] is None for row in rows(part)) * 2 == len(rows(part)) > 100
    assert len(rows("unseen")) * 2 == len(rows("set")) >= 200


def test_the_unseen_questions_are_as_they_were_before_any_tuning() -> None:
    found = {name: hashlib.sha256((SET / f"{name}.json").read_bytes()).hexdigest() for name in PARTS["unseen"]}
    assert found == UNSEEN_AS_COMMITTED


@pytest.mark.parametrize("part", PARTS)
def test_most_answers_are_right_and_most_questions_answered(part: str) -> None:
    found = outcomes(part)
    kinds = sorted({each.kind for each in found})
    tell(
        [
            f"{part + ' questions':24}{'asked':>10}{'answered':>10}{'right':>10}{'precision':>11}{'coverage':>10}",
            *(line(kind, [each for each in found if each.kind == kind]) for kind in kinds),
            line("together", found),
        ]
    )
    least_precision, least_coverage = LEAST[part]
    # Taken out of the assertions, which would otherwise show single outcomes of the unseen questions as they fail.
    reached_precision, reached_coverage = precision(found), coverage(found)
    assert reached_precision >= least_precision
    assert reached_coverage >= least_coverage


def test_the_confidence_says_how_often_an_answer_is_right() -> None:
    found = [each for each in outcomes("set") if each.answered]
    lines = [f"{'confidence':24}{'answered':>10}{'right':>10}{'expected':>10}{'share':>10}"]
    for low, high in ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01)):
        part = [each for each in found if low <= each.confidence < high]
        right, expected = sum(each.right for each in part), sum(each.confidence for each in part)
        lines.append(
            f"{low:.1f} to {min(high, 1.0):<17.1f}{len(part):10}{right:10}{expected:10.1f}{precision(part):10.2f}"
        )
    tell(lines)
    sure, right = sum(each.confidence for each in found), sum(each.right for each in found)
    assert abs(sure - right) <= 0.15 * len(found)


@pytest.mark.parametrize("part", PARTS)
def test_shuffled_labels_fail(part: str) -> None:
    found = outcomes(part)
    labels = [each.label for each in found]
    random.Random(7).shuffle(labels)
    shuffled = [replace(each, label=label) for each, label in zip(found, labels, strict=True)]
    tell([line(f"{part}, labels shuffled", shuffled)])
    reached_precision, reached_coverage = precision(shuffled), coverage(shuffled)
    assert reached_precision < 0.2
    assert reached_coverage < 0.2
