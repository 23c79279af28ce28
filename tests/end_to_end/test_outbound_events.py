"""What is announced: each thing that happens to a session, once, to whoever has subscribed, and nothing private."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.domain import Author, Handoff, Reason, Reply, Resolve, Summary
from core.flow import closing, hand_over, speak
from core.flow.announce import Said, tell
from core.jobs.send_events import send_due
from core.store.models import DeliveryRow, MessageRow
from core.subscriptions import Subscriptions
from core.testing.receiver import WebhookReceiver
from tests.end_to_end.signed import verified
from tests.end_to_end.test_backfill import old
from tests.end_to_end.test_backfill_at_size import until_done
from tests.end_to_end.worlds import DeskWorld

ALLOWED = "allow_private_webhooks = true"
QUESTION = "Where is my parcel?"
WISH = "I want to talk to a human agent"
CANARY = "canary: she is a nice customer"
STARTED, CONTACT, AI = "conversation.started", "conversation.contact_response", "conversation.ai_response"
THIRD, CLOSED = "conversation.third_party_agent_response", "conversation.closed"
TO_HUMAN, FAILED, TAKEN_BACK = "handoff.to_human", "handoff.failed", "handoff.taken_back"


@pytest.fixture
def world(both_accounts: Any) -> Any:
    """Each engine, dialect and set of events, see the fixture it is."""
    return both_accounts


@pytest.fixture
def heard() -> Iterator[Callable[..., list[Any]]]:
    """Subscribes at first, and delivers from then on: the events that have arrived, each verified."""
    with WebhookReceiver() as receiver:
        known: dict[Any, Any] = {}

        def listen(world: Any, *events: str) -> list[Any]:
            api = Subscriptions(world.runtime)
            if not api.list():
                known["secret"] = api.create(receiver.url, list(events) or ["*"], "", "ada@example.com")[1]
            before = len(receiver.received)
            send_due(world.runtime)
            return [verified(each, known["secret"], world.clock.now()) for each in receiver.received[before:]]

        yield listen


def types(events: list[Any]) -> list[str]:
    return [each["event"] for each in events]


# ------------------------------------------------------------------------------------------- what is announced


def test_b117_each_thing_that_happens_to_a_conversation_is_announced_once_and_in_order(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED)
    heard(world)
    conversation = world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    assert types(heard(world)) == [STARTED, CONTACT, AI]
    world.sim.agent_writes(conversation, world.human, CANARY, private=True)
    world.sim.agent_writes(conversation, world.human, "Let me handle this.")
    world.run(10)
    assert types(heard(world)) == [THIRD, TO_HUMAN]
    world.sim.agent_assigns(conversation, world.human)
    world.sim.customer_writes(world.ada, "Are you there?")
    world.run(10)
    assert types(heard(world)) == [CONTACT]
    world.sim.agent_assigns(conversation, world.ai, by=world.human)
    world.sim.customer_writes(world.ada, "And now?")
    world.run(10)
    # Where assignments are told by no webhook, it is seen when the turn is taken.
    assert sorted(types(heard(world))) == sorted([TAKEN_BACK, CONTACT, AI])
    world.sim.agent_resolves(conversation, world.human)
    world.poll(10)
    assert types(heard(world)) == [CLOSED]
    with world.runtime.db.read():
        bodies = " ".join(row.payload for row in DeliveryRow.select())
    assert "canary" not in bodies
    assert world.sim.token not in bodies


def test_b117_a_step_of_a_handoff_that_has_failed_for_good_is_announced(desk: DeskWorld, heard: Any) -> None:
    desk.start(server=ALLOWED, handoff_agent_id=desk.human.id)
    heard(desk, "handoff.*")
    ticket = desk.answered()
    desk.sim.fault("add_note", "400_posted", times=None, performed=False)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(120)
    to_human, failed = heard(desk)
    assert (to_human["event"], failed["event"]) == (TO_HUMAN, FAILED)
    assert failed["data"]["step"] == "note"
    assert "400" in failed["data"]["detail"]
    assert failed["data"]["conversation_id"] == str(ticket.id)


def test_b118_the_envelope_names_the_account_and_closing_has_all_that_there_is_to_know(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED)
    heard(world, "conversation.closed", "conversation.started")
    world.ai_plugin.answer = lambda turn: Reply("It is on its way.", topic="delivery")
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel? I am waiting for it")
    world.run(10)
    world.sim.agent_writes(conversation, world.human, CANARY, private=True)
    world.ai_plugin.answer = lambda turn: Resolve("You are welcome.", Summary(CANARY))
    world.sim.customer_writes(world.ada, "Thank you, it has come")
    world.run(30)
    started, closed = heard(world)
    assert set(started) == {"event", "organization_id", "timestamp", "data"}
    assert (closed["event"], closed["organization_id"]) == (CLOSED, "freshchat:support")
    session = world.session()
    assert closed["data"] == {
        "conversation_id": session.conversation_id,
        "session_id": session.id,
        "contact_id": session.contact_id,
        "channel": "web",
        "connection": "support",
        "timestamp": closed["timestamp"],
        "resolution_status": "resolved",
        "resolution_type": "hard",
        "closed_by": {"type": "ai", "name": "Robin Assistant"},
        "is_from_third_party": False,
        "third_party_name": None,
        "summary": closed["data"]["summary"],
        "contact_reason": "delivery",
        "user_sentiment": closed["data"]["user_sentiment"],
        "language": "en",
        "message_count": 4,
    }
    assert "Where is my parcel" in closed["data"]["summary"]
    assert "canary" not in closed["data"]["summary"]
    assert closed["data"]["user_sentiment"] in ("angry", "neutral", "happy")
    assert started["data"]["contact_id"] == session.contact_id


def test_b118_how_it_was_resolved_and_by_whom(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED, extra="[channels.web]\nresolve_after_minutes = 30\n")
    heard(world, "conversation.closed")

    def closing() -> tuple[Any, ...]:
        [told] = heard(world)
        data = told["data"]
        return data["resolution_type"], data["closed_by"], data["is_from_third_party"], data["third_party_name"]

    world.sim.customer_writes(world.ada, QUESTION)
    world.run(60 * 31)
    assert closing() == ("light", {"type": "ai", "name": "Robin Assistant"}, False, None)
    conversation = world.sim.customer_writes(world.sim.customer("bob@example.com"), WISH)
    world.run(10)
    world.sim.agent_assigns(conversation, world.human)
    world.sim.agent_resolves(conversation, world.human)
    world.run(10)
    human = {"type": "human", "id": world.session(conversation).assignee or None, "email": None}
    assert closing() == ("auto_handoff", human, True, "freshchat")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(Reason.CANNOT_RESOLVE, "ai_decided"), (Reason.FORBIDDEN_TOPIC, "ai_forbidden_on_topic"), (None, None)],
)
def test_b119_a_handoff_says_who_decided_it(world: Any, heard: Any, code: Reason | None, reason: str | None) -> None:
    world.start(server=ALLOWED)
    heard(world, "handoff.*")
    if code is not None:
        world.ai_plugin.answer = lambda turn: Handoff(code, "internal detail", Summary(CANARY))
    conversation = world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    if code is None:
        world.sim.agent_writes(conversation, world.human, "Let me handle this.")
        world.run(10)
    [told] = heard(world)
    assert told["event"] == TO_HUMAN
    assert told["data"]["reason"] == (reason or "human_agent_decided")
    assert told["data"]["code"] == (code.value if code else None)
    assert QUESTION in told["data"]["summary"]
    assert "canary" not in str(told)
    assert "internal" not in str(told)


def test_a_message_is_told_with_who_wrote_it_and_what_hangs_on_it(desk: DeskWorld, heard: Any) -> None:
    desk.start(server=ALLOWED)
    heard(desk, "conversation.contact_response", "conversation.ai_response")
    desk.answered(QUESTION)
    customer, ai = (each["data"]["message"] for each in heard(desk))
    assert QUESTION in customer["text"]
    assert (customer["author"]["type"], customer["author"]["name"]) == ("customer", None)
    assert (ai["text"], ai["author"]["type"], ai["author"]["name"]) == ("Hello from the AI.", "ai", "Robin Assistant")
    assert (customer["attachments"], customer["automatic"]) == ([], False)


def test_what_a_person_does_in_relaydesk_is_told_apart_from_what_is_done_at_the_helpdesk(
    world: Any, heard: Any
) -> None:
    world.start(server=ALLOWED)
    world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    heard(world)
    session, by = world.session().id, "hanna@example.com"
    hand_over.take_over(world.runtime, session, by)
    speak.write_note(world.runtime, session, CANARY, by)
    speak.write_reply(world.runtime, session, "Let me handle this.", by)
    world.run(10)
    closing.resolve(world.runtime, session, by, resolved=True, tell_vendor=True)
    world.run(200)
    to_human, said, closed = heard(world)
    assert types([to_human, said, closed]) == [TO_HUMAN, "conversation.agent_response", CLOSED]
    assert to_human["data"]["reason"] == "human_agent_decided"
    assert said["data"]["message"]["text"] == "Let me handle this."
    assert said["data"]["message"]["author"]["type"] == "agent"
    assert closed["data"]["closed_by"] == {"type": "human", "id": by, "email": by}
    assert (closed["data"]["resolution_type"], closed["data"]["is_from_third_party"]) == ("hard", False)
    assert "canary" not in str([to_human, said, closed])


# --------------------------------------------------------------------------------------------- what is not


def test_what_is_imported_is_not_announced_and_what_is_said_in_it_afterwards_is(desk: DeskWorld, heard: Any) -> None:
    ticket = old(desk)
    desk.start(server=ALLOWED, backfill_days=180)
    heard(desk)
    until_done(desk)
    desk.run()
    assert desk.session(ticket)
    assert heard(desk) == []
    desk.sim.customer_writes(ticket, "Is anybody there?")
    desk.run(120)
    said = types(heard(desk))
    assert said[0] == CONTACT
    assert STARTED not in said


def test_what_is_told_twice_or_found_again_by_asking_is_announced_once(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED, poll_after_minutes=0)
    heard(world)
    world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    assert types(heard(world)) == [STARTED, CONTACT, AI]
    world.poll(10)
    assert heard(world) == []


def test_only_what_was_subscribed_to_is_delivered_and_nothing_of_before(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED)
    world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    with world.runtime.db.read():
        assert DeliveryRow.select().count() == 0
    heard(world, "handoff.*")
    world.sim.customer_writes(world.ada, "And my invoice?")
    world.sim.customer_writes(world.sim.customer("bob@example.com"), WISH)
    world.run(10)
    assert types(heard(world)) == [TO_HUMAN]


def test_a_draft_for_an_agent_is_private_and_not_announced(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED, extra='[channels.web]\nmode = "assist"\n')
    heard(world)
    world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    assert ("note", "sent") in world.actions()
    assert types(heard(world)) == [STARTED, CONTACT]


def test_an_event_that_is_rolled_back_is_not_announced(world: Any, heard: Any) -> None:
    world.start(server=ALLOWED)
    world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    heard(world)
    with pytest.raises(ZeroDivisionError), world.runtime.db.write():
        message = MessageRow.select().get()
        tell(world.runtime.db, world.session(), [Said(message.id, Author.CUSTOMER)])
        raise ZeroDivisionError
    assert heard(world) == []


def test_without_a_subscription_it_costs_a_transaction_one_look_at_most(world: Any, monkeypatch: Any) -> None:
    world.start()
    asked: list[str] = []
    execute = world.runtime.db.native.execute_sql

    def counted(sql: str, *args: Any, **options: Any) -> Any:
        if '"subscription"' in sql or '"delivery"' in sql:
            asked.append(sql)
        return execute(sql, *args, **options)

    monkeypatch.setattr(world.runtime.db.native, "execute_sql", counted)
    world.sim.customer_writes(world.ada, QUESTION)
    world.run(10)
    assert world.actions() == [("assign", "sent"), ("reply", "sent")]
    assert len(asked) == 2  # for the transaction of the message, and for that of the reply
