"""Connections are verified at the vendor and switched on or off; those of the file are brought into the store."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from core.accounts import refuse_a_second
from core.config import ConnectionConfig
from core.connections import DOUBTED, REFUSALS
from core.domain import Identity, Priority
from core.errors import VERIFY_FAMILY, ConfigError, RelaydeskError, RetryLater, VendorError
from core.runtime import Runtime
from core.store.models import NOT_HELD, BackfillRow, ConnectionRow, DestinationRow, LeaseRow

log = logging.getLogger(__name__)

SAME_START = timedelta(seconds=60)
"""Processes that start together ask the vendor once: a refusal this young is not asked for again."""
LOOK_AGAIN = timedelta(hours=1)
"""How often a connection that works is verified again: agents, roles, groups and fields change at the vendor."""


def verify(runtime: Runtime, configured: ConnectionConfig) -> Identity:
    """Ask the vendor whether these settings work, keeping nothing.

    Raises `ConfigError` naming the setting and the mend, or `RetryLater` where no answer could be had.
    """
    connections = runtime.connections
    connector = connections.connector_named(configured.connector)
    with runtime.db.read():
        row = ConnectionRow.get_or_none(_key(configured))
    if row is None:
        http = connections.client(connector, configured.settings)
    else:
        http = connections.paced(row.id, connector, configured.settings, Priority.SYNC)
    try:
        return connector.verify(configured.settings, http)
    except VendorError as problem:
        after = problem.after if isinstance(problem, RetryLater) else None
        words = f"{VERIFY_FAMILY}: {problem}"
    raise RetryLater(words, after=after)


def provision(runtime: Runtime, *, at_start: bool = False) -> None:
    """Bring the stored connections in step with the file: verify what is new, changed or was out of reach.

    One that fails is switched off and shows why; what it had is kept, and the others go on. After an outage it is
    tried again each time; what the vendor refused waits for a changed file, or `at_start` for a service that starts
    anew: the mend may have been made at the vendor. One that works is looked at again from time to time. One that has
    left the file is switched off, and one that was disconnected stays so. Those of the pages were verified when they
    were stored, and are only looked at again.
    """
    wanted = dict(runtime.connections.in_file)
    for configured in wanted.values():
        row = row_for(runtime, configured)
        if row.disconnected_at is not None:
            continue
        if _is_due(runtime, row, configured, at_start):
            verify_row(runtime, row, configured)
        elif row.active and _is_doubted(runtime, row):
            look_again(runtime, row, configured)
    for row in runtime.connections.made_on_pages():
        stored = runtime.connections.stored(row)
        if row.active and stored is not None and row.name not in wanted and _is_doubted(runtime, row):
            look_again(runtime, row, stored)
    with runtime.db.write():
        ConnectionRow.update(active=False, error="it is no longer in the configuration file").where(
            ConnectionRow.provisioned, ConnectionRow.name.not_in(list(wanted)) if wanted else ConnectionRow.id > 0
        ).execute()


def row_for(runtime: Runtime, configured: ConnectionConfig) -> ConnectionRow:
    """The stored row of a connection; one of the file is made if there is none yet."""
    with runtime.db.write():
        if configured.stored_id is None:
            runtime.db.insert_ignore(
                ConnectionRow,
                name=configured.name,
                connector=configured.connector,
                active=False,
                error="not verified yet",
                created_at=runtime.db.now(),
            )
        row: ConnectionRow = ConnectionRow.get(_key(configured))
        return row


def _key(configured: ConnectionConfig) -> Any:
    if configured.stored_id is not None:
        return ConnectionRow.id == configured.stored_id
    return (ConnectionRow.name == configured.name) & ConnectionRow.provisioned


def _is_due(runtime: Runtime, row: ConnectionRow, configured: ConnectionConfig, at_start: bool) -> bool:
    if row.active and row.identity and row.settings_hash == configured.fingerprint:
        return False
    if row.refused_hash != configured.fingerprint:
        return True
    return at_start and (row.tried_at is None or runtime.db.now() - row.tried_at > SAME_START)


def _is_doubted(runtime: Runtime, row: ConnectionRow) -> bool:
    """Whether it is time to verify a connection that works once more; sooner while it shows that something is wrong."""
    wait = DOUBTED if row.error else LOOK_AGAIN
    return row.tried_at is None or bool(runtime.db.now() - row.tried_at >= wait)


def look_again(runtime: Runtime, row: ConnectionRow, configured: ConnectionConfig) -> None:
    """Verify a connection that works once more, and let it show what has changed at the vendor.

    It is not switched off for that: what still works goes on, and nothing that arrives is lost.
    """
    values: dict[str, object] = {}
    try:
        identity = verify(runtime, configured)
        values = {"error": "", "identity": _as_json(identity)}
        with runtime.db.read():
            refuse_a_second(runtime, configured, identity, row.id)
    except VendorError as problem:
        log.info("connection %s could not be verified again: %s", row.name, problem)
    except RelaydeskError as problem:
        values = {"error": str(problem)}
        log.error("connection %s does not work as it did: %s", row.name, problem)
    with runtime.db.write():
        if values.get("error") and ConnectionRow.get_by_id(row.id).error in REFUSALS:
            values = {}  # that ends by itself with the first call that is let in
        # Of settings that a person has changed meanwhile it says nothing.
        ConnectionRow.update(tried_at=runtime.db.now(), **values).where(
            ConnectionRow.id == row.id, ConnectionRow.active, ConnectionRow.revision == row.revision
        ).execute()


def verify_row(runtime: Runtime, row: ConnectionRow, configured: ConnectionConfig) -> tuple[Identity | None, str]:
    """Verify a stored connection, and switch it on or off accordingly; returns its identity, or why it has none."""
    identity: Identity | None = None
    error = ""
    refused = True
    try:
        identity = verify(runtime, configured)
    except VendorError as problem:
        error = str(problem)
        refused = False
    except RelaydeskError as problem:
        error = str(problem)
    with runtime.db.exclusively():
        now = runtime.db.now()
        if identity is not None:
            try:
                refuse_a_second(runtime, configured, identity, row.id)
            except ConfigError as problem:
                identity = None
                error = f"{problem} Then `relaydesk connections verify {row.name}` connects this one"
        values = {
            "connector": configured.connector,
            "active": identity is not None,
            "error": error,
            "tried_at": now,
            "refused_hash": configured.fingerprint if error and refused else "",
        }
        if identity is not None:
            values |= {"identity": _as_json(identity), "settings_hash": configured.fingerprint, "verified_at": now}
        # One that was disconnected while the vendor was asked stays disconnected.
        same = (ConnectionRow.id == row.id, ConnectionRow.disconnected_at.is_null())
        if ConnectionRow.update(**values).where(*same).execute() == 1 and identity is not None:
            note_connected(runtime, row.id, configured, now)
    runtime.db.signal()
    if error:
        log.error("connection %s is switched off: %s", row.name, error)
    return identity, error


def switch_on(runtime: Runtime, configured: ConnectionConfig, identity: Identity, revision: int) -> None:
    """Connect what was verified just now, also where it had been disconnected.

    `revision` is that of the row before the vendor was asked. Raises `ConfigError` if somebody has changed or
    disconnected it meanwhile, and if another connection has the account already.
    """
    row = row_for(runtime, configured)
    with runtime.db.exclusively():
        refuse_a_second(runtime, configured, identity, row.id)
        now = runtime.db.now()
        same = (ConnectionRow.id == row.id, ConnectionRow.revision == revision)
        if ConnectionRow.update(**switched_on(row, configured, identity, now)).where(*same).execute() != 1:
            problem = "it was changed or disconnected while the vendor was asked"
            raise ConfigError(row.name, problem, "Look at what it is now.")
        note_connected(runtime, row.id, configured, now)
    runtime.db.signal()


def switched_on(row: ConnectionRow, configured: ConnectionConfig, identity: Identity, now: datetime) -> dict[str, Any]:
    """The values by which a row becomes that of a connection that works as of now."""
    return {
        "connector": configured.connector,
        "active": True,
        "error": "",
        "tried_at": now,
        "verified_at": now,
        "refused_hash": "",
        "disconnected_at": None,
        "last_event_at": row.last_event_at if row.disconnected_at is None else None,
        "identity": _as_json(identity),
        "settings_hash": configured.fingerprint,
    }


def note_connected(runtime: Runtime, connection_id: int, configured: ConnectionConfig, now: datetime) -> None:
    """What goes with a connection that works as of now, inside the transaction in which it is switched on."""
    _note_first_connection(runtime, connection_id, configured, now)
    # What came in meanwhile has been waiting for this.
    LeaseRow.update(next_at=now).where(LeaseRow.connection == connection_id, LeaseRow.next_at.is_null(False)).execute()
    # So has what is to be written there; one that is held back for a day need not wait for that to be over.
    held = (DestinationRow.connection == configured.name) & DestinationRow.held_until.is_null(False)
    DestinationRow.update(**NOT_HELD).where(held).execute()


def _note_first_connection(runtime: Runtime, connection_id: int, configured: ConnectionConfig, now: datetime) -> None:
    """The border between the past and what is to be answered; the past is imported once (behaviour 93).

    Vendors tell whole seconds: what was written in the very second of the connection is of the second kind.
    """
    now = now.replace(microsecond=0)
    first = ConnectionRow.update(connected_at=now).where(
        ConnectionRow.id == connection_id, ConnectionRow.connected_at.is_null()
    )
    days = float(configured.settings.get("backfill_days", 0))
    connector = runtime.connections.connector_named(configured.connector)
    imports = configured.settings.get("inbound", True) and "backfill" in connector.capabilities
    if first.execute() == 1 and days > 0 and imports:
        since = now - timedelta(days=days)
        runtime.db.insert_ignore(BackfillRow, connection=connection_id, since=since, until=now, created_at=now)


def configured_connection(runtime: Runtime, name: str) -> ConnectionConfig:
    """The connection of the file or the pages with this name; raises `ConfigError` naming those there are."""
    configured = runtime.connections.configured
    if name not in configured:
        for row in runtime.connections.made_on_pages():
            if row.name == name:
                raise ConfigError(name, "it cannot be used", runtime.connections.trouble(row))
        known = ", ".join(configured) or "none"
        raise ConfigError("connections", f"there is no connection {name!r}", f"The configured ones are: {known}.")
    return configured[name]


def _as_json(identity: Identity) -> dict[str, object]:
    return {
        "agent_id": identity.agent_id,
        "agent_name": identity.agent_name,
        "agent_email": identity.agent_email,
        "account": identity.account,
        "details": dict(identity.details),
        "warnings": list(identity.warnings),
    }
