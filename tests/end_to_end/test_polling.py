"""What no webhook tells is found by polling: while they are silent, and where an account never sends it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from core.jobs.polling import poll_due
from core.store.models import ConnectionRow, CursorRow, EventRow

HELLO = "Hello from the AI."


@pytest.fixture
def world(every_account: Any) -> Any:
    """Every engine, dialect and set of events, see the fixture it is."""
    return every_account


@pytest.fixture
def silent(world: Any) -> Any:
    """A world in which one conversation was answered, before the webhooks fell silent ten minutes ago."""
    world.start()
    world.conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    world.sim.webhook_url = None
    world.clock.advance(600)
    return world


def connection(world: Any) -> ConnectionRow:
    return world.connections.row(world.connections.named("support").id)


def sources(world: Any) -> list[str]:
    with world.runtime.db.read():
        return [row.source for row in EventRow.select().order_by(EventRow.id)]


def test_g9_while_the_webhooks_speak_nothing_is_polled(world: Any) -> None:
    world.start()
    world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    calls = len(world.sim.record.calls())
    world.poll(4)
    assert len(world.sim.record.calls()) == calls
    assert connection(world).polling_since is None


def test_g9_a_message_in_an_open_conversation_is_found_and_answered(silent: Any) -> None:
    silent.sim.customer_writes(silent.ada, "Are you still there?", conversation=silent.conversation)
    silent.poll(2)
    assert silent.replies(silent.conversation) == [HELLO, HELLO]
    assert sources(silent)[-1] == "poll"
    assert [text for author, _, text in silent.messages() if author == "customer"] == ["Hi", "Are you still there?"]


def test_g9_a_new_conversation_of_a_customer_heard_of_before_is_found_and_answered(silent: Any) -> None:
    silent.sim.agent_resolves(silent.conversation, silent.human)
    silent.clock.advance(60)
    fresh = silent.sim.customer_writes(silent.ada, "Something else", new=True)
    assert fresh is not silent.conversation
    silent.poll(3)
    assert silent.replies(fresh) == [HELLO]
    assert silent.session(silent.conversation).status == "closed_resolved"


def test_g9_a_customers_message_that_opens_a_closed_conversation_again_is_found(silent: Any) -> None:
    silent.sim.agent_resolves(silent.conversation, silent.human)
    silent.poll(2)
    assert silent.session(silent.conversation).status == "closed_resolved"
    silent.sim.customer_writes(silent.ada, "One more thing", conversation=silent.conversation)
    silent.poll(3)
    assert silent.session(silent.conversation).status == "open"
    assert silent.replies(silent.conversation)[-1] == HELLO


def test_b48_a_resolution_at_the_vendor_is_found(silent: Any) -> None:
    silent.sim.agent_resolves(silent.conversation, silent.human)
    silent.poll(2)
    assert silent.session(silent.conversation).status == "closed_resolved"


def test_b34_an_assignment_to_another_agent_is_found_and_the_ai_stays_silent(silent: Any) -> None:
    silent.sim.agent_assigns(silent.conversation, silent.human)
    silent.sim.customer_writes(silent.ada, "Hello Hanna", conversation=silent.conversation)
    silent.poll(5)
    assert silent.session(silent.conversation).owner == "human"
    assert silent.replies(silent.conversation) == [HELLO]


def test_polling_twice_and_the_webhook_after_all_answer_once(silent: Any) -> None:
    silent.sim.webhook_url = silent.webhook_url
    silent.sim.webhooks.hold()
    silent.sim.customer_writes(silent.ada, "Are you still there?", conversation=silent.conversation)
    poll_due(silent.runtime)
    silent.clock.advance(61)
    poll_due(silent.runtime)
    silent.sim.webhooks.release()
    silent.poll(5)
    assert silent.replies(silent.conversation) == [HELLO, HELLO]


def test_polling_starts_when_the_webhooks_fall_silent_and_stops_when_they_return(
    silent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        silent.poll(1)
        assert connection(silent).polling_since is not None
        assert "no webhook of support since" in caplog.text
        silent.sim.webhook_url = silent.webhook_url
        silent.sim.customer_writes(silent.ada, "Back again", conversation=silent.conversation)
        silent.run(20)
        silent.poll(2)
    assert connection(silent).polling_since is None
    assert "the webhooks of support are back" in caplog.text
    calls = len(silent.sim.record.calls())
    silent.poll(2)
    assert len(silent.sim.record.calls()) == calls


@pytest.mark.parametrize("goes_on", [True, False])
def test_g15_a_conversation_that_was_not_known_brings_its_history_which_is_not_answered(
    world: Any, goes_on: bool
) -> None:
    world.start()
    world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    world.sim.webhooks.drop(kind="message_create")
    lost = world.sim.customer_writes(world.ada, "An old matter", new=True)
    world.run(3600)
    world.sim.customer_writes(world.sim.customer("grace@example.com", "Grace"), "Hello")  # the webhooks speak yet
    world.run(20)
    world.sim.webhook_url = None
    world.clock.advance(600)
    if goes_on:
        world.sim.customer_writes(world.ada, "A new matter", conversation=lost)
    world.poll(3)
    assert [text for author, _, text in world.messages() if "matter" in text] == ["An old matter", "A new matter"][
        : 1 + goes_on
    ]
    assert world.replies(lost) == ([HELLO] if goes_on else [])


def test_the_rounds_are_a_minute_apart_however_often_the_job_runs(silent: Any) -> None:
    assert poll_due(silent.runtime) == 1
    for _ in range(5):
        silent.clock.advance(10)
        assert poll_due(silent.runtime) == 0
    silent.clock.advance(11)
    assert poll_due(silent.runtime) == 1


def test_a_round_that_the_vendor_ends_is_gone_on_with_at_what_was_looked_at_longest_ago(world: Any) -> None:
    world.start()
    crowd = [world.sim.customer_writes(world.sim.customer(f"c{n}@example.com"), "Hi") for n in range(4)]
    world.run(300)
    world.sim.webhook_url = None
    world.clock.advance(600)
    for one in crowd:
        world.sim.customer_writes(one.user, "More", conversation=one)
    world.sim.fault("list_messages", "503", after=1, times=1)
    poll_due(world.runtime)
    world.run(5)
    assert [len(world.replies(one)) for one in crowd] == [2, 1, 1, 1]
    world.poll(3)
    assert [len(world.replies(one)) for one in crowd] == [2, 2, 2, 2]


def test_a_conversation_that_is_gone_at_the_vendor_does_not_stop_the_others(world: Any) -> None:
    world.start()
    crowd = [world.sim.customer_writes(world.sim.customer(f"c{n}@example.com"), "Hi") for n in range(2)]
    world.run(60)
    world.sim.webhook_url = None
    world.clock.advance(600)
    del world.sim.account.conversations[crowd[0].id]
    world.sim.customer_writes(crowd[1].user, "More", conversation=crowd[1])
    world.poll(2)
    assert len(world.replies(crowd[1])) == 2


def test_an_account_without_a_list_of_conversations_is_asked_for_it_once_a_day(silent: Any) -> None:
    silent.poll(10)
    if silent.sim.dialect == "documented":
        assert {call.status for call in silent.sim.record.calls("list_conversations")} == {200}
        return
    assert len(silent.sim.record.calls("list_conversations")) == 1
    with silent.runtime.db.read():
        assert CursorRow.get(CursorRow.name == "listing").value == {"absent": True}


def test_b31_without_assignment_events_a_chat_given_to_the_ai_later_is_found_by_polling(world: Any) -> None:
    """Only the three events of behaviour 25 arrive, so that nothing tells of the assignment."""
    world.sim.events -= {"conversation_assignment", "conversation_reopen"}
    world.start(auto_handle_all=False)
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(20)
    assert world.decisions() == [("silence", "not_assigned_to_ai")]
    world.poll(1)
    world.sim.agent_assigns(conversation, world.ai)
    world.poll(3)
    assert world.replies(conversation) == [HELLO]


def test_b31_without_assignment_events_a_chat_assigned_within_the_settle_time_is_found_by_re_reading(
    world: Any,
) -> None:
    world.sim.events -= {"conversation_assignment", "conversation_reopen"}
    world.start(auto_handle_all=False)
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.clock.advance(2)
    world.sim.agent_assigns(conversation, world.ai)
    world.run(20)
    assert world.replies(conversation) == [HELLO]
    assert world.sim.record.calls("list_messages") == []


def test_one_that_waits_for_its_assignment_is_looked_at_ever_more_seldom_and_not_for_ever(world: Any) -> None:
    world.start(auto_handle_all=False, poll_after_minutes=10000)
    world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(20)
    world.poll(60)
    looked = len(world.sim.record.calls("list_messages"))
    assert 4 <= looked <= 20
    world.clock.advance(86400)
    world.poll(10)
    assert len(world.sim.record.calls("list_messages")) == looked


def test_a_connection_that_never_had_a_webhook_works_by_polling_alone(world: Any) -> None:
    world.sim.webhook_url = None
    world.start(poll_after_minutes=0)
    world.sim.webhook_url = None
    conversation = world.sim.customer_writes(world.ada, "Hi")
    assert connection(world).last_event_at is None
    world.poll(5)
    # Nobody tells of a customer who was never heard of, unless the account has a list to look into.
    assert world.replies(conversation) == ([HELLO] if world.sim.dialect == "documented" else [])
