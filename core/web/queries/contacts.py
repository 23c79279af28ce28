"""The people who write: a list of them, and one with how the connections know them and what they wrote about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, fn

from core.store import words
from core.store.database import Database
from core.store.models import ConnectionRow, ContactIdentityRow, ContactRow
from core.web.queries.cursors import Cursor, at_most, read_cursor, read_page
from core.web.queries.found import MOST_FOUND
from core.web.queries.rows import tuples
from core.web.queries.sessions import PAGE, SessionFilter, SessionPage, list_sessions


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A person, across connections; `email` is "" where none is known."""

    id: int
    name: str
    email: str
    phone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """How one connection knows a contact."""

    connection: str
    connector: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """A contact with all identities, and the first page of their sessions."""

    line: ContactLine
    identities: tuple[Known, ...]
    sessions: SessionPage


@dataclass(frozen=True, slots=True)
class ContactPage:
    """A page of contacts; a cursor is "" where there is no page on that side. `cut` as in a `SessionPage`."""

    lines: tuple[ContactLine, ...]
    next_cursor: str = ""
    previous_cursor: str = ""
    cut: bool = False


SHOWN = (
    ContactRow.id,
    ContactRow.name,
    fn.COALESCE(ContactRow.email, ""),
    ContactRow.phone,
    ContactRow.created_at,
)


def list_contacts(db: Database, q: str = "", cursor: str = "", limit: int = PAGE) -> ContactPage:
    """A page of contacts, the one heard of last first. `q` are beginnings of words of the name or the e-mail.

    Raises `BadCursor`.
    """
    place, limit = read_cursor(cursor, 1), at_most(limit)
    with db.read():
        meant = words.newest(db, words.CONTACTS, q, MOST_FOUND) if q.strip() else None

        def read(start: Cursor, number: int) -> Sequence[Any]:
            query = ContactRow.select(*SHOWN)
            if meant is not None:
                query = query.where(SQL(f"t1.id IN ({','.join(map(str, [0, *meant]))})"))
            if start.after:
                at = start.after[0]
                query = query.where(ContactRow.id > at if start.back else ContactRow.id < at)
            ordered = query.order_by(ContactRow.id if start.back else ContactRow.id.desc())
            return tuples(ordered.limit(number))

        rows, turned = read_page(read, place, limit, key=lambda row: (row[0],))
    lines = tuple(ContactLine(*row) for row in rows)
    return ContactPage(lines, turned.next_cursor, turned.previous_cursor, len(meant or ()) == MOST_FOUND)


def open_contact(db: Database, contact_id: int) -> Person | None:
    """A contact with identities and sessions; None if there is none of this id."""
    with db.read():
        row = ContactRow.select(*SHOWN).where(ContactRow.id == contact_id).tuples().first()
        if row is None:
            return None
        known = ContactIdentityRow.select(ConnectionRow.name, ConnectionRow.connector, ContactIdentityRow.external_id)
        theirs = known.join(ConnectionRow).where(ContactIdentityRow.contact == contact_id)
        identities = tuple(Known(*each) for each in tuples(theirs.order_by(ContactIdentityRow.id)))
        return Person(ContactLine(*row), identities, list_sessions(db, SessionFilter(contact_id=contact_id)))
