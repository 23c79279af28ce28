"""Who may call the REST API, what is said to whoever may not, and that everything in it is documented."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import Flask

from core.access import tokens
from core.access.tokens import Scope
from core.store.database import StoreBusy
from core.web.api.operations import scope_of
from core.web.problems import KINDS
from tests.end_to_end.program import PROBLEM, Program, token_of
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, Visitor, words
from tests.end_to_end.worlds import World


@pytest.fixture
def quick(quick: World) -> World:
    """The same, running, with an administrator."""
    return quick.start(server=ADMINISTRATOR)


def operations(app: Flask) -> list[tuple[str, str, Scope]]:
    """Every operation as (method, path below /api/v1, scope); ids are 1."""
    found = []
    for rule in app.url_map.iter_rules():
        scope = scope_of(app.view_functions[rule.endpoint])
        if scope is not None:
            path = re.sub(r"<[^>]+>", "1", rule.rule).removeprefix("/api/v1")
            [method] = set(rule.methods or ()) - {"HEAD"}
            found.append((method, path, scope))
    return found


# ------------------------------------------------------------------------------------------------------- who gets in


def test_without_a_good_token_every_operation_answers_401_before_anything_else(quick: World) -> None:
    expired = token_of(quick, name="old", good_for=timedelta(days=1))
    revoked = token_of(quick, name="lost")
    tokens.revoke(quick.runtime.db, 2, EMAIL)
    quick.clock.advance(60 * 60 * 25)
    every = operations(quick.app)
    assert len(every) > 25
    for method, path, _ in every:
        for token in ("", "rd_made-up", expired, revoked, "\xe4"):
            answer = Program(quick, token).call(method, f"{path}?nonsense=1", data=b"{")
            assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM), (method, path, token)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert not token or token not in answer.text


def test_a_token_does_only_what_it_was_made_for(quick: World) -> None:
    programs = {scope: Program(quick, token_of(quick, scope, name=scope.value)) for scope in Scope}
    for method, path, needed in operations(quick.app):
        assert (method == "GET") == (needed is Scope.READ) or "subscriptions" in path
        for scope, program in programs.items():
            answer = program.call(method, path, json={})
            if scope is needed:
                assert answer.status_code not in (401, 403), (method, path)
            else:
                assert answer.status_code == 403, (method, path, scope)
                assert answer.json()["detail"] == f"This needs a token with the scope {needed.value}."
                assert f'scope="{needed.value}"' in answer.headers["WWW-Authenticate"]


def test_a_cookie_opens_nothing_here_and_a_token_nothing_elsewhere(quick: World) -> None:
    visitor = Visitor(quick.url).sign_in()
    assert visitor.get("/account").status_code == 200
    assert visitor.get("/api/v1/sessions").status_code == 401
    token = token_of(quick)
    assert Visitor(quick.url).get(f"/api/v1/sessions?access_token={token}").status_code == 401
    answer = Visitor(quick.url).get("/account", headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)
    assert answer.status_code == 302
    assert Program(quick, token).call("GET", "/sessions", headers={"Authorization": f"bearer  {token} "}).ok


def test_a_token_is_in_no_log_and_no_answer(quick: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    program = Program(quick)
    for method, path, _ in operations(quick.app):
        assert program.token not in program.call(method, path).text
    assert program.token not in caplog.text


# ---------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "told"),
    [
        ("GET", "/nothing", {}, 404, "There is nothing at this address."),
        ("GET", "/sessions/0", {}, 404, "There is nothing at this address."),
        ("GET", "/sessions/1000000000000000000", {}, 404, "There is nothing at this address."),
        ("GET", f"/sessions/{'9' * 5000}", {}, 404, "There is nothing at this address."),
        ("PATCH", "/sessions/0", {}, 404, "There is nothing at this address."),
        ("GET", "/sessions/7", {}, 404, "There is no such session."),
        ("GET", "/sessions/7/messages", {}, 404, "There is no such session."),
        ("POST", "/sessions/7/take-over", {}, 404, "There is no session 7."),
        ("GET", "/contacts/7", {}, 404, "There is no such contact."),
        ("GET", "/connections/7", {}, 404, "There is no such connection."),
        ("POST", "/connections/7/backfill", {}, 404, "There is no such connection."),
        ("GET", "/events/7", {}, 404, "There is no such event."),
        ("POST", "/events/7/replay", {}, 404, "There is no event 7."),
        ("GET", "/actions/7", {}, 404, "There is no such action."),
        ("POST", "/actions/7/retry", {}, 404, "There is no action 7."),
        ("GET", "/subscriptions/7/deliveries", {}, 404, "There is no subscription 7."),
        ("POST", "/deliveries/7/replay", {}, 404, "There is no delivery 7."),
        ("GET", "/sessions?cursor=abc", {}, 404, "This place in the list is not known. Begin again at its first page."),
        ("PUT", "/sessions", {}, 405, "This address takes other methods; the header Allow names them."),
        ("OPTIONS", "/sessions", {}, 405, "This address takes other methods; the header Allow names them."),
        ("POST", "/subscriptions", {"data": b"{"}, 415, "Send JSON, and say so: Content-Type: application/json."),
        ("POST", "/subscriptions", {}, 422, "The body is missing. Send JSON."),
        ("GET", "/sessions?stauts=open", {}, 422, "`errors` says by field what is wrong."),
    ],
)
def test_what_is_refused_says_why(
    quick: World, method: str, path: str, options: dict[str, Any], status: int, told: str
) -> None:
    answer = Program(quick).refused(method, path, status, **options)
    assert answer["detail"] == told
    assert answer["type"] == f"/api/v1/docs#problem-{KINDS[status].name}"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stauts=open", "stauts"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1&limit=2", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("status=closed", "status"),
        ("handed_off=yes", "handed_off"),
        ("contact=0", "contact"),
        ("created_after=2026-01-01", "created_after"),
        ("created_after=2026-01-01T00:00:00", "created_after"),
        ("created_after=2026-01-01T00:00:00+01:00", "created_after"),  # + is a space in an address
        ("created_after=2026-02-30T00:00:00Z", "created_after"),
        ("q=%00", "q"),
        (f"q={'x' * 501}", "q"),
        ("cursor=a.b", "cursor"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused_at_its_name(quick: World, query: str, field: str) -> None:
    assert list(Program(quick).refused("GET", f"/sessions?{query}", 422)["errors"]) == [field]


@pytest.mark.parametrize(
    "moment",
    ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:60-23:59", "2016-12-31t23:59:60z"],
)
def test_every_moment_that_rfc_3339_knows_is_understood(quick: World, moment: str) -> None:
    assert Program(quick).get(f"/sessions?created_after={moment}")["items"] == []


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 100_000, b'{"days": NaN}', b"\xff", b'{"days": ' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}"]
)
def test_a_body_that_is_no_json_is_refused(quick: World, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    Program(quick).refused("POST", "/connections/1/backfill", 400, data=body, headers=headers)


@pytest.mark.parametrize("days", ["1e999", "9" * 400, "1.5", "true", '"1"', "null", "0", "3651"])
def test_a_number_that_is_none_is_refused(quick: World, days: str) -> None:
    options = {"data": f'{{"days": {days}}}', "headers": {"Content-Type": "application/json"}}
    assert Program(quick).refused("POST", "/connections/1/backfill", 422, **options)["errors"].keys() == {"days"}


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00", "a\x00b", "\ud800", "x" * 20_001])
def test_a_message_without_a_text_or_with_half_a_character_is_refused(quick: World, text: str) -> None:
    answer = Program(quick).refused("POST", "/sessions/1/messages", 422, json={"kind": "note", "text": text})
    assert answer["errors"].keys() == {"text"}


@pytest.mark.parametrize("key", ["", "two words", "x" * 256])
def test_a_key_that_may_be_changed_on_its_way_is_refused(quick: World, key: str) -> None:
    options = {"json": {"kind": "note", "text": "Hello"}, "headers": {"Idempotency-Key": key}}
    answer = Program(quick).refused("POST", "/sessions/1/messages", 422, **options)
    assert answer["errors"].keys() == {"Idempotency-Key"}


def test_a_body_beyond_the_largest_is_refused(quick: World) -> None:
    headers = {"Content-Type": "application/json"}
    answer = Program(quick).refused("POST", "/subscriptions", 413, data=b" " * 1_100_000, headers=headers)
    assert answer["detail"] == "That is more than fits into one request."


@pytest.mark.parametrize(
    ("trouble", "status", "told"),
    [
        (StoreBusy("locked"), 503, "The database is busy. Try again in a few seconds."),
        (RuntimeError("the password is hunter2"), 500, "The log of the service says what."),
    ],
)
def test_our_own_trouble_is_told_without_what_is_inside(
    quick: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception, status: int, told: str
) -> None:
    def fail(*_: Any) -> None:
        raise trouble

    monkeypatch.setattr(import_module("core.web.api.contacts"), "list_contacts", fail)
    program = Program(quick)
    answer = program.call("GET", "/contacts")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, "5" if status == 503 else None)
    assert program.refused("GET", "/contacts", status)["detail"] == told
    assert "hunter2" not in answer.text


def test_the_pages_keep_their_own_words_for_what_goes_wrong(quick: World) -> None:
    visitor = Visitor(quick.url)
    answer = visitor.get("/nothing")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at this address" in words(visitor.page)


# ------------------------------------------------------------------------------------------------- what is documented


def test_every_operation_is_in_the_openapi_with_all_that_it_needs(quick: World) -> None:
    told = Program(quick, "").get("/openapi.json")
    documented = {
        (method.upper(), path): operation
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }
    there = {
        (method, re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule))
        for rule in quick.app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in set(rule.methods or ()) - {"HEAD", "OPTIONS"}
    }
    assert set(documented) == there - {("GET", "/api/v1/openapi.json"), ("GET", "/api/v1/docs")}
    for place, operation in documented.items():
        assert operation["summary"] and operation["operationId"] and operation["tags"], place
        assert operation["security"] == [{"token": []}]
        assert {"401", "403", "422", "500", "503"} < set(operation["responses"]), place
        for parameter in operation.get("parameters", []):
            assert parameter["schema"], place
    assert len({operation["operationId"] for operation in documented.values()}) == len(documented)


def test_the_openapi_holds_no_secret(quick: World) -> None:
    told = Program(quick, "").call("GET", "/openapi.json").text
    for secret in (*quick.runtime.config.secrets(), *quick.connections.secrets()):
        assert secret.reveal() not in told


def test_the_page_of_the_api_shows_every_operation_and_all_its_links_lead_somewhere(quick: World) -> None:
    visitor = Visitor(quick.url)
    page = visitor.read("/api/v1/docs")
    told = visitor.get("/api/v1/openapi.json").json()
    shown = words(page)
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                assert f"{method.upper()} {path}" in shown
                assert operation["summary"] in shown
                assert page.select_one(f"#{operation['operationId']} pre")
    anchors = [one["id"] for one in page.select("[id]")]
    assert len(anchors) == len(set(anchors))
    assert {link["href"][1:] for link in page.select('a[href^="#"]')} <= set(anchors)
    assert {f"schema-{name}" for name in told["components"]["schemas"]} <= set(anchors)
    assert {f"problem-{kind.name}" for kind in KINDS.values()} <= set(anchors)
    assert not page.select("script:not([src]), [style], [onclick]")
    assert [one["src"] for one in page.select("script") if not one["src"].startswith("/")] == []
