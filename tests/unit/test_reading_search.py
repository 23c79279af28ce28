"""The search: what finds a session, alike on both engines, and that nothing which is typed can break it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.store import words
from core.store.database import Database
from core.store.migrations import migrate
from core.store.models import ContactRow, MessageRow, SessionRow, database
from core.testing.clock import FakeClock
from core.web.queries import found
from core.web.queries.contacts import list_contacts
from core.web.queries.sessions import SessionFilter, list_sessions

ANYTHING = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def search(db: Database, text: str, **wanted: Any) -> list[int]:
    return [line.id for line in list_sessions(db, SessionFilter(q=text, **wanted)).lines]


@pytest.fixture
def parcel(rows: Any) -> Any:
    """A session about a parcel, among others that nothing should find."""
    rows.message(rows.session(-1, contact=rows.contact("Grace Hopper", "grace@navy.example")), "Nothing to see here.")
    ada = rows.contact("Ada Łovelace", "ada.king@example.com")
    session = rows.session(
        contact=ada,
        subject="Größe der Lieferung",
        conversation_id="3f2a-77b0",
        connection="tickets",
        updated_at=rows.at(3),
    )
    rows.message(session, "Wo ist mein PÄCKCHEN? Bestellung_4711, s.o.", 1)
    rows.message(session, "Il est arrivé hier!", 2, author="ai")
    rows.message(session, "Customer is upset", 3, author="agent", visibility="private")
    return session


@pytest.mark.parametrize(
    "text",
    [
        "3f2a-77b0",
        "3f2a",
        "#3f2a",
        "ada",
        "ADA",
        "łove",
        "king ada",
        "ada.king@example.com",
        "ada.king@exa",
        "größe",
        "GROSSE".replace("SS", "ß"),
        "Große Lieferung",
        "lieferung der",
        "päckchen",
        "PACKCHEN",
        "pa\u0308ckchen",
        "4711",
        "bestellung",
        "päckchen, wo?",
        "arrive hier",
        "upset",
        "  mein   ist ",
    ],
)
def test_a_session_is_found_by(rows: Any, parcel: Any, text: str) -> None:
    assert search(rows.db, text) == [parcel.id]


@pytest.mark.parametrize(
    "text", ["päck", "77b0", "hopper ada", "mein hier", "lieferung päckchen", "-", "🙂", "%", "_", "*"]
)
def test_a_session_is_not_found_by(rows: Any, parcel: Any, text: str) -> None:
    assert search(rows.db, text) == []


def test_a_session_is_found_by_its_number(rows: Any, parcel: Any) -> None:
    assert search(rows.db, f"#{parcel.id}") == [parcel.id]
    assert parcel.id in search(rows.db, str(parcel.id))
    assert search(rows.db, "#999999999999999999") == []


def test_a_ticket_is_found_by_its_id_and_by_how_it_begins(rows: Any) -> None:
    made = {number: rows.session(int(number), conversation_id=number).id for number in ("900", "9001", "9002", "8900")}
    assert search(rows.db, "9001") == [made["9001"]]
    assert search(rows.db, "900") == [made["9002"], made["9001"], made["900"]]


def test_a_short_id_is_found_among_more_that_begin_so(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "MOST_IDS", 2)
    longer = [rows.session(conversation_id=f"90{number}").id for number in range(5)]
    short = rows.session(conversation_id="90").id
    seen = search(rows.db, "90")
    assert short in seen
    assert len(set(seen) & set(longer)) >= 2


def test_a_blank_search_is_none(rows: Any, parcel: Any) -> None:
    assert len(search(rows.db, "  \t ")) == 2


def test_search_and_filters_go_together_and_pages_go_on(rows: Any) -> None:
    made = [rows.session(number, owner="ai" if number % 2 else "human") for number in range(9)]
    for session in made:
        rows.message(session, "the same word")
    wanted = SessionFilter(q="word", owner="human")
    first = list_sessions(rows.db, wanted, limit=3)
    second = list_sessions(rows.db, wanted, cursor=first.next_cursor, limit=3)
    expected = [session.id for session in reversed(made) if session.owner == "human"]
    assert [line.id for line in (*first.lines, *second.lines)] == expected
    assert not first.cut


def test_what_changes_is_found_as_it_is_now(rows: Any, parcel: Any) -> None:
    with rows.db.write():
        SessionRow.update(subject="Farbe").where(SessionRow.id == parcel.id).execute()
        ContactRow.update(name="Augusta").where(ContactRow.id == parcel.contact_id).execute()
        MessageRow.update(text="Danke").where(MessageRow.text.startswith("Wo ist")).execute()
    for text, there in (("größe", 0), ("farbe", 1), ("łove", 0), ("augusta", 1), ("päckchen", 0), ("danke", 1)):
        assert len(search(rows.db, text)) == there, text
    with rows.db.write():
        MessageRow.delete().where(MessageRow.session == parcel.id).execute()
    assert search(rows.db, "danke") == []


def test_what_is_rolled_back_is_not_found(rows: Any, parcel: Any) -> None:
    with pytest.raises(ZeroDivisionError), rows.db.write():
        MessageRow.update(text="never said").execute()
        raise ZeroDivisionError
    assert search(rows.db, "never said") == []
    assert search(rows.db, "päckchen") == [parcel.id]


@pytest.mark.parametrize("most", [1, 3])
def test_of_a_common_word_the_newest_are_found_and_that_is_said(
    rows: Any, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(found, "MOST_FOUND", most)
    made = [rows.session(number) for number in range(5)]
    for session in made:
        rows.message(session, "again")
    page = list_sessions(rows.db, SessionFilter(q="again"))
    assert [line.id for line in page.lines] == [session.id for session in reversed(made)][:most]
    assert page.cut


def test_the_newest_of_many_blocks_are_found_first(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids far apart stand in blocks of their own, as those of a large store do."""
    session = rows.session()
    numbers = [1, 5_000, 9_000, 70_000, 1_000_000, 1_004_000, 1_009_000]
    for number in numbers:
        rows.message(session, "far", id=number)
    with rows.db.read():
        for most in range(1, 9):
            assert words.newest(rows.db, words.MESSAGES, "far", most) == sorted(numbers, reverse=True)[:most]


def test_a_message_too_long_to_be_indexed_is_stored_and_found_by_its_beginning(rows: Any) -> None:
    session = rows.session()
    rows.message(session, "beginning " + " ".join(f"w{number}" for number in range(200_000)) + " ending")
    rows.message(session, "한" * 300_000)
    rows.message(session, "x" * 100_000)
    assert search(rows.db, "beginning w17") == [session.id]
    assert search(rows.db, "ending") == []


# ----------------------------------------------------------------------------------------- whatever is typed


HOSTILE = st.text() | st.text(alphabet="'\"%_*\\:&|!()<>-~#@ aAäß🙂\u0308\x00\n^{}[]+?$", max_size=60)


@ANYTHING
@given(HOSTILE)
def test_nothing_that_is_typed_breaks_the_search(db: Database, text: str) -> None:
    list_sessions(db, SessionFilter(q=text))
    list_contacts(db, text)


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "''", "NEAR(a b)", "a AND", "OR", "NOT x", "text:x", "a*", "^a", "{a}: b", "a:* & !b", "a <-> b",
        "\\", "\\'", "'a' | 'b", "~12~0", "#", "##1", "#'", "%", "\x00a", "\ud800", "a" * 10_000, "ab " * 5_000,
        "🙂" * 5_000, "½", "٣", "ｆｕｌｌ", "ǅ", "İ", "ﬁ", "\u200d", "1e5x", "-5", "5.5.5", "a/b",
        "x'); DROP TABLE message;--", "https://x.example/y?z=1#q",
    ],
)  # fmt: skip
def test_operators_quotes_and_lengths_break_nothing(rows: Any, text: str) -> None:
    rows.message(rows.session(), "Something.")
    assert search(rows.db, text) == []
    assert list_contacts(rows.db, text).lines == ()


LATIN = ("Straße", "STRASSE", "Ärger", "arger", "naïve", "Ølsted", "e-mail", "O'Neil", "a_b", "C3PO", "42", "x.y")
WORDS = st.sampled_from((*LATIN, "日本語", "мир", "МИР", "🙂"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=6),
    st.lists(WORDS, min_size=1, max_size=2),
)
def test_both_engines_find_the_same(engines: list[Any], texts: list[str], asked: list[str]) -> None:
    answers = []
    for rows in engines:
        # The models speak to the store that was opened last.
        database.initialize(rows.db.native)
        with rows.db.write():
            MessageRow.delete().execute()
        first = rows.session().id
        for place, text in enumerate(texts):
            session = rows.session(place)
            rows.message(session, text)
        answers.append([number - first for number in search(rows.db, " ".join(asked))])
    assert answers[0] == answers[1]


@pytest.fixture
def engines(
    tmp_path: Path, postgres_url: str, open_store: Callable[..., Database], clock: FakeClock, hand: Any
) -> list[Any]:
    """A hand for each engine, side by side."""
    hands = []
    for url in (f"sqlite:///{tmp_path}/relaydesk.db", postgres_url):
        store = open_store(url)
        migrate(store)
        hands.append(hand(store, clock))
    return hands


# --------------------------------------------------------------------------------------------------- contacts


def test_contacts_are_found_by_how_words_of_name_and_email_begin(rows: Any) -> None:
    ada = rows.contact("Ada Lovelace", "ada@example.com").id
    jorg = rows.contact("Jörg Ada-Müller", "j.m@firma.example").id
    for text, expected in (
        ("ada", [jorg, ada]),
        ("love", [ada]),
        ("jorg mul", [jorg]),
        ("exam", [jorg, ada]),
        ("j.m@firma.example", [jorg]),
        ("lace", []),
        ("", [jorg, ada]),
    ):
        assert [line.id for line in list_contacts(rows.db, text).lines] == expected, text
