"""Which records go into one call: told by what they are, whoever asks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.destination_settings import Batching, Definition
from core.destinations.rendering import Prepared, group_value

PreparedRecord = tuple[Mapping[str, Any], Prepared]
"""A record as its source has it, and as it is sent."""


@dataclass(slots=True)
class _Group:
    members: list[int] = field(default_factory=list)
    bytes: int = 0
    until: datetime | None = None


def batches(
    definition: Definition, merges: bool, prepared: Sequence[PreparedRecord], moments: Sequence[datetime] = ()
) -> list[list[int]]:
    """The calls that some records make, in the order in which they are to be made: of each the places of its records.

    `merges` is whether the definition's template, if it has one, makes one call of several records. Without a batch
    each record is a call of its own. With one, a call has those of the same `merge`: as many as it may, and with
    grouping by field only those equal in it. Others may stand between them, but of one lane none overtakes another.
    `moments` are when the records came; without them all came at once. Grouped by time, none is in a call whose first
    came more than `seconds` before.
    """
    batch = definition.batch
    if batch is None or (definition.template and not merges):
        return [[place] for place in range(len(prepared))]
    groups: list[_Group] = []
    latest: dict[tuple[str, str], int] = {}
    lanes: dict[str, int] = {}
    for place, (data, each) in enumerate(prepared):
        same = (each.merge, group_value(data, batch.field) if batch.group_by == "field" else "")
        length = _length(each) if batch.group_by == "bytes" else 0
        came = moments[place] if moments and batch.group_by == "time" else None
        number = latest.get(same, -1)
        overtakes = bool(each.lane) and lanes.get(each.lane, -1) > number
        if number < 0 or overtakes or not _has_room(groups[number], batch, length, came):
            number = len(groups)
            groups.append(_Group(bytes=_around(batch), until=came and came + timedelta(seconds=batch.seconds)))
        groups[number].members.append(place)
        groups[number].bytes += length
        latest[same] = number
        if each.lane:
            lanes[each.lane] = number
    return [group.members for group in groups]


def is_full(definition: Definition, batch: Sequence[int], candidates: Sequence[PreparedRecord], made: int) -> bool:
    """Whether nothing could join a batch that is the first of `made`: it need not wait for more.

    By bytes it is full once another one was begun behind it.
    """
    grouping = definition.batch
    if grouping is None or len(batch) >= grouping.size:
        return True
    same = candidates[batch[0]][1].merge
    return (
        grouping.group_by == "bytes"
        and made > 1
        and any(candidates[place][1].merge == same for place in range(batch[-1] + 1, len(candidates)))
    )


def _has_room(group: _Group, batch: Batching, length: int, came: datetime | None) -> bool:
    if len(group.members) >= batch.size or (came is not None and group.until is not None and came > group.until):
        return False
    return batch.group_by != "bytes" or group.bytes + length <= batch.bytes


def _length(each: Prepared) -> int:
    """How many bytes a record adds to a body, with what stands between it and the next one."""
    return len(json.dumps(each.fields, default=str)) + len(", ")


def _around(batch: Batching) -> int:
    """How many bytes a body has around its records, less what the last one does not need."""
    empty: Any = {batch.under: []} if batch.under else []
    return len(json.dumps(empty)) - len(", ")
