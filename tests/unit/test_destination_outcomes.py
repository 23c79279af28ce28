"""What an answer or a failure means for the records of a call."""

from __future__ import annotations

from typing import Any

import pytest

from core.destination_template import DestinationTemplate, VendorCall
from core.destinations.outcomes import (
    FAILED,
    LONGEST_ANSWER,
    POSTPONED,
    SENT,
    UNCERTAIN,
    RecordOutcome,
    id_in,
    of_answer,
    of_error,
    shortened,
)
from core.errors import AuthFailed, BadPayload, OutcomeUnknown, Refused, RelaydeskError, RetryLater
from core.http import Answer

CALL = VendorCall("POST", "/items", [{}, {}])


def answered(data: Any, size: int = 2, template: DestinationTemplate | None = None) -> Any:
    return of_answer(Answer(200, {}, data), CALL, template, size)


@pytest.mark.parametrize(
    ("problem", "kind", "account"),
    [
        (AuthFailed("no", status=401), POSTPONED, True),
        (AuthFailed("no", status=403), FAILED, True),
        (RetryLater("no", status=429, after=7), POSTPONED, True),
        (RetryLater("no"), POSTPONED, True),
        (RetryLater("no", status=409), FAILED, False),
        (RetryLater("no", status=425), POSTPONED, True),
        (Refused("no", status=400), FAILED, False),
        (Refused("no", status=404), FAILED, False),
        (OutcomeUnknown("no", status=500), UNCERTAIN, True),
        (OutcomeUnknown("no"), UNCERTAIN, True),
        (BadPayload("no"), UNCERTAIN, True),
    ],
    ids=str,
)
def test_each_error_says_whether_it_was_written_and_whose_trouble_it_is(
    problem: RelaydeskError, kind: str, account: bool
) -> None:
    outcome = of_error(problem)
    assert (outcome.kind, outcome.account, outcome.error) == (kind, account, "no")
    assert outcome.after == getattr(problem, "after", None) or not account


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"id": 7, "name": "x"}, "7"),
        ({"ticket": {"id": "t1"}}, "t1"),
        ({"conversation_id": "c1", "user_id": "u1"}, "c1"),
        ({"id": "", "contact_id": 3}, "3"),
        ({"id": True}, ""),
        ({"a": {"id": 1}, "b": {"id": 2}}, ""),
        ([{"id": 1}], ""),
        (None, ""),
    ],
)
def test_the_id_in_an_answer_is_its_own_or_that_of_the_one_object_in_it(data: Any, expected: str) -> None:
    assert id_in(data) == expected


@pytest.mark.parametrize("wrap", [lambda entries: entries, lambda entries: {"results": entries, "total": 2}])
def test_an_answer_may_tell_of_each_record(wrap: Any) -> None:
    outcome = answered(wrap([{"id": 1}, {"status": 422, "error": "bad email"}]))
    assert outcome.kind == SENT
    assert outcome.records == (RecordOutcome(True, "1"), RecordOutcome(False, error="bad email"))


@pytest.mark.parametrize(
    "entry",
    [
        {"success": False, "message": "why"},
        {"ok": False, "error": "why"},
        {"status_code": 500, "errors": ["why"]},
        {"code": 404, "error_message": "why"},
        {"error": "why"},
    ],
    ids=str,
)
def test_an_entry_may_say_in_many_ways_that_it_has_failed(entry: Any) -> None:
    outcome = answered([entry, "id-2"])
    assert outcome.records == (RecordOutcome(False, error="why"), RecordOutcome(True, "id-2"))


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"message": "is taken"}, "is taken"),
        ({"code": "duplicate_value"}, "duplicate_value"),
        ({"field": "email", "message": "is taken", "code": "duplicate_value"}, "email: is taken"),
        ({"field": "email"}, "email: the vendor answered that it has failed for this record"),
        ({"code": 4711, "message": "is taken"}, "is taken"),
        ({"status": 201, "error": "is taken"}, "is taken"),
    ],
    ids=str,
)
def test_an_entry_without_an_id_that_says_what_is_wrong_has_failed(entry: Any, error: str) -> None:
    assert answered([entry, {"id": 2}]).records == (RecordOutcome(False, error=error), RecordOutcome(True, "2"))


@pytest.mark.parametrize("entry", [{"message": "created", "id": 1}, {"status": 201, "message": "created"}, {}, None])
def test_an_entry_with_an_id_or_that_says_that_it_is_good_is_sent(entry: Any) -> None:
    assert answered([entry, {"id": 2}]).records[0].sent


@pytest.mark.parametrize("key", ["error", "errors", "failed", "failedRecords", "record_errors", "rejected"])
def test_entries_under_a_key_of_what_was_not_taken_were_not_sent(key: str) -> None:
    outcome = answered({"results": [], key: ["no such plan", {"id": "row 2", "message": "is taken"}]})
    assert outcome.records == (RecordOutcome(False, error="no such plan"), RecordOutcome(False, error="is taken"))
    assert not any(each.sent for each in answered({key: [{}, None]}).records)


def test_bare_texts_inside_of_an_answer_are_nobodys_ids() -> None:
    assert answered(["a", 2]).records == (RecordOutcome(True, "a"), RecordOutcome(True, "2"))
    assert answered({"tags": ["a", "b"]}).records == ()
    entries = [{"id": 1}, {"id": 2}]
    assert answered({"tags": ["a", "b"], "results": entries}).records == answered(entries).records
    assert answered({"results": [{"id": 1}, "a"]}).records[1] == RecordOutcome(True)


def test_the_one_record_that_has_its_own_id_is_told_by_that_and_not_by_a_list_in_it() -> None:
    for inside in (["shop"], [{"id": 9}]):
        outcome = answered({"id": 5, "tags": inside}, size=1)
        assert (outcome.captured_id, outcome.records) == ("5", ())
    assert answered({"results": [{"id": 9}]}, size=1).records == (RecordOutcome(True, "9"),)


def test_an_entry_that_has_failed_without_words_is_given_some() -> None:
    assert "422" in answered([{"status": 422}, {}]).records[0].error


@pytest.mark.parametrize("data", [{"id": 5}, [{"id": 1}], {"a": [1, 2], "b": [3, 4]}, None, "text"])
def test_an_answer_that_tells_of_none_counts_for_all(data: Any) -> None:
    outcome = answered(data)
    assert (outcome.kind, outcome.records) == (SENT, ())


def test_an_answer_without_the_id_of_what_was_made_is_in_doubt() -> None:
    class Template:
        def captured(self, call: VendorCall, data: Any) -> str:
            raise OutcomeUnknown("the answer gave no id")

    outcome = answered({}, 1, Template())  # type: ignore[arg-type]
    assert (outcome.kind, outcome.error, outcome.account) == (UNCERTAIN, "the answer gave no id", False)


def test_of_a_long_answer_the_beginning_is_kept() -> None:
    assert shortened(None) == ""
    assert shortened({"a": "ö"}) == '{"a": "ö"}'
    assert len(shortened("x" * 2 * LONGEST_ANSWER)) == LONGEST_ANSWER
