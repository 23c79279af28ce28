"""The SQL that is written quickly is what peewee itself would write, for all tables and shapes of statements."""

from __future__ import annotations

import pytest
from peewee import JOIN, Context, Query, fn

from core.store.database import Database
from core.store.driver import QuickContext
from core.store.migrations import MigrationRow
from core.store.models import TABLES, EventRow, MessageRow, Row, SessionRow


def both(db: Database, query: Query) -> tuple[tuple[str, list[object]], tuple[str, list[object]]]:
    """What the store writes, and what peewee would."""
    context = db.native.get_sql_context()
    assert type(context) is QuickContext
    return context.parse(query), Context(**db.native.get_context_options()).parse(query)


@pytest.mark.parametrize("table", [*TABLES, MigrationRow], ids=lambda table: table._meta.table_name)
def test_every_table_is_read_and_written_with_the_same_sql(db: Database, table: type[Row]) -> None:
    values = {field: None for field in table._meta.sorted_fields if not field.primary_key}
    key = table._meta.primary_key
    for query in (
        table.select(),
        table.select(key).where(key == 1, *(field.is_null() for field in values)).order_by(*values),
        table.insert(values).returning(key),
        table.insert(values).on_conflict(action="nothing"),
        table.update(values).where(key.in_([1, 2])).returning(*values),
        table.delete().where((key > 1) | ~(key == 3)),
    ):
        quick, own = both(db, query)
        assert quick == own


def test_joins_aliases_subqueries_and_functions_are_written_with_the_same_sql(db: Database) -> None:
    other = SessionRow.alias()
    latest = EventRow.select(fn.MAX(EventRow.id)).where(EventRow.connection == SessionRow.connection)
    for query in (
        MessageRow.select(MessageRow, SessionRow).join(SessionRow).where(SessionRow.conversation_id == "7"),
        SessionRow.select(SessionRow, other).join(other, JOIN.LEFT_OUTER, on=(other.id == SessionRow.id)),
        SessionRow.select(SessionRow.id, latest.alias("latest")).where(SessionRow.id.in_(latest)),
        SessionRow.select(fn.COUNT(SessionRow.id.distinct()).alias("number")).group_by(
            SessionRow.status, SessionRow.owner
        ),
        SessionRow.select().where(fn.EXISTS(MessageRow.select().where(MessageRow.session == SessionRow.id))),
        SessionRow.update({SessionRow.id: SessionRow.id + 1}).where(SessionRow.id == latest),
        SessionRow.select(SessionRow.id) | SessionRow.select(SessionRow.id).limit(1),
        db.for_update(SessionRow.select().where(SessionRow.id == 1)),
        SessionRow.insert_from(SessionRow.select(SessionRow.id), [SessionRow.id]),
    ):
        quick, own = both(db, query)
        assert quick == own
