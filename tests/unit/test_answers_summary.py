"""What the embedded responder tells the agent who takes over: a short summary and the customer's mood."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import (
    Attachment,
    Author,
    Channel,
    Message,
    Mode,
    Owner,
    Sentiment,
    Session,
    SessionStatus,
    Summary,
    Turn,
    Visibility,
)
from core.testing.clock import START
from plugins.answers import Plugin
from plugins.answers.sentiment import sentiment_of
from plugins.answers.summary import LONGEST

SESSION = Session(1, 1, "c1", Channel.WEB, SessionStatus.OPEN, Owner.AI)


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin({"folder": tmp_path})


def customer(text: str, *files: str) -> Message:
    return Message(Author.CUSTOMER, text, START, attachments=tuple(Attachment(name) for name in files))


def answer(text: str) -> Message:
    return Message(Author.AI, text, START)


def summarised(plugin: Plugin, *messages: Message, waiting: int = 1) -> Summary:
    unanswered = messages[len(messages) - waiting :]
    return plugin.summarise_session(Turn(SESSION, "shop", Mode.AUTOPILOT, messages, unanswered))


def test_a_summary_tells_what_was_asked_what_was_tried_and_what_is_open(plugin: Plugin) -> None:
    summary = summarised(
        plugin,
        customer("Hi"),
        answer("Hello!"),
        customer("My lamp flickers."),
        answer("Try another bulb."),
        customer("I did, it still flickers"),
    )
    assert summary == Summary(
        'The customer first wrote: "My lamp flickers.". Most recently: "I did, it still flickers". '
        'The AI answered 2 times, last with: "Try another bulb.". Open: 1 message of the customer without an answer.',
        Sentiment.NEUTRAL,
    )


def test_a_single_question_is_told_once(plugin: Plugin) -> None:
    assert summarised(plugin, customer("Where is\nmy cat?")).text == (
        'The customer wrote: "Where is my cat?". The AI has not answered yet. '
        "Open: 1 message of the customer without an answer."
    )


def test_thanks_leave_nothing_open(plugin: Plugin) -> None:
    summary = summarised(plugin, customer("How do I pay?"), answer("By card."), customer("Great, thank you!"))
    assert summary.text.endswith("The customer ended with thanks; nothing is open.")
    assert summary.sentiment is Sentiment.HAPPY


def test_attachments_are_pointed_out(plugin: Plugin) -> None:
    assert summarised(plugin, customer("", "a.jpg", "b.jpg")).text == (
        "The customer sent attachments without text. The AI has not answered yet. Open: 2 attachments to look at."
    )


def test_private_messages_are_left_out(plugin: Plugin) -> None:
    note = Message(Author.AGENT, "customer is a VIP, awful person", START, Visibility.PRIVATE)
    own = Message(Author.AI, "confidential", START, Visibility.PRIVATE)
    summary = summarised(plugin, note, own, customer("My lamp flickers."))
    assert "VIP" not in summary.text
    assert "confidential" not in summary.text
    assert "has not answered yet" in summary.text


def test_a_summary_stays_short_whatever_was_written(plugin: Plugin) -> None:
    long = "Endless words about a lamp that flickers in the night. " * 200
    summary = summarised(plugin, customer(long), answer(long), customer(long + "really"), waiting=1)
    assert len(summary.text) <= LONGEST
    assert summary.text.endswith("without an answer.")


def test_a_session_without_messages_has_a_summary_too(plugin: Plugin) -> None:
    assert summarised(plugin, waiting=0).text == "The customer asked nothing yet. The AI has not answered yet."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my order?", Sentiment.NEUTRAL),
        ("Where is my order? Thanks.", Sentiment.NEUTRAL),
        ("The VAT number on my PDF is wrong", Sentiment.NEUTRAL),
        ("The vase arrived broken", Sentiment.NEUTRAL),
        ("not bad", Sentiment.NEUTRAL),
        ("not great", Sentiment.NEUTRAL),
        ("", Sentiment.NEUTRAL),
        ("This is unacceptable", Sentiment.ANGRY),
        ("I am very disappointed, your service is slow", Sentiment.ANGRY),
        ("I am NOT happy, this is not good and so frustrating!!", Sentiment.ANGRY),
        ("WHERE IS MY ORDER??!!", Sentiment.ANGRY),
        ("😡", Sentiment.ANGRY),
        ("Das ist eine Frechheit", Sentiment.ANGRY),
        ("C'est inadmissible, quelle arnaque", Sentiment.ANGRY),
        ("Esto es una estafa", Sentiment.ANGRY),
        ("Belachelijk!", Sentiment.ANGRY),
        ("Thank you so much, that is perfect", Sentiment.HAPPY),
        ("PERFECT, THANK YOU GUYS!", Sentiment.HAPPY),
        ("great 😊", Sentiment.HAPPY),
        ("Super, vielen Dank!", Sentiment.HAPPY),
        ("merci, c'est génial", Sentiment.HAPPY),
    ],
)
def test_the_mood_is_told_from_words_negation_capitals_and_signs(text: str, expected: Sentiment) -> None:
    assert sentiment_of([text]) is expected


def test_what_was_said_last_weighs_most() -> None:
    assert sentiment_of(["This is terrible", "ok", "it works now, that is wonderful, I love it!"]) is Sentiment.HAPPY
    assert sentiment_of(["that is great", "No, it is terrible and useless!"]) is Sentiment.ANGRY
