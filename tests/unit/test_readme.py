"""The README says what is true: its tables are those of the schemas and commands, and what it names is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from core.cli import FILES, cli
from core.cli.simulate import find_rounds
from core.config import check_plugin_settings, load_config
from core.config_schema import WorkerSchema
from core.plugin_manager import load_plugins

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "plugins").rglob("README.md")]
)
TABLE_LINE = re.compile(r"^\| `(\w+)` \| (.*?) \| \S", re.MULTILINE)


def section(heading: str) -> str:
    """What stands under a heading, down to the next one of its level."""
    level = heading.split(" ")[0]
    [_, rest] = README.split(f"\n{heading}\n")
    return re.split(rf"^{level} ", rest, flags=re.MULTILINE)[0]


def test_the_tables_of_settings_and_commands_are_up_to_date() -> None:
    command = [sys.executable, "-m", "cogapp", "--check", "README.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `python -m cogapp -r README.md`: {done.stdout}{done.stderr}"


def test_every_setting_of_the_example_configuration_is_in_a_table() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    shown = set(re.findall(r"^#?(\w+) = ", example, re.MULTILINE))
    assert shown - set(dict(TABLE_LINE.findall(section("## Settings")))) == set()


def test_every_command_is_listed_and_no_other_is_named() -> None:
    listed = re.findall(r"^\| `relaydesk ([\w-]+)", section("## Commands"), re.MULTILINE)
    assert list(dict.fromkeys(listed)) == list(FILES)
    in_code = re.findall(r"(?:`|\$ )relaydesk ([a-z][\w-]*)", README)
    assert set(in_code) <= set(FILES)


def test_every_option_of_a_command_that_is_shown_exists() -> None:
    shown = re.findall(r"(?:`|\$ )relaydesk ([a-z][\w-]*)[^`\n]*? (--[\w-]+)", README)
    assert ("webhook-url", "--guide") in shown
    for name, option in shown:
        command = cli.get_command(click.Context(cli), name)
        assert command
        assert option in [each for parameter in command.params for each in parameter.opts]


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = set(re.findall(r"(?:`|\$ )make (\w+)", README))
    assert {"demo", "test"} <= shown <= targets


def test_the_demo_that_is_shown_has_the_steps_of_the_real_one() -> None:
    [shown] = re.findall(r"\$ make demo\n(.*?)```", README, re.DOTALL)
    titles = re.findall(r"^\d\. (.+)$", shown, re.MULTILINE)
    assert titles == [title for part in find_rounds().values() for title, _ in part.steps]
    modules = sorted((ROOT / "plugins").glob("*/simulator_demo.py"))
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    checked = re.findall(r"^   ok: (.+)$", shown, re.MULTILINE)
    assert checked == re.findall(r'"([^"]+)",\s*lambda', source)
    assert "Everything went as it should." in shown


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif not target.startswith("https://"):
            assert (ROOT / page).parent.joinpath(target.partition("#")[0]).exists(), target


def test_the_promised_waits_are_the_defaults() -> None:
    defaults = WorkerSchema().load({})
    promises = section("## What it promises")
    assert f"Relaydesk waits {defaults['quarantine_seconds']:g} seconds" in promises
    assert f"a second look {defaults['second_read_seconds']:g} seconds later" in " ".join(promises.split())
    assert defaults["turn_attempts"] == 5
    assert "failed five times" in README


@pytest.mark.parametrize("connector", ["freshchat", "freshdesk"])
def test_the_connections_that_are_shown_are_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connector: str
) -> None:
    shown = [text for text in re.findall(r"```toml\n(.*?)```", README, re.DOTALL) if "[[connections]]" in text]
    [mine] = [text for text in shown if f'connector = "{connector}"' in text]
    monkeypatch.setenv("FRESHCHAT_ACCESS_TOKEN", "a-token")
    monkeypatch.setenv("FRESHDESK_API_KEY", "a-key")
    (tmp_path / "secret_key").write_text("0123456789" * 4)
    source = "\n".join(line.removeprefix("   ") for line in mine.splitlines())
    server = (
        ""
        if "[server]" in source
        else '[server]\nbase_url = "http://localhost"\nsecret_key = { file = "secret_key" }\n'
    )
    (tmp_path / "config.toml").write_text(f'{server}{source}\n[plugins]\nenabled = ["{connector}"]\n', encoding="utf-8")
    config = load_config(tmp_path / "config.toml")
    [connection] = check_plugin_settings(config, load_plugins(config)).connections
    assert f"relaydesk webhook-url {connection.name} --guide" in README
    assert connection.settings["domain"] == f"yourcompany.{connector}.com"
