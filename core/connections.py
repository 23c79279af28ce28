"""The configured accounts: looked up as the file and the vendor describe them, and opened for calls under budget."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from core.clock import Clock
from core.config import Config, ConnectionConfig, check_plugin_settings, load_config
from core.connector import Connector
from core.domain import Charge, Connection, Identity, Priority, Secret
from core.errors import ConfigError
from core.http import HttpClient, Learn, Spend
from core.pacing import Pacing, Stopped
from core.plugin_manager import Plugins
from core.store.budget import Budget
from core.store.database import Database
from core.store.models import ConnectionRow

log = logging.getLogger(__name__)

READ_AGAIN = timedelta(seconds=15)
"""How old a process's knowledge of the file's connections may be: a rotated credential works within this time."""
DOUBTED = timedelta(minutes=10)
"""How often at most a connection that works is verified again because of what the vendor refuses it."""
CREDENTIAL_REFUSED = "the vendor refuses the credential (401): if it was rotated, put the new one into the file"


class Connections:
    """All connections of this service, looked up by id or name, with what their settings and the vendor say.

    The file's `[[connections]]` are read again from time to time, each process for itself, so that a credential is
    changed without a restart. Changed settings count once they are verified. A file that cannot be read then changes
    nothing; the rest of it counts at start only.
    """

    def __init__(self, config: Config, plugins: Plugins, db: Database, clock: Clock) -> None:
        self._config = config
        self._configured = {connection.name: connection for connection in config.connections}
        self._plugins = plugins
        self._db = db
        self._clock = clock
        self._read_at = clock.now()
        self._reading = threading.Lock()
        self._complaint = ""
        self._known = {connection.fingerprint: connection for connection in config.connections}
        """All that the file has said of its connections since the start."""
        self._taken: dict[int, bool] = {}
        """Of each connection that was called: whether the vendor took its credential the last time."""

    # ------------------------------------------------------------------------------------------ the file

    @property
    def configured(self) -> Mapping[str, ConnectionConfig]:
        """The connections of the file by name, as they are by now."""
        if self._clock.now() - self._read_at >= READ_AGAIN:
            self.read_again()
        return self._configured

    def read_again(self) -> None:
        """Read the file's connections now; what is wrong with it is logged once, and what was known is kept."""
        if not self._reading.acquire(blocking=False):
            return  # another thread is at it; what was known is good enough meanwhile
        try:
            self._read_at = self._clock.now()
            config = check_plugin_settings(load_config(self._config.path), self._plugins)
        except ConfigError as problem:
            if str(problem) != self._complaint:
                self._complaint = str(problem)
                log.error("the changed configuration is not used: %s", problem)
        else:
            self._complaint = ""
            if config.connections != self._config.connections:
                log.info("the connections of %s have changed", config.path)
                self._config = config
                self._known |= {connection.fingerprint: connection for connection in config.connections}
                self._configured = {connection.name: connection for connection in config.connections}
        finally:
            self._reading.release()

    def secrets(self) -> tuple[Secret, ...]:
        """Every credential of the file as it is by now, so that the logs can leave them out."""
        return self._config.secrets()

    # ------------------------------------------------------------------------------------------- look-up

    def get(self, connection_id: int) -> Connection | None:
        """The connection with this id; None if there is none, or the file no longer holds it."""
        with self._db.read():
            row = ConnectionRow.get_or_none(ConnectionRow.id == connection_id)
        return self._from_row(row) if row else None

    def named(self, name: str) -> Connection | None:
        """The connection with this name, once it has been provisioned."""
        with self._db.read():
            row = ConnectionRow.get_or_none(ConnectionRow.name == name)
        return self._from_row(row) if row else None

    def all(self) -> Iterator[tuple[Connection, str]]:
        """Every connection of the file, with the error that switched it off ("" if none)."""
        with self._db.read():
            rows = {row.name: row for row in ConnectionRow.select()}
        for name in list(self.configured):
            connection = self._from_row(rows[name]) if name in rows else None
            if connection is not None:
                yield connection, rows[name].error

    def row(self, connection_id: int) -> ConnectionRow:
        """What is stored of a connection."""
        with self._db.read():
            row: ConnectionRow = ConnectionRow.get_by_id(connection_id)
        return row

    def connector(self, connection: Connection) -> Connector:
        """The connector a connection belongs to."""
        return self._plugins.connectors[connection.connector]

    def connector_named(self, name: str) -> Connector:
        """The connector with this name, which the configuration was checked for."""
        return self._plugins.connectors[name]

    def _from_row(self, row: ConnectionRow) -> Connection | None:
        configured = self.configured.get(row.name)
        if configured is None or configured.connector != row.connector:
            return None
        active = row.active
        if row.settings_hash and row.settings_hash != configured.fingerprint:
            # What the file says now is not verified yet: until it is, what was verified goes on, where it is known.
            active = row.active and row.settings_hash in self._known
            configured = self._known.get(row.settings_hash, configured)
        return Connection(
            id=row.id,
            name=row.name,
            connector=row.connector,
            settings=configured.settings if row.disconnected_at is None else _without_secrets(configured.settings),
            identity=_identity(row.identity) if row.identity else None,
            active=active,
            generation=row.generation,
        )

    # --------------------------------------------------------------------------------------------- calls

    def http(self, connection: Connection, priority: Priority, patience: Stopped | None = None) -> HttpClient:
        """A client for calls to the connection's account, each under the budget at this priority; see `Pacing`."""
        return self.paced(connection.id, self.connector(connection), connection.settings, priority, patience)

    def paced(
        self,
        connection_id: int,
        connector: Connector,
        settings: Mapping[str, Any],
        priority: Priority,
        patience: Stopped | None = None,
    ) -> HttpClient:
        """The same for settings that the connection does not have yet."""
        budget = Budget(self._db, connection_id, int(settings["requests_per_minute"]), connector.lanes)
        pacing = Pacing(budget, connector, priority, self._clock, patience)

        def learn(status: int, headers: Mapping[str, str], charge: Charge) -> None:
            self._note_credential(connection_id, status)
            pacing.learn(status, headers, charge)

        return self.client(connector, settings, pacing.spend, learn)

    def calls_per_minute(self, connection: Connection) -> int:
        """The limit of calls a minute that the connection keeps to, as far as is known by now."""
        return Budget(self._db, connection.id, int(connection.settings["requests_per_minute"])).limit()

    def _note_credential(self, connection_id: int, status: int) -> None:
        """Let a connection show that its credential is refused, until it is taken again (behaviour 23, 58).

        What is forbidden may be a right that the agent has lost: the connection is verified again soon (behaviour 69).
        """
        refused = status == 401
        if status == 403:
            self._doubt(connection_id)
        if not refused and (status >= 400 or self._taken.get(connection_id)):
            return
        self._taken[connection_id] = not refused
        with self._db.write():
            row = ConnectionRow.get_by_id(connection_id)
            if row.active and refused != (row.error == CREDENTIAL_REFUSED) and row.error in ("", CREDENTIAL_REFUSED):
                error = CREDENTIAL_REFUSED if refused else ""
                ConnectionRow.update(error=error).where(ConnectionRow.id == connection_id).execute()

    def _doubt(self, connection_id: int) -> None:
        with self._db.write():
            long_ago = ConnectionRow.tried_at <= self._clock.now() - DOUBTED
            ConnectionRow.update(tried_at=None).where(ConnectionRow.id == connection_id, long_ago).execute()

    def client(
        self,
        connector: Connector,
        settings: Mapping[str, object],
        spend: Spend | None = None,
        learn: Learn | None = None,
    ) -> HttpClient:
        """A client for these settings, without a budget where `spend` is left out: for an account not stored yet."""
        base_url = connector.base_url(settings)
        return HttpClient(
            base_url,
            connector.headers(settings),
            self._clock,
            timeout_seconds=float(str(settings["timeout_seconds"])),
            spend=spend,
            learn=learn,
            # An address outside the vendor's domains can only come from the config file: a simulator, a test
            # account or a proxy, which may well stand on a private network.
            allow_private=not _below(urlsplit(base_url).hostname or "", connector.domains),
        )


def _identity(stored: Mapping[str, Any]) -> Identity:
    return Identity(**{**stored, "warnings": tuple(stored.get("warnings", ()))})


def _without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: Secret("") if isinstance(value, Secret) else value for key, value in settings.items()}


def _below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)
