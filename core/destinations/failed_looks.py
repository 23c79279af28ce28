"""A look that fails for one record alone: others pass it by, and in the end it fails with the vendor's words.

While nothing gets through, nobody can tell a record that cannot be looked for from a vendor that is not there: then
each waits, however often it was tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.destinations.claims import Claim, hold, still_sends
from core.destinations.outcomes import SENT
from core.errors import BadPayload, VendorError
from core.runtime import Runtime
from core.store.models import DestinationCallRow, DestinationRecordRow

FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0
"""Seconds until a record is looked at again whose look has failed: at first, and at most."""
MOST_ALONE = 6
"""How often its look may fail while others get through; with the waits in between that is ten minutes at least."""
NONE_FAILED: Mapping[str, Any] = {"failed_looks": 0, "failed_alone": 0, "failed_look_at": None, "looked_for": ""}
LONGEST_NAME = 255


def due(row: DestinationRecordRow, now: datetime) -> datetime:
    """When a record may be looked at again: now, unless a look has failed just before."""
    if row.failed_look_at is None or row.failed_look_at > now:
        return now
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.failed_looks - 1, 20))
    moment: datetime = row.failed_look_at + timedelta(seconds=wait)
    return max(now, moment)


def named(what: str, value: str = "") -> str:
    """What is looked for, as it is shown and compared."""
    return f"{what}({value})"[:LONGEST_NAME] if value else what[:LONGEST_NAME]


def note(
    runtime: Runtime, claim: Claim, revision: int, record_id: int, name: str, problem: VendorError | BadPayload
) -> bool:
    """Record that the look for a record has failed; True if others got through since its last one failed.

    After some of those it fails itself, and with it all that wait for the same. Opens its own transaction.
    """
    words = problem.words if isinstance(problem, VendorError) else str(problem)
    waits = (DestinationRecordRow.destination == claim.destination_id) & (DestinationRecordRow.state == "waiting")
    with runtime.db.write():
        row = DestinationRecordRow.get_or_none(waits & (DestinationRecordRow.id == record_id))
        if row is None or not hold(runtime, claim, *still_sends(revision)):
            return False
        now = runtime.db.now()
        alone = row.failed_look_at is not None and _others_got_through(claim.destination_id, row.failed_look_at)
        if row.failed_alone + alone >= MOST_ALONE:
            which = waits & ((DestinationRecordRow.id == row.id) | (DestinationRecordRow.looked_for == name))
            values = {"state": "failed", "error": words, "error_field": name, "settled_at": now, **NONE_FAILED}
        else:
            which = DestinationRecordRow.id == row.id
            values = {
                "failed_looks": row.failed_looks + 1,
                "failed_alone": row.failed_alone + alone,
                "failed_look_at": now,
                "looked_for": name,
                "error": words,
            }
        DestinationRecordRow.update(**values).where(which).execute()
        return alone


def note_behind(runtime: Runtime, record_id: int, name: str) -> None:
    """Record that a record waits for the same as another one whose look has failed. Opens its own transaction."""
    with runtime.db.write():
        DestinationRecordRow.update(looked_for=name).where(
            DestinationRecordRow.id == record_id, DestinationRecordRow.state == "waiting"
        ).execute()


def _others_got_through(destination_id: int, since: datetime) -> bool:
    calls = DestinationCallRow.select(DestinationCallRow.id).where(
        DestinationCallRow.destination == destination_id,
        DestinationCallRow.state == SENT,
        DestinationCallRow.purpose != "test",
        DestinationCallRow.confirmed_by == "answer",
        DestinationCallRow.settled_at > since,
    )
    return bool(calls.exists())
