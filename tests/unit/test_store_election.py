"""Elections on both engines: one process at a time has a duty, and each slot of a job runs once."""

from __future__ import annotations

import threading
from datetime import timedelta

from core.store.database import Database
from core.store.election import Election, run_slot
from core.store.models import JobRunRow, SchedulerLeaseRow
from core.testing.clock import START, FakeClock


def test_one_of_two_is_elected_and_the_other_takes_over_when_it_dies(db: Database, clock: FakeClock) -> None:
    first, second = Election(db, "dispatcher", "a", 10), Election(db, "dispatcher", "b", 10)
    assert first.hold()
    assert not second.hold()
    clock.advance(9)
    assert first.hold()
    clock.advance(10)
    assert not second.hold()  # its time has come to an end, but has not passed
    clock.advance(0.001)
    assert second.hold()


def test_whoever_slept_through_its_time_renews_nothing_with_its_old_fence(db: Database, clock: FakeClock) -> None:
    first, second = Election(db, "dispatcher", "a", 10), Election(db, "dispatcher", "b", 10)
    assert first.hold()
    clock.advance(11)
    assert second.hold()
    assert not first.hold()
    first.resign()  # of what is no longer its own
    assert second.hold()
    with db.read():
        assert (SchedulerLeaseRow.get().owner, SchedulerLeaseRow.get().fence) == ("b", 2)


def test_whoever_is_late_but_was_not_replaced_goes_on(db: Database, clock: FakeClock) -> None:
    first = Election(db, "dispatcher", "a", 10)
    assert first.hold()
    clock.advance(60)
    assert first.hold()
    with db.read():
        assert SchedulerLeaseRow.get().fence == 1


def test_the_same_name_without_the_fence_must_wait_like_any_other(db: Database, clock: FakeClock) -> None:
    before, after = Election(db, "dispatcher", "a", 10), Election(db, "dispatcher", "a", 10)
    assert before.hold()
    assert not after.hold()
    clock.advance(11)
    assert after.hold()
    assert not before.hold()


def test_whoever_resigns_need_not_be_waited_for(db: Database) -> None:
    first, second = Election(db, "scheduler", "a", 10), Election(db, "scheduler", "b", 10)
    first.resign()  # of nothing
    assert first.hold()
    first.resign()
    assert second.hold()
    second.resign()
    assert first.hold()
    with db.read():
        assert SchedulerLeaseRow.get().fence == 3  # it never begins anew


def test_duties_are_apart(db: Database) -> None:
    assert Election(db, "scheduler", "a", 10).hold()
    assert Election(db, "dispatcher", "b", 10).hold()


def test_of_many_at_once_one_is_elected(db: Database, clock: FakeClock) -> None:
    for _ in range(3):
        start = threading.Barrier(6)
        elected: list[bool] = []

        def stand(owner: str, start: threading.Barrier = start, elected: list[bool] = elected) -> None:
            start.wait(10)
            elected.append(Election(db, "dispatcher", owner, 10).hold())

        crowd = [threading.Thread(target=stand, args=(str(number),)) for number in range(6)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(30)
        assert sorted(elected) == [False] * 5 + [True]
        clock.advance(11)


def test_a_slot_of_a_job_runs_once(db: Database) -> None:
    assert run_slot(db, "sweep", START, "a")
    assert not run_slot(db, "sweep", START, "a")
    assert not run_slot(db, "sweep", START, "b")
    assert run_slot(db, "sweep", START + timedelta(minutes=1), "b")
    assert run_slot(db, "throw_away", START, "b")
    with db.read():
        assert [(row.job, row.owner) for row in JobRunRow.select().order_by(JobRunRow.id)] == [
            ("sweep", "a"),
            ("sweep", "b"),
            ("throw_away", "b"),
        ]
