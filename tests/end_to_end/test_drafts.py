"""In assist mode the AI drafts, and a person sends its draft, changes it or puts it aside: once (behaviour 83)."""

from __future__ import annotations

from typing import Any

import pytest

from core.flow.by_hand import Missing, NotNow, Unfit
from core.flow.hand_over import take_over
from core.flow.speak import approve_draft, dismiss_draft, write_note
from core.store.models import ActionRow
from tests.end_to_end.people import Chats
from tests.end_to_end.test_hand_over import HANNA, authors, last, timeline

ASSIST = "".join(
    f'[channels.{kind}]\nmode = "assist"\nassist_footer = "Drafted by the AI"\n' for kind in ("web", "email")
)
DRAFT = "It comes on Monday."


def drafted(people: Chats) -> Any:
    """A conversation that a person has, and for which the AI has drafted."""
    world = people.world.start(extra=ASSIST)
    world.says(DRAFT)
    conversation = people.opens("Where is my parcel?")
    world.run(60)
    take_over(world.runtime, world.session().id, HANNA)
    world.run(60)
    assert "Drafted by the AI" in world.notes(conversation)[0]
    return conversation


def draft_id(world: Any) -> int:
    with world.runtime.db.read():
        return ActionRow.get(ActionRow.purpose == "draft").id


def verdict(world: Any) -> str:
    with world.runtime.db.read():
        return ActionRow.get(ActionRow.purpose == "draft").verdict


def test_b83_an_approved_draft_is_sent_without_its_footer_as_the_person_s_reply(everywhere: Chats) -> None:
    people, world = everywhere, everywhere.world
    conversation = drafted(people)
    made = {approve_draft(world.runtime, draft_id(world), HANNA) for _ in range(2)}
    world.run(120)
    assert len(made) == 1
    assert world.replies(conversation) == [DRAFT]
    assert ("agent", HANNA, DRAFT) in authors(world)
    assert verdict(world) == "approved"
    assert timeline(world)[-2:] == [("agent_message", HANNA), ("draft_approved", HANNA)]
    with pytest.raises(NotNow, match=f"this draft was sent already, by {HANNA}"):
        approve_draft(world.runtime, draft_id(world), "otto@example.com")
    with pytest.raises(NotNow, match=f"this draft was sent already, by {HANNA}"):
        dismiss_draft(world.runtime, draft_id(world), "otto@example.com")


def test_an_edited_draft_is_sent_as_it_was_edited_and_remembered_as_edited(people: Chats) -> None:
    world, conversation = people.world, drafted(people)
    approve_draft(world.runtime, draft_id(world), HANNA, "It comes on Tuesday.")
    world.run(120)
    assert world.replies(conversation) == ["It comes on Tuesday."]
    assert verdict(world) == "edited"


def test_a_dismissed_draft_is_not_sent_any_more(people: Chats) -> None:
    world, conversation = people.world, drafted(people)
    for _ in range(2):
        dismiss_draft(world.runtime, draft_id(world), HANNA)
    with pytest.raises(NotNow, match="the draft was dismissed already"):
        approve_draft(world.runtime, draft_id(world), HANNA)
    world.run(60)
    assert world.replies(conversation) == []
    assert timeline(world)[-1] == ("draft_dismissed", HANNA)
    assert len([line for line in timeline(world) if line[0] == "draft_dismissed"]) == 1


def test_what_is_no_draft_or_cannot_be_sent_now_is_refused(world: Any) -> None:
    people = Chats(world)
    conversation = drafted(people)
    runtime = world.runtime
    with pytest.raises(Missing, match="there is no action 4711"):
        approve_draft(runtime, 4711, HANNA)
    with pytest.raises(Unfit, match="this action is no draft of the AI"):
        approve_draft(runtime, write_note(runtime, world.session().id, "Look here", HANNA), HANNA)
    with pytest.raises(Unfit, match="a message needs a text"):
        approve_draft(runtime, draft_id(world), HANNA, " ")
    world.sim.agent_resolves(conversation, by=world.human)
    world.run(30)
    with pytest.raises(NotNow, match="the session is closed; open it again first"):
        approve_draft(runtime, draft_id(world), HANNA)
    assert verdict(world) == ""


def test_while_no_human_has_the_session_a_draft_is_not_sent(world: Any) -> None:
    world.start(extra=ASSIST)
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(60)
    with pytest.raises(NotNow, match="take it over first"):
        approve_draft(world.runtime, draft_id(world), HANNA)
    assert world.replies(conversation) == []


def test_a_draft_that_was_withdrawn_is_not_sent(world: Any) -> None:
    world.start(extra=ASSIST)
    world.sim.fault("send_message", "429", retry_after=60)
    world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(30)
    take_over(world.runtime, world.session().id, HANNA)
    assert last(world, "note").state == "cancelled"
    with pytest.raises(NotNow, match="the draft was withdrawn; write a reply of your own"):
        approve_draft(world.runtime, draft_id(world), HANNA)
