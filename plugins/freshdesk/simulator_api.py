"""The simulated Freshdesk API as one blueprint: who may call, how errors look, and all endpoints together.

Reference: https://developers.freshdesk.com/api/#authentication.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import identify
from plugins.freshdesk.simulator_answers import NO_DOMAIN, ApiError, Invalid, answer, error, invalid
from plugins.freshdesk.simulator_automations import add_automations
from plugins.freshdesk.simulator_contacts import add_contacts
from plugins.freshdesk.simulator_conversations import add_conversations
from plugins.freshdesk.simulator_directory import add_directory
from plugins.freshdesk.simulator_search import add_search
from plugins.freshdesk.simulator_tickets import add_tickets

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

TAKEN = ("", "application/json", "multipart/form-data")
"""The content types that the API takes, none at all among them."""


def build_api(sim: FreshdeskSimulator) -> Blueprint:
    """Everything under /api/v2. Every call needs an agent's key as the user name of HTTP Basic."""
    api = Blueprint("api", __name__)

    @api.before_request
    def check() -> ResponseReturnValue | None:
        if sim.quirks.unknown_domain:
            return Response(NO_DOMAIN, 404, mimetype="text/html")
        identify(sim)
        accepted = request.accept_mimetypes
        if accepted and not accepted["application/json"]:
            raise ApiError(406)
        if request.method in ("POST", "PUT") and request.mimetype not in TAKEN:
            raise ApiError(415)
        return None

    @api.errorhandler(ApiError)
    def refused(problem: ApiError) -> ResponseReturnValue:
        if problem.status == 404 and not sim.quirks.empty_404:
            return answer({"code": "not_found", "message": "The requested resource does not exist"}, 404)
        if problem.status == 400:
            return answer({"code": problem.code, "message": problem.message}, 400)
        return error(problem.status, problem.message, code=problem.code, allow=problem.allow)

    @api.errorhandler(Invalid)
    def not_valid(problem: Invalid) -> ResponseReturnValue:
        return invalid(problem)

    add_tickets(api, sim)
    add_conversations(api, sim)
    add_search(api, sim)
    add_contacts(api, sim)
    add_directory(api, sim)
    add_automations(api, sim)

    @api.app_errorhandler(HTTPException)
    def no_such(problem: HTTPException) -> ResponseReturnValue:
        allowed = getattr(problem, "valid_methods", None) or ()
        return error(problem.code or 500, problem.name.lower(), allow=", ".join(sorted(allowed)))

    return api


def build_downloads(sim: FreshdeskSimulator) -> Blueprint:
    """Attachments, for whoever was given a signed address; outside the API, so without key and rate limit."""
    downloads = Blueprint("downloads", __name__)

    @downloads.get("/data/<int:file_id>/<name>")
    def download_attachment(file_id: int, name: str) -> ResponseReturnValue:
        expires, signature = request.args.get("expires", 0, int), request.args.get("signature", "")
        file = sim.account.files.get(file_id)
        if not hmac.compare_digest(signature.encode(), sim.signature(file_id, expires).encode()):
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403, mimetype="application/xml")
        if sim.expired(expires):
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        if file is None or file.name != name:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404, mimetype="application/xml")
        # Never shown by a browser as a page of this origin, whatever was uploaded.
        headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
        return Response(file.data, mimetype=file.content_type, headers=headers)

    return downloads
