"""Which actions a draft leads to: pure functions from a turn and its draft to the effects to be queued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain import (
    NOTHING,
    ActionKind,
    Author,
    Draft,
    Handoff,
    Outcome,
    Priority,
    Reason,
    Reply,
    Resolve,
    Sentiment,
    Silence,
    Summary,
    Turn,
    Visibility,
)

LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Planned:
    """An effect to be queued.

    `after_claim` says that it may only happen if the claim before it succeeded; `vetoed` why a plugin forbade it.
    """

    kind: ActionKind
    purpose: str
    priority: Priority
    text: str = ""
    assignee: str = ""
    after_claim: bool = False
    fields: Mapping[str, Any] = NOTHING
    vetoed: str = ""


def outcome_of(draft: Draft) -> tuple[Outcome, Reason, str]:
    """Outcome, reason code and detail of the decision a draft stands for."""
    match draft:
        case Reply():
            return Outcome.REPLY, Reason.ANSWERED, ""
        case Handoff():
            return Outcome.HANDOFF, draft.reason, draft.detail
        case Resolve():
            return Outcome.RESOLVE, Reason.RESOLVED, ""
        case Silence():
            return Outcome.SILENCE, draft.reason, draft.detail


def for_reply(text: str, agent_id: str, *, claim: bool) -> list[Planned]:
    """Answer the customer, after claiming the conversation if nobody has it."""
    return [*_claim(agent_id, claim), Planned(ActionKind.REPLY, "answer", Priority.LIVE, text=text, after_claim=claim)]


def for_resolution(text: str, summary: Summary, agent_id: str, *, claim: bool) -> list[Planned]:
    """Close the conversation: a last word, the private resolution note, then the status (behaviour 47).

    The status comes last, because a message posted into a resolved conversation may open it again.
    """
    steps = _claim(agent_id, claim)
    if text:
        steps.append(Planned(ActionKind.REPLY, "last_word", Priority.LIVE, text=text, after_claim=claim))
    note = f"Resolved by the AI.\n\n{_words(summary)}"
    steps.append(Planned(ActionKind.NOTE, "resolution", Priority.SYNC, text=note, after_claim=claim))
    steps.append(Planned(ActionKind.RESOLVE, "resolution", Priority.SYNC, after_claim=claim))
    return steps


def for_handoff(reason: Reason, summary: Summary, steps: Sequence[ActionKind]) -> list[Planned]:
    """Let a human go on, in the order this vendor's users expect (behaviour 40, 41; 85, 86)."""
    note = f"Handed off by the AI: {REASON_WORDS.get(reason, reason.value)}.\n\n{_words(summary)}"
    made = []
    for kind in steps:
        text = note if kind is ActionKind.NOTE else ""
        made.append(Planned(kind, "handoff", Priority.HANDOFF, text=text))
    return made


def for_assist(text: str, footer: str) -> list[Planned]:
    """Draft for an agent: a private note, never a reply."""
    whole = f"{text}\n\n{footer}" if footer else text
    return [Planned(ActionKind.NOTE, "draft", Priority.LIVE, text=whole)]


def plain_summary(turn: Turn) -> Summary:
    """What can be said of a session without a responder: what the customer wrote, and how often the AI answered."""
    said = [message.text for message in turn.messages if message.author is Author.CUSTOMER and message.text]
    answers = sum(1 for m in turn.messages if m.author is Author.AI and m.visibility is Visibility.PUBLIC)
    if not said:
        return Summary("The customer has written no text.")
    lines = [f"The customer first wrote: “{_short(said[0])}”."]
    if len(said) > 1:
        lines.append(f"Last: “{_short(said[-1])}”.")
    times = {0: "not answered", 1: "answered once"}.get(answers, f"answered {answers} times")
    lines.append(f"The AI has {times}.")
    return Summary(" ".join(lines))


REASON_WORDS = {
    Reason.EXPLICIT_REQUEST: "the customer asked for a person",
    Reason.CANNOT_RESOLVE: "it found no answer",
    Reason.LOW_CONFIDENCE: "it was not sure enough of its answer",
    Reason.RESPONDER_FAILED: "its responder failed",
    Reason.NO_RESPONDER: "no responder is enabled",
    Reason.RESPONDER_DECIDED: "its responder decided so",
    Reason.DELIVERY_FAILED: "its reply could not be delivered",
}
"""How a reason code reads in the note; a code not named here is shown as it is."""


def _claim(agent_id: str, claim: bool) -> list[Planned]:
    return [Planned(ActionKind.ASSIGN, "claim", Priority.LIVE, assignee=agent_id)] if claim else []


def _words(summary: Summary) -> str:
    return f"Summary: {summary.text}\nSentiment: {_SENTIMENT[summary.sentiment]}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


_SENTIMENT = {Sentiment.ANGRY: "angry", Sentiment.NEUTRAL: "neutral", Sentiment.HAPPY: "happy"}
