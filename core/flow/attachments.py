"""Files of messages are fetched once the turn is done; one that cannot be had leaves a placeholder in words."""

from __future__ import annotations

import logging
from typing import Any

from core.domain import Connection, Priority
from core.errors import BadPayload, VendorError
from core.flow import leases
from core.flow.leases import Lease
from core.runtime import Runtime
from core.store.models import AttachmentRow, MessageRow, SessionRow

log = logging.getLogger(__name__)

LARGEST = 20 * 1024 * 1024
"""Bytes; what the vendors allow in one message."""


def fetch_next_attachment(runtime: Runtime, lease: Lease, connection: Connection) -> bool:
    """Fetch one file of the conversation that has not been fetched; False when there is none.

    It never holds up an answer, and is tried once: a file that is gone from the vendor stays gone.
    """
    with runtime.db.read():
        row: AttachmentRow | None = (
            AttachmentRow.select()
            .join(MessageRow)
            .join(SessionRow)
            .where(SessionRow.lease == lease.id, AttachmentRow.state == "pending")
            .order_by(AttachmentRow.id)
            .first()
        )
    if row is None:
        return False
    connector = runtime.connections.connector(connection)
    http = runtime.connections.http(connection, Priority.SYNC)
    try:
        found = http.download(row.url, connector.attachment_hosts(connection.settings), limit_bytes=LARGEST)
    except (VendorError, BadPayload) as problem:
        log.warning("a file of conversation %s could not be fetched: %s", lease.conversation_id, problem)
        values: dict[str, Any] = {"state": "placeholder", "placeholder": f"{row.name} could not be fetched: {problem}"}
    else:
        values = {
            "state": "stored",
            "content": found.content,
            "size": len(found.content),
            "content_type": row.content_type or found.content_type,
        }
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        AttachmentRow.update(**values).where(AttachmentRow.id == row.id).execute()
    return True
