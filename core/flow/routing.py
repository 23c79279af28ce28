"""May the AI speak in a session that nobody owns: the gate, by the connection's routing mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain import Reason, Route

AUTO_HANDLE_ALL = "auto_handle_all"
ASSIGNED_ONLY = "assigned_only"


def routing_mode(settings: Mapping[str, Any]) -> str:
    """The routing mode that a connection's settings ask for; new sessions keep it (behaviour 33)."""
    return AUTO_HANDLE_ALL if settings.get("auto_handle_all") else ASSIGNED_ONLY


def default_route(routing: str) -> Route:
    """The gate where no plugin decides: claim what is unassigned, or leave it (behaviour 30, 31; no third mode, 32)."""
    if routing == AUTO_HANDLE_ALL:
        return Route(answer=True, reason=Reason.ANSWERED, claim=True)
    return Route(answer=False, reason=Reason.NOT_ASSIGNED_TO_AI)
