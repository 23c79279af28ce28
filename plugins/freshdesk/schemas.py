"""The values in Freshdesk's payloads: read leniently, as the vendor adds fields and leaves others null at any time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core import BadPayload

"""Levels of nesting of a payload; Freshdesk's own stay below 8."""


def word(value: Any) -> str:
    """An id, number or enumeration value as text; "" for null, true, false and whatever is no single value."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def number(value: Any) -> int | None:
    """A whole number, also one written as text; None for anything else."""
    text = word(value)
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None


def number_of(identifier: str, name: str) -> int:
    """An id as Freshdesk wants it in a body. Raises `BadPayload` naming what it is the id of."""
    found = number(identifier)
    if found is None:
        raise BadPayload(f"{name}: {identifier!r} is not an id of Freshdesk, which are numbers")
    return found


def text_of(value: Any) -> str:
    """A text, or "" for anything else."""
    return value if isinstance(value, str) else ""


def flag(value: Any) -> bool:
    """Whether a value says yes, as JSON or as a word."""
    return value is True or word(value).lower() == "true"


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; [] for anything else."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """The texts of a list, such as a ticket's tags."""
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def moment(value: Any) -> datetime | None:
    """A time as Freshdesk writes it (ISO 8601, mostly UTC, sometimes with an offset), in UTC; None if unreadable."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stamp(at: datetime) -> str:
    """A time as Freshdesk reads it in a parameter: UTC, in whole seconds, rounded down."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
