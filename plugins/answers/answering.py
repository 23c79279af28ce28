"""Decides what to say to a turn: the passage that fits, a courtesy, or that a human should go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from core import Author, Draft, Handoff, Message, Reason, Reply, Resolve, Silence, Turn, Visibility
from plugins.answers.confidence import score
from plugins.answers.languages import asks, language_of
from plugins.answers.passages import LONGEST, Passage, sentences
from plugins.answers.search import MOST_WORDS, Asked, Index
from plugins.answers.smalltalk import GREETINGS, WELCOMES, Kind, Smalltalk, smalltalk

FLOOR = 0.2
"""Below this confidence a passage is no answer at all, whatever threshold is set."""
FULLY = 0.85
"""From this confidence on, an answer that has every word of the question is said to cover it fully."""
SURE = 0.5
"""From this confidence on, an answer to each of several questions is given in place of one to the text as a whole."""
_PART_ASKED = 0.9
"""What the confidence in the answer to one sentence that asks counts for the whole text."""
_PART_TOLD = 0.3
"""The same for a sentence that only tells something ("I want my money back"), the less the more is said beside it."""
_SUBJECT = "Subject: "
"""How connectors begin a message that has a subject."""
_MOST_PARTS = 12
"""Sentences of a long letter that are searched one by one."""


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that answer a text, mostly one, and how sure that is."""

    passages: tuple[Passage, ...]
    confidence: float
    covered: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join(passage.text for passage in self.passages)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(passage.source for passage in self.passages)


def draft(index: Index, turn: Turn) -> Draft:
    """The draft for a turn, from the passages of `index`."""
    letters = [_letter(message.text) for message in turn.unanswered if message.text.strip()]
    texts = [text for _, text in letters if text]
    subjects = [subject for subject, _ in letters if subject]
    files = [file.name for message in turn.unanswered for file in message.attachments]
    if not turn.unanswered:
        return Silence(detail="no message of the customer is without an answer")
    if not letters:
        what = f"{len(files)} attachment(s) without text: {', '.join(files)}" if files else "a message without text"
        return Handoff(Reason.CANNOT_RESOLVE, f"the customer sent {what}")
    parts = [part for text in texts for part in _parts(text)]
    headings = [part for subject in subjects for part in _parts(subject)]
    if not parts and (not texts or any(map(asks, headings))):
        parts, headings = headings, []
    if not parts:
        if files:
            return Handoff(Reason.CANNOT_RESOLVE, f"the customer sent {len(files)} attachment(s) and no question")
        return _courtesy(turn, [talk for text in texts for talk in _smalltalk_of(text)])
    return _answer(index, turn, parts, headings)


def _letter(text: str) -> tuple[str, str]:
    """The subject of a message that has one, and what it says below."""
    line, _, below = text.strip().partition("\n")
    return (line.removeprefix(_SUBJECT), below.strip()) if line.startswith(_SUBJECT) else ("", text)


def _answer(index: Index, turn: Turn, parts: Sequence[str], headings: Sequence[str]) -> Draft:
    if not len(index):
        return Handoff(Reason.CANNOT_RESOLVE, "the folder of answers holds no text")
    found = _find(index, parts)
    if headings and (found is None or found.confidence < SURE):
        # What the text leaves out may stand above it; but mostly a subject is only noise ("My order", "Help").
        both = _find(index, [*headings, *parts])
        found = max((each for each in (found, both) if each), key=lambda each: each.confidence, default=None)
    if found is None:
        return Handoff(Reason.CANNOT_RESOLVE, "no passage has the words of the question")
    sources = " and ".join(found.sources)
    if found.confidence < FLOOR:
        return Handoff(
            Reason.CANNOT_RESOLVE, f"no passage answers it; the nearest is {sources} ({found.confidence:.2f})"
        )
    before = _public(turn, Author.AI)
    if all(any(_holds(said.text, passage.text) for said in before) for passage in found.passages):
        return Handoff(Reason.CANNOT_RESOLVE, f"the passage that fits best, {sources}, was given before")
    return Reply(
        found.text,
        confidence=found.confidence,
        might_solve=True,
        fully_covered=found.covered and found.confidence >= FULLY,
        sources=found.sources,
        topic=PurePath(found.sources[0].partition("#")[0]).stem,
    )


def _find(index: Index, parts: Sequence[str]) -> Found | None:
    """The answer to all parts as one question; to each of them alone if several ask, or if there is too much to ask at
    once. A single question is never taken out of its story: what it is about is often said there, and it alone fits the
    wrong passage."""
    whole = " ".join(parts)
    language = index.language_of(whole)
    asked = index.ask(whole, language)
    found = _best(index, asked, language)
    several = sum(asks(part) for part in parts) > 1
    if len(parts) == 1 or (not several and len(asked.wanted) < MOST_WORDS):
        return found
    answers: list[Found] = [found] if found else []
    questions: list[Found | None] = []
    for part in parts[-_MOST_PARTS:]:
        one = index.ask(part, language)
        best = _best(index, one, language)
        if asks(part) and one.wanted:
            questions.append(best)
        elif best is not None:
            # The whole may have been cut at its length, so that a part can outweigh it.
            share = one.weight / (asked.weight or 1.0)
            answers.append(Found(best.passages, best.confidence * min(1.0, _PART_TOLD + (1 - _PART_TOLD) * share)))
    together = _together(questions)
    if together and together[0].confidence >= SURE:
        return together[0]
    return max([*answers, *together], key=lambda each: each.confidence, default=None)


def _together(questions: Sequence[Found | None]) -> list[Found]:
    """One answer to several questions: no surer than the least sure, since a question passed over is no answer."""
    answered = [each for each in questions if each is not None]
    if not answered or len(answered) < len(questions):
        return []
    passages = tuple(dict.fromkeys(passage for each in answered for passage in each.passages))
    joint = Found(passages, _PART_ASKED * min(each.confidence for each in answered))
    return [joint] if len(joint.text) <= LONGEST else []


def _best(index: Index, asked: Asked, language: str) -> Found | None:
    scored = score(asked, index.candidates(asked), language)
    return Found((scored[0].passage,), scored[0].confidence, scored[0].covered) if scored else None


def _parts(text: str) -> list[str]:
    """The sentences of a message that are more than smalltalk; none if the message is smalltalk as a whole."""
    if smalltalk(text):
        return []
    return [sentence for sentence in sentences(text) if not smalltalk(sentence)]


def _smalltalk_of(text: str) -> list[Smalltalk]:
    whole = smalltalk(text)
    return [whole] if whole else [talk for each in sentences(text) if (talk := smalltalk(each))]


def _courtesy(turn: Turn, talks: Sequence[Smalltalk]) -> Draft:
    """The answer to messages that ask nothing."""
    said = _public(turn, Author.AI)
    kinds = {talk.kind for talk in talks}
    language = next((talk.language for talk in reversed(talks) if talk.language), "") or _language_before(turn)
    answered = any(message.text.strip() not in GREETINGS.values() for message in said)
    if Kind.THANKS in kinds and answered:
        return Resolve(WELCOMES.get(language, WELCOMES["en"]))
    if Kind.GREETING in kinds or Kind.THANKS in kinds:
        texts = GREETINGS if Kind.GREETING in kinds else WELCOMES
        return Reply(texts.get(language, texts["en"]), confidence=1.0, might_solve=False)
    return Silence(Reason.NOT_USEFUL, "the customer only nodded")


def _language_before(turn: Turn) -> str:
    """The language the customer wrote in, for an answer to a mere sign such as a raised thumb."""
    return language_of(" ".join(message.text for message in _public(turn, Author.CUSTOMER)))


def _public(turn: Turn, author: Author) -> list[Message]:
    return [each for each in turn.messages if each.author is author and each.visibility is Visibility.PUBLIC]


def _holds(said: str, passage: str) -> bool:
    """Whether a message holds the passage, whatever the vendor made of its line breaks."""
    return "".join(passage.split()) in "".join(said.split())
