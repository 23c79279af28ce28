"""The simulated Freshchat as a person and another process use it: page, JSON addresses, the foreground command."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import requests

from core.testing.receiver import WebhookReceiver
from plugins.freshchat.simulator import FreshchatSimulator, build, simulate


@pytest.fixture
def sim() -> Iterator[FreshchatSimulator]:
    with build() as running:
        yield running


@pytest.fixture
def own(sim: FreshchatSimulator) -> Callable[..., Any]:
    def send(method: str, path: str, body: Any = None, expected: int = 200) -> Any:
        answer = requests.request(method, f"{sim.url}/_sim/{path}", json=body, timeout=5)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    return send


class Elements(HTMLParser):
    """The start tags of a page, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_no_outside_resource_and_its_script_finds_every_element(sim: FreshchatSimulator) -> None:
    answer = requests.get(f"{sim.url}/", timeout=5)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    tags = Elements(answer.text).tags
    loaded = [attrs.get("src") or attrs.get("href") for tag, attrs in tags if tag in ("script", "link", "img")]
    assert [address for address in loaded if address] == ["data:,"]
    ids = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert set(re.findall(r'\$\("([\w-]+)"\)', answer.text)) <= ids
    assert {"innerHTML", "outerHTML", "document.write"}.isdisjoint(re.findall(r"[\w.]+", answer.text))


def test_a_conversations_url_leads_to_the_page(sim: FreshchatSimulator) -> None:
    """Behaviour 11."""
    conversation = sim.customer_writes(sim.customer(), "hello")
    answer = requests.get(sim.shown(conversation)["url"], timeout=5)
    assert answer.status_code == 200
    assert "Freshchat simulator" in answer.text


def test_another_process_can_play_both_sides(sim: FreshchatSimulator, own: Callable[..., Any]) -> None:
    user = own("POST", "customers", {"name": "Ada Byron", "email": "ada@example.com"}, 201)
    conversation_id = own("POST", "messages", {"user_id": user["id"], "text": "hello"}, 201)["conversation_id"]
    hanna = own("POST", "agents", {"name": "Hanna Two", "email": "hanna2@example.com"}, 201)
    path = f"conversations/{conversation_id}"
    assert own("POST", f"{path}/assign", {"agent_id": hanna["id"]})["status"] == "assigned"
    note = {"agent_id": hanna["id"], "conversation_id": conversation_id, "text": "careful", "private": True}
    own("POST", "messages", note, 201)
    assert own("POST", f"{path}/resolve", {"by": hanna["id"]})["status"] == "resolved"
    assert own("POST", f"{path}/reopen", {})["status"] == "reopened"
    assert "assigned_agent_id" not in own("POST", f"{path}/assign", {"agent_id": None})
    assert own("POST", f"{path}/close", {"spelling": "conversation_closed"})["status"] == "resolved"
    shown = own("GET", "state")["conversations"][0]
    assert [(one["author"], one["text"], one["message_type"]) for one in shown["messages"]] == [
        ("Ada Byron", "hello", "normal"),
        ("Hanna Two", "careful", "private"),
    ]


def test_wrong_orders_are_refused_in_words(own: Callable[..., Any]) -> None:
    assert own("POST", "messages", {"text": " "}, 400) == {"error": "text must not be empty"}
    assert own("POST", "messages", {"text": "hello"}, 400) == {"error": "missing: user_id"}
    assert "no quirk nonsense" in own("POST", "settings", {"quirks": {"nonsense": 1}}, 400)["error"]
    assert "no endpoint 'nowhere'" in own("POST", "faults", {"endpoint": "nowhere", "kind": "500"}, 400)["error"]


def test_a_form_of_another_web_site_cannot_drive_it(sim: FreshchatSimulator) -> None:
    answer = requests.post(f"{sim.url}/_sim/customers", data='{"name": "Mallory"}', timeout=5)
    assert answer.status_code == 400
    assert sim.state()["users"] == []


def test_state_can_be_waited_for(sim: FreshchatSimulator, own: Callable[..., Any]) -> None:
    version = own("GET", "state")["version"]
    timer = threading.Timer(0.1, lambda: sim.customer_writes(sim.customer(), "hello"))
    timer.start()
    state = own("GET", f"state?after={version}")
    timer.join()
    assert state["version"] > version


def test_faults_late_effects_and_the_record_are_there_for_another_process(
    sim: FreshchatSimulator, own: Callable[..., Any]
) -> None:
    own("POST", "faults", {"endpoint": "create_user", "kind": "cut", "performed": "late", "times": 1}, 201)
    assert own("GET", "faults")["faults"][0]["kind"] == "cut"
    headers = {"Authorization": f"Bearer {own('GET', 'connection')['access_token']}"}
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{sim.api_url}/users", json={"first_name": "Ada"}, headers=headers, timeout=5)
    assert own("GET", "state")["users"] == []
    assert own("POST", "late", {}) == {"applied": 1}
    assert own("GET", "state")["users"][0]["first_name"] == "Ada"
    record = own("GET", "record")
    assert [(one["endpoint"], one["performed"]) for one in record["calls"]] == [
        ("create_user", False),
        ("create_user", True),
    ]
    assert (record["total"], record["refused"], record["most_per_minute"]) == (2, 0, 1)
    assert own("GET", "record?after=1")["calls"] == record["calls"][1:]
    own("POST", "faults", {"endpoint": "*", "kind": "500", "times": None}, 201)
    own("DELETE", "faults", expected=204)
    assert requests.get(f"{sim.api_url}/agents", headers=headers, timeout=5).status_code == 200


def test_settings_agents_and_the_token_can_be_changed_from_outside(
    sim: FreshchatSimulator, own: Callable[..., Any]
) -> None:
    robin = next(agent for agent in sim.agents if agent.email == "robin@example.com")
    own(
        "POST",
        "settings",
        {
            "webhook_url": "http://127.0.0.1:9/hook",
            "events": ["message_create"],
            "auto_assign": robin.id,
            "on_unassign_give_to": None,
            "requests_per_minute": 5,
            "quirks": {"read_lag": 2.5},
        },
    )
    assert (sim.webhook_url, sim.events) == ("http://127.0.0.1:9/hook", {"message_create"})
    assert (sim.account.auto_assign, sim.rate.per_minute, sim.quirks.read_lag) == (robin, 5, 2.5)
    own("PUT", f"agents/{robin.id}", {"is_deactivated": True})
    assert robin.is_deactivated is True
    assert own("POST", "token", {})["access_token"] == sim.token == own("GET", "connection")["access_token"]


def test_webhooks_can_be_driven_from_outside(sim: FreshchatSimulator, own: Callable[..., Any]) -> None:
    with WebhookReceiver() as receiver:
        own("POST", "webhooks", {"url": receiver.url, "copies": 2, "hold": True})
        sim.customer_writes(sim.customer(), "hello")
        held = own("GET", "record")["webhooks"]
        assert [one["state"] for one in held] == ["held", "held"]
        own("POST", "webhooks", {"release": True, "shuffle": 3, "again": held[0]["number"], "drop": 1})
        assert receiver.wait_for(lambda: len(receiver.received) == 3)
        sim.customer_writes(sim.customer(), "lost")
        assert sim.webhooks.settled()
        assert len(receiver.received) == 3
        assert receiver.url not in str(own("GET", "record"))


def test_the_simulators_own_addresses_are_neither_recorded_nor_limited(
    sim: FreshchatSimulator, own: Callable[..., Any]
) -> None:
    sim.rate.per_minute = 0
    sim.fault("*", "500", times=None)
    own("GET", "state")
    assert requests.get(f"{sim.url}/", timeout=5).status_code == 200
    assert len(sim.record) == 0


def test_in_the_foreground_it_tells_how_to_reach_it_and_ends_on_sigterm() -> None:
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("agents ("):
            api_url = next(line for line in lines if line.startswith("API address")).split()[-1]
            token = next(line for line in lines if line.startswith("access token")).split()[-1]
            headers = {"Authorization": f"Bearer {token}"}
            assert requests.get(f"{api_url}/agents", headers=headers, timeout=5).status_code == 200
            os.kill(os.getpid(), signal.SIGTERM)

    simulate(say=say, webhook_url="http://127.0.0.1:9/hook")
    told = "\n".join(lines)
    assert "BEGIN RSA PUBLIC KEY" in told
    assert "http://127.0.0.1:9/hook" in told
    assert "robin@example.com" in told
