"""What is given and answered about destinations: each field as strict as the OpenAPI says."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import fields, validate

from core.destination_settings import EXISTS, GROUPINGS, KEEP, LARGEST_BATCH, METHODS, NAME, RESPONSES
from core.destinations.catalogue import RECORD_STATES, DestinationState
from core.web.api.fields import NO_NUL, Asked, Count, Flag, Pattern, Shown, fits, one_of, page_of, text, whole
from core.web.api.shown import integer, moment, string

MOST_NAMES = 500
"""How many fields, constants or excluded attributes a definition has at most."""
LONGEST_VALUE = 500


class Seconds(fields.Float):
    """A number of seconds in a body: neither true nor "1"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.make_error("invalid", input=value)
        return float(value)


def _name(most: int = 200) -> fields.String:
    return fields.String(validate=[validate.Length(1, most), NO_NUL, whole])


def _key() -> fields.String:
    """A name as a key, of which the OpenAPI says nothing; how long it may be, the core says."""
    return fields.String(validate=whole)


def _choice(choices: tuple[str, ...], words: str, **more: Any) -> fields.String:
    return fields.String(validate=one_of(choices), metadata={"description": words}, **more)


def record_field(words: str, **more: Any) -> fields.Dict:
    """A record in a body: an object of the caller's."""
    return fields.Dict(keys=fields.String(), validate=fits, metadata={"description": words}, **more)


class BatchGiven(Asked):
    """How records are put together into one call."""

    size = Count(validate=validate.Range(1, LARGEST_BATCH), metadata={"description": "How many at most; else 100."})
    group_by = _choice(GROUPINGS, "What goes together; left out, it is count.")
    field = text("With group_by field: the attribute that is equal.", 200)
    bytes = Count(
        validate=validate.Range(100, 4_000_000),
        metadata={"description": "With group_by bytes: how large a body may be; else 100,000."},
    )
    seconds = Seconds(
        validate=validate.Range(0, 3600),
        metadata={"description": "How long a batch that is not full waits for more; else 1."},
    )
    under = text("The key under which the body has its array; left out, the body is the array.", 100)


class DefinitionGiven(Asked):
    """What is written, to where, and how a record becomes a request; as in the configuration file."""

    connection = fields.String(
        required=True,
        validate=[validate.Length(1, 63), NO_NUL, whole],
        metadata={"description": "The name of the connection by which it writes.", "example": "support"},
    )
    template = text("What it writes, such as create_end_user; or else method and url are given.", 100)
    method = _choice(METHODS, "Without a template.")
    url = text("Without a template: an address on the connection's host, or a path.", 2000)
    content_format = _choice(("json",), "How the body is written.")
    fields_ = fields.Dict(
        keys=_key(),
        values=_name(LONGEST_VALUE),
        data_key="fields",
        attribute="fields",
        validate=validate.Length(max=MOST_NAMES),
        metadata={"description": "field: attribute of the record. Left out, all attributes are sent as they are."},
    )
    constants = fields.Dict(
        keys=_key(),
        validate=[validate.Length(max=MOST_NAMES), fits],
        metadata={"description": "Fields that are the same in each request."},
    )
    exclude_ = fields.List(
        _name(),
        data_key="exclude",
        attribute="exclude",
        validate=validate.Length(max=MOST_NAMES),
        metadata={"description": "Attributes of the record that are not sent."},
    )
    headers = text("As name:value,name:value; only a token with administer is told the values, others see …", 4000)
    key = text("The attribute by which a record is known, and never written twice; left out, all that it holds.", 200)
    unique = text("The attribute by which records count as duplicates of each other.", 200)
    keep = _choice(KEEP, "Which of several duplicates is written; left out, the first.")
    exists = _choice(EXISTS, "What is done with what the vendor has already; left out, it fails.")
    batch = fields.Nested(BatchGiven, allow_none=True, metadata={"description": "Left out, one record is one call."})
    response = Flag(metadata={"description": "Whether every answer is kept, as the source responses:<name>."})
    source = fields.String(
        validate=[validate.Length(max=80), Pattern(rf"^(records|events|{RESPONSES}{NAME})$", error="It is none.")],
        metadata={"description": "Where records come from: records, events, or responses:<name>; else records."},
    )
    events = fields.List(
        _name(100),
        validate=validate.Length(max=50),
        metadata={"description": "With the source events: which of ours.", "example": ["conversation.closed"]},
    )


class NewDestination(DefinitionGiven):
    """A destination that is made."""

    name = fields.String(
        required=True,
        validate=Pattern(f"^{NAME}$", error='It must be of small letters, digits, "-" and "_" only.'),
        metadata={"description": "What it is called, in addresses too.", "example": "new-customers"},
    )


class NewDefinition(DefinitionGiven):
    """Another definition of a destination: what is left out is as it is in a new one."""

    revision = Count(
        validate=validate.Range(0, 2**53),
        metadata={"description": "The revision that was read; with another one it is refused."},
    )


RecordCounts = Shown.from_dict({state: integer() for state in RECORD_STATES}, name="RecordCounts")


class Destination(Shown):
    """A destination: what it does, whether it sends, and what became of its records."""

    name = string(example="new-customers")
    state = fields.String(
        validate=one_of(DestinationState),
        metadata={"description": "Nothing is sent but tests before it is active, and while it is paused."},
    )
    connection = string(example="support")
    connector = string('"" if there is no such connection any more.', example="freshchat")
    definition = fields.Dict(
        keys=fields.String(), metadata={"description": "As it is given, without what is as it would be anyway."}
    )
    origin = _choice(("file", "made"), "Whether it stands in the configuration file, which alone changes it then.")
    revision = integer("Grows with each change.")
    records = fields.Nested(RecordCounts, metadata={"description": "How many there are, by state."})
    held_until = moment("Nothing is sent before, though it is active.", allow_none=True)
    held_reason = string("Why.")
    tested = fields.Dict(
        keys=fields.String(),
        allow_none=True,
        metadata={"description": "What came of the last test; null before the first."},
    )
    activated_at = moment(allow_none=True)
    activated_by = string()
    paused_at = moment(allow_none=True)
    paused_by = string()
    created_by = string(example="token:crm")
    created_at = moment()
    changed_by = string()
    changed_at = moment()


class RecordTried(Asked):
    """What a test sends."""

    record = record_field("The record; left out, one of the destination's own, or else the template's sample.")


class Tested(Shown):
    """What the vendor said to a test."""

    ok = fields.Boolean(metadata={"description": "Whether it took the record."})
    status = integer("What it answered; null if no answer came.", allow_none=True)
    verb = string(example="POST")
    url = string("The address that was called.")
    body = fields.Raw(allow_none=True, metadata={"description": "What was sent."})
    answer = string("The beginning of the answer.")
    error = string("What went wrong, in words.")
    captured_id = string("The vendor's id of what was made or changed.")
    uncertain = fields.Boolean(
        metadata={"description": "Not known whether it took the record: look there before you send it again."}
    )
    note = string("What is to be known although all is well, such as that it was there already.")


class RecordsTried(Asked):
    """Records that are to be shown as requests."""

    records = fields.List(
        record_field("A record."),
        validate=validate.Length(1, 10),
        metadata={"description": "Left out, up to ten of the destination's own, or else the template's sample."},
    )


class Sample(Shown):
    """A request as it would be made."""

    records = fields.List(
        fields.Dict(keys=fields.String()), metadata={"description": "The records of it: one, or those of a batch."}
    )
    verb = string(example="POST")
    url = string()
    body = fields.Raw(allow_none=True)
    problem = string('Why it could not be sent; "" if it could.')
    instead = string("What is done where the vendor has it already, if that is another thing.")
    left_out = fields.Boolean(metadata={"description": "Not broken: another one is sent, as `problem` says."})


class Samples(Shown):
    """Requests as they would be made."""

    items = fields.List(fields.Nested(Sample))


DestinationPage = page_of(Destination, "DestinationPage")
