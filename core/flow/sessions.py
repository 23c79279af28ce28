"""Sessions, their contacts, their messages and the timeline of what happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.domain import (
    Attachment,
    Author,
    Channel,
    Contact,
    Message,
    MessageFact,
    Owner,
    Session,
    SessionChange,
    SessionStatus,
    Visibility,
)
from core.store.database import Database
from core.store.models import (
    AttachmentRow,
    ContactIdentityRow,
    ContactRow,
    LeaseRow,
    MessageRow,
    SessionRow,
    TimelineRow,
)

LONGEST_THREAD = 200
"""A responder is shown at most this many of the latest messages: what is older has stopped to matter."""


def find(lease_id: int) -> SessionRow | None:
    """The session of a conversation, if it has one yet."""
    row: SessionRow | None = SessionRow.get_or_none(SessionRow.lease == lease_id)
    return row


def open_session(lease_id: int, channel: Channel, mode: str, routing: str, now: datetime) -> SessionRow:
    """Begin the session of a conversation. Mode and routing are kept with it: changing them moves nobody in flight."""
    lease = LeaseRow.get_by_id(lease_id)
    row: SessionRow = SessionRow.create(
        connection=lease.connection_id,
        lease=lease_id,
        conversation_id=lease.conversation_id,
        channel=channel.value,
        mode=mode,
        routing=routing,
        created_at=now,
        updated_at=now,
    )
    return row


def to_session(row: SessionRow) -> Session:
    """The session as plugins see it."""
    contact = row.contact
    return Session(
        id=row.id,
        connection_id=row.connection_id,
        conversation_id=row.conversation_id,
        channel=Channel(row.channel),
        status=SessionStatus(row.status),
        owner=Owner(row.owner),
        contact=None if contact is None else Contact(row.customer_id, contact.name, contact.email or "", contact.phone),
        assignee=row.assignee,
        group=row.assigned_group,
        url=row.url,
        handed_off=row.handoff is not None and row.owner == Owner.HUMAN,
        data=dict(row.data),
    )


def mark(row: SessionRow, kind: str, at: datetime, detail: Mapping[str, Any] | None = None) -> SessionChange:
    """Write a line of the timeline, in the words of behaviour 12."""
    TimelineRow.create(session=row, at=at, kind=kind, detail=dict(detail or {}))
    return SessionChange(kind, at, dict(detail or {}))


def add_data(row: SessionRow, data: Mapping[str, Any]) -> None:
    """Take over what the vendor says of a conversation beside its messages; a subject is what lists are read by."""
    row.data = {**row.data, **data}
    subject = row.data.get("subject")
    row.subject = subject if isinstance(subject, str) else ""


# --------------------------------------------------------------------------------------------------- messages


def add_message(
    db: Database, row: SessionRow, fact: MessageFact, author: Author, now: datetime, name: str = ""
) -> int | None:
    """Put a message into the thread and return its id; None if it is there already. `name` is its author's."""
    stored = db.insert_ignore(MessageRow, **_values(row, fact, author, now), author_name=name)
    if stored is None:
        return None
    for attachment in fact.attachments:
        AttachmentRow.create(
            message=stored,
            name=attachment.name,
            url=attachment.url,
            content_type=attachment.content_type,
            size=attachment.size,
            placeholder=attachment.placeholder,
            state="placeholder" if attachment.placeholder or not attachment.url else "pending",
        )
    row.last_message_at = now
    row.updated_at = now
    return stored


def add_thread(db: Database, row: SessionRow, thread: Sequence[tuple[MessageFact, Author]], now: datetime) -> None:
    """Put the messages of a new session's thread into it, oldest first; each with its author."""
    plain = [_values(row, fact, author, now) for fact, author in thread if not fact.attachments]
    for start in range(0, len(plain), 50):
        MessageRow.insert_many(plain[start : start + 50]).on_conflict(action="nothing").execute()
    for fact, author in thread:
        if fact.attachments:
            add_message(db, row, fact, author, now)
    if thread:
        row.last_message_at = thread[-1][0].at


def _values(row: SessionRow, fact: MessageFact, author: Author, now: datetime) -> dict[str, Any]:
    return {
        "session": row.id,
        "connection": row.connection_id,
        "external_id": fact.external_id or None,
        "author": author.value,
        "author_id": fact.author_id,
        "visibility": fact.visibility.value,
        "text": fact.text,
        "at": fact.at,
        "received_at": now,
        "quoted": fact.quoted,
        "automatic": fact.automatic,
    }


def add_own_message(db: Database, row: SessionRow, fact: MessageFact, by: str, now: datetime) -> int | None:
    """Put a message of ours into the thread, the AI's or what the person `by` wrote here; returns its id.

    The vendor shows both as its one agent's. None if the echo was there first, which is known as ours from now on.
    """
    author = Author.AGENT if by else Author.AI
    stored = add_message(db, row, fact, author, now, by)
    if stored is None:
        MessageRow.update(author=author.value, author_name=by).where(
            MessageRow.connection == row.connection_id, MessageRow.external_id == fact.external_id
        ).execute()
    return stored


def has_message(connection_id: int, external_id: str) -> bool:
    """Whether a vendor's message is in a thread of the connection."""
    return bool(
        MessageRow.select(MessageRow.id)
        .where(MessageRow.connection == connection_id, MessageRow.external_id == external_id)
        .exists()
    )


def newest_customer_message(session_id: int) -> MessageRow | None:
    """The customer's latest message, by the order in which messages became known."""
    row: MessageRow | None = (
        MessageRow.select()
        .where(MessageRow.session == session_id, MessageRow.author == Author.CUSTOMER.value)
        .order_by(MessageRow.id.desc())
        .first()
    )
    return row


def thread(session_id: int) -> tuple[Message, ...]:
    """The messages of a session, oldest first: the latest, and whatever the customer wrote that became known last."""
    rows = list(
        MessageRow.select()
        .where(MessageRow.session == session_id)
        .order_by(MessageRow.at.desc(), MessageRow.id.desc())
        .limit(LONGEST_THREAD)
    )
    if len(rows) == LONGEST_THREAD:
        # One that is told late may be older than all these; a turn that did not see it would never be over.
        late = newest_customer_message(session_id)
        if late is not None and all(row.id != late.id for row in rows):
            rows = sorted([*rows, late], key=lambda row: (row.at, row.id), reverse=True)
    files: dict[int, list[Attachment]] = {}
    # The content stays in the table: a responder is told of a file, it is not handed one.
    wanted = (
        AttachmentRow.message,
        AttachmentRow.name,
        AttachmentRow.url,
        AttachmentRow.content_type,
        AttachmentRow.size,
        AttachmentRow.placeholder,
    )
    for file in AttachmentRow.select(*wanted).where(AttachmentRow.message.in_([row.id for row in rows])):
        attachment = Attachment(file.name, file.url, file.content_type, file.size, file.placeholder)
        files.setdefault(file.message_id, []).append(attachment)
    return tuple(
        Message(
            author=Author(row.author),
            text=row.text,
            at=row.at,
            visibility=Visibility(row.visibility),
            external_id=row.external_id or "",
            attachments=tuple(files.get(row.id, ())),
            id=row.id,
            author_name=row.author_name,
            automatic=row.automatic,
        )
        for row in reversed(rows)
    )


# --------------------------------------------------------------------------------------------------- contacts


def contact_to_look_up(connection_id: int, customer_id: str, now: datetime, again_after: float) -> bool:
    """Whether the vendor should be asked who this is: never asked, or no e-mail known `again_after` seconds ago."""
    identity = ContactIdentityRow.get_or_none(
        ContactIdentityRow.connection == connection_id, ContactIdentityRow.external_id == customer_id
    )
    if identity is None or identity.looked_up_at is None:
        return True
    return identity.contact.email is None and (now - identity.looked_up_at).total_seconds() >= again_after


def match_contact(db: Database, row: SessionRow, customer_id: str, found: Contact | None, now: datetime) -> None:
    """Link the session to its contact: the same e-mail is the same person, on every connection (behaviour 35, 129)."""
    if not customer_id:
        return
    row.customer_id = customer_id
    email = (found.email.strip().lower() or None) if found else None
    of_customer = ContactIdentityRow.select().where(
        ContactIdentityRow.connection == row.connection_id, ContactIdentityRow.external_id == customer_id
    )
    identity = of_customer.first()
    if identity is None:
        contact_id = _contact_for(db, email, found, now)
        key = {"connection": row.connection_id, "external_id": customer_id}
        made = db.insert_ignore(ContactIdentityRow, **key, contact=contact_id, looked_up_at=now if found else None)
        if made is None:  # another conversation of the same customer was faster
            contact_id = of_customer.get().contact_id
    else:
        contact_id = identity.contact_id
        if found is not None:
            contact_id = _with_email(db, identity, email, found, now)
    row.contact = ContactRow.get_by_id(contact_id)


def _contact_for(db: Database, email: str | None, found: Contact | None, now: datetime) -> int:
    values = {"name": found.name if found else "", "phone": found.phone if found else "", "created_at": now}
    created = db.insert_ignore(ContactRow, email=email, **values)
    if created is not None:
        return created
    return int(ContactRow.get(ContactRow.email == email).id)


def _with_email(db: Database, identity: ContactIdentityRow, email: str | None, found: Contact, now: datetime) -> int:
    """Take over what a new look-up says; two contacts that turn out to share an e-mail become one."""
    contact = identity.contact
    other = ContactRow.get_or_none(ContactRow.email == email) if email else None
    if other is not None and other.id != contact.id:
        SessionRow.update(contact=other.id).where(
            SessionRow.connection == identity.connection_id, SessionRow.customer_id == identity.external_id
        ).execute()
        identity.contact = other
        contact = other
    else:
        contact.email = email or contact.email
        contact.name = found.name or contact.name
        contact.phone = found.phone or contact.phone
        contact.save()
    identity.looked_up_at = now
    identity.save()
    return int(contact.id)
