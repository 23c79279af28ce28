"""One session with everything in it: what is shown, page by page or whole, and when it counts as changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.store.models import ActionRow, AttachmentRow, ContactRow, MessageRow, SessionRow, TimelineRow
from core.web.queries.cursors import BadCursor
from core.web.queries.thread import MOST_OTHERS, messages_after, opened, version


@pytest.fixture
def told(rows: Any) -> Any:
    """A session that was answered, handed off, and has a file."""
    ada = rows.contact("Ada", "ada@example.com")
    with rows.db.write():
        ContactRow.update(phone="+44 1").execute()
    session = rows.session(
        3, contact=ada, owner="human", handoff={"reason": "frustration"}, assigned_group="7", url="https://v.example/1"
    )
    question = rows.message(session, "Where is it?", 1, author_id="c-1", external_id="m1", quoted="> before")
    rows.message(session, "On its way.", 2, author="ai", automatic=True)
    rows.message(session, "Upset.", 3, author="agent", visibility="private")
    decision = rows.decision(session, 1, confidence=0.5, sources=["a.md", "b.md"], upto=question, detail="so it is")
    rows.action(session, 1, state="parked", attempts=2, error="no answer", remark="looked twice", decision=decision)
    rows.event(session)
    rows.event(session)
    with rows.db.write():
        AttachmentRow.create(
            message=question, name="a.png", content_type="image/png", size=9, state="stored", content=b"x"
        )
        TimelineRow.create(session=session, at=rows.at(3), kind="handoff", detail={"detail": "frustration"})
    return session


def test_an_opened_session_has_everything(rows: Any, told: Any) -> None:
    found = opened(rows.db, told.id)
    assert found is not None
    assert (found.line.id, found.line.handed_off, found.line.needs_person) == (told.id, True, True)
    assert (found.url, found.assigned_group, found.handoff) == ("https://v.example/1", "7", {"reason": "frustration"})
    assert (found.phone, found.events, found.others) == ("+44 1", 2, ())
    assert [(each.text, each.author, each.visibility) for each in found.messages] == [
        ("Where is it?", "customer", "public"),
        ("On its way.", "ai", "public"),
        ("Upset.", "agent", "private"),
    ]
    first, second, _ = found.messages
    assert (first.author_id, first.external_id, first.quoted, first.automatic) == ("c-1", "m1", "> before", False)
    assert (second.automatic, second.external_id, second.attachments) == (True, "", ())
    [file] = first.attachments
    assert (file.name, file.content_type, file.size, file.state) == ("a.png", "image/png", 9, "stored")
    [decision] = found.decisions
    assert (decision.reason, decision.confidence, decision.sources) == ("answered", 0.5, ("a.md", "b.md"))
    assert (decision.upto_id, decision.detail) == (first.id, "so it is")
    [action] = found.actions
    assert (action.state, action.attempts, action.error, action.remark) == ("parked", 2, "no answer", "looked twice")
    assert action.decision_id == decision.id
    [line] = found.timeline
    assert (line.kind, line.at, line.detail) == ("handoff", rows.at(3), {"detail": "frustration"})


def test_the_thread_is_in_the_order_in_which_it_was_spoken(rows: Any) -> None:
    session = rows.session()
    for minutes in (3, 1, 2, 1):
        rows.message(session, str(minutes), minutes)
    found = opened(rows.db, session.id)
    assert found is not None
    assert [each.text for each in found.messages] == ["1", "1", "2", "3"]
    assert [each.id for each in found.messages][:2] == sorted(each.id for each in found.messages[:2])


def test_the_contacts_other_sessions_are_the_newest_on_all_connections(rows: Any) -> None:
    ada = rows.contact()
    made = [
        rows.session(number, ("support", "tickets")[number % 2], contact=ada).id for number in range(MOST_OTHERS + 5)
    ]
    rows.session(99)
    found = opened(rows.db, made[-1])
    assert found is not None
    assert [line.id for line in found.others] == made[-2 : -2 - MOST_OTHERS : -1]


def test_what_is_not_there_is_none(rows: Any) -> None:
    assert opened(rows.db, 999) is None
    assert messages_after(rows.db, 999) is None
    assert version(rows.db, 999) == ""


def test_b115_messages_go_on_page_by_page_and_what_comes_meanwhile_comes_last(rows: Any) -> None:
    session = rows.session()
    made = [rows.message(session, str(number), number // 2).id for number in range(5)]
    seen, cursor = [], ""
    for _ in range(9):
        page = messages_after(rows.db, session.id, cursor, 2)
        assert page is not None
        seen += [each.id for each in page.messages]
        if len(seen) == 2:
            made.append(rows.message(session, "new", 9).id)
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == made
    assert page.previous_cursor
    before = messages_after(rows.db, session.id, page.previous_cursor, 2)
    assert before is not None
    assert [each.id for each in before.messages] == made[2:4]
    with pytest.raises(BadCursor):
        messages_after(rows.db, session.id, "nonsense")


CHANGES: dict[str, Callable[[Any, Any], object]] = {
    "a message": lambda rows, row: rows.message(row, "more", 9),
    "whose a message is": lambda rows, row: MessageRow.update(author="agent").execute(),
    "who wrote a message from here": lambda rows, row: MessageRow.update(author_name="Grace").execute(),
    "a file was fetched": lambda rows, row: AttachmentRow.update(state="placeholder").execute(),
    "an action's state": lambda rows, row: ActionRow.update(state="sent").execute(),
    "an action's attempts": lambda rows, row: ActionRow.update(attempts=3).execute(),
    "an action's proof": lambda rows, row: ActionRow.update(confirmed_by="echo").execute(),
    "an action's remark": lambda rows, row: ActionRow.update(remark="other").execute(),
    "an action": lambda rows, row: rows.action(row),
    "a decision": lambda rows, row: rows.decision(row),
    "an event": lambda rows, row: rows.event(row),
    "owner": lambda rows, row: SessionRow.update(owner="ai").execute(),
    "status": lambda rows, row: SessionRow.update(status="closed_resolved").execute(),
    "group": lambda rows, row: SessionRow.update(assigned_group="8").execute(),
    "assignee": lambda rows, row: SessionRow.update(assignee="8").execute(),
    "why it was handed off": lambda rows, row: SessionRow.update(handoff='{"reason":"x"}').execute(),
    "the contact's name": lambda rows, row: ContactRow.update(name="Augusta").execute(),
    "another session of the contact": lambda rows, row: rows.session(9, contact=row.contact_id),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_version_changes_with_whatever_is_shown(rows: Any, told: Any, change: str) -> None:
    before = version(rows.db, told.id)
    assert version(rows.db, told.id) == before
    rows.session(50)
    assert version(rows.db, told.id) == before
    if change.startswith(("a message", "an action", "a decision", "an event", "another")) and "'" not in change:
        CHANGES[change](rows, told)
    else:
        with rows.db.write():
            CHANGES[change](rows, told)
    assert version(rows.db, told.id) != before
