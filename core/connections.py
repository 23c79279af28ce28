"""The configured accounts: read from the file, verified at the vendor, and opened for calls under their budget."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from core.clock import Clock
from core.config import Config, ConnectionConfig
from core.connector import Connector
from core.domain import Connection, Identity, Priority
from core.errors import ConfigError, RelaydeskError, RetryLater, VendorError
from core.http import HttpClient
from core.plugin_manager import Plugins
from core.store.budget import Budget
from core.store.database import Database
from core.store.models import ConnectionRow, LeaseRow

log = logging.getLogger(__name__)


class Connections:
    """All connections of this service, looked up by id or name, with what their settings and the vendor say."""

    def __init__(self, config: Config, plugins: Plugins, db: Database, clock: Clock) -> None:
        self._configured = {connection.name: connection for connection in config.connections}
        self._plugins = plugins
        self._db = db
        self._clock = clock

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
        for name in self._configured:
            connection = self._from_row(rows[name]) if name in rows else None
            if connection is not None:
                yield connection, rows[name].error

    def last_event_at(self, connection_id: int) -> datetime | None:
        """When the vendor last called for this connection; None if it never has."""
        with self._db.read():
            row = ConnectionRow.get_or_none(ConnectionRow.id == connection_id)
        return row.last_event_at if row else None

    def connector(self, connection: Connection) -> Connector:
        """The connector a connection belongs to."""
        return self._plugins.connectors[connection.connector]

    def _from_row(self, row: ConnectionRow) -> Connection | None:
        configured = self._configured.get(row.name)
        if configured is None or configured.connector != row.connector:
            return None
        return Connection(
            id=row.id,
            name=row.name,
            connector=row.connector,
            settings=configured.settings,
            identity=Identity(**row.identity) if row.identity else None,
            active=row.active,
            generation=row.generation,
        )

    # --------------------------------------------------------------------------------------------- calls

    def http(self, connection: Connection, priority: Priority) -> HttpClient:
        """A client for calls to the connection's account, each under the budget at this priority."""
        return self._paced(connection.id, self.connector(connection), connection.settings, priority)

    def _paced(
        self, connection_id: int, connector: Connector, settings: Mapping[str, Any], priority: Priority
    ) -> HttpClient:
        budget = Budget(self._db, connection_id, int(settings["requests_per_minute"]))

        def spend() -> None:
            wait = budget.take(priority)
            if wait > 0:
                raise RetryLater("the budget of calls a minute is used up", after=wait)

        def learn(status: int, headers: Mapping[str, str]) -> None:
            if status == 429:
                budget.shut(_seconds(headers.get("Retry-After"), 60.0))
            limit = _number(headers.get("X-RateLimit-Total"))
            remaining = _number(headers.get("X-RateLimit-Remaining"))
            if limit is not None or remaining is not None:
                budget.learn(limit, remaining)

        return self._client(connector, settings, spend, learn)

    def _client(
        self,
        connector: Connector,
        settings: Mapping[str, object],
        spend: Callable[[], None] | None = None,
        learn: Callable[[int, Mapping[str, str]], None] | None = None,
    ) -> HttpClient:
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

    # -------------------------------------------------------------------------------------- provisioning

    def verify(self, configured: ConnectionConfig) -> Identity:
        """Ask the vendor whether these settings work, keeping nothing.

        Raises `ConfigError` naming the setting and the mend, or a `VendorError` where no answer could be had.
        """
        connector = self._plugins.connectors[configured.connector]
        with self._db.read():
            row = ConnectionRow.get_or_none(ConnectionRow.name == configured.name)
        if row is None:
            return connector.verify(configured.settings, self._client(connector, configured.settings))
        http = self._paced(row.id, connector, configured.settings, Priority.SYNC)
        return connector.verify(configured.settings, http)

    def provision(self) -> list[tuple[str, Identity | None, str]]:
        """Bring the stored connections in step with the file: verify what is new, changed or was out of reach.

        Returns name, identity and error of each. A connection that fails is switched off and shows why; what
        it had is kept, and the others go on. One that has left the file is switched off.
        """
        results: list[tuple[str, Identity | None, str]] = []
        for configured in self._configured.values():
            row = self._row_for(configured)
            if row.active and row.identity and row.settings_hash == configured.fingerprint:
                results.append((row.name, Identity(**row.identity), ""))
                continue
            results.append(self._verify_row(row, configured))
        with self._db.write():
            ConnectionRow.update(active=False, error="it is no longer in the configuration file").where(
                ConnectionRow.name.not_in(list(self._configured)) if self._configured else ConnectionRow.id > 0
            ).execute()
        return results

    def _row_for(self, configured: ConnectionConfig) -> ConnectionRow:
        with self._db.write():
            self._db.insert_ignore(
                ConnectionRow,
                name=configured.name,
                connector=configured.connector,
                active=False,
                error="not verified yet",
                created_at=self._db.now(),
            )
            row: ConnectionRow = ConnectionRow.get(ConnectionRow.name == configured.name)
            return row

    def _verify_row(self, row: ConnectionRow, configured: ConnectionConfig) -> tuple[str, Identity | None, str]:
        identity: Identity | None = None
        error = ""
        try:
            identity = self.verify(configured)
        except ConfigError as problem:
            error = str(problem)
        except VendorError as problem:
            error = f"the vendor could not be asked: {problem}"
        except RelaydeskError as problem:
            error = str(problem)
        with self._db.write():
            row.connector = configured.connector
            row.active = identity is not None
            row.error = error
            if identity is not None:
                row.identity = {
                    "agent_id": identity.agent_id,
                    "agent_name": identity.agent_name,
                    "agent_email": identity.agent_email,
                    "account": identity.account,
                    "details": dict(identity.details),
                }
                row.settings_hash = configured.fingerprint
                row.verified_at = self._db.now()
                # What came in meanwhile has been waiting for this.
                LeaseRow.update(next_at=self._db.now()).where(
                    LeaseRow.connection == row.id, LeaseRow.next_at.is_null(False)
                ).execute()
            row.save()
        self._db.signal()
        if error:
            log.error("connection %s is switched off: %s", row.name, error)
        return row.name, identity, error


def _below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _seconds(text: str | None, otherwise: float) -> float:
    number = _number(text)
    return otherwise if number is None else float(number)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdigit() else None
