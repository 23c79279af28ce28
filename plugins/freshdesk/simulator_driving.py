"""What a test or a person does in the simulated account: write as the customer, work as an agent, set it up."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Sequence
from typing import Any

from core.testing.simulator import Simulator
from plugins.freshdesk.simulator_account import SUPPORT_EMAIL, SYSTEM, Account
from plugins.freshdesk.simulator_bulk import Filed, finished
from plugins.freshdesk.simulator_happenings import Performer
from plugins.freshdesk.simulator_state import (
    CLOSED,
    EMAIL,
    FORWARD,
    NOTE,
    RESOLVED,
    Agent,
    Attachment,
    Contact,
    Entry,
    Field,
    Group,
    Ticket,
    as_html,
    structured,
)

NamedFile = tuple[str, bytes]
"""A file's name, whose suffix gives its type, and its content."""


class Driving(Simulator):
    """The methods of `FreshdeskSimulator` that act as people do; all are safe to call from any thread.

    Tickets, entries, contacts and agents are the live objects: their attributes show the present state.
    """

    account: Account

    # ------------------------------------------------------------------------------------------- the account

    @property
    def agents(self) -> list[Agent]:
        """All agents, the deactivated too."""
        return list(self.account.agents.values())

    def add_agent(self, email: str, name: str = "", *, admin: bool = False, **more: Any) -> Agent:
        """A new agent; `more` are further fields of `Agent`, such as ticket_scope."""
        return self.account.add_agent(email, name or email.partition("@")[0].title(), admin=admin, **more)

    def key_for(self, agent: Agent) -> str:
        """The API key of an agent, by which calls are made as this agent."""
        key = self.account.key_for(agent)
        self.record.hide(key)
        return key

    def deactivate(self, agent: Agent) -> None:
        """Let the agent neither log in nor be assigned; the key ends to work."""
        with self.lock:
            agent.active = False

    def remove_agent(self, agent: Agent) -> None:
        """Delete an agent, who thereby becomes a contact; their tickets are unassigned."""
        self.account.dismiss(agent)

    def add_group(self, name: str, *members: Agent) -> Group:
        """A new group of agents."""
        with self.lock:
            group = self.account.add_group(name)
            for agent in members:
                agent.group_ids.append(group.id)
            return group

    def remove_group(self, group: Group) -> None:
        """Delete a group; its tickets have none any more."""
        self.account.dissolve(group)

    def add_field(self, name: str, type: str = "custom_checkbox", choices: Any = None) -> Field:
        """A new custom field; without the prefix cf_ it is given it."""
        return self.account.add_field(name, type, choices=choices)

    def remove_field(self, name: str) -> None:
        """Delete a custom field. Raises `KeyError`."""
        self.account.remove_field(name)

    def add_contact_field(self, name: str, type: str = "custom_text") -> Field:
        """A new custom field of contacts, under just this name."""
        return self.account.add_contact_field(name, type)

    def add_status(self, label: str) -> int:
        """A status of the account's own; returns its number, from 6 on."""
        with self.lock:
            number = max(self.account.statuses) + 1
            self.account.statuses[number] = label
            return number

    def fill(self, tickets: Iterable[Filed]) -> list[Ticket]:
        """Put many finished tickets into the account at once, old ones too, without anybody being told."""
        with self.lock:
            made = [finished(self.account, one) for one in tickets]
            self.account.load(made)
        self.changes.note()
        return made

    # ----------------------------------------------------------------------------------------------- to look at

    def ticket(self, ticket_id: int) -> Ticket:
        """The ticket with this id. Raises `KeyError`."""
        return self.account.tickets[ticket_id]

    @property
    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        with self.lock:
            return list(self.account.tickets.values())

    def thread(self, ticket: Ticket) -> list[Entry]:
        """What was said in a ticket, oldest first: the description as an entry with the id 0, then its entries."""
        with self.lock:
            if ticket.structured and ticket.entries and ticket.entries[0].text == ticket.text:
                return list(ticket.entries)
            first = Entry(
                0,
                ticket.id,
                ticket.description,
                ticket.requester_id,
                ticket.created_at,
                ticket.created_at,
                incoming=True,
                attachments=ticket.attachments,
            )
            return [first, *ticket.entries]

    def assignee(self, ticket: Ticket) -> Agent | None:
        """The agent to whom a ticket is assigned now."""
        return self.account.agent(ticket.responder_id)

    # ------------------------------------------------------------------------------------------- the customer

    def customer(self, email: str | None = None, name: str = "", phone: str = "", **more: Any) -> Contact:
        """A new contact. Raises `ValueError` if the e-mail is taken: two contacts never share one."""
        called = name or (email or phone or "Visitor").partition("@")[0].title()
        return self.account.add_contact(called, email, phone=phone or None, **more)

    def customer_opens(
        self,
        contact: Contact,
        subject: str,
        text: str,
        source: int = EMAIL,
        *,
        attachments: Sequence[NamedFile] = (),
        **fields: Any,
    ) -> Ticket:
        """A new ticket of a customer; `fields` are further fields of `Ticket`."""
        with self.lock:
            return self.account.open(
                Performer("requester", contact.id),
                requester_id=contact.id,
                subject=subject,
                description=as_html(text),
                source=source,
                attachments=self._stored(attachments),
                **fields,
            )

    def customer_writes(
        self, ticket: Ticket, text: str, by: Contact | None = None, attachments: Sequence[NamedFile] = ()
    ) -> Entry:
        """A customer's reply, of the requester or of somebody in copy (`by`); a merged ticket's goes to the primary.

        Raises `ValueError` for an archived ticket, which takes none.
        """
        with self.lock:
            target = self.account.living(ticket)
            if target.archived:
                raise ValueError(f"ticket {target.id} is archived: a reply to it would open another ticket")
            author = by.id if by else target.requester_id
            email = by.email if by else self._email(target.requester_id)
            unknown = self.account.quirks.incoming_without_user and target.source == EMAIL and email
            return self.account.write(
                target,
                Performer("requester", author),
                as_html(text),
                None if unknown else author,
                quote=True,
                incoming=True,
                from_email=email,
                to_emails=(SUPPORT_EMAIL,),
                attachments=self._stored(attachments),
                structured_body=structured(text) if target.structured else None,
            )

    # ----------------------------------------------------------------------------------------------- the agent

    def agent_replies(self, ticket: Ticket, agent: Agent, text: str, attachments: Sequence[NamedFile] = ()) -> Entry:
        """A public reply of an agent, written in Freshdesk itself."""
        email = self._email(ticket.requester_id)
        return self.account.write(
            ticket,
            Performer("agent", agent.id),
            as_html(text),
            agent.id,
            quote=True,
            from_email=SUPPORT_EMAIL,
            to_emails=(email,) if email else (),
            attachments=self._stored(attachments),
            structured_body=structured(text) if ticket.structured else None,
        )

    def agent_notes(self, ticket: Ticket, agent: Agent, text: str, private: bool = True) -> Entry:
        """A note of an agent; a public one shows in the portal, but is not mailed."""
        performer = Performer("agent", agent.id)
        return self.account.write(ticket, performer, as_html(text), agent.id, source=NOTE, private=private)

    def agent_forwards(self, ticket: Ticket, agent: Agent, text: str, to: str = "partner@example.org") -> Entry:
        """Forward a ticket by e-mail to somebody else; the customer does not see it."""
        performer = Performer("agent", agent.id)
        return self.account.write(
            ticket, performer, as_html(text), agent.id, source=FORWARD, private=True, to_emails=(to,)
        )

    def agent_assigns(
        self, ticket: Ticket, agent: Agent | None, *, group: Group | None = None, by: Agent | None = None
    ) -> None:
        """Assign to an agent, or to nobody, and to a group if one is given; `by` is who does it, else the agent."""
        values: dict[str, Any] = {"responder_id": agent.id if agent else None}
        if group is not None:
            values["group_id"] = group.id
        self.account.change(ticket, values, _by(by or agent))

    def agent_sets(self, ticket: Ticket, agent: Agent, **values: Any) -> None:
        """Set fields of a ticket as an agent, custom ones by their cf_ name."""
        self.account.change(ticket, values, _by(agent))

    def agent_resolves(self, ticket: Ticket, agent: Agent | None = None) -> None:
        """Resolve as an agent, by default the assignee."""
        self.account.change(ticket, {"status": RESOLVED}, _by(agent or self.assignee(ticket)))

    def agent_closes(self, ticket: Ticket, agent: Agent | None = None) -> None:
        """Close as an agent, by default the assignee."""
        self.account.change(ticket, {"status": CLOSED}, _by(agent or self.assignee(ticket)))

    def agent_deletes(self, ticket: Ticket, agent: Agent | None = None) -> None:
        """Move a ticket to the trash as an agent, by default the assignee."""
        self.account.trash(ticket, _by(agent or self.assignee(ticket)))

    def marks_spam(self, ticket: Ticket, agent: Agent | None = None) -> None:
        """Mark a ticket as spam as an agent, by default the assignee."""
        self.account.change(ticket, {"spam": True}, _by(agent or self.assignee(ticket)))

    def restores(self, ticket: Ticket, agent: Agent | None = None) -> None:
        """Take a ticket out of trash and spam as an agent, by default the assignee."""
        self.account.change(ticket, {"spam": False, "deleted": False}, _by(agent or self.assignee(ticket)))

    def merges(self, primary: Ticket, secondary: Ticket, agent: Agent) -> None:
        """Merge `secondary` into `primary`, as an agent: it is closed, and replies to it go to the primary."""
        self.account.merge(primary, [secondary], _by(agent))

    def change_requester(self, ticket: Ticket, contact: Contact, agent: Agent | None = None) -> None:
        """Make somebody else the requester of a ticket."""
        self.account.change(ticket, {"requester_id": contact.id}, _by(agent or self.assignee(ticket)))

    # --------------------------------------------------------------------------------------------- the others

    def system_sets(self, ticket: Ticket, **values: Any) -> None:
        """Set fields of a ticket as another automation rule does."""
        self.account.change(ticket, values, SYSTEM)

    def archives(self, ticket: Ticket) -> None:
        """Move a ticket to the archive: it is found under another address from now on."""
        self.account.archive(ticket)

    def purges(self, ticket: Ticket) -> None:
        """Delete a ticket for ever."""
        self.account.purge(ticket)

    # ------------------------------------------------------------------------------------------------ inside

    def _email(self, person_id: int) -> str | None:
        person = self.account.contact(person_id) or self.account.agent(person_id)
        return person.email if person else None

    def _stored(self, files: Sequence[NamedFile]) -> tuple[Attachment, ...]:
        return tuple(
            self.account.store(name, mimetypes.guess_type(name)[0] or "application/octet-stream", data)
            for name, data in files
        )


def _by(agent: Agent | None) -> Performer:
    return Performer("agent", agent.id) if agent else SYSTEM
