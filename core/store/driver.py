"""The peewee database classes of both engines, kept from changing anything outside of `write`."""

from __future__ import annotations

from typing import Any

from peewee import SCOPE_VALUES, Context, Field, NodeList

CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP"})


def guarded(driver: Any) -> Any:
    """A peewee database class that refuses to change anything outside of a transaction, and writes SQL quickly.

    On SQLite such a change would go past the gate, and meet "database is locked"; on both engines it would not be
    undone with what belongs to it.
    """

    class Guarded(driver):  # type: ignore[misc]  # the class is chosen at run time
        context_class = QuickContext

        def execute_sql(self, sql: str, params: Any = None, **options: Any) -> Any:
            if sql.split(None, 1)[0].upper() in CHANGING and not self.in_transaction():
                raise RuntimeError(f"outside of db.write(): {sql[:60]}")
            return super().execute_sql(sql, params, **options)

    return Guarded


class QuickContext(Context):
    """Writes the same SQL as peewee, but a model's columns and lists of them at once.

    peewee makes three objects and two scopes for each name. Rows are read and saved whole here, so that took longer
    than all else that a statement takes.
    """

    __slots__ = ()

    def sql(self, obj: Any) -> Any:
        """Write a node; what is no column and no plain list is peewee's own matter."""
        kind = type(obj)
        if kind is NodeList and obj.nodes and not obj.parens and not self.parentheses:
            return self._write_list(obj)
        if getattr(kind, "__sql__", None) is Field.__sql__ and not obj.model._meta.table._alias:
            return self.literal(self._name(obj))
        return super().sql(obj)

    def _write_list(self, obj: NodeList) -> Context:
        for place, node in enumerate(obj.nodes):
            if place:
                self.literal(obj.glue)
            self.sql(node)
        return self

    def _name(self, field: Field) -> str:
        name = f'"{field.column_name}"'
        return name if self.scope == SCOPE_VALUES else f'"{self.alias_manager[field.model._meta.table]}".{name}'
