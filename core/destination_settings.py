"""What is given for a destination, in the file or on the pages: every key, its default and its bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from core.domain import NOTHING
from core.settings import PluginSettings

NAME = r"[a-z0-9][a-z0-9_-]{0,62}"
"""What connections, destinations and plugins may be called: the name becomes part of addresses, log lines and keys."""
RESERVED = ("new", "samples")
"""What no destination may be called: their pages have such addresses for something else."""
RECORDS, EVENTS, RESPONSES = "records", "events", "responses:"
"""Where records come from: files and programs, our own events, or (with a name behind it) another's answers."""
METHODS = ("POST", "PUT", "PATCH")
EXISTS = ("fail", "skip", "update")
KEEP = ("first", "last")
GROUPINGS = ("count", "field", "bytes", "time")
LARGEST_BATCH = 1000
_OURS = {"authorization", "content-type", "host", "content-length", "transfer-encoding", "connection", "cookie"}
_OURS |= {"user-agent", "accept"}
UNTOLD = "…"
"""What stands for the value of a header where only its name is told: it may be a credential."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Batching:
    """How records are put together into one call.

    At most `size` of them; with grouping by ``field`` those that are equal in `field`, by ``bytes`` as many as make a
    body of no more than `bytes`, by ``time`` those that came within `seconds`. A batch that is not full waits `seconds`
    for more. The body is an array, or an object that has it `under` a key.
    """

    size: int = 100
    group_by: str = "count"
    field: str = ""
    bytes: int = 100_000
    seconds: float = 1.0
    under: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A destination as it was given: what is written, to where, and how a record becomes a request.

    It has a `template` of the connection's connector, or else `method` and `url`. `fields` says for each field that is
    sent which attribute of the record it holds (none: all, under their own names); `constants` are sent as they are;
    `exclude` are attributes that are not. `key` is the attribute by which a record is known ("": by all it holds), and
    of those equal in `unique` the one to `keep` is written. `exists` is what is done with what the vendor has already.
    """

    name: str
    connection: str
    template: str = ""
    method: str = ""
    url: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    constants: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    exclude: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    key: str = ""
    unique: str = ""
    keep: str = "first"
    exists: str = "fail"
    batch: Batching | None = None
    response: bool = False
    source: str = RECORDS
    events: tuple[str, ...] = ()
    active: bool = False

    @property
    def upstream(self) -> str:
        """The destination whose answers are its records; "" if it has another source."""
        return self.source.removeprefix(RESPONSES) if self.source.startswith(RESPONSES) else ""


def parse_headers(text: str) -> dict[str, str]:
    """Headers given as ``name:value,name:value``. Raises `ValueError` in words."""
    found: dict[str, str] = {}
    for pair in text.split(","):
        if not pair.strip():
            continue
        name, colon, value = (part.strip() for part in pair.partition(":"))
        if not colon or not _HEADER_NAME.fullmatch(name):
            raise ValueError(f'"{pair.strip()}" is not of the form name:value')
        if name.lower() in _OURS:
            raise ValueError(f"the header {name} is set by Relaydesk itself")
        if value == UNTOLD:
            raise ValueError(f"the value of {name} must be given: {UNTOLD} only stands for it where it is not told")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of {name} holds a character that HTTP does not allow")
        if name.lower() in {each.lower() for each in found}:
            raise ValueError(f"the header {name} is given twice")
        found[name] = value
    return found


def without_header_values(definition: Definition) -> dict[str, str]:
    """The headers of a definition as they are given, for those to whom only their names are told; nothing if none."""
    names = ",".join(f"{name}:{UNTOLD}" for name in definition.headers)
    return {"headers": names} if names else {}


class BatchSchema(PluginSettings):
    """`batch` of a destination."""

    size = fields.Integer(
        load_default=100,
        validate=validate.Range(min=1, max=LARGEST_BATCH),
        metadata={"help": "how many records one call has at most"},
    )
    group_by = fields.String(
        load_default="count",
        validate=validate.OneOf(GROUPINGS),
        metadata={"help": "what goes into one batch: by count, field, bytes or time"},
    )
    field = fields.String(load_default="", metadata={"help": "with group_by = field: the attribute that is equal"})
    bytes = fields.Integer(
        load_default=100_000,
        validate=validate.Range(min=100, max=4_000_000),
        metadata={"help": "with group_by = bytes: how large a body may be, in bytes"},
    )
    seconds = fields.Float(
        load_default=1.0,
        validate=validate.Range(min=0, max=3600),
        metadata={"help": "how long a batch that is not full waits for more records, in seconds"},
    )
    under = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"help": "the key under which the body has its array; left out, the body is the array"},
    )

    @validates_schema
    def grouped_by_something(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data.get("group_by") == "field" and not data.get("field"):
            raise ValidationError("is missing; it says by which attribute records are grouped", "field")

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Batching:
        return Batching(**data)


def _switch(text: str) -> fields.Boolean:
    return fields.Boolean(load_default=False, truthy={True}, falsy={False}, metadata={"help": text})


def _json_only(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if not _is_json(value):
            raise ValidationError(f"{name} must be something that JSON has: a date is written as a text")


def _is_json(value: Any) -> bool:
    """Whether a value can be sent: TOML has dates and times too, which are to be written as texts."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(each) for name, each in value.items())
    if isinstance(value, list):
        return all(_is_json(each) for each in value)
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _headers(text: str) -> None:
    try:
        parse_headers(text)
    except ValueError as problem:
        raise ValidationError(str(problem)) from None


def _source(text: str) -> None:
    name = text.removeprefix(RESPONSES)
    if text not in (RECORDS, EVENTS) and (name == text or not re.fullmatch(NAME, name)):
        raise ValidationError('must be "records", "events", or "responses:" and the name of a destination')


class DestinationSchema(PluginSettings):
    """`[[destinations]]`, and what is entered on the pages."""

    name = fields.String(
        required=True,
        validate=[
            validate.Regexp(
                rf"{NAME}\Z", error='must be small letters, digits, "-" and "_" only, beginning with a letter or digit'
            ),
            validate.NoneOf(RESERVED, error='cannot be "{input}", which is the address of another page'),
        ],
        metadata={"help": "what this destination is called here, in addresses, on pages and in logs"},
    )
    connection = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"help": "the connection by which it writes, with its credential and its budget"},
    )
    template = fields.String(load_default="", metadata={"help": "what it writes, such as create_end_user"})
    method = fields.String(
        load_default="",
        validate=validate.OneOf(["", *METHODS]),
        metadata={"help": "without a template: POST, PUT or PATCH"},
    )
    url = fields.String(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"help": "without a template: a complete https:// address on the connection's host, or a path"},
    )
    content_format = fields.String(
        load_default="json", validate=validate.OneOf(["json"]), metadata={"help": "how the body is written: json"}
    )
    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 200)),
        values=fields.String(validate=validate.Length(1, 500)),
        data_key="fields",
        attribute="fields",
        load_default=dict,
        metadata={"help": "what is sent, as field = attribute of the record; left out, all attributes as they are"},
    )
    constants = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 200)),
        load_default=dict,
        validate=_json_only,
        metadata={"help": "fields that are the same in each request"},
    )
    exclude_ = fields.List(
        fields.String(validate=validate.Length(1, 200)),
        data_key="exclude",
        attribute="exclude",
        load_default=list,
        metadata={"help": "attributes of the record that are not sent"},
    )
    headers = fields.String(
        load_default="",
        validate=_headers,
        metadata={"help": "further headers, as name:value,name:value; Authorization and Content-Type are set by us"},
    )
    key = fields.String(
        load_default="",
        metadata={"help": "the attribute by which a record is known, and never written twice; left out, all it holds"},
    )
    unique = fields.String(
        load_default="", metadata={"help": "the attribute by which records count as duplicates of each other"}
    )
    keep = fields.String(
        load_default="first",
        validate=validate.OneOf(KEEP),
        metadata={"help": "which of several duplicates is written: first or last"},
    )
    exists = fields.String(
        load_default="fail",
        validate=validate.OneOf(EXISTS),
        metadata={"help": "what is done with a record that the vendor has already: fail, skip or update"},
    )
    batch = fields.Nested(
        BatchSchema, load_default=None, allow_none=True, metadata={"help": "how records are put into one call"}
    )
    response = _switch("whether every answer is kept as the source responses:<name>")
    source = fields.String(
        load_default=RECORDS,
        validate=_source,
        metadata={"help": "where records come from: records, events, or responses:<name>"},
    )
    events = fields.List(
        fields.String(validate=validate.Length(1, 100)),
        load_default=list,
        metadata={"help": "with source = events: which of our events"},
    )
    active = _switch("whether it sends; without it nothing is sent but tests")

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Definition:
        del data["content_format"]  # there is one
        data["headers"] = parse_headers(data["headers"])
        return Definition(**{**data, "exclude": tuple(data["exclude"]), "events": tuple(data["events"])})


def as_given(definition: Definition) -> dict[str, Any]:
    """A definition in the form in which it is given, without what is as it would be anyway."""
    given: dict[str, Any] = {"name": definition.name, "connection": definition.connection}
    usual = Definition("", "")
    for name in ("template", "method", "url", "key", "unique", "keep", "exists", "response", "source", "active"):
        if getattr(definition, name) != getattr(usual, name):
            given[name] = getattr(definition, name)
    for name in ("fields", "constants"):
        if getattr(definition, name):
            given[name] = dict(getattr(definition, name))
    for name in ("exclude", "events"):
        if getattr(definition, name):
            given[name] = list(getattr(definition, name))
    if definition.headers:
        given["headers"] = ",".join(f"{name}:{value}" for name, value in definition.headers.items())
    if definition.batch is not None:
        given["batch"] = {name: getattr(definition.batch, name) for name in Batching.__slots__}
    return given
