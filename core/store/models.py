"""The tables, as peewee models; the words are the design's, one table an idea.

A foreign key without an index of its own is the beginning of another one. What the pages and the search read by beside
these indexes, and the column `handed_off` of a session, is in `core/store/reading.py`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    DatabaseProxy,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

database = DatabaseProxy()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MomentField(BigIntegerField):
    """A moment in UTC, kept as whole microseconds since 1970: it sorts, compares and travels alike on both engines."""

    def db_value(self, value: datetime | int | None) -> int | None:
        if isinstance(value, datetime):
            return (value - EPOCH) // timedelta(microseconds=1)
        return value

    def python_value(self, value: int | None) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


class JsonField(TextField):
    """A JSON value kept as text, so that both engines hold the same bytes."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def python_value(self, value: str | None) -> Any:
        return None if value is None else json.loads(value)


class ShortField(CharField):
    """A text of a vendor's or a customer's making: what is too long is cut, so that it costs no conversation."""

    def db_value(self, value: Any) -> Any:
        return value[: self.max_length] if isinstance(value, str) else value


class SizeField(IntegerField):
    """A number of a vendor's making: what the column cannot hold is not known."""

    def db_value(self, value: Any) -> Any:
        return value if value is None or 0 <= int(value) < 2**31 else None


class Row(Model):
    """Base of all tables."""

    if TYPE_CHECKING:  # peewee makes these when a model is declared
        id: Any

        def __getattr__(self, name: str) -> Any: ...

    class Meta:
        database = database
        legacy_table_names = False


def _first_generation() -> int:
    """Where a connection's generations begin; it leaves room for as many disconnections."""
    return 1 + secrets.randbelow(2**30)


class ConnectionRow(Row):
    """A configured account of a connector: what was found at the vendor.

    The settings of a `provisioned` one stay in the file. Those of one that was made on the pages are in `settings`, as
    they were given, each secret sealed; `saved_by` is who gave them at `saved_at`, and `revision` grows whenever a
    person changes it. A name may be taken by one of each kind: then the file's counts.

    `settings_hash` is the fingerprint of the settings that were verified, `refused_hash` of those that the vendor
    refused. `polling_since` is set while the account is polled because its webhooks are silent. `connected_at` is when
    it was first verified: what is older is history, and never answered. `generation` is part of its webhook address,
    and grows with each disconnection. It begins anywhere: SQLite gives the id of one that was deleted to the next one
    made, which must not be reached at the address of that one.
    """

    name = CharField()
    connector = CharField()
    provisioned = BooleanField(default=True)
    settings_hash = CharField(default="")
    identity = JsonField(null=True)
    active = BooleanField(default=True)
    error = TextField(default="")
    generation = IntegerField(default=_first_generation)
    verified_at = MomentField(null=True)
    last_event_at = MomentField(null=True)
    stale_calls = IntegerField(default=0)
    refused_calls = IntegerField(default=0)
    created_at = MomentField()
    tried_at = MomentField(null=True)
    refused_hash = CharField(default="")
    disconnected_at = MomentField(null=True)
    polled_at = MomentField(null=True)
    polling_since = MomentField(null=True)
    connected_at = MomentField(null=True)
    settings = JsonField(null=True)
    saved_by = ShortField(default="")
    saved_at = MomentField(null=True)
    revision = BigIntegerField(default=0)

    class Meta:
        table_name = "connection"
        indexes = ((("name", "provisioned"), True),)


class ContactRow(Row):
    """A person, across connections."""

    name = ShortField(default="")
    email = ShortField(null=True, unique=True)
    phone = ShortField(default="")
    created_at = MomentField()

    class Meta:
        table_name = "contact"


class ContactIdentityRow(Row):
    """How one connection knows a contact."""

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    external_id = CharField()
    contact = ForeignKeyField(ContactRow, column_name="contact_id", backref="identities")
    looked_up_at = MomentField(null=True)
    polled_at = MomentField(null=True)

    class Meta:
        table_name = "contact_identity"
        indexes = ((("connection", "external_id"), True),)


class LeaseRow(Row):
    """A conversation as a piece of work: who may work on it until when, and when it is next due.

    `next_at` is null when nothing is to be done. `fence` grows with every claim: a write that carries an old
    one is refused. `turn_due_at` is set while customer messages wait for a decision.
    """

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    conversation_id = CharField()
    next_at = MomentField(null=True, index=True)
    owner = CharField(null=True)
    until = MomentField(null=True)
    fence = IntegerField(default=0)
    turn_due_at = MomentField(null=True)
    turn_from_at = MomentField(null=True)
    turn_event = BigIntegerField(null=True)
    turn_attempts = IntegerField(default=0)
    turn_waits = IntegerField(default=0)
    turn_missing = IntegerField(default=0)
    turn_error = TextField(default="")

    class Meta:
        table_name = "conversation_lease"
        indexes = ((("connection", "conversation_id"), True),)


class EventRow(Row):
    """The inbox: a stored inbound fact. `state`: pending, done, ignored, failed (dead) or rejected.

    A `hint` only says that there is something to be read at the vendor; `found` is what was read then. `retried_by` is
    who has had a dead one tried again.
    """

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    lease = ForeignKeyField(LeaseRow, column_name="lease_id", index=False, null=True)
    dedupe_key = CharField()
    external_id = CharField(default="")
    kind = CharField()
    conversation_id = CharField(default="")
    payload = JsonField()
    source = CharField()
    state = CharField(default="pending")
    reason = CharField(default="")
    error = TextField(default="")
    attempts = IntegerField(default=0)
    waits = IntegerField(default=0)
    next_at = MomentField(null=True)
    seen_count = IntegerField(default=1)
    received_at = MomentField()
    done_at = MomentField(null=True)
    hint = BooleanField(default=False)
    found = JsonField(null=True)
    retried_by = CharField(default="")

    class Meta:
        table_name = "event"
        indexes = ((("connection", "dedupe_key"), True), (("lease", "state", "id"), False))


class SessionRow(Row):
    """One conversation or ticket.

    `gated_at` is when the gate for new conversations closed behind it: the AI took it, or an agent spoke in it; null
    while it is new. `vendor_at` is the vendor's time of the latest change that was read, at our own time `read_at`.
    `taken_by` is the person who has taken it over from here; `own_doing` says that the vendor may show the AI's agent
    because of what was done from here, and not because somebody gives it back to the AI. `apart` is the status that
    the vendor was left with ("open" or "closed") when it was closed or opened here alone. `closed_payload` is what a
    program that closed it wants kept with it.
    """

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    lease = ForeignKeyField(LeaseRow, column_name="lease_id", unique=True)
    conversation_id = CharField()
    contact = ForeignKeyField(ContactRow, column_name="contact_id", null=True)
    customer_id = CharField(default="")
    channel = CharField()
    mode = CharField()
    routing = CharField(default="")
    status = CharField(default="open")
    owner = CharField(default="nobody")
    owner_at = MomentField(null=True)
    assignee = CharField(default="")
    assignee_at = MomentField(null=True)
    status_at = MomentField(null=True)
    closed_by = CharField(default="")
    closure = CharField(default="")
    handoff = JsonField(null=True)
    url = TextField(default="")
    data = JsonField(default=dict)
    subject = ShortField(default="")
    created_at = MomentField()
    updated_at = MomentField()
    last_message_at = MomentField(null=True)
    resolve_due_at = MomentField(null=True)
    polled_at = MomentField(null=True)
    assigned_group = CharField(default="")
    gated_at = MomentField(null=True)
    vendor_at = MomentField(null=True)
    read_at = MomentField(null=True)
    taken_by = CharField(default="")
    own_doing = BooleanField(default=False)
    apart = CharField(default="")
    closed_payload = JsonField(null=True)

    class Meta:
        table_name = "session"
        indexes = ((("connection", "conversation_id"), True),)


class MessageRow(Row):
    """An entry of a session; `external_id` is unique within a connection, null until the vendor gave one.

    `author_name` is who an agent is, as far as that is known.
    """

    session = ForeignKeyField(SessionRow, column_name="session_id", index=False, backref="messages")
    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    external_id = CharField(null=True)
    author = CharField()
    author_id = CharField(default="")
    visibility = CharField(default="public")
    text = TextField(default="")
    at = MomentField()
    received_at = MomentField()
    quoted = TextField(default="")
    automatic = BooleanField(default=False)
    author_name = ShortField(default="")

    class Meta:
        table_name = "message"
        indexes = ((("connection", "external_id"), True), (("session", "at", "id"), False))


class AttachmentRow(Row):
    """A file of a message. `state`: pending, stored or placeholder."""

    message = ForeignKeyField(MessageRow, column_name="message_id", backref="attachments")
    name = ShortField()
    url = TextField(default="")
    content_type = ShortField(default="")
    size = SizeField(null=True)
    state = CharField(default="pending", index=True)
    placeholder = TextField(default="")
    attempts = IntegerField(default=0)
    content = BlobField(null=True)

    class Meta:
        table_name = "attachment"


class TimelineRow(Row):
    """What happened to a session, in the words of behaviour 12."""

    session = ForeignKeyField(SessionRow, column_name="session_id", index=False)
    at = MomentField()
    kind = CharField()
    detail = JsonField(default=dict)

    class Meta:
        table_name = "timeline"
        indexes = ((("session", "id"), False),)


class DecisionRow(Row):
    """Why a turn ended as it did; `upto` is the newest customer message it saw."""

    session = ForeignKeyField(SessionRow, column_name="session_id", index=False, backref="decisions")
    at = MomentField()
    outcome = CharField()
    reason = CharField()
    detail = TextField(default="")
    confidence = DoubleField(null=True)
    might_solve = BooleanField(null=True)
    fully_covered = BooleanField(null=True)
    sources = JsonField(default=list)
    topic = CharField(default="")
    sentiment = CharField(default="")
    upto = ForeignKeyField(MessageRow, column_name="upto_id", null=True)

    class Meta:
        table_name = "decision"
        indexes = ((("session", "id"), False),)


class ActionRow(Row):
    """The outbox: one outbound effect, through the states of the reliability page part 4.

    It `requires` the success of another, or stands in `instead_of` one and is wanted only if that has failed. `by` is
    the person who asked for it, "" for the AI. What became of a draft is its `verdict` (approved, edited or
    dismissed), and the reply made of it names it as its `draft`. `retried_by` is who wants a failed one sent again,
    until it is.
    """

    session = ForeignKeyField(SessionRow, column_name="session_id", backref="actions")
    lease = ForeignKeyField(LeaseRow, column_name="lease_id", index=False)
    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    decision = ForeignKeyField(DecisionRow, column_name="decision_id", null=True)
    requires = ForeignKeyField("self", column_name="requires_id", null=True)
    kind = CharField()
    purpose = CharField(default="")
    text = TextField(default="")
    assignee = CharField(default="")
    fields = JsonField(default=dict)
    reference = CharField(unique=True)
    priority = CharField()
    basis = ForeignKeyField(MessageRow, column_name="basis_id", null=True)
    state = CharField(default="pending")
    attempts = IntegerField(default=0)
    fence = IntegerField(default=0)
    started_at = MomentField(null=True)
    uncertain_at = MomentField(null=True)
    next_at = MomentField(null=True)
    refused = BooleanField(default=False)
    clean_reads = IntegerField(default=0)
    failed_reads = IntegerField(default=0)
    missing_reads = IntegerField(default=0)
    vendor_id = CharField(null=True)
    confirmed_by = CharField(default="")
    error = TextField(default="")
    created_at = MomentField()
    settled_at = MomentField(null=True)
    instead_of = BigIntegerField(null=True)
    remark = TextField(default="")
    by = CharField(default="")
    verdict = CharField(default="")
    draft = BigIntegerField(null=True)
    retried_by = CharField(default="")

    class Meta:
        table_name = "action"
        indexes = (
            (("connection", "vendor_id"), True),
            (("lease", "state", "id"), False),
        )


class ActionFileRow(Row):
    """A file that goes with a reply or note."""

    action = ForeignKeyField(ActionRow, column_name="action_id", backref="files")
    name = ShortField()
    content_type = ShortField(default="")
    url = TextField(default="")
    content = BlobField()

    class Meta:
        table_name = "action_file"


class AttemptRow(Row):
    """One try at an action, recorded before its first byte was sent."""

    action = ForeignKeyField(ActionRow, column_name="action_id", index=False)
    number = IntegerField()
    started_at = MomentField()
    ended_at = MomentField(null=True)
    outcome = CharField(default="")
    status = IntegerField(null=True)
    trace_id = CharField(default="")
    words = TextField(default="")

    class Meta:
        table_name = "attempt"
        indexes = ((("action", "number"), True),)


class BudgetRow(Row):
    """A connection's share of the vendor's rate limit: the calls of the last minute, and until when it is shut.

    `lanes` are the further limits that some calls fall under, each with the same; `paced_at` is when the latest call
    was granted to work that must spread its calls evenly.
    """

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", unique=True)
    calls = JsonField(default=list)
    vendor_limit = IntegerField(null=True)
    shut_until = MomentField(null=True)
    lanes = JsonField(default=dict)
    paced_at = MomentField(null=True)

    class Meta:
        table_name = "budget"


class CursorRow(Row):
    """How far a poll or a backfill of a connection has come; `value` is the connector's own JSON."""

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", index=False)
    name = CharField()
    value = JsonField(default=dict)
    updated_at = MomentField()

    class Meta:
        table_name = "cursor"
        indexes = ((("connection", "name"), True),)


class BackfillRow(Row):
    """The import of a connection's conversations: those that changed from `since` on, before `until`, and wait there.

    `state`: waiting, running, done or cancelled. `cursor` is how far the list was read; `listed` counts its entries,
    `found` those to be imported, of which `imported` are stored and `known` were here already; `other` counts further
    statuses. `expected` and `counted` are what the vendor said before and after; `error` is why it waits.
    `requested_by` is who asked for it, "" where it was begun with the connection. `request` grows whenever it is begun
    anew: what still works on an earlier one writes nothing any more.
    """

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id", unique=True)
    state = CharField(default="waiting")
    since = MomentField()
    until = MomentField()
    cursor = JsonField(default=dict)
    listed = IntegerField(default=0)
    found = IntegerField(default=0)
    imported = IntegerField(default=0)
    known = IntegerField(default=0)
    gone = IntegerField(default=0)
    other = JsonField(default=dict)
    expected = IntegerField(null=True)
    expected_calls = IntegerField(null=True)
    counted = IntegerField(null=True)
    error = TextField(default="")
    next_at = MomentField(null=True)
    created_at = MomentField()
    started_at = MomentField(null=True)
    ended_at = MomentField(null=True)
    requested_by = ShortField(default="")
    request = IntegerField(default=1)

    class Meta:
        table_name = "backfill"


class SubscriptionRow(Row):
    """A receiver of outbound events: `events` are event types, families such as ``handoff.*``, or ``*``.

    Every secret is sealed; each of `former_secrets` signs too until its end, in seconds since 1970. While it is not
    `active`, `paused_reason` says why. `failing_since` is when the tries began to fail of which `failed_at` is the
    latest. One process at a time sends to it: `owner`, until `until`, which then is when it was last served.
    """

    url = TextField()
    description = ShortField(default="")
    secret = TextField()
    former_secrets = JsonField(default=list)
    events = JsonField()
    active = BooleanField(default=True)
    paused_reason = TextField(default="")
    paused_at = MomentField(null=True)
    failing_since = MomentField(null=True)
    failed_at = MomentField(null=True)
    delivered_at = MomentField(null=True)
    created_by = CharField()
    created_at = MomentField()
    changed_by = CharField()
    changed_at = MomentField()
    deleted_at = MomentField(null=True)
    owner = CharField(null=True)
    until = MomentField()
    fence = IntegerField(default=0)

    class Meta:
        table_name = "subscription"


class DeliveryRow(Row):
    """An outbound event on its way to one subscription. `state`: pending, delivered, dead or cancelled.

    `message_id` and `payload` stay what they are over all tries and replays. `attempts` counts the tries since it was
    last begun with, `fence` all there ever were; `next_at` is null once it is settled.
    """

    subscription = ForeignKeyField(SubscriptionRow, column_name="subscription_id", index=False)
    message_id = CharField(unique=True)
    event_type = CharField()
    payload = TextField()
    state = CharField(default="pending")
    attempts = IntegerField(default=0)
    fence = IntegerField(default=0)
    started_at = MomentField(null=True)
    next_at = MomentField(null=True)
    status = IntegerField(null=True)
    error = TextField(default="")
    created_at = MomentField()
    done_at = MomentField(null=True)
    replayed_by = CharField(default="")
    replayed_at = MomentField(null=True)

    class Meta:
        table_name = "delivery"
        indexes = (
            (("subscription", "next_at", "id"), False),
            (("subscription", "id"), False),
            (("subscription", "state", "id"), False),
            (("state", "created_at"), False),
        )


class DestinationRow(Row):
    """A configured target for records; `definition` is what was given for it, as in the file.

    One that is `provisioned` stands in the file, and follows it. Nothing is sent before `activated_at`, and nothing
    while `paused_at` is set. `tested` is what came of the last test. One process at a time writes to it: `owner`, until
    `until`. After trouble with the account nothing is sent before `held_until`; `failures` counts those in a row.
    While records arrive of which the last of several equal ones counts, none is begun: before `arriving_until`.
    `source` and `events` are of the definition: where its records come from by themselves. It was last given back at
    `served_at`. `stirred` counts what has come meanwhile for which it must not sleep.
    """

    name = CharField(unique=True)
    connection = CharField()
    definition = JsonField()
    provisioned = BooleanField(default=False)
    source = CharField(default="records", index=True)
    events = JsonField(default=list)
    activated_at = MomentField(null=True)
    activated_by = ShortField(default="")
    paused_at = MomentField(null=True)
    paused_by = ShortField(default="")
    tested = JsonField(null=True)
    owner = CharField(null=True)
    until = MomentField(null=True)
    fence = IntegerField(default=0)
    served_at = MomentField(null=True)
    stirred = IntegerField(default=0)
    held_until = MomentField(null=True)
    held_reason = TextField(default="")
    failures = IntegerField(default=0)
    arriving_until = MomentField(null=True)
    revision = BigIntegerField(default=0)
    created_by = ShortField(default="")
    created_at = MomentField()
    changed_by = ShortField(default="")
    changed_at = MomentField()

    class Meta:
        table_name = "destination"


NOT_HELD: Mapping[str, Any] = {"held_until": None, "held_reason": "", "failures": 0}
"""What lets a destination try at once what it was held back from, since that was mended or somebody wants to see."""


class DestinationCallRow(Row):
    """A call that writes records, recorded before it is made. `purpose`: write, update or test.

    `state`: sending, uncertain, sent, failed (certainly never applied), postponed (certainly not applied this time) or
    parked. `answer` is the beginning of what the vendor answered. `clean_reads` counts the looks that found nothing.
    """

    destination = ForeignKeyField(DestinationRow, column_name="destination_id", index=False)
    purpose = CharField(default="write")
    template = CharField(default="")
    verb = CharField()
    path = TextField()
    body = JsonField(null=True)
    size = IntegerField(default=1)
    state = CharField(default="sending")
    fence = IntegerField(default=0)
    started_at = MomentField()
    uncertain_at = MomentField(null=True)
    next_at = MomentField(null=True)
    clean_reads = IntegerField(default=0)
    failed_reads = IntegerField(default=0)
    status = IntegerField(null=True)
    answer = TextField(default="")
    error = TextField(default="")
    captured_id = ShortField(default="")
    confirmed_by = CharField(default="")
    by = ShortField(default="")
    settled_at = MomentField(null=True)

    class Meta:
        table_name = "destination_call"
        indexes = ((("destination", "state", "next_at"), False),)


class DestinationRecordRow(Row):
    """The ledger: a record of a destination, and what became of it; its `key` is never written twice.

    `state`: arriving (not looked at yet), waiting, sending, uncertain, sent, skipped, failed, parked or dropped. Its
    `line` is its place in what it came with, its `origin`. `unique_value` is what equal ones are told by, and `lane`
    what those have in common that are written in their order. A broken one has the `error_field` to mend. `by` is who
    decided about it last. `failed_looks` counts the looks that came to nothing before it could be sent, for what it
    `looked_for`, the last of them at `failed_look_at`; in `failed_alone` of those others got through meanwhile.
    """

    destination = ForeignKeyField(DestinationRow, column_name="destination_id", index=False)
    key = CharField()
    data = JsonField()
    origin = ShortField(default="")
    line = IntegerField(null=True)
    state = CharField(default="waiting")
    unique_value = ShortField(default="")
    lane = ShortField(default="")
    call = ForeignKeyField(DestinationCallRow, column_name="call_id", null=True)
    attempts = IntegerField(default=0)
    failed_looks = IntegerField(default=0)
    failed_alone = IntegerField(default=0)
    failed_look_at = MomentField(null=True)
    looked_for = ShortField(default="")
    captured_id = ShortField(default="")
    error = TextField(default="")
    error_field = ShortField(default="")
    by = ShortField(default="")
    created_at = MomentField()
    settled_at = MomentField(null=True)

    class Meta:
        table_name = "destination_record"
        indexes = (
            (("destination", "key"), True),
            (("destination", "state", "id"), False),
            (("destination", "unique_value"), False),
            (("destination", "captured_id"), False),
        )


class DestinationResponseRow(Row):
    """What a vendor answered for a record, good or bad: an entry of the source ``responses:<destination>``."""

    destination = ForeignKeyField(DestinationRow, column_name="destination_id", index=False)
    record = ForeignKeyField(DestinationRecordRow, column_name="record_id")
    key = CharField()
    ok = BooleanField()
    outcome = CharField()
    status = IntegerField(null=True)
    captured_id = ShortField(default="")
    data = JsonField()
    answer = TextField(default="")
    error = TextField(default="")
    at = MomentField()

    class Meta:
        table_name = "destination_response"
        indexes = ((("destination", "id"), False),)


class DirectoryRow(Row):
    """What a connection's account calls an id. `kind`: agent or group. Those that are gone keep their last name."""

    connection = ForeignKeyField(ConnectionRow, column_name="connection_id")
    kind = CharField()
    external_id = ShortField()
    name = ShortField(default="")
    email = ShortField(default="")
    seen_at = MomentField()

    class Meta:
        table_name = "directory"
        indexes = ((("connection", "kind", "external_id"), True),)


class SchedulerLeaseRow(Row):
    """Who is the elected process for a duty, until when."""

    name = CharField(unique=True)
    owner = CharField()
    until = MomentField()
    fence = IntegerField(default=1)

    class Meta:
        table_name = "scheduler_lease"


class JobRunRow(Row):
    """A clock-driven job that was started for a slot of time; unique, so that no slot runs twice."""

    job = CharField()
    slot = MomentField()
    owner = CharField()
    started_at = MomentField()
    ended_at = MomentField(null=True)
    error = TextField(default="")

    class Meta:
        table_name = "job_run"
        indexes = ((("job", "slot"), True),)


class UserRow(Row):
    """A person who signs in to the pages. `role`: operator or admin.

    `link_digest` is of the one-time address with which they set their password, good until `link_until`. `epoch` grows
    when all their sign-ins are to end. The administrator of the file has no password here: it stands there. Whoever is
    `provisioned` came in by the file, and has set no password since, even if they do not stand there any more.
    """

    email = CharField(unique=True)
    name = CharField(default="")
    role = CharField()
    password_hash = TextField(default="")
    link_digest = CharField(null=True, unique=True)
    link_until = MomentField(null=True)
    epoch = IntegerField(default=0)
    active = BooleanField(default=True)
    provisioned = BooleanField(default=False)
    created_at = MomentField()
    signed_in_at = MomentField(null=True)

    class Meta:
        table_name = "user"


class ApiTokenRow(Row):
    """A token of the REST API: its digest, and its first characters to know it by."""

    name = CharField()
    hint = CharField()
    digest = CharField(unique=True)
    scopes = JsonField(default=list)
    created_by = CharField()
    created_at = MomentField()
    expires_at = MomentField(null=True)
    used_at = MomentField(null=True)
    revoked_at = MomentField(null=True)

    class Meta:
        table_name = "api_token"


class AuditRow(Row):
    """Who changed what: `by` is a user's e-mail address, ``token:<name>``, or ``command line``."""

    at = MomentField()
    by = CharField()
    what = CharField()
    subject = CharField(default="")
    detail = JsonField(default=dict)

    class Meta:
        table_name = "audit"


class RateRow(Row):
    """How often something was tried in a stretch of time, for limits that hold over all processes.

    `key` is a digest of what was tried by whom.
    """

    key = CharField(unique=True)
    count = IntegerField(default=0)
    until = MomentField(index=True)

    class Meta:
        table_name = "rate"


TABLES: tuple[type[Row], ...] = (
    ConnectionRow,
    ContactRow,
    ContactIdentityRow,
    LeaseRow,
    EventRow,
    SessionRow,
    MessageRow,
    AttachmentRow,
    TimelineRow,
    DecisionRow,
    ActionRow,
    ActionFileRow,
    AttemptRow,
    BudgetRow,
    CursorRow,
    BackfillRow,
    SubscriptionRow,
    DeliveryRow,
    DestinationRow,
    DestinationCallRow,
    DestinationRecordRow,
    DestinationResponseRow,
    DirectoryRow,
    SchedulerLeaseRow,
    JobRunRow,
    UserRow,
    ApiTokenRow,
    AuditRow,
    RateRow,
)
