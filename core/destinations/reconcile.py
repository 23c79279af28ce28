"""What is uncertain is looked for at the vendor: found it is sent; missed twice it goes again, or a person decides."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from core.destination_template import VendorCall
from core.destinations import claims, ledger
from core.destinations.claims import Claim
from core.destinations.equipment import Equipment, equip
from core.destinations.look_ups import LookUpCache
from core.destinations.outcomes import FAILED, POSTPONED, SENT, Outcome
from core.domain import Priority
from core.errors import BadPayload, ConfigError, Refused, RetryLater, VendorError
from core.runtime import Runtime
from core.store.models import ActionRow, DestinationCallRow, DestinationRecordRow, DestinationRow

log = logging.getLogger(__name__)

LOOKS = 2
"""How often it must show nowhere before it counts as not done."""
GIVE_UP = timedelta(hours=24)
"""After so long without being able to look, a person must."""
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
        return DestinationRecordRow.select(DestinationRecordRow.captured_id).where(
            DestinationRecordRow.destination.in_(same_account), DestinationRecordRow.call != self._call_id
        )


def look(runtime: Runtime, claim: Claim, cache: LookUpCache) -> int:
    """Look for every call of a destination that is uncertain and whose moment has come; returns how many there were."""
    with runtime.db.read():
        due = [
            row.id
            for row in DestinationCallRow.select(DestinationCallRow.id)
            .where(
                DestinationCallRow.destination == claim.destination_id,
                DestinationCallRow.state == "uncertain",
                DestinationCallRow.next_at <= runtime.db.now(),
            )
            .order_by(DestinationCallRow.id)
        ]
    for call_id in due:
        if not claims.renew(runtime, claim):
            break
        look_at(runtime, call_id, cache)
    return len(due)


def look_at(runtime: Runtime, call_id: int, cache: LookUpCache) -> None:
    """Look for one call, and settle it if that tells what became of it."""
    with runtime.db.read():
        call = DestinationCallRow.get_by_id(call_id)
        row = DestinationRow.get_by_id(call.destination_id)
    if not call.template:
        _park(runtime, call, "what became of it is not known, and without a template it cannot be looked for")
        return
    try:
        equipment = equip(runtime, row, cache, Priority.SYNC)
    except ConfigError as problem:
        _look_later(runtime, call, str(problem))
        return
    if call.purpose == "update":
        # It sets values: done twice it changes nothing.
        ledger.settle(runtime, equipment.definition, call.id, Outcome(POSTPONED, error=call.error))
        return
    try:
        found = _find(runtime, equipment, call)
    except Refused as problem:
        _park(runtime, call, f"what became of it is not known, and it cannot be looked for: {problem.words}")
    except (VendorError, BadPayload) as problem:
        after = problem.after if isinstance(problem, RetryLater) else None
        _look_later(runtime, call, str(problem), after)
    else:
        _conclude(runtime, equipment, call, found)


def _find(runtime: Runtime, equipment: Equipment, call: DestinationCallRow) -> str | None:
    template = runtime.plugins.templates[equipment.connection.connector].get(call.template)
    if template is None:
        raise Refused(f"there is no template {call.template} any more")
    known = KnownIds(runtime, equipment.connection.name, equipment.connection.id, call.id)
    made = VendorCall(call.verb, call.path, call.body)
    return template.find(made, call.started_at, known, equipment.connection, equipment.http)


def _conclude(runtime: Runtime, equipment: Equipment, call: DestinationCallRow, found: str | None) -> None:
    definition = equipment.definition
    if found is not None:
        outcome = Outcome(SENT, call.status, call.answer, captured_id=found)
        ledger.settle(runtime, definition, call.id, outcome, "readback")
    elif call.status == 400:
        # The vendor has answered, so nothing can come late: it refused, and meant it.
        ledger.settle(runtime, definition, call.id, Outcome(FAILED, 400, call.answer, call.error))
    elif call.clean_reads + 1 < LOOKS:
        wait = timedelta(seconds=runtime.config.worker.second_read_seconds)
        _put_off(runtime, call, runtime.db.now() + wait, clean_reads=call.clean_reads + 1)
    elif equipment.connection.settings["uncertain"] == "park":
        _park(runtime, call, "it shows nowhere at the vendor, and this connection sends nothing again by itself")
    else:
        ledger.settle(runtime, definition, call.id, Outcome(POSTPONED, call.status, error=call.error))


def _look_later(runtime: Runtime, call: DestinationCallRow, why: str, after: float | None = None) -> None:
    now = runtime.db.now()
    if now - call.uncertain_at >= GIVE_UP:
        _park(runtime, call, f"what became of it is not known, and it could not be looked for in a day: {why}")
        return
    wait = max(after or 0.0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(call.failed_reads, 20)))
    log.info("call %s cannot be looked for now: %s", call.id, why)
    _put_off(runtime, call, now + timedelta(seconds=wait), failed_reads=call.failed_reads + 1)


def _put_off(runtime: Runtime, call: DestinationCallRow, until: datetime, **values: int) -> None:
    with runtime.db.write():
        DestinationCallRow.update(next_at=until, **values).where(
            DestinationCallRow.id == call.id, DestinationCallRow.state == "uncertain"
        ).execute()


def _park(runtime: Runtime, call: DestinationCallRow, why: str) -> None:
    with runtime.db.write():
        if DestinationCallRow.get_by_id(call.id).state == "uncertain":
            ledger.park(call, why)
