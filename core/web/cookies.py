"""The cookies of the pages: the one that somebody is signed in by, and the one that their browser is known by."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TypeVar

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from core.config import ServerConfig
from core.web.guard import STATIC
from core.web.live import asked_by_itself

Answer = TypeVar("Answer", bound=AnyResponse)

KNOWN_FOR = timedelta(days=365)


class Sessions(SecureCookieSessionInterface):
    """Keeps sessions in a signed cookie, which is sent in answer to what somebody does alone.

    A page that keeps itself up to date may be answered after its reader has signed out, or in as somebody else, and
    must not undo that. A stylesheet may be kept by whoever stands between, and handed to others.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not asked_by_itself() and request.endpoint not in STATIC:
            super().save_session(app, session, response)


class KnownBrowsers:
    """Knows a browser again in which somebody has signed in to an account, by what OWASP calls a device cookie.

    Its failed sign-ins to this account are counted by themselves: what strangers try does not shut it out, and it may
    try no more often than they may together. Only the key of now signs: whoever has an earlier one could make marks.
    """

    def __init__(self, server: ServerConfig) -> None:
        self._key = server.secret_key
        self._secure = server.base_url.startswith("https://")
        self._name = "__Host-relaydesk-known" if self._secure else "relaydesk-known"

    def mark(self, account: str) -> str:
        """What the browser that asks is counted by at an account; "" where it is not known there."""
        try:
            shown = request.cookies.get(self._name, "")
            return str(self._signer(account).loads(shown, max_age=int(KNOWN_FOR.total_seconds())))
        except BadSignature:
            return ""

    def remember(self, answer: Answer, account: str) -> Answer:
        """Have the browser that is answered known at an account, in which somebody has signed in just now."""
        answer.set_cookie(
            self._name,
            self._signer(account).dumps(secrets.token_urlsafe(16)),
            max_age=KNOWN_FOR,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
        return answer

    def _signer(self, account: str) -> URLSafeTimedSerializer:
        # The account is part of the salt: the mark does not name it, and is good nowhere else.
        return URLSafeTimedSerializer(
            self._key.reveal(),
            salt=f"relaydesk.known-browser {account}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
