"""What an answer or a failure means for the records of a call: written, never, not this time, or not known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.destination_template import DestinationTemplate, VendorCall
from core.errors import AuthFailed, OutcomeUnknown, Refused, RelaydeskError, RetryLater, VendorError
from core.http import Answer

LONGEST_ANSWER = 8192
"""Characters kept of what a vendor answers."""
NO_WORDS = "what the vendor said could not be stored; the log of the service says more"
SENT, FAILED, POSTPONED, UNCERTAIN = "sent", "failed", "postponed", "uncertain"


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What became of one record of a batch, as the vendor's answer says it."""

    sent: bool
    captured_id: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call has ended. `kind`: sent, failed (certainly never), postponed (certainly not applied), or uncertain.

    Of a batch `records` may say more, one by one. `account` says that the trouble is not the record's: others would
    fare no better, before `after` seconds are over or else as long as the waits of the destination grow.
    """

    kind: str
    status: int | None = None
    answer: str = ""
    error: str = ""
    captured_id: str = ""
    records: tuple[RecordOutcome, ...] = ()
    account: bool = False
    after: float | None = None


def of_answer(answer: Answer, call: VendorCall, template: DestinationTemplate | None, batch: int | None) -> Outcome:
    """The outcome of a call that was answered with a status of 200 to 299.

    `batch` is how many records the body has an array of, be it one; None where it is the one record itself.
    """
    text = shortened(answer.data)
    if template is None:
        records = () if batch is None else _one_by_one(answer.data, batch)
        captured = "" if records else id_in(answer.data)
        return Outcome(SENT, answer.status, text, captured_id=captured, records=records)
    try:
        captured = template.captured(call, answer.data)
    except OutcomeUnknown as problem:
        return Outcome(UNCERTAIN, answer.status, text, problem.words)
    return Outcome(SENT, answer.status, text, captured_id=captured)


def of_error(problem: RelaydeskError) -> Outcome:
    """The outcome of a call that has failed in this way."""
    words = str(problem)
    status = problem.status if isinstance(problem, VendorError) else None
    if isinstance(problem, AuthFailed):
        # What is forbidden may be one ticket only, and the next record's business may be allowed.
        return Outcome(FAILED if status == 403 else POSTPONED, status, error=words, account=True)
    if isinstance(problem, RetryLater):
        if status == 409:  # for what is posted as a reply, try again; here it says that there is such a one already
            return Outcome(FAILED, status, error=words)
        return Outcome(POSTPONED, status, error=words, account=True, after=problem.after)
    if isinstance(problem, Refused):
        return Outcome(FAILED, status, error=words)
    return Outcome(UNCERTAIN, status, error=words, account=True)


def without_texts(outcome: Outcome) -> Outcome:
    """How a call has ended, and under which ids, without what was said: should that be what cannot be stored."""
    records = tuple(replace(each, error="" if each.sent else NO_WORDS) for each in outcome.records)
    return replace(outcome, answer="", error="" if outcome.kind == SENT else NO_WORDS, records=records)


def shortened(data: Any) -> str:
    """An answer as it is kept: its JSON, or the beginning of it."""
    if data is None:
        return ""
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= LONGEST_ANSWER else text[: LONGEST_ANSWER - 1] + "…"


def id_in(data: Any) -> str:
    """The id that an answer gives: its `id`, that of the one object in it, or else the first that is called so."""
    if not isinstance(data, Mapping):
        return ""
    if _is_id(data.get("id")):
        return str(data["id"])
    inner = [value for value in data.values() if isinstance(value, Mapping)]
    if len(data) == 1 and inner:
        return id_in(inner[0])
    return next((str(value) for name, value in data.items() if name.endswith("_id") and _is_id(value)), "")


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _one_by_one(data: Any, size: int) -> tuple[RecordOutcome, ...]:
    """What an answer says of each record: it is a list of as many entries as were sent, or has one under a key."""
    entries: Any = data
    if isinstance(data, Mapping):
        lists = [value for value in data.values() if isinstance(value, list) and len(value) == size]
        entries = lists[0] if len(lists) == 1 else None
    if not isinstance(entries, list) or len(entries) != size:
        return ()
    return tuple(_of_entry(entry) for entry in entries)


def _of_entry(entry: Any) -> RecordOutcome:
    if not isinstance(entry, Mapping):
        return RecordOutcome(True, str(entry) if _is_id(entry) else "")
    status = next((entry[name] for name in ("status", "status_code", "code") if isinstance(entry.get(name), int)), None)
    said = _words_of(entry)
    bad = entry.get("success") is False or entry.get("ok") is False or (status is not None and status >= 400)
    if bad or (said and not id_in(entry)):
        return RecordOutcome(
            False, error=said or f"the vendor answered {status or 'that it has failed'} for this record"
        )
    return RecordOutcome(True, id_in(entry))


def _words_of(entry: Mapping[str, Any]) -> str:
    for name in ("error", "errors", "error_message"):
        value = entry.get(name)
        if value:
            parts: Sequence[Any] = value if isinstance(value, list) else [value]
            return "; ".join(part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts)[
                :500
            ]
    return str(entry.get("message") or "")[:500] if entry.get("success") is False else ""
