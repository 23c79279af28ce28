"""The automation rules of the simulated Freshdesk: who and what triggers them, in which order they run, and loops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.testing.clock import FakeClock
from core.testing.waiting import Changes
from plugins.freshdesk.simulator_account import Account
from plugins.freshdesk.simulator_happenings import Happening, Performer
from plugins.freshdesk.simulator_rule_setup import EVENTS, install_rules, remove_rules
from plugins.freshdesk.simulator_rules import (
    CREATION,
    LONGEST_CHAIN,
    UPDATES,
    Automations,
    Condition,
    Event,
    Rule,
    SetValues,
)
from plugins.freshdesk.simulator_state import NOTE, OPEN, PENDING, RESOLVED, Quirks, Ticket
from plugins.freshdesk.simulator_webhooks import Webhook, webhook_sender

URL = "http://127.0.0.1:9/hook"


class World:
    """An account with its rules; its webhooks are made up and stay where they are, as nothing delivers them."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.sender = webhook_sender(clock, Changes())
        self.quirks = Quirks()
        self.account = Account(clock, threading.RLock(), self.emit, lambda: self.quirks)
        self.automations = Automations(self.account, clock, self.sender, self.account.change, lambda: self.quirks)
        self.agent = self.account.add_agent("hanna@example.com", "Hanna Human")
        self.contact = self.account.add_contact("Ada Byron", "ada@example.com")
        self.by_agent = Performer("agent", self.agent.id)
        self.by_customer = Performer("requester", self.contact.id)

    def emit(self, happening: Happening) -> None:
        self.automations.happened(happening)

    def open(self, **more: Any) -> Ticket:
        return self.account.open(
            self.by_customer, requester_id=self.contact.id, subject="Parcel", description="<div>Where?</div>", **more
        )

    def reply(self, ticket: Ticket, *, agent: bool = False) -> None:
        performer = self.by_agent if agent else self.by_customer
        self.account.write(ticket, performer, "<div>Hello</div>", performer.id, incoming=not agent)

    def note(self, ticket: Ticket, *, private: bool = True) -> None:
        self.account.write(ticket, self.by_agent, "<div>Careful</div>", self.agent.id, source=NOTE, private=private)

    def told(self) -> list[str]:
        """What `{{triggered_event}}` was in each run of a rule, in order."""
        return [one.triggered_event for one in self.automations.log]


@pytest.fixture
def world() -> Iterator[World]:
    yield World()


def update_rule(world: World, *events: Event, performer: str = "agent_or_requester", **more: Any) -> Rule:
    return world.automations.add(Rule("an update rule", UPDATES, [], performer, events, **more))


# ---------------------------------------------------------------------------------------- ticket creation


def test_a_new_ticket_fires_the_creation_rule(world: World) -> None:
    """Behaviour 70."""
    install_rules(world, URL)
    world.open()
    assert world.told() == ["{ticket_action:created}"]
    assert [one.kind for one in world.sender.deliveries] == ["ticket_created"]


def test_only_the_first_creation_rule_that_suits_runs(world: World) -> None:
    for name in ("first", "second"):
        world.automations.add(Rule(name, CREATION, []))
    world.open()
    assert [one.rule for one in world.automations.log] == ["first"]


def test_all_creation_rules_run_once_the_account_says_so(world: World) -> None:
    for name in ("first", "second"):
        world.automations.add(Rule(name, CREATION, []))
    world.automations.execute_all = True
    world.open()
    assert [one.rule for one in world.automations.log] == ["first", "second"]


def test_a_creation_rule_whose_conditions_fail_lets_the_next_one_run(world: World) -> None:
    world.automations.add(Rule("first", CREATION, [], conditions=[Condition("source", "in", [7])]))
    world.automations.add(Rule("second", CREATION, []))
    world.open(source=1)
    assert [one.rule for one in world.automations.log] == ["second"]


def test_a_rule_that_is_switched_off_does_not_run(world: World) -> None:
    created, updated = install_rules(world, URL)
    created.active = updated.active = False
    world.reply(world.open())
    assert world.told() == []


# ----------------------------------------------------------------------------------------- ticket updates


@pytest.mark.parametrize(
    ("performer", "fired"),
    [("agent", ["agent"]), ("requester", ["requester"]), ("agent_or_requester", ["agent", "requester"])],
)
def test_an_update_rule_runs_for_its_performer_only(world: World, performer: str, fired: list[str]) -> None:
    rule = update_rule(world, Event("reply_sent"), performer=performer)
    ticket = world.open()
    seen = []
    for agent in (True, False):
        before = len(world.automations.log)
        world.reply(ticket, agent=agent)
        seen += ["agent" if agent else "requester"] * (len(world.automations.log) - before)
    assert seen == fired
    assert {one.rule_id for one in world.automations.log} == {rule.id}


def test_what_a_rule_changes_is_performed_by_the_system(world: World) -> None:
    world.automations.add(Rule("assign", CREATION, [SetValues({"responder_id": world.agent.id})]))
    update_rule(world, Event("responder_id"))
    update_rule(world, Event("responder_id"), performer="system")
    ticket = world.open()
    assert ticket.responder_id == world.agent.id
    assert world.told() == ["{ticket_action:created}", f"{{responder_id:{{from:,to:{world.agent.id}}}}}"]


def test_all_update_rules_that_suit_run(world: World) -> None:
    update_rule(world, Event("status"))
    update_rule(world, Event("status", after=RESOLVED))
    update_rule(world, Event("status", after=PENDING))
    world.account.change(world.open(), {"status": RESOLVED}, world.by_agent)
    assert world.told() == ["{status:{from:2,to:4}}"] * 2


def test_a_note_can_be_waited_for_by_its_type(world: World) -> None:
    update_rule(world, Event("note_type", "private"))
    ticket = world.open()
    world.note(ticket, private=False)
    assert world.told() == []
    world.note(ticket)
    assert world.told() == ["{note_type:private}"]


def test_a_change_can_be_waited_for_from_and_to_a_value(world: World) -> None:
    update_rule(world, Event("status", before=PENDING, after=OPEN))
    ticket = world.open()
    world.account.change(ticket, {"status": PENDING}, world.by_agent)
    assert world.told() == []
    world.account.change(ticket, {"status": OPEN}, world.by_agent)
    assert world.told() == ["{status:{from:3,to:2}}"]


def test_a_custom_field_can_be_waited_for(world: World) -> None:
    world.account.add_field("handed_off")
    update_rule(world, Event("cf_handed_off"))
    world.account.change(world.open(), {"cf_handed_off": True}, world.by_agent)
    assert world.told() == ["{cf_handed_off:{from:,to:true}}"]


def test_an_empty_side_of_a_change_can_be_written_as_dashes(world: World) -> None:
    world.quirks.nobody = "--"
    update_rule(world, Event("responder_id"))
    world.account.change(world.open(), {"responder_id": world.agent.id}, world.by_agent)
    assert world.told() == [f"{{responder_id:{{from:--,to:{world.agent.id}}}}}"]


def test_a_rule_can_set_the_type_of_a_ticket(world: World) -> None:
    world.automations.add(Rule("type", CREATION, [SetValues({"ticket_type": "Refund"})]))
    assert world.open().type == "Refund"


def test_the_ticket_type_goes_by_the_rules_own_name(world: World) -> None:
    update_rule(world, Event("ticket_type"))
    world.account.change(world.open(), {"type": "Refund"}, world.by_agent)
    assert world.told() == ["{ticket_type:{from:,to:Refund}}"]


@pytest.mark.parametrize(("deed", "told"), [("delete", "{ticket_action:delete}"), ("update", "{ticket_action:update}")])
def test_deleting_and_updating_can_be_waited_for(world: World, deed: str, told: str) -> None:
    update_rule(world, Event("ticket_action", deed))
    ticket = world.open()
    world.account.change(ticket, {"priority": 4}, world.by_agent)
    world.account.trash(ticket, world.by_agent)
    assert world.told() == [told]


def test_one_change_of_two_fields_fires_a_rule_once_and_tells_the_first_that_matches(world: World) -> None:
    install_rules(world, URL, events=(Event("responder_id"), Event("status")))
    ticket = world.open()
    world.account.change(ticket, {"status": RESOLVED, "responder_id": world.agent.id}, world.by_agent)
    assert world.told()[1:] == [f"{{responder_id:{{from:,to:{world.agent.id}}}}}"]


def test_a_customer_who_writes_into_a_resolved_ticket_fires_the_rule_twice(world: World) -> None:
    """Vendor fact: "Reply is sent" and "Status changed", one call each."""
    install_rules(world, URL)
    ticket = world.open()
    world.account.change(ticket, {"status": RESOLVED}, world.by_agent)
    world.reply(ticket)
    assert world.told()[2:] == ["{reply_sent:sent}", "{status:{from:4,to:2}}"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition("status", "is", OPEN), True),
        (Condition("status", "not_in", [OPEN, PENDING]), False),
        (Condition("tag_names", "in", ["vip", "press"]), True),
        (Condition("tag_names", "is_not", "vip"), False),
        (Condition("subject", "contains", "parcel"), True),
        (Condition("source"), True),
    ],
)
def test_conditions_decide(world: World, condition: Condition, holds: bool) -> None:
    update_rule(world, Event("reply_sent"), conditions=[condition])
    world.reply(world.open(tags=["vip"]))
    assert bool(world.told()) is holds


def test_of_several_conditions_one_may_be_enough(world: World) -> None:
    conditions = [Condition("status", "is", RESOLVED), Condition("priority", "is", 1)]
    update_rule(world, Event("reply_sent"), conditions=conditions)
    update_rule(world, Event("reply_sent"), conditions=conditions, match_all=False)
    world.reply(world.open())
    assert len(world.told()) == 1


# ----------------------------------------------------------------------------------------- chains and set-up


def test_what_a_rule_does_triggers_further_rules(world: World) -> None:
    group = world.account.add_group("Billing")
    update_rule(world, Event("reply_sent")).actions = [SetValues({"group_id": group.id})]
    update_rule(world, Event("group_id"), performer="system").actions = [SetValues({"status": PENDING})]
    ticket = world.open()
    world.reply(ticket)
    assert (ticket.group_id, ticket.status) == (group.id, PENDING)


def test_rules_that_trigger_each_other_come_to_an_end(world: World) -> None:
    for here, there in ((PENDING, OPEN), (OPEN, PENDING)):
        rule = update_rule(world, Event("status", after=here), performer="system")
        rule.actions = [SetValues({"status": there})]
    update_rule(world, Event("reply_sent")).actions = [SetValues({"status": PENDING})]
    world.reply(world.open())
    assert len(world.told()) == LONGEST_CHAIN + 1


def test_an_update_rule_needs_a_performer_and_an_event() -> None:
    with pytest.raises(ValueError, match="needs a performer"):
        Rule("without", UPDATES, [], events=EVENTS)
    with pytest.raises(ValueError, match="needs an event"):
        Rule("without", UPDATES, [], "agent")


def test_rules_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="rules of type 1"):
        Rule("hourly", 3, [])
    with pytest.raises(ValueError, match="no operator 'near'"):
        Condition("status", "near")
    with pytest.raises(ValueError, match="no encoding 'XML'"):
        Webhook(URL, encoding="XML")
    with pytest.raises(ValueError, match="no layout"):
        Webhook(URL, layout="3")
    with pytest.raises(ValueError, match="no rule can set colour"):
        SetValues({"colour": "red"})


def test_the_operators_rules_are_replaced_and_not_doubled_and_leave_others_alone(world: World) -> None:
    other = world.automations.add(Rule("other", CREATION, []))
    install_rules(world, URL)
    install_rules(world, URL, content="simple")
    assert [len(world.automations.of(kind)) for kind in (CREATION, UPDATES)] == [2, 1]
    remove_rules(world)
    assert world.automations.rules == [other]
    with pytest.raises(ValueError, match="no content 'xml'"):
        install_rules(world, URL, content="xml")


def test_a_plan_without_the_webhook_action_sends_none(world: World) -> None:
    world.quirks.webhook_action = False
    install_rules(world, URL)
    world.reply(world.open())
    assert world.sender.deliveries == []
