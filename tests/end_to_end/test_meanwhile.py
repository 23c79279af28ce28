"""What happens at the helpdesk or here while the AI thinks, or while the helpdesk is looked at, is not lost by that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.domain import Handoff, Reason, Reply
from core.errors import Refused, RetryLater
from core.flow import guards, settle
from core.flow.hand_over import give_back, take_over
from core.flow.sessions import LONGEST_THREAD
from core.store.models import ActionRow, LeaseRow, MessageRow
from tests.end_to_end.people import Chats
from tests.end_to_end.test_hand_over import HANNA, HELLO, answered
from tests.end_to_end.worlds import World


def first(meanwhile: Callable[[], None], then: Callable[[Any], Any]) -> Callable[..., Any]:
    """Do the one, once, and the other whenever called."""
    left = [meanwhile]

    def called(*given: Any) -> Any:
        while left:
            left.pop()()
        return then(*given)

    return called


def opened_and_assigned_meanwhile(people: Chats, where: str, then: Callable[[Any], Any]) -> Any:
    """A new conversation that the helpdesk assigns to the AI's agent while the AI's hook `where` is called."""
    world, opened = people.world, []

    def assigned() -> None:
        world.clock.advance(1)
        people.assigns(opened[0], world.ai)
        world.hear()

    setattr(world.ai_plugin, where, first(assigned, then))
    opened.append(people.opens("Where is my parcel?"))
    world.run(300)
    return opened[0]


# ------------------------------------------------------------------------------------------- while the AI thinks


def test_assigned_to_the_ai_while_it_thinks_a_conversation_is_answered_once(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    world.start()
    conversation = opened_and_assigned_meanwhile(people, "answer", lambda turn: Reply(HELLO))
    assert world.replies(conversation) == [HELLO]
    assert world.decisions() == [("silence", "superseded"), ("reply", "answered")]
    assert (world.session().owner, people.assignee(conversation)) == ("ai", "ai")


def test_b31_assigned_to_the_ai_while_it_is_about_to_leave_it_alone_a_conversation_is_answered(people: Chats) -> None:
    world = people.world.start(auto_handle_all=False)
    conversation = opened_and_assigned_meanwhile(people, "route", lambda session: None)
    assert world.replies(conversation) == [HELLO]
    assert world.decisions() == [("silence", "superseded"), ("reply", "answered")]


def test_assigned_to_the_ai_while_it_hands_off_a_conversation_is_handed_off_all_the_same(people: Chats) -> None:
    world = people.world.start()
    conversation = opened_and_assigned_meanwhile(people, "answer", lambda turn: Handoff(Reason.CANNOT_RESOLVE))
    assert world.decisions() == [("silence", "superseded"), ("handoff", "cannot_resolve")]
    assert (world.session().owner, people.assignee(conversation)) == ("human", "nobody")
    assert world.notes(conversation)


def test_taken_by_an_agent_and_given_back_to_the_ai_while_it_decides_to_leave_it_a_new_chat_is_answered(
    world: Any,
) -> None:
    """What was turned away while it was new is not left to anybody, though the turn that is overtaken says so."""
    people = Chats(world)
    world.start(auto_handle_all=False)
    conversation = people.opens("Where is my parcel?")
    people.assigns(conversation, world.human)
    read_state = people.connector.read_state

    def assigned() -> None:
        world.clock.advance(1)
        people.assigns(conversation, world.ai)
        world.hear()

    def read_and_assigned(self: Any, *given: Any) -> Any:
        seen = read_state(self, *given)
        once()
        return seen

    once = first(assigned, lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people.connector, "read_state", read_and_assigned)
        world.run(300)
    assert world.replies(conversation) == [HELLO]


def test_closed_opened_and_given_back_while_the_ai_thinks_what_was_asked_is_answered(world: Any) -> None:
    people = Chats(world)
    conversation = answered(people)

    def closed_and_given_back() -> None:
        for happens in (people.resolves, people.reopens):
            happens(conversation)
            world.clock.advance(1)
        for agent in (None, world.ai):
            people.assigns(conversation, agent)
            world.clock.advance(1)
        world.hear()

    world.ai_plugin.answer = first(closed_and_given_back, lambda turn: Reply("On Monday."))
    people.writes(conversation, "When does it come?")
    world.run(300)
    assert world.replies(conversation) == [HELLO, "On Monday."]
    assert world.decisions()[-2:] == [("silence", "superseded"), ("reply", "answered")]


@pytest.mark.parametrize("wrong", ["the vendor is silent", "the responder fails"])
def test_a_turn_that_a_person_has_ended_is_not_tried_again(people: Chats, wrong: str) -> None:
    world, conversation = people.world, answered(people)

    def ended() -> None:
        take_over(world.runtime, world.session().id, HANNA)
        give_back(world.runtime, world.session().id, HANNA)
        raise RetryLater("not now") if wrong == "the vendor is silent" else RuntimeError("no model")

    with pytest.MonkeyPatch.context() as patch:
        if wrong == "the vendor is silent":
            patch.setattr(people.connector, "read_state", first(ended, people.connector.read_state))
        else:
            world.ai_plugin.answer = first(ended, lambda turn: Reply("Too late"))
        people.writes(conversation, "And now?")
        world.run(300)
    with world.runtime.db.read():
        assert LeaseRow.get().turn_due_at is None
    assert world.replies(conversation) == [HELLO]
    assert world.decisions()[-1] == ("silence", "session_assigned_to_human_agent")
    assert world.session().owner == "ai"


@pytest.mark.parametrize("who", ["a colleague", "the customer"])
def test_b46_only_a_customer_who_writes_meanwhile_keeps_a_session_that_is_summed_up_from_closing(
    people: Chats, who: str
) -> None:
    idle = "".join(f"[channels.{kind}]\nresolve_after_minutes = 30\n" for kind in ("web", "email"))
    world, conversation = people.world, answered(people, extra=idle)

    def heard() -> None:
        if who == "a colleague":
            people.notes(conversation, "I know this customer")
        else:
            people.writes(conversation, "And now?")
        world.hear()

    world.ai_plugin.summary = first(heard, lambda turn: None)
    world.run(31 * 60)
    if who == "the customer":
        assert (world.replies(conversation), people.resolved(conversation)) == ([HELLO, HELLO], False)
        world.run(31 * 60)
    assert (world.session().status, people.resolved(conversation)) == ("closed_resolved", True)
    assert world.decisions()[-1] == ("resolve", "assumed_resolved")


# ------------------------------------------------------------------------------- while the helpdesk is looked at


def reply_about_to_go_out(people: Chats, *patched: tuple[Any, str, Callable[..., Any]]) -> Any:
    """A conversation with a reply of the AI that waits to be sent; until it is settled the functions are patched."""
    world = people.world
    conversation = people.opens("Where is my parcel?")
    world.run(60)
    assert world.replies(conversation) == [HELLO]

    def while_it_waits(original: Any, then: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            with world.runtime.db.read():
                waits = ActionRow.select().where(ActionRow.kind == "reply", ActionRow.state == "pending").exists()
            return then(original, *given) if waits else original(*given)

        return called

    world.says("Too late")
    people.writes(conversation, "And now?")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.jobs.dispatch.WAIT_AFTER_FAULT", 3600.0)  # a fault of our own would show
        for place, name, then in patched:
            patch.setattr(place, name, while_it_waits(getattr(place, name), then))
        world.run(10)
    return conversation


def stayed_cancelled(people: Chats, conversation: Any) -> bool:
    """Whether the reply was stopped once, and what it was stopped for went on at once."""
    world = people.world
    with world.runtime.db.read():
        reply = ActionRow.select().where(ActionRow.kind == "reply").order_by(ActionRow.id.desc()).get()
    assert (reply.state, reply.error, reply.next_at) == ("cancelled", "session_assigned_to_human_agent", None)
    assert [action.id for action in world.ai_plugin.settled].count(reply.id) == 1
    return (world.replies(conversation), people.assignee(conversation)) == ([HELLO], "nobody")


def test_cancelled_while_the_helpdesk_is_looked_at_an_action_stays_cancelled(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world

    def looked(read_state: Any, *given: Any) -> Any:
        take_over(world.runtime, world.session().id, HANNA)
        return read_state(*given)

    world.start()
    conversation = reply_about_to_go_out(people, (people.connector, "read_state", looked))
    assert stayed_cancelled(people, conversation)


@pytest.mark.parametrize("problem", [RetryLater("not now"), Refused("no such conversation", status=404)])
def test_cancelled_while_the_helpdesk_cannot_be_looked_at_an_action_stays_cancelled_too(
    people: Chats, problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = people.world

    def fails(*_: Any) -> Any:
        take_over(world.runtime, world.session().id, HANNA)
        raise problem

    monkeypatch.setattr("core.flow.deliver.GONE_AFTER", 1)
    world.start()
    conversation = reply_about_to_go_out(people, (people.connector, "read_state", fails))
    assert stayed_cancelled(people, conversation)


def test_cancelled_right_after_the_guards_have_stopped_it_an_action_is_cancelled_once(people: Chats) -> None:
    """The guards and the end that they lead to are two transactions, and a person may come between them."""
    world = people.world

    def ends(transition: Any, *given: Any) -> None:
        take_over(world.runtime, world.session().id, HANNA)
        transition(*given)

    world.start()
    conversation = reply_about_to_go_out(
        people,
        (guards, "check", lambda check, *given: Reason.NOT_ASSIGNED_TO_AI),
        (settle, "transition", ends),
    )
    assert stayed_cancelled(people, conversation)


# ------------------------------------------------------------------------------------------- what is told late


def test_a_message_older_than_all_that_a_turn_shows_is_seen_and_decided_about_once(quick: World) -> None:
    quick.start()
    quick.says(HELLO)
    conversation = quick.sim.customer_writes(quick.ada, "Where is my parcel?")
    quick.run(30)
    session, later = quick.session(), quick.clock.now() + timedelta(hours=1)
    with quick.runtime.db.write():
        MessageRow.insert_many(
            {
                "session": session.id,
                "connection": session.connection_id,
                "author": "agent",
                "visibility": "private",
                "text": f"Note {number}",
                "at": later + timedelta(seconds=number),
                "received_at": later,
            }
            for number in range(LONGEST_THREAD)
        ).execute()
    quick.sim.customer_writes(quick.ada, "It has not come!", conversation=conversation)
    quick.run(60)
    assert quick.replies(conversation) == [HELLO, HELLO]
    assert [reason for _, reason in quick.decisions()] == ["answered", "answered"]
