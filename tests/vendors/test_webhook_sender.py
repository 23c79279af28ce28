"""What simulated vendors deliver their webhooks with: waits on a turned clock, a quota, shares lost and doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from core.testing.clock import START, FakeClock
from core.testing.receiver import WebhookReceiver
from core.testing.waiting import Changes
from core.testing.webhook_delivery import Outgoing
from core.testing.webhook_sender import WebhookSender, unsigned

Build = Callable[..., WebhookSender]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as running:
        yield running


@pytest.fixture
def build(clock: FakeClock, receiver: WebhookReceiver) -> Iterator[Build]:
    """Makes a running sender whose waits are on the clock."""
    built: list[WebhookSender] = []

    def make(per_hour: int | None = None, retry_waits: tuple[float, ...] = (300, 1800, 3600)) -> WebhookSender:
        sender = WebhookSender(
            unsigned,
            clock=clock,
            changes=Changes(),
            retry_waits=retry_waits,
            waits_on_clock=True,
            per_hour=per_hour,
        )
        sender.url = receiver.url
        sender.start()
        built.append(sender)
        return sender

    yield make
    for sender in built:
        sender.stop()


def numbers(receiver: WebhookReceiver) -> list[int]:
    return [one.json["n"] for one in receiver.received]


def test_a_retry_waits_for_the_clock_and_counts_as_settled_meanwhile(
    build: Build, clock: FakeClock, receiver: WebhookReceiver
) -> None:
    receiver.answers = [500]
    sender = build()
    sender.send("hook", {"n": 1})
    assert sender.settled()
    assert [one.due for one in sender.pending()] == [START + timedelta(minutes=5)]
    clock.advance(299)
    assert sender.settled()
    assert len(receiver.received) == 1
    clock.advance(1)
    assert sender.settled()
    assert numbers(receiver) == [1, 1]
    assert sender.pending() == []
    assert [(one.state, one.due) for one in sender.deliveries] == [("done", None)]


def test_after_the_last_retry_a_delivery_has_failed(build: Build, clock: FakeClock, receiver: WebhookReceiver) -> None:
    receiver.answers = [500, 302, 404, 503, 200]
    sender = build()
    sender.send("hook", {"n": 1})
    tried = []
    for minutes in (0, 5, 30, 60, 24 * 60):
        clock.advance(minutes * 60)
        assert sender.settled()
        tried.append(len(receiver.received))
    assert tried == [1, 2, 3, 4, 4]
    delivery = sender.deliveries[0]
    assert delivery.state == "failed"
    assert [one.status for one in delivery.attempts] == [500, 302, 404, 503]
    assert [(one.at - START).total_seconds() / 60 for one in delivery.attempts] == [0, 5, 35, 95]


def test_a_webhook_that_waits_for_its_retry_is_overtaken(
    build: Build, clock: FakeClock, receiver: WebhookReceiver
) -> None:
    receiver.answers = [500]
    sender = build()
    sender.send("hook", {"n": 1})
    sender.send("hook", {"n": 2})
    assert sender.settled()
    clock.advance(300)
    assert sender.settled()
    assert numbers(receiver) == [1, 2, 1]


def test_what_is_beyond_the_hours_quota_waits_for_the_next_hour(
    build: Build, clock: FakeClock, receiver: WebhookReceiver
) -> None:
    clock.advance(20 * 60)
    sender = build(per_hour=2)
    for number in range(5):
        sender.send("hook", {"n": number})
    assert sender.settled()
    assert numbers(receiver) == [0, 1]
    assert {one.due for one in sender.pending()} == {START + timedelta(hours=1)}
    clock.advance(40 * 60)
    assert sender.settled()
    assert numbers(receiver) == [0, 1, 2, 3]
    clock.advance(3600)
    assert sender.settled()
    assert numbers(receiver) == [0, 1, 2, 3, 4]


def test_what_the_quota_has_kept_back_for_a_day_is_dropped(
    build: Build, clock: FakeClock, receiver: WebhookReceiver
) -> None:
    sender = build(per_hour=1)
    sender.send("hook", {"n": 1})
    sender.send("hook", {"n": 2})
    sender.send("hook", {"n": 3})
    assert sender.settled()
    clock.advance(24 * 3600 - 1)
    assert sender.settled()
    clock.advance(1)
    assert sender.settled()
    assert numbers(receiver) == [1, 2]
    assert [one.state for one in sender.deliveries] == ["done", "done", "dropped"]


def test_a_share_is_lost_and_another_doubled_the_same_way_each_time(build: Build, receiver: WebhookReceiver) -> None:
    outcomes = []
    for _ in range(2):
        receiver.received.clear()
        sender = build()
        sender.drop_share(0.2, seed=3)
        sender.copy_share(0.2, seed=4)
        for number in range(100):
            sender.send("hook", {"n": number})
        assert sender.settled()
        outcomes.append(numbers(receiver))
    assert outcomes[0] == outcomes[1]
    assert 10 <= 100 - len(set(outcomes[0])) <= 30
    assert 8 <= len(outcomes[0]) - len(set(outcomes[0])) <= 30


def test_nothing_more_is_lost_or_doubled_once_the_shares_are_taken_back(
    build: Build, receiver: WebhookReceiver
) -> None:
    sender = build()
    sender.drop_share(1)
    sender.copy_share(1)
    sender.send("hook", {"n": 1})
    sender.drop_share(0)
    sender.send("hook", {"n": 2})
    sender.copy_share(0)
    sender.send("hook", {"n": 3})
    assert sender.settled()
    assert numbers(receiver) == [2, 2, 3]


def test_a_webhook_may_have_its_own_address_headers_method_and_kind_of_body(
    build: Build, receiver: WebhookReceiver
) -> None:
    sender = build()
    sender.url = None
    outgoing = Outgoing(receiver.url, b"a=1&b=2", "application/x-www-form-urlencoded", {"X-Secret": "s"}, "PUT")
    sender.post("hook", outgoing)
    assert sender.settled()
    received = receiver.received[0]
    assert received.body == b"a=1&b=2"
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.headers["x-secret"] == "s"
    assert sender.deliveries[0].shown()["payload"] == "a=1&b=2"
    sender.again(sender.deliveries[0])
    assert sender.settled()
    assert receiver.received[1].headers["x-secret"] == "s"
