"""The simulated account's page for a person, and the JSON addresses that do the same for another process.

Beside those of `core.testing.remote`:

| address | what it does |
|---|---|
| `GET /` | the page: the customer, the agent, and the webhooks |
| `GET /_sim/connection` | what Relaydesk must be told: `api_url`, `api_key` |
| `POST /_sim/key` | reset the API key; answers it |
| `POST /_sim/settings` | change the account: see below |
| `POST /_sim/customers` | a new contact: `email`, `name`, `phone`, all optional |
| `POST /_sim/agents` | a new agent: `email`, `name`, `admin` |
| `PUT /_sim/agents/<id>` | change any of `AGENT_KEYS` |
| `POST /_sim/fields`, `/_sim/statuses`, `/_sim/groups` | add one: `name` and `type`, `label`, `name` |
| `POST /_sim/tickets` | a customer's new ticket: `contact_id`, `subject`, `text`, `source` (one of `SOURCES`) |
| `POST /_sim/tickets/<id>/<deed>` | one of `DEEDS`: see below |
| `PUT /_sim/rules/<id>` | switch an automation rule on or off: `active` |

Settings are any of `webhook_url`, `webhook_content` (one of `CONTENTS`), `webhook_performer`, `webhooks_per_hour`,
`execute_all`, `requests_per_minute`, and `quirks`, an object of `Quirks`. Deeds: `write` (as the customer: `text`),
`reply` and `note` (`agent_id`, `text`; a note may be `private` or not, by default it is), `assign` (to `agent_id`,
and `group_id` if it is given, or null for nobody), `set` (`values`, by field), `resolve`, `close`, `delete`, `spam`
and `restore`. What an agent does may say by which agent: `by`, an id.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from core.testing.remote import json_body, remote
from plugins.freshdesk.simulator_rule_setup import CONTENTS
from plugins.freshdesk.simulator_state import CHAT, EMAIL, PORTAL, WEB_CHAT, Agent, Quirks, Ticket

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

PAGE = Path(__file__).with_name("simulator_page.html")
POLICY = "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:"
AGENT_KEYS = ("active", "email", "name", "group_ids", "role_ids", "ticket_scope")
SOURCES = {"email": EMAIL, "portal": PORTAL, "chat": CHAT, "web_chat": WEB_CHAT}
SETTABLE = ("subject", "status", "priority", "type", "tags")
DEEDS = ("write", "reply", "note", "assign", "set", "resolve", "close", "delete", "spam", "restore")


def build_remote(sim: FreshdeskSimulator) -> Blueprint:
    """The blueprint with the addresses above."""
    own = remote(sim, sim.webhooks, lambda url: setattr(sim, "webhook_url", url))

    @own.get("/")
    @own.get("/a/tickets/<int:ticket_id>")
    @own.get("/support/tickets/<int:ticket_id>")
    def page(ticket_id: int = 0) -> ResponseReturnValue:
        # A ticket's own address leads here, as the vendor's leads into its pages; the page's script reads it.
        return Response(
            PAGE.read_text(encoding="utf-8"), mimetype="text/html", headers={"Content-Security-Policy": POLICY}
        )

    @own.get("/_sim/connection")
    def connection() -> ResponseReturnValue:
        return jsonify(api_url=sim.api_url, api_key=sim.api_key)

    @own.post("/_sim/key")
    def key() -> ResponseReturnValue:
        return jsonify(api_key=sim.rotate_key())

    @own.post("/_sim/settings")
    def settings() -> ResponseReturnValue:
        _change_settings(sim, json_body())
        return jsonify(sim.state())

    @own.put("/_sim/rules/<int:rule_id>")
    def rule(rule_id: int) -> ResponseReturnValue:
        found = {one.id: one for one in sim.automations.rules}[rule_id]
        found.active = bool(json_body()["active"])
        sim.changes.note()
        return jsonify(id=found.id, active=found.active)

    _add_people(own, sim)
    _add_lists(own, sim)
    _add_tickets(own, sim)
    return own


def _change_settings(sim: FreshdeskSimulator, given: dict[str, Any]) -> None:
    known = {one.name for one in dataclasses.fields(Quirks)}
    quirks = given.get("quirks", {})
    if not set(quirks) <= known:
        raise ValueError(
            f"there is no quirk {', '.join(set(quirks) - known)}; the quirks are: {', '.join(sorted(known))}"
        )
    if given.get("webhook_content", "advanced") not in CONTENTS:
        raise ValueError(f"there is no content {given['webhook_content']!r}; there are {', '.join(CONTENTS)}")
    with sim.lock:
        for key, value in quirks.items():
            setattr(sim.quirks, key, value)
        sim.webhook_content = given.get("webhook_content", sim.webhook_content)
        sim.webhook_performer = given.get("webhook_performer", sim.webhook_performer)
        if {"webhook_url", "webhook_content", "webhook_performer"} & set(given):
            sim.webhook_url = given.get("webhook_url", sim.webhook_url) or None
        if "webhooks_per_hour" in given:
            sim.webhooks.quota.per_hour = given["webhooks_per_hour"]
        if "execute_all" in given:
            sim.automations.execute_all = bool(given["execute_all"])
        if "requests_per_minute" in given:
            sim.rate.per_minute = given["requests_per_minute"]
    sim.changes.note()


def _agent(sim: FreshdeskSimulator, agent_id: int | None) -> Agent | None:
    return sim.account.agents[agent_id] if agent_id else None


def _add_people(own: Blueprint, sim: FreshdeskSimulator) -> None:
    @own.post("/_sim/customers")
    def customers() -> ResponseReturnValue:
        given = json_body()
        contact = sim.customer(given.get("email") or None, given.get("name") or "", given.get("phone") or "")
        sim.changes.note()
        return jsonify(sim.shapes.contact(contact)), 201

    @own.post("/_sim/agents")
    def agents() -> ResponseReturnValue:
        given = json_body()
        agent = sim.add_agent(given["email"], given.get("name", ""), admin=bool(given.get("admin")))
        sim.changes.note()
        return jsonify(sim.shapes.agent(agent)), 201

    @own.put("/_sim/agents/<int:agent_id>")
    def agent(agent_id: int) -> ResponseReturnValue:
        given, changed = json_body(), sim.account.agents[agent_id]
        for key in AGENT_KEYS:
            if key in given:
                setattr(changed, key, given[key])
        sim.changes.note()
        return jsonify(sim.shapes.agent(changed))


def _add_lists(own: Blueprint, sim: FreshdeskSimulator) -> None:
    @own.post("/_sim/fields")
    def fields() -> ResponseReturnValue:
        given = json_body()
        added = sim.add_field(given["name"], given.get("type", "custom_checkbox"), given.get("choices"))
        sim.changes.note()
        return jsonify(name=added.name), 201

    @own.post("/_sim/statuses")
    def statuses() -> ResponseReturnValue:
        number = sim.add_status(json_body()["label"])
        sim.changes.note()
        return jsonify(status=number), 201

    @own.post("/_sim/groups")
    def groups() -> ResponseReturnValue:
        group = sim.add_group(json_body()["name"])
        sim.changes.note()
        return jsonify(id=group.id, name=group.name), 201


def _add_tickets(own: Blueprint, sim: FreshdeskSimulator) -> None:
    @own.post("/_sim/tickets")
    def tickets() -> ResponseReturnValue:
        given = json_body()
        source = given.get("source", "email")
        if source not in SOURCES:
            raise ValueError(f"there is no source {source!r}; the sources are: {', '.join(SOURCES)}")
        contact = sim.account.contacts[given["contact_id"]]
        ticket = sim.customer_opens(contact, _text(given, "subject"), _text(given), SOURCES[source])
        return jsonify(sim.shapes.ticket(ticket)), 201

    @own.post("/_sim/tickets/<int:ticket_id>/<deed>")
    def change(ticket_id: int, deed: str) -> ResponseReturnValue:
        if deed not in DEEDS:
            raise ValueError(f"with a ticket one can {', '.join(DEEDS)}")
        ticket = sim.ticket(ticket_id)
        if deed in ("write", "reply", "note"):
            _speak(sim, ticket, deed, json_body())
        else:
            _change(sim, ticket, deed, json_body())
        return jsonify(sim.shapes.ticket(ticket))


def _speak(sim: FreshdeskSimulator, ticket: Ticket, deed: str, given: dict[str, Any]) -> None:
    if deed == "write":
        sim.customer_writes(ticket, _text(given))
        return
    agent = sim.account.agents[given["agent_id"]]
    if deed == "reply":
        sim.agent_replies(ticket, agent, _text(given))
    else:
        sim.agent_notes(ticket, agent, _text(given), bool(given.get("private", True)))


def _change(sim: FreshdeskSimulator, ticket: Ticket, deed: str, given: dict[str, Any]) -> None:
    by = _agent(sim, given.get("by")) or sim.assignee(ticket) or sim.owner
    if deed == "set":
        unknown = [key for key in given["values"] if key not in SETTABLE and not key.startswith("cf_")]
        if unknown:
            raise ValueError(f"cannot set {', '.join(unknown)}; can be set: {', '.join(SETTABLE)}, and cf_ fields")
        sim.agent_sets(ticket, by, **given["values"])
    elif deed == "assign":
        values = {
            key: given[name] for name, key in (("agent_id", "responder_id"), ("group_id", "group_id")) if name in given
        }
        _agent(sim, values.get("responder_id"))
        sim.agent_sets(ticket, by, **values)
    else:
        deeds = {
            "resolve": sim.agent_resolves,
            "close": sim.agent_closes,
            "delete": sim.agent_deletes,
            "spam": sim.marks_spam,
            "restore": sim.restores,
        }
        deeds[deed](ticket, by)


def _text(given: dict[str, Any], key: str = "text") -> str:
    text = str(given[key])
    if not text.strip():
        raise ValueError(f"{key} must not be empty")
    return text
