"""The simulated Freshdesk as a person and another process use it: page, JSON addresses, rules by API, the command."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from core.testing.receiver import WebhookReceiver
from plugins.freshdesk import simulator
from plugins.freshdesk.simulator import MARKER, FreshdeskSimulator, build, simulate
from plugins.freshdesk.simulator_rules import CREATION, UPDATES

FIXTURES = Path(simulator.__file__).with_name("fixtures")
Own = Callable[..., Any]


@pytest.fixture
def sim() -> Iterator[FreshdeskSimulator]:
    with build(clock=FakeClock()) as running:
        yield running


@pytest.fixture
def own(sim: FreshdeskSimulator) -> Own:
    def send(method: str, path: str, body: Any = None, expected: int = 200) -> Any:
        answer = requests.request(method, f"{sim.url}/_sim/{path}", json=body, timeout=5)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    return send


@pytest.fixture
def api(sim: FreshdeskSimulator) -> Own:
    def send(method: str, path: str, body: Any = None, expected: int = 200, key: str | None = None) -> Any:
        auth = (key or sim.api_key or "", "X")
        answer = requests.request(method, f"{sim.api_url}{path}", json=body, auth=auth, timeout=5)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    return send


class Elements(HTMLParser):
    """The start tags of a page, in order, each with the tags around it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.labelled: list[bool] = []
        self._labels = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._labels += tag == "label"
        self.tags.append((tag, dict(attrs)))
        if tag in ("input", "select", "textarea"):
            self.labelled.append(self._labels > 0)

    def handle_endtag(self, tag: str) -> None:
        self._labels -= tag == "label"


# -------------------------------------------------------------------------------------------------- the page


def test_the_page_needs_no_outside_resource_and_its_script_finds_every_element(sim: FreshdeskSimulator) -> None:
    answer = requests.get(f"{sim.url}/", timeout=5)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    tags = Elements(answer.text).tags
    loaded = [attrs.get("src") or attrs.get("href") for tag, attrs in tags if tag in ("script", "link", "img")]
    assert [address for address in loaded if address] == ["data:,"]
    ids = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert set(re.findall(r'\$\("([\w-]+)"\)', answer.text)) <= ids
    assert {"innerHTML", "outerHTML", "document.write"}.isdisjoint(re.findall(r"[\w.]+", answer.text))


def test_every_field_of_the_page_has_a_label(sim: FreshdeskSimulator) -> None:
    elements = Elements(requests.get(f"{sim.url}/", timeout=5).text)
    assert len(elements.labelled) >= 14
    assert all(elements.labelled)


def test_a_tickets_url_leads_to_the_page(sim: FreshdeskSimulator) -> None:
    ticket = sim.customer_opens(sim.customer(), "Parcel", "hello")
    for path in (f"/a/tickets/{ticket.id}", f"/support/tickets/{ticket.id}"):
        answer = requests.get(f"{sim.url}{path}", timeout=5)
        assert "Freshdesk simulator" in answer.text


# -------------------------------------------------------------------------------------------- JSON addresses


def test_another_process_can_play_both_sides(sim: FreshdeskSimulator, own: Own) -> None:
    ada = own("POST", "customers", {"name": "Ada Byron", "email": "ada@example.com"}, 201)
    opened = {"contact_id": ada["id"], "subject": "Parcel", "text": "hello", "source": "portal"}
    ticket_id = own("POST", "tickets", opened, 201)["id"]
    otto = own("POST", "agents", {"name": "Otto Two", "email": "otto@example.com"}, 201)
    group = own("POST", "groups", {"name": "Billing"}, 201)
    path = f"tickets/{ticket_id}"
    assigned = own("POST", f"{path}/assign", {"agent_id": otto["id"], "group_id": group["id"]})
    assert (assigned["responder_id"], assigned["group_id"]) == (otto["id"], group["id"])
    own("POST", f"{path}/reply", {"agent_id": otto["id"], "text": "On its way"})
    own("POST", f"{path}/note", {"agent_id": otto["id"], "text": "careful"})
    assert own("POST", f"{path}/resolve", {})["status"] == 4
    assert own("POST", f"{path}/write", {"text": "one more thing"})["status"] == 2
    assert own("POST", f"{path}/close", {"by": otto["id"]})["status"] == 5
    assert own("POST", f"{path}/assign", {"agent_id": None})["responder_id"] is None
    shown = own("GET", "state")["tickets"][0]
    assert [(one["author"], one["body"], one["private"]) for one in shown["entries"]] == [
        ("Ada Byron", "<div>hello</div>", False),
        ("Otto Two", "<div>On its way</div>", False),
        ("Otto Two", "<div>careful</div>", True),
        ("Ada Byron", "<div>one more thing</div>", False),
    ]


def test_another_process_can_set_fields_and_throw_tickets_away(sim: FreshdeskSimulator, own: Own) -> None:
    name = own("POST", "fields", {"name": "handed_off"}, 201)["name"]
    number = own("POST", "statuses", {"label": "Waiting"}, 201)["status"]
    ticket = sim.customer_opens(sim.customer(), "Parcel", "hello")
    changed = own("POST", f"tickets/{ticket.id}/set", {"values": {"status": number, name: True, "tags": ["vip"]}})
    assert (changed["status"], changed["tags"]) == (number, ["vip"])
    assert changed["custom_fields"] == {name: True, MARKER: None}
    own("POST", f"tickets/{ticket.id}/delete", {})
    assert ticket.deleted
    own("POST", f"tickets/{ticket.id}/restore", {})
    own("POST", f"tickets/{ticket.id}/spam", {})
    assert (ticket.deleted, ticket.spam) == (False, True)


def test_wrong_orders_are_refused_in_words(sim: FreshdeskSimulator, own: Own) -> None:
    ticket = sim.customer_opens(sim.customer(), "Parcel", "hello")
    path = f"tickets/{ticket.id}"
    assert own("POST", f"{path}/write", {"text": " "}, 400) == {"error": "text must not be empty"}
    assert own("POST", f"{path}/reply", {"text": "hello"}, 400) == {"error": "missing: agent_id"}
    assert "with a ticket one can write" in own("POST", f"{path}/juggle", {}, 400)["error"]
    assert "cannot set colour" in own("POST", f"{path}/set", {"values": {"colour": "red"}}, 400)["error"]
    assert "no quirk nonsense" in own("POST", "settings", {"quirks": {"nonsense": 1}}, 400)["error"]
    assert "no content 'xml'" in own("POST", "settings", {"webhook_content": "xml"}, 400)["error"]
    opened = {"contact_id": ticket.requester_id, "subject": "x", "text": "y", "source": "pigeon"}
    assert "no source 'pigeon'" in own("POST", "tickets", opened, 400)["error"]


def test_a_form_of_another_web_site_cannot_drive_it(sim: FreshdeskSimulator) -> None:
    answer = requests.post(f"{sim.url}/_sim/customers", data='{"name": "Mallory"}', timeout=5)
    assert answer.status_code == 400
    assert sim.state()["contacts"] == []


def test_settings_agents_and_the_key_can_be_changed_from_outside(sim: FreshdeskSimulator, own: Own) -> None:
    settings = {"webhook_url": "http://127.0.0.1:9/hook", "webhook_content": "simple", "execute_all": True}
    limits = {"requests_per_minute": 5, "webhooks_per_hour": 7, "quirks": {"webhook_action": False}}
    own("POST", "settings", {**settings, **limits})
    assert (sim.webhook_url, sim.webhook_content) == ("http://127.0.0.1:9/hook", "simple")
    assert (sim.rate.per_minute, sim.webhooks.quota.per_hour, sim.automations.execute_all) == (5, 7, True)
    assert sim.quirks.webhook_action is False
    own("PUT", f"agents/{sim.agents[-1].id}", {"active": False})
    assert sim.agents[-1].active is False
    assert own("POST", "key", {})["api_key"] == sim.api_key == own("GET", "connection")["api_key"]


def test_rules_and_webhooks_can_be_driven_from_outside(sim: FreshdeskSimulator, own: Own) -> None:
    contact = sim.customer()
    with WebhookReceiver() as receiver:
        own("POST", "webhooks", {"url": receiver.url, "hold": True, "copy_share": 1})
        sim.customer_opens(contact, "Parcel", "hello")
        shown = own("GET", "state")["webhooks"]
        assert [one["state"] for one in shown] == ["held", "held"]
        own("POST", "webhooks", {"release": True, "copy_share": 0, "drop_share": 1})
        assert receiver.wait_for(lambda: len(receiver.received) == 2)
        sim.customer_opens(contact, "Lost", "hello")
        assert sim.webhooks.deliveries[-1].state == "dropped"
        own("POST", "webhooks", {"drop_share": 0})
        own("PUT", f"rules/{sim.automations.of(CREATION)[0].id}", {"active": False})
        sim.customer_opens(contact, "Silent", "hello")
        assert len(sim.webhooks.deliveries) == 3


def test_the_simulators_own_addresses_are_neither_recorded_nor_limited(sim: FreshdeskSimulator, own: Own) -> None:
    sim.rate.per_minute = 0
    sim.fault("*", "500", times=None)
    own("GET", "state")
    assert requests.get(f"{sim.url}/", timeout=5).status_code == 200
    assert len(sim.record) == 0


# ------------------------------------------------------------------------------------- rules of the account


def test_changes_by_api_come_back_as_webhooks(sim: FreshdeskSimulator, api: Own) -> None:
    """Vendor fact: self-echo."""
    with WebhookReceiver() as receiver:
        sim.webhook_url = receiver.url
        new = {"email": "ada@example.com", "subject": "Parcel", "description": "hello", "status": 2, "priority": 1}
        ticket_id = api("POST", "/tickets", new, 201)["id"]
        api("PUT", f"/tickets/{ticket_id}", {"status": 4})
        api("POST", f"/tickets/{ticket_id}/reply", {"body": "On its way"}, 201)
        api("POST", f"/tickets/{ticket_id}/notes", {"body": "careful"}, 201)
        assert sim.webhooks.settled()
        assert [one.json["triggered_event"] for one in receiver.received] == [
            "{ticket_action:created}",
            "{status:{from:2,to:4}}",
            "{reply_sent:sent}",
            "{note_type:private}",
        ]


def test_setting_the_address_makes_both_rules_anew_and_none_removes_them(sim: FreshdeskSimulator) -> None:
    sim.webhook_url = "http://127.0.0.1:9/one"
    sim.webhook_url = "http://127.0.0.1:9/two"
    assert (sim.webhook_url, len(sim.automations.rules)) == ("http://127.0.0.1:9/two", 2)
    sim.webhook_url = None
    assert (sim.webhook_url, sim.automations.rules) == (None, [])


def test_rules_can_be_read_by_api_in_the_vendors_shape(sim: FreshdeskSimulator, api: Own) -> None:
    sim.webhook_header = ("X-Secret", "s")
    sim.webhook_url = "http://127.0.0.1:9/hook"
    (rule,) = api("GET", f"/automations/{UPDATES}/rules")["rules"]
    assert (rule["position"], rule["active"], rule["performer"]) == (1, True, {"type": 3})
    assert rule["events"][0] == {"field_name": "reply_sent"}
    assert {"field_name": "status", "from": "--", "to": "--"} in rule["events"]
    (action,) = rule["actions"]
    assert (action["field_name"], action["request_type"], action["content_layout"]) == ("trigger_webhook", "POST", "2")
    assert action["content"]["ticket_id"] == "{{ticket.id}}"
    assert action["custom_headers"] == {"X-Secret": "s"}
    assert api("GET", "/automations/3/rules") == {"rules": []}
    api("GET", "/automations/9/rules", expected=404)


def test_a_rule_made_by_api_fires(sim: FreshdeskSimulator, api: Own) -> None:
    with WebhookReceiver() as receiver:
        action = {
            "field_name": "trigger_webhook",
            "request_type": "POST",
            "url": receiver.url,
            "content_type": "JSON",
            "content_layout": "2",
            "content": {"ticket_id": "{{ticket.id}}"},
        }
        urgent = {"resource_type": "ticket", "field_name": "priority", "operator": "in", "value": [4]}
        conditions = [{"name": "condition_set_1", "match_type": "all", "properties": [urgent]}]
        rule = {"name": "Urgent", "conditions": conditions, "actions": [action, {"field_name": "status", "value": 3}]}
        api("POST", f"/automations/{CREATION}/rules", rule, 201)
        sim.customer_opens(sim.customer("ada@example.com"), "Parcel", "hello")
        ticket = sim.customer_opens(sim.customer("bob@example.com"), "Parcel", "hello", priority=4)
        assert sim.webhooks.settled()
        assert [one.json for one in receiver.received] == [{"ticket_id": str(ticket.id)}]
        assert ticket.status == 3


def test_rules_can_be_changed_and_deleted_by_api(sim: FreshdeskSimulator, api: Own) -> None:
    sim.webhook_url = "http://127.0.0.1:9/hook"
    rule = sim.automations.of(UPDATES)[0]
    path = f"/automations/{UPDATES}/rules/{rule.id}"
    assert api("PUT", path, {"active": False})["active"] is False
    assert api("GET", path)["name"] == rule.name
    api("DELETE", path, expected=204)
    api("GET", path, expected=404)


def test_rules_are_for_administrators(sim: FreshdeskSimulator, api: Own) -> None:
    human = next(agent for agent in sim.agents if not agent.is_admin)
    refused = api("GET", f"/automations/{CREATION}/rules", expected=403, key=sim.key_for(human))
    assert refused["code"] == "access_denied"


def test_rules_that_cannot_be_are_refused_by_api(api: Own) -> None:
    path = f"/automations/{UPDATES}/rules"
    bare = {"name": "Bare", "actions": [], "performer": {"type": 1}}
    assert "needs an event" in api("POST", path, bare, 400)["errors"][0]["message"]
    assert api("POST", path, {"name": "x"}, 400)["errors"][0]["code"] == "missing_field"
    unknown = {**bare, "colour": "red"}
    assert api("POST", path, unknown, 400)["errors"][0] | {"message": ""} == {
        "field": "colour",
        "message": "",
        "code": "invalid_field",
    }


# ------------------------------------------------------------------------------------ the command, the fixtures


def test_in_the_foreground_it_tells_how_to_reach_it_and_ends_on_sigterm() -> None:
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("limit:"):
            api_url = next(line for line in lines if line.startswith("API address")).split()[-1]
            assert requests.get(f"{api_url}/agents/me", auth=("the-key", "X"), timeout=5).status_code == 200
            os.kill(os.getpid(), signal.SIGTERM)

    simulate(say=say, token="the-key", webhook_url="http://127.0.0.1:9/hook")
    told = "\n".join(lines)
    assert "http://127.0.0.1:9/hook" in told
    assert "robin@example.com" in told


def test_every_fixture_says_what_it_rests_on() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \|", (FIXTURES / "SOURCES.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(path.name for path in FIXTURES.iterdir() if path.suffix != ".md")
