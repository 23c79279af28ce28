"""The record of who changed what."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from core.access import audit
from core.access.users import Role
from core.runtime import Runtime
from core.web.addresses import HIGHEST_ID
from core.web.guard import needs


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/audit`."""
    blueprint = Blueprint("records", __name__)

    @blueprint.get("/audit")
    @needs(Role.ADMIN)
    def entries() -> str:
        before = request.args.get("before", type=int)
        limited = before if before is not None and 0 < before <= HIGHEST_ID else None
        found, older = audit.entries(runtime.db, limited)
        return render_template("people/audit.html", entries=found, older=older, first=limited is None)

    return blueprint
