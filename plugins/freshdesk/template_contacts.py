"""The templates by which records become contacts, and change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from core import BadRecord, Connection, FieldKind, HttpClient, TemplateField, VendorCall
from plugins.freshdesk import template_evidence
from plugins.freshdesk.client import CONTACT, CONTACTS, FreshdeskClient, address
from plugins.freshdesk.template_base import CUSTOM, FreshdeskTemplate, identifier, said, the_one
from plugins.freshdesk.template_evidence import PHONES, UNIQUE

IDENTITIES = (*UNIQUE, *PHONES)
KNOWN_BY = (
    TemplateField("email", "The email address, which no other contact may have."),
    TemplateField("phone", "The telephone number."),
    TemplateField("mobile", "The mobile number."),
    TemplateField("unique_external_id", "The id in another system, which no other contact may have."),
)
MORE = (
    TemplateField("job_title", "What the contact does."),
    TemplateField("description", "A few words on the contact."),
    TemplateField("tags", "All tags: they take the place of those the contact has.", kind=FieldKind.LIST),
    TemplateField(
        "other_emails",
        "All further email addresses: they take the place of those the contact has.",
        kind=FieldKind.LIST,
    ),
    *CUSTOM,
)


class CreateContact(FreshdeskTemplate):
    """Documentation: "Contacts", create a contact."""

    name: ClassVar[str] = "create_contact"
    label: ClassVar[str] = "Create a contact"
    about: ClassVar[str] = (
        "Adds a contact, known by email, phone, mobile or unique_external_id; a second one with the same email or "
        "unique_external_id is refused."
    )
    documentation: ClassVar[str] = "https://developers.freshdesk.com/api/#create_contact"
    verb: ClassVar[str] = "POST"
    path: ClassVar[str] = CONTACTS
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("name", "The contact's name.", required=True),
        *KNOWN_BY,
        *MORE,
    )
    aside: ClassVar[tuple[str, ...]] = ("name",)
    sample: ClassVar[Mapping[str, Any]] = {
        "name": "Ada Byron",
        "email": "ada@example.com",
        "mobile": "+44 20 7946 0000",
        "job_title": "Engineer",
        "tags": ["shop"],
    }
    finds_existing: ClassVar[bool] = True

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        record = the_one(records)
        if not any(name in record for name in IDENTITIES):
            raise BadRecord("", f"says nothing to know the contact by: it needs one of {', '.join(IDENTITIES)}")
        return VendorCall(self.verb, self.path, {"name": said(record, "name")} | self._body(record))

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        client = FreshdeskClient(http)
        if call.verb == "PUT":
            return template_evidence.find_values(call, client)
        return template_evidence.find_contact(call.body, since, known, client)

    def existing(self, record: Mapping[str, Any], connection: Connection, http: HttpClient) -> str | None:
        return template_evidence.existing_contact(record, FreshdeskClient(http))

    def update_call(self, record: Mapping[str, Any], existing_id: str, connection: Connection) -> VendorCall:
        return VendorCall("PUT", address(CONTACT, existing_id), self.call([record], connection).body)


class UpdateContact(FreshdeskTemplate):
    """Documentation: "Contacts", update a contact."""

    name: ClassVar[str] = "update_contact"
    label: ClassVar[str] = "Update a contact"
    about: ClassVar[str] = "Changes what is given of a contact that exists and is neither blocked nor deleted."
    documentation: ClassVar[str] = "https://developers.freshdesk.com/api/#update_contact"
    verb: ClassVar[str] = "PUT"
    path: ClassVar[str] = CONTACT
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("contact_id", "The contact.", required=True, kind=FieldKind.NUMBER, look_up="user"),
        TemplateField("name", "The contact's name."),
        *KNOWN_BY,
        *MORE,
    )
    aside: ClassVar[tuple[str, ...]] = ("contact_id",)
    sample: ClassVar[Mapping[str, Any]] = {"contact_id": 1, "job_title": "Engineer", "tags": ["shop", "vip"]}
    in_order_of: ClassVar[str] = "contact_id"

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        record = the_one(records)
        body = self._body(record)
        if not body:
            raise BadRecord("", "changes nothing: it needs at least one field beside contact_id")
        return VendorCall(self.verb, address(self.path, identifier(record, "contact_id")), body)

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        return template_evidence.find_values(call, FreshdeskClient(http))
