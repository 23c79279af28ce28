"""Why things went as they did, in plain words: events, decisions and actions as a person reads of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain import ActionState, Author, Outcome, Reason
from core.flow.plan import REASON_WORDS
from core.web.queries.activity import EventLine
from core.web.queries.aftermath import Aftermath
from core.web.queries.thread import Decided, Effect
from core.web.wording import moment

EVENT_STATES = {
    "pending": "waiting",
    "done": "read",
    "ignored": "ignored",
    "failed": "failed",
    "rejected": "rejected",
}
SOURCES = {"webhook": "by webhook", "poll": "by asking the helpdesk", "backfill": "with the import"}
ACTIONS = {"assign": "assignment", "unassign": "end of the assignment", "resolve": "closing"}
"""What the kinds of action are called that are no nouns."""
ACTION_STATES = {
    ActionState.PENDING: "waits for its turn",
    ActionState.SENDING: "is being sent",
    ActionState.RETRY: "is tried again",
    ActionState.UNCERTAIN: "may have been sent; it is looked for in the helpdesk",
    ActionState.RECONCILING: "may have been sent; it is looked for in the helpdesk",
    ActionState.SENT: "was sent",
    ActionState.FAILED: "could not be sent",
    ActionState.PARKED: "may have been sent, and must be looked at by a person",
    ActionState.CANCELLED: "was not sent",
}
OUTCOMES = {
    Outcome.REPLY: "reply",
    Outcome.HANDOFF: "hand it off",
    Outcome.RESOLVE: "resolve it",
    Outcome.SILENCE: "say nothing",
}
DECISIONS: Mapping[str, str] = {
    **{reason.value: words for reason, words in REASON_WORDS.items()},
    Reason.ANSWERED: "it had an answer",
    Reason.DECLINED_HUMAN: "the customer asked for a person, and the settings pass nobody on",
    Reason.OFFERED_HELP: "the customer asked for a person, and it offered help first",
    Reason.ASKED_FOR_DETAILS: "it asked what it is about before passing the customer on",
    Reason.ASKED_TO_CLARIFY: "it asked what the customer means",
    Reason.RESOLVED: "the matter is settled",
    Reason.ASSUMED_RESOLVED: "the customer has fallen silent, which is taken for settled",
    Reason.ASSIGNED_TO_HUMAN: "a human had the session",
    Reason.NOT_ASSIGNED_TO_AI: "the conversation was not the AI's",
    Reason.CHANNEL_OFF: "the AI is off on this channel",
    Reason.SESSION_CLOSED: "the session was closed",
    Reason.SUPERSEDED: "more had happened meanwhile; the next turn answers it all",
    Reason.CANCELLED: "the session had moved on meanwhile",
    Reason.NOT_USEFUL: "an answer would have been of no use",
    Reason.VETOED: "a plugin did not let it pass",
    Reason.CONVERSATION_GONE: "the helpdesk does not know the conversation any more",
    Reason.TOO_OLD: "the message was too old to be answered when it arrived",
    Reason.DISCONNECTED: "the connection was disconnected",
}
"""Why a turn ended as it did, by the code of its decision."""

_IGNORED = {
    "no_conversation": "it names no conversation",
    Reason.CONVERSATION_GONE: "the helpdesk does not know the conversation any more",
    "disconnected": "the connection was disconnected before it was read",
    "no_session": "it begins no session: nobody has spoken in the conversation, or it was over already",
    "nothing_to_tell": "it tells nothing that concerns a session",
    "not_seen": "the helpdesk could not be asked what had become of the conversation",
    "known": "the conversation was here already when the import came to it",
}
_FAILED = {
    "bad_payload": "it is not as the connector expects it",
    "processing_failed": "working on it failed however often it was tried",
}
_DONE = {
    "read_with_another": "was read together with another event of its conversation",
    "split_again": "was read again later; what is in it is stored as events of their own",
}
_BROUGHT = {
    (Author.CUSTOMER, "public"): "a message of the customer",
    (Author.AGENT, "public"): "a message of an agent",
    (Author.AGENT, "private"): "a private note of an agent",
    (Author.AI, "public"): "a message that the AI had sent",
    (Author.AI, "private"): "a private note that the AI had written",
}
_OWNERS = {"ai": "gave it to the AI", "human": "gave it to a human", "nobody": "left it to nobody"}
_IN_SHORT = {
    ActionState.PENDING: "waiting",
    ActionState.SENDING: "being sent",
    ActionState.RETRY: "tried again later",
    ActionState.UNCERTAIN: "in doubt",
    ActionState.RECONCILING: "in doubt",
    ActionState.SENT: "sent",
    ActionState.FAILED: "failed",
    ActionState.PARKED: "parked for a person",
    ActionState.CANCELLED: "not sent",
}


def why_event(line: EventLine) -> str:
    """Why an event is in its state, or what it waits for; "" where there is nothing to say."""
    match line.state:
        case "ignored" if line.reason == "unknown_kind":
            return f"the connector does not understand the kind {line.kind}"
        case "ignored":
            return _IGNORED.get(line.reason) or line.error or _plain(line.reason)
        case "failed":
            return _joined(_FAILED.get(line.reason, _plain(line.reason)), line.error)
        case "rejected":
            return _joined("the body of the call could not be read", line.error)
        case "pending" if line.error:
            return _joined("the last try came to nothing", line.error)
        case _:
            return ""


def why_decision(reason: str) -> str:
    """The reason of a decision."""
    return DECISIONS.get(reason) or _plain(reason)


def told_of_event(line: EventLine, after: Aftermath) -> list[str]:
    """What happened to an event and what came of it, a sentence each."""
    often = f" {line.seen_count} times, at first" if line.seen_count > 1 else ""
    came = f"It came {SOURCES.get(line.source, line.source)}{often} at {moment(line.received_at)}"
    told = [f"{came}, was stored once, and {_end_of(line)}." if often else f"{came}, was stored, and {_end_of(line)}."]
    if line.state == "done" and line.session_id is not None:
        told.append(_belongs(line.session_id, after))
    if after.decision is not None:
        told.append(_decided(after.decision, after.effects))
    elif any(author == Author.CUSTOMER for author, _ in after.messages):
        told.append("Nothing is decided about it yet.")
    if after.retried_by:
        told.append(f"{after.retried_by} had it read again.")
    return told


def _end_of(line: EventLine) -> str:
    why = why_event(line)
    match line.state:
        case "pending":
            return f"waits to be read{f': {why}' if why else ''}"
        case "failed":
            return f"could not be worked on: {why}"
        case "rejected":
            return f"was rejected: {why}"
        case "ignored" if line.source == "backfill" and not why:
            return "marks a conversation that the import has come to"
        case "ignored":
            return f"was ignored: {why}" if why else "was ignored"
        case _:
            return _DONE.get(line.reason, "was read")


def _belongs(session_id: int, after: Aftermath) -> str:
    brought = dict.fromkeys(_BROUGHT.get((Author(a), v), "a line of the helpdesk's own") for a, v in after.messages)
    many = f"{len(after.messages)} messages" if len(after.messages) > len(brought) else " and ".join(brought)
    opened = any(change.detail.get("opened") for change in after.changes)
    told = [f"began session {session_id}" if opened else f"belongs to session {session_id}"]
    told += [f"brought {many}"] if many else []
    for change in after.changes:
        if change.kind.startswith("closed_"):
            told.append("closed it")
        elif "from" in change.detail and str(change.detail.get("to")) in _OWNERS:
            told.append(_OWNERS[str(change.detail["to"])])
    return f"It {_and(told)}."


def _decided(decision: Decided, effects: tuple[Effect, ...]) -> str:
    outcome = OUTCOMES.get(Outcome(decision.outcome), decision.outcome)
    by_state: dict[str, list[str]] = {}
    for effect in effects:
        by_state.setdefault(_IN_SHORT[ActionState(effect.state)], []).append(ACTIONS.get(effect.kind, effect.kind))
    ended = "; ".join(f"{_and(kinds)}: {state}" for state, kinds in by_state.items())
    return f"The AI decided to {outcome}, because {why_decision(decision.reason)}{f' ({ended})' if ended else ''}."


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _joined(why: str, error: Any) -> str:
    return f"{why}: {str(error).rstrip('.')}" if error else why


def _plain(code: str) -> str:
    return code.replace("_", " ")
