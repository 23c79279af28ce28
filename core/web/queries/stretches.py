"""The newest rows of a large table by any choice of a few columns, from one index that begins with these columns.

Walking a table from its newest row on takes long where few rows fit. But the columns hold few different values
together (connections, kinds, sources), and in the index those of one combination stand in one stretch, ordered by id:
the newest rows of each stretch that fits are read, and the newest of these are the ones wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.store.database import Database
from core.web.queries.cursors import HIGHEST, Cursor

MOST_STRETCHES = 400
"""More combinations than this are not looked at; a vendor whose kinds are without number would make them."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A table with an index over some columns and then the id."""

    table: str
    columns: tuple[str, ...]


EVENTS = Indexed("event", ("connection_id", "kind", "source"))
DECISIONS = Indexed("decision", ("outcome", "reason"))


def combinations(db: Database, indexed: Indexed) -> list[tuple[Any, ...]]:
    """Every combination of values that the columns have together. Inside `db.read()`.

    From each value the next greater one is one look at the index, however many rows lie between them.
    """
    steps: list[str] = []
    for place, column in enumerate(indexed.columns):
        before = [f"v{number}" for number in range(place)]
        same = " AND ".join(f"{indexed.columns[number]} = v{number}" for number in range(place))
        first = f"SELECT min({column}) FROM {indexed.table}{f' WHERE {same}' if same else ''}"
        further = f"SELECT min({column}) FROM {indexed.table} WHERE {f'{same} AND ' if same else ''}{column} > v{place}"
        start = f"SELECT {', '.join([*before, f'({first})'])}"
        start += f" FROM s{place - 1} WHERE v{place - 1} IS NOT NULL" if place else ""
        onward = f"SELECT {', '.join([*before, f'({further})'])} FROM s{place} WHERE v{place} IS NOT NULL"
        steps.append(f"s{place} ({', '.join([*before, f'v{place}'])}) AS ({start} UNION ALL {onward})")
    last = len(indexed.columns) - 1
    statement = (
        f"WITH RECURSIVE {', '.join(steps)} SELECT * FROM s{last} WHERE v{last} IS NOT NULL LIMIT {MOST_STRETCHES}"
    )
    return [tuple(row) for row in db.native.execute_sql(statement).fetchall()]


def newest(
    db: Database,
    indexed: Indexed,
    wanted: Mapping[str, Any],
    start: Cursor,
    number: int,
    also: Mapping[str, Any],
    known: Sequence[tuple[Any, ...]] | None = None,
) -> list[int]:
    """The ids of the rows that have the `wanted` values in columns of the index, from a cursor on in its direction.

    A tuple stands for any of its values. `also` are values in other columns, for which the rows are read: it should be
    what most of them have. `known` are the `combinations`, where they were looked up already. Inside `db.read()`.
    """
    fitting = [
        each
        for each in (combinations(db, indexed) if known is None else known)
        if all(_fits(each[indexed.columns.index(column)], value) for column, value in wanted.items())
    ]
    place = db.native.param
    compared, direction = (">", "ASC") if start.back else ("<", "DESC")
    conditions = " AND ".join(f"{column} = {place}" for column in (*indexed.columns, *also))
    one = (
        f"SELECT * FROM (SELECT id FROM {indexed.table} WHERE {conditions} AND id {compared} {place}"
        f" ORDER BY id {direction} LIMIT {int(number)}) s"
    )
    end = start.after[0] if start.after else (-1 if start.back else HIGHEST)
    values: list[Any] = []
    for stretch in fitting:
        values += [*stretch, *also.values(), end]
    if not fitting:
        return []
    rows = db.native.execute_sql(" UNION ALL ".join([one] * len(fitting)), values).fetchall()
    return sorted((int(row[0]) for row in rows), reverse=not start.back)[:number]


def _fits(value: Any, wanted: Any) -> bool:
    return bool(value in wanted if isinstance(wanted, tuple) else value == wanted)


def fields_of(rows: Sequence[tuple[Any, ...]], place: int) -> list[str]:
    """The different values in one place of combinations, for a choice of them."""
    return sorted({str(row[place]) for row in rows})
