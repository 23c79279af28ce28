"""A connection's life over HTTP: refused or out of reach, rotated, cut and connected again."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from core.config import load_config
from core.connections import Connections
from core.errors import ConfigError
from core.flow.disconnect import disconnect
from core.jobs.dispatch import drain_all_due
from core.provisioning import configured_connection, provision, switch_on, verify
from core.store.models import ActionRow, AttemptRow, ConnectionRow, EventRow, LeaseRow, TimelineRow

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]


def command(world: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call `relaydesk` beside the running service, as an operator does."""
    call = [*RELAYDESK, "--config", str(world.folder / "config.toml"), *arguments]
    return subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)


def row(world: Any) -> ConnectionRow:
    connection = world.connections.named("support")
    assert connection
    return world.connections.row(connection.id)


def cut(world: Any) -> Any:
    return disconnect(world.runtime, world.connections.named("support"))


def connect_again(world: Any) -> None:
    configured = configured_connection(world.runtime, "support")
    switch_on(world.runtime, configured, verify(world.runtime, configured), row(world).revision)


def rewrite(world: Any, old: str, new: str) -> None:
    """Change the configuration file while the service runs."""
    file = world.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


# ------------------------------------------------------------------------------------------- verified, or not


def test_a_refused_connection_is_off_with_its_error_while_the_rest_runs_and_waits_for_a_changed_file(
    world: Any,
) -> None:
    world.start(default_agent_email="nobody@example.com")
    [(connection, error)] = world.connections.all()
    assert not connection.active
    assert error.startswith("Failed to verify credentials: default_agent_email: ")
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(300)
    assert world.replies(conversation) == []
    calls = len(world.sim.record.calls("list_agents"))
    for _ in range(5):
        world.clock.advance(60)
        provision(world.runtime)
    assert len(world.sim.record.calls("list_agents")) == calls, "what was refused is asked for again"
    rewrite(world, "nobody@example.com", "robin@example.com")
    world.clock.advance(60)
    provision(world.runtime)
    assert world.connections.named("support").active
    world.run(60)
    assert world.replies(conversation) == ["Hello from the AI."], "what came in meanwhile was kept"


def test_a_refused_connection_is_tried_again_by_a_service_that_starts_anew(world: Any) -> None:
    world.start(default_agent_email="late@example.com")
    world.sim.add_agent("late@example.com", "Late Agent")
    provision(world.runtime, at_start=True)
    assert not world.connections.named("support").active, "processes that start together ask once"
    world.clock.advance(61)
    provision(world.runtime, at_start=True)
    assert world.connections.named("support").active


def test_a_connection_out_of_reach_is_tried_again_until_the_vendor_is_back(world: Any) -> None:
    world.sim.fault("list_agents", "503", times=2)
    world.start()
    [(connection, error)] = world.connections.all()
    assert not connection.active
    assert error.startswith("Failed to verify credentials: api_url: 127.0.0.1:")
    provision(world.runtime)
    assert not world.connections.named("support").active
    provision(world.runtime)
    assert world.connections.named("support").active
    assert row(world).error == ""


def test_b21_b23_a_token_rotated_in_the_file_is_used_without_a_restart_and_the_address_stays(
    world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world.start()
    address = world.webhook_url
    old, new = world.sim.token, world.sim.rotate_token()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(30)
    assert world.replies(conversation) == [], "there is a gap between the two tokens"
    assert world.connections.named("support").active, "which is no reason to give the connection up"
    with caplog.at_level(logging.INFO):
        rewrite(world, old, new)
        world.clock.advance(16)
        provision(world.runtime)
    world.run(600)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert world.webhook_url == address
    assert new not in caplog.text


def test_changed_settings_count_once_they_are_verified_and_until_then_the_old_ones_do(world: Any) -> None:
    world.start()
    rewrite(world, "robin@example.com", "nobody@example.com")
    world.clock.advance(16)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(10)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert world.connections.named("support").settings["default_agent_email"] == "robin@example.com"
    provision(world.runtime)
    [(connection, error)] = world.connections.all()
    assert not connection.active
    assert error.startswith("Failed to verify credentials: default_agent_email: ")
    rewrite(world, "nobody@example.com", "hanna@example.com")
    world.clock.advance(16)
    provision(world.runtime)
    assert world.connections.named("support").agent_id == world.human.id


def test_a_service_that_starts_with_a_changed_file_waits_until_it_is_verified(world: Any) -> None:
    world.start()
    rewrite(world, "robin@example.com", "hanna@example.com")
    world.connections.read_again()
    runtime = world.runtime
    config = load_config(world.folder / "config.toml")
    restarted = Connections(config, runtime.plugins, runtime.db, world.clock, runtime.sealer)
    restarted.read_again()
    assert not restarted.named("support").active


def test_a_changed_file_that_is_wrong_is_told_once_and_not_used(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    world.start()
    rewrite(world, 'default_agent_email = "robin@example.com"', 'default_agent_mail = "robin@example.com"')
    for _ in range(3):
        world.clock.advance(16)
        provision(world.runtime)
    told = [record for record in caplog.records if "the changed configuration is not used" in record.message]
    assert len(told) == 1
    assert "connections[support].default_agent_mail" in told[0].message
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    assert world.replies(conversation) == ["Hello from the AI."]


def test_b62_verify_says_who_the_connection_speaks_as_and_switches_it_on(world: Any) -> None:
    world.start(default_agent_email="late@example.com")
    refused = command(world, "connections", "verify", "support")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Failed to verify credentials: default_agent_email: ")
    world.sim.add_agent("late@example.com", "Late Agent")
    verified = command(world, "connections", "verify", "support")
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.startswith("support speaks as Late Agent <late@example.com> at 127.0.0.1:")
    assert world.connections.named("support").active


def test_b17_verify_keeps_nothing_when_it_fails(world: Any) -> None:
    world.start()
    before = row(world).__data__
    rewrite(world, "robin@example.com", "nobody@example.com")
    refused = command(world, "connections", "verify", "support")
    assert refused.returncode == 1
    assert row(world).__data__ == before


def test_an_unknown_connection_is_told_with_those_there_are(world: Any) -> None:
    world.start()
    for sub in (["verify"], ["disconnect", "--yes"], ["reconnect"]):
        done = command(world, "connections", *sub, "sales")
        assert done.returncode == 2
        assert done.stderr == (
            "relaydesk: connections: there is no connection 'sales'. The configured ones are: support.\n"
        )


# ----------------------------------------------------------------------------------------- cut, and connected again


def test_b24_disconnecting_stops_both_directions_and_keeps_the_sessions(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    session = world.session()
    address = world.webhook_url
    ended = cut(world)
    assert (ended.cancelled, ended.parked, ended.unanswered, ended.assigned) == (0, 0, 0, 1)
    calls = len(world.sim.record.calls())
    world.sim.customer_writes(world.ada, "Anybody there?", conversation=conversation)
    world.run(7200)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert len(world.sim.record.calls()) == calls, "the account is still called"
    assert world.post(b"{}", url=address).status_code == 404
    kept = world.session()
    assert (kept.id, kept.status, kept.owner) == (session.id, "open", "ai")
    assert not world.connections.named("support").settings["access_token"], "the credential is still at hand"


def test_disconnecting_cancels_what_is_queued_and_ends_every_turn_with_a_decision(world: Any) -> None:
    world.start()
    waiting = world.sim.customer_writes(world.sim.customer("w@example.com"), "I wait for my turn")
    world.hear()
    drain_all_due(world.runtime)
    world.sim.fault("send_message", "429", times=None)
    queued = world.sim.customer_writes(world.ada, "My answer cannot be sent")
    world.clock.advance(3)
    world.hear()
    world.run(3)
    answered = [text for outcome, text in world.decisions()]
    assert "answered" in answered
    ended = cut(world)
    assert ended.cancelled >= 1
    with world.runtime.db.read():
        open_actions = ActionRow.select().where(ActionRow.state.not_in(["sent", "cancelled", "parked", "failed"]))
        assert not list(open_actions)
        assert not list(LeaseRow.select().where(LeaseRow.turn_due_at.is_null(False)))
        assert not list(LeaseRow.select().where(LeaseRow.next_at.is_null(False)))
        words = {action.error for action in ActionRow.select().where(ActionRow.state == "cancelled")}
    assert "the connection was disconnected" in words
    world.sim.faults.clear()
    world.run(7200)
    assert world.replies(queued) == world.replies(waiting) == []


def test_a_due_turn_is_ended_with_the_reason_and_shown(world: Any) -> None:
    world.start()
    world.sim.customer_writes(world.ada, "Hi")
    world.hear()
    drain_all_due(world.runtime)  # recorded, and waiting for the settle time
    assert cut(world).unanswered == 1
    assert world.decisions() == [("silence", "disconnected")]
    with world.runtime.db.read():
        last = TimelineRow.select().order_by(TimelineRow.id.desc()).get()
    assert (last.kind, last.detail) == ("ai_response_cancelled", {"reason": "disconnected"})


def test_events_that_were_not_read_yet_are_kept_and_shown_as_such(world: Any) -> None:
    world.start()
    world.sim.customer_writes(world.ada, "Hi")
    world.hear()
    assert cut(world).unread == 1
    assert [state for _, state in world.events()] == ["ignored"]
    with world.runtime.db.read():
        assert EventRow.get().reason == "disconnected"


def test_what_may_have_been_sent_is_parked_for_it_cannot_be_looked_up_any_more(world: Any) -> None:
    world.start()
    world.sim.fault("send_message", "500", performed=True)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.sim.webhooks.drop(times=100, kind="message_create")
    world.run(10)
    assert ("reply", "uncertain") in world.actions()
    ended = cut(world)
    assert ended.parked == 1
    with world.runtime.db.read():
        action = ActionRow.get(ActionRow.kind == "reply")
        attempt = AttemptRow.get(AttemptRow.action == action)
    assert action.state == "parked"
    assert action.error.endswith("; the connection was disconnected")
    assert attempt.outcome == "unknown"
    assert action.id in [settled.id for settled in world.ai_plugin.settled]
    assert world.replies(conversation) == ["Hello from the AI."]


def test_a_worker_that_is_in_the_middle_of_it_writes_and_sends_nothing_after_the_cut(world: Any) -> None:
    world.start()
    conversation = world.sim.customer_writes(world.ada, "Hi")

    def cut_meanwhile(turn: Any) -> Any:
        cut(world)
        return world.says("Too late.")(turn)

    world.ai_plugin.answer = cut_meanwhile
    world.run(600)
    assert world.replies(conversation) == []
    assert world.decisions() == [("silence", "disconnected")]
    assert world.actions() == []


def test_b22_b60_reconnecting_makes_a_new_address_and_the_old_one_is_counted_as_stale(world: Any) -> None:
    world.start()
    old = world.webhook_url
    cut(world)
    connect_again(world)
    assert world.webhook_url != old
    assert world.post(b"{}", url=old).status_code == 404
    assert row(world).stale_calls == 1
    conversation = world.sim.customer_writes(world.ada, "At the old address")  # nobody has told the vendor yet
    world.clock.advance(1)
    world.sim.webhook_url = world.webhook_url
    second = world.sim.customer_writes(world.ada, "At the new one", conversation=conversation)
    world.run(30)
    assert world.replies(second) == ["Hello from the AI."]


def test_a_disconnected_connection_is_not_verified_back_to_life(world: Any) -> None:
    world.start()
    cut(world)
    world.clock.advance(3600)
    provision(world.runtime, at_start=True)
    assert not world.connections.named("support").active
    assert row(world).error == "disconnected; `relaydesk connections reconnect support` connects it again"


def test_disconnecting_twice_and_reconnecting_what_is_connected_are_told(world: Any) -> None:
    world.start()
    again = command(world, "connections", "reconnect", "support")
    assert again.returncode == 2
    assert again.stderr == (
        "relaydesk: support: it is not disconnected. `relaydesk connections verify support` looks at it.\n"
    )
    cut(world)
    with pytest.raises(ConfigError, match="support: it is disconnected already"):
        cut(world)


def test_the_commands_tell_what_was_ended_what_to_delete_and_the_new_address(world: Any) -> None:
    world.start()
    world.sim.customer_writes(world.ada, "Hi")
    world.run(20)
    asked = command(world, "connections", "disconnect", "support")
    assert asked.returncode == 1, "it is done without asking"
    assert row(world).active
    gone = command(world, "connections", "disconnect", "support", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert "support is disconnected. Its sessions stay in the inbox." in gone.stdout
    assert "still assigned to the AI's agent at the vendor: 1 open conversation" in gone.stdout
    assert "2. Delete this service's address there" in gone.stdout
    assert "3. Delete the API token" in gone.stdout
    assert world.sim.token not in gone.stdout
    listed = command(world, "connections", "--json")
    assert '"state": "disconnected"' in listed.stdout
    stays = command(world, "connections", "verify", "support")
    assert "It is disconnected; `relaydesk connections reconnect support` connects it again." in stays.stdout
    assert not row(world).active
    world.sim.revoke_token()
    refused = command(world, "connections", "reconnect", "support")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Failed to verify credentials: access_token: ")
    assert not row(world).active
    world.sim.rotate_token(world.runtime.config.connections[0].settings["access_token"].reveal())
    back = command(world, "connections", "reconnect", "support")
    assert back.returncode == 0, back.stderr
    path = world.webhook_url.partition("/webhooks/")[2]
    assert f"http://127.0.0.1:8000/webhooks/{path}" in back.stdout
    assert row(world).last_event_at is None
    assert row(world).verified_at > world.clock.now() - timedelta(days=365)
