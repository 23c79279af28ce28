"""The simulated account's page for a person, and the JSON addresses that do the same for another process.

Beside those of `core.testing.remote`:

| address | what it does |
|---|---|
| `GET /` | the page: the customer on one side, the agent on the other |
| `GET /_sim/connection` | what Relaydesk must be told: `api_url`, `access_token`, `public_key` (`?spelling=`) |
| `POST /_sim/token` | delete the live token and make another; answers it |
| `POST /_sim/settings` | change the account: see below |
| `POST /_sim/customers` | a new customer: `email`, `name`, both optional |
| `POST /_sim/agents` | a new agent: `email`, `name` |
| `PUT /_sim/agents/<id>` | change any of `AGENT_KEYS` |
| `POST /_sim/messages` | `text` as a customer or an agent: see below |
| `POST /_sim/conversations/<id>/assign` | to `agent_id`, or null for nobody |
| `POST /_sim/conversations/<id>/resolve` or `reopen` | what they say |
| `POST /_sim/conversations/<id>/close` | close under the event name `spelling` |

Settings are any of `webhook_url`, `events` (those that are on), `auto_assign` and `on_unassign_give_to` (an agent's
id or null), `requests_per_minute`, and `quirks`, an object of `Quirks`. A customer's message has `user_id`, and
may have `conversation_id`, `new` or `channel` ("email"); an agent's has `agent_id`, `conversation_id`, and may be
`private`. What is done to a conversation may say by which agent: `by`, an id.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from core.testing.remote import json_body, remote
from plugins.freshchat.simulator_state import Agent, Quirks

if TYPE_CHECKING:
    from plugins.freshchat.simulator import FreshchatSimulator

PAGE = Path(__file__).with_name("simulator_page.html")
POLICY = "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:"
AGENT_KEYS = ("is_deactivated", "is_deleted", "email", "first_name", "last_name", "availability_status")


def build_remote(sim: FreshchatSimulator) -> Blueprint:
    """The blueprint with the addresses above."""
    own = remote(sim, sim.webhooks)

    @own.get("/")
    @own.get("/crm/messaging/a/<account_id>/inbox/open/0/conversation/<int:internal_id>")
    def page(account_id: str = "", internal_id: int = 0) -> ResponseReturnValue:
        # A conversation's url leads here, as the vendor's leads into its inbox; the page's script reads the address.
        return Response(
            PAGE.read_text(encoding="utf-8"), mimetype="text/html", headers={"Content-Security-Policy": POLICY}
        )

    @own.get("/_sim/connection")
    def connection() -> ResponseReturnValue:
        spelling = request.args.get("spelling", "one-line")
        return jsonify(api_url=sim.api_url, access_token=sim.token, public_key=sim.public_key_text(spelling))

    @own.post("/_sim/token")
    def token() -> ResponseReturnValue:
        return jsonify(access_token=sim.rotate_token())

    @own.post("/_sim/settings")
    def settings() -> ResponseReturnValue:
        _change_settings(sim, json_body())
        return jsonify(sim.state())

    _add_people(own, sim)
    _add_conversations(own, sim)
    return own


def _change_settings(sim: FreshchatSimulator, given: dict[str, Any]) -> None:
    known = {one.name for one in dataclasses.fields(Quirks)}
    quirks = given.get("quirks", {})
    if not set(quirks) <= known:
        raise ValueError(
            f"there is no quirk {', '.join(set(quirks) - known)}; the quirks are: {', '.join(sorted(known))}"
        )
    with sim.lock:
        for key, value in quirks.items():
            setattr(sim.quirks, key, value)
        if "webhook_url" in given:
            sim.webhook_url = given["webhook_url"] or None
        if "events" in given:
            sim.events = set(given["events"])
        if "requests_per_minute" in given:
            sim.rate.per_minute = given["requests_per_minute"]
        if "auto_assign" in given:
            sim.auto_assign(_agent(sim, given["auto_assign"]))
        if "on_unassign_give_to" in given:
            sim.on_unassign_give_to(_agent(sim, given["on_unassign_give_to"]))
    sim.changes.note()


def _agent(sim: FreshchatSimulator, agent_id: str | None) -> Agent | None:
    return sim.account.agents[agent_id] if agent_id else None


def _add_people(own: Blueprint, sim: FreshchatSimulator) -> None:
    @own.post("/_sim/customers")
    def customers() -> ResponseReturnValue:
        given = json_body()
        user = sim.customer(given.get("email") or None, given.get("name") or None)
        sim.changes.note()
        return jsonify(user.shown()), 201

    @own.post("/_sim/agents")
    def agents() -> ResponseReturnValue:
        given = json_body()
        agent = sim.add_agent(given["email"], given.get("name", ""))
        sim.changes.note()
        return jsonify(agent.shown()), 201

    @own.put("/_sim/agents/<agent_id>")
    def agent(agent_id: str) -> ResponseReturnValue:
        given, changed = json_body(), sim.account.agents[agent_id]
        for key in AGENT_KEYS:
            if key in given:
                setattr(changed, key, given[key])
        sim.changes.note()
        return jsonify(changed.shown())


def _add_conversations(own: Blueprint, sim: FreshchatSimulator) -> None:
    @own.post("/_sim/messages")
    def messages() -> ResponseReturnValue:
        given = json_body()
        if not str(given["text"]).strip():
            raise ValueError("text must not be empty")
        if given.get("agent_id"):
            agent = sim.account.agents[given["agent_id"]]
            sim.agent_writes(given["conversation_id"], agent, given["text"], private=bool(given.get("private")))
            return jsonify(conversation_id=given["conversation_id"]), 201
        conversation = sim.customer_writes(
            sim.account.users[given["user_id"]],
            given["text"],
            conversation=given.get("conversation_id"),
            channel=sim.email if given.get("channel") == "email" else sim.web,
            new=bool(given.get("new")),
        )
        return jsonify(conversation_id=conversation.id), 201

    @own.post("/_sim/conversations/<conversation_id>/<deed>")
    def change(conversation_id: str, deed: str) -> ResponseReturnValue:
        given, by = json_body(), _agent(sim, json_body().get("by"))
        conversation = sim.conversation(conversation_id)
        if deed == "assign":
            sim.agent_assigns(conversation, _agent(sim, given["agent_id"]), by=by)
        elif deed == "resolve":
            sim.agent_resolves(conversation, by)
        elif deed == "reopen":
            sim.agent_reopens(conversation, by)
        elif deed == "close":
            sim.agent_closes(conversation, given.get("spelling", "conversation_close"), by)
        else:
            raise ValueError(
                "a conversation can be assigned, resolved, reopened or closed: assign, resolve, reopen, close"
            )
        return jsonify(sim.shown(conversation))
