"""The templates by which records become replies and notes of tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from core import Connection, FieldKind, HttpClient, TemplateField, VendorCall
from plugins.freshdesk import template_evidence
from plugins.freshdesk.client import NOTES, REPLY, FreshdeskClient, address
from plugins.freshdesk.template_base import FreshdeskTemplate, identifier, said, the_one
from plugins.freshdesk.wording import record_html, record_structured_body

TICKET_ID = TemplateField("ticket_id", "The ticket.", required=True, kind=FieldKind.NUMBER, look_up="conversation")
BODY = TemplateField(
    "body",
    "What is said: HTML if it holds tags of HTML, else plain text, whose lines are kept.",
    required=True,
)


class _Message(FreshdeskTemplate):
    """What replies and notes share."""

    verb: ClassVar[str] = "POST"
    aside: ClassVar[tuple[str, ...]] = ("ticket_id", "body", "structured")
    in_order_of: ClassVar[str] = "ticket_id"

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        record = the_one(records)
        text = said(record, "body")
        content = (
            {"structured_body": record_structured_body(text)}
            if record.get("structured")
            else {"body": record_html(text)}
        )
        return VendorCall(self.verb, address(self.path, identifier(record, "ticket_id")), content | self._body(record))


class Reply(_Message):
    """Documentation: "Conversations", create a reply."""

    name: ClassVar[str] = "reply"
    label: ClassVar[str] = "Reply to a ticket"
    about: ClassVar[str] = "Answers the requester of a ticket that exists, who gets it by mail or in the chat."
    documentation: ClassVar[str] = "https://developers.freshdesk.com/api/#reply_ticket"
    path: ClassVar[str] = REPLY
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TICKET_ID,
        BODY,
        TemplateField(
            "structured",
            "Whether the ticket is of a web chat or an app (sources 15 and 21), which take plain text in a structured "
            "body.",
            kind=FieldKind.FLAG,
        ),
        TemplateField("cc_emails", "Email addresses that get a copy.", kind=FieldKind.LIST),
        TemplateField("bcc_emails", "Email addresses that get a copy, unseen by the others.", kind=FieldKind.LIST),
        TemplateField("from_email", "One of the account's support addresses, if not the usual one."),
        TemplateField(
            "user_id",
            "The agent who answers, if not the one whose API key is used.",
            kind=FieldKind.NUMBER,
            look_up="agent",
        ),
    )
    sample: ClassVar[Mapping[str, Any]] = {"ticket_id": 1, "body": "The new box is on its way.\nIt will be there soon."}

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        client = FreshdeskClient(http)
        return template_evidence.find_message(call, since, known, connection.agent_id, client, note=False)


class Note(_Message):
    """Documentation: "Conversations", create a note."""

    name: ClassVar[str] = "note"
    label: ClassVar[str] = "Add a note to a ticket"
    about: ClassVar[str] = "Writes a note into a ticket that exists, for its agents unless it is made public."
    documentation: ClassVar[str] = "https://developers.freshdesk.com/api/#add_note_to_a_ticket"
    path: ClassVar[str] = NOTES
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TICKET_ID,
        BODY,
        TemplateField(
            "private",
            "Whether agents alone see it; true if absent. A public one shows in the portal.",
            kind=FieldKind.FLAG,
        ),
        TemplateField(
            "structured",
            "Whether it is a public note in a ticket of a web chat or an app (sources 15 and 21), which take plain "
            "text in a structured body.",
            kind=FieldKind.FLAG,
        ),
        TemplateField("notify_emails", "Email addresses of agents who are told of it.", kind=FieldKind.LIST),
    )
    sample: ClassVar[Mapping[str, Any]] = {"ticket_id": 1, "body": "Paid by invoice 2044.", "private": True}

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        return super().call([{"private": True, **the_one(records)}], connection)

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        client = FreshdeskClient(http)
        return template_evidence.find_message(call, since, known, connection.agent_id, client, note=True)
