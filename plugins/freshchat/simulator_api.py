"""The simulated Freshchat API as one blueprint: who may call, how errors look, and all endpoints together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from plugins.freshchat.simulator_answers import ApiError
from plugins.freshchat.simulator_conversations import add_conversations
from plugins.freshchat.simulator_directory import add_directory
from plugins.freshchat.simulator_documented import add_documented

if TYPE_CHECKING:
    from plugins.freshchat.simulator import FreshchatSimulator


def build_api(sim: FreshchatSimulator) -> Blueprint:
    """Everything under /v2. Every call needs the live token as a bearer."""
    api = Blueprint("api", __name__)

    @api.before_request
    def check_token() -> ResponseReturnValue | None:
        if sim.token is None or request.headers.get("Authorization") != f"Bearer {sim.token}":
            return sim.error_answer(401, "the access token is missing, wrong or revoked")
        if not sim.may_manage_conversations and request.path.startswith("/v2/conversations"):
            return sim.error_answer(403, "the token has no permission for conversations")
        return None

    @api.errorhandler(ApiError)
    def refused(problem: ApiError) -> ResponseReturnValue:
        return sim.error_answer(problem.status, problem.words, problem.word)

    if sim.dialect == "documented":
        add_documented(api, sim)
    else:
        add_directory(api, sim)
        add_conversations(api, sim)

    @api.app_errorhandler(HTTPException)
    def no_such(problem: HTTPException) -> ResponseReturnValue:
        return sim.error_answer(problem.code or 500, problem.name.lower())

    return api


def build_downloads(sim: FreshchatSimulator) -> Blueprint:
    """Uploaded files, for whoever knows their address; outside the API, so without token and rate limit."""
    downloads = Blueprint("downloads", __name__)

    @downloads.get("/files/<token>/<name>")
    def download(token: str, name: str) -> ResponseReturnValue:
        file = sim.account.files.get(token)
        if file is None or file.name != name:
            return Response("no such file", 404, mimetype="text/plain")
        # Never shown by a browser as a page of this origin, whatever was uploaded.
        headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
        return Response(file.data, mimetype=file.content_type, headers=headers)

    return downloads
