"""What is tried: samples and dry runs make no call, a test makes one real one, and says what came of it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from core.destination_settings import Batching, Definition, as_given
from core.destinations import intake, trying
from core.destinations.catalogue import Destinations
from core.destinations.formats import Item, read_items
from core.destinations.intake import LineError
from core.errors import ConfigError
from core.jobs.send_records import drain
from core.store.models import AuditRow, DestinationCallRow, DestinationRecordRow, DestinationRow
from tests.end_to_end.worlds import DeskWorld, World

BY = "ann@acme.example"
PEOPLE = Definition("people", "support", template="create_end_user", key="email", unique="email")
MANUAL = Definition("rows", "support", method="POST", url="/users")
CHATS = Definition(
    "chats",
    "support",
    template="create_conversation",
    fields={"user_id": "user(email)", "channel_id": "channel(topic)", "message": "text"},
)
ANN = {"email": "ann@x.example", "first_name": "Ann"}


def calls(world: World) -> list[tuple[str, str]]:
    return [(call.method, call.path) for call in world.sim.record.calls()]


@pytest.fixture
def unheard(quick: World) -> Any:
    """A world that is running, and of which no call is to be made."""
    quick.start()
    before = calls(quick)
    yield quick
    assert calls(quick) == before


# ---------------------------------------------------------------------------------------------------- samples


def test_a_sample_is_the_request_as_it_would_be_sent(unheard: World) -> None:
    definition = replace(MANUAL, url="/users/{id}/notes", exclude=("secret",), constants={"by": "us"}, method="PUT")
    [sample] = trying.samples(unheard.runtime, definition, [{"id": "7 a", "secret": "x", "text": "Hi"}])
    assert (sample.verb, sample.url) == ("PUT", f"{unheard.sim.api_url}/users/7%20a/notes")
    assert sample.body == {"id": "7 a", "text": "Hi", "by": "us"}
    assert sample.record == {"id": "7 a", "secret": "x", "text": "Hi"}
    assert sample.problem == ""


def test_what_would_be_looked_up_is_shown_in_words(unheard: World) -> None:
    record = {"email": "ann@x.example", "topic": "Web", "text": "Number 1234567890123456"}
    [sample] = trying.samples(unheard.runtime, CHATS, [record])
    assert sample.body["channel_id"] == "‹channel Web›"
    assert sample.body["users"] == [{"id": "‹user ann@x.example›"}]
    assert "1234567890123456" in str(sample.body["messages"])
    definition = replace(MANUAL, url="/conversations/{conversation(user(email))}")
    [inside] = trying.samples(unheard.runtime, definition, [record])
    assert inside.url.endswith("/conversations/‹conversation user ann@x.example›")


def test_a_record_that_cannot_be_sent_shows_why_in_its_place(unheard: World) -> None:
    made = trying.samples(unheard.runtime, PEOPLE, [ANN, {"email": "bob@x.example"}, {"first_name": "Bob"}])
    assert [each.problem for each in made] == [
        "",
        "first_name: is missing, and the vendor wants it",
        "email: is missing, and records are known by it",
    ]
    assert made[1].record == {"email": "bob@x.example"}
    assert (made[1].url, made[1].body, made[1].left_out) == ("", None, False)


def test_a_sample_that_would_be_left_out_says_for_which_other_one(unheard: World) -> None:
    records = [
        {**ANN, "phone": phone, "email": f"{who}@x.example"} for who, phone in zip("abcaab", "121133", strict=True)
    ]
    broken = {"email": "c@x.example"}
    by_key = replace(PEOPLE, unique="")

    def problems(definition: Definition, *given: Any) -> list[str]:
        made = trying.samples(unheard.runtime, definition, given)
        assert all(each.left_out == each.problem.startswith("left out: ") for each in made)
        assert all(bool(each.url) == (not each.problem) for each in made)
        return [each.problem for each in made]

    key = "left out: the same email as sample {}".format
    assert problems(by_key, broken, *records) == [
        "first_name: is missing, and the vendor wants it",
        "",
        "",
        "",
        key(2),
        key(2),
        key(3),
    ]
    phone = "left out: the same phone as sample {}".format
    first = replace(PEOPLE, unique="phone")
    assert problems(first, *records) == ["", "", phone(1), key(1), key(1), key(2)]
    last = replace(first, keep="last")
    assert problems(last, *records[:3]) == [phone(3), "", ""]
    assert problems(replace(MANUAL, url="/x"), ANN, ANN) == ["", "left out: the same record as sample 1"]
    assert problems(replace(MANUAL, source="events", events=("*",)), ANN, ANN) == ["", ""]
    batch = replace(MANUAL, unique="city", batch=Batching(size=2))
    rows = [{"n": n, "city": city} for n, city in enumerate(("Bern", "Rome", "Oslo", "Rome"))]
    assert problems(batch, *rows) == ["", "", "left out: the same city as sample 1"]


def test_a_sample_says_what_is_done_instead_where_it_is_there_already(unheard: World) -> None:
    instead = [
        trying.samples(unheard.runtime, replace(PEOPLE, exists=exists), [ANN])[0].instead
        for exists in ("fail", "skip", "update")
    ]
    assert instead == [
        "",
        "or nothing, where it is there already",
        "or PUT …/users/‹id›, where it is there already",
    ]


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [
        (None, [1] * 10),
        (Batching(size=5), [5, 5, 5]),
        (Batching(size=100), [15]),
        (Batching(group_by="field", field="city"), [8, 7]),
        (Batching(group_by="bytes", bytes=180), [5, 5, 5]),
        (Batching(group_by="time", size=8), [8, 7]),
    ],
)
def test_with_a_batch_each_sample_is_one(unheard: World, batch: Batching | None, sizes: list[int]) -> None:
    records = [{"city": "Bern" if number % 2 == 0 else "Rome", "number": 100 + number} for number in range(15)]
    made = trying.samples(unheard.runtime, replace(MANUAL, batch=batch), records)
    assert [len(each.records) for each in made] == sizes
    if batch is not None:
        assert made[0].body == [dict(record) for record in made[0].records]
        [under, *_] = trying.samples(unheard.runtime, replace(MANUAL, batch=replace(batch, under="rows")), records)
        assert under.body == {"rows": made[0].body}
    else:
        assert made[0].body == records[0]


def test_samples_follow_the_rows_of_one_person_into_one_call(unheard: World) -> None:
    records = [{"email": f"{name}@x.example", "topic": "Web", "text": str(place)} for place, name in enumerate("aba")]
    made = trying.samples(unheard.runtime, replace(CHATS, batch=Batching()), records)
    assert [[each["text"] for each in sample.records] for sample in made] == [["0", "2"], ["1"]]
    assert len(made[0].body["messages"]) == 2


def test_samples_of_what_is_fed_by_another_are_made_of_its_answers(quick: World) -> None:
    world = quick.start(requests_per_minute=1_000_000)
    catalogue = Destinations(world.runtime)
    catalogue.create({**as_given(PEOPLE), "response": True}, BY)
    catalogue.activate("people", BY)
    fed = replace(CHATS, source="responses:people", fields={"user_id": "id", "channel_id": "c", "message": "key"})
    assert "record" not in trying.sample_records(world.runtime, fed)[0]
    intake.take_in(world.runtime, "people", [Item(1, ANN)], "people.json")
    drain(world.runtime)
    [made] = [user for user in world.sim.account.users.values() if user.email == ANN["email"]]
    [answer] = trying.sample_records(world.runtime, fed)
    assert (answer["id"], answer["key"], answer["record"]) == (made.id, ANN["email"], ANN)


def test_samples_are_made_of_real_records_and_else_of_the_template(quick: World) -> None:
    quick.start()
    example = trying.sample_records(quick.runtime, PEOPLE)
    assert len(example) == 1
    assert example[0]["first_name"]
    renamed = replace(PEOPLE, fields={"first_name": "Name", "email": "person.mail"})
    assert set(trying.sample_records(quick.runtime, renamed)[0]) == {"Name", "person.mail", "email"}  # by its key
    assert trying.samples(quick.runtime, renamed, trying.sample_records(quick.runtime, renamed))[0].problem == ""
    manual = replace(MANUAL, url="/users/{user(email)}", fields={"text": "words"})
    assert trying.sample_records(quick.runtime, manual) == [{"words": "words", "email": "email"}]
    assert trying.sample_records(quick.runtime, MANUAL) == []
    Destinations(quick.runtime).create({"name": "people", "connection": "support", "template": "create_end_user"}, BY)
    items = [Item(place, {**ANN, "number": place}) for place in range(12)] + [Item(12, None, "odd", "odd")]
    intake.take_in(quick.runtime, "people", items, "f")
    assert [each["number"] for each in trying.sample_records(quick.runtime, PEOPLE)] == list(range(11, 1, -1))


def test_without_connection_or_template_nothing_can_be_shown(quick: World) -> None:
    quick.start()
    with pytest.raises(ConfigError, match='connection: there is no connection "gone" that can be used'):
        trying.samples(quick.runtime, replace(PEOPLE, connection="gone"), [ANN])
    with pytest.raises(ConfigError, match="template: there is no template gone any more"):
        trying.samples(quick.runtime, replace(PEOPLE, template="gone"), [ANN])
    with pytest.raises(ConfigError, match="connection: "):
        trying.send_test(quick.runtime, replace(PEOPLE, connection="gone"), ANN, BY)
    assert trying.sample_records(quick.runtime, replace(PEOPLE, connection="gone")) == []


# ---------------------------------------------------------------------------------------------------- dry run


def test_a_dry_run_says_what_would_be_sent_and_leaves_no_trace(unheard: World) -> None:
    Destinations(unheard.runtime).create(
        {"name": "people", "connection": "support", "template": "create_end_user", "key": "email"}, BY
    )
    intake.take_in(unheard.runtime, "people", [Item(1, {"email": "z@x.example", "first_name": "Zoe"})], "f")
    rows = [
        "email,first_name",
        "a@x.example,A",
        "b@x.example,",
        "a@x.example,A2",
        "z@x.example,Z",
        "c@x.example,C",
        "d",
    ]
    content = "\n".join(rows).encode()
    run = trying.dry_run(unheard.runtime, PEOPLE, read_items(io.BytesIO(content), "csv"))
    assert (run.read, run.good, run.broken, run.duplicates, run.known, run.requests) == (6, 2, 2, 1, 1, 2)
    assert run.errors == (
        LineError(3, "first_name", "is missing, and the vendor wants it"),
        LineError(7, "", "it has 1 cell, and the columns are 2"),
    )
    assert [sample.record["first_name"] for sample in run.samples] == ["A", "C"]
    assert trying.dry_run(unheard.runtime, PEOPLE, read_items(io.BytesIO(content), "csv"), limit=1).read == 1
    with unheard.runtime.db.read():
        assert DestinationRecordRow.select().count() == 1


def person(who: str, name: str = "P", phone: str = "") -> dict[str, Any]:
    return {"email": f"{who}@x.example", "first_name": name, "phone": phone}


MENDED = [person("a", "Ann"), person("b", "")]
FILES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]], list[int]]] = {
    "what is mended is taken": ({}, [person("a", ""), person("b", ""), person("c")], [*MENDED, person("c")], [0]),
    "a good one after a broken one": (
        {},
        [],
        [person("a", ""), person("a", "A"), person("b"), person("b", "")],
        [1, 2],
    ),
    "what is still broken": ({}, [person("a", "")], [person("a", ""), person("b"), person("c", "")], [1]),
    "the first": ({"unique": "phone"}, [], [person("a", "A", "1"), person("b", "B", "1"), person("c")], [0, 2]),
    "the last": (
        {"unique": "phone", "keep": "last"},
        [],
        [person(who, "P", phone) for who, phone in zip("abcde", "12121", strict=True)] + [person("f")],
        [3, 4, 5],
    ),
    "the first is in the ledger": ({"unique": "phone"}, [person("z", "Z", "1")], [person("a", "A", "1")], []),
    "the last where one is in the ledger": (
        {"unique": "phone", "keep": "last"},
        [person("z", "Z", "1")],
        [person("a", "A", "1")],
        [0],
    ),
    "one that is broken holds no value": (
        {"unique": "phone"},
        [person("z", "", "1")],
        [person("a", "", "2"), person("b", "B", "1"), person("c", "C", "2")],
        [1, 2],
    ),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("at_once", [1, 500])
def test_a_dry_run_tells_what_the_send_does(
    quick: World, monkeypatch: pytest.MonkeyPatch, file: str, at_once: int
) -> None:
    monkeypatch.setattr("core.destinations.dry_runs.AT_ONCE", at_once)
    given, before, rows, sent = FILES[file]
    quick.start()
    stored = Destinations(quick.runtime).create({**as_given(PEOPLE), "unique": "", **given}, BY)
    intake.take_in(quick.runtime, "people", [Item(n, row) for n, row in enumerate(before, 1)], "before")
    items = [Item(n, row) for n, row in enumerate(rows, 1)]
    run = trying.dry_run(quick.runtime, stored.definition, items)
    assert [each.record for each in run.samples] == [rows[place] for place in sent]
    took = intake.take_in(quick.runtime, "people", items, "now")
    assert (run.good, run.requests, run.broken) == (took.accepted, took.accepted, took.broken)
    # What is twice in one file is told as a duplicate of the other.
    assert run.known + run.duplicates == took.known + took.duplicates
    assert run.errors == took.errors
    with quick.runtime.db.read():
        waiting = DestinationRecordRow.select().where(
            DestinationRecordRow.state == "waiting", DestinationRecordRow.origin == "now"
        )
        assert sorted(row.line - 1 for row in waiting) == sent


def test_of_a_long_file_of_which_the_last_count_no_more_is_held_than_memory_should(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.destinations.dry_runs._IN_MEMORY", 1000)
    quick.start()
    definition = replace(MANUAL, unique="number", keep="last", batch=Batching(size=300))
    items = [Item(place, {"number": place % 1200, "place": place, "text": "ü\n\u2028"}) for place in range(1, 3001)]
    run = trying.dry_run(quick.runtime, definition, items)
    assert (run.good, run.duplicates, run.requests) == (1200, 1800, 4)
    assert [each["place"] for each in run.samples[0].records] == [*range(1801, 2101)]
    assert run.samples[0].body[0] == items[1800].data


def test_a_dry_run_counts_the_calls_of_batches(unheard: World) -> None:
    items = [Item(place, {"number": place}) for place in range(1, 3501)]
    run = trying.dry_run(unheard.runtime, replace(MANUAL, batch=Batching(size=300)), items)
    assert (run.good, run.requests, len(run.samples)) == (3500, 12, 10)
    assert [len(sample.records) for sample in run.samples] == [300] * 10


# ---------------------------------------------------------------------------------------------------- a real test


def test_a_test_makes_one_real_call_and_shows_the_answer(quick: World) -> None:
    quick.start()
    before = len(calls(quick))
    tested = trying.send_test(quick.runtime, PEOPLE, ANN, BY)
    assert calls(quick)[before:] == [("POST", "/v2/users")]
    assert (tested.ok, tested.status, tested.verb, tested.error) == (True, 200, "POST", "")
    assert tested.url == f"{quick.sim.api_url}/users"
    assert tested.captured_id
    assert tested.captured_id in tested.answer
    with quick.runtime.db.read():
        assert DestinationCallRow.select().count() == 0  # it is not stored


def test_a_test_of_a_stored_one_is_kept_with_it_and_nothing_else_is_sent(world: World) -> None:
    world.start()
    Destinations(world.runtime).create({"name": "people", "connection": "support", "template": "create_end_user"}, BY)
    intake.take_in(world.runtime, "people", [Item(1, {"first_name": "Zoe", "email": "z@x.example"})], "f")
    assert trying.send_test(world.runtime, PEOPLE, ANN, BY, "people").ok
    world.sim.fault("*user*", "404")
    again = trying.send_test(world.runtime, PEOPLE, ANN, BY, "people")
    assert (again.ok, again.captured_id) == (False, "")
    assert str(again.status) in again.error
    with world.runtime.db.read():
        kept = [(each.purpose, each.state, each.by, each.status) for each in DestinationCallRow.select()]
        assert kept == [("test", "sent", BY, 200), ("test", "failed", BY, again.status)]
        tested = DestinationRow.get().tested
        assert AuditRow.select().where(AuditRow.what == "destination.tested").count() == 2
    assert (tested["ok"], tested["by"], tested["status"], tested["error"]) == (False, BY, again.status, again.error)
    assert tested["request"] == {"verb": "POST", "url": again.url, "body": again.body}
    assert Destinations(world.runtime).get("people").counts == {"waiting": 1}


def test_a_manual_test_with_a_batch_sends_a_batch_of_one(quick: World) -> None:
    quick.start()
    definition = replace(MANUAL, batch=Batching(under="rows"), headers={"X-Ours": "1"})
    tested = trying.send_test(quick.runtime, definition, ANN, BY)
    assert tested.body == quick.sim.record.calls()[-1].body == {"rows": [ANN]}


def test_what_is_broken_or_not_found_is_told_without_the_call(quick: World) -> None:
    quick.start()
    before = len(calls(quick))
    broken = trying.send_test(quick.runtime, PEOPLE, {"email": "x"}, BY)
    assert (broken.ok, broken.status, broken.url) == (False, None, "")
    assert broken.error == "first_name: is missing, and the vendor wants it"
    missing = trying.send_test(quick.runtime, CHATS, {"email": "nobody@x.example", "topic": "Web", "text": "Hi"}, BY)
    assert not missing.ok
    assert "nobody@x.example" in missing.error
    assert all(method == "GET" for method, _ in calls(quick)[before:])
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}
    assert "nested" in trying.send_test(quick.runtime, MANUAL, deep, BY).error


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        ("401", 401, "postponed"),
        ("503", 503, "parked"),
        ("404", 404, "failed"),
        ("429", 429, "postponed"),
        ("cut", None, "parked"),
        ("empty200", 200, "parked"),
    ],
)
def test_whatever_the_vendor_says_comes_back(quick: World, fault: str, status: int | None, state: str) -> None:
    quick.start()
    Destinations(quick.runtime).create({"name": "people", "connection": "support", "template": "create_end_user"}, BY)
    quick.sim.fault("*user*", fault)
    tested = trying.send_test(quick.runtime, PEOPLE, ANN, BY, "people")
    assert (tested.ok, tested.status) == (False, status)
    assert tested.error
    assert tested.uncertain == (state == "parked")
    assert tested.error.endswith(": it may be there; look before you send it again") == tested.uncertain
    with quick.runtime.db.read():
        assert DestinationCallRow.get().state == state
        assert DestinationRow.get().tested["uncertain"] == tested.uncertain


def test_a_test_of_what_is_not_stored_yet_is_not_anothers_of_its_name(quick: World) -> None:
    quick.start()
    Destinations(quick.runtime).create({"name": "people", "connection": "support", "template": "create_end_user"}, BY)
    assert trying.send_test(quick.runtime, PEOPLE, ANN, BY).ok
    with quick.runtime.db.read():
        assert DestinationCallRow.select().count() == 0
        assert DestinationRow.get().tested is None
        assert AuditRow.select().where(AuditRow.what == "destination.tested").count() == 1


@pytest.mark.parametrize("exists", ["skip", "update"])
def test_a_test_does_with_what_is_there_already_what_the_send_would_do(quick: World, exists: str) -> None:
    quick.start()
    Destinations(quick.runtime).create({"name": "people", "connection": "support", "template": "create_end_user"}, BY)
    there = trying.send_test(quick.runtime, PEOPLE, ANN, BY).captured_id
    before = len(calls(quick))
    renamed = {**ANN, "first_name": "Anna"}
    tested = trying.send_test(quick.runtime, replace(PEOPLE, exists=exists), renamed, BY, "people")
    writes = [call for call in calls(quick)[before:] if call[0] != "GET"]
    assert (tested.ok, tested.captured_id, tested.error) == (True, there, "")
    with quick.runtime.db.read():
        kept = [(each.purpose, each.verb, each.captured_id) for each in DestinationCallRow.select()]
        noted = DestinationRow.get().tested
    assert (noted["ok"], noted["captured_id"], noted["note"]) == (True, there, tested.note)
    if exists == "skip":
        assert (writes, kept, tested.url, tested.status) == ([], [], "", None)
        assert tested.note == f"the vendor has it already, under {there}, and it is left as it is"
        assert quick.sim.account.users[there].first_name == "Ann"
    else:
        assert (writes, kept) == ([("PUT", f"/v2/users/{there}")], [("test", "PUT", there)])
        assert tested.note == f"the vendor had it already, under {there}: that was changed"
        assert quick.sim.account.users[there].first_name == "Anna"


@pytest.mark.parametrize("exists", ["skip", "update"])
def test_a_test_makes_what_is_not_there_yet_and_nothing_where_it_cannot_look(quick: World, exists: str) -> None:
    quick.start()
    definition = replace(PEOPLE, exists=exists)
    made = trying.send_test(quick.runtime, definition, ANN, BY)
    assert (made.ok, made.verb, made.note) == (True, "POST", "")
    before = len(calls(quick))
    quick.sim.fault("*user*", "503", times=None)
    blind = trying.send_test(quick.runtime, definition, {**ANN, "email": "bob@x.example"}, BY)
    assert (blind.ok, blind.url, blind.uncertain, blind.status) == (False, "", False, 503)
    assert all(method == "GET" for method, _ in calls(quick)[before:])


def test_where_the_budget_is_used_up_a_test_says_so(quick: World) -> None:
    quick.start(requests_per_minute=10)
    words = [trying.send_test(quick.runtime, PEOPLE, ANN, BY).error for _ in range(12)]
    assert words[-1] == "the budget of calls a minute is used up"


def test_the_credential_is_not_shown_where_the_vendor_repeats_it(quick: World) -> None:
    quick.start()
    tested = trying.send_test(quick.runtime, PEOPLE, {**ANN, "last_name": quick.sim.token}, BY)
    assert tested.ok
    assert quick.sim.token not in tested.answer


def test_freshdesk_is_tested_in_the_same_way(desk: DeskWorld) -> None:
    desk.start()
    definition = Definition("contacts", "support", method="POST", url="/api/v2/contacts")
    tested = trying.send_test(desk.runtime, definition, {"name": "Ann", "email": "ann@x.example"}, BY)
    assert (tested.ok, tested.error) == (True, "")
    assert tested.captured_id
