"""The simulated Freshchat API, asked over real HTTP by a plain client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from plugins.freshchat.simulator import FreshchatSimulator
from plugins.freshchat.simulator_state import stamp

Call = Callable[..., requests.Response]


@pytest.fixture
def sim() -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator() as running:
        yield running


@pytest.fixture
def call(sim: FreshchatSimulator) -> Call:
    def send(method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {sim.token}"}
        return requests.request(method, sim.api_url + path, **{"headers": headers, "timeout": 5, **options})

    return send


def text_message(text: str, agent_id: str, **more: Any) -> dict[str, Any]:
    return {"message_parts": [{"text": {"content": text}}], "actor_type": "agent", "actor_id": agent_id, **more}


# ------------------------------------------------------------------------------------------ errors, credentials


def test_a_call_without_the_live_token_is_answered_401_with_code_status_and_message(sim: FreshchatSimulator) -> None:
    answer = requests.get(f"{sim.api_url}/agents", headers={"Authorization": "Bearer wrong"}, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["code"] == 401
    assert set(answer.json()) == {"code", "status", "message"}


def test_rotating_the_token_ends_the_old_one_at_once(sim: FreshchatSimulator, call: Call) -> None:
    """Behaviour 23, vendor fact 9: one live token at a time."""
    old = {"Authorization": f"Bearer {sim.token}"}
    assert call("GET", "/agents").status_code == 200
    sim.rotate_token()
    assert call("GET", "/agents", headers=old).status_code == 401
    assert call("GET", "/agents").status_code == 200
    sim.revoke_token()
    assert call("GET", "/agents", headers=old).status_code == 401


def test_there_is_no_collection_of_conversations(call: Call) -> None:
    """Vendor fact 1: the OpenAPI invents it."""
    answer = call("GET", "/conversations")
    assert answer.status_code == 404
    assert answer.json()["code"] == 404


def test_an_unknown_agent_is_404_with_the_words_seen_in_the_wild(call: Call) -> None:
    answer = call("GET", "/agents/nobody")
    assert answer.json() == {"code": 404, "status": "AGENT_NOT_FOUND", "message": "agent not found"}


def test_patching_a_conversation_is_405_unless_the_quirk_is_on(sim: FreshchatSimulator, call: Call) -> None:
    """Behaviour 142."""
    conversation = sim.customer_writes(sim.customer(), "hello")
    path = f"/conversations/{conversation.id}"
    assert call("PATCH", path, json={"status": "resolved"}).status_code == 405
    sim.quirks.patch_works = True
    assert call("PATCH", path, json={"status": "resolved"}).status_code == 200
    assert conversation.status == "resolved"


# ------------------------------------------------------------------------------------------------- directory


def test_agents_come_in_pages_with_a_next_page_object(sim: FreshchatSimulator, call: Call) -> None:
    """Vendor fact 3; behaviour 141: 20 by default, 50 at most."""
    for number in range(54):
        sim.add_agent(f"agent{number}@example.com")
    first = call("GET", "/agents").json()
    assert len(first["agents"]) == 20
    assert first["pagination"] == {"total_items": 55, "total_pages": 3, "current_page": 1, "items_per_page": 20}
    assert len(call("GET", "/agents?items_per_page=100").json()["agents"]) == 50
    emails, page = [], first
    while True:
        emails += [agent["email"] for agent in page["agents"]]
        following = page["links"].get("next_page")
        if following is None:
            break
        assert following["href"].startswith("/v2/agents?")
        page = call("GET", following["href"].removeprefix("/v2")).json()
    assert len(set(emails)) == 55


def test_agents_cannot_be_found_by_email(sim: FreshchatSimulator, call: Call) -> None:
    """Vendor fact 4: no such filter; deactivated agents are listed and say so."""
    sim.add_agent("ai@example.com", deactivated=True)
    agents = call("GET", "/agents?email=ai@example.com").json()["agents"]
    assert [agent["email"] for agent in agents] == ["owner@example.com", "ai@example.com"]
    assert agents[1]["is_deactivated"] is True
    assert agents[1]["availability_status"] == "AVAILABLE"


def test_an_empty_filtered_list_of_agents_is_404(call: Call) -> None:
    answer = call("GET", "/agents?is_deactivated=true")
    assert answer.status_code == 404
    assert answer.json()["message"] == "no agents"


def test_an_agents_availability_and_groups_can_be_updated(sim: FreshchatSimulator, call: Call) -> None:
    """Behaviour 142, 155."""
    agent = sim.add_agent("ai@example.com")
    path = f"/agents/{agent.id}"
    assert call("PUT", path, json={"availability_status": "AWAY", "groups": [sim.support.id]}).status_code == 200
    assert call("GET", path).json()["availability_status"] == "AWAY"
    assert call("GET", "/groups").json()["groups"][0]["agents"] == [agent.id]
    assert call("PUT", path, json={"availability_status": "online"}).status_code == 400


def test_users_are_listed_only_by_a_filter_and_may_share_an_email(sim: FreshchatSimulator, call: Call) -> None:
    """Behaviour 35."""
    assert call("GET", "/users").status_code == 400
    ids = {sim.customer("ada@example.com", name).id for name in ("Ada", "Ada Byron")}
    found = call("GET", "/users", params={"email": "ADA@example.com"}).json()["users"]
    assert {user["id"] for user in found} == ids
    anonymous = call("GET", f"/users/{sim.customer().id}").json()
    assert "email" not in anonymous
    assert anonymous["first_name"]


def test_a_user_can_be_created_fetched_updated_and_deleted(sim: FreshchatSimulator, call: Call) -> None:
    created = call("POST", "/users", json={"first_name": "Ada", "email": "ada@example.com"}).json()
    path = f"/users/{created['id']}"
    assert call("POST", "/users/fetch", json={"ids": [created["id"]]}).json()["users"][0]["first_name"] == "Ada"
    assert call("PUT", path, json={"properties": [{"name": "plan", "value": "gold"}]}).status_code == 200
    assert call("PUT", path, json={"properties": {"plan": "gold"}}).status_code == 400
    assert call("GET", path).json()["properties"] == [{"name": "plan", "value": "gold"}]
    for quirk, status in (("refuse", 409), ("reject", 400)):
        sim.quirks.duplicate_email = quirk
        refused = call("POST", "/users", json={"email": "Ada@example.com"})
        assert (refused.status_code, refused.json()["status"]) == (status, "USER_ALREADY_EXISTS")
    assert call("POST", "/users", json={"email": "bob@example.com"}).status_code == 200
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404


def test_the_system_sender_is_shown_only_to_those_who_ask(sim: FreshchatSimulator, call: Call) -> None:
    path = f"/users/{sim.account.system.id}"
    assert call("GET", path).status_code == 404
    assert call("GET", f"{path}?system_user=true").status_code == 200


def test_a_users_conversations_are_listed_by_id_alone(sim: FreshchatSimulator, call: Call) -> None:
    user = sim.customer()
    first, second = sim.customer_writes(user, "one"), sim.customer_writes(user, "two", new=True)
    answer = call("GET", f"/users/{user.id}/conversations").json()
    assert answer == {"conversations": [{"id": first.id}, {"id": second.id}]}


def test_the_accounts_configuration_names_app_and_account(sim: FreshchatSimulator, call: Call) -> None:
    answer = call("GET", "/accounts/configuration").json()
    assert (answer["app_id"], answer["account_id"]) == (sim.account.app_id, sim.account.account_id)
    assert [one["id"] for one in call("GET", "/channels").json()["channels"]] == [sim.web.id, sim.email.id]


# --------------------------------------------------------------------------------------------- conversations


def test_a_conversation_shows_its_url_and_user_and_no_assignee_while_it_has_none(
    sim: FreshchatSimulator, call: Call
) -> None:
    user = sim.customer()
    conversation = sim.customer_writes(user, "hello")
    shown = call("GET", f"/conversations/{conversation.id}").json()
    assert shown["status"] == "new"
    assert shown["user_id"] == user.id
    assert isinstance(shown["conversation_internal_id"], int)
    assert shown["url"].endswith(f"/conversation/{shown['conversation_internal_id']}")
    assert "assigned_agent_id" not in shown
    sim.quirks.blank_assignee = True
    assert call("GET", f"/conversations/{conversation.id}").json()["assigned_agent_id"] == ""


def test_assigning_needs_the_agent_and_unassigning_needs_an_empty_id_with_status_new(
    sim: FreshchatSimulator, call: Call
) -> None:
    """Behaviour 40, vendor fact 2."""
    agent = sim.add_agent("ai@example.com")
    conversation = sim.customer_writes(sim.customer(), "hello")

    def put(**body: Any) -> int:
        return call("PUT", f"/conversations/{conversation.id}", json=body).status_code

    assert put(status="assigned") == 400
    assert put(status="assigned", assigned_agent_id="nobody") == 404
    assert put(status="assigned", assigned_agent_id=agent.id) == 200
    assert (conversation.status, conversation.assigned_agent_id) == ("assigned", agent.id)
    assert put(status="new", assigned_agent_id=None) == 400
    assert put(assigned_agent_id="") == 400
    assert conversation.assigned_agent_id == agent.id
    assert put(status="new", assigned_agent_id="") == 200
    assert (conversation.status, conversation.assigned_agent_id) == ("new", "")


def test_a_deactivated_agent_can_neither_get_a_conversation_nor_write(sim: FreshchatSimulator, call: Call) -> None:
    agent = sim.add_agent("ai@example.com", deactivated=True)
    conversation = sim.customer_writes(sim.customer(), "hello")
    path = f"/conversations/{conversation.id}"
    assert call("PUT", path, json={"status": "assigned", "assigned_agent_id": agent.id}).status_code == 400
    assert call("POST", f"{path}/messages", json=text_message("hi", agent.id)).status_code == 400
    agent.is_deleted = True
    assert call("POST", f"{path}/messages", json=text_message("hi", agent.id)).json()["status"] == "AGENT_NOT_FOUND"
    assert len(sim.thread(conversation)) == 1


def test_a_refused_update_changes_nothing(sim: FreshchatSimulator, call: Call) -> None:
    conversation = sim.customer_writes(sim.customer(), "hello")
    path = f"/conversations/{conversation.id}"
    assert call("PUT", path, json={"status": "resolved", "properties": [{"name": "a", "value": 1}]}).status_code == 400
    assert call("PUT", path, json={"status": "closed"}).status_code == 400
    assert conversation.status == "new"
    assert call("PUT", path, json={"properties": {"priority": "High"}}).status_code == 200
    assert call("GET", path).json()["properties"] == {"priority": "High"}


def test_a_conversation_is_created_with_its_first_message(sim: FreshchatSimulator, call: Call) -> None:
    user, agent = sim.customer(), sim.add_agent("ai@example.com")
    body = {"channel_id": sim.web.id, "users": [{"id": user.id}], "messages": [text_message("Hello!", agent.id)]}
    created = call("POST", "/conversations", json=body).json()
    assert [message.text for message in sim.thread(created["conversation_id"])] == ["Hello!"]
    assert call("POST", "/conversations", json={**body, "channel_id": "none"}).status_code == 400
    assert call("POST", "/conversations", json={**body, "messages": []}).status_code == 400
    sim.quirks.one_open_conversation = True
    again = call("POST", "/conversations", json=body).json()
    assert again["conversation_id"] == created["conversation_id"]


def test_a_conversation_may_be_created_with_several_messages_a_status_an_assignment_and_properties(
    sim: FreshchatSimulator, call: Call
) -> None:
    """Behaviour 155."""
    user, agent = sim.customer(), sim.add_agent("ai@example.com")
    messages = [
        {"message_parts": [{"text": {"content": text}}], "actor_type": "user", "actor_id": user.id} for text in "abc"
    ]
    body = {"channel_id": sim.web.id, "users": [{"id": user.id}], "messages": messages}
    values = {
        "status": "assigned",
        "assigned_agent_id": agent.id,
        "assigned_group_id": sim.support.id,
        "properties": {"priority": "High"},
    }
    created = call("POST", "/conversations", json=body | values).json()
    assert {key: created[key] for key in values} == values
    assert [message.text for message in sim.thread(created["conversation_id"])] == ["a", "b", "c"]
    assert len(created["messages"]) == 3


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"channel_id": "none"}, 400, "channel_id does not name a channel of this account"),
        ({"users": [{"id": "none"}]}, 400, "users must name an existing user"),
        ({"users": []}, 400, "users must name an existing user"),
        ({"messages": [{}]}, 400, "message_parts is mandatory"),
        ({"status": "assigned"}, 400, "assigned_agent_id is mandatory for status assigned"),
        ({"status": "closed"}, 400, "status must be one of"),
        ({"assigned_agent_id": "none"}, 404, "agent not found"),
        ({"assigned_group_id": "none"}, 404, "group not found"),
        ({"properties": [{"name": "priority", "value": "High"}]}, 400, "Conversation payload not valid"),
    ],
)
def test_a_conversation_that_cannot_be_created_as_asked_is_not_created_at_all(
    sim: FreshchatSimulator, call: Call, change: dict[str, Any], status: int, words: str
) -> None:
    user = sim.customer()
    message = {"message_parts": [{"text": {"content": "Hi"}}], "actor_type": "user", "actor_id": user.id}
    body = {"channel_id": sim.web.id, "users": [{"id": user.id}], "messages": [message]}
    refused = call("POST", "/conversations", json=body | change)
    assert (refused.status_code, words in refused.json()["message"]) == (status, True)
    assert sim.conversations == []


# --------------------------------------------------------------------------------------------------- messages


def test_messages_come_newest_first_with_a_relative_link_and_50_a_page(sim: FreshchatSimulator, call: Call) -> None:
    """Vendor fact 3."""
    user = sim.customer()
    conversation = sim.customer_writes(user, "0")
    for number in range(1, 120):
        sim.customer_writes(user, str(number))
    path, texts, sizes = f"/conversations/{conversation.id}/messages?items_per_page=80", [], []
    while path:
        page = call("GET", path).json()
        assert "links" not in page
        assert "pagination" not in page
        texts += [message["message_parts"][0]["text"]["content"] for message in page["messages"]]
        sizes.append(len(page["messages"]))
        assert page.get("link", {"href": "/v2/"})["href"].startswith("/v2/")
        path = page.get("link", {"href": ""})["href"].removeprefix("/v2")
    assert sizes == [50, 50, 20]
    assert texts == [str(number) for number in reversed(range(120))]


def test_the_last_page_may_link_to_an_empty_one(sim: FreshchatSimulator, call: Call) -> None:
    sim.quirks.link_on_last_page = True
    conversation = sim.customer_writes(sim.customer(), "hello")
    page = call("GET", f"/conversations/{conversation.id}/messages").json()
    following = call("GET", page["link"]["href"].removeprefix("/v2")).json()
    assert following == {"messages": []}


def test_from_time_includes_the_message_of_that_very_moment(sim: FreshchatSimulator, call: Call) -> None:
    conversation = sim.customer_writes(sim.customer(), "hello")
    path, written = f"/conversations/{conversation.id}/messages", sim.thread(conversation)[0].created_time
    shown = call("GET", path).json()["messages"][0]["created_time"]
    assert shown == stamp(written)
    assert len(call("GET", path, params={"from_time": shown}).json()["messages"]) == 1
    later = stamp(written + timedelta(milliseconds=1))
    assert call("GET", path, params={"from_time": later}).json()["messages"] == []
    assert call("GET", path, params={"from_time": "yesterday"}).status_code == 400


def test_a_message_shows_in_the_list_only_after_the_read_lag(sim: FreshchatSimulator, call: Call) -> None:
    sim.quirks.read_lag = 3600
    conversation = sim.customer_writes(sim.customer(), "hello")
    assert call("GET", f"/conversations/{conversation.id}/messages").json()["messages"] == []
    sim.quirks.read_lag = 0
    assert len(call("GET", f"/conversations/{conversation.id}/messages").json()["messages"]) == 1


def test_a_posted_message_is_answered_with_its_id(sim: FreshchatSimulator, call: Call) -> None:
    agent = sim.add_agent("ai@example.com")
    conversation = sim.customer_writes(sim.customer(), "hello")
    answer = call("POST", f"/conversations/{conversation.id}/messages", json=text_message("Hi", agent.id)).json()
    message = sim.thread(conversation)[-1]
    assert (answer["id"], message.text, message.actor_id) == (message.id, "Hi", agent.id)
    assert (message.message_source, message.message_type) == ("api", "normal")


@pytest.mark.parametrize(
    "body",
    [
        {"actor_type": "agent", "actor_id": "AGENT"},
        {"message_parts": [], "actor_type": "agent", "actor_id": "AGENT"},
        {"message_parts": [{"text": {"content": "x"}}], "actor_id": "AGENT"},
        {"message_parts": [{"text": {"content": "x"}}], "actor_type": "agent"},
        {"message_parts": [{"text": {"content": "x"}}], "actor_type": "system", "actor_id": "AGENT"},
        {"message_parts": [{"text": {"content": " "}}], "actor_type": "agent", "actor_id": "AGENT"},
        {"message_parts": [{"html": {"content": "x"}}], "actor_type": "agent", "actor_id": "AGENT"},
        {"message_parts": [{"image": {}}], "actor_type": "agent", "actor_id": "AGENT"},
        {
            "message_parts": [{"text": {"content": "x"}}],
            "actor_type": "agent",
            "actor_id": "AGENT",
            "message_type": "x",
        },
        ["not an object"],
    ],
)
def test_an_incomplete_message_is_refused_and_not_posted(sim: FreshchatSimulator, call: Call, body: Any) -> None:
    """Behaviour 141."""
    agent = sim.add_agent("ai@example.com")
    conversation = sim.customer_writes(sim.customer(), "hello")
    if isinstance(body, dict) and body.get("actor_id") == "AGENT":
        body = {**body, "actor_id": agent.id}
    answer = call("POST", f"/conversations/{conversation.id}/messages", json=body)
    assert answer.status_code == 400
    assert len(sim.thread(conversation)) == 1
    assert sim.record.calls("send_message")[-1].performed is False


def test_a_bot_may_write_without_an_actor_id(sim: FreshchatSimulator, call: Call) -> None:
    conversation = sim.customer_writes(sim.customer(), "hello")
    body = {"message_parts": [{"text": {"content": "beep"}}], "actor_type": "bot"}
    assert call("POST", f"/conversations/{conversation.id}/messages", json=body).status_code == 200
    assert sim.thread(conversation)[-1].actor_type == "bot"


def test_text_into_an_email_conversation_is_posted_and_answered_400(sim: FreshchatSimulator, call: Call) -> None:
    """The reason why a 400 on a message must never be taken as "not sent"."""
    agent = sim.add_agent("ai@example.com")
    conversation = sim.customer_writes(sim.customer("ada@example.com"), "hello", channel=sim.email)
    path = f"/conversations/{conversation.id}/messages"
    answer = call("POST", path, json=text_message("Hi", agent.id))
    assert answer.status_code == 400
    assert answer.json()["message"] == "TextFragment cannot be cast to EmailFragment"
    assert sim.thread(conversation)[-1].text == "Hi"
    recorded = sim.record.calls("send_message")[-1]
    assert (recorded.status, recorded.performed) == (400, True)
    mail = {**text_message("", agent.id), "message_parts": [{"email": {"content": "<p>Hi &amp; bye</p>"}}]}
    assert call("POST", path, json=mail).status_code == 200
    assert sim.thread(conversation)[-1].text == "Hi & bye"
    assert call("POST", path, json=text_message("note", agent.id, message_type="private")).status_code == 200


def test_a_user_cannot_write_by_api_into_an_old_resolved_conversation(sim: FreshchatSimulator, call: Call) -> None:
    user = sim.customer()
    old = sim.customer_writes(user, "one")
    sim.agent_resolves(old)
    sim.customer_writes(user, "two", new=True)
    body = {**text_message("again", ""), "actor_type": "user", "actor_id": user.id}
    answer = call("POST", f"/conversations/{old.id}/messages", json=body)
    assert answer.status_code == 400
    assert "not the latest conversation" in answer.json()["message"]


def test_files_are_uploaded_with_and_downloaded_without_a_credential(sim: FreshchatSimulator, call: Call) -> None:
    """Behaviour 139."""
    agent = sim.add_agent("ai@example.com")
    stored = call("POST", "/files/upload", files={"file": ("plan.pdf", b"%PDF", "application/pdf")}).json()
    assert (stored["file_size"], stored["file_security_status"]) == (4, "SAFE_FILE")
    conversation = sim.customer_writes(sim.customer(), "see here", image=("cat.png", b"PNG"))
    part = {"file": {"file_hash": stored["file_hash"]}}
    body = {**text_message("", agent.id), "message_parts": [part]}
    posted = call("POST", f"/conversations/{conversation.id}/messages", json=body).json()
    file = posted["message_parts"][0]["file"]
    assert requests.get(file["url"], timeout=5).content == b"%PDF"
    assert requests.get(sim.thread(conversation)[0].parts[1]["image"]["url"], timeout=5).content == b"PNG"
    assert requests.get(file["url"].replace("plan", "plot"), timeout=5).status_code == 404
    assert [one.credential for one in sim.record.calls("download")] == [False, False, False]
    url = call("POST", "/images/upload", files={"image": ("dog.png", b"DOG")}).json()["url"]
    assert requests.get(url, timeout=5).content == b"DOG"
