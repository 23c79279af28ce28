"""The connected accounts: looked up as file, store and vendor describe them, and opened for calls under budget."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
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
from core.sealing import Sealer
from core.settings import nearest
from core.store.budget import Budget
from core.store.database import Database
from core.store.models import ConnectionRow
from core.stored_connections import StoredConnections, is_own_host

log = logging.getLogger(__name__)

READ_AGAIN = timedelta(seconds=15)
"""How old a process's knowledge of the file's connections may be: a rotated credential works within this time."""
DOUBTED = timedelta(minutes=10)
"""How often at most a connection that works is verified again because of what the vendor refuses it."""
CREDENTIAL_REFUSED = "the vendor refuses the credential (401): if it was rotated, put the new one into the file"
CREDENTIAL_REFUSED_ON_PAGE = "the vendor refuses the credential (401): if it was rotated, enter the new one on its page"
REFUSALS = (CREDENTIAL_REFUSED, CREDENTIAL_REFUSED_ON_PAGE)
"""The errors of connections that end by themselves, with the first call that is let in."""


class Connections:
    """All connections of this service, looked up by id or name, with what their settings and the vendor say.

    The file's `[[connections]]` are read again from time to time, each process for itself, so that a credential is
    changed without a restart. Changed settings count once they are verified. A file that cannot be read then changes
    nothing; the rest of it counts at start only.

    The settings of those that were made on the pages are in their rows, which are looked at each time: what one
    process stores counts in all of them at once. Where both have the same name, the file's counts and the other is off.
    """

    def __init__(self, config: Config, plugins: Plugins, db: Database, clock: Clock, sealer: Sealer) -> None:
        self._config = config
        self._configured = {connection.name: connection for connection in config.connections}
        self._plugins = plugins
        self._db = db
        self._clock = clock
        self._stored = StoredConnections(plugins.connectors, sealer, config)
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
        """All connections that can be used by name, as they are by now: those of the file, then those of the pages."""
        in_file = self.in_file
        made = {row.name: self._stored.load(row).settings for row in self.made_on_pages()}
        return {**in_file, **{name: one for name, one in made.items() if one is not None and name not in in_file}}

    @property
    def in_file(self) -> Mapping[str, ConnectionConfig]:
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
        """Every credential of the file and the pages as it is by now, so that the logs can leave them out."""
        return (*self._config.secrets(), *self._stored.secrets())

    def trying(self, settings: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Leave the secrets of settings that are not stored yet out of the logs as well."""
        return self._stored.trying(settings)

    # --------------------------------------------------------------------------------------------- the pages

    def made_on_pages(self) -> list[ConnectionRow]:
        """What is stored of the connections that were made on the pages, by name."""
        with self._db.read():
            return list(ConnectionRow.select().where(~ConnectionRow.provisioned).order_by(ConnectionRow.name))

    def stored(self, row: ConnectionRow) -> ConnectionConfig | None:
        """The settings of a connection that was made on the pages; None where `trouble` says why not."""
        return self._stored.load(row).settings

    def trouble(self, row: ConnectionRow) -> str:
        """What keeps a connection of the pages from being used, with its mend; "" if nothing does."""
        if row.provisioned:
            return ""
        if row.name in self.in_file:
            return (
                f"the configuration file has a connection {row.name} too, and the file's counts: take it out of "
                f"{self._config.path}, or disconnect this one"
            )
        return self._stored.load(row).problem

    # ------------------------------------------------------------------------------------------- look-up

    def get(self, connection_id: int) -> Connection | None:
        """The connection with this id; None if there is none, the file no longer holds it, or it cannot be used."""
        with self._db.read():
            row = ConnectionRow.get_or_none(ConnectionRow.id == connection_id)
        return self._from_row(row) if row else None

    def named(self, name: str) -> Connection | None:
        """The connection with this name, once it is stored; the file's where the pages have one too."""
        with self._db.read():
            rows = list(ConnectionRow.select().where(ConnectionRow.name == name))
        rows.sort(key=lambda row: not row.provisioned)
        return next((found for row in rows if (found := self._from_row(row)) is not None), None)

    def all(self) -> Iterator[tuple[Connection, str]]:
        """Every connection of the file, then of the pages, with the error that switched it off ("" if none).

        One that cannot be used has no settings; it is shown for its error alone.
        """
        with self._db.read():
            rows = list(ConnectionRow.select().order_by(ConnectionRow.name))
        provisioned = {row.name: row for row in rows if row.provisioned}
        for name in list(self.in_file):
            connection = self._from_row(provisioned[name]) if name in provisioned else None
            if connection is not None:
                yield connection, provisioned[name].error
        for row in rows:
            if not row.provisioned:
                yield self.shown(row)

    def shown(self, row: ConnectionRow) -> tuple[Connection, str]:
        """A connection of the pages as it is shown, also where it cannot be used, with its error."""
        unusable = Connection(row.id, row.name, row.connector, {}, _identity(row), active=False)
        error = row.error if row.disconnected_at is not None else self.trouble(row) or row.error
        return self._from_row(row) or unusable, error

    def row(self, connection_id: int) -> ConnectionRow:
        """What is stored of a connection."""
        with self._db.read():
            row: ConnectionRow = ConnectionRow.get_by_id(connection_id)
        return row

    def connector(self, connection: Connection) -> Connector:
        """The connector a connection belongs to."""
        return self._plugins.connectors[connection.connector]

    def connector_named(self, name: str) -> Connector:
        """The connector with this name. Raises `ConfigError` naming those there are."""
        if name not in self._plugins.connectors:
            mend = nearest(name, sorted(self._plugins.connectors), "The enabled plugins offer")
            raise ConfigError("connector", f'no enabled plugin offers "{name}"', mend)
        return self._plugins.connectors[name]

    def _from_row(self, row: ConnectionRow) -> Connection | None:
        configured = self.in_file.get(row.name)
        active = row.active
        if not row.provisioned:
            active = active and configured is None
            configured = self._stored.load(row).settings
        if configured is None or configured.connector != row.connector:
            return None
        if row.provisioned and row.settings_hash and row.settings_hash != configured.fingerprint:
            # What the file says now is not verified yet: until it is, what was verified goes on, where it is known.
            active = row.active and row.settings_hash in self._known
            configured = self._known.get(row.settings_hash, configured)
        return Connection(
            id=row.id,
            name=row.name,
            connector=row.connector,
            settings=configured.settings if row.disconnected_at is None else _without_secrets(configured.settings),
            identity=_identity(row),
            active=active,
            generation=row.generation,
        )

    # --------------------------------------------------------------------------------------------- calls

    def http(
        self,
        connection: Connection,
        priority: Priority,
        patience: Stopped | None = None,
        at_most: float = math.inf,
    ) -> HttpClient:
        """A client for calls to the connection's account, each under the budget at this priority; see `Pacing`."""
        return self.paced(connection.id, self.connector(connection), connection.settings, priority, patience, at_most)

    def paced(
        self,
        connection_id: int,
        connector: Connector,
        settings: Mapping[str, Any],
        priority: Priority,
        patience: Stopped | None = None,
        at_most: float = math.inf,
        *,
        on_trial: bool = False,
    ) -> HttpClient:
        """The same for settings that the connection does not have yet; what is only `on_trial` says nothing of it."""
        budget = Budget(self._db, connection_id, int(settings["requests_per_minute"]), connector.lanes)
        pacing = Pacing(budget, connector, priority, self._clock, patience, at_most)

        def learn(status: int, headers: Mapping[str, str], charge: Charge) -> None:
            if not on_trial:
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
            if row.active and refused != (row.error in REFUSALS) and row.error in ("", *REFUSALS):
                words = CREDENTIAL_REFUSED if row.provisioned else CREDENTIAL_REFUSED_ON_PAGE
                error = words if refused else ""
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
            # An address outside the vendor's domains comes from the config file, or is allowed there: a simulator, a
            # test account or a proxy, which may well stand on a private network.
            allow_private=not is_own_host(urlsplit(base_url).hostname or "", connector.domains),
        )


def _identity(row: ConnectionRow) -> Identity | None:
    stored = row.identity
    return Identity(**{**stored, "warnings": tuple(stored.get("warnings", ()))}) if stored else None


def _without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: Secret("") if isinstance(value, Secret) else value for key, value in settings.items()}
