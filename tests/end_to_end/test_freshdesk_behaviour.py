"""Behaviour 94 and 96-107: each trouble that users of Freshdesk know, made on purpose, and what shows of it here.

Rows 101, 102 and 106 are in test_freshdesk_verify.py, 103 in test_freshdesk_webhooks.py.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from core.domain import Handoff
from core.flow import misses
from core.store.models import ActionRow, AttemptRow, ConnectionRow, SessionRow, TimelineRow
from plugins.freshdesk.simulator_rule_setup import CREATED_RULE, EVENTS, UPDATED_RULE, install_rules
from plugins.freshdesk.simulator_rules import CREATION, UPDATES, Condition, Event, Rule, SetValues
from tests.end_to_end.worlds import DeskWorld

HELLO = "Hello from the AI."
MARKER = "cf_opencx_handed_off"
SILENT = ("silence", "session_assigned_to_human_agent")


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, see the fixture it is."""
    return both_desks


def connection(desk: DeskWorld) -> ConnectionRow:
    with desk.runtime.db.read():
        found: ConnectionRow = ConnectionRow.get()
    return found


def measured(desk: DeskWorld) -> misses.Misses:
    with desk.runtime.db.read():
        return misses.of(connection(desk).id)


def timeline(desk: DeskWorld, ticket: Any) -> list[str]:
    """What has happened in the session of a ticket."""
    with desk.runtime.db.read():
        rows = TimelineRow.select().join(SessionRow).where(SessionRow.conversation_id == str(ticket.id))
        return [row.kind for row in rows.order_by(TimelineRow.id)]


def failures(desk: DeskWorld) -> list[tuple[str, str]]:
    """The actions that were not done, with why."""
    with desk.runtime.db.read():
        rows = ActionRow.select().where(ActionRow.state.in_(("failed", "parked"))).order_by(ActionRow.id)
        return [(row.kind, row.error) for row in rows]


def hands_off(desk: DeskWorld) -> None:
    desk.ai_plugin.answer = lambda turn: Handoff(detail="it is beyond me")


# ------------------------------------------------------------------------------------------ nothing, or not all


def test_b96_a_first_rule_that_comes_before_ours_is_found_out_and_made_good(desk: DeskWorld) -> None:
    desk.start()
    theirs = Rule("Theirs", CREATION, [SetValues({"priority": 3})])
    desk.sim.automations.add(theirs, position=1)  # of the creation rules only the first that suits is run
    ticket = desk.opens()
    desk.poll(3)
    assert [line.rule for line in desk.sim.automations.log][:1] == ["Theirs"]
    assert CREATED_RULE not in [line.rule for line in desk.sim.automations.log]
    assert desk.replies(ticket) == [HELLO]
    assert measured(desk).missed == 1


def test_b97_without_reply_is_sent_follow_ups_come_late_and_are_counted(desk: DeskWorld) -> None:
    desk.start()
    events = [event for event in EVENTS if event.name != "reply_sent"]
    install_rules(desk.sim, desk.webhook_url, desk.content, events=events)
    ticket = desk.answered()
    desk.poll(5)
    before = measured(desk).missed
    desk.sim.customer_writes(ticket, "And the second one?")
    desk.run(60)
    assert desk.replies(ticket) == [HELLO]
    desk.poll(3)
    assert desk.replies(ticket) == [HELLO, HELLO]
    assert measured(desk).missed == before + 1


def test_b98_assigned_only_leaves_what_is_neither_its_agents_nor_its_groups_and_says_so(desk: DeskWorld) -> None:
    own = desk.sim.add_group("AI first")
    desk.start(auto_handle_all=False, default_group_id=own.id)
    given, grouped = desk.opens("Mine", responder_id=desk.ai.id), desk.opens("Ours", group_id=own.id)
    other, nobodys = desk.opens("Theirs", group_id=desk.support.id), desk.opens("Nobody's")
    desk.run(120)
    assert [desk.replies(ticket) for ticket in (given, grouped, other, nobodys)] == [[HELLO], [HELLO], [], []]
    assert desk.decisions().count(("silence", "not_assigned_to_ai")) == 2
    desk.sim.agent_assigns(nobodys, desk.ai, by=desk.human)
    desk.run(120)
    assert desk.replies(nobodys) == [HELLO]


def test_b100_without_status_is_changed_a_resolved_ticket_stays_open_until_the_list_tells(desk: DeskWorld) -> None:
    desk.start()
    events = [event for event in EVENTS if event.name != "status"]
    install_rules(desk.sim, desk.webhook_url, desk.content, events=events)
    ticket = desk.answered()
    desk.poll(5)
    before = measured(desk).missed
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    assert desk.session(ticket).status == "open"
    desk.poll(3)
    assert desk.session(ticket).status == "closed_resolved"
    assert timeline(desk, ticket)[-1] == "closed_resolved_by_integration"
    assert measured(desk).missed == before + 1


# ---------------------------------------------------------------------------------------------------- too much


@pytest.mark.parametrize("auto", [True, False])
def test_b104_a_ticket_that_a_human_has_is_answered_only_where_all_are_handled(desk: DeskWorld, auto: bool) -> None:
    desk.start(auto_handle_all=auto)
    ticket = desk.opens(responder_id=desk.human.id)
    desk.run(120)
    assert desk.replies(ticket) == ([HELLO] if auto else [])
    assert desk.sim.assignee(ticket) is (desk.ai if auto else desk.human)
    if auto:
        assert ("assign", "sent") in desk.actions(), "what it took is to be seen"
    else:
        assert desk.decisions() == [SILENT]
        assert desk.actions() == []


def test_b77_b104_a_ticket_that_the_ai_had_is_not_taken_from_a_human_again(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=True)
    ticket = desk.answered()
    desk.sim.agent_assigns(ticket, desk.human)
    desk.sim.customer_writes(ticket, "And the second one?")
    desk.run(120)
    assert desk.replies(ticket) == [HELLO]
    assert desk.sim.assignee(ticket) is desk.human
    assert desk.decisions()[-1] == SILENT


def test_b89_b90_b107_silent_while_a_human_has_it_and_back_with_the_next_message(desk: DeskWorld) -> None:
    desk.start()
    hands_off(desk)
    ticket = desk.opens()
    desk.run(120)
    desk.sim.agent_assigns(ticket, desk.human)
    desk.says(HELLO)
    desk.sim.customer_writes(ticket, "Anybody?")
    desk.run(120)
    assert desk.replies(ticket) == []
    assert desk.decisions()[-1] == SILENT
    assert ("customer", "public", "Anybody?") in desk.messages()
    desk.sim.agent_assigns(ticket, desk.ai, by=desk.human)
    desk.run(120)
    assert desk.replies(ticket) == [], "what was written before is not answered now"
    assert "ai_resumed_by_system" in timeline(desk, ticket)
    assert ticket.custom_fields[MARKER] is not True
    desk.sim.customer_writes(ticket, "And now?")
    desk.run(120)
    assert desk.replies(ticket) == [HELLO]


# ------------------------------------------------------------------------------------------------- handing over


@pytest.mark.parametrize("field", [MARKER, "cf_another"])
def test_b87_b99_a_rule_routes_by_the_marker_and_not_by_another_field(desk: DeskWorld, field: str) -> None:
    desk.sim.add_field("cf_another")
    routing = Rule(
        "Route",
        UPDATES,
        [SetValues({"group_id": desk.support.id})],
        "agent",
        [Event(field)],
        [Condition(field, "is", value=True)],
    )
    desk.start()
    desk.sim.automations.add(routing)
    hands_off(desk)
    ticket = desk.opens()
    desk.run(120)
    assert ticket.group_id == (desk.support.id if field == MARKER else None)
    assert ticket.custom_fields[MARKER] is True
    assert len(desk.notes(ticket)) == 1
    assert desk.session(ticket).assigned_group == (str(desk.support.id) if field == MARKER else "")
    assert failures(desk) == []


def test_b88_b99_a_marker_deleted_since_then_costs_the_mark_and_nothing_else(desk: DeskWorld) -> None:
    desk.start(handoff_group_id=desk.support.id)
    desk.sim.remove_field(MARKER)
    hands_off(desk)
    ticket = desk.opens()
    desk.run(300)
    assert ticket.group_id == desk.support.id
    assert desk.sim.assignee(ticket) is None
    assert len(desk.notes(ticket)) == 1
    [(kind, why)] = failures(desk)
    assert kind == "update"
    assert MARKER in why
    assert "handoff_to_third_party_failed" in timeline(desk, ticket)


@pytest.mark.parametrize(("agent", "group"), [(True, False), (False, True), (True, True)])
def test_b86_b105_a_target_deleted_since_then_leaves_the_ticket_unassigned_and_marked(
    desk: DeskWorld, agent: bool, group: bool
) -> None:
    gone = desk.sim.add_agent("gone@example.com", "Gina Gone")
    left = desk.sim.add_group("Left")
    targets = {"handoff_agent_id": gone.id} if agent else {}
    desk.start(**targets, **({"handoff_group_id": left.id} if group else {}))
    ticket = desk.answered()
    desk.sim.remove_agent(gone)
    desk.sim.remove_group(left)
    hands_off(desk)
    desk.sim.customer_writes(ticket, "That is not what I asked")
    desk.run(300)
    assert desk.sim.assignee(ticket) is None
    assert ticket.custom_fields[MARKER] is True
    assert len(desk.notes(ticket)) == 1
    assert [kind for kind, _ in failures(desk)] == ["assign"] * (agent + group)
    assert desk.actions()[-2:] == [("unassign", "sent"), ("update", "sent")]
    assert timeline(desk, ticket).count("handoff_to_third_party_failed") == agent + group
    assert desk.session(ticket).owner == "human"


def test_b86_b105_where_the_agent_is_gone_the_group_takes_over(desk: DeskWorld) -> None:
    gone = desk.sim.add_agent("gone@example.com", "Gina Gone")
    desk.start(handoff_agent_id=gone.id, handoff_group_id=desk.support.id)
    desk.sim.remove_agent(gone)
    hands_off(desk)
    ticket = desk.opens()
    desk.run(300)
    assert (desk.sim.assignee(ticket), ticket.group_id) == (None, desk.support.id)
    assert [kind for kind, _ in failures(desk)] == ["assign"]


# --------------------------------------------------------------------------------------------------- the limit


@pytest.mark.parametrize("call", ["reply_to_ticket", "update_ticket", "view_ticket", "list_conversations"])
def test_b94_too_many_requests_are_waited_out_as_long_as_the_vendor_says(desk: DeskWorld, call: str) -> None:
    desk.start()
    desk.sim.fault(call, "429", times=4, retry_after=40)
    ticket = desk.opens()
    desk.run(600)
    assert desk.replies(ticket) == [HELLO]
    refused = desk.sim.record.calls(call, status=429)
    assert len(refused) == 4
    assert all((later.at - earlier.at).total_seconds() >= 40 for earlier, later in pairwise(refused))
    since = refused[0].at
    between = [one for one in desk.sim.record.calls(since=since) if 0 < (one.at - since).total_seconds() < 40]
    assert between == [], "the limit is the account's: nothing else is asked meanwhile"
    with desk.runtime.db.read():
        tries = AttemptRow.select().join(ActionRow).where(AttemptRow.outcome == "not_applied").count()
    assert tries == (4 if call in ("reply_to_ticket", "update_ticket") else 0)


def test_b94_a_trial_account_with_other_apps_beside_us_loses_and_doubles_nothing(desk: DeskWorld) -> None:
    desk.sim.rate.per_minute, desk.sim.rate_headers = 50, True
    desk.start(requests_per_minute=200)
    tickets = [desk.opens(f"Question {number}") for number in range(8)]
    for _ in range(12):
        desk.sim.rate.take(20)  # what others use of it
        desk.run(60)
    assert [desk.replies(ticket) for ticket in tickets] == [[HELLO]] * 8
    assert connection(desk).active
    assert len(desk.sim.record.calls("reply_to_ticket", performed=True)) == 8


def test_b73_the_vendors_own_log_of_rules_shows_what_fired(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.customer_writes(ticket, "And?")
    desk.run(60)
    assert {CREATED_RULE, UPDATED_RULE} == {line.rule for line in desk.sim.automations.log}
