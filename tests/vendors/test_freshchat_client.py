"""Freshchat's API as it is and as it was seen to be: odd answers, pages, and what each call sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import requests_mock

from core import AuthFailed, BadPayload, HttpClient, OutcomeUnknown, Refused, RetryLater
from core.clock import SystemClock
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.schemas import moment

BASE = "https://acme.freshchat.com/v2"
MESSAGES = f"{BASE}/conversations/c1/messages"


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def client(base: str = BASE, verb: str = "PUT") -> FreshchatClient:
    return FreshchatClient(HttpClient(base, {"Authorization": "Bearer t"}, SystemClock()), {"update_verb": verb})


def ids(entries: Iterator[dict[str, Any]]) -> list[str]:
    return [entry["id"] for entry in entries]


# ------------------------------------------------------------------------------------------------- pages


def test_messages_are_read_over_all_pages_by_the_relative_link_each_once(vendor: requests_mock.Mocker) -> None:
    first = {
        "messages": [{"id": "5"}, {"id": "4"}],
        "link": {"rel": "next", "href": "/v2/conversations/c1/messages?page=2"},
    }
    second = {"messages": [{"id": "4"}, {"id": "3"}], "link": {"href": "/v2/conversations/c1/messages?page=3"}}
    vendor.get(f"{MESSAGES}?page=1", json=first)
    vendor.get(f"{MESSAGES}?page=2", json=second)
    vendor.get(f"{MESSAGES}?page=3", json={"messages": []})
    assert ids(client().messages("c1")) == ["5", "4", "3"]
    assert vendor.request_history[0].qs == {"page": ["1"], "items_per_page": ["50"]}


def test_messages_since_a_time_are_asked_for_in_utc_with_milliseconds(vendor: requests_mock.Mocker) -> None:
    vendor.get(MESSAGES, json={"messages": []})
    at = datetime(2026, 11, 20, 10, 15, 22, 815999, tzinfo=timezone(timedelta(hours=1)))
    assert ids(client().messages("c1", at)) == []
    assert vendor.last_request.qs["from_time"] == ["2026-11-20t09:15:22.815z"]


@pytest.mark.parametrize(
    "link",
    [None, {}, {"href": ""}, {"href": None}, "", {"rel": "next"}, 7, []],
)
def test_a_link_that_leads_nowhere_ends_the_listing(vendor: requests_mock.Mocker, link: Any) -> None:
    vendor.get(MESSAGES, json={"messages": [{"id": "1"}], "link": link})
    assert ids(client().messages("c1")) == ["1"]


def test_a_link_that_leads_in_a_circle_ends_the_listing(vendor: requests_mock.Mocker) -> None:
    link = {"href": "/v2/conversations/c1/messages?page=1"}
    vendor.get(MESSAGES, json={"messages": [{"id": "1"}], "link": link})
    assert ids(client().messages("c1")) == ["1"]
    assert vendor.call_count == 2


def test_links_without_end_are_not_taken_for_a_whole_listing(vendor: requests_mock.Mocker) -> None:
    def page(request: Any, context: Any) -> dict[str, Any]:
        number = int(request.qs["page"][0])
        return {"messages": [{"id": str(number)}], "link": {"href": f"/v2/conversations/c1/messages?page={number + 1}"}}

    vendor.get(MESSAGES, json=page)
    with pytest.raises(BadPayload, match="beyond 400 pages"):
        ids(client().messages("c1"))


@pytest.mark.parametrize(
    "next_page",
    [
        {"href": f"{BASE}/agents?page=2", "rel": "next", "method": "GET"},
        {"href": "https://api.eu.freshchat.com/v2/agents?page=2"},
        f"{BASE}/agents?page=2",
        "/v2/agents?page=2",
        "?page=2",
    ],
)
def test_agents_are_read_by_a_link_that_is_object_or_string_on_whatever_host(
    vendor: requests_mock.Mocker, next_page: Any
) -> None:
    vendor.get(f"{BASE}/agents?page=1", json={"agents": [{"id": "a"}], "links": {"next_page": next_page}})
    vendor.get(f"{BASE}/agents?page=2", json={"agents": [{"id": "b"}], "links": {}})
    assert ids(client().agents()) == ["a", "b"]
    assert {request.hostname for request in vendor.request_history} == {"acme.freshchat.com"}


def test_agents_are_read_by_the_number_of_pages_where_there_are_no_links(vendor: requests_mock.Mocker) -> None:
    pagination = {"total_items": 2, "total_pages": 2, "current_page": 1, "items_per_page": 1}
    vendor.get(f"{BASE}/agents?page=1", json={"agents": [{"id": "a"}], "pagination": pagination})
    vendor.get(f"{BASE}/agents?page=2", json={"agents": [{"id": "b"}], "pagination": pagination})
    assert ids(client().agents()) == ["a", "b"]


def test_the_vendors_links_work_behind_a_proxy_that_puts_more_before_v2(vendor: requests_mock.Mocker) -> None:
    base = "https://proxy.example/freshchat/v2"
    vendor.get(
        f"{base}/agents?page=1", json={"agents": [{"id": "a"}], "links": {"next_page": {"href": "/v2/agents?page=2"}}}
    )
    vendor.get(f"{base}/agents?page=2", json={"agents": [{"id": "b"}]})
    assert ids(client(base).agents()) == ["a", "b"]


@pytest.mark.parametrize("answer", [{}, {"agents": None}, {"agents": {}}, "x", None])
def test_a_listing_of_another_shape_is_a_bad_payload(vendor: requests_mock.Mocker, answer: Any) -> None:
    vendor.get(f"{BASE}/agents", json=answer)
    with pytest.raises(BadPayload, match="agents: is missing"):
        ids(client().agents())


def test_entries_that_are_no_objects_are_left_out(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/agents", json={"agents": [None, "x", {"id": "a"}]})
    assert ids(client().agents()) == ["a"]


# ------------------------------------------------------------------------------------------- single things


def test_each_call_goes_to_its_documented_address(vendor: requests_mock.Mocker) -> None:
    vendor.register_uri(requests_mock.ANY, requests_mock.ANY, json={"id": "1"})
    freshchat = client()
    freshchat.conversation("c1")
    freshchat.update_conversation("c1", {"status": "resolved"})
    freshchat.send_message("c1", {"message_type": "normal", "message_parts": [{"text": {"content": "Hi"}}]})
    freshchat.agent("a1")
    freshchat.user("u1")
    freshchat.user("bot", system=True)
    freshchat.account_configuration()
    assert [f"{request.method} {request.url.removeprefix(BASE)}" for request in vendor.request_history] == [
        "GET /conversations/c1",
        "PUT /conversations/c1",
        "POST /conversations/c1/messages",
        "GET /agents/a1",
        "GET /users/u1",
        "GET /users/bot?system_user=true",
        "GET /accounts/configuration",
    ]


def test_142_the_verb_of_updates_is_a_setting(vendor: requests_mock.Mocker) -> None:
    vendor.patch(f"{BASE}/conversations/c1", json={})
    client(verb="PATCH").update_conversation("c1", {"status": "resolved"})
    assert vendor.last_request.json() == {"status": "resolved"}


def test_an_update_may_answer_with_nothing(vendor: requests_mock.Mocker) -> None:
    vendor.put(f"{BASE}/conversations/c1", status_code=202)
    client().update_conversation("c1", {"status": "new"})
    assert vendor.call_count == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"id": "m1"}, {"id": "m1"}),
        ({"message": {"id": "m1"}}, {"id": "m1"}),
        ({}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_a_sent_message_is_found_in_the_answer_or_not_at_all(
    vendor: requests_mock.Mocker, answer: Any, expected: dict[str, Any]
) -> None:
    vendor.post(MESSAGES, json=answer, status_code=201)
    assert client().send_message("c1", {"message_parts": [{"text": {"content": "Hi"}}]}) == expected


@pytest.mark.parametrize("odd", ["a/b", "a?b=1", "a#b", "ä b", "..%2f", "a\nb"])
def test_an_id_stays_one_segment_of_the_path_whatever_it_is_made_of(vendor: requests_mock.Mocker, odd: str) -> None:
    vendor.register_uri(requests_mock.ANY, requests_mock.ANY, json={})
    client().conversation(odd)
    assert vendor.last_request.path.count("/") == 3
    assert not vendor.last_request.query


@pytest.mark.parametrize("empty", ["", " ", ".", ".."])
def test_an_id_that_would_lead_to_another_endpoint_is_refused(vendor: requests_mock.Mocker, empty: str) -> None:
    with pytest.raises(Refused, match="empty id"):
        client().conversation(empty)
    assert vendor.call_count == 0


@pytest.mark.parametrize("answer", [[], "x", None, 3])
def test_a_conversation_that_is_no_object_is_a_bad_payload(vendor: requests_mock.Mocker, answer: Any) -> None:
    vendor.get(f"{BASE}/conversations/c1", json=answer)
    with pytest.raises(BadPayload, match="conversation: the answer is no object"):
        client().conversation("c1")


def test_half_an_emoji_in_an_answer_is_replaced(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/users/u1", text='{"first_name": "Jo\\ud83d"}')
    assert client().user("u1") == {"first_name": "Jo\ufffd"}


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        ({"status_code": 401, "text": ""}, AuthFailed, "401"),
        (
            {"status_code": 403, "json": {"code": 403, "status": "FORBIDDEN", "message": "no"}},
            AuthFailed,
            "FORBIDDEN: no",
        ),
        (
            {"status_code": 404, "json": {"code": 404, "status": "CONVERSATION_NOT_FOUND", "message": "gone"}},
            Refused,
            "CONVERSATION_NOT_FOUND: gone",
        ),
        ({"status_code": 400, "json": {"errorCode": "E1", "errorMessage": "bad"}}, Refused, "E1: bad"),
        ({"status_code": 429, "headers": {"Retry-After": "7"}}, RetryLater, "429"),
        ({"status_code": 503, "text": "<html><title>Down</title></html>"}, OutcomeUnknown, "Down"),
        ({"status_code": 200, "text": "<html><title>Sign in</title></html>"}, OutcomeUnknown, "Sign in"),
    ],
)
def test_143_the_vendors_refusals_pass_through_with_its_words(
    vendor: requests_mock.Mocker, answer: dict[str, Any], expected: type[Exception], words: str
) -> None:
    vendor.post(MESSAGES, **answer)
    with pytest.raises(expected, match=words):
        client().send_message("c1", {"message_parts": [{"text": {"content": "Hi"}}]})


def test_times_are_read_as_freshchat_writes_them() -> None:
    assert moment("2021-08-17T08:06:22.824Z") == datetime(2021, 8, 17, 8, 6, 22, 824000, tzinfo=UTC)
    assert moment("2021-08-17T08:06:22") == datetime(2021, 8, 17, 8, 6, 22, tzinfo=UTC)
    assert moment("2021-08-17T10:06:22+02:00") == datetime(2021, 8, 17, 8, 6, 22, tzinfo=UTC)
    assert [moment(odd) for odd in (None, 7, "", "soon", "0001-01-01T00:00:00+14:00", "2021-13-01")] == [None] * 6
