"""From a draft to the effects that are queued."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.domain import (
    ActionKind,
    Author,
    Handoff,
    Message,
    Outcome,
    Reason,
    Reply,
    Resolve,
    Sentiment,
    Silence,
    Step,
    Summary,
    Visibility,
)
from core.flow import plan
from core.flow.handoff_rules import TECHNICAL, Trigger
from core.flow.turns import unanswered

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SUMMARY = Summary("The customer cannot log in.", Sentiment.ANGRY)


def said(number: int, author: Author, text: str, visibility: Visibility = Visibility.PUBLIC) -> Message:
    return Message(author=author, text=text, at=AT.replace(minute=number), visibility=visibility, id=number)


def test_b30_what_nobody_has_is_claimed_before_it_is_answered() -> None:
    steps = plan.for_reply("Hello", "agent-ai", claim=True)
    assert [(step.kind, step.after_claim) for step in steps] == [(ActionKind.ASSIGN, False), (ActionKind.REPLY, True)]
    assert steps[0].assignee == "agent-ai"


def test_b31_what_the_ai_has_is_answered_without_a_claim() -> None:
    assert [step.kind for step in plan.for_reply("Hello", "agent-ai", claim=False)] == [ActionKind.REPLY]


def test_b41_the_handoff_note_holds_reason_summary_and_sentiment() -> None:
    steps = plan.for_handoff(Reason.EXPLICIT_REQUEST, SUMMARY, (Step(ActionKind.UNASSIGN), Step(ActionKind.NOTE)))
    assert [step.kind for step in steps] == [ActionKind.UNASSIGN, ActionKind.NOTE]
    for words in ("asked for a person", "cannot log in", "angry"):
        assert words in steps[1].text


def test_b85_the_order_of_a_handoff_is_the_vendors() -> None:
    ladder = (Step(ActionKind.NOTE), Step(ActionKind.ASSIGN, "7"), Step(ActionKind.UNASSIGN, otherwise=True))
    steps = plan.for_handoff(Reason.CANNOT_RESOLVE, SUMMARY, ladder)
    assert [(step.kind, step.assignee, step.otherwise) for step in steps] == [
        (ActionKind.NOTE, "", False),
        (ActionKind.ASSIGN, "7", False),
        (ActionKind.UNASSIGN, "", True),
    ]


def test_b84_labels_go_with_the_claim_or_after_all_the_rest() -> None:
    claimed = plan.labelled(plan.for_reply("Hello", "agent-ai", claim=True), ["ai"])
    assert [(step.kind, step.fields.get("labels")) for step in claimed] == [
        (ActionKind.ASSIGN, ["ai"]),
        (ActionKind.REPLY, None),
    ]
    owned = plan.labelled(plan.for_reply("Hello", "agent-ai", claim=False), ["ai"])
    assert [(step.kind, step.purpose) for step in owned] == [
        (ActionKind.REPLY, "answer"),
        (ActionKind.UPDATE, "labels"),
    ]
    assert plan.labelled([], ["ai"]) == []


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
        (
            plan.CoreReply("x", reason=Reason.OFFERED_HELP, detail="d"),
            (Outcome.REPLY, Reason.OFFERED_HELP, "d"),
        ),
        (plan.Hold(Reason.OUTSIDE_OFFICE_HOURS, until=AT), (Outcome.SILENCE, Reason.OUTSIDE_OFFICE_HOURS, "")),
        (Handoff(Reason.LOW_CONFIDENCE, "0.2"), (Outcome.HANDOFF, Reason.LOW_CONFIDENCE, "0.2")),
        (Resolve(), (Outcome.RESOLVE, Reason.RESOLVED, "")),
        (Silence(Reason.CHANNEL_OFF, "d"), (Outcome.SILENCE, Reason.CHANNEL_OFF, "d")),
    ],
)
def test_every_draft_has_an_outcome_and_a_reason_code(draft: object, expected: object) -> None:
    assert plan.outcome_of(draft) == expected  # type: ignore[arg-type]


def test_g8_the_handoff_note_says_until_when_nobody_is_there_and_the_customer_is_told_first() -> None:
    absence = plan.Absence("Monday 2026-11-23 09:00 (UTC)", "We are back on Monday.")
    steps = plan.for_handoff(
        Reason.CANNOT_RESOLVE, SUMMARY, (Step(ActionKind.UNASSIGN), Step(ActionKind.NOTE)), absence
    )
    assert [step.kind for step in steps] == [ActionKind.REPLY, ActionKind.UNASSIGN, ActionKind.NOTE]
    assert steps[0].text == "We are back on Monday."
    assert "Nobody is there until Monday 2026-11-23 09:00 (UTC)." in steps[2].text


def test_b113_every_reason_to_hand_off_reads_as_words_in_the_note() -> None:
    codes = {Reason.MISSING_KNOWLEDGE, Reason.MISSING_TOOL, Reason.UNCLEAR_INSTRUCTION, Reason.OUTSIDE_OFFICE_HOURS}
    codes |= {Reason(trigger.value) for trigger in Trigger if trigger is not Trigger.FORBIDDEN_TOPIC}
    codes |= {Reason.FORBIDDEN_TOPIC, Reason.RESPONDER_DECIDED, *TECHNICAL}
    assert codes <= set(plan.REASON_WORDS)


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
