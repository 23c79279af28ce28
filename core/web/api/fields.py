"""What stands in requests and answers of the API: each field as strict as the OpenAPI says, and said there as it is."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from core.web.addresses import HIGHEST_ID

LONGEST_SEARCH = 500
LONGEST_TEXT = 255
DEEPEST = 30
"""How deep a JSON value of the caller may be nested."""
LARGEST = 100_000
"""How many characters such a value may have."""

_MOMENT = re.compile(r"(\d{4})-\d\d-\d\d[Tt]\d\d:\d\d:(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_NUMBER = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Pattern(validate.Regexp):
    """A pattern that the whole text must fit; Python's own `$` lets a line's end pass."""

    def __call__(self, value: Any) -> Any:
        if not self.regex.fullmatch(value):
            raise ValidationError(self.error)
        return value


NO_NUL = Pattern(r"^[^\u0000]*$", error="It holds a character that no text has.")
"""For what is stored: PostgreSQL keeps none."""


def whole(value: str) -> None:
    """Raise `ValidationError` for half of a surrogate pair, which JSON can write and nothing can store."""
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValidationError("It holds half of a character.")


class Moment(fields.DateTime):
    """A moment as RFC 3339 writes it, always with its zone; answers are in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("Write a moment with its zone, as 2026-11-01T09:30:00Z; + is %2B in an address.")
        return self._read(value.upper(), found)

    @staticmethod
    def _read(text: str, found: re.Match[str]) -> datetime:
        if found[1] == "0000":
            return _FIRST
        leap = timedelta(seconds=1 if found[2] == "60" else 0)
        if leap:
            text = f"{text[:17]}59{text[19:]}"
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            raise ValidationError("There is no such moment.") from None
        try:
            return (read + leap).astimezone(UTC)
        except OverflowError:
            return _FIRST if read.year < 5000 else _LAST


class Number(fields.Integer):
    """A whole number in an address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return int(value) if len(value) < 30 else (-HIGHEST_ID - 1 if value[0] == "-" else HIGHEST_ID + 1)


class Count(fields.Integer):
    """A whole number in a body: 5, and what is the same in JSON, 5.0."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        exact = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not exact:
            raise self.make_error("invalid", input=value)
        return int(value)


class YesNo(fields.Boolean):
    """true or false in an address, and nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **kwargs)


class Flag(fields.Boolean):
    """true or false in a body: neither 1 nor "yes"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value is not True and value is not False:
            raise self.make_error("invalid", input=value)
        return value


class Asked(Schema):
    """What a caller gives: a field that is not known is a mistake."""

    class Meta:
        unknown = RAISE


class Shown(Asked):
    """What a caller gets: every field is always there."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = True


def one_of(kinds: Any) -> validate.OneOf:
    """One of the values of an enumeration."""
    return validate.OneOf([str(each) for each in kinds])


def text(words: str, most: int = LONGEST_TEXT, **more: Any) -> fields.String:
    """A text that is given."""
    return fields.String(validate=[validate.Length(max=most), NO_NUL, whole], metadata={"description": words}, **more)


def number_of(words: str) -> Number:
    """The id of something, in an address."""
    return Number(
        validate=validate.Range(1, HIGHEST_ID), metadata={"description": words, "format": "int64", "example": 1}
    )


def fits(value: Any) -> None:
    """Raise `ValidationError` for a JSON value of the caller's that cannot be kept."""
    if _size(value, 0) > LARGEST:
        raise ValidationError(f"It has more than {LARGEST} characters.")


def _size(value: Any, depth: int) -> int:
    if depth > DEEPEST:
        raise ValidationError(f"It is nested more than {DEEPEST} times.")
    if isinstance(value, str):
        whole(value)
        return len(value) + 2
    if isinstance(value, dict):
        return 2 + sum(_size(key, depth + 1) + _size(each, depth + 1) for key, each in value.items())
    if isinstance(value, list):
        return 2 + sum(_size(each, depth + 1) for each in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValidationError("It holds a number that is too large.")
    return len(str(value))


class Paging(Asked):
    """Where in a list to go on."""

    limit = Number(
        load_default=50,
        validate=validate.Range(1, 200),
        metadata={"description": "How many entries a page has at most.", "default": 50},
    )
    cursor = fields.String(
        load_default="",
        validate=[validate.Length(max=64), Pattern(r"^[A-Za-z0-9_-]*$", error="It is not one that was given out.")],
        metadata={"description": "The `next` or `previous` of another page; left out, the list's beginning is meant."},
    )


def page_of(schema: type[Schema], name: str, **more: fields.Field[Any]) -> type[Schema]:
    """The schema of a page of entries."""
    cursors = {
        which: fields.String(
            allow_none=True, metadata={"description": f"The cursor of the {words} page; null if there is none."}
        )
        for which, words in (("next", "following"), ("previous", "preceding"))
    }
    return Shown.from_dict({"items": fields.List(fields.Nested(schema)), **cursors, **more}, name=name)
