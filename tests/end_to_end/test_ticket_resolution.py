"""Tickets that end: resolved by people, by rules or by the AI, refused to be resolved, and opened again."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import Owner, Resolve, Sentiment, Summary
from core.store.models import ActionRow
from plugins.freshdesk.simulator_state import CLOSED, OPEN, PENDING, RESOLVED
from tests.end_to_end.worlds import DeskWorld

ANSWER = "Hello from the AI."
IDLE = "[channels.email]\nresolve_after_minutes = 30\n"
SETTLED = Resolve("You are welcome.", Summary("All is well.", Sentiment.HAPPY))


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


def settled(desk: DeskWorld, ticket: Any) -> None:
    """Let the customer say after a while that it is settled, and the AI resolve it."""
    desk.run(120)
    desk.ai_plugin.answer = lambda turn: SETTLED
    desk.sim.customer_writes(ticket, "Thanks, that solved it")
    desk.run(60)


def writes(desk: DeskWorld, since: int = 0) -> list[tuple[str, Any]]:
    """What was changed at the vendor by API, as (endpoint, body)."""
    return [(call.endpoint, call.body) for call in desk.sim.record.calls() if call.method != "GET"][since:]


# --------------------------------------------------------------------------------------------- closed in Freshdesk


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("status", [RESOLVED, CLOSED])
def test_b91_g6_resolved_or_closed_in_freshdesk_closes_the_session(desk: DeskWorld, status: int, told: bool) -> None:
    desk.start()
    ticket = desk.answered()
    if not told:
        desk.sim.webhook_url = None
    desk.sim.agent_sets(ticket, desk.human, status=status)
    desk.run(60) if told else desk.poll(8)
    session = desk.session()
    assert (session.status, session.closed_by, session.owner) == ("closed_resolved", "integration", Owner.NOBODY)
    assert desk.ai_plugin.changes.count("closed_resolved_by_integration") == 1


def test_b91_a_rule_of_the_account_may_close_it_too(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.system_sets(ticket, status=RESOLVED)
    desk.run(60)
    desk.poll(8)  # a rule's own changes trigger the rules of agents and requesters in no account for certain
    assert desk.session().status == "closed_resolved"


def test_b153_resolved_and_closed_later_is_one_closing(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(48 * 3600)
    desk.sim.agent_closes(ticket, desk.human)
    desk.run(60)
    desk.poll(8)
    assert desk.session().status == "closed_resolved"
    assert desk.ai_plugin.changes.count("closed_resolved_by_integration") == 1
    assert desk.decisions() == [("reply", "answered")]


def test_a_status_of_the_accounts_own_leaves_the_ticket_open_and_answered(desk: DeskWorld) -> None:
    desk.start()
    waiting = desk.sim.add_status("Waiting on Third Party")
    ticket = desk.answered()
    for status in (waiting, PENDING, OPEN, waiting):
        desk.sim.agent_sets(ticket, desk.human, status=status)
        desk.run(60)
        assert desk.session().status == "open"
    desk.sim.customer_writes(ticket, "Any news?")
    desk.run(60)
    assert len(desk.replies(ticket)) == 2
    assert ticket.status == waiting
    assert "integration_reopened_session" not in desk.ai_plugin.changes


def test_b91_what_was_resolved_within_the_settle_time_is_not_answered(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens()
    desk.run(5)
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    assert writes(desk) == []
    assert desk.session().status == "closed_resolved"
    assert desk.decisions() == [("silence", "session_closed")]


@pytest.mark.parametrize("status", [RESOLVED, CLOSED])
def test_g3_a_customers_reply_opens_the_same_session_once(desk: DeskWorld, status: int) -> None:
    desk.start()
    ticket = desk.answered()
    session = desk.session().id
    desk.sim.agent_sets(ticket, desk.human, status=status)
    desk.run(60)
    desk.sim.customer_writes(ticket, "It is still missing.")
    desk.run(60)
    assert ticket.status == OPEN
    assert (desk.session().id, desk.session().status) == (session, "open")
    assert desk.ai_plugin.changes.count("integration_reopened_session") == 1
    assert len(desk.replies(ticket)) == 2


def test_g3_a_ticket_that_an_agent_opens_again_is_open_and_nothing_is_said(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    desk.sim.agent_sets(ticket, desk.human, status=OPEN)
    desk.run(60)
    assert desk.session().status == "open"
    assert len(desk.replies(ticket)) == 1


# --------------------------------------------------------------------------------------------- resolved by the AI


def test_b92_g5_the_ai_resolves_with_a_last_word_a_private_note_and_then_the_status(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    before = len(writes(desk))
    settled(desk, ticket)
    assert [endpoint for endpoint, _ in writes(desk, before)] == ["reply_to_ticket", "add_note", "update_ticket"]
    assert writes(desk)[-1][1] == {"status": RESOLVED}
    assert ticket.status == RESOLVED
    assert desk.replies(ticket)[-1] == "You are welcome."
    (note,) = desk.notes(ticket)
    assert "Resolved by the AI." in note
    assert "All is well." in note
    session = desk.session()
    assert (session.status, session.closure, session.closed_by) == ("closed_resolved", "resolved", "ai")
    desk.poll(10)
    assert desk.ai_plugin.changes.count("closed_resolved_by_system") == 1
    assert "closed_resolved_by_integration" not in desk.ai_plugin.changes  # its echo is no second closing


def test_b92_g5_the_ai_resolves_only_while_it_still_owns(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()

    def take(body: Any) -> bool:
        desk.sim.agent_assigns(ticket, desk.human)
        return False

    desk.sim.fault("add_note", "500", when=take)  # a human takes it right before the note
    settled(desk, ticket)
    assert ticket.status == OPEN
    assert desk.sim.assignee(ticket) is desk.human
    assert desk.actions()[-1] == ("resolve", "cancelled")
    assert desk.session().owner == Owner.HUMAN


def test_b92_a_customer_who_writes_while_it_is_being_resolved_is_answered(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()

    def write(body: Any) -> bool:
        desk.sim.customer_writes(ticket, "Wait, one more thing!")
        return False

    desk.sim.fault("add_note", "500", when=write)
    desk.ai_plugin.answer = lambda turn: SETTLED if "solved" in turn.question else None
    desk.sim.customer_writes(ticket, "Thanks, that solved it")
    desk.hear()
    desk.run(20)
    desk.says("What is it?")
    desk.run(60)
    assert ticket.status == OPEN
    assert desk.session().status == "open"


def test_b92_what_was_answered_and_left_alone_is_assumed_to_be_resolved(desk: DeskWorld) -> None:
    desk.start(extra=IDLE)
    ticket = desk.answered()
    desk.run(28 * 60)
    assert ticket.status == OPEN
    desk.run(3 * 60)
    assert ticket.status == RESOLVED
    assert desk.session().closure == "assumed_resolved"
    assert desk.decisions()[-1] == ("resolve", "assumed_resolved")


def test_b125_what_a_human_has_taken_unseen_is_not_resolved(desk: DeskWorld) -> None:
    desk.start(extra=IDLE)
    ticket = desk.answered()
    desk.sim.webhook_url = None
    desk.sim.agent_assigns(ticket, desk.human)
    desk.run(3600)
    assert ticket.status == OPEN
    assert desk.notes(ticket) == []
    assert ("resolve", "cancelled") in desk.actions()


def test_b92_a_status_that_the_account_refuses_is_seen_and_the_ticket_stays_open(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.quirks.required_for_closure = ("type",)
    ticket = desk.answered()
    settled(desk, ticket)
    assert ticket.status == OPEN
    assert (desk.session().status, desk.session().owner) == ("open", Owner.AI)
    assert desk.actions()[-1] == ("resolve", "failed")
    with desk.runtime.db.read():
        refused = ActionRow.get(ActionRow.kind == "resolve")
    assert "type" in refused.error
    assert desk.notes(ticket)
    desk.says("What is it?")
    desk.run(120)
    desk.sim.customer_writes(ticket, "One more thing.")
    desk.run(60)
    assert desk.replies(ticket)[-1] == "What is it?"


def test_b92_b153_a_customer_who_comes_back_after_the_ai_resolved_it_is_answered_again(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    settled(desk, ticket)
    desk.says("What is it?")
    desk.run(120)
    desk.sim.customer_writes(ticket, "No, it did not.")
    desk.run(60)
    assert desk.session().status == "open"
    assert desk.session().closure == ""
    assert desk.replies(ticket)[-1] == "What is it?"
    assert desk.session().owner == Owner.AI


def test_g5_in_assist_nothing_is_resolved(desk: DeskWorld) -> None:
    desk.start(extra='[channels.email]\nmode = "assist"\nresolve_after_minutes = 30\n')
    ticket = desk.opens(responder_id=desk.human.id)
    desk.run(60)
    settled(desk, ticket)
    desk.run(3600)
    assert ticket.status == OPEN
    assert len(desk.notes(ticket)) == 2
    assert desk.replies(ticket) == []
