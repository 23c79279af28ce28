"""The connections that were made on the pages: their settings stand in the store, the secrets among them sealed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, fields

from core.config import Config, ConnectionConfig, fingerprint, secrets_in
from core.connector import Connector
from core.domain import Secret
from core.errors import ConfigError
from core.sealing import Sealer
from core.settings import SecretField, load_settings
from core.store.models import ConnectionRow

SEALED = "sealed"
ERASED = "erased"
"""Stands in for the secrets of a connection that was cut, so that the rest of its settings can still be read."""


def is_own_host(host: str, domains: tuple[str, ...]) -> bool:
    """Whether a host is one of a vendor's own."""
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def foreign_host(connector: Connector, settings: Mapping[str, Any]) -> str:
    """The address to which settings lead if it is not the vendor's own, or not a safe one; else ""."""
    address = connector.base_url(settings)
    parts = urlsplit(address)
    return "" if parts.scheme == "https" and is_own_host(parts.hostname or "", connector.domains) else address


def holds_secret(field: fields.Field[Any]) -> bool:
    """Whether what is given for a setting is a secret, or has one in it."""
    if isinstance(field, fields.List):
        return holds_secret(field.inner)
    if isinstance(field, fields.Nested):
        return any(map(holds_secret, field.schema.fields.values()))
    return isinstance(field, SecretField)


def fields_of(schema: Schema) -> dict[str, fields.Field[Any]]:
    """The fields of a schema by the names under which settings are given."""
    return {field.data_key or name: field for name, field in schema.fields.items()}


def seal_settings(sealer: Sealer, schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they may stand in the store: what holds a secret is sealed as a whole."""
    known = fields_of(schema)
    return {
        key: {SEALED: sealer.seal(json.dumps(_plain(value)))} if key in known and holds_secret(known[key]) else value
        for key, value in given.items()
    }


def open_settings(sealer: Sealer, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as they were given. Raises `ConfigError` if a secret cannot be opened."""
    return {
        key: _secret(json.loads(sealer.open(value[SEALED]).reveal())) if is_sealed(value) else value
        for key, value in stored.items()
    }


def is_sealed(value: Any) -> bool:
    """Whether a stored value is a sealed one."""
    return isinstance(value, Mapping) and set(value) == {SEALED}


def without_secrets(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Stored settings less all secrets: what is left of them once a connection is cut."""
    return {key: value for key, value in stored.items() if not is_sealed(value)}


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _secret(value: Any) -> Any:
    return Secret(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings of a row, None where a `problem` keeps them from being used; `mend` says what to do about it."""

    settings: ConnectionConfig | None
    problem: str = ""


class StoredConnections:
    """Loads the settings of rows, each state of a row once; and knows every secret that it has given out.

    What stands in a row was verified before it was stored. It is looked at once more where a plugin is not there any
    more, or the key of the server has changed.
    """

    def __init__(self, connectors: Mapping[str, Connector], sealer: Sealer, config: Config) -> None:
        self._connectors = connectors
        self._sealer = sealer
        self._config = config
        self._lock = threading.Lock()
        self._known: dict[int, tuple[str, Loaded]] = {}
        self._tried: list[tuple[Secret, ...]] = []

    def load(self, row: ConnectionRow) -> Loaded:
        """What the row holds, or what keeps it from being used. Only what has changed is opened anew."""
        state = json.dumps([row.name, row.connector, row.disconnected_at is None, row.settings], sort_keys=True)
        known = self._known.get(row.id)
        if known is not None and known[0] == state:
            return known[1]
        try:
            loaded = Loaded(self._load(row))
        except ConfigError as problem:
            loaded = Loaded(None, str(problem))
        with self._lock:
            self._known = {**self._known, row.id: (state, loaded)}
        return loaded

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret in use in this process, or just being tried, so that the logs can leave them out."""
        used = [secret for _, loaded in self._known.values() if loaded.settings for secret in _of(loaded.settings)]
        return (*used, *(secret for tried in list(self._tried) for secret in tried))

    @contextmanager
    def trying(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """Leave the secrets of these settings out of the logs too, while they are tried."""
        secrets = tuple(secrets_in(settings))
        with self._lock:
            self._tried = [*self._tried, secrets]
        try:
            yield
        finally:
            with self._lock:
                left = list(self._tried)
                left.remove(secrets)
                self._tried = left

    def _load(self, row: ConnectionRow) -> ConnectionConfig:
        connector = self._connectors.get(row.connector)
        if connector is None:
            raise ConfigError(
                "connector", f'no enabled plugin offers "{row.connector}"', "Enable its plugin in the file again."
            )
        schema = connector.settings_schema()
        cut = row.disconnected_at is not None
        given = open_settings(self._sealer, row.settings or {})
        if cut:
            required = (key for key, field in fields_of(schema).items() if holds_secret(field) and field.required)
            given = {**given, **dict.fromkeys(required, Secret(ERASED))}
        settings = load_settings(schema, given, f"connections[{row.name}]", self._config.folder)
        address = foreign_host(connector, settings)
        if address and not self._config.server.api_url_on_pages:
            raise ConfigError(
                "api_url",
                f"{address} is not an address of {connector.label}'s own",
                "Such a connection can only stand in the configuration file.",
            )
        if cut:
            settings = {key: Secret("") if isinstance(value, Secret) else value for key, value in settings.items()}
        digest = fingerprint(row.connector, settings, self._config.server.secret_key)
        return ConnectionConfig(row.name, row.connector, settings, digest, stored_id=row.id)


def _of(configured: ConnectionConfig) -> Iterator[Secret]:
    return (secret for secret in secrets_in(configured.settings) if secret)
