"""Single things that are asked for by their number: a file of a message, an action, what was kept of a closing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from core.store.database import Database
from core.store.models import ActionRow, AttachmentRow, SessionRow
from core.web.queries.thread import Effect, effects


@dataclass(frozen=True, slots=True)
class Content:
    """A stored file, as the customer's helpdesk gave it: neither name nor type is to be trusted."""

    name: str
    content_type: str
    data: bytes

    def stream(self) -> io.BytesIO:
        """Its bytes, to be read once."""
        return io.BytesIO(self.data)


def content(db: Database, file_id: int) -> Content | None:
    """The content of an attachment; None if there is none of this id, or its content is not here."""
    with db.read():
        shown = AttachmentRow.select(AttachmentRow.name, AttachmentRow.content_type, AttachmentRow.content)
        stored = AttachmentRow.content.is_null(False)
        row = shown.where(AttachmentRow.id == file_id, stored).tuples().first()
    return None if row is None else Content(row[0], row[1], bytes(row[2]))


def session_of_action(db: Database, action_id: int) -> int | None:
    """The session that an action is of; None if there is none of this id."""
    with db.read():
        row = ActionRow.select(ActionRow.session).where(ActionRow.id == action_id).tuples().first()
    return None if row is None else int(row[0])


def action(db: Database, action_id: int) -> Effect | None:
    """An action; None if there is none of this id."""
    with db.read():
        return next(iter(effects(ActionRow.id == action_id)), None)


def closed_payload(db: Database, session_id: int) -> Any:
    """What a program gave when it closed a session; None if nothing was given."""
    with db.read():
        row = SessionRow.select(SessionRow.closed_payload).where(SessionRow.id == session_id).first()
    return None if row is None else row.closed_payload
