"""Events over the API: what came from the helpdesks, and what could not be read, to be read again."""

from __future__ import annotations

import dataclasses
from typing import Any

from marshmallow import fields

from core.access.tokens import Scope
from core.domain import EventSource
from core.flow import again
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api import shown
from core.web.api.fields import Paging, number_of, one_of, text
from core.web.api.operations import LINKS, NO_PLACE, Gone, Resource, by, listed
from core.web.queries.activity import EventFilter, list_events, open_event

NO_SUCH = "There is no such event."


class EventQuery(Paging):
    """Which events are wanted; what is left out is left open."""

    state = fields.String(
        validate=one_of(shown.EVENT_STATES),
        metadata={"description": "failed ones could not be read, rejected ones not even be told apart."},
    )
    kind = text("The vendor's word for it.")
    source = fields.String(validate=one_of(EventSource))
    connection = text("The name of a connection.")
    session = number_of("The id of a session.")


def events(runtime: Runtime) -> Resource:
    """The operations on events."""
    resource = Resource("Events", runtime, "What came from the helpdesks, by webhook, poll or backfill.")

    @resource.operation(
        "GET",
        "/events",
        Scope.READ,
        query=EventQuery,
        answers=shown.EventPage,
        words="A page of events, newest first.",
        refuses={404: NO_PLACE},
        tells=LINKS,
    )
    def find_events(asked: dict[str, Any]) -> Any:
        """List events"""
        wanted = EventFilter(
            states=(asked["state"],) if "state" in asked else (),
            kind=asked.get("kind", ""),
            source=asked.get("source", ""),
            connection=asked.get("connection", ""),
            session_id=asked.get("session"),
        )
        page = list_events(runtime.db, wanted, asked["cursor"], asked["limit"])
        return listed(runtime, page.lines, page.next_cursor, page.previous_cursor)

    _add_one(resource, runtime)
    return resource


def _add_one(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "GET",
        f"/events/<{ROW_ID}:event_id>",
        Scope.READ,
        answers=shown.OpenedEvent,
        words="The event.",
        refuses={404: NO_SUCH},
    )
    def get_event(event_id: int) -> Any:
        """Read an event

        With what came, and what was read for it at the vendor, less secrets of this service that stand in it.
        """
        found = open_event(runtime.db, event_id, runtime.without_secrets)
        if found is None:
            raise Gone(NO_SUCH)
        more = {name: getattr(found, name) for name in ("dedupe_key", "external_id", "payload", "found")}
        return {**dataclasses.asdict(found.line), **more}

    @resource.operation(
        "POST",
        f"/events/<{ROW_ID}:event_id>/replay",
        Scope.ADMINISTER,
        answers=shown.Replayed,
        status=202,
        words="It is about to be read.",
        refuses={404: NO_SUCH, 409: "It is not dead, or cannot be read any better now; `detail` says which."},
    )
    def replay_event(event_id: int) -> Any:
        """Have a dead event read again

        One that failed, one of a kind that is known only now, or a body that was rejected.
        """
        return {"events": again.retry_event(runtime, event_id, by())}
