"""What an answer or a failure means for the records of a call: written, never, not this time, or not known."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.destination_template import DestinationTemplate, VendorCall
from core.errors import AuthFailed, OutcomeUnknown, Refused, RelaydeskError, RetryLater, VendorError
from core.http import Answer

LONGEST_ANSWER = 8192
"""Characters kept of what a vendor answers."""
LONGEST_WORDS = 500
"""Characters kept of what it says of one record."""
SENT, FAILED, POSTPONED, UNCERTAIN = "sent", "failed", "postponed", "uncertain"
_FAILED = re.compile(r"error|fail|reject|invalid", re.IGNORECASE)
"""What is in the name of a list of those that were not taken."""


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
    if isinstance(data, list):
        return tuple(_of_entry(entry) for entry in data) if len(data) == size else ()
    # Of one record that has its own id a list inside is a part, such as its tags.
    if not isinstance(data, Mapping) or (size == 1 and _is_id(data.get("id"))):
        return ()
    lists = {name: value for name, value in data.items() if _tells(name, value) and len(value) == size}
    if len(lists) != 1:
        return ()
    [(name, entries)] = lists.items()
    return tuple(_failed(entry) if _FAILED.search(name) else _of_entry(entry, is_id=False) for entry in entries)


def _tells(name: str, value: Any) -> bool:
    """Whether a list inside of an answer tells of records: bare texts say something only as errors."""
    if not isinstance(value, list):
        return False
    return bool(_FAILED.search(name)) or any(isinstance(entry, Mapping) for entry in value)


def _of_entry(entry: Any, is_id: bool = True) -> RecordOutcome:
    """What an entry says of its record; one that is no object `is_id` where the whole answer is a list of them."""
    if not isinstance(entry, Mapping):
        return RecordOutcome(True, str(entry) if is_id and _is_id(entry) else "")
    captured = id_in(entry)
    if _says(entry) is False or (not captured and (_words_of(entry) or (_says(entry) is None and _tells_why(entry)))):
        return _failed(entry)
    return RecordOutcome(True, captured)


def _says(entry: Mapping[str, Any]) -> bool | None:
    """Whether an entry says outright that its record was taken, or was not; None if it does not say."""
    if any(entry.get(name) is False for name in ("success", "ok")):
        return False
    if any(entry.get(name) is True for name in ("success", "ok")):
        return True
    status = _status_of(entry)
    return None if status is None else status < 400


def _status_of(entry: Mapping[str, Any]) -> int | None:
    values = (entry.get(name) for name in ("status", "status_code", "code"))
    return next((each for each in values if type(each) is int and 100 <= each < 600), None)


def _tells_why(entry: Mapping[str, Any]) -> bool:
    """Whether an entry has what only an error has, though nothing in it is called so."""
    return any(entry.get(name) for name in ("message", "code", "field"))


def _failed(entry: Any) -> RecordOutcome:
    if not isinstance(entry, Mapping):
        return RecordOutcome(False, error=_as_words(entry) or "the vendor answered that it has failed for this record")
    said = _words_of(entry) or str(entry.get("message") or entry.get("code") or "")[:LONGEST_WORDS]
    status = _status_of(entry)
    if not said or said == str(status):
        said = f"the vendor answered {status or 'that it has failed'} for this record"
    field = entry.get("field")
    return RecordOutcome(False, error=f"{field}: {said}"[:LONGEST_WORDS] if field else said)


def _words_of(entry: Mapping[str, Any]) -> str:
    return next((_as_words(entry[name]) for name in ("error", "errors", "error_message") if entry.get(name)), "")


def _as_words(value: Any) -> str:
    parts: Sequence[Any] = value if isinstance(value, list) else [value] if value else []
    words = (part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts)
    return "; ".join(words)[:LONGEST_WORDS]
