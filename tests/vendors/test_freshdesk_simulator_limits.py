"""The simulated Freshdesk's rate limits: credits in a minute, smaller limits of single endpoints, headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from core.testing.rate_limit import SlidingWindow
from plugins.freshdesk.simulator import FreshdeskSimulator

Get = Callable[..., requests.Response]


@contextmanager
def account(**options: Any) -> Iterator[tuple[FreshdeskSimulator, Get]]:
    with FreshdeskSimulator(**{"clock": FakeClock(), **options}) as sim:

        def get(path: str, **more: Any) -> requests.Response:
            return requests.get(sim.api_url + path, **{"auth": (sim.api_key, "X"), "timeout": 5, **more})

        yield sim, get


@pytest.mark.parametrize(("plan", "total"), [("trial", 50), ("growth", 200), ("pro", 400), ("enterprise", 700)])
def test_a_plan_grants_so_many_calls_a_minute(plan: str, total: int) -> None:
    with account(plan=plan) as (_, get):
        headers = get("/agents/me").headers
        assert headers["X-RateLimit-Total"] == str(total)
        assert headers["X-RateLimit-Remaining"] == str(total - 1)
        assert headers["X-RateLimit-Used-CurrentRequest"] == "1"
        assert "Retry-After" not in headers


def test_the_limit_used_up_is_429_with_retry_after_until_the_minute_is_over() -> None:
    clock = FakeClock()
    with account(requests_per_minute=2, clock=clock) as (_, get):
        get("/agents/me")
        clock.advance(20)
        get("/agents/me")
        refused = get("/agents/me")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        clock.advance(40)
        assert get("/agents/me").status_code == 200


def test_refused_and_wrong_calls_count_too() -> None:
    """Vendor facts, section 1: invalid requests count."""
    with account(requests_per_minute=3) as (_, get):
        assert get("/agents/me", auth=("wrong", "X")).status_code == 401
        assert get("/nothing").status_code == 404
        assert get("/agents?per_page=101").headers["X-RateLimit-Remaining"] == "0"
        assert get("/agents/me").status_code == 429


def test_errors_and_faults_tell_the_limit_as_well() -> None:
    with account(requests_per_minute=100) as (sim, get):
        sim.fault("me", "500")
        sim.fault("me", "slow", seconds=0)
        for status in (500, 200, 404):
            answer = get("/agents/me" if status != 404 else "/tickets/1")
            assert answer.status_code == status
            assert answer.headers["X-RateLimit-Total"] == "100"


def test_all_keys_share_one_limit() -> None:
    with account(requests_per_minute=1) as (sim, get):
        other = sim.key_for(sim.add_agent("hal@example.com"))
        assert get("/agents/me").status_code == 200
        assert get("/agents/me", auth=(other, "X")).status_code == 429


@pytest.mark.parametrize(
    ("path", "credits"),
    [
        ("/tickets/1", 1),
        ("/tickets/1?include=requester", 2),
        ("/tickets/1?include=conversations", 3),
        ("/tickets/1?include=conversations,requester,stats", 5),
        ("/tickets?include=description", 3),
        ("/tickets?include=description,requester", 5),
    ],
)
def test_what_is_included_costs_extra(path: str, credits: int) -> None:
    """Vendor facts, section 1: view +1 per include, conversations +2; list +2 per include."""
    with account(requests_per_minute=100) as (sim, get):
        sim.customer_opens(sim.customer("ada@example.com"), "Parcel", "Where?")
        answer = get(path)
        assert answer.status_code == 200
        assert answer.headers["X-RateLimit-Used-CurrentRequest"] == str(credits)
        assert answer.headers["X-RateLimit-Remaining"] == str(100 - credits)


def test_the_list_of_tickets_has_a_smaller_limit_of_its_own() -> None:
    """Growth: 20 lists a minute, refused while most of the account's credits remain."""
    with account(plan="growth") as (_, get):
        assert [get("/tickets").status_code for _ in range(20)] == [200] * 20
        refused = get("/tickets")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "60"
        assert refused.headers["X-RateLimit-Remaining"] == "180"
        assert get("/agents/me").status_code == 200


def test_the_list_of_contacts_has_one_too() -> None:
    with account(plan="growth") as (_, get):
        assert [get("/contacts").status_code for _ in range(21)] == [200] * 20 + [429]


def test_creating_and_updating_tickets_have_theirs() -> None:
    with account(plan="growth") as (sim, _):
        ticket = sim.customer_opens(sim.customer("ada@example.com"), "Parcel", "Where?")
        sim.limits.endpoints["create_ticket"].per_minute = 1
        sim.limits.endpoints["update_ticket"].per_minute = 1
        made = {"subject": "s", "description": "d", "email": "ada@example.com"}
        with requests.Session() as session:
            session.auth = (str(sim.api_key), "X")
            for method, path, body, good in (
                ("POST", "/tickets", made, 201),
                ("PUT", f"/tickets/{ticket.id}", {"priority": 2}, 200),
            ):
                answers = [session.request(method, sim.api_url + path, json=body, timeout=5) for _ in range(2)]
                assert [one.status_code for one in answers] == [good, 429]


def test_the_trial_has_no_smaller_limits() -> None:
    with account(plan="trial") as (_, get):
        assert [get("/tickets").status_code for _ in range(51)] == [200] * 50 + [429]


def test_without_a_limit_no_header_tells_one() -> None:
    with account() as (_, get):
        assert not [name for name in get("/agents/me").headers if name.startswith("X-RateLimit")]


def test_an_unknown_plan_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no plan 'gold'; there are trial, growth, pro, enterprise"):
        FreshdeskSimulator(plan="gold")


def test_a_call_of_several_credits_waits_until_enough_of_them_are_free() -> None:
    clock = FakeClock()
    window = SlidingWindow(3, clock)
    assert window.take() is None
    clock.advance(10)
    assert window.take() is None
    assert window.wait(2) == 50
    assert window.wait(3) == 60
    assert window.take(1) is None
    assert window.take(5) == 60
