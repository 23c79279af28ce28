"""The vendor's call: who is let in, what is kept of it, and what everybody else gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from core.store.models import AttachmentRow, ConnectionRow, EventRow


def connection_row(world: Any) -> ConnectionRow:
    with world.runtime.db.read():
        return ConnectionRow.get()


def test_b20_only_the_signed_address_is_there(world: Any) -> None:
    world.start()
    good = world.webhook_url
    token = good.rsplit("/", 1)[1]
    wrong = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace("/freshchat/", "/freshdesk/"),
        good.replace(token, "1"),
        good.replace(token, token.split(".")[0] + "."),
        good.replace(token, world.runtime.tokens.make(99, 1)),
    ]
    answers = [world.post(b"{}", url=url) for url in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert requests.get(good, timeout=5).status_code == 405


def test_b22_b60_an_address_of_an_earlier_generation_is_gone_and_counted(world: Any) -> None:
    world.start()
    old = world.webhook_url
    with world.runtime.db.write():
        ConnectionRow.update(generation=ConnectionRow.generation + 1).execute()
    assert world.post(b"{}", url=old).status_code == 404
    assert world.webhook_url != old
    assert connection_row(world).stale_calls == 1


def test_b21_rotating_the_api_token_leaves_the_address(world: Any) -> None:
    world.start()
    before = world.webhook_url.rsplit("/", 1)[1]
    world.sim.rotate_token()
    world.runtime.db.close()
    world._server.shutdown()
    world._server.server_close()
    world.start()
    assert world.webhook_url.rsplit("/", 1)[1] == before


def test_b20_the_token_is_kept_apart_from_the_api_token(world: Any) -> None:
    world.start()
    assert world.sim.token not in world.webhook_url


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON"),
        (b"not json", "JSON"),
        (b"[]", "object"),
        (b'{"data": {}}', "action"),
        (b'{"action": "message_create", "data": {"message": {"id": "1"}}}', "conversation"),
        (b"\xff\xfe{}", "JSON"),
        (b'{"action": NaN}', "JSON"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, "deep"),
    ],
)
def test_a_malformed_body_is_refused_with_a_reason_and_kept(world: Any, body: bytes, words: str) -> None:
    world.start()
    answer = world.post(body)
    assert answer.status_code == 400
    assert words.lower() in answer.text.lower()
    assert world.events() == [("malformed", "rejected")]
    world.post(body)
    with world.runtime.db.read():
        (row,) = EventRow.select()
        assert row.seen_count == 2
        assert row.error


def test_a_body_over_the_limit_is_refused_before_it_is_read(world: Any) -> None:
    world.start()
    assert world.post(b"x" * (1024 * 1024 + 1)).status_code == 413
    assert world.events() == []


def test_b27_an_unknown_event_is_stored_shown_and_ignored(world: Any) -> None:
    world.start()
    body = json.dumps({"action": "skill_changed", "actor": {}, "action_time": "2026-01-01T00:00:00Z", "data": {}})
    assert world.post(body.encode()).status_code == 200
    assert world.events() == [("skill_changed", "ignored")]


def test_b135_bad_signatures_are_counted(world: Any) -> None:
    world.start(public_key=world.sim.public_key_text())
    assert world.post(b"{}", {"X-Freshchat-Signature": "AAAA"}).status_code == 401
    assert world.post(b"{}").status_code == 401
    assert connection_row(world).refused_calls == 2
    assert world.events() == []


def test_b135_a_signed_delivery_is_taken(world: Any) -> None:
    world.start(public_key=world.sim.public_key_text())
    conversation = world.sim.customer_writes(world.ada, "Grüße 👋 안녕")
    world.run(10)
    assert len(world.replies(conversation)) == 1
    assert {attempt.status for d in world.sim.webhooks.deliveries for attempt in d.attempts} == {200}


def test_our_own_trouble_is_503_so_that_the_vendor_tries_again(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.flow import receive
    from core.store.database import StoreBusy

    world.start()

    def full(*_: Any, **__: Any) -> None:
        raise StoreBusy("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(receive.inbox, "store_event", full)
        world.sim.webhooks.retry_waits = (0.2,) * 20
        conversation = world.sim.customer_writes(world.ada, "Hi")
        assert world.sim.wait_for(lambda: any(d.attempts for d in world.sim.webhooks.deliveries), 10)
        first = world.sim.webhooks.deliveries[0].attempts[0]
        assert first.status == 503
    world.run(10)
    assert world.replies(conversation) == ["Hello from the AI."]


def test_an_event_that_cannot_be_understood_is_shown_as_failed_and_blocks_nobody(world: Any) -> None:
    world.start()
    connector = world.runtime.plugins.connectors["freshchat"]
    original = type(connector).normalise

    def normalise(self: Any, event: Any, connection: Any) -> Any:
        if "poison" in json.dumps(event.payload):
            raise RuntimeError("cannot digest this")
        return original(self, event, connection)

    type(connector).normalise = normalise
    try:
        poisoned = world.sim.customer_writes(world.ada, "poison")
        other = world.sim.customer_writes(world.sim.customer("bo@example.com"), "Hi")
        world.run(120)
        world.sim.customer_writes(world.ada, "Hello?", conversation=poisoned)
        world.run(20)
    finally:
        type(connector).normalise = original
    assert world.replies(other) == ["Hello from the AI."]
    assert world.replies(poisoned) == ["Hello from the AI."]
    assert ("message_create", "failed") in world.events()
    with world.runtime.db.read():
        row = EventRow.get(EventRow.state == "failed")
        assert row.attempts == 4
        assert "cannot digest this" in row.error


def test_b128_g12_files_and_images_are_fetched_and_a_failed_one_is_a_placeholder(world: Any) -> None:
    world.start()
    world.sim.fault("download", "404", after=1)
    conversation = world.sim.customer_writes(world.ada, "see this", image=("photo.png", b"\x89PNG picture"))
    world.sim.customer_writes(world.ada, "", file=("bill.pdf", b"%PDF bill"), conversation=conversation)
    world.run(20)
    with world.runtime.db.read():
        stored, missing = AttachmentRow.select().order_by(AttachmentRow.id)
    assert (stored.state, bytes(stored.content)) == ("stored", b"\x89PNG picture")
    assert missing.state == "placeholder"
    assert "bill.pdf could not be fetched" in missing.placeholder
    assert world.replies(conversation) == ["Hello from the AI."]
    (download, *_) = world.sim.record.calls("download")
    assert not download.credential
