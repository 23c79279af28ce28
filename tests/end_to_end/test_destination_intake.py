"""Records enter the ledger: each once, however often a file comes; broken ones by line, duplicates by their like."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.destinations import intake, records
from core.destinations.catalogue import Destinations, UnknownDestination
from core.destinations.formats import Item, read_items
from core.destinations.intake import LineError, Took
from core.store.models import DestinationRecordRow, DestinationRow
from tests.end_to_end.worlds import World

BY = "ann@acme.example"
PEOPLE = {"name": "people", "connection": "support", "template": "create_end_user", "key": "email"}
ROWS = {"name": "rows", "connection": "support", "method": "POST", "url": "/rows"}
CSV = b"email,first_name\nann@x.example,Ann\nbob@x.example,Bob\n"


def csv(*rows: str) -> bytes:
    return "\n".join(("email,first_name,phone", *rows, "")).encode()


def people(number: int) -> Iterator[Item]:
    for place in range(1, number + 1):
        yield Item(place, {"email": f"p{place}@x.example", "first_name": f"Person {place}"})


class Broken(Exception):
    """The process is killed here."""


class Ledger:
    """The ledger of a destination, and a hand that puts files into it."""

    def __init__(self, world: World, **definition: Any) -> None:
        self.world, self.runtime = world, world.runtime
        given = {**(PEOPLE if definition.get("template", "-") != "" else ROWS), **definition}
        if definition.get("template", "-") == "":
            given.pop("template")
        self.name = Destinations(world.runtime).create(given, BY).name

    def take(self, content: bytes, origin: str = "people.csv", kind: str = "csv", **more: Any) -> Took:
        return intake.take_in(self.runtime, self.name, read_items(io.BytesIO(content), kind), origin, **more)

    def rows(self) -> list[Any]:
        with self.runtime.db.read():
            return list(
                DestinationRecordRow.select()
                .join(DestinationRow)
                .where(DestinationRow.name == self.name)
                .order_by(DestinationRecordRow.id)
            )

    def states(self) -> list[tuple[Any, str]]:
        return [(row.line, row.state) for row in self.rows()]

    def row(self) -> Any:
        with self.runtime.db.read():
            return DestinationRow.get(DestinationRow.name == self.name)

    def change(self, line: int, **values: Any) -> None:
        with self.runtime.db.write():
            DestinationRecordRow.update(**values).where(DestinationRecordRow.line == line).execute()


def counts(took: Took) -> tuple[int, int, int, int, int]:
    return took.read, took.accepted, took.known, took.broken, took.duplicates


# -------------------------------------------------------------------------------------------------- once by key


def test_a_file_is_taken_in_and_a_second_time_all_of_it_is_known(world: World) -> None:
    ledger = Ledger(world.start())
    assert counts(ledger.take(CSV)) == (2, 2, 0, 0, 0)
    first, second = ledger.rows()
    assert (first.key, first.data) == ("ann@x.example", {"email": "ann@x.example", "first_name": "Ann"})
    assert (first.line, first.origin, first.state, second.line) == (2, "people.csv", "waiting", 3)
    assert counts(ledger.take(CSV, "again.csv")) == (2, 0, 2, 0, 0)
    assert [row.origin for row in ledger.rows()] == ["people.csv", "people.csv"]


def test_without_a_key_a_record_is_known_by_all_it_holds(world: World) -> None:
    ledger = Ledger(world.start(), key="")
    lines = b'{"email": "ann@x.example", "first_name": "Ann"}\n{"first_name": "Ann", "email": "ann@x.example"}\n'
    assert counts(ledger.take(lines, kind="ndjson")) == (2, 1, 1, 0, 0)
    assert len(ledger.rows()[0].key) == 64


def test_a_key_may_stand_inside_another_attribute_and_be_a_number_or_very_long(world: World) -> None:
    ledger = Ledger(world.start(), template="", key="person.id")
    made = [{"person": {"id": key}} for key in (7, "7", "x" * 255, "x" * 256, "x" * 257, True)]
    assert counts(ledger.take(json.dumps(made).encode(), kind="json")) == (6, 5, 1, 0, 0)
    assert [row.key for row in ledger.rows()][:2] == ["7", "x" * 255]
    assert max(len(row.key) for row in ledger.rows()) == 255


def test_what_is_taken_in_waits_whatever_the_destinations_state(quick: World) -> None:
    ledger = Ledger(quick.start())
    api = Destinations(quick.runtime)
    ledger.take(csv("a@x.example,A,"))
    api.activate("people", BY)
    api.pause("people", BY)
    ledger.take(csv("b@x.example,B,"))
    assert api.get("people").counts == {"waiting": 2}


def test_an_unknown_destination_takes_nothing(quick: World) -> None:
    quick.start()
    with pytest.raises(UnknownDestination):
        intake.take_in(quick.runtime, "nowhere", people(1), "x")


def test_a_sample_takes_the_first_ones_and_the_rest_comes_later(quick: World) -> None:
    ledger = Ledger(quick.start())
    told: list[int] = []
    assert counts(intake.take_in(quick.runtime, "people", people(1200), "f", limit=3, told=told.append)) == (
        3,
        3,
        0,
        0,
        0,
    )
    assert counts(intake.take_in(quick.runtime, "people", people(1200), "f", told=told.append)) == (1200, 1197, 3, 0, 0)
    assert told == [3, 500, 1000, 1200]
    assert len(ledger.rows()) == 1200


@pytest.mark.parametrize("after", [0, 1, 499, 500, 501, 1100])
def test_an_intake_that_was_killed_is_run_again_and_takes_each_once(world: World, after: int) -> None:
    ledger = Ledger(world.start())

    def killed() -> Iterator[Item]:
        for number, item in enumerate(people(1200)):
            if number == after:
                raise Broken
            yield item

    with pytest.raises(Broken):
        intake.take_in(world.runtime, "people", killed(), "people.json")
    stored = len(ledger.rows())
    assert stored == after - after % 500
    assert counts(intake.take_in(world.runtime, "people", people(1200), "people.json")) == (
        1200,
        1200 - stored,
        stored,
        0,
        0,
    )
    assert [row.key for row in ledger.rows()] == [f"p{place}@x.example" for place in range(1, 1201)]


def test_ten_thousand_records_are_taken_in_at_once(quick: World) -> None:
    Ledger(quick.start(), unique="email")
    began = time.perf_counter()
    took = intake.take_in(quick.runtime, "people", people(10_000), "people.json")
    assert counts(took) == (10_000, 10_000, 0, 0, 0)
    assert time.perf_counter() - began < 20  # a twentieth of it on a machine that does nothing else


# --------------------------------------------------------------------------------------------- broken records


def test_a_broken_record_is_named_by_line_field_and_reason_and_kept(world: World) -> None:
    ledger = Ledger(world.start())
    took = ledger.take(csv("a@x.example,A,", "b@x.example,,", ",C,", "d@x.example,D", "e@x.example,E,"))
    assert counts(took) == (5, 2, 0, 3, 0)
    assert took.errors == (
        LineError(3, "first_name", "is missing, and the vendor wants it"),
        LineError(4, "email", "is missing, and records are known by it"),
        LineError(5, "", "it has 2 cells, and the columns are 3"),
    )
    kept = [(row.line, row.error_field, row.error) for row in ledger.rows() if row.state == "failed"]
    assert kept == [(each.line, each.field, each.reason) for each in took.errors]
    assert records.page(world.runtime, "people", "failed").records[0].raw == "d@x.example,D"
    again = ledger.take(csv("a@x.example,A,", "b@x.example,,", ",C,", "d@x.example,D", "e@x.example,E,"))
    assert counts(again) == (5, 0, 2, 3, 0)


def test_of_many_broken_ones_the_first_hundred_are_told_and_all_are_kept(quick: World) -> None:
    ledger = Ledger(quick.start())
    took = ledger.take(csv(*(f"p{number}@x.example,," for number in range(700))))
    assert counts(took) == (700, 0, 0, 700, 0)
    assert [each.line for each in took.errors] == list(range(2, 102))
    assert len(ledger.rows()) == 700


def test_a_record_that_is_mended_in_its_file_takes_the_place_of_the_broken_one(world: World) -> None:
    ledger = Ledger(world.start())
    ledger.take(csv("a@x.example,,", "b@x.example,B,"))
    assert counts(ledger.take(csv("a@x.example,Ann,", "b@x.example,Bea,"), "mended.csv")) == (2, 1, 1, 0, 0)
    mended, waiting = ledger.rows()
    assert (mended.state, mended.data["first_name"], mended.origin, mended.error) == (
        "waiting",
        "Ann",
        "mended.csv",
        "",
    )
    assert waiting.data["first_name"] == "B"


GOOD, BROKEN, WORSE = "a@x.example,Ann,1", "a@x.example,,1", "a@x.example,,2"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((BROKEN, GOOD), (2, 1, 0, 1, 0)),
        ((GOOD, BROKEN), (2, 1, 1, 0, 0)),
        ((BROKEN, WORSE, GOOD, BROKEN), (4, 1, 1, 2, 0)),
        ((BROKEN, BROKEN, GOOD, GOOD), (4, 1, 1, 2, 0)),
    ],
)
def test_a_good_record_takes_the_place_of_a_broken_one_of_its_key_wherever_they_stand(
    quick: World, monkeypatch: pytest.MonkeyPatch, rows: tuple[str, ...], expected: tuple[int, ...]
) -> None:
    ledger = Ledger(quick.start(), unique="phone")
    assert counts(ledger.take(csv(*rows))) == expected
    [row] = ledger.rows()
    assert (row.state, row.data["first_name"], row.error) == ("waiting", "Ann", "")
    assert row.line == rows.index(GOOD) + 2
    monkeypatch.setattr(intake, "AT_ONCE", 1)  # each in a portion of its own
    apart = Ledger(quick, name="apart", unique="phone")
    assert counts(apart.take(csv(*rows))) == expected
    assert [each.data for each in apart.rows()] == [row.data]


def test_one_that_took_the_place_of_a_broken_one_gives_way_to_a_later_equal(quick: World) -> None:
    ledger = Ledger(quick.start(), unique="phone", keep="last")
    assert counts(ledger.take(csv(BROKEN, GOOD, "b@x.example,Bob,1"))) == (3, 1, 0, 1, 1)
    assert ledger.states() == [(3, "skipped"), (4, "waiting")]


def test_what_would_be_looked_up_is_not_looked_up_yet(quick: World) -> None:
    fields = {"user_id": "user(email)", "channel_id": "channel(topic)", "message": "text"}
    ledger = Ledger(quick.start(), template="create_conversation", key="", fields=fields)
    before = len(quick.sim.record.calls())
    took = ledger.take(
        b'[{"email": "ann@x.example", "topic": "Chat", "text": "Hi"}, {"topic": "Chat", "text": "Hi"}]', kind="json"
    )
    assert counts(took) == (2, 1, 0, 1, 0)
    assert len(quick.sim.record.calls()) == before


def test_where_the_connection_is_gone_records_wait_unlooked_at(quick: World) -> None:
    ledger = Ledger(quick.start())
    with quick.runtime.db.write():
        DestinationRow.update(definition={**PEOPLE, "connection": "gone"}).execute()
    assert counts(ledger.take(csv("a@x.example,,"))) == (1, 1, 0, 0, 0)


def test_what_no_text_column_takes_is_stored_all_the_same(world: World) -> None:
    ledger = Ledger(world.start(), key="")
    took = ledger.take(b'{"first_name": "A\\u0000\\ud83d", "email": "a@x.example"}\n\x00\xff\n', kind="ndjson")
    assert counts(took) == (2, 1, 0, 1, 0)
    assert ledger.rows()[0].data["first_name"] == "A\ufffd\ufffd"


# ------------------------------------------------------------------------------------------------- duplicates

SAME = csv("a@x.example,Ann,1", "b@x.example,Bob,2", "c@x.example,Cat,1", "d@x.example,Dan,", "e@x.example,Eve,")


def test_of_those_that_are_equal_the_first_is_kept(world: World) -> None:
    ledger = Ledger(world.start(), unique="phone")
    assert counts(ledger.take(SAME)) == (5, 4, 0, 0, 1)
    assert ledger.states() == [(2, "waiting"), (3, "waiting"), (4, "skipped"), (5, "waiting"), (6, "waiting")]
    assert ledger.rows()[2].error == "the same phone as line 2 of people.csv"
    assert counts(ledger.take(csv("f@x.example,Fay,2"), "more.csv")) == (1, 0, 0, 0, 1)
    assert ledger.rows()[5].error == "the same phone as line 3 of people.csv"
    assert counts(ledger.take(SAME)) == (5, 0, 5, 0, 0)


def test_of_those_that_are_equal_the_last_is_kept(world: World) -> None:
    ledger = Ledger(world.start(), unique="phone", keep="last")
    assert counts(ledger.take(SAME)) == (5, 4, 0, 0, 1)
    assert ledger.states() == [(2, "skipped"), (3, "waiting"), (4, "waiting"), (5, "waiting"), (6, "waiting")]
    assert ledger.rows()[0].error == "line 4 of people.csv has the same phone and came later"
    assert counts(ledger.take(csv("f@x.example,Fay,1"), "more.csv")) == (1, 1, 0, 0, 0)
    assert ledger.rows()[2].error == "line 2 of more.csv has the same phone and came later"
    assert [state for _, state in ledger.states()].count("waiting") == 4


def test_what_was_begun_is_not_taken_back_for_a_later_one(world: World) -> None:
    ledger = Ledger(world.start(), unique="phone", keep="last")
    ledger.take(csv("a@x.example,Ann,1"))
    ledger.change(2, state="sent")
    assert counts(ledger.take(csv("b@x.example,Bob,1"), "more.csv")) == (1, 1, 0, 0, 0)
    assert [row.state for row in ledger.rows()] == ["sent", "waiting"]


@pytest.mark.parametrize("state", ["failed", "dropped", "skipped"])
def test_what_is_not_written_keeps_no_other_from_it(quick: World, state: str) -> None:
    ledger = Ledger(quick.start(), unique="phone")
    ledger.take(csv("a@x.example,Ann,1"))
    ledger.change(2, state=state)
    assert counts(ledger.take(csv("b@x.example,Bob,1"), "more.csv")) == (1, 1, 0, 0, 0)


def test_duplicates_are_found_across_transactions(world: World) -> None:
    def equal_ones() -> Iterator[Item]:
        for place in range(1, 1201):
            yield Item(place, {"email": f"p{place}@x.example", "first_name": "P", "phone": str(place % 600)})

    ledger = Ledger(world.start(), unique="phone", keep="last")
    took = intake.take_in(world.runtime, "people", equal_ones(), "people.json")
    assert counts(took) == (1200, 600, 0, 0, 600)
    assert {line for line, state in ledger.states() if state == "waiting"} == set(range(601, 1201))


def test_nothing_is_begun_while_those_arrive_of_which_the_last_counts(world: World) -> None:
    ledger = Ledger(world.start(), unique="phone", keep="last")
    seen: list[Any] = []

    def told(read: int) -> None:
        seen.append(ledger.row().arriving_until - world.clock.now())
        world.clock.advance(10)

    intake.take_in(world.runtime, "people", people(1000), "f", told=told)
    assert seen == [timedelta(seconds=30)] * 2
    assert ledger.row().arriving_until is None
    with pytest.raises(Broken):
        intake.take_in(world.runtime, "people", people(2000), "f", told=lambda read: _raise())
    assert ledger.row().arriving_until == world.clock.now() + timedelta(seconds=30)


def _raise() -> None:
    raise Broken
