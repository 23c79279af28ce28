"""Freshdesk's webhooks: whatever a rule sends, its ticket is found, or the body is refused (behaviour 145-148)."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import AuthFailed, BadPayload, Connection, Inbound, Secret
from plugins.freshdesk.connector import Freshdesk
from plugins.freshdesk.guides import CREATION_CONTENT, UPDATE_CONTENT
from plugins.freshdesk.webhook import split


def only(raw: bytes | str) -> Inbound:
    [found] = split(raw if isinstance(raw, bytes) else raw.encode())
    return found


def simple(**fields: object) -> str:
    return json.dumps({"freshdesk_webhook": fields})


# ------------------------------------------------------------------------------------------------ the ticket


def test_148_the_contents_of_the_setup_guide_are_understood_as_the_vendor_fills_them_in() -> None:
    created = only(CREATION_CONTENT.replace("{{ticket.id}}", "12"))
    updated = only(
        UPDATE_CONTENT.replace("{{ticket.id}}", "12").replace("{{triggered_event}}", "{status:{from:2,to:4}}")
    )
    assert (created.kind, created.conversation_id) == ("ticket_created", "12")
    assert (updated.kind, updated.conversation_id) == ("ticket_updated", "12")


def test_a_webhook_is_a_hint_that_is_no_repeat_of_another() -> None:
    found = only(CREATION_CONTENT.replace("{{ticket.id}}", "12"))
    assert found.hint
    assert found.external_id == ""


@pytest.mark.parametrize(
    "body",
    [
        simple(ticket_id=11, ticket_subject="Hi", ticket_status="Open"),
        simple(ticket_id="11"),
        json.dumps({"ticket_id": 11.0}),
        json.dumps({"Ticket_ID": "INC-11"}),
        json.dumps({"ticket_id": "#11"}),
        json.dumps({"ticket": {"id": 11, "subject": "Hi"}}),
        json.dumps({"freshdesk_webhook": json.dumps({"ticket_id": 11})}),
        json.dumps({"ticket_url": "https://acme.freshdesk.com/a/tickets/11"}),
        json.dumps({"ticket.id": "11"}),
        "\ufeff" + json.dumps({"ticket_id": "11"}),
        urlencode({"ticket_id": "11", "event": "ticket_created"}),
        urlencode({"freshdesk_webhook[ticket_id]": 11, "freshdesk_webhook[ticket_status]": "Open"}),
        urlencode({"payload": json.dumps({"ticket_id": 11})}),
        urlencode({"freshdesk_webhook": json.dumps({"ticket_id": 11})}),
        '<?xml version="1.0"?><hash><ticket_id>11</ticket_id></hash>',
        "{'ticket_id': '11'}",
    ],
)
def test_103_the_ticket_is_found_in_every_content_and_encoding(body: str) -> None:
    assert only(body).conversation_id == "11"


@pytest.mark.parametrize(
    "body",
    [
        '{"ticket_id":"11","triggered_event":{responder_id:{from:150006383528,to:150014937111}}}',
        '{"ticket_id":"11","subject":"She said "hello" to me"}',
        '{"ticket_id":"11","subject":"line one\nline two',
        '{ "ticket_id" : 11, "n": NaN }',
        '{"ticket_id":11,}',
    ],
)
def test_147_a_content_that_is_no_json_any_more_still_names_its_ticket(body: str) -> None:
    assert only(body).conversation_id == "11"


def test_what_a_customer_wrote_into_a_readable_content_names_no_ticket() -> None:
    with pytest.raises(BadPayload):
        split(json.dumps({"event": "ticket_created", "ticket_subject": '"ticket_id":"99"'}).encode())


# -------------------------------------------------------------------------------------------------- the kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (simple(ticket_id=1, triggered_event="{ticket_action:created}"), "ticket_created"),
        (simple(ticket_id=1, triggered_event="{note_type:private}"), "ticket_updated"),
        (simple(ticket_id=1), "ticket_changed"),
        (json.dumps({"ticket_id": 1, "event": "something else"}), "ticket_changed"),
        ('{"event":"ticket_updated","ticket_id":"1","x":{a:b}}', "ticket_updated"),
        ('{"event":"ticket_created","ticket_id":"1","x":"a "b""}', "ticket_created"),
    ],
)
def test_the_kind_is_what_the_content_says_as_far_as_it_says_it(body: str, kind: str) -> None:
    assert only(body).kind == kind
    assert Freshdesk().knows(kind)


# -------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n",
        "[]",
        "12",
        "null",
        "{}",
        "hello",
        '{"ticket_id":""}',
        '{"ticket_id":null}',
        '{"ticket_id":"abc"}',
        '{"ticket_id":true}',
        "a=b&c=d",
        '{"ticket_id":"0"}',
        '{"id":{"a":1}}',
    ],
)
def test_a_body_without_a_ticket_is_refused_naming_the_field(body: str) -> None:
    with pytest.raises(BadPayload, match="ticket_id"):
        split(body.encode())


def test_a_placeholder_that_was_not_filled_in_is_told_as_that() -> None:
    with pytest.raises(BadPayload, match="placeholder was not filled in"):
        split(CREATION_CONTENT.encode())


def test_a_body_nested_without_end_is_no_trouble() -> None:
    with pytest.raises(BadPayload):
        split(b"[" * 100_000)
    assert only(b'{"ticket_id":"7","x":' + b"[" * 100_000).conversation_id == "7"


def test_a_nul_and_half_an_emoji_are_replaced() -> None:
    found = only('{"ticket_id":"7","subject":"a\\u0000b\\ud83d"}')
    assert found.payload["subject"] == "a\ufffdb\ufffd"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_no_body_raises_anything_but_bad_payload(raw: bytes) -> None:
    try:
        found = split(raw)
    except BadPayload:
        return
    assert all(one.conversation_id.isdigit() for one in found)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=12), inside, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(min_value=1, max_value=10**15), st.dictionaries(st.text(max_size=12), VALUES, max_size=5), st.booleans()
)
def test_the_ticket_is_found_whatever_else_the_content_holds(
    ticket: int, others: dict[str, object], wrapped: bool
) -> None:
    fields = {name: value for name, value in others.items() if name.lower() not in ("ticket", "freshdesk_webhook")}
    content = {**fields, "ticket_id": str(ticket)}
    found = only(json.dumps({"freshdesk_webhook": content} if wrapped else content))
    assert found.conversation_id == str(ticket)
    json.dumps(found.payload).encode()


# ---------------------------------------------------------------------------------------------- the secret


def connection(secret: str = "") -> Connection:
    return Connection(1, "tickets", "freshdesk", {"webhook_secret": Secret(secret) if secret else None})


def test_145_without_a_secret_the_address_alone_protects() -> None:
    Freshdesk().authenticate(b"{}", {}, connection())


@pytest.mark.parametrize("name", ["X-Webhook-Secret", "x-webhook-secret", "X-WEBHOOK-SECRET"])
def test_145_a_secret_is_looked_for_in_its_header_in_any_case(name: str) -> None:
    Freshdesk().authenticate(b"{}", {name: " canary-secret "}, connection("canary-secret"))


@pytest.mark.parametrize(
    "headers", [{}, {"X-Webhook-Secret": ""}, {"X-Webhook-Secret": "wrong"}, {"X-Webhook-Secret": "\u00e9"}]
)
def test_145_a_missing_or_wrong_secret_is_refused_without_showing_it(headers: dict[str, str]) -> None:
    with pytest.raises(AuthFailed, match="X-Webhook-Secret") as caught:
        Freshdesk().authenticate(b"{}", headers, connection("canary-secret"))
    assert "canary" not in str(caught.value)
