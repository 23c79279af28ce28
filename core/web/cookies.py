"""The cookies of the pages: which answers may set one."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from core.web.guard import STATIC
from core.web.live import asked_by_itself


class Sessions(SecureCookieSessionInterface):
    """Keeps sessions in a signed cookie, which is sent in answer to what somebody does alone.

    A page that keeps itself up to date may be answered after its reader has signed out, or in as somebody else, and
    must not undo that. A stylesheet may be kept by whoever stands between, and handed to others.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not asked_by_itself() and request.endpoint not in STATIC:
            super().save_session(app, session, response)
