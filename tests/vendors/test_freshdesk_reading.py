"""What is read of a ticket at Freshdesk: its messages in order, its state, its requester (behaviour 78-80, 152)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests_mock

from core import Channel, Contact, ConversationRead, Inbound, Refused
from tests.vendors.freshdesk_account import (
    BASE,
    CONVERSATIONS,
    FRESHDESK,
    STARTED,
    TICKET,
    connection,
    conversation,
    http,
    session,
    stamp,
    ticket,
)


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def read(vendor: requests_mock.Mocker, shown: dict[str, Any], *said: dict[str, Any], **given: Any) -> ConversationRead:
    vendor.get(TICKET, json=shown)
    vendor.get(CONVERSATIONS, json=list(said))
    since, listed = given.get("since"), given.get("listed")
    return FRESHDESK.read_conversation("12", since, None, connection(), http(), listed)


def ids(found: ConversationRead | tuple[Inbound, ...]) -> list[str]:
    return [one.external_id for one in (found.messages if isinstance(found, ConversationRead) else found)]


# ------------------------------------------------------------------------------------------------- messages


def test_79_the_description_comes_first_and_then_the_conversations_by_time_and_id(vendor: requests_mock.Mocker) -> None:
    later, first, second = (conversation(id=each, created_at=stamp(at)) for each, at in ((5, 90), (8, 30), (9, 30)))
    found = read(vendor, ticket(), later, second, first)
    assert ids(found) == ["message:ticket-12", "message:8", "message:9", "message:5"]
    assert [one.kind for one in found.messages] == ["ticket_description", *["conversation"] * 3]
    assert {one.conversation_id for one in found.messages} == {"12"}
    assert [one.at for one in found.messages] == [STARTED + timedelta(seconds=each) for each in (0, 30, 30, 90)]


def test_a_ticket_is_read_in_two_calls_with_its_requester(vendor: requests_mock.Mocker) -> None:
    read(vendor, ticket())
    assert [request.url.removeprefix(BASE) for request in vendor.request_history] == [
        "/tickets/12?include=requester",
        "/tickets/12/conversations?page=1&per_page=100",
    ]


def test_a_listed_ticket_is_not_read_once_more(vendor: requests_mock.Mocker) -> None:
    found = read(vendor, ticket(), conversation(), listed=ticket(subject="As listed"))
    assert vendor.call_count == 1
    assert found.state is not None
    assert found.state.data["subject"] == "As listed"
    assert ids(found) == ["message:ticket-12", "message:900"]


def test_only_what_was_written_since_then_is_given(vendor: requests_mock.Mocker) -> None:
    said = [conversation(id=1, created_at=stamp(10)), conversation(id=2, created_at=stamp(20))]
    since = STARTED + timedelta(seconds=20)
    assert ids(read(vendor, ticket(), *said, since=since)) == ["message:2"]
    assert ids(read(vendor, ticket(), *said, since=STARTED)) == ["message:ticket-12", "message:1", "message:2"]


def test_what_has_no_readable_time_is_given_always(vendor: requests_mock.Mocker) -> None:
    found = read(vendor, ticket(created_at=None), conversation(created_at="soon"), since=STARTED + timedelta(days=1))
    assert ids(found) == ["message:ticket-12", "message:900"]


def test_times_with_an_offset_are_read(vendor: requests_mock.Mocker) -> None:
    found = read(vendor, ticket(), conversation(created_at="2026-11-20T14:30:30+05:30"))
    assert found.messages[1].at == STARTED + timedelta(seconds=30)


def test_deleted_conversations_and_ones_without_an_id_are_left_out(vendor: requests_mock.Mocker) -> None:
    assert ids(read(vendor, ticket(), conversation(deleted=True), conversation(id=None))) == ["message:ticket-12"]


@pytest.mark.parametrize("source", [15, 21])
def test_152_the_first_message_of_a_chat_is_not_given_twice(vendor: requests_mock.Mocker, source: int) -> None:
    said = [
        conversation(id=2, body="<p>It should  be here by now.</p>", created_at=stamp(1)),
        conversation(id=3, body="It should be here by now.", created_at=stamp(50)),
    ]
    assert ids(read(vendor, ticket(source=source), *said)) == ["message:ticket-12", "message:3"]


def test_152_the_doubled_message_is_found_in_a_structured_body_and_behind_a_greeting(
    vendor: requests_mock.Mocker,
) -> None:
    structured = {"body_contents": [{"type": "text", "data": {"content": "It should be here by now."}}]}
    said = [
        conversation(id=1, incoming=False, body="Welcome!", created_at=stamp(0)),
        conversation(id=2, body=None, body_text=None, structured_body=structured, created_at=stamp(1)),
    ]
    assert ids(read(vendor, ticket(source=15), *said)) == ["message:ticket-12", "message:1"]


def test_152_another_first_message_of_a_chat_is_kept(vendor: requests_mock.Mocker) -> None:
    said = [conversation(id=2), conversation(id=3, body="It should be here by now.", created_at=stamp(60))]
    assert ids(read(vendor, ticket(source=15), *said)) == ["message:ticket-12", "message:2", "message:3"]


def test_152_what_a_mail_repeats_is_kept(vendor: requests_mock.Mocker) -> None:
    assert len(read(vendor, ticket(), conversation(body="It should be here by now.")).messages) == 2


def test_152_the_doubled_message_is_left_out_whatever_time_is_asked_for(vendor: requests_mock.Mocker) -> None:
    said = [conversation(id=2, body="It should be here by now.", created_at=stamp(1))]
    assert ids(read(vendor, ticket(source=15), *said, since=STARTED + timedelta(seconds=1))) == []


# ---------------------------------------------------------------------------------------------------- state


@pytest.mark.parametrize(("status", "closed"), [(2, False), (3, False), (4, True), (5, True), (6, False), (7, False)])
def test_91_153_resolved_and_closed_are_closed_and_an_accounts_own_statuses_open(
    vendor: requests_mock.Mocker, status: int, closed: bool
) -> None:
    state = read(vendor, ticket(status=status)).state
    assert state is not None
    assert state.closed is closed
    assert state.data["status"] == status


@pytest.mark.parametrize(
    ("source", "channel"),
    [(1, Channel.EMAIL), (10, Channel.EMAIL), (3, Channel.PHONE)]
    + [(each, Channel.WEB) for each in (2, 7, 9, 15, 21, 5, 6, 13, 99, None)],
)
def test_80_the_source_tells_the_channel(vendor: requests_mock.Mocker, source: Any, channel: Channel) -> None:
    state = read(vendor, ticket(source=source)).state
    assert state is not None
    assert state.channel is channel


def test_the_state_says_whose_the_ticket_is_and_where_it_is(vendor: requests_mock.Mocker) -> None:
    state = read(vendor, ticket(responder_id=77, group_id=8, custom_fields={"cf_opencx_handed_off": True})).state
    assert state is not None
    assert (state.assignee, state.group, state.customer_id) == ("77", "8", "501")
    assert state.url == "https://acme.freshdesk.com/a/tickets/12"
    assert state.at == STARTED + timedelta(seconds=60)
    assert not state.removed
    assert state.data == {
        "labels": ["vip"],
        "source": 1,
        "subject": "Where is my parcel?",
        "marker": True,
        "status": 2,
    }


@pytest.mark.parametrize("fields", [{}, None, {"cf_opencx_handed_off": None}, {"cf_opencx_handed_off": False}, []])
def test_a_marker_that_is_not_ticked_is_none(vendor: requests_mock.Mocker, fields: Any) -> None:
    state = read(vendor, ticket(custom_fields=fields)).state
    assert state is not None
    assert state.data["marker"] is False


@pytest.mark.parametrize("field", ["spam", "deleted"])
def test_spam_and_deleted_tickets_are_removed(vendor: requests_mock.Mocker, field: str) -> None:
    state = read(vendor, ticket(**{field: True})).state
    assert state is not None
    assert state.removed


def test_the_state_can_be_read_alone(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKET, json=ticket(responder_id=3))
    assert FRESHDESK.read_state(session(), connection(), http()).assignee == "3"
    assert vendor.call_count == 1


def test_the_page_of_a_ticket_is_at_the_api_urls_host_where_there_is_no_domain(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKET, json=ticket())
    reached = connection()
    reached = replace(reached, settings={**reached.settings, "domain": "", "api_url": "http://127.0.0.1:9/api/v2"})
    assert FRESHDESK.read_state(session(), reached, http()).url == "http://127.0.0.1:9/a/tickets/12"


# -------------------------------------------------------------------------------------------- gone and archived


def test_an_archived_ticket_is_read_where_it_is(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKET, status_code=404, content=b"")
    vendor.get(f"{BASE}/tickets/archived/12", json=ticket(status=5))
    vendor.get(f"{BASE}/tickets/archived/12/conversations", json=[conversation()])
    found = FRESHDESK.read_conversation("12", None, None, connection(), http())
    assert ids(found) == ["message:ticket-12", "message:900"]
    assert found.state is not None
    assert found.state.closed


@pytest.mark.parametrize("status", [404, 405])
def test_a_ticket_that_is_nowhere_is_refused_with_404(vendor: requests_mock.Mocker, status: int) -> None:
    vendor.get(TICKET, status_code=404, content=b"")
    vendor.get(f"{BASE}/tickets/archived/12", status_code=status, content=b"")
    with pytest.raises(Refused) as caught:
        FRESHDESK.read_conversation("12", None, None, connection(), http())
    assert caught.value.status == 404


# -------------------------------------------------------------------------------------------------- contacts


def test_the_requester_comes_with_the_ticket(vendor: requests_mock.Mocker) -> None:
    assert read(vendor, ticket()).contact == Contact("501", "Ada Customer", "ada@example.com", "+44 1")


@pytest.mark.parametrize("requester", [None, {}, "x"])
def test_a_ticket_without_its_requester_names_no_contact(vendor: requests_mock.Mocker, requester: Any) -> None:
    assert read(vendor, ticket(requester=requester)).contact is None


def test_a_requester_without_mail_address_is_a_contact_all_the_same(vendor: requests_mock.Mocker) -> None:
    requester = {"id": 501, "name": "Ada", "email": None, "phone": "123"}
    assert read(vendor, ticket(requester=requester)).contact == Contact("501", "Ada", "", "123")


def test_a_contact_is_read_by_its_id(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/contacts/501", json={"id": 501, "name": "Ada", "email": "ada@example.com"})
    assert FRESHDESK.fetch_contact("501", connection(), http()) == Contact("501", "Ada", "ada@example.com")


def test_a_requester_who_is_an_agent_is_found_among_the_agents(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/contacts/77", status_code=404, content=b"")
    vendor.get(f"{BASE}/agents/77", json={"id": 77, "contact": {"name": "Robin", "email": "robin@acme.example"}})
    assert FRESHDESK.fetch_contact("77", connection(), http()) == Contact("77", "Robin", "robin@acme.example")


def test_nobody_is_found_under_an_unknown_id(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/contacts/1", status_code=404, content=b"")
    vendor.get(f"{BASE}/agents/1", status_code=404, content=b"")
    assert FRESHDESK.fetch_contact("1", connection(), http()) is None
