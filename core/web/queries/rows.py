"""The rows of a query as plain values, which cost a fraction of what peewee's objects do."""

from __future__ import annotations

from typing import Any


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, in the order of what was selected."""
    return list(query.tuples())


def dicts(query: Any) -> list[dict[str, Any]]:
    """The rows as dicts, by the names of what was selected."""
    return list(query.dicts())


def columns(model: Any, shown: Any) -> list[Any]:
    """The columns of a model that a dataclass shows, in its order and under its names."""
    return [model._meta.combined[name].alias(name) for name in shown.__slots__]
