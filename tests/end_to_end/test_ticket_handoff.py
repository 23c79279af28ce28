"""Tickets that the AI hands off: the vendor's own order, each rung of the fallback, the marker, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import Handoff, Owner, Reason, Sentiment, Summary
from core.store.models import ActionRow, TimelineRow
from plugins.freshdesk.simulator_state import PENDING
from tests.end_to_end.worlds import DeskWorld

ANSWER = "Hello from the AI."
MARKER = "cf_opencx_handed_off"
WISH = "I want to talk to a human, please"


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


def marked(ticket: Any) -> Any:
    return ticket.custom_fields.get(MARKER)


def handed_off(desk: DeskWorld, **fields: Any) -> Any:
    """A ticket that the AI has answered and then handed off."""
    ticket = desk.answered(**fields)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert desk.decisions()[-1] == ("handoff", "explicit_request")
    return ticket


def steps(desk: DeskWorld) -> list[tuple[str, str]]:
    """The actions of the handoff, as (kind, state)."""
    with desk.runtime.db.read():
        rows = ActionRow.select().where(ActionRow.purpose == "handoff").order_by(ActionRow.id)
        return [(row.kind, row.state) for row in rows]


def failures(desk: DeskWorld) -> list[str]:
    """The steps that the timeline says have failed."""
    with desk.runtime.db.read():
        rows = TimelineRow.select().where(TimelineRow.kind == "handoff_to_third_party_failed").order_by(TimelineRow.id)
        return [row.detail["step"] for row in rows]


def writes(desk: DeskWorld, since: int = 0) -> list[tuple[str, Any]]:
    """What was changed at the vendor by API, as (endpoint, body)."""
    return [(call.endpoint, call.body) for call in desk.sim.record.calls() if call.method != "GET"][since:]


def test_b85_b86_b87_the_note_comes_first_then_the_agent_then_the_marker(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = desk.answered()
    before = len(writes(desk))
    desk.ai_plugin.summary = lambda turn: Summary("Ada misses a parcel.", Sentiment.ANGRY)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert [endpoint for endpoint, _ in writes(desk, before)] == ["add_note", "update_ticket", "update_ticket"]
    assert [body for _, body in writes(desk, before)][1:] == [
        {"responder_id": desk.human.id},
        {"custom_fields": {MARKER: True}},
    ]
    (note,) = desk.notes(ticket)
    for words in ("Ada misses a parcel.", "angry", "asked for a person"):
        assert words in note
    assert steps(desk) == [("note", "sent"), ("assign", "sent"), ("unassign", "cancelled"), ("update", "sent")]
    assert desk.sim.assignee(ticket) is desk.human
    assert (desk.session().owner, desk.session().status) == (Owner.HUMAN, "open")
    assert failures(desk) == []


def test_b84_b85_a_first_message_that_is_handed_off_is_noted_given_marked_and_tagged(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    ticket = desk.opens(WISH)
    desk.run(60)
    assert desk.replies(ticket) == []
    assert (ticket.responder_id, ticket.group_id, marked(ticket)) == (None, desk.support.id, True)
    assert ticket.tags == ["opencx", "opencx_autopilot"]
    assert len(desk.notes(ticket)) == 1


def test_b86_a_group_takes_over_without_an_agent(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    ticket = handed_off(desk)
    assert (ticket.responder_id, ticket.group_id, marked(ticket)) == (None, desk.support.id, True)
    assert steps(desk) == [("note", "sent"), ("assign", "sent"), ("unassign", "cancelled"), ("update", "sent")]


def test_b86_without_a_target_the_ticket_is_left_unassigned_and_marked(desk: DeskWorld) -> None:
    desk.start()
    ticket = handed_off(desk)
    assert (ticket.responder_id, ticket.group_id, marked(ticket)) == (None, None, True)
    assert steps(desk) == [("note", "sent"), ("unassign", "sent"), ("update", "sent")]


def test_g1_with_both_targets_the_agent_is_tried_first(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id, handoff_group_id=desk.support.id)
    ticket = handed_off(desk)
    assert (ticket.responder_id, ticket.group_id) == (desk.human.id, None)
    assert [state for _, state in steps(desk)] == ["sent", "sent", "cancelled", "cancelled", "sent"]


@pytest.mark.parametrize("how", ["remove_agent", "deactivate"])
def test_g1_b86_where_the_agent_is_gone_the_group_takes_over_and_that_is_seen(desk: DeskWorld, how: str) -> None:
    desk.start(handoff_agent_id=desk.human.id, handoff_group_id=desk.support.id)
    ticket = desk.answered()
    getattr(desk.sim, how)(desk.human)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert steps(desk) == [
        ("note", "sent"),
        ("assign", "failed"),
        ("assign", "sent"),
        ("unassign", "cancelled"),
        ("update", "sent"),
    ]
    assert failures(desk) == ["assign"]
    assert (ticket.responder_id, ticket.group_id, marked(ticket)) == (None, desk.support.id, True)
    with desk.runtime.db.read():
        refused = ActionRow.get(ActionRow.state == "failed")
    assert "responder_id" in refused.error


def test_g1_b86_where_both_are_gone_the_ticket_is_left_unassigned_and_marked(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id, handoff_group_id=desk.support.id)
    ticket = desk.answered()
    desk.sim.remove_agent(desk.human)
    desk.sim.remove_group(desk.support)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert [state for _, state in steps(desk)] == ["sent", "failed", "failed", "sent", "sent"]
    assert failures(desk) == ["assign", "assign"]
    assert (ticket.responder_id, ticket.group_id, marked(ticket)) == (None, None, True)
    assert desk.session().owner == Owner.HUMAN


def test_b88_without_the_marker_field_the_rest_of_the_handoff_happens(desk: DeskWorld) -> None:
    desk.sim.remove_field(MARKER)
    desk.start(handoff_agent_id=desk.human.id)
    ticket = handed_off(desk)
    assert steps(desk) == [("note", "sent"), ("assign", "sent"), ("unassign", "cancelled")]
    assert desk.sim.assignee(ticket) is desk.human
    (connection, _) = next(iter(desk.connections.all()))
    assert connection.identity
    assert any(MARKER in warning for warning in connection.identity.warnings)


def test_b88_a_marker_field_that_was_deleted_since_spoils_nothing_else(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = desk.answered()
    desk.sim.remove_field(MARKER)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert steps(desk)[-1] == ("update", "failed")
    assert failures(desk) == ["update"]
    assert desk.sim.assignee(ticket) is desk.human
    assert len(desk.notes(ticket)) == 1


@pytest.mark.parametrize(("refused", "step"), [("custom_fields", "update"), ("responder_id", "assign")])
def test_b87_a_form_that_refuses_one_change_leaves_the_others(desk: DeskWorld, refused: str, step: str) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = desk.answered()
    desk.sim.quirks.dynamic_required, desk.sim.quirks.dynamic_triggers = ("type",), (refused,)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert step in failures(desk)
    assert len(desk.notes(ticket)) == 1
    assert bool(marked(ticket)) is (step == "assign")
    assert (desk.sim.assignee(ticket) is desk.human) is (step == "update")
    desk.sim.customer_writes(ticket, "Hello?")
    desk.run(60)
    assert len(desk.replies(ticket)) == 1
    assert desk.session().owner == Owner.HUMAN


def test_b85_a_note_that_is_refused_keeps_nobody_from_taking_over(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = desk.answered()
    desk.sim.fault("add_note", "400_posted", times=None, performed=False)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(120)
    assert steps(desk)[0] == ("note", "failed")
    assert failures(desk) == ["note"]
    assert desk.sim.assignee(ticket) is desk.human
    assert marked(ticket) is True


@pytest.mark.parametrize("reason", [Reason.CANNOT_RESOLVE, Reason.FORBIDDEN_TOPIC])
def test_b85_b89_what_the_responder_hands_off_is_a_humans_and_still_shown(desk: DeskWorld, reason: Reason) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    desk.ai_plugin.answer = lambda turn: Handoff(reason)
    ticket = desk.opens("Something difficult")
    desk.run(60)
    desk.says(ANSWER)
    desk.sim.customer_writes(ticket, "Hello? Anyone?")
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.decisions() == [("handoff", reason.value), ("silence", "session_assigned_to_human_agent")]
    assert desk.messages()[-1] == ("customer", "public", "Hello? Anyone?")
    assert len(desk.notes(ticket)) == 1


# ------------------------------------------------------------------------------------------------- and back again


@pytest.mark.parametrize("target", [True, False])
@pytest.mark.parametrize("told", [True, False])
def test_b90_g2_put_back_it_answers_the_next_message_only_and_the_marker_is_cleared(
    desk: DeskWorld, target: bool, told: bool
) -> None:
    desk.start(**({"handoff_agent_id": desk.human.id} if target else {}))
    ticket = handed_off(desk)
    desk.sim.customer_writes(ticket, "Are you there?")
    desk.run(60)
    if not told:
        desk.sim.webhook_url = None
    desk.sim.agent_assigns(ticket, desk.ai, by=desk.human)
    desk.run(60) if told else desk.poll(8)
    assert desk.session().owner == Owner.AI
    assert desk.session().handoff is None
    assert len(desk.replies(ticket)) == 1
    assert marked(ticket) is False
    assert desk.sim.assignee(ticket) is desk.ai
    desk.sim.customer_writes(ticket, "And now?")
    desk.run(60) if told else desk.poll(8)
    assert desk.replies(ticket) == [ANSWER] * 2
    assert desk.ai_plugin.changes.count("ai_resumed_by_system") == 1


def test_b90_g2_what_is_handed_off_once_more_is_marked_once_more(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = handed_off(desk)
    desk.sim.agent_assigns(ticket, desk.ai, by=desk.human)
    desk.run(60)
    assert marked(ticket) is False
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert marked(ticket) is True
    assert desk.sim.assignee(ticket) is desk.human
    assert len(desk.notes(ticket)) == 2


def test_g2_a_marker_that_cannot_be_cleared_keeps_the_ai_from_nothing(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = handed_off(desk)
    desk.sim.quirks.dynamic_required, desk.sim.quirks.dynamic_triggers = ("type",), ("custom_fields",)
    desk.sim.agent_assigns(ticket, desk.ai, by=desk.human)
    desk.sim.customer_writes(ticket, "And now?")
    desk.run(120)
    assert ("update", "failed") in desk.actions()
    assert marked(ticket) is True
    assert len(desk.replies(ticket)) == 2


def test_g2_g3_the_marker_is_cleared_when_the_ai_takes_a_reopened_ticket_and_set_with_the_next_handoff(
    desk: DeskWorld,
) -> None:
    desk.start()
    ticket = handed_off(desk)
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    assert marked(ticket) is True
    desk.sim.customer_writes(ticket, "One more thing: when?")
    desk.run(60)
    assert len(desk.replies(ticket)) == 2
    assert desk.sim.assignee(ticket) is desk.ai
    assert marked(ticket) is False
    desk.sim.customer_writes(ticket, f"Once more: {WISH}")
    desk.run(60)
    assert marked(ticket) is True


def test_g2_the_marker_stays_when_a_human_closes_the_ticket(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = handed_off(desk)
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    desk.poll(8)
    assert desk.session().status == "closed_resolved"
    assert marked(ticket) is True


def test_b90_given_to_another_human_the_ai_stays_quiet(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    ticket = handed_off(desk)
    for values in ({"responder_id": None}, {"group_id": desk.support.id}, {"status": PENDING}):
        desk.sim.agent_sets(ticket, desk.human, **values)
        desk.sim.customer_writes(ticket, f"Hello {len(ticket.entries)}")
        desk.run(60)
    assert len(desk.replies(ticket)) == 1
    assert desk.session().owner == Owner.HUMAN
    assert marked(ticket) is True


def test_b86_a_human_who_takes_it_during_the_handoff_is_not_overridden(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    ivo = desk.sim.add_agent("ivo@example.com", "Ivo")
    ticket = desk.answered()

    def take(body: Any) -> bool:
        desk.sim.agent_assigns(ticket, ivo)
        return False

    desk.sim.fault("add_note", "500", when=take)
    desk.sim.customer_writes(ticket, WISH)
    desk.run(60)
    assert desk.sim.assignee(ticket) is ivo
    assert ticket.group_id is None
    assert steps(desk) == [("note", "sent"), ("assign", "cancelled"), ("unassign", "cancelled"), ("update", "sent")]
    assert desk.session().owner == Owner.HUMAN


def test_b75_b86_a_new_ticket_of_a_human_that_the_ai_hands_off_stays_with_that_human(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    ticket = desk.opens(WISH, responder_id=desk.human.id)
    desk.run(60)
    assert desk.sim.assignee(ticket) is desk.human
    assert ticket.group_id is None
    assert len(desk.notes(ticket)) == 1
    assert desk.session().owner == Owner.HUMAN
    desk.sim.customer_writes(ticket, "Hello?")
    desk.run(60)
    assert desk.replies(ticket) == []
