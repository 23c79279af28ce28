"""The templates by which records become tickets, and change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from core import BadRecord, Connection, FieldKind, HttpClient, TemplateField, VendorCall
from plugins.freshdesk import template_evidence
from plugins.freshdesk.client import TICKET, TICKETS, FreshdeskClient, address
from plugins.freshdesk.performing import OPEN
from plugins.freshdesk.template_base import CUSTOM, FreshdeskTemplate, identifier, said, the_one
from plugins.freshdesk.wording import record_html

LOW = 1
REQUESTERS = ("email", "requester_id", "phone", "unique_external_id")
STATUS = TemplateField(
    "status",
    "2 open, 3 pending, 4 resolved, 5 closed, or a status of the account's own, which are numbered from 6.",
    kind=FieldKind.NUMBER,
)
PRIORITY = TemplateField(
    "priority", "1 low, 2 medium, 3 high, 4 urgent.", kind=FieldKind.NUMBER, choices=(LOW, 2, 3, 4)
)
TYPE = TemplateField("type", "One of the account's ticket types, such as Question.")


class CreateTicket(FreshdeskTemplate):
    """Documentation: "Tickets", create a ticket."""

    name: ClassVar[str] = "create_ticket"
    label: ClassVar[str] = "Create a ticket"
    about: ClassVar[str] = (
        "Opens a ticket for a requester; who is no contact yet becomes one, unless named by requester_id."
    )
    documentation: ClassVar[str] = "https://developers.freshdesk.com/api/#create_ticket"
    verb: ClassVar[str] = "POST"
    path: ClassVar[str] = TICKETS
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("subject", "What it is about, in a line.", required=True),
        TemplateField(
            "description",
            "The first message: HTML if it holds tags of HTML, else plain text, whose lines are kept.",
            required=True,
        ),
        TemplateField("email", "The requester's email address; this, requester_id, phone or unique_external_id."),
        TemplateField("requester_id", "The id of a contact or agent.", kind=FieldKind.NUMBER, look_up="user"),
        TemplateField("phone", "The requester's telephone number; without an email address it needs a name too."),
        TemplateField("unique_external_id", "The requester's id in another system."),
        TemplateField("name", "The name of a requester who is no contact yet."),
        TemplateField(PRIORITY.name, f"{PRIORITY.help} 1 if absent.", kind=PRIORITY.kind, choices=PRIORITY.choices),
        TemplateField(STATUS.name, f"{STATUS.help} 2 if absent.", kind=STATUS.kind),
        TemplateField(
            "source",
            "1 email, 2 portal (if absent), 3 phone, 7 chat, 9 feedback widget, 10 outbound email.",
            kind=FieldKind.NUMBER,
        ),
        TYPE,
        TemplateField("group_id", "The group it goes to.", kind=FieldKind.NUMBER, look_up="group"),
        TemplateField("responder_id", "The agent it is assigned to.", kind=FieldKind.NUMBER, look_up="agent"),
        TemplateField("tags", "Its tags, of at most 32 characters each.", kind=FieldKind.LIST),
        TemplateField("cc_emails", "Email addresses that get a copy.", kind=FieldKind.LIST),
        *CUSTOM,
    )
    aside: ClassVar[tuple[str, ...]] = ("subject", "description")
    sample: ClassVar[Mapping[str, Any]] = {
        "subject": "Parcel damaged",
        "description": "The box of order 1001 was open when it came.\nPlease send another one.",
        "email": "ada@example.com",
        "name": "Ada Byron",
        "priority": 2,
        "tags": ["shop", "damage"],
    }

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        record = the_one(records)
        if not any(name in record for name in REQUESTERS):
            raise BadRecord("", f"names no requester: it needs one of {', '.join(REQUESTERS)}")
        if "phone" in record and "email" not in record and "name" not in record:
            raise BadRecord("name", "is missing, and Freshdesk wants it beside a phone without an email")
        texts = {"subject": said(record, "subject"), "description": record_html(said(record, "description"))}
        body = {"status": OPEN, "priority": LOW} | texts | self._body(record)
        _check_status(body)
        return VendorCall(self.verb, self.path, body)

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        return template_evidence.find_ticket(call.body, since, known, FreshdeskClient(http))


class UpdateTicket(FreshdeskTemplate):
    """Documentation: "Tickets", update a ticket."""

    name: ClassVar[str] = "update_ticket"
    label: ClassVar[str] = "Update a ticket"
    about: ClassVar[str] = "Changes what is given of a ticket that exists and is neither spam nor deleted."
    documentation: ClassVar[str] = "https://developers.freshdesk.com/api/#update_ticket"
    verb: ClassVar[str] = "PUT"
    path: ClassVar[str] = TICKET
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("ticket_id", "The ticket.", required=True, kind=FieldKind.NUMBER, look_up="conversation"),
        STATUS,
        PRIORITY,
        TYPE,
        TemplateField("group_id", "The group it goes to; 0 for none.", kind=FieldKind.NUMBER, look_up="group"),
        TemplateField(
            "responder_id", "The agent it is assigned to; 0 for nobody.", kind=FieldKind.NUMBER, look_up="agent"
        ),
        TemplateField("tags", "All its tags: they take the place of those it has.", kind=FieldKind.LIST),
        TemplateField("subject", "What it is about; that of an outbound email cannot be changed."),
        *CUSTOM,
    )
    aside: ClassVar[tuple[str, ...]] = ("ticket_id",)
    sample: ClassVar[Mapping[str, Any]] = {"ticket_id": 1, "status": 3, "priority": 3, "tags": ["shop", "waiting"]}
    in_order_of: ClassVar[str] = "ticket_id"

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        record = the_one(records)
        body = self._body(record)
        if not body:
            raise BadRecord("", "changes nothing: it needs at least one field beside ticket_id")
        _check_status(body)
        body |= {name: None for name in ("group_id", "responder_id") if body.get(name) == 0}
        return VendorCall(self.verb, address(self.path, identifier(record, "ticket_id")), body)

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        return template_evidence.find_values(call, FreshdeskClient(http))


def _check_status(body: Mapping[str, Any]) -> None:
    if body.get("status", OPEN) < OPEN:
        raise BadRecord("status", f"must be 2, 3, 4, 5 or one of the account's own from 6 on, and is {body['status']}")
