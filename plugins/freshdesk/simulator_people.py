"""Who and what the simulated Freshdesk account knows beside its tickets: agents and keys, contacts, groups, fields."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from core.clock import Clock
from plugins.freshdesk.simulator_state import (
    ACCOUNT_ADMIN_ROLE,
    AGENT_ROLE,
    STATUS_LABELS,
    Agent,
    Attachment,
    Contact,
    Field,
    Group,
    Quirks,
)

STANDARD_FIELDS = (
    ("requester", "Search a requester", "default_requester"),
    ("subject", "Subject", "default_subject"),
    ("ticket_type", "Type", "default_ticket_type"),
    ("source", "Source", "default_source"),
    ("status", "Status", "default_status"),
    ("priority", "Priority", "default_priority"),
    ("group", "Group", "default_group"),
    ("agent", "Agent", "default_agent"),
    ("product", "Product", "default_product"),
    ("description", "Description", "default_description"),
    ("company", "Company", "default_company"),
)
"""The fields that every account has, with label and type."""


class People:
    """The people of one account and what its administrators set up, in memory; every change is made under `lock`."""

    def __init__(self, clock: Clock, lock: AbstractContextManager[Any], quirks: Callable[[], Quirks]) -> None:
        self.clock = clock
        self.lock = lock
        self.account_id = secrets.randbelow(10**6) + 10**6
        self.agents: dict[int, Agent] = {}
        self.contacts: dict[int, Contact] = {}
        self.groups: dict[int, Group] = {}
        self.fields: dict[str, Field] = {}
        self.contact_fields: dict[str, Field] = {}
        """The custom fields of contacts, whose names have no prefix."""
        self.files: dict[int, Attachment] = {}
        self.keys: dict[str, int] = {}
        """The working API keys, each with the id of the agent whose it is."""
        self.statuses = dict(STATUS_LABELS)
        """The label of every status; custom ones have numbers from 6 on."""
        self.types = ["Question", "Incident", "Problem", "Feature Request", "Refund"]
        self._quirks = quirks
        self._ids = itertools.count(43015500001)
        self._by_email: dict[str, int] = {}
        for name, label, kind in STANDARD_FIELDS:
            self._add_field(Field(self.next_id(), name, label, kind, self.now(), default=True))

    @property
    def quirks(self) -> Quirks:
        """How this account behaves where live ones differ."""
        return self._quirks()

    def now(self) -> datetime:
        """The present moment in whole seconds, as the vendor keeps every moment."""
        return self.clock.now().replace(microsecond=0)

    def next_id(self) -> int:
        """An id for something new."""
        return next(self._ids)

    # ------------------------------------------------------------------------------------------ agents, keys

    def add_agent(self, email: str, name: str, *, admin: bool = False, **more: Any) -> Agent:
        """A new agent; `more` are further fields of `Agent`."""
        with self.lock:
            roles = [ACCOUNT_ADMIN_ROLE if admin else AGENT_ROLE]
            agent = Agent(self.next_id(), email, name, self.now(), **{"role_ids": roles, **more})
            self.agents[agent.id] = agent
            return agent

    def key_for(self, agent: Agent) -> str:
        """The agent's API key; made when there is none yet."""
        with self.lock:
            own = [key for key, agent_id in self.keys.items() if agent_id == agent.id]
            return own[0] if own else self.make_key(agent)

    def make_key(self, agent: Agent, key: str | None = None) -> str:
        """Give the agent a key and end their old one: an agent has one. Returns it."""
        with self.lock:
            self.end_key(agent)
            made = key or secrets.token_urlsafe(15)
            self.keys[made] = agent.id
            return made

    def end_key(self, agent: Agent) -> None:
        """Let the agent's key work no longer."""
        with self.lock:
            self.keys = {key: agent_id for key, agent_id in self.keys.items() if agent_id != agent.id}

    # -------------------------------------------------------------------------------------- contacts, groups

    def add_contact(self, name: str, email: str | None = None, **more: Any) -> Contact:
        """A new contact; `more` are further fields of `Contact`. Raises `ValueError` if the e-mail is taken."""
        with self.lock:
            # Asked of the index alone, so that contacts can be added by the ten thousand.
            if email and self._by_email.get(email.lower()) in self.contacts:
                raise ValueError(f"a contact with the e-mail {email} exists already")
            now = self.now()
            contact = Contact(self.next_id(), name, now, now, email or None, **more)
            self.contacts[contact.id] = contact
            if email:
                self._by_email[email.lower()] = contact.id
            return contact

    def change_contact(self, contact: Contact, values: Mapping[str, Any]) -> None:
        """Set fields of a contact."""
        with self.lock:
            for key, value in values.items():
                setattr(contact, key, value)
            contact.updated_at = self.now()
            if contact.email:
                self._by_email[contact.email.lower()] = contact.id

    def contact_by_email(self, email: str) -> Contact | None:
        """The contact with this address, whichever way its letters are written; further addresses count."""
        contact = self.contact(self._by_email.get(email.lower()))
        if contact is not None and email.lower() in _addresses(contact):
            return contact
        return next((one for one in self.contacts.values() if email.lower() in _addresses(one)), None)

    def add_group(self, name: str) -> Group:
        """A new group, with nobody in it."""
        with self.lock:
            group = Group(self.next_id(), name, self.now())
            self.groups[group.id] = group
            return group

    def store(self, name: str, content_type: str, data: bytes) -> Attachment:
        """Keep a file."""
        with self.lock:
            file = Attachment(self.next_id(), name, content_type, data, self.now())
            self.files[file.id] = file
            return file

    # ------------------------------------------------------------------------------------------------ fields

    def add_field(self, name: str, kind: str = "custom_checkbox", label: str = "", choices: Any = None) -> Field:
        """A new custom field; its name gets the prefix cf_ if it has none, and the account's suffix."""
        with self.lock:
            full = (name if name.startswith("cf_") else f"cf_{name}") + self.quirks.field_suffix
            shown = label or name.removeprefix("cf_").replace("_", " ").capitalize()
            return self._add_field(Field(self.next_id(), full, shown, kind, self.now(), choices=choices))

    def add_contact_field(self, name: str, kind: str = "custom_text") -> Field:
        """A new custom field of contacts, under just this name."""
        with self.lock:
            made = Field(self.next_id(), name, name.replace("_", " ").capitalize(), kind, self.now())
            self.contact_fields[name] = made
            return made

    def remove_field(self, name: str) -> None:
        """Delete a custom field. Raises `KeyError`."""
        with self.lock:
            del self.fields[name]

    def custom_fields(self) -> list[Field]:
        """The fields that this account made itself."""
        return [one for one in self.fields.values() if not one.default]

    def _add_field(self, made: Field) -> Field:
        self.fields[made.name] = made
        return made

    # ------------------------------------------------------------------- what automation rules look up

    def contact(self, contact_id: int | None) -> Contact | None:
        """The contact with this id, if there is one."""
        return None if contact_id is None else self.contacts.get(contact_id)

    def agent(self, agent_id: int | None) -> Agent | None:
        """The agent with this id, if there is one."""
        return None if agent_id is None else self.agents.get(agent_id)

    def group(self, group_id: int | None) -> Group | None:
        """The group with this id, if there is one."""
        return None if group_id is None else self.groups.get(group_id)

    def status_label(self, status: int) -> str:
        """The account's own label of a status."""
        return self.statuses.get(status, "")

    def name_of(self, person_id: int | None) -> str:
        """The name of a contact or agent, "" if there is none."""
        person = self.agent(person_id) or self.contact(person_id)
        return person.name if person else ""


def _addresses(contact: Contact) -> set[str]:
    return {one.lower() for one in (contact.email, *contact.other_emails) if one}
