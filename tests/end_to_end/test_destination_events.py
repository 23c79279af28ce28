"""Our own events, and what vendors answer, as records: each once, no loop, and a chain that creates nothing twice."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest

from core.destinations import by_hand, intake, ledger, responses
from core.destinations.catalogue import Destinations
from core.destinations.checking import load_definition
from core.destinations.formats import Item
from core.destinations.outcomes import Outcome, RecordOutcome
from core.errors import ConfigError
from core.jobs.send_events import send_due
from core.jobs.send_records import drain, next_moment
from core.store.models import (
    AuditRow,
    DeliveryRow,
    DestinationRecordRow,
    DestinationResponseRow,
    DestinationRow,
)
from core.subscriptions import Subscriptions
from core.testing.receiver import WebhookReceiver
from plugins.freshchat.templates import CreateConversation
from tests.end_to_end.signed import verified
from tests.end_to_end.worlds import World

BY = "ann@acme.example"
EVENTS = {
    "name": "log",
    "connection": "support",
    "method": "POST",
    "url": "/log",
    "source": "events",
    "events": ["conversation.contact_response", "conversation.ai_response"],
}
PEOPLE = {"name": "people", "connection": "support", "template": "create_end_user", "key": "email", "response": True}
CHATS = {
    "name": "chats",
    "connection": "support",
    "template": "create_conversation",
    "source": "responses:people",
    "fields": {"user_id": "id", "channel_id": "channel(record.channel)", "message": "record.text"},
}


def made(world: World, given: dict[str, Any], active: bool = True, **more: Any) -> str:
    api = Destinations(world.runtime)
    name = api.create({**given, **more}, BY).name
    if active:
        api.activate(name, BY)
    return name


def rows(world: World, name: str) -> list[Any]:
    with world.runtime.db.read():
        return list(
            DestinationRecordRow.select()
            .join(DestinationRow)
            .where(DestinationRow.name == name)
            .order_by(DestinationRecordRow.id)
        )


def admit(world: World, name: str = "log") -> int:
    with world.runtime.db.write():
        row = DestinationRow.get(DestinationRow.name == name)
        return intake.admit(world.runtime, row, load_definition(world.runtime, row.definition))


def arrive(world: World, number: int, conversation: str = "c1", name: str = "log") -> None:
    """Events of a conversation, as they are put there."""
    with world.runtime.db.write():
        row = DestinationRow.get(DestinationRow.name == name)
        for place in range(number):
            DestinationRecordRow.create(
                destination=row.id,
                key=f"event_{secrets.token_hex(16)}",
                data={"event": "conversation.closed", "data": {"conversation_id": conversation, "place": place}},
                origin="events",
                state="arriving",
                created_at=world.clock.now(),
            )


# ------------------------------------------------------------------------------------------------- our own events


def test_our_events_become_records_of_who_takes_them(world: World) -> None:
    world.start()
    made(world, EVENTS)
    made(world, EVENTS, name="closed", events=["conversation.closed"])
    world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(60)
    found = rows(world, "log")
    assert [row.data["event"] for row in found] == EVENTS["events"]
    assert {(row.state, row.origin, row.line) for row in found} == {("arriving", "events", None)}
    assert found[0].data["data"]["message"]["text"] == "Where is my parcel?"
    assert len({row.key for row in found}) == 2
    assert rows(world, "closed") == []
    assert admit(world) == 2
    assert [row.state for row in rows(world, "log")] == ["waiting", "waiting"]
    assert admit(world) == 0


@pytest.mark.parametrize(("doing", "number"), [("pause", 2), ("deactivate", 0)])
def test_events_of_a_paused_one_wait_and_an_inactive_one_has_none(quick: World, doing: str, number: int) -> None:
    quick.start()
    made(quick, EVENTS)
    getattr(Destinations(quick.runtime), doing)("log", BY)
    quick.sim.customer_writes(quick.ada, "Where is my parcel?")
    quick.run(60)
    assert len(rows(quick, "log")) == number


def test_too_many_events_of_one_conversation_look_like_a_loop(world: World) -> None:
    world.start()
    made(world, EVENTS)
    arrive(world, 15)
    admit(world)
    world.clock.advance(1800)
    arrive(world, 7)
    arrive(world, 1, "c2")
    assert admit(world) == 8
    assert [row.state for row in rows(world, "log")] == ["waiting"] * 20 + ["failed"] * 2 + ["waiting"]
    looping = rows(world, "log")[20]
    assert looping.error.startswith("it looks like a loop: more than 20 events of this conversation within an hour")
    by_hand.retry(world.runtime, "log", looping.id, BY)
    assert rows(world, "log")[20].state == "waiting"
    world.clock.advance(1801)  # an hour after the first ones
    arrive(world, 13)
    admit(world)
    assert [row.state for row in rows(world, "log")][23:] == ["waiting"] * 13
    arrive(world, 1)
    admit(world)
    assert rows(world, "log")[-1].state == "failed"


def test_an_event_is_looked_at_as_any_record_is(world: World) -> None:
    world.start()
    made(world, EVENTS, key="data.conversation_id", fields={"place": "data.place"}, url="/log/{data.place}")
    arrive(world, 2)
    with world.runtime.db.write():
        DestinationRecordRow.update(data={"data": {"conversation_id": "c9"}}).where(
            DestinationRecordRow.id == rows(world, "log")[0].id
        ).execute()
    arrive(world, 1, "c3")
    arrive(world, 1, "c3 again")
    admit(world)
    broken, good, *others = rows(world, "log")
    assert (broken.state, broken.error_field, broken.key) == ("failed", "data.place", "c9")
    assert (good.state, good.key) == ("waiting", "c1")
    assert [row.state for row in others] == ["waiting", "waiting"]
    arrive(world, 1, "c1")
    admit(world)
    assert (rows(world, "log")[-1].state, rows(world, "log")[-1].error) == (
        "skipped",
        "the same data.conversation_id as an earlier one from events",
    )


# ---------------------------------------------------------------------------------------------------- responses


def settle(world: World, line: int, ok: bool = True, answer: str = '{"id": "u1"}', captured_id: str = "u1") -> None:
    with world.runtime.db.write():
        destination = DestinationRow.get(DestinationRow.name == "people")
        definition = load_definition(world.runtime, destination.definition)
        row = DestinationRecordRow.get(
            DestinationRecordRow.line == line, DestinationRecordRow.destination == destination.id
        )
        single = RecordOutcome(ok, captured_id if ok else "", "" if ok else "no such channel")
        outcome = Outcome("sent" if ok else "failed", 201 if ok else 400, answer)
        state = "sent" if ok else "failed"
        ledger.settle_record(world.runtime, destination, definition, row, state, single, outcome)


def people(*names: str) -> list[Item]:
    return [
        Item(place, {"email": f"{name}@x.example", "first_name": name, "channel": "Web", "text": f"I am {name}"})
        for place, name in enumerate(names, 1)
    ]


def test_each_answer_is_kept_and_the_good_ones_feed_the_next(world: World) -> None:
    world.start()
    made(world, PEOPLE)
    made(world, CHATS, active=False)
    intake.take_in(world.runtime, "people", people("ann", "bob", "cat"), "people.json")
    settle(world, 1)
    settle(world, 2, ok=False, answer="Bad channel")
    with world.runtime.db.read():
        kept = [
            (each.key, each.ok, each.status, each.captured_id, each.answer, each.error)
            for each in DestinationResponseRow
        ]
    assert kept == [
        ("ann@x.example", True, 201, "u1", '{"id": "u1"}', ""),
        ("bob@x.example", False, 400, "", "Bad channel", "no such channel"),
    ]
    [fed] = rows(world, "chats")
    assert (fed.key, fed.origin, fed.line, fed.state) == ("ann@x.example", "responses:people", None, "waiting")
    assert fed.data == {
        "key": "ann@x.example",
        "ok": True,
        "outcome": "sent",
        "status": 201,
        "id": "u1",
        "record": {"email": "ann@x.example", "first_name": "ann", "channel": "Web", "text": "I am ann"},
        "answer": {"id": "u1"},
        "error": "",
    }


def test_where_no_answers_are_wanted_none_is_kept(quick: World) -> None:
    quick.start()
    made(quick, PEOPLE, response=False)
    intake.take_in(quick.runtime, "people", people("ann"), "people.json")
    settle(quick, 1)
    with quick.runtime.db.read():
        assert DestinationResponseRow.select().count() == 0


def test_answers_of_before_can_be_taken_and_come_once(world: World) -> None:
    world.start()
    made(world, PEOPLE)
    intake.take_in(world.runtime, "people", people("ann", "bob", "cat"), "people.json")
    settle(world, 1)
    settle(world, 2, ok=False)
    made(world, CHATS, active=False)
    took = responses.take_earlier(world.runtime, "chats", BY)
    assert (took.read, took.accepted, took.known) == (1, 1, 0)
    settle(world, 3, captured_id="u3")
    took = responses.take_earlier(world.runtime, "chats", BY)
    assert (took.read, took.accepted, took.known) == (2, 0, 2)
    assert [row.key for row in rows(world, "chats")] == ["ann@x.example", "cat@x.example"]
    with world.runtime.db.read():
        assert AuditRow.select().where(AuditRow.what == "destination.fed").count() == 2
    with pytest.raises(ConfigError, match="source: its records are not the answers of another"):
        responses.take_earlier(world.runtime, "people", BY)


def test_a_person_fed_by_key_is_written_once_however_often_the_upstream_answers(quick: World) -> None:
    quick.start()
    made(quick, PEOPLE)
    made(quick, CHATS, active=False, key="record.text")
    intake.take_in(quick.runtime, "people", people("ann"), "people.json")
    settle(quick, 1)
    settle(quick, 1, captured_id="u2")
    assert [row.key for row in rows(quick, "chats")] == ["I am ann"]


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("", ""),
        ("no JSON", "no JSON"),
        ("[1]", [1]),
        ("[" * 40 + "]" * 40, "[" * 40 + "]" * 40),
        ('["\\\\ud800"]', ["\ufffd"]),
    ],
)
def test_whatever_a_vendor_answers_can_be_passed_on(quick: World, answer: str, read: Any) -> None:
    quick.start()
    made(quick, PEOPLE)
    made(quick, CHATS, active=False)
    intake.take_in(quick.runtime, "people", people("ann"), "people.json")
    settle(quick, 1, answer=answer.replace("\\\\", "\\"))
    assert rows(quick, "chats")[0].data["answer"] == read


def test_answers_are_posted_to_who_subscribed_to_them_and_to_nobody_else(world: World) -> None:
    world.start(server="allow_private_webhooks = true")
    api = Subscriptions(world.runtime)
    made(world, PEOPLE)
    intake.take_in(world.runtime, "people", people("ann", "bob"), "people.json")
    with WebhookReceiver() as receiver, WebhookReceiver() as other:
        _, secret = api.create(receiver.url, ["responses:people"], "", BY)
        api.create(other.url, ["*"], "", BY)
        settle(world, 1)
        settle(world, 2, ok=False)
        send_due(world.runtime)
        told = [verified(each, secret, world.clock.now()) for each in receiver.received]
        assert [(each["event"], each["organization_id"]) for each in told] == [
            ("responses:people", "freshchat:support")
        ] * 2
        assert [(each["data"]["destination"], each["data"]["key"], each["data"]["ok"]) for each in told] == [
            ("people", "ann@x.example", True),
            ("people", "bob@x.example", False),
        ]
        assert other.received == []


def test_answers_are_subscribed_to_by_the_name_of_a_destination(quick: World) -> None:
    quick.start(server="allow_private_webhooks = true")
    api = Subscriptions(quick.runtime)
    for wrong in ("responses:", "responses:*", "responses:People", "responses:a/b", "answers:people"):
        with pytest.raises(ConfigError, match="there is no event"):
            api.create("http://127.0.0.1:1/", [wrong], "", BY)
    with pytest.raises(ConfigError, match=r'events: there is no event "responses:people"'):
        Destinations(quick.runtime).create({**EVENTS, "events": ["responses:people"]}, BY)


def work_off(world: World) -> None:
    """Let everything be sent, as fast as the budget allows."""
    drain(world.runtime)
    while (due := next_moment(world.runtime)) is not None:
        world.clock.turn_to(due + timedelta(microseconds=1))
        drain(world.runtime)


def test_a_chain_that_is_run_again_creates_nothing_twice(quick: World) -> None:
    quick.start()
    made(quick, PEOPLE)
    made(quick, CHATS)
    for _ in range(2):
        intake.take_in(quick.runtime, "people", people("ann", "bob"), "people.json")
        work_off(quick)
    sent = {name: [(row.state, row.error) for row in rows(quick, name)] for name in ("people", "chats")}
    assert sent == {"people": [("sent", "")] * 2, "chats": [("sent", "")] * 2}
    posted = [call.path.rpartition("/")[2] for call in quick.sim.record.calls() if call.method == "POST"]
    assert sorted(posted) == ["conversations", "conversations", "users", "users"]
    with quick.runtime.db.read():
        assert DeliveryRow.select().count() == 0


@pytest.mark.parametrize("broken", ["definition", "template"])
def test_what_feeds_a_destination_that_is_broken_is_settled_all_the_same(
    world: World, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start()
    made(world, PEOPLE)
    made(world, CHATS, active=False)
    with monkeypatch.context() as patch:
        patch.setattr(CreateConversation, "call", lambda *_: 1 / 0)
        with world.runtime.db.write():
            if broken == "definition":
                row = DestinationRow.get(DestinationRow.name == "chats")
                good = row.definition
                DestinationRow.update(definition={**good, "method": "NONE"}).where(
                    DestinationRow.id == row.id
                ).execute()
        intake.take_in(world.runtime, "people", people("ann"), "people.json")
        work_off(world)
    assert [(row.state, bool(row.captured_id)) for row in rows(world, "people")] == [("sent", True)]
    assert len(world.sim.record.calls("create_user")) == 1
    if broken == "template":
        assert [(row.state, row.error) for row in rows(world, "chats")] == [
            ("failed", "it cannot be made a request (ZeroDivisionError)")
        ]
        return
    assert rows(world, "chats") == []
    with world.runtime.db.write():
        row = DestinationRow.get(DestinationRow.name == "chats")
        assert row.held_reason.startswith("what responses:people was answered could not be taken")
        DestinationRow.update(definition=good).where(DestinationRow.id == row.id).execute()
    assert responses.take_earlier(world.runtime, "chats", BY).accepted == 1
