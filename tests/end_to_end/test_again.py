"""A person has what failed tried again, or discards it: actions, events, and bodies that could not be read."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import BadPayload
from core.flow.again import discard_action, retry_action, retry_event
from core.flow.by_hand import Missing, NotNow
from core.flow.disconnect import disconnect
from core.flow.hand_over import give_back, take_over
from core.flow.speak import write_reply
from core.store.models import ActionRow, AttemptRow, EventRow
from tests.end_to_end.people import Chats
from tests.end_to_end.test_hand_over import HANNA, HELLO, answered, authors, last, timeline

REPLY = "It comes on Monday."


def says_in_vain(people: Chats, performed: Any = False, fault: str = "timeout", times: int | None = 1) -> Any:
    """A conversation in which a person's reply is parked or failed."""
    conversation = answered(people, uncertain="park")
    world = people.world
    take_over(world.runtime, world.session().id, HANNA)
    world.run(30)
    world.sim.fault(people.speaking, fault, performed=performed, times=times)
    write_reply(world.runtime, world.session().id, REPLY, HANNA)
    world.run(300)
    return conversation


def said(people: Chats, conversation: Any) -> int:
    return people.world.replies(conversation).count(REPLY)


def test_a_parked_message_is_looked_for_and_sent_once(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = says_in_vain(people)
    assert (last(world, "reply").state, said(people, conversation)) == ("parked", 0)
    retry_action(world.runtime, last(world, "reply").id, HANNA)
    with pytest.raises(NotNow, match="it is being sent, or looked for at the vendor"):
        retry_action(world.runtime, last(world, "reply").id, HANNA)
    world.run(300)
    assert (last(world, "reply").state, said(people, conversation)) == ("sent", 1)
    assert ("agent", HANNA, REPLY) in authors(world)
    assert ("action_retried_by_agent", HANNA) in timeline(world)
    with pytest.raises(NotNow, match="it was sent already"):
        retry_action(world.runtime, last(world, "reply").id, HANNA)


def test_a_parked_message_that_has_been_posted_late_is_found_and_not_sent_again(people: Chats) -> None:
    """Its echo does not come either."""
    conversation = says_in_vain(people, performed="late")
    world = people.world
    assert last(world, "reply").state == "parked"
    world.sim.webhooks.hold()
    assert world.sim.apply_late() == 1
    retry_action(world.runtime, last(world, "reply").id, HANNA)
    world.run(300)
    assert said(people, conversation) == 1
    assert (last(world, "reply").state, last(world, "reply").confirmed_by) == ("sent", "readback")


def test_tried_again_once_it_is_parked_again_where_it_is_in_doubt_again(people: Chats) -> None:
    conversation = says_in_vain(people, times=2)
    world = people.world
    retry_action(world.runtime, last(world, "reply").id, HANNA)
    world.run(600)
    assert (last(world, "reply").state, said(people, conversation)) == ("parked", 0)
    with world.runtime.db.read():
        assert AttemptRow.select().where(AttemptRow.action == last(world, "reply").id).count() == 2
    retry_action(world.runtime, last(world, "reply").id, HANNA)
    world.run(600)
    assert said(people, conversation) == 1


def test_a_message_that_was_refused_is_sent_once_that_is_mended(world: Any) -> None:
    people = Chats(world)
    conversation = says_in_vain(people, fault="400_posted")
    assert last(world, "reply").state == "failed"
    retry_action(world.runtime, last(world, "reply").id, HANNA)
    world.run(300)
    assert (last(world, "reply").state, said(people, conversation)) == ("sent", 1)


def test_what_was_discarded_is_not_sent_and_says_who_discarded_it(people: Chats) -> None:
    conversation = says_in_vain(people)
    world = people.world
    for _ in range(2):
        discard_action(world.runtime, last(world, "reply").id, HANNA)
    world.run(300)
    assert said(people, conversation) == 0
    action = last(world, "reply")
    assert action.state == "cancelled"
    assert action.error.startswith(f"discarded by {HANNA}; before that: ")
    assert timeline(world)[-1] == ("action_discarded_by_agent", HANNA)
    with pytest.raises(NotNow, match="it was cancelled; what is still wanted must be done anew"):
        retry_action(world.runtime, action.id, HANNA)
    for command in (retry_action, discard_action):
        with pytest.raises(Missing, match="there is no action 4711"):
            command(world.runtime, 4711, HANNA)


def test_what_waits_may_be_discarded_and_what_needs_it_goes_with_it(world: Any) -> None:
    world.start()
    world.sim.fault("update_conversation", "429", retry_after=60)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(30)
    assert world.actions() == [("assign", "retry"), ("reply", "pending")]
    with pytest.raises(NotNow, match="it is on its way already"):
        retry_action(world.runtime, last(world, "assign").id, HANNA)
    discard_action(world.runtime, last(world, "assign").id, HANNA)
    world.run(120)
    assert world.actions() == [("assign", "cancelled"), ("reply", "cancelled")]
    assert world.replies(conversation) == []


def test_a_reply_of_the_ai_is_not_tried_again_while_a_human_has_the_session(world: Any) -> None:
    world.start(uncertain="park")
    world.sim.fault("send_message", "timeout", performed=False, when=lambda body: body["message_type"] == "normal")
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(300)
    reply = last(world, "reply")
    assert (reply.state, world.session().owner) == ("parked", "human")
    with pytest.raises(NotNow, match="a human has the session; give it back to the AI first, or write a reply"):
        retry_action(world.runtime, reply.id, HANNA)
    give_back(world.runtime, world.session().id, HANNA)
    world.run(30)
    retry_action(world.runtime, reply.id, HANNA)
    world.run(300)
    assert world.replies(conversation) == [HELLO]
    world.sim.customer_writes(world.ada, "And now?", conversation=conversation)
    world.run(60)
    with pytest.raises(NotNow, match="it was sent already"):
        discard_action(world.runtime, reply.id, HANNA)


def test_a_step_in_whose_place_another_was_taken_is_not_tried_again(desk: Any) -> None:
    desk.start(handoff_agent_id=desk.human.id, handoff_group_id=desk.support.id)
    ticket = desk.answered()
    desk.sim.remove_agent(desk.human)
    desk.sim.customer_writes(ticket, "I want to talk to a human, please")
    desk.run(300)
    with desk.runtime.db.read():
        failed = ActionRow.get(ActionRow.state == "failed")
    with pytest.raises(NotNow, match="another step was taken in its place"):
        retry_action(desk.runtime, failed.id, HANNA)


def failed_to_hand_off(people: Chats) -> tuple[Any, ActionRow]:
    """A conversation that was handed off, but for what failed: to take it from the AI's agent at the vendor."""
    conversation = answered(people)
    people.world.sim.fault(people.changing, "404")
    people.writes(conversation, "I want to talk to a human, please")
    people.world.run(120)
    return conversation, last(people.world, "unassign")


def test_a_step_of_a_handoff_that_is_over_is_not_tried_again(people: Chats) -> None:
    """It would take from the AI what a person has given back to it."""
    world, (conversation, failed) = people.world, failed_to_hand_off(people)
    assert (failed.purpose, failed.state) == ("handoff", "failed")
    give_back(world.runtime, world.session().id, HANNA)
    world.run(60)
    with pytest.raises(NotNow, match="the session has moved on, and it is not wanted any more"):
        retry_action(world.runtime, failed.id, HANNA)
    people.writes(conversation, "And the other parcel?")
    world.run(120)
    assert (people.assignee(conversation), world.replies(conversation)) == ("ai", [HELLO, HELLO])


def test_given_back_between_the_click_and_the_next_try_a_step_of_the_handoff_is_not_tried_again(people: Chats) -> None:
    world, (conversation, failed) = people.world, failed_to_hand_off(people)
    retry_action(world.runtime, failed.id, HANNA)
    give_back(world.runtime, world.session().id, HANNA)
    world.run(60)
    assert (last(world, "unassign").state, people.assignee(conversation)) == ("cancelled", "ai")
    assert world.session().owner == "ai"


# --------------------------------------------------------------------------------------------------- events


def normalise_of(world: Any) -> Any:
    return type(world.connections.connector(world.connections.named("support")))


def only_event(world: Any, state: str) -> EventRow:
    with world.runtime.db.read():
        return EventRow.get(EventRow.state == state)


def test_an_event_that_failed_is_read_again_once_the_plugin_is_mended(both_accounts: Any) -> None:
    world = both_accounts.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalise_of(world), "normalise", _cannot)
        conversation = world.sim.customer_writes(world.ada, "Hi")
        world.run(10)
        assert only_event(world, "failed").reason == "bad_payload"
    assert retry_event(world.runtime, only_event(world, "failed").id, HANNA) == 1
    with pytest.raises(NotNow, match="it is about to be read"):
        retry_event(world.runtime, only_event(world, "pending").id, HANNA)
    world.run(60)
    assert world.replies(conversation) == [HELLO]
    event = next(row for row in _events(world) if row.retried_by)
    assert (event.state, event.retried_by, event.error) == ("done", HANNA, "")
    with pytest.raises(NotNow, match="it was read already"):
        retry_event(world.runtime, event.id, HANNA)


def _cannot(*_: Any) -> Any:
    raise BadPayload("message.parts: missing")


def _events(world: Any) -> list[EventRow]:
    with world.runtime.db.read():
        return list(EventRow.select().order_by(EventRow.id))


def test_an_event_of_a_kind_that_is_known_by_now_is_read(world: Any) -> None:
    world.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalise_of(world), "knows", lambda self, kind: False)
        conversation = world.sim.customer_writes(world.ada, "Hi")
        world.run(10)
        event = only_event(world, "ignored")
        assert event.reason == "unknown_kind"
        with pytest.raises(NotNow, match="the kind message_create is not understood yet"):
            retry_event(world.runtime, event.id, HANNA)
    retry_event(world.runtime, event.id, HANNA)
    world.run(60)
    assert world.replies(conversation) == [HELLO]


def test_a_rejected_body_is_split_again_once_the_connector_is_mended(world: Any) -> None:
    world.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalise_of(world), "split", _cannot)
        conversation = world.sim.customer_writes(world.ada, "Hi")
        world.hear()
        event = only_event(world, "rejected")
        with pytest.raises(NotNow, match=r"it still cannot be read: message\.parts: missing"):
            retry_event(world.runtime, event.id, HANNA)
    assert retry_event(world.runtime, event.id, HANNA) == 1
    world.run(60)
    assert world.replies(conversation) == [HELLO]
    with pytest.raises(NotNow, match="it was read already"):
        retry_event(world.runtime, event.id, HANNA)


def test_an_event_that_is_not_there_or_whose_connection_is_cut_is_refused(world: Any) -> None:
    world.start()
    with pytest.raises(Missing, match="there is no event 4711"):
        retry_event(world.runtime, 4711, HANNA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalise_of(world), "normalise", _cannot)
        world.sim.customer_writes(world.ada, "Hi")
        world.run(10)
    disconnect(world.runtime, world.connections.named("support"))
    with pytest.raises(NotNow, match="the connection is disconnected; connect it again first"):
        retry_event(world.runtime, only_event(world, "failed").id, HANNA)
