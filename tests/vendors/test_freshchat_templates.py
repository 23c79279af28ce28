"""What destinations can write to Freshchat (behaviour 155): over HTTP, in both dialects, with proof of each call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import (
    BadRecord,
    Connection,
    DestinationTemplate,
    FieldKind,
    HttpClient,
    Identity,
    OutcomeUnknown,
    Refused,
    RetryLater,
    VendorCall,
)
from core.testing.clock import FakeClock
from plugins.freshchat import destination_templates
from plugins.freshchat.connector import Freshchat
from plugins.freshchat.settings import FreshchatSettings
from plugins.freshchat.simulator import DIALECTS, FreshchatSimulator

README = Path(__file__).parents[2] / "plugins" / "freshchat" / "README.md"
FRESHCHAT = Freshchat()
TEMPLATES = {template.name: template for template in destination_templates()}
CREATE, UPDATE, SEND = (TEMPLATES[name] for name in ("create_conversation", "update_conversation", "send_message"))
AGENT, USER = TEMPLATES["update_agent"], TEMPLATES["create_end_user"]
KINDS = {
    FieldKind.TEXT: str,
    FieldKind.NUMBER: int,
    FieldKind.LIST: list,
    FieldKind.OBJECT: dict,
    FieldKind.ANY: object,
}
LONG_AGO = timedelta(minutes=10)


@pytest.fixture(params=DIALECTS)
def sim(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator(dialect=request.param, clock=clock) as running:
        yield running


@pytest.fixture
def observed(clock: FakeClock) -> Iterator[FreshchatSimulator]:
    with FreshchatSimulator(clock=clock) as running:
        yield running


def account(sim: FreshchatSimulator, **settings: Any) -> Any:
    """The account with an agent for the AI, a colleague and a customer; `http` and `connection` lead to it."""
    agent, colleague = sim.add_agent("ai@example.com", "Robin"), sim.add_agent("hanna@example.com", "Hanna")
    given = {"api_url": sim.api_url, "access_token": sim.token, "default_agent_email": agent.email, **settings}
    loaded = FreshchatSettings().load(given)
    identity = Identity(agent.id, agent.name, agent.email, details={"app_id": sim.account.app_id})
    return SimpleNamespace(
        sim=sim,
        agent=agent,
        colleague=colleague,
        user=sim.customer("ada@example.com", "Ada Byron"),
        connection=Connection(1, "chat", "freshchat", loaded, identity),
        http=HttpClient(sim.api_url, FRESHCHAT.headers(loaded), sim.clock, allow_private=True),
    )


def begin(here: Any, template: DestinationTemplate, *records: Mapping[str, Any]) -> VendorCall:
    return template.call(records, here.connection)


def send(here: Any, call: VendorCall) -> Any:
    return here.http.request(call.verb, call.path, json=call.body).data


def write(here: Any, template: DestinationTemplate, *records: Mapping[str, Any]) -> str:
    """The id of what was written; from the thread where the vendor answers with nothing, as the OpenAPI has it."""
    call, since = begin(here, template, *records), here.sim.clock.now()
    data = send(here, call)
    if data is None and call.verb == "POST":
        with pytest.raises(OutcomeUnknown, match="gave no id"):
            template.captured(call, data)
        return find(here, template, call, since) or ""
    return template.captured(call, data)


def find(here: Any, template: DestinationTemplate, call: VendorCall, since: Any = None, known: Any = ()) -> str | None:
    since = here.sim.clock.now() if since is None else since
    return template.find(call, since, set(known), here.connection, here.http)


def look_up(here: Any, what: str, value: str) -> str:
    return FRESHCHAT.look_up(what, value, here.connection, here.http)


def bodies(sim: FreshchatSimulator) -> list[Any]:
    """What was sent with each call that may change something."""
    return [call.body for call in sim.record.calls() if call.method != "GET"]


# -------------------------------------------------------------------------------------------- what is offered


def test_155_there_are_five_templates_as_the_document_of_destinations_has_them() -> None:
    assert {name: (each.verb, each.path) for name, each in TEMPLATES.items()} == {
        "create_conversation": ("POST", "/conversations"),
        "update_conversation": ("PUT", "/conversations/{conversation_id}"),
        "send_message": ("POST", "/conversations/{conversation_id}/messages"),
        "update_agent": ("PUT", "/agents/{agent_id}"),
        "create_end_user": ("POST", "/users"),
    }
    assert {each.connector for each in TEMPLATES.values()} == {FRESHCHAT.name}
    assert [each.name for each in TEMPLATES.values() if each.finds_existing] == ["create_end_user"]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_is_described_and_its_sample_is_complete_and_valid(template: DestinationTemplate) -> None:
    assert template.label and template.about.endswith(".") and template.documentation.startswith("https://")
    assert all(field.help for field in template.fields)
    assert {field.look_up for field in template.fields if field.look_up} <= {each.name for each in FRESHCHAT.look_ups}
    names = {field.name for field in template.fields}
    assert len(names) == len(template.fields)
    assert {*template.merged_by, *filter(None, [template.in_order_of])} <= names
    assert {field.name for field in template.fields if field.required} <= set(template.sample)
    for name, value in template.sample.items():
        field = template.field(name)
        assert field is not None, name
        assert isinstance(value, KINDS[field.kind]), name
        assert not field.choices or value in field.choices, name


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_sample_makes_a_call_to_the_documented_address(
    template: DestinationTemplate, sim: FreshchatSimulator
) -> None:
    call = begin(account(sim), template, template.sample)
    parameter = template.path.partition("{")[2].partition("}")[0]
    expected = template.path.format(**{parameter: template.sample[parameter]}) if parameter else template.path
    assert (call.verb, call.path) == (template.verb, expected)
    assert call.body
    assert parameter not in call.body


# ---------------------------------------------------------------------------------------- create_conversation


def first_message(here: Any, text: str = "Where is my parcel?", **more: Any) -> dict[str, Any]:
    return {"channel_id": here.sim.web.id, "user_id": here.user.id, "message": text, **more}


def test_155_a_conversation_is_created_for_a_user_in_a_channel_with_a_message_from_the_user(
    sim: FreshchatSimulator,
) -> None:
    here = account(sim)
    [conversation] = [sim.conversation(write(here, CREATE, first_message(here)))]
    assert (conversation.user, conversation.channel) == (here.user, sim.web)
    [message] = sim.thread(conversation)
    assert (message.text, message.actor_type, message.actor_id) == ("Where is my parcel?", "user", here.user.id)


def test_a_conversation_may_begin_with_a_message_of_an_agent(sim: FreshchatSimulator) -> None:
    here = account(sim)
    ids = [
        write(here, CREATE, first_message(here, actor_type="agent", **more))
        for more in ({}, {"actor_id": here.colleague.id})
    ]
    authors = [sim.thread(conversation_id)[0].actor_id for conversation_id in ids]
    assert authors == [here.agent.id, here.colleague.id]


def test_a_conversation_gets_its_status_assignment_and_properties(observed: FreshchatSimulator) -> None:
    here = account(observed)
    values = {"status": "assigned", "assigned_agent_id": here.colleague.id, "assigned_group_id": observed.support.id}
    properties = {"properties": {"cf_urgent": True}, "properties.priority": "High"}
    conversation = observed.conversation(write(here, CREATE, first_message(here, **values, **properties)))
    assert observed.assignee(conversation) is here.colleague
    assert conversation.assigned_group_id == observed.support.id
    assert conversation.properties == {"priority": "High", "cf_urgent": True}


def test_records_of_one_user_and_channel_become_one_call_with_their_messages_in_order(sim: FreshchatSimulator) -> None:
    here = account(sim)
    conversation_id = write(
        here,
        CREATE,
        first_message(here, "one", **{"status": "resolved", "properties.priority": "Low", "properties.cf_type": "Bug"}),
        first_message(here, "two", actor_type="agent"),
        first_message(here, "three", **{"status": "new", "properties.priority": "High"}),
    )
    thread = sim.thread(conversation_id)
    assert [message.text for message in thread] == ["one", "two", "three"]
    assert [message.actor_id for message in thread] == [here.user.id, here.agent.id, here.user.id]
    [body] = bodies(sim)
    assert body["users"] == [{"id": here.user.id}]
    assert (body["status"], body["properties"]) == ("new", {"priority": "High", "cf_type": "Bug"})


def test_a_conversation_in_an_email_channel_begins_with_html(sim: FreshchatSimulator) -> None:
    here = account(sim)
    record = first_message(here, "<p>Hello</p>", message_format="email") | {"channel_id": sim.email.id}
    conversation_id = write(here, CREATE, record)
    assert [message.parts for message in sim.thread(conversation_id)] == [({"email": {"content": "<p>Hello</p>"}},)]
    assert find(here, CREATE, begin(here, CREATE, record)) == conversation_id


@pytest.mark.parametrize(("field", "words"), [("channel_id", "channel"), ("user_id", "users must name")])
def test_what_does_not_exist_is_refused_in_the_vendors_words_and_nothing_is_created(
    sim: FreshchatSimulator, field: str, words: str
) -> None:
    here = account(sim)
    with pytest.raises(Refused, match=words) as refused:
        write(here, CREATE, first_message(here) | {field: "none", "actor_type": "agent"})
    assert refused.value.status == 400
    assert sim.conversations == []


def test_a_connection_that_tells_no_app_id_sends_none(observed: FreshchatSimulator) -> None:
    here = account(observed)
    here.connection = Connection(1, "chat", "freshchat", here.connection.settings)
    assert write(here, CREATE, first_message(here))
    assert "app_id" not in bodies(observed)[0]


# ---------------------------------------------------------------------------------------- update_conversation


def test_155_an_update_sends_only_what_is_given_and_changes_only_that(sim: FreshchatSimulator) -> None:
    here = account(sim)
    conversation = sim.customer_writes(here.user, "Hi")
    sim.agent_assigns(conversation, here.agent)
    record = {"conversation_id": conversation.id, "assigned_group_id": sim.support.id}
    assert write(here, UPDATE, record) == conversation.id
    assert bodies(sim) == [{"assigned_group_id": sim.support.id}]
    assert (conversation.assigned_group_id, sim.assignee(conversation)) == (sim.support.id, here.agent)
    write(here, UPDATE, {"conversation_id": conversation.id, "status": "resolved"})
    assert conversation.status == "resolved"
    write(
        here, UPDATE, {"conversation_id": conversation.id, "status": "assigned", "assigned_agent_id": here.colleague.id}
    )
    assert (conversation.status, sim.assignee(conversation)) == ("assigned", here.colleague)


def test_an_update_takes_a_conversation_from_its_agent_and_from_its_group(sim: FreshchatSimulator) -> None:
    here = account(sim)
    conversation = sim.customer_writes(here.user, "Hi")
    assigned = {"conversation_id": conversation.id, "assigned_group_id": sim.support.id}
    write(here, UPDATE, {**assigned, "assigned_agent_id": here.colleague.id, "status": "assigned"})
    write(here, UPDATE, {"conversation_id": conversation.id, "assigned_agent_id": "nobody"})
    assert bodies(sim)[1:] == [{"assigned_agent_id": "", "status": "new"}]
    assert (conversation.status, sim.assignee(conversation)) == ("new", None)
    assert conversation.assigned_group_id == sim.support.id
    write(here, UPDATE, {"conversation_id": conversation.id, "assigned_group_id": "nobody"})
    assert bodies(sim)[2:] == [{"assigned_group_id": "", "status": "new"}]
    assert not conversation.assigned_group_id
    nobody = {"conversation_id": conversation.id, "assigned_group_id": "nobody"}
    write(here, UPDATE, {**nobody, "assigned_agent_id": here.colleague.id, "status": "assigned"})
    assert bodies(sim)[3:] == [{"status": "assigned", "assigned_agent_id": here.colleague.id, "assigned_group_id": ""}]
    write(here, UPDATE, {**nobody, "status": "resolved"})
    assert bodies(sim)[4:] == [{"status": "resolved", "assigned_group_id": ""}]


def test_a_conversations_properties_are_sent_as_an_object(observed: FreshchatSimulator) -> None:
    here = account(observed)
    conversation = observed.customer_writes(here.user, "Hi")
    write(here, UPDATE, {"conversation_id": conversation.id, "properties.priority": "Urgent"})
    assert conversation.properties == {"priority": "Urgent"}


def test_142_an_update_is_put_or_patch_as_the_connection_says(sim: FreshchatSimulator) -> None:
    sim.quirks.patch_works = True
    for verb in ("PUT", "PATCH"):
        here = account(sim, update_verb=verb)
        conversation = sim.customer_writes(here.user, "Hi")
        write(here, UPDATE, {"conversation_id": conversation.id, "status": "resolved"})
        assert sim.record.calls()[-1].method == verb
        assert conversation.status == "resolved"


def test_an_update_may_be_answered_with_nothing(observed: FreshchatSimulator) -> None:
    observed.quirks.empty_update_body = True
    here = account(observed)
    conversation = observed.customer_writes(here.user, "Hi")
    assert write(here, UPDATE, {"conversation_id": conversation.id, "status": "resolved"}) == conversation.id


@pytest.mark.parametrize(
    ("template", "record"),
    [
        (UPDATE, {"conversation_id": "no where", "status": "new"}),
        (SEND, {"conversation_id": "no where", "message": "Hi"}),
        (AGENT, {"agent_id": "no where", "groups": []}),
    ],
    ids=lambda one: one.name if isinstance(one, DestinationTemplate) else "",
)
def test_what_is_not_there_is_404_with_the_vendors_words_and_shows_nowhere(
    sim: FreshchatSimulator, template: DestinationTemplate, record: dict[str, Any]
) -> None:
    here = account(sim)
    with pytest.raises(Refused, match="not found") as refused:
        write(here, template, record)
    assert refused.value.status == 404
    assert sim.record.calls()[-1].path.startswith("/v2/" + template.path.split("/")[1])
    assert find(here, template, begin(here, template, record)) is None


# ----------------------------------------------------------------------------------------------- send_message


def test_155_a_message_is_written_by_the_ais_agent_unless_another_author_is_given(sim: FreshchatSimulator) -> None:
    here = account(sim)
    conversation = sim.customer_writes(here.user, "Hi")
    authors: list[dict[str, Any]] = [
        {},
        {"actor_type": "agent", "actor_id": here.colleague.id},
        {"actor_type": "user", "actor_id": here.user.id},
        {"message_type": "private"},
        {"message_format": "text", "message_type": "normal"},
    ]
    ids = [
        write(here, SEND, {"conversation_id": conversation.id, "message": f"Message {number}", **more})
        for number, more in enumerate(authors)
    ]
    thread = sim.thread(conversation)[1:]
    assert ids == [message.id for message in thread]
    assert [message.text for message in thread] == [f"Message {number}" for number in range(5)]
    assert [message.actor_id for message in thread] == [
        *(here.agent.id, here.colleague.id, here.user.id, here.agent.id, here.agent.id)
    ]
    assert [message.private for message in thread] == [False, False, False, True, False]


def test_a_bot_may_write_without_an_id(observed: FreshchatSimulator) -> None:
    here = account(observed)
    conversation = observed.customer_writes(here.user, "Hi")
    record = {"conversation_id": conversation.id, "message": "Beep", "actor_type": "bot"}
    written = write(here, SEND, record)
    assert (observed.thread(conversation)[-1].id, observed.thread(conversation)[-1].actor_type) == (written, "bot")
    assert "actor_id" not in bodies(observed)[0]
    assert find(here, SEND, begin(here, SEND, record)) == written


def test_a_text_that_an_email_conversation_refuses_and_posts_all_the_same_is_found(sim: FreshchatSimulator) -> None:
    here = account(sim)
    conversation = sim.customer_writes(here.user, "Hi", channel=sim.email)
    record = {"conversation_id": conversation.id, "message": "Hello"}
    with pytest.raises(Refused, match="TextFragment cannot be cast to EmailFragment"):
        write(here, SEND, record)
    posted = sim.thread(conversation)[-1].id
    assert find(here, SEND, begin(here, SEND, record)) == posted
    written = write(here, SEND, record | {"message": "<p>Goodbye</p>", "message_format": "email"})
    assert [message.id for message in sim.thread(conversation)[1:]] == [posted, written]


def test_a_message_of_an_agent_who_is_gone_is_refused(sim: FreshchatSimulator) -> None:
    here = account(sim)
    conversation = sim.customer_writes(here.user, "Hi")
    here.agent.is_deactivated = True
    with pytest.raises(Refused, match="agent is deactivated"):
        write(here, SEND, {"conversation_id": conversation.id, "message": "Hello"})
    assert len(sim.thread(conversation)) == 1


# ----------------------------------------------------------------------------------------------- update_agent


def test_155_an_agents_availability_and_groups_are_set_at_once(observed: FreshchatSimulator) -> None:
    here = account(observed)
    record = {"agent_id": here.colleague.id, "availability_status": "AWAY", "groups": [observed.support.id]}
    assert write(here, AGENT, record) == here.colleague.id
    assert (here.colleague.availability_status, here.colleague.groups) == ("AWAY", [observed.support.id])
    write(here, AGENT, {"agent_id": here.colleague.id, "groups": []})
    assert (here.colleague.availability_status, here.colleague.groups) == ("AWAY", [])


def test_an_account_that_follows_the_openapi_takes_availability(clock: FakeClock) -> None:
    with FreshchatSimulator(dialect="documented", clock=clock) as sim:
        here = account(sim)
        record = {"agent_id": here.colleague.id, "availability": "offline"}
        call = begin(here, AGENT, record)
        assert find(here, AGENT, call) is None
        assert write(here, AGENT, record) == here.colleague.id
        assert here.colleague.availability_status == "UNAVAILABLE"
        assert find(here, AGENT, call) == here.colleague.id


def test_a_group_that_is_not_there_is_refused(sim: FreshchatSimulator) -> None:
    here = account(sim)
    with pytest.raises(Refused, match="groups must be a list of group ids"):
        write(here, AGENT, {"agent_id": here.colleague.id, "groups": ["none"]})


# -------------------------------------------------------------------------------------------- create_end_user

GRACE = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com", "phone": "+1 555 0100"}


@pytest.mark.parametrize("status", [200, 201])
def test_155_an_end_user_is_created_with_properties_as_an_array(observed: FreshchatSimulator, status: int) -> None:
    observed.quirks.created_status = status
    here = account(observed)
    record = {**GRACE, "reference_id": "r1", "properties.plan": "gold", "properties": {"seats": "3"}}
    user = observed.account.users[write(here, USER, record)]
    assert (user.name, user.email, user.phone) == ("Grace Hopper", "grace@example.com", "+1 555 0100")
    assert user.reference_id == "r1"
    assert user.properties == [{"name": "seats", "value": "3"}, {"name": "plan", "value": "gold"}]


def test_a_phone_number_is_enough(sim: FreshchatSimulator) -> None:
    here = account(sim)
    assert sim.account.users[write(here, USER, {"first_name": "Grace", "phone": "+1 5"})].phone == "+1 5"


@pytest.mark.parametrize(
    ("quirk", "problem", "status"), [("refuse", RetryLater, 409), ("reject", Refused, 400), ("allow", None, 200)]
)
def test_155_a_second_user_with_an_email_is_refused_or_made(
    observed: FreshchatSimulator, quirk: str, problem: type[Exception] | None, status: int
) -> None:
    observed.quirks.duplicate_email = quirk
    here = account(observed)
    record = {"first_name": "Ada", "email": "ADA@example.com"}
    if problem is None:
        assert write(here, USER, record) != here.user.id
        return
    with pytest.raises(problem, match="a user with this email exists already") as refused:
        write(here, USER, record)
    assert refused.value.status == status  # type: ignore[attr-defined]
    assert find(here, USER, begin(here, USER, record), since=here.user.created_time + LONG_AGO) is None


def test_who_exists_already_is_found_by_email_else_phone_else_reference_id(observed: FreshchatSimulator) -> None:
    here = account(observed)
    caller = observed.customer(None, "Grace", phone="+1 555-0100")
    known = observed.customer("old@example.com", "Linus", reference_id="r7", phone="+1 555 0200")

    def existing(**record: str) -> str | None:
        return USER.existing({"first_name": "X", **record}, here.connection, here.http)

    assert existing(email="ADA@example.com") == here.user.id
    assert existing(phone="+1 555-0100") == caller.id
    assert existing(email="grace@example.com", phone="+1 555-0100") == caller.id
    assert existing(email="new@example.com", reference_id="r7") == known.id
    # Somebody else at the same phone.
    assert existing(email="new@example.com", phone="+1 555 0200") is None
    assert existing(email="nobody@example.com") is None


def test_of_several_with_one_email_the_one_changed_last_is_meant(
    observed: FreshchatSimulator, clock: FakeClock
) -> None:
    here = account(observed)
    clock.advance(60)
    newer = observed.customer("Ada@Example.com", "Ada")
    assert USER.existing({"email": "ada@example.com"}, here.connection, here.http) == newer.id
    clock.advance(60)
    here.http.put(f"/users/{here.user.id}", json={"last_name": "Lovelace"})
    assert USER.existing({"email": "ada@example.com"}, here.connection, here.http) == here.user.id


@pytest.mark.parametrize("empty", [False, True])
def test_who_exists_already_can_be_brought_to_the_values_of_the_record(sim: FreshchatSimulator, empty: bool) -> None:
    sim.quirks.empty_update_body = empty
    here = account(sim)
    record = {"first_name": "Ada", "last_name": "Lovelace", "email": "ADA@example.com", "properties.plan": "gold"}
    existing = USER.existing(record, here.connection, here.http)
    assert existing == here.user.id
    call = USER.update_call(record, existing, here.connection)
    assert (call.verb, call.path) == ("PUT", f"/users/{here.user.id}")
    assert find(here, USER, call) is None
    assert USER.captured(call, send(here, call)) == here.user.id
    assert (here.user.last_name, here.user.properties) == ("Lovelace", [{"name": "plan", "value": "gold"}])
    assert find(here, USER, call) == here.user.id


# -------------------------------------------------------------------------- records that cannot be written


@pytest.mark.parametrize(
    ("template", "record", "field", "words"),
    [
        (CREATE, {"message": "  "}, "message", "is empty"),
        (CREATE, {"channel_id": " "}, "channel_id", "is missing, and an id is wanted"),
        (CREATE, {"user_id": ".."}, "user_id", "is missing, and an id is wanted"),
        (CREATE, {"status": "assigned"}, "assigned_agent_id", "is missing: the status assigned needs an agent"),
        (CREATE, {"actor_type": "agent"}, "actor_id", "is missing: the connection has no agent of its own yet"),
        (UPDATE, {}, "", "sets nothing; give at least one of status, assigned_agent_id, assigned_group_id, prop"),
        (UPDATE, {"status": "assigned"}, "assigned_agent_id", "is missing: the status assigned needs an agent"),
        (
            UPDATE,
            {"status": "assigned", "assigned_agent_id": "nobody"},
            "assigned_agent_id",
            "is missing: the status assigned needs an agent",
        ),
        (UPDATE, {"conversation_id": ""}, "conversation_id", "is missing"),
        (SEND, {"message": ""}, "message", "is empty"),
        (SEND, {"message": "Hi", "actor_type": "user"}, "actor_id", "is missing: a user's message needs the id"),
        (SEND, {"message": "Hi"}, "actor_id", "the connection has no agent of its own yet; verify it"),
        (AGENT, {}, "", "sets nothing; give at least one of availability_status, availability, groups"),
        (USER, {"email": ""}, "email", "is missing, and so is phone: a user needs one of them"),
        (USER, {"first_name": " "}, "first_name", "is missing"),
    ],
)
def test_a_record_that_cannot_be_written_is_told_by_its_field(
    template: DestinationTemplate, record: dict[str, Any], field: str, words: str
) -> None:
    required = {"channel_id": "c", "user_id": "u", "message": "Hi", "conversation_id": "c", "agent_id": "a"}
    usual = {each.name: required.get(each.name, "x") for each in template.fields if each.required}
    if template is USER:
        usual["email"] = "x@example.com"
    unverified = Connection(1, "chat", "freshchat", {"update_verb": "PUT"})
    with pytest.raises(BadRecord) as bad:
        template.call([usual | record], unverified)
    assert bad.value.field == field
    assert bad.value.reason.startswith(words) or words in bad.value.reason


@pytest.mark.parametrize("template", [CREATE, SEND, USER], ids=lambda one: one.name)
@pytest.mark.parametrize("data", [None, [], {}, {"id": ""}, {"id": None, "conversation_id": True}, "text"])
def test_an_answer_without_an_id_leaves_the_outcome_unknown(template: DestinationTemplate, data: Any) -> None:
    with pytest.raises(OutcomeUnknown, match="gave no id for it"):
        template.captured(VendorCall("POST", template.path, {}), data)


@pytest.mark.parametrize(
    ("template", "data"),
    [
        (CREATE, {"conversation_id": 7}),
        (CREATE, {"conversation": {"conversation_id": "7"}}),
        (SEND, {"message": {"id": "7"}}),
        (USER, {"user": {"id": "7"}}),
    ],
)
def test_an_id_may_be_a_number_or_stand_inside_an_object(template: DestinationTemplate, data: Any) -> None:
    assert template.captured(VendorCall("POST", template.path, {}), data) == "7"


# ------------------------------------------------------------------ what became of a call that was not answered


def record_of(name: str, here: Any) -> dict[str, Any]:
    """A record that the template can write in this account; conversations are there to be written to."""
    if name == "create_conversation":
        return first_message(here)
    if name == "create_end_user":
        return dict(GRACE)
    if name == "update_agent":
        return {"agent_id": here.colleague.id, "groups": [here.sim.support.id]}
    conversation = here.sim.customer_writes(here.user, "Hi")
    more = {"status": "resolved"} if name == "update_conversation" else {"message": "Hello"}
    return {"conversation_id": conversation.id, **more}


ENDPOINTS = {name: name for name in TEMPLATES} | {"create_end_user": "create_user"}


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("performed", [True, False], ids=["performed", "not performed"])
def test_a_call_whose_answer_was_cut_off_is_found_if_it_was_performed_and_only_then(
    sim: FreshchatSimulator, clock: FakeClock, name: str, performed: bool
) -> None:
    here, template = account(sim), TEMPLATES[name]
    record = record_of(name, here)
    clock.advance(3600)
    call, since = begin(here, template, record), clock.now()
    clock.advance(1)
    sim.fault(ENDPOINTS[name], "cut", performed=performed)
    with pytest.raises(OutcomeUnknown):
        send(here, call)
    clock.advance(90)
    found = find(here, template, call, since)
    if not performed:
        assert found is None
        return
    made = {
        "create_conversation": lambda: sim.conversations[-1].id,
        "update_conversation": lambda: record["conversation_id"],
        "send_message": lambda: sim.thread(record["conversation_id"])[-1].id,
        "update_agent": lambda: here.colleague.id,
        "create_end_user": lambda: list(sim.account.users)[-1],
    }
    assert found == made[name]()
    # What is known to be another record's, or was there long before this call, proves nothing.
    if template.verb == "POST":
        assert find(here, template, call, since, known={found}) is None
        assert find(here, template, call, since + LONG_AGO) is None
        # The vendor's clock may be behind ours.
        assert find(here, template, call, since + timedelta(seconds=119)) == found


Other = Callable[[Any, dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    "other",
    [
        lambda here, _: {"message": "Where is my cat?"},
        lambda here, _: {"actor_type": "agent"},
        lambda here, _: {"user_id": here.sim.customer("b@example.com").id},
        lambda here, _: {"channel_id": here.sim.account.add_channel("App").id},
    ],
    ids=["text", "author", "user", "channel"],
)
def test_another_conversation_of_the_same_minute_is_no_proof(sim: FreshchatSimulator, other: Other) -> None:
    here = account(sim)
    record = first_message(here)
    write(here, CREATE, record | other(here, record))
    assert find(here, CREATE, begin(here, CREATE, record)) is None


def test_a_merged_conversation_is_proved_only_by_all_its_messages(sim: FreshchatSimulator) -> None:
    here = account(sim)
    twice = [first_message(here, "Hello?"), first_message(here, "Hello?")]
    write(here, CREATE, twice[0])
    call = begin(here, CREATE, *twice)
    assert find(here, CREATE, call) is None
    made = write(here, CREATE, *twice)
    assert find(here, CREATE, call) == made
    assert find(here, CREATE, call, known={made}) is None


def test_a_conversation_that_is_gone_does_not_hide_the_one_that_is_the_proof(sim: FreshchatSimulator) -> None:
    here = account(sim)
    sim.customer_writes(here.user, "Hi")
    made = write(here, CREATE, first_message(here))
    sim.fault("list_messages", "404")
    assert find(here, CREATE, begin(here, CREATE, first_message(here))) == made


def test_an_open_conversation_that_was_given_back_is_proved_by_its_new_messages(
    observed: FreshchatSimulator, clock: FakeClock
) -> None:
    """Some accounts reuse the conversation that a user has open in the channel."""
    observed.quirks.one_open_conversation = True
    here = account(observed)
    open_one = observed.customer_writes(here.user, "Where is my parcel?")
    clock.advance(3600)
    call = begin(here, CREATE, first_message(here))
    assert find(here, CREATE, call) is None
    assert write(here, CREATE, first_message(here)) == open_one.id
    assert find(here, CREATE, call) == open_one.id


@pytest.mark.parametrize(
    "other",
    [
        lambda here, _: {"message": "Goodbye"},
        lambda here, _: {"message_type": "private"},
        lambda here, _: {"actor_id": here.colleague.id},
        lambda here, _: {"actor_type": "user", "actor_id": here.user.id},
    ],
    ids=["text", "visibility", "agent", "user"],
)
def test_another_message_of_the_same_minute_is_no_proof(sim: FreshchatSimulator, other: Other) -> None:
    here = account(sim)
    record = {"conversation_id": sim.customer_writes(here.user, "Hi").id, "message": "Hello"}
    write(here, SEND, record | other(here, record))
    assert find(here, SEND, begin(here, SEND, record)) is None


def test_the_earliest_of_two_equal_messages_is_the_proof_and_then_the_other(
    sim: FreshchatSimulator, clock: FakeClock
) -> None:
    here = account(sim)
    conversation = sim.customer_writes(here.user, "Hi")
    call, since = begin(here, SEND, {"conversation_id": conversation.id, "message": "Hello"}), clock.now()
    for _ in range(2):
        clock.advance(1)
        send(here, call)
    [first, second] = [message.id for message in sim.thread(conversation)[1:]]
    assert find(here, SEND, call, since) == first
    assert find(here, SEND, call, since, known={first}) == second


def test_a_user_who_was_there_before_is_no_proof_and_a_new_one_beside_them_is(
    sim: FreshchatSimulator, clock: FakeClock
) -> None:
    here = account(sim)
    clock.advance(3600)
    call = begin(here, USER, {"first_name": "Ada", "email": "ada@example.com"})
    assert find(here, USER, call) is None
    made = USER.captured(call, send(here, call))
    assert made != here.user.id
    assert find(here, USER, call) == made


@pytest.mark.parametrize(
    ("values", "later"),
    [
        ({"status": "resolved"}, {"status": "new"}),
        ({"status": "new"}, {"status": "resolved"}),
        ({"status": "assigned", "assigned_agent_id": "agent"}, {"assigned_agent_id": "colleague"}),
        ({"assigned_group_id": "support"}, {"assigned_group_id": "sales"}),
        ({"properties.priority": "High"}, {"properties.priority": "Low"}),
    ],
)
def test_an_update_is_proved_while_all_its_values_show(
    observed: FreshchatSimulator, values: dict[str, str], later: dict[str, str]
) -> None:
    here = account(observed)
    conversation = observed.customer_writes(here.user, "Hi")
    ids = {
        **{"agent": here.agent.id, "colleague": here.colleague.id},
        **{"support": observed.support.id, "sales": observed.account.add_group("Sales").id},
    }

    def record(given: dict[str, str]) -> dict[str, str]:
        return {"conversation_id": conversation.id} | {name: ids.get(value, value) for name, value in given.items()}

    call = begin(here, UPDATE, record(values))
    assert write(here, UPDATE, record(values)) == conversation.id
    assert find(here, UPDATE, call) == conversation.id
    write(here, UPDATE, record(later))
    assert find(here, UPDATE, call) is None


def test_the_order_of_an_agents_groups_says_nothing(observed: FreshchatSimulator) -> None:
    here = account(observed)
    groups = [observed.support.id, observed.account.add_group("Sales").id]
    here.colleague.groups = groups[::-1]
    assert find(here, AGENT, begin(here, AGENT, {"agent_id": here.colleague.id, "groups": groups}))
    assert find(here, AGENT, begin(here, AGENT, {"agent_id": here.colleague.id, "groups": groups[:1]})) is None


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_vendor_that_cannot_be_asked_proves_nothing_either_way(observed: FreshchatSimulator, name: str) -> None:
    here, template = account(observed), TEMPLATES[name]
    call = begin(here, template, record_of(name, here))
    observed.fault("*", "503", times=None)
    with pytest.raises(RetryLater):
        find(here, template, call)


# --------------------------------------------------------------------------------------------------- look-ups


def test_people_are_looked_up_by_email_and_channels_and_groups_by_name_in_any_case(sim: FreshchatSimulator) -> None:
    here = account(sim)
    assert look_up(here, "user", " ADA@Example.com ") == here.user.id
    assert look_up(here, "agent", "Hanna@EXAMPLE.com") == here.colleague.id
    assert look_up(here, "channel", "WEB") == sim.web.id
    assert look_up(here, "channel", "e-mail ") == sim.email.id
    assert look_up(here, "group", "support") == sim.support.id


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("user", "nobody@example.com", "there is no user with the email nobody@example.com"),
        ("user", " ", "there is no user with the email"),
        ("agent", "nobody@example.com", "there is no agent with the email nobody@example.com"),
        ("agent", "gone@example.com", "the agent with the email gone@example.com is deactivated or deleted"),
        ("agent", "", "there is no agent with the email"),
        ("channel", "mail", "there is no channel called mail; there is E-mail, Web"),
        ("group", "Sales", "there is no group called Sales; there is Support"),
        ("conversation", "nobody", "there is no user with the id nobody"),
        ("ticket", "1", "Freshchat has nothing called ticket to look up"),
    ],
)
def test_what_is_not_found_is_told_in_words(sim: FreshchatSimulator, what: str, value: str, words: str) -> None:
    here = account(sim)
    sim.add_agent("gone@example.com", "Gone", deactivated=True)
    with pytest.raises(Refused, match=words):
        look_up(here, what, value)


def test_a_deactivated_agent_does_not_hide_the_active_one_of_the_same_email(sim: FreshchatSimulator) -> None:
    here = account(sim)
    sim.add_agent("twice@example.com", deactivated=True)
    active = sim.add_agent("Twice@example.com")
    assert look_up(here, "agent", "twice@example.com") == active.id


def test_two_of_one_name_are_not_guessed_between(sim: FreshchatSimulator) -> None:
    here = account(sim)
    twin = sim.account.add_group("SUPPORT")
    with pytest.raises(
        Refused, match=f"there are 2 groups called Support; give the id .*: {sim.support.id}, {twin.id}"
    ):
        look_up(here, "group", "Support")


def test_only_the_names_most_alike_are_told_where_there_are_many(sim: FreshchatSimulator) -> None:
    here = account(sim)
    for number in range(12):
        sim.account.add_group(f"Team {number}")
    with pytest.raises(Refused, match=r"there is no group called Suport; there is Support, .* and 5 more$"):
        look_up(here, "group", "Suport")


def test_where_there_is_no_group_at_all_that_is_told(sim: FreshchatSimulator) -> None:
    here = account(sim)
    sim.account.groups.clear()
    with pytest.raises(Refused, match="there is no group called Support; there are none at all"):
        look_up(here, "group", "Support")


def test_the_latest_conversation_of_a_user_is_the_one_created_last(sim: FreshchatSimulator, clock: FakeClock) -> None:
    here = account(sim)
    with pytest.raises(Refused, match=f"the user {here.user.id} has no conversation yet"):
        look_up(here, "conversation", here.user.id)
    first = sim.customer_writes(here.user, "one")
    assert look_up(here, "conversation", here.user.id) == first.id
    clock.advance(60)
    second = sim.account.open(here.user, sim.email, here.user.actor)
    clock.advance(60)
    sim.customer_writes(here.user, "two", conversation=first)
    # Those of somebody else do not count, and the order of the list says nothing.
    sim.customer_writes(sim.customer("b@example.com"), "Hi")
    with sim.lock:
        sim.account.conversations = dict(reversed(sim.account.conversations.items()))
    assert look_up(here, "conversation", here.user.id) == second.id


def test_a_users_only_conversation_is_not_read(observed: FreshchatSimulator) -> None:
    here = account(observed)
    observed.customer_writes(here.user, "one")
    look_up(here, "conversation", here.user.id)
    assert [call.path for call in observed.record.calls()] == [f"/v2/users/{here.user.id}/conversations"]


def test_a_conversation_that_was_deleted_since_it_was_listed_is_not_the_latest(observed: FreshchatSimulator) -> None:
    here = account(observed)
    observed.customer_writes(here.user, "one")
    other = observed.account.open(here.user, observed.email, here.user.actor)
    observed.fault("get_conversation", "404")
    assert look_up(here, "conversation", here.user.id) == other.id
    observed.fault("get_conversation", "404", times=2)
    with pytest.raises(Refused, match="has no conversation any more"):
        look_up(here, "conversation", here.user.id)


def test_a_user_with_very_many_conversations_is_not_searched_call_by_call(observed: FreshchatSimulator) -> None:
    here = account(observed)
    for _ in range(51):
        observed.account.open(here.user, observed.web, here.user.actor)
    with pytest.raises(Refused, match="has 51 conversations, more than the 50 that are read"):
        look_up(here, "conversation", here.user.id)
    assert len(observed.record.calls()) == 1


def test_what_may_change_soon_is_believed_for_a_short_time_only() -> None:
    assert {each.name: each.keep_seconds for each in FRESHCHAT.look_ups} == {
        **dict.fromkeys(("user", "agent", "channel", "group"), 900),
        "conversation": 30,
    }


# ----------------------------------------------------------------------------------------------------- README


def test_the_readme_tells_the_templates_as_they_are() -> None:
    command = [sys.executable, "-m", "cogapp", "--check", str(README.relative_to(README.parents[2]))]
    done = subprocess.run(command, cwd=README.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `python -m cogapp -r plugins/freshchat/README.md`: {done.stdout}{done.stderr}"
    for name, template in TEMPLATES.items():
        assert f"**`{name}`**" in README.read_text(encoding="utf-8")
        assert all(f"| `{field.name}` |" in README.read_text(encoding="utf-8") for field in template.fields)
