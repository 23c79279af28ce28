"""The form in which the model answers, and the checked reading of what it sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core import Reason, Sentiment, Summary
from plugins.openai_chat.client import NO_TEXT, Form

ACTIONS = ("reply", "handoff", "resolve", "silence")
WHY = {
    "none": Reason.CANNOT_RESOLVE,
    "asked_for_person": Reason.EXPLICIT_REQUEST,
    "missing_knowledge": Reason.MISSING_KNOWLEDGE,
    "missing_tool": Reason.MISSING_TOOL,
    "unclear_instruction": Reason.UNCLEAR_INSTRUCTION,
}
"""Why the model hands off (behaviour 113), and the reason code that stands for it."""
LONGEST_TOPIC = 80
LONGEST_SUMMARY = 1500
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)


class Junk(Exception):
    """What the model sent is not in the form; the text says where, without quoting it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model decided, checked: `action` is one of `ACTIONS`, `confidence` runs from 0.0 to 1.0."""

    action: str
    reply: str
    confidence: float
    might_solve: bool
    fully_covered: bool
    topic: str
    sentiment: Sentiment
    summary: str
    why: str
    reason: str


def _text(longest: int = 0) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and not NO_TEXT.search(value) and (not longest or len(value) <= longest)


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def _one_of(words: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


_SENTIMENTS = tuple(Sentiment)
_SENTIMENT = {"type": "string", "enum": [str(each) for each in _SENTIMENTS]}
_KEYS: dict[str, tuple[dict[str, Any], Callable[[Any], bool], str]] = {
    "action": ({"type": "string", "enum": list(ACTIONS)}, _one_of(ACTIONS), "one of " + ", ".join(ACTIONS)),
    "reply": ({"type": "string"}, _text(), "a text"),
    "confidence": ({"type": "number"}, _share, "a number from 0 to 1"),
    "might_solve": ({"type": "boolean"}, lambda value: isinstance(value, bool), "true or false"),
    "fully_covered": ({"type": "boolean"}, lambda value: isinstance(value, bool), "true or false"),
    "topic": ({"type": "string"}, _text(LONGEST_TOPIC), f"a text of at most {LONGEST_TOPIC} characters"),
    "sentiment": (_SENTIMENT, _one_of(_SENTIMENTS), "one of " + ", ".join(_SENTIMENTS)),
    "summary": ({"type": "string"}, _text(LONGEST_SUMMARY), f"a text of at most {LONGEST_SUMMARY} characters"),
    "why": ({"type": "string", "enum": list(WHY)}, _one_of(tuple(WHY)), "one of " + ", ".join(WHY)),
    "reason": ({"type": "string"}, _text(), "a text"),
}


def _form(name: str, keys: tuple[str, ...]) -> Form:
    properties = {key: _KEYS[key][0] for key in keys}
    schema = {"type": "object", "properties": properties, "required": list(keys), "additionalProperties": False}
    return Form(name, schema)


ANSWER = _form("answer", tuple(_KEYS))
"""What a draft is asked in."""
SUMMARY = _form("summary", ("summary", "sentiment"))
"""What a summary is asked in."""


def read_answer(text: str) -> Answer:
    """The answer in a text, whatever stands around it. Raises `Junk` where a key of the form is missing or wrong."""
    found = _read(text, ANSWER)
    answer = Answer(**{**found, "confidence": float(found["confidence"]), "sentiment": Sentiment(found["sentiment"])})
    if answer.action == "reply" and not answer.reply.strip():
        raise Junk('"reply" is empty')
    return answer


def read_summary(text: str) -> Summary:
    """The summary in a text. Raises `Junk` where a key of the form is missing or wrong, and for an empty one."""
    found = _read(text, SUMMARY)
    if not found["summary"].strip():
        raise Junk('"summary" is empty')
    return Summary(found["summary"].strip(), Sentiment(found["sentiment"]))


def _read(text: str, form: Form) -> Mapping[str, Any]:
    found = _object_in(text)
    wanted = form.schema["properties"]
    for key in wanted:
        if key not in found:
            raise Junk(f'"{key}" is missing')
        if not _KEYS[key][1](found[key]):
            raise Junk(f'"{key}" is not {_KEYS[key][2]}')
    # Without a schema many models say more than was asked, and mean the same.
    return {key: found[key] for key in wanted}


def _object_in(text: str) -> Mapping[str, Any]:
    """The JSON object of an answer. Some models think aloud before it, or wrap it into words or a fenced block."""
    text = _THOUGHT.sub("", text)
    begins = text.find("{")
    if not text.strip():
        raise Junk("it is empty")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[begins:]) if begins >= 0 else (json.loads(text), 0)
    except (ValueError, RecursionError):
        raise Junk("it is no JSON") from None
    if not isinstance(found, dict):
        raise Junk("it is no JSON object")
    return found
