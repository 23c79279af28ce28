"""What the API answers about sessions and what happens in them: the fields of each thing, with what they mean."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from core.domain import (
    ActionKind,
    ActionState,
    Author,
    Channel,
    EventSource,
    Mode,
    Outcome,
    Owner,
    SessionStatus,
    Visibility,
)
from core.web.api.fields import Moment, Shown, one_of, page_of

EVENT_STATES = ("pending", "done", "ignored", "failed", "rejected")


def integer(words: str = "", **more: Any) -> fields.Integer:
    """A whole number in an answer."""
    return fields.Integer(metadata={"description": words} if words else {}, **more)


def string(words: str = "", example: str = "", **more: Any) -> fields.String:
    """A text in an answer."""
    told = {key: value for key, value in (("description", words), ("example", example)) if value}
    return fields.String(metadata=told, **more)


def moment(words: str = "", **more: Any) -> Moment:
    """A moment in an answer."""
    return Moment(metadata={"description": words} if words else {}, **more)


class Person(Shown):
    """The contact of a session."""

    id = integer()
    name = string(example="Ada Customer")
    email = string('"" where none is known.', example="ada@example.com")


class Said(Shown):
    """The beginning of a session's newest public message."""

    author = fields.String(validate=one_of(Author))
    text = string()
    at = moment()


class Session(Shown):
    """A conversation or ticket."""

    id = integer("The number of the session here.")
    connection = string("The name of the connection it came by.", example="support")
    connector = string("The vendor's plugin.", example="freshchat")
    conversation_id = string("The vendor's id of the conversation or ticket.")
    channel = fields.String(validate=one_of(Channel), metadata={"description": "How the customer came."})
    mode = fields.String(validate=one_of(Mode), metadata={"description": "What the AI does in it."})
    status = fields.String(validate=one_of(SessionStatus))
    owner = fields.String(validate=one_of(Owner), metadata={"description": "Who may speak now."})
    contact = fields.Nested(Person, allow_none=True)
    subject = string('"" in a chat.')
    last = fields.Nested(Said, allow_none=True)
    created_at = moment()
    updated_at = moment()
    handed_off = fields.Boolean(metadata={"description": "Whether a human has it whom the AI gave it to."})
    needs_person = fields.Boolean(
        metadata={"description": "Whether an action was given up in it, or a draft waits for an agent."}
    )


class Decision(Shown):
    """Why a turn of the AI ended as it did; every turn has one, silence included."""

    id = integer()
    session_id = integer()
    at = moment()
    outcome = fields.String(validate=one_of(Outcome))
    reason = string("A code.", example="explicit_request")
    detail = string()
    confidence = fields.Float(allow_none=True)
    might_solve = fields.Boolean(allow_none=True)
    fully_covered = fields.Boolean(allow_none=True)
    sources = fields.List(fields.String(), metadata={"description": "What the answer was drawn from."})
    topic = string()
    sentiment = string()
    upto_id = integer("The newest customer message that it saw.", allow_none=True)


class Action(Shown):
    """An effect at the helpdesk, and what became of it."""

    id = integer()
    session_id = integer()
    connection_id = integer()
    decision_id = integer(allow_none=True)
    kind = fields.String(validate=one_of(ActionKind))
    purpose = string()
    text = string()
    assignee = string("The vendor's id of an agent.")
    priority = string()
    state = fields.String(validate=one_of(ActionState))
    attempts = integer()
    error = string("What went wrong the last time, in words.")
    remark = string()
    confirmed_by = string("How it is known to have been sent: by the vendor's answer, by reading back, or by its echo.")
    instead_of = integer("The failed action that it stands in for.", allow_none=True)
    by = string('Who asked for it; "" for the AI.', example="token:crm")
    verdict = string("What became of a draft: approved, edited or dismissed.")
    created_at = moment()
    started_at = moment(allow_none=True)
    next_at = moment("When it is tried again.", allow_none=True)
    settled_at = moment(allow_none=True)


class Happening(Shown):
    """A line of a session's timeline."""

    id = integer()
    at = moment()
    kind = string(example="agent_took_session_from_ai")
    detail = fields.Dict(keys=fields.String(), metadata={"description": "Who did it, and what else is known of it."})


class OpenedSession(Session):
    """A session with what happened in it; its messages have an address of their own."""

    url = string("Where the helpdesk shows it.")
    assignee = string("The vendor's id of the agent who has it there.")
    assigned_group = string()
    closed_by = string()
    closure = string("How the AI closed it: assumed_resolved, handed_off or resolved.")
    handoff = fields.Dict(
        keys=fields.String(),
        allow_none=True,
        metadata={"description": "Of a session handed off: a summary, the reason and the customer's sentiment."},
    )
    closed_payload = fields.Dict(
        keys=fields.String(), allow_none=True, metadata={"description": "What was given when it was closed."}
    )
    decisions = fields.List(fields.Nested(Decision))
    actions = fields.List(fields.Nested(Action))
    timeline = fields.List(fields.Nested(Happening))


class Attachment(Shown):
    """A file of a message, without its content."""

    id = integer()
    name = string()
    content_type = string()
    size = integer("Bytes.", allow_none=True)
    state = string("pending, stored, or placeholder for one that could not be had.")
    placeholder = string()


class Message(Shown):
    """An entry of the thread."""

    id = integer()
    author = fields.String(validate=one_of(Author))
    author_id = string("The vendor's id of whoever wrote it.")
    visibility = fields.String(
        validate=one_of(Visibility), metadata={"description": "private for a note that the customer never sees."}
    )
    text = string()
    quoted = string("The history that an e-mail quotes below its text.")
    automatic = fields.Boolean(metadata={"description": "Whether a machine wrote it."})
    at = moment()
    external_id = string("The vendor's id.")
    attachments = fields.List(fields.Nested(Attachment))


class Contact(Shown):
    """A person, across connections."""

    id = integer()
    name = string(example="Ada Customer")
    email = string('"" where none is known.', example="ada@example.com")
    phone = string()
    created_at = moment()


class Known(Shown):
    """How a connection knows a contact."""

    connection = string()
    connector = string()
    external_id = string("The vendor's id.")


class OpenedContact(Contact):
    """A contact with how the connections know them, and their latest sessions."""

    identities = fields.List(fields.Nested(Known))
    sessions = fields.List(fields.Nested(Session))


class Event(Shown):
    """A stored inbound fact."""

    id = integer()
    connection = string()
    session_id = integer(allow_none=True)
    conversation_id = string()
    kind = string("The vendor's word for it.", example="message_create")
    source = fields.String(validate=one_of(EventSource))
    state = fields.String(validate=one_of(EVENT_STATES))
    reason = string("Why it was ignored.")
    error = string("What went wrong with it.")
    attempts = integer()
    seen_count = integer("How often it came.")
    hint = fields.Boolean(metadata={"description": "Whether it only says that something is to be read."})
    received_at = moment()
    done_at = moment(allow_none=True)
    next_at = moment(allow_none=True)


class OpenedEvent(Event):
    """An event with what came, and what was read for it."""

    dedupe_key = string()
    external_id = string()
    payload = string("What came, as text.")
    found = string('What was read for it at the vendor, as text; "" for nothing.')


class Replayed(Shown):
    """What becomes of an event that is read again."""

    events = integer("How many events there are to be read now: a body may hold several, or none that is new.")


CUT = fields.Boolean(
    metadata={"description": "Whether a search found more than it goes through, so that older entries may be missing."}
)
SessionPage = page_of(Session, "SessionPage", cut=CUT)
MessagePage = page_of(Message, "MessagePage")
ContactPage = page_of(Contact, "ContactPage", cut=CUT)
EventPage = page_of(Event, "EventPage")
ActionPage = page_of(Action, "ActionPage")
