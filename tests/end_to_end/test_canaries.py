"""The search for secrets in answers and logs: it finds them in every disguise, and leaves alone what is meant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Response, abort

from core.connections import Connections
from core.domain import Secret
from core.testing.clock import FakeClock
from core.web.guard import public
from tests.end_to_end.canaries import Canaries
from tests.end_to_end.program import Program
from tests.end_to_end.test_access import with_operator
from tests.end_to_end.visitor import ADMINISTRATOR, PASSWORD, Visitor
from tests.end_to_end.worlds import World

ODD = "an \"odd\" <secret> & 'token'"


@pytest.fixture
def said() -> list[Any]:
    """What the page /shown of the site answers, the last of it."""
    return []


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str, clock: FakeClock, said: list[Any]) -> Iterator[World]:
    """A running service with an administrator; what was found in it is looked at by the test alone."""
    made = World(tmp_path, sqlite_url, clock)
    made.start(server=ADMINISTRATOR)
    made.app.add_url_rule("/shown", "test.shown", public(lambda: said[-1]() if callable(said[-1]) else said[-1]))
    yield made
    made.canaries.leaks.clear()
    made.stop()


def seen(site: World) -> list[str]:
    """What is found when /shown is asked for."""
    site.canaries.leaks.clear()
    requests.get(f"{site.url}/shown", timeout=10)
    return site.canaries.leaks


def token(site: World) -> str:
    return str(site.sim.token)


SECRETS: dict[str, Callable[[World], str]] = {
    "credential of the vendor": token,
    "key of the server": lambda site: site.runtime.config.server.secret_key.reveal(),
    "hash of the administrator": lambda site: site.runtime.config.server.admin_password_hash.reveal(),
    "token of a webhook": lambda site: site.webhook_url.rpartition("/")[2],
    "address of a webhook that was not asked for": lambda site: f"/webhooks/freshchat/{'x' * 30}",
    "secret of a subscription": lambda site: f"whsec_{'A' * 43}=",
    "token of the API": lambda site: f"rd_{'x' * 43}",
    "one-time link": lambda site: f"{site.url}/welcome/{'x' * 43}",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_an_answer_a_header_or_an_error_page_is_found_and_told_without_it(
    site: World, said: list[Any], name: str
) -> None:
    secret = SECRETS[name](site)
    for answer in (
        f"<p>It is {secret}.</p>",
        lambda: Response("", headers={"X-Told": secret}),
        lambda: abort(418, secret),
    ):
        said.append(answer)
        told = seen(site)
        assert "in an answer of test.shown" in told[0]
        assert secret not in " ".join(told)


@pytest.mark.parametrize(
    "disguise",
    [
        "an &#34;odd&#34; &lt;secret&gt; &amp; &#39;token&#39;",
        "an+%22odd%22+%3Csecret%3E+%26+%27token%27".replace("+", "%20"),
        "an \\\"odd\\\" <secret> & 'token'",
        "YW4gIm9kZCIgPHNlY3JldD4gJiAndG9rZW4nOlg=",
    ],
    ids=["page", "address", "json", "basic-authorization"],
)
def test_a_secret_is_found_in_its_disguises(site: World, said: list[Any], disguise: str) -> None:
    site.canaries.plant("credential", ODD)
    said.append(disguise)
    assert seen(site) == ["a credential in an answer of test.shown"]


def test_what_somebody_types_or_sends_is_a_secret_from_then_on(site: World, said: list[Any]) -> None:
    said.append(f"Welcome, {PASSWORD}; welcome, something of theirs")
    assert seen(site) == []
    Visitor(site.url).sign_in()
    assert seen(site) == ["a password in an answer of test.shown"]
    requests.get(f"{site.url}/api/v1/sessions", headers={"Authorization": "Bearer something of theirs"}, timeout=10)
    assert sorted(seen(site)) == [f"a {kind} in an answer of test.shown" for kind in ("bearer token", "password")]


def test_what_is_meant_to_be_shown_is_no_leak_and_shown_twice_it_is_one(site: World, said: list[Any]) -> None:
    lead = Visitor(site.url).sign_in()
    lead.read("/integrations/1")
    assert site.webhook_url.rpartition("/")[2] in lead.answer.text
    lead.submit("/tokens", form="section form", name="crm")
    assert "rd_" in lead.answer.text
    assert site.canaries.leaks == []
    said.append(lead.answer.text)
    assert "an API token for the second time, in an answer of test.shown" in seen(site)


def test_an_operator_who_is_shown_a_webhooks_address_is_one_too_many(site: World) -> None:
    olga = with_operator(site)
    olga.read("/integrations/1")
    assert site.canaries.leaks == []
    before = site.app.view_functions["integrations.connection"]
    site.app.view_functions["integrations.connection"] = _like(before, lambda **_: site.webhook_url)
    olga.get("/integrations/1")
    assert site.canaries.leaks == ["a webhook token in an answer of integrations.connection"]


def _like(before: Any, view: Any) -> Any:
    """A view with the guard of another."""
    view.__dict__.update(before.__dict__)
    return view


def test_a_secret_in_the_log_is_found_unless_the_product_takes_it_out(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("core.test")
    log.warning("called with %s and %s", token(site), site.webhook_url)
    assert site.canaries.leaks == []
    monkeypatch.setattr(Connections, "secrets", lambda _: ())
    monkeypatch.setattr(type(site.runtime.config), "secrets", lambda _: ())
    log.info("called with %s", token(site))
    assert site.canaries.leaks == ["a credential in the log of core.test"] * 2
    site.canaries.leaks.clear()
    Visitor(site.url).sign_in()
    log.error("they typed %s", PASSWORD)
    assert set(site.canaries.leaks) == {"a password in the log of core.test"}


def test_whatever_was_found_fails_the_test_and_is_not_looked_for_any_more() -> None:
    canaries = Canaries()
    before = [*logging.getLogger().handlers]
    canaries.arrive(lambda: [Secret("something secret")])
    canaries.leaks.append("a credential in an answer of somewhere")
    with pytest.raises(AssertionError, match="in an answer of somewhere"):
        canaries.leave()
    assert logging.getLogger().handlers == before


def test_a_program_may_be_shown_the_secret_of_its_subscription_once(site: World) -> None:
    program = Program(site)
    made = program.post("/subscriptions", json={"url": "https://example.com/hook", "events": ["*"]})
    program.post(f"/subscriptions/{made['id']}/secret")
    program.get("/subscriptions")
    assert site.canaries.leaks == []
