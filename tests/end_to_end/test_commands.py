"""The commands, as an operator calls them, and what they say when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.cli import FILES, cli
from core.cli.simulate import find_simulator
from core.errors import ConfigError
from plugins.freshchat.simulator import FreshchatSimulator, build

COMMANDS = sorted(FILES)
RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
Run = Callable[..., Result]


@pytest.fixture
def sim() -> Iterator[FreshchatSimulator]:
    with build() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that `relaydesk init` has made, in which the commands are called."""
    result = CliRunner().invoke(cli, ["init", str(tmp_path / "desk")])
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.delenv("RELAYDESK_CONFIG", raising=False)
    return tmp_path / "desk"


@pytest.fixture
def connect(project: Path) -> Callable[..., None]:
    """Adds a connection to the project's configuration."""

    def add(
        sim: FreshchatSimulator, *, token: str = "", agent: str = "robin@example.com", name: str = "support"
    ) -> None:
        with (project / "config.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'\n[[connections]]\nname = "{name}"\nconnector = "freshchat"\napi_url = "{sim.api_url}"\n'
                f'access_token = "{token or sim.token}"\ndefault_agent_email = "{agent}"\n'
            )

    return add


@pytest.fixture
def run() -> Run:
    """Calls a command."""

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, list(arguments))

    return call


def main(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RELAYDESK, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


def test_a_command_is_not_kept_waiting_by_what_others_need() -> None:
    code = (
        "import atexit, sys; from core.cli import main; atexit.register(lambda: print('flask' in sys.modules)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "connections", "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("False\n")


def test_the_commands_are_those_of_the_design(run: Run) -> None:
    assert COMMANDS == [
        "backfill",
        "check",
        "connections",
        "demo",
        "destinations",
        "init",
        "migrate",
        "plugins",
        "send-fixture",
        "serve",
        "simulate",
        "users",
        "webhook-url",
        "worker",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_says_what_it_does(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_init_makes_a_project_that_passes_its_check_and_overwrites_nothing(project: Path, run: Run) -> None:
    for secret in ("secret_key", "admin_password_hash"):
        assert stat.S_IMODE((project / secret).stat().st_mode) == 0o600
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "connections    none yet" in result.output
    before = {file: file.read_bytes() for file in project.rglob("*") if file.is_file()}
    again = run("init", str(project))
    assert again.exit_code == 0
    assert again.output.count("kept ") == 2
    assert {file: file.read_bytes() for file in before} == before


def test_init_shows_the_password_once_and_writes_only_its_hash(tmp_path: Path, run: Run) -> None:
    result = run("init", str(tmp_path), "--admin-email", "ada@example.com")
    assert "ada@example.com with the password" in result.output
    password = result.output.split("with the password ")[1].split(" ")[0]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or password not in file.read_text(encoding="utf-8")
    assert (tmp_path / "admin_password_hash").read_text(encoding="utf-8").startswith("$argon2")


def test_check_tells_who_each_connection_speaks_as(sim: FreshchatSimulator, connect: Any, run: Run) -> None:
    connect(sim)
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "support (freshchat): speaks as Robin Assistant <robin@example.com>" in result.output


def test_b19_check_fails_with_the_setting_and_the_mend_and_shows_no_secret(
    sim: FreshchatSimulator, connect: Any, run: Run
) -> None:
    connect(sim, token="a-token-that-nobody-knows")
    result = run("check")
    assert result.exit_code == 1
    assert "Failed to verify credentials" in result.output
    assert "access_token" in result.output
    assert "a-token-that-nobody-knows" not in result.output


def test_a_wrong_configuration_is_told_in_one_line_and_exits_2(project: Path) -> None:
    with (project / "config.toml").open("a", encoding="utf-8") as file:
        file.write("\n[wrong]\n")
    done = main("check", cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith("relaydesk: wrong: ")
    assert "Traceback" not in done.stderr


def test_a_missing_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    done = main("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "relaydesk init" in done.stderr


def test_migrate_applies_what_is_missing_once(project: Path, run: Run) -> None:
    assert "applied 1 " in run("migrate").output
    assert "nothing to do" in run("migrate").output


def test_plugins_are_listed_with_their_hooks(project: Path, run: Run) -> None:
    listed = json.loads(run("plugins", "--json").output)
    assert [plugin["name"] for plugin in listed] == ["answers", "freshchat", "freshdesk"]
    assert listed[0]["hooks"] == ["draft_reply"]
    assert "register_connectors" in run("plugins").output


def test_connections_are_listed_with_state_and_error(sim: FreshchatSimulator, connect: Any, run: Run) -> None:
    connect(sim)
    connect(sim, name="broken", agent="nobody@example.com")
    works, broken = json.loads(run("connections", "--json").output)
    assert (works["name"], works["state"], works["last_event"]) == ("support", "active", "never")
    assert (broken["name"], broken["state"]) == ("broken", "off")
    assert "nobody@example.com" in broken["error"]
    assert "support" in run("connections").output


def test_without_connections_the_next_step_is_named(project: Path, run: Run) -> None:
    assert "[[connections]]" in run("connections").output


def test_b20_webhook_url_prints_the_address_and_the_guide(sim: FreshchatSimulator, connect: Any, run: Run) -> None:
    connect(sim)
    plain = run("webhook-url", "support")
    assert plain.exit_code == 0
    assert plain.output.startswith("http://localhost:8000/webhooks/freshchat/")
    guide = run("webhook-url", "support", "--guide").output
    for words in ("1.", "Message Created", plain.output.strip()):
        assert words in guide


def test_webhook_url_of_an_unknown_connection_lists_those_there_are(sim: FreshchatSimulator, connect: Any) -> None:
    connect(sim)
    done = main("webhook-url", "suport", cwd=Path.cwd())
    assert done.returncode == 2
    assert "suport" in done.stderr
    assert "support" in done.stderr.replace("suport", "")


@pytest.mark.parametrize("which", [min, max], ids=["first thread", "last thread"])
def test_simulate_runs_an_account_until_one_of_its_threads_is_told_to_stop(
    which: Callable[[set[int]], int], tmp_path: Path
) -> None:
    running = subprocess.Popen(
        [*RELAYDESK, "simulate", "freshchat", "--token", "open-sesame"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout
    try:
        banner: list[str] = []
        while not any("agents (" in line for line in banner):
            line = running.stdout.readline()
            assert line, banner
            banner.append(line)
        api = next(line.split()[-1] for line in banner if "api_url" in line)
        answer = requests.get(f"{api}/agents", headers={"Authorization": "Bearer open-sesame"}, timeout=10)
        assert answer.status_code == 200
        assert "robin@example.com" in answer.text
    finally:
        os.kill(which({int(task.name) for task in Path(f"/proc/{running.pid}/task").iterdir()}), signal.SIGTERM)
        assert running.wait(20) == 0
        running.stdout.close()


def test_simulate_of_an_unknown_vendor_lists_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r'no simulator of "zendesk".*Those there are: freshchat'):
        find_simulator("zendesk")


@pytest.mark.parametrize(("option", "known"), [("--dialect", "observed, documented"), ("--events", "all, guide")])
def test_simulate_lists_the_dialects_and_sets_of_events_there_are(run: Run, option: str, known: str) -> None:
    wrong = run("simulate", "freshchat", option, "other")
    assert wrong.exit_code == 2
    assert f'{option}: there is no "other". Those there are: {known}' in wrong.output


def test_send_fixture_posts_to_the_running_service_as_the_vendor_would(world: Any) -> None:
    world.start()

    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        return main(
            "--config", str(world.folder / "config.toml"), "send-fixture", "support", *arguments, cwd=world.folder
        )

    listed = send("--list").stdout.split()
    assert "message_create__agent_2021" in listed
    sent = send(listed[0], "--url", world.webhook_url)
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.startswith("200 ")
    forged = send(listed[0], "--url", world.webhook_url + "x")
    assert forged.returncode == 1
    assert forged.stdout.startswith("404 ")


def test_send_fixture_says_when_no_service_answers(sim: FreshchatSimulator, connect: Any, run: Run) -> None:
    connect(sim)
    result = run("send-fixture", "support", "message_create__agent_2021", "--url", "http://127.0.0.1:1/")
    assert result.exit_code == 1
    assert "relaydesk serve" in result.output


def test_an_unknown_fixture_is_a_wrong_call(sim: FreshchatSimulator, connect: Any, run: Run) -> None:
    connect(sim)
    result = run("send-fixture", "support", "nothing")
    assert result.exit_code == 2
    assert 'there is no fixture "nothing". Those there are: conversation_assigned__alias, ' in result.output


def test_a_fixture_signed_with_a_key_of_ones_own_passes_the_signature_check(world: Any, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    world.start(public_key=public.replace("\n", " "))

    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        config = str(world.folder / "config.toml")
        fixture = ("send-fixture", "support", "message_create__agent_2021", "--url", world.webhook_url)
        return main("--config", config, *fixture, *arguments, cwd=world.folder)

    assert send().stdout.startswith("401 ")
    signed = send("--sign-with", str(tmp_path / "key.pem"))
    assert (signed.returncode, signed.stdout[:4]) == (0, "200 ")
    (tmp_path / "key.pem").write_text("no key")
    broken = send("--sign-with", str(tmp_path / "key.pem"))
    assert broken.returncode == 2
    assert "holds no private key in PEM" in broken.stderr


def test_serve_tells_a_wrong_configuration_in_one_line(project: Path) -> None:
    config = project / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("threads = 4", "threads = 0"), encoding="utf-8")
    done = main("serve", cwd=project)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("relaydesk: ")
    assert "worker.threads" in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["demo"], ["simulate", "freshchat"]])
def test_a_port_that_cannot_be_is_a_wrong_call(run: Run, command: list[str]) -> None:
    result = run(*command, "--port", "99999")
    assert result.exit_code == 2
    assert "99999 is not in the range" in result.output
