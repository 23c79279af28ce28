"""Which records go into one call: those of one person for a template that merges, or a batch as it was configured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.destination_settings import Definition
from core.destinations.rendering import Prepared, group_value

Candidate = tuple[Mapping[str, Any], Prepared]
"""A record as it came, and as it is sent."""


def batches(definition: Definition, merges: bool, candidates: Sequence[Candidate]) -> list[list[int]]:
    """The places of those that go into each call, in the order of the first of each.

    `merges` says that the destination's template makes one call of what is equal in `merge`; so does one address of a
    manual destination. Without batching each record has a call of its own.
    """
    batch = definition.batch
    if batch is None:
        return [[place] for place in range(len(candidates))]
    made: list[list[int]] = []
    open_ones: dict[str, tuple[list[int], int]] = {}
    for place, (data, prepared) in enumerate(candidates):
        group = prepared.merge
        if batch.group_by == "field":
            group += "\n" + group_value(data, batch.field)
        size = _bytes_of(prepared) if batch.group_by == "bytes" and not merges else 0
        members, taken = open_ones.get(group, ([], 0))
        if not members or len(members) >= batch.size or (size and taken + size > batch.bytes):
            members, taken = [], _frame(batch.under) if size else 0
            made.append(members)
        members.append(place)
        open_ones[group] = (members, taken + size)
    return made


def is_full(definition: Definition, batch: Sequence[int], candidates: Sequence[Candidate], made: int) -> bool:
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


def _bytes_of(prepared: Prepared) -> int:
    return len(json.dumps(prepared.fields, ensure_ascii=False, default=str).encode()) + 2


def _frame(under: str) -> int:
    """What the body has around its records."""
    return len(under.encode()) + 8 if under else 2
