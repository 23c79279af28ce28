"""The commands with a Freshdesk connection: simulate, send-fixture, backfill and the lists."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import cli
from core.cli.look import open_runtime
from core.errors import ConfigError
from core.store.election import Election
from core.store.models import BackfillRow, ConnectionRow, SessionRow
from core.testing.clock import FakeClock
from core.testing.receiver import WebhookReceiver
from plugins.freshdesk.simulator import FreshdeskSimulator, build
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_state import CLOSED, OPEN, PENDING, RESOLVED
from tests.end_to_end.worlds import DeskWorld

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
FIXTURES = Path(__file__).parents[2] / "plugins" / "freshdesk" / "fixtures"
Run = Callable[..., Result]
# The package's attributes of these names are the commands.
backfill_command = importlib.import_module("core.cli.backfill")
simulate_command = importlib.import_module("core.cli.simulate")


@pytest.fixture
def sim() -> Iterator[FreshdeskSimulator]:
    with build() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sim: FreshdeskSimulator) -> Path:
    """A project with a connection to the simulated account, in whose folder the commands are called."""
    folder = tmp_path / "desk"
    result = CliRunner().invoke(cli, ["init", str(folder)])
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RELAYDESK_CONFIG", raising=False)
    file = folder / "config.toml"
    text = re.sub(r"(?m)^enabled = .*$", 'enabled = ["answers", "freshchat", "freshdesk"]', file.read_text("utf-8"))
    text += f'\n[[connections]]\nname = "tickets"\nconnector = "freshdesk"\napi_url = "{sim.api_url}"\n'
    file.write_text(text + f'api_key = "{sim.api_key}"\nrequests_per_minute = 10000\n', "utf-8")
    return folder


@pytest.fixture
def run() -> Run:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, list(arguments))

    return call


@pytest.fixture
def sqlite_desk(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[DeskWorld]:
    """A running service's world, over one engine: what is tried with it ends at the receiver."""
    made = DeskWorld(tmp_path, sqlite_url, clock)
    yield made
    made.stop()


def filled(sim: FreshdeskSimulator, *statuses: int) -> list[Any]:
    """A ticket of each status, opened a day before the next one."""
    linus, now = sim.customer("linus@example.com", "Linus Longtime"), sim.clock.now()
    days = [now - timedelta(days=len(statuses) - index) for index in range(len(statuses))]
    return sim.fill(
        Filed(linus, f"Ticket {index}", "Is anybody there?", at, at, status=status)
        for index, (status, at) in enumerate(zip(statuses, days, strict=True))
    )


def stored(model: Any) -> list[Any]:
    runtime = open_runtime("config.toml")
    try:
        with runtime.db.read():
            return list(model.select().order_by(model.id))
    finally:
        runtime.close()


def main(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RELAYDESK, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


# ------------------------------------------------------------------------------------------------------ simulate


def test_simulate_prints_what_a_connection_needs_and_that_works(tmp_path: Path, project: Path, run: Run) -> None:
    running = subprocess.Popen(
        [*RELAYDESK, "simulate", "freshdesk", "--token", "open-sesame", "--plan", "pro"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout
    try:
        banner: list[str] = []
        while not any("groups (" in line for line in banner):
            line = running.stdout.readline()
            assert line, banner
            banner.append(line)
        told = dict(re.findall(r"\((\w+)\): +(\S+)", "".join(banner)))
        assert told["api_key"] == "open-sesame"
        assert any("400 calls a minute" in line for line in banner)
        text = (project / "config.toml").read_text("utf-8").partition("\n[[connections]]\n")[0]
        lines = "".join(f'{key} = "{told[key]}"\n' for key in ("api_url", "api_key", "handoff_group_id"))
        (project / "config.toml").write_text(
            f'{text}\n[[connections]]\nname = "other"\nconnector = "freshdesk"\n{lines}', "utf-8"
        )
        result = run("check")
        assert result.exit_code == 0, result.output
        assert "other (freshdesk): speaks as Robin Assistant <robin@example.com>" in result.output
        assert "warning" not in result.output
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        running.stdout.close()


@pytest.mark.parametrize(
    ("vendor", "option", "words"),
    [
        ("freshdesk", "--dialect", '--dialect: the simulator of "freshdesk" has no such choice'),
        ("freshdesk", "--events", '--events: the simulator of "freshdesk" has no such choice'),
        ("freshchat", "--plan", '--plan: the simulator of "freshchat" has no such choice'),
        ("freshchat", "--webhook-content", '--webhook-content: the simulator of "freshchat" has no such choice'),
        ("freshdesk", "--plan", '--plan: there is no "other". Those there are: trial, growth, pro, enterprise'),
        (
            "freshdesk",
            "--webhook-content",
            '--webhook-content: there is no "other". Those there are: advanced, simple, form, simple-form',
        ),
    ],
)
def test_an_option_that_a_simulator_does_not_know_is_a_wrong_call(
    run: Run, vendor: str, option: str, words: str
) -> None:
    wrong = run("simulate", vendor, option, "other")
    assert wrong.exit_code == 2
    assert words in wrong.output


def test_the_help_names_the_keys_of_a_connection(run: Run) -> None:
    text = " ".join(run("simulate", "--help").output.split())
    assert "for Freshdesk api_url and api_key" in text


# -------------------------------------------------------------------------------------------------- send-fixture


@pytest.mark.parametrize("file", sorted(file.name for file in FIXTURES.iterdir() if file.suffix in (".json", ".txt")))
def test_every_fixture_is_sent_as_it_is_with_its_content_type(project: Path, run: Run, file: str) -> None:
    with WebhookReceiver() as receiver:
        result = run("send-fixture", "tickets", Path(file).stem, "--url", receiver.url)
    assert result.exit_code == 0, result.output
    [call] = receiver.received
    assert call.body == (FIXTURES / file).read_bytes()
    form = file.startswith("form__")
    assert call.headers["content-type"] == ("application/x-www-form-urlencoded" if form else "application/json")


@pytest.mark.parametrize("fixture", ["form__status_changed", "invalid__trailing_comma", "simple__ticket_created"])
def test_the_running_service_takes_what_is_sent(sqlite_desk: DeskWorld, fixture: str) -> None:
    desk = sqlite_desk
    desk.start()
    config = str(desk.folder / "config.toml")
    sent = main("--config", config, "send-fixture", "support", fixture, "--url", desk.webhook_url, cwd=desk.folder)
    assert (sent.returncode, sent.stdout[:4]) == (0, "200 "), sent.stderr
    [(kind, _)] = desk.events()
    assert kind in ("ticket_created", "ticket_updated", "ticket_changed")


def test_send_fixture_lists_both_kinds_of_files(project: Path, run: Run) -> None:
    listed = run("send-fixture", "tickets", "--list").output.split()
    assert {"advanced__reply_sent", "form__status_changed", "invalid__trailing_comma"} <= set(listed)
    assert "SOURCES" not in listed


def test_send_fixture_brings_a_secret_where_the_connection_wants_one(sqlite_desk: DeskWorld) -> None:
    desk = sqlite_desk
    desk.start(webhook_secret="a-long-enough-secret-of-the-rules")

    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        fixed = ("send-fixture", "support", "advanced__reply_sent", "--url", desk.webhook_url)
        return main("--config", str(desk.folder / "config.toml"), *fixed, *arguments, cwd=desk.folder)

    assert send().stdout.startswith("401 ")
    assert send("--header", "X-Webhook-Secret: a-long-enough-secret-of-the-rules").stdout.startswith("200 ")
    wrong = send("--header", "nothing")
    assert (wrong.returncode, "write it as NAME:VALUE" in wrong.stderr) == (2, True)


def test_freshdesk_signs_nothing(project: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("a key")
    result = run("send-fixture", "tickets", "advanced__reply_sent", "--sign-with", str(tmp_path / "key.pem"))
    assert result.exit_code == 2
    assert "--sign-with: Freshdesk signs nothing" in result.output


# ------------------------------------------------------------------------------------------------------ backfill


def test_backfill_tells_an_estimate_and_does_nothing_with_dry_run(
    project: Path, run: Run, sim: FreshdeskSimulator
) -> None:
    filled(sim, OPEN, PENDING, RESOLVED, OPEN)
    told = run("backfill", "tickets", "--dry-run")
    assert told.exit_code == 0, told.output
    assert re.search(r"open and pending since \d{4}-\d\d-\d\d \d\d:\d\d UTC: 3\n", told.output)
    assert "calls to the vendor: about " in told.output
    assert not stored(SessionRow)
    as_json = json.loads(run("backfill", "tickets", "--dry-run", "--json").stdout)
    assert as_json["conversations"] == 3
    assert as_json["calls"] > 0
    assert as_json["minutes"] >= 1


def test_backfill_imports_what_waits_and_tells_the_rest(project: Path, run: Run, sim: FreshdeskSimulator) -> None:
    waiting, _, closed, pending = filled(sim, OPEN, RESOLVED, CLOSED, PENDING)
    done = run("backfill", "tickets")
    assert done.exit_code == 0, done.output
    assert "done: 2 imported, 0 known before, of 4 listed" in done.output
    assert "not imported, by status: " in done.output
    assert {row.conversation_id for row in stored(SessionRow)} == {str(waiting.id), str(pending.id)}
    again = json.loads(run("backfill", "tickets", "--json").stdout)
    assert (again["state"], again["imported"], again["known_before"]) == ("done", 2, 0)
    sim.agent_sets(closed, sim.owner, status=OPEN)
    assert not sim.record.calls("reply_to_ticket")


def test_backfill_again_finds_what_was_missed(project: Path, run: Run, sim: FreshdeskSimulator) -> None:
    [first] = filled(sim, OPEN)
    assert "done: 1 imported" in run("backfill", "tickets").output
    at = sim.clock.now() - timedelta(days=3)
    [missed] = sim.fill([Filed(sim.customer("eve@example.com"), "Missed", "Hello?", at, at)])
    assert "done: 1 imported, 0 known before" in run("backfill", "tickets").output
    told = json.loads(run("backfill", "tickets", "--again", "--json").stdout)
    assert (told["state"], told["listed"]) == ("done", 2)
    assert {row.conversation_id for row in stored(SessionRow)} == {str(first.id), str(missed.id)}


def test_backfill_exits_1_where_the_vendor_cannot_be_asked_and_goes_on_later(
    project: Path, run: Run, sim: FreshdeskSimulator
) -> None:
    filled(sim, OPEN, OPEN)
    run("connections")
    sim.stop()
    broken = run("backfill", "tickets", "--dry-run")
    assert broken.exit_code == 1
    assert broken.stderr.strip()
    assert "Traceback" not in broken.output
    sim.start()
    assert "done: 2 imported" in run("backfill", "tickets").output


def test_a_backfill_that_was_broken_off_goes_on_from_there(
    project: Path, run: Run, sim: FreshdeskSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sim, *[OPEN] * 5)
    work_on = backfill_command.work_on

    def broken_off(runtime: Any, connection: Any, halted: Callable[[], bool]) -> bool:
        def after_three() -> bool:
            halted()
            with runtime.db.read():
                done: int = BackfillRow.get().imported
            if done >= 3:
                raise KeyboardInterrupt
            return False

        return work_on(runtime, connection, after_three, threads=1)

    monkeypatch.setattr(backfill_command, "work_on", broken_off)
    first = run("backfill", "tickets")
    assert "broken off; it goes on from here" in first.output
    assert "running: 3 imported" in first.output
    monkeypatch.setattr(backfill_command, "work_on", work_on)
    calls = len(sim.record.calls("list_conversations"))
    assert "done: 5 imported, 0 known before, of 5 listed" in run("backfill", "tickets").output
    assert len(sim.record.calls("list_conversations")) - calls <= 2
    assert len(stored(SessionRow)) == 5


def test_backfill_watches_while_the_service_is_at_it(
    project: Path, run: Run, sim: FreshdeskSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sim, OPEN)
    run("connections")
    work_on, told = backfill_command.work_on, []

    def watched(runtime: Any, connection: Any, halted: Any) -> bool:
        if told:
            return bool(work_on(runtime, connection, halted))
        service = Election(runtime.db, f"backfill:{connection.id}", "the service", 60.0)
        assert service.hold()
        told.append(work_on(runtime, connection, halted))
        service.resign()
        return bool(told[0])

    monkeypatch.setattr(backfill_command, "work_on", watched)
    result = run("backfill", "tickets")
    assert told == [False]
    assert "importing, by the service" in result.stderr
    assert "done: 1 imported" in result.stdout


def test_backfill_of_what_does_not_exist_or_cannot_is_a_wrong_configuration(
    project: Path, run: Run, sim: FreshdeskSimulator
) -> None:
    unknown = run("backfill", "other")
    assert isinstance(unknown.exception, ConfigError)
    assert "tickets" in str(unknown.exception)
    sim.revoke_key()
    off = run("backfill", "tickets")
    assert isinstance(off.exception, ConfigError)
    assert "`relaydesk connections verify tickets` says why" in str(off.exception)
    assert not stored(ConnectionRow)[0].active


def test_a_connector_without_backfill_says_so(project: Path, run: Run) -> None:
    from plugins.freshchat.simulator import build as build_chat

    with build_chat() as chat:
        with (project / "config.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'\n[[connections]]\nname = "chats"\nconnector = "freshchat"\napi_url = "{chat.api_url}"\n'
                f'access_token = "{chat.token}"\ndefault_agent_email = "robin@example.com"\n'
            )
        result = run("backfill", "chats")
    assert isinstance(result.exception, ConfigError)
    assert "Freshchat lists no conversations to import" in str(result.exception)


# ----------------------------------------------------------------------------------------------------- the lists


def test_each_list_of_the_account_is_shown(project: Path, run: Run, sim: FreshdeskSimulator) -> None:
    first, second = filled(sim, OPEN, PENDING)
    run("connections")  # connects it, as the service would

    def listed(what: str, *more: str) -> list[dict[str, Any]]:
        result = run("connections", "list", "tickets", what, "--format", "json", *more)
        assert result.exit_code == 0, result.output
        found: list[dict[str, Any]] = json.loads(result.output)
        return found

    assert {one["email"] for one in listed("agents")} == {agent.email for agent in sim.agents}
    assert [one["name"] for one in listed("groups")] == ["Support"]
    assert {one["id"] for one in listed("tickets")} == {first.id, second.id}
    assert [one["id"] for one in listed("tickets", "--limit", "1")] == [second.id]
    assert [one["id"] for one in listed("tickets", "--filter", "query=status:3")] == [second.id]
    assert "cf_opencx_handed_off" in [one["name"] for one in listed("fields")]
    assert [one["email"] for one in listed("contacts", "--filter", "email=linus@example.com")] == ["linus@example.com"]
    table = run("connections", "list", "tickets", "tickets", "--format", "csv").output.splitlines()
    assert table[0] == "id,subject,status,responder_id,group_id,source,tags,updated_at"
    assert len(table) == 3


def test_a_list_or_filter_that_does_not_exist_names_those_there_are(project: Path, run: Run) -> None:
    run("connections")
    wrong = run("connections", "list", "tickets", "nonsense")
    assert wrong.exit_code == 2
    assert "Those there are: agents, groups, fields, tickets, contacts" in wrong.output
    strange = run("connections", "list", "tickets", "tickets", "--filter", "colour=red")
    assert strange.exit_code == 1
    assert "has no filter colour for tickets" in strange.output
