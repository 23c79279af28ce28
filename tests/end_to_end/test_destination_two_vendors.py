"""What happens in one account is written into another: a handoff in Freshchat opens a ticket in Freshdesk; no loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.domain import Handoff
from core.store.models import ConnectionRow
from plugins.freshdesk.simulator import FreshdeskSimulator
from tests.end_to_end.destined import Destined, run, written
from tests.end_to_end.worlds import World

DESK = """
[[connections]]
name = "desk"
connector = "freshdesk"
inbound = false
api_url = "{api_url}"
api_key = "{key}"
requests_per_minute = 10000
"""
TICKET: dict[str, Any] = {
    "connection": "desk",
    "template": "create_ticket",
    "source": "events",
    "events": ["handoff.to_human"],
    "fields": {"subject": "data.conversation_id", "description": "data.reason"},
    "constants": {"email": "handoffs@acme.example", "tags": ["handoff"]},
}


@pytest.fixture
def desk(quick: World) -> Iterator[FreshdeskSimulator]:
    """A Freshdesk account, to which the service of `quick` is connected too, beside its Freshchat."""
    sim = FreshdeskSimulator(clock=quick.clock).start()
    robin = sim.add_agent("robin@example.com", "Robin Assistant", admin=True)
    extra = DESK.format(api_url=sim.api_url, key=sim.key_for(robin))
    quick.start(extra=extra, enabled=("scripted", "freshchat", "freshdesk"), requests_per_minute=10_000)
    with quick.runtime.db.read():
        assert {row.error for row in ConnectionRow.select()} == {""}
    yield sim
    sim.stop()
    if sim.broken:
        raise sim.broken[0]


def together(world: World, seconds: float) -> None:
    """Let the conversations and the destinations go on, each after the other, within so much turned time."""
    for _ in range(10):
        world.run(seconds / 10)
        run(world)


def test_a_conversation_that_is_handed_off_opens_a_ticket_in_the_other_account(
    quick: World, desk: FreshdeskSimulator
) -> None:
    tickets = Destined(quick, "tickets", **TICKET)
    quiet = quick.sim.customer_writes(quick.ada, "Where is my parcel?")
    together(quick, 60)
    assert (quick.replies(quiet), desk.tickets) == (["Hello from the AI."], [])
    quick.ai_plugin.answer = lambda turn: Handoff(detail="it is beyond me")
    bob = quick.sim.customer("bob@example.com")
    handed = quick.sim.customer_writes(bob, "My account is locked.")
    together(quick, 120)
    [ticket] = desk.tickets
    assert (ticket.subject, ticket.tags) == (handed.id, ["handoff"])
    assert desk.account.contact_by_email("handoffs@acme.example").id == ticket.requester_id
    assert [(each.state, each.captured_id) for each in tickets.ledger()] == [("sent", str(ticket.id))]
    quick.sim.customer_writes(bob, "Is anybody there?")
    together(quick, 120)
    assert len(desk.tickets) == 1


def test_what_its_own_writing_causes_is_stopped_after_twenty_in_an_hour(quick: World, desk: FreshdeskSimulator) -> None:
    echo = Destined(
        quick,
        "echo",
        template="send_message",
        source="events",
        events=["conversation.*"],
        fields={"conversation_id": "data.conversation_id"},
        constants={"message": "Noted.", "actor_id": quick.human.id},
    )
    conversation = quick.sim.customer_writes(quick.ada, "Where is my parcel?")
    for _ in range(6):
        together(quick, 60)
    said = [text for who, text in quick.public(conversation) if who == "human"]
    assert said == ["Noted."] * len(said)
    assert 10 < len(said) <= 20
    stopped = [each for each in echo.ledger() if each.state == "failed"]
    assert stopped and all(each.error.startswith("it looks like a loop") for each in stopped)
    before = len(written(quick))
    together(quick, 600)
    assert len(written(quick)) == before


def test_what_an_event_has_made_makes_nothing_more(quick: World, desk: FreshdeskSimulator) -> None:
    """Each new conversation has an id of its own, so that no count of events of one conversation tells the loop."""
    quick.ai_plugin.answer = lambda turn: Handoff(detail="it is beyond me")
    channel = next(iter(quick.sim.account.channels.values()))
    chats = Destined(
        quick,
        "chats",
        template="create_conversation",
        source="events",
        events=["handoff.to_human"],
        fields={"message": "data.reason"},
        constants={"user_id": quick.ada.id, "channel_id": channel.id},
    )
    first = quick.sim.customer_writes(quick.ada, "Where is my parcel?")
    for _ in range(4):
        together(quick, 60)
    made = [one for one in quick.sim.conversations if one.id != first.id]
    assert len(made) == 1
    sent, looping = chats.ledger()
    assert (sent.state, sent.captured_id, looping.state) == ("sent", made[0].id, "failed")
    assert looping.error.startswith("it looks like a loop: a destination has made this conversation")
