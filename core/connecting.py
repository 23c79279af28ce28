"""What people do to connections on the pages: make and change them, cut them, connect them again, delete them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.access import audit
from core.accounts import refuse_a_second
from core.config import ConnectionConfig, fingerprint
from core.connector import Connector
from core.destination_settings import NAME
from core.domain import Action, Guide, Identity, Priority
from core.errors import VERIFY_FAMILY, ConfigError, RelaydeskError, RetryLater, VerifyFailed
from core.flow.disconnect import Disconnected, park_in_doubt
from core.flow.disconnect import disconnect as cut
from core.forms import Before, Entered, FieldError, NotSaved, read_form
from core.provisioning import note_connected, switched_on
from core.runtime import Runtime
from core.store.models import (
    BackfillRow,
    BudgetRow,
    ConnectionRow,
    ContactIdentityRow,
    CursorRow,
    DirectoryRow,
    EventRow,
    LeaseRow,
    SessionRow,
)
from core.stored_connections import open_settings, seal_settings, without_secrets

log = logging.getLogger(__name__)

LONGEST_CALL = 10.0
"""Seconds that one call may take while a person waits for the page, whatever is allowed otherwise."""
AGENT_CHANGED = "the connection was given another agent while it was being sent"


class ReadOnly(RelaydeskError):
    """A connection of the configuration file cannot be changed from the pages; the text says where it stands."""


class NoConnection(RelaydeskError):
    """There is no connection of this id, or not any more."""


# ------------------------------------------------------------------------------------------------- test and save


def test_and_save(
    runtime: Runtime,
    connector: str,
    name: str,
    given: Mapping[str, Any],
    by: str,
    existing: int | None = None,
    revision: int | None = None,
) -> Identity:
    """Try settings at the vendor and, if they work, make a connection of them, or change the `existing` one (its id).

    For what `given` may hold see `forms.read_form`. `revision` is that of the row which the person has seen; left out,
    it is that of now. A disconnected connection is connected again, under a new webhook address. Whatever fails,
    nothing is kept: what was there goes on as before, byte for byte. Raises `NotSaved` for what is wrong with the
    fields or at the vendor, `ReadOnly` and `NoConnection`.
    """
    row = None if existing is None else editable(runtime, existing)
    speaking = _connector(runtime, connector, row)
    if row is None:
        _check_name(runtime, name)
    elif revision is not None and row.revision != revision:
        raise _overtaken(row)
    elif row.name in runtime.connections.in_file:
        raise NotSaved(FieldError("", runtime.connections.trouble(row), "Until then it stays off."))
    entered = read_settings(runtime, speaking, given, row)
    with runtime.connections.trying(entered.settings):
        identity = tried(runtime, speaking, entered.settings, row)
        try:
            if row is None:
                _make(runtime, speaking, name, entered, identity, by)
            else:
                _change(runtime, speaking, row, entered, identity, by)
        except ConfigError as problem:
            raise NotSaved(FieldError("", problem.problem, problem.mend)) from None
    runtime.db.signal()
    log.info("connection %s was saved by %s", name if row is None else row.name, by)
    return identity


test_and_save.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test where it is imported


def read_settings(
    runtime: Runtime, connector: Connector, given: Mapping[str, Any], row: ConnectionRow | None
) -> Entered:
    """What was entered into a form, together with what the row has already. Raises `NotSaved`; asks nobody."""
    server = runtime.config.server
    before = None if row is None else _before(runtime, connector, row)
    return read_form(connector, given, before, runtime.config.folder, any_host=server.api_url_on_pages)


def tried(runtime: Runtime, connector: Connector, settings: Mapping[str, Any], row: ConnectionRow | None) -> Identity:
    """Whom the settings speak as at the vendor, outside any transaction. Raises `NotSaved` saying why they do not."""
    hurried = {**settings, "timeout_seconds": min(float(settings["timeout_seconds"]), LONGEST_CALL)}
    if row is None:
        http = runtime.connections.client(connector, hurried)
    else:
        http = runtime.connections.paced(row.id, connector, hurried, Priority.SYNC, on_trial=True)
    try:
        return connector.verify(settings, http)
    except ConfigError as problem:
        headline = VERIFY_FAMILY if isinstance(problem, VerifyFailed) else "Nothing was saved"
        failed = NotSaved(FieldError(problem.key, problem.problem, problem.mend), headline=headline)
    except RelaydeskError as problem:
        wait = f" in {problem.after:.0f} seconds" if isinstance(problem, RetryLater) and problem.after else ""
        failed = NotSaved(
            FieldError("", str(problem), f"Nothing was changed; try again{wait}."), headline=VERIFY_FAMILY
        )
    # Raised out here: the errors above hold what the vendor was sent.
    raise failed


def editable(runtime: Runtime, connection_id: int) -> ConnectionRow:
    """The row of a connection that was made on the pages. Raises `NoConnection`, or `ReadOnly` for one of the file."""
    with runtime.db.read():
        row: ConnectionRow | None = ConnectionRow.get_or_none(ConnectionRow.id == connection_id)
    if row is None:
        raise NoConnection("there is no such connection; it may have been deleted")
    if row.provisioned:
        raise ReadOnly(f"{row.name} is read-only here: it stands in {place_in_file(runtime, row)}. Change it there")
    return row


def place_in_file(runtime: Runtime, row: ConnectionRow) -> str:
    """Where a connection of the file stands: the file and the table."""
    return f'{runtime.config.path}, in the table [[connections]] with name = "{row.name}"'


def _connector(runtime: Runtime, name: str, row: ConnectionRow | None) -> Connector:
    if row is not None and row.connector != name:
        raise NotSaved(FieldError("connector", f"it is a connection of {row.connector}", "Make a new one for another."))
    try:
        return runtime.connections.connector_named(name)
    except ConfigError as problem:
        missing = FieldError("connector", problem.problem, problem.mend)
    raise NotSaved(missing)


def _check_name(runtime: Runtime, name: str) -> None:
    if not re.fullmatch(NAME, name):
        problem = 'must be small letters, digits, "-" and "_" only, beginning with a letter or digit'
        raise NotSaved(FieldError("name", problem, "It becomes part of log lines and pages."))
    if name in runtime.connections.in_file:
        raise NotSaved(FieldError("name", "the configuration file has a connection of this name", "Choose another."))
    if any(row.name == name for row in runtime.connections.made_on_pages()):
        raise _name_taken()


def _name_taken() -> NotSaved:
    return NotSaved(FieldError("name", "there is a connection of this name", "Choose another, or change that one."))


def _overtaken(row: ConnectionRow) -> NotSaved:
    who = f" by {row.saved_by}" if row.saved_by else ""
    problem = f"the connection was changed{who} in the meantime"
    return NotSaved(FieldError("", problem, "Look at what it is now, then enter your change once more."))


def _before(runtime: Runtime, connector: Connector, row: ConnectionRow) -> Before:
    """What a row has. Secrets that cannot be opened any more count as none."""
    stored = row.settings or {}
    present = runtime.connections.stored(row)
    try:
        given = open_settings(runtime.sealer, stored)
    except ConfigError:
        return Before(without_secrets(stored))
    return Before(given, connector.base_url(present.settings) if present is not None else "")


# -------------------------------------------------------------------------------------------------------- storing


def _values(
    runtime: Runtime, connector: Connector, row: ConnectionRow, entered: Entered, identity: Identity, by: str
) -> tuple[dict[str, Any], ConnectionConfig, datetime]:
    now = runtime.db.now()
    digest = fingerprint(connector.name, entered.settings, runtime.config.server.secret_key)
    configured = ConnectionConfig(row.name, connector.name, entered.settings, digest, stored_id=row.id)
    stored = {
        "settings": seal_settings(runtime.sealer, connector.settings_schema(), entered.given),
        "saved_by": by,
        "saved_at": now,
        "revision": row.revision + 1,
    }
    return {**switched_on(row, configured, identity, now), **stored}, configured, now


def _make(runtime: Runtime, connector: Connector, name: str, entered: Entered, identity: Identity, by: str) -> None:
    """Store a new connection with all that goes with it, in one transaction. Raises `NotSaved` for a taken name, and
    `ConfigError` for an account that has a connection.
    """
    new = ConnectionRow(name=name, provisioned=False)
    values, configured, now = _values(runtime, connector, new, entered, identity, by)
    with runtime.db.exclusively():
        made = runtime.db.insert_ignore(ConnectionRow, name=name, provisioned=False, created_at=now, **values)
        if made is None:  # somebody else was faster
            raise _name_taken()
        refuse_a_second(runtime, configured, identity, made)
        note_connected(runtime, made, configured, now)
        audit.note(runtime.db, by, "connection.made", name, {"connector": connector.name})


def _change(
    runtime: Runtime, connector: Connector, row: ConnectionRow, entered: Entered, identity: Identity, by: str
) -> None:
    """Put what works in the place of what was there, unless that has changed since. Raises as `_make`."""
    values, configured, now = _values(runtime, connector, row, entered, identity, by)
    other_agent = bool(row.identity) and row.identity["agent_id"] != identity.agent_id
    parked: list[Action] = []
    with runtime.db.exclusively():
        if other_agent and _address(runtime, connector, row) != connector.base_url(entered.settings):
            _refuse_another_account(row, identity)
        saved = ConnectionRow.update(**values).where(ConnectionRow.id == row.id, ConnectionRow.revision == row.revision)
        if saved.execute() != 1:
            raise _overtaken(ConnectionRow.get_by_id(row.id))
        refuse_a_second(runtime, configured, identity, row.id)
        if other_agent:
            # Whether it was sent can only be seen by who sent it, and that is another one from now on.
            parked = park_in_doubt(row.id, now, AGENT_CHANGED)
        note_connected(runtime, row.id, configured, now)
        _note_change(runtime, row, entered, by)
    for action in parked:
        runtime.plugins.observe("action_settled", action=action)


def _note_change(runtime: Runtime, row: ConnectionRow, entered: Entered, by: str) -> None:
    """Which settings are others now goes into the record, and not what they are."""
    before = present.settings if (present := runtime.connections.stored(row)) else {}
    changed = sorted(key for key, value in entered.settings.items() if before.get(key) != value)
    done = "reconnected" if row.disconnected_at else "changed" if changed else "verified"
    audit.note(runtime.db, by, f"connection.{done}", row.name, {"settings": changed} if changed else {})


def _address(runtime: Runtime, connector: Connector, row: ConnectionRow) -> str:
    present = runtime.connections.stored(row)
    return connector.base_url(present.settings) if present is not None else ""


def _refuse_another_account(row: ConnectionRow, identity: Identity) -> None:
    """Conversations of two accounts must never meet in one connection: their ids may be the same."""
    if is_used(row.id):
        problem = f"{identity.account} has another agent for the AI than the account whose conversations {row.name} has"
        mend = "Make a new connection for another account; for the same one, change the address first, then the agent."
        raise NotSaved(FieldError("", problem, mend))


# --------------------------------------------------------------------------------------- cut, and connected again


def disconnect(runtime: Runtime, connection_id: int, by: str) -> tuple[Disconnected, Guide | None]:
    """Cut a connection of the pages: what that ended, and what to delete at the vendor (None if that is not known).

    Its sessions stay, its webhook address is void, and its credential is erased here. Raises `ReadOnly`,
    `NoConnection`, and `ConfigError` if it is disconnected already.
    """
    row = editable(runtime, connection_id)
    connection, _ = runtime.connections.shown(row)
    farewell = None
    if connection.settings:
        farewell = runtime.connections.connector(connection).farewell_guide(connection)
    ended = cut(runtime, connection, by)
    log.info("connection %s was disconnected by %s", row.name, by)
    return ended, farewell


def delete(runtime: Runtime, connection_id: int, by: str) -> None:
    """Delete a connection of the pages to which nothing has ever come in. Raises `ReadOnly`, `NoConnection`, and
    `ConfigError` for one that has conversations: those are kept.
    """
    row = editable(runtime, connection_id)
    with runtime.db.write():
        if is_used(row.id):
            raise ConfigError(row.name, "it has conversations, which are kept", "Disconnect it instead.")
        for table in (BudgetRow, CursorRow, BackfillRow, DirectoryRow):
            table.delete().where(table.connection == row.id).execute()
        ConnectionRow.delete().where(ConnectionRow.id == row.id).execute()
        audit.note(runtime.db, by, "connection.deleted", row.name)
    log.info("connection %s was deleted by %s", row.name, by)


def is_used(connection_id: int) -> bool:
    """Whether anything has come in for a connection, so that something would be lost with it. Inside a transaction."""
    tables = (LeaseRow, EventRow, SessionRow, ContactIdentityRow)
    return any(table.select().where(table.connection == connection_id).exists() for table in tables)
