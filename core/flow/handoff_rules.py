"""When does the AI let a human go on? The rules as one table of levels and pure functions over what has happened.

What the sources leave open (behaviour 110, 111) is decided here:

0  AI Only: no rule about the conversation hands it off. What would do so at another level is declined politely, an
   answer that is missing or too unsure is honestly said to be, and anger changes nothing. Technical failures (no
   responder, one that keeps failing, a reply that cannot be delivered) do hand off: nobody may be left unanswered.
1  Quick, the default: everything hands off at once.
2  Balanced: the AI tries first. A request for a person is honoured, but where the customer has not said what it is
   about they are asked, once, and handed off with their next message, whatever it says. The first time there is no
   answer, or none sure enough, they are asked to say more; the second time they are handed off. Anger counts when it
   is repeated: two angry messages, or one after an answer of the AI.
3  AI-First: as 2, but the first request for a person is met with an offer to help, it asks to say more twice, and
   anger alone never hands off.

Forbidden topics, and topics that are not allowed, are handed off at once at the levels 1 to 3. In the advanced style
a trigger that is on hands off at once, as at level 1. One that is off does as level 0, but for low confidence: then the
reply is sent, however unsure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.domain import Guidance, Handoff, Mode, Reason, Reply, Sentiment
from core.flow import topics
from core.flow.courtesy import has_substance, is_courtesy
from core.flow.human_request import asks_for_human
from core.flow.sentiment import sentiment_of
from core.handoff_settings import ADVANCED, HandoffConfig


class Trigger(StrEnum):
    """What may lead to a handoff; the names are those of the switches."""

    EXPLICIT_REQUEST = "explicit_request"
    CANNOT_RESOLVE = "cannot_resolve"
    LOW_CONFIDENCE = "low_confidence"
    FRUSTRATION = "frustration"
    FORBIDDEN_TOPIC = "forbidden_topic"
    TOPIC_NOT_ALLOWED = "topic_not_allowed"


class Measure(StrEnum):
    """What is done about a trigger."""

    HAND_OFF = "hand off at once"
    GATHER_FIRST = "ask for details if none are known, then hand off"
    OFFER_FIRST = "offer help the first time, then hand off"
    CLARIFY_ONCE = "ask to say more the first time, then hand off"
    CLARIFY_TWICE = "ask to say more two times, then hand off"
    WHEN_REPEATED = "hand off when it happens again"
    DECLINE = "never hand off, and say so"
    IGNORE = "never hand off, and go on"


T, M = Trigger, Measure
LEVELS: tuple[Mapping[Trigger, Measure], ...] = (
    {
        T.EXPLICIT_REQUEST: M.DECLINE,
        T.CANNOT_RESOLVE: M.DECLINE,
        T.LOW_CONFIDENCE: M.DECLINE,
        T.FRUSTRATION: M.IGNORE,
        T.FORBIDDEN_TOPIC: M.DECLINE,
        T.TOPIC_NOT_ALLOWED: M.DECLINE,
    },
    dict.fromkeys(Trigger, M.HAND_OFF),
    {
        T.EXPLICIT_REQUEST: M.GATHER_FIRST,
        T.CANNOT_RESOLVE: M.CLARIFY_ONCE,
        T.LOW_CONFIDENCE: M.CLARIFY_ONCE,
        T.FRUSTRATION: M.WHEN_REPEATED,
        T.FORBIDDEN_TOPIC: M.HAND_OFF,
        T.TOPIC_NOT_ALLOWED: M.HAND_OFF,
    },
    {
        T.EXPLICIT_REQUEST: M.OFFER_FIRST,
        T.CANNOT_RESOLVE: M.CLARIFY_TWICE,
        T.LOW_CONFIDENCE: M.CLARIFY_TWICE,
        T.FRUSTRATION: M.IGNORE,
        T.FORBIDDEN_TOPIC: M.HAND_OFF,
        T.TOPIC_NOT_ALLOWED: M.HAND_OFF,
    },
)
SWITCHED_OFF: Mapping[Trigger, Measure] = {**LEVELS[0], T.LOW_CONFIDENCE: M.IGNORE}

_REASONS = {
    T.EXPLICIT_REQUEST: Reason.EXPLICIT_REQUEST,
    T.CANNOT_RESOLVE: Reason.CANNOT_RESOLVE,
    T.LOW_CONFIDENCE: Reason.LOW_CONFIDENCE,
    T.FRUSTRATION: Reason.FRUSTRATION,
    T.FORBIDDEN_TOPIC: Reason.FORBIDDEN_TOPIC,
    T.TOPIC_NOT_ALLOWED: Reason.TOPIC_NOT_ALLOWED,
}
_TRIGGERS = {reason: trigger for trigger, reason in _REASONS.items()}
TECHNICAL = frozenset({Reason.RESPONDER_FAILED, Reason.NO_RESPONDER, Reason.DELIVERY_FAILED})
"""Reasons that hand off whatever the rules say."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules look at: all since the session was opened, opened again, or given back to the AI.

    `unanswered` are the customer's messages of this turn, `before` those that came earlier. The numbers say how often
    the AI has answered, and how often core has said something of its own; `sources` are those of the answers.
    """

    unanswered: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    answered: int = 0
    offered_help: int = 0
    asked_for_details: int = 0
    asked_to_clarify: int = 0
    sources: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """The unanswered messages as one text, a line each."""
        return "\n".join(self.unanswered)


def unquoted(text: str) -> str:
    """A message less the lines of a quoted mail: those were said before, and by others too."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of a turn: hand off for `reason`, or else say to the customer what stands for it."""

    hand_off: bool
    reason: Reason
    detail: str = ""
    topic: str = ""


def measures(config: HandoffConfig, mode: Mode = Mode.AUTOPILOT) -> Mapping[Trigger, Measure]:
    """What is done about each trigger. An assistant, whose drafts a human reads, keeps quiet instead of handing off."""
    if mode is Mode.ASSIST:
        return {**LEVELS[1], T.FRUSTRATION: M.IGNORE}
    if config.style == ADVANCED:
        return {each: M.HAND_OFF if getattr(config, each.value) else SWITCHED_OFF[each] for each in Trigger}
    return LEVELS[config.level]


def guidance(config: HandoffConfig) -> Guidance:
    """What a responder is told of the rules."""
    after = measures(config)[T.CANNOT_RESOLVE]
    return Guidance(
        topics_allowed=config.topics_allowed,
        topics_forbidden=config.topics_forbidden,
        may_hand_off=after is not M.DECLINE,
        gather_first=after in (M.CLARIFY_ONCE, M.CLARIFY_TWICE),
    )


def honours_requests(config: HandoffConfig) -> bool:
    """Whether a customer who asks for a person is handed off, be it at the second time."""
    return measures(config)[T.EXPLICIT_REQUEST] is not M.DECLINE


def before_draft(config: HandoffConfig, mode: Mode, seen: Seen) -> Ruling | None:
    """The ruling on what the customer has just written, before a responder is asked; None to ask it."""
    table = measures(config, mode)
    topic = topics.mentioned(seen.question, config.topics_forbidden)
    if topic:
        return _rule(table, T.FORBIDDEN_TOPIC, seen, topic=topic)
    if asks_for_human(seen.question):
        return _rule(table, T.EXPLICIT_REQUEST, seen)
    if seen.asked_for_details and table[T.EXPLICIT_REQUEST] is not M.DECLINE:
        return Ruling(True, Reason.EXPLICIT_REQUEST, "the customer was asked what it is about")
    if sentiment_of([seen.question]) is Sentiment.ANGRY:
        return _rule(table, T.FRUSTRATION, seen)
    return None


def after_draft(config: HandoffConfig, mode: Mode, seen: Seen, draft: Reply | Handoff) -> Ruling | None:
    """The ruling on what a responder has drafted; None to let the draft be."""
    if isinstance(draft, Handoff) and draft.reason in TECHNICAL:
        return None
    table = measures(config, mode)
    topic = topics.named(draft.topic, config.topics_forbidden)
    if topic:
        return _rule(table, T.FORBIDDEN_TOPIC, seen, topic=topic)
    if _not_allowed(config, seen.question, draft):
        return _rule(table, T.TOPIC_NOT_ALLOWED, seen, topic=draft.topic)
    angry = _rule(table, T.FRUSTRATION, seen, "so its responder says", angry=True) if _angry(draft) else None
    if isinstance(draft, Handoff):
        ruling = _after_handoff(table, draft, seen)
        return ruling and (angry or ruling)
    if angry is not None:
        return angry
    if draft.confidence < config.confidence:
        detail = f"confidence {draft.confidence:.2f} is below {config.confidence:.2f}"
        return _rule(table, T.LOW_CONFIDENCE, seen, detail)
    return None


def _after_handoff(table: Mapping[Trigger, Measure], draft: Handoff, seen: Seen) -> Ruling | None:
    """What is said in place of a handoff; None if it stands.

    A responder that gives up leaves no reply behind, so that it cannot be ignored.
    """
    trigger = _TRIGGERS.get(draft.reason, T.CANNOT_RESOLVE)
    ruling = _rule(table, trigger, seen, draft.detail) or _rule(table, T.CANNOT_RESOLVE, seen, draft.detail)
    return None if ruling is None or ruling.hand_off else ruling


def _rule(
    table: Mapping[Trigger, Measure],
    trigger: Trigger,
    seen: Seen,
    detail: str = "",
    *,
    topic: str = "",
    angry: bool = False,
) -> Ruling | None:
    """What the measure against a trigger comes to, after all that was seen; `angry` counts this turn as angry."""
    reason = _REASONS[trigger]
    asked = seen.asked_for_details + seen.asked_to_clarify
    says: Reason | None = None
    match table[trigger]:
        case Measure.IGNORE:
            return None
        case Measure.DECLINE:
            says = Reason.DECLINED_HUMAN if trigger is T.EXPLICIT_REQUEST else reason
        case Measure.GATHER_FIRST if not asked and not has_substance((*seen.before, *seen.unanswered)):
            says = Reason.ASKED_FOR_DETAILS
        case Measure.OFFER_FIRST if not seen.offered_help:
            says = Reason.OFFERED_HELP
        case Measure.CLARIFY_ONCE if seen.asked_to_clarify < 1:
            says = Reason.ASKED_TO_CLARIFY
        case Measure.CLARIFY_TWICE if seen.asked_to_clarify < 2:
            says = Reason.ASKED_TO_CLARIFY
        case Measure.WHEN_REPEATED if not seen.answered and _times_angry(seen, angry=angry) < 2:
            return None
    return Ruling(says is None, says or reason, detail, topic)


def _times_angry(seen: Seen, *, angry: bool) -> int:
    def count(texts: tuple[str, ...]) -> int:
        return sum(sentiment_of([text]) is Sentiment.ANGRY for text in texts)

    return count(seen.before) + max(count(seen.unanswered), int(angry))


def _angry(draft: Reply | Handoff) -> bool:
    """Whether the responder says that the customer is angry."""
    if isinstance(draft, Reply) and draft.sentiment is not None:
        return draft.sentiment is Sentiment.ANGRY
    return draft.summary is not None and draft.summary.sentiment is Sentiment.ANGRY


def _not_allowed(config: HandoffConfig, question: str, draft: Reply | Handoff) -> bool:
    """Whether there are allowed topics, and this is none; a courtesy is about nothing, and always allowed."""
    allowed = config.topics_allowed
    if not allowed or (isinstance(draft, Reply) and not draft.might_solve):
        return False
    if all(is_courtesy(line) for line in question.splitlines() if line.strip()):
        return False
    return not (topics.named(draft.topic, allowed) or topics.mentioned(question, allowed))
