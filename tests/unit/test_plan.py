"""From a draft to the effects that are queued."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.domain import (
    ActionKind,
    Author,
    Channel,
    Handoff,
    Message,
    Mode,
    Outcome,
    Owner,
    Reason,
    Reply,
    Resolve,
    Sentiment,
    Session,
    SessionStatus,
    Silence,
    Summary,
    Turn,
    Visibility,
)
from core.flow import plan
from core.flow.turns import unanswered

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SUMMARY = Summary("The customer cannot log in.", Sentiment.ANGRY)


def said(number: int, author: Author, text: str, visibility: Visibility = Visibility.PUBLIC) -> Message:
    return Message(author=author, text=text, at=AT.replace(minute=number), visibility=visibility, id=number)


def turn_of(*messages: Message) -> Turn:
    session = Session(1, 1, "c1", Channel.WEB, SessionStatus.OPEN, Owner.NOBODY)
    return Turn(session, "support", Mode.AUTOPILOT, messages, unanswered(messages))


def test_b30_what_nobody_has_is_claimed_before_it_is_answered() -> None:
    steps = plan.for_reply("Hello", "agent-ai", claim=True)
    assert [(step.kind, step.after_claim) for step in steps] == [(ActionKind.ASSIGN, False), (ActionKind.REPLY, True)]
    assert steps[0].assignee == "agent-ai"


def test_b31_what_the_ai_has_is_answered_without_a_claim() -> None:
    assert [step.kind for step in plan.for_reply("Hello", "agent-ai", claim=False)] == [ActionKind.REPLY]


def test_b41_the_handoff_note_holds_reason_summary_and_sentiment() -> None:
    steps = plan.for_handoff(Reason.EXPLICIT_REQUEST, SUMMARY, (ActionKind.UNASSIGN, ActionKind.NOTE))
    assert [step.kind for step in steps] == [ActionKind.UNASSIGN, ActionKind.NOTE]
    for words in ("asked for a person", "cannot log in", "angry"):
        assert words in steps[1].text


def test_b85_the_order_of_a_handoff_is_the_vendors() -> None:
    steps = plan.for_handoff(Reason.CANNOT_RESOLVE, SUMMARY, (ActionKind.NOTE, ActionKind.ASSIGN))
    assert [step.kind for step in steps] == [ActionKind.NOTE, ActionKind.ASSIGN]


def test_b47_a_resolution_is_a_last_word_a_private_note_and_then_the_status() -> None:
    steps = plan.for_resolution("Glad to help!", SUMMARY, "agent-ai", claim=False)
    assert [step.kind for step in steps] == [ActionKind.REPLY, ActionKind.NOTE, ActionKind.RESOLVE]


def test_b83_an_assistants_draft_is_a_note_with_the_footer() -> None:
    (step,) = plan.for_assist("Try again.", "Drafted by the AI")
    assert step.kind is ActionKind.NOTE
    assert step.text == "Try again.\n\nDrafted by the AI"


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (Reply("x"), (Outcome.REPLY, Reason.ANSWERED, "")),
        (Handoff(Reason.LOW_CONFIDENCE, "0.2"), (Outcome.HANDOFF, Reason.LOW_CONFIDENCE, "0.2")),
        (Resolve(), (Outcome.RESOLVE, Reason.RESOLVED, "")),
        (Silence(Reason.CHANNEL_OFF, "d"), (Outcome.SILENCE, Reason.CHANNEL_OFF, "d")),
    ],
)
def test_every_draft_has_an_outcome_and_a_reason_code(draft: object, expected: object) -> None:
    assert plan.outcome_of(draft) == expected  # type: ignore[arg-type]


def test_the_plain_summary_quotes_the_customer_and_never_a_private_note() -> None:
    turn = turn_of(
        said(1, Author.CUSTOMER, "My parcel is lost"),
        said(2, Author.AI, "It is on its way."),
        said(3, Author.AGENT, "he is a difficult one", Visibility.PRIVATE),
        said(4, Author.CUSTOMER, "It is not"),
    )
    text = plan.plain_summary(turn).text
    assert "My parcel is lost" in text
    assert "It is not" in text
    assert "answered once" in text
    assert "difficult" not in text


def test_the_plain_summary_of_a_conversation_without_text_says_so() -> None:
    assert "no text" in plan.plain_summary(turn_of(said(1, Author.CUSTOMER, ""))).text


def test_a_message_that_crossed_with_a_reply_is_still_unanswered() -> None:
    messages = (
        said(1, Author.CUSTOMER, "first"),
        said(2, Author.CUSTOMER, "written while the reply was on its way"),
        said(3, Author.AI, "answers the first only"),
    )
    assert [message.id for message in unanswered(messages, answered_upto=1)] == [2]


def test_an_agents_public_word_answers_what_stands_before_it_and_a_note_does_not() -> None:
    asked = said(1, Author.CUSTOMER, "hello?")
    assert unanswered((asked, said(2, Author.AGENT, "note", Visibility.PRIVATE))) == (asked,)
    assert unanswered((asked, said(2, Author.AGENT, "hi"))) == ()
