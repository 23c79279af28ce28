"""A send whose outcome is unknown: exactly one message in the end, whatever the vendor did and said."""

from __future__ import annotations

from typing import Any

import pytest

from core.store.models import ActionRow, AttemptRow

PERFORMED = ["timeout", "500", "503", "cut", "half_body", "502-html", "garbage", "html200", "empty200", "202"]
IS_REPLY = {"when": lambda body: body.get("message_type") == "normal"}
IS_NOTE = {"when": lambda body: body.get("message_type") == "private"}


def last_action(world: Any, kind: str) -> ActionRow:
    with world.runtime.db.read():
        return ActionRow.select().where(ActionRow.kind == kind).order_by(ActionRow.id.desc()).get()


def outcomes(world: Any, action: ActionRow) -> list[str]:
    with world.runtime.db.read():
        rows = AttemptRow.select().where(AttemptRow.action == action.id).order_by(AttemptRow.number)
        return [row.outcome for row in rows]


@pytest.mark.parametrize("kind", PERFORMED)
def test_a_reply_that_was_posted_but_answered_with_a_fault_is_posted_once(world: Any, kind: str) -> None:
    world.start()
    world.sim.fault("send_message", kind, performed=True, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(300)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert last_action(world, "reply").state == "sent"
    assert last_action(world, "reply").confirmed_by == "echo"


@pytest.mark.parametrize("kind", PERFORMED)
def test_without_an_echo_the_thread_is_read_back_after_the_quarantine(world: Any, kind: str) -> None:
    world.start()
    world.sim.fault("send_message", kind, performed=True, **IS_REPLY)
    world.sim.webhooks.drop(kind="message_create", times=2)
    world.sim.webhooks.url = None
    conversation = world.sim.customer_writes(world.ada, "Hi")
    deliver_by_hand(world, conversation)
    world.run(59)
    assert last_action(world, "reply").state == "uncertain"
    world.run(240)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert last_action(world, "reply").state == "sent"
    assert last_action(world, "reply").confirmed_by == "readback"
    assert outcomes(world, last_action(world, "reply")) == ["sent"]


def deliver_by_hand(world: Any, conversation: Any) -> None:
    """Tell us of the customer's message, in an account whose webhooks are lost from then on."""
    import json

    message = world.sim.thread(conversation)[-1]
    payload = {
        "actor": {"actor_type": "user", "actor_id": message.actor_id},
        "action": "message_create",
        "action_time": world.clock.now().isoformat().replace("+00:00", "Z"),
        "data": {
            "message": {
                "message_parts": [{"text": {"content": message.text}}],
                "actor_type": "user",
                "actor_id": message.actor_id,
                "user_id": message.actor_id,
                "id": message.id,
                "conversation_id": conversation.id,
                "message_type": "normal",
                "created_time": world.clock.now().isoformat().replace("+00:00", "Z"),
            }
        },
    }
    assert world.post(json.dumps(payload).encode()).status_code == 200


@pytest.mark.parametrize("kind", ["timeout", "500", "503", "cut", "502-html"])
def test_a_reply_that_was_not_posted_is_posted_once_after_the_quarantine(world: Any, kind: str) -> None:
    world.start()
    world.sim.fault("send_message", kind, performed=False, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(60)
    assert world.replies(conversation) == []
    assert last_action(world, "reply").state == "uncertain"
    world.run(300)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert outcomes(world, last_action(world, "reply")) == ["unknown", "sent"]
    tried = list(world.sim.record.calls("send_message"))
    assert (tried[1].at - tried[0].at).total_seconds() >= 90  # the quarantine, and the second read


def test_a_request_that_is_applied_late_within_the_quarantine_is_not_doubled(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "late", seconds=3600, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(40)
    assert world.replies(conversation) == []
    assert world.sim.apply_late() == 1
    world.run(300)
    assert world.replies(conversation) == ["Hello from the AI."]


def test_in_the_strict_mode_what_is_not_found_is_parked_for_a_person(world: Any) -> None:
    world.start(uncertain="park")
    world.sim.fault("send_message", "timeout", performed=False, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(600)
    assert world.replies(conversation) == []
    assert last_action(world, "reply").state == "parked"


def test_in_the_strict_mode_what_is_found_is_sent(world: Any) -> None:
    world.start(uncertain="park")
    world.sim.fault("send_message", "timeout", performed=True, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(600)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert last_action(world, "reply").state == "sent"


def test_a_vendor_that_never_shows_and_never_takes_it_is_not_tried_for_ever(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "500", times=None, performed=False, **IS_REPLY)
    world.sim.customer_writes(world.ada, "Hi")
    world.run(3600)
    action = last_action(world, "reply")
    assert action.state == "parked"
    assert outcomes(world, action) == ["unknown"] * 4  # the first, and max_retries of them
    assert "tried too often" in action.error


def test_a_400_for_a_message_that_was_posted_is_believed_only_after_a_look(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "400_posted", **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(120)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert last_action(world, "reply").state == "sent"


def test_a_reply_that_is_refused_for_good_is_handed_to_a_human_who_is_told_why(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "400_posted", performed=False, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(120)
    assert world.replies(conversation) == []
    assert ("reply", "failed") in world.actions()
    assert world.sim.assignee(conversation) is None
    assert "could not be delivered" in world.notes(conversation)[0]
    assert world.session().owner == "human"


@pytest.mark.parametrize("retry_after", [7, None])
def test_a_429_is_obeyed_and_counts_as_certainly_not_applied(world: Any, retry_after: int | None) -> None:
    world.start()
    world.sim.fault("send_message", "429", retry_after=retry_after, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(120)
    assert world.replies(conversation) == ["Hello from the AI."]
    first, second = world.sim.record.calls("send_message")
    assert (second.at - first.at).total_seconds() >= (retry_after or 1)
    assert outcomes(world, last_action(world, "reply"))[0] == "not_applied"


def test_b23_a_token_that_is_being_rotated_delays_the_reply_and_loses_nothing(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "401", times=3, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(600)
    assert world.replies(conversation) == ["Hello from the AI."]


def test_a_vendor_that_is_down_for_an_hour_is_not_stormed_and_everybody_is_answered(world: Any) -> None:
    world.start()
    world.sim.webhooks.hold()
    conversations = [world.sim.customer_writes(world.sim.customer(f"c{n}@example.com"), "Hi") for n in range(3)]
    world.sim.webhooks.release()
    world.hear()
    world.sim.fault("*conversation", "503", times=None)
    world.sim.fault("send_message", "503", times=None)
    world.run(3600)
    calls = [call for call in world.sim.record.calls() if call.status == 503]
    assert len(calls) < 3 * 60
    world.sim.faults.clear()
    world.run(900)
    for conversation in conversations:
        assert world.replies(conversation) == ["Hello from the AI."]


@pytest.mark.parametrize("performed", [True, False])
@pytest.mark.parametrize("kind", ["timeout", "500", "cut"])
def test_the_handoff_note_is_written_once_under_the_same_faults(world: Any, kind: str, performed: bool) -> None:
    world.start()
    world.sim.fault("send_message", kind, performed=performed, **IS_NOTE)
    conversation = world.sim.customer_writes(world.ada, "I want to speak to a human")
    world.run(300)
    assert len(world.notes(conversation)) == 1
    assert world.actions()[-1] == ("note", "sent")


@pytest.mark.parametrize("performed", [True, False])
@pytest.mark.parametrize("kind", ["timeout", "500", "cut"])
def test_a_claim_under_the_same_faults_is_looked_up_and_the_customer_answered(
    world: Any, kind: str, performed: bool
) -> None:
    world.start()
    world.sim.fault("update_conversation", kind, performed=performed)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(60)
    assert world.sim.assignee(conversation) is world.ai
    assert world.replies(conversation) == ["Hello from the AI."]


def test_an_identical_text_is_sent_twice_when_it_is_said_twice(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.sim.fault("send_message", "timeout", performed=True, **IS_REPLY)
    world.sim.customer_writes(world.ada, "Hi again")
    world.run(300)
    assert world.replies(conversation) == ["Hello from the AI."] * 2
    with world.runtime.db.read():
        ids = [row.vendor_id for row in ActionRow.select().where(ActionRow.kind == "reply")]
    assert len(set(ids)) == 2


def test_g13_a_default_agent_that_is_gone_parks_the_note_and_still_unassigns(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.ai.is_deleted = True
    world.sim.customer_writes(world.ada, "I want to speak to a human")
    world.run(120)
    assert world.sim.assignee(conversation) is None
    assert world.actions()[-1] == ("note", "parked")
    (_, error) = next(iter(world.connections.all()))
    assert error


def test_a_turn_waits_for_what_is_in_doubt_and_then_sees_it(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "timeout", performed=False, **IS_REPLY)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    world.sim.customer_writes(world.ada, "Hello??")
    world.run(30)
    assert len(world.ai_plugin.turns) == 1
    world.run(300)
    assert len(world.replies(conversation)) == 1
    assert [message.text for message in world.ai_plugin.turns[-1].unanswered] == ["Hi", "Hello??"]


def test_a_worker_that_was_overtaken_cannot_write(world: Any) -> None:
    from core.flow import leases

    world.start()
    world.sim.customer_writes(world.ada, "Hi")
    world.hear()
    db = world.runtime.db
    stale = leases.claim(db, "asleep", 60)
    assert stale
    assert leases.claim(db, "second", 60) is None
    world.clock.advance(61)
    fresh = leases.claim(db, "second", 60)
    assert fresh
    assert fresh.fence == stale.fence + 1
    with pytest.raises(leases.LeaseLost), db.write():
        leases.hold(db, stale)
    with db.write():
        leases.hold(db, fresh)


def test_a_worker_that_died_while_sending_leaves_an_attempt_that_is_looked_up(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "timeout", performed=True, **IS_REPLY)
    connector = world.runtime.plugins.connectors["freshchat"]
    original = connector.perform

    class Killed(BaseException):
        """Stands for the end of the process between the POST and the commit."""

    def perform_and_die(action: Any, connection: Any, http: Any) -> Any:
        try:
            return original(action, connection, http)
        except Exception:
            type(connector).perform = saved
            raise Killed from None

    saved = type(connector).perform
    conversation = world.sim.customer_writes(world.ada, "Hi")
    type(connector).perform = lambda self, action, connection, http: (
        perform_and_die(action, connection, http) if action.kind == "reply" else saved(self, action, connection, http)
    )
    try:
        with pytest.raises(Killed):
            world.run(30)
    finally:
        type(connector).perform = saved
    assert last_action(world, "reply").state == "sending"
    world.run(300)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert last_action(world, "reply").state == "sent"
