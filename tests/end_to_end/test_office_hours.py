"""Office hours over real HTTP: what the AI does while nobody is there (behaviour 109, 114, gap G8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.domain import Channel, Handoff, Reply
from core.store.models import SessionRow

NOTICE = "Nobody is here right now."
WEEK = """
[handoff.office_hours]
zone = "Europe/Berlin"
mon = ["09:00-12:30", "13:30-17:00"]
tue = ["09:00-17:00"]
wed = ["09:00-17:00"]
thu = ["09:00-17:00"]
fri = ["09:00-17:00"]
"""


@pytest.fixture
def world(both_accounts: Any) -> Any:
    """Each engine, dialect and set of events, see the fixture it is."""
    return both_accounts


def hours(outside: str, notice: str = NOTICE, more: str = "") -> str:
    return f'{WEEK}outside = "{outside}"\nnotice = "{notice}"\n{more}'


def at(world: Any, text: str) -> None:
    """Turn the clock to a moment in UTC; Berlin is one hour ahead in winter, two in summer."""
    world.clock.turn_to(datetime.fromisoformat(text).replace(tzinfo=UTC))


def run_to(world: Any, text: str) -> None:
    """Let everything happen up to a moment in UTC."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    world.run((moment - world.clock.now()).total_seconds())


FRIDAY_EVENING = "2026-03-06 18:00"
MONDAY_MORNING = "2026-03-09 08:00"


# --------------------------------------------------------------------------------------------------- within


@pytest.mark.parametrize("outside", ["continue", "handoff", "hold"])
def test_b114_within_the_hours_nothing_is_different(world: Any, outside: str) -> None:
    at(world, "2026-03-09 08:00")
    world.start(extra=hours(outside))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.sim.customer_writes(world.ada, "I want a human")
    world.run(10)
    assert world.replies(conversation) == ["Hello from the AI."]
    assert world.decisions() == [("reply", "answered"), ("handoff", "explicit_request")]
    assert "Nobody" not in world.notes(conversation)[0]


# ------------------------------------------------------------------------------------------------- continue


def test_g8_continue_answers_as_always_and_a_handoff_says_when_somebody_is_there(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("continue"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    assert world.replies(conversation) == ["Hello from the AI."]
    world.sim.customer_writes(world.ada, "I want a human")
    world.run(10)
    assert world.replies(conversation) == ["Hello from the AI.", NOTICE]
    assert world.decisions()[-1] == ("handoff", "explicit_request")
    assert "Nobody is there until Monday 2026-03-09 09:00 (Europe/Berlin)." in world.notes(conversation)[0]
    assert world.sim.assignee(conversation) is None
    world.sim.customer_writes(world.ada, "Hello?")
    world.run(60)
    assert world.replies(conversation).count(NOTICE) == 1


def test_g8_without_a_notice_the_customer_is_told_nothing(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("continue", notice=""))
    world.ai_plugin.answer = lambda turn: Handoff()
    conversation = world.sim.customer_writes(world.ada, "Something difficult")
    world.run(10)
    assert world.replies(conversation) == []
    assert "Nobody is there until Monday" in world.notes(conversation)[0]


def test_g8_a_reply_that_can_never_be_delivered_is_handed_off_with_the_hours_in_its_note(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("continue"))
    is_reply = {"when": lambda body: body.get("message_type") == "normal"}
    world.sim.fault("send_message", "400_posted", performed=False, **is_reply)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.run(120)
    assert world.session().handoff["reason"] == "delivery_failed"
    assert world.session().handoff["sentiment"] == "neutral"
    assert "Nobody is there until Monday" in world.notes(conversation)[0]
    assert world.replies(conversation) == []


# -------------------------------------------------------------------------------------------------- handoff


def test_g8_handoff_lets_every_turn_go_to_the_humans_at_once(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("handoff"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    assert world.replies(conversation) == [NOTICE]
    assert world.decisions() == [("handoff", "outside_office_hours")]
    assert "draft_reply" not in world.ai_plugin.called
    (note,) = world.notes(conversation)
    assert "it answers only in office hours" in note
    assert "Where is my parcel?" in note
    assert world.session().owner == "human"


def test_g8_the_notice_is_told_once_in_a_closed_period_also_when_it_is_given_back(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("handoff"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.sim.agent_assigns(conversation, world.ai, by=world.human)
    world.run(10)
    world.sim.customer_writes(world.ada, "And now?")
    world.run(10)
    assert world.decisions() == [("handoff", "outside_office_hours")] * 2
    assert world.replies(conversation) == [NOTICE]
    world.sim.agent_assigns(conversation, world.ai, by=world.human)
    world.run(10)
    at(world, "2026-03-10 20:00")
    world.sim.customer_writes(world.ada, "Tuesday now")
    world.run(10)
    assert world.replies(conversation) == [NOTICE, NOTICE]


def test_g8_a_human_who_comes_before_the_notice_makes_it_needless(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("handoff"))
    world.sim.fault("send_message", "429", times=1, retry_after=30)
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.sim.agent_assigns(conversation, world.human, by=world.human)
    world.run(60)
    assert world.replies(conversation) == []
    assert world.sim.assignee(conversation) is world.human
    assert len(world.notes(conversation)) == 1


# ----------------------------------------------------------------------------------------------------- hold


def test_g8_hold_keeps_silent_over_the_weekend_and_answers_everything_when_the_hours_begin(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    assert world.replies(conversation) == [NOTICE]
    assert world.decisions() == [("silence", "outside_office_hours")]
    run_to(world, "2026-03-07 12:00")
    world.sim.customer_writes(world.ada, "It has the number 4711")
    run_to(world, "2026-03-09 07:59:59")
    assert world.replies(conversation) == [NOTICE]
    assert world.decisions() == [("silence", "outside_office_hours")] * 2
    assert "draft_reply" not in world.ai_plugin.called
    run_to(world, "2026-03-09 08:00:05")
    assert world.replies(conversation) == [NOTICE, "Hello from the AI."]
    assert world.ai_plugin.turns[-1].question == "Where is my parcel?\nIt has the number 4711"
    assert world.decisions()[-1] == ("reply", "answered")


def test_g8_hold_passes_over_a_holiday(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold", more='holidays = ["2026-03-09"]\n'))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    run_to(world, "2026-03-10 07:59:59")
    assert world.replies(conversation) == [NOTICE]
    run_to(world, "2026-03-10 08:00:05")
    assert world.replies(conversation) == [NOTICE, "Hello from the AI."]


@pytest.mark.parametrize(
    ("evening", "opening"),
    [("2026-03-27 18:00", "2026-03-30 07:00"), ("2026-10-23 18:00", "2026-10-26 08:00")],
    ids=["spring", "autumn"],
)
def test_g8_the_hours_begin_by_the_clock_on_the_wall_when_it_was_changed(
    world: Any, evening: str, opening: str
) -> None:
    at(world, evening)
    world.start(extra=hours("hold"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    run_to(world, opening.replace(":00", ":00:05"))
    assert world.replies(conversation) == [NOTICE, "Hello from the AI."]
    answered = world.sim.thread(conversation)[-1].created_time
    assert str(answered).replace("T", " ").startswith(opening[:13])


def test_g8_a_restart_while_the_turn_waits_changes_nothing(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.runtime.db.close()
    world._server.shutdown()
    world._server.server_close()
    world.start(extra=hours("hold"))
    world.sim.customer_writes(world.ada, "Anybody?")
    run_to(world, "2026-03-09 08:00:05")
    assert world.replies(conversation) == [NOTICE, "Hello from the AI."]


def test_g8_each_closed_period_has_its_own_notice(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    run_to(world, "2026-03-09 11:40")  # 12:40 in Berlin: lunch
    world.sim.customer_writes(world.ada, "And the other one?")
    world.run(10)
    assert world.replies(conversation) == [NOTICE, "Hello from the AI.", NOTICE]
    run_to(world, "2026-03-09 12:30:05")
    assert world.replies(conversation)[-1] == "Hello from the AI."


def test_g8_a_human_who_takes_over_while_the_turn_waits_is_not_interrupted(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.sim.agent_assigns(conversation, world.human, by=world.human)
    run_to(world, "2026-03-09 09:00")
    assert world.replies(conversation) == [NOTICE]
    assert world.decisions()[-1] == ("silence", "session_assigned_to_human_agent")


def test_g8_a_notice_that_was_overtaken_is_told_with_the_next_message(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold"))
    world.sim.fault("send_message", "429", times=1, retry_after=30)
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.sim.customer_writes(world.ada, "Hello?")
    world.run(120)
    assert world.replies(conversation) == [NOTICE]


def test_g8_hold_without_a_notice_says_nothing_and_claims_nothing_until_the_hours_begin(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold", notice=""))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    assert world.actions() == []
    run_to(world, "2026-03-09 08:00:05")
    assert world.replies(conversation) == ["Hello from the AI."]


def test_g8_a_conversation_closed_while_its_turn_waits_is_left_alone(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold"))
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    world.sim.agent_resolves(conversation, by=world.human)
    run_to(world, "2026-03-09 09:00")
    assert world.replies(conversation) == [NOTICE]
    assert world.decisions()[-1] == ("silence", "session_closed")


# ---------------------------------------------------------------------------------------------- per channel


@pytest.mark.parametrize(("channel", "answered"), [(Channel.WEB, True), (Channel.EMAIL, False)])
def test_g8_each_channel_has_a_schedule_of_its_own(world: Any, channel: Channel, answered: bool) -> None:
    """The simulated vendor is a chat; here its conversations are made to count as the other channel."""
    own = '[handoff.office_hours.channels.email]\nmon = ["14:00-15:00"]\nnotice = "We read mail at two."\n'
    at(world, MONDAY_MORNING)
    world.start(extra=hours("hold", more=own))
    world.runtime.connections.connector(world.connections.named("support")).channel = channel
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(60)
    with world.runtime.db.read():
        assert SessionRow.get().channel == channel
    assert world.replies(conversation) == (["Hello from the AI."] if answered else ["We read mail at two."])
    run_to(world, "2026-03-09 13:00:05")
    assert world.replies(conversation)[-1] == "Hello from the AI."


def test_g8_an_assistant_drafts_whatever_the_hour(world: Any) -> None:
    at(world, FRIDAY_EVENING)
    world.start(extra=hours("hold") + '[channels.web]\nmode = "assist"\n')
    world.sim.auto_assign(world.human)
    world.ai_plugin.answer = lambda turn: Reply("Try this.")
    conversation = world.sim.customer_writes(world.ada, "Where is my parcel?")
    world.run(10)
    assert world.notes(conversation)[0].startswith("Try this.")
