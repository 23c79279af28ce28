"""The simulated Freshdesk's conversations over real HTTP: lists, replies, notes, attachments, and who wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_state import Contact, Ticket, structured

MEGABYTE = 1024 * 1024
Call = Callable[..., requests.Response]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        yield running


@pytest.fixture
def call(sim: FreshdeskSimulator) -> Call:
    def send(method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, sim.api_url + path, **{"auth": (sim.api_key, "X"), "timeout": 5, **options})

    return send


@pytest.fixture
def ada(sim: FreshdeskSimulator) -> Contact:
    return sim.customer("ada@example.com", "Ada")


@pytest.fixture
def ticket(sim: FreshdeskSimulator, ada: Contact) -> Ticket:
    return sim.customer_opens(ada, "Parcel", "Where is it?")


def conversations(call: Call, ticket: Ticket, query: str = "") -> list[dict[str, Any]]:
    answer = call("GET", f"/tickets/{ticket.id}/conversations{query}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def problem(answer: requests.Response) -> tuple[int, str, str]:
    first = answer.json()["errors"][0]
    return answer.status_code, first["field"], first["code"]


# --------------------------------------------------------------------------------------------------- lists


def test_the_first_message_is_the_description_and_no_conversation(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket
) -> None:
    """Vendor fact 13."""
    assert conversations(call, ticket) == []
    sim.customer_writes(ticket, "Hello?")
    assert [one["body_text"] for one in conversations(call, ticket)] == ["Hello?"]
    assert [one.text for one in sim.thread(ticket)] == ["Where is it?", "Hello?"]


def test_in_web_chats_the_first_message_is_both(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    """Behaviour 152."""
    chat = sim.customer_opens(ada, "Chat", "Hello", source=15)
    shown = conversations(call, chat)
    assert [(one["body_text"], one["incoming"]) for one in shown] == [("Hello", True)]
    assert call("GET", f"/tickets/{chat.id}").json()["description_text"] == "Hello"
    assert [one.text for one in sim.thread(chat)] == ["Hello"]


def test_who_wrote_shows_in_incoming_private_and_source(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket, ada: Contact
) -> None:
    hal = sim.add_agent("hal@example.com")
    sim.customer_writes(ticket, "customer")
    sim.agent_replies(ticket, hal, "agent")
    sim.agent_notes(ticket, hal, "private note")
    sim.agent_notes(ticket, hal, "public note", private=False)
    sim.agent_forwards(ticket, hal, "forwarded")
    shown = [(one["user_id"], one["incoming"], one["private"], one["source"]) for one in conversations(call, ticket)]
    assert shown == [
        (ada.id, True, False, 0),
        (hal.id, False, False, 0),
        (hal.id, False, True, 2),
        (hal.id, False, False, 2),
        (hal.id, False, True, 8),
    ]


def test_somebody_in_copy_writes_as_a_customer_too(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    bob = sim.customer("bob@example.com", "Bob")
    sim.customer_writes(ticket, "I have it", by=bob)
    shown = conversations(call, ticket)[0]
    assert (shown["user_id"], shown["from_email"], shown["incoming"]) == (bob.id, "bob@example.com", True)
    sim.quirks.incoming_without_user = True
    sim.customer_writes(ticket, "Thanks")
    assert conversations(call, ticket)[1]["user_id"] is None


def test_there_are_30_a_page_and_100_if_asked_for(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    for number in range(31):
        sim.customer_writes(ticket, str(number))
    assert len(conversations(call, ticket)) == 30
    assert [one["body_text"] for one in conversations(call, ticket, "?page=2")] == ["30"]
    assert len(conversations(call, ticket, "?per_page=100")) == 31


def test_an_entry_may_show_late_in_the_list(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ticket: Ticket
) -> None:
    sim.quirks.read_lag = 10
    sim.customer_writes(ticket, "Hello?")
    assert conversations(call, ticket) == []
    clock.advance(10)
    assert len(conversations(call, ticket)) == 1


def test_mails_may_carry_the_history_as_a_quotation(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    sim.quirks.body_quotes_history = True
    sim.customer_writes(ticket, "Hello?")
    shown = conversations(call, ticket)[0]
    assert shown["body"].startswith("<div>Hello?</div>")
    assert '<div class="freshdesk_quote"><blockquote class="freshdesk_quote"><div>Where is it?' in shown["body"]
    assert "Where is it?" in shown["body_text"]


@pytest.mark.parametrize("status", [4, 5])
def test_a_customers_reply_opens_a_resolved_or_closed_ticket_again(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket, status: int
) -> None:
    sim.agent_sets(ticket, sim.owner, status=status)
    sim.agent_replies(ticket, sim.owner, "Bye")
    assert ticket.status == status
    sim.customer_writes(ticket, "One more thing")
    assert call("GET", f"/tickets/{ticket.id}").json()["status"] == 2


# ------------------------------------------------------------------------------------------ replies and notes


def test_a_reply_is_written_as_the_keys_agent_and_answered_without_incoming_private_and_source(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket
) -> None:
    hal = sim.add_agent("hal@example.com")
    answer = call("POST", f"/tickets/{ticket.id}/reply", json={"body": "<p>Soon</p>"}, auth=(sim.key_for(hal), "X"))
    made = answer.json()
    assert answer.status_code == 201
    assert (made["user_id"], made["replied_to"], made["body_text"]) == (hal.id, ["ada@example.com"], "Soon")
    assert not {"incoming", "private", "source"} & set(made)
    listed = conversations(call, ticket)[0]
    assert (listed["id"], listed["incoming"], listed["private"]) == (made["id"], False, False)


def test_a_note_is_private_unless_it_says_otherwise(call: Call, ticket: Ticket) -> None:
    path = f"/tickets/{ticket.id}/notes"
    assert call("POST", path, json={"body": "x"}).json()["private"] is True
    assert call("POST", path, json={"body": "x", "private": False}).json()["private"] is False


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({}, "body", "missing_field"),
        ({"body": "  "}, "body", "invalid_value"),
        ({"body": 1}, "body", "datatype_mismatch"),
        ({"body": "x", "text": "x"}, "text", "invalid_field"),
        ({"body": "x", "cc_emails": "a@example.com"}, "cc_emails", "datatype_mismatch"),
        ({"body": "x", "user_id": 4711}, "user_id", "invalid_value"),
        ({"body": "x", "attachments": ["https://example.com/a.png"]}, "attachments", "datatype_mismatch"),
    ],
)
def test_a_reply_that_is_not_valid_is_refused(
    call: Call, ticket: Ticket, sent: dict[str, Any], field: str, code: str
) -> None:
    assert problem(call("POST", f"/tickets/{ticket.id}/reply", json=sent)) == (400, field, code)
    assert ticket.entries == []


@pytest.mark.parametrize("source", [15, 21])
def test_chats_want_a_structured_body_for_replies_and_public_notes(
    sim: FreshdeskSimulator, call: Call, ada: Contact, source: int
) -> None:
    chat = sim.customer_opens(ada, "Chat", "Hello", source=source)
    reply, note = f"/tickets/{chat.id}/reply", f"/tickets/{chat.id}/notes"
    assert problem(call("POST", reply, json={"body": "Hi"})) == (400, "body", "incompatible_field")
    assert problem(call("POST", note, json={"body": "Hi", "private": False})) == (400, "body", "incompatible_field")
    made = call("POST", reply, json={"structured_body": structured("a < b")})
    assert (made.status_code, made.json()["body"]) == (201, "<div>a &lt; b</div>")
    assert made.json()["structured_body"] == structured("a < b")
    assert call("POST", note, json={"body": "for us"}).status_code == 201
    assert problem(call("POST", reply, json={"structured_body": {}}))[0] == 400


def test_other_tickets_take_no_structured_body(call: Call, ticket: Ticket) -> None:
    answer = call("POST", f"/tickets/{ticket.id}/reply", json={"structured_body": structured("Hi")})
    assert problem(answer) == (400, "structured_body", "incompatible_field")


def test_only_notes_can_be_edited(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    reply = sim.agent_replies(ticket, sim.owner, "Soon")
    note = sim.agent_notes(ticket, sim.owner, "for us")
    assert call("PUT", f"/conversations/{reply.id}", json={"body": "x"}).status_code == 400
    edited = call("PUT", f"/conversations/{note.id}", json={"body": "<p>new</p>"}).json()
    assert (edited["body"], edited["last_edited_user_id"]) == ("<p>new</p>", sim.owner.id)
    assert call("DELETE", f"/conversations/{note.id}").status_code == 204
    assert [one["id"] for one in conversations(call, ticket)] == [reply.id]


# ------------------------------------------------------------------------------------------------ attachments


def test_attachments_come_by_form_and_go_to_a_signed_address_without_key(call: Call, ticket: Ticket) -> None:
    files = [("attachments[]", ("a.txt", b"hello", "text/plain")), ("attachments[]", ("b.txt", b"you", "text/plain"))]
    answer = call("POST", f"/tickets/{ticket.id}/reply", files=files, data={"body": "See"})
    assert answer.status_code == 201, answer.text
    first = answer.json()["attachments"][0]
    assert set(first) == {"id", "name", "content_type", "size", "attachment_url", "created_at", "updated_at"}
    assert (first["name"], first["content_type"], first["size"]) == ("a.txt", "text/plain", 5)
    assert requests.get(first["attachment_url"], timeout=5).content == b"hello"


def test_an_attachments_address_ends_to_work_and_cannot_be_forged(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ticket: Ticket
) -> None:
    sim.customer_writes(ticket, "See", attachments=[("a.png", b"picture")])
    url = conversations(call, ticket)[0]["attachments"][0]["attachment_url"]
    assert requests.get(url, timeout=5).headers["Content-Type"] == "image/png"
    assert requests.get(url[:-1], timeout=5).status_code == 403
    clock.advance(301)
    assert requests.get(url, timeout=5).status_code == 403
    fresh = conversations(call, ticket)[0]["attachments"][0]["attachment_url"]
    assert requests.get(fresh, timeout=5).status_code == 200


def test_20_megabytes_are_for_all_attachments_of_a_ticket_together(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket
) -> None:
    """Vendor fact 15: not for one note."""
    sim.customer_writes(ticket, "See", attachments=[("a.bin", b"x" * 19 * MEGABYTE)])
    path = f"/tickets/{ticket.id}/notes"

    def attach(size: int) -> requests.Response:
        return call("POST", path, files=[("attachments[]", ("b.bin", b"x" * size))], data={"body": "b"})

    assert problem(attach(MEGABYTE + 1)) == (400, "attachments", "invalid_value")
    assert attach(MEGABYTE).status_code == 201
    assert call("POST", path, json={"body": "text only"}).status_code == 201


def test_a_structured_body_comes_as_json_text_in_a_form(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    chat = sim.customer_opens(ada, "Chat", "Hello", source=15)
    text = '{"body_contents":[{"type":"text","data":{"content":"See"}}]}'
    files = [("attachments[]", ("a.txt", b"hello"))]
    answer = call("POST", f"/tickets/{chat.id}/reply", files=files, data={"structured_body": text})
    assert (answer.status_code, answer.json()["body_text"]) == (201, "See")
