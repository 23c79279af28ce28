"""The ledger as people see it, and what they decide: mend, send again, drop, or say that it has arrived."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.destinations import by_hand, intake, records
from core.destinations.catalogue import Destinations, UnknownDestination
from core.destinations.claims import wake
from core.destinations.formats import Item
from core.destinations.records import UnknownRecord
from core.errors import ConfigError
from core.jobs.send_records import drain, next_moment
from core.store.models import AuditRow, DestinationCallRow, DestinationRecordRow, DestinationResponseRow, DestinationRow
from tests.end_to_end.worlds import World

BY = "ann@acme.example"
PEOPLE = {
    "name": "people",
    "connection": "support",
    "template": "create_end_user",
    "key": "email",
    "response": True,
}
STATES = ("waiting", "arriving", "sending", "uncertain", "sent", "skipped", "failed", "parked", "dropped")


class Hand:
    """A destination with people in its ledger, and a person who decides about them."""

    def __init__(self, world: World, number: int = 3, **definition: Any) -> None:
        self.world, self.runtime = world.start(), world.runtime
        Destinations(self.runtime).create({**PEOPLE, **definition}, BY)
        items = [
            Item(place, {"email": f"p{place}@x.example", "first_name": f"P{place}"}) for place in range(1, number + 1)
        ]
        intake.take_in(self.runtime, "people", items, "people.json")
        self.ids = [row.id for row in self.rows()]

    def rows(self) -> list[Any]:
        with self.runtime.db.read():
            return list(DestinationRecordRow.select().order_by(DestinationRecordRow.id))

    def is_now(self, place: int, **values: Any) -> int:
        with self.runtime.db.write():
            DestinationRecordRow.update(**values).where(DestinationRecordRow.id == self.ids[place]).execute()
        return int(self.ids[place])

    def called(self, *places: int, state: str = "parked") -> int:
        """A call of some records."""
        with self.runtime.db.write():
            call = DestinationCallRow.create(
                destination=DestinationRow.get().id,
                verb="POST",
                path="/users",
                body={"first_name": "P"},
                size=len(places),
                state=state,
                started_at=self.runtime.db.now(),
                answer="what it said",
                status=500,
            )
        for place in places:
            self.is_now(place, state=state, call=call.id)
        return int(call.id)

    def row(self, place: int) -> Any:
        return self.rows()[place]

    def audited(self) -> list[tuple[str, str, Any]]:
        with self.runtime.db.read():
            found = AuditRow.select().where(AuditRow.what.startswith("record.")).order_by(AuditRow.id)
            return [(each.what, each.by, each.detail) for each in found]


# ------------------------------------------------------------------------------------------------- what can be done


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("doing", "allowed", "then"),
    [
        ("retry", {"failed", "skipped", "parked", "dropped"}, "waiting"),
        ("arrived", {"parked", "uncertain"}, "sent"),
        ("drop", {"waiting", "arriving", "failed", "parked", "skipped"}, "dropped"),
    ],
)
def test_what_can_be_decided_depends_on_what_is_known(
    quick: World, state: str, doing: str, allowed: set[str], then: str
) -> None:
    hand = Hand(quick, 1)
    record = hand.is_now(0, state=state, attempts=3, error="it went wrong", error_field="email")
    decide = getattr(by_hand, doing)
    if state in allowed:
        decide(hand.runtime, "people", record, BY)
        assert (hand.row(0).state, hand.row(0).by) == (then, BY)
        assert (hand.row(0).settled_at is None) == (then == "waiting")
        assert hand.audited() == [(f"record.{_done(doing)}", BY, _detail(doing, record))]
    else:
        with pytest.raises(ConfigError, match=r"record: it is .*\. What can be "):
            decide(hand.runtime, "people", record, BY)
        assert (hand.row(0).state, hand.audited()) == (state, [])


def _done(doing: str) -> str:
    return {"retry": "retried", "arrived": "arrived", "drop": "dropped"}[doing]


def _detail(doing: str, record: int) -> dict[str, Any]:
    return {"record": record, **({"mended": False} if doing == "retry" else {})}


def test_who_asks_for_what_is_not_there_is_told(quick: World) -> None:
    hand = Hand(quick, 1)
    Destinations(quick.runtime).create({**PEOPLE, "name": "others"}, BY)
    for name, record in (("people", 99), ("others", hand.ids[0])):
        for decide in (by_hand.retry, by_hand.arrived, by_hand.drop):
            with pytest.raises(UnknownRecord, match=f"{name} has no record {record}"):
                decide(quick.runtime, name, record, BY)
        with pytest.raises(UnknownRecord):
            records.one(quick.runtime, name, record)
    with pytest.raises(UnknownDestination):
        by_hand.drop(quick.runtime, "nowhere", 1, BY)


# -------------------------------------------------------------------------------------------------- again, and mended


def test_a_mended_record_is_sent_again_under_its_key(world: World) -> None:
    hand = Hand(world)
    record = hand.is_now(1, state="failed", attempts=4, error="no such name", error_field="first_name")
    by_hand.retry(world.runtime, "people", record, BY, {"email": "p2@x.example", "first_name": "Bob\x00"})
    row = hand.row(1)
    assert (row.state, row.attempts, row.error, row.error_field) == ("waiting", 0, "", "")
    assert (row.key, row.data) == ("p2@x.example", {"email": "p2@x.example", "first_name": "Bob\ufffd"})


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_a_record_whose_key_is_mended_is_known_by_the_new_one(world: World, state: str) -> None:
    hand = Hand(world)
    record = hand.is_now(1, state=state, error="no such address")
    mended = {"email": "bob@x.example", "first_name": "Bob"}
    with pytest.raises(ConfigError, match="email: there is a record of this key already"):
        by_hand.retry(world.runtime, "people", record, BY, {**mended, "email": "p3@x.example"})
    assert (hand.row(1).state, hand.row(1).key) == (state, "p2@x.example")
    by_hand.retry(world.runtime, "people", record, BY, mended)
    assert (hand.row(1).state, hand.row(1).key, hand.row(1).data) == ("waiting", "bob@x.example", mended)
    assert intake.take_in(world.runtime, "people", [Item(2, mended)], "mended.json").known == 1
    assert len(hand.rows()) == 3


@pytest.mark.parametrize("state", ["parked", "dropped"])
def test_what_may_have_been_written_under_its_old_key_or_must_not_be_is_known_by_that_too(
    quick: World, state: str
) -> None:
    hand = Hand(quick)
    record = hand.is_now(1, state=state)
    by_hand.retry(quick.runtime, "people", record, BY, {"email": "bob@x.example", "first_name": "Bob"})
    took = intake.take_in(quick.runtime, "people", [Item(2, {"email": "p2@x.example", "first_name": "P2"})], "f")
    assert (took.known, took.accepted) == (1, 0)
    assert [(row.key, row.state) for row in hand.rows()[1:]] == [
        ("bob@x.example", "waiting"),
        ("p3@x.example", "waiting"),
        ("p2@x.example", "dropped"),
    ]
    assert hand.rows()[-1].error == "it was sent again as bob@x.example"


def test_a_key_stays_where_another_attribute_is_the_key_by_now(quick: World) -> None:
    hand = Hand(quick)
    record = hand.is_now(1, state="failed")
    with quick.runtime.db.write():
        DestinationRow.update(definition={**PEOPLE, "key": "first_name"}).execute()
    by_hand.retry(quick.runtime, "people", record, BY)
    assert hand.row(1).key == "p2@x.example"


def test_what_is_still_broken_is_refused_by_the_field_to_mend(quick: World) -> None:
    hand = Hand(quick)
    record = hand.is_now(0, state="failed", data={"email": "p1@x.example"}, error_field="first_name")
    for data in (None, {"email": "p1@x.example", "first_name": ""}):
        with pytest.raises(ConfigError, match="first_name: is missing, and the vendor wants it") as caught:
            by_hand.retry(quick.runtime, "people", record, BY, data)
        assert caught.value.key == "first_name"
    with pytest.raises(ConfigError, match="email: is missing, and records are known by it"):
        by_hand.retry(quick.runtime, "people", record, BY, {"first_name": "Ann"})
    deep: Any = {}
    for _ in range(40):
        deep = {"a": deep}
    with pytest.raises(ConfigError, match="record: is nested more than 32 levels deep"):
        by_hand.retry(quick.runtime, "people", record, BY, deep)
    assert hand.row(0).state == "failed"


def test_a_record_that_lacked_its_key_or_could_not_be_read_gets_one(world: World) -> None:
    hand = Hand(world, 1)
    items = [Item(2, {"first_name": "Bob"}), Item(3, None, "it is no JSON", "{odd")]
    intake.take_in(world.runtime, "people", items, "people.json")
    _, keyless, unreadable = hand.rows()
    with pytest.raises(ConfigError, match="record: it could not be read"):
        by_hand.retry(world.runtime, "people", unreadable.id, BY)
    for place, row in enumerate((keyless, unreadable)):
        with pytest.raises(ConfigError, match="email: there is a record of this key already"):
            by_hand.retry(world.runtime, "people", row.id, BY, {"email": "p1@x.example", "first_name": "Bob"})
        by_hand.retry(world.runtime, "people", row.id, BY, {"email": f"b{place}@x.example", "first_name": "Bob"})
    assert [row.key for row in hand.rows()] == ["p1@x.example", "b0@x.example", "b1@x.example"]


def test_all_that_failed_is_sent_again_but_what_is_still_broken(world: World) -> None:
    hand = Hand(world, 1200)
    with world.runtime.db.write():
        DestinationRecordRow.update(state="failed", error="no").where(
            DestinationRecordRow.id.not_in(hand.ids[:3])
        ).execute()
    hand.is_now(5, data={"email": "p6@x.example"})
    hand.is_now(6, data="unreadable")
    hand.is_now(0, state="parked")
    assert by_hand.retry_failed(world.runtime, "people", BY) == 1195
    states = [row.state for row in hand.rows()]
    assert [place for place, state in enumerate(states) if state != "waiting"] == [0, 5, 6]
    assert hand.audited() == [("record.retried", BY, {"failed": 1195})]
    assert by_hand.retry_failed(world.runtime, "people", BY) == 0


def test_what_is_sent_again_is_sent(quick: World) -> None:
    hand = Hand(quick, 1)
    Destinations(quick.runtime).activate("people", BY)
    quick.sim.fault("*user*", "404", times=None)
    drain(quick.runtime)
    assert hand.row(0).state == "failed"
    quick.sim.faults.clear()
    by_hand.retry(quick.runtime, "people", hand.ids[0], BY)
    while hand.row(0).state == "waiting":
        due = next_moment(quick.runtime)
        if due is not None:
            quick.clock.turn_to(max(due, quick.clock.now()))
            quick.clock.advance(0.001)
        drain(quick.runtime)
    shown = records.one(quick.runtime, "people", hand.ids[0])
    assert (shown.state, shown.by, bool(shown.captured_id)) == ("sent", BY, True)


@pytest.mark.parametrize("decide", ["retry", "retry_failed"])
def test_who_decides_while_records_are_sent_waits_for_that_and_is_not_turned_away(
    world: World, decide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(world)
    record = hand.is_now(0, state="failed")
    too_early = threading.Event()

    def noted(destination_id: int) -> None:
        too_early.set()
        wake(destination_id)

    monkeypatch.setattr(by_hand, "wake", noted)
    which = () if decide == "retry_failed" else (record,)
    with ThreadPoolExecutor(1) as other:
        with world.runtime.db.write():
            DestinationRow.update(served_at=world.runtime.db.now()).execute()  # as those that send begin
            decided = other.submit(getattr(by_hand, decide), world.runtime, "people", *which, by=BY)
            assert not too_early.wait(0.3)
            DestinationRecordRow.update(attempts=5).where(DestinationRecordRow.id == record).execute()
        decided.result(20)
    assert (hand.rows()[0].state, hand.rows()[0].attempts) == ("waiting", 0)


# ------------------------------------------------------------------------------------------------------ a batch


def test_a_retry_inside_a_batch_concerns_that_record_alone(quick: World) -> None:
    hand = Hand(quick)
    call = hand.called(0, 1, 2)
    by_hand.retry(quick.runtime, "people", hand.ids[1], BY)
    assert [(row.state, row.call_id) for row in hand.rows()] == [("parked", call), ("waiting", None), ("parked", call)]


def test_what_has_arrived_is_answered_for_and_the_call_is_over_with_its_last(world: World) -> None:
    hand = Hand(world)
    Destinations(world.runtime).create(
        {"name": "next", "connection": "support", "method": "POST", "url": "/x", "source": "responses:people"}, BY
    )
    hand.called(0, 1)
    by_hand.arrived(world.runtime, "people", hand.ids[0], BY, " u7 ")
    with world.runtime.db.read():
        assert DestinationCallRow.get().state == "parked"
    by_hand.arrived(world.runtime, "people", hand.ids[1], BY)
    with world.runtime.db.read():
        call = DestinationCallRow.get()
        assert (call.state, call.confirmed_by, call.next_at) == ("sent", BY, None)
        kept = [(each.key, each.ok, each.captured_id) for each in DestinationResponseRow.select()]
    assert kept == [("p1@x.example", True, "u7"), ("p2@x.example", True, "")]
    assert [row.data["id"] for row in hand.rows() if row.origin == "responses:people"] == ["u7", ""]
    assert hand.row(0).captured_id == "u7"


# --------------------------------------------------------------------------------------------------- what is shown


def test_the_ledger_is_shown_in_pages_the_newest_first(world: World) -> None:
    hand = Hand(world, 5)
    hand.is_now(0, state="failed", error="no such channel", error_field="channel")
    hand.is_now(1, state="arriving")
    call = hand.called(2, state="sent")
    first = records.page(world.runtime, "people", limit=2)
    assert [each.line for each in first.records] == [5, 4]
    rest = records.page(world.runtime, "people", cursor=first.next, limit=3)
    assert ([each.line for each in rest.records], rest.next) == ([3, 2, 1], "")
    assert [each.state for each in rest.records] == ["sent", "waiting", "failed"]
    assert [each.line for each in records.page(world.runtime, "people", "waiting").records] == [5, 4, 2]
    shown = records.one(world.runtime, "people", hand.ids[2])
    assert shown.request is not None
    assert (shown.request.id, shown.request.verb, shown.request.path) == (call, "POST", "/users")
    assert (shown.request.body, shown.request.status, shown.request.answer) == (
        {"first_name": "P"},
        500,
        "what it said",
    )
    assert records.one(world.runtime, "people", hand.ids[0]).request is None
    with pytest.raises(ConfigError, match='state: there is no state "sended"'):
        records.page(world.runtime, "people", "sended")
    for cursor in ("x", "-1", "²", "9" * 30):
        with pytest.raises(ConfigError, match="cursor: it is not one that was given out"):
            records.page(world.runtime, "people", cursor=cursor)
        with pytest.raises(ConfigError, match="cursor: "):
            records.responses(world.runtime, "people", cursor)


def test_the_ledger_is_exported_whole_and_no_cell_is_a_formula(world: World) -> None:
    hand = Hand(world, 1100)
    for place, text in enumerate(("=1+1", "+41", "-1", "@x", "\tx", "\rx", "x=1")):
        hand.is_now(place, error=text)
    hand.is_now(3, state="failed")
    header, *rows = records.export(world.runtime, "people")
    assert len(rows) == 1100
    assert [row[header.index("error")] for row in rows[:7]] == ["'=1+1", "'+41", "'-1", "'@x", "'\tx", "'\rx", "x=1"]
    assert rows[0][header.index("record")] == '{"email":"p1@x.example","first_name":"P1"}'
    assert rows[0][header.index("line")] == "1"
    assert all(isinstance(cell, str) and len(row) == len(header) for row in rows for cell in row)
    assert len(list(records.export(world.runtime, "people", "failed"))) == 2


def test_an_export_of_what_is_not_there_is_refused_before_its_first_row(quick: World) -> None:
    Hand(quick, 1)
    with pytest.raises(ConfigError, match="state: "):
        records.export(quick.runtime, "people", "sended")
    with pytest.raises(UnknownDestination):
        records.export_responses(quick.runtime, "nowhere")


def test_responses_are_shown_and_exported(world: World) -> None:
    hand = Hand(world)
    hand.called(0, 1, 2)
    for place in range(3):
        by_hand.arrived(world.runtime, "people", hand.ids[place], BY, f"=u{place}")
    page = records.responses(world.runtime, "people", limit=2)
    assert [(each.key, each.captured_id, each.record_id) for each in page.responses] == [
        ("p3@x.example", "=u2", hand.ids[2]),
        ("p2@x.example", "=u1", hand.ids[1]),
    ]
    rest = records.responses(world.runtime, "people", page.next, limit=2)
    assert ([each.key for each in rest.responses], rest.next) == (["p1@x.example"], "")
    assert rest.responses[0].data == {"email": "p1@x.example", "first_name": "P1"}
    header, *rows = records.export_responses(world.runtime, "people")
    assert [row[header.index("captured_id")] for row in rows] == ["'=u0", "'=u1", "'=u2"]
    assert rows[0][header.index("ok")] == "true"
