"""The webhooks of the simulated Freshdesk: their bodies as typed or ticked, their headers, retries and quota."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from core.testing.clock import FakeClock
from core.testing.receiver import Received, WebhookReceiver
from core.testing.waiting import Changes
from plugins.freshdesk.simulator_account import Account
from plugins.freshdesk.simulator_happenings import Happening, Performer
from plugins.freshdesk.simulator_rule_setup import install_rules
from plugins.freshdesk.simulator_rules import CREATION, Automations, Rule
from plugins.freshdesk.simulator_state import NOTE, RESOLVED, Quirks, Ticket
from plugins.freshdesk.simulator_webhooks import SIMPLE, Webhook, webhook_sender


class World:
    """An account whose webhooks really go out, on a clock that is turned by hand."""

    def __init__(self, receiver: WebhookReceiver) -> None:
        self.clock = FakeClock()
        self.receiver = receiver
        self.sender = webhook_sender(self.clock, Changes(), timeout=0.2)
        self.quirks = Quirks()
        self.account = Account(self.clock, threading.RLock(), self.emit, lambda: self.quirks)
        self.automations = Automations(self.account, self.clock, self.sender, self.account.change, lambda: self.quirks)
        self.agent = self.account.add_agent("hanna@example.com", "Hanna Human")
        self.contact = self.account.add_contact("Ada Byron", "ada@example.com", unique_external_id="ada-1")
        self.by_agent = Performer("agent", self.agent.id)
        self.by_customer = Performer("requester", self.contact.id)

    def emit(self, happening: Happening) -> None:
        self.automations.happened(happening)

    def open(self, subject: str = "Parcel", **more: Any) -> Ticket:
        description = "<div>Where is it?</div>"
        return self.account.open(
            self.by_customer, requester_id=self.contact.id, subject=subject, description=description, **more
        )

    def reply(self, ticket: Ticket, body: str) -> None:
        self.account.write(ticket, self.by_agent, body, self.agent.id)

    def typed(self, body: str, **more: Any) -> None:
        """Have new tickets told of with this typed body."""
        self.automations.add(Rule("typed", CREATION, [Webhook(self.receiver.url, body=body, **more)]))

    def came(self) -> list[Received]:
        assert self.sender.settled()
        return self.receiver.received


@pytest.fixture
def world() -> Iterator[World]:
    with WebhookReceiver() as receiver:
        built = World(receiver)
        built.sender.start()
        yield built
        built.sender.stop()


# ------------------------------------------------------------------------------------------ what is sent


def test_the_texts_that_operators_paste_arrive_with_everything_as_strings(world: World) -> None:
    """Behaviour 146."""
    install_rules(world, world.receiver.url)
    ticket = world.open()
    world.account.change(ticket, {"status": RESOLVED}, world.by_agent)
    created, updated = (one.json for one in world.came())
    expected = {"event": "ticket_created", "ticket_id": str(ticket.id), "triggered_event": "{ticket_action:created}"}
    assert created == expected
    assert updated["triggered_event"] == "{status:{from:2,to:4}}"


def test_simple_content_has_an_envelope_flat_keys_and_numbers_for_ids(world: World) -> None:
    install_rules(world, world.receiver.url, content="simple")
    ticket = world.open()
    assert world.came()[0].json == {
        "freshdesk_webhook": {
            "ticket_id": ticket.id,
            "ticket_subject": "Parcel",
            "ticket_status": "Open",
            "ticket_latest_public_comment": "",
            "ticket_contact_email": "ada@example.com",
            "triggered_event": "{ticket_action:created}",
        }
    }


def test_what_is_ticked_can_be_sent_as_a_form(world: World) -> None:
    install_rules(world, world.receiver.url, content="simple-form")
    ticket = world.open("Ümlaut & more")
    received = world.came()[0]
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    form = parse_qs(received.body.decode(), keep_blank_values=True)
    assert form["freshdesk_webhook[ticket_id]"] == [str(ticket.id)]
    assert form["freshdesk_webhook[ticket_subject]"] == ["Ümlaut & more"]


def test_what_is_typed_can_be_sent_as_a_form(world: World) -> None:
    install_rules(world, world.receiver.url, content="form")
    ticket = world.open()
    form = parse_qs(world.came()[0].body.decode())
    expected = {"event": ["ticket_created"], "ticket_id": [str(ticket.id)]}
    assert form == {**expected, "triggered_event": ["{ticket_action:created}"]}


def test_statuses_and_priorities_come_as_the_accounts_own_labels(world: World) -> None:
    world.account.statuses[6] = "Wartet auf Kunde"
    world.typed('{"s":"{{ticket.status}}","p":"{{ticket.priority}}","n":"{{ticket.status_id}}"}')
    world.open(status=6, priority=4)
    assert world.came()[0].json == {"s": "Wartet auf Kunde", "p": "Urgent", "n": "6"}


def test_placeholders_know_the_ticket_and_the_people_around_it(world: World) -> None:
    group = world.account.add_group("Billing")
    world.account.add_field("handed_off")
    names = [
        "ticket.requester.name",
        "ticket.contact.unique_external_id",
        "ticket.agent.email",
        "ticket.group.name",
        "ticket.tags",
        "ticket.cf_handed_off",
        "ticket.description_text",
        "helpdesk_name",
        "ticket.due_by_time",
        "ticket.url",
    ]
    world.typed(json.dumps([f"{{{{{name}}}}}" for name in names]))
    ticket = world.open(
        responder_id=world.agent.id, group_id=group.id, tags=["a", "b"], custom_fields={"cf_handed_off": True}
    )
    *values, url = world.came()[0].json
    assert values == [
        "Ada Byron",
        "ada-1",
        "hanna@example.com",
        "Billing",
        "a, b",
        "true",
        "Where is it?",
        "Simulated Helpdesk",
        "Thursday, March 5, 2026 at 09:00 AM",
    ]
    assert url.endswith(f"/a/tickets/{ticket.id}")


def test_a_placeholder_that_is_unknown_or_empty_gives_nothing(world: World) -> None:
    world.typed('{"a":"{{ticket.agent.id}}","b":"{{ticket.latest_public_comment_html}}","c":"{{ nonsense }}"}')
    world.open()
    assert world.came()[0].json == {"a": "", "b": "", "c": ""}


def test_an_unquoted_triggered_event_makes_invalid_json(world: World) -> None:
    """Seen live with an assignment."""
    install_rules(world, world.receiver.url)
    rule = world.automations.rules[1]
    rule.actions = [Webhook(world.receiver.url, body='{"ticket_id": {{ticket.id}}, "event": {{triggered_event}}}')]
    ticket = world.open(responder_id=world.agent.id)
    other = world.account.add_agent("otto@example.com", "Otto")
    world.account.change(ticket, {"responder_id": other.id}, world.by_agent)
    received = world.came()[1]
    change = f"{{responder_id:{{from:{world.agent.id},to:{other.id}}}}}"
    assert received.body.decode() == f'{{"ticket_id": {ticket.id}, "event": {change}}}'
    assert received.json is None


def test_quotes_and_line_ends_of_a_customer_are_escaped_or_not(world: World) -> None:
    world.typed('{"subject":"{{ticket.subject}}"}')
    world.open('Say "hello"\nagain')
    world.quirks.escape_quotes = False
    world.open('Say "hello"\nagain')
    escaped, raw = world.came()
    assert escaped.json == {"subject": 'Say "hello"\nagain'}
    assert raw.body.decode() == '{"subject":"Say "hello"\nagain"}'
    assert raw.json is None


def test_the_latest_public_comment_has_its_authors_name_and_what_it_answers(world: World) -> None:
    install_rules(world, world.receiver.url, content="simple")
    ticket = world.open()
    world.reply(ticket, "<div>On its way</div>")
    world.account.write(ticket, world.by_customer, "<div>Thanks</div>", world.contact.id, incoming=True)
    comments = [one.json["freshdesk_webhook"]["ticket_latest_public_comment"] for one in world.came()]
    assert comments[1] == "Hanna Human : <div>On its way</div>"
    assert comments[2].startswith("Ada Byron : <div>Thanks</div><div class=")
    assert "Hanna Human wrote:" in comments[2]
    world.quirks.webhook_comment_quotes_history = False
    world.account.write(ticket, world.by_customer, "<div>Bye</div>", world.contact.id, incoming=True)
    assert world.came()[-1].json["freshdesk_webhook"]["ticket_latest_public_comment"] == "Ada Byron : <div>Bye</div>"


def test_a_private_note_is_only_in_its_own_placeholder(world: World) -> None:
    install_rules(world, world.receiver.url)
    rule = world.automations.rules[1]
    body = '{"public":"{{ticket.latest_public_comment}}","private":"{{ticket.latest_private_comment}}"}'
    rule.actions = [Webhook(world.receiver.url, body=body)]
    ticket = world.open()
    world.account.write(ticket, world.by_agent, "Careful", world.agent.id, source=NOTE, private=True)
    assert world.came()[1].json == {"public": "", "private": "Hanna Human : Careful"}


def test_no_webhook_tells_who_did_it_or_which_conversation_it_was(world: World) -> None:
    install_rules(world, world.receiver.url, content="simple")
    ticket = world.open()
    world.reply(ticket, "<div>On its way</div>")
    told = world.came()[1].body.decode()
    assert str(ticket.entries[0].id) not in told
    assert str(world.agent.id) not in told


# ------------------------------------------------------------------------------------- how it is sent


def test_own_headers_and_a_password_go_with_it_and_no_signature(world: World) -> None:
    """Behaviour 145."""
    world.typed("{}", headers={"X-Webhook-Secret": "s3cret"}, basic_auth=("relay", "desk"))
    world.open()
    headers = world.came()[0].headers
    assert headers["x-webhook-secret"] == "s3cret"
    assert headers["authorization"] == "Basic cmVsYXk6ZGVzaw=="
    assert [name for name in headers if "signature" in name or "retry" in name or "delivery" in name] == []


def test_a_secret_header_can_be_set_up_with_the_rules(world: World) -> None:
    install_rules(world, world.receiver.url, secret_header=("X-Webhook-Secret", "s3cret"))
    world.open()
    assert world.came()[0].headers["x-webhook-secret"] == "s3cret"


def test_placeholders_work_in_the_address_too(world: World) -> None:
    url = f"{world.receiver.url}?id={{{{ticket.id}}}}&subject={{{{ticket.subject}}}}"
    world.automations.add(Rule("typed", CREATION, [Webhook(url, layout=SIMPLE, method="PUT")]))
    ticket = world.open("A & B")
    assert world.came()
    assert world.sender.deliveries[0].url.endswith(f"?id={ticket.id}&subject=A+%26+B")


def test_failures_are_retried_after_5_30_and_60_minutes_and_then_given_up(world: World) -> None:
    """Behaviour 74."""
    install_rules(world, world.receiver.url)
    world.receiver.answers = [500, 404, 301, 503]
    world.open()
    counts = []
    for minutes in (0, 4, 1, 29, 1, 59, 1, 24 * 60):
        world.clock.advance(minutes * 60)
        counts.append(len(world.came()))
    assert counts == [1, 1, 2, 2, 3, 3, 4, 4]
    assert len({one.body for one in world.receiver.received}) == 1
    assert world.sender.deliveries[0].state == "failed"


def test_a_receiver_that_is_too_slow_has_failed(world: World) -> None:
    install_rules(world, world.receiver.url)
    world.receiver.hang()
    world.open()
    assert world.sender.settled()
    assert [one.status for one in world.sender.deliveries[0].attempts] == [None]
    world.receiver.answer_again()
    world.clock.advance(300)
    assert len(world.came()) == 2


def test_a_retry_says_what_was_true_when_the_rule_fired(world: World) -> None:
    world.typed('{"status":"{{ticket.status}}"}')
    world.receiver.answers = [500]
    ticket = world.open()
    assert world.sender.settled()
    world.account.change(ticket, {"status": RESOLVED}, world.by_agent)
    world.clock.advance(300)
    assert [one.json["status"] for one in world.came()] == ["Open", "Open"]


def test_webhooks_beyond_the_hours_quota_come_in_the_next_hour(world: World) -> None:
    install_rules(world, world.receiver.url)
    world.sender.quota.per_hour = 1
    for _ in range(2):
        world.open()
    assert len(world.came()) == 1
    world.clock.advance(3600)
    assert len(world.came()) == 2


def test_webhooks_can_be_held_and_released_in_another_order(world: World) -> None:
    install_rules(world, world.receiver.url)
    world.sender.hold()
    ids = [str(world.open().id) for _ in range(8)]
    assert world.came() == []
    world.sender.release(shuffle=1)
    came = [one.json["ticket_id"] for one in world.came()]
    assert came != ids
    assert sorted(came) == ids
