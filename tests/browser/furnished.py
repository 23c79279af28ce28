"""A site in use: connected to both helpdesks, with something of everything there is to be seen on its pages."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import requests

from core.access import tokens
from core.access.tokens import Scope
from core.access.users import Role, Users
from core.config import load_config
from core.connecting import disconnect, test_and_save
from core.destinations import intake
from core.destinations.catalogue import Destinations
from core.destinations.formats import Item
from core.jobs import send_records
from core.runtime import Runtime, build_runtime
from core.store.models import ActionRow, DeliveryRow, DestinationRecordRow, EventRow, SessionRow
from core.subscriptions import Subscriptions
from core.testing.receiver import WebhookReceiver
from plugins.freshdesk.simulator_rule_setup import install_rules
from plugins.freshdesk.simulator_state import PHONE
from tests.browser.conftest import Site

LEAD, OPERATOR, PASSWORD = "lead@example.com", "olga@example.com", "a password for this afternoon"
LONG_NAME = "Maximiliane-Josephine Freifrau von und zu Oberhausen-Sterkrade"
LONG_WORD = "https://shop.example/orders/" + "0123456789abcdef" * 12
FOR_A_HUMAN = f"Thanks, but I would like to talk to a human, please.\n\nIt is about {LONG_WORD}"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
SECONDS = 30
"""How long something may take that takes one or two, on a machine that has other things to do."""


def open_runtime(site: Site) -> Runtime:
    """A runtime beside those of the service, on the same configuration and store."""
    return build_runtime(load_config(site.folder / "config.toml"))


def connect_both(site: Site, runtime: Runtime) -> None:
    """Connect both helpdesks, and do what an operator does there then."""
    chat, desk = site.freshchat, site.freshdesk
    chat.add_agent("robin@example.com", "Robin Assistant")
    robin = desk.add_agent("robin@example.com", "Robin Assistant", admin=True)
    desk.add_field("cf_opencx_handed_off", "custom_checkbox")
    given = {"api_url": chat.api_url, "access_token": chat.token, "default_agent_email": "robin@example.com"}
    test_and_save(runtime, "freshchat", "support", given, LEAD)
    test_and_save(runtime, "freshdesk", "tickets", {"api_url": desk.api_url, "api_key": desk.key_for(robin)}, LEAD)
    chat.webhook_url = webhook_url(site, runtime, "support")
    install_rules(desk, webhook_url(site, runtime, "tickets"))


def webhook_url(site: Site, runtime: Runtime, name: str) -> str:
    """Where the helpdesk of a connection calls."""
    connection = runtime.connections.named(name)
    assert connection
    token = runtime.tokens.make(connection.id, connection.generation)
    return f"{site.url}/webhooks/{connection.connector}/{token}"


def session_of(runtime: Runtime, conversation: Any) -> int | None:
    """The id of our session of a conversation, once there is one."""
    with runtime.db.read():
        row = SessionRow.get_or_none(SessionRow.conversation_id == str(conversation.id))
    return row and row.id


def furnish(site: Site, runtime: Runtime, receiver: WebhookReceiver) -> dict[str, Any]:
    """Let there be something of everything; returns the ids that addresses have, by what they are of.

    `secret` is that of a one-time link which nobody has used.
    """
    connect_both(site, runtime)
    subscriptions = _subscribe(runtime, receiver)
    users = Users(runtime.db, runtime.config.server)
    users.accept(users.invite(OPERATOR, Role.OPERATOR, LEAD, "Olga Operator"), PASSWORD)
    secret = users.invite("late@example.com", Role.OPERATOR, LEAD)
    tokens.make(runtime.db, "crm", (Scope.READ, Scope.OPERATE), LEAD, timedelta(days=30))
    tokens.revoke(runtime.db, tokens.make(runtime.db, "old crm", (Scope.READ,), LEAD)[0].id, LEAD)
    talks = _talk(site)
    records = _destinations(runtime)
    requests.post(webhook_url(site, runtime, "support"), data=b'{"action": ', timeout=10)
    ids = {name: session_of(runtime, talk) or 0 for name, talk in talks.items()}
    places = {**ids, **subscriptions, **records, **_connections(runtime, site), **_troubles(runtime, ids["handed_off"])}
    assert all(places.values()), places
    return {**places, "secret": secret}


def _talk(site: Site) -> dict[str, Any]:
    """Conversations of each kind, as far as they are to go."""
    chat, desk = site.freshchat, site.freshdesk
    desk.quirks.body_quotes_history = True
    answered = chat.customer_writes(chat.customer("ada@example.com", LONG_NAME), "How long does delivery take?")
    resolved = chat.customer_writes(chat.customer("bea@example.com", "Bea Customer"), "Can I pay by PayPal?")
    files = [("photo.png", PICTURE), (f"scan-{'of-a-letter-' * 12}.pdf", b"%PDF-1.4")]
    ticket = desk.customer_opens(
        desk.customer("grace@example.com", "Grace Customer"),
        "My order",
        "How long does delivery take?",
        attachments=files,
    )
    drafted = desk.customer_opens(
        desk.customer("carl@example.com", "Carl Caller"), "Call from Carl", "Can I pay by PayPal?", source=PHONE
    )
    for sim, talk in ((chat, answered), (chat, resolved), (desk, ticket), (desk, drafted)):
        assert sim.wait_for(lambda sim=sim, talk=talk: len(sim.thread(talk)) > 1, SECONDS), "nobody has answered"
    chat.agent_resolves(resolved)
    desk.customer_writes(ticket, FOR_A_HUMAN)
    assert desk.wait_for(lambda: any(entry.private for entry in desk.thread(ticket)), SECONDS), "it was not handed off"
    return {"answered": answered, "resolved": resolved, "handed_off": ticket, "drafted": drafted}


def _subscribe(runtime: Runtime, receiver: WebhookReceiver) -> dict[str, int]:
    kept = Subscriptions(runtime)
    busy = kept.create(receiver.url, ["*"], "The data warehouse", LEAD)[0].id
    paused = kept.create(receiver.url, ["handoff.*", "conversation.closed"], "", LEAD)[0].id
    kept.pause(paused, LEAD)
    kept.send_test(busy, LEAD)
    assert receiver.wait_for(lambda: receiver.received, SECONDS), "nothing was delivered"
    return {"subscription": busy, "paused": paused}


def _destinations(runtime: Runtime) -> dict[str, int]:
    """Two destinations, the second fed by the first; of its records one is written, one broken, and one in doubt."""
    kept = Destinations(runtime)
    people = {"name": "people", "connection": "support", "template": "create_end_user", "key": "email"}
    kept.create({**people, "response": True, "unique": "email", "headers": "X-Team:sales"}, LEAD)
    following = {"name": "next", "connection": "tickets", "method": "POST", "url": "/contacts/{id}"}
    kept.create({**following, "source": "responses:people", "batch": {"size": 10}}, LEAD)
    given = [{"first_name": LONG_NAME, "email": f"{name}@x.example", "note": LONG_WORD} for name in ("ann", "bob")]
    items = [Item(line, each) for line, each in enumerate([*given, {"email": "cid@x.example"}], 2)]
    intake.take_in(runtime, "people", items, "people.csv")
    kept.activate("people", LEAD)
    deadline = time.monotonic() + SECONDS
    while kept.get("people").counts.get("sent", 0) < len(given) and time.monotonic() < deadline:
        send_records.drain(runtime, "people")
    kept.pause("people", LEAD)
    with runtime.db.write():
        own = DestinationRecordRow.origin == "people.csv"
        sent, unknown, broken = DestinationRecordRow.select().where(own).order_by(DestinationRecordRow.id)
        in_doubt = {"state": "parked", "captured_id": "", "error": "no answer came within 10 s"}
        DestinationRecordRow.update(**in_doubt).where(DestinationRecordRow.id == unknown.id).execute()
    return {"record": sent.id, "unknown": unknown.id, "broken": broken.id}


def _connections(runtime: Runtime, site: Site) -> dict[str, int]:
    """The ids of the connections; one more is made, and cut again."""
    chat = site.freshchat
    chat.add_agent("rita@example.com", "Rita Assistant")
    given = {"api_url": chat.api_url, "access_token": chat.token, "default_agent_email": "rita@example.com"}
    test_and_save(runtime, "freshchat", "former", given, LEAD)
    found = {one.name: one.id for one in runtime.connections.made_on_pages()}
    disconnect(runtime, found["former"], LEAD)
    return found


def _troubles(runtime: Runtime, session_id: int) -> dict[str, int]:
    """What goes wrong once in a long while: one of each is made so where it is stored."""
    words = "the helpdesk answered 500: " + "internal server error, " * 12
    with runtime.db.write():
        now = runtime.db.now()
        for kind, state in (("reply", "failed"), ("note", "parked")):
            action = ActionRow.select().where(ActionRow.session == session_id, ActionRow.kind == kind).first()
            changes = {"state": state, "error": words, "attempts": 4, "settled_at": now}
            ActionRow.update(**changes).where(ActionRow.id == action.id).execute()
        done = EventRow.select().where(EventRow.state == "done").order_by(EventRow.id).first()
        EventRow.update(state="failed", reason="processing_failed", error=words, attempts=5).where(
            EventRow.id == done.id
        ).execute()
        fine = EventRow.select().where(EventRow.state == "done").order_by(EventRow.id).first()
        rejected = EventRow.get(EventRow.state == "rejected")
        delivery = DeliveryRow.select().where(DeliveryRow.state == "delivered").first()
        died = {"state": "dead", "status": 500, "error": words, "attempts": 9, "done_at": now}
        DeliveryRow.update(**died).where(DeliveryRow.id == delivery.id).execute()
    return {"failed": done.id, "event": fine.id, "rejected": rejected.id}
