"""Events that our own writing has caused: what is made of an event must not become an event of which more is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.destination_settings import EVENTS, RESPONSES
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow


def conversation_of(data: Any) -> str:
    """The conversation that an event is of; "" if it is of none."""
    return _told(data, "conversation_id")


def made_of_events(writes_to: str, events: Iterable[Any]) -> set[str]:
    """Those conversations of some events which a destination has made of an event. Inside a `read` or `write`.

    Of events of the account `writes_to`, that is, or of what an event had led to: whoever writes there once more would
    go on for ever, since each new conversation has an id of its own. What was only changed counts for nothing.
    """
    by_account: dict[str, set[str]] = {}
    for each in events:
        if conversation := conversation_of(each):
            by_account.setdefault(_told(each, "connection"), set()).add(conversation)
    made: set[str] = set()
    for connection, conversations in by_account.items():
        destinations = DestinationRow.select(DestinationRow.id).where(DestinationRow.connection == connection)
        records = (
            DestinationRecordRow.select(DestinationRecordRow, DestinationCallRow)
            .join(DestinationCallRow)
            .where(
                DestinationRecordRow.destination.in_(destinations),
                DestinationRecordRow.captured_id.in_(sorted(conversations)),
                DestinationCallRow.verb == "POST",
                DestinationCallRow.purpose == "write",
            )
        )
        for record in records:
            call = record.call
            if call is not None and record.captured_id not in call.path and _is_of_an_event(record, writes_to):
                made.add(record.captured_id)
    return made


def _is_of_an_event(record: DestinationRecordRow, account: str) -> bool:
    if record.origin == EVENTS:
        return _told(record.data, "connection") == account
    return bool(record.origin.startswith(RESPONSES))


def _told(data: Any, name: str) -> str:
    told = data.get("data") if isinstance(data, dict) else None
    return str(told.get(name) or "") if isinstance(told, dict) else ""
