"""Which actions a draft leads to: pure functions from a turn and its draft to the effects to be queued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.domain import (
    NOTHING,
    ActionKind,
    Draft,
    Handoff,
    OutboundFile,
    Outcome,
    Priority,
    Reason,
    Reply,
    Resolve,
    Sentiment,
    Silence,
    Step,
    Summary,
)

BY_HAND, TAKE_OVER, GIVE_BACK, CLOSE, REOPEN = "by_hand", "take_over", "give_back", "close", "reopen"
"""The purposes of what a person asks for from here: a message, and what is to become of the session at the vendor."""


@dataclass(frozen=True, slots=True)
class CoreReply(Reply):
    """What core itself says in place of a responder's draft, and why."""

    reason: Reason = Reason.ANSWERED
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Silence):
    """Say nothing until a moment, but for a `notice` ("" for none); then the turn is taken as usual."""

    until: datetime
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """That nobody is there: `until` when, in words, and what the customer is told of it; both "" if somebody is."""

    until: str = ""
    notice: str = ""


PRESENT = Absence()


@dataclass(frozen=True, slots=True)
class Planned:
    """An effect to be queued.

    `after_claim` says that it may only happen if the claim before it succeeded, `otherwise` that it is only wanted if
    the effect before it failed; `vetoed` why a plugin forbade it; `by` the person who asked for it, "" for the AI.
    """

    kind: ActionKind
    purpose: str
    priority: Priority
    text: str = ""
    assignee: str = ""
    after_claim: bool = False
    fields: Mapping[str, Any] = NOTHING
    vetoed: str = ""
    otherwise: bool = False
    files: tuple[OutboundFile, ...] = ()
    by: str = ""


def outcome_of(draft: Draft) -> tuple[Outcome, Reason, str]:
    """Outcome, reason code and detail of the decision a draft stands for."""
    match draft:
        case CoreReply():
            return Outcome.REPLY, draft.reason, draft.detail
        case Reply():
            return Outcome.REPLY, Reason.ANSWERED, ""
        case Handoff():
            return Outcome.HANDOFF, draft.reason, draft.detail
        case Resolve():
            return Outcome.RESOLVE, Reason.RESOLVED, ""
        case Silence():
            return Outcome.SILENCE, draft.reason, draft.detail


def topic_of(draft: Draft) -> str:
    """What a draft is about, as far as it says."""
    return draft.topic if isinstance(draft, Reply | Handoff) else ""


def as_json(summary: Summary | None) -> dict[str, str]:
    """The parts of behaviour 5: a summary, and the sentiment."""
    return {} if summary is None else {"summary": summary.text, "sentiment": summary.sentiment.value}


def for_reply(text: str, agent_id: str, *, claim: bool, files: tuple[OutboundFile, ...] = ()) -> list[Planned]:
    """Answer the customer, after claiming the conversation if nobody has it."""
    answer = Planned(ActionKind.REPLY, "answer", Priority.LIVE, text=text, after_claim=claim, files=files)
    return [*_claim(agent_id, claim), answer]


def for_resolution(text: str, summary: Summary, agent_id: str, *, claim: bool) -> list[Planned]:
    """Close the conversation: a last word, the private resolution note, then the status (behaviour 47).

    The status comes last, because a message posted into a resolved conversation may open it again.
    """
    steps = _claim(agent_id, claim)
    if text:
        steps.append(Planned(ActionKind.REPLY, "last_word", Priority.LIVE, text=text, after_claim=claim))
    note = resolution_note("Resolved by the AI.", summary)
    steps.append(Planned(ActionKind.NOTE, "resolution", Priority.SYNC, text=note, after_claim=claim))
    steps.append(Planned(ActionKind.RESOLVE, "resolution", Priority.SYNC, after_claim=claim))
    return steps


def resolution_note(heading: str, summary: Summary) -> str:
    """What agents are told of a closing; `heading` says whose it was."""
    return f"{heading}\n\n{_words(summary)}"


def for_hold(notice: str, agent_id: str, *, claim: bool) -> list[Planned]:
    """Tell the customer that they will have to wait (gap G8)."""
    told = Planned(ActionKind.REPLY, "hold_notice", Priority.LIVE, text=notice, after_claim=claim)
    return [*_claim(agent_id, claim), told] if notice else []


def for_handoff(reason: Reason, summary: Summary, steps: Sequence[Step], absence: Absence = PRESENT) -> list[Planned]:
    """Let a human go on, in the order this vendor's users expect (behaviour 40, 41; 85, 86).

    Where nobody is there the note says so. The customer's notice goes first, for a message posted into what was just
    unassigned might assign it again.
    """
    note = f"Handed off by the AI: {REASON_WORDS.get(reason, reason.value)}.\n\n{_words(summary)}"
    made = []
    if absence.until:
        note += f"\nNobody is there until {absence.until}."
    if absence.notice:
        made.append(Planned(ActionKind.REPLY, "handoff_notice", Priority.HANDOFF, text=absence.notice))
    for step in steps:
        made.append(
            Planned(
                step.kind,
                "handoff",
                Priority.HANDOFF,
                text=note if step.kind is ActionKind.NOTE else "",
                assignee=step.assignee,
                fields=step.fields,
                otherwise=step.otherwise,
            )
        )
    return made


def for_assist(text: str, footer: str, files: tuple[OutboundFile, ...] = ()) -> list[Planned]:
    """Draft for an agent: a private note, never a reply."""
    whole = f"{text}\n\n{footer}" if footer else text
    return [Planned(ActionKind.NOTE, "draft", Priority.LIVE, text=whole, fields={"footer": footer}, files=files)]


def without_footer(text: str, footer: str) -> str:
    """The draft in the text of such a note."""
    return text.removesuffix(f"\n\n{footer}") if footer else text


def labelled(steps: list[Planned], labels: Sequence[str]) -> list[Planned]:
    """Have a conversation that is acted in bear its labels: with the claim, or else after all the rest."""
    if not steps or not labels:
        return steps
    if steps[0].purpose == "claim":
        return [replace(steps[0], fields={**steps[0].fields, "labels": list(labels)}), *steps[1:]]
    return [*steps, Planned(ActionKind.UPDATE, "labels", Priority.SYNC, fields={"labels": list(labels)})]


def with_links(text: str, files: Sequence[OutboundFile]) -> str:
    """A text that names the files which could not be sent with it, and where they can be had."""
    return "\n".join([text, "", *(f"{file.name}: {file.url}" if file.url else file.name for file in files)])


REASON_WORDS = {
    Reason.EXPLICIT_REQUEST: "the customer asked for a person",
    Reason.CANNOT_RESOLVE: "it found no answer",
    Reason.LOW_CONFIDENCE: "it was not sure enough of its answer",
    Reason.FRUSTRATION: "the customer is angry",
    Reason.FORBIDDEN_TOPIC: "it may not speak about this topic",
    Reason.TOPIC_NOT_ALLOWED: "this is none of the topics it may speak about",
    Reason.OUTSIDE_OFFICE_HOURS: "nobody is there, and it answers only in office hours",
    Reason.MISSING_KNOWLEDGE: "it does not know enough about this",
    Reason.MISSING_TOOL: "it lacks the means to do what is asked",
    Reason.UNCLEAR_INSTRUCTION: "its instructions leave open what to do",
    Reason.RESPONDER_FAILED: "its responder failed",
    Reason.NO_RESPONDER: "no responder is enabled",
    Reason.RESPONDER_DECIDED: "its responder decided so",
    Reason.DELIVERY_FAILED: "its reply could not be delivered",
    Reason.AUTOMATIC_MESSAGE: "a machine seems to be answering it",
    Reason.TOO_MANY_REPLIES: "it has answered too often within an hour",
}
"""How a reason code reads in the note; a code not named here is shown as it is."""


def _claim(agent_id: str, claim: bool) -> list[Planned]:
    return [Planned(ActionKind.ASSIGN, "claim", Priority.LIVE, assignee=agent_id)] if claim else []


def _words(summary: Summary) -> str:
    return f"Summary: {summary.text}\nSentiment: {_SENTIMENT[summary.sentiment]}"


_SENTIMENT = {Sentiment.ANGRY: "angry", Sentiment.NEUTRAL: "neutral", Sentiment.HAPPY: "happy"}
