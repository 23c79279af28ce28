"""The budget: the vendor's limit is never passed in any minute, and the urgent find room when it runs short."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain import Charge, Priority
from core.store.budget import Budget
from core.store.database import Database
from core.store.models import BudgetRow, ConnectionRow
from core.testing.clock import FakeClock

MINUTE = timedelta(seconds=60)
PRIORITIES = st.sampled_from(list(Priority))
PAUSES = st.floats(0, 30) | st.just(0.0) | st.just(60.0) | st.just(61.0)

_names = (f"connection {number}" for number in itertools.count())


def connection(db: Database) -> int:
    with db.write():
        return int(ConnectionRow.create(name=next(_names), connector="x", created_at=db.now()).id)


def budget(db: Database, per_minute: int) -> Budget:
    return Budget(db, connection(db), per_minute)


def take_all(budget: Budget, priority: Priority) -> int:
    """How many calls of a priority are granted at this moment."""
    granted = 0
    while budget.take(priority) == 0:
        granted += 1
    return granted


def most_in_a_minute(granted: list[datetime]) -> int:
    return max((sum(first <= other <= first + MINUTE for other in granted) for first in granted), default=0)


# ------------------------------------------------------------------------------------------- whatever is asked


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PRIORITIES, PAUSES, st.booleans(), st.booleans()), max_size=40), st.integers(1, 12))
def test_b52_no_minute_ever_holds_more_calls_than_the_budget(
    db: Database, clock: FakeClock, asks: list[tuple[Priority, float, bool, bool]], per_minute: int
) -> None:
    account = connection(db)
    sharers = Budget(db, account, per_minute), Budget(db, account, per_minute)  # as two processes have them
    granted = []
    for priority, pause, second, patient in asks:
        clock.advance(pause)
        wait = sharers[second].take(priority)
        assert 0 <= wait <= 61
        if wait > 0:
            if not patient:
                continue
            clock.advance(wait)  # whoever waits as long as told is granted, if nobody came between
            assert sharers[not second].take(priority) == 0
        granted.append(clock.now())
    assert most_in_a_minute(granted) <= per_minute


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.none() | st.integers(-5, 30), st.none() | st.integers(-5, 30), PAUSES), max_size=25),
    st.integers(1, 12),
)
def test_nothing_a_vendor_says_raises_the_budget_or_closes_it_for_good(
    db: Database, clock: FakeClock, said: list[tuple[int | None, int | None, float]], per_minute: int
) -> None:
    mine = budget(db, per_minute)
    granted = []
    lowest = per_minute
    for limit, remaining, pause in said:
        clock.advance(pause)
        mine.learn(limit, remaining)
        lowest = per_minute if limit is None and lowest == per_minute else min(per_minute, limit or lowest)
        if mine.take(Priority.LIVE) == 0:
            granted.append(clock.now())
    assert most_in_a_minute(granted) <= per_minute
    clock.advance(61)
    assert mine.take(Priority.BACKFILL) == 0


# ------------------------------------------------------------------------------------------- who comes first


def test_a_live_reply_finds_room_that_polling_may_not_use(db: Database) -> None:
    mine = budget(db, 100)
    order = (Priority.POLL, Priority.SYNC, Priority.HANDOFF, Priority.LIVE)
    assert [take_all(mine, priority) for priority in order] == [70, 20, 8, 2]


def test_a_backfill_uses_all_but_the_reserve_and_spreads_it_evenly(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 400)
    began = clock.now()
    waits = []
    for _ in range(390 * 3):
        while (wait := mine.take(Priority.BACKFILL)) > 0:
            waits.append(wait)
            clock.advance(wait)
    assert max(waits) < 0.2
    a_minute = (390 * 3 - 1) / ((clock.now() - began).total_seconds() / 60)
    assert a_minute >= 0.95 * 400
    assert take_all(mine, Priority.LIVE) >= 9
    # The reserve is used up: the next one waits no longer than a backfill's next call would have, and goes before it.
    wait = mine.take(Priority.LIVE)
    assert wait < 0.2
    clock.advance(wait)
    assert mine.take(Priority.BACKFILL) > 0
    assert mine.take(Priority.LIVE) == 0


def test_a_call_that_costs_more_takes_more_and_one_that_costs_too_much_is_granted_alone(
    db: Database, clock: FakeClock
) -> None:
    mine = budget(db, 10)
    assert mine.take(Priority.LIVE, Charge(6)) == 0
    assert mine.take(Priority.LIVE, Charge(6)) == 61
    assert mine.take(Priority.LIVE, Charge(4)) == 0
    clock.advance(61)
    assert mine.take(Priority.LIVE, Charge(30)) == 0
    assert mine.take(Priority.LIVE) == 61


# ------------------------------------------------------------------------------------------- further limits


def lanes(limit: int) -> dict[str, int]:
    return {"lists": limit // 10}


def test_a_lane_has_a_limit_of_its_own_and_the_others_go_on(db: Database, clock: FakeClock) -> None:
    mine = Budget(db, connection(db), 100, lanes)
    lists = Charge(1, "lists")
    assert [mine.take(Priority.LIVE, lists) for _ in range(11)] == [0.0] * 10 + [61.0]
    assert mine.take(Priority.LIVE) == 0
    mine.learn(20, None)  # the vendor's limit tells the lane's
    clock.advance(61)
    assert [mine.take(Priority.LIVE, lists) for _ in range(3)] == [0.0, 0.0, 61.0]


def test_a_lane_that_the_vendor_shuts_leaves_the_others_open(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 100)
    mine.shut(30, "lists")
    mine.shut(5, "lists")
    assert mine.take(Priority.LIVE, Charge(1, "lists")) == 30
    assert mine.take(Priority.LIVE) == 0
    clock.advance(30)
    assert mine.take(Priority.LIVE, Charge(1, "lists")) == 0


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("per_minute", [1, 2])
def test_the_smallest_limit_has_one_call_for_the_least_urgent(
    db: Database, priority: Priority, per_minute: int
) -> None:
    mine = budget(db, per_minute)
    assert mine.take(priority) == 0
    assert take_all(mine, Priority.LIVE) == per_minute - 1


def test_the_wait_that_is_told_is_until_the_oldest_call_leaves_the_window(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 2)
    assert mine.take(Priority.LIVE) == 0
    clock.advance(20)
    assert mine.take(Priority.LIVE) == 0
    assert mine.take(Priority.LIVE) == 41
    assert mine.take(Priority.BACKFILL) == 61  # may use one of the two, and both are used
    clock.advance(41)
    assert mine.take(Priority.BACKFILL) == 20
    assert mine.take(Priority.LIVE) == 0


def test_two_connections_do_not_share_a_budget(db: Database) -> None:
    first, second = budget(db, 1), budget(db, 1)
    assert first.take(Priority.LIVE) == 0
    assert second.take(Priority.LIVE) == 0
    assert first.take(Priority.LIVE) > 0


def test_calls_of_many_threads_at_once_are_all_counted(db: Database) -> None:
    account = connection(db)
    granted: list[float] = []

    def call() -> None:
        mine = Budget(db, account, 10)
        granted.extend(wait for wait in (mine.take(Priority.LIVE) for _ in range(5)) if wait == 0)

    crowd = [threading.Thread(target=call) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
    assert len(granted) == 10


def test_a_clock_that_was_set_back_does_not_shut_the_budget_for_long(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 1)
    assert mine.take(Priority.LIVE, now=clock.now() + timedelta(hours=1)) == 0
    assert mine.take(Priority.LIVE) == 61
    mine.learn(None, None)  # from here on it counts as made now
    clock.advance(61)
    assert mine.take(Priority.LIVE) == 0


# ------------------------------------------------------------------------------------------- what the vendor says


def test_a_429_shuts_the_budget_for_as_long_as_the_vendor_says(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 10)
    mine.shut(30)
    mine.shut(5)  # a second answer to a call that was under way does not open it earlier
    assert mine.take(Priority.LIVE) == 30
    clock.advance(30)
    assert mine.take(Priority.LIVE) == 0


def test_a_lower_limit_of_the_vendor_is_taken_over_and_a_higher_is_not(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 20)
    mine.learn(5, None)
    assert take_all(mine, Priority.LIVE) == 5
    clock.advance(61)
    mine.learn(3000, None)
    assert take_all(mine, Priority.LIVE) == 20


def test_calls_that_others_make_on_the_account_are_counted(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 20)
    assert mine.take(Priority.LIVE) == 0
    mine.learn(20, 2)
    assert take_all(mine, Priority.LIVE) == 2
    clock.advance(61)
    assert take_all(mine, Priority.LIVE) == 20


def test_a_vendor_that_sees_fewer_calls_than_we_made_gives_none_back(db: Database) -> None:
    mine = budget(db, 3)
    assert take_all(mine, Priority.LIVE) == 3
    mine.learn(3, 3)
    assert mine.take(Priority.LIVE) > 0


def test_a_limit_that_was_raised_in_the_configuration_counts_at_once(db: Database) -> None:
    account = connection(db)
    assert take_all(Budget(db, account, 2), Priority.LIVE) == 2
    assert take_all(Budget(db, account, 5), Priority.LIVE) == 3


def test_old_calls_are_not_kept(db: Database, clock: FakeClock) -> None:
    mine = budget(db, 5)
    for _ in range(20):
        mine.take(Priority.LIVE)
        clock.advance(20)
    with db.read():
        assert len(BudgetRow.get().calls) <= 5
