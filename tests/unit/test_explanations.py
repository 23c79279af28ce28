"""What the pages say of events and decisions: a word for every reason there is, and a sentence for each end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.domain import ActionState, Outcome, Reason
from core.web.explanations import ACTION_STATES, DECISIONS, OUTCOMES, told_of_event, why_decision, why_event
from core.web.queries.activity import EventLine
from core.web.queries.aftermath import Aftermath
from core.web.wording import span

NOTHING = Aftermath("", (), (), None, ())


def line(**changed: Any) -> EventLine:
    values: dict[str, Any] = dict.fromkeys(EventLine.__slots__, "")
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    values |= {"id": 1, "state": "done", "kind": "odd_one", "source": "webhook", "received_at": at, "seen_count": 1}
    return EventLine(**values | {"session_id": None} | changed)


def test_every_reason_outcome_and_state_there_is_has_its_words() -> None:
    assert {reason.value for reason in Reason} <= set(DECISIONS)
    assert set(OUTCOMES) == set(Outcome)
    assert set(ACTION_STATES) == set(ActionState)
    assert why_decision("of_an_older_version") == "of an older version"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"state": "ignored", "reason": "unknown_kind"}, "the connector does not understand the kind odd_one"),
        ({"state": "ignored", "reason": "conversation_gone", "error": "404"}, "the helpdesk does not know the convers"),
        ({"state": "ignored", "source": "backfill", "error": "it is gone"}, "it is gone"),
        ({"state": "ignored", "reason": "of_an_older_version"}, "of an older version"),
        ({"state": "failed", "reason": "processing_failed", "error": "KeyError: 'x'"}, "working on it failed however"),
        ({"state": "rejected", "error": "is not JSON."}, "the body of the call could not be read: is not JSON"),
        ({"state": "pending", "error": "no answer"}, "the last try came to nothing: no answer"),
        ({"state": "pending"}, ""),
        ({"state": "done"}, ""),
    ],
)
def test_an_event_says_why_it_is_as_it_is(changed: dict[str, Any], why: str) -> None:
    assert why_event(line(**changed)).startswith(why)
    assert bool(why_event(line(**changed))) == bool(why)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "It came by webhook at 2026-03-02 09:00:00 UTC, was stored, and was read."),
        (
            {"seen_count": 3},
            "It came by webhook 3 times, at first at 2026-03-02 09:00:00 UTC, was stored once, and was",
        ),
        ({"source": "poll", "reason": "read_with_another"}, "It came by asking the helpdesk at"),
        ({"state": "ignored", "source": "backfill"}, "marks a conversation that the import has come to."),
        ({"state": "pending"}, "and waits to be read."),
    ],
)
def test_what_happened_to_an_event_is_told_in_a_sentence(changed: dict[str, Any], told: str) -> None:
    assert told in told_of_event(line(**changed), NOTHING)[0]


def test_what_an_event_brought_is_told_without_telling_each_of_many() -> None:
    many = Aftermath("", (("customer", "public"),) * 3 + (("system", "public"),), (), None, ())
    told = told_of_event(line(session_id=12), many)
    assert told[1:] == ["It belongs to session 12 and brought 4 messages.", "Nothing is decided about it yet."]
    note = Aftermath("ann@example.com", (("agent", "private"),), (), None, ())
    told = told_of_event(line(session_id=12), note)
    assert told[1:] == [
        "It belongs to session 12 and brought a private note of an agent.",
        "ann@example.com had it read again.",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (1.25, "1.2 s"), (9.0, "9 s"), (59, "59 s"), (90, "1 min"), (7200, "2 h"), (86400 * 90, "90 d")],
)
def test_how_long_something_takes_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words
