"""Calls whose end nobody knows: in the end each record is written exactly once, or a person is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.destinations import by_hand, claims, ledger, reconcile
from core.destinations.claims import Claim
from core.destinations.equipment import equip
from core.destinations.ledger import Planned
from core.destinations.outcomes import SENT, UNCERTAIN, Outcome
from core.domain import Priority
from core.errors import ConfigError
from core.jobs import send_records
from core.store.models import DestinationCallRow, DestinationRecordRow
from core.testing.clock import FakeClock
from core.testing.faults import KINDS
from tests.end_to_end.collector import with_collector
from tests.end_to_end.worlds import World
from tests.end_to_end.written import ANN, USERS, Writing, people

FAST = 6000
FAULTS = [
    (kind, performed)
    for kind in KINDS
    for performed in (True, False)
    if kind not in ("late", "401", "403", "404", "429") and (performed or kind not in ("slow", "drip", "half_body"))
]
"""Each kind of fault that tells nothing certain, with the call's work done or not."""
SLOW = {"slow": 2.0, "drip": 0.2}


class Endpoint:
    """One that writes: how a destination is made of it, and what it has written by the simulator's own count."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.writing = Writing(world)
        bob = world.sim.customer("bob@example.com", "Bob")
        self.threads = [world.sim.customer_writes(user, "Hi") for user in (world.ada, bob)]
        self.users = (world.ada, bob)
        channel = next(iter(world.sim.account.channels.values()))
        constants = {"channel_id": channel.id} if name == "create_conversation" else {}
        self.given = {"connection": "support", "template": name, "constants": constants}
        self.faulty = {"create_end_user": "create_user"}.get(name, name)

    def records(self) -> list[dict[str, Any]]:
        """Two records."""
        threads, users, agents = self.threads, self.users, (self.world.ai, self.world.human)
        made: dict[str, Callable[[int], dict[str, Any]]] = {
            "create_end_user": lambda n: {"first_name": f"P{n}", "email": f"p{n}@example.com"},
            "create_conversation": lambda n: {"user_id": users[n].id, "message": f"new {n}"},
            "send_message": lambda n: {"conversation_id": threads[n].id, "message": f"said {n}"},
            "update_conversation": lambda n: {"conversation_id": threads[n].id, "status": "resolved"},
            "update_agent": lambda n: {"agent_id": agents[n].id, "availability_status": "UNAVAILABLE"},
        }
        return [made[self.name](n) for n in range(2)]

    def written(self) -> list[list[str]]:
        """The ids under which each of the two is to be found."""
        sim = self.world.sim
        match self.name:
            case "create_end_user":
                return [self.writing.users().get(f"p{n}@example.com", []) for n in range(2)]
            case "create_conversation":
                every = [(one.id, message.text) for one in sim.conversations for message in sim.thread(one)]
                return [[where for where, text in every if text == f"new {n}"] for n in range(2)]
            case "send_message":
                return [[m.id for m in sim.thread(self.threads[n]) if m.text == f"said {n}"] for n in range(2)]
            case "update_conversation":
                return [[one.id] if one.status == "resolved" else [] for one in self.threads]
            case _:
                return [[one.id] if one.availability_status == "UNAVAILABLE" else [] for one in sim.agents[1:3]]


ENDPOINTS = ["create_end_user", "create_conversation", "send_message", "update_conversation", "update_agent"]


EACH = [
    pytest.param(name, kind, performed, id=f"{name}-{kind}-{'done' if performed else 'not'}")
    for name in ENDPOINTS
    for kind, performed in FAULTS
    # Updates are answered with nothing by some accounts: there the vendor's word is taken.
    if performed or kind not in ("202", "empty200") or not name.startswith("update")
]


@pytest.mark.parametrize(("name", "kind", "performed"), EACH)
def test_whatever_becomes_of_a_call_its_record_is_written_once(
    quick: Any, name: str, kind: str, performed: bool
) -> None:
    quick.start(requests_per_minute=FAST)
    endpoint = Endpoint(name, quick)
    writing = endpoint.writing
    writing.to(endpoint.given)
    quick.sim.fault(endpoint.faulty, kind, performed=performed, seconds=SLOW.get(kind))
    writing.take(*endpoint.records())
    writing.run(1000)
    [first, second] = endpoint.written()
    refused = kind in ("400_posted", "redirect") and not performed
    states = writing.states()
    assert states == ["failed" if refused else "sent", "sent"], [row.error for row in writing.rows()]
    assert (len(first), len(second)) == (0 if refused else 1, 1)
    assert [row.captured_id for row in writing.rows()] == ["" if refused else first[0], second[0]]


@pytest.mark.parametrize("performed", [True, False])
@pytest.mark.parametrize("kind", ["timeout", "cut", "500", "garbage", "html200", "huge"])
def test_what_cannot_be_looked_for_is_left_to_a_person_and_never_written_again(
    world: Any, kind: str, performed: bool
) -> None:
    with_collector(world)
    writing = Writing(world)
    url = {"connection": "support", "method": "POST", "url": "/users"}
    writing.to(url, key="email")
    world.sim.fault("create_user", kind, performed=performed)
    writing.take(*people(1, 2))
    writing.run(6 * 3600)
    assert writing.states() == ["parked", "sent"]
    assert len(world.sim.record.calls("create_user")) == 2
    assert "without a template" in writing.row().error
    by_hand.arrived(world.runtime, "records", writing.row().id, ANN, "42")
    assert (writing.row().state, writing.row().captured_id) == ("sent", "42")


@pytest.mark.parametrize("performed", [True, False])
def test_where_nothing_is_to_be_sent_again_by_itself_what_is_not_found_is_left_to_a_person(
    world: Any, performed: bool
) -> None:
    world.start(requests_per_minute=FAST, uncertain="park")
    writing = Writing(world)
    writing.to(USERS)
    world.sim.fault("create_user", "cut", performed=performed)
    writing.take(*people(1))
    writing.run(1000)
    assert writing.states() == ["sent" if performed else "parked"]
    assert len(world.sim.record.calls("create_user")) == 1


def test_an_effect_that_comes_late_is_found_and_not_doubled(world: Any) -> None:
    writing = started(world)
    world.sim.fault("create_user", "late", seconds=None)
    writing.take(*people(1))
    writing.run(80)  # the quarantine is over, and the first look has found nothing
    assert world.sim.apply_late() == 1
    writing.run(200)
    assert (writing.states(), len(writing.users()["p1@example.com"])) == (["sent"], 1)
    assert writing.calls()[0].confirmed_by == "readback"


def test_a_vendor_that_cannot_be_read_for_an_hour_is_read_later_and_for_a_day_is_left_to_a_person(world: Any) -> None:
    writing = started(world)
    world.sim.fault("create_user", "cut", performed=True)
    world.sim.fault("list_users", "503", times=None)
    writing.take(*people(1))
    writing.run(3600)
    assert (writing.states(), len(world.sim.record.calls("list_users")) < 20) == (["uncertain"], True)
    world.sim.faults.clear()
    writing.run(1000)
    assert writing.states() == ["sent"]
    world.sim.fault("create_user", "cut", performed=True)
    world.sim.fault("list_users", "503", times=None)
    writing.take(*people(2))
    writing.run(26 * 3600)
    assert writing.states() == ["sent", "parked"]
    assert len(world.sim.record.calls("create_user")) == 2


def test_a_mistake_in_the_look_for_one_call_costs_no_other(quick: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.freshchat.templates import CreateEndUser

    find = CreateEndUser.find

    def mistaken(self: Any, call: Any, *rest: Any) -> Any:
        return find(self, call, *rest) if call.body["email"] != "p0@example.com" else 1 / 0

    monkeypatch.setattr(CreateEndUser, "find", mistaken)
    writing = started(quick)
    quick.sim.fault("create_user", "cut", times=2, performed=True)
    writing.take(*people(0, 1, 2))
    writing.run(1000)
    assert writing.states() == ["uncertain", "sent", "sent"]
    writing.run(25 * 3600)
    assert writing.states() == ["parked", "sent", "sent"]
    assert len(quick.sim.record.calls("create_user")) == 3


# ------------------------------------------------------------------------------------- processes that die


def started(world: Any, **connection: Any) -> Writing:
    """A destination that creates users."""
    world.start(requests_per_minute=FAST, **connection)
    writing = Writing(world)
    writing.to(USERS)
    return writing


def abandoned(writing: Writing, performed: bool) -> tuple[Claim, int]:
    """Begin the call for the first record that waits, make it or not, and do nothing more: the process has died."""
    runtime = writing.runtime
    claim = claims.claim(runtime)
    assert claim
    row = writing.destination()
    equipment = equip(runtime, row, writing.cache, Priority.DESTINATION)
    record = next(each for each in writing.rows() if each.state == "waiting")
    prepared = equipment.renderer.prepare(record.data, equipment.look_up)
    call = equipment.renderer.call([prepared])
    planned = Planned(call, (record.id,), prepared.lane, equipment.definition.template)
    call_id = ledger.begin(runtime, claim, row.revision, planned)
    assert call_id
    if performed:
        equipment.http.request(call.verb, call.path, json=call.body)
    return claim, call_id


@pytest.mark.parametrize("performed", [True, False])
def test_what_a_dead_process_has_begun_is_looked_for_and_never_blindly_repeated(world: Any, performed: bool) -> None:
    writing = started(world)
    writing.take(*people(1, 2))
    abandoned(writing, performed)
    assert writing.drain() == 0  # it may be alive: its lease is not over
    writing.run(59)
    assert (writing.states(), len(writing.users())) == (["sending", "waiting"], int(performed))
    writing.run(500)
    assert writing.states() == ["sent", "sent"]
    assert [len(ids) for ids in writing.users().values()] == [1, 1]
    assert {row.captured_id for row in writing.rows()} == {one for [one] in writing.users().values()}


def test_a_late_answer_counts_if_nothing_else_is_known(world: Any) -> None:
    writing = started(world)
    writing.take(*people(1))
    _, call_id = abandoned(writing, performed=True)
    [[made]] = writing.users().values()
    writing.world.clock.advance(61)
    claim = claims.claim(writing.runtime)  # another has it now, and the call is in doubt
    assert claim and writing.states() == ["uncertain"]
    assert settled(writing, call_id, Outcome(SENT, 200, captured_id=made))
    assert (writing.states(), writing.row().captured_id) == (["sent"], made)
    assert not settled(writing, call_id, Outcome(UNCERTAIN))


def settled(writing: Writing, call_id: int, outcome: Outcome) -> bool:
    equipment = equip(writing.runtime, writing.destination(), writing.cache, Priority.DESTINATION)
    return ledger.settle(writing.runtime, equipment.definition, call_id, outcome)


def test_an_answer_that_comes_after_the_call_was_given_up_keeps_the_record_from_going_again(world: Any) -> None:
    writing = started(world)
    writing.take(*people(1))
    _, call_id = abandoned(writing, performed=False)
    world.sim.fault("create_user", "401", times=None)
    writing.run(300)
    assert writing.states() == ["waiting"]  # nowhere to be found, and then refused for the credential
    with writing.runtime.db.write():
        DestinationRecordRow.update(call=call_id).execute()
    assert settled(writing, call_id, Outcome(SENT, 200, captured_id="late"))
    world.sim.faults.clear()
    writing.run(3600)
    assert (writing.states(), writing.row().captured_id, writing.users()) == (["sent"], "late", {})


def test_what_a_person_has_decided_stays_whatever_is_heard_later(world: Any) -> None:
    with_collector(world)
    writing = Writing(world)
    writing.to({"connection": "support", "method": "POST", "url": "/users"}, key="email")
    world.sim.fault("create_user", "cut")
    writing.take(*people(1))
    writing.run(300)
    [call] = writing.calls()
    assert (call.state, writing.states()) == ("parked", ["parked"])
    by_hand.drop(world.runtime, "records", writing.row().id, ANN)
    assert settled(writing, call.id, Outcome(SENT, 200, captured_id="late"))
    assert (writing.states(), writing.row().captured_id) == (["dropped"], "")


def test_a_claim_that_was_lost_begins_nothing_breaks_nothing_and_concludes_nothing(world: Any) -> None:
    writing = started(world)
    writing.take(*people(1, 2))
    stale, call_id = abandoned(writing, performed=False)
    world.clock.advance(61)
    fresh = claims.claim(writing.runtime)
    assert fresh and fresh.fence == stale.fence + 1
    runtime, revision, record = writing.runtime, writing.destination().revision, writing.row(1)
    equipment = equip(runtime, writing.destination(), writing.cache, Priority.DESTINATION)
    call = equipment.renderer.call([equipment.renderer.prepare(record.data, equipment.look_up)])
    assert ledger.begin(runtime, stale, revision, Planned(call, (record.id,), "", "create_end_user")) is None
    assert not ledger.break_records(runtime, stale, revision, [record.id], "email", "stale")
    assert not ledger.skip_records(runtime, stale, revision, equipment.definition, [record.id], "stale")
    assert not ledger.settle(runtime, equipment.definition, call_id, Outcome(SENT), "readback", stale)
    assert reconcile.look(runtime, stale, writing.cache) == 0
    claims.wait_until(runtime, stale, world.clock.now())
    claims.give_back(runtime, stale)
    assert writing.states() == ["uncertain", "waiting"]
    assert claims.claim(runtime) is None  # it is still the other's
    claims.give_back(runtime, fresh)
    assert not claims.renew(runtime, fresh)  # what was given back is not taken again by a renewal that comes late
    assert claims.claim(runtime) is not None


def test_two_workers_never_work_on_one_destination_together(world: Any) -> None:
    writing = started(world)
    for name in ("more", "most"):
        writing.to(USERS, name=name)
    for number, name in enumerate(("records", "more", "most")):
        writing.take(*people(*range(100 * number, 100 * number + 25)), name=name)
    threads = [threading.Thread(target=send_records.drain, args=(world.runtime,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writing.run(600)
    assert [len(ids) for ids in writing.users().values()] == [1] * 75
    with writing.runtime.db.read():
        calls = list(DestinationCallRow.select().order_by(DestinationCallRow.id))
    assert {call.state for call in calls} == {"sent"}


# ------------------------------------------------------------------------------------------- at random


class Life(RuleBasedStateMachine):
    """One destination, to which anything happens in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        url = f"sqlite:///{self.folder.name}/relaydesk.db"
        self.world = World(Path(self.folder.name), url, FakeClock())
        self.next = 0

    @initialize(duplicates=st.sampled_from(["allow", "refuse", "reject"]), exists=st.sampled_from(["fail", "skip"]))
    def begins(self, duplicates: str, exists: str) -> None:
        self.world.sim.quirks.duplicate_email = duplicates
        self.world.start(requests_per_minute=FAST)
        self.writing = Writing(self.world)
        self.writing.to(USERS, exists=exists)

    @rule(number=st.integers(1, 4), again=st.booleans())
    def takes_in(self, number: int, again: bool) -> None:
        first = max(0, self.next - 2) if again else self.next
        self.writing.take(*people(*range(first, first + number)))
        self.next = max(self.next, first + number)

    @rule(what=st.sampled_from(["pause", "resume", "deactivate", "activate"]))
    def is_switched(self, what: str) -> None:
        try:
            getattr(self.writing.catalogue, what)("records", ANN)
        except ConfigError:
            assert what in ("pause", "resume")

    @rule(name=st.sampled_from(["", "Smith"]))
    def is_changed(self, name: str) -> None:
        row = self.writing.destination()
        given = {**row.definition, "constants": {"last_name": name} if name else {}}
        self.writing.catalogue.update("records", given, ANN)

    @rule(
        kind=st.sampled_from(["timeout", "cut", "500", "503", "garbage", "429", "401", "400_posted", "empty200"]),
        performed=st.booleans(),
        times=st.sampled_from([1, 3]),
    )
    def goes_wrong(self, kind: str, performed: bool, times: int) -> None:
        works = performed if kind not in ("429", "401") else False
        self.world.sim.fault("create_user", kind, performed=works, times=times, retry_after=5)

    @rule()
    def cannot_be_read(self) -> None:
        self.world.sim.fault("list_users", "503")

    @rule(performed=st.booleans(), seconds=st.sampled_from([0, 61]))
    def a_process_dies(self, performed: bool, seconds: int) -> None:
        row = self.writing.destination()
        sends = row.activated_at is not None and row.paused_at is None and row.held_until is None
        free = row.until is None or row.until <= self.world.clock.now()
        self.world.sim.faults.clear()
        if sends and free and "waiting" in self.writing.states() and "uncertain" not in self.writing.states():
            # What exists already would be skipped, and not be called for.
            waiting = next(row for row in self.writing.rows() if row.state == "waiting")
            if waiting.data["email"] not in self.writing.users():
                abandoned(self.writing, performed)
        self.world.clock.advance(seconds)

    @rule(seconds=st.sampled_from([0, 1, 30, 100]))
    def time_goes_by(self, seconds: int) -> None:
        self.writing.run(seconds)

    @rule()
    def is_drained(self) -> None:
        self.writing.drain()

    @rule()
    def is_retried(self) -> None:
        by_hand.retry_failed(self.world.runtime, "records", ANN)

    @rule()
    def comes_to_rest(self) -> None:
        """Once all is mended and time has gone by: each record is written once, and says so."""
        self.world.sim.faults.clear()
        self.writing.catalogue.activate("records", ANN)
        self.writing.run(2 * 3600)
        by_hand.retry_failed(self.world.runtime, "records", ANN)
        self.writing.run(2 * 3600)
        rows, users = self.writing.rows(), self.writing.users()
        assert len(rows) == self.next
        assert {row.state for row in rows} <= {"sent", "skipped", "failed", "parked"}
        assert all(len(ids) == 1 for ids in users.values())
        for row in rows:
            if row.state in ("sent", "skipped"):
                assert users[row.data["email"]] == [row.captured_id]
            elif row.state == "failed":  # the vendor has it, and says so
                assert row.data["email"] in users
        assert [call.state for call in self.writing.calls() if call.state in ("sending", "uncertain")] == []

    def teardown(self) -> None:
        try:
            if hasattr(self, "writing"):
                self.comes_to_rest()
        finally:
            self.world.stop()
            self.folder.cleanup()


@pytest.mark.timeout(600)
def test_in_any_order_nothing_is_written_twice_and_nothing_lost() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
