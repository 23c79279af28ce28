"""Which sessions a text finds, and which need a person: numbers of sessions that a list is then made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import SQL, fn

from core.domain import ActionState, Author, SessionStatus, Visibility
from core.store import words
from core.store.database import Database
from core.store.models import ActionRow, MessageRow, SessionRow
from core.web.queries.rows import among, tuples

MOST_FOUND = 1_000
"""Of a word that stands in more messages, the sessions of the newest so many are found; of subjects the same."""
MOST_CONTACTS = 500
MOST_IDS = 200
"""Sessions that are found by the beginning of their conversation's id."""
MOST_DRAFTS = 500
"""A draft that waits is among the newest so many: an agent who has not taken up one for longer will not."""
LONGEST_ID = 255
GIVEN_UP = (ActionState.PARKED.value, ActionState.FAILED.value)
UNSENT = (ActionState.CANCELLED.value, ActionState.FAILED.value, ActionState.PARKED.value)


@dataclass(frozen=True, slots=True)
class Found:
    """The sessions that are meant; `cut` if there may be further, older ones."""

    ids: frozenset[int]
    cut: bool = False


def by_text(db: Database, text: str) -> Found:
    """The sessions a text finds: by their number, also as #123; by the id of the conversation or ticket, or how it
    begins; by words of the contact's name or e-mail, or how they begin; by words of the subject, or of one message.

    Where there are several words, all of them must be there. Never raises for what is typed. Inside `db.read()`.
    """
    asked = text.strip()
    ids: set[int] = set()
    if re.fullmatch(r"#?[0-9]{1,18}", asked):
        ids.add(int(asked.removeprefix("#")))
    key = asked.removeprefix("#")
    if key and len(key) <= LONGEST_ID and not re.search(r"\s", key):
        ids.update(words.beginning(db, words.SUBJECTS, key, MOST_IDS))
    contacts = words.newest(db, words.CONTACTS, asked, MOST_CONTACTS)
    theirs = SessionRow.select(SessionRow.id).where(among("t1.contact_id", contacts))
    by_contact = _column(theirs.order_by(SessionRow.updated_at.desc()).limit(MOST_FOUND)) if contacts else []
    subjects = words.newest(db, words.SUBJECTS, asked, MOST_FOUND)
    messages = words.newest(db, words.MESSAGES, asked, MOST_FOUND)
    if messages:
        ids.update(_column(MessageRow.select(MessageRow.session).where(among("t1.id", messages)).distinct()))
    full = len(contacts) == MOST_CONTACTS or MOST_FOUND in (len(by_contact), len(subjects), len(messages))
    return Found(frozenset(ids.union(by_contact, subjects)), full)


# ------------------------------------------------------------------------------------------------ needs a person


def needing_a_person(db: Database) -> Found:
    """The sessions in which an action was given up, or a draft waits for an agent. Inside `db.read()`.

    An action counts that is parked, or that failed in a session still open without another one in its place.
    """
    given_up = [
        *_column(_given_up().where(ActionRow.state == "parked").limit(MOST_FOUND)),
        *_column(_failed().limit(MOST_FOUND)),
    ]
    drafts = ActionRow.select(ActionRow.session, ActionRow.created_at).where(
        SQL("purpose = 'draft'"), ActionRow.state.not_in(UNSENT), ActionRow.verdict == ""
    )
    newest: dict[int, Any] = {}
    for session_id, made in tuples(drafts.order_by(ActionRow.id.desc()).limit(MOST_DRAFTS)):
        newest.setdefault(session_id, made)
    ids = frozenset(given_up) | _waiting(newest)
    return Found(ids, len(given_up) >= MOST_FOUND)


def those_needing_a_person(session_ids: Iterable[int]) -> frozenset[int]:
    """Which of these sessions do. Inside `db.read()`."""
    theirs = among("t1.session_id", session_ids)
    waits = (ActionRow.purpose == "draft") & ActionRow.state.not_in(UNSENT) & (ActionRow.verdict == "")
    query = ActionRow.select(ActionRow.session, ActionRow.state, ActionRow.created_at)
    found: set[int] = set()
    failed: set[int] = set()
    drafts: dict[int, Any] = {}
    for session_id, state, made in tuples(query.where(theirs, ActionRow.state.in_(GIVEN_UP) | waits)):
        if state == ActionState.PARKED:
            found.add(session_id)
        elif state == ActionState.FAILED:
            failed.add(session_id)
        else:
            drafts[session_id] = max(made, drafts.get(session_id, made))
    if failed:
        found.update(_column(_failed().where(among("t1.session_id", failed))))
    return frozenset(found) | _waiting(drafts)


def _given_up() -> Any:
    # SQLite reads by an index over some rows only where the question says so in the same words.
    return ActionRow.select(ActionRow.session).where(SQL("t1.state <> 'sent'")).order_by(ActionRow.id.desc())


def _failed() -> Any:
    other = ActionRow.alias()
    instead = other.select(other.id).where(
        other.session == ActionRow.session, other.instead_of == ActionRow.id, other.state == "sent"
    )
    is_open = SessionRow.status == SessionStatus.OPEN.value
    return _given_up().join(SessionRow).where(ActionRow.state == "failed", is_open, ~fn.EXISTS(instead))


def _waiting(drafts: dict[int, Any]) -> frozenset[int]:
    """Of sessions with the time of their newest draft, those in which nobody has spoken since but for the customer."""
    if not drafts:
        return frozenset()
    last = MessageRow.alias()
    newest = last.select(last.id).where(last.session == SessionRow.id, last.visibility == Visibility.PUBLIC.value)
    spoken = (
        SessionRow.select(SessionRow.id, MessageRow.author, MessageRow.received_at)
        .join(MessageRow, on=(MessageRow.id == newest.order_by(last.at.desc(), last.id.desc()).limit(1)))
        .where(among("t1.id", drafts), SessionRow.status == SessionStatus.OPEN.value)
    )
    return frozenset(
        number for number, author, at in tuples(spoken) if author == Author.CUSTOMER and at <= drafts[number]
    )


def _column(query: Any) -> list[int]:
    return [row[0] for row in tuples(query)]
