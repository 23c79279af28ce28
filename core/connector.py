"""Connector: what a vendor plugin must offer so that core can work inside that vendor's helpdesk."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from marshmallow import Schema

from core.domain import (
    Action,
    ActionKind,
    BackfillEstimate,
    ChangePage,
    Channel,
    Charge,
    Connection,
    Contact,
    ConversationPage,
    ConversationRead,
    Event,
    Fact,
    Finding,
    Guide,
    GuideStep,
    Identity,
    Inbound,
    LookUp,
    Mode,
    Named,
    Receipt,
    Session,
    Step,
    VendorState,
)
from core.errors import Refused
from core.http import HttpClient


class Connector(abc.ABC):
    """One vendor's helpdesk.

    A connector holds no state: each call is given the connection it is for, and an `HttpClient` where it may
    speak to the vendor. The client keeps the time-out, the budget and the secrets; its errors (`AuthFailed`,
    `RetryLater`, `OutcomeUnknown`, `Refused`, `BadPayload`) pass through a connector untouched.
    """

    name: ClassVar[str]
    """The word used in the configuration and in webhook addresses."""
    label: ClassVar[str]
    """The vendor's name as people write it."""
    settings_schema: ClassVar[type[Schema]]
    """Loads the connector's own keys of a `[[connections]]` table; credentials become `Secret`."""
    capabilities: ClassVar[frozenset[str]] = frozenset()
    """Of: `signature`, `assign`, `resolve`, `private_note`, `files`, `poll`, `changes`, `backfill`.

    `poll` and `changes` are two ways of finding what webhooks have not told: conversation by conversation while they
    are silent, or by a list of what has changed, all the time.
    """
    about: ClassVar[str] = ""
    """What connecting it brings, in a sentence, for whoever chooses what to connect."""
    setup_minutes: ClassVar[int] = 10
    """About how long a person needs to connect it, the steps at the vendor included."""
    verify_label: ClassVar[str] = "Test & save"
    """What the button is called with which settings are tried and, if they work, kept."""
    domains: ClassVar[tuple[str, ...]] = ()
    """Host names (and all below them) that are the vendor's own: the only ones a page may point a connection to."""

    credentials: ClassVar[frozenset[str]] = frozenset()
    """The settings by which the account is reached: a mistake in one of them reads as a failed verification."""
    listings: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """What `relaydesk connections list` can list: names, and the columns shown of each."""

    look_ups: ClassVar[tuple[LookUp, ...]] = ()
    """What destinations can look up at the vendor, so that records may have names where it wants ids."""

    channel: ClassVar[Channel] = Channel.WEB
    """The channel of a new session, until `read_state` says better."""
    claims_assigned: ClassVar[bool] = False
    """Whether `auto_handle_all` takes new conversations also from those whom the vendor assigned them to."""
    largest_files: ClassVar[int] = 0
    """Bytes that the files of one message may have together; 0 where files cannot be sent."""

    def handoff_steps(self, connection: Connection) -> tuple[Step, ...]:
        """What makes up a handoff, in the order in which this vendor's users expect it to happen."""
        return (Step(ActionKind.UNASSIGN), Step(ActionKind.NOTE))

    def handback_steps(self, session: Session, connection: Connection) -> tuple[Step, ...]:
        """What is to be taken back at the vendor when a session that was handed off is given to the AI again."""
        return ()

    def reopen_steps(self, session: Session, connection: Connection) -> tuple[Step, ...]:
        """What opens a closed conversation again at the vendor, a step that sets values; () where nothing does."""
        return ()

    def intake_group(self, settings: Mapping[str, Any]) -> str:
        """The vendor's id of the group whose unassigned conversations are the AI's in any routing mode; "" for none."""
        return ""

    def labels(self, mode: Mode, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """The labels that a conversation bears once the AI has acted in it; those it has are in its data `labels`."""
        return ()

    def charge(self, verb: str, path: str, params: Mapping[str, Any]) -> Charge:
        """What a call counts as towards the vendor's limits; a pure function of what is sent."""
        return Charge()

    def lanes(self, per_minute: int) -> Mapping[str, int]:
        """Further limits, in calls a minute by lane, of an account whose limit is `per_minute`."""
        return {}

    @abc.abstractmethod
    def base_url(self, settings: Mapping[str, object]) -> str:
        """The address all API paths are joined to, without a trailing slash."""

    @abc.abstractmethod
    def headers(self, settings: Mapping[str, object]) -> Mapping[str, str]:
        """The headers that carry the credential; they are sent to `base_url`'s host only and never logged."""

    @abc.abstractmethod
    def verify(self, settings: Mapping[str, object], http: HttpClient) -> Identity:
        """Check settings against the vendor and find who we speak as.

        Raises `ConfigError` naming the setting and the mend; `VendorError` where the vendor cannot be reached.
        """

    @abc.abstractmethod
    def setup_guide(self, connection: Connection, webhook_url: str) -> Guide:
        """What a person must do at the vendor so that events arrive; what is to be copied stands apart."""

    def farewell_guide(self, connection: Connection) -> Guide:
        """What a person must delete at the vendor once the connection is cut."""
        lines = (f"Delete this service's webhook address at {self.label}.", "Delete the credential it was given there.")
        return Guide(tuple(GuideStep(line) for line in lines))

    @abc.abstractmethod
    def authenticate(self, raw: bytes, headers: Mapping[str, str], connection: Connection) -> None:
        """Check the vendor's signature over the untouched body; returns if it is good or none is configured.

        `headers` is looked up without regard to case. Raises `AuthFailed` on a missing or wrong signature.
        """

    @abc.abstractmethod
    def split(self, raw: bytes) -> list[Inbound]:
        """Take one webhook body apart into the facts to store. Raises `BadPayload` naming the field."""

    @abc.abstractmethod
    def normalise(self, event: Event, connection: Connection) -> list[Fact]:
        """Turn a stored event into facts; an empty list means the kind or content is of no interest.

        A pure function. Raises `BadPayload` naming the field; the event is then shown as failed.
        """

    @abc.abstractmethod
    def knows(self, kind: str) -> bool:
        """Whether events of this kind are understood; others are stored, counted, shown and ignored."""

    @abc.abstractmethod
    def read_state(self, session: Session, connection: Connection, http: HttpClient) -> VendorState:
        """Read the conversation's present assignee and status at the vendor."""

    @abc.abstractmethod
    def fetch_contact(self, external_id: str, connection: Connection, http: HttpClient) -> Contact | None:
        """Read who a customer is; None if the vendor knows nobody by that id."""

    @abc.abstractmethod
    def perform(self, action: Action, connection: Connection, http: HttpClient) -> Receipt:
        """Do it, with at most one call that changes anything.

        Raises `AgentMissing` when a message is refused because the designated agent is gone at the vendor.

        A `reply` or `note` returns the id the vendor gave the message; without one it raises `OutcomeUnknown`.
        Values (`assign`, `unassign`, `resolve`, `update`) are set, so that doing it twice changes nothing.
        """

    @abc.abstractmethod
    def find_effect(self, action: Action, connection: Connection, http: HttpClient) -> Receipt | None:
        """Look at the vendor whether the action's last attempt took effect; None if it certainly shows nowhere.

        For messages the whole thread since `action.started_at` (less 120 s) is read; a message proves the
        action if author, visibility and normalised text agree and its id is not in `action.known_ids`.
        """

    # What follows is asked of connectors with the capability `poll` or `changes`, or whose webhooks are hints.

    def read_conversation(
        self,
        conversation_id: str,
        since: datetime | None,
        session: Session | None,
        connection: Connection,
        http: HttpClient,
        listed: Mapping[str, Any] | None = None,
    ) -> ConversationRead:
        """The messages of a conversation written at `since` or later (all for None), and what is true of it now.

        Each message with the same `external_id` and in the same shape as a webhook would bring it, and with its `at`.
        `session` is what is known here, None for a new conversation; `listed` what a list of changes just said of it,
        which need not be read once more. Raises `Refused` with status 404 for one that is gone.
        """
        return ConversationRead(())

    def conversations_of(self, customer_id: str, connection: Connection, http: HttpClient) -> list[str]:
        """The ids of a customer's conversations; [] where the vendor knows no such customer."""
        return []

    def list_conversations(
        self, cursor: Mapping[str, Any], connection: Connection, http: HttpClient
    ) -> ConversationPage | None:
        """A page of the account's open conversations, the first one for an empty `cursor`; None if it has no list."""
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
        """A page of the conversations that changed at `since` or later, in the order of their changes.

        The first page for an empty `cursor`; one that changes meanwhile may show twice, but none is left out. With
        `whole` each has the payload that `read_conversation` wants as `listed`. It is asked of connectors with the
        capability `changes`, and by backfills.
        """
        return ChangePage(())

    def estimate_backfill(self, since: datetime, connection: Connection, http: HttpClient) -> BackfillEstimate:
        """How much a backfill of what changed since then would find, in a call or two."""
        return BackfillEstimate()

    def listing(
        self, what: str, filters: Mapping[str, str], connection: Connection, http: HttpClient
    ) -> Iterator[Mapping[str, Any]]:
        """What the account holds of one of `listings`, for an operator; `filters` are in the vendor's words.

        Raises `Refused` in words that say what can be asked for instead.
        """
        return iter(())

    def named(self, what: str, connection: Connection, http: HttpClient) -> Iterator[Named]:
        """What a person may choose from, or be shown by name; `what` is agents, groups or checkbox_fields.

        The default takes it from the listing of this name, whose entries have `id`, `name` and, of agents, `email`;
        there is nothing to choose from where there is no such listing. Those that are out of use are left out.
        """
        if what not in self.listings:
            return
        for entry in self.listing(what, {}, connection, http):
            identifier = str(entry.get("id") or "")
            if identifier:
                yield Named(identifier, str(entry.get("name") or ""), str(entry.get("email") or ""))

    def look_up(self, what: str, value: str, connection: Connection, http: HttpClient) -> str:
        """The vendor's id of what one of `look_ups` finds by this value. Raises `Refused`, in words, if nothing."""
        raise Refused(f"{self.label} has nothing called {what} to look up")

    def attachment_hosts(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Host names (and all below them) from which attachments may be fetched, without the credential."""
        return self.domains

    def diagnose(self, connection: Connection, http: HttpClient) -> list[Finding]:
        """Vendor-side checks for an operator; the default has none."""
        return []
