"""Activity: events, decisions and actions by what they are, one event opened, and how the connections fare."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.store.models import BudgetRow, ConnectionRow, ContactIdentityRow, CursorRow
from core.web.queries import activity, health, stretches
from core.web.queries.activity import EventFilter, list_actions, list_decisions, list_events, open_event
from core.web.queries.contacts import list_contacts, open_contact
from core.web.queries.cursors import BadCursor


@pytest.fixture
def events(rows: Any) -> dict[str, int]:
    """Events of several kinds, by a word for each, oldest first."""
    session = rows.session()
    made = {
        "told": rows.event(session, state="done"),
        "found": rows.event(session, state="done", source="poll", kind="conversation_resolution"),
        "tea": rows.event(state="ignored", reason="unknown_kind", kind="tea_was_made"),
        "broken": rows.event(state="failed", error="it raised"),
        "ticket": rows.event(connection="tickets", kind="ticket_hint", state="done"),
        "unread": rows.event(connection="tickets", kind="", state="rejected", payload="not json"),
        "new": rows.event(session, state="pending"),
    }
    return {name: row.id for name, row in made.items()}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EventFilter(), ["new", "unread", "ticket", "broken", "tea", "found", "told"]),
        (EventFilter(states=("done",)), ["ticket", "found", "told"]),
        (EventFilter(states=("failed", "rejected")), ["unread", "broken"]),
        (EventFilter(states=("failed", "done")), ["ticket", "broken", "found", "told"]),
        (EventFilter(kind="message_create"), ["new", "broken", "told"]),
        (EventFilter(kind="message_create", states=("done",)), ["told"]),
        (EventFilter(kind="message_create", states=("pending",)), ["new"]),
        (EventFilter(source="poll"), ["found"]),
        (EventFilter(connection="tickets"), ["unread", "ticket"]),
        (EventFilter(connection="tickets", states=("rejected",)), ["unread"]),
        (EventFilter(connection="tickets", kind="message_create"), []),
        (EventFilter(connection="there is none"), []),
        (EventFilter(session_id=1, kind="message_create"), ["new", "told"]),
        (EventFilter(session_id=999), []),
    ],
    ids=str,
)
def test_events_are_listed_by_what_they_are(
    rows: Any, events: dict[str, int], wanted: EventFilter, found: list[str]
) -> None:
    if wanted.session_id == 1:
        session = open_event(rows.db, events["told"], str)
        assert session is not None
        assert session.line.session_id is not None
        wanted = EventFilter(session_id=session.line.session_id, kind=wanted.kind)
    names = {number: name for name, number in events.items()}
    page = list_events(rows.db, wanted)
    assert [names[line.id] for line in page.lines] == found
    seen, cursor = [], ""
    for _ in range(9):
        page = list_events(rows.db, wanted, cursor, 2)
        seen += [names[line.id] for line in page.lines]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == found


def test_one_comes_back_from_a_page_of_events(rows: Any, events: dict[str, int]) -> None:
    for wanted in (EventFilter(), EventFilter(kind="message_create"), EventFilter(states=("done", "failed"))):
        first = list_events(rows.db, wanted, limit=2)
        second = list_events(rows.db, wanted, first.next_cursor, 2)
        assert list_events(rows.db, wanted, second.previous_cursor, 2) == first
    with pytest.raises(BadCursor):
        list_events(rows.db, cursor="n.1")


def test_the_kinds_there_are_can_be_chosen_from(rows: Any, events: dict[str, int]) -> None:
    assert activity.kinds(rows.db) == ["", "conversation_resolution", "message_create", "tea_was_made", "ticket_hint"]


def test_every_combination_of_an_empty_table_is_none(rows: Any) -> None:
    with rows.db.read():
        assert stretches.combinations(rows.db, stretches.EVENTS) == []
    assert list_events(rows.db, EventFilter(kind="x")).lines == ()


def test_an_event_is_opened_with_all_that_it_belongs_to(rows: Any) -> None:
    session = rows.session()
    before = rows.decision(session, -1)
    event = rows.event(session, payload={"b": [1], "a": "ü"}, found={"x": 1}, error="it raised", state="failed")
    after = rows.decision(session, 1)
    found = open_event(rows.db, event.id, str)
    assert found is not None
    assert found.payload == '{\n  "a": "ü",\n  "b": [\n    1\n  ]\n}'
    assert found.found == '{\n  "x": 1\n}'
    assert (found.line.error, found.line.connection, found.line.session_id) == ("it raised", "support", session.id)
    assert found.lease is not None
    assert found.session is not None
    assert found.session.id == session.id
    assert [each.id for each in found.decisions] == [after.id]
    assert before.id != after.id
    alone = open_event(rows.db, rows.event(state="rejected", payload="<not json>").id, str)
    assert alone is not None
    assert (alone.payload, alone.found, alone.lease, alone.session, alone.decisions) == (
        "<not json>",
        "",
        None,
        None,
        (),
    )
    assert open_event(rows.db, 999, str) is None


def test_decisions_are_listed_by_outcome_and_reason(rows: Any) -> None:
    one, other = rows.session(), rows.session()
    first = rows.decision(one).id
    second = rows.decision(other, outcome="handoff", reason="frustration").id
    third = rows.decision(one, outcome="handoff", reason="explicit_request").id
    for wanted, found in (
        ({}, [third, second, first]),
        ({"outcome": "handoff"}, [third, second]),
        ({"reason": "frustration"}, [second]),
        ({"outcome": "reply", "reason": "frustration"}, []),
        ({"session_id": one.id}, [third, first]),
        ({"session_id": one.id, "outcome": "handoff"}, [third]),
    ):
        assert [each.id for each in list_decisions(rows.db, **wanted).lines] == found, wanted
    assert list_decisions(rows.db, limit=1).next_cursor


def test_actions_are_listed_by_state(rows: Any) -> None:
    session, ticket = rows.session(), rows.session(connection="tickets")
    made = {
        state: rows.action(session, state=state).id for state in ("sent", "failed", "pending", "parked", "cancelled")
    }
    other = rows.action(ticket, state="sent").id
    for wanted, found in (
        ({"states": activity.DEAD}, [made["parked"], made["failed"]]),
        ({"states": ("sent",)}, [other, made["sent"]]),
        ({"states": ("sent", "cancelled")}, [other, made["cancelled"], made["sent"]]),
        ({"connection": "tickets"}, [other]),
        ({"connection": "support", "states": ("parked",)}, [made["parked"]]),
        ({"session_id": ticket.id}, [other]),
        ({"session_id": 999}, []),
    ):
        assert [each.id for each in list_actions(rows.db, **wanted).lines] == found, wanted
    assert len(list_actions(rows.db).lines) == 6


def test_the_file_and_the_pages_may_have_a_connection_of_one_name_and_both_are_found_by_it(rows: Any) -> None:
    of_the_file, elsewhere = rows.session(), rows.session(connection="tickets")
    with rows.db.write():
        made = {"name": "support", "connector": "freshchat", "provisioned": False, "created_at": rows.at(0)}
        rows._connections["support of the pages"] = ConnectionRow.create(**made)
    of_the_pages = rows.session(connection="support of the pages")
    sessions = (of_the_file, of_the_pages, elsewhere)
    events = [rows.event(session, state=state).id for session in sessions for state in ("done", "failed")]
    for wanted, found in (
        (EventFilter(connection="support"), events[3::-1]),
        (EventFilter(connection="support", kind="message_create", states=("done",)), events[2::-2]),
        (EventFilter(connection="support", states=("failed",)), events[3::-2]),
    ):
        assert [line.id for line in list_events(rows.db, wanted).lines] == found, wanted
    actions = [rows.action(session, state=state).id for session in sessions for state in ("sent", "failed")]
    assert [each.id for each in list_actions(rows.db, connection="support").lines] == actions[3::-1]
    failed = list_actions(rows.db, connection="support", states=("failed",)).lines
    assert [each.id for each in failed] == actions[3::-2]


# ------------------------------------------------------------------------------------------------------ connections


def test_each_connection_shows_how_it_fares(rows: Any) -> None:
    session = rows.session()
    rows.session(connection="tickets")
    rows.event(session, -60, state="done")
    rows.event(session, -2, state="pending")
    rows.event(session, -1, state="pending")
    rows.event(session, -60 * 25, state="failed")
    rows.action(session, -7, state="retry")
    rows.action(session, -3, state="uncertain")
    rows.action(session, -9, state="sent")
    rows.action(session, -9, state="parked")
    stamps = [int((rows.at(0) - timedelta(seconds=ago)).timestamp() * 1_000_000) for ago in (5, 30, 300)]
    with rows.db.write():
        BudgetRow.create(connection=session.connection_id, calls=sorted(stamps), vendor_limit=50)
        CursorRow.create(
            connection=session.connection_id, name="misses", value={"told": 3, "missed": 1}, updated_at=rows.at(0)
        )
    support, tickets = health.statuses(rows.db)
    assert (support.name, support.connector, support.active) == ("support", "freshchat", True)
    assert support.events == {"done": 1, "pending": 2}
    assert (support.events_waiting.waiting, support.events_waiting.since) == (2, rows.at(-2))
    assert (support.actions_waiting.waiting, support.actions_waiting.since) == (2, rows.at(-7))
    assert (support.dead, support.calls, support.vendor_limit) == (1, 2, 50)
    assert support.misses.rate == 0.25
    assert (tickets.events, tickets.calls, tickets.events_waiting.since, tickets.dead) == ({}, 0, None, 0)


# --------------------------------------------------------------------------------------------------------- contacts


def test_a_contact_shows_identities_and_sessions(rows: Any) -> None:
    ada = rows.contact("Ada", "ada@example.com")
    session = rows.session(contact=ada)
    rows.session()
    with rows.db.write():
        ContactIdentityRow.create(connection=session.connection_id, external_id="c-1", contact=ada)
    found = open_contact(rows.db, ada.id)
    assert found is not None
    assert (found.line.name, found.line.email) == ("Ada", "ada@example.com")
    assert [(each.connection, each.connector, each.external_id) for each in found.identities] == [
        ("support", "freshchat", "c-1")
    ]
    assert [line.id for line in found.sessions.lines] == [session.id]
    assert open_contact(rows.db, 999) is None


def test_contacts_go_on_page_by_page_newest_first(rows: Any) -> None:
    made = [rows.contact(f"Ada {number}").id for number in range(5)]
    first = list_contacts(rows.db, limit=2)
    second = list_contacts(rows.db, cursor=first.next_cursor, limit=2)
    assert [line.id for line in (*first.lines, *second.lines)] == made[:0:-1]
    assert list_contacts(rows.db, cursor=second.previous_cursor, limit=2) == first
    assert [line.id for line in list_contacts(rows.db, "ada", limit=2).lines] == made[:2:-1]
