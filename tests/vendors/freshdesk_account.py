"""A made-up Freshdesk account as tests see it: the connection, and tickets and conversations in the vendor's shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core import Action, ActionKind, Channel, Connection, HttpClient, Identity, Owner, Session, SessionStatus
from core.clock import SystemClock
from plugins.freshdesk.connector import Freshdesk
from plugins.freshdesk.settings import FreshdeskSettings

BASE = "https://acme.freshdesk.com/api/v2"
TICKET = f"{BASE}/tickets/12"
CONVERSATIONS = f"{TICKET}/conversations"
STARTED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AGENT = 77
FRESHDESK = Freshdesk()


def settings(**changes: Any) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = FreshdeskSettings().load(
        {"domain": "acme.freshdesk.com", "api_key": "canary-key"} | changes
    )
    return loaded


def connection(marker: str = "cf_opencx_handed_off", **changes: Any) -> Connection:
    identity = Identity(str(AGENT), "Robin", "robin@acme.example", "acme.freshdesk.com", {"marker": marker})
    return Connection(1, "tickets", "freshdesk", settings(**changes), identity)


def http() -> HttpClient:
    return HttpClient(FRESHDESK.base_url(settings()), FRESHDESK.headers(settings()), SystemClock())


def stamp(seconds: float = 0) -> str:
    return (STARTED + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": 12,
        "subject": "Where is my parcel?",
        "description": "<div>It should be here by now.</div>",
        "description_text": "It should be here by now.",
        "status": 2,
        "priority": 1,
        "source": 1,
        "requester_id": 501,
        "responder_id": None,
        "group_id": None,
        "tags": ["vip"],
        "spam": False,
        "custom_fields": {"cf_opencx_handed_off": None},
        "attachments": [],
        "created_at": stamp(),
        "updated_at": stamp(60),
        "requester": {"id": 501, "name": "Ada Customer", "email": "ada@example.com", "mobile": "+44 1", "phone": None},
    }
    return known | changes


def conversation(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": 900,
        "body": "<div>Any news?</div>",
        "body_text": "Any news?",
        "incoming": True,
        "private": False,
        "source": 0,
        "user_id": 501,
        "ticket_id": 12,
        "from_email": "Ada Customer <ada@example.com>",
        "attachments": [],
        "created_at": stamp(30),
        "updated_at": stamp(30),
    }
    return known | changes


def action(kind: ActionKind, **changes: Any) -> Action:
    known: dict[str, Any] = {"id": 1, "session_id": 1, "conversation_id": "12", "kind": kind, "started_at": STARTED}
    known |= {"data": {"source": 1, "labels": ["vip"]}, "channel": Channel.EMAIL}
    return Action(**known | changes)


def session(**changes: Any) -> Session:
    known: dict[str, Any] = {"id": 1, "connection_id": 1, "conversation_id": "12", "channel": Channel.EMAIL}
    return Session(**known | {"status": SessionStatus.OPEN, "owner": Owner.AI} | changes)
