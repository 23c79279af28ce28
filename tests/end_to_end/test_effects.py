"""Notes, assignments and resolutions under every fault: done once, or a person is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.domain import Resolve
from core.store.models import ActionRow

HELLO = "Hello from the AI."
FAULTS = [(kind, performed) for kind in ("timeout", "500", "cut", "400_posted") for performed in (True, False)]


def sets(**values: Any) -> Mapping[str, Callable[[Any], bool]]:
    """The calls that set these values."""
    return {"when": lambda body: all(body.get(key) == value for key, value in values.items())}


IS_NOTE = {"when": lambda body: body.get("message_type") == "private"}
IS_CLAIM = sets(status="assigned")
IS_UNASSIGN = sets(status="new", assigned_agent_id="")
IS_RESOLVE = sets(status="resolved")


def state_of(world: Any, kind: str) -> str:
    with world.runtime.db.read():
        return ActionRow.select().where(ActionRow.kind == kind).order_by(ActionRow.id.desc()).get().state


@pytest.mark.parametrize(("kind", "performed"), FAULTS)
def test_a_note_is_written_once_or_shown_as_failed(world: Any, kind: str, performed: bool) -> None:
    world.start()
    world.sim.fault("send_message", kind, performed=performed, **IS_NOTE)
    conversation = world.sim.customer_writes(world.ada, "I want to speak to a human")
    world.run(300)
    refused = kind == "400_posted" and not performed
    assert len(world.notes(conversation)) == (0 if refused else 1)
    assert state_of(world, "note") == ("failed" if refused else "sent")
    assert world.sim.assignee(conversation) is None
    assert world.session().owner == "human"


@pytest.mark.parametrize(("kind", "performed"), FAULTS)
def test_a_claim_is_looked_up_and_the_customer_answered_or_handed_over(world: Any, kind: str, performed: bool) -> None:
    world.start()
    world.sim.fault("update_conversation", kind, performed=performed, **IS_CLAIM)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(300)
    if kind == "400_posted" and not performed:
        assert world.replies(conversation) == []
        assert "its reply could not be delivered" in world.notes(conversation)[0]
        assert world.session().owner == "human"
    else:
        assert world.sim.assignee(conversation) is world.ai
        assert world.replies(conversation) == [HELLO]


@pytest.mark.parametrize(("kind", "performed"), FAULTS)
def test_an_unassignment_is_done_and_followed_by_the_note(world: Any, kind: str, performed: bool) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.sim.fault("update_conversation", kind, performed=performed, **IS_UNASSIGN)
    world.sim.customer_writes(world.ada, "I want to speak to a human", conversation=conversation)
    world.run(300)
    refused = kind == "400_posted" and not performed
    assert world.sim.assignee(conversation) is (world.ai if refused else None)
    assert state_of(world, "unassign") == ("failed" if refused else "sent")
    assert len(world.notes(conversation)) == 1, "whatever became of the assignment, the humans are told"
    assert world.replies(conversation) == [HELLO]


@pytest.mark.parametrize(("kind", "performed"), FAULTS)
def test_a_resolution_is_done_and_its_note_written_once(world: Any, kind: str, performed: bool) -> None:
    world.start()
    world.ai_plugin.answer = lambda turn: Resolve("Glad to help.")
    world.sim.fault("update_conversation", kind, performed=performed, **IS_RESOLVE)
    conversation = world.sim.customer_writes(world.ada, "Thanks, that was all")
    world.run(300)
    assert world.replies(conversation) == ["Glad to help."]
    assert len(world.notes(conversation)) == 1
    refused = kind == "400_posted" and not performed
    assert conversation.status == ("assigned" if refused else "resolved")
    assert world.session().status == ("open" if refused else "closed_resolved")
    assert state_of(world, "resolve") == ("failed" if refused else "sent")


@pytest.mark.parametrize(("kind", "performed"), FAULTS)
def test_the_note_of_a_resolution_is_written_once_under_the_same_faults(world: Any, kind: str, performed: bool) -> None:
    world.start()
    world.ai_plugin.answer = lambda turn: Resolve("Glad to help.")
    world.sim.fault("send_message", kind, performed=performed, **IS_NOTE)
    conversation = world.sim.customer_writes(world.ada, "Thanks, that was all")
    world.run(300)
    refused = kind == "400_posted" and not performed
    assert len(world.notes(conversation)) == (0 if refused else 1)
    assert conversation.status == "resolved"


def test_a_reply_that_waits_for_a_person_is_handed_to_the_humans_at_the_vendor(world: Any) -> None:
    """Parked alone it would be seen by nobody who answers customers."""
    world.start(uncertain="park")
    world.sim.fault("send_message", "timeout", performed=False, when=lambda body: body["message_type"] == "normal")
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(600)
    assert state_of(world, "reply") == "parked"
    assert world.sim.assignee(conversation) is None
    assert "its reply could not be delivered" in world.notes(conversation)[0]


def test_g13_without_its_agent_the_ai_lets_go_of_the_conversation_and_the_texts_are_parked_and_shown(
    world: Any,
) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.ai.is_deleted = True
    world.sim.customer_writes(world.ada, "Where is my parcel?", conversation=conversation)
    world.run(300)
    assert world.sim.assignee(conversation) is None
    assert world.actions()[-3:] == [("reply", "parked"), ("unassign", "sent"), ("note", "parked")]
    [(_, error)] = world.connections.all()
    assert "agent" in error
