"""The simulated Freshdesk's tickets over real HTTP: what updates take and refuse, and what becomes of tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_state import Contact, Ticket

Call = Callable[..., requests.Response]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        running.add_field("handed_off")
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


@pytest.fixture
def put(call: Call, ticket: Ticket) -> Callable[..., requests.Response]:
    def send(**values: Any) -> requests.Response:
        return call("PUT", f"/tickets/{ticket.id}", json=values)

    return send


def problem(answer: requests.Response) -> tuple[int, str, str]:
    first = answer.json()["errors"][0]
    return answer.status_code, first["field"], first["code"]


Put = Callable[..., requests.Response]


# ------------------------------------------------------------------------------------------------ updates


def test_an_update_is_partial(put: Put) -> None:
    shown = put(priority=4).json()
    assert (shown["priority"], shown["status"], shown["subject"]) == (4, 2, "Parcel")


def test_null_takes_a_ticket_from_its_agent_and_group(sim: FreshdeskSimulator, put: Put, ticket: Ticket) -> None:
    group = sim.add_group("Support")
    sim.agent_assigns(ticket, sim.owner, group=group)
    shown = put(responder_id=None, group_id=None).json()
    assert (shown["responder_id"], shown["group_id"]) == (None, None)


def test_agents_and_groups_that_do_not_exist_are_refused(sim: FreshdeskSimulator, put: Put) -> None:
    assert problem(put(responder_id=4711)) == (400, "responder_id", "invalid_value")
    assert problem(put(group_id=4711)) == (400, "group_id", "invalid_value")
    assert problem(put(responder_id="4711")) == (400, "responder_id", "datatype_mismatch")
    agent = sim.add_agent("hal@example.com")
    sim.deactivate(agent)
    assert problem(put(responder_id=agent.id)) == (400, "responder_id", "invalid_value")


def test_an_unknown_key_refuses_the_whole_update(put: Put, ticket: Ticket) -> None:
    assert problem(put(priority=4, assignee=1)) == (400, "assignee", "invalid_field")
    assert ticket.priority == 1


def test_an_unknown_custom_field_refuses_the_whole_update(put: Put, ticket: Ticket) -> None:
    """Vendor fact 15."""
    assert problem(put(priority=4, custom_fields={"cf_missing": True})) == (400, "cf_missing", "invalid_field")
    assert ticket.priority == 1


def test_tags_are_replaced_and_custom_fields_are_merged(sim: FreshdeskSimulator, put: Put, ticket: Ticket) -> None:
    sim.add_field("order", "custom_text")
    put(tags=["a", "b"], custom_fields={"cf_order": "17"})
    shown = put(tags=["c"], custom_fields={"cf_handed_off": True}).json()
    assert shown["tags"] == ["c"]
    assert shown["custom_fields"] == {"cf_handed_off": True, "cf_order": "17"}


def test_a_checkbox_takes_a_truth_only(put: Put) -> None:
    assert problem(put(custom_fields={"cf_handed_off": "true"})) == (400, "cf_handed_off", "datatype_mismatch")


def test_fields_required_for_closure_refuse_to_resolve_until_they_are_filled_in(
    sim: FreshdeskSimulator, put: Put
) -> None:
    sim.quirks.required_for_closure = ("type", "cf_handed_off")
    assert put(priority=2).status_code == 200
    assert problem(put(status=4)) == (400, "type", "missing_field")
    assert [one["field"] for one in put(status=5).json()["errors"]] == ["type", "cf_handed_off"]
    assert put(status=4, type="Question", custom_fields={"cf_handed_off": True}).status_code == 200


def test_a_dynamic_form_refuses_updates_that_do_not_carry_its_field(sim: FreshdeskSimulator, put: Put) -> None:
    sim.quirks.dynamic_required = ("type",)
    assert problem(put(priority=2)) == (400, "type", "missing_field")
    assert put(priority=2, type="Question").status_code == 200
    sim.quirks.dynamic_triggers = ("status",)
    assert put(priority=3).status_code == 200
    assert problem(put(status=3)) == (400, "type", "missing_field")


def test_custom_statuses_are_taken_once_the_account_has_them(sim: FreshdeskSimulator, put: Put) -> None:
    assert problem(put(status=6)) == (400, "status", "invalid_value")
    sim.add_status("Waiting on Customer")
    assert put(status=6).json()["status"] == 6


def test_the_subject_of_an_outbound_email_cannot_be_changed(sim: FreshdeskSimulator, call: Call, ada: Contact) -> None:
    sent = sim.customer_opens(ada, "Out", "text", source=10)
    assert problem(call("PUT", f"/tickets/{sent.id}", json={"subject": "x"})) == (400, "subject", "readonly_field")


def test_a_form_says_the_same_as_json(call: Call, ticket: Ticket) -> None:
    """Vendor facts, section 3: `tags[]` is repeated, custom fields are nested."""
    form = [("tags[]", "a"), ("tags[]", "b"), ("custom_fields[cf_handed_off]", "true"), ("priority", "3")]
    answer = call("PUT", f"/tickets/{ticket.id}", files=[(name, (None, value)) for name, value in form])
    assert answer.status_code == 200, answer.text
    assert (ticket.tags, ticket.custom_fields, ticket.priority) == (["a", "b"], {"cf_handed_off": True}, 3)


def test_the_answer_to_an_update_may_show_the_old_due_by(sim: FreshdeskSimulator, put: Put) -> None:
    sim.quirks.old_due_by = True
    assert put(due_by="2026-04-01T00:00:00Z").json()["due_by"] == "2026-03-05T09:00:00Z"
    assert put(priority=2).json()["due_by"] == "2026-04-01T00:00:00Z"


# ---------------------------------------------------------------------------------- what becomes of tickets


def test_a_trashed_ticket_is_shown_as_deleted_and_405_for_every_change(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket
) -> None:
    path = f"/tickets/{ticket.id}"
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).json()["deleted"] is True
    for method, where in (("PUT", path), ("DELETE", path), ("POST", f"{path}/reply"), ("POST", f"{path}/notes")):
        answer = call(method, where, json={"body": "x"} if method == "POST" else {"priority": 2})
        assert (answer.status_code, answer.headers["Allow"], answer.content) == (405, "GET", b"")
    assert ticket.entries == []
    assert call("PUT", f"{path}/restore").status_code == 204
    assert call("PUT", path, json={"priority": 2}).status_code == 200


def test_a_ticket_in_spam_is_shown_as_such_and_405_for_every_change(
    sim: FreshdeskSimulator, call: Call, put: Put, ticket: Ticket
) -> None:
    sim.marks_spam(ticket)
    assert call("GET", f"/tickets/{ticket.id}").json()["spam"] is True
    assert put(priority=2).status_code == 405


def test_a_purged_ticket_is_404_with_an_empty_body(sim: FreshdeskSimulator, call: Call, ticket: Ticket) -> None:
    entry = sim.customer_writes(ticket, "Hello?")
    sim.purges(ticket)
    for path in (f"/tickets/{ticket.id}", f"/tickets/{ticket.id}/conversations"):
        answer = call("GET", path)
        assert (answer.status_code, answer.content) == (404, b"")
    assert call("PUT", f"/conversations/{entry.id}", json={"body": "x"}).status_code == 404
    assert call("GET", "/tickets?updated_since=2020-01-01T00:00:00Z&order_by=updated_at").json() == []


def test_an_archived_ticket_is_found_under_its_own_address_only(
    sim: FreshdeskSimulator, call: Call, put: Put, ticket: Ticket
) -> None:
    sim.customer_writes(ticket, "Hello?")
    assert call("GET", f"/tickets/archived/{ticket.id}").status_code == 404
    sim.archives(ticket)
    assert call("GET", f"/tickets/{ticket.id}").status_code == 404
    assert put(priority=2).status_code == 404
    assert call("GET", "/tickets").json() == []
    assert call("GET", f"/tickets/archived/{ticket.id}").json()["subject"] == "Parcel"
    assert len(call("GET", f"/tickets/archived/{ticket.id}/conversations").json()) == 1
    with pytest.raises(ValueError, match="archived"):
        sim.customer_writes(ticket, "Still there?")


def test_a_merged_ticket_is_closed_with_a_note_and_replies_go_to_the_primary(
    sim: FreshdeskSimulator, call: Call, ticket: Ticket, ada: Contact
) -> None:
    secondary = sim.customer_opens(ada, "Again", "Where?")
    sent = {"primary_id": ticket.id, "ticket_ids": [secondary.id]}
    answer = call("PUT", "/tickets/merge", json=sent)
    assert (answer.status_code, answer.content) == (204, b"")
    shown = call("GET", f"/tickets/{secondary.id}?include=conversations").json()
    assert shown["status"] == 5
    assert f"merged into ticket {ticket.id}" in shown["conversations"][-1]["body_text"]
    assert sim.customer_writes(secondary, "Hello?").ticket_id == ticket.id
    assert secondary.status == 5
    assert call("PUT", "/tickets/merge", json=sent).status_code == 400
