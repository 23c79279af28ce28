"""config.example.toml shows every setting there is, and no other, each with a comment; and it works as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, missing

from core.config import check_plugin_settings, load_config
from core.config_schema import ConnectionSchema, FileSchema
from core.destination_settings import DestinationSchema
from core.domain import Channel, Secret
from core.handoff_settings import TRIGGERS
from core.plugin_manager import load_plugins

ONE_CHANNEL = "handoff.office_hours.channels."
"""The hours of single channels have the same keys: the example shows them for one."""
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"
OUT_OF_USE = re.compile(r"^#(?=\S)", re.MULTILINE)


def everything() -> str:
    """The example with all settings in use that are commented out."""
    return OUT_OF_USE.sub("", EXAMPLE.read_text(encoding="utf-8"))


def in_use(style: str) -> str:
    """The same, less the settings that belong to the other style of handing off (behaviour 110)."""
    others = ("level",) if style == "advanced" else TRIGGERS
    text = re.sub(rf"^({'|'.join(others)}) = .*\n", "", everything(), flags=re.MULTILINE)
    return re.sub(r'^style = ".*"$', f'style = "{style}"', text, flags=re.MULTILINE)


def shown(table: dict[str, Any], path: str = "") -> Iterator[str]:
    """The dotted keys of all settings in a TOML document."""
    for key, value in table.items():
        if isinstance(value, dict) and not {"env", "file"} & set(value):
            yield from shown(value, f"{path}{key}.")
        elif key == "connections":
            for connection in value:
                yield from shown(connection, f"connections.{connection['connector']}.")
        elif key == "destinations":
            for destination in value:
                of_records = {name: None for name in ("fields", "constants") if name in destination}
                yield from shown({**destination, **of_records}, "destinations.")
        else:
            yield f"{path}{key}"


def declared(schema: Schema, path: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, field in schema.fields.items():
        if path == ONE_CHANNEL and name != "email":
            continue
        if isinstance(field, fields.Nested):
            yield from declared(field.schema, f"{path}{name}.")
        elif name not in ("connections", "destinations"):
            yield f"{path}{field.data_key or name}", field


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example's own environment: the variables and files that it refers to; returns its folder."""
    for name in re.findall(r'env = "([A-Z_]+)"', EXAMPLE.read_text(encoding="utf-8")):
        monkeypatch.setenv(name, f"value-of-{name}-0123456789-0123456789")
    for name in re.findall(r'file = "([^"/]+\.\w+)"', EXAMPLE.read_text(encoding="utf-8")):
        (tmp_path / name).write_text("content", encoding="utf-8")
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "hours.md").write_text("# Hours\n\nWe are open from nine to five.\n", encoding="utf-8")
    return tmp_path


def all_declared(folder: Path) -> dict[str, fields.Field[Any]]:
    """Every setting of core and of the plugins that the example enables, by its dotted key."""
    (folder / "all.toml").write_text(in_use("levels"), encoding="utf-8")
    config = load_config(folder / "all.toml")
    plugins = load_plugins(config)
    found = dict(declared(FileSchema())) | dict(declared(DestinationSchema(), "destinations."))
    for name, schema in plugins.schemas.items():
        found |= declared(schema(), f"plugins.{name}.")
    for name, connector in plugins.connectors.items():
        found |= declared(ConnectionSchema(), f"connections.{name}.")
        found |= declared(connector.settings_schema(), f"connections.{name}.")
    return found


def test_every_setting_is_in_the_example_and_the_example_invents_none(environment: Path) -> None:
    settings = all_declared(environment)
    assert set(shown(tomllib.loads(everything()))) == set(settings)
    assert {"server.base_url", "connections.freshchat.domain", "plugins.answers.folder"} <= set(settings)


def test_every_setting_explains_itself(environment: Path) -> None:
    unexplained = [name for name, field in all_declared(environment).items() if not field.metadata.get("help")]
    assert unexplained == []


def test_the_example_shows_the_default_of_every_setting_that_has_one(environment: Path) -> None:
    document = tomllib.loads(everything())
    document["connections"] = {each["connector"]: each for each in document["connections"]}
    document["destinations"] = {key: value for each in document["destinations"] for key, value in each.items()}
    differing = {}
    for name, field in all_declared(environment).items():
        default = field.load_default() if callable(field.load_default) else field.load_default
        value: Any = document
        for key in name.split("."):
            value = value[key]
        if default is missing or default in (None, "", [], {}):
            continue
        default = default.reveal() if isinstance(default, Secret) else default
        if name != "plugins.enabled" and value != default:
            differing[name] = (value, default)
    assert differing == {}


def test_every_setting_has_a_comment_of_its_own_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"#?\w+ = ", line)]
    uncommented = [lines[number] for number in settings if not lines[number - 1].startswith("# ")]
    assert len(settings) > 40
    assert uncommented == []


def test_the_example_loads_unchanged_with_its_plugins(environment: Path) -> None:
    (environment / "config.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    config = load_config(environment / "config.toml")
    config = check_plugin_settings(config, load_plugins(config))
    assert config.connections == ()
    assert config.plugins.enabled == ("answers", "freshchat", "freshdesk")


@pytest.mark.parametrize("style", ["levels", "advanced"])
def test_the_example_loads_with_all_its_settings_in_use(environment: Path, style: str) -> None:
    (environment / "config.toml").write_text(in_use(style), encoding="utf-8")
    config = load_config(environment / "config.toml")
    config = check_plugin_settings(config, load_plugins(config))
    assert [connection.name for connection in config.connections] == ["support", "tickets"]
    assert all(connection.fingerprint for connection in config.connections)
    assert config.handoff.style == style
    assert config.handoff.office_hours[Channel.WEB] != config.handoff.office_hours[Channel.EMAIL]
