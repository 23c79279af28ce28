"""What is given and answered about the records of destinations."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from core.destinations.catalogue import RECORD_STATES
from core.web.addresses import HIGHEST_ID
from core.web.api.destination_fields import Sample, record_field
from core.web.api.fields import Asked, Number, Paging, Shown, YesNo, one_of, page_of, text
from core.web.api.shown import integer, moment, string


class SendingQuery(Asked):
    """How records are taken."""

    limit = Number(
        validate=validate.Range(1, HIGHEST_ID),
        metadata={"description": "Take the first so many only. They are remembered: all of it later repeats none."},
    )
    dry_run = YesNo(
        load_default=False,
        metadata={"description": "Only look at what would be sent: nothing is kept, and nothing sent."},
    )
    origin = text("Where they come from, as their records say; left out, the token.", load_default="")


class LineError(Shown):
    """Why a record cannot be sent."""

    line = integer("Its line; in an array of JSON, its number; null where it has none.", allow_none=True)
    field = string('The attribute to mend; "" for the whole record.')
    reason = string(example="is missing, and the vendor wants it")


class Took(Shown):
    """What was taken of what was sent."""

    read = integer("How many records there were.")
    accepted = integer("How many are on their way.")
    known = integer("How many were taken before, by their keys.")
    duplicates = integer("How many were equal to another one, and are skipped.")
    broken = integer("How many cannot be sent as they are; they are kept, to be mended.")
    errors = fields.List(fields.Nested(LineError), metadata={"description": "Why, for the first hundred of those."})


class DryRun(Shown):
    """What would be sent."""

    read = integer("How many records there were.")
    good = integer("How many can be sent.")
    broken = integer("How many cannot be sent as they are.")
    known = integer("How many were taken before, by their keys.")
    duplicates = integer("How many are equal to another one, and would be skipped.")
    requests = integer("How many calls that would be.")
    errors = fields.List(fields.Nested(LineError), metadata={"description": "What is wrong, of the first hundred."})
    samples = fields.List(fields.Nested(Sample), metadata={"description": "The first requests."})


class StateQuery(Asked):
    """Which records are wanted."""

    state = fields.String(load_default="", validate=one_of(RECORD_STATES))


class RecordQuery(Paging):
    """Which records are wanted, and from where on."""

    state = fields.String(load_default="", validate=one_of(RECORD_STATES))


class Record(Shown):
    """A record of a destination, and what became of it."""

    id = integer()
    key = string("By what it is known, and never written twice.")
    state = fields.String(validate=one_of(RECORD_STATES))
    data = fields.Dict(
        keys=fields.String(), allow_none=True, metadata={"description": "As it came; null if it could not be read."}
    )
    raw = string("The beginning of one that could not be read.")
    origin = string("What it came with: a file, a token, events, or another destination's answers.")
    line = integer("Its place there.", allow_none=True)
    attempts = integer("In how many calls it was.")
    captured_id = string("The vendor's id of what was made or changed.")
    error = string("What went wrong the last time, in words.")
    error_field = string("The attribute to mend.")
    by = string("Who decided about it last.", example="token:crm")
    created_at = moment()
    settled_at = moment(allow_none=True)


class CallMade(Shown):
    """The last call that a record was in."""

    verb = string(example="POST")
    path = string("Below the address of the vendor's API.")
    body = fields.Raw(allow_none=True, metadata={"description": "What was sent, with all records of the call."})
    size = integer("How many records that were.")
    state = string("sending, uncertain, sent, failed, postponed or parked.")
    status = integer("What the vendor answered; null where no answer came.", allow_none=True)
    answer = string("The beginning of its answer.")
    error = string("What went wrong, in words.")
    confirmed_by = string("How it is known to have been taken: by the answer, by looking, or by a person.")
    started_at = moment()


class OpenedRecord(Record):
    """A record with the last call that it was in."""

    call = fields.Nested(CallMade, attribute="request", allow_none=True)


class RecordMended(Asked):
    """What is to be sent instead."""

    data = record_field("The record, corrected; left out, it is sent as it is.")


class Arrived(Asked):
    """What the vendor has."""

    captured_id = text("The vendor's id of what the record made.", load_default="")


class Retried(Shown):
    """How many are tried again."""

    records = integer()


class Answered(Shown):
    """What the vendor answered for a record, good or bad."""

    id = integer()
    record_id = integer()
    key = string("By what the record is known.")
    ok = fields.Boolean(metadata={"description": "Whether the record was taken."})
    outcome = string(example="sent")
    status = integer("The HTTP status; null where no answer came.", allow_none=True)
    captured_id = string("The vendor's id of what was made or changed.")
    data = fields.Raw(metadata={"description": "The record."})
    answer = string("The beginning of the answer.")
    error = string("What went wrong, in words.")
    at = moment()


RecordPage = page_of(Record, "RecordPage")
ResponsePage = page_of(Answered, "ResponsePage")
RECORDS_BODY: dict[str, dict[str, Any]] = {
    "application/json": {
        "schema": {
            "anyOf": [{"type": "object"}, {"type": "array", "items": {}}],
            "description": "A record, or an array of records. What is no object in it is told of as broken.",
        },
        "example": [{"name": "Ada Customer", "email": "ada@example.com"}],
    },
    "application/x-ndjson": {"schema": {"minLength": 1, "description": "A record in each line."}},
    "application/jsonl": {"schema": {"minLength": 1, "description": "The same by another name."}},
    "text/csv": {"schema": {"minLength": 1, "description": "The first line names the attributes."}},
}
"""How records may be written, as the OpenAPI has it."""
