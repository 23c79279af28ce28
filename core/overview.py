"""What a page tells of connections: each with its state and origin, and what is left to do until its events arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.connecting import NoConnection, is_used, place_in_file
from core.domain import Connection, Guide, Identity
from core.jobs.backfill_requests import Progress, can_backfill, progress
from core.remarks import remarks
from core.runtime import Runtime
from core.store.models import ConnectionRow


@dataclass(frozen=True, slots=True)
class Overview:
    """A connection in a list.

    `state` is active, polled (since its webhooks fell silent), off, clashing (the file has one of its name) or
    disconnected; `error` says why it is off, or what is wrong though it works. `origin` is file or pages, and `place`
    says where in the file. `revision` is for saving what was seen, see `connecting.test_and_save`.
    """

    id: int
    name: str
    connector: str
    label: str
    origin: str
    place: str
    state: str
    error: str
    identity: Identity | None
    last_event_at: datetime | None
    waits_for_first_event: bool
    verified_at: datetime | None
    saved_by: str
    saved_at: datetime | None
    revision: int
    remarks: tuple[str, ...]
    connection: Connection

    @property
    def editable(self) -> bool:
        """Whether the pages may change it."""
        return self.origin == "pages"


@dataclass(frozen=True, slots=True)
class Setup:
    """What is to be done at the vendor until events arrive, and how the import of the past goes.

    `url` is the webhook address, a secret, and `guide` what to do with it; both are None while it is disconnected or
    cannot be used. `farewell` is what to delete at the vendor while it is disconnected. `can_backfill` says whether
    there can be an import, `used` whether anything has ever come in: then it cannot be deleted.
    """

    overview: Overview
    url: str | None
    guide: Guide | None
    farewell: Guide | None
    can_backfill: bool
    used: bool
    backfill: Progress | None


def overviews(runtime: Runtime) -> list[Overview]:
    """All connections: those of the file first, then those of the pages, also ones that cannot be used."""
    return [_overview(runtime, connection, error) for connection, error in runtime.connections.all()]


def overview(runtime: Runtime, connection_id: int) -> Overview:
    """One of them. Raises `NoConnection`."""
    for connection, error in _found(runtime, connection_id):
        return _overview(runtime, connection, error)
    raise NoConnection("there is no such connection; it may have been deleted, or have left the configuration file")


def setup(runtime: Runtime, connection_id: int) -> Setup:
    """What the page of a connection needs beside its form. Raises `NoConnection`."""
    shown = overview(runtime, connection_id)
    connection = shown.connection
    cut = shown.state == "disconnected"
    reachable = bool(connection.settings) and not cut
    url = webhook_url(runtime, connection) if reachable and connection.inbound else None
    guide = runtime.connections.connector(connection).setup_guide(connection, url) if url else None
    farewell = farewell_guide(runtime, connection) if cut else None
    imports = reachable and can_backfill(runtime, connection)
    with runtime.db.read():
        used = is_used(connection_id)
    return Setup(shown, url, guide, farewell, imports, used, progress(runtime, connection_id))


def farewell_guide(runtime: Runtime, connection: Connection) -> Guide | None:
    """What to delete at the vendor once a connection is cut; None for one whose settings cannot be read."""
    return runtime.connections.connector(connection).farewell_guide(connection) if connection.settings else None


def webhook_url(runtime: Runtime, connection: Connection) -> str:
    """The present webhook address of a connection: whoever has it can post events."""
    token = runtime.tokens.make(connection.id, connection.generation)
    return f"{runtime.config.server.base_url}/webhooks/{connection.connector}/{token}"


def _found(runtime: Runtime, connection_id: int) -> Iterator[tuple[Connection, str]]:
    return ((one, error) for one, error in runtime.connections.all() if one.id == connection_id)


def _overview(runtime: Runtime, connection: Connection, error: str) -> Overview:
    row = runtime.connections.row(connection.id)
    connector = runtime.plugins.connectors.get(connection.connector)
    state = _state(runtime, row, connection)
    return Overview(
        id=connection.id,
        name=connection.name,
        connector=connection.connector,
        label=connector.label if connector else connection.connector,
        origin="file" if row.provisioned else "pages",
        place=place_in_file(runtime, row) if row.provisioned else "",
        state=state,
        error=error,
        identity=connection.identity,
        last_event_at=row.last_event_at,
        waits_for_first_event=connection.active and connection.inbound and row.last_event_at is None,
        verified_at=row.verified_at,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
        revision=row.revision,
        remarks=tuple(remarks(runtime.db, [connection])[connection.id]),
        connection=connection,
    )


def _state(runtime: Runtime, row: ConnectionRow, connection: Connection) -> str:
    if row.disconnected_at is not None:
        return "disconnected"
    if not row.provisioned and row.name in runtime.connections.in_file:
        return "clashing"
    if not connection.active:
        return "off"
    return "polled" if row.polling_since is not None else "active"
