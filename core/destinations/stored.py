"""What is stored of a destination beside its row: its definition as far as it can be read, and what hangs on it."""

from __future__ import annotations

import re
from typing import Any

from peewee import fn

from core.destination_settings import RESPONSES, Definition, DestinationSchema
from core.errors import ConfigError
from core.runtime import Runtime
from core.settings import check_settings
from core.store.models import DestinationRecordRow, DestinationRow


def readable(runtime: Runtime, row: DestinationRow) -> tuple[Definition, str]:
    """The definition that is stored, as far as it can be read, and why that is not all of it; "" if it is."""
    stored = dict(row.definition) if isinstance(row.definition, dict) else {}
    given = {**stored, "name": row.name, "connection": row.connection}
    definition, mistakes = check_settings(DestinationSchema(), given, "", runtime.config.folder)
    if definition is not None:
        return definition, ""
    wrong = {re.split(r"[.\[]", each.key)[0] for each in mistakes}
    rest = {key: value for key, value in given.items() if key not in wrong}
    definition, _ = check_settings(DestinationSchema(), rest, "", runtime.config.folder)
    told = "; ".join(f"{each.key}: {each.problem}" for each in mistakes)
    return definition or Definition(row.name, row.connection), f"its definition cannot be used ({told})"


def must_feed_nobody(name: str, key: str, problem: str, mend: str) -> None:
    """Raise `ConfigError` if the answers of a destination are others' records; `problem` has a place for their names.

    In a transaction.
    """
    fed = DestinationRow.select(DestinationRow.name).where(DestinationRow.source == f"{RESPONSES}{name}")
    names = ", ".join(each.name for each in fed.order_by(DestinationRow.name))
    if names:
        raise ConfigError(key, problem.format(names), mend)


def counts_of(destination_id: int | None = None) -> dict[int, dict[str, int]]:
    """How many records each destination has in each state. In a transaction."""
    number = fn.COUNT(DestinationRecordRow.id)
    query = DestinationRecordRow.select(DestinationRecordRow.destination, DestinationRecordRow.state, number)
    if destination_id is not None:
        query = query.where(DestinationRecordRow.destination == destination_id)
    found: dict[int, dict[str, int]] = {}
    grouped: Any = query.group_by(DestinationRecordRow.destination, DestinationRecordRow.state).tuples()
    for owner, state, count in grouped:
        shown = "waiting" if state == "arriving" else state
        counts = found.setdefault(owner, {})
        counts[shown] = counts.get(shown, 0) + count
    return found
