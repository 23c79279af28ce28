"""The rows of a query as plain values, which cost a fraction of what peewee's objects do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, BooleanField, Field

from core.store.models import JsonField, MomentField

CONVERTED = (MomentField, JsonField, BooleanField)
"""The fields whose values the engines give otherwise than they are wanted; numbers and texts are as they are."""


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, in the order of what was selected."""
    found = query.tuples().execute()
    first = found.cursor.fetchone()
    if first is None:
        return []
    found.initialize()  # not before there is a row: until then not every driver knows the columns
    rows = [first, *found.cursor.fetchall()]
    converters = [(place, one) for place, one in enumerate(found.converters) if _is_needed(one)]
    if not converters:
        return rows
    lists = [list(row) for row in rows]
    for place, convert in converters:
        for row in lists:
            row[place] = convert(row[place])
    return [tuple(row) for row in lists]


def _is_needed(converter: Any) -> bool:
    field = getattr(converter, "__self__", None)
    return converter is not None and (not isinstance(field, Field) or isinstance(field, CONVERTED))


def columns(model: Any, shown: Any) -> list[Any]:
    """The columns of a model that a dataclass shows, in its order."""
    return [model._meta.combined[name] for name in shown.__slots__]


def among(column: str, ids: Iterable[int]) -> SQL:
    """That a column, such as `t1.id`, is one of some numbers.

    They are written out, since thousands of parameters cost more than the rows that they name. No id is NULL.
    """
    return SQL(f"{column} IN ({','.join(str(int(each)) for each in ids) or 'NULL'})")
