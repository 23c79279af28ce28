"""What an agent who takes over is told without any service: a short summary and the customer's mood."""

from __future__ import annotations

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
from core.flow.courtesy import has_substance, is_courtesy, is_thanks
from core.flow.language import language_of
from core.flow.sentiment import sentiment_of
from core.flow.summary import LONGEST, summarise
from core.testing.clock import START

SESSION = Session(1, 1, "c1", Channel.WEB, SessionStatus.OPEN, Owner.AI)


def customer(text: str, *files: str) -> Message:
    return Message(Author.CUSTOMER, text, START, attachments=tuple(Attachment(name) for name in files))


def answer(text: str) -> Message:
    return Message(Author.AI, text, START)


def summarised(*messages: Message, waiting: int = 1) -> Summary:
    unanswered = messages[len(messages) - waiting :]
    return summarise(Turn(SESSION, "shop", Mode.AUTOPILOT, messages, unanswered))


def test_a_summary_tells_what_was_asked_what_was_tried_and_what_is_open() -> None:
    summary = summarised(
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


def test_a_single_question_is_told_once() -> None:
    assert summarised(customer("Where is\nmy cat?")).text == (
        'The customer wrote: "Where is my cat?". The AI has not answered yet. '
        "Open: 1 message of the customer without an answer."
    )


def test_thanks_leave_nothing_open() -> None:
    summary = summarised(customer("How do I pay?"), answer("By card."), customer("Great, thank you!"))
    assert summary.text.endswith("The customer ended with thanks; nothing is open.")
    assert summary.sentiment is Sentiment.HAPPY


def test_attachments_are_pointed_out() -> None:
    assert summarised(customer("", "a.jpg", "b.jpg")).text == (
        "The customer sent attachments without text. The AI has not answered yet. Open: 2 attachments to look at."
    )


def test_private_messages_are_left_out() -> None:
    note = Message(Author.AGENT, "customer is a VIP, awful person", START, Visibility.PRIVATE)
    own = Message(Author.AI, "confidential", START, Visibility.PRIVATE)
    summary = summarised(note, own, customer("My lamp flickers."))
    assert "VIP" not in summary.text
    assert "confidential" not in summary.text
    assert "has not answered yet" in summary.text


def test_a_summary_stays_short_whatever_was_written() -> None:
    long = "Endless words about a lamp that flickers in the night. " * 200
    summary = summarised(customer(long), answer(long), customer(long + "really"), waiting=1)
    assert len(summary.text) <= LONGEST
    assert summary.text.endswith("without an answer.")


def test_a_session_without_messages_has_a_summary_too() -> None:
    assert summarised(waiting=0).text == "The customer asked nothing yet. The AI has not answered yet."


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


@pytest.mark.parametrize(
    ("text", "courtesy", "thanks"),
    [
        ("Hi", True, False),
        ("Good morning, can you help me please?", True, False),
        ("Thanks a lot!", True, True),
        ("Vielen Dank", True, True),
        ("你好", True, False),
        ("Thanks, but it still fails", False, False),
        ("Where is my parcel?", False, False),
        ("ok 12345", False, False),
        ("", False, False),
        ("🙂", False, False),
    ],
)
def test_greetings_and_thanks_are_told_from_what_means_something(text: str, courtesy: bool, thanks: bool) -> None:
    assert (is_courtesy(text), is_thanks(text)) == (courtesy, thanks)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["I want to talk to a human, please"], False),
        (["Hi", "agent"], False),
        (["Could I please speak to a real person right now?"], False),
        (["Ich möchte bitte mit einem Mitarbeiter sprechen"], False),
        (["转人工"], False),
        (["Refund"], False),
        (["Hello, I have a question"], False),
        ([], False),
        (["I want a human. My parcel never arrived"], True),
        (["My parcel never arrived", "human please"], True),
        (["I would like to talk to a human about the invoice that you sent me twice in May"], True),
        (["我的包裹还没有到, 转人工"], True),
    ],
)
def test_b111_what_tells_an_agent_nothing_is_known(texts: list[str], expected: bool) -> None:
    assert has_substance(texts) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want to talk to a human", "en"),
        ("Ich möchte mit einem Menschen sprechen", "de"),
        ("Je voudrais parler à un conseiller", "fr"),
        ("Quiero hablar con una persona", "es"),
        ("Vorrei parlare con una persona", "it"),
        ("Ik wil graag met een medewerker spreken", "nl"),
        ("Quero falar com um atendente, você pode?", "pt"),
        ("Chcę rozmawiać z konsultantem, czy mogę?", "pl"),
        ("Bir temsilci ile görüşmek istiyorum", "tr"),
        ("أريد التحدث مع موظف", "ar"),
        ("मुझे इंसान से बात करनी है", "hi"),
        ("Хочу поговорить с оператором", "ru"),
        ("转人工客服", "zh"),
        ("担当者と話したいです", "ja"),
        ("상담원과 통화하고 싶어요", "ko"),
        ("xyz 123", ""),
        ("", ""),
    ],
)
def test_the_language_is_told_by_letters_or_by_common_words(text: str, expected: str) -> None:
    assert language_of(text) == expected
