"""Tickets from the first call of a rule to the answer, over real HTTP on both engines."""

from __future__ import annotations

from core.domain import Owner
from tests.end_to_end.worlds import DeskWorld

QUESTION = "Where is my parcel?"


def test_b70_b75_b82_a_new_ticket_is_claimed_and_answered_publicly(every_desk: DeskWorld) -> None:
    every_desk.start()
    ticket = every_desk.opens(QUESTION)
    every_desk.run(60)
    assert every_desk.public(ticket)[-1] == ("ai", "Hello from the AI.")
    assert every_desk.sim.assignee(ticket) is every_desk.ai
    session = every_desk.session(ticket)
    assert (session.owner, session.channel, session.status) == (Owner.AI, "email", "open")
    assert ("reply", "answered") in every_desk.decisions()
