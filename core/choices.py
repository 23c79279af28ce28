"""What a form lets people choose from: agents, groups and checkbox fields, read at the vendor within a page load."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core import directory
from core.connecting import editable, read_settings, tried
from core.connector import Connector
from core.domain import Connection, Named, Priority
from core.errors import BadPayload, ConfigError, RetryLater, VendorError
from core.forms import PICKS, Choice
from core.http import HttpClient
from core.runtime import Runtime

MOST = 500
"""Choices that are read: somebody with more agents types the id."""
MOST_SECONDS = 8.0
ONE_CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from, by name; `more` if there is more than was read, `problem` if reading failed."""

    choices: tuple[Choice, ...] = ()
    more: bool = False
    problem: str = ""


def choices(runtime: Runtime, connection: Connection, what: str) -> Choices:
    """What the account of a connection has of `what`: agents, groups or checkbox_fields.

    The calls count towards its budget, behind replies to customers. The AI's own agent is not among the agents: nothing
    is handed over to it. What is found goes into the directory of names too. Nothing raises: a `problem` is told.
    """
    if not connection.active:
        return Choices(problem="the connection is switched off; its error says why")
    connector = runtime.connections.connector(connection)
    http = runtime.connections.paced(
        connection.id, connector, _hurried(connection.settings), Priority.SYNC, on_trial=True
    )
    found = _read(connector, connection, http, what)
    directory.keep(runtime.db, connection.id, what, found[0])
    return _offered(connector, found, connection.agent_id, what)


def choices_of(runtime: Runtime, connection: Connection, wanted: Iterable[str]) -> dict[str, Choices]:
    """The same for all that a form offers: while the vendor is slow or silent, the page does not wait for the rest."""
    found: dict[str, Choices] = {}
    late = time.monotonic() + ONE_CALL_SECONDS
    for what in wanted:
        if found and time.monotonic() > late:
            label = runtime.connections.connector(connection).label
            found[what] = Choices(problem=f"{label} is slow to answer just now, so it was not asked for these")
        else:
            found[what] = choices(runtime, connection, what)
    return found


def choices_for_form(
    runtime: Runtime, connector: str, given: Mapping[str, Any], wanted: Iterable[str], existing: int | None = None
) -> dict[str, Choices]:
    """The same for what stands in a form and is not saved, new or for the connection `existing`; see `test_and_save`.

    Raises `NotSaved` for what is wrong with the fields or at the vendor, as saving would; nothing is kept.
    """
    row = None if existing is None else editable(runtime, existing)
    speaking = runtime.connections.connector_named(connector)
    entered = read_settings(runtime, speaking, given, row)
    settings = _hurried(entered.settings)
    with runtime.connections.trying(settings):
        # Who the AI is at the vendor tells only this, and with it whether the rest can be read at all.
        identity = tried(runtime, speaking, settings, row)
        if row is None:
            http = runtime.connections.client(speaking, settings)
        else:
            http = runtime.connections.paced(row.id, speaking, settings, Priority.SYNC, on_trial=True)
        connection = Connection(existing or 0, "", connector, settings, identity)
        return {
            what: _offered(speaking, _read(speaking, connection, http, what), identity.agent_id, what)
            for what in wanted
        }


def _hurried(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {**settings, "timeout_seconds": min(float(settings["timeout_seconds"]), ONE_CALL_SECONDS)}


def _read(connector: Connector, connection: Connection, http: HttpClient, what: str) -> tuple[list[Named], bool, str]:
    """What was read, whether there is more, and what went wrong."""
    if what not in PICKS:
        raise ConfigError("what", f'there is nothing called "{what}" to choose from', f"There are {', '.join(PICKS)}.")
    found: list[Named] = []
    until = time.monotonic() + MOST_SECONDS
    try:
        for one in connector.named(what, connection, http):
            if len(found) == MOST or time.monotonic() > until:
                return found, True, ""
            found.append(one)
    except (VendorError, BadPayload) as problem:
        wait = (
            f"; try again in {problem.after:.0f} seconds" if isinstance(problem, RetryLater) and problem.after else ""
        )
        return found, True, f"{connector.label} did not tell its {what.replace('_', ' ')}: {problem}{wait}"
    return found, False, ""


def _offered(connector: Connector, found: tuple[list[Named], bool, str], ai: str, what: str) -> Choices:
    entries, more, problem = found
    offered = [
        Choice(one.id, f"{one.name} <{one.email}>" if one.name and one.email else one.name or one.email or one.id)
        for one in entries
        if not (what == "agents" and one.id == ai)
    ]
    return Choices(tuple(sorted(offered, key=lambda each: (each.label.casefold(), each.value))), more, problem)
