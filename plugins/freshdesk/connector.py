"""The connector Freshdesk: the interface of `core.Connector`, put together from the modules of this folder."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from core import (
    Action,
    ActionKind,
    AgentMissing,
    BackfillEstimate,
    ChangePage,
    Channel,
    Charge,
    Connection,
    Connector,
    Contact,
    ConversationRead,
    Event,
    Fact,
    Guide,
    HttpClient,
    Identity,
    Inbound,
    LookUp,
    Mode,
    Named,
    Receipt,
    Refused,
    Secret,
    Session,
    Step,
    VendorState,
)
from plugins.freshdesk import (
    api,
    changes,
    evidence,
    guides,
    listings,
    look_ups,
    normalise,
    performing,
    reading,
    verification,
    webhook,
)
from plugins.freshdesk.client import FreshdeskClient
from plugins.freshdesk.schemas import mapping
from plugins.freshdesk.settings import DOMAINS, FreshdeskSettings

# Freshdesk keeps files in S3 buckets of its data centres' regions. Not the whole of amazonaws.com: anybody can have a
# host there.
REGIONS = ("us-east-1", "eu-central-1", "eu-west-1", "ap-south-1", "ap-southeast-2", "me-central-1")
FILE_HOSTS = (
    *DOMAINS,
    "freshworks.com",
    "s3.amazonaws.com",
    *(f"s3{joint}{region}.amazonaws.com" for region in REGIONS for joint in ".-"),
)


class Freshdesk(Connector):
    """Tickets by Freshworks. Their source tells the channel of a session (behaviour 80)."""

    name: ClassVar[str] = "freshdesk"
    label: ClassVar[str] = "Freshdesk"
    about: ClassVar[str] = "Tickets: the AI answers mails and portal tickets, and hands over to an agent or a group."
    setup_minutes: ClassVar[int] = 10
    verify_label: ClassVar[str] = "Verify"
    settings_schema = FreshdeskSettings
    capabilities: ClassVar[frozenset[str]] = frozenset(
        {"assign", "resolve", "private_note", "files", "changes", "backfill"}
    )
    domains: ClassVar[tuple[str, ...]] = DOMAINS
    credentials: ClassVar[frozenset[str]] = frozenset({"domain", "api_key", "api_url"})
    listings: ClassVar[Mapping[str, tuple[str, ...]]] = listings.LISTINGS
    look_ups: ClassVar[tuple[LookUp, ...]] = look_ups.LOOK_UPS
    channel: ClassVar[Channel] = Channel.EMAIL
    claims_assigned: ClassVar[bool] = True
    largest_files: ClassVar[int] = performing.LARGEST_FILES

    # --------------------------------------------------------------------------------------- what it is to core

    def handoff_steps(self, connection: Connection) -> tuple[Step, ...]:
        """First the note, then who takes over, each rung where the one before was refused; last the marker.

        As the vendor's users know it (behaviour 85-88).
        """
        agent = str(connection.settings["handoff_agent_id"])
        group = str(connection.settings["handoff_group_id"])
        steps = [Step(ActionKind.NOTE)]
        if agent:
            steps.append(Step(ActionKind.ASSIGN, assignee=agent))
        if group:
            steps.append(Step(ActionKind.ASSIGN, fields={"group": group}, otherwise=bool(agent)))
        steps.append(Step(ActionKind.UNASSIGN, otherwise=bool(agent or group)))
        return (*steps, *self._marked(connection, ticked=True))

    def handback_steps(self, session: Session, connection: Connection) -> tuple[Step, ...]:
        return self._marked(connection, ticked=False) if session.data.get("marker") else ()

    def reopen_steps(self, session: Session, connection: Connection) -> tuple[Step, ...]:
        return (Step(ActionKind.UPDATE, fields={"values": {"status": performing.OPEN}}),)

    def _marked(self, connection: Connection, *, ticked: bool) -> tuple[Step, ...]:
        marker = marker_of(connection)
        values = {"custom_fields": {marker: ticked}}
        return (Step(ActionKind.UPDATE, fields={"values": values}),) if marker else ()

    def intake_group(self, settings: Mapping[str, Any]) -> str:
        return str(settings["default_group_id"])

    def labels(self, mode: Mode, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """The tags of tickets the AI acted in (behaviour 84)."""
        prefix = str(settings["tag_prefix"])
        suffix = {Mode.AUTOPILOT: "autopilot", Mode.ASSIST: "assist_mode"}.get(mode)
        return (prefix, f"{prefix}_{suffix}") if suffix else ()

    def charge(self, verb: str, path: str, params: Mapping[str, Any]) -> Charge:
        return api.charge(verb, path, params)

    def lanes(self, per_minute: int) -> Mapping[str, int]:
        return api.lanes(per_minute)

    # ---------------------------------------------------------------------------------------------- the account

    def base_url(self, settings: Mapping[str, object]) -> str:
        return str(settings.get("api_url") or f"https://{settings['domain']}/api/v2")

    def headers(self, settings: Mapping[str, object]) -> Mapping[str, str]:
        key = settings["api_key"]
        text = key.reveal() if isinstance(key, Secret) else str(key)
        # HTTP's basic authentication with the key as the user; the password may be anything.
        return {"Authorization": "Basic " + base64.b64encode(f"{text}:X".encode()).decode("ascii")}

    def verify(self, settings: Mapping[str, object], http: HttpClient) -> Identity:
        host = urlsplit(self.base_url(settings)).netloc
        field = "api_url" if settings.get("api_url") else "domain"
        return verification.verify(FreshdeskClient(http), settings, host, field)

    def setup_guide(self, connection: Connection, webhook_url: str) -> Guide:
        return guides.setup(connection.settings, webhook_url)

    def farewell_guide(self, connection: Connection) -> Guide:
        return guides.farewell(connection.settings)

    def listing(
        self, what: str, filters: Mapping[str, str], connection: Connection, http: HttpClient
    ) -> Iterator[Mapping[str, Any]]:
        return listings.listing(FreshdeskClient(http), what, filters)

    def named(self, what: str, connection: Connection, http: HttpClient) -> Iterator[Named]:
        return listings.named(FreshdeskClient(http), what)

    def look_up(self, what: str, value: str, connection: Connection, http: HttpClient) -> str:
        return look_ups.look_up(FreshdeskClient(http), what, value)

    def attachment_hosts(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        own = urlsplit(str(settings.get("api_url") or "")).hostname
        return (*FILE_HOSTS, own) if own else FILE_HOSTS

    # --------------------------------------------------------------------------------------------- what comes in

    def authenticate(self, raw: bytes, headers: Mapping[str, str], connection: Connection) -> None:
        secret = connection.settings.get("webhook_secret")
        if secret:
            webhook.check_secret(headers, secret)

    def split(self, raw: bytes) -> list[Inbound]:
        return webhook.split(raw)

    def normalise(self, event: Event, connection: Connection) -> list[Fact]:
        handler = normalise.HANDLERS.get(event.kind)
        return handler(event) if handler else []

    def knows(self, kind: str) -> bool:
        return normalise.knows(kind)

    def read_state(self, session: Session, connection: Connection, http: HttpClient) -> VendorState:
        ticket, _ = reading.ticket_of(FreshdeskClient(http), session.conversation_id)
        return reading.state_of(ticket, marker_of(connection), self._page(session.conversation_id, connection))

    def read_conversation(
        self,
        conversation_id: str,
        since: datetime | None,
        session: Session | None,
        connection: Connection,
        http: HttpClient,
        listed: Mapping[str, Any] | None = None,
    ) -> ConversationRead:
        page = self._page(conversation_id, connection)
        return reading.read(FreshdeskClient(http), conversation_id, since, marker_of(connection), page, listed)

    def fetch_contact(self, external_id: str, connection: Connection, http: HttpClient) -> Contact | None:
        """Who a requester is. Agents, who may be requesters too, are not among the contacts."""
        client = FreshdeskClient(http)
        try:
            return reading.contact_of(client.contact(external_id), external_id)
        except Refused as error:
            if error.status not in (400, 404):
                raise
        try:
            return reading.contact_of(mapping(client.agent(external_id).get("contact")), external_id)
        except Refused as error:
            if error.status not in (400, 404):
                raise
        return None

    def list_changes(
        self,
        since: datetime,
        cursor: Mapping[str, Any],
        connection: Connection,
        http: HttpClient,
        *,
        whole: bool = False,
    ) -> ChangePage:
        return changes.list_changes(FreshdeskClient(http), since, cursor, whole=whole)

    def estimate_backfill(self, since: datetime, connection: Connection, http: HttpClient) -> BackfillEstimate:
        return changes.estimate(FreshdeskClient(http), since)

    # -------------------------------------------------------------------------------------------- what goes out

    def perform(self, action: Action, connection: Connection, http: HttpClient) -> Receipt:
        client = FreshdeskClient(http)
        if not action.kind.posts:
            return performing.set_values(action, connection.agent_id, client)
        if not connection.agent_id:
            raise AgentMissing("the connection has no designated agent yet; verify it first")
        return performing.post(action, client)

    def find_effect(self, action: Action, connection: Connection, http: HttpClient) -> Receipt | None:
        client = FreshdeskClient(http)
        if action.kind.posts:
            return evidence.find_message(action, connection.agent_id, client)
        return evidence.find_value(action, connection.agent_id, client)

    def _page(self, ticket_id: str, connection: Connection) -> str:
        """The ticket's page for agents."""
        domain = str(connection.settings.get("domain") or "")
        if domain:
            return f"https://{domain}/a/tickets/{ticket_id}"
        parts = urlsplit(self.base_url(connection.settings))
        return f"{parts.scheme}://{parts.netloc}/a/tickets/{ticket_id}"


def marker_of(connection: Connection) -> str:
    """The API name of the checkbox of handed-off tickets, as it was found in the account; "" where there is none."""
    return str(connection.identity.details.get("marker") or "") if connection.identity else ""
