"""Behaviour 52: the vendor's limit of calls a minute is never exceeded, shared by all, and spent on customers first."""

from __future__ import annotations

import threading
from bisect import bisect_right
from datetime import timedelta
from typing import Any

import pytest

from core.domain import Priority
from core.errors import RetryLater
from core.store.models import BudgetRow

HELLO = "Hello from the AI."
MINUTE = timedelta(seconds=60)
POLLING = ("list_messages", "list_user_conversations", "list_conversations")


def crowd(world: Any, size: int) -> list[Any]:
    return [world.sim.customer_writes(world.sim.customer(f"c{n}@example.com"), "Hi") for n in range(size)]


def answered_after(world: Any, conversations: list[Any]) -> float:
    """Minutes until everybody had an answer."""
    start = world.clock.now()
    for _ in range(60):
        if all(world.replies(one) for one in conversations):
            break
        world.poll(0.5)
    assert all(world.replies(one) == [HELLO] for one in conversations), "somebody was not answered, or twice"
    return float((world.clock.now() - start).total_seconds() / 60)


def most_in_a_minute(world: Any) -> int:
    """By the simulator's own log, whatever our budget thinks."""
    at = sorted(call.at for call in world.sim.record.calls())
    return max(bisect_right(at, moment + MINUTE - timedelta(microseconds=1)) - i for i, moment in enumerate(at))


def test_b52_thirty_conversations_at_sixty_calls_a_minute_are_all_answered_within_the_limit(world: Any) -> None:
    world.start(requests_per_minute=60)
    minutes = answered_after(world, crowd(world, 30))
    assert most_in_a_minute(world) <= 60
    assert minutes <= 5


def test_b52_replies_go_before_polling(world: Any) -> None:
    """The account is polled all the time; the thirty get their answers as soon as without that."""
    world.start(requests_per_minute=60, poll_after_minutes=0)
    known = crowd(world, 6)
    answered_after(world, known)
    world.poll(2)
    assert world.sim.record.calls("list_messages"), "nothing was polled"
    world.sim.record.clear()
    minutes = answered_after(world, crowd(world, 30))
    assert most_in_a_minute(world) <= 60
    assert minutes <= 6
    at = sorted(call.at for call in world.sim.record.calls())
    for call in world.sim.record.calls():
        if call.endpoint in POLLING:
            before = bisect_right(at, call.at) - bisect_right(at, call.at - MINUTE)
            assert before <= 42, "polling went into the share that is kept for customers"


def test_b52_several_processes_share_one_budget(world: Any) -> None:
    world.start(requests_per_minute=60)
    world.sim.record.clear()
    connection = world.connections.named("support")
    refused: list[float] = []

    def call() -> None:
        for _ in range(30):
            try:
                world.connections.http(connection, Priority.LIVE).get("/agents")
            except RetryLater as later:
                refused.append(later.after or 0.0)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    used = len(world.sim.record.calls())
    assert used + len(refused) == 120
    assert used <= 60
    assert all(0 < after <= 61 for after in refused)


def test_b52_a_lower_limit_that_the_vendors_headers_name_is_kept_to(world: Any) -> None:
    world.sim.rate.per_minute = 20
    world.sim.rate_headers = True
    world.start(requests_per_minute=60)
    answered_after(world, crowd(world, 8))
    assert most_in_a_minute(world) <= 20
    assert [call.status for call in world.sim.record.calls() if call.status == 429] == []


@pytest.mark.parametrize("retry_after", [20, None])
def test_b52_a_429_shuts_the_budget_for_all_as_long_as_the_vendor_says(world: Any, retry_after: int | None) -> None:
    world.start()
    world.sim.fault("get_conversation", "429", retry_after=retry_after)
    first = world.sim.customer_writes(world.ada, "Hi")
    second = world.sim.customer_writes(world.sim.customer("grace@example.com"), "Hi")
    world.run(300)
    calls = world.sim.record.calls()
    refused = next(call for call in calls if call.status == 429)
    following = next(call for call in calls if call.at > refused.at)
    assert following.at - refused.at >= timedelta(seconds=retry_after or 60)
    assert world.replies(first) == world.replies(second) == [HELLO]
    with world.runtime.db.read():
        assert BudgetRow.get().shut_until is not None
