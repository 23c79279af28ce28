"""Fits the weights of `plugins/answers/confidence.py` to the labelled questions that may be looked at, and prints them.

Run it as `.venv/bin/python -m benchmarks.answers_fit` from the project's root; it takes some minutes. It prints how
each set fares with weights fitted to the others (which is the honest figure), and then the weights fitted to all of
them, for the lines WEIGHTS and BIAS. It does not open `tests/answers_set/unseen_1.json` and `unseen_2.json`.

The model is a conditional logistic regression: the odds of each passage stand against those of the others and against
"no answer", whose odds are 1. A question without an answer counts `NO_ANSWER` times, since a wrong answer costs more
trust than a conversation that a person takes over.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from plugins.answers.confidence import Measures, measure
from plugins.answers.passages import cut, slug
from plugins.answers.search import Index

ROOT = Path(__file__).parents[1]
NO_ANSWER = 1.75
SHRINK = 1.0
"""How much large weights are held down."""
STEPS = 300


@dataclass(frozen=True)
class Example:
    """A question's candidates by their measures, and which of them are right."""

    rows: list[list[float]]
    right: list[bool]
    answerable: bool
    heavy: float


def examples(folder: Path, questions: Sequence[tuple[str, str]]) -> list[Example]:
    """`questions` are pairs of a question and the source that answers it, "" for none."""
    files = sorted(folder.rglob("*.md"))
    index = Index([each for file in files for each in cut(file.relative_to(folder).as_posix(), file.read_text())])
    found: list[Example] = []
    for question, source in questions:
        language = index.language_of(question)
        asked = index.ask(question, language)
        candidates = index.candidates(asked)
        rows = [[*astuple(measure(asked, each, candidates)), 1.0] for each in candidates]
        right = [each.passage.source == source for each in candidates]
        found.append(Example(rows, right, bool(source), 1.0 if source else NO_ANSWER))
    return found


def labelled() -> dict[str, list[Example]]:
    """The examples of each set by its name."""
    tests = ROOT / "tests"
    shop = tests / "answers_set"
    sets = {
        "set": (
            shop / "folder",
            [
                each
                for name in ("open", "blind", "fresh", "later_1", "later_2")
                for each in _listed(shop / f"{name}.json")
            ],
        )
    }
    for path in sorted((tests / "answers_dev" / "shop").glob("*.json")):
        sets[f"shop {path.stem}"] = (shop / "folder", _listed(path))
    for name in ("software", "travel"):
        place = tests / "answers_dev" / name
        sets[name] = (place / "folder", _listed(place / "questions.json"))
    sets["sample"] = (ROOT / "plugins" / "answers" / "sample", _of_the_older_test())
    return {name: examples(folder, questions) for name, (folder, questions) in sets.items()}


def _listed(path: Path) -> list[tuple[str, str]]:
    return [(each["question"], source(each["passage"])) for each in json.loads(path.read_text())]


def source(passage: str | None) -> str:
    """The source of a passage that is named by its file and heading; "" for none."""
    file, _, heading = (passage or "").partition("#")
    return f"{file}#{slug(heading)}" if passage else ""


def _of_the_older_test() -> list[tuple[str, str]]:
    tree = ast.parse((ROOT / "tests" / "unit" / "test_answers_confidence.py").read_text())
    lists = {
        ast.unparse(node.targets[0]): ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("ANSWERED", "UNANSWERED")
    }
    return [*lists["ANSWERED"], *((question, "") for question in lists["UNANSWERED"])]


def chances(weights: Sequence[float], example: Example) -> list[float]:
    """How likely each candidate is to be the answer."""
    evidence = [sum(map(float.__mul__, weights, row)) for row in example.rows]
    most = max(0.0, *evidence) if evidence else 0.0
    parts = [math.exp(each - most) for each in evidence]
    whole = sum(parts) + math.exp(-most)
    return [part / whole for part in parts]


def fit(data: Sequence[Example]) -> list[float]:
    """The weights, the bias last, by gradient ascent with steps of their own for each (Adam)."""
    count = len(fields(Measures)) + 1
    weights, mean, spread = [0.0] * count, [0.0] * count, [0.0] * count
    for step in range(1, STEPS + 1):
        slope = [-2 * SHRINK * each for each in weights[:-1]] + [0.0]
        for example in data:
            likely = chances(weights, example)
            right = sum(chance for chance, good in zip(likely, example.right, strict=True) if good)
            for chance, good, row in zip(likely, example.right, example.rows, strict=True):
                pull = example.heavy * ((chance / right if good else 0.0) - chance)
                if abs(pull) > 1e-6:
                    slope = [each + pull * value for each, value in zip(slope, row, strict=True)]
        rate = 0.3 * (1 - step / (STEPS + 1))
        for place, each in enumerate(slope):
            mean[place] = 0.9 * mean[place] + 0.1 * each
            spread[place] = 0.99 * spread[place] + 0.01 * each * each
            smooth = math.sqrt(spread[place] / (1 - 0.99**step)) + 1e-9
            weights[place] += rate * mean[place] / (1 - 0.9**step) / smooth
    return weights


def figures(weights: Sequence[float], data: Sequence[Example], threshold: float = 0.5) -> tuple[int, int, int]:
    """How many are answered, how many of those rightly, and how many could be."""
    answered = right = 0
    for example in data:
        likely = chances(weights, example)
        if likely and max(likely) >= threshold:
            answered += 1
            right += example.right[likely.index(max(likely))]
    return answered, right, sum(each.answerable for each in data)


def main() -> None:
    sets = labelled()
    total = [0, 0, 0]
    for name, data in sets.items():
        weights = fit([each for other, rest in sets.items() if other != name for each in rest])
        found = figures(weights, data)
        total = [old + new for old, new in zip(total, found, strict=True)]
        _tell(f"{name}, fitted to the others", found)
    _tell("all of them, so fitted", total)
    weights = fit([each for data in sets.values() for each in data])
    _tell("all of them, fitted to themselves", figures(weights, [each for data in sets.values() for each in data]))
    for field, weight in zip(fields(Measures), weights, strict=False):
        print(f"    {field.name}={weight:.2f},")
    print(f"BIAS = {weights[-1]:.2f}")


def _tell(name: str, found: Sequence[int]) -> None:
    answered, right, could = found
    print(
        f"{name}: answered {answered}, right {right}: {right / max(1, answered):.2f}; of {could}: {right / could:.2f}"
    )


if __name__ == "__main__":
    main()
