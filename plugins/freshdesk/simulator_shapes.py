"""How the simulated Freshdesk API shows what the account holds, as JSON values.

Reference: https://developers.freshdesk.com/api/#tickets and its neighbours. Null values are shown, not left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

from plugins.freshdesk.simulator_account import SUPPORT_EMAIL, Account
from plugins.freshdesk.simulator_state import (
    NOTE,
    ROLES,
    Agent,
    Attachment,
    Contact,
    Entry,
    Field,
    Group,
    Ticket,
    plain_text,
    stamp,
    structured,
)


class Shapes:
    """The shapes of one account; `address` gives where an attachment can be downloaded."""

    def __init__(self, account: Account, address: Callable[[Attachment], str]) -> None:
        self._account = account
        self._address = address

    # -------------------------------------------------------------------------------------------------- tickets

    def row(self, ticket: Ticket, include: Collection[str] = ()) -> dict[str, Any]:
        """A ticket as a list holds it: without attachments, and without description unless it is included."""
        quirks = self._account.quirks
        shown: dict[str, Any] = {
            "cc_emails": list(ticket.cc_emails),
            "fwd_emails": [],
            "reply_cc_emails": list(ticket.cc_emails),
            "ticket_cc_emails": list(ticket.cc_emails),
            "fr_escalated": False,
            "spam": ticket.spam,
            "email_config_id": ticket.email_config_id,
            "group_id": ticket.group_id,
            "priority": ticket.priority,
            "requester_id": ticket.requester_id,
            "responder_id": ticket.responder_id,
            "source": ticket.source,
            "company_id": ticket.company_id,
            "status": ticket.status,
            "subject": ticket.subject,
            "association_type": None,
            "support_email": SUPPORT_EMAIL,
            "to_emails": [SUPPORT_EMAIL],
            "product_id": ticket.product_id,
            "id": ticket.id,
            "type": ticket.type,
            "due_by": stamp(ticket.due_by),
            "fr_due_by": stamp(ticket.fr_due_by),
            "is_escalated": False,
            "custom_fields": self._custom(ticket),
            "tags": list(ticket.tags),
            "created_at": stamp(ticket.created_at),
            "updated_at": stamp(ticket.updated_at),
        }
        if ticket.deleted or not quirks.deleted_flag_absent:
            shown["deleted"] = ticket.deleted
        if "description" in include or quirks.description_in_list:
            shown |= _description(ticket)
        return shown | self._included(ticket, include)

    def ticket(self, ticket: Ticket, include: Collection[str] = ()) -> dict[str, Any]:
        """A ticket as it is shown by itself."""
        shown = self.row(ticket) | _description(ticket) | {"attachments": self._files(ticket.attachments)}
        if "conversations" in include:
            # Only the ten oldest, without saying that there are more.
            shown["conversations"] = [self.entry(one) for one in self._account.visible_entries(ticket)[:10]]
        return shown | self._included(ticket, include)

    def _included(self, ticket: Ticket, include: Collection[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        if "requester" in include:
            shown["requester"] = self._requester(ticket)
        if "company" in include:
            shown["company"] = {}
        if "stats" in include:
            shown["stats"] = {key: stamp(moment) for key, moment in asdict(ticket.stats).items()}
        return shown

    def _requester(self, ticket: Ticket) -> dict[str, Any] | None:
        # An agent can be a ticket's requester too, although the contacts do not hold agents.
        person = self._account.contact(ticket.requester_id) or self._account.agent(ticket.requester_id)
        if person is None:
            return None
        email = None if self._account.quirks.hidden_contact_email else person.email
        return {"id": person.id, "name": person.name, "email": email, "mobile": person.mobile, "phone": person.phone}

    def _custom(self, ticket: Ticket) -> dict[str, Any]:
        return {one.name: ticket.custom_fields.get(one.name) for one in self._account.custom_fields()}

    # ------------------------------------------------------------------------------------------- conversations

    def entry(self, entry: Entry) -> dict[str, Any]:
        """A conversation as lists hold it."""
        return {
            **self._entry(entry),
            "incoming": entry.incoming,
            "private": entry.private,
            "source": entry.source,
            "category": 2 if entry.source == NOTE else 3 if not entry.incoming else 1,
            "last_edited_at": stamp(entry.last_edited_at),
            "last_edited_user_id": entry.last_edited_user_id,
            "has_quoted_text": "freshdesk_quote" in entry.body,
        }

    def sent_reply(self, entry: Entry) -> dict[str, Any]:
        """The answer to a reply: unlike in lists without incoming, private and source, but with replied_to."""
        return {**self._entry(entry), "replied_to": list(entry.to_emails)}

    def _entry(self, entry: Entry) -> dict[str, Any]:
        return {
            "id": entry.id,
            "body": entry.body,
            "body_text": plain_text(entry.body),
            "structured_body": entry.structured_body,
            "user_id": entry.user_id,
            "ticket_id": entry.ticket_id,
            "support_email": SUPPORT_EMAIL,
            "from_email": entry.from_email,
            "to_emails": list(entry.to_emails),
            "cc_emails": list(entry.cc_emails),
            "bcc_emails": list(entry.bcc_emails),
            "attachments": self._files(entry.attachments),
            "cloud_files": [],
            "created_at": stamp(entry.created_at),
            "updated_at": stamp(entry.updated_at),
        }

    def _files(self, files: Collection[Attachment]) -> list[dict[str, Any]]:
        return [
            {
                "id": one.id,
                "name": one.name,
                "content_type": one.content_type,
                "size": len(one.data),
                "attachment_url": self._address(one),
                "created_at": stamp(one.created_at),
                "updated_at": stamp(one.created_at),
            }
            for one in files
        ]

    # --------------------------------------------------------------------------------------- people and places

    def agent(self, agent: Agent) -> dict[str, Any]:
        """An agent: e-mail and name are inside `contact`, and nothing says whether it is an administrator."""
        return {
            "id": agent.id,
            "available": True,
            "occasional": agent.occasional,
            "ticket_scope": agent.ticket_scope,
            "signature": None,
            "group_ids": list(agent.group_ids),
            "role_ids": list(agent.role_ids),
            "skill_ids": [],
            "type": agent.type,
            "available_since": None,
            "created_at": stamp(agent.created_at),
            "updated_at": stamp(agent.created_at),
            "contact": {
                "active": agent.active,
                "email": agent.email,
                "job_title": None,
                "language": "en",
                "last_login_at": None,
                "mobile": agent.mobile,
                "name": agent.name,
                "phone": agent.phone,
                "time_zone": "Berlin",
                "created_at": stamp(agent.created_at),
                "updated_at": stamp(agent.created_at),
            },
        }

    def group(self, group: Group) -> dict[str, Any]:
        """A group with the ids of its agents."""
        members = [agent.id for agent in self._account.agents.values() if group.id in agent.group_ids]
        return {
            "id": group.id,
            "name": group.name,
            "description": None,
            "escalate_to": None,
            "unassigned_for": None,
            "business_hour_id": None,
            "group_type": "support_agent_group",
            "agent_ids": members,
            "auto_ticket_assign": 0,
            "created_at": stamp(group.created_at),
            "updated_at": stamp(group.created_at),
        }

    def role(self, role_id: int) -> dict[str, Any]:
        """A role; its name is the only thing that tells what it may do."""
        made = stamp(self._account.agents[min(self._account.agents)].created_at)
        return {
            "id": role_id,
            "name": ROLES[role_id],
            "description": f"{ROLES[role_id]}, as every account has it",
            "default": True,
            "agent_type": 1,
            "created_at": made,
            "updated_at": made,
        }

    def contact(self, contact: Contact) -> dict[str, Any]:
        """A contact; its e-mail may be null."""
        shown: dict[str, Any] = {
            "active": contact.active,
            "address": contact.address,
            "company_id": contact.company_id,
            "view_all_tickets": None,
            "description": contact.description,
            "email": None if self._account.quirks.hidden_contact_email else contact.email,
            "id": contact.id,
            "job_title": contact.job_title,
            "language": contact.language,
            "mobile": contact.mobile,
            "name": contact.name,
            "phone": contact.phone,
            "time_zone": contact.time_zone,
            "twitter_id": contact.twitter_id,
            "unique_external_id": contact.unique_external_id,
            "custom_fields": {name: contact.custom_fields.get(name) for name in self._account.contact_fields},
            "tags": list(contact.tags),
            "other_emails": list(contact.other_emails),
            "other_companies": [],
            "created_at": stamp(contact.created_at),
            "updated_at": stamp(contact.updated_at),
        }
        return {**shown, "deleted": True} if contact.deleted else shown

    def field(self, one: Field) -> dict[str, Any]:
        """A field of the ticket form."""
        position = 1 + list(self._account.fields).index(one.name)
        shown = {
            "id": one.id,
            "name": one.name,
            "label": one.label,
            "label_for_customers": one.label,
            "description": None,
            "position": position,
            "type": one.type,
            "default": one.default,
            "required_for_closure": one.name in self._account.quirks.required_for_closure,
            "required_for_agents": False,
            "required_for_customers": False,
            "customers_can_edit": False,
            "displayed_to_customers": one.default,
            "created_at": stamp(one.created_at),
            "updated_at": stamp(one.created_at),
        }
        choices = self._choices(one)
        return shown if choices is None else {**shown, "choices": choices}

    def _choices(self, one: Field) -> Any:
        if one.type == "default_status":
            return {str(number): [label, label] for number, label in self._account.statuses.items()}
        if one.type == "default_ticket_type":
            return list(self._account.types)
        return one.choices


def _description(ticket: Ticket) -> dict[str, Any]:
    return {
        "description": ticket.description,
        "description_text": ticket.text,
        "structured_description": structured(ticket.text) if ticket.structured else None,
    }
