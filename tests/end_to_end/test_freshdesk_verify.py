"""Behaviour 63-69, 88, 101, 102, 105 and 106: what a Freshdesk connection is told before it is used, and after."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain import Handoff
from core.provisioning import provision
from core.store.models import ConnectionRow
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_state import AGENT_ROLE, GROUP_SCOPE
from tests.end_to_end.worlds import DeskWorld

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "a secret key that is only good for these tests, and long"
[plugins]
enabled = ["freshdesk"]
[[connections]]
name = "tickets"
connector = "freshdesk"
"""
Run = Callable[..., subprocess.CompletedProcess[str]]
MARKER = "cf_opencx_handed_off"
FAMILY = "Failed to verify credentials: "


@pytest.fixture
def sim() -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(plan="growth") as running:
        running.add_agent("robin@example.com", "Robin Assistant", admin=True)
        running.add_field(MARKER)
        yield running


@pytest.fixture
def run(sim: FreshdeskSimulator, tmp_path: Path) -> Run:
    """Calls a command as an operator does; the account is the simulator's unless another `address` is given."""

    def call(
        *command: str, address: str = "", key: str | None = None, more: str = "", patience: float = 10
    ) -> subprocess.CompletedProcess[str]:
        given = sim.key_for(sim.agents[-1]) if key is None else key
        lines = (address or f'api_url = "{sim.api_url}"', f'api_key = "{given}"', f"timeout_seconds = {patience}", more)
        (tmp_path / "config.toml").write_text(CONFIG + "\n".join(lines), encoding="utf-8")
        arguments = [*RELAYDESK, "--config", str(tmp_path / "config.toml"), *command]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        assert not given or given not in done.stdout + done.stderr, "the key is never shown (behaviour 68)"
        return done

    return call


@pytest.fixture
def verify(run: Run) -> Run:
    """Calls `relaydesk connections verify`."""

    def call(**given: Any) -> subprocess.CompletedProcess[str]:
        return run("connections", "verify", "tickets", **given)

    return call


def host(sim: FreshdeskSimulator) -> str:
    return sim.url.removeprefix("http://")


def failure(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    assert done.returncode == status, done.stderr
    assert "speaks as" not in done.stdout
    return done.stderr


# ------------------------------------------------------------------------------------------- what is refused


def test_b66_a_good_connection_shows_the_agents_name_and_email(sim: FreshdeskSimulator, verify: Run) -> None:
    done = verify()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"tickets speaks as Robin Assistant <robin@example.com> at {host(sim)}\n"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("https://acme.freshdesk.com", 'without scheme, port or path; write "acme.freshdesk.com"'),
        ("http://Acme.Freshdesk.com/a/tickets/1?x=2", 'without scheme, port or path; write "acme.freshdesk.com"'),
        ("acme.freshdesk.com:443", 'without scheme, port or path; write "acme.freshdesk.com"'),
        ("acme", 'must be the full host name; write "acme.freshdesk.com"'),
        ("support.acme.com", "a support portal's address of your own is not answered by the API"),
        ("freshdesk.com", 'must be the account\'s own host below freshdesk.com, such as "yourcompany.freshdesk.com"'),
        ("acme.freshdesk.com.evil.example", "must be the account's own host below freshdesk.com"),
        ("a@b.freshdesk.com", "must be the account's own host below freshdesk.com"),
        ("a.b.freshdesk.com", "must be the account's own host below freshdesk.com"),
        ("acme.freshchat.com", "must be the account's own host below freshdesk.com"),
    ],
)
def test_b65_b67_b102_a_domain_that_is_not_the_bare_host_is_refused_with_the_form_that_is_wanted(
    verify: Run, given: str, told: str
) -> None:
    problem = failure(verify(address=f'domain = "{given}"'), 2)
    assert problem.startswith(f"relaydesk: {FAMILY}connections[tickets].domain: ")
    assert told in problem


def test_b65_without_domain_or_address_the_domain_is_asked_for(verify: Run) -> None:
    problem = failure(verify(address="# none"), 2)
    assert 'connections[tickets].domain: is missing; give the full host, such as "yourcompany.freshdesk.com"' in problem


def test_b67_b102_a_domain_that_nobody_has_is_told(sim: FreshdeskSimulator, verify: Run) -> None:
    sim.quirks.unknown_domain = True
    problem = failure(verify())
    assert problem.startswith(f"{FAMILY}api_url: {host(sim)} does not answer as the Freshdesk API (the vendor answered")
    assert "leave api_url out and give the domain" in problem


def test_b67_b102_a_stale_key_is_told_as_failed_credentials(sim: FreshdeskSimulator, verify: Run) -> None:
    old = sim.key_for(sim.agents[-1])
    sim.rotate_key(agent=sim.agents[-1])
    problem = failure(verify(key=old))
    assert problem.startswith(f"{FAMILY}api_key: Freshdesk does not accept the key (the vendor answered 401")
    assert "copy the key from the AI agent's profile settings once more" in problem
    assert "admin" not in problem


def test_b64_b67_b101_the_key_of_an_agent_who_is_no_admin_is_told_apart(sim: FreshdeskSimulator, verify: Run) -> None:
    sim.add_agent("plain@example.com", "Paula Plain")
    problem = failure(verify())
    assert problem.startswith("api_key: the key's agent, Paula Plain, has no admin privileges (the vendor answered 403")
    assert "Give the agent the role Administrator in Freshdesk, under Admin > Agents" in problem
    assert FAMILY not in problem


@pytest.mark.parametrize(("status", "told"), [(401, "does not accept the key"), (403, "does not let this agent use")])
def test_b67_b69_the_key_of_a_deactivated_agent_is_refused(
    sim: FreshdeskSimulator, verify: Run, status: int, told: str
) -> None:
    sim.quirks.deactivated_status = status
    sim.deactivate(sim.agents[-1])
    problem = failure(verify(key=sim.key_for(sim.agents[-1])))
    assert problem.startswith(f"{FAMILY}api_key: Freshdesk {told}")


@pytest.mark.parametrize("kind", ["503", "timeout", "cut", "429"])
def test_b66_a_vendor_that_gives_no_answer_is_no_wrong_key(sim: FreshdeskSimulator, verify: Run, kind: str) -> None:
    sim.fault("me", kind, times=None)
    problem = failure(verify(patience=0.6) if kind == "timeout" else verify())
    assert problem.startswith(f"{FAMILY}api_url: {host(sim)} gave no usable answer (")
    assert "then try again" in problem


@pytest.mark.parametrize("key", ["", "two words", "with:colon", "schlüssel"])
def test_b65_a_key_that_can_be_none_is_refused_unasked(sim: FreshdeskSimulator, verify: Run, key: str) -> None:
    problem = failure(verify(key=key), 2)
    assert "api_key: is empty or holds characters that no key has; copy the key once more" in problem
    assert sim.record.calls() == []


@pytest.mark.parametrize(
    ("setting", "kind"), [("handoff_agent_id", "agent"), ("handoff_group_id", "group"), ("default_group_id", "group")]
)
def test_b65_b105_a_target_that_does_not_exist_is_refused_with_the_key_and_the_mend(
    verify: Run, setting: str, kind: str
) -> None:
    problem = failure(verify(more=f"{setting} = 987654321"))
    assert problem == (
        f"{setting}: the account has no {kind} 987654321. `relaydesk connections list` shows its {kind}s: "
        "give the id of one, or leave the setting out.\n"
    )


def test_b105_the_ais_own_agent_is_no_target_of_a_handoff(sim: FreshdeskSimulator, verify: Run) -> None:
    problem = failure(verify(more=f"handoff_agent_id = {sim.agents[-1].id}"))
    assert problem.startswith("handoff_agent_id: is the AI's own agent, whose tickets the AI answers.")


@pytest.mark.parametrize("value", ['"Support"', "-1", "true", "1.5", '"12 34"'])
def test_b65_an_id_is_a_number_and_no_name(sim: FreshdeskSimulator, verify: Run, value: str) -> None:
    problem = failure(verify(more=f"handoff_group_id = {value}"), 2)
    assert "connections[tickets].handoff_group_id: must be an id" in problem
    assert sim.record.calls() == []


def test_b65_b66_targets_that_exist_are_taken_as_numbers_or_as_text(sim: FreshdeskSimulator, verify: Run) -> None:
    group, agent = sim.add_group("Support"), sim.agents[0]
    done = verify(more=f'handoff_agent_id = {agent.id}\nhandoff_group_id = "{group.id}"\ndefault_group_id = 0')
    assert (done.returncode, done.stderr) == (0, "")


# ------------------------------------------------------------------------------------------------- warnings


def test_b63_a_plan_without_webhooks_is_warned_of(sim: FreshdeskSimulator, verify: Run) -> None:
    sim.plan = "free"
    done = verify()
    assert done.returncode == 0
    [warning] = re.findall(r"^warning: (.*)$", done.stdout, re.MULTILINE)
    assert warning.startswith("domain: the plan Free has no webhooks, so the account is asked for changes instead")


def test_b64_an_agent_who_sees_only_a_part_is_warned_of(sim: FreshdeskSimulator, verify: Run) -> None:
    sim.agents[-1].ticket_scope = GROUP_SCOPE
    assert "\nwarning: api_key: its agent sees only a part of the tickets." in verify().stdout


def test_b88_b106_a_missing_marker_is_a_warning_of_verify_and_of_check(sim: FreshdeskSimulator, run: Run) -> None:
    sim.remove_field(MARKER)
    told = f"warning: marker_field: the account has no field {MARKER}, so handed-off tickets are not marked."
    mend = 'open Admin > Ticket Fields in Freshdesk, add a Checkbox labelled "opencx handed off"'
    for command in (["connections", "verify", "tickets"], ["check"]):
        done = run(*command)
        assert (done.returncode, done.stderr) == (0, "")
        assert told in done.stdout
        assert mend in done.stdout


@pytest.mark.parametrize("kind", ["custom_text", "custom_number"])
def test_b87_b106_a_marker_that_is_no_checkbox_is_a_warning(sim: FreshdeskSimulator, verify: Run, kind: str) -> None:
    sim.remove_field(MARKER)
    sim.add_field(MARKER, kind)
    done = verify()
    assert done.returncode == 0
    assert f"warning: marker_field: {MARKER} is no checkbox ({kind})" in done.stdout


def test_b65_b88_another_marker_or_none_is_taken_without_a_warning(sim: FreshdeskSimulator, verify: Run) -> None:
    sim.remove_field(MARKER)
    sim.add_field("cf_with_people")
    for marker in ("cf_with_people", ""):
        assert "warning" not in verify(more=f'marker_field = "{marker}"').stdout


# --------------------------------------------------------------------------------- what is kept, and when it ends


def row(desk: DeskWorld) -> ConnectionRow:
    with desk.runtime.db.read():
        found: ConnectionRow = ConnectionRow.get()
    return found


def rewrite(desk: DeskWorld, old: str, new: str) -> None:
    """Change the configuration file while the service runs."""
    file = desk.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    desk.clock.advance(16)
    provision(desk.runtime)


def test_b66_what_fails_keeps_nothing(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=987654321)
    kept = row(desk)
    assert not kept.active
    assert (kept.identity, kept.settings_hash, kept.connected_at, kept.verified_at) == (None, "", None, None)
    assert kept.error.startswith("handoff_group_id: the account has no group 987654321.")
    desk.opens()
    desk.run(120)
    assert desk.actions() == []


def test_b66_what_fails_leaves_what_was_good_in_use(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    before = row(desk)
    rewrite(desk, f"handoff_group_id = {desk.support.id}", "handoff_group_id = 987654321")
    after = row(desk)
    assert (after.identity, after.settings_hash) == (before.identity, before.settings_hash)
    assert after.error.startswith("handoff_group_id: ")


@pytest.mark.parametrize("kind", ["", "custom_text"])
def test_b86_b88_b106_without_a_marker_the_warning_is_kept_and_tickets_are_handed_over_all_the_same(
    desk: DeskWorld, kind: str
) -> None:
    desk.sim.remove_field(MARKER)
    if kind:
        desk.sim.add_field(MARKER, kind)
    desk.start(handoff_group_id=desk.support.id)
    known = desk.connections.named("support")
    assert known
    assert known.identity
    [warning] = known.identity.warnings
    assert warning.startswith("marker_field: ")
    desk.ai_plugin.answer = lambda turn: Handoff(detail="it is beyond me")
    ticket = desk.opens()
    desk.run(120)
    assert ticket.group_id == desk.support.id
    assert len(desk.notes(ticket)) == 1
    assert desk.session(ticket).owner == "human"
    assert desk.actions() == [("note", "sent"), ("assign", "sent"), ("unassign", "cancelled"), ("update", "sent")]


def test_b23_b68_a_key_rotated_in_the_file_is_used_without_a_restart_and_the_address_stays(
    desk: DeskWorld, caplog: pytest.LogCaptureFixture
) -> None:
    desk.start()
    address, old = desk.webhook_url, desk.sim.key_for(desk.ai)
    new = desk.sim.rotate_key(agent=desk.ai)
    ticket = desk.opens()
    desk.run(60)
    assert desk.replies(ticket) == [], "there is a gap between the two keys"
    assert row(desk).active
    assert "the vendor refuses the credential (401)" in row(desk).error
    with caplog.at_level(logging.DEBUG):
        rewrite(desk, old, new)
        desk.run(600)
    assert desk.replies(ticket) == ["Hello from the AI."]
    assert row(desk).error == ""
    assert desk.webhook_url == address
    assert new not in caplog.text
    assert old not in caplog.text


@pytest.mark.parametrize("status", [401, 403])
def test_b69_a_deactivated_agent_shows_on_the_connection_and_nothing_is_lost(desk: DeskWorld, status: int) -> None:
    desk.start()
    desk.clock.advance(900)
    desk.sim.quirks.deactivated_status = status
    desk.sim.deactivate(desk.ai)
    ticket = desk.opens()
    desk.run(60)
    provision(desk.runtime)
    assert desk.replies(ticket) == []
    told = {401: "the vendor refuses the credential (401)", 403: f"{FAMILY}api_key: Freshdesk does not let this agent"}
    assert row(desk).error.startswith(told[status])
    assert row(desk).active, "what comes in is kept all the same"
    desk.ai.active = True
    desk.run(700)
    provision(desk.runtime)
    assert desk.replies(ticket) == ["Hello from the AI."]
    assert row(desk).error == ""


def test_b64_b69_b101_a_lost_admin_role_shows_within_the_hour_and_until_it_is_given_back(desk: DeskWorld) -> None:
    desk.start()
    roles, desk.ai.role_ids = desk.ai.role_ids, [AGENT_ROLE]
    provision(desk.runtime)
    assert row(desk).error == "", "a connection that works is not verified all the time"
    desk.clock.advance(3600)
    provision(desk.runtime)
    assert row(desk).error.startswith("api_key: the key's agent, Robin Assistant, has no admin privileges")
    assert row(desk).active
    desk.ai.role_ids = roles
    desk.clock.advance(600)
    provision(desk.runtime)
    assert row(desk).error == ""


def test_b86_b105_a_target_that_is_deleted_later_shows_on_the_connection(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    desk.sim.remove_group(desk.support)
    desk.clock.advance(3600)
    provision(desk.runtime)
    assert row(desk).error.startswith(f"handoff_group_id: the account has no group {desk.support.id}.")
    assert row(desk).active


def test_b88_b106_a_marker_that_is_made_or_deleted_later_is_used_or_warned_of(desk: DeskWorld) -> None:
    desk.sim.remove_field(MARKER)
    desk.start()
    assert row(desk).identity["details"]["marker"] == ""
    desk.sim.add_field(MARKER)
    desk.clock.advance(3600)
    provision(desk.runtime)
    assert (row(desk).identity["details"]["marker"], row(desk).identity["warnings"]) == (MARKER, [])
    desk.sim.remove_field(MARKER)
    desk.clock.advance(3600)
    provision(desk.runtime)
    assert [words.partition(":")[0] for words in row(desk).identity["warnings"]] == ["marker_field"]
    assert row(desk).error == ""


def test_b66_an_outage_while_a_connection_is_looked_at_again_changes_nothing(desk: DeskWorld) -> None:
    desk.start()
    before = row(desk)
    desk.sim.fault("me", "503")
    desk.clock.advance(3600)
    provision(desk.runtime)
    after = row(desk)
    assert (after.error, after.active, after.identity) == ("", True, before.identity)
    assert len(desk.sim.record.calls("me", status=503)) == 1
