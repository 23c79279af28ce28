"""Secrets are looked for in every answer and every line of the log of a world: one that is there fails the test.

What somebody types in or sends as a credential becomes a canary too. What may be shown, and where, stands in `SHOWN`.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, quote

from flask import Flask, request
from flask_login import current_user
from markupsafe import escape

from core.domain import Secret
from core.logs import JsonLines, TextLines, redact

SHORTEST = 12
"""Anything shorter may be an ordinary word somewhere; the tests' own secrets are longer."""
CREDENTIAL, PASSWORD, BEARER, WEBHOOK = "credential", "password", "bearer token", "webhook token"
SHAPES = {
    "subscription secret": re.compile(rb"whsec_[A-Za-z0-9+/]{40,}"),
    "API token": re.compile(rb"\brd_[\w-]{40,}"),
    "one-time link": re.compile(rb"/welcome/([\w-]{40,})"),
    WEBHOOK: re.compile(rb"/webhooks/\w+/([\w.~-]{20,})"),
}
"""What is known by how it looks, wherever it was made."""
SHOWN = {
    "subscription secret": {
        "outbound.new",
        "outbound.rotate",
        "destinations.new",
        "destinations.edit",
        "Subscriptions.create_subscription",
        "Subscriptions.rotate_secret",
    },
    "API token": {"people.list_tokens"},
    "one-time link": {"people.list_users"},
    WEBHOOK: {"integrations.connection", "integrations.live"},
}
"""Where each is meant to be seen: by administrators and by programs that may, once; webhooks' addresses always."""
TYPED = ("password", "old", "again", "access_token", "api_key", "webhook_secret")
"""The fields of forms in which secrets are typed."""
LONGEST_FORM = 100_000
LIBRARIES = ("werkzeug", "urllib3", "httpx", "apscheduler")
"""Of these the product logs warnings alone."""
ENDPOINT, ADMINISTRATOR = "tests.canaries.endpoint", "tests.canaries.administrator"


class Canaries(logging.Handler):
    """Watches one world; `leaks` says where something was seen, and of which kind it is, never what."""

    def __init__(self) -> None:
        super().__init__()
        self.leaks: list[str] = []
        self._planted: dict[bytes, str] = {}
        self._once: set[bytes] = set()
        self._planting = threading.Lock()
        self._secrets: Callable[[], Iterable[Secret]] = tuple
        self._clean = lambda text: redact(text, self._secrets())
        self._levels: dict[str, int] = {}
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def plant(self, kind: str, *secrets: str | Secret) -> None:
        """Look for these from now on, also as pages, addresses, JSON and Basic authorization write them."""
        for secret in secrets:
            text = secret.reveal() if isinstance(secret, Secret) else secret
            if len(text) < SHORTEST or text.encode() in self._planted:
                continue
            forms = {text, str(escape(text)), quote(text), quote(text, safe=""), json.dumps(text)[1:-1]}
            forms |= {base64.b64encode(f"{text}:X".encode()).decode(), base64.b64encode(text.encode()).decode()}
            with self._planting:
                # Another dictionary, since others may be going through this one.
                self._planted = {**self._planted, **{form.encode(): kind for form in forms}}

    # ------------------------------------------------------------------------------------------- where it stands

    def arrive(self, secrets: Callable[[], Iterable[Secret]]) -> None:
        """Watch the logs too; `secrets` are those that the product leaves out of them."""
        self._secrets = secrets
        self.plant(CREDENTIAL, *secrets())
        if self not in logging.getLogger().handlers:
            logging.getLogger().addHandler(self)
            for name in ("core", "plugins"):
                self._levels[name] = logging.getLogger(name).level
                logging.getLogger(name).setLevel(logging.INFO)

    def leave(self) -> None:
        """Stop watching; whatever was seen fails the test."""
        logging.getLogger().removeHandler(self)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._levels.clear()
        assert not self.leaks, self.leaks

    def attend(self, app: Flask) -> None:
        """Note of every request which endpoint it is for, and whether it is an administrator's."""

        @app.after_request
        def note(response: Any) -> Any:
            request.environ[ENDPOINT] = request.endpoint
            signed_in = bool(current_user) and current_user.is_authenticated
            request.environ[ADMINISTRATOR] = signed_in and current_user.user.is_admin
            return response

    # ---------------------------------------------------------------------------------------------- what it sees

    def serve(self, app: Any, environ: Any, start_response: Any) -> list[bytes]:
        """Let a WSGI application answer, and look through the answer before it is sent."""
        self._learn(environ)
        headers: list[tuple[str, str]] = []

        def start(status: str, given: list[tuple[str, str]], *error: Any) -> Any:
            headers[:] = given
            return start_response(status, given, *error)

        answer = app(environ, start)
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        told = "\n".join(value for name, value in headers if name.lower() != "set-cookie")
        self._look(environ, body + b"\n" + told.encode("latin-1", "replace"))
        return [body]

    def emit(self, record: logging.LogRecord) -> None:
        """Look through a line of the log, as the product would write it."""
        if record.levelno < (logging.WARNING if record.name.startswith(LIBRARIES) else logging.INFO):
            return
        if not self._found(self.format(record).encode()):
            return
        for lines in (TextLines(self._clean), JsonLines(self._clean)):
            for kind in self._found(lines.format(record).encode()):
                self.leaks.append(f"{_a(kind)} in the log of {record.name}")

    def _learn(self, environ: Any) -> None:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        self.plant(BEARER, authorization.partition(" ")[2])
        is_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not is_form or length > LONGEST_FORM or environ["PATH_INFO"].startswith("/webhooks/"):
            return
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = BytesIO(body)
        typed = parse_qs(body.decode("utf-8", "replace"))
        self.plant(PASSWORD, *(value for field in TYPED for value in typed.get(field, ())))

    def _look(self, environ: Any, answer: bytes) -> None:
        endpoint = environ.get(ENDPOINT) or "no endpoint"
        for kind in self._found(answer):
            if not self._meant(kind, endpoint, environ):
                self.leaks.append(f"{_a(kind)} in an answer of {endpoint}")
        for kind, shape in SHAPES.items():
            seen = set(shape.findall(answer)) if kind != WEBHOOK else set()
            if seen & self._once:
                self.leaks.append(f"{_a(kind)} for the second time, in an answer of {endpoint}")
            self._once |= seen

    def _found(self, text: bytes) -> set[str]:
        """The kinds of secrets in a text."""
        found = {kind for secret, kind in self._planted.items() if secret in text}
        return found | {kind for kind, shape in SHAPES.items() if shape.search(text)}

    def _meant(self, kind: str, endpoint: str, environ: Any) -> bool:
        allowed = endpoint in SHOWN.get(kind, ())
        return allowed and (endpoint.startswith("Subscriptions.") or bool(environ.get(ADMINISTRATOR)))


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "AEIOU" else f"a {kind}"
