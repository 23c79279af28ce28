"""The destinations of the file are brought into the store, where all processes read them."""

from __future__ import annotations

import logging
from typing import Any

from core.destination_settings import Definition, as_given
from core.destinations.checking import check_definition, check_upstream
from core.errors import ConfigError
from core.runtime import Runtime
from core.store.models import DestinationRow

log = logging.getLogger(__name__)

BY = "configuration file"


def provision_destinations(runtime: Runtime) -> None:
    """Make and change the rows of those that stand in the file, and let those that have left it send nothing.

    One with a mistake is not active, and shows why; the others go on. Whoever has paused one on the pages finds it
    paused.
    """
    wanted = {each.name: each for each in runtime.config.destinations}
    with runtime.db.write():
        for definition in wanted.values():
            _store(runtime, definition)
        for row in DestinationRow.select().where(DestinationRow.provisioned):
            if row.name not in wanted and (row.activated_at is not None or not row.held_reason):
                log.warning("destination %s is no longer in the configuration file", row.name)
                why = "it is no longer in the configuration file"
                DestinationRow.update(activated_at=None, held_reason=why).where(DestinationRow.id == row.id).execute()


def _store(runtime: Runtime, definition: Definition) -> None:
    now = runtime.db.now()
    row: DestinationRow | None = DestinationRow.get_or_none(DestinationRow.name == definition.name)
    if row is not None and not row.provisioned:
        log.error("destination %s was made on the pages too, and counts as it is there", definition.name)
        return
    problem = ""
    try:
        check_definition(runtime, definition)
        check_upstream(definition)
    except ConfigError as mistake:
        problem = str(mistake)
        log.error("destination %s is not active: %s", definition.name, problem)
    given = as_given(definition)
    values: dict[str, Any] = {
        "connection": definition.connection,
        "definition": given,
        "source": definition.source,
        "events": list(definition.events),
    }
    active = definition.active and not problem
    if row is None:
        values |= {
            "activated_at": now if active else None,
            "activated_by": BY if active else "",
            "held_reason": problem,
        }
        DestinationRow.create(
            name=definition.name,
            provisioned=True,
            created_by=BY,
            created_at=now,
            changed_by=BY,
            changed_at=now,
            **values,
        )
        return
    if active != (row.activated_at is not None):
        values |= {
            "activated_at": now if active else None,
            "activated_by": BY if active else "",
            "held_reason": problem,
        }
    elif problem or not active:
        values |= {"held_reason": problem}
    if any(getattr(row, name) != value for name, value in values.items()):
        DestinationRow.update(**values, changed_by=BY, changed_at=now, revision=row.revision + 1).where(
            DestinationRow.id == row.id
        ).execute()
