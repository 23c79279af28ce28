"""What the documents say of Freshchat beyond the main conversation: each fact by its number, in every account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.domain import Handoff, Resolve
from core.flow.disconnect import disconnect
from core.provisioning import configured_connection, provision, verify
from core.store.models import ActionRow, ContactRow, SessionRow

HELLO = "Hello from the AI."
REQUEST = "I want to speak to a human"


@pytest.fixture
def world(both_accounts: Any) -> Any:
    """Each engine, dialect and set of events, see the fixture it is."""
    return both_accounts


def connection(world: Any) -> Any:
    return world.connections.row(world.connections.named("support").id)


# --------------------------------------------------------------------------------------------------- connecting


def test_b15_the_toggle_and_the_three_fields_are_what_a_connection_needs(world: Any) -> None:
    world.start()
    settings = world.connections.named("support").settings
    assert settings["auto_handle_all"] is True
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    assert world.replies(conversation) == [HELLO]


def test_b16_b36_customers_see_the_designated_agent_whoever_made_the_token(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    authors = {message.actor_id for message in world.sim.thread(conversation) if message.actor_type == "agent"}
    assert authors == {world.ai.id}
    assert world.ai.id != world.sim.owner.id


def test_b18_b58_a_token_that_stops_working_shows_on_the_connection_and_nothing_is_lost(world: Any) -> None:
    world.start()
    token = world.sim.token
    world.sim.revoke_token()  # its owner was deactivated, or it was rotated in Freshchat alone
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(60)
    assert world.replies(conversation) == []
    [(shown, error)] = world.connections.all()
    assert shown.active
    assert error == "the vendor refuses the credential (401): if it was rotated, put the new one into the file"
    world.sim.rotate_token(token)
    world.run(600)
    assert world.replies(conversation) == [HELLO]
    assert connection(world).error == ""


def test_b20_b25_b26_the_guide_names_the_events_to_subscribe_and_says_that_the_address_is_a_secret(world: Any) -> None:
    world.start()
    known = world.connections.named("support")
    guide = world.connections.connector(known).setup_guide(known, world.webhook_url).text
    assert "Message Created, Conversation Resolved and Conversation Closed" in guide
    assert "Treat it as a secret" in guide
    assert world.webhook_url in guide


def test_b24_b62_after_disconnecting_the_sessions_and_their_links_are_still_there(world: Any) -> None:
    world.start(domain="acme.freshchat.com")
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    url = world.session().url
    disconnect(world.runtime, world.connections.named("support"))
    world.sim.customer_writes(world.ada, "Still there?", conversation=conversation)
    world.run(3600)
    assert world.replies(conversation) == [HELLO]
    assert world.session().url == url != ""
    assert world.session().conversation_id == conversation.id


# ------------------------------------------------------------------------------------------------------- events


def test_b26_without_message_created_the_webhooks_say_nothing_and_polling_finds_the_customer(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.sim.events -= {"message_create"}
    world.clock.advance(600)
    world.sim.customer_writes(world.ada, "Anybody?", conversation=conversation)
    world.run(60)
    assert len(world.replies(conversation)) == 1
    world.poll(3)
    assert len(world.replies(conversation)) == 2


def test_b26_b56_without_resolved_and_closed_a_closing_is_found_all_the_same(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.sim.events -= {"conversation_resolution"}
    world.sim.agent_resolves(conversation, world.human)
    world.run(60)
    assert world.session().status == "open"
    world.clock.advance(600)
    world.poll(3)
    assert world.session().status == "closed_resolved"


def test_b53_an_account_that_never_calls_shows_that_and_is_polled(world: Any) -> None:
    world.start()
    world.sim.webhook_url = None
    world.clock.advance(600)
    world.poll(2)
    assert connection(world).last_event_at is None
    assert connection(world).polling_since is not None


# ------------------------------------------------------------------------------------------------------ routing


@pytest.mark.parametrize("auto", [True, False])
@pytest.mark.parametrize("whose", ["nobody", "ai", "human"])
def test_b32_b54_there_are_two_modes_and_no_third(world: Any, auto: bool, whose: str) -> None:
    world.start(auto_handle_all=auto)
    world.sim.auto_assign({"nobody": None, "ai": world.ai, "human": world.human}[whose])
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    answered = whose == "ai" or (whose == "nobody" and auto)
    assert world.replies(conversation) == ([HELLO] if answered else [])
    reason = {"human": "session_assigned_to_human_agent", "nobody": "not_assigned_to_ai"}.get(whose, "")
    assert world.decisions() == [("reply", "answered") if answered else ("silence", reason)]


def test_b33_in_flight_conversations_neither_gain_nor_lose_the_ai_when_the_mode_changes(world: Any) -> None:
    world.start(auto_handle_all=True)
    answered = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    config = world.folder / "config.toml"
    text = config.read_text(encoding="utf-8").replace("auto_handle_all = true", "auto_handle_all = false")
    config.write_text(text, encoding="utf-8")
    world.clock.advance(16)
    provision(world.runtime)
    world.sim.customer_writes(world.ada, "And again", conversation=answered)
    left = world.sim.customer_writes(world.sim.customer("grace@example.com"), "Hi")
    world.run(20)
    assert world.replies(answered) == [HELLO, HELLO]
    assert world.replies(left) == []
    config.write_text(text.replace("auto_handle_all = false", "auto_handle_all = true"), encoding="utf-8")
    world.clock.advance(16)
    provision(world.runtime)
    world.sim.customer_writes(left.user, "Hello?", conversation=left)
    world.run(20)
    assert world.replies(left) == [], "it began under the other mode"


def test_b35_b59_users_who_share_an_email_are_one_contact_with_both_sessions(world: Any) -> None:
    world.start()
    first = world.sim.customer("shared@example.com", "Ann")
    second = world.sim.customer("Shared@example.com", "Bob")
    for user in (first, second):
        world.sim.customer_writes(user, "Hi")
        world.run(20)
    with world.runtime.db.read():
        assert ContactRow.select().where(ContactRow.email == "shared@example.com").count() == 1
        assert len({row.contact_id for row in SessionRow.select()}) == 1
        assert SessionRow.select().count() == 2


# --------------------------------------------------------------------------------------------- names and authors


def test_b38_b61_a_renamed_agent_is_the_author_still_and_repointing_the_email_changes_it(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.ai.first_name = "Renamed"
    world.sim.customer_writes(world.ada, "And?", conversation=conversation)
    world.run(10)
    assert len(world.replies(conversation)) == 2
    configured = configured_connection(world.runtime, "support")
    assert verify(world.runtime, configured).agent_name == "Renamed Assistant"
    other = world.sim.add_agent("other@example.com", "Olga Other")
    config = world.folder / "config.toml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("robin@example.com", "other@example.com"), encoding="utf-8"
    )
    world.clock.advance(16)
    provision(world.runtime)
    fresh = world.sim.customer_writes(world.sim.customer("grace@example.com"), "Hi")
    world.run(20)
    assert [message.actor_id for message in world.sim.thread(fresh) if message.actor_type == "agent"] == [other.id]


# ------------------------------------------------------------------------------------------------------ handing off


def test_b39_b43_b112_a_handoff_leaves_one_private_note_and_nothing_the_customer_sees(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(20)
    world.sim.customer_writes(world.ada, REQUEST, conversation=conversation)
    world.run(20)
    assert len(world.notes(conversation)) == 1
    assert world.replies(conversation) == [HELLO]
    assert [text for author, _, text in world.messages() if author == "customer"] == ["Where is my parcel?", REQUEST]


@pytest.mark.parametrize("how", ["webhook", "poll"])
def test_b42_handed_off_and_still_unassigned_the_ai_keeps_silent_however_the_customer_is_heard(
    world: Any, how: str
) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, REQUEST)
    world.run(20)
    if how == "poll":
        world.sim.webhook_url = None
        world.clock.advance(600)
    world.sim.customer_writes(world.ada, "Hello? Where is my parcel?", conversation=conversation)
    world.poll(5)
    assert world.sim.assignee(conversation) is None
    assert world.replies(conversation) == []
    assert world.session().owner == "human"
    assert "Hello? Where is my parcel?" in [text for _, _, text in world.messages()]


def test_g3_resolved_reopened_and_unassigned_it_passes_the_gate_again_and_is_claimed(world: Any) -> None:
    world.start(auto_handle_all=True)
    conversation = world.sim.customer_writes(world.ada, REQUEST)
    world.run(20)
    world.sim.agent_resolves(conversation, world.human)
    world.run(20)
    assert world.session().status == "closed_resolved"
    world.clock.advance(60)
    world.sim.customer_writes(world.ada, "Another question", conversation=conversation)
    world.run(20)
    assert world.replies(conversation) == [HELLO]
    assert world.sim.assignee(conversation) is world.ai
    assert world.session().owner == "ai"


def test_b44_b55_a_note_without_its_agent_is_parked_and_the_connection_says_why(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.ai.is_deleted = True
    world.sim.customer_writes(world.ada, REQUEST, conversation=conversation)
    world.run(300)
    assert world.sim.assignee(conversation) is None
    assert world.notes(conversation) == []
    with world.runtime.db.read():
        note = ActionRow.get(ActionRow.kind == "note")
    assert note.state == "parked"
    assert "Summary:" in note.text
    assert "agent" in connection(world).error


# -------------------------------------------------------------------------------------- resolving, and the limits


def test_b47_a_resolution_by_the_ai_is_a_private_note_and_then_the_status(world: Any) -> None:
    world.start()
    world.ai_plugin.answer = lambda turn: Resolve("Glad to help.")
    conversation = world.sim.customer_writes(world.ada, "Thanks, that was all")
    world.run(30)
    assert conversation.status == "resolved"
    assert world.notes(conversation)[0].startswith("Resolved by the AI.")
    assert world.session().closed_by == "ai"


def test_b48_g6_closed_by_an_agent_is_closed_as_resolved_by_the_integration(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    world.sim.agent_resolves(conversation, world.human)
    world.run(10)
    assert (world.session().status, world.session().closed_by) == ("closed_resolved", "integration")


def test_b49_b51_a_call_ends_after_the_time_out_and_what_is_uncertain_is_not_just_repeated(world: Any) -> None:
    world.start()
    assert (
        world.connections.connector(world.connections.named("support"))
        .settings_schema()
        .fields["timeout_seconds"]
        .load_default
        == 10.0
    )
    world.sim.fault("send_message", "drip", seconds=0.2, when=lambda body: body.get("message_type") == "normal")
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(120)
    assert world.replies(conversation) == [HELLO]
    posted = [call for call in world.sim.record.calls("send_message") if call.performed]
    assert len(posted) == 1


def test_b50_a_repeat_within_a_day_is_counted_and_starts_nothing(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    sent = world.sim.webhooks.of("message_create")
    [first] = [one for one in sent if one.payload["actor"]["actor_type"] == "user"]
    world.clock.advance(timedelta(hours=23).total_seconds())
    world.sim.webhooks.again(first)
    world.run(60)
    assert world.replies(conversation) == [HELLO]


def test_b52_the_default_is_sixty_calls_a_minute(world: Any) -> None:
    world.start()
    assert world.connections.named("support").settings["requests_per_minute"] == 60


def test_b109_a_responder_that_gives_up_hands_off_with_its_reason(world: Any) -> None:
    world.start()
    world.ai_plugin.answer = lambda turn: Handoff(detail="no passage answers it")
    conversation = world.sim.customer_writes(world.ada, "What is the meaning of life?")
    world.run(20)
    assert world.decisions() == [("handoff", "cannot_resolve")]
    assert "it found no answer" in world.notes(conversation)[0]
