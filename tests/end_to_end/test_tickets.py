"""Tickets from the first call of a rule to the answer: which are answered, on which channel, and in which mode."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import Owner
from plugins.freshdesk.simulator_happenings import Performer
from plugins.freshdesk.simulator_state import CHAT, EMAIL, FEEDBACK_WIDGET, PHONE, PORTAL, RESOLVED, WEB_CHAT
from tests.end_to_end.worlds import DeskWorld

QUESTION = "Where is my parcel?"
ANSWER = "Hello from the AI."
TURNED_AWAY = ("silence", "not_assigned_to_ai")
A_HUMANS = ("silence", "session_assigned_to_human_agent")


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


def writes(desk: DeskWorld) -> list[tuple[str, Any]]:
    """What was changed at the vendor by API, as (endpoint, body)."""
    return [(call.endpoint, call.body) for call in desk.sim.record.calls() if call.method != "GET"]


def taken_after_the_claim(desk: DeskWorld, ticket: Any, looks: int) -> None:
    """Let a human take the ticket once it was claimed, right before the AI looks at it for the `looks`th time."""
    seen = []

    def strike(body: Any) -> bool:
        if ticket.responder_id == desk.ai.id:
            seen.append(1)
            if len(seen) == looks:
                desk.sim.agent_assigns(ticket, desk.human)
        return False

    desk.sim.fault("view_ticket", "500", times=None, when=strike)


def test_b70_b75_b82_a_new_ticket_is_claimed_and_answered_publicly(every_desk: DeskWorld) -> None:
    every_desk.start()
    ticket = every_desk.opens(QUESTION)
    every_desk.run(60)
    assert every_desk.public(ticket)[-1] == ("ai", ANSWER)
    assert every_desk.sim.assignee(ticket) is every_desk.ai
    session = every_desk.session(ticket)
    assert (session.owner, session.channel, session.status) == (Owner.AI, "email", "open")
    assert ("reply", "answered") in every_desk.decisions()


# ---------------------------------------------------------------------------------------------------- the gate


def test_b75_auto_handle_all_takes_a_new_ticket_from_whom_the_routing_gave_it(desk: DeskWorld) -> None:
    desk.start()
    at_once = desk.opens(responder_id=desk.human.id, group_id=desk.support.id)
    later = desk.opens()
    desk.run(5)
    desk.sim.system_sets(later, responder_id=desk.human.id)
    desk.run(60)
    for ticket in (at_once, later):
        assert desk.replies(ticket) == [ANSWER]
        assert desk.sim.assignee(ticket) is desk.ai


def test_b75_a_ticket_in_which_an_agent_has_spoken_is_never_taken(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens(responder_id=desk.human.id)
    desk.run(5)
    desk.sim.agent_replies(ticket, desk.human, "I am on it.")
    desk.run(60)
    desk.sim.customer_writes(ticket, "Thanks. And when?")
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.sim.assignee(ticket) is desk.human
    assert desk.session().owner == Owner.HUMAN
    assert set(desk.decisions()) == {A_HUMANS}
    assert writes(desk) == []


def test_b75_a_private_note_of_an_agent_takes_nothing_over(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.opens()
    desk.run(5)
    desk.sim.agent_notes(ticket, desk.human, "Seems urgent.")
    desk.run(60)
    assert desk.replies(ticket) == [ANSWER]


def test_b76_assigned_only_leaves_other_tickets_alone_and_says_why(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=False, default_group_id=desk.support.id)
    others = desk.sim.add_group("Sales", desk.human)
    for fields in ({}, {"group_id": others.id}):
        desk.opens(**fields)
    desk.run(60)
    assert desk.decisions() == [TURNED_AWAY] * 2
    theirs = desk.opens(group_id=desk.support.id, responder_id=desk.human.id)
    desk.run(60)
    assert desk.decisions()[-1] == A_HUMANS
    assert desk.sim.assignee(theirs) is desk.human
    assert writes(desk) == []


def test_b76_assigned_only_answers_what_is_the_ais_or_waits_in_the_default_group(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=False, default_group_id=desk.support.id)
    assigned = desk.opens(responder_id=desk.ai.id)
    grouped = desk.opens(group_id=desk.support.id)
    desk.run(60)
    for ticket in (assigned, grouped):
        assert desk.replies(ticket) == [ANSWER]
        assert desk.sim.assignee(ticket) is desk.ai
    assert grouped.group_id == desk.support.id
    assert desk.decisions() == [("reply", "answered")] * 2


@pytest.mark.parametrize("told", [True, False])
def test_b76_a_ticket_turned_away_is_answered_once_it_is_given_to_the_ai(desk: DeskWorld, told: bool) -> None:
    desk.start(auto_handle_all=False, default_group_id=desk.support.id)
    assigned, grouped, taken = desk.opens(), desk.opens(), desk.opens(responder_id=desk.human.id)
    desk.run(60)
    assert writes(desk) == []
    if not told:
        desk.sim.webhook_url = None
    desk.sim.agent_assigns(assigned, desk.ai, by=desk.human)
    desk.sim.agent_sets(grouped, desk.human, group_id=desk.support.id)
    desk.sim.agent_assigns(taken, desk.ai, by=desk.human)
    desk.run(60) if told else desk.poll(8)
    for ticket in (assigned, grouped, taken):
        assert desk.replies(ticket) == [ANSWER]
        assert desk.sim.assignee(ticket) is desk.ai


def test_b77_a_tracked_ticket_is_kept_in_step_while_a_human_owns_it(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=False)
    ticket = desk.answered(responder_id=desk.ai.id)
    desk.sim.agent_assigns(ticket, desk.human)
    desk.sim.agent_replies(ticket, desk.human, "Hanna here.")
    desk.sim.agent_notes(ticket, desk.human, "A good customer.")
    desk.sim.customer_writes(ticket, "Hello Hanna!")
    desk.run(60)
    assert desk.session().owner == Owner.HUMAN
    assert desk.messages()[-3:] == [
        ("agent", "public", "Hanna here."),
        ("agent", "private", "A good customer."),
        ("customer", "public", "Hello Hanna!"),
    ]
    desk.sim.agent_resolves(ticket)
    desk.run(60)
    assert desk.session().status == "closed_resolved"
    assert desk.replies(ticket) == [ANSWER]


def test_b78_the_tickets_number_decides_which_session_a_message_belongs_to(desk: DeskWorld) -> None:
    desk.start()
    first = desk.answered("one")
    desk.sim.customer_writes(first, "two")
    second = desk.opens("three")
    desk.run(60)
    assert desk.session(first).id != desk.session(second).id
    assert desk.session(first).contact_id == desk.session(second).contact_id
    said = [text for author, _, text in desk.messages() if author == "customer"]
    assert [text.splitlines()[-1] for text in said] == ["one", "two", "three"]


@pytest.mark.parametrize("looks", [1, 2])
def test_g10_a_human_who_takes_the_ticket_between_claim_and_reply_keeps_it(desk: DeskWorld, looks: int) -> None:
    desk.start()
    ticket = desk.opens()
    taken_after_the_claim(desk, ticket, looks)
    desk.run(60)
    assert desk.actions() == [("assign", "sent"), ("reply", "cancelled")]
    assert desk.replies(ticket) == []
    assert desk.sim.assignee(ticket) is desk.human
    assert desk.session().owner == Owner.HUMAN


# ------------------------------------------------------------------------------------------------------ reopening


@pytest.mark.parametrize("assignee", ["ai", "nobody", "human"])
def test_g3_a_customer_who_writes_again_reopens_the_same_session(desk: DeskWorld, assignee: str) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    assert desk.session().status == "closed_resolved"
    if assignee != "ai":
        desk.sim.agent_assigns(ticket, desk.human if assignee == "human" else None, by=desk.human)
    desk.sim.customer_writes(ticket, "One more thing: when?")
    desk.run(60)
    assert desk.session().status == "open"
    assert len(desk.replies(ticket)) == (1 if assignee == "human" else 2)
    assert desk.session().owner == (Owner.HUMAN if assignee == "human" else Owner.AI)
    assert desk.ai_plugin.changes.count("integration_reopened_session") == 1


def test_g3_in_assigned_only_a_reopened_ticket_that_nobody_has_is_left_alone(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=False)
    ticket = desk.answered(responder_id=desk.ai.id)
    desk.sim.agent_sets(ticket, desk.human, status=RESOLVED, responder_id=None)
    desk.run(60)
    desk.sim.customer_writes(ticket, "One more thing: when?")
    desk.run(60)
    assert desk.session().status == "open"
    assert desk.replies(ticket) == [ANSWER]
    assert desk.decisions()[-1] == TURNED_AWAY


# ------------------------------------------------------------------------------------------- channels and modes


@pytest.mark.parametrize(
    ("source", "channel"),
    [(EMAIL, "email"), (PORTAL, "web"), (PHONE, "phone"), (CHAT, "web"), (FEEDBACK_WIDGET, "web"), (WEB_CHAT, "web")],
)
def test_b80_b82_the_source_of_a_ticket_tells_its_channel_and_each_is_answered(
    desk: DeskWorld, source: int, channel: str
) -> None:
    desk.start()
    ticket = desk.opens(source=source)
    desk.run(60)
    assert desk.session().channel == channel
    assert desk.replies(ticket) == [ANSWER]


def test_b81_the_mode_of_its_channel_decides_over_each_ticket(desk: DeskWorld) -> None:
    desk.start(extra='[channels.email]\nmode = "assist"\n[channels.phone]\nmode = "off"\n')
    mail, portal, phone = (desk.opens(source=source) for source in (EMAIL, PORTAL, PHONE))
    desk.run(60)
    assert (desk.replies(mail), len(desk.notes(mail))) == ([], 1)
    assert (desk.replies(portal), desk.notes(portal)) == ([ANSWER], [])
    assert (desk.replies(phone), desk.notes(phone)) == ([], [])


def test_b82_the_reply_is_a_mail_of_the_ais_agent_to_the_requester(desk: DeskWorld) -> None:
    desk.start()
    reply = desk.answered().entries[-1]
    assert (reply.user_id, reply.private, reply.source) == (desk.ai.id, False, 0)
    assert reply.to_emails == ("ada@example.com",)
    assert reply.body == f"<p>{ANSWER}</p>"


def test_b83_in_assist_each_answer_is_a_private_draft_with_the_footer(desk: DeskWorld) -> None:
    desk.start(extra='[channels.email]\nmode = "assist"\nassist_footer = "Drafted by the AI"\n')
    ticket = desk.opens(responder_id=desk.human.id)
    desk.run(60)
    desk.sim.customer_writes(ticket, "It is the blue one.")
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.sim.assignee(ticket) is desk.human
    notes = desk.notes(ticket)
    assert len(notes) == 2
    for note in notes:
        assert note.startswith(ANSWER)
        assert "Drafted by the AI" in note
    assert not desk.sim.record.calls("reply_to_ticket")
    # A note that an agent sends from there is theirs; none of it is drafted for.
    desk.sim.agent_replies(ticket, desk.human, ANSWER)
    desk.run(60)
    assert len(desk.notes(ticket)) == 2


@pytest.mark.parametrize(("mode", "decision"), [("off", ("silence", "channel_off")), ("shadow", ("reply", "answered"))])
def test_b83_shadow_and_off_change_nothing_at_the_vendor(desk: DeskWorld, mode: str, decision: tuple[str, str]) -> None:
    desk.start(extra=f'[channels.email]\nmode = "{mode}"\n')
    ticket = desk.opens()
    desk.run(60)
    assert desk.decisions() == [decision]
    assert writes(desk) == []
    assert desk.sim.assignee(ticket) is None
    assert desk.messages() == [("customer", "public", f"Subject: A question\n{QUESTION}")]


@pytest.mark.parametrize(("prefix", "expected"), [("", "opencx"), ("relay", "relay")])
def test_b84_what_the_ai_acts_in_is_tagged_and_keeps_its_own_tags(desk: DeskWorld, prefix: str, expected: str) -> None:
    desk.start(**({"tag_prefix": prefix} if prefix else {}))
    ticket = desk.opens(tags=["vip"])
    desk.run(20)
    desk.sim.agent_sets(ticket, desk.human, tags=["vip", "billing"])
    desk.run(60)
    assert ticket.tags == ["vip", "billing", expected, f"{expected}_autopilot"]
    calls = len(desk.sim.record.calls("update_ticket"))
    desk.sim.customer_writes(ticket, "Are you sure?")
    desk.run(60)
    assert len(desk.replies(ticket)) == 2
    assert len(desk.sim.record.calls("update_ticket")) == calls  # they are there already


def test_b84_in_assist_the_tags_say_so(desk: DeskWorld) -> None:
    desk.start(extra='[channels.email]\nmode = "assist"\n')
    ticket = desk.opens(tags=["vip"], responder_id=desk.human.id)
    desk.run(60)
    assert ticket.tags == ["vip", "opencx", "opencx_assist_mode"]
    assert desk.sim.assignee(ticket) is desk.human


def test_b84_a_ticket_that_was_turned_away_bears_no_tags(desk: DeskWorld) -> None:
    desk.start(auto_handle_all=False)
    ticket = desk.opens(tags=["vip"])
    desk.run(60)
    assert ticket.tags == ["vip"]


def test_b84_tags_that_the_account_refuses_hinder_neither_claim_nor_answer(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.quirks.dynamic_required = ("cf_reason",)
    desk.sim.quirks.dynamic_triggers = ("tags",)
    ticket = desk.answered()
    assert desk.sim.assignee(ticket) is desk.ai
    assert ticket.tags == []


def test_g7_what_a_survey_says_is_kept_and_is_no_message_of_the_customers(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    turns = len(desk.decisions())
    performer = Performer("requester", desk.ada.id)
    survey = 6  # the vendor's source of a conversation that a satisfaction survey has made
    desk.sim.account.write(ticket, performer, "Extremely happy", desk.ada.id, source=survey, incoming=True)
    desk.run(60)
    assert ("system", "public", "Extremely happy") in desk.messages()
    assert len(desk.decisions()) == turns
    assert len(desk.replies(ticket)) == 1
