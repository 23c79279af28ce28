"""What destinations look up in a Freshdesk account by names and addresses (behaviour 156)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import Refused
from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from tests.vendors.freshdesk_account import FRESHDESK
from tests.vendors.freshdesk_records import TEMPLATES, Writer

DAY = 86400


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


def test_156_the_words_are_those_of_other_connectors_and_a_ticket_is_soon_asked_again() -> None:
    assert {one.name: one.keep_seconds for one in FRESHDESK.look_ups} == {
        "user": 900,
        "agent": 900,
        "group": 900,
        "conversation": 30,
    }


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_field_says_it_can_be_looked_up_by_can_be_looked_up(name: str) -> None:
    named = {field.look_up for field in TEMPLATES[name].fields} - {""}
    assert named <= {one.name for one in FRESHDESK.look_ups}
    assert bool(named) is (name != "create_contact")


@pytest.mark.parametrize("written", ["ada+shop@example.com", "ADA+Shop@Example.com", "  ada+shop@example.com "])
def test_a_user_is_the_contact_with_an_address(sim: FreshdeskSimulator, writer: Writer, written: str) -> None:
    sim.customer("ada@example.com", "Other")
    ada = sim.customer("Ada+shop@example.com", "Ada")
    assert writer.look_up("user", written) == str(ada.id)


def test_a_user_is_found_in_an_account_that_hides_addresses(sim: FreshdeskSimulator, writer: Writer) -> None:
    ada = sim.customer("ada@example.com", "Ada")
    sim.quirks.hidden_contact_email = True
    assert writer.look_up("user", "ada@example.com") == str(ada.id)


def test_an_agent_is_found_by_address(sim: FreshdeskSimulator, writer: Writer) -> None:
    hal = sim.add_agent("Hal+1@example.com")
    assert writer.look_up("agent", "hal+1@EXAMPLE.com") == str(hal.id)
    sim.customer("ada@example.com", "Ada")
    with pytest.raises(Refused, match=r"Freshdesk has no agent with the email address 'ada@example.com'"):
        writer.look_up("agent", "ada@example.com")


def test_a_deactivated_agent_is_told_as_such(sim: FreshdeskSimulator, writer: Writer) -> None:
    sim.deactivate(sim.add_agent("hal@example.com"))
    with pytest.raises(Refused, match=r"the agent with the email address 'hal@example.com' is deactivated"):
        writer.look_up("agent", "hal@example.com")


def test_a_group_is_found_by_name_on_whatever_page(sim: FreshdeskSimulator, writer: Writer) -> None:
    for number in range(120):
        sim.add_group(f"Group {number}")
    billing = sim.add_group("Billing & Returns")
    assert writer.look_up("group", " billing & returns ") == str(billing.id)


def test_of_groups_called_the_same_none_is_chosen(sim: FreshdeskSimulator, writer: Writer) -> None:
    ids = [sim.add_group(name).id for name in ("Billing", "BILLING")]
    with pytest.raises(Refused, match=f"2 groups called 'billing'; give the id of one of them: {ids[0]}, {ids[1]}"):
        writer.look_up("group", "billing")


def test_a_conversation_is_the_latest_ticket_of_a_contact(
    sim: FreshdeskSimulator, clock: FakeClock, writer: Writer
) -> None:
    ada, bo = sim.customer("ada+shop@example.com", "Ada"), sim.customer("bo@example.com", "Bo")
    first = sim.customer_opens(ada, "First", "text")
    clock.advance(DAY)
    second = sim.customer_opens(ada, "Second", "text")
    sim.customer_opens(bo, "Other", "text")
    clock.advance(300 * DAY)
    sim.customer_writes(first, "Still there?")
    assert writer.look_up("conversation", "ADA+shop@example.com") == str(second.id)
    assert writer.look_up("conversation", str(ada.id)) == str(second.id)
    assert writer.look_up("conversation", writer.look_up("user", ada.email or "")) == str(second.id)


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("user", "no@example.com", "Freshdesk has no contact with the email address 'no@example.com'"),
        ("group", "Nobody", "Freshdesk has no group called 'Nobody'"),
        ("group", " ", "Freshdesk has no group called ''"),
        ("conversation", "no@example.com", "no ticket of a contact with the email address or id 'no@example.com'"),
        ("conversation", "Ada", "no ticket of a contact with the email address or id 'Ada'"),
        ("conversation", "99", "no ticket of a contact with the email address or id '99'"),
        ("channel", "x", "Freshdesk can look up user, agent, group, conversation, and not channel"),
    ],
)
def test_what_is_not_there_is_told_in_words(writer: Writer, what: str, value: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        writer.look_up(what, value)


def test_what_a_record_needs_may_be_looked_up_in_it(sim: FreshdeskSimulator, writer: Writer) -> None:
    """The ids are numbers to Freshdesk, and texts where they were looked up."""
    ticket = sim.customer_opens(sim.customer("ada@example.com", "Ada"), "Parcel", "Where is it?")
    group = sim.add_group("Billing")
    found = writer.look_up("conversation", "ada@example.com")
    writer.write("update_ticket", ticket_id=found, group_id=writer.look_up("group", "billing"))
    assert ticket.group_id == group.id
