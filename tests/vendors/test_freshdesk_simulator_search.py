"""The simulated search for tickets: its grammar, its ten pages and its late index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_bulk import Filed

DAY = 86400
Ask = Callable[..., requests.Response]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        yield running


@pytest.fixture
def ask(sim: FreshdeskSimulator) -> Ask:
    def search(query: str, **more: Any) -> requests.Response:
        params = {"query": f'"{query}"', **more}
        return requests.get(f"{sim.api_url}/search/tickets", params=params, auth=(sim.api_key, "X"), timeout=5)

    return search


@pytest.fixture
def numbers(ask: Ask) -> Callable[[str], list[str]]:
    def found(query: str) -> list[str]:
        answer = ask(query)
        assert answer.status_code == 200, answer.text
        return sorted(one["subject"] for one in answer.json()["results"])

    return found


Found = Callable[[str], list[str]]


def test_statuses_are_joined_by_or_and_narrowed_by_and(sim: FreshdeskSimulator, numbers: Found) -> None:
    ada = sim.customer("ada@example.com")
    for name, status, priority in (("a", 2, 1), ("b", 3, 1), ("c", 4, 1), ("d", 3, 4)):
        sim.customer_opens(ada, name, "text", status=status, priority=priority)
    assert numbers("status:2 OR status:3") == ["a", "b", "d"]
    assert numbers("status:2 OR status:3 AND priority:4") == ["a", "d"]
    assert numbers("(status:2 OR status:3) AND priority:4") == ["d"]
    assert numbers("priority:>2") == ["d"]


def test_greater_and_less_than_include_the_day_itself(
    sim: FreshdeskSimulator, clock: FakeClock, numbers: Found
) -> None:
    ada = sim.customer("ada@example.com")
    for name in ("2nd", "3rd", "4th"):
        sim.customer_opens(ada, name, "text")
        clock.advance(DAY)
    assert numbers("created_at:>'2026-03-03'") == ["3rd", "4th"]
    assert numbers("created_at:<'2026-03-03'") == ["2nd", "3rd"]
    assert numbers("created_at:>'2026-03-03' AND created_at:<'2026-03-03'") == ["3rd"]


def test_the_agent_is_called_agent_id_and_null_finds_the_unassigned(sim: FreshdeskSimulator, numbers: Found) -> None:
    ada = sim.customer("ada@example.com")
    sim.customer_opens(ada, "free", "text")
    sim.customer_opens(ada, "taken", "text", responder_id=sim.owner.id)
    assert numbers(f"agent_id:{sim.owner.id}") == ["taken"]
    assert numbers("agent_id:null") == ["free"]


def test_tags_types_and_custom_fields_are_found(sim: FreshdeskSimulator, numbers: Found) -> None:
    sim.add_field("handed_off")
    ada = sim.customer("ada@example.com")
    sim.customer_opens(ada, "a", "text", tags=["vip", "late"], type="Question")
    sim.customer_opens(ada, "b", "text", custom_fields={"cf_handed_off": True})
    assert numbers("tag:'late'") == ["a"]
    assert numbers("type:'Question'") == ["a"]
    assert numbers("cf_handed_off:true") == ["b"]
    assert numbers("cf_handed_off:false") == ["a"]


@pytest.mark.parametrize("name", ["responder_id", "requester_id", "cf_unknown", "subject"])
def test_names_that_it_does_not_know_are_refused(ask: Ask, name: str) -> None:
    answer = ask(f"{name}:1")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": name, "message": "Unexpected/invalid field in request", "code": "invalid_field"}
    ]


@pytest.mark.parametrize(
    "query",
    [
        "status:2 OR",
        "(status:2",
        "status:2 status:3",
        "status 2",
        "created_at:>'2026-03-03T00:00:00Z'",
        "tag:late",
        "status:'2'",
        "",
        "status:2 OR " * 50 + "status:2",
    ],
)
def test_what_is_no_query_is_refused(ask: Ask, query: str) -> None:
    assert ask(query).status_code == 400


def test_a_query_without_its_double_quotes_is_refused(sim: FreshdeskSimulator) -> None:
    params = {"query": "status:2"}
    answer = requests.get(f"{sim.api_url}/search/tickets", params=params, auth=(sim.api_key, "X"), timeout=5)
    assert answer.status_code == 400


def test_there_are_30_a_page_and_10_pages_whatever_the_total(
    sim: FreshdeskSimulator, clock: FakeClock, ask: Ask
) -> None:
    ada = sim.customer("ada@example.com")
    sim.fill(Filed(ada, f"t{number}", "text", clock.now()) for number in range(310))
    last = ask("status:2", page=10)
    assert (last.json()["total"], len(last.json()["results"])) == (310, 30)
    assert ask("status:2", page=11).status_code == 400
    assert ask("status:2", per_page=100).status_code == 400


def test_the_index_learns_of_a_change_only_after_its_lag(
    sim: FreshdeskSimulator, clock: FakeClock, numbers: Found
) -> None:
    sim.quirks.search_lag = 120
    ticket = sim.customer_opens(sim.customer("ada@example.com"), "a", "text")
    assert numbers("status:2") == []
    clock.advance(120)
    assert numbers("status:2") == ["a"]
    sim.agent_resolves(ticket, sim.owner)
    clock.advance(119)
    assert numbers("status:2") == ["a"]
    clock.advance(1)
    assert numbers("status:2") == []
    assert numbers("status:4") == ["a"]


def test_archived_deleted_and_spam_tickets_are_not_found(sim: FreshdeskSimulator, numbers: Found) -> None:
    ada = sim.customer("ada@example.com")
    archived, deleted, spam = (sim.customer_opens(ada, name, "text") for name in ("a", "d", "s"))
    assert numbers("status:2") == ["a", "d", "s"]
    sim.archives(archived)
    sim.agent_deletes(deleted)
    sim.marks_spam(spam)
    assert numbers("status:2") == []
    sim.restores(deleted)
    assert numbers("status:2") == ["d"]
