"""The handoff rules as pure functions: each trigger at each level, and what always holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Handoff, Mode, Reason, Reply, Sentiment, Summary
from core.flow.handoff_rules import (
    LEVELS,
    SWITCHED_OFF,
    Measure,
    Ruling,
    Seen,
    Trigger,
    after_draft,
    before_draft,
    guidance,
    honours_requests,
    measures,
)
from core.flow.wording import ASK_FOR_A_PERSON, WORDS, say
from core.handoff_settings import TRIGGERS, HandoffConfig

PILOT = Mode.AUTOPILOT
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "tr", "ar", "hi", "ru", "zh", "ja", "ko")
HUMAN = Seen(("I want to talk to a human",))
ABOUT = Seen(("My parcel number 12 never arrived, I want a human",))
ANGRY = Seen(("This is outrageous, you are thieves!",))
CALM = Seen(("Where is my parcel?",))
SURE = Reply("There.")
UNSURE = Reply("Perhaps there.", confidence=0.2)
NO_ANSWER = Handoff(Reason.CANNOT_RESOLVE)


def at(level: int, **settings: object) -> HandoffConfig:
    return HandoffConfig(level=level, **settings)  # type: ignore[arg-type]


def before(config: HandoffConfig, seen: Seen) -> tuple[bool, Reason] | None:
    ruling = before_draft(config, PILOT, seen)
    return None if ruling is None else (ruling.hand_off, ruling.reason)


def after(config: HandoffConfig, draft: Reply | Handoff, seen: Seen = CALM) -> tuple[bool, Reason] | None:
    ruling = after_draft(config, PILOT, seen, draft)
    return None if ruling is None else (ruling.hand_off, ruling.reason)


# ------------------------------------------------------------------------------------------------- the levels


def test_b110_the_triggers_are_the_switches_of_the_settings() -> None:
    assert {trigger.value for trigger in Trigger} == set(TRIGGERS)
    assert all(set(level) == set(Trigger) for level in LEVELS)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0, (False, Reason.DECLINED_HUMAN)),
        (1, (True, Reason.EXPLICIT_REQUEST)),
        (2, (False, Reason.ASKED_FOR_DETAILS)),
        (3, (False, Reason.OFFERED_HELP)),
    ],
)
def test_b111_the_first_request_for_a_person(level: int, expected: object) -> None:
    assert before(at(level), HUMAN) == expected


def test_b111_level_0_declines_every_request_however_often() -> None:
    many = replace(HUMAN, before=("I want a human",) * 9, answered=3, asked_to_clarify=5, offered_help=2)
    assert before(at(0), many) == (False, Reason.DECLINED_HUMAN)


def test_b111_level_2_asks_for_nothing_where_it_is_known_what_it_is_about() -> None:
    assert before(at(2), ABOUT) == (True, Reason.EXPLICIT_REQUEST)
    assert before(at(2), replace(HUMAN, before=("My parcel never arrived",))) == (True, Reason.EXPLICIT_REQUEST)
    assert before(at(2), replace(HUMAN, asked_to_clarify=1)) == (True, Reason.EXPLICIT_REQUEST)


@pytest.mark.parametrize("text", ["It is about order 17", "never mind", "I said human!", "???"])
def test_b111_level_2_hands_off_with_the_message_after_its_question_whatever_it_says(text: str) -> None:
    seen = Seen((text,), before=HUMAN.unanswered, asked_for_details=1)
    assert before(at(2), seen) == (True, Reason.EXPLICIT_REQUEST)


def test_b111_level_3_honours_the_second_request() -> None:
    assert before(at(3), replace(HUMAN, offered_help=1)) == (True, Reason.EXPLICIT_REQUEST)
    assert before(at(3), Seen(("where is my parcel?",), HUMAN.unanswered, offered_help=1)) is None


@pytest.mark.parametrize(
    ("level", "times", "expected"),
    [
        (0, 5, (False, Reason.CANNOT_RESOLVE)),
        (1, 0, None),
        (2, 0, (False, Reason.ASKED_TO_CLARIFY)),
        (2, 1, None),
        (3, 1, (False, Reason.ASKED_TO_CLARIFY)),
        (3, 2, None),
    ],
)
def test_b108_b111_a_responder_that_finds_no_answer(level: int, times: int, expected: object) -> None:
    """None leaves the responder's own handoff as it is."""
    assert after(at(level), NO_ANSWER, replace(CALM, asked_to_clarify=times)) == expected


@pytest.mark.parametrize("reason", [Reason.MISSING_TOOL, Reason.MISSING_KNOWLEDGE, Reason.RESPONDER_DECIDED])
def test_b113_other_reasons_of_a_responder_count_as_no_answer_and_keep_their_name(reason: Reason) -> None:
    assert after(at(1), Handoff(reason)) is None
    assert after(at(2), Handoff(reason)) == (False, Reason.ASKED_TO_CLARIFY)


@pytest.mark.parametrize(
    ("level", "times", "expected"),
    [
        (0, 0, (False, Reason.LOW_CONFIDENCE)),
        (1, 0, (True, Reason.LOW_CONFIDENCE)),
        (2, 0, (False, Reason.ASKED_TO_CLARIFY)),
        (2, 1, (True, Reason.LOW_CONFIDENCE)),
        (3, 1, (False, Reason.ASKED_TO_CLARIFY)),
        (3, 2, (True, Reason.LOW_CONFIDENCE)),
    ],
)
def test_b109_b111_a_reply_that_is_not_sure_enough(level: int, times: int, expected: object) -> None:
    assert after(at(level), UNSURE, replace(CALM, asked_to_clarify=times)) == expected
    assert after(at(level), SURE, replace(CALM, asked_to_clarify=times)) is None


HANDED_OFF = (True, Reason.FRUSTRATION)


@pytest.mark.parametrize(("level", "expected"), [(0, None), (1, HANDED_OFF), (2, None), (3, None)])
def test_b111_an_angry_first_message(level: int, expected: object) -> None:
    assert before(at(level), ANGRY) == expected


@pytest.mark.parametrize(("level", "expected"), [(0, None), (1, HANDED_OFF), (2, HANDED_OFF), (3, None)])
def test_b111_anger_after_an_answer_or_a_second_time(level: int, expected: object) -> None:
    assert before(at(level), replace(ANGRY, answered=1)) == expected
    assert before(at(level), replace(ANGRY, before=ANGRY.unanswered)) == expected
    assert before(at(level), Seen(ANGRY.unanswered * 2)) == expected


@pytest.mark.parametrize(("level", "first", "second"), [(0, None, None), (1, HANDED_OFF, HANDED_OFF), (3, None, None)])
def test_b111_a_responder_may_tell_anger_that_the_words_hide(level: int, first: object, second: object) -> None:
    angry = replace(SURE, sentiment=Sentiment.ANGRY)
    assert after(at(level), angry) == first
    assert after(at(level), angry, replace(CALM, answered=1)) == second


def test_b111_anger_that_words_and_responder_tell_of_one_message_is_told_once() -> None:
    angry = replace(SURE, sentiment=Sentiment.ANGRY)
    assert after(at(2), angry, ANGRY) is None
    assert after(at(2), angry, replace(CALM, before=ANGRY.unanswered)) == HANDED_OFF


def test_a_handoff_of_an_angry_customer_keeps_its_reason_unless_it_would_be_put_off() -> None:
    draft = Handoff(Reason.MISSING_TOOL, summary=Summary("Furious.", Sentiment.ANGRY))
    assert after(at(1), draft) is None
    assert after(at(2), draft, replace(CALM, answered=1)) == HANDED_OFF
    assert after(at(2), draft) == (False, Reason.ASKED_TO_CLARIFY)


def test_a_responder_that_gives_up_over_anger_is_not_ignored_where_anger_counts_for_nothing() -> None:
    assert after(at(3), Handoff(Reason.FRUSTRATION)) == (False, Reason.ASKED_TO_CLARIFY)
    assert after(at(3), Handoff(Reason.FRUSTRATION), replace(CALM, asked_to_clarify=2)) is None


# ------------------------------------------------------------------------------------------------------ topics


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_b108_a_forbidden_topic_is_heard_before_a_draft_is_asked_for_and_again_in_the_draft(level: int) -> None:
    config = at(level, topics_forbidden=("lawsuit",))
    expected = (level > 0, Reason.FORBIDDEN_TOPIC)
    assert before(config, Seen(("I consider lawsuits",))) == expected
    assert before(config, CALM) is None
    assert after(config, Reply("Sue us.", topic="Lawsuit")) == expected
    assert after(config, Handoff(topic="lawsuit")) == expected


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_b109_a_topic_outside_the_allowed_ones(level: int) -> None:
    config = at(level, topics_allowed=("parcel", "returns"))
    expected = (level > 0, Reason.TOPIC_NOT_ALLOWED)
    assert after(config, SURE, Seen(("What is the weather?",))) == expected
    assert after(config, Reply("Sunny.", topic="weather"), Seen(("And tomorrow?",))) == expected
    assert after(config, SURE, CALM) is None
    assert after(config, Reply("Yes.", topic="return"), Seen(("Can I give it back?",))) is None


def test_b109_a_courtesy_is_about_no_topic() -> None:
    config = at(1, topics_allowed=("parcel",))
    assert after(config, Reply("Hello!"), Seen(("Hi there",))) is None
    assert after(config, Reply("Hello!", might_solve=False), Seen(("Yo",))) is None


# --------------------------------------------------------------------------------------------------- advanced

CASES = {
    Trigger.EXPLICIT_REQUEST: lambda config: before(config, HUMAN),
    Trigger.CANNOT_RESOLVE: lambda config: after(config, NO_ANSWER),
    Trigger.LOW_CONFIDENCE: lambda config: after(config, UNSURE),
    Trigger.FRUSTRATION: lambda config: before(config, ANGRY),
    Trigger.FORBIDDEN_TOPIC: lambda config: before(config, Seen(("a lawsuit",))),
    Trigger.TOPIC_NOT_ALLOWED: lambda config: after(config, SURE, Seen(("What is the weather?",))),
}


@pytest.mark.parametrize("trigger", list(Trigger))
def test_b108_b110_each_trigger_can_be_switched_off_alone(trigger: Trigger) -> None:
    topics = {"topics_allowed": ("parcel", "human"), "topics_forbidden": ("lawsuit",)}
    on = HandoffConfig(style="advanced", **topics)  # type: ignore[arg-type]
    off = replace(on, **{trigger.value: False})
    for other, ruled in CASES.items():
        hands_off = (None,) if other is Trigger.CANNOT_RESOLVE else ((True, _reason(other)),)
        assert ruled(on) in hands_off
        if other is not trigger:
            assert ruled(off) in hands_off
    measure = SWITCHED_OFF[trigger]
    declined = Reason.DECLINED_HUMAN if trigger is Trigger.EXPLICIT_REQUEST else _reason(trigger)
    assert CASES[trigger](off) == (None if measure is Measure.IGNORE else (False, declined))


def _reason(trigger: Trigger) -> Reason:
    return Reason.FORBIDDEN_TOPIC if trigger is Trigger.FORBIDDEN_TOPIC else Reason(trigger.value)


def test_b126_an_assistant_is_silent_where_it_would_hand_off_but_helps_with_the_angry() -> None:
    table = measures(at(3), Mode.ASSIST)
    assert table[Trigger.EXPLICIT_REQUEST] is Measure.HAND_OFF
    assert before_draft(at(3), Mode.ASSIST, ANGRY) is None


def test_a_responder_is_told_what_is_asked_of_it() -> None:
    told = guidance(at(2, topics_allowed=("a",), topics_forbidden=("b",)))
    assert (told.topics_allowed, told.topics_forbidden) == (("a",), ("b",))
    assert [guidance(at(level)).may_hand_off for level in range(4)] == [False, True, True, True]
    assert [guidance(at(level)).gather_first for level in range(4)] == [False, False, True, True]


# -------------------------------------------------------------------------------------------------- properties

texts = st.sampled_from(
    [*HUMAN.unanswered, *ABOUT.unanswered, *ANGRY.unanswered, *CALM.unanswered, "lawsuit", "Hi", ""]
)
few = st.integers(0, 4)
seens = st.builds(
    Seen,
    unanswered=st.lists(texts, min_size=1, max_size=3).map(tuple),
    before=st.lists(texts, max_size=3).map(tuple),
    answered=few,
    offered_help=few,
    asked_for_details=few,
    asked_to_clarify=few,
)
topics = st.sampled_from([(), ("lawsuit",), ("parcel", "order")])
configs = st.builds(
    HandoffConfig, level=st.integers(0, 3), confidence=st.floats(0, 1), topics_allowed=topics, topics_forbidden=topics
)
drafts = st.one_of(
    st.builds(
        Reply,
        text=st.just("x"),
        confidence=st.floats(0, 1),
        topic=st.sampled_from(["", "parcel", "lawsuit", "weather"]),
        sentiment=st.none() | st.sampled_from(Sentiment),
    ),
    st.builds(Handoff, reason=st.sampled_from(Reason), topic=st.sampled_from(["", "lawsuit"])),
)


def rulings(config: HandoffConfig, seen: Seen, draft: Reply | Handoff) -> list[Ruling | None]:
    return [before_draft(config, PILOT, seen), after_draft(config, PILOT, seen, draft)]


@given(configs.map(lambda config: replace(config, level=0)), seens, drafts)
def test_b111_level_0_never_hands_off_and_always_leaves_something_to_say(
    config: HandoffConfig, seen: Seen, draft: Reply | Handoff
) -> None:
    made = rulings(config, seen, draft)
    assert not any(ruling and ruling.hand_off for ruling in made)
    if isinstance(draft, Handoff) and draft.reason not in ("responder_failed", "no_responder", "delivery_failed"):
        assert made[1] is not None


@given(configs.map(lambda config: replace(config, level=1)), seens, drafts)
def test_b111_level_1_says_nothing_of_its_own(config: HandoffConfig, seen: Seen, draft: Reply | Handoff) -> None:
    assert all(ruling is None or ruling.hand_off for ruling in rulings(config, seen, draft))


@given(configs.filter(lambda config: config.level > 0), seens, drafts)
def test_b111_nobody_is_put_off_for_ever(config: HandoffConfig, seen: Seen, draft: Reply | Handoff) -> None:
    """Once the AI has asked and offered all it may, whatever is ruled is a handoff."""
    tired = replace(seen, offered_help=1, asked_for_details=1, asked_to_clarify=2)
    assert all(ruling is None or ruling.hand_off for ruling in rulings(config, tired, draft))


@given(configs, seens, drafts)
def test_what_is_said_in_place_of_a_handoff_has_words_in_every_language(
    config: HandoffConfig, seen: Seen, draft: Reply | Handoff
) -> None:
    for ruling in rulings(config, seen, draft):
        if ruling is not None and not ruling.hand_off:
            assert say(ruling.reason, "en")


@pytest.mark.parametrize("reason", list(WORDS))
def test_every_language_that_may_ask_for_a_person_has_its_texts(reason: Reason) -> None:
    assert set(WORDS[reason]) == set(LANGUAGES)
    assert len(set(WORDS[reason].values())) == 15
    assert say(reason, "tlh") == WORDS[reason]["en"]


def test_who_may_ask_for_a_person_is_not_told_that_there_is_none() -> None:
    assert set(ASK_FOR_A_PERSON) == set(LANGUAGES)
    assert [honours_requests(at(level)) for level in range(4)] == [False, True, True, True]
    for language in LANGUAGES:
        assert say(Reason.LOW_CONFIDENCE, language, person=True) == ASK_FOR_A_PERSON[language]
        assert say(Reason.DECLINED_HUMAN, language, person=True) == WORDS[Reason.DECLINED_HUMAN][language]
