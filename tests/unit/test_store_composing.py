"""The SQL that is written quickly is what peewee itself would write, for all tables and shapes of statements."""

from __future__ import annotations

from datetime import UTC
from operator import and_, inv, or_
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import JOIN, Context, Query, fn

from core.domain import SessionStatus
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


COLUMNS: dict[Any, Any] = {
    SessionRow.id: st.integers(0, 9),
    SessionRow.connection: st.integers(0, 9),
    SessionRow.conversation_id: st.text(max_size=3),
    SessionRow.status: st.sampled_from(SessionStatus),
    SessionRow.created_at: st.datetimes(timezones=st.just(UTC)),
    SessionRow.data: st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=2) | st.text(max_size=2),
}


@st.composite
def comparisons(draw: st.DrawFn) -> Any:
    column = draw(st.sampled_from(list(COLUMNS)))
    value, other = draw(COLUMNS[column]), draw(COLUMNS[column])
    return draw(
        st.sampled_from(
            (
                column == value,
                column != value,
                column < value,
                column >= value,
                column.is_null(),
                column == None,  # noqa: E711  # peewee makes IS NULL of it
                column.in_([value, other]),
                column.in_([]),
                column.not_in([value]),
                column.between(value, other),
                column.contains("a_%"),
                column.startswith("a"),
                column ** "b%",
                column == SessionRow.id + 1,
                fn.LOWER(column) == "c",
                column == fn.MAX(value),
            )
        )
    )


CONDITIONS = st.recursive(
    comparisons(), lambda more: st.one_of(st.builds(and_, more, more), st.builds(or_, more, more), st.builds(inv, more))
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CONDITIONS, min_size=1, max_size=3))
def test_whatever_is_asked_is_written_with_the_same_sql(db: Database, conditions: list[Any]) -> None:
    inside = EventRow.select(EventRow.id).where(EventRow.connection == SessionRow.connection, EventRow.state == "done")
    for query in (
        SessionRow.select().where(*conditions),
        SessionRow.update({SessionRow.status: "x", SessionRow.contact: None}).where(*conditions),
        SessionRow.delete().where(*conditions, SessionRow.id.in_(inside)),
        EventRow.select(EventRow.id, SessionRow.id)
        .join(SessionRow, on=(SessionRow.connection == EventRow.connection) & conditions[0])
        .where(EventRow.state == "done"),
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
