"""Sessions over the API: listed, opened, changed, taken over and given back (behaviour 115, 116)."""

from __future__ import annotations

import dataclasses
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from core.access.tokens import Scope
from core.domain import Channel, Mode, Owner, SessionStatus
from core.flow import closing, hand_over
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api import shown
from core.web.api.fields import LONGEST_SEARCH, Asked, Flag, Moment, Paging, YesNo, fits, number_of, one_of, text
from core.web.api.operations import LINKS, NO_PLACE, NOT_NOW, Gone, Resource, by, listed
from core.web.queries import single, thread
from core.web.queries.sessions import SessionFilter, list_sessions

NO_SUCH = "There is no such session."
REFUSES = {404: NO_SUCH, 409: NOT_NOW}


def _moment(words: str) -> Moment:
    return Moment(metadata={"description": words, "example": "2026-11-01T09:30:00Z"})


class SessionQuery(Paging):
    """Which sessions are wanted; what is left out is left open."""

    status = fields.String(validate=one_of(SessionStatus))
    owner = fields.String(validate=one_of(Owner), metadata={"description": "Who may speak now."})
    channel = fields.String(validate=one_of(Channel))
    mode = fields.String(validate=one_of(Mode))
    handed_off = YesNo(metadata={"description": "Whether a human has it whom the AI gave it to."})
    needs_person = YesNo(metadata={"description": "Whether an action was given up in it, or a draft waits in it."})
    connection = text("The name of a connection.")
    contact = number_of("The id of a contact.")
    created_after = _moment("Begun at this moment or later.")
    created_before = _moment("Begun earlier.")
    updated_after = _moment("Changed at this moment or later.")
    updated_before = _moment("Last changed earlier.")
    q = text(
        "Words of a message, the subject, or the contact's name or e-mail; or an id of the session or conversation.",
        LONGEST_SEARCH,
    )


class SessionChange(Asked):
    """What is to become of a session."""

    status = fields.String(required=True, validate=one_of(SessionStatus))
    propagate = Flag(required=True, metadata={"description": "Whether the helpdesk is told too."})
    summarise = Flag(
        metadata={
            "description": "When closing: write a summary and the customer's sentiment into the timeline and, if the "
            "helpdesk is told, into a private note there.",
            "default": False,
        },
    )
    closed_payload = fields.Dict(
        keys=fields.String(),
        validate=fits,
        metadata={"description": "When closing: any JSON object that is to be kept of it."},
    )

    @validates_schema
    def only_of_a_closing(self, given: dict[str, Any], **_: Any) -> None:
        """A session that is opened has nothing to keep of a closing."""
        if given.get("status") != SessionStatus.OPEN:
            return
        for name in ("summarise", "closed_payload"):
            if name in given:
                raise ValidationError("It is for closing only.", name)


class TakeOver(Asked):
    """By whom."""

    assignee = text("The vendor's id of the agent who is to have it there; left out, it is taken from the AI's agent.")


def sessions(runtime: Runtime) -> Resource:
    """The operations on sessions themselves."""
    resource = Resource("Sessions", runtime, "Conversations and tickets, and who has them.")
    _add_reading(resource, runtime)
    _add_changing(resource, runtime)
    _add_handing_over(resource, runtime)
    return resource


def _add_reading(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "GET",
        "/sessions",
        Scope.READ,
        query=SessionQuery,
        answers=shown.SessionPage,
        words="A page of sessions.",
        refuses={404: NO_PLACE},
        tells=LINKS,
    )
    def list_sessions_(asked: dict[str, Any]) -> Any:
        """List sessions

        The one that changed last comes first. Sessions that change meanwhile push no other onto another page.
        """
        wanted = dict(asked)
        cursor, limit = wanted.pop("cursor"), wanted.pop("limit")
        contact_id = wanted.pop("contact", None)
        page = list_sessions(runtime.db, SessionFilter(**wanted, contact_id=contact_id), cursor, limit)
        return listed(runtime, page.lines, page.next_cursor, page.previous_cursor, cut=page.cut)

    @resource.operation(
        "GET",
        f"/sessions/<{ROW_ID}:session_id>",
        Scope.READ,
        answers=shown.OpenedSession,
        words="The session.",
        refuses={404: NO_SUCH},
    )
    def get_session(session_id: int) -> Any:
        """Read a session

        With its timeline, and all decisions and actions; its messages have an address of their own.
        """
        return opened(runtime, session_id)


def _add_changing(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "PATCH",
        f"/sessions/<{ROW_ID}:session_id>",
        Scope.OPERATE,
        body=SessionChange,
        example={"status": "closed_resolved", "propagate": True, "summarise": True},
        answers=shown.OpenedSession,
        words="The session as it is now.",
        refuses=REFUSES,
    )
    def change_session(change: dict[str, Any], session_id: int) -> Any:
        """Close or reopen a session

        `propagate` must say whether the helpdesk is told. A session that is so already stays as it is, and the
        helpdesk may be told of it yet.
        """
        closing.patch(runtime, session_id, by(), **change)
        return opened(runtime, session_id)


def _add_handing_over(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"/sessions/<{ROW_ID}:session_id>/take-over",
        Scope.OPERATE,
        body=TakeOver,
        bare=True,
        answers=shown.OpenedSession,
        words="The session as it is now.",
        refuses=REFUSES,
    )
    def take_over_session(given: dict[str, Any], session_id: int) -> Any:
        """Take a session over from the AI

        The AI says nothing more in it. Whoever has it already keeps it.
        """
        hand_over.take_over(runtime, session_id, by(), given.get("assignee", ""))
        return opened(runtime, session_id)

    @resource.operation(
        "POST",
        f"/sessions/<{ROW_ID}:session_id>/give-back",
        Scope.OPERATE,
        answers=shown.OpenedSession,
        words="The session as it is now.",
        refuses=REFUSES,
    )
    def give_session_back(session_id: int) -> Any:
        """Give a session back to the AI

        It answers the customer's next message.
        """
        hand_over.give_back(runtime, session_id, by())
        return opened(runtime, session_id)


def opened(runtime: Runtime, session_id: int) -> dict[str, Any]:
    """What is shown of a session; raises `Gone`."""
    found = thread.opened(runtime.db, session_id)
    if found is None:
        raise Gone(NO_SUCH)
    whole = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
    line = {each.name: getattr(found.line, each.name) for each in dataclasses.fields(found.line)}
    return {**whole, **line, "closed_payload": single.closed_payload(runtime.db, session_id)}
