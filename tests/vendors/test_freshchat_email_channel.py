"""Replies into email conversations are email parts, whatever told that it is one; in both dialects, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core import Action, ActionKind, Connection, HttpClient, Identity, OutcomeUnknown
from core.clock import SystemClock
from core.testing.clock import FakeClock
from plugins.freshchat.connector import Freshchat
from plugins.freshchat.settings import FreshchatSettings
from plugins.freshchat.simulator import DIALECTS, FreshchatSimulator

FRESHCHAT = Freshchat()
TEXT = "**Hi** there\nRobin"
AS_TEXT = {"text": {"content": "Hi there\nRobin"}}
AS_EMAIL = {"email": {"content": "<p><strong>Hi</strong> there<br />\nRobin</p>"}}
PHOTO = [{"image": {"url": "https://files.example/photo.png"}}]


@pytest.fixture(params=DIALECTS)
def sim(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator(dialect=request.param, clock=clock) as running:
        running.add_agent("robin@example.com", "Robin")
        yield running


def answer(sim: FreshchatSimulator, conversation: Any, **changes: Any) -> Any:
    """Let the connector reply; returns the parts that were posted, and the calls it took."""
    before = len(sim.record)
    connection, http = access(sim)
    try:
        FRESHCHAT.perform(action_of(sim, conversation, **changes), connection, http)
    except OutcomeUnknown as problem:
        # The documented dialect gives no id for a sent message: then the thread must prove it.
        assert sim.dialect == "documented", problem
    parts = [dict(part) for part in sim.thread(conversation)[-1].parts]
    return parts, [call.endpoint for call in sim.record.calls()[before:]]


def access(sim: FreshchatSimulator) -> tuple[Connection, HttpClient]:
    settings = FreshchatSettings().load(
        {"api_url": sim.api_url, "access_token": sim.token, "default_agent_email": "robin@example.com"}
    )
    robin = sim.agents[-1]
    connection = Connection(1, "chat", "freshchat", settings, Identity(robin.id, "Robin", robin.email))
    return connection, HttpClient(sim.api_url, FRESHCHAT.headers(settings), SystemClock(), allow_private=True)


def action_of(sim: FreshchatSimulator, conversation: Any, **changes: Any) -> Action:
    known: dict[str, Any] = {"id": 1, "session_id": 1, "conversation_id": conversation.id, "kind": ActionKind.REPLY}
    data = {"channel_id": conversation.channel.id}
    return Action(**known | {"text": TEXT, "data": data, "started_at": sim.clock.now()} | changes)


def test_a_mail_of_the_customer_tells_it_without_a_call(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), "Hello", channel=sim.email)
    assert answer(sim, conversation, data={"email_channel": True}) == ([AS_EMAIL], ["send_message"])


def test_a_text_of_the_customer_tells_that_it_is_none_without_a_call(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), "Hello")
    assert answer(sim, conversation, data={"text_channel": True}) == ([AS_TEXT], ["send_message"])


def test_where_only_a_picture_came_the_channel_tells_it_or_else_the_thread(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), parts=PHOTO, channel=sim.email)
    sim.agent_writes(conversation, sim.owner, "We got your photo.")
    parts, calls = answer(sim, conversation)
    assert parts == [AS_EMAIL]
    asked = ["list_channels"] if sim.dialect == "observed" else ["list_channels", "list_messages"]
    assert calls == [*asked, "send_message"]


def test_a_channel_that_cannot_be_read_leaves_it_to_the_thread(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), parts=PHOTO, channel=sim.email)
    sim.agent_writes(conversation, sim.owner, "We got your photo.")
    for broken in ("404", "403", "html200"):
        sim.fault("list_channels", broken)
        assert answer(sim, conversation)[0] == [AS_EMAIL]
    assert answer(sim, conversation, data={})[0] == [AS_EMAIL]


def test_where_nothing_points_to_email_it_is_a_text(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), parts=PHOTO)
    assert answer(sim, conversation)[0] == [AS_TEXT]
    sim.fault("list_messages", "404")
    assert answer(sim, conversation, data={})[0] == [AS_TEXT]


def test_an_email_in_one_message_outweighs_texts_in_others(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), "Hello", channel=sim.email)
    assert answer(sim, conversation, data={"email_channel": True, "text_channel": True})[0] == [AS_EMAIL]


def test_a_text_that_the_vendor_wanted_as_email_is_found_if_it_was_posted_and_else_sent_as_email(
    sim: FreshchatSimulator,
) -> None:
    """It answers 400 although it has posted the text (vendor fact 7.5)."""
    conversation = sim.customer_writes(sim.customer(), parts=[AS_TEXT], channel=sim.email)
    connection, http = access(sim)
    first = action_of(sim, conversation, data={"text_channel": True})
    with pytest.raises(OutcomeUnknown, match="cannot be cast to EmailFragment") as caught:
        FRESHCHAT.perform(first, connection, http)
    again = action_of(sim, conversation, data={"text_channel": True}, error=str(caught.value))
    found = FRESHCHAT.find_effect(again, connection, http)
    assert found is not None
    assert found.vendor_id == sim.thread(conversation)[-1].id
    assert answer(sim, conversation, data={"text_channel": True}, error=str(caught.value))[0] == [AS_EMAIL]


def test_a_note_in_an_email_conversation_stays_a_text(sim: FreshchatSimulator) -> None:
    conversation = sim.customer_writes(sim.customer(), "Hello", channel=sim.email)
    parts, calls = answer(sim, conversation, kind=ActionKind.NOTE, data={"email_channel": True})
    assert (parts, calls) == ([AS_TEXT], ["send_message"])
