"""The simulated Freshdesk's tickets over real HTTP: lists, one ticket, updates, and what becomes of tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_state import Contact, Ticket, stamp

DAY = 86400
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


def subjects(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["subject"] for one in answer.json()]


def problem(answer: requests.Response) -> tuple[int, str, str]:
    first = answer.json()["errors"][0]
    assert answer.json()["description"] == "Validation failed"
    return answer.status_code, first["field"], first["code"]


# ------------------------------------------------------------------------------------------------- lists


def test_a_list_holds_the_tickets_created_in_30_days_unless_updated_since(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ada: Contact
) -> None:
    """Vendor fact 11; behaviour 151: it is the creation that counts, not the last change."""
    old = sim.customer_opens(ada, "old", "text")
    clock.advance(31 * DAY)
    sim.customer_opens(ada, "new", "text")
    sim.customer_writes(old, "Any news?")
    assert subjects(call("GET", "/tickets")) == ["new"]
    assert sorted(subjects(call("GET", "/tickets?updated_since=2020-01-01T00:00:00Z"))) == ["new", "old"]


def test_updated_since_includes_its_own_second(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ada: Contact
) -> None:
    first = sim.customer_opens(ada, "first", "text")
    clock.advance(1)
    second = sim.customer_opens(ada, "second", "text")
    query = "/tickets?order_by=updated_at&order_type=asc&updated_since="
    assert subjects(call("GET", query + str(stamp(first.updated_at)))) == ["first", "second"]
    assert subjects(call("GET", query + str(stamp(second.updated_at)))) == ["second"]


def test_the_usual_order_is_the_newest_first(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ada: Contact
) -> None:
    for name in "abc":
        sim.customer_opens(ada, name, "text", status=3 if name == "b" else 2)
        clock.advance(1)
    assert subjects(call("GET", "/tickets")) == ["c", "b", "a"]
    assert subjects(call("GET", "/tickets?order_type=asc")) == ["a", "b", "c"]
    assert subjects(call("GET", "/tickets?order_by=status")) == ["b", "c", "a"]


def test_a_conversation_moves_the_ticket_in_the_order_of_updates(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ada: Contact
) -> None:
    """Vendor facts, section 6, 3: updated_at moves with child changes, a private note among them."""
    tickets = [sim.customer_opens(ada, name, "text") for name in "ab"]
    clock.advance(5)
    sim.agent_notes(tickets[0], sim.owner, "for us")
    query = "/tickets?updated_since=2020-01-01T00:00:00Z&order_by=updated_at&order_type="
    assert subjects(call("GET", query + "asc")) == ["b", "a"]
    assert subjects(call("GET", query + "desc")) == ["a", "b"]


def test_there_is_no_filter_by_status(call: Call) -> None:
    assert problem(call("GET", "/tickets?status=2")) == (400, "status", "invalid_field")


def test_spam_and_trash_are_listed_only_by_their_filters(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    tickets = {name: sim.customer_opens(ada, name, "text") for name in ("plain", "spam", "deleted")}
    sim.marks_spam(tickets["spam"])
    sim.agent_deletes(tickets["deleted"])
    assert subjects(call("GET", "/tickets")) == ["plain"]
    assert subjects(call("GET", "/tickets?updated_since=2020-01-01T00:00:00Z&order_by=updated_at")) == ["plain"]
    assert subjects(call("GET", "/tickets?filter=spam")) == ["spam"]
    assert subjects(call("GET", "/tickets?filter=deleted")) == ["deleted"]


def test_tickets_are_listed_by_requester_and_by_email(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    bob = sim.customer("bob@example.com")
    sim.customer_opens(ada, "hers", "text")
    sim.customer_opens(bob, "his", "text")
    assert subjects(call("GET", f"/tickets?requester_id={ada.id}")) == ["hers"]
    assert subjects(call("GET", "/tickets?email=BOB@example.com")) == ["his"]
    assert call("GET", "/tickets?email=nobody@example.com").status_code == 400


def test_descriptions_are_left_out_of_lists_unless_included(
    call: Call, sim: FreshdeskSimulator, ticket: Ticket
) -> None:
    plain = call("GET", "/tickets").json()[0]
    assert not {"description", "description_text", "requester", "stats", "attachments"} & set(plain)
    full = call("GET", "/tickets?include=description,requester,stats").json()[0]
    assert full["description_text"] == "Where is it?"
    assert full["requester"]["email"] == "ada@example.com"
    assert "resolved_at" in full["stats"]
    sim.quirks.description_in_list = True
    assert "description" in call("GET", "/tickets").json()[0]


def test_pages_do_not_overlap_and_the_last_has_no_link(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ada: Contact
) -> None:
    sim.fill(Filed(ada, f"t{number}", "text", clock.now()) for number in range(205))
    for query in ("/tickets?per_page=100", "/tickets?per_page=100&order_by=status"):
        seen, path = [], query
        while path:
            answer = call("GET", path)
            seen += [one["id"] for one in answer.json()]
            path = answer.links.get("next", {}).get("url", "").removeprefix(sim.api_url)
        assert len(seen) == len(set(seen)) == 205


def test_page_301_is_refused_with_the_words_seen_in_the_wild(call: Call) -> None:
    answer = call("GET", "/tickets?page=301")
    assert problem(answer) == (400, "page", "invalid_value")
    assert answer.json()["errors"][0]["message"].startswith("You cannot access tickets beyond the 300th page")
    assert call("GET", "/tickets?page=300").json() == []


def test_forty_thousand_tickets_are_filed_and_listed_quickly(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ada: Contact
) -> None:
    """The cap of 300 pages is only met beyond 30 000 tickets; the times are some ten times what it takes."""
    now = clock.now()
    made = sim.fill(
        Filed(ada, f"t{number}", "text", now - timedelta(days=100), now - timedelta(seconds=number), (("agent", "a"),))
        for number in range(40_000)
    )
    query = "/tickets?updated_since=2020-01-01T00:00:00Z&order_by=updated_at&order_type=asc&per_page=100"
    call("GET", query)
    answer = call("GET", query + "&page=300")
    assert answer.elapsed < timedelta(seconds=0.5)
    assert answer.json()[-1]["id"] == made[-30_000].id
    assert len(call("GET", f"/tickets/{made[7].id}/conversations").json()) == 1


def test_an_agent_sees_only_what_the_scope_of_the_key_holds(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    agent = sim.add_agent("hal@example.com", ticket_scope=3)
    sim.customer_opens(ada, "own", "text", responder_id=agent.id)
    other = sim.customer_opens(ada, "other", "text")
    auth = (sim.key_for(agent), "X")
    assert subjects(call("GET", "/tickets", auth=auth)) == ["own"]
    assert call("GET", f"/tickets/{other.id}", auth=auth).status_code == 403


# ------------------------------------------------------------------------------------------------- one ticket


def test_a_ticket_shows_null_fields_and_whole_seconds(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    sim.add_field("handed_off")
    ticket = sim.customer_opens(ada, "Parcel", "a < b\nc")
    shown = call("GET", f"/tickets/{ticket.id}").json()
    assert shown["responder_id"] is None
    assert shown["custom_fields"] == {"cf_handed_off": None}
    assert shown["created_at"] == "2026-03-02T09:00:00Z"
    assert (shown["description"], shown["description_text"]) == ("<div>a &lt; b<br>c</div>", "a < b\nc")
    assert "deleted" not in shown
    sim.quirks.deleted_flag_absent = False
    assert call("GET", f"/tickets/{ticket.id}").json()["deleted"] is False


def test_included_conversations_are_the_ten_oldest_only(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    for number in range(12):
        sim.customer_writes(ticket, f"message {number}")
    shown = call("GET", f"/tickets/{ticket.id}?include=conversations").json()["conversations"]
    assert [one["body_text"] for one in shown] == [f"message {number}" for number in range(10)]


def test_a_requester_may_be_an_agent(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    """Vendor facts, section 6, 11; the contacts do not hold agents."""
    sim.agent_sets(ticket, sim.owner, requester_id=sim.owner.id)
    assert call("GET", f"/tickets/{ticket.id}?include=requester").json()["requester"]["name"] == "Olga Owner"
    assert call("GET", f"/contacts/{sim.owner.id}").status_code == 404


def test_stats_tell_when_it_was_resolved_closed_and_reopened(
    sim: FreshdeskSimulator, clock: FakeClock, call: Call, ticket: Ticket
) -> None:
    sim.agent_resolves(ticket, sim.owner)
    clock.advance(60)
    sim.agent_closes(ticket, sim.owner)
    stats = call("GET", f"/tickets/{ticket.id}?include=stats").json()["stats"]
    assert (stats["resolved_at"], stats["closed_at"]) == ("2026-03-02T09:00:00Z", "2026-03-02T09:01:00Z")
    clock.advance(60)
    sim.customer_writes(ticket, "Not yet")
    stats = call("GET", f"/tickets/{ticket.id}?include=stats").json()["stats"]
    assert (stats["resolved_at"], stats["closed_at"]) == (None, None)
    assert stats["reopened_at"] == stats["requester_responded_at"] == "2026-03-02T09:02:00Z"


def test_a_ticket_is_created_with_its_defaults_and_location(sim: FreshdeskSimulator, call: Call) -> None:
    answer = call("POST", "/tickets", json={"subject": "Hi", "description": "<p>Hi</p>", "email": "new@example.com"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{sim.api_url}/tickets/{made['id']}"
    assert (made["status"], made["priority"], made["source"]) == (2, 1, 2)
    assert sim.account.contacts[made["requester_id"]].email == "new@example.com"


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"source": 15}, "source", "invalid_value"),
        ({"status": "2"}, "status", "datatype_mismatch"),
        ({"priority": 5}, "priority", "invalid_value"),
        ({"colour": "red"}, "colour", "invalid_field"),
        ({"description": ""}, "description", "missing_field"),
        ({"email": ""}, "requester_id", "missing_field"),
    ],
)
def test_a_ticket_that_is_not_valid_is_refused(call: Call, more: dict[str, Any], field: str, code: str) -> None:
    sent = {"subject": "Hi", "description": "Hi", "email": "new@example.com", **more}
    assert problem(call("POST", "/tickets", json=sent)) == (400, field, code)


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"phone": "+44 1"}, "name", "missing_field"),
        ({"email": "nobody"}, "email", "invalid_value"),
        ({"email": "a@b.c", "cc_emails": "b@b.c"}, "cc_emails", "datatype_mismatch"),
        ({"email": "a@b.c", "tags": ["x" * 33]}, "tags", "invalid_value"),
        ({"unique_external_id": 5}, "unique_external_id", "datatype_mismatch"),
    ],
)
def test_a_ticket_whose_requester_is_not_told_well_is_refused(
    sim: FreshdeskSimulator, call: Call, more: dict[str, Any], field: str, code: str
) -> None:
    """Documentation, create a ticket: a phone number without an email address makes the name mandatory."""
    sent = {"subject": "Box", "description": "x", **more}
    assert problem(call("POST", "/tickets", json=sent)) == (400, field, code)
    assert (sim.tickets, sim.account.contacts) == ([], {})
