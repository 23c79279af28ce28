"""The address the vendors call."""

from __future__ import annotations

from flask import Blueprint, Response, request

from core.flow.receive import receive
from core.runtime import Runtime
from core.web.guard import guards_itself

LARGEST_BODY = 1024 * 1024
"""Bytes. A chat message is far smaller; what is larger is refused before it is read."""


def webhooks(runtime: Runtime) -> Blueprint:
    """The blueprint of `/webhooks/<connector>/<token>`."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post("/webhooks/<connector>/<token>")
    @guards_itself
    def called(connector: str, token: str) -> Response:
        request.max_content_length = LARGEST_BODY
        answer = receive(runtime, connector, token, request.get_data(cache=False), dict(request.headers))
        response = Response(answer.words + "\n", answer.status, mimetype="text/plain")
        if answer.status == 503:
            response.headers["Retry-After"] = "5"
        return response

    return blueprint
