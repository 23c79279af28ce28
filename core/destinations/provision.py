"""The destinations of the file are brought into the store, where all processes read them."""

from __future__ import annotations

import logging
from typing import Any

from core.destination_settings import Definition, as_given
from core.destinations.checking import check_change, check_definition, check_upstream
from core.destinations.stored import readable
from core.errors import ConfigError
from core.runtime import Runtime
from core.store.models import NOT_HELD, DestinationRow

log = logging.getLogger(__name__)

BY = "configuration file"
LEFT = "it is no longer in the configuration file"


def provision_destinations(runtime: Runtime) -> None:
    """Make and change the rows of those that stand in the file, and let those that have left it send nothing.

    One with a mistake is not active, and shows why; the others go on. Whoever has paused one on the pages finds it
    paused. One that has left the file counts as made on the pages from then on, until it comes back.
    """
    wanted = {each.name: each for each in runtime.config.destinations}
    # All are there before any is looked at: one may be fed by another that stands below it.
    ours = [definition for definition in wanted.values() if _is_there(runtime, definition)]
    for definition in ours:
        _bring(runtime, definition)
    with runtime.db.write():
        for row in DestinationRow.select().where(DestinationRow.provisioned):
            if row.name not in wanted:
                log.warning("destination %s is no longer in the configuration file", row.name)
                values = {"provisioned": False, "activated_at": None, "activated_by": "", "held_reason": LEFT}
                DestinationRow.update(**values).where(DestinationRow.id == row.id).execute()


def _is_there(runtime: Runtime, definition: Definition) -> bool:
    """Make the row if there is none; False if there is one of the pages, which counts."""
    with runtime.db.write():
        now = runtime.db.now()
        runtime.db.insert_ignore(
            DestinationRow,
            name=definition.name,
            provisioned=True,
            created_by=BY,
            created_at=now,
            changed_by=BY,
            changed_at=now,
            **_values(definition),
        )
        row = DestinationRow.get(DestinationRow.name == definition.name)
        if row.created_by != BY:
            log.error("destination %s was made on the pages too, and counts as it is there", definition.name)
        return bool(row.created_by == BY)


def _bring(runtime: Runtime, definition: Definition) -> None:
    """Let the row say what the file says, as far as that is good."""
    with runtime.db.write():
        row: DestinationRow = DestinationRow.get(DestinationRow.name == definition.name)
        problem = _problem(runtime, row, definition)
        if problem and problem != row.held_reason:
            log.error("destination %s is not active: %s", definition.name, problem)
        active = definition.active and not problem
        values: dict[str, Any] = {"provisioned": True}
        if not problem:
            values |= _values(definition)
        if active != (row.activated_at is not None):
            values |= {"activated_at": runtime.db.now() if active else None, "activated_by": BY if active else ""}
            values |= {**NOT_HELD, "held_reason": problem}
        elif not active:
            values["held_reason"] = problem
        if any(getattr(row, name) != value for name, value in values.items()):
            values |= {"changed_by": BY, "changed_at": runtime.db.now(), "revision": row.revision + 1}
            DestinationRow.update(**values).where(DestinationRow.id == row.id).execute()


def _problem(runtime: Runtime, row: DestinationRow, definition: Definition) -> str:
    """What is wrong with what the file says, "" if nothing is."""
    try:
        check_definition(runtime, definition)
        check_upstream(definition)
        check_change(row, readable(runtime, row)[0], definition)
    except ConfigError as mistake:
        return str(mistake)
    return ""


def _values(definition: Definition) -> dict[str, Any]:
    return {
        "connection": definition.connection,
        "definition": as_given(definition),
        "source": definition.source,
        "events": list(definition.events),
    }
