"""Behaviour 159 at a vendor that takes arrays: off, 100 and each grouping, as the server and the samples see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.wrappers import Response

from core.destinations import trying
from core.destinations.catalogue import Destinations
from core.destinations.formats import Item
from tests.end_to_end.collector import Taken, with_collector
from tests.end_to_end.destined import BY, Destined, run
from tests.end_to_end.worlds import World

ROWS: dict[str, Any] = {"connection": "collector", "method": "POST", "url": "/items"}


@pytest.fixture
def world(world: World) -> Iterator[Any]:
    """A service that is connected to the collector, which is `sim`, over each engine."""
    collector = with_collector(world, per_minute=100_000)
    yield SimpleNamespace(runtime=world.runtime, clock=world.clock, sim=collector)
    collector.stop()
    if collector.broken:
        raise collector.broken[0]


def rows(number: int, **more: Any) -> list[dict[str, Any]]:
    return [{"n": n, **more} for n in range(number)]


def bodies(world: Any) -> list[Any]:
    return [taken.body for taken in world.sim.requests]


def numbers(world: Any) -> list[list[int]]:
    """Of each array that came the numbers in it."""
    return [[row["n"] for row in body] for body in bodies(world)]


# --------------------------------------------------------------------------------------------------- what a batch is


def test_b159_without_a_batch_each_record_is_a_call_of_its_own(world: Any) -> None:
    records = Destined(world, **ROWS).write(*rows(3))
    assert bodies(world) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert [each.captured_id for each in records] == ["1", "2", "3"]


def test_b159_a_batch_has_a_hundred_unless_told_otherwise_and_the_last_waits_a_second(world: Any) -> None:
    writing = Destined(world, **ROWS, batch={})
    writing.write(*rows(250))
    assert numbers(world) == [[*range(100)], [*range(100, 200)]]
    run(world, 0.9)
    assert len(world.sim.requests) == 2
    run(world, 0.2)
    assert numbers(world)[2:] == [[*range(200, 250)]]
    assert set(writing.states()) == {"sent"}
    assert [row["n"] for row in world.sim.items] == [*range(250)]


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_by_count_the_body_is_an_array_or_has_it_under_a_key(world: Any, under: str) -> None:
    records = Destined(world, **ROWS, batch={"size": 3, "under": under, "seconds": 0}).write(*rows(7))
    expected = [[{"n": n} for n in some] for some in ((0, 1, 2), (3, 4, 5), (6,))]
    assert bodies(world) == [{under: some} if under else some for some in expected]
    assert [each.captured_id for each in records] == [str(n) for n in range(1, 8)]
    assert [each.request.size for each in records] == [3, 3, 3, 3, 3, 3, 1]


def test_b159_by_field_a_call_has_those_that_are_equal_in_it(world: Any) -> None:
    batch = {"group_by": "field", "field": "team.name", "size": 3, "seconds": 0}
    writing = Destined(world, **ROWS, batch=batch, exclude=["team"])
    teams = ["red", "blue", "red", "", "red", "red", "blue"]
    writing.write(*({"n": n, "team": {"name": team}} for n, team in enumerate(teams)), {"n": 7})
    assert sorted(numbers(world)) == [[0, 2, 4], [1, 6], [3], [5], [7]]
    assert all("team" not in row for row in world.sim.items)


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_by_size_no_body_is_larger_and_none_could_hold_the_next_one(world: Any, under: str) -> None:
    batch = {"group_by": "bytes", "bytes": 400, "seconds": 0, "under": under}
    writing = Destined(world, **ROWS, batch=batch)
    lengths = [10, 200, 90, 300, 5, 5, 5, 330, 1, 340, 20]
    given = [{"n": n, "text": "ü" * (length // 6)} for n, length in enumerate(lengths)]
    writing.write(*given)
    packed = [body[under] if under else body for body in bodies(world)]
    assert [row for some in packed for row in some] == given
    for taken, some, following in zip(world.sim.requests, packed, packed[1:], strict=False):
        assert len(taken.raw) <= 400
        assert len(taken.raw) + len(", ") + len(json.dumps(following[0])) > 400, some


def test_b159_a_record_larger_than_a_body_may_be_goes_alone(world: Any) -> None:
    batch = {"group_by": "bytes", "bytes": 200, "seconds": 0}
    Destined(world, **ROWS, batch=batch).write({"n": 0}, {"n": 1, "text": "x" * 500}, {"n": 2})
    assert numbers(world) == [[0], [1], [2]]


def test_b159_by_time_a_call_has_what_came_within_it(world: Any) -> None:
    writing = Destined(world, **ROWS, batch={"group_by": "time", "seconds": 10})
    for n, seconds in enumerate((0, 4, 5, 30)):
        run(world, seconds)
        writing.write({"n": n})
    assert numbers(world) == [[0, 1, 2]]
    run(world, 9)
    assert len(world.sim.requests) == 1
    run(world, 2)
    assert numbers(world) == [[0, 1, 2], [3]]
    sent = [call.at for call in world.sim.record.calls("take_items")]
    assert 0 <= (sent[0] - writing.ledger()[0].created_at).total_seconds() - 10 < 0.1


def test_b159_by_time_what_came_apart_goes_apart_however_late_it_is_sent(world: Any) -> None:
    writing = Destined(world, **ROWS, active=False, batch={"group_by": "time", "seconds": 10})
    for n, seconds in enumerate((0, 4, 5, 30, 1)):
        world.clock.advance(seconds)
        writing.give({"n": n})
    Destinations(world.runtime).activate("rows", "ann@acme.example")
    run(world, 20)
    assert numbers(world) == [[0, 1, 2], [3, 4]]


def test_b159_those_for_another_address_never_go_into_the_same_call(world: Any) -> None:
    writing = Destined(
        world,
        connection="collector",
        method="PUT",
        url="/things/{shop}",
        exclude=["shop"],
        batch={"size": 10, "seconds": 0},
    )
    writing.write(*({"n": n, "shop": "ab"[n % 2]} for n in range(6)))
    seen = sorted((taken.verb, taken.path, [row["n"] for row in taken.body]) for taken in world.sim.requests)
    assert seen == [("PUT", "/things/a", [0, 2, 4]), ("PUT", "/things/b", [1, 3, 5])]


# ------------------------------------------------------------------------------------------ what becomes of a batch


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_of_a_batch_each_record_has_its_own_end(world: Any, under: str) -> None:
    given = rows(5)
    given[1]["bad"] = True
    given[4]["bad"] = True
    records = Destined(world, **ROWS, batch={"under": under, "seconds": 0}).write(*given)
    assert [(each.state, each.captured_id, each.error) for each in records] == [
        ("sent", "1", ""),
        ("failed", "", "it is bad"),
        ("sent", "2", ""),
        ("sent", "3", ""),
        ("failed", "", "it is bad"),
    ]
    assert [row["n"] for row in world.sim.items] == [0, 2, 3]


@pytest.mark.parametrize("under", ["", "rows"])
def test_b159_of_a_batch_of_one_the_answer_is_read_as_that_of_a_batch(world: Any, under: str) -> None:
    writing = Destined(world, **ROWS, batch={"under": under, "seconds": 0})
    good = trying.send_test(world.runtime, writing.shown().definition, {"n": 1}, BY)
    assert (good.ok, good.captured_id, good.body) == (True, "1", {under: [{"n": 1}]} if under else [{"n": 1}])
    bad = trying.send_test(world.runtime, writing.shown().definition, {"n": 2, "bad": True}, BY)
    assert (bad.ok, bad.captured_id, bad.error) == (False, "", "it is bad")
    [record] = writing.write({"n": 2, "bad": True})
    assert (record.state, record.error) == ("failed", "it is bad")


def test_b159_a_record_that_has_a_list_is_no_batch(world: Any) -> None:
    world.sim.answers.append(Response('{"id": "r7", "tags": ["new"]}', 201, mimetype="application/json"))
    [record] = Destined(world, **ROWS).write({"tags": ["new"]})
    assert (record.state, record.captured_id) == ("sent", "r7")


def test_b159_a_batch_that_is_refused_as_a_whole_fails_each_with_the_vendors_words(world: Any) -> None:
    world.sim.answers.append(world.sim.error_answer(422, "not more than two"))
    records = Destined(world, **ROWS, batch={"seconds": 0}).write(*rows(3))
    assert {each.state for each in records} == {"failed"}
    assert all("not more than two" in each.error for each in records)


def test_b159_an_answer_that_does_not_tell_them_apart_is_the_answer_of_each(world: Any) -> None:
    world.sim.answers.append(Response('{"job_id": "j1"}', 202, mimetype="application/json"))
    records = Destined(world, **ROWS, batch={"seconds": 0}).write(*rows(3))
    assert [(each.state, each.captured_id) for each in records] == [("sent", "j1")] * 3


def test_b159_what_became_of_a_whole_batch_without_an_answer_is_left_to_a_person(world: Any) -> None:
    writing = Destined(world, **ROWS, batch={"seconds": 0})
    world.sim.fault("take_items", "cut", performed=True)
    writing.write(*rows(3))
    run(world, 24 * 3600)
    assert set(writing.states()) == {"parked"}
    # Nobody can be asked what arrived, so it is not sent again: it was taken once.
    assert [row["n"] for row in world.sim.items] == [0, 1, 2]


# -------------------------------------------------------------------------------------------------------- the samples

SETTINGS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "another verb and address": {"method": "PATCH", "url": "/things/one"},
    "an address with a placeholder": {"method": "PUT", "url": "/things/{shop.id}"},
    "a complete address": {"url": "{api}/items"},
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
        "method": "PUT",
        "url": "/things/{shop.id}",
        "fields": {"number": "n", "text": "note"},
        "constants": {"list": "new"},
        "exclude": ["note"],
        "batch": {"size": 2, "under": "rows", "seconds": 0},
    },
}


def request_of(world: Any, taken: Taken) -> tuple[str, str, Any]:
    return taken.verb, f"{world.sim.url}{taken.path}", taken.body


@pytest.mark.parametrize("setting", SETTINGS)
def test_b159_the_samples_are_what_is_sent_whatever_is_set(world: Any, setting: str) -> None:
    definition = {**ROWS, **SETTINGS[setting]}
    definition["url"] = definition["url"].replace("{api}", world.sim.api_url)
    writing = Destined(world, **definition)
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


def test_b159_a_sample_shows_what_would_be_looked_up_and_asks_nobody(world: Any) -> None:
    definition = {"method": "PUT", "url": "/things/{number(who)}", "fields": {"who": "number(who)", "n": "n"}}
    writing = Destined(world, **{**ROWS, **definition})
    before = len(world.sim.record)
    [sample] = trying.samples(world.runtime, writing.shown().definition, [{"n": 1, "who": "n7"}])
    assert (sample.url, sample.body) == (f"{world.sim.api_url}/things/‹number n7›", {"who": "‹number n7›", "n": 1})
    assert len(world.sim.record) == before
    writing.write(*({"n": n, "who": "n7"} for n in range(20)))
    assert [taken.path for taken in world.sim.requests] == ["/things/1007"] * 20
    assert world.sim.requests[0].body == {"who": "1007", "n": 0}
    assert len(world.sim.record.calls("find_name")) == 1
