"""Health: is the process there, and can it do its work?"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from core.runtime import Runtime
from core.store.models import SchedulerLeaseRow
from core.web.guard import public


def health(runtime: Runtime) -> Blueprint:
    """The blueprint of `/healthz` and `/readyz`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @public
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    @public
    def readyz() -> tuple[Response, int]:
        """Ready when the store can be written and somebody is elected to answer."""
        try:
            with runtime.db.write():
                now = runtime.db.now()
                elected = {row.name for row in SchedulerLeaseRow.select().where(SchedulerLeaseRow.until >= now)}
        except Exception as problem:
            return jsonify(status="not ready", problem=type(problem).__name__), 503
        missing = sorted({"dispatcher", "scheduler"} - elected) if runtime.config.server.embedded_worker else []
        if missing:
            return jsonify(status="not ready", problem="nobody is elected yet", missing=missing), 503
        return jsonify(status="ready"), 200

    return blueprint
