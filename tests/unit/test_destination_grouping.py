"""Which records go into one call: each of them into one, of one kind, no more than may, and none before its turn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.destination_settings import GROUPINGS, Batching, Definition
from core.destinations.grouping import batches
from core.destinations.rendering import Prepared

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
Record = tuple[Mapping[str, Any], Prepared]


def record(merge: str = "", lane: str = "", **data: Any) -> Record:
    return data, Prepared(data, lane, merge, merge)


def manual(**batch: Any) -> Definition:
    return Definition("d", "c", method="POST", url="/x", batch=Batching(**batch))


def test_without_a_batch_each_record_is_a_call_of_its_own() -> None:
    records = [record(), record(), record()]
    assert batches(Definition("d", "c", method="POST", url="/x"), False, records) == [[0], [1], [2]]
    assert batches(Definition("d", "c", template="reply"), True, records) == [[0], [1], [2]]
    assert batches(Definition("d", "c", template="reply", batch=Batching()), False, records) == [[0], [1], [2]]


@pytest.mark.parametrize("group_by", ["count", "time"])
def test_by_count_and_by_time_a_call_has_as_many_as_it_may(group_by: str) -> None:
    assert batches(manual(size=2, group_by=group_by), False, [record()] * 5) == [[0, 1], [2, 3], [4]]


def test_by_time_those_go_together_that_came_within_the_seconds_of_the_first() -> None:
    moments = [NOON + timedelta(seconds=seconds) for seconds in (0, 1, 2, 2.5, 4, 4.5, 60)]
    records = [record()] * len(moments)
    by_time = manual(size=3, group_by="time", seconds=2)
    assert batches(by_time, False, records, moments) == [[0, 1, 2], [3, 4, 5], [6]]
    assert batches(manual(size=9, group_by="time", seconds=2), False, records, moments) == [[0, 1, 2], [3, 4, 5], [6]]
    assert batches(manual(size=9, group_by="time", seconds=0), False, records[:2], moments[:1] * 2) == [[0, 1]]
    assert batches(manual(size=9, seconds=2), False, records, moments) == [list(range(7))]
    apart = [record("a"), record("b"), record("a"), record("b"), record("a"), record("a"), record("b")]
    assert batches(manual(size=9, group_by="time", seconds=2), False, apart, moments) == [[0, 2], [1, 3], [4, 5], [6]]


def test_by_field_those_go_together_that_are_equal_in_it() -> None:
    records = [record(city=city) for city in ("Bern", "Rome", "Bern", None, "Bern", "", "Rome")] + [record()]
    assert batches(manual(size=2, group_by="field", field="city"), False, records) == [
        [0, 2],
        [1, 6],
        [3, 7],  # of neither is it known
        [4],
        [5],
    ]


def test_a_template_that_merges_makes_one_call_of_what_it_can() -> None:
    definition = Definition("d", "c", template="create_conversation", batch=Batching(size=100))
    records = [record("ann"), record("bob"), record("ann"), record("ann")]
    assert batches(definition, True, records) == [[0, 2, 3], [1]]


def test_records_for_different_addresses_never_go_together() -> None:
    records = [record("/users/1"), record("/users/2"), record("/users/1")]
    assert batches(manual(), False, records) == [[0, 2], [1]]


def test_none_of_a_lane_overtakes_another() -> None:
    records = [record("a", "lane"), record("b", "lane"), record("a", "lane"), record("b", "other")]
    assert batches(manual(), False, records) == [[0], [1, 3], [2]]


@pytest.mark.parametrize("under", ["", "records", "Sätze"])
def test_by_bytes_a_body_is_as_long_as_it_may_be_and_no_longer(under: str) -> None:
    records = [record(name="Zoë" * 10) for _ in range(20)]
    definition = manual(group_by="bytes", bytes=300, under=under)
    made = batches(definition, False, records)
    assert [place for group in made for place in group] == list(range(20))

    def body(group: list[int]) -> int:
        entries = [records[place][1].fields for place in group]
        return len(json.dumps({under: entries} if under else entries))

    assert all(body(group) <= 300 for group in made)
    assert all(body([*group, 0]) > 300 for group in made[:-1])


def test_a_record_that_is_longer_than_a_body_may_be_goes_alone() -> None:
    records = [record(name="x"), record(name="x" * 500), record(name="x")]
    assert batches(manual(group_by="bytes", bytes=100), False, records) == [[0], [1], [2]]


@given(
    kinds=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "l", "m"]), st.integers(0, 2)), max_size=30),
    size=st.integers(1, 5),
    group_by=st.sampled_from(GROUPINGS),
    most=st.integers(100, 200),
)
def test_each_record_is_in_one_call_with_its_like_and_in_its_turn(
    kinds: list[tuple[str, str, int]], size: int, group_by: str, most: int
) -> None:
    records = [record(merge, lane, city=city) for merge, lane, city in kinds]
    made = batches(manual(size=size, group_by=group_by, field="city", bytes=most), False, records)
    assert sorted(place for group in made for place in group) == list(range(len(records)))
    assert [group[0] for group in made] == sorted(group[0] for group in made)
    for group in made:
        assert group == sorted(group)
        assert 0 < len(group) <= size
        assert len({kinds[place][0] for place in group}) == 1
        assert group_by != "field" or len({kinds[place][2] for place in group}) == 1
    for lane in ("l", "m"):
        turns = [place for group in made for place in group if kinds[place][1] == lane]
        assert turns == sorted(turns)
