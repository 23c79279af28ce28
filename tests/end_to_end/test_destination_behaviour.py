"""Behaviour 154 and 156-161: when a destination sends, what a manual one sends, and how it is tried before.

What is written by templates (155) is in test_destination_templates.py, batches (159) at a vendor that takes arrays in
test_destination_batches.py. The simulator's record of calls and its own objects are the judge.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import request

from core.destination_settings import Definition
from core.destinations import trying
from core.destinations.catalogue import Destinations
from core.destinations.checking import load_definition
from core.destinations.formats import read_items
from core.errors import ConfigError
from core.jobs.send_events import send_due
from core.jobs.send_records import drain
from core.store.models import DestinationRecordRow, DestinationRow
from core.subscriptions import Subscriptions
from core.testing.receiver import WebhookReceiver
from tests.end_to_end.destined import BY, Destined, run, written
from tests.end_to_end.program import Program
from tests.end_to_end.signed import verified

QUICK = 100_000
PEOPLE: dict[str, Any] = {"template": "create_end_user", "key": "email"}
ANN = {"first_name": "Ann", "email": "ann@acme.example"}
BOB = {"first_name": "Bob", "email": "bob@acme.example"}
CEM = {"first_name": "Cem", "email": "cem@acme.example"}


@pytest.fixture
def world(both_accounts: Any) -> Any:
    """Each engine and dialect once; see the fixture it is."""
    return both_accounts


def people(world: Any) -> list[str]:
    """The addresses of those end-users whom a destination has made, in their order."""
    return [user.email for user in world.sim.account.users.values() if (user.email or "").endswith("@acme.example")]


def definition(world: Any, **given: Any) -> Definition:
    """A definition that is stored nowhere."""
    return load_definition(world.runtime, {"name": "unsaved", "connection": "support", **given})


def text(message: str) -> list[dict[str, Any]]:
    return [{"text": {"content": message}}]


# ------------------------------------------------------------------------------------------ 154: when it sends


def test_b154_before_activation_no_call_is_made_whatever_is_given_and_looked_at(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    program = Program(world)
    program.post("/destinations", {"name": "people", "connection": "support", **PEOPLE})
    before = len(world.sim.record)
    took = program.post("/destinations/people/records", [ANN, BOB])
    assert took["accepted"] == 2
    program.post("/destinations/people/records", [CEM], params={"dry_run": "true"})
    assert len(program.post("/destinations/people/samples")["items"]) == 2
    trying.dry_run(world.runtime, definition(world, **PEOPLE), read_items(io.BytesIO(json.dumps(CEM).encode()), "json"))
    run(world, 24 * 3600)
    assert len(world.sim.record) == before
    assert program.get("/destinations/people")["records"]["waiting"] == 2


def test_b154_activation_starts_pause_stops_resume_goes_on_and_deactivation_ends_it(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(world, "people", active=False, **PEOPLE)
    writing.give(ANN)
    run(world, 3600)
    assert people(world) == []
    writing.life.activate("people", BY)
    run(world)
    assert people(world) == ["ann@acme.example"]
    writing.life.pause("people", BY)
    writing.give(BOB)
    run(world, 3600)
    assert len(written(world)) == 1
    writing.life.resume("people", BY)
    run(world)
    assert people(world) == ["ann@acme.example", "bob@acme.example"]
    writing.life.deactivate("people", BY)
    writing.give(CEM)
    run(world, 3600)
    assert len(written(world)) == 2
    writing.life.activate("people", BY)
    run(world)
    assert people(world) == ["ann@acme.example", "bob@acme.example", "cem@acme.example"]
    assert writing.states() == ["sent", "sent", "sent"]


@pytest.mark.parametrize("doing", ["pause", "deactivate"])
def test_b154_what_is_stopped_in_the_middle_makes_no_further_call(world: Any, doing: str) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(world, "people", **PEOPLE)

    def stops(body: Any) -> bool:
        if body["email"] == "bob@acme.example":
            getattr(Destinations(world.runtime), doing)("people", BY)
        return False

    world.sim.fault("create_user", "500", when=stops)
    writing.give(ANN, BOB, CEM)
    run(world, 3600)
    assert people(world) == ["ann@acme.example", "bob@acme.example"]
    assert writing.states() == ["sent", "sent", "waiting"]


# --------------------------------------------------------------------------------------------- 156: written by hand


@pytest.mark.parametrize("complete", [False, True], ids=["path", "complete address"])
def test_b156_a_user_is_made_by_hand(world: Any, complete: bool) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(world, method="POST", url=f"{world.sim.api_url}/users" if complete else "/users")
    [record] = writing.write(ANN)
    [user] = [each for each in world.sim.account.users.values() if each.email == ANN["email"]]
    assert (user.first_name, record.state, record.captured_id) == ("Ann", "sent", user.id)
    [call] = written(world)
    assert (call.method, call.path, call.body) == ("POST", "/v2/users", ANN)


def test_b156_a_conversation_is_begun_by_hand_with_a_channel_and_a_user_by_name(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    fields = {"channel_id": "channel(channel)", "users": "users", "messages": "messages"}
    app = {"app_id": world.sim.account.app_id}
    writing = Destined(world, method="POST", url="/conversations", fields=fields, constants=app)
    message = {"message_parts": text("Hello"), "message_type": "normal", "actor_type": "user", "actor_id": world.ada.id}
    [record] = writing.write({"channel": "Web", "users": [{"id": world.ada.id}], "messages": [message]})
    [conversation] = world.sim.conversations
    assert (conversation.user.id, conversation.channel.name) == (world.ada.id, "Web")
    assert [each.text for each in world.sim.thread(conversation)] == ["Hello"]
    assert (record.state, record.captured_id) == ("sent", conversation.id)


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_b156_a_conversation_is_changed_by_hand_by_its_id(world: Any, verb: str) -> None:
    world.sim.quirks.patch_works = verb == "PATCH"
    world.start(requests_per_minute=QUICK)
    first, other = (world.sim.customer_writes(world.sim.customer(f"{name}@x.example"), "Hi") for name in "ab")
    writing = Destined(world, method=verb, url="/conversations/{id}", fields={"status": "becomes"})
    [record] = writing.write({"id": first.id, "becomes": "resolved"})
    assert record.state == "sent"
    assert (world.sim.conversation(first.id).status, world.sim.conversation(other.id).status) == ("resolved", "new")
    [call] = written(world)
    assert (call.method, call.path, call.body) == (verb, f"/v2/conversations/{first.id}", {"status": "resolved"})


def test_b156_a_message_is_sent_by_hand_into_the_latest_conversation_of_an_address(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    world.sim.agent_resolves(world.sim.customer_writes(world.ada, "Before"), world.human)
    world.clock.advance(60)
    latest = world.sim.customer_writes(world.ada, "Now", new=True)
    fields = {"message_parts": "parts", "actor_id": "agent(by)"}
    constants = {"message_type": "normal", "actor_type": "agent"}
    url = "/conversations/{conversation(user(email))}/messages"
    writing = Destined(world, method="POST", url=url, fields=fields, constants=constants)
    [record] = writing.write({"email": "ADA@example.com", "by": "hanna@example.com", "parts": text("On its way")})
    assert record.state == "sent", record.error
    [call] = written(world)
    assert call.path == f"/v2/conversations/{latest.id}/messages"
    message = world.sim.thread(latest)[-1]
    assert (message.text, message.actor_id) == ("On its way", world.human.id)


def test_b156_an_agent_is_changed_by_hand_by_address_and_group_and_each_is_looked_up_once(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    hand: dict[str, Any] = {"method": "PUT", "url": "/agents/{agent(email)}", "fields": {"groups": "groups"}}
    support = world.sim.support
    one = {"email": "hanna@example.com", "groups": [support.id]}
    world.sim.record.clear()
    Destined(world, "one", **hand).write(one)
    reads = len(world.sim.record) - 1
    assert world.human.groups == [support.id]
    world.sim.record.clear()
    many = Destined(world, "many", **hand)
    many.write(*({**one, "groups": [support.id] * (number % 2), "number": number} for number in range(6)))
    assert many.states() == ["sent"] * 6
    assert [call.path for call in written(world)] == [f"/v2/agents/{world.human.id}"] * 6
    assert len(world.sim.record) - 6 == reads > 0
    assert world.human.groups == [support.id]


def test_b156_a_group_by_name_stands_in_a_field_and_one_that_is_not_there_is_told_with_those_there_are(
    world: Any,
) -> None:
    world.start(requests_per_minute=QUICK)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    fields = {"assigned_group_id": "group(team)"}
    writing = Destined(world, method="PUT", url="/conversations/{id}", fields=fields)
    good, bad = writing.write(
        {"id": conversation.id, "team": "support"}, {"id": conversation.id, "team": "Suport", "again": 1}
    )
    assert (good.state, world.sim.conversation(conversation.id).assigned_group_id) == ("sent", world.sim.support.id)
    assert (bad.state, bad.error) == ("failed", "there is no group called Suport; there is Support")
    assert len(written(world)) == 1


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a/../../agents", "/v2/users/a/../../agents"),
        ("x?email=y", "/v2/users/x?email=y"),
        ("x#y", "/v2/users/x#y"),
        ("%2e%2e", "/v2/users/%2e%2e"),
        ("Ünal & söhne", "/v2/users/Ünal & söhne"),
    ],
)
def test_b156_what_a_record_puts_into_the_address_stays_one_piece_of_it(world: Any, value: str, path: str) -> None:
    world.start(requests_per_minute=QUICK)
    # The simulator has nothing at such an address: what counts is where it was called.
    [record] = Destined(world, method="PUT", url="/users/{id}", fields={"email": "email"}).write({"id": value, **ANN})
    assert record.state == "failed"
    [call] = written(world)
    assert (call.path, call.query) == (path, "")


@pytest.mark.parametrize("value", ["", ".", "..", None, {"a": 1}, ["x"]])
def test_b156_a_placeholder_without_a_value_fails_the_record_without_a_call(world: Any, value: Any) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(world, method="PUT", url="/users/{id}", fields={"email": "email"})
    [broken, good] = writing.write({"id": value, **ANN}, {"id": world.ada.id, **BOB})
    assert (broken.state, broken.error_field, good.state) == ("failed", "id", "sent")
    assert [call.path for call in written(world)] == [f"/v2/users/{world.ada.id}"]


# ---------------------------------------------------------------------------------------------------- 157: headers


def heard(world: Any) -> list[dict[str, str]]:
    """The headers of every call that comes to the simulator from now on, which must not have been called yet."""
    found: list[dict[str, str]] = []
    world.sim.gate._app.before_request(lambda: found.append({**request.headers}))
    return found


def test_b157_headers_are_sent_as_they_are_given_and_the_credential_is_ours(world: Any) -> None:
    headers = heard(world)
    world.start(requests_per_minute=QUICK)
    for name, more in (("template", PEOPLE), ("manual", {"method": "POST", "url": "/users"})):
        [record] = Destined(world, name, headers="X-Team:blue, X-Trace : a:b=c ,", **more).write(
            {"first_name": name, "email": f"{name}@acme.example"}
        )
        assert record.state == "sent"
        assert (headers[-1]["X-Team"], headers[-1]["X-Trace"]) == ("blue", "a:b=c")
        assert headers[-1]["Authorization"] == f"Bearer {world.sim.token}"
        assert headers[-1]["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", ["Authorization", "content-type", "HOST", "Content-Length", "Transfer-Encoding"])
def test_b157_what_is_set_by_us_cannot_be_given(world: Any, name: str) -> None:
    world.start()
    with pytest.raises(ConfigError, match=rf"the header {name} is set by Relaydesk itself") as refused:
        Destined(world, **PEOPLE, headers=f"X-Team:blue,{name}:mine")
    assert refused.value.key == "headers"


def test_b157_a_definition_that_sneaks_them_in_overrides_nothing(world: Any) -> None:
    headers = heard(world)
    world.start(requests_per_minute=QUICK)
    sneaked = {"authorization": "Bearer mine", "CONTENT-TYPE": "text/plain", "user-agent": "me", "X-Team": "blue"}
    made = definition(world, method="POST", url="/users")
    object.__setattr__(made, "headers", sneaked)
    assert trying.send_test(world.runtime, made, ANN, BY).ok
    assert headers[-1]["Authorization"] == f"Bearer {world.sim.token}"
    assert (headers[-1]["Content-Type"], headers[-1]["X-Team"]) == ("application/json", "blue")
    assert headers[-1]["User-Agent"].startswith("Relaydesk/")
    writing = Destined(world, **PEOPLE)
    with world.runtime.db.write():
        forced = {"name": "rows", "connection": "support", **PEOPLE, "headers": "Authorization:Bearer mine"}
        DestinationRow.update(definition=forced).where(DestinationRow.name == "rows").execute()
    with world.runtime.db.write():
        row = DestinationRow.get()
        data = {"destination": row.id, "key": "bob", "data": BOB, "origin": "x", "created_at": world.clock.now()}
        DestinationRecordRow.create(**data, state="waiting")
    drain(world.runtime)
    assert people(world) == ["ann@acme.example"]
    with world.runtime.db.read():
        assert "the header Authorization is set by Relaydesk itself" in DestinationRow.get().held_reason
    assert writing.name == "rows"


# --------------------------------------------------------------------------------------------------- 158: attributes


def test_b158_excluded_attributes_are_not_sent_and_are_used_all_the_same(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(
        world, method="PUT", url="/users/{id}", exclude=["id", "ref", "mail", "secret"], key="ref", unique="mail"
    )
    bob = world.sim.customer("bob@x.example")
    first = {"id": world.ada.id, "ref": "r1", "mail": "a@x.example", "secret": "s", "first_name": "Ada"}
    same_mail = {**first, "ref": "r2", "first_name": "Duplicate"}
    same_key = {**first, "mail": "b@x.example", "first_name": "Known"}
    second = {**first, "id": bob.id, "ref": "r3", "mail": "c@x.example", "first_name": "Bob"}
    records = writing.write(first, same_mail, same_key, second)
    assert [(each.key, each.state) for each in records] == [("r1", "sent"), ("r2", "skipped"), ("r3", "sent")]
    assert [(call.path, call.body) for call in written(world)] == [
        (f"/v2/users/{world.ada.id}", {"first_name": "Ada"}),
        (f"/v2/users/{bob.id}", {"first_name": "Bob"}),
    ]


@pytest.mark.parametrize("mapped", [False, True])
def test_b158_a_template_leaves_out_what_is_excluded(world: Any, mapped: bool) -> None:
    world.start(requests_per_minute=QUICK)
    fields = {"fields": {"first_name": "first_name", "email": "email", "phone": "phone"}} if mapped else {}
    writing = Destined(world, **PEOPLE, **fields, exclude=["phone"])
    assert [each.state for each in writing.write({**ANN, "phone": "+49 30 1234"})] == ["sent"]
    assert [call.body for call in written(world)] == [ANN]
    assert [user.phone for user in world.sim.account.users.values() if user.email == ANN["email"]] == [None]


# -------------------------------------------------------------------------------------------------------- 159: batches


@pytest.mark.parametrize("batch", [None, {"seconds": 0}])
def test_b159_one_persons_rows_become_one_conversation_where_they_are_batched(world: Any, batch: Any) -> None:
    world.start(requests_per_minute=QUICK)
    fields = {"channel_id": "channel(channel)", "user_id": "user(email)", "message": "says"}
    app = {"app_id": world.sim.account.app_id}
    writing = Destined(world, template="create_conversation", fields=fields, constants=app, batch=batch)
    world.sim.customer("bob@example.com")
    says = [("ada", "one"), ("bob", "two"), ("ada", "three"), ("ada", "four")]
    rows = [{"email": f"{name}@example.com", "channel": "Web", "says": word} for name, word in says]
    shown = trying.samples(world.runtime, writing.shown().definition, rows)
    records = writing.write(*rows)
    assert {(each.state, each.error) for each in records} == {("sent", "")}
    threads = [[each.text for each in world.sim.thread(one)] for one in world.sim.conversations]
    if batch is None:
        assert sorted(threads) == sorted([["one"], ["two"], ["three"], ["four"]])
    else:
        assert sorted(threads) == [["one", "three", "four"], ["two"]]
        ids = [each.captured_id for each in records]
        assert ids[0] == ids[2] == ids[3] != ids[1]
        [adas] = [one for one in world.sim.conversations if one.user.email == "ada@example.com"]
        assert ids[0] == adas.id
    assert len(written(world)) == len(threads) == len(shown)
    counts = [len(call.body["messages"]) for call in written(world)]
    assert counts == [len(sample.body["messages"]) for sample in shown]


# ------------------------------------------------------------------------------------------------------ 160: answers


def test_b160_every_answer_is_kept_posted_with_a_signature_and_feeds_another(world: Any) -> None:
    world.sim.quirks.duplicate_email = "reject"
    world.start(requests_per_minute=QUICK, server="allow_private_webhooks = true")
    world.clock.advance(3600)
    with WebhookReceiver() as receiver:
        _, secret = Subscriptions(world.runtime).create(receiver.url, ["responses:people"], "", BY)
        upstream = Destined(world, "people", template="create_end_user", response=True)
        fields = {"user_id": "id", "channel_id": "channel(record.channel)", "message": "record.says"}
        talking = {
            "template": "create_conversation",
            "fields": fields,
            "constants": {"app_id": world.sim.account.app_id},
        }
        talks = Destined(world, "talks", source="responses:people", response=True, **talking)
        upstream.give(
            {**ANN, "channel": "Web", "says": "Hello"}, {"first_name": "Ada", "email": "ada@example.com", "says": "Hi"}
        )
        run(world)
        good, bad = upstream.responses()
        send_due(world.runtime)
        posted = [verified(each, secret, world.clock.now()) for each in receiver.received]
    [ann] = [user for user in world.sim.account.users.values() if user.email == ANN["email"]]
    assert (good.ok, good.outcome, good.captured_id, good.data["says"]) == (True, "sent", ann.id, "Hello")
    assert json.loads(good.answer)["id"] == ann.id
    assert (bad.ok, bad.outcome, bad.status) == (False, "failed", 400)
    assert "a user with this email exists already" in bad.error
    assert [(each["event"], each["data"]["id"], each["data"]["ok"]) for each in posted] == [
        ("responses:people", ann.id, True),
        ("responses:people", "", False),
    ]
    assert "a user with this email exists already" in posted[1]["data"]["error"]
    # The good one alone goes on, with the id that the vendor gave.
    [conversation] = world.sim.conversations
    assert (conversation.user.id, world.sim.thread(conversation)[0].text) == (ann.id, "Hello")
    assert [(each.state, each.captured_id) for each in talks.ledger()] == [("sent", conversation.id)]
    assert [each.captured_id for each in talks.responses()] == [conversation.id]


def test_b160_without_it_nothing_is_kept_and_nothing_can_be_fed(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(world, "people", **PEOPLE)
    assert [each.state for each in writing.write(ANN)] == ["sent"]
    assert writing.responses() == []
    with pytest.raises(ConfigError, match="the answers of people are not kept") as refused:
        Destined(world, "talks", template="create_conversation", source="responses:people")
    assert refused.value.key == "source"


# ------------------------------------------------------------------------------------------------------ 161: a test


def test_b161_a_test_writes_the_edited_sample_for_real_before_anything_is_saved(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    made = definition(world, **PEOPLE, headers="X-Team:blue")
    [sample] = trying.sample_records(world.runtime, made)
    edited = {**sample, "email": "edited@acme.example", "first_name": "Edith"}
    edited.pop("reference_id")
    tested = trying.send_test(world.runtime, made, edited, BY)
    [user] = [each for each in world.sim.account.users.values() if each.email == "edited@acme.example"]
    assert (user.first_name, user.phone) == ("Edith", sample["phone"])
    assert (tested.ok, tested.status, tested.captured_id) == (True, 200, user.id)
    assert json.loads(tested.answer)["id"] == user.id
    assert (tested.verb, tested.url) == ("POST", f"{world.sim.api_url}/users")
    [call] = written(world)
    assert call.body == tested.body
    assert Destinations(world.runtime).list() == ()


def test_b161_of_one_that_is_saved_the_test_is_kept_and_its_ledger_is_not_touched(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Destined(world, "people", active=False, **PEOPLE)
    writing.give(ANN)
    assert trying.send_test(world.runtime, writing.shown().definition, BOB, BY, "people").ok
    assert people(world) == ["bob@acme.example"]
    assert writing.states() == ["waiting"]
    kept = writing.shown().tested
    assert kept is not None
    assert (kept["ok"], kept["by"], kept["request"]["body"]["email"]) == (True, BY, BOB["email"])
    run(world, 3600)
    assert len(written(world)) == 1


def test_b161_what_the_vendor_refuses_of_a_test_is_shown_in_its_words(world: Any) -> None:
    world.sim.quirks.duplicate_email = "reject"
    world.start(requests_per_minute=QUICK)
    taken = trying.send_test(world.runtime, definition(world, **PEOPLE), {**ANN, "email": "ada@example.com"}, BY)
    assert (taken.ok, taken.status, taken.captured_id) == (False, 400, "")
    assert "a user with this email exists already" in taken.error
    hand = definition(world, method="PUT", url="/users/{id}")
    missing = trying.send_test(world.runtime, hand, {"id": "nobody", "first_name": "x"}, BY)
    assert (missing.ok, missing.status) == (False, 404)
    assert "user not found" in missing.error
    unfit = trying.send_test(world.runtime, hand, {"first_name": "x"}, BY)
    assert (unfit.ok, unfit.status, unfit.url, "id" in unfit.error) == (False, None, "", True)
    assert len(written(world)) == 2
