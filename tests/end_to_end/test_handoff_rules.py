"""The handoff rules over real HTTP: every trigger at every level, topics and frustration (behaviour 108-113)."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import Handoff, Reason, Reply, Resolve, Sentiment, Summary
from core.flow.wording import say
from core.store.models import DecisionRow, TimelineRow

TOPICS = 'topics_forbidden = ["lawsuit"]\ntopics_allowed = ["parcel", "human", "person", "lawsuit"]\n'


@pytest.fixture
def world(both_accounts: Any) -> Any:
    """Each engine, dialect and set of events, see the fixture it is."""
    return both_accounts


def level(number: int, more: str = "") -> str:
    return f"[handoff]\nlevel = {number}\n{more}"


def writes(world: Any, *texts: str, conversation: Any = None) -> Any:
    """Let the customer write messages, each after the AI has had its say."""
    for text in texts:
        conversation = world.sim.customer_writes(world.ada, text)
        world.run(10)
    return conversation


def handed_off(world: Any, conversation: Any, reason: str) -> bool:
    """Whether the conversation was left to humans for a reason, with a note, and the AI is silent from then on."""
    said = world.replies(conversation)
    assert world.decisions()[-1] == ("handoff", reason)
    assert world.session().owner == "human"
    assert world.session().handoff["reason"] == reason
    assert world.session().closure == "handed_off"
    assert world.sim.assignee(conversation) is None
    assert len(world.notes(conversation)) == 1
    assert "Sentiment: " in world.notes(conversation)[0]
    writes(world, "Hello?")
    assert world.replies(conversation) == said
    return True


def timeline(world: Any) -> list[str]:
    with world.runtime.db.read():
        return [row.kind for row in TimelineRow.select().order_by(TimelineRow.id)]


def recorded(world: Any) -> list[tuple[str, str]]:
    """Topic and sentiment of all decisions."""
    with world.runtime.db.read():
        return [(row.topic, row.sentiment) for row in DecisionRow.select().order_by(DecisionRow.id)]


# ------------------------------------------------------------------------------------- the triggers, by level

ASKS = "I want to talk to a person"


def test_b111_level_0_declines_a_request_for_a_human_in_the_customers_language(world: Any) -> None:
    world.start(extra=level(0))
    conversation = writes(world, "Ich möchte mit einem Menschen sprechen", "Einen Menschen bitte!")
    assert world.replies(conversation) == [say(Reason.DECLINED_HUMAN, "de")] * 2
    assert world.decisions() == [("reply", "declined_human")] * 2
    assert world.session().owner == "ai"
    writes(world, "Wo ist mein Paket?")
    assert world.replies(conversation)[-1] == "Hello from the AI."


def test_b111_level_0_admits_that_it_knows_no_answer_and_goes_on(world: Any) -> None:
    world.start(extra=level(0))
    world.ai_plugin.answer = lambda turn: Handoff(Reason.CANNOT_RESOLVE, "nothing was found")
    conversation = writes(world, "Where is my parcel?")
    world.ai_plugin.answer = lambda turn: Reply("A guess", confidence=0.1)
    writes(world, "And the other one?")
    assert world.replies(conversation) == [say(Reason.CANNOT_RESOLVE, "en")] * 2
    assert world.decisions() == [("reply", "cannot_resolve"), ("reply", "low_confidence")]
    assert not world.ai_plugin.turns[-1].guidance.may_hand_off


def test_b111_level_0_is_not_moved_by_anger_and_declines_forbidden_topics(world: Any) -> None:
    world.start(extra=level(0, TOPICS))
    conversation = writes(world, "This parcel is an outrageous scam!", "Then a lawsuit follows", "What is the weather?")
    assert world.replies(conversation) == ["Hello from the AI.", *[say(Reason.FORBIDDEN_TOPIC, "en")] * 2]
    assert world.decisions()[1:] == [("reply", "prohibited_topic"), ("reply", "topic_not_allowed")]
    assert timeline(world).count("prohibited_topic_detected") == 1
    assert recorded(world) == [("", "angry"), ("lawsuit", "angry"), ("", "neutral")]


def test_b111_level_0_still_hands_off_what_fails_technically(world: Any) -> None:
    """Nobody may be left unanswered."""
    world.start(extra=level(0))
    world.ai_plugin.answer = lambda turn: None
    conversation = writes(world, "Where is my parcel?")
    assert handed_off(world, conversation, "no_responder")


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        (ASKS, Reply("x"), "explicit_request"),
        ("This parcel is an outrageous scam!", Reply("x"), "frustration"),
        ("My parcel?", Reply("x", sentiment=Sentiment.ANGRY), "frustration"),
        ("My parcel?", Handoff(), "cannot_resolve"),
        ("My parcel?", Handoff(Reason.MISSING_TOOL), "missing_tool"),
        ("My parcel?", Reply("x", confidence=0.1), "low_confidence"),
        ("My parcel and our lawsuits", Reply("x"), "prohibited_topic"),
        ("My parcel?", Reply("x", topic="Lawsuit"), "prohibited_topic"),
        ("What is the weather?", Reply("x"), "topic_not_allowed"),
    ],
)
def test_b108_b109_b111_level_1_hands_off_at_once(world: Any, text: str, answer: Any, reason: str) -> None:
    world.start(extra=f"[handoff]\n{TOPICS}")
    world.ai_plugin.answer = lambda turn: answer
    conversation = writes(world, text)
    assert world.replies(conversation) == []
    assert handed_off(world, conversation, reason)
    asked = reason not in ("explicit_request", "frustration", "prohibited_topic") or text == "My parcel?"
    assert ("draft_reply" in world.ai_plugin.called) is asked
    assert ("prohibited_topic_detected" in timeline(world)) is (reason == "prohibited_topic")


def test_b111_level_2_asks_for_the_basics_before_it_hands_off(world: Any) -> None:
    world.start(extra=level(2))
    conversation = writes(world, "Hola", "Quiero hablar con una persona")
    assert world.replies(conversation)[-1] == say(Reason.ASKED_FOR_DETAILS, "es")
    assert world.decisions()[-1] == ("reply", "asked_for_details")
    assert world.session().owner == "ai"
    writes(world, "El pedido 4711 no ha llegado")
    assert world.decisions()[-1] == ("handoff", "explicit_request")
    assert "El pedido 4711" in world.notes(conversation)[0]
    assert handed_off_now(world)


def handed_off_now(world: Any) -> bool:
    return world.session().owner == "human" and world.session().handoff is not None


def test_b111_level_2_honours_a_request_at_once_where_the_matter_is_known(world: Any) -> None:
    world.start(extra=level(2))
    conversation = writes(world, "My parcel with the blue lamp never arrived", ASKS)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert handed_off(world, conversation, "explicit_request")


@pytest.mark.parametrize("answer", [Handoff(), Reply("A guess", confidence=0.1)])
@pytest.mark.parametrize(("number", "questions"), [(2, 1), (3, 2)])
def test_b111_levels_2_and_3_ask_to_say_more_before_they_give_up(
    world: Any, answer: Any, number: int, questions: int
) -> None:
    world.start(extra=level(number))
    world.ai_plugin.answer = lambda turn: answer
    conversation = writes(world, *["Something difficult"] * (questions + 1))
    assert world.replies(conversation) == [say(Reason.ASKED_TO_CLARIFY, "en")] * questions
    reason = "cannot_resolve" if isinstance(answer, Handoff) else "low_confidence"
    assert world.decisions() == [*[("reply", "asked_to_clarify")] * questions, ("handoff", reason)]
    assert handed_off(world, conversation, reason)
    assert world.ai_plugin.turns[0].guidance.gather_first


@pytest.mark.parametrize("texts", [["It is a scam!", "Thieves! Unacceptable!"], ["Where is my parcel?", "A scam!"]])
def test_b111_level_2_takes_anger_for_a_reason_when_it_is_repeated_or_follows_an_answer(
    world: Any, texts: list[str]
) -> None:
    world.start(extra=level(2))
    conversation = writes(world, *texts)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert "Sentiment: angry" in world.notes(conversation)[0]
    assert handed_off(world, conversation, "frustration")


def test_b111_level_3_offers_help_first_and_honours_the_second_request(world: Any) -> None:
    world.start(extra=level(3))
    conversation = writes(world, ASKS, "It is all a scam, you thieves!", "No, a human!")
    assert world.replies(conversation) == [say(Reason.OFFERED_HELP, "en"), "Hello from the AI."]
    assert handed_off(world, conversation, "explicit_request")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_b108_b109_b111_topics_are_handed_off_at_once_at_every_level_but_0(world: Any, number: int) -> None:
    world.start(extra=level(number, TOPICS))
    first = writes(world, "I prepare a lawsuit about it")
    assert world.decisions() == [("handoff", "prohibited_topic")]
    assert world.replies(first) == []
    world.sim.customer_writes(world.ada, "What is the weather today?", new=True)
    world.run(10)
    assert world.decisions()[-1] == ("handoff", "topic_not_allowed")


def test_b108_what_a_customer_quotes_is_not_what_they_say(world: Any) -> None:
    world.start(extra=level(1, TOPICS))
    conversation = writes(world, "> We prepare a lawsuit, you thieves!\n> Unacceptable!\nThat was not me. My parcel?")
    assert world.replies(conversation) == ["Hello from the AI."]


# ------------------------------------------------------------------------------------------ advanced: on, off

ADVANCED: dict[str, tuple[str, Any, str, list[str]]] = {
    "explicit_request": (ASKS, Reply("x"), "declined_human", [say(Reason.DECLINED_HUMAN, "en")]),
    "cannot_resolve": ("My parcel?", Handoff(), "cannot_resolve", [say(Reason.CANNOT_RESOLVE, "en", person=True)]),
    "low_confidence": ("My parcel?", Reply("A guess", confidence=0.1), "answered", ["A guess"]),
    "frustration": ("This parcel is an outrageous scam!", Reply("Sorry."), "answered", ["Sorry."]),
    "forbidden_topic": ("a lawsuit", Reply("x"), "prohibited_topic", [say(Reason.FORBIDDEN_TOPIC, "en")]),
    "topic_not_allowed": ("The weather?", Reply("x"), "topic_not_allowed", [say(Reason.FORBIDDEN_TOPIC, "en")]),
}


@pytest.mark.parametrize("trigger", list(ADVANCED))
@pytest.mark.parametrize("switched_on", [True, False], ids=["on", "off"])
def test_b108_b110_in_the_advanced_style_each_trigger_is_on_or_off(world: Any, trigger: str, switched_on: bool) -> None:
    text, answer, off, said = ADVANCED[trigger]
    switch = f"{trigger} = {str(switched_on).lower()}\n"
    world.start(extra=f'[handoff]\nstyle = "advanced"\n{switch}{TOPICS}')
    world.ai_plugin.answer = lambda turn: answer
    conversation = writes(world, text)
    if switched_on:
        reason = "prohibited_topic" if trigger == "forbidden_topic" else trigger
        assert world.replies(conversation) == []
        assert handed_off(world, conversation, reason)
    else:
        assert world.replies(conversation) == said
        assert world.decisions() == [("reply", off)]
        assert world.session().owner == "ai"


# ------------------------------------------------------------------------------------------------- the record


def test_b5_b113_the_record_of_a_handoff_has_reason_sentiment_and_references(world: Any) -> None:
    world.start()
    world.ai_plugin.answer = lambda turn: Reply("By van.", sources=("delivery.md#vans",), topic="delivery")
    conversation = writes(world, "How does my parcel travel?")
    world.ai_plugin.answer = lambda turn: Handoff(Reason.MISSING_KNOWLEDGE, "no rates", topic="rates")
    writes(world, "And at which rates? I am disappointed, that is a bad site")
    handoff = world.session().handoff
    assert (handoff["reason"], handoff["detail"]) == ("frustration", "")
    assert (handoff["sentiment"], handoff["references"]) == ("angry", ["delivery.md#vans"])
    assert recorded(world) == [("delivery", "neutral"), ("", "angry")]
    assert "the customer is angry" in world.notes(conversation)[0]


def test_b113_a_responders_own_reason_references_and_mood_are_kept(world: Any) -> None:
    world.start()
    summary = Summary("Ada asks for rates.", Sentiment.HAPPY)
    world.ai_plugin.answer = lambda turn: Handoff(
        Reason.MISSING_KNOWLEDGE, "no rates", summary, topic="rates", sources=("rates.md",)
    )
    conversation = writes(world, "What are your rates?")
    assert world.session().handoff == {
        "reason": "missing_knowledge",
        "detail": "no rates",
        "summary": "Ada asks for rates.",
        "sentiment": "happy",
        "references": ["rates.md"],
    }
    assert recorded(world) == [("rates", "happy")]
    assert "it does not know enough about this" in world.notes(conversation)[0]


def test_b113_the_embedded_summary_and_sentiment_need_no_responder_that_makes_them(world: Any) -> None:
    world.start()
    conversation = writes(world, "Where is my parcel?", "That is outrageous, I want a human!")
    (note,) = world.notes(conversation)
    assert 'The customer first wrote: "Where is my parcel?"' in note
    assert "Sentiment: angry" in note


def test_b3_how_the_ai_ended_its_part_is_kept_and_forgotten_when_it_begins_again(world: Any) -> None:
    world.start()
    conversation = writes(world, "I want a human")
    assert world.session().closure == "handed_off"
    world.sim.agent_assigns(conversation, world.human)
    world.sim.agent_resolves(conversation, by=world.human)
    world.run(1)
    assert (world.session().status, world.session().closure) == ("closed_resolved", "handed_off")
    world.sim.agent_assigns(conversation, None, by=world.human)
    world.run(1)
    writes(world, "One more thing")
    assert (world.session().status, world.session().closure) == ("open", "")
    world.ai_plugin.answer = lambda turn: Resolve("Bye.")
    writes(world, "Thanks, solved")
    assert world.session().closure == "resolved"


# ------------------------------------------------------------------- counted from what is stored, and only then


def test_b90_b111_what_was_asked_before_it_was_given_back_does_not_count(world: Any) -> None:
    world.start(extra=level(3))
    conversation = writes(world, ASKS, ASKS)
    assert world.decisions() == [("reply", "offered_help"), ("handoff", "explicit_request")]
    world.sim.agent_assigns(conversation, world.human)
    world.run(1)
    world.sim.agent_assigns(conversation, world.ai, by=world.human)
    world.run(1)
    writes(world, ASKS)
    assert world.decisions()[-1] == ("reply", "offered_help")
    assert world.session().owner == "ai"


def test_b111_what_was_asked_before_it_was_reopened_does_not_count(world: Any) -> None:
    world.start(extra=level(2))
    world.ai_plugin.answer = lambda turn: Handoff()
    conversation = writes(world, "Something difficult")
    world.sim.agent_resolves(conversation, by=world.human)
    world.run(1)
    world.sim.agent_assigns(conversation, None, by=world.human)
    world.run(1)
    writes(world, "Something else that is difficult")
    assert world.decisions() == [("reply", "asked_to_clarify")] * 2


def test_b111_a_restart_forgets_nothing(world: Any) -> None:
    world.start(extra=level(2))
    conversation = writes(world, ASKS)
    assert world.decisions() == [("reply", "asked_for_details")]
    restart(world, level(2))
    writes(world, "about my lamp")
    assert handed_off(world, conversation, "explicit_request")


def restart(world: Any, extra: str) -> None:
    world.runtime.db.close()
    world._server.shutdown()
    world._server.server_close()
    world.start(extra=extra)


def test_b111_a_question_that_was_overtaken_was_not_asked_and_does_not_count(world: Any) -> None:
    """The customer writes on while the question waits for a vendor that is busy: it is asked once, about all of it."""
    world.start(extra=level(2))
    conversation = writes(world, "Where is my parcel?")
    world.ai_plugin.answer = lambda turn: Handoff()
    world.sim.fault("send_message", "429", times=1, retry_after=20)
    writes(world, "And the other one?")
    assert world.replies(conversation) == ["Hello from the AI."]
    world.sim.customer_writes(world.ada, "The one of last week, I mean")
    world.run(60)
    assert world.decisions()[1:] == [("reply", "asked_to_clarify")] * 2
    assert world.replies(conversation) == ["Hello from the AI.", say(Reason.ASKED_TO_CLARIFY, "en")]
    assert world.session().owner == "ai"


def test_a_handoff_that_waits_for_the_vendor_is_not_dropped_when_the_customer_writes_on(world: Any) -> None:
    world.start()
    conversation = writes(world, "Where is my parcel?")
    world.sim.fault("update_conversation", "429", times=1, retry_after=40)
    writes(world, ASKS)
    assert world.session().owner == "human"
    assert world.sim.assignee(conversation) is world.ai
    writes(world, "Hello? Anybody?")
    world.run(60)
    assert world.decisions()[-1] == ("silence", "session_assigned_to_human_agent")
    assert world.sim.assignee(conversation) is None
    assert len(world.notes(conversation)) == 1
