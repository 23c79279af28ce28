"""The list of sessions: its filters, its cursors whatever happens between two pages, and what a line shows."""

from __future__ import annotations

import base64
import contextlib
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.store.database import Database
from core.store.models import ActionRow, LeaseRow, MessageRow, SessionRow
from core.web.queries.cursors import MOST_LINES, BadCursor
from core.web.queries.sessions import SessionFilter, SessionPage, counts, list_sessions


def ids(page: SessionPage) -> list[int]:
    return [line.id for line in page.lines]


# ------------------------------------------------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (SessionFilter(), ["new", "given", "mine", "closed", "mail"]),
        (SessionFilter(status="open"), ["new", "given", "mine"]),
        (SessionFilter(owner="human"), ["given", "mine"]),
        (SessionFilter(owner="human", handed_off=False), ["mine"]),
        (SessionFilter(handed_off=True), ["given"]),
        (SessionFilter(handed_off=False), ["new", "mine", "closed", "mail"]),
        (SessionFilter(channel="email"), ["mail"]),
        (SessionFilter(mode="shadow"), ["closed"]),
        (SessionFilter(connection="tickets"), ["mail"]),
        (SessionFilter(connection="there is none"), []),
        (SessionFilter(status="closed_resolved", channel="email"), ["mail"]),
    ],
    ids=str,
)
def test_b115_sessions_are_listed_by_what_they_are(rows: Any, wanted: SessionFilter, found: list[str]) -> None:
    made = {
        "mail": rows.session(
            1, "tickets", channel="email", status="closed_resolved", owner="ai", handoff={"reason": "x"}
        ),
        "closed": rows.session(2, status="closed_unresolved", mode="shadow"),
        "mine": rows.session(3, owner="human"),
        "given": rows.session(4, owner="human", handoff={"reason": "frustration"}),
        "new": rows.session(5),
    }
    names = {row.id: name for name, row in made.items()}
    assert [names[number] for number in ids(list_sessions(rows.db, wanted))] == found


def test_b115_sessions_are_listed_by_when_they_were_made_and_changed(rows: Any) -> None:
    early = rows.session(10, created_at=rows.at(1)).id
    late = rows.session(20, created_at=rows.at(2)).id
    for wanted, found in (
        (SessionFilter(created_before=rows.at(2)), [early]),
        (SessionFilter(created_after=rows.at(2)), [late]),
        (SessionFilter(updated_before=rows.at(20)), [early]),
        (SessionFilter(updated_after=rows.at(10)), [late, early]),
        (SessionFilter(updated_after=rows.at(11), created_before=rows.at(2)), []),
    ):
        assert ids(list_sessions(rows.db, wanted)) == found, wanted


def test_b115_a_contacts_sessions_are_listed_across_connections(rows: Any) -> None:
    ada, other = rows.contact(), rows.contact("Grace")
    first = rows.session(1, "support", contact=ada).id
    rows.session(2, contact=other)
    second = rows.session(3, "tickets", contact=ada).id
    assert ids(list_sessions(rows.db, SessionFilter(contact_id=ada.id))) == [second, first]


# ------------------------------------------------------------------------------------------------------- cursors


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_b115_going_through_all_pages_gives_each_unchanged_session_once_in_order(
    rows: Any, db: Database, data: st.DataObject
) -> None:
    with db.write():
        for table in (SessionRow, LeaseRow):
            table.delete().execute()
    # Many share a moment, so that their order within it counts.
    moments = data.draw(st.lists(st.integers(0, 5), max_size=25))
    made = [rows.session(minutes) for minutes in moments]
    unchanged = {row.id: row.updated_at for row in made}
    seen: list[int] = []
    page = list_sessions(db, limit=data.draw(st.integers(1, 7)))
    for _ in range(100):
        seen += ids(page)
        if not page.next_cursor:
            break
        for _ in range(data.draw(st.integers(0, 2))):
            rows.session(data.draw(st.integers(0, 9)))
        if unchanged and data.draw(st.booleans()):
            moved = data.draw(st.sampled_from(sorted(unchanged)))
            with db.write():
                SessionRow.update(updated_at=rows.at(60)).where(SessionRow.id == moved).execute()
            del unchanged[moved]
        page = list_sessions(db, cursor=page.next_cursor, limit=data.draw(st.integers(1, 7)))
    kept = [number for number in seen if number in unchanged]
    assert kept == sorted(unchanged, key=lambda number: (unchanged[number], number), reverse=True)
    assert len(seen) == len(set(seen))


def test_from_every_page_one_comes_back_the_same_way(rows: Any) -> None:
    for minutes in range(7):
        rows.session(minutes)
    there, cursor = [], ""
    while True:
        there.append(list_sessions(rows.db, cursor=cursor, limit=3))
        cursor = there[-1].next_cursor
        if not cursor:
            break
    assert [len(page.lines) for page in there] == [3, 3, 1]
    assert there[0].previous_cursor == ""
    back = [list_sessions(rows.db, cursor=page.previous_cursor, limit=3) for page in there[1:]]
    assert [ids(page) for page in back] == [ids(page) for page in there[:2]]
    assert [bool(page.previous_cursor) for page in back] == [False, True]
    assert ids(list_sessions(rows.db, cursor=back[1].next_cursor, limit=3)) == ids(there[2])


def test_the_way_back_ends_at_a_whole_first_page_though_sessions_have_come(rows: Any) -> None:
    old = [rows.session(minutes).id for minutes in range(4)]
    second = list_sessions(rows.db, cursor=list_sessions(rows.db, limit=2).next_cursor, limit=2)
    new = [rows.session(10 + minutes).id for minutes in range(1)]
    with rows.db.write():
        SessionRow.update(updated_at=rows.at(-9)).where(SessionRow.id == old[3]).execute()
        SessionRow.update(updated_at=rows.at(-9)).where(SessionRow.id == old[2]).execute()
    assert ids(list_sessions(rows.db, cursor=second.previous_cursor, limit=2)) == [new[0], old[1]]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "....",
        "bm9uc2Vuc2U",
        "é",
        "'; DROP TABLE session; --",
        base64.urlsafe_b64encode(b"n.1").decode(),
        base64.urlsafe_b64encode(b"n.1.2.3").decode(),
        base64.urlsafe_b64encode(b"n.9999999999999999999.1").decode(),
        base64.urlsafe_b64encode("n.١.٢".encode()).decode(),
        "A" * 5_000,
    ],
)
def test_a_cursor_that_was_not_written_here_is_refused_in_words(db: Database, cursor: str) -> None:
    with pytest.raises(BadCursor, match="Begin again at its first page"):
        list_sessions(db, cursor=cursor)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_whatever_is_given_as_a_cursor_is_a_place_or_refused(db: Database, cursor: str) -> None:
    with contextlib.suppress(BadCursor):
        list_sessions(db, cursor=cursor)


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (10**9, MOST_LINES)])
def test_a_page_is_never_empty_by_its_length_nor_without_bounds(rows: Any, asked: int, given: int) -> None:
    for _ in range(2):
        rows.session()
    assert len(list_sessions(rows.db, limit=asked).lines) == min(given, 2)


# -------------------------------------------------------------------------------------------------- what is shown


def test_a_line_shows_who_wrote_what_and_when(rows: Any) -> None:
    ada = rows.contact("Ada Lovelace", "ada@example.com")
    session = rows.session(5, "tickets", contact=ada, subject="A parcel", channel="email", conversation_id="77")
    rows.message(session, "Where is it?", 1)
    rows.message(session, "On its way.", 2, author="ai")
    [line] = list_sessions(rows.db).lines
    assert (line.connection, line.connector, line.conversation_id) == ("tickets", "freshchat", "77")
    assert (line.channel, line.mode, line.status, line.owner, line.subject) == (
        "email", "autopilot", "open", "nobody", "A parcel",
    )  # fmt: skip
    assert line.contact is not None
    assert (line.contact.id, line.contact.name, line.contact.email) == (ada.id, "Ada Lovelace", "ada@example.com")
    assert line.last is not None
    assert (line.last.text, line.last.author, line.last.at) == ("On its way.", "ai", rows.at(2))
    assert (line.created_at, line.updated_at, line.handed_off) == (rows.at(0), rows.at(5), False)


def test_a_private_note_is_never_shown_as_the_last_message(rows: Any) -> None:
    session = rows.session()
    rows.message(session, "Where is it?", 1)
    for minutes in range(2, 5):
        rows.message(session, "not for the customer", minutes, author="agent", visibility="private")
    silent = rows.session(-1)
    rows.message(silent, "only a note", 1, visibility="private")
    with_message, without = list_sessions(rows.db).lines
    assert with_message.last is not None
    assert with_message.last.text == "Where is it?"
    assert without.last is None
    assert without.contact is None


def test_the_last_message_is_the_one_that_ends_the_thread_not_the_one_stored_last(rows: Any) -> None:
    session = rows.session()
    rows.message(session, "the later one", 9)
    rows.message(session, "told late", 3)
    [line] = list_sessions(rows.db).lines
    assert line.last is not None
    assert line.last.text == "the later one"


def test_a_long_message_is_not_read_whole_for_a_line(rows: Any) -> None:
    rows.message(rows.session(), "ä" * 50_000)
    [line] = list_sessions(rows.db).lines
    assert line.last is not None
    assert line.last.text == "ä" * 300


# ------------------------------------------------------------------------------------------------ needs a person


def test_a_session_needs_a_person_where_an_action_was_given_up(rows: Any) -> None:
    quiet, parked, failed, closed, replaced = (rows.session(-number) for number in range(5))
    rows.action(quiet, state="sent")
    rows.action(quiet, state="retry")
    rows.action(parked, state="parked")
    rows.action(failed, state="failed")
    rows.action(closed, state="failed")
    instead = rows.action(replaced, state="failed", kind="assign")
    rows.action(replaced, state="sent", kind="assign", instead_of=instead.id)
    with rows.db.write():
        SessionRow.update(status="closed_resolved").where(SessionRow.id == closed.id).execute()
    assert ids(list_sessions(rows.db, SessionFilter(needs_person=True))) == [parked.id, failed.id]
    assert ids(list_sessions(rows.db, SessionFilter(needs_person=False))) == [quiet.id, closed.id, replaced.id]
    assert [line.id for line in list_sessions(rows.db).lines if line.needs_person] == [parked.id, failed.id]
    assert counts(rows.db).needs_person == 2


def test_a_session_needs_a_person_while_a_draft_waits_for_the_customers_last_message(rows: Any) -> None:
    session = rows.session(mode="assist")
    rows.message(session, "When?", 1)
    draft = rows.action(session, 2, kind="note", purpose="draft", state="sent")
    wanted = SessionFilter(needs_person=True)
    rows.message(session, "AI draft: tomorrow", 3, author="ai", visibility="private")
    assert ids(list_sessions(rows.db, wanted)) == [session.id]
    assert list_sessions(rows.db).lines[0].needs_person
    answer = rows.message(session, "Tomorrow.", 4, author="agent")
    assert ids(list_sessions(rows.db, wanted)) == []
    assert not list_sessions(rows.db).lines[0].needs_person
    with rows.db.write():
        MessageRow.delete().where(MessageRow.id == answer.id).execute()
    assert counts(rows.db).needs_person == 1
    for values in ({"state": "cancelled"}, {"state": "sent", "verdict": "approved"}):
        with rows.db.write():
            ActionRow.update(**values).where(ActionRow.id == draft.id).execute()
        assert counts(rows.db).needs_person == 0
        assert not list_sessions(rows.db).lines[0].needs_person


def test_the_tabs_count_what_is_open_by_whose_it_is(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner in ("ai", "ai", "human", "human", "human", "nobody"):
        rows.session(owner=owner)
    rows.session(owner="human", handoff={"reason": "x"})
    rows.session(owner="human", handoff={"reason": "x"}, status="closed_resolved")
    found = counts(rows.db)
    assert (found.open, found.ai, found.human, found.nobody, found.handed_off) == (7, 2, 4, 1, 1)
    monkeypatch.setattr("core.web.queries.sessions.MOST_COUNTED", 3)
    found = counts(rows.db)
    assert (found.open, found.ai, found.human, found.nobody) == (3, 2, 3, 1)


def test_a_date_of_a_filter_may_be_in_any_zone(rows: Any) -> None:
    session = rows.session(10)
    elsewhere = rows.at(10).astimezone(tz=ZoneInfo("Asia/Tokyo"))
    assert ids(list_sessions(rows.db, SessionFilter(updated_after=elsewhere))) == [session.id]
    assert ids(list_sessions(rows.db, SessionFilter(updated_after=elsewhere + timedelta(seconds=1)))) == []
