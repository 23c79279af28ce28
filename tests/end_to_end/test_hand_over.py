"""A person takes a session over from the AI, speaks in it, and gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import ActionState, Author
from core.flow.by_hand import Missing, NotNow, Unfit
from core.flow.hand_over import give_back, take_over
from core.flow.speak import write_note, write_reply
from core.jobs.dispatch import drain_all_due
from core.store.models import ActionRow, MessageRow, TimelineRow
from tests.end_to_end.people import Chats

HELLO = "Hello from the AI."
HANNA = "hanna@example.com"


def answered(people: Chats, **settings: Any) -> Any:
    """A conversation that the AI has answered, which is why it is its own."""
    people.world.start(**settings)
    conversation = people.opens("Where is my parcel?")
    people.world.run(60)
    assert people.world.replies(conversation) == [HELLO]
    assert people.assignee(conversation) == "ai"
    return conversation


def timeline(world: Any) -> list[tuple[str, str]]:
    """The lines of the timeline that say who, as (kind, who)."""
    with world.runtime.db.read():
        rows = TimelineRow.select().order_by(TimelineRow.id)
        return [(row.kind, row.detail["by"]) for row in rows if "by" in row.detail]


def authors(world: Any) -> list[tuple[str, str, str]]:
    """The thread on our side, as (author, name, text)."""
    with world.runtime.db.read():
        rows = MessageRow.select().order_by(MessageRow.id)
        return [(row.author, row.author_name, row.text) for row in rows]


def last(world: Any, kind: str) -> ActionRow:
    with world.runtime.db.read():
        return ActionRow.select().where(ActionRow.kind == kind).order_by(ActionRow.id.desc()).get()


def assigns_to_who_speaks(world: Any) -> None:
    """Let the account assign a conversation to the AI's agent whenever something is said as that agent."""
    post = world.sim.account.post

    def post_and_assign(target: Any, actor: Any, *rest: Any, **more: Any) -> Any:
        made = post(target, actor, *rest, **more)
        if actor.id == world.ai.id:
            world.sim.account.assign(target, actor, agent_id=world.ai.id, group_id=None)
        return made

    world.sim.account.post = post_and_assign


def test_who_takes_a_session_over_silences_the_ai_and_takes_it_from_its_agent(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    assert (world.session().owner, world.session().taken_by) == ("human", HANNA)
    people.writes(conversation, "And now?")
    world.run(120)
    assert people.assignee(conversation) == "nobody"
    assert world.replies(conversation) == [HELLO]
    assert world.decisions()[-1] == ("silence", "session_assigned_to_human_agent")
    assert world.session().owner == "human"
    assert timeline(world) == [("agent_took_session_from_ai", HANNA), ("agent_unassigned_by_user", HANNA)]
    assert "agent_took_session_from_ai" in world.ai_plugin.changes


def test_it_is_assigned_to_the_agent_who_is_named(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA, assignee=str(world.human.id))
    world.run(60)
    assert people.assignee(conversation) == "human"
    assert timeline(world)[-1] == ("agent_assigned_by_user", HANNA)
    assert (world.session().owner, world.session().assignee) == ("human", str(world.human.id))


def test_taking_over_twice_is_taking_over_once_and_another_person_joins(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    for by in (HANNA, HANNA, "otto@example.com"):
        take_over(world.runtime, world.session().id, by)
    world.run(60)
    assert [kind for kind, state in world.actions() if kind == "unassign" and state == "sent"] == ["unassign"]
    kinds = [("agent_took_session_from_ai", HANNA), ("agent_joined", "otto@example.com")]
    assert [line for line in timeline(world) if line[0] != "agent_unassigned_by_user"] == kinds
    assert people.assignee(conversation) == "nobody"


@pytest.mark.parametrize("joined", ["with a reply", "by taking it over", "for the same agent"])
def test_who_joins_leaves_the_colleague_s_assignment_as_it_was_asked_for(people: Chats, joined: str) -> None:
    world, conversation = people.world, answered(people)
    runtime, session_id, agent = world.runtime, world.session().id, str(world.human.id)
    world.sim.fault(people.changing, "429", retry_after=60)
    take_over(runtime, session_id, HANNA, assignee=agent)
    world.run(5)
    assert last(world, "assign").state == "retry"
    for _ in range(2):
        if joined == "with a reply":
            write_reply(runtime, session_id, "It comes on Monday.", "otto@example.com", "form 1", taking_over=True)
        else:
            take_over(runtime, session_id, "otto@example.com", agent if joined == "for the same agent" else "")
    world.run(300)
    assert people.assignee(conversation) == "human"
    assert ("agent_joined", "otto@example.com") in timeline(world)
    assert [line for line in timeline(world) if line[0] == "agent_assigned_by_user"] == [
        ("agent_assigned_by_user", HANNA)
    ]
    assert [state for kind, state in world.actions() if kind == "unassign"] == []
    assert world.session().taken_by == "otto@example.com"


def test_who_joins_and_names_another_agent_has_it_assigned_to_that_one(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    otto = world.sim.add_agent("otto@example.com", "Otto Other")
    world.sim.fault(people.changing, "429", retry_after=60)
    take_over(world.runtime, world.session().id, HANNA, assignee=str(otto.id))
    world.run(5)
    take_over(world.runtime, world.session().id, "otto@example.com", assignee=str(world.human.id))
    world.run(300)
    assert people.assignee(conversation) == "human"
    assert [state for kind, state in world.actions() if kind == "assign"][-2:] == ["cancelled", "sent"]


def test_a_draft_that_is_just_being_written_does_not_count(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)

    def answer(turn: Any) -> Any:
        take_over(world.runtime, turn.session.id, HANNA)
        return world_says(turn)

    world_says = world.says("Too late")
    world.ai_plugin.answer = answer
    people.writes(conversation, "And now?")
    world.run(120)
    assert world.replies(conversation) == [HELLO]
    assert world.decisions()[-1] == ("silence", "response_cancelled")


def test_a_draft_written_while_the_session_went_to_a_person_and_back_does_not_count_either(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    late = world.says("Too late")

    def answer(turn: Any) -> Any:
        take_over(world.runtime, turn.session.id, HANNA)
        give_back(world.runtime, turn.session.id, HANNA)
        return late(turn)

    world.ai_plugin.answer = answer
    people.writes(conversation, "And now?")
    world.run(120)
    assert world.replies(conversation) == [HELLO]
    assert world.session().owner == "ai"
    world.says("I am back")
    people.writes(conversation, "Are you there?")
    world.run(120)
    assert world.replies(conversation) == [HELLO, "I am back"]


def test_a_reply_that_waits_is_cancelled(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    world.sim.fault(people.speaking, "429", retry_after=60)
    world.says("A second answer")
    people.writes(conversation, "And now?")
    world.run(30)
    assert last(world, "reply").state == "retry"
    take_over(world.runtime, world.session().id, HANNA)
    assert last(world, "reply").state == "cancelled"
    assert world.ai_plugin.settled[-1].state is ActionState.CANCELLED
    world.run(200)
    assert world.replies(conversation) == [HELLO]


def test_taken_over_while_it_is_being_claimed_it_is_not_given_back_by_that(people: Chats) -> None:
    world = people.world.start()
    perform = type(world.connections.connector(world.connections.named("support"))).perform
    claimed = []

    def taken_meanwhile(self: Any, action: Any, *rest: Any) -> Any:
        if action.kind == "assign" and not claimed:
            claimed.append(action.id)
            take_over(world.runtime, action.session_id, HANNA)
        return perform(self, action, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(world.connections.connector(world.connections.named("support"))), "perform", taken_meanwhile)
        conversation = people.opens("Where is my parcel?")
        world.run(120)
    assert claimed
    assert world.replies(conversation) == []
    assert world.session().owner == "human"
    assert people.assignee(conversation) == "nobody"


def test_until_it_is_taken_from_it_at_the_vendor_the_ai_s_agent_there_gives_nothing_back(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    world.sim.fault(people.changing, "429", times=3, retry_after=60)
    take_over(world.runtime, world.session().id, HANNA)
    people.writes(conversation, "And now?")
    people.notes(conversation, "What a day")
    world.poll(1)
    assert people.assignee(conversation) == "ai"
    assert world.session().owner == "human"
    world.run(600)
    assert people.assignee(conversation) == "nobody"
    assert world.replies(conversation) == [HELLO]


def test_b90_given_back_the_ai_answers_the_next_message_and_not_what_was_asked_before(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    people.writes(conversation, "Asked of a person")
    world.run(60)
    give_back(world.runtime, world.session().id, HANNA)
    give_back(world.runtime, world.session().id, HANNA)
    world.run(120)
    assert people.assignee(conversation) == "ai"
    assert world.session().owner == "ai"
    assert world.replies(conversation) == [HELLO]
    people.writes(conversation, "Asked of the AI")
    world.run(120)
    assert world.replies(conversation) == [HELLO, HELLO]
    assert [message.text.splitlines()[-1] for message in world.ai_plugin.turns[-1].unanswered] == ["Asked of the AI"]
    assert timeline(world)[2] == ("ai_resumed_by_system", HANNA)


def test_given_back_before_its_turn_was_taken_a_message_is_left_to_the_humans_all_the_same(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    world.run(30)
    people.writes(conversation, "Asked of a person")
    world.hear()
    world.run(0)
    give_back(world.runtime, world.session().id, HANNA)
    world.run(120)
    assert world.replies(conversation) == [HELLO]
    assert world.decisions()[-1] == ("silence", "session_assigned_to_human_agent")


def test_an_agent_who_had_it_at_the_vendor_does_not_keep_it_when_it_is_given_back(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    people.assigns(conversation, world.human)
    world.run(30)
    assert world.session().owner == "human"
    give_back(world.runtime, world.session().id, HANNA)
    world.run(60)
    assert people.assignee(conversation) == "ai"
    assert world.session().owner == "ai"


def test_b90_an_agent_may_still_give_it_back_at_the_vendor(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    write_reply(world.runtime, world.session().id, "I am looking into it.", HANNA)
    world.run(60)
    people.assigns(conversation, world.ai)
    world.run(60)
    assert (world.session().owner, world.session().taken_by) == ("ai", "")


def test_a_handed_off_ticket_that_is_given_back_loses_its_marker(desk: Any) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "I want to talk to a human, please")
    desk.run(60)
    assert ticket.custom_fields["cf_opencx_handed_off"] is True
    give_back(desk.runtime, desk.session().id, HANNA)
    desk.run(60)
    assert ticket.custom_fields["cf_opencx_handed_off"] is False
    assert desk.session().handoff is None


# ------------------------------------------------------------------------------------------------ what is said


def test_a_person_s_reply_is_theirs_here_and_the_agent_s_at_the_vendor(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    people.writes(conversation, "And now?")
    world.run(60)
    write_reply(world.runtime, world.session().id, "It comes on Monday.", HANNA)
    write_note(world.runtime, world.session().id, "I have asked the carrier.", HANNA)
    world.run(300)
    assert world.public(conversation)[-1] == ("ai", "It comes on Monday.")
    assert "I have asked the carrier." in world.notes(conversation)[-1]
    told = authors(world)
    assert (Author.AGENT.value, HANNA, "It comes on Monday.") in told
    assert (Author.AGENT.value, HANNA, "I have asked the carrier.") in told
    assert world.session().owner == "human"
    assert timeline(world)[-2:] == [("agent_message", HANNA), ("agent_comment", HANNA)]
    give_back(world.runtime, world.session().id, HANNA)
    people.writes(conversation, "Thanks, and the other one?")
    world.run(120)
    turn = world.ai_plugin.turns[-1]
    assert [message.text.splitlines()[-1] for message in turn.unanswered] == ["Thanks, and the other one?"]
    assert [m.author for m in turn.messages if m.text == "It comes on Monday."] == [Author.AGENT]


@pytest.mark.parametrize("performed", [True, False])
def test_a_person_s_reply_in_doubt_is_posted_once_and_stays_theirs(people: Chats, performed: bool) -> None:
    """Its echo comes before any receipt, for there is none."""
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    world.run(30)
    world.sim.fault(people.speaking, "timeout", performed=performed)
    write_reply(world.runtime, world.session().id, "It comes on Monday.", HANNA)
    world.run(600)
    assert world.replies(conversation) == [HELLO, "It comes on Monday."]
    assert [line for line in authors(world) if "Monday" in line[2]] == [("agent", HANNA, "It comes on Monday.")]
    assert world.session().owner == "human"
    assert last(world, "reply").confirmed_by == ("response" if not performed else "echo")


def test_a_reply_written_just_before_it_is_given_back_still_goes_out(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    write_reply(world.runtime, world.session().id, "It comes on Monday.", HANNA)
    give_back(world.runtime, world.session().id, HANNA)
    people.writes(conversation, "And the other one?")
    world.run(120)
    assert world.replies(conversation) == [HELLO, "It comes on Monday.", HELLO]


def test_an_account_that_assigns_to_who_speaks_gives_nothing_back_to_the_ai_by_that(world: Any) -> None:
    people = Chats(world)
    conversation = answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    world.run(30)
    assigns_to_who_speaks(world)
    write_reply(world.runtime, world.session().id, "It comes on Monday.", HANNA)
    world.run(60)
    assert people.assignee(conversation) == "ai"
    people.writes(conversation, "And now?")
    world.run(120)
    assert world.replies(conversation) == [HELLO, "It comes on Monday."]
    assert world.session().owner == "human"
    people.assigns(conversation, world.human)
    world.run(30)
    people.assigns(conversation, world.ai)
    world.run(30)
    assert world.session().owner == "ai"


def test_what_is_submitted_twice_is_said_once(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    session_id = world.session().id
    made = {write_reply(world.runtime, session_id, "It comes on Monday.", HANNA, key="form 1") for _ in range(2)}
    noted = {write_note(world.runtime, session_id, "Carrier asked.", HANNA, key="form 2") for _ in range(2)}
    world.run(60)
    assert (len(made), len(noted)) == (1, 1)
    assert world.replies(conversation) == [HELLO, "It comes on Monday."]
    write_reply(world.runtime, session_id, "It comes on Monday.", HANNA, key="form 3")
    world.run(60)
    assert len(world.replies(conversation)) == 3, "who means it may say the same again"


def test_a_person_s_replies_do_not_count_towards_what_the_ai_may_say_in_an_hour(people: Chats) -> None:
    kind = "web" if people.world.connector == "freshchat" else "email"
    world, conversation = people.world, answered(people, extra=f"[channels.{kind}]\nreplies_per_hour = 2\n")
    take_over(world.runtime, world.session().id, HANNA)
    for number in range(3):
        write_reply(world.runtime, world.session().id, f"Reply {number}", HANNA)
    give_back(world.runtime, world.session().id, HANNA)
    world.run(60)
    people.writes(conversation, "And the other one?")
    world.run(120)
    assert world.replies(conversation)[-1] == HELLO
    assert world.session().resolve_due_at is not None or world.session().owner == "ai"


def test_a_worker_that_died_while_sending_a_person_s_reply_does_not_double_it(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    world.run(30)
    connector = type(world.connections.connector(world.connections.named("support")))
    perform = connector.perform

    class Killed(BaseException):
        pass

    def dies(self: Any, action: Any, *rest: Any) -> Any:
        perform(self, action, *rest)
        raise Killed

    write_reply(world.runtime, world.session().id, "It comes on Monday.", HANNA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connector, "perform", dies)
        with pytest.raises(Killed):
            drain_all_due(world.runtime)
    world.run(600)
    assert world.replies(conversation) == [HELLO, "It comes on Monday."]
    assert [line[:2] for line in authors(world) if "Monday" in line[2]] == [("agent", HANNA)]


# ---------------------------------------------------------------------------------------------- what is refused


def test_what_cannot_be_done_is_refused_in_words_that_say_what_to_do(world: Any) -> None:
    conversation = answered(Chats(world))
    runtime, session_id = world.runtime, world.session().id
    for command in (take_over, give_back):
        with pytest.raises(Missing, match="there is no session 4711"):
            command(runtime, 4711, HANNA)
    with pytest.raises(NotNow, match="the AI may still speak in this session; take it over first"):
        write_reply(runtime, session_id, "Hello", HANNA)
    take_over(runtime, session_id, HANNA)
    with pytest.raises(Unfit, match="a message needs a text"):
        write_reply(runtime, session_id, " \n", HANNA)
    with pytest.raises(Unfit, match="at most 20000 characters, and this one has 20001"):
        write_note(runtime, session_id, "x" * 20_001, HANNA)
    world.run(30)
    world.sim.agent_resolves(conversation, by=world.human)
    world.run(30)
    for command in (take_over, give_back):
        with pytest.raises(NotNow, match="the session is closed; open it again first"):
            command(runtime, session_id, HANNA)
    for say in (write_reply, write_note):
        with pytest.raises(NotNow, match="the session is closed; open it again first"):
            say(runtime, session_id, "Hello", HANNA)
    assert timeline(world)[-1][0] == "agent_unassigned_by_user", "what is refused leaves no trace"


def test_what_nobody_has_taken_over_cannot_be_given_back(world: Any) -> None:
    world.start(auto_handle_all=False)
    world.sim.customer_writes(world.ada, "Hi")
    world.run(60)
    with pytest.raises(NotNow, match="nobody has taken the session over"):
        give_back(world.runtime, world.session().id, HANNA)


def test_over_a_connection_that_is_cut_nothing_is_sent(world: Any) -> None:
    from core.flow.disconnect import disconnect

    answered(Chats(world))
    disconnect(world.runtime, world.connections.named("support"))
    with pytest.raises(NotNow, match="the connection is disconnected; connect it again first"):
        take_over(world.runtime, world.session().id, HANNA)
