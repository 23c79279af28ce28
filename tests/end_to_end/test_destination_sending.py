"""How records are sent: in order, at the vendor's pace, in batches, and held back where nothing gets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.destinations import by_hand, ledger
from core.flow.disconnect import disconnect
from core.jobs import send_records
from core.provisioning import configured_connection, row_for, switch_on, verify
from tests.end_to_end.collector import Collector, with_collector
from tests.end_to_end.written import ANN, MESSAGES, USERS, Writing, people

FAST = 6000
HOUR = 3600.0
ITEMS = {"connection": "collector", "method": "POST", "url": "/items", "key": "name"}


def users(world: Any, per_minute: int = FAST, **more: Any) -> Writing:
    """A destination that creates users."""
    world.start(requests_per_minute=per_minute)
    writing = Writing(world)
    writing.to(USERS, **more)
    return writing


def messages(world: Any) -> Writing:
    """One that writes messages, each in the order of its conversation."""
    world.start(requests_per_minute=FAST)
    writing = Writing(world)
    writing.to(MESSAGES)
    return writing


def said(world: Any, conversation: Any) -> list[str]:
    """What stands in a thread after the customer's first word."""
    return [message.text for message in world.sim.thread(conversation)][1:]


def threads(world: Any) -> tuple[Any, Any]:
    """Two conversations."""
    bob = world.sim.customer("bob@example.com", "Bob")
    return world.sim.customer_writes(world.ada, "Hi"), world.sim.customer_writes(bob, "Hi")


def in_turn(first: Any, second: Any, number: int) -> list[dict[str, Any]]:
    """Records for two conversations: a 0, b 0, a 1, b 1, and so on."""
    both = (("a", first), ("b", second))
    return [{"conversation_id": one.id, "message": f"{name} {n}"} for n in range(number) for name, one in both]


def posts(world: Any) -> int:
    return len(world.sim.record.calls("create_user"))


@pytest.fixture
def collecting(world: Any) -> Iterator[Callable[..., tuple[Writing, Collector]]]:
    made: list[Collector] = []

    def start(name: str = "records", per_minute: int = FAST, **given: Any) -> tuple[Writing, Collector]:
        made.append(with_collector(world, per_minute))
        writing = Writing(world)
        writing.to(ITEMS, name=name, **given)
        return writing, made[0]

    yield start
    for each in made:
        each.stop()
        assert each.broken == []


def items(*names: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"name": str(name), **more} for name in names]


# ------------------------------------------------------------------------------------------------ whether


def test_154_nothing_is_sent_before_activation_and_all_afterwards(world: Any) -> None:
    world.start(requests_per_minute=FAST)
    writing = Writing(world)
    writing.to(USERS, active=False)
    writing.take(*people(1, 2))
    writing.run(HOUR)
    assert (posts(world), writing.states()) == (0, ["waiting"] * 2)
    writing.catalogue.activate("records", ANN)
    writing.run(1)
    assert writing.states() == ["sent"] * 2
    assert {row.captured_id for row in writing.rows()} == {one for [one] in writing.users().values()}


@pytest.mark.parametrize("stop", ["pause", "deactivate"])
def test_what_is_stopped_between_plan_and_call_sends_nothing_and_goes_on_later(
    quick: Any, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = users(quick)
    writing.take(*people(*range(5)))
    meanwhile(writing, monkeypatch, 3, lambda: getattr(writing.catalogue, stop)("records", ANN))
    writing.run(HOUR)
    assert (posts(quick), writing.counts()) == (2, {"sent": 2, "waiting": 3})
    assert send_records.next_moment(quick.runtime) is None
    {"pause": writing.catalogue.resume, "deactivate": writing.catalogue.activate}[stop]("records", ANN)
    writing.run(1)
    assert (posts(quick), writing.counts()) == (5, {"sent": 5})


def meanwhile(writing: Writing, patch: pytest.MonkeyPatch, number: int, happens: Callable[[], Any]) -> None:
    """Have something happen after the plan for the call of this number, and before it is recorded."""
    begin, begun = ledger.begin, [0]

    def watched(*given: Any) -> int | None:
        begun[0] += 1
        if begun[0] == number:
            happens()
        return begin(*given)

    patch.setattr(ledger, "begin", watched)


def test_a_definition_that_changes_between_plan_and_call_is_what_is_sent(
    quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = users(quick)
    writing.take(*people(*range(3)))
    changed = {**USERS, "constants": {"last_name": "Changed"}}
    meanwhile(writing, monkeypatch, 2, lambda: writing.catalogue.update("records", changed, ANN))
    writing.run(1)
    sent = [call.body.get("last_name") for call in quick.sim.record.calls("create_user")]
    assert (sent, writing.counts()) == ([None, "Changed", "Changed"], {"sent": 3})


def test_a_record_that_is_dropped_between_plan_and_call_is_not_sent(
    quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = users(quick)
    writing.take(*people(*range(3)))
    last = writing.row(2).id
    meanwhile(writing, monkeypatch, 3, lambda: by_hand.drop(quick.runtime, "records", last, ANN))
    writing.run(HOUR)
    assert (posts(quick), writing.states()) == (2, ["sent", "sent", "dropped"])


def test_a_destination_that_is_removed_while_it_is_worked_on_ends_the_turn(
    quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = users(quick)
    writing.take(*people(*range(3)))

    def removed() -> None:
        writing.catalogue.deactivate("records", ANN)
        writing.catalogue.delete("records", ANN)

    meanwhile(writing, monkeypatch, 2, removed)
    writing.run(HOUR)
    assert (posts(quick), writing.rows(), writing.calls()) == (1, [], [])


def test_a_connection_that_is_cut_between_plan_and_call_sends_nothing_more(
    quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = users(quick)
    writing.take(*people(*range(4)))
    meanwhile(writing, monkeypatch, 3, lambda: disconnect(quick.runtime, quick.connections.named("support"), ANN))
    writing.run(HOUR)
    assert (posts(quick), writing.counts()) == (2, {"sent": 2, "waiting": 2})
    assert "not connected" in writing.destination().held_reason


# -------------------------------------------------------------------------------------------------- order


def test_records_of_one_conversation_are_written_in_their_order(world: Any) -> None:
    writing = messages(world)
    first, second = threads(world)
    writing.take(
        *(
            {"conversation_id": one.id, "message": f"{name} {n}"}
            for n in range(4)
            for name, one in (("a", first), ("b", second))
        )
    )
    writing.run(1)
    assert said(world, first) == [f"a {n}" for n in range(4)]
    assert said(world, second) == [f"b {n}" for n in range(4)]


@pytest.mark.parametrize("performed", [True, False])
def test_one_in_doubt_holds_up_its_lane_and_nobody_else(world: Any, performed: bool) -> None:
    writing = messages(world)
    first, second = threads(world)
    world.sim.fault("send_message", "cut", performed=performed, when=lambda body: "a 0" in str(body))
    writing.take(
        *(
            {"conversation_id": one.id, "message": f"{name} {n}"}
            for n in range(3)
            for name, one in (("a", first), ("b", second))
        )
    )
    writing.run(30)
    assert (said(world, first), said(world, second)) == (["a 0"] * performed, ["b 0", "b 1", "b 2"])
    assert writing.states() == ["uncertain", "sent", "waiting", "sent", "waiting", "sent"]
    writing.run(150)
    assert (said(world, first), writing.counts()) == (["a 0", "a 1", "a 2"], {"sent": 6})


def test_one_that_has_failed_holds_up_nobody(world: Any) -> None:
    writing = messages(world)
    thread = world.sim.customer_writes(world.ada, "Hi")
    world.sim.fault("send_message", "404", when=lambda body: "m 0" in str(body))
    writing.take(*({"conversation_id": thread.id, "message": f"m {n}"} for n in range(3)))
    writing.run(1)
    assert (said(world, thread), writing.states()) == (["m 1", "m 2"], ["failed", "sent", "sent"])
    assert "404" in writing.row().error


def test_while_a_lane_waits_there_is_no_end_of_looking(world: Any) -> None:
    """What waits behind a call in doubt does not keep a thread busy, and a new record of another lane goes at once."""
    writing = messages(world)
    first, second = threads(world)
    world.sim.fault("send_message", "cut")
    writing.take(*({"conversation_id": first.id, "message": f"a {n}"} for n in range(2)))
    writing.run(10)
    assert writing.states() == ["uncertain", "waiting"]
    assert writing.drain() == 0
    writing.take({"conversation_id": second.id, "message": "b"})
    assert writing.drain() == 1
    assert said(world, second) == ["b"]


# --------------------------------------------------------------------------------------- what does not work


def refused(world: Any, number: int) -> Writing:
    """So many records, whose account has refused its key for six hours."""
    writing = users(world)
    world.sim.fault("create_user", "401", times=None)
    writing.take(*people(*range(number)))
    writing.run(6 * HOUR)
    assert writing.counts() == {"waiting": number}
    return writing


def test_a_refused_credential_holds_everything_back_and_fails_nothing(world: Any) -> None:
    writing = refused(world, 50)
    assert 10 < posts(world) < 50
    assert "401" in writing.destination().held_reason
    world.sim.faults.clear()
    writing.run(1000)
    assert (writing.counts(), writing.destination().held_reason) == ({"sent": 50}, "")


def test_who_connects_the_account_again_need_not_wait_for_the_pause_to_be_over(world: Any) -> None:
    writing = refused(world, 3)
    world.sim.faults.clear()
    configured = configured_connection(world.runtime, "support")
    revision = row_for(world.runtime, configured).revision
    switch_on(world.runtime, configured, verify(world.runtime, configured), revision)
    writing.run(1)
    row = writing.destination()
    assert (writing.counts(), row.held_until, row.held_reason, row.failures) == ({"sent": 3}, None, "", 0)


def test_what_is_forbidden_fails_one_record_at_a_time_and_ever_more_slowly(quick: Any) -> None:
    writing = users(quick)
    quick.sim.fault("create_user", "403", times=None)
    writing.take(*people(*range(100)))
    writing.run(6 * HOUR)
    assert writing.counts()["failed"] == posts(quick) < 50
    assert writing.counts()["waiting"] > 50


def test_429_is_obeyed(world: Any) -> None:
    writing = users(world)
    world.sim.fault("create_user", "429", retry_after=300)
    writing.take(*people(1, 2))
    writing.run(299)
    assert (posts(world), writing.counts()) == (1, {"waiting": 2})
    writing.run(100)
    assert (posts(world), writing.counts()) == (3, {"sent": 2})


def test_429_that_says_not_to_wait_is_no_reason_to_storm(quick: Any) -> None:
    writing = users(quick)
    quick.sim.fault("create_user", "429", times=None, retry_after=0)
    writing.take(*people(1, 2))
    writing.run(60)
    assert posts(quick) <= 61


def test_a_vendor_that_is_not_there_is_waited_for(world: Any) -> None:
    writing = users(world)
    world.sim.stop()
    writing.take(*people(*range(5)))
    writing.run(6 * HOUR)
    assert writing.counts() == {"waiting": 5}
    assert len(writing.calls()) < 50
    world.sim.start()
    writing.run(1000)
    assert writing.counts() == {"sent": 5}


@pytest.mark.parametrize("performed", [True, False])
def test_a_vendor_that_breaks_down_is_not_stormed_and_nothing_is_lost_or_doubled(world: Any, performed: bool) -> None:
    writing = users(world)
    fault = world.sim.fault("create_user", "500", times=None, performed=performed)
    writing.take(*people(*range(60)))
    writing.run(6 * HOUR)
    assert fault.hits < 60
    assert len(world.sim.record.calls()) < 400
    world.sim.faults.clear()
    writing.run(HOUR)
    assert writing.counts() == {"sent": 60}
    assert all(len(ids) == 1 for ids in writing.users().values())


def test_a_record_that_nobody_can_write_is_left_to_a_person_while_others_get_through(world: Any) -> None:
    writing = users(world)
    world.sim.fault("create_user", "500", times=None, when=lambda body: body["email"] == "p0@example.com")
    writing.take(*people(*range(20)))
    for number in range(20, 60):
        writing.take(*people(number))
        writing.run(60)
    assert writing.counts() == {"sent": 59, "parked": 1}
    assert "nobody knows why" in writing.row().error
    assert writing.row().attempts == 4


def test_a_mistake_in_a_template_costs_the_record_that_it_is_about(quick: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.freshchat.templates import CreateEndUser

    call = CreateEndUser.call

    def mistaken(self: Any, records: Any, connection: Any) -> Any:
        return call(self, records, connection) if records[0]["email"] != "p1@example.com" else 1 / 0

    writing = users(quick)
    writing.take(*people(*range(3)))
    monkeypatch.setattr(CreateEndUser, "call", mistaken)
    writing.run(1)
    assert writing.states() == ["sent", "failed", "sent"]
    assert "ZeroDivisionError" in writing.row(1).error


# ------------------------------------------------------------------------------------------------ the pace


def test_no_minute_sees_more_calls_than_the_connection_may_make_and_they_are_spread(world: Any) -> None:
    writing = users(world, per_minute=60)
    world.sim.record.clear()
    writing.take(*people(*range(150)))
    started = world.clock.now()
    writing.run(200)
    assert writing.counts() == {"sent": 150}
    assert world.sim.record.per_minute() <= 60
    calls = world.sim.record.calls("create_user")
    gaps = [(after.at - before.at).total_seconds() for before, after in pairwise(calls)]
    assert max(gaps) < 3
    assert (calls[-1].at - started).total_seconds() > 150


def test_an_answer_to_a_customer_need_not_wait_behind_records(world: Any) -> None:
    writing = users(world, per_minute=60)
    writing.take(*people(*range(500)))

    def second() -> None:
        until = world.clock.now() + timedelta(seconds=1)
        send_records.drain(world.runtime, halted=lambda: world.clock.now() >= until)
        world.clock.turn_to(until)

    for _ in range(120):
        second()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    asked = world.clock.now()
    for _ in range(20):
        world.run(0)
        second()
    reply = next(message for message in world.sim.thread(conversation) if message.text == "Hello from the AI.")
    assert (reply.created_time - asked).total_seconds() < 15
    assert writing.counts()["waiting"] > 100


def test_looks_that_belong_together_come_to_their_end_however_small_the_budget(world: Any) -> None:
    """By email, then by phone, then the call: three calls a record, where one may be made in several seconds."""
    writing = users(world, per_minute=12, exists="skip")
    writing.take(*({**person, "phone": f"+49 30 {n}"} for n, person in enumerate(people(1, 2, 3))))
    writing.run(20 * 61)
    assert writing.counts() == {"sent": 3}
    assert world.sim.record.per_minute() <= 12


# ------------------------------------------------------------------------------------------------- look-ups


def test_what_is_looked_up_is_asked_once(collecting: Any) -> None:
    writing, collector = collecting(fields={"name": "name", "owner": "number(owner)"})
    writing.take(*({"name": f"n{n}", "owner": f"o{n % 3}"} for n in range(30)))
    writing.run(1)
    assert [item["owner"] for item in collector.items] == [str(1000 + n % 3) for n in range(30)]
    assert len(collector.record.calls("find_name")) == 3


def test_what_is_not_found_is_shown_by_the_record_and_asked_once(collecting: Any) -> None:
    writing, collector = collecting(fields={"name": "name", "owner": "number(owner)"})
    writing.take(*({"name": f"n{n}", "owner": "nobody" if n % 2 else "o1"} for n in range(10)))
    writing.run(1)
    assert writing.states() == ["sent", "failed"] * 5
    assert "nobody is called nobody" in writing.row(1).error
    assert len(collector.record.calls("find_name")) == 2


def test_a_look_up_that_fails_for_one_record_holds_up_no_other(collecting: Any) -> None:
    writing, collector = collecting(fields={"name": "name", "owner": "number(owner)"})
    broken = collector.fault("find_name", "503", times=None)
    writing.take(*({"name": f"n{n}", "owner": f"o{n}"} for n in range(5)))
    writing.run(30)
    assert (writing.counts(), collector.items) == ({"waiting": 5}, [])
    assert "503" in writing.destination().held_reason
    collector.faults.clear()
    collector.fault("find_name", "503", times=1)
    writing.run(HOUR)
    assert (writing.counts(), broken.hits < 12) == ({"sent": 5}, True)


def test_what_could_be_looked_up_is_sent_although_the_budget_ends_the_looking(collecting: Any) -> None:
    """Else names that are forgotten before the last one is known would be asked for again and again."""
    writing, collector = collecting(per_minute=30, fields={"name": "name", "owner": "number(owner)"})
    writing.take(*({"name": f"n{n}", "owner": f"o{n}"} for n in range(100)))
    writing.run(12 * 61)
    assert writing.counts() == {"sent": 100}
    assert len(collector.record.calls("find_name")) == 100
    assert collector.record.per_minute() <= 30


# ---------------------------------------------------------------------------------------- what exists already


@pytest.mark.parametrize("answered", ["refuse", "reject"])
def test_what_exists_already_fails_is_skipped_or_is_updated(world: Any, answered: str) -> None:
    world.start(requests_per_minute=FAST)
    world.sim.quirks.duplicate_email = answered
    writing = Writing(world)
    there = world.sim.customer("p1@example.com", "Old")
    world.clock.advance(HOUR)
    for exists, state in (("fail", "failed"), ("skip", "skipped"), ("update", "sent")):
        writing.to(USERS, name=exists, exists=exists)
        writing.take(*people(1), name=exists)
        writing.run(5)
        [row] = writing.rows(exists)
        assert (exists, row.state) == (exists, state)
        assert row.captured_id == ("" if exists == "fail" else there.id)
        assert there.first_name == ("Person 1" if exists == "update" else "Old")
    assert len(writing.users()["p1@example.com"]) == 1


@pytest.mark.parametrize("answered", ["refuse", "reject"])
@pytest.mark.parametrize("exists", ["fail", "skip", "update"])
def test_what_comes_to_be_there_between_the_look_and_the_call_is_dealt_with_all_the_same(
    world: Any, monkeypatch: pytest.MonkeyPatch, exists: str, answered: str
) -> None:
    writing = users(world, exists=exists)
    world.sim.quirks.duplicate_email = answered
    writing.take(*people(1, 2))
    made: list[Any] = []
    meanwhile(writing, monkeypatch, 1, lambda: made.append(world.sim.customer("p1@example.com", "Old")))
    # What has come at the same moment could be taken for ours.
    monkeypatch.setattr("plugins.freshchat.template_evidence.CLOCK_SKEW", timedelta(seconds=-1))
    writing.run(5)
    expected = {"fail": "failed", "skip": "skipped", "update": "sent"}[exists]
    assert writing.states() == [expected, "sent"]
    assert made[0].first_name == ("Person 1" if exists == "update" else "Old")
    assert len(writing.users()["p1@example.com"]) == 1


# --------------------------------------------------------------------------------------------------- batches


def test_159_a_batch_takes_so_many_and_the_rest_waits_for_its_seconds(collecting: Any) -> None:
    writing, collector = collecting(batch={"size": 10, "seconds": 60})
    writing.take(*items(*range(25)))
    writing.run(59)
    assert collector.sizes == [10, 10]
    writing.run(2)
    assert collector.sizes == [10, 10, 5]
    assert collector.names() == [str(n) for n in range(25)]
    assert [row.captured_id for row in writing.rows()] == [str(n) for n in range(1, 26)]


def test_a_batch_that_is_filled_meanwhile_goes_at_once(collecting: Any) -> None:
    writing, collector = collecting(batch={"size": 10, "seconds": 600})
    writing.take(*items(*range(6)))
    writing.run(30)
    assert collector.sizes == []
    writing.take(*items(*range(6, 12)))
    writing.run(1)
    assert collector.sizes == [10]
    writing.run(600)
    assert collector.sizes == [10, 2]


def test_what_a_person_sends_again_does_not_wait_behind_a_growing_batch(collecting: Any) -> None:
    writing, collector = collecting(batch={"size": 2, "seconds": 600})
    writing.take({"name": "0", "bad": True}, {"name": "1"})
    writing.run(700)
    assert writing.states() == ["failed", "sent"]
    writing.take(*items(2))
    writing.run(10)
    by_hand.retry(writing.runtime, "records", writing.row().id, ANN, {"name": "0"})
    writing.run(1)
    assert (writing.states(), collector.names()) == (["sent"] * 3, ["1", "0", "2"])


def test_each_group_of_a_field_waits_for_itself(collecting: Any) -> None:
    writing, collector = collecting(batch={"size": 3, "seconds": 60, "group_by": "field", "field": "city"})
    writing.take(*({"name": f"{n}", "city": "Bonn" if n % 2 else "Ulm"} for n in range(4)))
    writing.run(50)
    writing.take({"name": "late", "city": "Kiel"}, {"name": "4", "city": "Ulm"})
    writing.run(1)
    assert [[item["name"] for item in collector.items], collector.sizes] == [["0", "2", "4"], [3]]
    writing.run(11)
    assert collector.names()[3:] == ["1", "3"]
    writing.run(60)
    assert (collector.names()[5:], collector.sizes) == (["late"], [3, 2, 1])


def test_a_batch_has_no_more_bytes_than_it_may(collecting: Any) -> None:
    writing, collector = collecting(batch={"size": 100, "group_by": "bytes", "bytes": 1000, "seconds": 5})
    writing.take(*items(*range(30), text="x" * 80))
    writing.run(10)
    assert sum(collector.sizes) == 30
    bodies = [call.body for call in collector.record.calls("take_items")]
    assert all(len(str(body)) <= 1000 for body in bodies)
    assert len(bodies) <= 5


def test_records_that_come_within_a_time_go_together(collecting: Any) -> None:
    writing, collector = collecting(batch={"group_by": "time", "seconds": 30})
    for number in range(5):
        writing.take(*items(number))
        writing.run(9)
    writing.run(60)
    assert (collector.sizes, writing.counts()) == ([4, 1], {"sent": 5})


def test_a_batch_may_stand_under_a_key_and_each_record_has_its_own_outcome(collecting: Any) -> None:
    writing, collector = collecting(batch={"size": 4, "under": "records", "seconds": 0})
    writing.take(*({"name": str(n), "bad": n == 2} for n in range(4)))
    writing.run(1)
    [call] = collector.record.calls("take_items")
    assert [each["name"] for each in call.body["records"]] == ["0", "1", "2", "3"]
    assert [(row.state, row.captured_id, row.error) for row in writing.rows()] == [
        ("sent", "1", ""),
        ("sent", "2", ""),
        ("failed", "", "it is bad"),
        ("sent", "3", ""),
    ]


def test_a_growing_batch_is_not_overtaken_by_a_later_one_of_its_lane(collecting: Any) -> None:
    writing, collector = collecting(
        name="other",
        url="/things/{thing}",
        method="PUT",
        batch={"size": 2, "seconds": 60, "group_by": "field", "field": "city"},
    )
    records = [("a", "Ulm"), ("b", "Bonn"), ("c", "Bonn")]
    writing.take(*({"name": name, "thing": "t", "city": city} for name, city in records), name="other")
    writing.run(30)
    assert len(collector.record.calls("change_thing")) == 0
    writing.run(40)
    sent = [[each["name"] for each in call.body] for call in collector.record.calls("change_thing")]
    assert sent == [["a"], ["b", "c"]]


def test_headers_are_sent_and_ours_stay_ours(collecting: Any) -> None:
    writing, collector = collecting(headers="h1:v1,h2:v2")
    writing.take(*items("a"))
    writing.run(1)
    [sent] = collector.headers
    assert (sent["H1"], sent["H2"], sent["Content-Type"]) == ("v1", "v2", "application/json")
    assert sent["Authorization"].startswith("Bearer ")


def test_rows_of_one_person_become_one_conversation(world: Any) -> None:
    world.start(requests_per_minute=FAST)
    writing = Writing(world)
    channel = next(iter(world.sim.account.channels.values()))
    bob = world.sim.customer("bob@example.com", "Bob")
    constants = {"channel_id": channel.id}
    given = {"connection": "support", "template": "create_conversation", "key": "message", "constants": constants}
    writing.to(given, batch={"size": 10, "seconds": 0})
    order = [(world.ada, "a1"), (bob, "b1"), (world.ada, "a2"), (world.ada, "a3"), (bob, "b2")]
    writing.take(*({"user_id": user.id, "message": text} for user, text in order))
    writing.run(1)
    threads = {tuple(m.text for m in world.sim.thread(one)) for one in world.sim.conversations}
    assert threads == {("a1", "a2", "a3"), ("b1", "b2")}
    assert len({row.captured_id for row in writing.rows()}) == 2
    assert len(world.sim.record.calls("create_conversation")) == 2
