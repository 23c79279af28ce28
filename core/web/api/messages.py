"""Messages over the API: a session's thread page by page, and replies and notes that are written into it."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from core.access.tokens import Scope
from core.flow import speak
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api import shown
from core.web.api.fields import Asked, Paging, Pattern, whole
from core.web.api.operations import LINKS, NO_PLACE, NOT_NOW, Gone, Resource, address, by, listed
from core.web.api.sessions import NO_SUCH
from core.web.queries import single, thread

ONLY_BY_PEOPLE = (
    "A reply can only be written where a human has the session, and an `Idempotency-Key` is good for one message."
)


class NewMessage(Asked):
    """What is to be said."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(["reply", "note"]),
        metadata={"description": "A reply for the customer, or a private note for the agents."},
    )
    text = fields.String(
        required=True,
        validate=[
            validate.Length(1, speak.LONGEST),
            Pattern(
                r"^[^\u0000]*[^\s\u0000-\u0020\u0085][^\u0000]*$",
                error="A message needs a text, of characters that a text has.",
            ),
            whole,
        ],
    )


class Once(Schema):
    """By what a call that is repeated is known."""

    class Meta:
        unknown = EXCLUDE

    key = fields.String(
        data_key="Idempotency-Key",
        load_default="",
        validate=Pattern(r"^[\x21-\x7e]{1,255}$", error="It has 1 to 255 visible characters of ASCII, and no space."),
        metadata={
            "description": "A text of your making that is unique to this message: called again with it, the same "
            "action is answered, and the message is sent once.",
            "example": "order-4711-shipped",
        },
    )


def messages(runtime: Runtime) -> Resource:
    """The operations on a session's messages."""
    resource = Resource("Messages", runtime, "What was said in a session, and what is to be.")

    @resource.operation(
        "GET",
        f"/sessions/<{ROW_ID}:session_id>/messages",
        Scope.READ,
        query=Paging,
        answers=shown.MessagePage,
        words="A page of messages, oldest first.",
        refuses={404: f"{NO_SUCH} Or: {NO_PLACE}"},
        tells=LINKS,
    )
    def list_messages(asked: dict[str, Any], session_id: int) -> Any:
        """Read the thread of a session

        In the order in which it was written. Notes that the customer never sees are `private`.
        """
        page = thread.messages_after(runtime.db, session_id, asked["cursor"], asked["limit"])
        if page is None:
            raise Gone(NO_SUCH)
        return listed(runtime, page.messages, page.next_cursor, page.previous_cursor)

    @resource.operation(
        "POST",
        f"/sessions/<{ROW_ID}:session_id>/messages",
        Scope.OPERATE,
        headers=Once,
        body=NewMessage,
        example={"kind": "reply", "text": "Your parcel left this morning."},
        answers=shown.Action,
        status=202,
        words="The action that sends it: it is on its way, and `state` says how far it has come.",
        refuses={404: NO_SUCH, 409: f"{NOT_NOW} {ONLY_BY_PEOPLE}"},
        tells={"Location": "Where to look how the message fares."},
    )
    def write_message(once: dict[str, Any], new: dict[str, Any], session_id: int) -> Any:
        """Write a reply or a note

        A reply is sent as the connection's agent; take the session over first. Send an `Idempotency-Key` to be able to
        repeat the call when its answer was lost.
        """
        write = speak.write_reply if new["kind"] == "reply" else speak.write_note
        action_id = write(runtime, session_id, new["text"], by(), once["key"])
        return single.action(runtime.db, action_id), address("Actions.get_action", action_id=action_id)

    return resource
