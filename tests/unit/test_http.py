"""What `HttpClient` makes of vendors' answers, headers and addresses; `test_http_wire` has the faults of the wire."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import requests_mock

from core.domain import Charge
from core.errors import (
    AuthFailed,
    BadPayload,
    OutcomeUnknown,
    Refused,
    RelaydeskError,
    RetryLater,
    VendorError,
)
from core.http import Answer, HttpClient

BASE = "https://acme.freshchat.com/v2"
TOKEN = "canary-token-1234567890"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError("HttpClient waits for nobody")


def client(**options: Any) -> HttpClient:
    return HttpClient(BASE, {"Authorization": f"Bearer {TOKEN}"}, StoppedClock(), **options)


Call = Callable[[HttpClient], Any]


def read_x(http: HttpClient) -> Answer:
    return http.get("/x")


def write_x(http: HttpClient) -> Answer:
    return http.post("/x", {"a": 1})


def answer_of(call: Call, **answer: Any) -> VendorError | BadPayload:
    with requests_mock.Mocker() as vendor:
        vendor.register_uri(requests_mock.ANY, requests_mock.ANY, **answer)
        with pytest.raises(RelaydeskError) as caught:
            call(client())
    assert isinstance(caught.value, VendorError | BadPayload)
    return caught.value


# ------------------------------------------------------------------------------------------------ answers


def test_an_answer_carries_status_headers_json_and_trace_id() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.get(f"{BASE}/agents", json={"agents": []}, headers={"X-Trace-ID": "t-1", "X-Other": "1"})
        answer = client().get("/agents", params={"page": 2})
        assert vendor.last_request.qs == {"page": ["2"]}
    assert (answer.status, answer.data, answer.trace_id) == (200, {"agents": []}, "t-1")
    assert answer.headers["x-other"] == "1"


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_answer_has_no_data(body: bytes) -> None:
    with requests_mock.Mocker() as vendor:
        vendor.put(f"{BASE}/users/1", content=body, status_code=204)
        assert client().put("/users/1", {"phone": "1"}).data is None


@pytest.mark.parametrize("body", [b"<html><title>Sign in</title></html>", b'{"cut":', b'{"a": NaN}', b"[" * 100_000])
def test_a_success_that_is_no_json_is_a_bad_payload_when_read_and_unknown_when_written(body: bytes) -> None:
    assert isinstance(answer_of(read_x, content=body), BadPayload)
    assert isinstance(answer_of(write_x, content=body), OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (301, Refused, Refused),
        (302, Refused, Refused),
        (400, Refused, Refused),
        (401, AuthFailed, AuthFailed),
        (403, AuthFailed, AuthFailed),
        (404, Refused, Refused),
        (405, Refused, Refused),
        (408, RetryLater, OutcomeUnknown),
        (409, RetryLater, RetryLater),
        (410, Refused, Refused),
        (413, Refused, Refused),
        (415, Refused, Refused),
        (422, Refused, Refused),
        (425, RetryLater, RetryLater),
        (429, RetryLater, RetryLater),
        (500, RetryLater, OutcomeUnknown),
        (502, RetryLater, OutcomeUnknown),
        (503, RetryLater, OutcomeUnknown),
        (504, RetryLater, OutcomeUnknown),
    ],
)
def test_each_status_means_applied_never_later_or_unknown(
    status: int, read: type[VendorError], write: type[VendorError]
) -> None:
    for call, expected in ((read_x, read), (write_x, write)):
        error = answer_of(call, status_code=status, json={"message": "no"}, headers={"X-Trace-ID": "t-9"})
        assert type(error) is expected
        assert isinstance(error, VendorError)
        assert (error.status, error.trace_id) == (status, "t-9")


def test_a_redirect_is_not_followed() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.get(f"{BASE}/x", status_code=302, headers={"Location": "https://evil.example/steal"})
        with pytest.raises(Refused, match="redirects are not followed"):
            client().get("/x")
        assert vendor.call_count == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Sat, 21 Nov 2026 12:01:40 GMT", 100.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 12:00:10 -0000", 10.0),
        ("99999999999", 86400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(header: str, seconds: float | None) -> None:
    error = answer_of(write_x, status_code=429, headers={"Retry-After": header} if header else {})
    assert isinstance(error, RetryLater)
    assert error.after == seconds


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"code":404,"status":"AGENT_NOT_FOUND","message":"agent not found"}', "AGENT_NOT_FOUND: agent not found"),
        (b'{"code":"invalid_credentials","message":"log in"}', "invalid_credentials: log in"),
        (b'{"errors":["one","two",3]}', "one: two"),
        (b'{"errorCode":"E7","errorMessage":"bad"}', "E7: bad"),
        (
            b'{"description":"Validation failed",'
            b'"errors":[{"field":"status","message":"is wrong","code":"invalid_value"}]}',
            "Validation failed: status is wrong invalid_value",
        ),
        (b"<html><head><title>Not\n here</title></head><body>x</body></html>", "Not here"),
        (b"<body><script>x()</script><h1>Gone &amp; lost</h1></body>", "Gone & lost"),
        (b"plain words", "plain words"),
        (b"", ""),
        (b"[1, 2]", ""),
        (b"\xff\xfe\x00", "�"),
    ],
)
def test_the_vendors_words_are_taken_from_every_error_family(body: bytes, words: str) -> None:
    error = answer_of(read_x, status_code=404, content=body)
    assert isinstance(error, Refused)
    assert words in error.words
    assert error.words.startswith("the vendor answered 404")


def test_long_words_are_cut() -> None:
    error = answer_of(read_x, status_code=400, json={"message": "x" * 5000})
    assert isinstance(error, Refused)
    assert len(error.words) < 350


def test_an_answer_over_the_limit_is_not_read_to_its_end() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.register_uri(requests_mock.ANY, requests_mock.ANY, content=b'"' + b"x" * 5000 + b'"')
        with pytest.raises(Refused, match="larger than 1000 bytes"):
            client(limit_bytes=1000).get("/x")
        with pytest.raises(OutcomeUnknown, match="larger than 1000 bytes"):
            client(limit_bytes=1000).post("/x", {})


# --------------------------------------------------------------------------------------- failures to connect


@pytest.mark.parametrize(
    ("fault", "read", "write"),
    [
        (requests.exceptions.ConnectTimeout, RetryLater, RetryLater),
        (requests.exceptions.ReadTimeout, RetryLater, OutcomeUnknown),
        (requests.exceptions.ConnectionError, RetryLater, OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError, RetryLater, OutcomeUnknown),
    ],
)
def test_a_failed_exchange_is_unknown_for_a_write_unless_it_never_connected(
    fault: type[Exception], read: type[VendorError], write: type[VendorError]
) -> None:
    assert type(answer_of(read_x, exc=fault)) is read
    assert type(answer_of(write_x, exc=fault)) is write


# --------------------------------------------------------------------------------------- budget and learning


def test_the_budget_is_asked_before_and_told_after_each_call() -> None:
    seen: list[Any] = []

    def spend(verb: str, path: str, params: Any) -> Charge:
        seen.append((verb, path, params))
        return Charge(3, "lists")

    with requests_mock.Mocker() as vendor:
        vendor.get(f"{BASE}/x", status_code=429, headers={"X-RateLimit-Remaining": "0"})
        http = client(
            spend=spend,
            learn=lambda status, headers, charge: seen.append((status, headers["x-ratelimit-remaining"], charge)),
        )
        with pytest.raises(RetryLater):
            http.get("/x", {"page": 2})
    assert seen == [("GET", "/x", {"page": 2}), (429, "0", Charge(3, "lists"))]


def test_nothing_is_sent_when_the_budget_is_used_up() -> None:
    def spend(*call: Any) -> Charge:
        raise RetryLater("the budget is used up", after=12)

    with requests_mock.Mocker() as vendor:
        vendor.get(f"{BASE}/x", json={})
        with pytest.raises(RetryLater) as caught:
            client(spend=spend).get("/x")
        assert vendor.call_count == 0
    assert caught.value.after == 12


# ------------------------------------------------------------------------------------ where the credential goes


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "http://acme.freshchat.com/v2/x",
        "https://acme.freshchat.com:8443/v2/x",
        "https://acme.freshchat.com@evil.example/x",
        "https://evil.example\\@acme.freshchat.com/x",
        "https://user@acme.freshchat.com/x",
        "https://acme.freshchat.com.evil.example/x",
        "file:///etc/passwd",
        "/x y",
        "/x\r\nHost: evil.example",
    ],
)
def test_the_credential_leaves_for_no_other_host(address: str) -> None:
    with requests_mock.Mocker() as vendor:
        vendor.register_uri(requests_mock.ANY, requests_mock.ANY, json={})
        with pytest.raises(Refused):
            client().get(address)
        with pytest.raises(Refused):
            client().follow(address.replace("/x y", "/x\\y"))
        assert vendor.call_count == 0


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("/v2/conversations/1/messages?page=2", f"{BASE}/conversations/1/messages?page=2"),
        (f"{BASE}/agents?page=3", f"{BASE}/agents?page=3"),
        (" agents?page=3", f"{BASE}/agents?page=3"),
    ],
)
def test_a_pagination_link_is_followed_on_the_own_host(href: str, address: str) -> None:
    with requests_mock.Mocker() as vendor:
        vendor.get(address, json={"ok": True})
        assert client().follow(href).data == {"ok": True}
        assert vendor.last_request.url == address
        assert vendor.last_request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_every_verb_is_sent_with_json_and_our_name() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.register_uri(requests_mock.ANY, f"{BASE}/x", json={})
        http = client()
        http.post("/x", {"a": 1})
        http.put("/x", {"a": 2})
        http.patch("x", {"a": 3})
        http.delete("/x")
        sent = vendor.request_history
    assert [request.method for request in sent] == ["POST", "PUT", "PATCH", "DELETE"]
    assert [request.json() for request in sent[:3]] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert all(request.headers["User-Agent"].startswith("Relaydesk/") for request in sent)
    assert all(request.headers["Connection"] == "close" for request in sent)


def test_files_are_sent_as_multipart_with_the_fields_beside_them() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.post(f"{BASE}/x", json={})
        client().post("/x", {"body": "hello"}, files=[("attachments[]", ("a.txt", b"content", "text/plain"))])
        assert vendor.last_request.headers["Content-Type"].startswith("multipart/form-data")
        assert b"hello" in vendor.last_request.body
        assert b"content" in vendor.last_request.body


def test_no_error_its_chain_or_any_repr_shows_the_credential() -> None:
    http = client()
    calls: list[Mapping[str, Any]] = [
        {"status_code": 400, "json": {"message": f"what is Bearer {TOKEN}?"}},
        {"status_code": 500, "text": TOKEN},
        {"text": f"<p>{TOKEN}</p>"},
        {"exc": requests.exceptions.ConnectionError(f"Bearer {TOKEN}")},
    ]
    for answer in calls:
        error = answer_of(write_x, **answer)
        shown = "".join(traceback.format_exception(error)) + repr(error)
        assert TOKEN not in shown
        assert error.__cause__ is None
        assert error.__context__ is None
    assert TOKEN not in repr(http)


def test_a_header_that_http_forbids_is_refused_without_showing_it() -> None:
    for value in ("a\r\nb-secret", "café-secret"):
        with pytest.raises(ValueError, match="the header Authorization") as caught:
            HttpClient(BASE, {"Authorization": value}, StoppedClock())
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("base", ["ftp://acme.freshchat.com", "https://u:p@acme.freshchat.com", "acme.freshchat.com"])
def test_a_base_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        HttpClient(base, {}, StoppedClock())


# ------------------------------------------------------------------------------------------------ downloads

HOSTS = ("freshchat.com", "s3.amazonaws.com")


def test_a_file_is_fetched_without_the_credential() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.get(
            "https://bkt.s3.amazonaws.com/a.png?sig=1", content=b"png", headers={"Content-Type": "image/PNG; x=1"}
        )
        download = client().download("https://bkt.s3.amazonaws.com/a.png?sig=1", HOSTS, 1000)
        assert "Authorization" not in vendor.last_request.headers
    assert (download.content, download.content_type) == (b"png", "image/png")


@pytest.mark.parametrize(
    "url",
    [
        "http://bkt.s3.amazonaws.com/a",
        "https://evil.example/a",
        "https://s3.amazonaws.com.evil.example/a",
        "https://nots3.amazonaws.com/a",
        "https://bkt.s3.amazonaws.com@evil.example/a",
        "https://me@bkt.s3.amazonaws.com/a",
        "https://bkt.s3.amazonaws.com:22/a",
        "file:///etc/passwd",
        "",
        "https://[::1/a",
    ],
)
def test_a_file_is_fetched_from_no_other_place(url: str) -> None:
    with requests_mock.Mocker() as vendor:
        vendor.register_uri(requests_mock.ANY, requests_mock.ANY, content=b"x")
        with pytest.raises(Refused):
            client().download(url, HOSTS, 1000)
        assert vendor.call_count == 0


def test_a_download_follows_three_redirects_among_the_allowed_hosts_and_no_more() -> None:
    with requests_mock.Mocker() as vendor:
        for number in range(6):
            vendor.get(f"https://x.freshchat.com/{number}", status_code=302, headers={"Location": f"/{number + 1}"})
        vendor.get("https://x.freshchat.com/4", content=b"there")
        assert client().download("https://x.freshchat.com/1", HOSTS, 1000).content == b"there"
        with pytest.raises(Refused, match="redirected more than 3 times"):
            client().download("https://x.freshchat.com/0", HOSTS, 1000)


def test_a_download_is_not_redirected_to_another_host() -> None:
    with requests_mock.Mocker() as vendor:
        vendor.get("https://x.freshchat.com/1", status_code=302, headers={"Location": "https://evil.example/a"})
        with pytest.raises(Refused, match=r"evil\.example"):
            client().download("https://x.freshchat.com/1", HOSTS, 1000)
        assert vendor.call_count == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"content": b"x" * 1001}, Refused),
        ({"status_code": 403}, Refused),
        ({"status_code": 404}, Refused),
        ({"status_code": 503}, RetryLater),
        ({"exc": requests.exceptions.ReadTimeout}, RetryLater),
    ],
)
def test_a_download_that_fails_says_whether_to_try_again(
    answer: Mapping[str, Any], expected: type[VendorError]
) -> None:
    with requests_mock.Mocker() as vendor:
        vendor.get("https://x.freshchat.com/1?sig=canary", **answer)
        with pytest.raises(expected) as caught:
            client().download("https://x.freshchat.com/1?sig=canary", HOSTS, 1000)
    assert "canary" not in str(caught.value)
