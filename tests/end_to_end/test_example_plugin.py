"""The plugin that the README shows, taken from it word for word, works in a running service from all three places."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CLOSED = "We are open from 9 to 17 o'clock (UTC). Somebody will read this then."
Install = Callable[[Path, pytest.MonkeyPatch], None]


def example() -> str:
    """The source of the plugin, as it stands in the README."""
    [source] = re.findall(r"```python\n(\"\"\".*?opening_hours\.py.*?)```", README, re.DOTALL)
    return str(source)


def beside_the_configuration(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "plugins").mkdir()
    (folder / "plugins" / "opening_hours.py").write_text(example(), encoding="utf-8")


def in_a_configured_folder(folder: Path, patch: pytest.MonkeyPatch) -> None:
    # The folder stands in plugins.paths of every world.
    (folder / "more_plugins").mkdir()
    (folder / "more_plugins" / "opening_hours.py").write_text(example(), encoding="utf-8")


def by_an_entry_point(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """What an installation leaves behind: a module on the path, and the metadata of a distribution."""
    site = folder / "site-packages"
    info = site / "relaydesk_opening_hours-1.2.3.dist-info"
    info.mkdir(parents=True)
    (site / "relaydesk_opening_hours.py").write_text(example(), encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: relaydesk-opening-hours\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_text("[relaydesk]\nopening_hours = relaydesk_opening_hours\n")
    patch.syspath_prepend(str(site))


PLACES = pytest.mark.parametrize("install", [beside_the_configuration, in_a_configured_folder, by_an_entry_point])
ENABLED = ("opening_hours", "scripted", "freshchat")


def at(world: Any, hour: int) -> None:
    world.clock.turn_to(datetime(2026, 3, 3, hour, 30, tzinfo=UTC))


@PLACES
def test_the_example_answers_outside_opening_hours_and_leaves_the_rest_to_the_next_plugin(
    world: Any, monkeypatch: pytest.MonkeyPatch, install: Install
) -> None:
    install(world.folder, monkeypatch)
    world.start(enabled=ENABLED)
    at(world, 12)
    conversation = world.sim.customer_writes(world.ada, "Are you there?")
    world.run(20)
    assert world.replies(conversation) == ["Hello from the AI."]
    at(world, 22)
    world.sim.customer_writes(world.ada, "And now?")
    world.run(20)
    assert world.replies(conversation) == ["Hello from the AI.", CLOSED]


@PLACES
def test_the_example_does_nothing_before_it_is_enabled(
    world: Any, monkeypatch: pytest.MonkeyPatch, install: Install
) -> None:
    install(world.folder, monkeypatch)
    world.start()
    at(world, 22)
    conversation = world.sim.customer_writes(world.ada, "Are you there?")
    world.run(20)
    assert world.replies(conversation) == ["Hello from the AI."]


def test_the_example_takes_its_settings_from_its_own_section(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    beside_the_configuration(world.folder, monkeypatch)
    [section] = re.findall(r"```toml\n(\[plugins\.opening_hours\]\n.*?)```", README, re.DOTALL)
    world.start(enabled=ENABLED, extra=section)
    at(world, 22)  # 17:30 in New York in March: closed there too, but said in its own words
    conversation = world.sim.customer_writes(world.ada, "Are you there?")
    world.run(20)
    assert world.replies(conversation) == [
        "We are open from 8 to 16 o'clock (America/New_York). Somebody will read this then."
    ]


def test_where_the_example_was_found_is_told(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    by_an_entry_point(world.folder, monkeypatch)
    world.start(enabled=ENABLED)
    [found] = [plugin for plugin in world.runtime.plugins.describe() if plugin.name == "opening_hours"]
    assert found.where == "the entry point relaydesk_opening_hours"
    assert found.version == "1.2.3"
    assert found.hooks == ("draft_reply",)
