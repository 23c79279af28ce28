"""Every operation of the published OpenAPI and Update Agent, in both dialects: verb, path, parameters, fields, errors.

The tables are written from the OpenAPI and from what is known of live accounts, not from the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests_mock

from core import AuthFailed, BadPayload, HttpClient, OutcomeUnknown, Refused, RelaydeskError, RetryLater
from core.clock import SystemClock
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.simulator import DIALECTS, FreshchatSimulator

Call = Callable[[FreshchatClient, Any], Any]
TEXT = [{"text": {"content": "Hello"}}]

CONVERSATION = {"conversation_id", "app_id", "channel_id", "status", "assigned_agent_id", "assigned_group_id"}
MESSAGE = {"id", "message_type", "actor_type", "actor_id", "message_parts", "reply_parts", "created_time"}
AGENT = {"id", "email", "first_name", "last_name", "avatar", "biography", "is_deactivated", "groups", "created_time"}
USER = {"id", "email", "first_name", "last_name", "phone", "avatar", "properties", "created_time"}
CHANNEL = {"id", "name", "icon", "enabled", "public", "welcome_message", "updated_time"}
GROUP = {"id", "name", "description", "routing_type", "agents"}
# What only one of the dialects shows.
ONLY: Mapping[tuple[str, str], set[str]] = {
    ("Conversation", "documented"): {"users", "created_time"},
    ("Conversation", "observed"): {"url", "user_id", "conversation_internal_id", "created_time", "updated_time"},
    ("Message", "observed"): {"message_source", "interaction_id", "conversation_id"},
    ("Agent", "documented"): {"availability"},
    ("Agent", "observed"): {"availability_status"},
    ("Group", "documented"): {"created_time"},
}


@dataclass(frozen=True)
class Operation:
    """One operation: what to call, what that must send, and which wrong calls the vendor answers 400 and 404."""

    name: str
    verb: str
    path: str
    call: Call
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    schema: str = ""
    fields: frozenset[str] = frozenset()
    bad: Call | None = None
    missing: Call | None = None
    paged: bool = False


def first(found: Any) -> Any:
    """One entry of whatever a call returns."""
    if isinstance(found, tuple):
        found = found[0]
    return found if isinstance(found, dict) or found is None else next(iter(found))


PAGE = {"page": "1", "items_per_page": "50"}
SENT = {"message_type": "private", "actor_type": "agent", "actor_id": "{agent}", "message_parts": TEXT}
USER_BODY = {
    "email": "new@example.com",
    "first_name": "New",
    "last_name": "Customer",
    "phone": "+49 30 1234",
    "properties": [{"name": "plan", "value": "gold"}],
}
OPERATIONS = [
    Operation(
        "listConversations",
        "GET",
        "/conversations",
        lambda c, w: c.conversations(
            status="assigned", assigned_agent_id=w.agent, assigned_group_id=w.group, page=1, items_per_page=5
        ),
        query={
            "status": "assigned",
            "assigned_agent_id": "{agent}",
            "assigned_group_id": "{group}",
            "page": "1",
            "items_per_page": "5",
        },
        schema="Conversation",
        fields=frozenset(CONVERSATION),
    ),
    Operation(
        "createConversation",
        "POST",
        "/conversations",
        lambda c, w: c.create_conversation(
            w.channel,
            w.user,
            [{"message_parts": TEXT, "actor_type": "user", "actor_id": w.user, "message_type": "normal"}],
            app_id=w.app,
        ),
        body={
            "app_id": "{app}",
            "channel_id": "{channel}",
            "users": [{"id": "{user}"}],
            "messages": [{"message_parts": TEXT, "actor_type": "user", "actor_id": "{user}", "message_type": "normal"}],
        },
        fields=frozenset({"conversation_id"}),
        bad=lambda c, w: c.create_conversation("no channel", w.user, [{"message_parts": TEXT}], app_id=w.app),
    ),
    Operation(
        "getConversation",
        "GET",
        "/conversations/{conversation}",
        lambda c, w: c.conversation(w.conversation),
        schema="Conversation",
        fields=frozenset(CONVERSATION),
        missing=lambda c, w: c.conversation("nowhere"),
    ),
    Operation(
        "updateConversation",
        "PUT",
        "/conversations/{conversation}",
        lambda c, w: c.update_conversation(
            w.conversation, {"status": "assigned", "assigned_agent_id": w.agent, "assigned_group_id": w.group}
        ),
        body={"status": "assigned", "assigned_agent_id": "{agent}", "assigned_group_id": "{group}"},
        bad=lambda c, w: c.update_conversation(w.conversation, {"status": "assigned"}),
        missing=lambda c, w: c.update_conversation("nowhere", {"status": "resolved"}),
    ),
    Operation(
        "listConversationMessages",
        "GET",
        "/conversations/{conversation}/messages",
        lambda c, w: c.messages(w.conversation),
        query=PAGE,
        schema="Message",
        fields=frozenset(MESSAGE),
        missing=lambda c, w: list(c.messages("nowhere")),
        paged=True,
    ),
    Operation(
        "sendMessage",
        "POST",
        "/conversations/{conversation}/messages",
        lambda c, w: c.send_message(
            w.conversation,
            {"message_type": "private", "actor_type": "agent", "actor_id": w.agent, "message_parts": TEXT},
        ),
        body=SENT,
        bad=lambda c, w: c.send_message(w.conversation, {"message_parts": TEXT, "actor_type": "nobody"}),
        missing=lambda c, w: c.send_message(
            "nowhere", {"message_parts": TEXT, "actor_type": "agent", "actor_id": w.agent}
        ),
    ),
    Operation(
        "listAgents",
        "GET",
        "/agents",
        lambda c, w: c.agents(),
        query=PAGE,
        schema="Agent",
        fields=frozenset(AGENT),
        paged=True,
    ),
    Operation(
        "getAgent",
        "GET",
        "/agents/{agent}",
        lambda c, w: c.agent(w.agent),
        schema="Agent",
        fields=frozenset(AGENT),
        missing=lambda c, w: c.agent("nobody"),
    ),
    Operation(
        "updateAgent",
        "PUT",
        "/agents/{agent}",
        lambda c, w: c.update_agent(w.agent, {"groups": [w.group]}),
        body={"groups": ["{group}"]},
        bad=lambda c, w: c.update_agent(w.agent, {"groups": ["no group"]}),
        missing=lambda c, w: c.update_agent("nobody", {"groups": []}),
    ),
    Operation(
        "listUsers",
        "GET",
        "/users",
        lambda c, w: c.users(email="ada@example.com"),
        query={**PAGE, "email": "ada@example.com"},
        schema="User",
        fields=frozenset(USER),
        paged=True,
    ),
    Operation(
        "createUser",
        "POST",
        "/users",
        lambda c, w: c.create_user(USER_BODY),
        body=USER_BODY,
        schema="User",
        fields=frozenset(USER),
        bad=lambda c, w: c.create_user({"email": "no address"}),
    ),
    Operation(
        "getUser",
        "GET",
        "/users/{user}",
        lambda c, w: c.user(w.user),
        schema="User",
        fields=frozenset(USER),
        missing=lambda c, w: c.user("nobody"),
    ),
    Operation(
        "updateUser",
        "PUT",
        "/users/{user}",
        lambda c, w: c.update_user(w.user, USER_BODY),
        body=USER_BODY,
        bad=lambda c, w: c.update_user(w.user, {"email": "no address"}),
        missing=lambda c, w: c.update_user("nobody", {"first_name": "X"}),
    ),
    Operation(
        "listChannels",
        "GET",
        "/channels",
        lambda c, w: c.channels(),
        query=PAGE,
        schema="Channel",
        fields=frozenset(CHANNEL),
    ),
    Operation(
        "getChannel",
        "GET",
        "/channels/{channel}",
        lambda c, w: c.channel(w.channel),
        schema="Channel",
        fields=frozenset(CHANNEL),
        missing=lambda c, w: c.channel("nowhere"),
    ),
    Operation(
        "listGroups", "GET", "/groups", lambda c, w: c.groups(), query=PAGE, schema="Group", fields=frozenset(GROUP)
    ),
    Operation(
        "getGroup",
        "GET",
        "/groups/{group}",
        lambda c, w: c.group(w.group),
        schema="Group",
        fields=frozenset(GROUP),
        missing=lambda c, w: c.group("nowhere"),
    ),
]
BY_NAME = {operation.name: operation for operation in OPERATIONS}


@pytest.fixture(params=DIALECTS)
def sim(request: pytest.FixtureRequest) -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator(dialect=request.param) as running:
        yield running


@pytest.fixture
def ids(sim: FreshchatSimulator) -> Any:
    """An account with one of each thing, and their ids."""
    agent = sim.add_agent("robin@example.com", "Robin Assistant")
    agent.groups = [sim.support.id]
    user = sim.customer(
        "ada@example.com", "Ada Customer", phone="+44 20 1", properties=[{"name": "plan", "value": "free"}]
    )
    conversation = sim.customer_writes(user, "Hi")
    sim.agent_assigns(conversation, agent)
    with sim.lock:
        conversation.assigned_group_id = sim.support.id
    return SimpleNamespace(
        app=sim.account.app_id,
        agent=agent.id,
        user=user.id,
        group=sim.support.id,
        channel=sim.web.id,
        conversation=conversation.id,
    )


@pytest.fixture
def client(sim: FreshchatSimulator) -> FreshchatClient:
    return client_of(sim)


def client_of(sim: FreshchatSimulator, verb: str = "PUT", token: str | None = None) -> FreshchatClient:
    http = HttpClient(sim.api_url, {"Authorization": f"Bearer {token or sim.token}"}, SystemClock(), allow_private=True)
    return FreshchatClient(http, {"update_verb": verb})


def filled(value: Any, ids: Any) -> Any:
    """A table's value with the account's ids in it."""
    if isinstance(value, str):
        return value.format(**vars(ids)) if value.startswith(("{", "/")) else value
    if isinstance(value, Mapping):
        return {key: filled(one, ids) for key, one in value.items()}
    return [filled(one, ids) for one in value] if isinstance(value, list) else value


def unlisted(operation: Operation, sim: FreshchatSimulator) -> bool:
    """Live accounts have no list of conversations (vendor fact 1)."""
    return operation.name == "listConversations" and sim.dialect == "observed"


def perform(call: Call, client: FreshchatClient, ids: Any) -> Any:
    found = call(client, ids)
    return list(found) if isinstance(found, Iterator) else found


def test_the_table_holds_the_sixteen_operations_and_update_agent() -> None:
    assert len(BY_NAME) == len(OPERATIONS) == 17


@pytest.mark.parametrize("name", BY_NAME)
def test_verb_path_and_every_parameter_are_sent_and_every_field_is_read(
    name: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    operation = BY_NAME[name]
    if unlisted(operation, sim):
        with pytest.raises(Refused) as refused:
            perform(operation.call, client, ids)
        assert refused.value.status == 404
        return
    found = perform(operation.call, client, ids)
    sent = sim.record.calls()[-1]
    assert (sent.method, sent.path) == (operation.verb, "/v2" + filled(operation.path, ids))
    assert {key: values[0] for key, values in parse_qs(sent.query).items()} == filled(operation.query, ids)
    assert sent.body == (None if operation.body is None else filled(operation.body, ids))
    assert sent.performed
    if operation.fields:
        shown = operation.fields | ONLY.get((operation.schema, sim.dialect), set())
        assert shown <= set(first(found)), shown - set(first(found))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_token_that_is_not_live_is_401_with_the_vendors_words(
    name: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    sim.rotate_token()
    with pytest.raises(AuthFailed, match="the access token is missing, wrong or revoked") as refused:
        perform(BY_NAME[name].call, client, ids)
    assert refused.value.status == 401
    assert refused.value.trace_id


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS if operation.bad])
def test_what_the_vendor_finds_wrong_is_400_with_its_words(
    name: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    bad = BY_NAME[name].bad
    assert bad
    with pytest.raises(Refused, match=r"the vendor answered 400: .{5}") as refused:
        perform(bad, client, ids)
    assert refused.value.status == 400


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS if operation.missing])
def test_what_is_not_there_is_404_with_the_vendors_words(
    name: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    missing = BY_NAME[name].missing
    assert missing
    with pytest.raises(Refused, match=r"NOT_FOUND: .* not found") as refused:
        perform(missing, client, ids)
    assert refused.value.status == 404


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS if operation.paged])
def test_all_pages_are_read_by_the_links_of_the_dialect(
    name: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    for number in range(60):
        sim.add_agent(f"a{number}@example.com", "Agent")
        sim.account.add_user("Ada", email="ada@example.com")
        sim.agent_writes(ids.conversation, sim.agents[0], f"message {number}")
    found = perform(BY_NAME[name].call, client, ids)
    assert len(found) > 60
    assert len({one["id"] for one in found}) == len(found)
    calls = sim.record.calls()
    assert [parse_qs(call.query)["page"] for call in calls] == [["1"], ["2"]]
    assert {call.credential for call in calls} == {True}


# ------------------------------------------------------------------------------------------------------ enums


@pytest.mark.parametrize("status", ["new", "assigned", "resolved", "reopened"])
def test_every_status_of_a_conversation_can_be_set_and_is_read(
    status: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    values = {"status": status, **({"assigned_agent_id": ids.agent} if status == "assigned" else {})}
    if status == "reopened":
        client.update_conversation(ids.conversation, {"status": "resolved"})
    client.update_conversation(ids.conversation, values)
    assert client.conversation(ids.conversation)["status"] == status


@pytest.mark.parametrize("kind", ["normal", "private"])
@pytest.mark.parametrize("author", ["user", "agent"])
def test_every_message_type_and_author_can_be_sent_and_is_read(
    kind: str, author: str, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    actor = ids.user if author == "user" else ids.agent
    client.send_message(
        ids.conversation, {"message_parts": TEXT, "message_type": kind, "actor_type": author, "actor_id": actor}
    )
    latest = max(client.messages(ids.conversation), key=lambda message: message["created_time"])
    assert (latest["message_type"], latest["actor_type"], latest["actor_id"]) == (kind, author, actor)


def test_a_message_of_the_system_is_read(sim: FreshchatSimulator, client: FreshchatClient, ids: Any) -> None:
    sim.system_writes(ids.conversation, "Assigned to Robin")
    assert "system" in {message["message_type"] for message in client.messages(ids.conversation)}
    assert "system" in {message["actor_type"] for message in client.messages(ids.conversation)}


@pytest.mark.parametrize("online", [True, False])
def test_an_agents_availability_can_be_set_and_is_read(
    online: bool, sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    documented = {"availability": "online" if online else "offline"}
    observed = {"availability_status": "AVAILABLE" if online else "AWAY"}
    values = documented if sim.dialect == "documented" else observed
    client.update_agent(ids.agent, values)
    assert values.items() <= client.agent(ids.agent).items()


# --------------------------------------------------------------------------------------- both verbs, own checks


def test_b142_patch_is_used_where_the_setting_says_so(sim: FreshchatSimulator, ids: Any) -> None:
    with pytest.raises(Refused, match="405"):
        client_of(sim, "PATCH").update_conversation(ids.conversation, {"status": "resolved"})
    sim.quirks.patch_works = True
    client_of(sim, "PATCH").update_conversation(ids.conversation, {"status": "resolved"})
    assert sim.record.calls()[-1].method == "PATCH"
    assert sim.conversation(ids.conversation).resolved


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.update_conversation("c1", {"status": "closed"}), "status must be one of new, assigned, "),
        (lambda c: c.conversations(status="open"), "status must be one of new, assigned, resolved, reopened"),
        (lambda c: c.conversations(items_per_page=51), "items_per_page must be 1 to 50, and is 51"),
        (lambda c: c.create_conversation("ch", "u", []), "a conversation begins with a message"),
        (lambda c: c.send_message("c1", {"message_parts": []}), "a message without parts says nothing"),
        (lambda c: c.upload_file("empty.txt", b""), "empty.txt has 0 bytes"),
        (lambda c: c.upload_image("big.png", bytes(25 * 1024 * 1024 + 1), "image/png"), "big.png has 26214401 bytes"),
        (lambda c: c.conversation(" "), "an empty id leads nowhere"),
        (lambda c: c.conversations(page=0), "page must be 1 or more, and is 0"),
        (lambda c: c.fetch_users(["u"] * 101), "1 to 100 users can be fetched at once, and 101 were asked for"),
        (lambda c: c.fetch_users([]), "and 0 were asked for"),
    ],
)
def test_what_cannot_be_right_is_told_before_it_is_sent(
    call: Callable[[FreshchatClient], Any], words: str, sim: FreshchatSimulator, client: FreshchatClient
) -> None:
    with pytest.raises(Refused, match=words):
        call(client)
    assert not sim.record.calls()


@pytest.mark.parametrize("status", ["new", "assigned", "resolved", "reopened"])
def test_conversations_are_listed_by_each_status(status: str) -> None:
    with FreshchatSimulator(dialect="documented") as sim:
        for each in ("new", "assigned", "resolved", "reopened"):
            conversation = sim.customer_writes(sim.customer(), "Hi")
            with sim.lock:
                conversation.status = each
        found, more = client_of(sim).conversations(status=status)
        assert ([one["status"] for one in found], more) == ([status], False)
        assert client_of(sim).conversations(items_per_page=2)[1] is True
        assert client_of(sim).conversations(items_per_page=2, page=2)[1] is False
        assert client_of(sim).conversations(items_per_page=1, page=9) == ([], False)


def test_a_message_without_a_type_is_a_normal_one_and_texts_and_images_are_read_back(
    sim: FreshchatSimulator, client: FreshchatClient, ids: Any
) -> None:
    parts = [{"text": {"content": "Look: ünïcode 🙂"}}, {"image": {"url": "https://files.example/a.png"}}]
    client.send_message(ids.conversation, {"message_parts": parts, "actor_type": "agent", "actor_id": ids.agent})
    latest = max(client.messages(ids.conversation), key=lambda message: message["created_time"])
    assert (latest["message_type"], latest["message_parts"]) == ("normal", parts)


def test_users_and_agents_are_filtered_where_the_account_heeds_it() -> None:
    with FreshchatSimulator() as sim:
        client = client_of(sim)
        ada = sim.customer("ada@example.com", "Ada Lovelace", phone="+44 20 1", reference_id="r/1")
        sim.customer("grace@example.com", "Grace Hopper")
        filters = {"email": "ada@example.com", "phone": "+44 20 1", "phone_no": "+44 20 1", "reference_id": "r/1"}
        for key, value in {**filters, "first_name": "Ada", "last_name": "Lovelace"}.items():
            assert [one["id"] for one in client.users(**{key: value})] == [ada.id], key
            assert parse_qs(sim.record.calls("list_users")[-1].query)[key] == [value]
        long_ago, in_future = "2000-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"
        assert len(list(client.users(created_from=long_ago, created_to=in_future))) == 2
        assert list(client.users(updated_from=in_future)) == list(client.users(updated_to=long_ago)) == []
        away = sim.add_agent("away@example.com", availability="AWAY")
        asleep = sim.add_agent("asleep@example.com", deactivated=True)
        away.groups = [sim.support.id]
        assert [one["id"] for one in client.agents(availability_status="AWAY")] == [away.id]
        assert [one["id"] for one in client.agents(groups=sim.support.id)] == [away.id]
        assert [one["id"] for one in client.agents(is_deactivated="true")] == [asleep.id]
        with pytest.raises(Refused, match="no agents"):
            list(client.agents(availability_status="BUSY"))


# ------------------------------------------------------------------------- whatever an account may answer instead

IDS = SimpleNamespace(app="app", agent="a1", user="u1", group="g1", channel="ch1", conversation="c1")
WRITES = [operation.name for operation in OPERATIONS if operation.verb != "GET"]
ANSWERED = ("createConversation", "createUser")
"""Writes whose answer is looked at: it has the id of what was made."""
LISTS = {
    "listConversations": "conversations",
    "listConversationMessages": "messages",
    "listAgents": "agents",
    "listUsers": "users",
    "listChannels": "channels",
    "listGroups": "groups",
}


def answered(name: str, host: str = "acme.freshchat.com", **answer: Any) -> Any:
    """What the client makes of one answer to an operation, and the request that it sent."""
    base = f"https://{host}/v2"
    with requests_mock.Mocker() as vendor:
        vendor.register_uri(requests_mock.ANY, requests_mock.ANY, **answer)
        client = FreshchatClient(HttpClient(base, {"Authorization": "Bearer t"}, SystemClock()), {"update_verb": "PUT"})
        try:
            return perform(BY_NAME[name].call, client, IDS), vendor.last_request
        except RelaydeskError as problem:
            return problem, vendor.last_request


@pytest.mark.parametrize("host", ["acme.freshchat.com", "api.eu.freshchat.com", "acme.myfreshworks.com"])
@pytest.mark.parametrize("name", BY_NAME)
def test_b140_each_operation_is_called_below_v2_of_either_family_of_hosts(name: str, host: str) -> None:
    _, sent = answered(name, host, json={LISTS.get(name, "id"): []})
    assert sent.url.partition("?")[0] == f"https://{host}/v2{filled(BY_NAME[name].path, IDS)}"
    assert (sent.method, sent.headers["Authorization"]) == (BY_NAME[name].verb, "Bearer t")
    assert sent.headers["Accept"] == "application/json"
    if BY_NAME[name].body is not None:
        assert sent.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (401, AuthFailed), (403, AuthFailed), (404, Refused), (405, Refused), (429, RetryLater)],
)
def test_a_refusal_is_understood_in_every_shape_seen(name: str, status: int, kind: type[Exception]) -> None:
    """Vendor facts 7.1: documented, observed, older, empty, and a proxy's page."""
    shapes: list[tuple[dict[str, Any], str]] = [
        ({"json": {"code": "SOME_CODE", "message": "some words"}}, "SOME_CODE: some words"),
        ({"json": {"code": status, "status": "SOME_CODE", "message": "some words"}}, "SOME_CODE: some words"),
        ({"json": {"errorCode": "E1", "errorMessage": "some words"}}, "E1: some words"),
        ({"text": "<html><title>Some words</title></html>"}, "Some words"),
        ({"text": ""}, f"the vendor answered {status}"),
    ]
    for answer, words in shapes:
        problem, _ = answered(name, status_code=status, headers={"X-Trace-ID": "trace-1"}, **answer)
        assert type(problem) is kind, answer
        assert words in str(problem)
        assert (problem.status, problem.trace_id) == (status, "trace-1")


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_of_the_vendor_leaves_a_write_in_doubt_and_a_read_for_later(name: str, status: int) -> None:
    problem, _ = answered(name, status_code=status, text="<html><title>Bad Gateway</title></html>")
    assert type(problem) is (OutcomeUnknown if name in WRITES else RetryLater)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_page_instead_of_json_is_no_answer(name: str) -> None:
    problem, _ = answered(name, text="<html><title>Sign in</title></html>")
    assert type(problem) is (OutcomeUnknown if name in WRITES else BadPayload)
    assert "Sign in" in str(problem)


@pytest.mark.parametrize("name", BY_NAME)
def test_an_empty_answer_is_enough_where_nothing_is_read_from_it(name: str) -> None:
    """Vendor facts 7.1: 200, 201 or 202 alike, and the body may be empty."""
    for status in (200, 201, 202):
        found, _ = answered(name, status_code=status, text="")
        if name in WRITES and name not in ANSWERED:
            assert found in (None, {})
        else:
            assert isinstance(found, BadPayload)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_may_be_bare_and_what_is_no_entry_is_left_out(name: str) -> None:
    entry = {"id": "1", "conversation_id": "1"}
    for answer in ({LISTS[name]: [entry, None, "x", 7]}, {LISTS[name]: [entry], "links": None, "pagination": "x"}):
        found, _ = answered(name, json=answer)
        assert first(found) == entry
        assert len(found[0] if isinstance(found, tuple) else found) == 1
    if name != "listConversations":
        assert answered(name, json=[entry])[0] == [entry]
    for odd in ({}, {LISTS[name]: None}, {LISTS[name]: {}}, "x", 7, None):
        problem, _ = answered(name, json=odd)
        assert isinstance(problem, BadPayload)
        assert str(problem).startswith(f"{LISTS[name]}: ")


@pytest.mark.parametrize("name", [name for name in BY_NAME if BY_NAME[name].fields])
def test_fields_and_values_nobody_has_heard_of_are_kept(name: str) -> None:
    odd = {
        "id": "1",
        "conversation_id": "1",
        "status": "snoozed",
        "message_type": "whisper",
        "actor_type": "robot",
        "availability": "busy",
        "availability_status": "ON_A_BREAK",
        "routing_type": "LOTTERY",
        "message_parts": [{"hologram": {"content": "x"}}],
        "brand_new": {"nested": [1, None]},
    }
    found, _ = answered(name, json={LISTS[name]: [odd]} if name in LISTS else odd)
    assert first(found) == odd


# ------------------------------------------------------------------------------- endpoints beside the OpenAPI


def test_the_endpoints_that_live_accounts_have_beside_the_openapi() -> None:
    with FreshchatSimulator() as sim:
        client = client_of(sim)
        ada = sim.customer("ada@example.com", "Ada")
        grace = sim.customer("grace@example.com", "Grace")
        conversation = sim.customer_writes(ada, "Hi")
        assert client.account_configuration()["app_id"] == sim.account.app_id
        assert {one["name"] for one in client.conversation_fields()} >= {"priority"}
        assert [one["id"] for one in client.user_conversations(ada.id)] == [conversation.id]
        assert {one["id"] for one in client.fetch_users([ada.id, grace.id, "nobody"])} == {ada.id, grace.id}
        assert [one["id"] for one in client.users(email="GRACE@example.com")] == [grace.id]
        assert client.user(sim.account.system.id, system=True)["id"] == sim.account.system.id
        assert [one["name"] for one in client.roles()] == ["Account Admin"]
        with pytest.raises(Refused, match="at least one filter is mandatory"):
            list(client.users())
        client.delete_user(grace.id)
        with pytest.raises(Refused, match="user not found"):
            client.user(grace.id)
        uploaded = client.upload_file("bill.pdf", b"%PDF bill", "application/pdf")
        assert uploaded["file_size"] == 9
        assert uploaded["file_content_type"] == "application/pdf"
        sent = client.send_message(
            conversation.id,
            {
                "actor_type": "agent",
                "actor_id": sim.owner.id,
                "message_parts": [{"file": {"file_hash": uploaded["file_hash"]}}],
            },
        )
        assert sent["message_parts"][0]["file"]["name"] == "bill.pdf"
        assert client.upload_image("photo.png", b"\x89PNG", "image/png")["url"].startswith("http")


def test_none_of_them_is_in_the_documented_dialect() -> None:
    with FreshchatSimulator(dialect="documented") as sim:
        client = client_of(sim)
        ada = sim.customer("ada@example.com", "Ada")
        calls: list[Callable[[], Any]] = [
            client.account_configuration,
            lambda: client.fetch_users([ada.id]),
            lambda: list(client.user_conversations(ada.id)),
            lambda: list(client.roles()),
            lambda: client.upload_file("bill.pdf", b"%PDF"),
            lambda: client.delete_user(ada.id),
        ]
        for call in calls:
            with pytest.raises(Refused) as refused:
                call()
            assert refused.value.status in (404, 405)
