"""An agent gives a session back to the AI in the helpdesk: that is heard, whatever was done from here before (b90)."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import RetryLater
from core.flow.again import discard_action
from core.flow.hand_over import take_over
from core.flow.speak import write_note, write_reply
from core.store.models import EventRow
from tests.end_to_end.people import Chats
from tests.end_to_end.test_hand_over import HANNA, HELLO, answered, assigns_to_who_speaks, last

MONDAY = "It comes on Monday."


def had_by_an_agent(people: Chats, **settings: Any) -> Any:
    """A conversation that a person has taken over, and had assigned to the agent there."""
    conversation = answered(people, **settings)
    world = people.world
    take_over(world.runtime, world.session().id, HANNA, assignee=str(world.human.id))
    world.run(60)
    assert (people.assignee(conversation), world.session().own_doing) == ("human", False)
    return conversation


def given_back(people: Chats, conversation: Any) -> bool:
    """Whether the AI has it and answers, once an agent has assigned it to the AI's agent."""
    world = people.world
    before = len(world.replies(conversation))
    world.clock.advance(60)
    people.assigns(conversation, world.ai)
    world.run(60)
    people.writes(conversation, "Hello, AI?")
    world.run(300)
    return world.session().owner == "ai" and world.replies(conversation)[before:] == [HELLO]


def looks(world: Any) -> list[tuple[str, str]]:
    """Our own hints that the vendor is to be looked at, as (state, reason)."""
    with world.runtime.db.read():
        rows = EventRow.select().where(EventRow.kind == "look").order_by(EventRow.id)
        return [(row.state, row.reason) for row in rows]


def test_taken_over_here_and_there_at_the_same_time_it_can_be_given_back(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    people.assigns(conversation, world.human)
    world.run(60)
    assert (last(world, "unassign").state, people.assignee(conversation)) == ("cancelled", "human")
    assert given_back(people, conversation)


def test_what_is_discarded_here_after_an_agent_has_taken_it_there_hinders_nobody_from_giving_it_back(
    people: Chats,
) -> None:
    world, conversation = people.world, answered(people)
    world.sim.fault(people.changing, "401")
    take_over(world.runtime, world.session().id, HANNA)
    world.run(5)
    people.assigns(conversation, world.human)
    world.run(5)
    assert (world.session().assignee, last(world, "unassign").state) == (str(world.human.id), "retry")
    discard_action(world.runtime, last(world, "unassign").id, HANNA)
    world.run(60)
    assert given_back(people, conversation)


def test_taken_over_while_it_may_have_been_claimed_it_stays_so_though_the_rest_is_discarded(people: Chats) -> None:
    world = people.world.start()
    world.sim.fault(people.changing, "timeout", performed=True)
    conversation = people.opens("Where is my parcel?")
    while world.actions()[:1] != [("assign", "uncertain")]:
        world.run(0.1)
    take_over(world.runtime, world.session().id, HANNA)
    discard_action(world.runtime, last(world, "unassign").id, HANNA)
    world.run(300)
    assert (last(world, "assign").state, people.assignee(conversation)) == ("sent", "ai")
    assert (world.session().owner, world.replies(conversation)) == ("human", [])


# --------------------------------------------------------------------------------------- a person has spoken here


@pytest.mark.parametrize("how", ["its look fails", "its echo proves it", "it is found in the thread"])
def test_after_a_reply_at_which_nobody_could_look_it_can_be_given_back(people: Chats, how: str) -> None:
    world, conversation = people.world, had_by_an_agent(people)
    connector = people.connector
    with pytest.MonkeyPatch.context() as patch:
        if how == "its look fails":
            read_state, failures = connector.read_state, [RetryLater("the budget is used up")]

            def read(self: Any, *given: Any) -> Any:
                if failures:
                    raise failures.pop()
                return read_state(self, *given)

            patch.setattr(connector, "read_state", read)
        else:
            world.sim.fault(people.speaking, "timeout", performed=True)
        if how == "it is found in the thread":
            world.sim.webhooks.hold()
        write_reply(world.runtime, world.session().id, MONDAY, HANNA)
        world.run(300)
    proof = {"its look fails": "response", "its echo proves it": "echo"}.get(how, "readback")
    assert (last(world, "reply").state, last(world, "reply").confirmed_by) == ("sent", proof)
    assert not world.session().own_doing
    world.sim.webhooks.release()
    assert given_back(people, conversation)


def test_after_a_reply_that_is_parked_it_can_be_given_back(people: Chats) -> None:
    world, conversation = people.world, had_by_an_agent(people, uncertain="park")
    world.sim.fault(people.speaking, "timeout", performed=False)
    write_reply(world.runtime, world.session().id, MONDAY, HANNA)
    world.run(300)
    assert (last(world, "reply").state, looks(world)) == ("parked", [("done", "")])
    assert given_back(people, conversation)


@pytest.mark.parametrize("what", ["reply", "note"])
def test_given_back_while_something_that_a_person_wrote_still_waits_it_is_the_ai_s(people: Chats, what: str) -> None:
    """What has not begun cannot be why the vendor shows the AI's agent."""
    world, conversation = people.world, had_by_an_agent(people)
    endpoint = people.speaking if what == "reply" or world.connector == "freshchat" else "add_note"
    world.sim.fault(endpoint, "401")
    write = write_reply if what == "reply" else write_note
    write(world.runtime, world.session().id, MONDAY, HANNA)
    world.run(30)
    assert last(world, what).state == "retry"
    people.assigns(conversation, world.ai)
    world.run(30)
    assert world.session().owner == "ai"
    world.run(300)
    assert last(world, what).state == "sent"
    people.writes(conversation, "Hello, AI?")
    world.run(300)
    assert world.replies(conversation)[-1] == HELLO
    assert world.session().owner == "ai"


def test_where_a_reply_assigns_to_who_speaks_and_its_look_fails_the_next_look_gives_nothing_back(world: Any) -> None:
    people = Chats(world)
    conversation = had_by_an_agent(people)
    assigns_to_who_speaks(world)
    world.sim.fault("send_message", "timeout", performed=True)
    world.sim.webhooks.hold()
    write_reply(world.runtime, world.session().id, MONDAY, HANNA)
    world.run(300)
    assert (people.assignee(conversation), looks(world)) == ("ai", [("done", "")])
    world.sim.webhooks.release()
    people.writes(conversation, "And now?")
    world.run(120)
    assert (world.session().owner, world.replies(conversation)) == ("human", [HELLO, MONDAY])
    people.assigns(conversation, world.human)
    world.run(30)
    assert given_back(people, conversation)


def test_a_look_that_the_vendor_does_not_allow_holds_up_no_message_for_long(world: Any) -> None:
    people = Chats(world)
    conversation = had_by_an_agent(people)
    world.sim.fault("get_conversation", "503")
    world.sim.fault("list_messages", "503", times=None)
    write_reply(world.runtime, world.session().id, MONDAY, HANNA)
    world.run(10)
    assert (looks(world), world.session().own_doing) == ([("pending", "")], True)
    people.writes(conversation, "And now?")
    world.run(110)
    assert looks(world) == [("ignored", "not_seen")]
    assert world.messages()[-1] == ("customer", "public", "And now?")
    assert not world.session().own_doing, "the turn has looked in its place"
    assert given_back(people, conversation)


def test_a_look_at_a_conversation_that_is_gone_changes_nothing(world: Any) -> None:
    people = Chats(world)
    had_by_an_agent(people)
    world.sim.fault("get_conversation", "404", times=None)
    world.sim.fault("list_messages", "404", times=None)
    write_reply(world.runtime, world.session().id, MONDAY, HANNA)
    world.run(300)
    assert looks(world) == [("ignored", "conversation_gone")]
    assert (world.session().status, world.session().owner) == ("open", "human")
