"""A person closes a session or opens it again, here alone or at the vendor too (behaviour 116)."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import Author
from core.flow.by_hand import Missing, NotNow, Unfit
from core.flow.closing import patch, reopen, resolve
from core.flow.hand_over import take_over
from core.flow.speak import write_reply
from core.store.models import SessionRow, TimelineRow
from tests.end_to_end.people import Chats
from tests.end_to_end.test_hand_over import HANNA, HELLO, answered, last, timeline


def look_again(people: Chats, conversation: Any) -> None:
    """Let the vendor's state be read anew by all that reads it: webhooks, polls and sweeps."""
    people.assigns(conversation, people.world.human)
    people.notes(conversation, "Having a look")
    people.world.poll(2)


@pytest.mark.parametrize(("resolved", "status"), [(True, "closed_resolved"), (False, "closed_unresolved")])
def test_b116_a_person_closes_a_session_and_the_vendor_is_told(people: Chats, resolved: bool, status: str) -> None:
    world, conversation = people.world, answered(people)
    resolve(world.runtime, world.session().id, HANNA, resolved=resolved, tell_vendor=True)
    assert (world.session().status, world.session().owner, world.session().closed_by) == (status, "nobody", "agent")
    world.run(60)
    assert people.resolved(conversation)
    assert world.notes(conversation) == []
    world.poll(2)
    assert world.session().status == status
    assert timeline(world) == [(f"{status}_by_agent", HANNA)]


def test_b47_b116_with_a_summary_the_note_comes_before_the_status(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=True, summarise=True)
    world.run(120)
    assert [kind for kind, state in world.actions() if state == "sent"][-2:] == ["note", "resolve"]
    [note] = world.notes(conversation)
    for words in (f"Closed by {HANNA}, resolved.", "Summary: The customer wrote", "Sentiment: neutral"):
        assert words in note
    assert people.resolved(conversation)
    assert world.session().status == "closed_resolved"


def test_b116_g3_closed_here_alone_it_stays_so_until_the_customer_writes(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    before = world.actions()
    resolve(world.runtime, world.session().id, "token:crm", resolved=True, tell_vendor=False, summarise=True)
    look_again(people, conversation)
    assert not people.resolved(conversation)
    assert world.actions() == before
    assert world.session().status == "closed_resolved"
    [(kind, by)] = timeline(world)
    assert (kind, by) == ("closed_resolved_by_api", "token:crm")
    with world.runtime.db.read():
        detail = TimelineRow.get(TimelineRow.kind == kind).detail
    assert (detail["told"], detail["sentiment"]) == (False, "neutral")
    people.writes(conversation, "One more thing")
    world.run(60)
    assert world.session().status == "open"


def test_a_message_written_before_the_closing_and_heard_after_it_opens_the_session_too(people: Chats) -> None:
    """Who closed it had not seen it."""
    world, conversation = people.world, answered(people)
    world.sim.webhooks.hold()
    people.writes(conversation, "One more thing")
    world.clock.advance(5)
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=False)
    world.run(1)
    assert world.session().status == "closed_resolved"
    world.sim.webhooks.release()
    world.run(60)
    assert world.session().status == "open"
    assert world.replies(conversation) == [HELLO, HELLO]


def test_once_the_vendor_has_closed_it_too_opening_it_there_opens_it_here(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    resolve(world.runtime, world.session().id, HANNA, resolved=False, tell_vendor=False)
    people.resolves(conversation)
    world.run(60)
    assert world.session().status == "closed_unresolved"
    people.reopens(conversation)
    world.run(60)
    assert world.session().status == "open"


def test_until_the_vendor_is_told_that_it_is_open_there_opens_nothing(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    world.sim.fault(people.changing, "429", times=3, retry_after=60, when=lambda body: "status" in body)
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=True)
    people.notes(conversation, "Having a look")
    world.poll(1)
    assert (people.resolved(conversation), world.session().status) == (False, "closed_resolved")
    world.run(600)
    assert (people.resolved(conversation), world.session().status) == (True, "closed_resolved")


def test_a_customer_who_writes_before_the_vendor_is_told_keeps_it_open(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    world.sim.webhooks.hold()
    people.writes(conversation, "One more thing")
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=True, summarise=True)
    world.sim.webhooks.release()
    world.run(60)
    assert not people.resolved(conversation)
    assert world.session().status == "open"
    assert world.replies(conversation) == [HELLO, HELLO]
    assert last(world, "resolve").state == "cancelled"


def test_what_a_person_wrote_just_before_closing_is_said(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    take_over(world.runtime, world.session().id, HANNA)
    write_reply(world.runtime, world.session().id, "Goodbye", HANNA)
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=True)
    world.run(120)
    assert world.replies(conversation) == [HELLO, "Goodbye"]
    assert people.resolved(conversation)
    assert world.session().status == "closed_resolved"


def test_closing_twice_is_closing_once_and_the_vendor_may_be_told_later(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    for _ in range(2):
        resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=False)
    world.run(30)
    assert not people.resolved(conversation)
    for _ in range(2):
        resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=True)
    world.run(60)
    assert people.resolved(conversation)
    assert world.actions().count(("resolve", "sent")) == 1
    assert [kind for kind, _ in timeline(world)] == ["closed_resolved_by_agent", "closing_told"]


def test_opened_here_alone_it_stays_open_though_the_vendor_shows_it_closed(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    people.resolves(conversation)
    world.run(30)
    assert world.session().status == "closed_resolved"
    reopen(world.runtime, world.session().id, HANNA, tell_vendor=False)
    people.notes(conversation, "Having a look")
    world.poll(2)
    assert (people.resolved(conversation), world.session().status) == (True, "open")
    assert timeline(world) == [("agent_reopened_session", HANNA)]


def test_opened_again_the_vendor_is_told_and_the_customer_answered_when_they_write(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = answered(people)
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=True)
    world.run(60)
    for _ in range(2):
        reopen(world.runtime, world.session().id, HANNA, tell_vendor=True)
    world.run(60)
    assert (people.resolved(conversation), world.session().status) == (False, "open")
    assert world.replies(conversation) == [HELLO]
    assert world.actions().count(("update", "sent")) == 1
    people.writes(conversation, "One more thing")
    world.run(120)
    assert world.replies(conversation) == [HELLO, HELLO]


def test_b116_a_program_patches_a_session_and_keeps_a_payload_with_it(world: Any) -> None:
    answered(Chats(world))
    runtime, session_id = world.runtime, world.session().id
    payload = {"survey": "sent"}
    patch(runtime, session_id, "token:crm", status="closed_unresolved", propagate=False, closed_payload=payload)
    with runtime.db.read():
        row = SessionRow.get_by_id(session_id)
    assert (row.status, row.closed_payload) == ("closed_unresolved", {"survey": "sent"})
    patch(runtime, session_id, "token:crm", closed_payload={"survey": "answered"})
    assert world.session().closed_payload == {"survey": "answered"}
    patch(runtime, session_id, "token:crm", status="open", propagate=False)
    assert world.session().status == "open"
    for words, given in (
        ("a status is one of open, closed_resolved, closed_unresolved", {"status": "asleep", "propagate": True}),
        ("say whether the helpdesk is to be told", {"status": "closed_resolved"}),
        ("the session is to be opened", {"status": "open", "propagate": False, "closed_payload": {}}),
    ):
        with pytest.raises(Unfit, match=words):
            patch(runtime, session_id, "token:crm", **given)
    with pytest.raises(NotNow, match="close the session with it"):
        patch(runtime, session_id, "token:crm", closed_payload={})


def test_what_is_closed_otherwise_must_be_opened_first(world: Any) -> None:
    answered(Chats(world))
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=False)
    with pytest.raises(NotNow, match="the session is closed already; open it again first"):
        resolve(world.runtime, world.session().id, HANNA, resolved=False, tell_vendor=False)
    with pytest.raises(Missing, match="there is no session 4711"):
        reopen(world.runtime, 4711, HANNA, tell_vendor=False)


def test_where_a_vendor_cannot_open_it_from_here_that_is_said(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(Chats(world))
    resolve(world.runtime, world.session().id, HANNA, resolved=True, tell_vendor=False)
    connector = world.connections.connector(world.connections.named("support"))
    monkeypatch.setattr(type(connector), "reopen_steps", lambda *_: ())
    with pytest.raises(NotNow, match="Freshchat offers no way to open a conversation from here; open it there"):
        reopen(world.runtime, world.session().id, HANNA, tell_vendor=True)
    assert world.session().status == "closed_resolved"


def test_a_draft_being_written_for_what_was_closed_meanwhile_does_not_count(people: Chats) -> None:
    world, conversation = people.world, answered(people)
    late = world.says("Too late")

    def answer(turn: Any) -> Any:
        resolve(world.runtime, turn.session.id, HANNA, resolved=True, tell_vendor=False)
        return late(turn)

    world.ai_plugin.answer = answer
    people.writes(conversation, "And now?")
    world.run(120)
    assert world.replies(conversation) == [HELLO]
    assert world.decisions()[-1] == ("silence", "response_cancelled")
    assert Author.AI in [message.author for message in world.ai_plugin.turns[-1].messages]
