"""Whether a record was written to Freshdesk although no answer came: found once, and never taken for another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core import OutcomeUnknown, Refused
from core.testing.clock import FakeClock
from core.testing.faults import Fault
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_state import WEB_CHAT, Contact, Ticket
from tests.vendors.freshdesk_records import TEMPLATES, Writer

TICKET = {"subject": "Box", "description": "The box was\nopen & empty."}
ENDPOINTS = {"create_ticket": "create_ticket", "reply": "reply_to_ticket", "note": "add_note"}
ENDPOINTS |= {"create_contact": "create_contact", "update_ticket": "update_ticket", "update_contact": "update_contact"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        yield running


@pytest.fixture
def writer(sim: FreshdeskSimulator, clock: FakeClock) -> Writer:
    return Writer(sim, clock)


@pytest.fixture
def ada(sim: FreshdeskSimulator) -> Contact:
    return sim.customer("ada@example.com", "Ada", "+44 20 1", unique_external_id="ada-1")


@pytest.fixture
def ticket(sim: FreshdeskSimulator, ada: Contact) -> Ticket:
    return sim.customer_opens(ada, "Parcel", "Where is it?")


def records(ticket: Ticket) -> dict[str, dict[str, Any]]:
    """A record of each template."""
    return {
        "create_ticket": {**TICKET, "email": "ada@example.com"},
        "update_ticket": {"ticket_id": ticket.id, "status": 3, "tags": ["b", "a"]},
        "reply": {"ticket_id": ticket.id, "body": "On its way.\nSoon."},
        "note": {"ticket_id": ticket.id, "body": "Paid."},
        "create_contact": {"name": "Bo", "email": "bo@example.com"},
        "update_contact": {"contact_id": ticket.requester_id, "job_title": "Countess"},
    }


# -------------------------------------------------------------------------------------------- all templates


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_call_whose_answer_was_lost_is_found_and_one_that_was_not_made_is_not(
    sim: FreshdeskSimulator, clock: FakeClock, writer: Writer, ticket: Ticket, name: str
) -> None:
    clock.advance(3600)
    call, begun = writer.call(name, **records(ticket)[name]), clock.now()
    assert writer.find(name, call, begun) is None
    sim.faults.add(Fault(ENDPOINTS[name], "502-html", performed=True))
    with pytest.raises(OutcomeUnknown):
        writer.send(name, call)
    clock.advance(90)
    found = writer.find(name, call, begun)
    made = {"create_ticket": sim.tickets[-1], "create_contact": list(sim.account.contacts.values())[-1]}
    made |= {"update_ticket": ticket, "update_contact": sim.account.contacts[ticket.requester_id]}
    expected = ticket.entries[-1] if name in ("reply", "note") else made[name]
    assert found == str(expected.id)


@pytest.mark.parametrize("name", ["create_ticket", "reply", "note", "create_contact"])
def test_what_belongs_to_another_record_or_was_there_before_proves_nothing(
    clock: FakeClock, writer: Writer, ticket: Ticket, name: str
) -> None:
    call = writer.call(name, **records(ticket)[name])
    made = writer.send(name, call)
    assert writer.find(name, call) == made
    assert writer.find(name, call, known=[made]) is None
    clock.advance(120)
    assert writer.find(name, call) == made, "the vendor's clock may be two minutes behind"
    clock.advance(1)
    assert writer.find(name, call) is None


@pytest.mark.parametrize("name", ["create_ticket", "reply", "note"])
def test_of_two_that_are_the_same_each_proves_one(clock: FakeClock, writer: Writer, ticket: Ticket, name: str) -> None:
    call = writer.call(name, **records(ticket)[name])
    first = writer.send(name, call)
    clock.advance(1)
    second = writer.send(name, call)
    assert writer.find(name, call) == first
    assert writer.find(name, call, known=[first]) == second
    assert writer.find(name, call, known=[first, second]) is None


@pytest.mark.parametrize("name", ["update_ticket", "reply", "note"])
def test_nothing_was_written_to_a_ticket_that_is_gone(
    sim: FreshdeskSimulator, writer: Writer, ticket: Ticket, name: str
) -> None:
    call = writer.call(name, **records(ticket)[name])
    sim.account.purge(ticket)
    assert writer.find(name, call) is None


@pytest.mark.parametrize("name", ["update_ticket", "reply", "note"])
def test_a_refused_look_is_no_proof_of_anything(
    sim: FreshdeskSimulator, writer: Writer, ticket: Ticket, name: str
) -> None:
    call = writer.call(name, **records(ticket)[name])
    sim.account.archive(ticket)
    sim.faults.add(Fault("view_ticket", "redirect"))
    sim.faults.add(Fault("list_conversations", "redirect"))
    with pytest.raises(Refused):
        writer.find(name, call)


# --------------------------------------------------------------------------------------------------- tickets


@pytest.mark.parametrize(
    "by", [{"requester_id": 0}, {"email": "ada@example.com"}, {"unique_external_id": "ada-1"}, {"phone": "+44 20 1"}]
)
def test_a_new_ticket_is_found_among_the_requesters(
    sim: FreshdeskSimulator, writer: Writer, ada: Contact, by: dict[str, Any]
) -> None:
    by = {name: ada.id if name == "requester_id" else value for name, value in by.items()}
    bo = sim.customer("bo@example.com", "Bo", "+44 20 2")
    writer.write("create_ticket", **TICKET, requester_id=bo.id)
    call = writer.call("create_ticket", **TICKET, name="Ada", **by)
    assert writer.find("create_ticket", call) is None
    made = writer.send("create_ticket", call)
    assert writer.find("create_ticket", call) == made


@pytest.mark.parametrize("by", [{"email": "new@example.com"}, {"unique_external_id": "x"}, {"phone": "1", "name": "N"}])
def test_who_is_no_contact_yet_has_no_ticket(writer: Writer, ticket: Ticket, by: dict[str, Any]) -> None:
    call = writer.call("create_ticket", **TICKET, **by)
    assert writer.find("create_ticket", call) is None
    made = writer.send("create_ticket", call)
    assert writer.find("create_ticket", call) == made


def test_an_agent_may_be_the_requester(sim: FreshdeskSimulator, writer: Writer, ticket: Ticket) -> None:
    """Vendor facts, section 6: agents are not among the contacts by whose address tickets are listed."""
    hal = sim.add_agent("hal@example.com")
    call = writer.call("create_ticket", **TICKET, email="Hal@example.com")
    made = writer.send("create_ticket", call)
    assert sim.ticket(int(made)).requester_id == hal.id
    assert writer.find("create_ticket", call) == made


@pytest.mark.parametrize("other", [{"subject": "Bag"}, {"description": "The box was shut."}])
def test_another_ticket_of_the_requester_is_not_it(writer: Writer, ada: Contact, other: dict[str, str]) -> None:
    writer.write("create_ticket", **{**TICKET, **other}, requester_id=ada.id)
    assert writer.find("create_ticket", writer.call("create_ticket", **TICKET, requester_id=ada.id)) is None


def test_a_new_ticket_is_found_behind_a_hundred_newer_ones(
    sim: FreshdeskSimulator, clock: FakeClock, writer: Writer, ada: Contact
) -> None:
    call, begun = writer.call("create_ticket", **TICKET, phone=ada.phone, name="Ada"), clock.now()
    made = writer.send("create_ticket", call)
    clock.advance(1)
    for number in range(100):
        sim.customer_opens(ada, f"Other {number}", "text")
    assert writer.find("create_ticket", call, begun) == made


def test_only_lists_are_asked_and_never_the_search(sim: FreshdeskSimulator, writer: Writer, ticket: Ticket) -> None:
    for name, record in records(ticket).items():
        writer.find(name, writer.call(name, **record))
    asked = {call.endpoint for call in sim.record.calls()}
    assert asked == {"list_tickets", "view_ticket", "list_conversations", "list_contacts", "view_contact"}


# ------------------------------------------------------------------------------------------- replies, notes


def test_a_message_is_proved_by_its_author_its_kind_and_who_sees_it(
    sim: FreshdeskSimulator, writer: Writer, ticket: Ticket
) -> None:
    hal = sim.add_agent("hal@example.com")
    reply = writer.call("reply", ticket_id=ticket.id, body="The same words.")
    note = writer.call("note", ticket_id=ticket.id, body="The same words.")
    public = writer.call("note", ticket_id=ticket.id, body="The same words.", private=False)
    by_hal = writer.call("reply", ticket_id=ticket.id, body="The same words.", user_id=hal.id)
    sim.customer_writes(ticket, "The same words.")
    sim.agent_notes(ticket, hal, "The same words.")
    for name, call in (("reply", reply), ("note", note), ("note", public), ("reply", by_hal)):
        assert writer.find(name, call) is None
    made = [writer.send(*each) for each in (("reply", by_hal), ("note", public), ("note", note), ("reply", reply))]
    found = [writer.find(*each) for each in (("reply", by_hal), ("note", public), ("note", note), ("reply", reply))]
    assert found == made
    assert len(set(made)) == 4


def test_before_the_agent_is_known_a_reply_is_at_least_no_customers(
    sim: FreshdeskSimulator, writer: Writer, ticket: Ticket
) -> None:
    writer.connection = replace(writer.connection, identity=None)
    call = writer.call("reply", ticket_id=ticket.id, body="The same words.")
    sim.customer_writes(ticket, "The same words.")
    assert writer.find("reply", call) is None
    made = writer.send("reply", call)
    assert writer.find("reply", call) == made


def test_what_was_said_in_a_chat_is_found(sim: FreshdeskSimulator, writer: Writer, ada: Contact) -> None:
    chat = sim.customer_opens(ada, "Chat", "Hello?", WEB_CHAT)
    call = writer.call("reply", ticket_id=chat.id, body="<p>Welcome</p>", structured=True)
    assert writer.find("reply", call) is None
    made = writer.send("reply", call)
    assert writer.find("reply", call) == made


# --------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"status": 3}, {"status": 4}),
        ({"tags": ["a"]}, {"tags": ["a", "b"]}),
        ({"responder_id": 0}, {"responder_id": 1}),
        ({"status": 3, "custom_fields": {"cf_gift": True}}, {"status": 3}),
        ({"custom_fields": {"cf_gift": True}}, {"cf_gift": False}),
    ],
)
def test_an_update_of_which_a_part_is_missing_is_not_found(
    sim: FreshdeskSimulator, writer: Writer, ticket: Ticket, sent: dict[str, Any], shown: dict[str, Any]
) -> None:
    sim.add_field("gift")
    sim.agent_sets(ticket, sim.owner, **{key: sim.owner.id if value == 1 else value for key, value in shown.items()})
    call = writer.call("update_ticket", ticket_id=ticket.id, **sent)
    assert writer.find("update_ticket", call) is None
    writer.send("update_ticket", call)
    assert writer.find("update_ticket", call) == str(ticket.id)


def test_an_update_of_a_contact_is_found_by_all_its_values(writer: Writer, ada: Contact) -> None:
    call = writer.call("update_contact", contact_id=ada.id, job_title="Countess", tags=["a", "b"])
    ada.job_title = "Countess"
    assert writer.find("update_contact", call) is None
    ada.tags = ["b", "a"]
    assert writer.find("update_contact", call) == str(ada.id)


# -------------------------------------------------------------------------------------------------- contacts


@pytest.mark.parametrize("by", [{"email": "a+b@c.d"}, {"unique_external_id": "7"}, {"mobile": "+1 2"}, {"phone": "34"}])
def test_a_new_contact_is_found_by_what_it_is_known_by(writer: Writer, ada: Contact, by: dict[str, str]) -> None:
    call = writer.call("create_contact", name="Bo", **by)
    assert writer.find("create_contact", call) is None
    made = writer.send("create_contact", call)
    assert writer.find("create_contact", call) == made


def test_a_contact_of_another_name_is_not_it(sim: FreshdeskSimulator, writer: Writer) -> None:
    sim.customer("", "Cy", "+44 3")
    assert writer.find("create_contact", writer.call("create_contact", name="Bo", phone="+44 3")) is None


def test_a_contact_that_was_brought_up_to_date_is_found_by_its_values(writer: Writer, ada: Contact) -> None:
    record = {"name": "Ada", "email": "ada@example.com", "job_title": "Countess"}
    call = TEMPLATES["create_contact"].update_call(record, str(ada.id), writer.connection)
    assert writer.find("create_contact", call) is None
    writer.send("create_contact", call)
    assert writer.find("create_contact", call) == str(ada.id)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"email": "ADA@example.com"}, True),
        ({"email": "second@example.com"}, True),
        ({"unique_external_id": "ada-1"}, True),
        ({"email": "new@example.com", "unique_external_id": "ada-1"}, True),
        ({"phone": "+44 20 1"}, True),
        ({"email": "new@example.com", "phone": "+44 20 1"}, False),
        ({"email": "ad@example.com"}, False),
        ({"unique_external_id": "ada-2"}, False),
        ({"mobile": "+44 20 1"}, False),
    ],
)
def test_155_a_contact_that_exists_is_found_by_what_only_one_can_have(
    writer: Writer, ada: Contact, record: dict[str, str], found: bool
) -> None:
    ada.other_emails = ["second@example.com"]
    assert writer.existing("create_contact", name="Somebody", **record) == (str(ada.id) if found else None)


def test_an_account_that_hides_addresses_still_finds_by_them(
    sim: FreshdeskSimulator, writer: Writer, ada: Contact
) -> None:
    sim.quirks.hidden_contact_email = True
    assert writer.existing("create_contact", name="Ada", email="ada@example.com") == str(ada.id)


def test_an_account_without_a_filter_by_external_id_knows_nobody_by_it(
    sim: FreshdeskSimulator, writer: Writer, ada: Contact
) -> None:
    sim.quirks.external_id_filter = False
    assert writer.existing("create_contact", name="Ada", unique_external_id="ada-1") is None
    assert writer.existing("create_contact", name="Ada", unique_external_id="x", email=ada.email) == str(ada.id)
    with pytest.raises(Refused):  # whether it was made cannot be told, which is not the same as that it was not
        writer.find("create_contact", writer.call("create_contact", name="Ada", unique_external_id="ada-1"))


def test_a_wait_of_hours_is_no_obstacle(clock: FakeClock, writer: Writer, ticket: Ticket) -> None:
    begun = clock.now()
    made = {name: writer.write(name, **record) for name, record in records(ticket).items()}
    clock.advance(timedelta(hours=30).total_seconds())
    for name, record in records(ticket).items():
        assert writer.find(name, writer.call(name, **record), begun) == made[name]
