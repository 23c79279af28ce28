"""Freshchat as a connector: verifying, reading state, performing, and proving what was done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import requests_mock

from core import (
    Action,
    ActionKind,
    AgentMissing,
    BadPayload,
    Channel,
    ConfigError,
    Connection,
    Contact,
    HttpClient,
    Identity,
    OutcomeUnknown,
    Owner,
    Receipt,
    Refused,
    RetryLater,
    Session,
    SessionStatus,
)
from core.clock import SystemClock
from plugins.freshchat import register_connectors
from plugins.freshchat.connector import Freshchat
from plugins.freshchat.settings import FreshchatSettings

BASE = "https://acme.freshchat.com/v2"
CONVERSATION = f"{BASE}/conversations/c1"
MESSAGES = f"{CONVERSATION}/messages"
STARTED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SETTINGS: Mapping[str, Any] = FreshchatSettings().load(
    {"domain": "acme.freshchat.com", "access_token": "canary-token", "default_agent_email": "AI@acme.example"}
)
CONNECTION = Connection(1, "chat", "freshchat", SETTINGS, Identity("a1", "Relay", "ai@acme.example"))
FRESHCHAT = Freshchat()


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def http() -> HttpClient:
    return HttpClient(FRESHCHAT.base_url(SETTINGS), FRESHCHAT.headers(SETTINGS), SystemClock())


def session(**changes: Any) -> Session:
    known: dict[str, Any] = {"id": 1, "connection_id": 1, "conversation_id": "c1", "channel": Channel.WEB}
    return Session(**known | {"status": SessionStatus.OPEN, "owner": Owner.AI} | changes)


def action(kind: ActionKind, **changes: Any) -> Action:
    known: dict[str, Any] = {"id": 1, "session_id": 1, "conversation_id": "c1", "kind": kind, "started_at": STARTED}
    known |= {"data": {"text_channel": True}}
    return Action(**known | changes)


def stamp(seconds: float) -> str:
    return (STARTED + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


# ------------------------------------------------------------------------------------------------ verify


def agent(**changes: Any) -> dict[str, Any]:
    return {"id": "a1", "email": "ai@Acme.example", "first_name": "Relay", "last_name": "Bot"} | changes


def verify_with(vendor: requests_mock.Mocker, *agents: dict[str, Any]) -> Identity:
    vendor.get(f"{BASE}/agents", json={"agents": list(agents)})
    vendor.get(re.compile(f"{BASE}/conversations/"), status_code=404)
    return FRESHCHAT.verify(SETTINGS, http())


def test_the_plugin_offers_the_connector() -> None:
    [connector] = register_connectors()
    assert connector.name == "freshchat"


def test_16_verifying_finds_the_agent_by_email_in_any_case_over_all_pages(vendor: requests_mock.Mocker) -> None:
    link = {"next_page": {"href": f"{BASE}/agents?page=2"}}
    vendor.get(f"{BASE}/agents?page=1", json={"agents": [agent(id="a0", email="x@acme.example")], "links": link})
    vendor.get(f"{BASE}/agents?page=2", json={"agents": [agent(id="old", is_deactivated=True), agent()]})
    vendor.get(f"{BASE}/accounts/configuration", json={"app_id": "app", "account_id": 77, "plan": "Pro"})
    vendor.get(re.compile(f"{BASE}/conversations/"), status_code=404)
    assert FRESHCHAT.verify(SETTINGS, http()) == Identity(
        "a1", "Relay Bot", "ai@Acme.example", "acme.freshchat.com", {"app_id": "app", "account_id": "77"}
    )
    assert vendor.request_history[0].headers["Authorization"] == "Bearer canary-token"


@pytest.mark.parametrize("answer", [{"status_code": 404}, {"status_code": 403}, {"text": "<html>"}, {"json": []}])
def test_an_account_that_does_not_tell_its_configuration_is_verified_all_the_same(
    vendor: requests_mock.Mocker, answer: dict[str, Any]
) -> None:
    vendor.get(f"{BASE}/accounts/configuration", **answer)
    assert verify_with(vendor, agent()).details == {}


@pytest.mark.parametrize(
    ("answer", "key", "words"),
    [
        ({"status_code": 401}, "access_token", "paste the current one"),
        ({"status_code": 403, "json": {"message": "no"}}, "access_token", "Have an account admin make the token"),
        ({"status_code": 404}, "domain", "Copy the host from the Chat URL"),
        ({"status_code": 302, "headers": {"Location": "https://x.example"}}, "domain", "Copy the host"),
        ({"text": "<html><title>Sign in</title></html>"}, "domain", "Sign in"),
        ({"json": {"hello": 1}}, "domain", "agents: is missing"),
        ({"json": {"agents": []}}, "default_agent_email", "has no agent with the email AI@acme.example"),
        ({"json": {"agents": [agent(is_deactivated=True)]}}, "default_agent_email", "is deactivated or deleted"),
        ({"json": {"agents": [agent(is_deleted=True)]}}, "default_agent_email", "Activate the agent"),
        ({"json": {"agents": [agent(id=None)]}}, "default_agent_email", "has no agent"),
    ],
)
def test_17_19_a_failed_verification_names_the_setting_and_the_mend(
    vendor: requests_mock.Mocker, answer: dict[str, Any], key: str, words: str
) -> None:
    vendor.get(f"{BASE}/agents", **answer)
    with pytest.raises(ConfigError) as caught:
        FRESHCHAT.verify(SETTINGS, http())
    assert caught.value.key == key
    assert str(caught.value).startswith(f"Failed to verify credentials: {key}: ")
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"text": "<html><title>Sign in</title></html>"}, "the vendor answered 200 without JSON: Sign in"),
        ({"status_code": 404, "text": "<html><title>No such account</title></html>"}, "404: No such account"),
        ({"status_code": 302, "headers": {"Location": "https://x.example"}}, "points elsewhere; redirects are not"),
    ],
)
def test_17_19_57_a_host_that_is_not_the_api_is_told_with_the_domain_as_the_field_to_mend(
    vendor: requests_mock.Mocker, answer: dict[str, Any], said: str
) -> None:
    vendor.get(f"{BASE}/agents", **answer)
    with pytest.raises(ConfigError) as caught:
        FRESHCHAT.verify(SETTINGS, http())
    told = str(caught.value)
    assert told.startswith(
        "Failed to verify credentials: domain: acme.freshchat.com does not answer as the Freshchat API ("
    )
    assert said in told
    assert told.endswith(
        "). Copy the host from the Chat URL on Freshchat's API settings page; it often is not the company's name."
    )


@pytest.mark.parametrize(
    "answer",
    [{"exc": requests.exceptions.ConnectTimeout}, {"exc": requests.exceptions.ReadTimeout}, {"status_code": 503}],
)
def test_19_a_vendor_that_does_not_answer_can_be_asked_later(
    vendor: requests_mock.Mocker, answer: dict[str, Any]
) -> None:
    vendor.get(f"{BASE}/agents", **answer)
    with pytest.raises(RetryLater, match=r"^domain: .*Check the domain"):
        FRESHCHAT.verify(SETTINGS, http())


# --------------------------------------------------------------------------------------------- read_state


def state(vendor: requests_mock.Mocker, known: Session | None = None, **answer: Any) -> Any:
    vendor.get(CONVERSATION, json=answer)
    return FRESHCHAT.read_state(known or session(), CONNECTION, http())


def test_the_state_is_read_from_the_conversation(vendor: requests_mock.Mocker) -> None:
    found = state(
        vendor,
        status="assigned",
        assigned_agent_id="a1",
        user_id="u1",
        url="https://acme.myfreshworks.com/crm/messaging/a/1/inbox/open/0/conversation/515",
        updated_time="2026-11-20T09:00:00.000Z",
        conversation_internal_id=515,
        app_id="app",
    )
    assert (found.closed, found.assignee, found.customer_id, found.at) == (False, "a1", "u1", STARTED)
    assert found.url.endswith("/conversation/515")
    assert found.data == {"conversation_internal_id": "515", "app_id": "app"}
    assert found.channel is None


@pytest.mark.parametrize("status", ["new", "assigned", "reopened", "waiting on customer", "snoozed", "", None, 7])
def test_every_status_but_resolved_is_open(vendor: requests_mock.Mocker, status: Any) -> None:
    assert state(vendor, status=status).closed is False
    assert state(vendor, status="Resolved").closed is True


@pytest.mark.parametrize("assignee", ["", " ", None, ...])
def test_nobody_is_written_in_four_ways(vendor: requests_mock.Mocker, assignee: Any) -> None:
    answer = {} if assignee is ... else {"assigned_agent_id": assignee}
    assert state(vendor, **answer).assignee == ""


@pytest.mark.parametrize(
    ("users", "customer"), [([{"id": "u2"}], "u2"), ([], ""), (None, ""), (["x"], ""), ([{"id": None}], "")]
)
def test_the_customer_may_stand_among_the_users(vendor: requests_mock.Mocker, users: Any, customer: str) -> None:
    assert state(vendor, users=users).customer_id == customer


def test_11_without_a_url_of_the_vendors_the_page_is_composed_where_that_is_known_to_work(
    vendor: requests_mock.Mocker,
) -> None:
    composed = "https://acme.freshchat.com/a/app/open/conversation/c1"
    assert state(vendor, app_id="app").url == composed
    assert state(vendor, session(data={"app_id": "app"})).url == composed
    assert state(vendor).url == ""
    assert state(vendor, app_id="app", url="javascript:alert(1)").url == composed
    vendor.get("https://api.eu.freshchat.com/v2/conversations/c1", json={"app_id": "app"})
    for domain in ("api.eu.freshchat.com", "acme.myfreshworks.com", ""):
        elsewhere = Connection(1, "chat", "freshchat", {**SETTINGS, "domain": domain})
        assert FRESHCHAT.read_state(session(), elsewhere, http()).url == ""


def test_a_conversation_that_is_gone_is_refused(vendor: requests_mock.Mocker) -> None:
    vendor.get(CONVERSATION, status_code=404)
    with pytest.raises(Refused) as caught:
        FRESHCHAT.read_state(session(), CONNECTION, http())
    assert caught.value.status == 404


# ------------------------------------------------------------------------------------------------ contact


def test_35_a_contact_has_name_email_and_phone(vendor: requests_mock.Mocker) -> None:
    vendor.get(
        f"{BASE}/users/u1",
        json={"first_name": "Jane", "last_name": None, "email": "jane@x.example", "phone": "+1 555"},
    )
    found = FRESHCHAT.fetch_contact("u1", CONNECTION, http())
    assert found == Contact("u1", name="Jane", email="jane@x.example", phone="+1 555")


def test_an_unknown_user_is_nobody_and_other_refusals_pass_through(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/users/u1", status_code=404)
    assert FRESHCHAT.fetch_contact("u1", CONNECTION, http()) is None
    vendor.get(f"{BASE}/users/u1", status_code=400)
    with pytest.raises(Refused):
        FRESHCHAT.fetch_contact("u1", CONNECTION, http())


# ------------------------------------------------------------------------------------------------ perform


def sent_by(vendor: requests_mock.Mocker, todo: Action) -> tuple[dict[str, Any], Receipt]:
    vendor.post(MESSAGES, json={"id": "m9", "created_time": "2026-11-20T09:00:00.000Z"})
    vendor.put(CONVERSATION, json={})
    receipt = FRESHCHAT.perform(todo, CONNECTION, http())
    assert vendor.call_count == 1
    return vendor.last_request.json(), receipt


def test_36_a_reply_is_posted_as_the_agent_in_plain_text(vendor: requests_mock.Mocker) -> None:
    text = "**Hello** <b>there</b>,\n\n- see [our page](https://a.example)\n- or `call`"
    body, receipt = sent_by(vendor, action(ActionKind.REPLY, text=text))
    assert body == {
        "message_parts": [
            {"text": {"content": "Hello <b>there</b>,\n\n- see our page (https://a.example)\n- or call"}}
        ],
        "message_type": "normal",
        "actor_type": "agent",
        "actor_id": "a1",
    }
    assert receipt == Receipt("m9", STARTED)


def test_a_reply_to_an_email_conversation_is_an_email_part_in_html(vendor: requests_mock.Mocker) -> None:
    body, _ = sent_by(vendor, action(ActionKind.REPLY, text="**Hi** <x>\nthere", data={"email_channel": True}))
    assert body["message_parts"] == [{"email": {"content": "<p><strong>Hi</strong> &lt;x&gt;<br />\nthere</p>"}}]


def test_41_a_note_is_private_and_ends_in_its_reference(vendor: requests_mock.Mocker) -> None:
    note = action(ActionKind.NOTE, text="Summary: angry", reference="ob-7", data={"email_channel": True})
    body, _ = sent_by(vendor, note)
    assert body["message_type"] == "private"
    assert body["message_parts"] == [{"text": {"content": "Summary: angry\n\n[ref:ob-7]"}}]


@pytest.mark.parametrize(
    ("todo", "body"),
    [
        (action(ActionKind.ASSIGN, assignee="a1"), {"status": "assigned", "assigned_agent_id": "a1"}),
        (action(ActionKind.UNASSIGN), {"assigned_agent_id": "", "status": "new"}),
        (action(ActionKind.RESOLVE), {"status": "resolved"}),
        (action(ActionKind.UPDATE, fields={"properties": {"cf_x": "1"}}), {"properties": {"cf_x": "1"}}),
        (action(ActionKind.UPDATE, fields={"status": "new"}), {"status": "new"}),
    ],
)
def test_30_40_47_values_are_set_by_updating_the_conversation(
    vendor: requests_mock.Mocker, todo: Action, body: dict[str, Any]
) -> None:
    sent, receipt = sent_by(vendor, todo)
    assert sent == body
    assert vendor.last_request.method == "PUT"
    assert receipt == Receipt()


@pytest.mark.parametrize(
    "answer", [{"json": {}}, {"text": ""}, {"status_code": 202, "text": ""}, {"json": {"id": None}}]
)
def test_a_message_accepted_without_an_id_may_or_may_not_be_posted(
    vendor: requests_mock.Mocker, answer: dict[str, Any]
) -> None:
    vendor.post(MESSAGES, **answer)
    with pytest.raises(OutcomeUnknown):
        FRESHCHAT.perform(action(ActionKind.REPLY, text="x"), CONNECTION, http())


def test_a_400_is_refused_with_its_status_for_core_reads_back_before_believing_it(
    vendor: requests_mock.Mocker,
) -> None:
    vendor.post(MESSAGES, status_code=400, json={"message": "IMAGE_EMPTY_CONTENT"})
    with pytest.raises(Refused) as caught:
        FRESHCHAT.perform(action(ActionKind.REPLY, text="x"), CONNECTION, http())
    assert type(caught.value) is Refused
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 404, "status": "AGENT_NOT_FOUND", "message": "agent not found"}),
        (400, {"code": 400, "status": "INVALID_VALUE", "message": "actor_id is invalid"}),
        (400, {"message": "Agent is deactivated"}),
    ],
)
def test_44_a_message_refused_for_its_agent_says_that_the_agent_is_missing(
    vendor: requests_mock.Mocker, status: int, body: dict[str, Any]
) -> None:
    vendor.post(MESSAGES, status_code=status, json=body)
    with pytest.raises(AgentMissing) as caught:
        FRESHCHAT.perform(action(ActionKind.NOTE, text="x"), CONNECTION, http())
    assert caught.value.status == status


def test_a_message_refused_for_its_conversation_is_not_taken_for_a_missing_agent(vendor: requests_mock.Mocker) -> None:
    vendor.post(
        MESSAGES, status_code=404, json={"status": "CONVERSATION_NOT_FOUND", "message": "conversation not found"}
    )
    with pytest.raises(Refused) as caught:
        FRESHCHAT.perform(action(ActionKind.REPLY, text="x"), CONNECTION, http())
    assert type(caught.value) is Refused


def test_a_connection_that_was_never_verified_posts_nothing(vendor: requests_mock.Mocker) -> None:
    with pytest.raises(AgentMissing, match="verify it first"):
        FRESHCHAT.perform(action(ActionKind.REPLY, text="x"), Connection(1, "chat", "freshchat", SETTINGS), http())
    assert vendor.call_count == 0


# -------------------------------------------------------------------------------------------- find_effect


def message(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"id": "m1", "actor_type": "agent", "actor_id": "a1", "message_type": "normal"}
    known |= {"created_time": stamp(1), "message_parts": [{"text": {"content": "Hello there"}}]}
    return {key: value for key, value in (known | changes).items() if value is not ...}


REPLY = action(ActionKind.REPLY, text="**Hello** there")


def found_among(vendor: requests_mock.Mocker, todo: Action, *messages: dict[str, Any]) -> Receipt | None:
    vendor.get(MESSAGES, json={"messages": list(messages)})
    return FRESHCHAT.find_effect(todo, CONNECTION, http())


def test_our_message_is_found_by_author_and_text(vendor: requests_mock.Mocker) -> None:
    assert found_among(vendor, REPLY, message(id="m0", actor_id="a2"), message()) == Receipt(
        "m1", STARTED + timedelta(seconds=1)
    )
    assert vendor.last_request.qs["from_time"] == ["2026-11-20t08:58:00.000z"]


def test_the_whole_thread_is_read_and_the_earliest_proof_taken(vendor: requests_mock.Mocker) -> None:
    link = {"href": "/v2/conversations/c1/messages?page=2"}
    vendor.get(f"{MESSAGES}?page=1", json={"messages": [message(id="m3", created_time=stamp(9))], "link": link})
    vendor.get(f"{MESSAGES}?page=2", json={"messages": [message(id="m2", created_time=stamp(2))]})
    found = FRESHCHAT.find_effect(REPLY, CONNECTION, http())
    assert found is not None
    assert found.vendor_id == "m2"


@pytest.mark.parametrize(
    "changes",
    [
        {"actor_id": "a2"},
        {"actor_type": "user"},
        {"actor_type": ..., "actor_id": ...},
        {"message_type": "private"},
        {"message_type": "system"},
        {"botsPrivateNote": True},
        {"message_parts": [{"text": {"content": "Hello you there"}}]},
        {"message_parts": []},
        {"created_time": stamp(-121)},
        {"id": "bound"},
        {"id": ...},
    ],
)
def test_another_message_proves_nothing(vendor: requests_mock.Mocker, changes: dict[str, Any]) -> None:
    todo = action(ActionKind.REPLY, text="**Hello** there", known_ids=frozenset({"bound"}))
    assert found_among(vendor, todo, message(**changes)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"message_type": ...},
        {"created_time": stamp(-119)},
        {"created_time": ...},
        {"actor_type": "bot"},
        {"message_parts": [{"email": {"content": "<div>Hello&nbsp;there</div>"}}]},
    ],
)
def test_our_message_is_found_in_every_shape(vendor: requests_mock.Mocker, changes: dict[str, Any]) -> None:
    assert found_among(vendor, REPLY, message(**changes)) is not None


def test_an_email_reply_is_found_by_the_text_of_its_html(vendor: requests_mock.Mocker) -> None:
    todo = action(ActionKind.REPLY, text="**Hi**\n\n- one\n- [two](https://x.example)", data={"email_channel": True})
    seen = "<div><p><b>Hi</b></p><ul><li>one</li><li><a href='https://x.example'>two</a></li></ul></div>"
    assert found_among(vendor, todo, message(message_parts=[{"email": {"content": seen}}])) is not None


def test_a_note_is_proved_by_its_reference_alone(vendor: requests_mock.Mocker) -> None:
    note = action(ActionKind.NOTE, text="Summary", reference="ob-7")
    right = message(message_type="private", message_parts=[{"text": {"content": "Summary changed [ref:ob-7]"}}])
    other = message(message_type="private", message_parts=[{"text": {"content": "Summary\n\n[ref:ob-8]"}}])
    assert found_among(vendor, note, right) is not None
    assert found_among(vendor, note, other) is None
    assert found_among(vendor, note, right | {"message_type": "normal"}) is None


@pytest.mark.parametrize(
    ("todo", "conversation", "shown"),
    [
        (action(ActionKind.ASSIGN, assignee="a1"), {"status": "assigned", "assigned_agent_id": "a1"}, True),
        (action(ActionKind.ASSIGN, assignee="a1"), {"status": "assigned", "assigned_agent_id": "a2"}, False),
        (action(ActionKind.UNASSIGN), {"status": "new"}, True),
        (action(ActionKind.UNASSIGN), {"status": "new", "assigned_agent_id": " "}, True),
        (action(ActionKind.UNASSIGN), {"status": "assigned", "assigned_agent_id": "a1"}, False),
        (action(ActionKind.RESOLVE), {"status": "resolved"}, True),
        (action(ActionKind.RESOLVE), {"status": "assigned"}, False),
        (action(ActionKind.UPDATE, fields={"status": "new"}), {"status": "assigned"}, True),
        (action(ActionKind.UPDATE, fields={"status": "new"}), {"status": "resolved"}, False),
        (action(ActionKind.UPDATE, fields={"properties": {"x": "1"}}), {"properties": {"x": "1", "y": "2"}}, True),
        (action(ActionKind.UPDATE, fields={"properties": {"x": "1"}}), {"properties": {"x": "2"}}, False),
        (action(ActionKind.UPDATE, fields={"properties": {"x": "1"}}), {}, False),
        (
            action(ActionKind.UPDATE, fields={"assigned_group_id": "g", "skill_id": 3}),
            {"assigned_group_id": "g"},
            False,
        ),
    ],
)
def test_a_value_is_proved_by_the_conversation(
    vendor: requests_mock.Mocker, todo: Action, conversation: dict[str, Any], shown: bool
) -> None:
    vendor.get(CONVERSATION, json=conversation | {"updated_time": "2026-11-20T09:00:00.000Z"})
    assert FRESHCHAT.find_effect(todo, CONNECTION, http()) == (Receipt("", STARTED) if shown else None)


def test_a_thread_that_cannot_be_read_proves_neither(vendor: requests_mock.Mocker) -> None:
    vendor.get(MESSAGES, status_code=503)
    with pytest.raises(RetryLater):
        FRESHCHAT.find_effect(REPLY, CONNECTION, http())
    vendor.get(MESSAGES, text="<html></html>")
    with pytest.raises(BadPayload):
        FRESHCHAT.find_effect(REPLY, CONNECTION, http())


# -------------------------------------------------------------------------------------------- what remains


def test_an_api_url_takes_the_place_of_the_domain_and_its_host_may_give_files() -> None:
    settings = {**SETTINGS, "api_url": "http://127.0.0.1:8900/v2"}
    assert FRESHCHAT.base_url(settings) == "http://127.0.0.1:8900/v2"
    assert "127.0.0.1" in FRESHCHAT.attachment_hosts(settings)
    hosts = FRESHCHAT.attachment_hosts(SETTINGS)
    assert {"freshchat.com", "s3.amazonaws.com"} <= set(hosts)
    assert "amazonaws.com" not in hosts
    assert "127.0.0.1" not in hosts


def test_20_25_26_the_guide_names_the_page_the_address_the_events_and_the_key() -> None:
    guide = FRESHCHAT.setup_guide(CONNECTION, "https://relay.example/webhooks/freshchat/tok").text
    assert "https://relay.example/webhooks/freshchat/tok" in guide
    for words in ("admin", "Conversation Webhooks", "Message Created", "Conversation Resolved", "public_key", "secret"):
        assert words in guide
    assert [line[0] for line in guide.splitlines() if line[0].isdigit()] == list("1234567")
