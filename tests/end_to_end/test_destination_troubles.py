"""What goes wrong in one place costs nothing elsewhere: slow looks, single records, other destinations, clocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Response

from core.destinations import by_hand, catalogue, claims, ledger, outcomes, reconcile
from core.destinations.look_ups import LookUpCache
from core.errors import AuthFailed, BadPayload, RelaydeskError, RetryLater
from core.jobs import send_records
from core.store.models import DestinationRecordRow, DestinationRow
from plugins.freshchat.templates import CreateEndUser
from tests.end_to_end.collector import Collector, with_collector
from tests.end_to_end.written import ANN, MESSAGES, USERS, Writing, people

FAST = 6000
HOUR = 3600.0
ITEMS = {"connection": "collector", "method": "POST", "url": "/items", "key": "name"}


@pytest.fixture
def collecting(quick: Any) -> Iterator[Callable[..., tuple[Writing, Collector]]]:
    made: list[Collector] = []

    def start(**given: Any) -> tuple[Writing, Collector]:
        made.append(with_collector(quick))
        writing = Writing(quick)
        writing.to(ITEMS, **given)
        return writing, made[0]

    yield start
    for each in made:
        each.stop()
        assert each.broken == []


# --------------------------------------------------------------------------------------------------------- looks


def test_records_whose_looks_take_longer_than_they_are_kept_are_sent_all_the_same(quick: Any) -> None:
    quick.start(requests_per_minute=60)
    writing = Writing(quick)
    fields = {"conversation_id": "conversation(user(email))", "message": "says"}
    writing.to({**MESSAGES, "key": "says", "fields": fields})
    for number in range(150):
        user = quick.sim.customer(f"c{number}@example.com", f"C{number}")
        quick.sim.customer_writes(user, "Hi")
    writing.take(*({"email": f"c{number}@example.com", "says": f"s{number}"} for number in range(150)))
    writing.run(150 * 6)
    assert writing.counts() == {"sent": 150}
    assert quick.sim.record.per_minute() <= 60


TROUBLES: dict[str, RelaydeskError] = {
    "503": RetryLater("the vendor answered 503", status=503),
    "403": AuthFailed("the vendor answered 403", status=403),
    "garbage": BadPayload("the vendor answered 200 without JSON"),
}


class Hindered:
    """Of which names nothing can be learned, and how often one of them was asked for."""

    def __init__(self, patch: pytest.MonkeyPatch, kind: str, names: Collection[str]) -> None:
        self.names, self.hits = names, 0
        ask = LookUpCache._ask

        def hindered(cache: Any, connector: Any, connection: Any, what: str, value: str, *rest: Any) -> Any:
            if value in self.names:
                self.hits += 1
                raise TROUBLES[kind]
            return ask(cache, connector, connection, what, value, *rest)

        patch.setattr(LookUpCache, "_ask", hindered)


NAMED = {"fields": {"name": "name", "owner": "number(owner)"}}


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "owner": f"o{name[1:]}"} for name in names]


@pytest.mark.parametrize("kind", ["503", "403", "garbage"])
def test_a_record_that_cannot_be_looked_for_is_passed_by_and_fails_in_the_end(
    collecting: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, _ = collecting(**NAMED)
    hindered = Hindered(monkeypatch, kind, {"o1"})
    writing.take(*named("n1", "n2"), {"name": "again", "owner": "o1"})
    writing.run(60)
    assert writing.states() == ["waiting", "sent", "waiting"]
    for number in range(3, 60):
        writing.take(*named(f"n{number}"))
        writing.run(60)
        assert writing.states()[-1] == "sent"
    assert [row.state for row in writing.rows()[:3]] == ["failed", "sent", "failed"]
    assert (writing.row().error_field, writing.row(2).error_field) == ("number(o1)", "number(o1)")
    assert {"503": "503", "403": "403", "garbage": "JSON"}[kind] in writing.row().error
    assert hindered.hits < 15
    hindered.names = ()
    assert by_hand.retry_failed(writing.runtime, "records", ANN) == 2
    writing.run(60)
    assert writing.states()[:3] == ["sent"] * 3


def test_many_that_cannot_be_looked_for_do_not_stand_in_front_of_others_for_ever(
    collecting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, _ = collecting(**NAMED)
    Hindered(monkeypatch, "503", {f"o{number}" for number in range(10)})
    writing.take(*named(*(f"n{number}" for number in range(20))))
    writing.run(2 * HOUR)
    assert writing.states()[10:] == ["sent"] * 10


@pytest.mark.parametrize("kind", ["503", "403"])
def test_while_nothing_can_be_looked_for_nothing_fails(collecting: Any, kind: str) -> None:
    writing, collector = collecting(**NAMED)
    collector.fault("find_name", kind, times=None)
    writing.take(*named(*(f"n{number}" for number in range(20))))
    writing.run(24 * HOUR)
    assert writing.counts() == {"waiting": 20}
    assert len(collector.record.calls("find_name")) < 600
    collector.faults.clear()
    writing.run(2 * HOUR)
    assert writing.counts() == {"sent": 20}


@pytest.mark.parametrize("kind", ["503", "403"])
def test_one_of_which_it_cannot_be_seen_whether_it_exists_is_passed_by(
    quick: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.start(requests_per_minute=FAST)
    writing = Writing(quick)
    writing.to(USERS, exists="skip")
    existing = CreateEndUser.existing

    def hindered(self: Any, record: Any, *rest: Any) -> Any:
        if record["email"] == "p0@example.com":
            raise TROUBLES[kind]
        return existing(self, record, *rest)

    monkeypatch.setattr(CreateEndUser, "existing", hindered)
    writing.take(*people(*range(5)))
    writing.run(60)
    assert writing.states() == ["waiting", *["sent"] * 4]
    for number in range(5, 50):
        writing.take(*people(number))
        writing.run(60)
    assert writing.counts() == {"failed": 1, "sent": 49}
    assert (writing.row().error_field, kind in writing.row().error) == ("existing", True)


# ------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("status", "answer", "state", "said"),
    [
        (201, '{"id": "7", "note": "half \\ud83d"}', "sent", ""),
        (201, '[{"id": "7"}, {"id": "\\ud83d"}]', "sent", ""),
        (422, '{"message": "no such \\ud83d"}', "failed", "no such \ufffd"),
        (422, "no JSON \ud83d", "failed", "no JSON"),
    ],
)
def test_half_an_emoji_in_an_answer_is_no_reason_to_write_again(
    collecting: Any, status: int, answer: str, state: str, said: str
) -> None:
    writing, collector = collecting(response=True)
    collector.answers.append(Response(answer.encode("utf-8", "surrogatepass"), status, mimetype="application/json"))
    writing.take({"name": "one"}, {"name": "two"})
    writing.run(HOUR)
    assert writing.states() == [state, "sent"]
    assert said in writing.row().error
    assert len(collector.requests) == 2


def test_what_cannot_be_stored_of_an_answer_is_left_out_and_the_call_is_settled(
    collecting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, collector = collecting()
    monkeypatch.setattr(outcomes, "shortened", lambda data: "\ud83d")
    writing.take({"name": "one"})
    writing.run(60)
    assert (writing.row().state, writing.row().captured_id) == ("sent", "1")
    assert [(call.state, call.answer) for call in writing.calls()] == [("sent", "")]
    assert len(collector.requests) == 1


# ------------------------------------------------------------------------------------- clocks, and who comes when


def test_a_clock_that_is_set_back_leaves_no_destination_asleep(collecting: Any) -> None:
    writing, collector = collecting()
    writing.take({"name": "one"})
    writing.run(1)
    with writing.runtime.db.write():
        far = writing.world.clock.now() + timedelta(days=3)
        DestinationRow.update(held_until=far, arriving_until=far, owner="dead", until=far).execute()
    writing.take({"name": "two"})
    with writing.runtime.db.write():
        DestinationRow.update(held_until=far).execute()
    writing.run(1)
    assert writing.states() == ["sent", "sent"]
    writing.world.clock.advance(-HOUR)
    writing.take({"name": "three"})
    writing.run(120)
    assert collector.names() == ["one", "two", "three"]


def test_what_comes_while_a_window_is_looked_at_is_not_slept_over(collecting: Any) -> None:
    writing, _ = collecting()
    writing.take({"name": "one"})
    claim = claims.claim(writing.runtime)
    assert claim is not None
    seen = writing.destination().stirred
    writing.take({"name": "two"})
    until = writing.world.clock.now() + timedelta(seconds=60)
    claims.wait_until(writing.runtime, claim, until, seen)
    assert writing.destination().held_until is None
    claims.wait_until(writing.runtime, claim, until, writing.destination().stirred)
    assert writing.destination().held_until == until
    claims.give_back(writing.runtime, claim)


def test_a_process_that_stood_still_before_its_call_does_not_make_it(
    collecting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, collector = collecting()
    begin = ledger.begin

    def slowly(*given: Any) -> int | None:
        call = begin(*given)
        writing.world.clock.advance(45)
        monkeypatch.setattr(ledger, "begin", begin)
        return call

    monkeypatch.setattr(ledger, "begin", slowly)
    writing.take({"name": "one"})
    writing.run(60)
    assert ([call.state for call in writing.calls()], collector.names()) == (["postponed", "sent"], ["one"])


def test_an_id_that_a_person_gave_is_of_another_record(collecting: Any) -> None:
    writing, _ = collecting()
    writing.take({"name": "one"})
    with writing.runtime.db.write():
        DestinationRecordRow.update(captured_id="given", call=None).execute()
    assert "given" in reconcile.KnownIds(writing.runtime, "collector", 0, 1)


def test_a_ledger_is_removed_in_portions(collecting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, _ = collecting(response=True)
    monkeypatch.setattr(catalogue, "AT_ONCE", 2)
    writing.take(*({"name": f"n{number}"} for number in range(5)))
    writing.run(60)
    writing.catalogue.deactivate("records", ANN)
    writing.catalogue.delete("records", ANN)
    assert (writing.rows(), writing.calls()) == ([], [])


def test_one_thread_looks_for_work_and_hands_it_to_the_others(collecting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each commit wakes who looks for work, which costs a look at all destinations."""
    writing, collector = collecting()
    writing.to(ITEMS, name="others")
    lookers: set[str] = set()
    claim = claims.claim

    def watched(*given: Any) -> Any:
        lookers.add(threading.current_thread().name)
        return claim(*given)

    monkeypatch.setattr(claims, "claim", watched)
    sender = send_records.RecordSender(writing.runtime)
    sender.start()
    for number in range(5):
        writing.take({"name": f"a{number}"})
        writing.take({"name": f"b{number}"}, name="others")
    assert collector.wait_for(lambda: len(collector.items) == 10)
    sender.halt()
    sender.finish(10)
    assert {*writing.states(), *writing.states("others")} == {"sent"}
    assert lookers == {"records"}
    assert [each.name for each in threading.enumerate() if each.name.startswith("records")] == []
