"""A session's timeline reads as sentences: what happened, by whom, to whose hands and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.web.queries.thread import Happened
from core.web.timeline import what_happened

NAMES = {("agent", "a1"): "Hanna Human", ("group", "g1"): "Support"}


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("message", {"opened": True}, "the conversation came in"),
        ("agent_took_session_from_ai", {"from": "ai", "to": "human", "by": "ann@x.example"},
         "a person took it from the AI (ann@x.example)"),
        ("agent_took_session_from_ai", {"from": "ai", "to": "human", "detail": "a1"},
         "a person took it from the AI (Hanna Human)"),
        ("agent_assigned_by_integration", {"from": "ai", "to": "human", "detail": "a1"},
         "it was assigned in the helpdesk (Hanna Human)"),
        ("agent_assigned_by_integration", {"from": "nobody", "to": "ai", "detail": "a9"},
         "the AI has it: its agent is assigned in the helpdesk"),
        ("agent_assigned_by_integration", {"from": "human", "to": "nobody"}, "it was assigned in the helpdesk"),
        ("agent_assigned_by_system", {"to": "g1"}, "it was assigned by Relaydesk (Support)"),
        ("team_assigned_by_integration", {"from": "", "to": "g1"}, "it was put into a group in the helpdesk (Support)"),
        ("handoff", {"from": "ai", "to": "human", "detail": "explicit_request"},
         "the AI handed it off, because the customer asked for a person"),
        ("handoff_to_third_party_failed", {"step": "assign", "detail": "HTTP 403"},
         "a step of the handoff failed (assignment): HTTP 403"),
        ("ai_decided_to_not_reply", {"reason": "skipping_unuseful_response"},
         "the AI said nothing, because an answer would have been of no use"),
        ("prohibited_topic_detected", {"topic": "refunds"}, "it is about what the AI may not speak of (refunds)"),
        ("closed_resolved_by_agent", {"by": "ann@x.example", "told": False},
         "it was closed here, resolved (ann@x.example, without telling the helpdesk)"),
        ("action_retried_by_agent", {"by": "ann@x.example", "what": "resolve", "action": 7},
         "an action was tried again (closing, ann@x.example)"),
        ("something_new_of_a_later_version", {}, "something new of a later version"),
    ],
)  # fmt: skip
def test_a_line_of_the_timeline_is_told_in_words(kind: str, detail: dict[str, Any], words: str) -> None:
    assert what_happened(Happened(1, datetime(2026, 11, 1, tzinfo=UTC), kind, detail), NAMES) == words
