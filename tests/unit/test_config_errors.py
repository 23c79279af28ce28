"""What a person is told of a mistake in the configuration: always the key, what is wrong, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
from marshmallow import Schema, fields

from core import ConfigError, PluginSettings, SecretField
from core.config import load_config
from core.config_schema import (
    ChannelSchema,
    ConnectionSchema,
    DatabaseSchema,
    EmailSchema,
    PluginsSchema,
    ServerSchema,
    WebSchema,
    WorkerSchema,
)
from core.handoff_settings import ChannelHoursSchema, HandoffSchema, OfficeHoursSchema
from core.settings import load_settings

KEY = "0123456789-abcdefghij-ABCDEFGHIJ"
SERVER = f'[server]\nbase_url = "https://desk.example.com"\nsecret_key = "{KEY}"\n'
CONNECTION = '[[connections]]\nname = "support"\nconnector = "freshchat"\n'
SECTIONS: dict[str, type[Schema]] = {
    "server": ServerSchema,
    "database": DatabaseSchema,
    "plugins": PluginsSchema,
    "channels.web": WebSchema,
    "channels.email": EmailSchema,
    "channels.phone": ChannelSchema,
    "handoff": HandoffSchema,
    "handoff.office_hours": OfficeHoursSchema,
    "handoff.office_hours.channels.email": ChannelHoursSchema,
    "worker": WorkerSchema,
}
FIELDS = [
    (section, name)
    for section, schema in SECTIONS.items()
    for name, field in schema().fields.items()
    if not isinstance(field, fields.Nested)
]


def error_of(folder: Path, text: str) -> ConfigError:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return caught.value


def section(name: str, line: str) -> str:
    """A file whose section `name` holds `line`, and in which all else is right."""
    if name == "server":
        key = line.split(" ")[0]
        return "\n".join([*(each for each in SERVER.splitlines() if not each.startswith(key)), line, ""])
    zone = "" if line.startswith("zone ") else 'zone = "Europe/Berlin"\n'
    if name == "handoff.office_hours":
        return f"{SERVER}[{name}]\n{zone}{line}\n"
    if name.startswith("handoff.office_hours."):
        return f'{SERVER}[handoff.office_hours]\nzone = "UTC"\n[{name}]\n{line}\n'
    return f"{SERVER}[{name}]\n{line}\n"


# ---------------------------------------------------------------------------------------------- every setting


@pytest.mark.parametrize(("place", "name"), FIELDS)
def test_every_setting_of_the_wrong_type_is_named_and_explained(tmp_path: Path, place: str, name: str) -> None:
    error = error_of(tmp_path, section(place, f"{name} = {{ wrong = 1979-05-27 }}"))
    explained = SECTIONS[place]().fields[name].metadata["help"]
    assert error.key == f"{place}.{name}"
    assert error.problem
    assert error.mend.startswith("Give ")
    assert explained in error.mend


@pytest.mark.parametrize(("place", "name"), FIELDS)
def test_every_mistyped_setting_leads_to_the_one_meant(tmp_path: Path, place: str, name: str) -> None:
    error = error_of(tmp_path, section(place, f"{name}x = 1"))
    assert str(error).startswith(f'{place}.{name}x: there is no such setting. Did you mean "{name}"?')


@pytest.mark.parametrize("name", [name for name, field in ServerSchema().fields.items() if field.required])
def test_every_setting_without_a_default_is_missed_by_name(tmp_path: Path, name: str) -> None:
    text = "\n".join(line for line in SERVER.splitlines() if not line.startswith(name))
    error = error_of(tmp_path, text)
    assert (error.key, error.problem) == (f"server.{name}", "it is missing")
    assert error.mend.startswith("Add it: ")
    assert ServerSchema().fields[name].metadata["help"] in error.mend


@pytest.mark.parametrize("name", list(ConnectionSchema().fields))
def test_a_connection_without_name_or_connector_is_told(tmp_path: Path, name: str) -> None:
    text = "\n".join(line for line in CONNECTION.splitlines() if not line.startswith(name))
    error = error_of(tmp_path, SERVER + text)
    label = "#1" if name == "name" else "support"
    assert (error.key, error.problem) == (f"connections[{label}].{name}", "it is missing")


# ------------------------------------------------------------------------------------------------ exact words

WORDS = [
    (
        "server",
        'base_url = "desk.example.com"',
        "server.base_url: must be an address that begins with https:// or http",
    ),
    ("server", 'base_url = "https://a:b@desk"', "server.base_url: must be a plain address, without a user, ? or #"),
    ("server", 'secret_key = "short"', "server.secret_key: must have at least 32 characters, and has 5. Give a secret"),
    ("server", f'secret_key = "change-me-{KEY}"', "server.secret_key: is still the placeholder of an example"),
    ("server", "embedded_worker = 1.5", "server.embedded_worker: not a valid boolean. Give true or false: whether"),
    ("server", 'embedded_worker = "no"', "server.embedded_worker: not a valid boolean"),
    ("database", 'url = "sqlite://relaydesk.db"', "database.url: needs three slashes before a relative path"),
    ("database", 'url = "sqlite:///:memory:"', "database.url: names no file, and what is kept in memory alone is lost"),
    ("database", 'url = "mysql://desk@db/r"', "database.url: must begin with sqlite:/// or postgresql://"),
    ("database", 'url = "postgresql:///r"', "database.url: names no host; write postgresql://user:password@host/data"),
    ("plugins", "enabled = [1]", "plugins.enabled[#1]: not a valid string"),
    ("plugins", 'enabled = ["answers", "answers"]', 'plugins.enabled: "answers" stands there twice. Name each once'),
    ("channels.web", 'mode = "auto"', "channels.web.mode: must be one of: autopilot, assist, shadow, off. Give a word"),
    (
        "channels.web",
        "settle_seconds = -1",
        "channels.web.settle_seconds: must be greater than or equal to 0. Give a num",
    ),
    ("channels.email", "settle_seconds = true", "channels.email.settle_seconds: not a valid number"),
    (
        "handoff",
        "confidence = 1.5",
        "handoff.confidence: must be greater than or equal to 0 and less than or equal to 1",
    ),
    ("handoff", "level = 4", "handoff.level: must be greater than or equal to 0 and less than or equal to 3. Give a"),
    ("handoff", "level = true", "handoff.level: not a valid integer"),
    ("handoff", 'style = "simple"', "handoff.style: must be one of: levels, advanced. Give a text: one `level` for"),
    ("handoff", 'frustration = "no"', "handoff.frustration: not a valid boolean. Give true or false: with style ="),
    ("handoff", 'topics_forbidden = [" "]', "handoff.topics_forbidden[#1]: must name a topic"),
    (
        "handoff",
        "frustration = false",
        'handoff.frustration: it belongs to style = "advanced", and the style is "levels". Remove it and',
    ),
    (
        "handoff",
        'style = "advanced"\nlevel = 2',
        'handoff.level: it belongs to style = "levels", and the style is "advanced". Remove one of the two.',
    ),
    (
        "handoff.office_hours",
        'zone = "Europe/Belin"',
        'handoff.office_hours.zone: there is no zone "Europe/Belin" (did you mean "Europe/Berlin"?). Give a text',
    ),
    (
        "handoff.office_hours",
        'zone = "../etc"',
        'handoff.office_hours.zone: there is no zone "../etc" (zones are called like "Europe/Berlin")',
    ),
    (
        "handoff.office_hours",
        'mon = ["9-17"]',
        'handoff.office_hours.mon[#1]: must be a span of a day such as "09:00-17:30", at most "00:00-24:00"',
    ),
    ("handoff.office_hours", 'mon = ["09:00-24:01"]', "handoff.office_hours.mon[#1]: must be a span of a day such as"),
    (
        "handoff.office_hours",
        'fri = ["09:00-12:00", "22:00-06:00"]',
        "handoff.office_hours.fri[#2]: ends before it begins; what lies past midnight belongs to the next day",
    ),
    (
        "handoff.office_hours",
        'holidays = ["25.12."]',
        'handoff.office_hours.holidays[#1]: must be a day such as "2026-',
    ),
    ("handoff.office_hours", "holidays = [2026-12-25T10:00:00]", "handoff.office_hours.holidays[#1]: must be a day"),
    (
        "handoff.office_hours",
        'outside = "wait"',
        "handoff.office_hours.outside: must be one of: continue, handoff, hold. Give a word: outside the hours",
    ),
    (
        "handoff.office_hours",
        "mon = []",
        "handoff.office_hours: no day has any hours, so that nobody would ever be there. Give a day hours, or remove",
    ),
    (
        "handoff.office_hours.channels.email",
        "mon = []",
        "handoff.office_hours.channels.email: no day has any hours",
    ),
    ("worker", "threads = 0", "worker.threads: must be greater than or equal to 1 and less than or equal to 64"),
    ("worker", "threads = true", "worker.threads: not a valid integer. Give a whole number: how many conversations"),
]


@pytest.mark.parametrize(("place", "line", "words"), WORDS)
def test_a_wrong_value_is_told_in_plain_words(tmp_path: Path, place: str, line: str, words: str) -> None:
    assert str(error_of(tmp_path, section(place, line))).startswith(words)


def test_a_number_says_what_it_is_when_left_out(tmp_path: Path) -> None:
    assert str(error_of(tmp_path, section("worker", "threads = 100"))).endswith("at a time; left out, it is 4.")


def test_a_section_that_is_no_table_is_told(tmp_path: Path) -> None:
    assert str(error_of(tmp_path, "handoff = 3\n" + SERVER)).startswith("handoff: must be a table.")
    assert str(error_of(tmp_path, "channels = 3\n" + SERVER)).startswith("channels: must be a table.")
    assert str(error_of(tmp_path, "connections = 3\n" + SERVER)).startswith("connections: not a valid list.")


def test_an_unknown_section_leads_to_the_one_meant(tmp_path: Path) -> None:
    error = error_of(tmp_path, SERVER + "[handof]\nconfidence = 1.0\n")
    assert str(error) == 'handof: there is no such setting. Did you mean "handoff"?'


def test_an_unknown_channel_lists_those_there_are(tmp_path: Path) -> None:
    error = error_of(tmp_path, SERVER + "[channels.sms]\n")
    assert str(error) == "channels.sms: there is no such setting. The settings here are: web, email, phone."


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    error = error_of(tmp_path, SERVER + "[worker]\nthreads = 0\n[handoff]\nconfidence = 2\n[chanels]\n")
    first, *others = str(error).splitlines()
    told = [first, *(other.removeprefix("Also ") for other in others)]
    assert sorted(line.split(":")[0] for line in told) == ["chanels", "handoff.confidence", "worker.threads"]


def test_office_hours_without_a_zone_are_told(tmp_path: Path) -> None:
    error = error_of(tmp_path, SERVER + '[handoff.office_hours]\nmon = ["09:00-17:00"]\n')
    assert str(error) == (
        "handoff.office_hours.zone: it is missing. "
        "Add it: a text: the time zone of the hours and holidays, such as Europe/Berlin."
    )


@pytest.mark.parametrize("place", ["", ".channels.email"])
def test_b111_level_0_never_hands_off_and_cannot_do_so_outside_the_hours(tmp_path: Path, place: str) -> None:
    hours = '[handoff]\nlevel = 0\n[handoff.office_hours]\nzone = "UTC"\n'
    table = f"[handoff.office_hours{place}]\n" if place else ""
    error = error_of(tmp_path, SERVER + hours + table + 'outside = "handoff"\n')
    assert str(error) == (
        f'handoff.office_hours{place}.outside: it is "handoff", and level 0 never hands off. '
        'Make it "continue" or "hold", or choose another handoff.level.'
    )


# ----------------------------------------------------------------------------------------------- connections


@pytest.mark.parametrize("name", ["", "Support", "a b", "über", "a/b", "-a", "a\\n", "x" * 64])
def test_a_connection_with_an_odd_name_is_refused(tmp_path: Path, name: str) -> None:
    error = error_of(tmp_path, SERVER + CONNECTION.replace("support", name))
    assert error.key.startswith("connections[")
    assert error.problem == 'must be small letters, digits, "-" and "_" only, beginning with a letter or digit'


def test_two_connections_of_one_name_are_refused(tmp_path: Path) -> None:
    error = error_of(tmp_path, SERVER + CONNECTION * 2)
    assert str(error) == "connections[support].name: 2 connections have it. Give each a name of its own."


# ------------------------------------------------------------------------------------------ the file and secrets


def test_a_missing_file_leads_to_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config.toml")
    assert str(caught.value) == (
        f"{tmp_path}/config.toml: there is no such file. "
        "`relaydesk init` makes one; RELAYDESK_CONFIG names another place."
    )


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"it cannot be read \(Is a directory\)\. Make it a readable file"):
        load_config(tmp_path)


def test_a_syntax_error_names_the_line(tmp_path: Path) -> None:
    error = error_of(tmp_path, '[server]\nbase_url = "unfinished\n')
    assert error.key == f"{tmp_path}/config.toml"
    assert "it is not valid TOML" in error.problem
    assert "line 2" in error.problem
    assert error.mend == "Correct that line."


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes("# für\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"it is not UTF-8 text\. Save it as UTF-8\.$"):
        load_config(tmp_path / "config.toml")


def test_a_mistyped_key_beside_the_plugin_sections_is_told(tmp_path: Path) -> None:
    error = error_of(tmp_path, SERVER + '[plugins]\nenabeld = ["answers"]\n')
    assert str(error) == 'plugins.enabeld: there is no such setting. Did you mean "enabled"?'


REFERENCES = [
    ('{ env = "DESK_NOT_SET" }', "the environment variable DESK_NOT_SET is not set; set it, or give another reference"),
    ('{ file = "gone.txt" }', "gone.txt cannot be read (No such file or directory); create it, or name another"),
    ('{ file = "empty.txt" }', "empty.txt is empty; write the secret into it"),
    ('{ file = "latin.txt" }', "latin.txt is not UTF-8 text; write the secret into it as plain text"),
    ('{ enviroment = "X" }', 'must be { env = "NAME" } or { file = "path" }'),
    ('{ env = "A", file = "b" }', 'must be { env = "NAME" } or { file = "path" }'),
]


@pytest.mark.parametrize(("reference", "problem"), REFERENCES)
def test_a_secret_that_cannot_be_had_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, problem: str
) -> None:
    monkeypatch.delenv("DESK_NOT_SET", raising=False)
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"\xe4\xf6")
    error = error_of(tmp_path, section("server", f"secret_key = {reference}"))
    assert error.key == "server.secret_key"
    assert error.problem.endswith(problem)


def test_no_error_shows_the_secret_it_is_about(tmp_path: Path) -> None:
    error = error_of(
        tmp_path, section("server", 'secret_key = "canary-1"') + '[database]\nurl = "my://u:canary-2@h/d"\n'
    )
    assert "canary" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


# ---------------------------------------------------------------------------------- a plugin's own settings


class Inner(PluginSettings):
    depth = fields.Integer(load_default=1, metadata={"help": "how deep"})


class Outer(PluginSettings):
    inner = fields.Nested(Inner, metadata={"help": "a nested table"})
    items = fields.List(fields.Nested(Inner), metadata={"help": "tables"})
    weights = fields.Dict(keys=fields.String(), values=fields.Float(), metadata={"help": "numbers by name"})
    token = SecretField(metadata={"help": "a token"})


def test_a_plugins_nested_settings_are_named_by_their_whole_path() -> None:
    given = {
        "inner": {"dept": 1},
        "items": [{"depth": 1}, {"depth": "x"}, {"name": "third", "depth": 2}],
        "weights": {"a": "heavy"},
        "token": 7,
    }
    with pytest.raises(ConfigError) as caught:
        load_settings(Outer(), given, "plugins.parrot", Path())
    told = str(caught.value)
    assert 'plugins.parrot.inner.dept: there is no such setting. Did you mean "depth"?' in told
    assert "plugins.parrot.items[#2].depth: not a valid integer. Give a whole number: how deep" in told
    assert "plugins.parrot.items[third].name: there is no such setting" in told
    assert "plugins.parrot.weights.a.value: not a valid number" in told
    assert 'plugins.parrot.token: must be { env = "NAME" } or { file = "path" }' in told


class Strict(PluginSettings):
    domain = fields.String(
        required=True,
        error_messages={"required": "is missing; copy it from the vendor's page"},
        metadata={"help": "host"},
    )
    port = fields.Integer(load_default=0, metadata={"help": "a port"})


def test_a_plugins_own_words_for_a_missing_setting_are_used() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(Strict(), {}, "plugins.parrot", Path())
    assert str(caught.value) == (
        "plugins.parrot.domain: is missing; copy it from the vendor's page. Give a text: host."
    )


def test_a_mistyped_key_is_told_before_the_one_that_is_missing_for_it() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(Strict(), {"domian": "x", "port": "x"}, "plugins.parrot", Path())
    assert str(caught.value).startswith(
        'plugins.parrot.domian: there is no such setting. Did you mean "domain"?\nAlso '
    )
