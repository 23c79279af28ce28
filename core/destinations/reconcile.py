"""What is uncertain is looked for at the vendor: found it is sent; missed twice it goes again, or a person decides."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from core.destination_template import VendorCall
from core.destinations import claims, ledger
from core.destinations.claims import Claim
from core.destinations.equipment import Equipment, Halted, equip
from core.destinations.look_ups import LookUpCache
from core.destinations.outcomes import FAILED, POSTPONED, SENT, Outcome
from core.domain import Priority
from core.errors import BadPayload, ConfigError, Refused, RetryLater, VendorError
from core.runtime import Runtime
from core.store.database import StoreBusy
from core.store.models import ActionRow, DestinationCallRow, DestinationRecordRow, DestinationRow

log = logging.getLogger(__name__)

LOOKS = 2
"""How often it must show nowhere before it counts as not done."""
GIVE_UP = timedelta(hours=24)
"""After so long without being able to look, a person must."""
MOST_TRIES = 50
"""How often a record is tried while nothing gets through at all: at the longest waits, half a day."""
FIRST_WAIT, LONGEST_WAIT = 10.0, 900.0
"""Seconds until the next look after one that could not be taken: at first, and at most."""


class KnownIds(Collection[str]):
    """The ids at the vendor that are certainly of another record of the same account, or of a reply of ours."""

    def __init__(self, runtime: Runtime, connection: str, connection_id: int, call_id: int) -> None:
        self._db = runtime.db
        self._connection_id = connection_id
        self._call_id = call_id
        self._connection = connection

    def __contains__(self, identifier: object) -> bool:
        with self._db.read():
            records = self._records().where(DestinationRecordRow.captured_id == str(identifier))
            actions = ActionRow.select().where(
                ActionRow.connection == self._connection_id, ActionRow.vendor_id == str(identifier)
            )
            return bool(records.exists() or actions.exists())

    def __iter__(self) -> Iterator[str]:
        with self._db.read():
            found = [row.captured_id for row in self._records().where(DestinationRecordRow.captured_id != "")]
        return iter(found)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _records(self) -> Any:
        same_account = DestinationRow.select(DestinationRow.id).where(DestinationRow.connection == self._connection)
        of_another = (DestinationRecordRow.call != self._call_id) | DestinationRecordRow.call.is_null()
        return DestinationRecordRow.select(DestinationRecordRow.captured_id).where(
            DestinationRecordRow.destination.in_(same_account), of_another
        )


def look(runtime: Runtime, claim: Claim, cache: LookUpCache, over: Halted = lambda: False) -> int:
    """Look for the calls of a destination that are uncertain and whose moment has come; returns how many there were.

    It ends early once `over` says so, or once the destination is another's.
    """
    looked = 0
    for call_id in _due(runtime, claim.destination_id):
        if over() or not claims.renew(runtime, claim):
            break
        looked += 1
        try:
            _look_at(runtime, claim, call_id, cache, over)
        except StoreBusy:
            raise
        except Exception as problem:
            # A mistake in a template costs the calls that it is about, and no other.
            log.exception("what became of call %s cannot be told", call_id)
            _look_later(runtime, call_id, f"it could not be seen through ({type(problem).__name__})")
    return looked


def _due(runtime: Runtime, destination_id: int) -> list[int]:
    due = (
        DestinationCallRow.destination == destination_id,
        DestinationCallRow.state == "uncertain",
        DestinationCallRow.next_at <= runtime.db.now(),
    )
    with runtime.db.read():
        query = DestinationCallRow.select(DestinationCallRow.id).where(*due).order_by(DestinationCallRow.id)
        return [row.id for row in query]


def _look_at(runtime: Runtime, claim: Claim, call_id: int, cache: LookUpCache, over: Halted) -> None:
    """Look for one call, and settle it if that tells what became of it."""
    with runtime.db.read():
        call: DestinationCallRow = DestinationCallRow.get_by_id(call_id)
        row: DestinationRow = DestinationRow.get_by_id(call.destination_id)
    if not call.template:
        _park(runtime, call, "what became of it is not known, and without a template it cannot be looked for")
        return
    try:
        equipment = equip(runtime, row, cache, Priority.SYNC, over)
        if call.purpose == "update":
            # It sets values: done twice it changes nothing.
            _go_again(runtime, claim, equipment, call)
        else:
            _conclude(runtime, claim, equipment, call, find(runtime, equipment, call))
    except Refused as problem:
        _park(runtime, call, f"what became of it is not known, and it cannot be looked for: {problem.words}")
    except (VendorError, BadPayload, ConfigError) as problem:
        after = problem.after if isinstance(problem, RetryLater) else None
        _look_later(runtime, call.id, str(problem), after)


def find(runtime: Runtime, equipment: Equipment, call: DestinationCallRow) -> str | None:
    """The vendor's id of what a call has written; None if that shows nowhere. Raises what the look does."""
    template = runtime.plugins.templates[equipment.connection.connector].get(call.template)
    if template is None:
        raise Refused(f"there is no template {call.template} any more")
    known = KnownIds(runtime, equipment.connection.name, equipment.connection.id, call.id)
    made = VendorCall(call.verb, call.path, call.body)
    return template.find(made, call.started_at, known, equipment.connection, equipment.reads)


def _conclude(
    runtime: Runtime, claim: Claim, equipment: Equipment, call: DestinationCallRow, found: str | None
) -> None:
    definition = equipment.definition
    if found is not None:
        outcome = Outcome(SENT, call.status, call.answer, captured_id=found)
        ledger.settle(runtime, definition, call.id, outcome, "readback", claim)
    elif refuses(call.status):
        # The vendor has answered, so nothing can come late: it refused, and meant it. It may have such a one already.
        kind = FAILED if definition.exists == "fail" else POSTPONED
        ledger.settle(runtime, definition, call.id, Outcome(kind, call.status, call.answer, call.error), "look", claim)
    elif call.clean_reads + 1 < LOOKS:
        wait = timedelta(seconds=runtime.config.worker.second_read_seconds)
        _put_off(runtime, call.id, runtime.db.now() + wait, clean_reads=call.clean_reads + 1)
    elif equipment.connection.settings["uncertain"] == "park":
        _park(runtime, call, "it shows nowhere at the vendor, and this connection sends nothing again by itself")
    else:
        _go_again(runtime, claim, equipment, call)


def refuses(status: int | None) -> bool:
    """Whether a vendor that answers so has refused; some have been seen to do what was asked all the same."""
    return status is not None and (300 <= status < 400 or status in (400, 409))


def _go_again(runtime: Runtime, claim: Claim, equipment: Equipment, call: DestinationCallRow) -> None:
    """Let the records of a call that has not taken effect wait again, unless it was tried too often.

    While nothing at all gets through to the vendor they are not at fault, but then too there is an end.
    """
    with runtime.db.read():
        its = DestinationRecordRow.select(fn.MAX(DestinationRecordRow.attempts))
        tries = its.where(DestinationRecordRow.call == call.id).scalar() or 0
        earlier = (DestinationCallRow.destination == call.destination_id) & (DestinationCallRow.id < call.id)
        before = DestinationCallRow.select().where(earlier).order_by(DestinationCallRow.id.desc()).first()
    others_get_through = before is not None and before.state in (SENT, FAILED)
    if tries > int(equipment.connection.settings["max_retries"]) and (others_get_through or tries >= MOST_TRIES):
        _park(runtime, call, f"it has come to nothing {tries} times, and nobody knows why: {call.error}")
        return
    outcome = Outcome(POSTPONED, call.status, error=call.error)
    ledger.settle(runtime, equipment.definition, call.id, outcome, "look", claim)


def _look_later(runtime: Runtime, call_id: int, why: str, after: float | None = None) -> None:
    with runtime.db.read():
        call = DestinationCallRow.get_by_id(call_id)
    now = runtime.db.now()
    if now - call.uncertain_at >= GIVE_UP:
        _park(runtime, call, f"what became of it is not known, and it could not be looked for in a day: {why}")
        return
    wait = max(after or 0.0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(call.failed_reads, 20)))
    log.info("call %s cannot be looked for now: %s", call_id, why)
    _put_off(runtime, call_id, now + timedelta(seconds=wait), failed_reads=call.failed_reads + 1)


def _put_off(runtime: Runtime, call_id: int, until: datetime, **values: int) -> None:
    with runtime.db.write():
        DestinationCallRow.update(next_at=until, **values).where(
            DestinationCallRow.id == call_id, DestinationCallRow.state == "uncertain"
        ).execute()


def _park(runtime: Runtime, call: DestinationCallRow, why: str) -> None:
    with runtime.db.write():
        query = DestinationCallRow.select(DestinationCallRow.state).where(DestinationCallRow.id == call.id)
        if runtime.db.for_update(query, skip_locked=False).scalar() == "uncertain":
            ledger.park(call, why)
