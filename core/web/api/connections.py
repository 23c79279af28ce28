"""Connections over the API: the connected accounts without their secrets, and the import of what they hold."""

from __future__ import annotations

from typing import Any

from flask import url_for
from marshmallow import fields, validate

from core import overview
from core.access.tokens import Scope
from core.connecting import NoConnection
from core.errors import ConfigError
from core.jobs.backfill_requests import MOST_DAYS, USUAL_DAYS, Progress, cancel_backfill, progress, request_backfill
from core.overview import Overview
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api.fields import Asked, Count, Shown, page_of
from core.web.api.operations import Gone, Resource, by, listed
from core.web.api.shown import integer, moment, string
from core.web.problems import problem

NO_SUCH = "There is no such connection."
NEVER = "There is no such connection, or it never had a backfill."


class Connection(Shown):
    """A connected account, without its secrets: neither credentials nor the webhook's address are ever told."""

    id = integer()
    name = string(example="support")
    connector = string("The vendor's plugin.", example="freshchat")
    label = string("What the vendor is called.", example="Freshchat")
    origin = fields.String(
        validate=validate.OneOf(["file", "pages"]), metadata={"description": "Where it is configured."}
    )
    state = fields.String(
        validate=validate.OneOf(["active", "polled", "off", "clashing", "disconnected"]),
        metadata={"description": "polled since its webhooks fell silent; clashing: the file has one of its name."},
    )
    error = string("Why it is off, or what is wrong though it works.")
    account = string("The account at the vendor.")
    agent_name = string("As whom the AI speaks there.")
    agent_email = string()
    last_event_at = moment(allow_none=True)
    waits_for_first_event = fields.Boolean()
    verified_at = moment(allow_none=True)
    remarks = fields.List(fields.String(), metadata={"description": "What works less well than it could."})


class Backfill(Shown):
    """The import of what waits at a vendor."""

    connection_id = integer()
    state = fields.String(validate=validate.OneOf(["waiting", "running", "done", "cancelled"]))
    since = moment("What changed from then on is imported.")
    until = moment("What came later was told by webhooks.")
    done = integer("How many conversations are done.")
    total = integer("Of how many; null if that is not known yet.", allow_none=True)
    imported = integer("How many were stored.")
    known = integer("How many were here already.")
    gone = integer("How many were gone when they were to be read.")
    error = string("Why it waits.")
    requested_by = string('"" where it was begun with the connection.')
    created_at = moment()
    started_at = moment(allow_none=True)
    ended_at = moment(allow_none=True)


class NewBackfill(Asked):
    """How far to go back."""

    days = Count(
        validate=validate.Range(1, MOST_DAYS),
        metadata={
            "description": f"From when the connection was made; left out, as its settings say, or {USUAL_DAYS:.0f}."
        },
    )


ConnectionPage = page_of(Connection, "ConnectionPage")
BackfillPage = page_of(Backfill, "BackfillPage")


def connections(runtime: Runtime) -> Resource:
    """The operations on connections."""
    resource = Resource("Connections", runtime, "The connected accounts of helpdesks.")
    resource.register_error_handler(NoConnection, lambda _: problem(404, NO_SUCH))

    @resource.operation("GET", "/connections", Scope.READ, answers=ConnectionPage, words="All connections.")
    def list_connections() -> Any:
        """List connections

        Those of the configuration file first, then those of the pages, all on one page.
        """
        return listed(runtime, [_shown(each) for each in overview.overviews(runtime)])

    @resource.operation(
        "GET",
        f"/connections/<{ROW_ID}:connection_id>",
        Scope.READ,
        answers=Connection,
        words="The connection.",
        refuses={404: NO_SUCH},
    )
    def get_connection(connection_id: int) -> Any:
        """Read a connection"""
        return _shown(overview.overview(runtime, connection_id))

    return resource


def backfills(runtime: Runtime) -> Resource:
    """The operations on backfills."""
    resource = Resource("Backfills", runtime, "Imports of what waited at a helpdesk when it was connected.")
    resource.register_error_handler(NoConnection, lambda _: problem(404, NO_SUCH))
    # What is asked for is checked before: it is the connection that cannot do it, or not now.
    resource.register_error_handler(ConfigError, lambda told: problem(409, f"{told.problem}. {told.mend}"))
    place = f"/connections/<{ROW_ID}:connection_id>/backfill"

    @resource.operation("GET", "/backfills", Scope.READ, answers=BackfillPage, words="The last of each connection.")
    def list_backfills() -> Any:
        """List backfills

        The last one of each connection that ever had one, all on one page.
        """
        every = ((one.id, progress(runtime, one.id)) for one in overview.overviews(runtime))
        return listed(runtime, [_progress(number, found) for number, found in every if found is not None])

    @resource.operation("GET", place, Scope.READ, answers=Backfill, words="The last backfill.", refuses={404: NEVER})
    def get_backfill(connection_id: int) -> Any:
        """Read how the backfill of a connection goes"""
        return _read(runtime, connection_id)

    _add_changing(resource, runtime, place)
    return resource


def _add_changing(resource: Resource, runtime: Runtime, place: str) -> None:
    @resource.operation(
        "POST",
        place,
        Scope.ADMINISTER,
        body=NewBackfill,
        bare=True,
        answers=Backfill,
        status=202,
        words="It is about to begin.",
        refuses={404: NO_SUCH, 409: "One is under way, or the connection cannot have any; `detail` says which."},
        tells={"Location": "Where to look how it goes."},
    )
    def start_backfill(given: dict[str, Any], connection_id: int) -> Any:
        """Begin a backfill, also once more

        Open conversations are imported; what is here already stays as it is.
        """
        connection = overview.overview(runtime, connection_id).connection
        request_backfill(runtime, connection, given.get("days"), by())
        where = {"Location": url_for("Backfills.get_backfill", connection_id=connection_id)}
        return _read(runtime, connection_id), where

    @resource.operation(
        "DELETE",
        place,
        Scope.ADMINISTER,
        answers=Backfill,
        words="The backfill that was called off.",
        refuses={404: NEVER, 409: "None is under way."},
    )
    def call_off_backfill(connection_id: int) -> Any:
        """Call a backfill off

        What it has imported stays.
        """
        connection = overview.overview(runtime, connection_id).connection
        _read(runtime, connection_id)
        if not cancel_backfill(runtime, connection, by()):
            return problem(409, "None is under way.")
        return _read(runtime, connection_id)


def _shown(found: Overview) -> dict[str, Any]:
    names = ("id", "name", "connector", "label", "origin", "state", "error", "last_event_at", "waits_for_first_event")
    shown = {name: getattr(found, name) for name in (*names, "verified_at", "remarks")}
    who = found.identity
    return {
        **shown,
        "account": who.account if who else "",
        "agent_name": who.agent_name if who else "",
        "agent_email": who.agent_email if who else "",
    }


def _read(runtime: Runtime, connection_id: int) -> dict[str, Any]:
    overview.overview(runtime, connection_id)
    found = progress(runtime, connection_id)
    if found is None:
        raise Gone(NEVER)
    return _progress(connection_id, found)


def _progress(connection_id: int, found: Progress) -> dict[str, Any]:
    row = found.row
    names = ("since", "until", "imported", "known", "gone", "requested_by", "created_at", "started_at", "ended_at")
    shown = {name: getattr(row, name) for name in names}
    told = {"state": found.state, "done": found.done, "total": found.total, "error": found.error}
    return {"connection_id": connection_id, **shown, **told}
