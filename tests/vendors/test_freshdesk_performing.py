"""What is done at Freshdesk, what is tried where it is refused, and the proof of it (behaviour 82-88, 92, 95)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests_mock

from core import Action, ActionKind, AgentMissing, AuthFailed, OutboundFile, OutcomeUnknown, Receipt, Refused
from core.markdown import html_of, plain_text
from plugins.freshdesk.wording import note_html
from tests.vendors.freshdesk_account import (
    AGENT,
    BASE,
    CONVERSATIONS,
    FRESHDESK,
    STARTED,
    TICKET,
    action,
    connection,
    conversation,
    http,
    stamp,
    ticket,
)

REPLY, NOTE = f"{TICKET}/reply", f"{TICKET}/notes"
CREATED = {"status_code": 201, "json": {"id": 901, "created_at": stamp(5)}}
TEXT = "Your parcel is **here**.\nLook at [the page](https://acme.example/p)."
FILE = OutboundFile("bill.pdf", b"%PDF", "application/pdf", "https://acme.example/bill.pdf")


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def perform(todo: Action) -> Receipt:
    return FRESHDESK.perform(todo, connection(), http())


def refusal(field: str, message: str, code: str = "invalid_value") -> dict[str, Any]:
    errors = [{"field": field, "message": message, "code": code}]
    return {"status_code": 400, "json": {"description": "Validation failed", "errors": errors}}


def bodies(vendor: requests_mock.Mocker) -> list[Any]:
    return [request.json() for request in vendor.request_history if request.method != "GET"]


# --------------------------------------------------------------------------------------------- replies, notes


def test_82_a_reply_is_html_and_gives_the_vendors_id(vendor: requests_mock.Mocker) -> None:
    vendor.post(REPLY, **CREATED)
    assert perform(action(ActionKind.REPLY, text=TEXT)) == Receipt("901", STARTED + timedelta(seconds=5))
    [sent] = bodies(vendor)
    assert sent == {
        "body": "<p>Your parcel is <strong>here</strong>.<br />\n"
        'Look at <a href="https://acme.example/p">the page</a>.</p>'
    }


def test_83_85_a_note_is_private_and_ends_in_its_reference(vendor: requests_mock.Mocker) -> None:
    vendor.post(NOTE, **CREATED)
    assert perform(action(ActionKind.NOTE, text="Angry <customer>", reference="r-1")).vendor_id == "901"
    assert bodies(vendor) == [{"body": "<p>Angry &lt;customer&gt;</p><p>[ref:r-1]</p>", "private": True}]


@pytest.mark.parametrize("source", [15, 21])
def test_a_chat_is_answered_in_a_structured_body_without_marks(vendor: requests_mock.Mocker, source: int) -> None:
    vendor.post(REPLY, **CREATED)
    perform(action(ActionKind.REPLY, text=TEXT, data={"source": source}))
    text = "Your parcel is here.\nLook at the page (https://acme.example/p)."
    assert bodies(vendor) == [{"structured_body": {"body_contents": [{"type": "text", "data": {"content": text}}]}}]


def test_a_note_in_a_chat_is_html_as_elsewhere(vendor: requests_mock.Mocker) -> None:
    vendor.post(NOTE, **CREATED)
    perform(action(ActionKind.NOTE, text="x", data={"source": 15}))
    assert bodies(vendor)[0]["body"] == "<p>x</p>"


@pytest.mark.parametrize("source", [1, 15])
def test_a_ticket_that_wants_the_other_kind_of_body_gets_it(vendor: requests_mock.Mocker, source: int) -> None:
    words = refusal("structured_body", "It should not be blank or it is unexpected", "missing_field")
    vendor.post(REPLY, [words, CREATED])
    perform(action(ActionKind.REPLY, text="x", data={"source": source}))
    first, second = bodies(vendor)
    assert ("structured_body" in first) is (source == 15)
    assert ("structured_body" in second) is (source != 15)


def test_a_message_accepted_without_an_id_may_be_posted(vendor: requests_mock.Mocker) -> None:
    vendor.post(REPLY, status_code=201, json={})
    with pytest.raises(OutcomeUnknown):
        perform(action(ActionKind.REPLY, text="x"))


@pytest.mark.parametrize("status", [404, 405])
def test_a_reply_into_a_deleted_ticket_or_spam_is_refused(vendor: requests_mock.Mocker, status: int) -> None:
    vendor.post(REPLY, status_code=status, content=b"")
    with pytest.raises(Refused) as caught:
        perform(action(ActionKind.REPLY, text="x"))
    assert caught.value.status == status


def test_a_message_refused_for_its_agent_says_that_the_agent_is_missing(vendor: requests_mock.Mocker) -> None:
    vendor.post(NOTE, **refusal("user_id", "There is no agent matching the given user_id"))
    with pytest.raises(AgentMissing):
        perform(action(ActionKind.NOTE, text="x"))


def test_a_connection_that_was_never_verified_posts_nothing(vendor: requests_mock.Mocker) -> None:
    with pytest.raises(AgentMissing):
        FRESHDESK.perform(action(ActionKind.REPLY, text="x"), replace(connection(), identity=None), http())
    assert not vendor.called


# ----------------------------------------------------------------------------------------------------- files


def test_95_files_go_with_the_message(vendor: requests_mock.Mocker) -> None:
    vendor.post(REPLY, **CREATED)
    assert perform(action(ActionKind.REPLY, text="x", files=(FILE,))).remark == ""
    assert b'filename="bill.pdf"' in vendor.last_request.body


def test_95_files_that_are_too_large_are_named_instead(vendor: requests_mock.Mocker) -> None:
    vendor.post(REPLY, **CREATED)
    large = OutboundFile("plan [1].zip", b"x" * (20 * 1024 * 1024))
    receipt = perform(action(ActionKind.REPLY, text="Here.", files=(FILE, large)))
    assert receipt.vendor_id == "901"
    assert "20.0 MB" in receipt.remark
    [sent] = bodies(vendor)
    assert '<a href="https://acme.example/bill.pdf">bill.pdf</a>' in sent["body"]
    assert "plan 1.zip" in sent["body"]


@pytest.mark.parametrize(
    "refused",
    [
        refusal("attachments", "The size of the attachments exceeds the limit of 20 MB"),
        {"status_code": 413, "content": b""},
    ],
)
def test_95_files_that_the_vendor_refuses_are_named_instead(vendor: requests_mock.Mocker, refused: Any) -> None:
    vendor.post(REPLY, [refused, CREATED])
    receipt = perform(action(ActionKind.REPLY, text="Here.", files=(FILE,)))
    assert "were refused" in receipt.remark
    assert "bill.pdf" in vendor.last_request.json()["body"]


def test_another_refusal_is_not_taken_for_one_of_the_files(vendor: requests_mock.Mocker) -> None:
    vendor.post(REPLY, **refusal("body", "is blank"))
    with pytest.raises(Refused):
        perform(action(ActionKind.REPLY, text="Here.", files=(FILE,)))
    assert vendor.call_count == 1


# ---------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("kind", "changes", "sent"),
    [
        (ActionKind.ASSIGN, {"assignee": "77"}, {"responder_id": 77}),
        (ActionKind.ASSIGN, {"fields": {"group": "9"}}, {"responder_id": None, "group_id": 9}),
        (ActionKind.UNASSIGN, {}, {"responder_id": None}),
        (ActionKind.RESOLVE, {}, {"status": 4}),
        (
            ActionKind.UPDATE,
            {"fields": {"values": {"custom_fields": {"cf_x": True}}}},
            {"custom_fields": {"cf_x": True}},
        ),
    ],
)
def test_86_92_values_are_set_in_one_put(
    vendor: requests_mock.Mocker, kind: ActionKind, changes: dict[str, Any], sent: dict[str, Any]
) -> None:
    vendor.put(TICKET, json={})
    assert perform(action(kind, **changes)) == Receipt()
    assert bodies(vendor) == [sent]


def test_84_labels_are_added_to_the_tags_that_the_ticket_has_now(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKET, json=ticket(tags=["vip", "late"]))
    vendor.put(TICKET, json={})
    perform(action(ActionKind.ASSIGN, assignee="77", fields={"labels": ["opencx", "opencx_autopilot"]}))
    assert bodies(vendor) == [{"responder_id": 77, "tags": ["vip", "late", "opencx", "opencx_autopilot"]}]


def test_84_labels_that_are_there_are_not_sent_again(vendor: requests_mock.Mocker) -> None:
    vendor.put(TICKET, json={})
    perform(action(ActionKind.ASSIGN, assignee="77", fields={"labels": ("vip",)}))
    assert bodies(vendor) == [{"responder_id": 77}]
    assert vendor.call_count == 1


def test_84_labels_alone_that_are_there_by_now_need_no_call_that_changes_anything(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKET, json=ticket(tags=["opencx"]))
    assert perform(action(ActionKind.UPDATE, fields={"labels": ["opencx"]})) == Receipt()
    assert bodies(vendor) == []


def test_tags_that_the_account_refuses_do_not_keep_the_ticket_from_its_agent(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKET, json=ticket())
    vendor.put(TICKET, [refusal("tags", "too many"), {"json": {}}])
    receipt = perform(action(ActionKind.ASSIGN, assignee="77", fields={"labels": ["opencx"]}))
    assert "tags could not be set" in receipt.remark
    assert "too many" in receipt.remark
    assert bodies(vendor)[1] == {"responder_id": 77}


def test_86_a_refused_target_is_refused_for_the_next_rung_to_be_tried(vendor: requests_mock.Mocker) -> None:
    vendor.put(TICKET, **refusal("responder_id", "There is no agent matching the given responder_id"))
    with pytest.raises(Refused) as caught:
        perform(action(ActionKind.ASSIGN, assignee="8"))
    assert type(caught.value) is Refused
    assert caught.value.status == 400


def test_the_ais_own_agent_that_is_gone_is_told_as_that(vendor: requests_mock.Mocker) -> None:
    vendor.put(TICKET, **refusal("responder_id", "There is no agent matching the given responder_id"))
    with pytest.raises(AgentMissing):
        perform(action(ActionKind.ASSIGN, assignee=str(AGENT)))


def test_a_key_without_the_right_is_no_refusal_for_good(vendor: requests_mock.Mocker) -> None:
    vendor.put(TICKET, status_code=403, json={"code": "access_denied", "message": "no"})
    with pytest.raises(AuthFailed):
        perform(action(ActionKind.RESOLVE))


# ---------------------------------------------------------------------------------------------------- proofs


def proof(vendor: requests_mock.Mocker, todo: Action, *seen: dict[str, Any]) -> Receipt | None:
    vendor.get(CONVERSATIONS, json=list(seen))
    return FRESHDESK.find_effect(todo, connection(), http())


def ours(**changes: Any) -> dict[str, Any]:
    known = {"incoming": False, "user_id": AGENT, "body": html_of(TEXT), "body_text": "", "created_at": stamp(3)}
    return conversation(**known | changes)


def test_a_reply_is_proven_by_author_visibility_and_text(vendor: requests_mock.Mocker) -> None:
    found = proof(vendor, action(ActionKind.REPLY, text=TEXT), ours(id=4))
    assert found == Receipt("4", STARTED + timedelta(seconds=3))


@pytest.mark.parametrize(
    "seen",
    [
        ours(body=f"<div>{html_of(TEXT)}</div><div>--<br>Robin, Acme</div>"),
        ours(body="", body_text=plain_text(TEXT)),
        ours(body=None, structured_body={"body_contents": [{"type": "text", "data": {"content": plain_text(TEXT)}}]}),
        ours(created_at=stamp(-100)),
    ],
)
def test_a_reply_is_proven_in_whatever_form_it_is_shown(vendor: requests_mock.Mocker, seen: dict[str, Any]) -> None:
    assert proof(vendor, action(ActionKind.REPLY, text=TEXT), seen)


@pytest.mark.parametrize(
    "seen",
    [
        ours(user_id=78),
        ours(user_id=None),
        ours(incoming=True),
        ours(private=True),
        ours(body=html_of("Something else")),
        ours(created_at=stamp(-121)),
        ours(deleted=True),
        ours(id=None),
        ours(id=55),
    ],
)
def test_nothing_else_proves_a_reply(vendor: requests_mock.Mocker, seen: dict[str, Any]) -> None:
    todo = action(ActionKind.REPLY, text=TEXT, known_ids=frozenset({"55"}))
    assert proof(vendor, todo, seen) is None


def test_a_reply_whose_files_were_refused_is_proven_by_its_list_of_files(vendor: requests_mock.Mocker) -> None:
    shown = "<p>Here.</p><ul><li><a href='https://acme.example/bill.pdf'>bill.pdf</a></li></ul>"
    assert proof(vendor, action(ActionKind.REPLY, text="Here.", files=(FILE,)), ours(body=shown))


def test_a_note_is_proven_by_its_reference_alone(vendor: requests_mock.Mocker) -> None:
    todo = action(ActionKind.NOTE, text="Summary", reference="r-1")
    assert proof(vendor, todo, ours(private=True, body=note_html("changed by the vendor", "r-1")))
    assert proof(vendor, todo, ours(private=True, body=note_html("Summary", "r-2"))) is None


def test_the_earliest_of_two_is_the_one(vendor: requests_mock.Mocker) -> None:
    todo = action(ActionKind.REPLY, text=TEXT)
    found = proof(vendor, todo, ours(id=6, created_at=stamp(9)), ours(id=5, created_at=stamp(4)))
    assert found is not None
    assert found.vendor_id == "5"


@pytest.mark.parametrize(
    ("kind", "changes", "shown", "proven"),
    [
        (ActionKind.ASSIGN, {"assignee": "77"}, {"responder_id": 77}, True),
        (ActionKind.ASSIGN, {"assignee": "77"}, {"responder_id": 78}, False),
        (ActionKind.ASSIGN, {"fields": {"group": "9"}}, {"group_id": 9}, True),
        (ActionKind.ASSIGN, {"fields": {"group": "9"}}, {"group_id": 9, "responder_id": 78}, True),
        (ActionKind.ASSIGN, {"fields": {"group": "9"}}, {"group_id": 9, "responder_id": 77}, False),
        (ActionKind.ASSIGN, {"fields": {"group": "9"}}, {"group_id": 8}, False),
        (ActionKind.UNASSIGN, {}, {"responder_id": None}, True),
        (ActionKind.UNASSIGN, {}, {"responder_id": 78}, True),
        (ActionKind.UNASSIGN, {}, {"responder_id": 77}, False),
        (ActionKind.RESOLVE, {}, {"status": 4}, True),
        (ActionKind.RESOLVE, {}, {"status": 5}, True),
        (ActionKind.RESOLVE, {}, {"status": 3}, False),
        (ActionKind.UPDATE, {"fields": {"labels": ["vip"]}}, {}, True),
        (ActionKind.UPDATE, {"fields": {"labels": ["opencx"]}}, {}, False),
        (ActionKind.UPDATE, {"fields": {"values": {"priority": 4}}}, {"priority": 4}, True),
    ],
)
def test_a_value_is_proven_by_the_ticket(
    vendor: requests_mock.Mocker, kind: ActionKind, changes: dict[str, Any], shown: dict[str, Any], proven: bool
) -> None:
    vendor.get(TICKET, json=ticket(**shown))
    found = FRESHDESK.find_effect(action(kind, **changes), connection(), http())
    assert (found is not None) is proven
    assert vendor.call_count == 1
    assert vendor.last_request.url.startswith(BASE)


@pytest.mark.parametrize(
    ("wanted", "shown", "proven"),
    [(True, True, True), (True, None, False), (False, None, True), (False, False, True), (False, True, False)],
)
def test_87_a_marker_is_proven_by_the_ticket(
    vendor: requests_mock.Mocker, wanted: bool, shown: Any, proven: bool
) -> None:
    vendor.get(TICKET, json=ticket(custom_fields={"cf_opencx_handed_off": shown, "cf_other": "x"}))
    todo = action(ActionKind.UPDATE, fields={"values": {"custom_fields": {"cf_opencx_handed_off": wanted}}})
    assert (FRESHDESK.find_effect(todo, connection(), http()) is not None) is proven
