"""Freshdesk's API: addresses, pages, odd answers, both families of errors, and what each call is charged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests_mock

from core import AuthFailed, BadPayload, Charge, HttpClient, OutboundFile, OutcomeUnknown, Refused, RetryLater
from core.clock import SystemClock
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.connector import Freshdesk
from plugins.freshdesk.settings import FreshdeskSettings

BASE = "https://acme.freshdesk.com/api/v2"
FRESHDESK = Freshdesk()
SETTINGS = FreshdeskSettings().load({"domain": "acme.freshdesk.com", "api_key": "canary-key"})
CONVERSATIONS = f"{BASE}/tickets/1/conversations"


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def client() -> FreshdeskClient:
    http = HttpClient(FRESHDESK.base_url(SETTINGS), FRESHDESK.headers(SETTINGS), SystemClock())
    return FreshdeskClient(http)


def next_page(page: int, host: str = "acme.freshdesk.com") -> dict[str, str]:
    return {"Link": f'<https://{host}/api/v2/tickets/1/conversations?page={page}>; rel="next"'}


# ---------------------------------------------------------------------------------------------------- calls


def test_144_the_key_is_the_user_of_basic_authentication(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/agents/me", json={"id": 1})
    client().me()
    assert vendor.last_request.headers["Authorization"] == "Basic Y2FuYXJ5LWtleTpY"


CALLS: list[tuple[Callable[[FreshdeskClient], Any], str, Any]] = [
    (lambda c: c.tickets({"order_by": "updated_at"}), "GET /tickets?order_by=updated_at&page=1&per_page=100", []),
    (lambda c: c.ticket("1", "requester"), "GET /tickets/1?include=requester", {}),
    (lambda c: c.ticket("1"), "GET /tickets/1", {}),
    (lambda c: c.archived_ticket("1"), "GET /tickets/archived/1", {}),
    (lambda c: c.create_ticket({"email": "a@b.c"}), "POST /tickets", {}),
    (lambda c: c.update_ticket("1", {"status": 4}), "PUT /tickets/1", {}),
    (lambda c: list(c.conversations("1")), "GET /tickets/1/conversations?page=1&per_page=100", []),
    (
        lambda c: list(c.conversations("1", archived=True)),
        "GET /tickets/archived/1/conversations?page=1&per_page=100",
        [],
    ),
    (lambda c: c.reply("1", {"body": "x"}), "POST /tickets/1/reply", {}),
    (lambda c: c.note("1", {"body": "x"}), "POST /tickets/1/notes", {}),
    (lambda c: c.me(), "GET /agents/me", {}),
    (lambda c: list(c.agents(email="a+b@c.d")), "GET /agents?email=a%2Bb%40c.d&page=1&per_page=100", []),
    (lambda c: c.agent("7"), "GET /agents/7", {}),
    (lambda c: list(c.roles()), "GET /roles?page=1&per_page=100", []),
    (lambda c: list(c.groups()), "GET /groups?page=1&per_page=100", []),
    (lambda c: c.group("7"), "GET /groups/7", {}),
    (lambda c: list(c.contacts(email="a@b.c")), "GET /contacts?email=a%40b.c&page=1&per_page=100", []),
    (lambda c: c.contact("7"), "GET /contacts/7", {}),
    (lambda c: c.create_contact({"name": "x"}), "POST /contacts", {}),
    (lambda c: c.update_contact("7", {"name": "x"}), "PUT /contacts/7", {}),
    (lambda c: c.ticket_fields(), "GET /ticket_fields", []),
    (lambda c: c.admin_ticket_fields(), "GET /admin/ticket_fields", []),
    (lambda c: c.create_ticket_field({"label": "x"}), "POST /admin/ticket_fields", {}),
    (lambda c: c.account(), "GET /account", {}),
    (lambda c: c.helpdesk_settings(), "GET /settings/helpdesk", {}),
    (lambda c: c.automation_rules(4), "GET /automations/4/rules", {"rules": []}),
    (lambda c: c.search_tickets("status:2"), "GET /search/tickets?query=%22status%3A2%22&page=1", {"total": 0}),
]


@pytest.mark.parametrize(("call", "sent", "answer"), CALLS, ids=[sent.partition("?")[0] for _, sent, _ in CALLS])
def test_each_call_has_its_verb_and_address(
    vendor: requests_mock.Mocker, call: Callable[[FreshdeskClient], Any], sent: str, answer: Any
) -> None:
    vendor.register_uri(requests_mock.ANY, requests_mock.ANY, json=answer)
    call(client())
    assert f"{vendor.last_request.method} {vendor.last_request.url.removeprefix(BASE)}" == sent


def test_95_files_go_as_a_multipart_form_with_repeated_fields(vendor: requests_mock.Mocker) -> None:
    vendor.post(f"{BASE}/tickets/1/notes", json={"id": 5}, status_code=201)
    files = (OutboundFile("a.txt", b"first", "text/plain"), OutboundFile("b.txt", b"second", "text/plain"))
    client().note("1", {"body": "<p>x</p>", "private": True, "structured_body": {"a": [1]}}, files)
    sent = vendor.last_request
    assert sent.headers["Content-Type"].startswith("multipart/form-data")
    for piece in (b'name="body"', b"<p>x</p>", b"true", b'{"a": [1]}', b"first", b"second"):
        assert piece in sent.body
    assert sent.body.count(b'name="attachments[]"') == 2


def test_a_search_that_the_vendor_would_refuse_is_not_sent(vendor: requests_mock.Mocker) -> None:
    with pytest.raises(Refused, match="512"):
        client().search_tickets("x" * 511)
    with pytest.raises(Refused, match="pages 1 to 10"):
        client().search_tickets("status:2", page=11)
    assert not vendor.called


def test_151_no_page_beyond_the_three_hundredth_is_asked_for(vendor: requests_mock.Mocker) -> None:
    with pytest.raises(Refused, match="1 to 300"):
        client().tickets(page=301)
    assert not vendor.called


@pytest.mark.parametrize("ticket_id", ["", " ", ".."])
def test_an_id_that_leads_elsewhere_is_not_sent(vendor: requests_mock.Mocker, ticket_id: str) -> None:
    with pytest.raises(Refused):
        client().ticket(ticket_id)
    assert not vendor.called


# ---------------------------------------------------------------------------------------------------- pages


def test_pages_are_read_while_there_is_a_link_to_a_next_one_each_entry_once(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{CONVERSATIONS}?page=1", json=[{"id": 1}, {"id": 2}], headers=next_page(2))
    vendor.get(f"{CONVERSATIONS}?page=2", json=[{"id": 2}, {"id": 3}])
    assert [one["id"] for one in client().conversations("1")] == [1, 2, 3]


def test_the_address_of_the_link_is_never_called(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{CONVERSATIONS}?page=1", json=[{"id": 1}], headers=next_page(9, "evil.example"))
    vendor.get(f"{CONVERSATIONS}?page=2", json=[{"id": 2}])
    assert [one["id"] for one in client().conversations("1")] == [1, 2]
    assert {request.hostname for request in vendor.request_history} == {"acme.freshdesk.com"}


def test_a_link_to_an_empty_page_ends_the_reading(vendor: requests_mock.Mocker) -> None:
    vendor.get(CONVERSATIONS, json=[], headers=next_page(2))
    assert list(client().conversations("1")) == []


def test_a_list_without_end_is_told_as_that(vendor: requests_mock.Mocker) -> None:
    vendor.get(CONVERSATIONS, json=[{"id": 1}], headers=next_page(2))
    with pytest.raises(BadPayload, match="beyond 300 pages"):
        list(client().conversations("1"))


@pytest.mark.parametrize(
    "link", ['<https://x/?page=1>; rel="prev"', "", "garbage", '<https://x/?rel="next">; rel="last"']
)
def test_other_links_lead_to_no_next_page(vendor: requests_mock.Mocker, link: str) -> None:
    vendor.get(CONVERSATIONS, json=[{"id": 1}], headers={"Link": link})
    assert len(list(client().conversations("1"))) == 1


@pytest.mark.parametrize("answer", [{"results": []}, None, "x", 1])
def test_an_answer_that_is_no_list_is_a_bad_payload(vendor: requests_mock.Mocker, answer: Any) -> None:
    vendor.get(CONVERSATIONS, json=answer)
    with pytest.raises(BadPayload, match="no list"):
        list(client().conversations("1"))


def test_entries_that_are_no_objects_are_left_out(vendor: requests_mock.Mocker) -> None:
    vendor.get(CONVERSATIONS, json=[1, None, {"id": 1}, "x"])
    assert list(client().conversations("1")) == [{"id": 1}]


# --------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            {
                "status_code": 400,
                "json": {
                    "description": "Validation failed",
                    "errors": [{"field": "page", "message": "cannot access beyond", "code": "invalid_value"}],
                },
            },
            Refused,
            "Validation failed: page cannot access beyond invalid_value",
        ),
        (
            {"status_code": 401, "json": {"code": "invalid_credentials", "message": "no"}},
            AuthFailed,
            "invalid_credentials",
        ),
        ({"status_code": 403, "json": {"code": "access_denied", "message": "no"}}, AuthFailed, "access_denied"),
        ({"status_code": 404, "content": b""}, Refused, "404"),
        ({"status_code": 404, "text": "<html><title>Not here</title></html>"}, Refused, "Not here"),
        ({"status_code": 405, "content": b"", "headers": {"Allow": "GET"}}, Refused, "405"),
        ({"status_code": 429, "headers": {"Retry-After": "7"}, "content": b""}, RetryLater, "429"),
        ({"status_code": 503, "text": "down"}, RetryLater, "503"),
        ({"status_code": 200, "text": "<html>login</html>"}, BadPayload, "without JSON"),
    ],
)
def test_the_vendors_refusals_are_told_in_its_words(
    vendor: requests_mock.Mocker, answer: dict[str, Any], error: type[Exception], words: str
) -> None:
    vendor.get(f"{BASE}/tickets/1", **answer)
    with pytest.raises(error, match=words) as caught:
        client().ticket("1")
    assert "canary" not in str(caught.value)


def test_94_a_429_says_how_long_to_wait(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/tickets/1", status_code=429, headers={"Retry-After": "7"})
    with pytest.raises(RetryLater) as caught:
        client().ticket("1")
    assert caught.value.after == 7


def test_a_reply_that_meets_a_fault_of_the_vendor_may_have_been_sent(vendor: requests_mock.Mocker) -> None:
    vendor.post(f"{BASE}/tickets/1/reply", status_code=502)
    with pytest.raises(OutcomeUnknown):
        client().reply("1", {"body": "x"})


def test_an_update_answered_without_a_body_is_done(vendor: requests_mock.Mocker) -> None:
    vendor.put(f"{BASE}/tickets/1", content=b"")
    assert client().update_ticket("1", {"status": 4}) == {}


# --------------------------------------------------------------------------------------------------- charges


@pytest.mark.parametrize(
    ("verb", "path", "params", "charged"),
    [
        ("GET", "/tickets", {}, Charge(1, "tickets_list")),
        ("GET", "/tickets", {"include": "description,requester"}, Charge(5, "tickets_list")),
        ("GET", "/tickets/1", {}, Charge(1)),
        ("GET", "/tickets/1", {"include": "requester"}, Charge(2)),
        ("GET", "/tickets/1", {"include": "conversations,stats"}, Charge(4)),
        ("GET", "/tickets/1/conversations", {"page": 1}, Charge(1)),
        ("GET", "/tickets/archived/1", {}, Charge(1)),
        ("POST", "/tickets", {}, Charge(1, "ticket_create")),
        ("POST", "/tickets/1/reply", {}, Charge(1)),
        ("put", "tickets/1", {}, Charge(1, "ticket_update")),
        ("PUT", "/tickets/merge", {}, Charge(1)),
        ("GET", "/contacts", {"email": "a@b.c"}, Charge(1, "contacts_list")),
        ("GET", "/contacts/1", {}, Charge(1)),
        ("POST", "/contacts", {}, Charge(1)),
        ("PUT", "/contacts/1", {}, Charge(1)),
        ("GET", "/search/tickets", {"query": "x"}, Charge(1)),
        ("GET", f"{BASE}/tickets", {"include": "stats"}, Charge(3, "tickets_list")),
    ],
)
def test_149_calls_are_charged_as_the_vendor_counts_them(
    verb: str, path: str, params: dict[str, Any], charged: Charge
) -> None:
    assert FRESHDESK.charge(verb, path, params) == charged


@pytest.mark.parametrize(
    ("total", "lists", "updates"), [(200, 20, 80), (400, 100, 160), (700, 200, 280), (1000, 300, 400), (2000, 400, 800)]
)
def test_149_the_further_limits_are_those_of_the_plan(total: int, lists: int, updates: int) -> None:
    lanes = FRESHDESK.lanes(total)
    assert (lanes["tickets_list"], lanes["contacts_list"]) == (lists, lists)
    assert (lanes["ticket_update"], lanes["ticket_create"]) == (updates, updates)


def test_149_a_trial_has_no_further_limits() -> None:
    assert FRESHDESK.lanes(50) == {}


@pytest.mark.parametrize("total", [1, 100, 3000])
def test_a_limit_of_no_plan_is_divided_as_carefully_as_the_smallest(total: int) -> None:
    lanes = FRESHDESK.lanes(total)
    assert lanes["tickets_list"] == max(1, total // 10)
    assert lanes["ticket_update"] == max(1, total * 2 // 5)
