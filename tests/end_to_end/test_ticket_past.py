"""Gap G15: what was said in tickets before this service was connected is kept, and never answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.jobs import backfill
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_state import RESOLVED
from tests.end_to_end.worlds import DeskWorld

ANSWER = "Hello from the AI."


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


def hint(desk: DeskWorld, ticket: Any) -> None:
    """A webhook that tells of the ticket."""
    answer = desk.post(f'{{"ticket_id":"{ticket.id}"}}'.encode(), {"Content-Type": "application/json"})
    assert answer.status_code == 200


def filed(desk: DeskWorld, **more: Any) -> Any:
    """A ticket of ten days ago, with a thread, that nobody has answered last."""
    now = desk.clock.now()
    said = [("agent", "We are looking."), ("note", "Hm."), ("customer", "Still nothing!")]
    one = Filed(desk.ada, "Old", "Old question", now - timedelta(days=10), now - timedelta(days=9), said, **more)  # type: ignore[arg-type]
    return desk.sim.fill([one])[0]


@pytest.mark.parametrize("assignee", ["nobody", "ai"])
def test_g15_imported_tickets_are_never_answered_for_what_they_held(desk: DeskWorld, assignee: str) -> None:
    ticket = filed(desk, responder_id=desk.ai.id if assignee == "ai" else None)
    desk.start(backfill_days=30)
    assert backfill.run_due(desk.runtime, lambda: False) == 1
    hint(desk, ticket)
    desk.run(60)
    desk.poll(10)
    assert [text for _, _, text in desk.messages()][1:] == ["We are looking.", "Hm.", "Still nothing!"]
    assert desk.decisions() == []
    assert desk.actions() == []
    assert not [call for call in desk.sim.record.calls() if call.method != "GET"]


def test_g15_what_is_written_in_an_imported_ticket_later_is_answered(desk: DeskWorld) -> None:
    ticket = filed(desk)
    desk.start(backfill_days=30)
    backfill.run_due(desk.runtime, lambda: False)
    desk.clock.advance(60)
    desk.sim.customer_writes(ticket, "Is anybody there?")
    desk.run(60)
    assert desk.replies(ticket) == [ANSWER]


def test_g15_an_old_ticket_that_a_webhook_tells_of_brings_its_past_and_no_answer_to_it(desk: DeskWorld) -> None:
    ticket = filed(desk)
    desk.start()
    desk.clock.advance(60)
    desk.sim.agent_notes(ticket, desk.human, "Who takes this?")
    desk.run(60)
    assert len(desk.messages()) == 5
    assert desk.decisions() == []
    assert desk.replies(ticket) == []


def test_g15_an_old_resolved_ticket_in_which_nobody_speaks_begins_no_session(desk: DeskWorld) -> None:
    ticket = filed(desk, status=RESOLVED)
    desk.start()
    hint(desk, ticket)
    desk.run(60)
    assert desk.messages() == []
