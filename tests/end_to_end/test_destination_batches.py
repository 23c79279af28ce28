"""Behaviour 159 at a vendor that takes arrays: each grouping as the server sees it, and as the samples show it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response

from core.destinations import trying
from core.destinations.formats import Item
from core.testing.clock import FakeClock
from tests.end_to_end.collector import CollectorWorld, Taken
from tests.end_to_end.writing import BY, Writing, run

ROWS: dict[str, Any] = {"method": "POST", "url": "/rows"}


@pytest.fixture
def world(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[CollectorWorld]:
    """A service that is connected to the collector, over each engine."""
    made = CollectorWorld(tmp_path, database_url, clock)
    yield made.start()
    made.stop()


def rows(number: int, **more: Any) -> list[dict[str, Any]]:
    return [{"n": n, **more} for n in range(number)]


def bodies(world: CollectorWorld) -> list[Any]:
    return [taken.body for taken in world.sim.requests]


def numbers(world: CollectorWorld) -> list[list[int]]:
    """Of each array that came the numbers in it."""
    return [[row["n"] for row in body] for body in bodies(world)]


# --------------------------------------------------------------------------------------------------- what a batch is


def test_b159_without_a_batch_each_record_is_a_call_of_its_own(world: CollectorWorld) -> None:
    records = Writing(world, **ROWS).write(*rows(3))
    assert bodies(world) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert [each.captured_id for each in records] == ["row-1", "row-2", "row-3"]


def test_b159_a_batch_has_a_hundred_unless_told_otherwise_and_the_last_waits_a_second(world: CollectorWorld) -> None:
    writing = Writing(world, **ROWS, batch={})
    writing.write(*rows(250))
    assert numbers(world) == [[*range(100)], [*range(100, 200)]]
    run(world, 0.9)
    assert len(world.sim.requests) == 2
    run(world, 0.2)
    assert numbers(world)[2:] == [[*range(200, 250)]]
    assert set(writing.states()) == {"sent"}
    assert [row["n"] for row in world.sim.rows] == [*range(250)]


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_by_count_the_body_is_an_array_or_has_it_under_a_key(world: CollectorWorld, under: str) -> None:
    records = Writing(world, **ROWS, batch={"size": 3, "under": under, "seconds": 0}).write(*rows(7))
    expected = [[{"n": n} for n in some] for some in ((0, 1, 2), (3, 4, 5), (6,))]
    assert bodies(world) == [{under: some} if under else some for some in expected]
    assert [each.captured_id for each in records] == [f"row-{n}" for n in range(1, 8)]
    assert [each.request.size for each in records] == [3, 3, 3, 3, 3, 3, 1]


def test_b159_by_field_a_call_has_those_that_are_equal_in_it(world: CollectorWorld) -> None:
    batch = {"group_by": "field", "field": "team.name", "size": 3, "seconds": 0}
    writing = Writing(world, **ROWS, batch=batch, exclude=["team"])
    teams = ["red", "blue", "red", "", "red", "red", "blue"]
    writing.write(*({"n": n, "team": {"name": team}} for n, team in enumerate(teams)), {"n": 7})
    assert sorted(numbers(world)) == [[0, 2, 4], [1, 6], [3], [5], [7]]
    assert all("team" not in row for row in world.sim.rows)


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_by_size_no_body_is_larger_and_none_could_hold_the_next_one(world: CollectorWorld, under: str) -> None:
    batch = {"group_by": "bytes", "bytes": 400, "seconds": 0, "under": under}
    writing = Writing(world, **ROWS, batch=batch)
    lengths = [10, 200, 90, 300, 5, 5, 5, 330, 1, 340, 20]
    given = [{"n": n, "text": "ü" * (length // 6)} for n, length in enumerate(lengths)]
    writing.write(*given)
    packed = [body[under] if under else body for body in bodies(world)]
    assert [row for some in packed for row in some] == given
    for taken, some, following in zip(world.sim.requests, packed, packed[1:], strict=False):
        assert len(taken.raw) <= 400
        assert len(taken.raw) + len(", ") + len(json.dumps(following[0])) > 400, some


def test_b159_a_record_larger_than_a_body_may_be_goes_alone(world: CollectorWorld) -> None:
    batch = {"group_by": "bytes", "bytes": 200, "seconds": 0}
    Writing(world, **ROWS, batch=batch).write({"n": 0}, {"n": 1, "text": "x" * 500}, {"n": 2})
    assert numbers(world) == [[0], [1], [2]]


def test_b159_by_time_a_call_has_what_came_within_it(world: CollectorWorld) -> None:
    writing = Writing(world, **ROWS, batch={"group_by": "time", "seconds": 10})
    for n, seconds in enumerate((0, 4, 5, 30)):
        run(world, seconds)
        writing.write({"n": n})
    assert numbers(world) == [[0, 1, 2]]
    run(world, 9)
    assert len(world.sim.requests) == 1
    run(world, 2)
    assert numbers(world) == [[0, 1, 2], [3]]
    sent = [call.at for call in world.sim.record.calls("take")]
    assert 0 <= (sent[0] - writing.ledger()[0].created_at).total_seconds() - 10 < 0.1


def test_b159_those_for_another_address_never_go_into_the_same_call(world: CollectorWorld) -> None:
    writing = Writing(world, method="PUT", url="/rows/{shop}", exclude=["shop"], batch={"size": 10, "seconds": 0})
    writing.write(*({"n": n, "shop": "ab"[n % 2]} for n in range(6)))
    seen = sorted((taken.verb, taken.path, [row["n"] for row in taken.body]) for taken in world.sim.requests)
    assert seen == [("PUT", "/api/rows/a", [0, 2, 4]), ("PUT", "/api/rows/b", [1, 3, 5])]


# ------------------------------------------------------------------------------------------ what becomes of a batch


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_of_a_batch_each_record_has_its_own_end(world: CollectorWorld, under: str) -> None:
    given = rows(5)
    given[1]["refuse"] = "the shop is closed"
    given[4]["refuse"] = "no such article"
    records = Writing(world, **ROWS, batch={"under": under, "seconds": 0}).write(*given)
    assert [(each.state, each.captured_id, each.error) for each in records] == [
        ("sent", "row-1", ""),
        ("failed", "", "the shop is closed"),
        ("sent", "row-2", ""),
        ("sent", "row-3", ""),
        ("failed", "", "no such article"),
    ]
    assert [row["n"] for row in world.sim.rows] == [0, 2, 3]


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_of_a_batch_of_one_the_answer_is_read_as_that_of_a_batch(world: CollectorWorld, under: str) -> None:
    writing = Writing(world, **ROWS, batch={"under": under, "seconds": 0})
    good = trying.send_test(world.runtime, writing.shown().definition, {"n": 1}, BY)
    assert (good.ok, good.captured_id, good.body) == (True, "row-1", {under: [{"n": 1}]} if under else [{"n": 1}])
    bad = trying.send_test(world.runtime, writing.shown().definition, {"n": 2, "refuse": "the shop is closed"}, BY)
    assert (bad.ok, bad.captured_id, bad.error) == (False, "", "the shop is closed")
    [record] = writing.write({"n": 2, "refuse": "the shop is closed"})
    assert (record.state, record.error) == ("failed", "the shop is closed")


def test_b159_a_record_that_has_a_list_is_no_batch(world: CollectorWorld) -> None:
    world.sim.answers.append(Response('{"id": "r7", "tags": ["new"]}', 201, mimetype="application/json"))
    [record] = Writing(world, **ROWS).write({"tags": ["new"]})
    assert (record.state, record.captured_id) == ("sent", "r7")


def test_b159_a_batch_that_is_refused_as_a_whole_fails_each_with_the_vendors_words(world: CollectorWorld) -> None:
    world.sim.answers.append(world.sim.error_answer(422, "not more than two"))
    records = Writing(world, **ROWS, batch={"seconds": 0}).write(*rows(3))
    assert {each.state for each in records} == {"failed"}
    assert all("not more than two" in each.error for each in records)


def test_b159_an_answer_that_does_not_tell_them_apart_is_the_answer_of_each(world: CollectorWorld) -> None:
    world.sim.answers.append(Response('{"job_id": "j1"}', 202, mimetype="application/json"))
    records = Writing(world, **ROWS, batch={"seconds": 0}).write(*rows(3))
    assert [(each.state, each.captured_id) for each in records] == [("sent", "j1")] * 3


def test_b159_what_became_of_a_whole_batch_without_an_answer_is_left_to_a_person(world: CollectorWorld) -> None:
    writing = Writing(world, **ROWS, batch={"seconds": 0})
    world.sim.fault("take", "cut", performed=True)
    writing.write(*rows(3))
    run(world, 24 * 3600)
    assert set(writing.states()) == {"parked"}
    # Nobody can be asked what arrived, so it is not sent again: it was taken once.
    assert [row["n"] for row in world.sim.rows] == [0, 1, 2]


# -------------------------------------------------------------------------------------------------------- the samples

SETTINGS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "another verb": {"method": "PATCH"},
    "an address with a placeholder": {"url": "/rows/{shop.id}"},
    "a complete address": {"url": "{api}/rows/all"},
    "fields": {"fields": {"number": "n", "where": "shop.id"}},
    "constants": {"constants": {"list": "new", "n": 7}},
    "excluded": {"exclude": ["shop", "note"]},
    "a batch": {"batch": {"seconds": 0}},
    "a small batch": {"batch": {"size": 2, "seconds": 0}},
    "a batch under a key": {"batch": {"size": 3, "under": "rows", "seconds": 0}},
    "a batch by field": {"batch": {"group_by": "field", "field": "shop.id", "seconds": 0}},
    "a batch by bytes": {"batch": {"group_by": "bytes", "bytes": 120, "seconds": 0}},
    "a batch by time": {"batch": {"group_by": "time", "seconds": 5}},
    "all at once": {
        "url": "/rows/{shop.id}",
        "fields": {"number": "n", "text": "note"},
        "constants": {"list": "new"},
        "exclude": ["note"],
        "batch": {"size": 2, "under": "rows", "seconds": 0},
    },
}


def request_of(world: CollectorWorld, taken: Taken) -> tuple[str, str, Any]:
    return taken.verb, f"{world.sim.url}{taken.path}", taken.body


@pytest.mark.parametrize("setting", SETTINGS)
def test_b159_the_samples_are_what_is_sent_whatever_is_set(world: CollectorWorld, setting: str) -> None:
    definition = {**ROWS, **SETTINGS[setting]}
    definition["url"] = definition["url"].replace("{api}", world.sim.api_url)
    writing = Writing(world, **definition)
    given = [{"n": n, "shop": {"id": "ab"[n % 2]}, "note": f"note {n}"} for n in range(5)]
    stored = writing.shown().definition
    samples = trying.samples(world.runtime, stored, given)
    dry = trying.dry_run(world.runtime, stored, (Item(n, each) for n, each in enumerate(given, 1)))
    assert world.sim.requests == []
    writing.write(*given)
    run(world, 10)
    seen = [request_of(world, taken) for taken in world.sim.requests]
    assert [(each.verb, each.url, each.body) for each in samples] == seen
    assert [(each.verb, each.url, each.body) for each in dry.samples] == seen
    assert (dry.good, dry.requests) == (5, len(seen))


def test_b159_a_sample_shows_what_would_be_looked_up_and_asks_nobody(world: CollectorWorld) -> None:
    world.sim.places["Berlin"] = "place-1"
    definition = {"method": "POST", "url": "/rows/{place(city)}", "fields": {"where": "place(city)", "n": "n"}}
    writing = Writing(world, **definition)
    before = len(world.sim.record)
    [sample] = trying.samples(world.runtime, writing.shown().definition, [{"n": 1, "city": "Berlin"}])
    assert (sample.url, sample.body) == (
        f"{world.sim.api_url}/rows/‹place Berlin›",
        {"where": "‹place Berlin›", "n": 1},
    )
    assert len(world.sim.record) == before
    writing.write(*({"n": n, "city": "Berlin"} for n in range(20)))
    assert [taken.path for taken in world.sim.requests] == ["/api/rows/place-1"] * 20
    assert world.sim.requests[0].body == {"where": "place-1", "n": 0}
    assert len(world.sim.record.calls("places")) == 1
