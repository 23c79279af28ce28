"""Reading the configuration file: defaults, places, secrets, and the second stage that checks connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from marshmallow import fields

from core import ConnectorSettings, PathField, Secret, SecretField
from core.config import (
    ChannelConfig,
    Config,
    WorkerConfig,
    check_plugin_settings,
    load_config,
)
from core.domain import Channel, Mode
from core.errors import ConfigError
from core.handoff_settings import TRIGGERS, HandoffConfig
from core.office_hours import OfficeHours, Outside

KEY = "0123456789-abcdefghij-ABCDEFGHIJ"
SERVER = f'[server]\nbase_url = "https://desk.example.com"\nsecret_key = "{KEY}"\n'

Load = Callable[[str], Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a configuration whose text is given."""

    def load_text(text: str) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return load_text


def test_a_file_with_only_the_server_gets_all_defaults(load: Load, tmp_path: Path) -> None:
    config = load(SERVER)
    assert config.path == tmp_path / "config.toml"
    assert config.server.base_url == "https://desk.example.com"
    assert config.server.secret_key.reveal() == KEY
    assert config.server.admin_email == ""
    assert config.server.admin_password_hash is None
    assert config.server.embedded_worker is True
    assert config.database.url == f"sqlite:///{tmp_path}/relaydesk.db"
    assert config.plugins.enabled == ()
    assert config.plugins.paths == ()
    assert config.handoff == HandoffConfig()
    assert config.worker == WorkerConfig()
    assert config.connections == ()


def test_channels_settle_by_their_pace_and_only_the_web_resolves_by_silence(load: Load) -> None:
    """Behaviour 123 and G11: 4 s for chat, 30 s for email."""
    assert load(SERVER).channels == {
        Channel.WEB: ChannelConfig(settle_seconds=4.0, resolve_after_minutes=30.0),
        Channel.EMAIL: ChannelConfig(settle_seconds=30.0, replies_per_hour=6),
        Channel.PHONE: ChannelConfig(),
    }


def test_a_channel_keeps_its_other_defaults_when_one_setting_is_given(load: Load) -> None:
    channels = load(SERVER + '[channels.email]\nmode = "assist"\n').channels
    assert channels[Channel.EMAIL] == ChannelConfig(mode=Mode.ASSIST, settle_seconds=30.0, replies_per_hour=6)
    assert channels[Channel.WEB].mode is Mode.AUTOPILOT


def test_b110_b111_the_style_is_levels_and_the_level_1_unless_the_file_says_otherwise(load: Load) -> None:
    handoff = load(SERVER).handoff
    assert (handoff.style, handoff.level) == ("levels", 1)
    assert load(SERVER + "[handoff]\nlevel = 3\n").handoff.level == 3


def test_b108_in_the_advanced_style_every_trigger_is_on_unless_the_file_switches_it_off(load: Load) -> None:
    handoff = load(SERVER + '[handoff]\nstyle = "advanced"\nfrustration = false\n').handoff
    assert {name for name in TRIGGERS if not getattr(handoff, name)} == {"frustration"}


def test_topics_are_lists_of_words(load: Load) -> None:
    handoff = load(SERVER + '[handoff]\ntopics_allowed = ["delivery"]\ntopics_forbidden = ["tax", "legal"]\n').handoff
    assert (handoff.topics_allowed, handoff.topics_forbidden) == (("delivery",), ("tax", "legal"))


HOURS = """
[handoff.office_hours]
zone = "Europe/Berlin"
mon = ["13:30-17:00", "09:00-12:30"]
tue = ["00:00-24:00"]
holidays = ["2026-12-25", 2026-12-26]
outside = "hold"
notice = "We are back soon."
"""


def test_b114_without_the_table_humans_are_always_there(load: Load) -> None:
    assert load(SERVER).handoff.office_hours == {}


def test_b114_office_hours_are_one_schedule_for_every_channel(load: Load) -> None:
    hours = load(SERVER + HOURS).handoff.office_hours
    schedule = OfficeHours(
        ZoneInfo("Europe/Berlin"),
        (((540, 750), (810, 1020)), ((0, 1440),), (), (), (), (), ()),
        frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
        Outside.HOLD,
        "We are back soon.",
    )
    assert hours == dict.fromkeys(Channel, schedule)


def test_g8_a_channels_hours_differ_in_what_their_own_table_says(load: Load) -> None:
    """A table that names any day has a week of its own; all else that it leaves out is as for every channel."""
    own = '[handoff.office_hours.channels.email]\nfri = ["08:00-09:00"]\noutside = "handoff"\n'
    hours = load(SERVER + HOURS + own).handoff.office_hours
    assert hours[Channel.EMAIL].week == ((), (), (), (), ((480, 540),), (), ())
    assert hours[Channel.EMAIL].outside is Outside.HANDOFF
    assert hours[Channel.EMAIL].holidays == hours[Channel.WEB].holidays
    assert hours[Channel.WEB].outside is Outside.HOLD


def test_g8_only_one_channel_may_have_hours(load: Load) -> None:
    own = '[handoff.office_hours]\nzone = "UTC"\n[handoff.office_hours.channels.email]\nfri = ["08:00-09:00"]\n'
    hours = load(SERVER + own).handoff.office_hours
    assert hours[Channel.WEB].week is None
    assert hours[Channel.EMAIL].week is not None


def test_the_values_are_frozen(load: Load) -> None:
    with pytest.raises(FrozenInstanceError):
        load(SERVER).server.admin_email = "other@example.com"  # type: ignore[misc]


def test_the_base_url_loses_its_trailing_slash(load: Load) -> None:
    assert load(SERVER.replace(".com", ".com/")).server.base_url == "https://desk.example.com"


# ------------------------------------------------------------------------------------------------- places


def test_the_environment_names_the_file(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text(SERVER, encoding="utf-8")
    monkeypatch.setenv("RELAYDESK_CONFIG", str(tmp_path / "other.toml"))
    assert load_config().path == tmp_path / "other.toml"


def test_without_a_name_it_is_config_toml_in_the_present_folder(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(SERVER)
    monkeypatch.delenv("RELAYDESK_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert load_config().path == tmp_path / "config.toml"


def test_relative_paths_are_taken_from_the_file_and_not_from_the_present_folder(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = load(SERVER + '[database]\nurl = "sqlite:///data/r.db"\n[plugins]\npaths = ["mine", "/srv/plugins"]\n')
    assert config.database.url == f"sqlite:///{tmp_path}/data/r.db"
    assert config.plugins.paths == (tmp_path / "mine", Path("/srv/plugins"))
    assert config.folder == tmp_path


def test_absolute_database_paths_and_servers_stay_as_they_are(load: Load) -> None:
    for url in ("sqlite:////srv/r.db", "postgresql://desk:pw@db.example.com/relaydesk"):
        assert load(SERVER + f'[database]\nurl = "{url}"\n').database.url == url


# ------------------------------------------------------------------------------------------------- secrets


def test_a_secret_comes_from_the_environment_or_a_file(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_KEY", KEY)
    (tmp_path / "hash.txt").write_text("$argon2id$v=19$abc\n", encoding="utf-8")
    config = load(
        '[server]\nbase_url = "http://localhost:8000"\nsecret_key = { env = "DESK_KEY" }\n'
        'admin_password_hash = { file = "hash.txt" }\n'
    )
    assert config.server.secret_key.reveal() == KEY
    assert config.server.admin_password_hash == Secret("$argon2id$v=19$abc")


def test_no_secret_shows_when_a_configuration_is_printed(load: Load) -> None:
    config = load(
        SERVER
        + '[database]\nurl = "postgresql://desk:canary-1@db/relaydesk"\n'
        + '[plugins.parrot]\nkey = "canary-2"\n'
        + '[[connections]]\nname = "support"\nconnector = "parrot"\ntoken = "canary-3"\n'
    )
    assert KEY not in repr(config)
    assert "canary" not in repr(config)
    assert "support" in repr(config)


def test_a_configuration_tells_its_secrets_so_that_logs_can_leave_them_out(load: Load) -> None:
    config = check_plugin_settings(
        load(
            SERVER
            + '[database]\nurl = "postgresql://desk:canary-1@db/relaydesk"\n'
            + '[[connections]]\nname = "support"\nconnector = "parrot"\ntoken = "canary-3"\n'
        ),
        Loaded(settings={"answerer": {"key": Secret("canary-2"), "models": [{"token": Secret("canary-4")}]}}),
    )
    revealed = {secret.reveal() for secret in config.secrets()}
    assert revealed == {KEY, "canary-1", "canary-2", "canary-3", "canary-4"}


# ----------------------------------------------------------------------------- connections, the second stage


class ParrotSettings(ConnectorSettings):
    token = SecretField(required=True, metadata={"help": "the parrot's token"})
    folder = PathField(load_default=None, metadata={"help": "where its seeds are"})
    tags = fields.List(fields.String(), load_default=list, metadata={"help": "tags"})


class Parrot:
    settings_schema = ParrotSettings
    credentials = frozenset({"token"})


@dataclass
class Loaded:
    """Stands for the loaded plugins."""

    connectors: Mapping[str, Any] = field(default_factory=lambda: {"parrot": Parrot()})
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


PARROT = '[[connections]]\nname = "support"\nconnector = "parrot"\ntoken = "t-1"\n'


def checked(load: Load, text: str) -> Config:
    return check_plugin_settings(load(SERVER + text), Loaded())


def test_connections_are_loaded_by_their_connectors_schema(load: Load, tmp_path: Path) -> None:
    [connection] = checked(load, PARROT + 'folder = "seeds"\n').connections
    assert (connection.name, connection.connector) == ("support", "parrot")
    assert connection.settings == {
        "token": Secret("t-1"),
        "folder": tmp_path / "seeds",
        "tags": [],
        "inbound": True,
        "timeout_seconds": 10.0,
        "dedupe_hours": 24.0,
        "max_retries": 3,
        "uncertain": "resend",
        "requests_per_minute": 60,
        "poll_after_minutes": 5.0,
        "poll_seconds": 60.0,
    }


def test_the_fingerprint_follows_every_setting_secrets_included_and_shows_none(load: Load) -> None:
    def fingerprint(text: str) -> str:
        return checked(load, text).connections[0].fingerprint

    first = fingerprint(PARROT)
    assert len(first) == 64
    assert fingerprint(PARROT) == first
    assert fingerprint(PARROT.replace("support", "sales")) == first
    changes = [PARROT.replace("t-1", "t-2"), PARROT + "max_retries = 4\n", PARROT + 'tags = ["a"]\n']
    assert len({first, *map(fingerprint, changes)}) == 4


def test_the_fingerprint_is_keyed_so_that_nobody_can_try_out_tokens(load: Load) -> None:
    first = checked(load, PARROT).connections[0].fingerprint
    other = check_plugin_settings(load(SERVER.replace(KEY, KEY[::-1]) + PARROT), Loaded())
    assert other.connections[0].fingerprint != first


def test_an_unknown_connector_leads_to_the_nearest_one(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(load, PARROT.replace('"parrot"', '"parot"'))
    assert str(caught.value) == (
        'connections[support].connector: no enabled plugin offers "parot". Did you mean "parrot"?'
    )


def test_an_unknown_connector_without_a_likeness_lists_what_there_is(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"The enabled plugins offer: parrot\.$"):
        checked(load, PARROT.replace('"parrot"', '"zendesk"'))


def test_all_wrong_connections_are_told_at_once(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(load, PARROT + "max_retries = 11\n" + PARROT.replace("support", "sales") + "tocken = 1\n")
    assert caught.value.key == "connections[support].max_retries"
    assert 'Also connections[sales].tocken: there is no such setting. Did you mean "token"?' in str(caught.value)
