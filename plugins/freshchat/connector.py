"""Freshchat as a `Connector`: what core asks of a vendor, in Freshchat's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from core import (
    Action,
    ActionKind,
    AgentMissing,
    ConfigError,
    Connection,
    Connector,
    Contact,
    ConversationPage,
    ConversationRead,
    Event,
    Fact,
    Guide,
    HttpClient,
    Identity,
    Inbound,
    LookUp,
    Named,
    OutcomeUnknown,
    Receipt,
    Refused,
    Secret,
    Session,
    Step,
    VendorState,
)
from core.markdown import html_of, plain_text
from plugins.freshchat import email_channel, guides, listings, look_ups, polling, verification, webhook
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.evidence import find_message, find_value, is_closed
from plugins.freshchat.normalise import handler_for
from plugins.freshchat.schemas import moment, word
from plugins.freshchat.settings import DOMAINS, FreshchatSettings

# Freshchat keeps files in S3 buckets of its data centres' regions. Not the whole of amazonaws.com: anybody can have
# a host there.
REGIONS = ("us-east-1", "eu-central-1", "ap-south-1", "ap-southeast-2", "me-central-1")
FILE_HOSTS = (
    *DOMAINS,
    "freshworks.com",
    "s3.amazonaws.com",
    *(f"s3{joint}{region}.amazonaws.com" for region in REGIONS for joint in ".-"),
)
_NO_AGENT = re.compile(
    r"agent[ _]?not[ _]?found|(agent|actor)[ _](id )?(is |was )?(deactivated|deleted|inactive|invalid|does not exist)|"
    r"invalid (agent|actor)",
    re.IGNORECASE,
)


class Freshchat(Connector):
    """Live chat by Freshworks. Its sessions belong to the web channel (behaviour 29)."""

    name: ClassVar[str] = "freshchat"
    label: ClassVar[str] = "Freshchat"
    about: ClassVar[str] = "Live chat: the AI answers chats as one of your agents, and hands over to your team."
    setup_minutes: ClassVar[int] = 5
    verify_label: ClassVar[str] = "Test & Save"
    settings_schema = FreshchatSettings
    capabilities: ClassVar[frozenset[str]] = frozenset({"signature", "assign", "resolve", "private_note", "poll"})
    domains: ClassVar[tuple[str, ...]] = DOMAINS
    credentials: ClassVar[frozenset[str]] = frozenset({"domain", "access_token", "default_agent_email", "api_url"})
    listings: ClassVar[Mapping[str, tuple[str, ...]]] = listings.LISTINGS
    look_ups: ClassVar[tuple[LookUp, ...]] = look_ups.LOOK_UPS

    def handoff_steps(self, connection: Connection) -> tuple[Step, ...]:
        # First out of the AI's hands, then the note: as the vendor's users know it (behaviour 40, 41).
        return (Step(ActionKind.UNASSIGN), Step(ActionKind.NOTE))

    def reopen_steps(self, session: Session, connection: Connection) -> tuple[Step, ...]:
        # Other clients of this API send "new"; the conversation keeps its agent, and may show another open status then.
        return (Step(ActionKind.UPDATE, fields={"status": "new"}),)

    def base_url(self, settings: Mapping[str, object]) -> str:
        return str(settings.get("api_url") or f"https://{settings['domain']}/v2")

    def headers(self, settings: Mapping[str, object]) -> Mapping[str, str]:
        token = settings["access_token"]
        return {"Authorization": f"Bearer {token.reveal() if isinstance(token, Secret) else token}"}

    def verify(self, settings: Mapping[str, object], http: HttpClient) -> Identity:
        host = urlsplit(self.base_url(settings)).netloc
        field = "api_url" if settings.get("api_url") else "domain"
        return verification.verify(FreshchatClient(http, settings), str(settings["default_agent_email"]), host, field)

    def setup_guide(self, connection: Connection, webhook_url: str) -> Guide:
        return guides.setup(webhook_url)

    def farewell_guide(self, connection: Connection) -> Guide:
        return guides.farewell(connection.settings)

    def authenticate(self, raw: bytes, headers: Mapping[str, str], connection: Connection) -> None:
        key_text = str(connection.settings.get("public_key") or "")
        if not key_text:
            return
        try:
            webhook.verify(raw, webhook.signature_of(headers), key_text)
        except ValueError as error:
            problem = ConfigError("public_key", str(error), "Copy the key from Freshchat's webhook page once more.")
        else:
            return
        raise problem

    def split(self, raw: bytes) -> list[Inbound]:
        return webhook.split(raw)

    def normalise(self, event: Event, connection: Connection) -> list[Fact]:
        handler = handler_for(event.kind)
        return handler(event) if handler else []

    def knows(self, kind: str) -> bool:
        return handler_for(kind) is not None

    def read_state(self, session: Session, connection: Connection, http: HttpClient) -> VendorState:
        found = FreshchatClient(http, connection.settings).conversation(session.conversation_id)
        users = found.get("users")
        first = users[0] if isinstance(users, list) and users and isinstance(users[0], Mapping) else {}
        names = ("app_id", "channel_id", "conversation_internal_id")
        return VendorState(
            closed=is_closed(found),
            assignee=word(found.get("assigned_agent_id")),
            url=self._url(found, session, connection),
            customer_id=word(found.get("user_id")) or word(first.get("id")),
            at=moment(found.get("updated_time")),
            data={name: word(found.get(name)) for name in names if word(found.get(name))},
        )

    def fetch_contact(self, external_id: str, connection: Connection, http: HttpClient) -> Contact | None:
        try:
            user = FreshchatClient(http, connection.settings).user(external_id)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        name = " ".join(part for part in (word(user.get("first_name")), word(user.get("last_name"))) if part)
        return Contact(external_id, name=name, email=word(user.get("email")), phone=word(user.get("phone")))

    def perform(self, action: Action, connection: Connection, http: HttpClient) -> Receipt:
        client = FreshchatClient(http, connection.settings)
        if not action.kind.posts:
            client.update_conversation(action.conversation_id, values_of(action))
            return Receipt()
        if not connection.agent_id:
            raise AgentMissing("the connection has no designated agent yet; verify it first")
        try:
            by_email = action.kind is ActionKind.REPLY and email_channel.is_email(action, client)
            sent = client.send_message(action.conversation_id, message_of(action, connection.agent_id, by_email))
        except Refused as error:
            if error.status in (400, 404, 422) and _NO_AGENT.search(error.words):
                raise AgentMissing(error.words, status=error.status, trace_id=error.trace_id) from None
            if error.status == 400 and email_channel.asks_for_email(error.words):
                # Most often the text was posted all the same; if it shows nowhere, the next attempt is an email part.
                raise OutcomeUnknown(error.words, status=400, trace_id=error.trace_id) from None
            raise
        vendor_id = word(sent.get("id")) or word(sent.get("message_id"))
        if not vendor_id:
            raise OutcomeUnknown("the vendor accepted the message but gave no id for it")
        return Receipt(vendor_id, moment(sent.get("created_time")))

    def find_effect(self, action: Action, connection: Connection, http: HttpClient) -> Receipt | None:
        client = FreshchatClient(http, connection.settings)
        if action.kind.posts:
            # A text part may have been posted into an email conversation before we knew that it is one.
            posted = (posted_text(action, by_email=False), posted_text(action, by_email=True))
            return find_message(action, posted, connection.agent_id, client)
        return find_value(action, client.conversation(action.conversation_id))

    def read_conversation(
        self,
        conversation_id: str,
        since: datetime | None,
        session: Session | None,
        connection: Connection,
        http: HttpClient,
        listed: Mapping[str, Any] | None = None,
    ) -> ConversationRead:
        found = FreshchatClient(http, connection.settings).messages(conversation_id, since)
        messages = polling.inbound_messages(conversation_id, found, since)
        # What is new here will be looked at in its turn: a call less for each conversation that is found by a list.
        state = self.read_state(session, connection, http) if session is not None else None
        return ConversationRead(tuple(messages), state)

    def conversations_of(self, customer_id: str, connection: Connection, http: HttpClient) -> list[str]:
        try:
            found = list(FreshchatClient(http, connection.settings).user_conversations(customer_id))
        except Refused as error:
            if error.status == 404:
                return []
            raise
        return [conversation_id for one in found if (conversation_id := polling.id_of(one))]

    def list_conversations(
        self, cursor: Mapping[str, Any], connection: Connection, http: HttpClient
    ) -> ConversationPage | None:
        return polling.conversation_page(FreshchatClient(http, connection.settings), cursor)

    def listing(
        self, what: str, filters: Mapping[str, str], connection: Connection, http: HttpClient
    ) -> Iterator[Mapping[str, Any]]:
        return listings.listing(FreshchatClient(http, connection.settings), what, filters)

    def named(self, what: str, connection: Connection, http: HttpClient) -> Iterator[Named]:
        return listings.named(FreshchatClient(http, connection.settings), what)

    def look_up(self, what: str, value: str, connection: Connection, http: HttpClient) -> str:
        found = look_ups.look_up(FreshchatClient(http, connection.settings), what, value)
        return super().look_up(what, value, connection, http) if found is None else found

    def attachment_hosts(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        own = urlsplit(str(settings.get("api_url") or "")).hostname
        return (*FILE_HOSTS, own) if own else FILE_HOSTS

    def _url(self, conversation: Mapping[str, Any], session: Session, connection: Connection) -> str:
        """The conversation's page. Freshchat gives it; only older accounts' pages can be composed from ids."""
        given = word(conversation.get("url"))
        if given.startswith(("https://", "http://")):
            return given
        domain = str(connection.settings.get("domain") or "")
        details = connection.identity.details if connection.identity else {}
        app_id = word(conversation.get("app_id")) or word(session.data.get("app_id")) or word(details.get("app_id"))
        # Hosts such as api.eu.freshchat.com serve the API and no pages; bundles need an account number we do not have.
        if not app_id or not domain.endswith(".freshchat.com") or domain.startswith("api."):
            return ""
        return f"https://{domain}/a/{app_id}/open/conversation/{session.conversation_id}"


def values_of(action: Action) -> dict[str, Any]:
    """What an action sets; "assigned" needs an agent, and taking one away needs "new" beside the empty id."""
    match action.kind:
        case ActionKind.ASSIGN:
            return {"status": "assigned", "assigned_agent_id": action.assignee}
        case ActionKind.UNASSIGN:
            return {"assigned_agent_id": "", "status": "new"}
        case ActionKind.RESOLVE:
            return {"status": "resolved"}
        case _:
            return dict(action.fields)


def message_of(action: Action, agent_id: str, by_email: bool) -> dict[str, Any]:
    """The body of `POST /conversations/{id}/messages` for a reply or note; `by_email` for a reply to an email."""
    return {
        "message_parts": [{"email" if by_email else "text": {"content": posted_text(action, by_email=by_email)}}],
        "message_type": "private" if action.kind is ActionKind.NOTE else "normal",
        "actor_type": "agent",
        "actor_id": agent_id,
    }


def posted_text(action: Action, *, by_email: bool) -> str:
    """An action's text exactly as it is posted."""
    if action.kind is ActionKind.NOTE:
        return f"{plain_text(action.text)}\n\n[ref:{action.reference}]" if action.reference else plain_text(action.text)
    return html_of(action.text) if by_email else plain_text(action.text)
