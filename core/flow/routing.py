"""May the AI speak in a session that nobody owns: the gate, by the connection's routing mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain import Reason, Route

AUTO_HANDLE_ALL = "auto_handle_all"
CLAIM_ALL = "claim_all"
"""As `AUTO_HANDLE_ALL`, at a vendor whose new conversations the AI takes from whoever they are assigned to."""
ASSIGNED_ONLY = "assigned_only"


def routing_mode(settings: Mapping[str, Any], *, claims_assigned: bool = False) -> str:
    """The routing mode that a connection's settings ask for; new sessions keep it (behaviour 33)."""
    if not settings.get("auto_handle_all"):
        return ASSIGNED_ONLY
    return CLAIM_ALL if claims_assigned else AUTO_HANDLE_ALL


def default_route(routing: str, *, in_intake_group: bool = False) -> Route:
    """The gate where no plugin decides: claim it, or leave it (behaviour 30-32, 75, 76; there is no third mode).

    What stands in the group that is the AI's own is claimed in any mode.
    """
    if routing in (AUTO_HANDLE_ALL, CLAIM_ALL) or in_intake_group:
        return Route(answer=True, reason=Reason.ANSWERED, claim=True)
    return Route(answer=False, reason=Reason.NOT_ASSIGNED_TO_AI)
