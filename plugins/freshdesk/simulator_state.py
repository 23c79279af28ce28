"""What the simulated Freshdesk account holds: agents, contacts, groups, fields, tickets and their conversations."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from plugins.freshdesk.simulator_webhook_quirks import WebhookQuirks

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
STATUS_LABELS = {OPEN: "Open", PENDING: "Pending", RESOLVED: "Resolved", CLOSED: "Closed"}
"""What every account has; custom statuses have numbers from 6 on."""

EMAIL, PORTAL, PHONE, CHAT, FEEDBACK_WIDGET, OUTBOUND_EMAIL = 1, 2, 3, 7, 9, 10
WEB_CHAT, MOBILE_SDK = 15, 21
DOCUMENTED_SOURCES = (EMAIL, PORTAL, PHONE, CHAT, FEEDBACK_WIDGET, OUTBOUND_EMAIL)
"""The ticket sources that the API takes; tickets with others exist all the same."""
STRUCTURED_SOURCES = (WEB_CHAT, MOBILE_SDK)
"""Tickets of these sources take `structured_body` where others take `body`."""

REPLY, NOTE, FORWARD = 0, 2, 8
"""Sources of a conversation, as the vendor numbers them."""

ADMIN_ROLE, ACCOUNT_ADMIN_ROLE, AGENT_ROLE = 43000198701, 43000198700, 43000198702
ROLES = {ACCOUNT_ADMIN_ROLE: "Account Administrator", ADMIN_ROLE: "Administrator", AGENT_ROLE: "Agent"}

GLOBAL_SCOPE, GROUP_SCOPE, RESTRICTED_SCOPE = 1, 2, 3
"""Which tickets an agent may see: all, those of their groups and their own, their own."""


@dataclass
class Quirks(WebhookQuirks):
    """How this account behaves where live accounts differ, or where nobody knows; every default is the likeliest."""

    search_lag: float = 0.0
    """Seconds before a change shows in the search; live accounts take minutes."""
    read_lag: float = 0.0
    """Seconds before an entry shows in the list of a ticket's conversations."""
    required_for_closure: tuple[str, ...] = ()
    """Fields that must be filled in before status 4 or 5 is taken by API."""
    dynamic_required: tuple[str, ...] = ()
    """Fields that an update by API must carry, whatever else it changes, if it has one of `dynamic_triggers`."""
    dynamic_triggers: tuple[str, ...] = ("*",)
    """The keys of an update that make `dynamic_required` count; "*" stands for any."""
    external_id_filter: bool = True
    """Contacts can be listed by unique_external_id, as some clients do; the documentation has no such filter."""
    hidden_contact_email: bool = False
    """Contacts and requesters show null instead of their e-mail address."""
    body_quotes_history: bool = False
    """E-mails of customers and agents carry the conversation before them as a quotation, in body and body_text."""
    incoming_without_user: bool = False
    """Customers' e-mails show a null user_id: only from_email tells who wrote."""
    description_in_list: bool = False
    """Lists of tickets hold descriptions unasked, as in accounts older than 2018-11-30."""
    deleted_flag_absent: bool = True
    """`deleted` is left out of a ticket unless it is true."""
    field_suffix: str = ""
    """What is appended to the names of fields made from now on, such as "_12345" in old accounts."""
    empty_404: bool = True
    """What does not exist is answered 404 with an empty body."""
    unknown_domain: bool = False
    """Every call is answered as for a subdomain that nobody has: 404 and an HTML page."""
    deactivated_status: int = 401
    """What the key of a deactivated agent is answered: 401 or 403."""
    old_due_by: bool = False
    """The answer to an update shows the due_by from before it, as accounts with new SLAs do."""
    attachment_seconds: float = 300.0
    """How long the address of an attachment works."""


@dataclass
class Agent:
    id: int
    email: str
    name: str
    created_at: datetime
    role_ids: list[int] = field(default_factory=lambda: [AGENT_ROLE])
    group_ids: list[int] = field(default_factory=list)
    active: bool = True
    ticket_scope: int = GLOBAL_SCOPE
    phone: str | None = None
    mobile: str | None = None
    occasional: bool = False
    type: str = "support_agent"

    @property
    def is_admin(self) -> bool:
        return bool({ADMIN_ROLE, ACCOUNT_ADMIN_ROLE} & set(self.role_ids))

    def sees(self, ticket: Ticket) -> bool:
        """Whether the agent's ticket scope holds this ticket."""
        if self.ticket_scope == GLOBAL_SCOPE or ticket.responder_id == self.id:
            return True
        return self.ticket_scope == GROUP_SCOPE and ticket.group_id in self.group_ids


@dataclass
class Contact:
    """A customer; `email` is None for those who only phoned or chatted."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    unique_external_id: str | None = None
    twitter_id: str | None = None
    other_emails: list[str] = field(default_factory=list)
    company_id: int | None = None
    job_title: str | None = None
    description: str | None = None
    address: str | None = None
    language: str = "en"
    time_zone: str = "Berlin"
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    active: bool = False
    deleted: bool = False
    blocked: bool = False


@dataclass
class Group:
    id: int
    name: str
    created_at: datetime


@dataclass
class Field:
    """A field of the ticket form; `type` as the API names it, such as "custom_checkbox"."""

    id: int
    name: str
    label: str
    type: str
    created_at: datetime
    default: bool = False
    choices: Any = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a ticket or conversation; whoever is given a signed address may download it."""

    id: int
    name: str
    content_type: str
    data: bytes
    created_at: datetime


@dataclass(slots=True)
class Entry:
    """One conversation of a ticket, in the vendor's sense: a reply, a note or a forwarded e-mail. `body` is HTML.

    `user_id` is a contact's id if it is incoming, else an agent's.
    """

    id: int
    ticket_id: int
    body: str
    user_id: int | None
    created_at: datetime
    updated_at: datetime
    incoming: bool = False
    private: bool = False
    source: int = REPLY
    from_email: str | None = None
    to_emails: tuple[str, ...] = ()
    cc_emails: tuple[str, ...] = ()
    bcc_emails: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    structured_body: Mapping[str, Any] | None = None
    last_edited_at: datetime | None = None
    last_edited_user_id: int | None = None

    @property
    def text(self) -> str:
        """The body without its markup, quoted history included."""
        return plain_text(self.body)


@dataclass(slots=True)
class Stats:
    """The moments that `include=stats` shows."""

    agent_responded_at: datetime | None = None
    requester_responded_at: datetime | None = None
    first_responded_at: datetime | None = None
    status_updated_at: datetime | None = None
    reopened_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    pending_since: datetime | None = None


@dataclass(slots=True)
class Ticket:
    """`description` (HTML) is the first message; `entries` are the conversations after it, oldest first."""

    id: int
    subject: str
    description: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: int = OPEN
    priority: int = 1
    source: int = PORTAL
    type: str | None = None
    responder_id: int | None = None
    group_id: int | None = None
    company_id: int | None = None
    product_id: int | None = None
    email_config_id: int | None = None
    due_by: datetime | None = None
    fr_due_by: datetime | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    cc_emails: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    stats: Stats = field(default_factory=Stats)
    spam: bool = False
    deleted: bool = False
    archived: bool = False
    merged_into: int | None = None

    @property
    def hidden(self) -> bool:
        """Whether ordinary lists and the search leave it out."""
        return self.spam or self.deleted or self.archived

    @property
    def structured(self) -> bool:
        """Whether replies and public notes must have a structured body."""
        return self.source in STRUCTURED_SOURCES

    @property
    def attachment_bytes(self) -> int:
        """The size of everything attached to it and to its conversations."""
        every = [*self.attachments, *(one for entry in self.entries for one in entry.attachments)]
        return sum(len(one.data) for one in every)

    @property
    def text(self) -> str:
        """The description without its markup."""
        return plain_text(self.description)


def stamp(moment: datetime | None) -> str | None:
    """A moment as Freshdesk writes it: UTC, whole seconds, Z."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_html(text: str) -> str:
    """A text as the HTML that Freshdesk keeps for it."""
    return f"<div>{html.escape(text, quote=False).replace(chr(10), '<br>')}</div>"


def plain_text(markup: str) -> str:
    """The text of HTML, without its tags."""
    broken = re.sub(r"<br\s*/?>|</(?:p|div|blockquote)>", "\n", markup)
    return html.unescape(re.sub(r"<[^>]+>", "", broken)).strip()


def structured(text: str) -> dict[str, Any]:
    """A text as the structured body of a chat message."""
    return {"body_contents": [{"type": "text", "data": {"content": text}}]}
