"""What call is made for some records: one that writes them, or one that changes what the vendor has already."""

from __future__ import annotations

import logging

from core.destinations.equipment import Equipment
from core.destinations.ledger import Planned
from core.destinations.rendering import unmade
from core.destinations.windows import Waiting
from core.errors import RelaydeskError

log = logging.getLogger(__name__)


def plan(equipment: Equipment, members: list[Waiting]) -> Planned | str:
    """The call for some records; or else the id under which the vendor has them, and which is left as it is.

    Raises `BadRecord` and `Refused` where it cannot be made, and what looking for them does.
    """
    prepared = [each.prepared for each in members]
    ids = tuple(each.id for each in members)
    template, definition = equipment.template, equipment.definition
    try:
        call = equipment.renderer.call(prepared)
        existing = equipment.existing_id(prepared[0])
        if existing is not None and definition.exists == "skip":
            return existing
        if template is not None and existing is not None:
            call = template.update_call(prepared[0].fields, existing, equipment.connection)
            return Planned(call, ids, prepared[0].lane, definition.template, "update", existing)
    except RelaydeskError:
        raise
    except Exception as problem:
        log.exception("record %s of destination %s cannot be made a request", ids, definition.name)
        raise unmade(problem) from None
    return Planned(call, ids, prepared[0].lane, definition.template)


def fresh_first(groups: list[list[int]], waiting: list[Waiting]) -> list[list[int]]:
    """Let those go last that could not be looked for before, each with its lane: there may be many of them."""
    lanes = {each.prepared.lane for each in waiting if each.failed_looks} - {""}

    def failed(group: list[int]) -> bool:
        first = waiting[group[0]]
        return first.failed_looks > 0 or first.prepared.lane in lanes

    return sorted(groups, key=failed)
