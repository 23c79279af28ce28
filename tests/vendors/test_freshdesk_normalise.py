"""Freshdesk's tickets and conversations as facts: who wrote what to whom, and what is new in it (behaviour 79, 132)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import Attachment, Author, BadPayload, Event, MessageFact, Visibility
from tests.vendors.freshdesk_account import FRESHDESK, STARTED, connection, conversation, stamp, ticket

RECEIVED = STARTED + timedelta(hours=1)


def fact(kind: str, payload: dict[str, Any]) -> MessageFact:
    [found] = FRESHDESK.normalise(Event(1, 1, "message:1", kind, "12", payload, RECEIVED), connection())
    assert isinstance(found, MessageFact)
    return found


def described(**changes: Any) -> MessageFact:
    return fact("ticket_description", {"ticket": ticket(**changes)})


def said(of_source: int = 1, **changes: Any) -> MessageFact:
    known = {"id": 12, "source": of_source, "requester_id": 501, "created_at": stamp()}
    return fact("conversation", {"ticket": known, "conversation": conversation(**changes)})


# ----------------------------------------------------------------------------------------------- description


def test_the_description_is_the_customers_first_message_under_its_subject() -> None:
    found = described()
    assert found.text == "Subject: Where is my parcel?\nIt should be here by now."
    assert (found.external_id, found.author, found.author_id) == ("ticket-12", Author.CUSTOMER, "501")
    assert (found.visibility, found.customer_id, found.at) == (Visibility.PUBLIC, "501", STARTED)
    assert not found.automatic


def test_the_description_of_an_outbound_mail_is_an_agents() -> None:
    found = described(source=10, responder_id=77)
    assert (found.author, found.author_id, found.customer_id) == (Author.AGENT, "77", "501")


def test_a_subject_made_of_the_first_words_is_not_said_twice() -> None:
    assert described(source=15, subject="It should be...").text == "It should be here by now."


@pytest.mark.parametrize(("subject", "text"), [("Hello", "Subject: Hello"), ("", ""), (None, "")])
def test_a_ticket_without_description_has_its_subject(subject: Any, text: str) -> None:
    assert described(subject=subject, description=None, description_text=None).text == text


def test_without_html_the_plain_text_counts() -> None:
    assert described(subject="", description="<div></div>", description_text="plain").text == "plain"


def test_a_ticket_without_a_readable_time_is_of_when_it_came() -> None:
    assert described(created_at="?").at == RECEIVED


def test_what_a_forwarded_mail_holds_is_its_content() -> None:
    found = described(subject="Fwd: Invoice", description="FYI<blockquote>We owe you 5 EUR.</blockquote>")
    assert "We owe you 5 EUR." in found.text
    assert found.quoted == ""


# ---------------------------------------------------------------------------------------------- conversations


@pytest.mark.parametrize(
    ("entry", "author", "visibility"),
    [
        ({"incoming": True, "private": False, "source": 0}, Author.CUSTOMER, Visibility.PUBLIC),
        ({"incoming": True, "private": False, "source": 2}, Author.CUSTOMER, Visibility.PUBLIC),
        ({"incoming": True, "private": False, "source": 7}, Author.CUSTOMER, Visibility.PUBLIC),
        ({"incoming": True, "private": True, "source": 0}, Author.SYSTEM, Visibility.PRIVATE),
        ({"incoming": True, "private": True, "source": 8}, Author.SYSTEM, Visibility.PRIVATE),
        ({"incoming": False, "private": False, "source": 0}, Author.AGENT, Visibility.PUBLIC),
        ({"incoming": False, "private": True, "source": 2}, Author.AGENT, Visibility.PRIVATE),
        ({"incoming": False, "private": False, "source": 2}, Author.AGENT, Visibility.PUBLIC),
        ({"incoming": False, "private": False, "source": 8}, Author.AGENT, Visibility.PRIVATE),
        ({"incoming": True, "private": False, "source": 6}, Author.SYSTEM, Visibility.PUBLIC),
        ({"incoming": False, "private": False, "source": 4}, Author.SYSTEM, Visibility.PUBLIC),
        ({"incoming": False, "private": True, "source": 16}, Author.SYSTEM, Visibility.PRIVATE),
        ({"incoming": None, "private": None, "source": None}, Author.AGENT, Visibility.PUBLIC),
        ({"incoming": True, "private": False, "source": 99}, Author.CUSTOMER, Visibility.PUBLIC),
    ],
)
def test_79_who_wrote_a_conversation_and_who_sees_it(
    entry: dict[str, Any], author: Author, visibility: Visibility
) -> None:
    found = said(**entry, user_id=3)
    assert (found.author, found.visibility, found.author_id) == (author, visibility, "3")
    assert found.customer_id == "501"


def test_a_mail_from_an_address_that_is_no_contact_is_the_requesters() -> None:
    assert said(user_id=None).author_id == "501"
    assert said(user_id=None, incoming=False).author_id == ""


def test_a_conversation_bears_the_vendors_id_and_time() -> None:
    found = said(id=900, created_at="2026-11-20T10:00:30+01:00")
    assert (found.external_id, found.at) == ("900", STARTED + timedelta(seconds=30))


def test_a_conversation_without_an_id_is_a_bad_payload() -> None:
    with pytest.raises(BadPayload, match=r"conversation\.id"):
        said(id=None)


def test_what_a_mail_quotes_is_kept_apart() -> None:
    found = said(body="<div>Thanks!</div><div class='freshdesk_quote'><blockquote>Our answer</blockquote></div>")
    assert (found.text, found.quoted) == ("Thanks!", "Our answer")


def test_a_chats_structured_body_is_read_where_there_is_no_other() -> None:
    parts = [{"type": "text", "data": {"content": "Hi"}}, {"type": "image"}, None]
    found = said(15, body=None, body_text=None, structured_body={"body_contents": parts})
    assert found.text == "Hi"


@pytest.mark.parametrize("odd", [None, 5, [], {"a": 1}])
def test_a_body_of_another_kind_is_an_empty_one(odd: Any) -> None:
    assert said(body=odd, body_text=odd).text == ""


# ----------------------------------------------------------------------------------------------- attachments


def test_files_are_listed_by_name_kind_and_size() -> None:
    files = [
        {"id": 1, "name": "a.pdf", "content_type": "application/pdf", "size": 10, "attachment_url": "https://s3/a"},
        {"id": 2, "name": "b.png", "content_type": "image/png", "file_size": 20, "attachment_url": "https://s3/b"},
        {"id": 3},
        None,
    ]
    assert said(attachments=files).attachments == (
        Attachment("a.pdf", "https://s3/a", "application/pdf", 10),
        Attachment("b.png", "https://s3/b", "image/png", 20),
        Attachment("file"),
    )


def test_a_cloud_file_is_named_and_not_fetched() -> None:
    [found] = said(cloud_files=[{"name": "plan.docx", "url": "https://drive.example/1"}]).attachments
    assert (found.name, found.url) == ("plan.docx", "")
    assert found.placeholder


# ------------------------------------------------------------------------------------------------- machine mail


def test_132_mail_from_a_machine_is_marked_and_kept() -> None:
    assert described(requester={"id": 1, "email": "MAILER-DAEMON@mx.example"}).automatic
    assert described(subject="Automatic reply: Your order").automatic
    assert said(from_email="No Reply <no-reply@shop.example>").automatic


def test_132_only_mail_can_be_a_machines() -> None:
    assert not described(source=2, subject="Out of office").automatic
    assert not said(15, from_email="noreply@chat.example").automatic
    assert not said(incoming=False, from_email="no-reply@acme.example").automatic


# ------------------------------------------------------------------------------------------------------ kinds


@pytest.mark.parametrize("kind", ["ticket_created", "ticket_updated", "ticket_changed"])
def test_a_hint_is_understood_and_holds_no_facts(kind: str) -> None:
    assert FRESHDESK.knows(kind)
    assert FRESHDESK.normalise(Event(1, 1, "", kind, "12", {"ticket_id": "12"}, RECEIVED), connection()) == []


def test_an_unknown_kind_is_none_of_ours() -> None:
    assert not FRESHDESK.knows("ticket_exploded")
    assert FRESHDESK.normalise(Event(1, 1, "", "ticket_exploded", "12", {}, RECEIVED), connection()) == []
