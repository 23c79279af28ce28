"""Finding, importing and checking plugins: where they may lie, in what order they come, and what stops the start."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import plugin_search
from core.config import load_config
from core.domain import Secret
from core.errors import ConfigError
from core.plugin_manager import HOOKS, Plugins, load_plugins
from core.version import VERSION

OBSERVER = """
from core import hookimpl

heard = []

@hookimpl
def inbound_event(event, session):
    heard.append(event)
"""

WITH_SETTINGS = """
from marshmallow import fields
from core import PathField, PluginSettings, SecretField, hookimpl

class Settings(PluginSettings):
    folder = PathField(required=True, metadata={"help": "where the texts are"})
    limit = fields.Integer(load_default=3, metadata={"help": "how many"})
    token = SecretField(load_default=None, metadata={"help": "a token"})

class Plugin:
    settings_schema = Settings
    def __init__(self, settings):
        self.settings = settings
    @hookimpl
    def draft_reply(self, turn):
        return None
"""

CONNECTOR = """
from core import Connector, PluginSettings, hookimpl

class Parrot(Connector):
    name = "parrot"
    label = "Parrot"
    settings_schema = PluginSettings

Parrot.__abstractmethods__ = frozenset()

@hookimpl
def register_connectors():
    return [Parrot()]
"""

Write = Callable[[str, str], Path]
Start = Callable[..., Plugins]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a plugin's source to a path below the test's folder."""

    def write_source(place: str, source: str) -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    return write_source


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Load the named plugins; by default they are looked for in the folder `mine`, and none are bundled."""
    monkeypatch.setattr(plugin_search, "BUNDLED", tmp_path / "bundled" / "plugins")
    (tmp_path / "mine").mkdir()

    def load(*enabled: str, paths: tuple[str, ...] = ("mine",), more: str = "") -> Plugins:
        file = tmp_path / "config.toml"
        file.write_text(
            '[server]\nbase_url = "http://localhost:8000"\nsecret_key = "0123456789-0123456789-0123456789"\n'
            f"[plugins]\nenabled = {list(enabled)}\npaths = {list(paths)}\n{more}",
            encoding="utf-8",
        )
        return load_plugins(load_config(file))

    return load


def refusal(start: Start, *enabled: str, paths: tuple[str, ...] = ("mine",), more: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        start(*enabled, paths=paths, more=more)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------- where


def test_a_module_and_a_package_are_found_in_a_folder_of_the_configuration(write: Write, start: Start) -> None:
    write("mine/one.py", OBSERVER)
    write("mine/two/__init__.py", "from .hooks import inbound_event, heard\n")
    write("mine/two/hooks.py", OBSERVER)
    plugins = start("one", "two")
    plugins.observe("inbound_event", event="e", session=None)
    assert plugins.names == ("one", "two")
    assert [len(loaded("two").heard), len(loaded("one").heard)] == [1, 1]


def loaded(name: str) -> SimpleNamespace:
    """The newest module that was imported under a private name for the plugin `name`."""
    [*_, module] = [
        module
        for key, module in sys.modules.items()
        if key.startswith("_relaydesk_plugin_") and key.endswith(f"_{name}")
    ]
    return module  # type: ignore[return-value]


def test_a_folder_that_is_a_package_is_itself_the_plugin(write: Write, start: Start) -> None:
    write("mine/three/__init__.py", OBSERVER)
    assert start("three", paths=("mine/three",)).names == ("three",)


def test_plugins_beside_the_configuration_file_are_found(write: Write, start: Start, tmp_path: Path) -> None:
    write("plugins/four.py", OBSERVER)
    write("plugins/__init__.py", "")
    [info] = start("four").describe()
    assert info.where == str(tmp_path / "plugins" / "four.py")


def test_plugins_that_come_with_relaydesk_are_found(
    write: Write, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_search, "BUNDLED", tmp_path / "bundled" / "shipped_plugins")
    monkeypatch.syspath_prepend(str(tmp_path / "bundled"))
    write("bundled/shipped_plugins/__init__.py", "")
    write("bundled/shipped_plugins/five/__init__.py", OBSERVER)
    [info] = start("five").describe()
    assert (info.name, info.version) == ("five", VERSION)
    assert "shipped_plugins.five" in sys.modules


def test_a_package_that_hides_the_bundled_plugins_is_told(
    write: Write, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_search, "BUNDLED", tmp_path / "bundled" / "hidden_plugins")
    monkeypatch.syspath_prepend(str(tmp_path / "hiding"))
    write("bundled/hidden_plugins/six.py", OBSERVER)
    write("hiding/hidden_plugins/__init__.py", "")
    write("hiding/hidden_plugins/six.py", OBSERVER)
    assert "another package named plugins hides it" in refusal(start, "six")


def test_installed_plugins_are_found_by_entry_point(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(__version__="0")

    class Entry:
        name = "seven"
        value = "seven_package.plugin"
        dist = SimpleNamespace(version="7.1")

        def load(self) -> object:
            return module

    def entry_points(*, group: str) -> list[Entry]:
        return [Entry()] if group == "relaydesk" else []

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    [info] = start("seven").describe()
    assert (info.where, info.version) == ("the entry point seven_package.plugin", "7.1")


def test_a_loose_module_hides_no_module_of_its_name(write: Write, start: Start) -> None:
    write("mine/json.py", OBSERVER)
    start("json")
    assert hasattr(sys.modules["json"], "dumps")


def test_files_that_are_no_plugins_are_passed_over(write: Write, start: Start) -> None:
    for name in ("mine/_private.py", "mine/.hidden.py", "mine/notes.md", "mine/empty/notes.md"):
        write(name, "")
    assert refusal(start, "private").endswith("The plugins found are: none.")


# ------------------------------------------------------------------------------------- order, description


def test_the_order_in_which_plugins_are_enabled_is_their_priority(write: Write, start: Start) -> None:
    answer = "from core import Silence, hookimpl\n@hookimpl\ndef draft_reply(turn):\n    return Silence(detail='{}')\n"
    write("mine/left.py", answer.format("left"))
    write("mine/right.py", answer.format("right"))
    assert start("left", "right").decide("draft_reply", turn=None).detail == "left"
    assert start("right", "left").decide("draft_reply", turn=None).detail == "right"


def test_a_plugin_is_described_with_place_version_and_hooks(write: Write, start: Start) -> None:
    path = write("mine/told.py", OBSERVER + "\n__version__ = '2.0'\n\n@hookimpl\ndef draft_reply(turn): ...\n")
    [info] = start("told").describe()
    assert (info.name, info.where, info.version) == ("told", str(path), "2.0")
    assert info.hooks == ("inbound_event", "draft_reply")


def test_the_hooks_are_those_of_the_contract() -> None:
    assert HOOKS[0] == "register_connectors"
    assert {"inbound_event", "route_session", "draft_reply", "outbound_action", "session_changed"} < set(HOOKS)


def test_two_apps_share_no_plugins(write: Write, start: Start) -> None:
    write("mine/one.py", WITH_SETTINGS)
    first = start("one", more='[plugins.one]\nfolder = "a"\n')
    second = start("one", more='[plugins.one]\nfolder = "b"\n')
    assert first.settings["one"]["folder"].name == "a"
    assert second.settings["one"]["folder"].name == "b"


# ------------------------------------------------------------------------------------------------ settings


def test_a_plugin_class_gets_its_checked_settings(write: Write, start: Start, tmp_path: Path) -> None:
    write("mine/one.py", WITH_SETTINGS)
    plugins = start("one", more='[plugins.one]\nfolder = "texts"\ntoken = "t"\n')
    assert plugins.settings == {"one": {"folder": tmp_path / "texts", "limit": 3, "token": Secret("t")}}
    assert [*plugins.schemas["one"]().fields] == ["folder", "limit", "token"]


def test_a_wrong_setting_of_a_plugin_is_named_by_its_whole_key(write: Write, start: Start) -> None:
    write("mine/one.py", WITH_SETTINGS)
    told = refusal(start, "one", more='[plugins.one]\nfolder = "texts"\nlimit = "many"\n')
    assert told == "plugins.one.limit: not a valid integer. Give a whole number: how many; left out, it is 3."


def test_a_missing_setting_of_a_plugin_without_a_section_is_named(write: Write, start: Start) -> None:
    write("mine/one.py", WITH_SETTINGS)
    assert refusal(start, "one") == "plugins.one.folder: it is missing. Add it: a path: where the texts are."


@pytest.mark.parametrize("source", [OBSERVER, "class Plugin:\n    def __init__(self, settings): ...\n"])
def test_settings_for_a_plugin_that_takes_none_are_refused(write: Write, start: Start, source: str) -> None:
    write("mine/one.py", source)
    told = refusal(start, "one", more="[plugins.one]\nlimit = 3\n")
    assert told == "plugins.one: this plugin has no settings. Take the section out."


def test_settings_for_a_plugin_that_is_not_enabled_are_refused(write: Write, start: Start) -> None:
    write("mine/answers.py", OBSERVER)
    told = refusal(start, "answers", more="[plugins.answer]\nlimit = 3\n")
    assert told == 'plugins.answer: the section is of a plugin that is not enabled. Did you mean "answers"?'


# ------------------------------------------------------------------------------------------------ refusals


def test_an_unknown_plugin_leads_to_the_nearest_and_to_where_it_was_looked_for(
    write: Write, start: Start, tmp_path: Path
) -> None:
    write("mine/answers.py", OBSERVER)
    assert refusal(start, "anwsers") == (
        f'plugins.enabled: there is no plugin "anwsers" in {tmp_path}/bundled/plugins, {tmp_path}/mine, '
        'nor an entry point of the group relaydesk. Did you mean "answers"?'
    )
    assert refusal(start, "zebra").endswith("The plugins found are: answers.")


def test_a_folder_that_is_not_there_is_named(start: Start, tmp_path: Path) -> None:
    told = refusal(start, "one", paths=("gone",))
    assert told == f"plugins.paths: there is no folder {tmp_path}/gone. Make it, or take it out of the list."


def test_a_plugin_in_two_places_is_refused(write: Write, start: Start, tmp_path: Path) -> None:
    write("mine/one.py", OBSERVER)
    write("more/one.py", OBSERVER)
    told = refusal(start, "one", paths=("mine", "more"))
    assert told.startswith(f'plugins.enabled: the plugin "one" is in more than one place: {tmp_path}/mine/one.py and ')


def test_a_folder_named_twice_is_one_place(write: Write, start: Start) -> None:
    write("mine/one.py", OBSERVER)
    assert start("one", paths=("mine", "./mine", "mine/../mine")).names == ("one",)


SOURCES = {
    "broken import": ("import no_such_package", "cannot be imported: ModuleNotFoundError: No module named 'no_such_pa"),
    "broken syntax": ("def (", "cannot be imported: SyntaxError: "),
    "cannot start": (
        "class Plugin:\n    def __init__(self, settings):\n        raise OSError('no disk')\n",
        'the plugin "one" cannot start: OSError: no disk. Mend or disable it.',
    ),
    "misspelt hook": (
        "from core import hookimpl\n@hookimpl\ndef draft_replly(turn): ...\n",
        'the plugin "one" implements an unknown hook "draft_replly". Did you mean "draft_reply"?',
    ),
    "wrong arguments": (
        "from core import hookimpl\n@hookimpl\ndef draft_reply(trun): ...\n",
        "does not fit a hook: Plugin 'one' for hook 'draft_reply' hookimpl definition: draft_reply(trun) Argument(s) "
        "{'trun'} are declared in the hookimpl but can not be found in the hookspec. A hook may take fewer arguments",
    ),
    "wrapper": (
        "from core import hookimpl\n@hookimpl(wrapper=True)\ndef draft_reply(turn):\n    return (yield)\n",
        'the plugin "one" wraps the hook "draft_reply". Wrappers are not called here: implement the hook itself.',
    ),
    "connectors raise": (
        "from core import hookimpl\n@hookimpl\ndef register_connectors():\n    raise KeyError('x')\n",
        "failed to register its connectors: KeyError: 'x'. Mend or disable it.",
    ),
    "connectors not a list": (
        "from core import hookimpl\n@hookimpl\ndef register_connectors():\n    return 'parrot'\n",
        'register_connectors of the plugin "one" returned a str. It must return a list of Connector objects.',
    ),
    "no connector": (
        "from core import hookimpl\n@hookimpl\ndef register_connectors():\n    return [object()]\n",
        'register_connectors of the plugin "one" returned a object. It must return a list of Connector objects.',
    ),
    "odd connector name": (
        CONNECTOR.replace('"parrot"', '"Par/rot"'),
        'the plugin "one" offers a connector named "Par/rot". A name has small letters, digits, "-" and "_" only.',
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_plugin_that_does_not_work_stops_the_start_and_is_named(write: Write, start: Start, case: str) -> None:
    source, words = SOURCES[case]
    write("mine/one.py", source)
    told = refusal(start, "one")
    assert told.startswith("plugins.enabled: ")
    assert '"one"' in told
    assert words in told


def test_a_plugin_that_mistakes_its_own_setting_is_told_in_its_words(write: Write, start: Start) -> None:
    write(
        "mine/one.py",
        "from core import ConfigError\nclass Plugin:\n    def __init__(self, settings):\n"
        "        raise ConfigError('plugins.one.folder', 'it is empty', 'Put a file into it.')\n",
    )
    assert refusal(start, "one") == "plugins.one.folder: it is empty. Put a file into it."


def test_a_failed_import_leaves_no_half_made_module(write: Write, start: Start) -> None:
    path = write("mine/one.py", "import no_such_package")
    refusal(start, "one")
    path.write_text(OBSERVER, encoding="utf-8")
    assert start("one").names == ("one",)


def test_connectors_are_collected_by_name(write: Write, start: Start) -> None:
    write("mine/one.py", CONNECTOR)
    plugins = start("one")
    assert [(name, connector.label) for name, connector in plugins.connectors.items()] == [("parrot", "Parrot")]


def test_two_plugins_may_not_offer_the_same_connector(write: Write, start: Start) -> None:
    write("mine/one.py", CONNECTOR)
    write("mine/two.py", CONNECTOR)
    assert refusal(start, "one", "two") == (
        'plugins.enabled: "two" and "one" both offer a connector "parrot". Enable one of them.'
    )
