"""The newcomer's page of destinations does what it says, with the very commands, settings and file that stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.cli import cli
from core.errors import RelaydeskError
from plugins.freshchat.simulator import FreshchatSimulator

PAGE = (Path(__file__).parents[2] / "docs" / "destinations.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """What stands on the page in a language, in its order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


COMMANDS = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ relaydesk ")]


@pytest.fixture
def sim() -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator() as started:
        started.add_agent("robin@example.com", "Robin Assistant")
        yield started


@pytest.fixture
def folder(sim: FreshchatSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The newcomer's folder, with what the page says to write into it."""
    address = "http://127.0.0.1:8041/v2"
    assert address in blocks("toml")[0]
    (tmp_path / "config.toml").write_text(blocks("toml")[0].replace(address, sim.api_url), encoding="utf-8")
    (tmp_path / "people.csv").write_text(blocks("csv")[0], encoding="utf-8")
    [first] = re.findall(r"`first\.json` is `(.*?)`", PAGE)
    (tmp_path / "first.json").write_text(first, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAYDESK_SECRET_KEY", "a secret key that is only good for these tests, and long")
    monkeypatch.setenv("FRESHCHAT_ACCESS_TOKEN", str(sim.token))
    return tmp_path


def run(line: str) -> Result:
    """Run a command as it stands on the page."""
    assert line in COMMANDS
    done = CliRunner().invoke(cli, line.split()[1:], catch_exceptions=True)
    assert not isinstance(done.exception, RelaydeskError), done.exception
    return done


def emails(sim: FreshchatSimulator) -> list[str]:
    return sorted(user.email for user in sim.account.users.values() if user.email)


def test_the_page_takes_a_newcomer_from_a_file_to_end_users(folder: Path, sim: FreshchatSimulator) -> None:
    assert run("relaydesk check").exit_code == 0

    dry = run("relaydesk destinations send people people.csv --dry-run")
    assert "line 4, E-mail: is missing, and records are known by it" in dry.output
    assert "line 5, Name: is missing, and the vendor wants it" in dry.output
    assert emails(sim) == []

    tested = run("relaydesk destinations test people --record first.json")
    assert (tested.exit_code, emails(sim)) == (0, ["test@example.com"])
    [made] = [user for user in sim.account.users.values() if user.email]
    assert made.id in tested.output

    assert run("relaydesk destinations send people people.csv --limit 1").exit_code == 0
    assert emails(sim) == ["ada.byron@example.com", "test@example.com"]

    whole = run("relaydesk destinations send people people.csv")
    assert whole.exit_code == 1  # two are broken
    assert "line 4, E-mail" in whole.output
    there = ["ada.byron@example.com", "alan@example.com", "grace@example.com", "test@example.com"]
    assert emails(sim) == there

    status = run("relaydesk destinations status people")
    assert "sent 3, failed 2" in status.output
    assert run("relaydesk destinations records people").exit_code == 0

    mended = blocks("csv")[0].replace("Nobody Knows,,", "Nobody Knows,nobody@example.com,").replace(",who@", "Who,who@")
    (folder / "people.csv").write_text(mended, encoding="utf-8")
    assert run("relaydesk destinations send people people.csv").exit_code == 0
    assert emails(sim) == sorted([*there, "nobody@example.com", "who@example.com"])


def test_every_command_on_the_page_is_tried() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    tried = [line for line in COMMANDS if f'run("{line}")' in source]
    assert [line for line in COMMANDS if line not in tried and " simulate " not in line] == []
    assert len(tried) == 7


def test_the_settings_of_the_chain_on_the_page_are_good(folder: Path) -> None:
    config = folder / "config.toml"
    first = config.read_text(encoding="utf-8").replace("active = true", "response = true\nactive = true")
    config.write_text(first + "\n" + blocks("toml")[1], encoding="utf-8")
    listed = CliRunner().invoke(cli, ["destinations", "list", "--json"])
    assert listed.exit_code == 0, listed.output
    assert [each["state"] for each in json.loads(listed.output)] == ["active", "active"]
