"""What the simulated Freshdesk tells its automation rules: what happened, to which ticket, and who did it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_happenings import Happening
from plugins.freshdesk.simulator_state import Contact, Ticket


class Told:
    """Stands where the account's rules stand, and keeps what it is told."""

    def __init__(self) -> None:
        self.all: list[Happening] = []

    def happened(self, happening: Happening) -> None:
        self.all.append(happening)

    def kinds(self) -> list[tuple[str, str]]:
        return [(one.kind, one.performer.kind) for one in self.all]


@pytest.fixture
def sim() -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=FakeClock()) as running:
        yield running


@pytest.fixture
def ada(sim: FreshdeskSimulator) -> Contact:
    return sim.customer("ada@example.com", "Ada")


@pytest.fixture
def ticket(sim: FreshdeskSimulator, ada: Contact) -> Ticket:
    return sim.customer_opens(ada, "Parcel", "Where is it?")


@pytest.fixture
def told(sim: FreshdeskSimulator, ticket: Ticket) -> Told:
    sim.automations = Told()
    return sim.automations


def test_a_new_ticket_is_told_with_its_requester(sim: FreshdeskSimulator, told: Told, ada: Contact) -> None:
    made = sim.customer_opens(ada, "Again", "Where?", source=15)
    assert told.kinds() == [("ticket_created", "requester")]
    assert (told.all[0].ticket, told.all[0].performer.id) == (made, ada.id)


def test_a_reply_that_opens_the_ticket_again_is_told_as_two_happenings(
    sim: FreshdeskSimulator, told: Told, ticket: Ticket
) -> None:
    sim.system_sets(ticket, status=4)
    sim.customer_writes(ticket, "Hello?")
    assert told.kinds() == [("ticket_updated", "system"), ("reply_sent", "requester"), ("ticket_updated", "requester")]
    assert told.all[-1].changes == {"status": (4, 2)}


def test_what_a_key_does_its_agent_does(sim: FreshdeskSimulator, told: Told, ticket: Ticket) -> None:
    """Vendor facts, section 6, 1: own calls come back as webhooks."""
    hal = sim.add_agent("hal@example.com")
    auth, where = (sim.key_for(hal), "X"), f"{sim.api_url}/tickets/{ticket.id}"
    requests.post(f"{where}/reply", json={"body": "Soon"}, auth=auth, timeout=5)
    requests.post(f"{where}/notes", json={"body": "for us"}, auth=auth, timeout=5)
    requests.put(where, json={"responder_id": hal.id, "status": 2}, auth=auth, timeout=5)
    requests.delete(where, auth=auth, timeout=5)
    kinds = ["reply_sent", "note_added", "ticket_updated", "ticket_deleted"]
    assert told.kinds() == [(kind, "agent") for kind in kinds]
    assert {one.performer.id for one in told.all} == {hal.id}
    assert told.all[1].note_type == "private"
    assert told.all[2].changes == {"responder_id": (None, hal.id)}


def test_a_refused_call_is_not_told(sim: FreshdeskSimulator, told: Told, ticket: Ticket) -> None:
    where, auth = f"{sim.api_url}/tickets/{ticket.id}", (sim.api_key, "X")
    assert requests.put(where, json={"status": 4, "x": 1}, auth=auth, timeout=5).status_code == 400
    assert told.all == []


def test_setting_what_is_so_already_is_not_told(sim: FreshdeskSimulator, told: Told, ticket: Ticket) -> None:
    sim.agent_sets(ticket, sim.owner, priority=1)
    assert told.all == []


def test_what_agents_do_is_told_with_old_and_new_values(sim: FreshdeskSimulator, told: Told, ticket: Ticket) -> None:
    before = ticket.requester_id
    bob, group = sim.customer("bob@example.com"), sim.add_group("Billing")
    sim.add_field("handed_off")
    sim.agent_assigns(ticket, sim.owner, group=group)
    sim.agent_sets(ticket, sim.owner, cf_handed_off=True)
    sim.agent_notes(ticket, sim.owner, "public", private=False)
    sim.change_requester(ticket, bob)
    sim.remove_group(group)
    assert [dict(one.changes) for one in told.all] == [
        {"responder_id": (None, sim.owner.id), "group_id": (None, group.id)},
        {"cf_handed_off": (None, True)},
        {},
        {"requester_id": (before, bob.id)},
        {"group_id": (group.id, None)},
    ]
    assert told.all[2].note_type == "public"
    assert told.kinds()[-1] == ("ticket_updated", "system")


def test_tickets_that_are_filed_are_not_told(sim: FreshdeskSimulator, told: Told, ada: Contact) -> None:
    made = sim.fill([Filed(ada, "Old", "text", sim.clock.now(), entries=[("customer", "a"), ("note", "b")])])
    assert told.all == []
    assert [one.private for one in made[0].entries] == [False, True]


def test_public_comments_are_the_public_conversations_with_their_authors(
    sim: FreshdeskSimulator, ticket: Ticket
) -> None:
    sim.customer_writes(ticket, "Hello?")
    sim.agent_notes(ticket, sim.owner, "for us")
    sim.agent_replies(ticket, sim.owner, "Soon")
    comments = sim.account.public_comments(ticket)
    assert [(one.author_name, one.body) for one in comments] == [
        ("Ada", "<div>Hello?</div>"),
        ("Olga Owner", "<div>Soon</div>"),
    ]
