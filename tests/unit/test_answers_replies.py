"""What the embedded responder drafts: answers, courtesies, and that it leaves the rest to a human."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core import (
    Attachment,
    Author,
    Channel,
    Draft,
    Handoff,
    Message,
    Mode,
    Owner,
    Reason,
    Reply,
    Resolve,
    Session,
    SessionStatus,
    Silence,
    Turn,
    Visibility,
)
from core.testing.clock import START
from plugins.answers import Plugin

SAMPLE = Path(__file__).parents[2] / "plugins" / "answers" / "sample"
SESSION = Session(1, 1, "c1", Channel.WEB, SessionStatus.OPEN, Owner.AI)

Respond = Callable[..., Draft]


def customer(text: str, *files: str) -> Message:
    return Message(Author.CUSTOMER, text, START, attachments=tuple(Attachment(name) for name in files))


def said(text: str, author: Author = Author.AI) -> Message:
    return Message(author, text, START)


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    return Plugin({"folder": SAMPLE})


@pytest.fixture(scope="module")
def respond(plugin: Plugin) -> Respond:
    def drafted(*unanswered: str | Message, before: tuple[Message, ...] = ()) -> Draft:
        new = tuple(customer(each) if isinstance(each, str) else each for each in unanswered)
        return plugin.draft_reply(Turn(SESSION, "shop", Mode.AUTOPILOT, (*before, *new), new))

    return drafted


def test_a_question_is_answered_with_its_passage_and_its_source(respond: Respond) -> None:
    draft = respond("How do I reset my password?")
    assert isinstance(draft, Reply)
    assert draft.sources == ("password.md#resetting-your-password",)
    assert draft.text.startswith("Choose Forgot your password? on the sign-in page (https://shop.example/login)")
    assert draft.confidence > 0.85
    assert draft.might_solve


def test_an_answer_that_has_all_of_the_question_covers_it_fully(respond: Respond) -> None:
    covered, partly = respond("I forgot my password"), respond("is the blue vase back in stock soon?")
    assert isinstance(covered, Reply)
    assert isinstance(partly, Reply)
    assert (covered.fully_covered, partly.fully_covered) == (True, False)


def test_a_question_nothing_answers_is_handed_off_with_a_reason(respond: Respond) -> None:
    draft = respond("Does the lamp work with Alexa?")
    assert isinstance(draft, Handoff)
    assert draft.reason is Reason.CANNOT_RESOLVE
    assert "no passage answers it; the nearest is " in draft.detail


def test_a_burst_of_messages_is_one_question(respond: Respond) -> None:
    draft = respond("hi", "I bought a lamp", "do you have spare", "screws for it")
    assert isinstance(draft, Reply)
    assert draft.sources == ("warranty.md#spare-parts",)


def test_the_question_is_found_in_a_long_letter(respond: Respond) -> None:
    letter = (
        "Dear team,\n\nyesterday I told my sister about the beautiful mirror in our corridor, and she would love one.\n"
        "She turns forty soon. Do students get a discount?\n\nKind regards,\nMarianne Vandenberghe"
    )
    draft = respond(letter)
    assert isinstance(draft, Reply)
    assert draft.sources == ("discounts.md#student-discount",)
    assert not draft.fully_covered


def test_two_questions_get_two_answers(respond: Respond) -> None:
    draft = respond("Can earrings be returned? And do you deliver to Norway?")
    assert isinstance(draft, Reply)
    assert draft.sources == ("returns.md#items-you-cannot-return", "delivery.md#countries-we-deliver-to")
    assert "earrings" in draft.text
    assert "Norway" in draft.text
    assert draft.confidence >= 0.5


def test_a_question_is_not_passed_over_for_another_that_has_an_answer(respond: Respond) -> None:
    draft = respond("Can earrings be returned? And is the oak table vegan?")
    assert isinstance(draft, Handoff) or (isinstance(draft, Reply) and draft.confidence < 0.5)


def test_a_sentence_that_tells_a_little_of_much_is_no_question(respond: Respond) -> None:
    draft = respond("I have been waiting for 3 weeks and nobody answers. My neighbour laughs. I want my money back.")
    assert isinstance(draft, Handoff) or (isinstance(draft, Reply) and draft.confidence < 0.5)


def test_a_listed_question_is_answered_with_the_passage_it_is_listed_for(respond: Respond) -> None:
    draft = respond("where is my order")
    assert isinstance(draft, Reply)
    assert draft.sources == ("delivery.md#tracking-an-order",)
    assert draft.confidence > 0.9


def test_the_same_answer_is_not_given_twice(respond: Respond) -> None:
    first = respond("I forgot my password")
    assert isinstance(first, Reply)
    again = respond("but I forgot my password!", before=(customer("I forgot my password"), said(first.text)))
    assert isinstance(again, Handoff)
    assert "was given before" in again.detail


@pytest.mark.parametrize(
    ("greeting", "answer"),
    [
        ("hi", "Hello! How can I help you?"),
        ("Hello there!", "Hello! How can I help you?"),
        ("good morning team, I have a question", "Hello! How can I help you?"),
        ("Guten Tag", "Guten Tag! Wie kann ich Ihnen helfen?"),
        ("Bonjour 🙂", "Bonjour ! Comment puis-je vous aider ?"),
        ("¡Hola, buenos días!", "¡Hola! ¿En qué puedo ayudarle?"),
        ("Goedemorgen", "Hallo! Waarmee kan ik u helpen?"),
        ("Buongiorno", "Buongiorno! Come posso aiutarla?"),
        ("Olá, bom dia", "Olá! Em que posso ajudar?"),
    ],
)
def test_a_greeting_is_returned_in_its_language(respond: Respond, greeting: str, answer: str) -> None:
    assert respond(greeting) == Reply(answer, confidence=1.0, might_solve=False)


def test_a_greeting_before_a_question_does_not_stand_in_its_way(respond: Respond) -> None:
    draft = respond("Hello there! I forgot my password. Thanks a lot!")
    assert isinstance(draft, Reply)
    assert draft.sources == ("password.md#resetting-your-password",)


@pytest.mark.parametrize(
    ("thanks", "answer"),
    [
        ("thanks", "You're welcome! Have a nice day."),
        ("Thank you so much, that solved it!", "You're welcome! Have a nice day."),
        ("Ok, thanks. That's all", "You're welcome! Have a nice day."),
        ("Vielen Dank, es funktioniert jetzt", "Gern geschehen! Einen schönen Tag noch."),
        ("merci beaucoup", "Avec plaisir ! Bonne journée."),
        ("Muchas gracias por su ayuda", "¡De nada! Que tenga un buen día."),
        ("Dank u wel", "Graag gedaan! Nog een fijne dag."),
    ],
)
def test_thanks_after_an_answer_resolve_the_conversation(respond: Respond, thanks: str, answer: str) -> None:
    before = (customer("I forgot my password"), said("Choose Forgot your password?"))
    assert respond(thanks, before=before) == Resolve(answer)


def test_a_raised_thumb_is_thanks_in_the_language_spoken_before(respond: Respond) -> None:
    before = (customer("Wo finde ich die Rechnung?"), said("Unter Mein Konto."))
    assert respond("👍", before=before) == Resolve("Gern geschehen! Einen schönen Tag noch.")


@pytest.mark.parametrize(
    "text", ["thanks, but that did not solve it", "thanks for nothing", "that did not work", "it worked for 2 minutes"]
)
def test_thanks_with_a_but_resolve_nothing(respond: Respond, text: str) -> None:
    before = (customer("I forgot my password"), said("Choose Forgot your password?"))
    assert not isinstance(respond(text, before=before), Resolve | Silence)


def test_thanks_before_any_answer_resolve_nothing(respond: Respond) -> None:
    greeted = (customer("hi"), said("Hello! How can I help you?"))
    for before in [(), greeted, (said("We will look into it.", Author.AGENT),)]:
        draft = respond("thanks", before=before)
        assert draft == Reply("You're welcome! Have a nice day.", confidence=1.0, might_solve=False)


def test_a_mere_nod_is_met_with_silence(respond: Respond) -> None:
    draft = respond("ok, got it", before=(customer("I forgot my password"), said("Choose Forgot your password?")))
    assert draft == Silence(Reason.NOT_USEFUL, "the customer only nodded")


def test_an_attachment_without_words_is_handed_off(respond: Respond) -> None:
    assert respond(customer("", "photo.jpg", "bill.pdf")) == Handoff(
        Reason.CANNOT_RESOLVE, "the customer sent 2 attachment(s) without text: photo.jpg, bill.pdf"
    )


def test_a_greeting_with_an_attachment_is_handed_off_too(respond: Respond) -> None:
    draft = respond("hello", customer("", "photo.jpg"))
    assert draft == Handoff(Reason.CANNOT_RESOLVE, "the customer sent 1 attachment(s) and no question")


@pytest.mark.parametrize(
    "text",
    ["", "???", "12345678", "the of and", "4711 " * 70 + ". Hoses", 'NEAR( "a" * ^ OR', "' ; DROP TABLE passage"],
)
def test_a_message_without_words_to_search_for_is_handed_off(respond: Respond, text: str) -> None:
    assert isinstance(respond(text), Handoff)


def test_a_turn_without_new_messages_stays_silent(respond: Respond) -> None:
    assert isinstance(respond(before=(customer("hi"), said("Hello!"))), Silence)


def test_private_messages_count_for_nothing(respond: Respond) -> None:
    note = Message(Author.AI, "A note for colleagues.", START, Visibility.PRIVATE)
    assert isinstance(respond("thanks", before=(customer("hello"), note)), Reply)


def test_a_reply_names_the_file_it_is_from_as_its_topic_and_leaves_the_mood_to_core(respond: Respond) -> None:
    reply = respond("I forgot my password")
    assert isinstance(reply, Reply)
    assert reply.topic == reply.sources[0].split("#")[0].rsplit("/", 1)[-1].removesuffix(".md")
    assert reply.topic
    assert reply.sentiment is None


@pytest.mark.parametrize(
    ("subject", "text", "source"),
    [
        ("My order", "Hello, how long does delivery take?", "delivery.md#delivery-times"),
        ("Question", "I forgot my password", "password.md#resetting-your-password"),
        ("How long does delivery take?", "Hello!", "delivery.md#delivery-times"),
        ("How long does delivery take?", "", "delivery.md#delivery-times"),
        ("Password", "I have forgotten it, how can I set a new one?", "password.md#resetting-your-password"),
    ],
)
def test_a_subject_is_looked_at_only_where_the_text_alone_does_not_say_it(
    respond: Respond, subject: str, text: str, source: str
) -> None:
    draft = respond(f"Subject: {subject}\n{text}".strip())
    assert isinstance(draft, Reply)
    assert draft.sources == (source,)
    assert draft.confidence >= 0.5


def test_thanks_under_a_subject_are_a_courtesy(respond: Respond) -> None:
    draft = respond("Subject: My parcel\nThank you!", before=(customer("Where is it?"), said("On its way.")))
    assert isinstance(draft, Resolve)


def test_a_subject_makes_no_answer_of_what_nothing_answers(respond: Respond) -> None:
    draft = respond("Subject: Lamp\nDoes the lamp work with Alexa?")
    assert isinstance(draft, Handoff)
