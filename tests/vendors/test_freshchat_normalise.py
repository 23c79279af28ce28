"""Freshchat's events as facts: every recorded shape, every spelling (behaviour 27, 136-139)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import (
    AssignmentFact,
    Author,
    BadPayload,
    Connection,
    Event,
    Fact,
    MessageFact,
    StatusFact,
    Visibility,
)
from plugins.freshchat import normalise, webhook
from plugins.freshchat.connector import Freshchat
from plugins.freshchat.parts import read_parts

FIXTURES = Path(webhook.__file__).parent / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))
IGNORED = {"conversation_transfer__unknown"}
CONNECTION = Connection(1, "chat", "freshchat", {})
RECEIVED = datetime(2026, 11, 21, tzinfo=UTC)
AT = datetime(2026, 11, 20, 9, 15, 22, 815000, tzinfo=UTC)
HAPPENED = datetime(2026, 11, 20, 9, 15, 22, 824000, tzinfo=UTC)
AGENT = "5e3b8a0c-6d3f-4d1e-9a55-6b1f0f4c2a10"
USER = "9d4f6b1e-2c83-4a7d-8e5f-3b1a0c9d7e62"


def event_of(raw: bytes) -> Event:
    [found] = webhook.split(raw)
    return Event(1, 1, found.external_id, found.kind, found.conversation_id, found.payload, RECEIVED)


def facts_of(name: str) -> list[Fact]:
    return Freshchat().normalise(event_of((FIXTURES / f"{name}.json").read_bytes()), CONNECTION)


def message_of(name: str) -> MessageFact:
    [fact] = facts_of(name)
    assert isinstance(fact, MessageFact)
    return fact


# ----------------------------------------------------------------------------- fixtures and handlers, each for each


def test_every_handler_has_a_fixture_and_every_fixture_a_handler_or_is_named_as_ignored() -> None:
    kinds = {name: json.loads((FIXTURES / f"{name}.json").read_bytes())["action"] for name in NAMES}
    assert {name.partition("__")[0] for name in NAMES} == set(kinds.values())
    assert {kind for name, kind in kinds.items() if name not in IGNORED} == set(normalise.HANDLERS)
    assert [name for name, kind in kinds.items() if not Freshchat().knows(kind)] == sorted(IGNORED)


def test_every_fixture_says_where_it_comes_from() -> None:
    rows = [
        line for line in (FIXTURES / "SOURCES.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    named = set()
    for row in rows:
        names = [piece.strip(" `") for piece in row.split("|")[1].split(",")]
        action = names[0].partition("__")[0]
        named |= {action + name if name.startswith("__") else name for name in names}
        assert any(word in row.split("|")[2] for word in ("recorded", "vendor", "observed", "assumed"))
    assert named == set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in IGNORED])
def test_every_fixture_gives_one_fact(name: str) -> None:
    assert len(facts_of(name)) == 1


def test_27_an_unknown_kind_gives_no_fact() -> None:
    assert facts_of("conversation_transfer__unknown") == []


# ------------------------------------------------------------------------------------------------ messages


def test_136_a_customers_message_carries_who_what_and_where() -> None:
    fact = message_of("message_create__user_2025")
    assert fact == MessageFact(
        external_id=fact.external_id,
        author=Author.CUSTOMER,
        author_id=USER,
        text="Where is my order 1042?",
        at=AT,
        customer_id=USER,
        data={
            "interaction_id": "515435468500047-1628507537000",
            "app_id": "0c1f7d22-3f3e-4e3a-8a5e-2d6a1b9c7e41",
            "channel_id": "b7d1c9e4-9f0a-4c55-8f5b-1c2d3e4f5a6b",
            "conversation_internal_id": "515435468500047",
            "text_channel": True,
        },
    )


@pytest.mark.parametrize(
    ("name", "author", "visibility"),
    [
        ("message_create__user_2019_signed", Author.CUSTOMER, Visibility.PUBLIC),
        ("message_create__user_2022", Author.CUSTOMER, Visibility.PUBLIC),
        ("message_create__msg_parts_2018", Author.CUSTOMER, Visibility.PUBLIC),
        ("message_create__composite_id", Author.CUSTOMER, Visibility.PUBLIC),
        ("message_create__no_text", Author.CUSTOMER, Visibility.PUBLIC),
        ("message_created__alias", Author.CUSTOMER, Visibility.PUBLIC),
        ("message_create__agent_2021", Author.AGENT, Visibility.PUBLIC),
        ("message_create__bot", Author.SYSTEM, Visibility.PUBLIC),
        ("message_create__private_note", Author.AGENT, Visibility.PRIVATE),
        ("message_create__bots_private_note", Author.SYSTEM, Visibility.PRIVATE),
        ("message_create__system", Author.SYSTEM, Visibility.PUBLIC),
        ("message_create__system_without_actor", Author.SYSTEM, Visibility.PUBLIC),
    ],
)
def test_137_author_and_visibility_are_read_from_every_shape(name: str, author: Author, visibility: Visibility) -> None:
    fact = message_of(name)
    assert (fact.author, fact.visibility) == (author, visibility)


@pytest.mark.parametrize(
    "changes",
    [
        {"message_type": "private"},
        {"message_type": "system"},
        {"message_type": "campaign"},
        {"botsPrivateNote": True},
        {"actor_type": "robot"},
        {"actor_type": "agent"},
    ],
)
def test_only_a_public_normal_message_of_a_user_is_a_customers(changes: dict[str, Any]) -> None:
    body = json.loads((FIXTURES / "message_create__user_2025.json").read_bytes())
    body["data"]["message"] |= changes
    [fact] = Freshchat().normalise(event_of(json.dumps(body).encode()), CONNECTION)
    assert isinstance(fact, MessageFact)
    assert fact.author is not Author.CUSTOMER


@pytest.mark.parametrize(
    ("name", "customer"),
    [
        ("message_create__user_2019_signed", "882f3926-b292-414b-a411-96380db373cd"),
        ("message_create__composite_id", USER),
        ("message_create__agent_2021", USER),
        ("message_create__system_without_actor", USER),
    ],
)
def test_the_customer_is_the_user_id_or_the_writing_user(name: str, customer: str) -> None:
    assert message_of(name).customer_id == customer


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("message_create__msg_parts_2018", "Where is my order 1042?"),
        ("message_create__email", "Subject: Order 1042\nHello,\nwhere is my order 1042?"),
        ("message_create__buttons_and_template", "Track it (https://shop.example/track/1042)\nCall me\nExpress"),
        ("message_create__bot", "Hi, pick a topic.\nOrders\nReturns"),
        ("message_create__unknown_part", "[location]\nI am here"),
        ("message_create__no_text", ""),
    ],
)
def test_139_every_kind_of_part_becomes_text(name: str, text: str) -> None:
    assert message_of(name).text == text


def test_139_images_files_and_videos_are_attachments() -> None:
    image, file, video = message_of("message_create__image_and_file").attachments
    assert (image.name, image.url.partition("/1f/")[0]) == (
        "img_1605863722.png",
        "https://fc-use1-00-pics-bkt-00.s3.amazonaws.com",
    )
    assert (file.name, file.content_type, file.size) == ("invoice 7.pdf", "application/pdf", 48213)
    assert (video.name, video.content_type) == ("clip.mp4", "video/mp4")


def test_a_file_without_an_address_yet_says_so_in_its_place() -> None:
    [file] = message_of("message_create__file_before_scan").attachments
    assert (file.url, file.size) == ("", 1200)
    assert file.placeholder == "report.docx: Freshchat has not given an address for this file"


def test_a_message_that_came_by_email_marks_its_session() -> None:
    assert message_of("message_create__email").data["email_channel"] is True
    assert "email_channel" not in message_of("message_create__user_2025").data


def test_a_message_without_a_time_of_its_own_has_that_of_the_event_or_of_its_arrival() -> None:
    body = json.loads((FIXTURES / "message_create__user_2025.json").read_bytes())
    del body["data"]["message"]["created_time"]
    [fact] = Freshchat().normalise(event_of(json.dumps(body).encode()), CONNECTION)
    assert fact.at == HAPPENED
    body["action_time"] = "yesterday"
    [fact] = Freshchat().normalise(event_of(json.dumps(body).encode()), CONNECTION)
    assert fact.at == RECEIVED


@pytest.mark.parametrize(
    "parts",
    [
        ["text", None, 3, {"text": None}, {"text": []}, {"collection": {"sub_parts": "x"}}, {"collection": None}],
        [{"template_content": {"sections": [None, {"parts": None}]}}, {"part_type": "text"}, {"part_type": 7}],
        [{"file": {"name": 3, "url": "https://[::1/x", "size": "12"}}, {"image": {}}],
    ],
)
def test_parts_that_make_no_sense_are_survived(parts: list[Any]) -> None:
    content = read_parts(parts)
    assert all(attachment.placeholder or attachment.url for attachment in content.attachments)


# ------------------------------------------------------------------------------------ assignment and status


@pytest.mark.parametrize(
    ("name", "assignee"),
    [
        ("conversation_assignment__to_agent", AGENT),
        ("conversation_assignment__by_rule", AGENT),
        ("conversation_assigned__alias", AGENT),
        ("conversation_assignment__unassigned", ""),
        ("conversation_assignment__absent_target", ""),
        ("conversation_assignment__to_group", ""),
    ],
)
def test_138_an_assignment_names_an_agent_or_nobody(name: str, assignee: str) -> None:
    assert facts_of(name) == [AssignmentFact(assignee, HAPPENED)]


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("conversation_resolution__by_agent", StatusFact(True, HAPPENED, "agent")),
        ("conversation_resolution__by_user", StatusFact(True, HAPPENED, "user")),
        ("conversation_resolution__by_system", StatusFact(True, HAPPENED, "system")),
        ("conversation_resolve__alias", StatusFact(True, HAPPENED, "agent")),
        ("conversation_resolved__alias", StatusFact(True, HAPPENED, "agent")),
        ("conversation_close__alias", StatusFact(True, HAPPENED, "agent")),
        ("conversation_closed__alias", StatusFact(True, HAPPENED, "agent")),
        ("conversation_reopen__by_user", StatusFact(False, HAPPENED, "user")),
        ("conversation_reopen__2018", StatusFact(False, HAPPENED, "user")),
        ("conversation_reopened__alias", StatusFact(False, HAPPENED, "user")),
    ],
)
def test_27_every_spelling_of_closing_and_reopening_is_understood(name: str, fact: StatusFact) -> None:
    assert facts_of(name) == [fact]


@pytest.mark.parametrize("kind", ["Conversation Resolved", "conversation.closed", "CONVERSATION_RESOLUTION"])
def test_27_the_way_an_action_is_written_does_not_matter(kind: str) -> None:
    body = json.loads((FIXTURES / "conversation_resolution__by_agent.json").read_bytes()) | {"action": kind}
    assert Freshchat().normalise(event_of(json.dumps(body).encode()), CONNECTION) == [
        StatusFact(True, HAPPENED, "agent")
    ]


def test_normalising_twice_gives_the_same_facts_and_leaves_the_payload_alone() -> None:
    event = event_of((FIXTURES / "message_create__image_and_file.json").read_bytes())
    before = json.dumps(dict(event.payload))
    assert Freshchat().normalise(event, CONNECTION) == Freshchat().normalise(event, CONNECTION)
    assert json.dumps(dict(event.payload)) == before


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message", "id", "conversation_id", "message_parts", "text", "content", "conversation", "actor"]
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(normalise.HANDLERS)), junk, junk)
def test_no_payload_makes_a_handler_fail_otherwise_than_as_a_bad_payload(kind: str, data: Any, actor: Any) -> None:
    event = replace(
        event_of(b'{"action": "x"}'),
        kind=kind,
        payload={"action": kind, "actor": actor, "data": data, "action_time": data},
    )
    try:
        facts = Freshchat().normalise(event, CONNECTION)
    except BadPayload:
        return
    assert all(fact.at.tzinfo is not None for fact in facts)
