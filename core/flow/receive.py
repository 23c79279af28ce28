"""A vendor's call comes in: token, signature, stored once, answered; nothing else happens in the request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.domain import Connection, Inbound
from core.errors import AuthFailed, BadPayload, RelaydeskError
from core.flow import inbox
from core.runtime import Runtime
from core.store.models import ConnectionRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status for the vendor, and a word for whoever debugs the call."""

    status: int
    words: str


NOT_FOUND = Answer(404, "no such address")
"""The same for an unknown connector, a forged token and a stale one: a guesser learns nothing."""


def receive(runtime: Runtime, connector_name: str, token: str, raw: bytes, headers: Mapping[str, str]) -> Answer:
    """Take one webhook call.

    A 2xx is given only once every event of the body is committed to disk; trouble of our own is 503, so that the
    vendor tries again.
    """
    try:
        return _receive(runtime, connector_name, token, raw, headers)
    except Exception:
        log.exception("a webhook call for %s could not be stored", connector_name)
        return Answer(503, "try again")


def _receive(runtime: Runtime, connector_name: str, token: str, raw: bytes, headers: Mapping[str, str]) -> Answer:
    connection = _connection_for(runtime, connector_name, token)
    if connection is None:
        return NOT_FOUND
    connector = runtime.connections.connector(connection)
    try:
        connector.authenticate(raw, headers, connection)
    except AuthFailed as problem:
        log.warning("a call for connection %s was refused: %s", connection.name, problem)
        with runtime.db.write():
            ConnectionRow.update(refused_calls=ConnectionRow.refused_calls + 1).where(
                ConnectionRow.id == connection.id
            ).execute()
        return Answer(401, "the signature does not fit")
    try:
        found = connector.split(raw)
    except BadPayload as problem:
        inbox.store_rejection(runtime.db, connection.id, raw, str(problem))
        return Answer(400, str(problem))
    stored = _store(runtime, connection, found)
    if stored:
        runtime.db.signal()
    return Answer(200, f"{stored} stored")


def _connection_for(runtime: Runtime, connector_name: str, token: str) -> Connection | None:
    read = runtime.tokens.read(token)
    if read is None:
        return None
    connection_id, generation = read
    connection = runtime.connections.get(connection_id)
    if connection is None:
        _raise_trouble(runtime, connection_id)
    if connection is None or connection.connector != connector_name or not connection.inbound:
        return None
    if generation != connection.generation:
        log.warning("connection %s was called at an address of an earlier generation", connection.name)
        with runtime.db.write():
            ConnectionRow.update(stale_calls=ConnectionRow.stale_calls + 1).where(
                ConnectionRow.id == connection.id
            ).execute()
        return None
    return connection


def _raise_trouble(runtime: Runtime, connection_id: int) -> None:
    """Raise for a connection that only cannot be used just now: its vendor shall try again rather than give up."""
    with runtime.db.read():
        row = ConnectionRow.get_or_none(ConnectionRow.id == connection_id)
    if row is None or row.disconnected_at is not None:
        return
    if trouble := runtime.connections.trouble(row):
        raise RelaydeskError(f"connection {row.name}: {trouble}")


def _store(runtime: Runtime, connection: Connection, found: list[Inbound]) -> int:
    connector = runtime.connections.connector(connection)
    dedupe = timedelta(hours=float(connection.settings["dedupe_hours"]))
    stored = 0
    with runtime.db.write():
        for inbound in found:
            stored += inbox.store_event(
                runtime.db, connection.id, inbound, known=connector.knows(inbound.kind), dedupe=dedupe
            )
        inbox.note_arrival(connection.id, runtime.db.now())
    return stored
