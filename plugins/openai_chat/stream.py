"""Reads a streamed answer to its end, and tells a whole one from one that was cut, filtered or too long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

LONGEST = 200_000
"""Characters of an answer that are read; no token limit is that wide, so a longer one comes from a broken service."""


@dataclass(frozen=True, slots=True)
class Said:
    """A finished answer; `refused` says that it is a refusal, and `text` its words."""

    text: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Miss:
    """A try that brought no answer.

    `words` say why, `again` whether another try may help, `after` how many seconds the service wants to be left
    alone, and `cut` that the stream ended in the middle.
    """

    words: str
    again: bool = False
    after: float | None = None
    cut: bool = False


class Stream(Protocol):
    """What the official client gives for a streamed request, as far as it is used here."""

    @property
    def response(self) -> Any: ...

    def __iter__(self) -> Any: ...


def read(stream: Stream) -> Said | Miss:
    """The answer, or why it is none. What the client raises while reading goes on to the caller."""
    kind = str(stream.response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if kind != "text/event-stream":
        shown = kind if kind.replace("/", "").replace("-", "").replace("+", "").isalnum() else "something else"
        return Miss(f"the service answered with {shown[:40]} in place of a stream")
    said: list[str] = []
    refusal: list[str] = []
    finish = ""
    length = 0
    for choice in _choices(stream):
        delta = getattr(choice, "delta", None)
        for parts, word in ((said, getattr(delta, "content", None)), (refusal, getattr(delta, "refusal", None))):
            if isinstance(word, str):
                parts.append(word)
                length += len(word)
        if length > LONGEST:
            return Miss(f"the service sent more than {LONGEST} characters")
        reason = getattr(choice, "finish_reason", None)
        finish = reason if isinstance(reason, str) else finish
    return _judged("".join(said), "".join(refusal), finish)


def _choices(stream: Iterable[Any]) -> Iterable[Any]:
    for chunk in stream:
        choices = getattr(chunk, "choices", None)
        # Some services send chunks without a choice, for usage or what their filter found.
        yield from choices[:1] if isinstance(choices, list) else ()


def _judged(text: str, refusal: str, finish: str) -> Said | Miss:
    if refusal:
        return Said(refusal, refused=True)
    match finish:
        case "":
            return Miss("the service's answer was cut off before its end", again=True, cut=True)
        case "content_filter":
            return Said("the service's content filter stopped the answer", refused=True)
        case "length":
            return Miss("the answer was longer than max_output_tokens allows")
        case "tool_calls" | "function_call":
            return Miss("the model asked for a tool in place of an answer")
        case _:
            return Said(text)
