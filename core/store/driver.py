"""The peewee database classes of both engines, kept from changing anything outside of `write`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from peewee import SCOPE_VALUES, Context, Expression, Field, NodeList, Value

CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP"})


def guarded(driver: Any) -> Any:
    """A peewee database class that refuses to change anything outside of a transaction, and writes SQL quickly.

    On SQLite such a change would go past the gate, and meet "database is locked"; on both engines it would not be
    undone with what belongs to it. Nor is anything read outside of `read` and `write`: each connection that was opened
    for it would stay its thread's.
    """

    class Guarded(driver):  # type: ignore[misc]  # the class is chosen at run time
        context_class = QuickContext

        def execute_sql(self, sql: str, params: Any = None, **options: Any) -> Any:
            if sql.split(None, 1)[0].upper() in CHANGING and not self.in_transaction():
                raise RuntimeError(f"outside of db.write(): {sql[:60]}")
            if self.is_closed():
                raise RuntimeError(f"outside of db.read(): {sql[:60]}")
            return super().execute_sql(sql, params, **options)

    return Guarded


class _Columns(NamedTuple):
    """What was `written` for a list of columns, by what their tables are called in a statement, nothing if not at all.

    The columns are kept with it, so that no other objects can ever have their ids.
    """

    columns: tuple[Field, ...]
    tables: tuple[Any, ...]
    written: dict[tuple[str, ...], str]


class QuickContext(Context):
    """Writes the same SQL as peewee, but what nearly every statement consists of at once.

    That is columns and lists of them, comparisons of a column with a plain value, and what combines these. peewee makes
    several objects and scopes for each name and each value, which took longer than all else that a statement takes.
    """

    __slots__ = ()

    def sql(self, obj: Any) -> Any:
        """Write a node; what is none of the above is peewee's own matter."""
        kind = type(obj)
        if kind is Value and not obj.multi:
            return self.value(obj.value, obj.converter)
        if kind is NodeList and obj.nodes and not self.parentheses:
            return self._write_list(obj)
        if kind is Expression and self._writes_expression(obj):
            return self
        if _is_column(obj):
            return self.literal(self._name(obj))
        return super().sql(obj)

    def _write_list(self, obj: NodeList) -> Any:
        columns = obj.glue == ", " and self._columns(obj.nodes)
        if not columns and obj.parens and not all(type(node) is Value and not node.multi for node in obj.nodes):
            return super().sql(obj)
        opening, closing = ("(", ")") if obj.parens else ("", "")
        if columns:
            return self.literal(f"{opening}{columns}{closing}")
        self.literal(opening)
        for place, node in enumerate(obj.nodes):
            if place:
                self.literal(obj.glue)
            self.sql(node)
        return self.literal(closing)

    def _columns(self, nodes: Any) -> str:
        """All names of a list of nothing but columns, "" if it is another one."""
        if not _is_column(nodes[0]):
            return ""
        known = _COLUMNS.get(key := tuple(map(id, nodes)))
        if known is None:
            if not all(map(_is_column, nodes)):
                return ""
            tables = dict.fromkeys(node.model._meta.table for node in nodes)
            known = _COLUMNS[key] = _Columns(tuple(nodes), tuple(tables), {})
        called = () if self.scope == SCOPE_VALUES else tuple(self.alias_manager[table] for table in known.tables)
        names = known.written.get(called)
        if names is None:
            names = known.written[called] = ", ".join(map(self._name, known.columns))
        return names

    def _writes_expression(self, obj: Expression) -> bool:
        """Write a comparison of a column with a plain value, or two expressions put together; False if it is neither.

        Nothing of the state of peewee that these would change reaches further down than to themselves.
        """
        left, right, op = obj.lhs, obj.rhs, obj.op
        if type(left) is Expression and type(right) is Expression:
            both = True
        elif type(right) in _PLAIN and op in _COMPARING and _is_column(left):
            both = False
        else:
            return False
        if not obj.flat:
            self.literal("(")
        self.sql(left)
        self.literal(f" {(self.state.operations or {}).get(op, op)} ")
        if both:
            self.sql(right)
        else:
            self.value(right, left.db_value if left._coerce else False)
        if not obj.flat:
            self.literal(")")
        return True

    def _name(self, field: Field) -> str:
        name = f'"{field.column_name}"'
        return name if self.scope == SCOPE_VALUES else f'"{self.alias_manager[field.model._meta.table]}".{name}'


_PLAIN = frozenset({str, int, bool, float, bytes, datetime})
_COMPARING = frozenset({"=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE"})
_COLUMNS: dict[tuple[int, ...], _Columns] = {}
_KINDS: dict[type, bool] = {}
"""Whether a class is one of columns."""


def _is_column(node: Any) -> bool:
    kind = type(node)
    known = _KINDS.get(kind)
    if known is None:
        known = _KINDS[kind] = getattr(kind, "__sql__", None) is Field.__sql__
    return known and not node.model._meta.table._alias
