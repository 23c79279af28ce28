"""What the simulator's two dialects disagree on, asked by a plain client: the OpenAPI on one side, live accounts here.

Nothing in this file uses the connector: where both dialects suit it, that is shown elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from core.testing.receiver import WebhookReceiver
from plugins.freshchat.simulator import FreshchatSimulator
from plugins.freshchat.simulator_webhooks import CLOSE_SPELLINGS, EVENTS

Call = Callable[..., requests.Response]
TEXT = [{"text": {"content": "Hello"}}]
STATUSES = {"new", "assigned", "resolved", "reopened"}


@pytest.fixture
def documented() -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator(dialect="documented") as running:
        yield running


@pytest.fixture
def observed() -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator() as running:
        yield running


def ask(sim: FreshchatSimulator, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {sim.token}"}
    address = path if path.startswith("http") else sim.api_url + path
    return requests.request(method, address, timeout=5, headers=headers, **options)


def both(documented: FreshchatSimulator, observed: FreshchatSimulator, method: str, path: str, **more: Any) -> Any:
    """The two answers' statuses and bodies, the documented account's first."""
    answers = [ask(sim, method, path, **more) for sim in (documented, observed)]
    return [(answer.status_code, answer.json() if answer.content else None) for answer in answers]


def conversation_in(sim: FreshchatSimulator, text: str = "Hi") -> Any:
    return sim.customer_writes(sim.customer("ada@example.com", "Ada Customer"), text)


def test_there_are_two_dialects_and_no_other() -> None:
    with pytest.raises(ValueError, match="there is no dialect 'live'; there are observed, documented"):
        FreshchatSimulator(dialect="live")


def test_an_error_has_a_text_code_in_one_and_a_number_with_a_status_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    told = both(documented, observed, "GET", "/agents/nobody")
    assert told == [
        (404, {"code": "AGENT_NOT_FOUND", "message": "agent not found"}),
        (404, {"code": 404, "status": "AGENT_NOT_FOUND", "message": "agent not found"}),
    ]
    for sim in (documented, observed):
        sim.revoke_token()
    (_, theirs), (_, live) = both(documented, observed, "GET", "/agents")
    assert (set(theirs), type(theirs["code"])) == ({"code", "message"}, str)
    assert (set(live), type(live["code"])) == ({"code", "status", "message"}, int)


def test_the_next_page_is_a_full_address_in_one_and_an_object_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    for sim in (documented, observed):
        for number in range(3):
            sim.add_agent(f"agent{number}@example.com")
    (_, theirs), (_, live) = both(documented, observed, "GET", "/agents?items_per_page=2&page=1")
    assert theirs["links"] == {"next_page": f"{documented.api_url}/agents?page=2&items_per_page=2"}
    assert "pagination" not in theirs
    assert live["links"]["next_page"] == {"href": "/v2/agents?page=2&items_per_page=2", "rel": "self", "method": "GET"}
    last = ask(documented, "GET", theirs["links"]["next_page"]).json()
    assert last["links"] == {"prev_page": f"{documented.api_url}/agents?page=1&items_per_page=2"}
    assert len(last["agents"]) == 2


def test_a_page_of_more_than_50_is_refused_in_one_and_cut_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    """Some integrators send 100 to live accounts unharmed; the OpenAPI's maximum is 50."""
    assert [status for status, _ in both(documented, observed, "GET", "/agents?items_per_page=51")] == [400, 200]
    assert [status for status, _ in both(documented, observed, "GET", "/agents?items_per_page=50")] == [200, 200]
    for wrong in ("items_per_page=0", "page=0", "page=x", "items_per_page=x"):
        assert [status for status, _ in both(documented, observed, "GET", f"/agents?{wrong}")] == [400, 400], wrong


def test_conversations_are_listed_by_filters_in_one_and_not_at_all_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    """Vendor fact 1."""
    assert ask(observed, "GET", "/conversations").status_code == 404
    agent = documented.add_agent("robin@example.com")
    first, second, third = (conversation_in(documented) for _ in range(3))
    documented.agent_assigns(first, agent)
    documented.agent_assigns(second, agent, to_group=documented.support)
    documented.agent_resolves(third)

    def listed(query: str) -> list[str]:
        found = ask(documented, "GET", f"/conversations?{query}").json()["conversations"]
        return [one["conversation_id"] for one in found]

    assert listed("") == [first.id, second.id, third.id]
    assert listed("status=assigned") == [first.id, second.id]
    assert listed("status=resolved") == [third.id]
    assert listed(f"assigned_agent_id={agent.id}&assigned_group_id={documented.support.id}") == [second.id]
    assert listed("status=new") == listed("status=reopened") == listed("assigned_agent_id=nobody") == []
    assert ask(documented, "GET", "/conversations?status=open").status_code == 400


def test_a_conversation_shows_its_users_in_one_and_its_user_and_url_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    shown = {}
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        shown[sim.dialect] = ask(sim, "GET", f"/conversations/{conversation.id}").json()
    theirs, live = shown["documented"], shown["observed"]
    assert set(theirs) == {"conversation_id", "app_id", "channel_id", "status", "users", "created_time"}
    assert len(theirs["users"]) == 1
    assert {"user_id", "url", "updated_time", "conversation_internal_id", "properties", "skill_id"} <= set(live)
    assert "users" not in live


def test_messages_come_oldest_first_in_one_and_newest_first_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    for sim in (documented, observed):
        conversation = conversation_in(sim, "first")
        sim.agent_writes(conversation, sim.owner, "second")
        page = ask(sim, "GET", f"/conversations/{conversation.id}/messages?items_per_page=1").json()
        text = page["messages"][0]["message_parts"][0]["text"]["content"]
        keys = set(page["messages"][0])
        path = f"/v2/conversations/{conversation.id}/messages?page=2&items_per_page=1"
        if sim is documented:
            assert (text, page["links"]) == ("first", {"next_page": sim.url + path})
            assert keys == {
                *("id", "message_type", "actor_type", "actor_id", "message_parts", "reply_parts", "created_time")
            }
        else:
            assert (text, page["link"]["href"]) == ("second", path)
            assert {"conversation_id", "user_id", "message_source", "interaction_id"} <= keys


def test_from_time_is_unknown_to_one(documented: FreshchatSimulator, observed: FreshchatSimulator) -> None:
    late = {"from_time": "2999-01-01T00:00:00.000Z"}
    counts = []
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        found = ask(sim, "GET", f"/conversations/{conversation.id}/messages", params=late).json()["messages"]
        counts.append(len(found))
    assert counts == [1, 0]


def test_a_sent_message_is_answered_with_nothing_in_one_and_with_itself_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        body = {"message_parts": TEXT, "actor_type": "agent", "actor_id": sim.owner.id}
        answer = ask(sim, "POST", f"/conversations/{conversation.id}/messages", json=body)
        assert answer.status_code == 200
        assert sim.thread(conversation)[-1].message_type == "normal"
        if sim is documented:
            assert answer.content == b""
        else:
            assert answer.json()["id"] == sim.thread(conversation)[-1].id


@pytest.mark.parametrize(
    ("message", "statuses"),
    [
        ({"message_parts": TEXT, "actor_type": "bot", "actor_id": "any"}, (400, 200)),
        ({"message_parts": TEXT, "actor_type": "bot"}, (400, 200)),
        ({"message_parts": TEXT, "actor_type": "agent"}, (400, 400)),
        ({"message_parts": TEXT, "actor_id": "{owner}"}, (400, 400)),
        ({"actor_type": "agent", "actor_id": "{owner}"}, (400, 400)),
        ({"message_parts": [], "actor_type": "agent", "actor_id": "{owner}"}, (400, 400)),
        ({"message_parts": TEXT, "actor_type": "system", "actor_id": "{owner}"}, (400, 400)),
        ({"message_parts": TEXT, "actor_type": "agent", "actor_id": "{owner}", "message_type": "system"}, (400, 400)),
        ({"message_parts": [{"callback": {"label": "x"}}], "actor_type": "agent", "actor_id": "{owner}"}, (400, 200)),
        ({"message_parts": [{"image": {"url": "https://x.example/a.png"}}], "actor_type": "agent"}, (400, 400)),
    ],
)
def test_what_a_message_must_have(
    documented: FreshchatSimulator,
    observed: FreshchatSimulator,
    message: dict[str, Any],
    statuses: tuple[int, int],
) -> None:
    """The OpenAPI requires parts, actor_type and actor_id, and knows users and agents alone as authors."""
    answered = []
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        body = {key: sim.owner.id if value == "{owner}" else value for key, value in message.items()}
        answer = ask(sim, "POST", f"/conversations/{conversation.id}/messages", json=body)
        answered.append(answer.status_code)
        assert len(sim.thread(conversation)) == (2 if answer.ok else 1)
    assert tuple(answered) == statuses


def test_a_new_conversation_needs_the_app_in_one_and_the_user_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    def create(sim: FreshchatSimulator, *leave: str) -> requests.Response:
        user = sim.customer("ada@example.com", "Ada")
        message = {"message_parts": TEXT, "actor_type": "user", "actor_id": user.id}
        body = {"app_id": sim.account.app_id, "channel_id": sim.web.id, "users": [{"id": user.id}]}
        wanted = {**body, "messages": [message]}
        return ask(sim, "POST", "/conversations", json={key: wanted[key] for key in wanted if key not in leave})

    whole = create(documented)
    assert set(whole.json()) == {"conversation_id"}
    assert {"conversation_id", "user_id", "url", "messages"} <= set(create(observed).json())
    for key, statuses in {"app_id": (400, 200), "users": (200, 400), "channel_id": (400, 400)}.items():
        assert (create(documented, key).status_code, create(observed, key).status_code) == statuses, key
    assert (create(documented, "messages").status_code, create(observed, "messages").status_code) == (400, 400)
    for odd in ({"users": ["x"]}, {"users": [None]}, {"messages": "x"}, {"messages": [None]}, {"messages": {"a": 1}}):
        for sim in (documented, observed):
            body = {"app_id": sim.account.app_id, "channel_id": sim.web.id, "users": [], "messages": [{}], **odd}
            assert ask(sim, "POST", "/conversations", json=body).status_code == 400


@pytest.mark.parametrize("status", ["waiting on customer", "waiting on internal team"])
def test_one_knows_four_statuses_and_shows_no_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator, status: str
) -> None:
    taken = []
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        path = f"/conversations/{conversation.id}"
        taken.append(ask(sim, "PUT", path, json={"status": status}).status_code)
        with sim.lock:
            conversation.status = status
        shown = ask(sim, "GET", path).json()["status"]
        assert shown in STATUSES if sim is documented else shown == status
    assert taken == [400, 200]


def test_properties_are_unknown_to_one_and_an_object_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        path, wanted = f"/conversations/{conversation.id}", {"properties": {"priority": "High"}}
        assert ask(sim, "PUT", path, json=wanted).status_code == 200
        assert conversation.properties["priority"] == ("Low" if sim is documented else "High")
        listed = ask(sim, "PUT", path, json={"properties": [{"name": "priority", "value": "High"}]})
        assert listed.status_code == (200 if sim is documented else 400)


def test_an_agent_is_online_in_one_and_available_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    """Vendor fact 4."""
    for sim in (documented, observed):
        agent = sim.add_agent("ai@example.com")
        path = f"/agents/{agent.id}"
        shown = ask(sim, "GET", path).json()
        if sim is documented:
            assert shown["availability"] == "online"
            assert set(shown) == {
                *("id", "email", "first_name", "last_name", "avatar", "biography", "is_deactivated", "groups"),
                *("availability", "created_time"),
            }
            assert ask(sim, "PUT", path, json={"availability": "offline"}).json()["availability"] == "offline"
            assert ask(sim, "PUT", path, json={"availability": "AWAY"}).status_code == 400
            # A key that the OpenAPI's agents do not have: no heed is paid to it.
            assert ask(sim, "PUT", path, json={"availability_status": "AVAILABLE"}).json()["availability"] == "offline"
        else:
            assert (shown["availability_status"], shown["agent_status"]) == ("AVAILABLE", {"name": "Available"})
            assert not {"availability"} & set(shown)
            assert ask(sim, "PUT", path, json={"availability_status": "AWAY"}).status_code == 200
            assert ask(sim, "PUT", path, json={"availability_status": "online"}).status_code == 400


def test_users_are_listed_plainly_in_one_and_by_a_filter_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    for sim in (documented, observed):
        sim.customer("ada@example.com", "Ada", phone="+1 2", reference_id="r1")
        sim.customer("grace@example.com", "Grace")
    (plain, theirs), (refused, _) = both(documented, observed, "GET", "/users")
    assert (plain, len(theirs["users"]), refused) == (200, 2, 400)
    assert not {"reference_id", "updated_time", "login_status"} & set(theirs["users"][0])
    for query in ("email=ada@example.com", "phone=%2B1 2", "phone_no=%2B1 2", "reference_id=r1", "first_name=Ada"):
        (_, theirs), (_, live) = both(documented, observed, "GET", f"/users?{query}")
        assert (len(theirs["users"]), len(live["users"])) == (2, 1), query


def test_a_second_user_with_an_email_is_400_in_one_and_409_in_the_other(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    """Behaviour 155; the OpenAPI has no 409."""
    for sim in (documented, observed):
        sim.customer("ada@example.com", "Ada")
    body = {"first_name": "Ada", "email": "ADA@example.com"}
    assert [status for status, _ in both(documented, observed, "POST", "/users", json=body)] == [200, 200]
    for sim in (documented, observed):
        sim.quirks.duplicate_email = "refuse"
    told = both(documented, observed, "POST", "/users", json=body)
    assert [(status, answer["message"]) for status, answer in told] == [
        (400, "a user with this email exists already"),
        (409, "a user with this email exists already"),
    ]


def test_what_lies_beside_the_openapi_is_in_one_alone(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    for sim in (documented, observed):
        conversation = conversation_in(sim)
        paths = ["/accounts/configuration", "/conversations/fields", "/roles"]
        paths += [f"/users/{conversation.user.id}/conversations"]
        statuses = {ask(sim, "GET", path).status_code for path in paths}
        assert statuses == ({404} if sim is documented else {200})
        fetched = ask(sim, "POST", "/users/fetch", json={"ids": [conversation.user.id]})
        assert fetched.status_code == (405 if sim is documented else 200)
        deleted = ask(sim, "DELETE", f"/users/{conversation.user.id}")
        assert deleted.status_code == (405 if sim is documented else 204)


def test_a_group_says_when_it_was_made_in_one_alone(
    documented: FreshchatSimulator, observed: FreshchatSimulator
) -> None:
    (_, theirs), (_, live) = both(documented, observed, "GET", "/groups")
    assert set(theirs["groups"][0]) - set(live["groups"][0]) == {"created_time"}
    (_, theirs), (_, live) = both(documented, observed, "GET", "/channels")
    assert "source" not in theirs["channels"][0]
    assert {one["source"] for one in live["channels"]} == {"FRESHCHAT", "EMAIL"}
    assert (set(theirs), "pagination" in live) == ({"channels"}, True)


# -------------------------------------------------------------------------------- what they do not disagree on


@pytest.mark.parametrize("dialect", ["documented", "observed"])
def test_webhooks_are_alike_and_by_the_guide_only_three_of_them_come(dialect: str) -> None:
    """Behaviour 25: Message Created, Conversation Resolved, Conversation Closed."""
    with WebhookReceiver() as receiver:
        for events in ("all", "guide"):
            with FreshchatSimulator(dialect=dialect, events=events, webhook_url=receiver.url) as sim:
                conversation = conversation_in(sim)
                sim.agent_assigns(conversation, sim.owner)
                sim.agent_resolves(conversation)
                sim.agent_reopens(conversation)
                sim.agent_closes(conversation)
                assert sim.webhooks.settled()
        actions = [one.json["action"] for one in receiver.received]
        everything = ["message_create", "conversation_assignment", "conversation_resolution", "conversation_reopen"]
        guided = ["message_create", "conversation_resolution"]
        assert actions == [*everything, "conversation_close", *guided, "conversation_close"]
        assert set(everything) == set(EVENTS)
        assert "conversation_close" in CLOSE_SPELLINGS
        keys = [set(one.json["data"]) for one in receiver.received]
        assert keys[0] == keys[5] == {"message"}
        assert receiver.received[0].json["data"]["message"]["user_id"]


def test_an_unknown_set_of_events_is_told_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="there is no set of events 'three'; there are all, guide"):
        FreshchatSimulator(events="three")


@pytest.mark.parametrize("dialect", ["documented", "observed"])
def test_an_email_conversation_takes_email_parts_and_posts_texts_with_a_400(dialect: str) -> None:
    with FreshchatSimulator(dialect=dialect) as sim:
        mail = {"email": {"subject": "Order", "content": "<p>Where <b>is</b> it?</p>"}}
        conversation = sim.customer_writes(sim.customer(), parts=[mail], channel=sim.email)
        path = f"/conversations/{conversation.id}/messages"
        assert ask(sim, "GET", path).json()["messages"][0]["message_parts"] == [mail]
        body = {"actor_type": "agent", "actor_id": sim.owner.id}
        reply = {"email": {"content": "<p>Tomorrow.</p>"}}
        assert ask(sim, "POST", path, json={**body, "message_parts": [reply]}).status_code == 200
        refused = ask(sim, "POST", path, json={**body, "message_parts": TEXT})
        assert refused.status_code == 400
        assert "EmailFragment" in refused.json()["message"]
        assert [message.text for message in sim.thread(conversation)] == ["Where is it?", "Tomorrow.", "Hello"]
        assert sim.record.calls("send_message")[-1].performed
        note = {**body, "message_parts": TEXT, "message_type": "private"}
        assert ask(sim, "POST", path, json=note).status_code == 200
