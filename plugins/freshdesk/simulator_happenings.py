"""What happens in the simulated Freshdesk account, as its automation rules are told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Performer:
    """Who did it: `kind` is "agent", "requester" or "system"; what a key does by API, its agent does."""

    kind: str
    id: int | None = None


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a ticket.

    `kind` is one of ticket_created, ticket_updated (with `changes`: the ticket's field to its old and new value),
    reply_sent (a public reply, of an agent or of the customer), note_added (`note_type` "private" or "public") and
    ticket_deleted. One request may cause several: a customer's reply that opens a ticket again is a reply_sent and a
    ticket_updated.
    """

    kind: str
    ticket: Any
    performer: Performer
    at: datetime
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    note_type: str = ""


class Directory(Protocol):
    """What rules and webhooks look up in the account. Each method gives None for an id that is unknown or None."""

    def contact(self, contact_id: int | None) -> Any:
        """A contact, with `id`, `name`, `email`, `phone` and `unique_external_id`."""

    def agent(self, agent_id: int | None) -> Any:
        """An agent, with `id`, `name` and `email`."""

    def group(self, group_id: int | None) -> Any:
        """A group, with `id` and `name`."""

    def status_label(self, status: int) -> str:
        """The account's own label of a status, such as "Open"."""

    def public_comments(self, ticket: Any) -> Sequence[Any]:
        """The public entries of a ticket, oldest first, with `author_name` and `body` (HTML)."""
