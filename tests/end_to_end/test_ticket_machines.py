"""Fact 132 in tickets: mail that machines write is not answered, or not for ever, and no person is lost by that."""

from __future__ import annotations

import pytest

from core.domain import Owner
from plugins.freshdesk.simulator_state import EMAIL, PORTAL
from tests.end_to_end.worlds import DeskWorld

ANSWER = "Hello from the AI."
AUTOMATIC = ("silence", "automatic_message")


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


@pytest.mark.parametrize(
    ("email", "subject", "text"),
    [
        ("no-reply@shop.example", "Your invoice", "Please find it attached."),
        ("bo@example.org", "Automatic reply: Your parcel", "I am away."),
        ("bo@example.org", "Re: Hello", "I am out of the office and will be back on 3 May."),
        ("mailer-daemon@example.org", "Undelivered Mail Returned to Sender", "It could not be delivered."),
    ],
)
def test_b132_a_mail_of_a_machine_is_kept_and_not_answered(
    desk: DeskWorld, email: str, subject: str, text: str
) -> None:
    desk.start()
    ticket = desk.sim.customer_opens(desk.sim.customer(email), subject, text)
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.decisions() == [AUTOMATIC]
    assert len(desk.messages()) == 1
    assert not [call for call in desk.sim.record.calls() if call.method != "GET"]


def test_b132_an_out_of_office_notice_in_a_thread_is_not_answered_and_the_person_later_is(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "I am out of the office and will be back on 3 May.")
    desk.run(600)
    assert len(desk.replies(ticket)) == 1
    desk.sim.customer_writes(ticket, "I am back. Where is it?")
    desk.run(60)
    assert len(desk.replies(ticket)) == 2


def test_b132_in_the_portal_the_same_words_are_a_persons(desk: DeskWorld) -> None:
    desk.start()
    nobody = desk.sim.customer("no-reply@shop.example")
    ticket = desk.sim.customer_opens(nobody, "Absence", "I am out of the office. Will it be back on 3 May?", PORTAL)
    desk.run(60)
    assert desk.replies(ticket) == [ANSWER]


SAME = "Your request no. {} was received, and somebody will come back to you."
CHANGING = (
    "Thank you for your mail.",
    "We have it.",
    "Somebody looks at it.",
    "It is at hand.",
    "All is well.",
    "Yes.",
)


@pytest.mark.parametrize("delay", [1, 300])
@pytest.mark.parametrize("texts", [[SAME.format(number) for number in range(1000, 1008)], CHANGING])
def test_b132_a_machine_that_answers_every_mail_is_not_answered_for_ever(
    desk: DeskWorld, texts: list[str], delay: int
) -> None:
    desk.start()
    ticket = desk.answered("We have written to you.", source=EMAIL)
    answered = 0
    for text in texts:
        if len(desk.replies(ticket)) == answered:
            break  # it writes only where it was written to
        answered = len(desk.replies(ticket))
        desk.clock.advance(delay)
        desk.sim.customer_writes(ticket, text)
        desk.run(20)
    # What is slow and always says something else may be a person: it is the hourly figure that ends it.
    persons = delay > 60 and texts is CHANGING
    assert len(desk.replies(ticket)) == (6 if persons else 2)
    assert desk.decisions()[-1] in [
        AUTOMATIC,
        ("handoff", "automatic_message"),
        ("handoff", "cannot_resolve"),
        ("handoff", "too_many_replies"),
    ]


def test_b132_a_machine_that_sends_the_same_mail_again_and_again_is_not_answered_in_between(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered("Disk 1 is full.")
    for number in range(2, 6):
        desk.clock.advance(5)
        desk.sim.customer_writes(ticket, f"Disk {number} is full.")
        desk.run(2)
    assert desk.replies(ticket) == [ANSWER]


@pytest.mark.parametrize("texts", [[SAME] * 40, [text + "x" * n for n in range(7) for text in CHANGING]])
def test_b132_a_machine_that_opens_a_ticket_for_every_mail_is_not_answered_for_ever(
    desk: DeskWorld, texts: list[str]
) -> None:
    desk.start()
    tickets = [desk.answered("We have written to you.")]
    for text in texts:
        if not desk.replies(tickets[-1]):
            break  # it writes only where it was written to
        tickets.append(desk.opens(text, subject="We have your mail"))
        desk.run(45)
    assert len(tickets) == 19  # three times what a single one may have within an hour
    assert desk.decisions()[-1] == ("handoff", "too_many_replies")
    assert len(desk.notes(tickets[-1])) == 1


def test_a_person_who_says_the_same_again_is_not_left_without_an_answer(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "That does not help me at all.")
    desk.run(600)
    desk.sim.customer_writes(ticket, "That does not help me at all.")
    desk.run(60)
    assert desk.decisions()[-1] == ("handoff", "cannot_resolve")
    assert desk.session().owner == Owner.HUMAN
    assert len(desk.notes(ticket)) == 1


def test_after_as_many_replies_as_an_hour_may_have_a_human_goes_on(desk: DeskWorld) -> None:
    desk.start(extra="[channels.email]\nreplies_per_hour = 2\n")
    ticket = desk.answered()
    for number in range(3):
        desk.run(300)
        desk.sim.customer_writes(ticket, f"Question {'abc'[number]}?")
        desk.run(60)
    assert len(desk.replies(ticket)) == 2
    assert ("handoff", "too_many_replies") in desk.decisions()
    assert "it has answered too often within an hour" in desk.notes(ticket)[0]
    assert desk.session().owner == Owner.HUMAN


def test_replies_of_more_than_an_hour_ago_do_not_count(desk: DeskWorld) -> None:
    desk.start(extra="[channels.email]\nreplies_per_hour = 1\n")
    ticket = desk.answered()
    for text in ("And when?", "And where?"):
        desk.run(3700)
        desk.sim.customer_writes(ticket, text)
        desk.run(60)
    assert len(desk.replies(ticket)) == 3
