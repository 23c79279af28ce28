"""The peewee database classes of both engines, kept from changing anything outside of `write`."""

from __future__ import annotations

from typing import Any

CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP"})


def guarded(driver: Any) -> Any:
    """A peewee database class that refuses to change anything outside of a transaction.

    On SQLite such a change would go past the gate, and meet "database is locked"; on both engines it would not be
    undone with what belongs to it.
    """

    class Guarded(driver):  # type: ignore[misc]  # the class is chosen at run time
        def execute_sql(self, sql: str, params: Any = None, **options: Any) -> Any:
            if sql.split(None, 1)[0].upper() in CHANGING and not self.in_transaction():
                raise RuntimeError(f"outside of db.write(): {sql[:60]}")
            return super().execute_sql(sql, params, **options)

    return Guarded
