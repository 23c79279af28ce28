"""The configuration: one TOML file, read and checked into frozen values before anything else starts."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from core.config_schema import FileSchema, PluginsSchema
from core.connector import Connector
from core.destination_settings import Definition
from core.domain import Channel, Mode, Secret
from core.errors import ConfigError, VerifyFailed
from core.handoff_settings import HandoffConfig, handoff_config
from core.settings import joined, load_settings, nearest

DEFAULT_PATH = "config.toml"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How the service is reached and who administers it; `base_url` has no trailing slash."""

    base_url: str
    secret_key: Secret
    former_secret_keys: tuple[Secret, ...]
    admin_email: str
    admin_password_hash: Secret | None
    embedded_worker: bool
    session_hours: float
    proxies: int
    allow_private_webhooks: bool
    api_url_on_pages: bool


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """Where everything is stored; the path of a SQLite file is absolute. The address may hold a password."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PluginsConfig:
    """Which plugins are in use, by priority, where else to look for them, and their own sections by name.

    The sections are raw until `check_plugin_settings` has put in their place what the plugins' schemas loaded.
    """

    enabled: tuple[str, ...]
    paths: tuple[Path, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """What the AI does on a channel, and at what pace."""

    mode: Mode = Mode.AUTOPILOT
    settle_seconds: float = 4.0
    debounce_seconds: float = 1.0
    assist_footer: str = ""
    resolve_after_minutes: float = 0.0
    replies_per_hour: int = 60


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """The figures of the path behind the inbox."""

    threads: int = 4
    lease_seconds: float = 60.0
    quarantine_seconds: float = 60.0
    second_read_seconds: float = 30.0
    election_seconds: float = 10.0
    turn_attempts: int = 5


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One account of the file, or of the pages: then `stored_id` is the id under which the store has it.

    `settings` are raw, and `fingerprint` is "", until `check_plugin_settings` has loaded them. The fingerprint is
    a keyed hash over all settings, secrets included: it tells a changed file without giving anything away.
    """

    name: str
    connector: str
    settings: Mapping[str, Any] = field(repr=False)
    fingerprint: str = ""
    stored_id: int | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file; `path` is absolute."""

    path: Path
    server: ServerConfig
    database: DatabaseConfig
    plugins: PluginsConfig
    channels: Mapping[Channel, ChannelConfig]
    handoff: HandoffConfig
    worker: WorkerConfig
    connections: tuple[ConnectionConfig, ...]
    destinations: tuple[Definition, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the file, from which all relative paths in it are taken."""
        return self.path.parent

    def secrets(self) -> tuple[Secret, ...]:
        """Every credential in the configuration, so that the logs can leave them out."""
        found = [self.server.secret_key, self.server.admin_password_hash, _password_of(self.database.url)]
        found += self.server.former_secret_keys
        found += secrets_in(self.plugins.settings)
        for connection in self.connections:
            found += secrets_in(connection.settings)
        return tuple(secret for secret in found if secret)


class LoadedPlugins(Protocol):
    """What `check_plugin_settings` needs of the plugins, once they are loaded."""

    @property
    def connectors(self) -> Mapping[str, Connector]:
        """The connectors on offer, by name."""

    @property
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The checked section of each plugin that has one, by the plugin's name."""


def load_config(path: Path | None = None) -> Config:
    """Read and check the file at `path`, else at the environment's RELAYDESK_CONFIG, else ./config.toml.

    The connections' own settings are checked later, by `check_plugin_settings`. Raises `ConfigError`.
    """
    path = Path(path or os.environ.get("RELAYDESK_CONFIG") or DEFAULT_PATH).absolute()
    given = _read(path)
    loaded = load_settings(FileSchema(), given, "", path.parent)
    server, database, plugins = loaded["server"], loaded["database"], loaded["plugins"]
    return Config(
        path=path,
        server=ServerConfig(
            **{
                **server,
                "base_url": server["base_url"].rstrip("/"),
                "former_secret_keys": tuple(server["former_secret_keys"]),
            }
        ),
        database=DatabaseConfig(_absolute_url(database["url"].reveal(), path.parent)),
        plugins=PluginsConfig(
            enabled=_unique(plugins.pop("enabled"), "plugins.enabled"),
            paths=tuple(path.parent / Path(folder).expanduser() for folder in plugins.pop("paths")),
            settings=_sections(plugins),
        ),
        channels={Channel(name): ChannelConfig(**channel) for name, channel in loaded["channels"].items()},
        handoff=handoff_config(loaded["handoff"], given.get("handoff", {})),
        worker=WorkerConfig(**loaded["worker"]),
        connections=_connections(loaded["connections"]),
        destinations=_destinations(loaded["destinations"]),
    )


def check_plugin_settings(config: Config, plugins: LoadedPlugins) -> Config:
    """Check every connection against its connector's schema; return the configuration with what that loaded.

    The plugins' own sections were checked by `load_plugins`, which hands them out; they are put in as well.
    Raises `ConfigError`.
    """
    errors: list[ConfigError] = []
    checked: list[ConnectionConfig] = []
    for connection in config.connections:
        try:
            checked.append(_check_connection(connection, plugins.connectors, config))
        except ConfigError as error:
            errors.append(error)
    if errors:
        raise joined(errors)
    sections = dataclasses.replace(config.plugins, settings=plugins.settings)
    return dataclasses.replace(config, plugins=sections, connections=tuple(checked))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            str(path), "there is no such file", "`relaydesk init` makes one; RELAYDESK_CONFIG names another place."
        ) from None
    except OSError as error:
        raise ConfigError(str(path), f"it cannot be read ({error.strerror})", "Make it a readable file.") from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), "it is not UTF-8 text", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        problem = str(error)[:1].lower() + str(error)[1:]
        raise ConfigError(str(path), f"it is not valid TOML: {problem}", "Correct that line.") from None


def _unique(names: list[str], key: str) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(key, f'"{name}" stands there twice', "Name each once; the first has priority.")
    return tuple(names)


def _sections(tables: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The plugins' own sections; anything else in `[plugins]` is a mistyped key."""
    for key, value in tables.items():
        if not isinstance(value, Mapping):
            mend = nearest(key, list(PluginsSchema().fields), "The settings here are")
            raise ConfigError(f"plugins.{key}", "there is no such setting", mend)
    return dict(tables)


def _destinations(loaded: list[Definition]) -> tuple[Definition, ...]:
    _unique_names("destinations", [each.name for each in loaded])
    return tuple(loaded)


def _connections(loaded: list[dict[str, Any]]) -> tuple[ConnectionConfig, ...]:
    _unique_names("connections", [connection["name"] for connection in loaded])
    return tuple(ConnectionConfig(each.pop("name"), each.pop("connector"), each) for each in loaded)


def _unique_names(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"{what}[{name}].name", f"{names.count(name)} {what} have it", "Give each a name of its own."
            )


def _check_connection(
    connection: ConnectionConfig, connectors: Mapping[str, Connector], config: Config
) -> ConnectionConfig:
    key = f"connections[{connection.name}]"
    connector = connectors.get(connection.connector)
    if connector is None:
        mend = nearest(connection.connector, sorted(connectors), "The enabled plugins offer")
        raise ConfigError(f"{key}.connector", f'no enabled plugin offers "{connection.connector}"', mend)
    try:
        settings = load_settings(connector.settings_schema(), connection.settings, key, config.folder)
    except ConfigError as error:
        if error.key.rpartition(".")[2] in connector.credentials:
            raise VerifyFailed(error.key, error.problem, error.mend) from None
        raise
    digest = fingerprint(connection.connector, settings, config.server.secret_key)
    return dataclasses.replace(connection, settings=settings, fingerprint=digest)


def fingerprint(connector: str, settings: Mapping[str, Any], key: Secret) -> str:
    """What tells settings from others without giving anything of them away: a hash, keyed with the server's key."""

    def plain(value: object) -> str:
        return value.reveal() if isinstance(value, Secret) else str(value)

    text = json.dumps([connector, settings], sort_keys=True, default=plain)
    return hmac.new(b"relaydesk.connection " + key.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()


def _absolute_url(url: str, folder: Path) -> str:
    """The database's address, with the path of a SQLite file taken from `folder`."""
    scheme, _, rest = url.partition(":///")
    return f"sqlite:///{folder / rest}" if scheme == "sqlite" else url


def _password_of(url: str) -> Secret | None:
    password = None if url.startswith("sqlite:") else urlsplit(url).password
    return Secret(password) if password else None


def secrets_in(value: object) -> Iterator[Secret]:
    """Every credential among settings, however deep."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secrets_in(inner)
