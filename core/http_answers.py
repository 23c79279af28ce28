"""How a vendor's answer is read: its JSON, its words, its Retry-After, and the error each status stands for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from core.errors import AuthFailed, OutcomeUnknown, Refused, RetryLater, VendorError
from core.payload import ANY_DEPTH, clean

WORDS_LIMIT = 300
"""Characters kept of what a vendor says about an error."""
LONGEST_WAIT = 24 * 3600.0
"""Seconds; a Retry-After beyond it is cut, so that a vendor's slip cannot stop a connection for good."""

_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_HIDDEN = re.compile(r"<(script|style)\b[^>]*>.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")


def parse_json(content: bytes) -> Any:
    """The JSON value of a body; None for an empty one. Raises ValueError if it is not JSON (NaN is not).

    Its texts can be stored: half an emoji, which JSON may hold, is replaced.
    """
    if not content.strip():
        return None
    try:
        return clean(json.loads(content, parse_constant=_no_constant), ANY_DEPTH)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds of a Retry-After header, given as seconds or as an HTTP date; None if absent or unreadable."""
    text = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT)


def trace_id_of(headers: Mapping[str, str]) -> str | None:
    """The vendor's own number of a call, for its support: X-Trace-ID (Freshchat) or X-Request-ID (Freshdesk)."""
    found = headers.get("X-Trace-ID") or headers.get("X-Request-ID")
    return found[:100] if found else None


def vendor_words(content: bytes, secrets: tuple[str, ...] = ()) -> str:
    """What a vendor says in an error's body, in one short line without any of `secrets`; "" if it says nothing.

    Understood are ``{code, status, message}``, ``{errorCode, errorMessage}``, ``{description, errors: [...]}``,
    HTML (its title, else its text) and plain text.
    """
    try:
        value = parse_json(content)
    except ValueError:
        words = _plain(content[:65536].decode("utf-8", "replace"))
    else:
        words = ": ".join(_pieces(value))
    for secret in secrets:
        words = words.replace(secret, "***")
    words = str(clean(_UNPRINTABLE.sub(" ", words).strip()))
    return words if len(words) <= WORDS_LIMIT else words[: WORDS_LIMIT - 1] + "…"


def _plain(text: str) -> str:
    title = _TITLE.search(text)
    if title and title.group(1).strip():
        return html.unescape(title.group(1))
    return html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", text)))


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    if not isinstance(value, Mapping):
        return
    for key in ("status", "errorCode", "code", "description", "errorMessage", "message", "error"):
        piece = value.get(key)
        # Freshchat repeats the HTTP status as an integer `code`; the words `status` beside it say more.
        if isinstance(piece, str) and piece.strip():
            yield piece.strip()
    errors = value.get("errors")
    for entry in errors if isinstance(errors, list) else ():
        if isinstance(entry, Mapping):
            yield " ".join(str(entry[key]) for key in ("field", "message", "code") if entry.get(key))
        elif isinstance(entry, str):
            yield entry


def error_of(
    status: int, headers: Mapping[str, str], content: bytes, *, write: bool, now: datetime, secrets: tuple[str, ...]
) -> VendorError:
    """The error a status outside 200-299 stands for: certainly not applied, certainly never, or unknown."""
    words = vendor_words(content, secrets)
    text = f"the vendor answered {status}" + (f": {words}" if words else "")
    trace_id = trace_id_of(headers)
    if status in (401, 403):
        return AuthFailed(text, status=status, trace_id=trace_id)
    if status in (409, 425, 429):
        return RetryLater(text, after=retry_after(headers, now), status=status, trace_id=trace_id)
    if status >= 500 or status == 408:  # 408 says the request did not arrive whole; a proxy may be the one to say so
        if write:
            return OutcomeUnknown(text, status=status, trace_id=trace_id)
        return RetryLater(text, after=retry_after(headers, now), status=status, trace_id=trace_id)
    if 300 <= status < 400:
        text = f"the vendor answered {status} and points elsewhere; redirects are not followed"
    return Refused(text, status=status, trace_id=trace_id)
