"""Behaviour 79: a session mirrors its ticket, whoever wrote in it and how, and whatever becomes of the ticket."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import Owner
from core.errors import BadPayload
from core.store.models import AttachmentRow, EventRow, MessageRow
from plugins.freshdesk import normalise
from plugins.freshdesk.simulator_happenings import Performer
from plugins.freshdesk.simulator_state import NOTE, OUTBOUND_EMAIL, WEB_CHAT
from tests.end_to_end.worlds import DeskWorld

ANSWER = "Hello from the AI."
FIRST = ("customer", "public", "Subject: A question\nWhere is my parcel?")


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


def files(desk: DeskWorld) -> list[tuple[str, str]]:
    """The files of all messages, as (name, state)."""
    with desk.runtime.db.read():
        return [(row.name, row.state) for row in AttachmentRow.select().order_by(AttachmentRow.id)]


def rows(desk: DeskWorld) -> list[MessageRow]:
    """All messages on our side."""
    with desk.runtime.db.read():
        return list(MessageRow.select().order_by(MessageRow.at, MessageRow.id))


def hint(desk: DeskWorld, ticket: Any) -> None:
    """A webhook that tells of the ticket once more, as one that comes late or twice does."""
    answer = desk.post(f'{{"ticket_id":"{ticket.id}"}}'.encode(), {"Content-Type": "application/json"})
    assert answer.status_code == 200


# -------------------------------------------------------------------------------------------------- the thread


def test_b79_the_whole_thread_is_kept_with_who_wrote_it_and_who_sees_it(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=False)
    ticket = desk.opens()
    for step in (
        lambda: desk.sim.agent_notes(ticket, desk.human, "Looks lost to me."),
        lambda: desk.sim.agent_replies(ticket, desk.human, "I am looking for it."),
        lambda: desk.sim.agent_forwards(ticket, desk.human, "Dear carrier, where is it?"),
        lambda: desk.sim.agent_notes(ticket, desk.human, "We have asked the carrier.", private=False),
        lambda: desk.sim.customer_writes(ticket, "Thank you."),
    ):
        desk.clock.advance(10)
        step()
        desk.run()
    assert desk.messages() == [
        FIRST,
        ("agent", "private", "Looks lost to me."),
        ("agent", "public", "I am looking for it."),
        ("agent", "private", "Dear carrier, where is it?"),
        ("agent", "public", "We have asked the carrier."),
        ("customer", "public", "Thank you."),
    ]
    assert {row.author_id for row in rows(desk) if row.author == "agent"} == {str(desk.human.id)}
    assert {row.author_id for row in rows(desk) if row.author == "customer"} == {str(desk.ada.id)}


def test_b79_what_no_webhook_told_is_read_with_the_next_one(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.webhooks.drop(times=3)
    ticket = desk.opens()
    desk.sim.customer_writes(ticket, "It has the number 7.")
    desk.sim.agent_notes(ticket, desk.human, "Seven!")
    desk.run(60)
    assert desk.messages() == []
    desk.sim.customer_writes(ticket, "And it is blue.")
    desk.run(60)
    assert [text for _, _, text in desk.messages()[:4]] == [
        FIRST[2],
        "It has the number 7.",
        "Seven!",
        "And it is blue.",
    ]
    assert desk.replies(ticket) == [ANSWER]


def test_b79_an_entry_that_shows_late_in_the_list_is_found_by_the_sweep(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.quirks.read_lag = 5
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "And when?")
    desk.run(10)
    assert len(desk.replies(ticket)) == 1
    desk.poll(8)
    assert len(desk.replies(ticket)) == 2


def test_b79_b152_the_first_message_of_a_web_chat_is_told_once(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens("Hello there", subject="Hello there", source=WEB_CHAT)
    desk.run(60)
    desk.sim.customer_writes(ticket, "Hello there")  # said once more, this is another message
    desk.run(60)
    assert [text for author, _, text in desk.messages() if author == "customer"] == ["Hello there", "Hello there"]
    assert len(desk.replies(ticket)) == 2


def test_a_mail_that_an_agent_began_is_theirs_and_answered_by_nobody(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens("Your parcel is late.", source=OUTBOUND_EMAIL, responder_id=desk.human.id)
    desk.run(60)
    assert [author for author, _, _ in desk.messages()] == ["agent"]
    assert desk.session().owner == Owner.HUMAN
    desk.sim.customer_writes(ticket, "When will it be here?")
    desk.run(60)
    assert desk.replies(ticket) == []


def test_quoted_history_is_kept_but_not_shown_to_the_responder(desk: DeskWorld) -> None:
    desk.sim.quirks.body_quotes_history = True
    desk.start()
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "The blue one.")
    desk.run(60)
    asked = desk.ai_plugin.turns[-1]
    assert asked.question == "The blue one."
    assert [message.text for message in asked.messages] == [FIRST[2], ANSWER, "The blue one."]
    written = next(row for row in rows(desk) if row.text == "The blue one.")
    assert written.quoted == ANSWER


def test_html_is_read_as_a_person_sees_it(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens()
    ticket.description = (
        "<style>p{color:red}</style><p>Where&nbsp;is <b>it</b>?<br>It cost 5 &lt; 6 &euro;</p><script>alert(1)</script>"
    )
    desk.run(60)
    assert desk.messages()[0][2] == "Subject: A question\nWhere is it?\nIt cost 5 < 6 €"


def test_b128_files_are_stored_and_one_that_cannot_be_had_leaves_a_placeholder(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens(attachments=[("invoice.pdf", b"%PDF-1.7")])
    desk.run(60)
    desk.sim.fault("download_attachment", "404")
    desk.sim.customer_writes(ticket, "And the picture.", attachments=[("broken.png", b"png")])
    desk.run(60)
    assert files(desk) == [("invoice.pdf", "stored"), ("broken.png", "placeholder")]
    assert len(desk.replies(ticket)) == 2  # it holds no answer up
    with desk.runtime.db.read():
        stored, missing = AttachmentRow.select().order_by(AttachmentRow.id)
        assert bytes(stored.content) == b"%PDF-1.7"
        assert "broken.png could not be fetched" in missing.placeholder
    assert not any(call.credential for call in desk.sim.record.calls("download_attachment"))


def test_names_and_sizes_that_fit_no_column_cost_no_answer(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = desk.sim.shapes._files
    odd = {"size": 5_000_000_000, "content_type": "text/" + "x" * 300}
    monkeypatch.setattr(desk.sim.shapes, "_files", lambda files: [one | odd for one in shown(files)])
    desk.start()
    long = desk.sim.customer("b" * 300 + "@example.org", "B" * 300, "1" * 300)
    ticket = desk.sim.customer_opens(long, "Hi", "Where is it?", attachments=[("f" * 300, b"text")])
    desk.run(60)
    assert desk.replies(ticket) == [ANSWER]
    assert files(desk) == [("f" * 255, "stored")]
    assert desk.session().contact.name == "B" * 255


def test_our_own_words_are_in_the_thread_once(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    hint(desk, ticket)
    desk.sim.webhooks.again(desk.sim.webhooks.deliveries[0])
    desk.run(60)
    desk.poll(10)
    assert desk.messages() == [FIRST, ("ai", "public", ANSWER)]
    assert desk.decisions() == [("reply", "answered")]
    assert len(desk.session().data) > 0
    assert desk.ai_plugin.changes.count("message") == 1


def test_an_entry_that_cannot_be_read_is_kept_as_failed_and_the_others_are_answered(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(event: Any) -> Any:
        words = str(event.payload["conversation"]["body"])
        if "unreadable" in words:
            raise BadPayload("conversation.body: is odd")
        if "mistake" in words:
            raise KeyError("a mistake of ours")
        return normalise.conversation(event)

    desk.start()
    monkeypatch.setitem(normalise.HANDLERS, normalise.CONVERSATION, refuse)  # type: ignore[arg-type]
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "unreadable")
    desk.sim.customer_writes(ticket, "a mistake")
    desk.sim.customer_writes(ticket, "Can you read this?")
    desk.run(600)
    assert len(desk.replies(ticket)) == 2
    assert desk.ai_plugin.turns[-1].question == "Can you read this?"
    with desk.runtime.db.read():
        failed = list(EventRow.select().where(EventRow.state == "failed").order_by(EventRow.id))
    assert [row.conversation_id for row in failed] == [str(ticket.id)] * 2
    assert failed[0].error == "conversation.body: is odd"
    assert "KeyError" in failed[1].error


# -------------------------------------------------------------------------------------------------- the people


def test_b35_b129_the_requester_is_the_contact(desk: DeskWorld) -> None:
    desk.start()
    desk.answered()
    contact = desk.session().contact
    assert (contact.name, contact.email) == ("Ada Customer", "ada@example.com")


def test_an_agent_who_asks_is_the_customer_of_their_own_ticket(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.sim.customer_opens(desk.human, "A question", "How do I print this?")
    desk.run(60)
    assert desk.session().contact.email == "hanna@example.com"
    assert desk.messages()[0][0] == "customer"
    assert desk.replies(ticket) == [ANSWER]


@pytest.mark.parametrize("unknown", [True, False])
def test_somebody_in_copy_speaks_for_the_customer_and_is_told_apart(desk: DeskWorld, unknown: bool) -> None:
    desk.sim.quirks.incoming_without_user = unknown
    desk.start()
    ticket = desk.answered()
    bo = desk.sim.customer("bo@example.org", "Bo")
    desk.sim.customer_writes(ticket, "I would like to know, too.", by=bo)
    desk.run(60)
    assert rows(desk)[2].author == "customer"
    assert rows(desk)[2].author_id == str(desk.ada.id if unknown else bo.id)
    assert desk.session().contact.email == "ada@example.com"
    assert len(desk.replies(ticket)) == 2


@pytest.mark.parametrize("told", [True, False])
def test_when_the_requester_changes_the_contact_follows(desk: DeskWorld, told: bool) -> None:
    desk.start()
    ticket = desk.answered()
    bo = desk.sim.customer("bo@example.org", "Bo")
    desk.clock.advance(30)
    desk.sim.change_requester(ticket, bo, desk.human)
    if told:
        hint(desk, ticket)
        desk.run(1)
    else:
        desk.poll(8)
    assert desk.session().contact.email == "bo@example.org"
    assert desk.session().customer_id == str(bo.id)


def test_a_private_note_that_came_from_outside_is_no_turn_of_the_customer(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    carrier = desk.sim.customer("carrier@example.org")
    performer = Performer("requester", carrier.id)
    desk.sim.account.write(
        ticket, performer, "<p>It is lost.</p>", carrier.id, source=NOTE, private=True, incoming=True
    )
    desk.run(60)
    assert desk.messages()[-1] == ("system", "private", "It is lost.")
    assert len(desk.decisions()) == 1
    assert desk.session().owner == Owner.AI


# --------------------------------------------------------------------------------------------- what becomes of it


def test_a_merged_ticket_is_closed_and_goes_on_in_the_other(desk: DeskWorld) -> None:
    desk.start()
    first, second = desk.answered("one"), desk.answered("two")
    desk.sim.merges(first, second, desk.human)
    desk.run(60)
    assert desk.session(second).status == "closed_resolved"
    desk.sim.customer_writes(second, "And now?")
    desk.run(60)
    assert desk.session(second).status == "closed_resolved"
    assert len(desk.replies(first)) == 2
    assert len(desk.replies(second)) == 1


@pytest.mark.parametrize("fate", ["marks_spam", "agent_deletes"])
def test_a_ticket_that_is_spam_or_deleted_is_closed_and_left_alone_until_it_is_restored(
    desk: DeskWorld, fate: str
) -> None:
    desk.start()
    ticket = desk.opens()
    desk.run(5)
    getattr(desk.sim, fate)(ticket, desk.human)
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.session().status == "closed_unresolved"
    assert desk.session().closed_by == "system"
    desk.sim.restores(ticket, desk.human)
    desk.sim.customer_writes(ticket, "Hello?")
    desk.run(60)
    assert desk.session().status == "open"
    assert desk.replies(ticket) == [ANSWER]


@pytest.mark.parametrize("auto", [True, False])
def test_a_question_that_was_put_away_by_mistake_is_answered_once_it_is_restored(desk: DeskWorld, auto: bool) -> None:
    desk.start(auto_handle_all=auto)
    ticket = desk.opens()
    desk.run(5)
    desk.sim.marks_spam(ticket, desk.human)
    desk.run(60)
    assert desk.session().status == "closed_unresolved"
    desk.sim.restores(ticket, desk.human)
    desk.poll(8)
    assert desk.session().status == "open"
    assert desk.replies(ticket) == ([ANSWER] if auto else [])


@pytest.mark.parametrize("fate", ["marks_spam", "agent_deletes"])
def test_a_new_ticket_that_is_spam_when_it_is_first_read_is_not_answered(desk: DeskWorld, fate: str) -> None:
    desk.start()
    ticket = desk.opens()
    getattr(desk.sim, fate)(ticket, desk.human)
    desk.run(600)
    assert desk.replies(ticket) == []
    assert not [call for call in desk.sim.record.calls() if call.method != "GET"]


def test_an_archived_ticket_is_still_read(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.agent_closes(ticket, desk.human)
    desk.sim.agent_notes(ticket, desk.human, "Filed.")
    desk.sim.archives(ticket)
    hint(desk, ticket)
    desk.run(60)
    assert desk.session().status == "closed_resolved"
    assert desk.messages()[-1] == ("agent", "private", "Filed.")


def test_a_ticket_that_is_purged_is_closed_here(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.purges(ticket)
    hint(desk, ticket)
    desk.run(600)
    assert desk.session().status == "closed_unresolved"
    with desk.runtime.db.read():
        assert EventRow.select().where(EventRow.reason == "conversation_gone").count() == 1
        assert not EventRow.select().where(EventRow.state == "pending").exists()
