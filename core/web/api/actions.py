"""Actions over the API: what was sent to the helpdesk or is to be, and another try for what failed."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from core.access.tokens import Scope
from core.domain import ActionState
from core.flow import again
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api import shown
from core.web.api.fields import Paging, number_of, one_of, text
from core.web.api.operations import LINKS, NO_PLACE, NOT_NOW, Gone, Resource, by, listed
from core.web.queries import single
from core.web.queries.activity import list_actions

NO_SUCH = "There is no such action."


class ActionQuery(Paging):
    """Which actions are wanted; what is left out is left open."""

    state = fields.String(
        validate=one_of(ActionState),
        metadata={"description": "Of failed and parked ones nothing more comes by itself."},
    )
    connection = text("The name of a connection.")
    session = number_of("The id of a session.")


def actions(runtime: Runtime) -> Resource:
    """The operations on actions."""
    resource = Resource("Actions", runtime, "What was sent to the helpdesk, or is to be.")

    @resource.operation(
        "GET",
        "/actions",
        Scope.READ,
        query=ActionQuery,
        answers=shown.ActionPage,
        words="A page of actions, newest first.",
        refuses={404: NO_PLACE},
        tells=LINKS,
    )
    def find_actions(asked: dict[str, Any]) -> Any:
        """List actions

        The newest first, of all sessions or of one.
        """
        page = list_actions(
            runtime.db,
            states=(asked["state"],) if "state" in asked else (),
            connection=asked.get("connection", ""),
            session_id=asked.get("session"),
            cursor=asked["cursor"],
            limit=asked["limit"],
        )
        return listed(runtime, page.lines, page.next_cursor, page.previous_cursor)

    @resource.operation(
        "GET",
        f"/actions/<{ROW_ID}:action_id>",
        Scope.READ,
        answers=shown.Action,
        words="The action.",
        refuses={404: NO_SUCH},
    )
    def get_action(action_id: int) -> Any:
        """Read an action"""
        return _shown(runtime, action_id)

    _add_deciding(resource, runtime)
    return resource


def _add_deciding(resource: Resource, runtime: Runtime) -> None:
    refuses = {404: NO_SUCH, 409: NOT_NOW}

    @resource.operation(
        "POST",
        f"/actions/<{ROW_ID}:action_id>/retry",
        Scope.OPERATE,
        answers=shown.Action,
        words="The action as it is now.",
        refuses=refuses,
    )
    def retry_action(action_id: int) -> Any:
        """Have a failed or parked action sent again

        A message is first looked for at the helpdesk, and only then sent.
        """
        again.retry_action(runtime, action_id, by())
        return _shown(runtime, action_id)

    @resource.operation(
        "POST",
        f"/actions/<{ROW_ID}:action_id>/discard",
        Scope.OPERATE,
        answers=shown.Action,
        words="The action as it is now.",
        refuses=refuses,
    )
    def discard_action(action_id: int) -> Any:
        """Give up an action that waits, has failed or is parked

        One that was cancelled already stays so.
        """
        again.discard_action(runtime, action_id, by())
        return _shown(runtime, action_id)


def _shown(runtime: Runtime, action_id: int) -> Any:
    found = single.action(runtime.db, action_id)
    if found is None:
        raise Gone(NO_SUCH)
    return found
