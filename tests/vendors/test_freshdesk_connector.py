"""Freshdesk as a connector: handoffs, labels, verifying, guides and listings (behaviour 63-90)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import requests_mock

from core import ActionKind, ConfigError, Connector, Identity, Mode, Refused, RetryLater, Step, VerifyFailed
from plugins.freshdesk import register_connectors
from tests.vendors.freshdesk_account import BASE, FRESHDESK, connection, http, session, settings

MARK = Step(ActionKind.UPDATE, fields={"values": {"custom_fields": {"cf_opencx_handed_off": True}}})
NOTE = Step(ActionKind.NOTE)


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def test_the_plugin_registers_the_connector() -> None:
    [found] = register_connectors()
    assert isinstance(found, Connector)
    assert found.name == "freshdesk"


# ----------------------------------------------------------------------------------------------- the handoff


def test_85_a_handoff_is_the_note_then_nobody_then_the_marker() -> None:
    assert FRESHDESK.handoff_steps(connection()) == (NOTE, Step(ActionKind.UNASSIGN), MARK)


def test_86_the_handoff_agent_comes_before_the_group_and_that_before_nobody() -> None:
    steps = FRESHDESK.handoff_steps(connection(handoff_agent_id=8, handoff_group_id=9))
    assert steps == (
        NOTE,
        Step(ActionKind.ASSIGN, assignee="8"),
        Step(ActionKind.ASSIGN, fields={"group": "9"}, otherwise=True),
        Step(ActionKind.UNASSIGN, otherwise=True),
        MARK,
    )


def test_86_a_group_alone_is_asked_first() -> None:
    steps = FRESHDESK.handoff_steps(connection(handoff_group_id=9))
    assert steps[1:3] == (Step(ActionKind.ASSIGN, fields={"group": "9"}), Step(ActionKind.UNASSIGN, otherwise=True))


def test_88_an_account_without_the_field_is_not_asked_to_mark() -> None:
    assert FRESHDESK.handoff_steps(connection(marker="")) == (NOTE, Step(ActionKind.UNASSIGN))


def test_90_a_ticket_given_back_loses_its_marker() -> None:
    [step] = FRESHDESK.handback_steps(session(data={"marker": True}), connection())
    assert step == Step(ActionKind.UPDATE, fields={"values": {"custom_fields": {"cf_opencx_handed_off": False}}})
    assert FRESHDESK.handback_steps(session(data={"marker": False}), connection()) == ()
    assert FRESHDESK.handback_steps(session(data={"marker": True}), connection(marker="")) == ()


def test_a_closed_ticket_is_opened_by_its_status() -> None:
    assert FRESHDESK.reopen_steps(session(), connection()) == (
        Step(ActionKind.UPDATE, fields={"values": {"status": 2}}),
    )


@pytest.mark.parametrize(
    ("mode", "tags"),
    [
        (Mode.AUTOPILOT, ("ai", "ai_autopilot")),
        (Mode.ASSIST, ("ai", "ai_assist_mode")),
        (Mode.SHADOW, ()),
        (Mode.OFF, ()),
    ],
)
def test_84_tickets_the_ai_acted_in_are_tagged(mode: Mode, tags: tuple[str, ...]) -> None:
    assert FRESHDESK.labels(mode, settings(tag_prefix="ai")) == tags


def test_75_76_the_gate_knows_the_default_group_and_takes_assigned_tickets() -> None:
    assert FRESHDESK.intake_group(settings(default_group_id=5)) == "5"
    assert FRESHDESK.intake_group(settings()) == ""
    assert FRESHDESK.claims_assigned


def test_95_the_capabilities_and_the_size_of_files_are_told() -> None:
    assert FRESHDESK.capabilities == {"assign", "resolve", "private_note", "files", "changes", "backfill"}
    assert FRESHDESK.largest_files == 20 * 1024 * 1024


def test_files_are_fetched_from_the_vendors_hosts_alone() -> None:
    hosts = FRESHDESK.attachment_hosts(settings())
    assert {"freshdesk.com", "s3.amazonaws.com"} <= set(hosts)
    assert "amazonaws.com" not in hosts
    assert "127.0.0.1" in FRESHDESK.attachment_hosts(settings(api_url="http://127.0.0.1:9/api/v2"))


# ------------------------------------------------------------------------------------------------- verifying

ME = {"id": 77, "ticket_scope": 1, "contact": {"name": "Robin", "email": "robin@acme.example"}}
FIELDS: list[dict[str, Any]] = [
    {"id": 1, "name": "status", "type": "default_status", "choices": {"2": ["Open", "Being Processed"], "6": ["Held"]}},
    {"id": 2, "name": "cf_opencx_handed_off", "type": "custom_checkbox"},
]


def account(vendor: requests_mock.Mocker, **changes: Any) -> None:
    """An account in which all is well, but for `changes`: answers by path."""
    answers: dict[str, Any] = {
        "agents/me": {"json": ME},
        "admin/ticket_fields": {"json": FIELDS},
        "ticket_fields": {"json": FIELDS},
        "account": {"json": {"tier_type": "Growth"}},
        "agents/8": {"json": {"id": 8}},
        "groups/9": {"json": {"id": 9}},
        "groups/5": {"json": {"id": 5}},
    }
    for path, answer in (answers | {name.replace("__", "/"): one for name, one in changes.items()}).items():
        vendor.get(f"{BASE}/{path}", **answer)


def verified(**changes: Any) -> Identity:
    return FRESHDESK.verify(settings(**changes), http())


def test_66_verifying_tells_whose_key_it_is_and_what_the_account_has(vendor: requests_mock.Mocker) -> None:
    account(vendor)
    found = verified(handoff_agent_id=8, handoff_group_id=9, default_group_id=5)
    assert (found.agent_id, found.agent_name, found.agent_email) == ("77", "Robin", "robin@acme.example")
    assert found.account == "acme.freshdesk.com"
    assert found.details == {"marker": "cf_opencx_handed_off", "statuses": {"2": "Open", "6": "Held"}}
    assert found.warnings == ()
    json.dumps(dict(found.details))


def test_67_a_key_without_admin_privileges_is_told_as_that(vendor: requests_mock.Mocker) -> None:
    refusal = {"code": "access_denied", "message": "You are not authorized to perform this action."}
    account(vendor, admin__ticket_fields={"status_code": 403, "json": refusal})
    with pytest.raises(ConfigError, match="Robin, has no admin privileges") as caught:
        verified()
    assert caught.value.key == "api_key"
    assert not isinstance(caught.value, VerifyFailed)


def test_67_a_wrong_key_fails_in_the_words_users_know(vendor: requests_mock.Mocker) -> None:
    account(vendor, agents__me={"status_code": 401, "json": {"code": "invalid_credentials", "message": "no"}})
    with pytest.raises(VerifyFailed, match="Failed to verify credentials: api_key") as caught:
        verified()
    assert "canary" not in str(caught.value)


def test_an_agent_who_is_locked_out_is_no_matter_of_the_role(vendor: requests_mock.Mocker) -> None:
    account(vendor, agents__me={"status_code": 403, "json": {"code": "password_lockout", "message": "locked"}})
    with pytest.raises(VerifyFailed, match="active and not locked"):
        verified()


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 404, "text": "<html><title>There is no helpdesk here</title></html>"},
        {"status_code": 404, "content": b""},
        {"text": "<html>sign in</html>"},
        {"json": []},
        {"json": {}},
        {"status_code": 302, "headers": {"Location": "https://www.freshworks.com"}},
    ],
)
def test_67_a_wrong_domain_fails_in_the_words_users_know(vendor: requests_mock.Mocker, answer: dict[str, Any]) -> None:
    account(vendor, agents__me=answer)
    with pytest.raises(VerifyFailed, match="Failed to verify credentials: domain"):
        verified()


def test_an_account_that_does_not_answer_may_answer_later(vendor: requests_mock.Mocker) -> None:
    account(vendor, agents__me={"status_code": 429, "headers": {"Retry-After": "9"}})
    with pytest.raises(RetryLater, match=r"domain: acme\.freshdesk\.com gave no usable answer") as caught:
        verified()
    assert caught.value.after == 9


@pytest.mark.parametrize(
    ("key", "path"),
    [("handoff_agent_id", "agents/8"), ("handoff_group_id", "groups/8"), ("default_group_id", "groups/8")],
)
def test_105_an_agent_or_group_that_is_not_there_names_its_setting(
    vendor: requests_mock.Mocker, key: str, path: str
) -> None:
    account(vendor)
    vendor.get(f"{BASE}/{path}", status_code=404, content=b"")
    with pytest.raises(ConfigError, match="the account has no") as caught:
        verified(**{key: 8})
    assert caught.value.key == key


def test_the_ais_own_agent_is_nobody_to_hand_off_to(vendor: requests_mock.Mocker) -> None:
    account(vendor)
    with pytest.raises(ConfigError, match="the AI's own agent"):
        verified(handoff_agent_id=77)


# ------------------------------------------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([], "has no field cf_opencx_handed_off"),
        ([{"name": "cf_opencx_handed_off", "type": "custom_text"}], "is no checkbox"),
        ([{"name": "cf_opencx_handed_off_2", "type": "custom_text"}], "is no checkbox"),
    ],
)
def test_106_a_missing_marker_is_a_warning_that_says_how_to_make_it(
    vendor: requests_mock.Mocker, fields: list[Any], words: str
) -> None:
    account(vendor, ticket_fields={"json": fields})
    found = verified()
    [warning] = found.warnings
    assert words in warning
    assert "Admin > Ticket Fields" in warning
    assert '"opencx handed off"' in warning
    assert found.details["marker"] == ""


def test_an_old_accounts_field_bears_a_number_and_is_found(vendor: requests_mock.Mocker) -> None:
    account(vendor, ticket_fields={"json": [{"name": "cf_opencx_handed_off_12345", "type": "custom_checkbox"}]})
    found = verified()
    assert found.details["marker"] == "cf_opencx_handed_off_12345"
    assert found.warnings == ()


def test_whoever_wants_no_marker_is_not_warned(vendor: requests_mock.Mocker) -> None:
    account(vendor, ticket_fields={"json": []})
    assert verified(marker_field="").warnings == ()


def test_a_handoff_group_whose_tickets_are_the_ais_is_a_warning(vendor: requests_mock.Mocker) -> None:
    account(vendor)
    [warning] = verified(handoff_group_id=5, default_group_id=5).warnings
    assert "handoff_group_id" in warning


@pytest.mark.parametrize("tier", ["Free", "sprout"])
def test_63_a_plan_without_webhooks_is_a_warning(vendor: requests_mock.Mocker, tier: str) -> None:
    account(vendor, account={"json": {"tier_type": tier}})
    [warning] = verified().warnings
    assert "has no webhooks" in warning


@pytest.mark.parametrize("answer", [{"status_code": 403}, {"status_code": 404}, {"json": {}}, {"text": "<html>"}])
def test_an_account_that_does_not_tell_its_plan_is_verified_all_the_same(
    vendor: requests_mock.Mocker, answer: dict[str, Any]
) -> None:
    account(vendor, account=answer)
    assert verified().warnings == ()


def test_an_agent_who_sees_only_some_tickets_is_a_warning(vendor: requests_mock.Mocker) -> None:
    account(vendor, agents__me={"json": ME | {"ticket_scope": 2}})
    [warning] = verified().warnings
    assert "global access" in warning


# ---------------------------------------------------------------------------------------- guides and listings

URL = "https://relay.example/webhooks/freshdesk/tok"


def test_72_the_guide_shows_the_address_and_both_contents_to_paste() -> None:
    steps = FRESHDESK.setup_guide(connection(), URL)
    assert [(copy.label, copy.text, copy.secret) for copy in steps.copies] == [
        ("URL", URL, True),
        ("Content of Rule 1, Ticket Creation", '{"event":"ticket_created","ticket_id":"{{ticket.id}}"}', False),
        (
            "Content of Rule 2, Ticket Updates",
            '{"event":"ticket_updated","ticket_id":"{{ticket.id}}","triggered_event":"{{triggered_event}}"}',
            False,
        ),
    ]
    assert not any(URL in step.text for step in steps.steps), "the address stands apart, to be hidden or copied"
    guide = steps.text
    assert guide.count(URL) == 2
    assert '\n   {"event":"ticket_created","ticket_id":"{{ticket.id}}"}\n' in guide
    assert (
        '\n   {"event":"ticket_updated","ticket_id":"{{ticket.id}}","triggered_event":"{{triggered_event}}"}\n' in guide
    )
    for words in (
        "Administrator",
        "Profile settings",
        "Reply is sent",
        "Note is added",
        "Status",
        "cf_opencx_handed_off",
    ):
        assert words in guide
    assert [line[0] for line in guide.splitlines() if line[0].isdigit()] == list("123456")
    assert "nothing is lost" in guide.splitlines()[-1]


def test_145_the_guide_names_the_header_and_never_the_secret() -> None:
    assert "X-Webhook-Secret" not in FRESHDESK.setup_guide(connection(), URL).text
    guide = FRESHDESK.setup_guide(connection(webhook_secret="canary-secret"), URL).text
    assert guide.count("X-Webhook-Secret with the value of webhook_secret") == 2
    assert "canary" not in guide


def test_the_farewell_names_both_rules_and_the_key() -> None:
    guide = FRESHDESK.farewell_guide(connection()).text
    for words in ("Rule 1", "Rule 2", "API key", "cf_opencx_handed_off"):
        assert words in guide
    assert "ticket field" not in FRESHDESK.farewell_guide(connection(marker_field="")).text


def test_agents_are_listed_with_their_name_and_address(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/agents", json=[ME])
    [found] = FRESHDESK.listing("agents", {"email": "robin@acme.example"}, connection(), http())
    assert (found["name"], found["email"], found["id"]) == ("Robin", "robin@acme.example", 77)
    assert vendor.last_request.qs["email"] == ["robin@acme.example"]


@pytest.mark.parametrize(
    ("what", "path"), [("groups", "groups"), ("fields", "ticket_fields"), ("contacts", "contacts")]
)
def test_other_things_are_listed_as_they_are(vendor: requests_mock.Mocker, what: str, path: str) -> None:
    vendor.get(f"{BASE}/{path}", json=[{"id": 1}])
    assert list(FRESHDESK.listing(what, {}, connection(), http())) == [{"id": 1}]


def test_tickets_are_listed_page_by_page_and_not_without_end(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/tickets", json=[{"id": 1}], headers={"Link": '<https://x>; rel="next"'})
    assert len(list(islice(FRESHDESK.listing("tickets", {"email": "a@b.c"}, connection(), http()), 50))) == 10


def test_tickets_are_searched_in_the_vendors_language(vendor: requests_mock.Mocker) -> None:
    vendor.get(f"{BASE}/search/tickets", json={"total": 31, "results": [{"id": 1}]})
    assert len(list(FRESHDESK.listing("tickets", {"query": "status:2"}, connection(), http()))) == 2


def test_a_filter_that_freshdesk_does_not_have_is_told(vendor: requests_mock.Mocker) -> None:
    with pytest.raises(Refused, match="no filter status for tickets"):
        list(FRESHDESK.listing("tickets", {"status": "2"}, connection(), http()))
    with pytest.raises(Refused, match="and not moons"):
        FRESHDESK.listing("moons", {}, connection(), http())
