"""Outbound events on their way: signed, tried again, given up, replayed, and each process at its own receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.exceptions import WebhookVerificationError
from werkzeug.wrappers import Response

from core.config import load_config
from core.domain import Secret
from core.errors import ConfigError
from core.flow.announce import as_payload, queue
from core.jobs.deliveries import LEASE, RETRIES, Outcome, go_on, take
from core.jobs.housekeeping import throw_away
from core.jobs.send_events import EventSender, send_due
from core.receivers import MOST_FORMER
from core.runtime import Runtime, build_runtime
from core.sealing import Sealer
from core.store.migrations import migrate
from core.store.models import DeliveryRow, SubscriptionRow
from core.subscriptions import Subscriptions, Unknown
from core.testing.clock import FakeClock
from core.testing.receiver import Received, WebhookReceiver
from tests.end_to_end.signed import verified

CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "a secret key that is only good for these tests, and long"
{server}
[database]
url = "{database}"
"""
BY = "ada@example.com"
OPEN = "allow_private_webhooks = true"


class Desk:
    """A service without a helpdesk, and a receiver that has subscribed to everything."""

    def __init__(self, folder: Path, database_url: str, clock: FakeClock, receiver: WebhookReceiver) -> None:
        self.folder, self.database_url, self.clock, self.receiver = folder, database_url, clock, receiver
        self.runtime = self.start()
        self.api = Subscriptions(self.runtime)
        self.subscription, self.secret = self.api.create(receiver.url, ["*"], "The data warehouse", BY)
        self.id = self.subscription.id

    def start(self, server: str = OPEN) -> Runtime:
        config = self.folder / "config.toml"
        config.write_text(CONFIG.format(server=server, database=self.database_url), encoding="utf-8")
        runtime = build_runtime(load_config(config), self.clock)
        migrate(runtime.db)
        return runtime

    def happens(self, number: int = 1, to: int | None = None) -> int:
        """Announce something to a subscription; returns the delivery."""
        with self.runtime.db.write():
            now = self.runtime.db.now()
            payload = as_payload("conversation.closed", "x:y", now, {"number": number, "text": "Zürich \N{SNOWMAN}"})
            return int(queue(to or self.id, "conversation.closed", payload, now).id)

    def send(self, after: float = 0.0) -> list[Received]:
        """Let time pass, and return what the receiver gets then."""
        before = len(self.receiver.received)
        self.clock.advance(after)
        send_due(self.runtime)
        return self.receiver.received[before:]

    def row(self, delivery_id: int) -> Any:
        with self.runtime.db.read():
            return DeliveryRow.get_by_id(delivery_id)

    def now(self) -> Any:
        return self.api.get(self.id)

    def fail(self, times: int, status: int | Response = 500) -> None:
        self.receiver.answers += [status] * times


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, database_url: str, clock: FakeClock, receiver: WebhookReceiver) -> Iterator[Desk]:
    made = Desk(tmp_path, database_url, clock, receiver)
    yield made
    made.runtime.db.close()


# ------------------------------------------------------------------------------------------------ the whole way


def test_b120_an_event_is_signed_retried_given_up_as_dead_and_replayed_under_its_own_id(desk: Desk) -> None:
    delivery = desk.happens()
    desk.fail(1 + len(RETRIES))
    tries = desk.send()
    waits = []
    for pause in RETRIES:
        before = desk.clock.now()
        assert desk.send(pause - 1) == [], "it was tried before its time"
        waits.append((desk.row(delivery).next_at - before).total_seconds() / pause)
        tries += desk.send(1 + pause * 0.1)
        verified(tries[-1], desk.secret, desk.clock.now())  # each try is signed anew, so that it is never too old
    assert all(1.0 <= wait <= 1.1 for wait in waits)
    assert len(set(waits)) > 1, "there is no jitter"
    assert len(tries) == 10
    assert {(each.body, each.headers["webhook-id"]) for each in tries} == {
        (desk.row(delivery).payload.encode(), desk.row(delivery).message_id)
    }
    dead = desk.row(delivery)
    assert (dead.state, dead.attempts, dead.status, dead.error) == ("dead", 10, 500, "it answered 500")
    assert (dead.next_at, desk.now().dead, desk.now().waiting) == (None, 1, 0)
    assert desk.send(86400) == []

    again = desk.api.replay(delivery, "token:ops")
    assert (again.state, again.replayed_by, again.attempts) == ("pending", "token:ops", 0)
    [replayed] = desk.send()
    assert verified(replayed, desk.secret, desk.clock.now())["data"] == {"number": 1, "text": "Zürich \N{SNOWMAN}"}
    assert replayed.headers["webhook-id"] == dead.message_id
    assert (desk.row(delivery).state, desk.row(delivery).error) == ("delivered", "")
    assert desk.now().failing_since is None


def test_an_event_is_delivered_once_as_json_with_the_headers_of_standard_webhooks(desk: Desk) -> None:
    delivery = desk.happens()
    [received] = desk.send()
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"].startswith("msg_")
    assert received.headers["webhook-timestamp"] == str(int(desk.clock.now().timestamp()))
    verified(received, desk.secret, desk.clock.now())
    row = desk.row(delivery)
    assert (row.state, row.status, row.done_at) == ("delivered", 200, desk.clock.now())
    assert desk.send(86400) == []
    assert desk.now().delivered_at == row.done_at


def test_with_another_secret_or_an_old_signature_the_library_refuses(desk: Desk) -> None:
    """So that a delivery which passes tells something."""
    desk.happens()
    [received] = desk.send()
    other = desk.api.create(desk.receiver.url, ["handoff.*"], "", BY)[1]
    for secret, at in ((other, desk.clock.now()), (desk.secret, desk.clock.now() + timedelta(minutes=6))):
        with pytest.raises(WebhookVerificationError):
            verified(received, secret, at)


def test_first_tries_go_in_order_and_one_that_fails_holds_up_none_behind_it(desk: Desk) -> None:
    for number in range(4):
        desk.happens(number)
    desk.fail(1)
    assert [each.json["data"]["number"] for each in desk.send()] == [0, 1, 2, 3]
    assert [each.json["data"]["number"] for each in desk.send(6)] == [0]


# ------------------------------------------------------------------------------------------------- what fails


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_says_when_to_come_back_is_not_called_before(desk: Desk, status: int) -> None:
    delivery = desk.happens()
    desk.fail(1, Response(b"slow down", status, headers={"Retry-After": "120"}))
    assert len(desk.send()) == 1
    assert desk.row(delivery).error == f"it answered {status}: slow down"
    assert desk.send(119) == []
    assert len(desk.send(14)) == 1


def test_a_short_retry_after_does_not_use_up_the_tries(desk: Desk) -> None:
    desk.happens()
    desk.fail(2, Response(b"", 429, headers={"Retry-After": "1"}))
    desk.send()
    desk.send(6)
    assert desk.send(200) == []


def test_a_receiver_that_answers_gone_is_switched_off_and_says_so(desk: Desk) -> None:
    first, second = desk.happens(1), desk.happens(2)
    desk.fail(1, 410)
    assert len(desk.send()) == 1
    assert (desk.row(first).state, desk.row(second).state) == ("dead", "pending")
    assert (desk.now().active, desk.now().paused_reason) == (False, "it answered 410 (gone): it wants no more events")
    assert desk.send(86400) == []
    desk.api.resume(desk.id, BY)
    assert [each.json["data"]["number"] for each in desk.send()] == [2]


def test_a_receiver_that_fails_for_five_days_is_switched_off_and_says_since_when(desk: Desk) -> None:
    since = desk.clock.now().strftime("%Y-%m-%d %H:%M")
    for day in range(5):
        desk.happens(day)
        desk.fail(50)
        desk.send()
        assert desk.now().active
        desk.clock.advance(86400)
    desk.send()
    assert not desk.now().active
    assert desk.now().paused_reason == f"every try has failed since {since} UTC, at last: it answered 500"


def test_a_receiver_that_was_not_tried_for_a_while_has_not_failed_meanwhile(desk: Desk) -> None:
    first = desk.happens()
    desk.fail(1 + len(RETRIES))
    desk.send()
    for pause in RETRIES:
        desk.send(pause * 1.1)
    assert (desk.row(first).state, desk.now().failing_since) == ("dead", desk.row(first).created_at)
    desk.clock.advance(2 * 86400)
    second = desk.happens()
    desk.fail(1, 502)
    desk.send()
    assert desk.now().active
    assert desk.now().failing_since == desk.clock.now()
    desk.send(6)
    assert desk.row(second).state == "delivered"


def test_a_receiver_to_which_few_events_go_is_switched_off_after_five_days_too(desk: Desk) -> None:
    since = desk.clock.now()
    while desk.now().active:
        assert desk.clock.now() - since < timedelta(days=6)
        if not desk.now().waiting:
            desk.happens()
        desk.fail(1)
        desk.send(3600)
    assert desk.clock.now() - since >= timedelta(days=5)


def test_one_success_begins_the_five_days_anew(desk: Desk) -> None:
    desk.happens()
    desk.fail(1)
    desk.send()
    assert desk.now().failing_since is not None
    desk.send(6)
    assert desk.now().failing_since is None


def test_a_redirect_is_a_failure_and_is_not_followed(desk: Desk) -> None:
    delivery = desk.happens()
    desk.fail(1, Response(b"", 307, headers={"Location": desk.receiver.url}))
    assert len(desk.send()) == 1
    assert desk.row(delivery).error == "it answered 307 and points elsewhere; redirects are not followed"


def test_of_what_a_receiver_answers_little_is_read_and_less_is_kept(desk: Desk) -> None:
    taken, refused = desk.happens(1), desk.happens(2)
    desk.fail(1, Response(b"x" * 5_000_000, 200))
    desk.fail(1, Response(b"<html>" + b"y" * 5_000_000, 500))
    desk.send()
    assert desk.row(taken).state == "delivered"
    assert desk.row(refused).state == "pending"
    assert len(desk.row(refused).error) <= 330


def test_a_receiver_that_is_not_there_is_tried_again(desk: Desk) -> None:
    nowhere, _ = desk.api.create("http://127.0.0.1:1/hook", ["*"], "", BY)
    delivery = desk.happens(to=nowhere.id)
    desk.send()
    row = desk.row(delivery)
    assert (row.state, row.status, row.attempts) == ("pending", None, 1)
    assert row.error.startswith("127.0.0.1 cannot be reached")


def test_a_private_address_is_not_called_unless_the_operator_has_allowed_it(desk: Desk) -> None:
    delivery = desk.happens()
    desk.runtime.db.close()
    desk.runtime = desk.start(server="")
    send_due(desk.runtime)
    assert desk.receiver.received == []
    assert "not on the public internet" in desk.row(delivery).error


def test_a_secret_that_the_key_does_not_open_switches_the_subscription_off_and_names_the_setting(desk: Desk) -> None:
    desk.happens()
    other = Sealer(Secret("another key that is as good for these tests too"))
    with desk.runtime.db.write():
        SubscriptionRow.update(secret=other.seal("whsec_x")).execute()
    assert desk.send() == []
    assert desk.now().paused_reason.startswith("server.secret_key: it does not open a secret")


# ----------------------------------------------------------------------------------- several, and killed ones


def test_what_was_being_sent_when_the_process_died_is_sent_again_with_the_same_id(desk: Desk) -> None:
    delivery = desk.happens()
    sending = take(desk.runtime)  # the try is recorded, and then the process dies
    assert sending is not None
    assert desk.row(delivery).attempts == 1
    assert desk.send(LEASE.total_seconds() - 1) == []
    [received] = desk.send(1)
    assert received.headers["webhook-id"] == sending.message_id
    assert (desk.row(delivery).state, desk.row(delivery).attempts) == ("delivered", 2)


def test_two_threads_send_an_event_once(desk: Desk) -> None:
    deliveries = [desk.happens(number) for number in range(10)]
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        send_due(desk.runtime)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [each.json["data"]["number"] for each in desk.receiver.received] == list(range(10))
    assert {(desk.row(each).state, desk.row(each).attempts) for each in deliveries} == {("delivered", 1)}


def test_a_process_that_comes_back_late_changes_nothing_any_more(desk: Desk) -> None:
    delivery = desk.happens()
    late = take(desk.runtime)
    assert late is not None
    desk.send(LEASE.total_seconds())
    assert desk.row(delivery).state == "delivered"
    assert go_on(desk.runtime, late, Outcome(500, "it answered 500")) is None
    assert desk.row(delivery).state == "delivered"
    assert desk.now().failing_since is None


def test_a_slow_receiver_holds_up_no_other_and_is_waited_for_when_the_process_ends(desk: Desk) -> None:
    with WebhookReceiver() as slow:
        hung, secret = desk.api.create(slow.url, ["*"], "", BY)
        slow.hang()
        held = desk.happens(1, to=hung.id)
        sender = EventSender(desk.runtime)
        sender.start()
        assert slow.wait_for(lambda: slow.received)
        for number in range(3):
            desk.happens(number)
            desk.runtime.db.signal()
        assert desk.receiver.wait_for(lambda: len(desk.receiver.received) == 3)
        assert desk.row(held).state == "pending"
        sender.halt()
        slow.answer_again()
        sender.finish(20)
    assert desk.row(held).state == "delivered"
    verified(slow.received[0], secret, desk.clock.now())


# -------------------------------------------------------------------------------------- what a person does


def test_a_new_secret_and_the_old_one_both_verify_for_a_day(desk: Desk) -> None:
    new = desk.api.rotate_secret(desk.id, BY)
    assert new != desk.secret
    desk.happens()
    [received] = desk.send()
    for secret in (new, desk.secret):
        verified(received, secret, desk.clock.now())
    desk.happens()
    [received] = desk.send(24 * 3600)
    verified(received, new, desk.clock.now())
    with pytest.raises(WebhookVerificationError):
        verified(received, desk.secret, desk.clock.now())


def test_a_secret_that_is_replaced_twice_leaves_the_receivers_own_its_day(desk: Desk) -> None:
    first = desk.clock.now()
    second = desk.api.rotate_secret(desk.id, BY)
    desk.clock.advance(3600)
    third = desk.api.rotate_secret(desk.id, BY)
    desk.happens()
    [received] = desk.send()
    for secret in (desk.secret, second, third):
        verified(received, secret, desk.clock.now())
    desk.clock.turn_to(first + timedelta(hours=24))
    desk.happens()
    [received] = desk.send()
    for secret in (second, third):
        verified(received, secret, desk.clock.now())
    with pytest.raises(WebhookVerificationError):
        verified(received, desk.secret, desk.clock.now())


def test_of_secrets_that_are_replaced_at_once_each_signs_for_its_day(desk: Desk) -> None:
    start = threading.Barrier(6)
    made: list[Secret] = []

    def rotate() -> None:
        start.wait()
        made.append(desk.api.rotate_secret(desk.id, BY))

    threads = [threading.Thread(target=rotate) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    desk.happens()
    [received] = desk.send()
    for secret in (desk.secret, *made):
        verified(received, secret, desk.clock.now())


def test_a_program_that_replaces_a_secret_over_and_over_is_stopped_before_one_goes_before_its_time(desk: Desk) -> None:
    for _ in range(MOST_FORMER):
        latest = desk.api.rotate_secret(desk.id, BY)
    with pytest.raises(ConfigError, match="secret: it was replaced 10 times within a day"):
        desk.api.rotate_secret(desk.id, BY)
    desk.happens()
    [received] = desk.send()
    for secret in (desk.secret, latest):
        verified(received, secret, desk.clock.now())
    desk.clock.advance(24 * 3600)
    desk.api.rotate_secret(desk.id, BY)
    with desk.runtime.db.read():
        assert len(SubscriptionRow.get().former_secrets) == 1


def test_a_secret_is_shown_once_and_stands_sealed_in_the_store(desk: Desk) -> None:
    with desk.runtime.db.read():
        row = SubscriptionRow.get()
    assert desk.secret.reveal().startswith("whsec_")
    assert desk.secret.reveal() not in json.dumps(row.__data__, default=str)
    assert desk.secret.reveal() not in repr(desk.now())
    assert desk.runtime.sealer.open(row.secret) == desk.secret


def test_a_paused_subscription_keeps_what_waits_and_sends_it_once_it_is_resumed(desk: Desk) -> None:
    desk.happens()
    paused = desk.api.pause(desk.id, BY)
    assert (paused.active, paused.paused_reason, paused.waiting) == (False, f"paused by {BY}", 1)
    assert desk.send(60) == []
    for refused in (desk.api.send_test, lambda id, by: desk.api.replay_dead_since(id, desk.clock.now(), by)):
        with pytest.raises(ConfigError, match=r"nothing is sent to it \(paused by ada@example.com\). Resume it first"):
            refused(desk.id, BY)
    desk.api.resume(desk.id, BY)
    assert len(desk.send()) == 1


def test_a_removed_subscription_cancels_what_waits_and_forgets_its_secrets(desk: Desk) -> None:
    delivery = desk.happens()
    desk.api.rotate_secret(desk.id, BY)
    desk.api.delete(desk.id, BY)
    assert desk.send() == []
    assert (desk.row(delivery).state, desk.row(delivery).error) == (
        "cancelled",
        f"the subscription was removed by {BY}",
    )
    assert desk.api.list() == ()
    with desk.runtime.db.read():
        row = SubscriptionRow.get()
    assert (row.secret, row.former_secrets) == ("", [])
    with pytest.raises(Unknown, match=f"there is no subscription {desk.id}"):
        desk.api.resume(desk.id, BY)


def test_a_changed_address_gets_what_waits(desk: Desk) -> None:
    desk.happens()
    with WebhookReceiver() as other:
        changed = desk.api.update(desk.id, "bob@example.com", url=other.url, events=["handoff.*"])
        assert (changed.events, changed.changed_by, changed.created_by) == (("handoff.*",), "bob@example.com", BY)
        assert changed.description == "The data warehouse"
        assert desk.send() == []
        assert len(other.received) == 1


def test_a_test_is_sent_whatever_is_subscribed_to(desk: Desk) -> None:
    desk.api.update(desk.id, BY, events=["handoff.failed"])
    sent = desk.api.send_test(desk.id, BY)
    [received] = desk.send()
    told = verified(received, desk.secret, desk.clock.now())
    assert (told["event"], told["organization_id"]) == ("subscription.test", "relaydesk")
    assert told["data"] == {"subscription_id": desk.id, "description": "The data warehouse", "sent_by": BY}
    assert desk.row(sent.id).state == "delivered"


def test_what_has_died_since_a_moment_is_replayed_and_what_is_on_its_way_is_not(desk: Desk) -> None:
    deliveries = []
    for number in range(3):
        deliveries.append(desk.happens(number))
    for delivery in deliveries:
        with desk.runtime.db.write():
            dead = {"state": "dead", "next_at": None, "attempts": 10, "done_at": desk.clock.now()}
            DeliveryRow.update(dead).where(DeliveryRow.id == delivery).execute()
        desk.clock.advance(3600)
    since = desk.row(deliveries[1]).done_at
    assert desk.api.replay_dead_since(desk.id, since, BY) == 2
    with pytest.raises(ConfigError, match="delivery: it is still on its way"):
        desk.api.replay(deliveries[1], BY)
    assert [each.json["data"]["number"] for each in desk.send()] == [1, 2]
    assert desk.row(deliveries[0]).state == "dead"
    with pytest.raises(Unknown, match="there is no delivery 99"):
        desk.api.replay(99, BY)


def test_deliveries_are_listed_newest_first_by_state_and_page_by_page(desk: Desk) -> None:
    made = [desk.happens(number) for number in range(5)]
    desk.fail(1)
    desk.send()
    page = desk.api.deliveries(desk.id, limit=3)
    assert [each.id for each in page.deliveries] == made[:1:-1]
    rest = desk.api.deliveries(desk.id, cursor=page.next, limit=3)
    assert ([each.id for each in rest.deliveries], rest.next) == (made[1::-1], "")
    assert [each.id for each in desk.api.deliveries(desk.id, "pending").deliveries] == made[:1]
    with pytest.raises(ConfigError, match=r'there is no state "deda"\. Did you mean "dead"'):
        desk.api.deliveries(desk.id, "deda")
    with pytest.raises(ConfigError, match="it is not one that was given out"):
        desk.api.deliveries(desk.id, cursor="one")


def test_what_is_over_is_thrown_away_delivered_ones_after_thirty_days_others_after_ninety(desk: Desk) -> None:
    delivered, dead, waits = desk.happens(1), desk.happens(2), desk.happens(3)
    with desk.runtime.db.write():
        for delivery, state in ((delivered, "delivered"), (dead, "dead")):
            DeliveryRow.update(state=state, next_at=None).where(DeliveryRow.id == delivery).execute()

    def left(days: int) -> list[int]:
        desk.clock.advance(days * 86400)
        throw_away(desk.runtime)
        with desk.runtime.db.read():
            return [row.id for row in DeliveryRow.select().order_by(DeliveryRow.id)]

    assert left(30) == [delivered, dead, waits]
    assert left(1) == [dead, waits]
    assert left(60) == [waits]
    desk.api.pause(desk.id, BY)
    assert left(0) == []
