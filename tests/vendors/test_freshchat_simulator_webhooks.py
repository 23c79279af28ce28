"""The webhooks of the simulated Freshchat: what causes them, their shapes and signatures, and how they go astray."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
    load_pem_public_key,
)

from core.testing.receiver import Received, WebhookReceiver
from plugins.freshchat.simulator import DIALECTS, FreshchatSimulator
from plugins.freshchat.simulator_webhooks import CLOSE_SPELLINGS, SigningKey


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as running:
        yield running


@pytest.fixture(params=DIALECTS)
def sim(request: pytest.FixtureRequest, receiver: WebhookReceiver) -> Iterator[FreshchatSimulator]:
    """An account in each dialect: webhooks are alike in both."""
    with FreshchatSimulator(
        dialect=request.param, webhook_url=receiver.url, webhook_timeout=0.2, webhook_retries=(0.01,) * 5
    ) as running:
        yield running


def actions(receiver: WebhookReceiver) -> list[str]:
    return [one.json["action"] for one in receiver.received]


def texts(receiver: WebhookReceiver) -> list[str]:
    return [one.json["data"]["message"]["message_parts"][0]["text"]["content"] for one in receiver.received]


def verify(sim: FreshchatSimulator, received: Received, spelling: str = "one-line") -> None:
    """As the facts page says: whatever the armour says, what is inside is SubjectPublicKeyInfo."""
    der = base64.b64decode(re.sub(r"-----[^-]+-----|\s", "", sim.public_key_text(spelling)))
    key = load_der_public_key(der)
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(received.headers["x-freshchat-signature"])
    key.verify(signature, received.body, padding.PKCS1v15(), hashes.SHA256())


def put(sim: FreshchatSimulator, conversation_id: str, **body: Any) -> None:
    url = f"{sim.api_url}/conversations/{conversation_id}"
    answer = requests.put(url, json=body, headers={"Authorization": f"Bearer {sim.token}"}, timeout=5)
    assert answer.status_code == 200


# ------------------------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize("spelling", ["one-line", "lines", "bare", "spki", "crlf"])
def test_the_signature_is_rsa_over_the_exact_body(
    sim: FreshchatSimulator, receiver: WebhookReceiver, spelling: str
) -> None:
    """Behaviour 135, vendor fact 6."""
    sim.customer_writes(sim.customer(name="Müller"), "안녕하세요 🙂")
    assert sim.webhooks.settled()
    received = receiver.received[0]
    verify(sim, received, spelling)
    assert "🙂".encode() in received.body
    assert received.headers["x-freshchat-payload-version"]
    assert received.headers["x-retry-count"] == "0"


def a_private_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_the_signature_fails_over_remade_json_and_under_another_accounts_key(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    sim.customer_writes(sim.customer(), "hello")
    assert sim.webhooks.settled()
    received = receiver.received[0]
    with pytest.raises(InvalidSignature):
        verify(sim, Received(json.dumps(received.json).encode(), received.headers, None))
    other = FreshchatSimulator()
    other.key = SigningKey(a_private_key())
    with pytest.raises(InvalidSignature):
        verify(other, received)


def test_the_public_key_is_shown_in_the_spellings_seen(sim: FreshchatSimulator) -> None:
    assert "\n" not in sim.public_key_text()
    assert sim.public_key_text().startswith("-----BEGIN RSA PUBLIC KEY----- ")
    assert "-----" not in sim.public_key_text("bare")
    load_pem_public_key(sim.public_key_text("spki").encode())
    load_pem_public_key(sim.public_key_text("pkcs1").encode())
    with pytest.raises(ValueError, match=r"no spelling 'pem'; the spellings are: one-line"):
        sim.public_key_text("pem")


# ----------------------------------------------------------------------------------------- what causes which


def test_a_customers_message_is_told_with_ids_and_without_assignee_or_status(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    """Behaviour 136."""
    user = sim.customer("ada@example.com", "Ada Byron")
    conversation = sim.customer_writes(user, "hello")
    assert sim.webhooks.settled()
    payload = receiver.received[0].json
    message = payload["data"]["message"]
    assert payload["actor"] == {"actor_type": "user", "actor_id": user.id}
    assert (message["conversation_id"], message["user_id"]) == (conversation.id, user.id)
    assert message["id"] == sim.thread(conversation)[0].id
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["created_time"])
    assert re.fullmatch(rf"{conversation.internal_id}-\d{{13}}", message["interaction_id"])
    assert not {"status", "assigned_agent_id", "email"} & set(message)


def test_own_messages_come_back_as_webhooks_private_notes_too(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    """Vendor fact 8: the echo."""
    agent = sim.add_agent("ai@example.com")
    conversation = sim.customer_writes(sim.customer(), "hello")
    url = f"{sim.api_url}/conversations/{conversation.id}/messages"
    ids = []
    for kind in ("normal", "private"):
        body = {
            "message_parts": [{"text": {"content": kind}}],
            "actor_type": "agent",
            "actor_id": agent.id,
            "message_type": kind,
        }
        requests.post(url, json=body, headers={"Authorization": f"Bearer {sim.token}"}, timeout=5)
        ids.append(sim.thread(conversation)[-1].id)
    sim.bot_writes(conversation, "beep")
    sim.system_writes(conversation, "Somebody joined")
    assert sim.webhooks.settled()
    messages = [one.json["data"]["message"] for one in receiver.received]
    assert [one["actor_type"] for one in messages] == ["user", "agent", "agent", "bot", "system"]
    assert [one["id"] for one in messages[1:3]] == ids
    assert [one["message_source"] for one in messages] == ["web", "api", "api", "api", "system"]
    assert [one["message_type"] for one in messages] == ["normal", "normal", "private", "normal", "system"]
    sim.quirks.private_note_webhooks = False
    sim.agent_writes(conversation, agent, "between us", private=True)
    assert sim.webhooks.settled()
    assert len(receiver.received) == 5


def test_changes_by_api_are_told_with_the_tokens_owner_as_actor(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    """Behaviour 138."""
    agent = sim.add_agent("ai@example.com")
    conversation = sim.customer_writes(sim.customer(), "hello")
    put(sim, conversation.id, status="assigned", assigned_agent_id=agent.id)
    put(sim, conversation.id, status="assigned", assigned_agent_id=agent.id)
    put(sim, conversation.id, status="new", assigned_agent_id="")
    put(sim, conversation.id, status="resolved")
    put(sim, conversation.id, status="resolved")
    put(sim, conversation.id, status="new")
    assert sim.webhooks.settled()
    assert actions(receiver) == [
        "message_create",
        "conversation_assignment",
        "conversation_assignment",
        "conversation_resolution",
        "conversation_reopen",
    ]
    given, taken, resolved, reopened = (one.json for one in receiver.received[1:])
    assert given["actor"] == {"actor_type": "agent", "actor_id": sim.owner.id}
    assert given["data"]["assignment"]["to_agent_id"] == agent.id
    assert taken["data"]["assignment"]["to_agent_id"] == ""
    assert taken["data"]["assignment"]["from_agent_id"] == agent.id
    assert taken["data"]["assignment"]["conversation"]["status"] == "new"
    assert resolved["data"]["resolve"]["conversation"]["status"] == "resolved"
    assert reopened["data"]["reopen"]["conversation"]["status"] == "reopened"
    assert conversation.status == "new"
    sim.quirks.api_actor = "system"
    put(sim, conversation.id, status="resolved")
    assert sim.webhooks.settled()
    assert receiver.received[-1].json["actor"]["actor_type"] == "system"


def test_a_customer_writing_into_a_resolved_conversation_reopens_that_same_one(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    agent, user = sim.add_agent("hanna@example.com"), sim.customer()
    conversation = sim.customer_writes(user, "hello")
    before = conversation.interaction_id
    sim.agent_assigns(conversation, agent)
    sim.agent_resolves(conversation)
    sim.wait_for(lambda: sim.clock.now().timestamp() > float(before.rpartition("-")[2]) / 1000 + 0.002)
    assert sim.customer_writes(user, "one more thing") is conversation
    assert sim.webhooks.settled()
    assert actions(receiver)[-2:] == ["conversation_reopen", "message_create"]
    assert receiver.received[-2].json["actor"] == {"actor_type": "user", "actor_id": user.id}
    interaction = receiver.received[-1].json["data"]["message"]["interaction_id"]
    assert interaction == conversation.interaction_id != before
    assert (conversation.status, sim.assignee(conversation)) == ("reopened", agent)


def test_an_agent_can_assign_unassign_resolve_and_reopen(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    agent = sim.add_agent("hanna@example.com", "Hanna Human")
    conversation = sim.customer_writes(sim.customer(), "hello")
    sim.agent_assigns(conversation, agent)
    sim.agent_resolves(conversation)
    sim.agent_reopens(conversation)
    sim.agent_assigns(conversation, None, by=agent)
    assert sim.webhooks.settled()
    assert actions(receiver)[1:] == [
        "conversation_assignment",
        "conversation_resolution",
        "conversation_reopen",
        "conversation_assignment",
    ]
    assert {one.json["actor"]["actor_id"] for one in receiver.received[1:]} == {agent.id}
    assert (conversation.status, sim.assignee(conversation)) == ("new", None)


def test_automatic_assignment_takes_new_conversations_and_wakes_when_one_is_unassigned(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    """Behaviour 134: a concurrent vendor rule."""
    ai, human = sim.add_agent("ai@example.com"), sim.add_agent("hanna@example.com")
    sim.auto_assign(ai)
    sim.on_unassign_give_to(human)
    conversation = sim.customer_writes(sim.customer(), "hello")
    assert sim.assignee(conversation) is ai
    put(sim, conversation.id, status="new", assigned_agent_id="")
    assert sim.assignee(conversation) is human
    assert sim.webhooks.settled()
    assert actions(receiver) == ["message_create"] + ["conversation_assignment"] * 3
    assert [one.json["actor"]["actor_type"] for one in receiver.received[1:]] == ["system", "agent", "system"]
    assert [one.json["data"]["assignment"]["to_agent_id"] for one in receiver.received[1:]] == [ai.id, "", human.id]
    sim.auto_assign(None)
    assert sim.assignee(sim.customer_writes(sim.customer(), "hello")) is None


@pytest.mark.parametrize("spelling", CLOSE_SPELLINGS)
def test_a_closed_event_can_go_by_any_name(sim: FreshchatSimulator, receiver: WebhookReceiver, spelling: str) -> None:
    """Behaviour 25, 27: guides speak of it, the vendor's reference does not."""
    conversation = sim.customer_writes(sim.customer(), "hello")
    sim.agent_closes(conversation, spelling)
    assert sim.webhooks.settled()
    assert receiver.received[-1].json["action"] == spelling
    assert receiver.received[-1].json["data"]["resolve"]["conversation"]["conversation_id"] == conversation.id


def test_an_event_that_is_switched_off_is_not_sent(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    """Behaviour 26."""
    sim.events.discard("conversation_resolution")
    conversation = sim.customer_writes(sim.customer(), "hello")
    sim.agent_resolves(conversation)
    sim.agent_reopens(conversation)
    assert sim.webhooks.settled()
    assert actions(receiver) == ["message_create", "conversation_reopen"]


def test_without_an_address_nothing_is_sent_later_either(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    """Behaviour 53."""
    user, address = sim.customer(), sim.webhook_url
    sim.webhook_url = None
    sim.customer_writes(user, "lost")
    sim.webhook_url = address
    sim.customer_writes(user, "told")
    assert sim.webhooks.settled()
    assert texts(receiver) == ["told"]


# ------------------------------------------------------------------------------------------- shapes of the years


def test_payloads_come_in_the_shapes_of_the_years(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    """Behaviour 137."""
    user = sim.customer()
    for shape in ("2018", "2019", "2021", "2022"):
        sim.quirks.payload_shape = shape
        conversation = sim.customer_writes(user, shape)
    sim.bot_writes(conversation, "note", private=True)
    assert sim.webhooks.settled()
    oldest, minimal, official, newest, note = (one.json["data"]["message"] for one in receiver.received)
    assert oldest["msg_parts"] == [{"part_type": "text", "properties": {"text": "2018"}}]
    assert "message_parts" not in oldest
    assert not {"user_id", "interaction_id", "message_source"} & set(minimal)
    assert minimal["actor_id"] == user.id
    assert official["user_id"] == user.id
    assert "freshchat_conversation_id" not in official
    assert newest["freshchat_conversation_id"] == str(conversation.internal_id)
    assert "message_type" not in newest
    assert "message_type" not in note
    assert note["botsPrivateNote"] is True


def test_a_file_may_have_no_url_in_the_webhook_and_have_it_in_the_list(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    sim.quirks.attachments_pending = True
    conversation = sim.customer_writes(sim.customer(), file=("plan.pdf", b"%PDF"))
    assert sim.webhooks.settled()
    told = receiver.received[0].json["data"]["message"]["message_parts"][0]["file"]
    assert (told["name"], told["content_type"], told["file_size_in_bytes"]) == ("plan.pdf", "application/pdf", 4)
    assert "url" not in told
    assert sim.thread(conversation)[0].parts[0]["file"]["url"].endswith("/plan.pdf")


def test_assignments_and_resolutions_may_also_write_system_messages(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    sim.quirks.system_messages = True
    conversation = sim.customer_writes(sim.customer(), "hello")
    sim.agent_assigns(conversation, sim.add_agent("hanna@example.com", "Hanna"))
    sim.agent_resolves(conversation)
    assert [one.text for one in sim.thread(conversation)[1:]] == ["Assigned to Hanna", "Resolved the conversation"]
    assert {one.message_type for one in sim.thread(conversation)[1:]} == {"system"}


# ------------------------------------------------------------------------------------------------- delivery


def test_webhooks_arrive_in_order(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    user = sim.customer()
    for number in range(30):
        sim.customer_writes(user, str(number))
    assert sim.webhooks.settled()
    assert texts(receiver) == [str(number) for number in range(30)]


def test_a_refused_webhook_is_tried_again_and_later_ones_overtake_it(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    receiver.answers = [503, 200, 404]
    user = sim.customer()
    with sim.lock:
        sim.webhooks.hold()
        sim.customer_writes(user, "first")
        sim.customer_writes(user, "second")
        sim.webhooks.release()
    assert sim.webhooks.settled()
    assert texts(receiver) == ["first", "second", "first", "first"]
    assert [one.headers["x-retry-count"] for one in receiver.received] == ["0", "0", "1", "2"]
    assert len({one.body for one in receiver.received}) == 2
    for received in receiver.received:
        verify(sim, received)


def test_after_five_retries_a_webhook_is_given_up(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    receiver.answers = [500] * 6
    sim.customer_writes(sim.customer(), "hello")
    assert sim.webhooks.settled()
    assert len(receiver.received) == 6
    assert sim.webhooks.deliveries[0].state == "failed"


def test_a_receiver_that_does_not_answer_in_time_counts_as_failed(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    """Vendor fact 7: acknowledge within about 3 s (here 0.2 s), or it comes again."""
    receiver.hang()
    sim.customer_writes(sim.customer(), "hello")
    assert receiver.wait_for(lambda: len(receiver.received) == 1)
    assert sim.wait_for(lambda: len(sim.webhooks.deliveries[0].attempts) == 1)
    receiver.answer_again()
    assert sim.webhooks.settled()
    assert sim.webhooks.deliveries[0].attempts[0].status is None
    assert sim.webhooks.deliveries[0].state == "done"


def test_webhooks_can_be_held_and_released_in_another_order(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    user, expected = sim.customer(), [str(number) for number in range(8)]
    sim.webhooks.hold()
    for text in expected:
        sim.customer_writes(user, text)
    assert sim.webhooks.settled()
    assert receiver.received == []
    sim.webhooks.release(shuffle=1)
    assert sim.webhooks.settled()
    assert texts(receiver) != expected
    assert sorted(texts(receiver)) == expected
    sim.customer_writes(user, "after")
    assert sim.webhooks.settled()
    assert texts(receiver)[-1] == "after"


def test_webhooks_can_be_doubled_lost_and_sent_again(sim: FreshchatSimulator, receiver: WebhookReceiver) -> None:
    """Behaviour 50."""
    user = sim.customer()
    sim.webhooks.copies = 3
    sim.customer_writes(user, "thrice")
    sim.webhooks.copies = 1
    sim.webhooks.drop(kind="message_*")
    sim.customer_writes(user, "lost")
    sim.customer_writes(user, "once")
    assert sim.webhooks.settled()
    assert texts(receiver) == ["thrice", "thrice", "thrice", "once"]
    assert len({one.body for one in receiver.received[:3]}) == 1
    lost = [one for one in sim.webhooks.deliveries if one.state == "dropped"]
    sim.webhooks.again(lost[0])
    assert sim.webhooks.settled()
    assert texts(receiver)[-1] == "lost"


def test_what_was_not_delivered_when_the_simulator_stopped_is_delivered_when_it_runs_again(
    sim: FreshchatSimulator, receiver: WebhookReceiver
) -> None:
    sim.stop()
    sim.customer_writes(sim.customer(), "meanwhile")
    assert receiver.received == []
    sim.start()
    assert sim.webhooks.settled()
    assert texts(receiver) == ["meanwhile"]
