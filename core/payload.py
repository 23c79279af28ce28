"""What vendors send, made fit to be stored."""

from __future__ import annotations

from typing import Any

from core.errors import BadPayload

DEEPEST = 32
ANY_DEPTH = -1_000_000
"""To begin with where no level is too deep but those that the interpreter itself refuses, by `RecursionError`."""


def clean(value: Any, depth: int = 0) -> Any:
    """A JSON value whose texts every database takes: lone surrogates and NUL characters are replaced.

    Both come of messages cut in the middle of an emoji, or of hostile senders. Raises `BadPayload` where the
    value is nested more than 32 levels deep.
    """
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
    if depth >= DEEPEST and isinstance(value, dict | list):
        raise BadPayload(f"body: is nested more than {DEEPEST} levels deep")
    if isinstance(value, dict):
        return {clean(key): clean(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list):
        return [clean(entry, depth + 1) for entry in value]
    return value
