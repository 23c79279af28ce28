"""Logs: one handler on the standard library's logging, with everything secret taken out of each line."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from core.domain import Secret

HIDDEN = "***"
SHORTEST_SECRET = 4
"""Shorter values are not searched for: they would blot out half of every line."""

# Libraries that bring their own handlers, whose lines would pass by the redaction.
_OWN_HANDLERS = ("gunicorn.access", "gunicorn.error", "werkzeug")
# Libraries that tell of every single run or call at level INFO.
_TALKATIVE = ("apscheduler", "httpx", "urllib3", "werkzeug")

# The secret parts of addresses: a webhook's token, and what lets somebody set their password.
_WEBHOOK = re.compile(r"(/webhooks/[\w.-]+/|/welcome/)([^\s/?#\"'<>]+)")
_FINGERPRINT = re.compile(r"[0-9a-f]{8}")
_AUTHORIZATION = re.compile(
    r"((?:proxy-)?authorization['\"]?\s*[:=]\s*(?:b(?=['\"]))?['\"]?)(?:(?:bearer|basic|token)\s+)?[^\s'\",}]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer\s+)[\w.~+/=-]{6,}", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE)


def redact(text: str, secrets: Iterable[Secret | str] = ()) -> str:
    """Return `text` without credentials.

    Taken out are the `secrets` given, the values of Authorization headers and bearer tokens, and passwords in
    addresses. The token of a webhook address becomes a fingerprint of 8 hexadecimal digits, so that lines about
    one address can still be told to belong together.
    """
    for value in _searched(secrets):
        text = text.replace(value, HIDDEN)
    text = _WEBHOOK.sub(_fingerprint, text)
    text = _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    return _PASSWORD_IN_URL.sub(rf"\1{HIDDEN}", text)


def configure_logs(
    level: str | int = "INFO",
    json: bool = False,
    secrets: Iterable[Secret | str] | Callable[[], Iterable[Secret | str]] = (),
) -> None:
    """Send all logs to standard error through one redacting handler, in place of any that were there.

    `level` is a name or number of the standard library, `json` makes each line one JSON object, and `secrets` are
    the values to take out wherever they appear, or a function that gives them, which is asked for every line. May be
    called again, for instance once the secrets are known.
    """
    given = secrets if callable(secrets) else tuple(secrets)
    handler = logging.StreamHandler()
    handler.setFormatter(
        (JsonLines if json else TextLines)(lambda text: redact(text, given() if callable(given) else given))
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)


class TextLines(logging.Formatter):
    """A line a person can read; redacting comes last, when message and exception have become text."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._clean = clean

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the library's name
        """The moment in UTC, to the millisecond."""
        return _moment(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The entry's first part; further lines are indented, so that no text from outside can forge an entry."""
        return self._clean(super().formatMessage(record)).replace("\r", "\\r").replace("\n", "\n    ")

    def format(self, record: logging.LogRecord) -> str:
        """The whole entry, traceback included, without secrets."""
        return self._clean(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line; values are redacted before they are encoded, since JSON would disguise some."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._clean = clean

    def format(self, record: logging.LogRecord) -> str:
        """The entry as `at`, `level`, `logger`, `message`, and `exception` where there is one."""
        entry = {
            "at": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._clean(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _fingerprint(match: re.Match[str]) -> str:
    path, token = match.groups()
    if _FINGERPRINT.fullmatch(token):  # redacted before
        return f"{path}{token}"
    return f"{path}{hashlib.sha256(token.encode()).hexdigest()[:8]}"


def _searched(secrets: Iterable[Secret | str]) -> tuple[str, ...]:
    """The texts to search for, also as an address, JSON and `repr` write them; the longest first, to leave no part."""
    texts = [secret.reveal() if isinstance(secret, Secret) else secret for secret in secrets]
    forms = {
        form
        for text in texts
        if len(text) >= SHORTEST_SECRET
        for form in (text, quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1])
    }
    return tuple(sorted(forms, key=len, reverse=True))
