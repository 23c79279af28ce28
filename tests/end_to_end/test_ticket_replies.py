"""What the AI says in tickets: how it is written, with which files, and that it is said exactly once."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain import OutboundFile, Reply
from core.store.models import ActionRow, AttemptRow
from plugins.freshdesk import simulator_payloads, simulator_state
from plugins.freshdesk.simulator_state import EMAIL, MOBILE_SDK, WEB_CHAT
from tests.end_to_end.worlds import DeskWorld

ANSWER = "Hello from the AI."
PERFORMED = ["timeout", "500", "503", "cut", "half_body", "502-html", "garbage", "html200", "empty200", "202"]
LABEL = OutboundFile("label.pdf", b"%PDF-1.7 label", "application/pdf", "https://files.example.com/label.pdf")


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine, with the content of webhooks that an operator types or ticks."""
    return both_desks


def reply_action(desk: DeskWorld) -> ActionRow:
    """The latest reply in the outbox."""
    with desk.runtime.db.read():
        found: ActionRow = ActionRow.select().where(ActionRow.kind == "reply").order_by(ActionRow.id.desc()).get()
        return found


def outcomes(desk: DeskWorld, action: ActionRow) -> list[str]:
    with desk.runtime.db.read():
        rows = AttemptRow.select().where(AttemptRow.action == action.id).order_by(AttemptRow.number)
        return [row.outcome for row in rows]


# ----------------------------------------------------------------------------------------------- how it is written


def test_b82_markdown_becomes_html_and_tags_stay_text(desk: DeskWorld) -> None:
    desk.start()
    desk.says("**Look** [here](https://example.com/a?b=1&c=2)\nor <script>there</script>\n\n- one\n- two")
    ticket = desk.opens()
    desk.run(60)
    body = ticket.entries[-1].body
    assert '<strong>Look</strong> <a href="https://example.com/a?b=1&amp;c=2">here</a><br' in body
    assert "&lt;script&gt;there&lt;/script&gt;" in body
    assert "<li>one</li>" in body
    desk.run(300)
    assert len(desk.messages()) == 2  # its echo, which is HTML, is known as ours


@pytest.mark.parametrize("source", [WEB_CHAT, MOBILE_SDK])
def test_b82_a_chat_is_answered_with_a_structured_body_and_its_notes_are_html(desk: DeskWorld, source: int) -> None:
    desk.start()
    desk.says("**Look** [here](https://example.com/a)")
    ticket = desk.opens(source=source)
    desk.run(60)
    entry = ticket.entries[-1]
    assert entry.structured_body == {
        "body_contents": [{"type": "text", "data": {"content": "Look here (https://example.com/a)"}}]
    }
    desk.sim.customer_writes(ticket, "I want to speak to a human")
    desk.run(60)
    assert len(desk.notes(ticket)) == 1
    assert [call.status for call in desk.sim.record.calls("reply_to_ticket")] == [201]


def test_b82_a_source_that_turns_out_to_want_a_structured_body_is_given_one(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_state, "STRUCTURED_SOURCES", (13,))
    desk.start()
    ticket = desk.opens(source=13)
    desk.run(60)
    assert desk.replies(ticket) == [ANSWER]
    assert ticket.entries[-1].structured_body
    assert [call.status for call in desk.sim.record.calls("reply_to_ticket")] == [400, 201]


# ----------------------------------------------------------------------------------------------------------- files


def with_files(desk: DeskWorld, *files: OutboundFile, **fields: Any) -> Any:
    desk.ai_plugin.answer = lambda turn: Reply("Here it is.", files=files)
    ticket = desk.opens(**fields)
    desk.run(60)
    return ticket


def test_b95_files_go_with_the_reply(desk: DeskWorld) -> None:
    desk.start()
    ticket = with_files(desk, LABEL, OutboundFile("plan.txt", b"left, then right", "text/plain"))
    reply = ticket.entries[-1]
    assert reply.body == "<p>Here it is.</p>"
    assert [(file.name, file.content_type, file.data) for file in reply.attachments] == [
        ("label.pdf", "application/pdf", LABEL.content),
        ("plan.txt", "text/plain", b"left, then right"),
    ]
    assert reply_action(desk).remark == ""
    assert desk.messages()[-1][2] == "Here it is."


def test_b95_files_go_with_the_structured_body_of_a_chat(desk: DeskWorld) -> None:
    desk.start()
    reply = with_files(desk, LABEL, source=WEB_CHAT).entries[-1]
    assert reply.structured_body["body_contents"][0]["data"]["content"] == "Here it is."
    assert [file.data for file in reply.attachments] == [LABEL.content]


def test_b83_b95_in_assist_they_go_with_the_draft(desk: DeskWorld) -> None:
    desk.start(extra='[channels.email]\nmode = "assist"\n')
    note = with_files(desk, LABEL).entries[-1]
    assert note.private
    assert [file.data for file in note.attachments] == [LABEL.content]


def test_b95_more_than_20_mb_are_named_in_the_text_and_the_operator_is_told(desk: DeskWorld) -> None:
    desk.start()
    ticket = with_files(desk, LABEL, OutboundFile("film.mp4", bytes(20 * 1024 * 1024)))
    reply = ticket.entries[-1]
    assert reply.attachments == ()
    assert '<a href="https://files.example.com/label.pdf">label.pdf</a>' in reply.body
    assert "film.mp4" in reply.body
    assert "20.0 MB" in reply_action(desk).remark
    assert len(desk.sim.record.calls("reply_to_ticket")) == 1
    desk.run(300)
    assert [author for author, _, _ in desk.messages()] == ["customer", "ai"]


def test_b95_where_the_tickets_own_total_is_exceeded_the_names_are_sent_too(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_payloads, "MOST_ATTACHED", 1000)
    desk.start()
    desk.ai_plugin.answer = lambda turn: Reply("Here it is.", files=(LABEL,))
    ticket = desk.opens(attachments=[("photo.jpg", bytes(995))])
    desk.run(60)
    assert "label.pdf" in ticket.entries[-1].body
    assert ticket.entries[-1].attachments == ()
    assert "20 MB in total" in reply_action(desk).remark
    assert [call.status for call in desk.sim.record.calls("reply_to_ticket")] == [400, 201]


def test_b95_a_reply_with_files_whose_outcome_is_unknown_is_sent_once(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.webhook_url = None
    desk.sim.fault("reply_to_ticket", "cut", performed=True)
    desk.ai_plugin.answer = lambda turn: Reply("Here it is.", files=(LABEL,))
    ticket = desk.opens()
    desk.poll(8)
    assert desk.replies(ticket) == ["Here it is."]
    assert reply_action(desk).state == "sent"


# ------------------------------------------------------------------------------------------------- exactly once


@pytest.mark.parametrize("kind", PERFORMED)
def test_a_reply_that_was_posted_but_answered_with_a_fault_is_posted_once(desk: DeskWorld, kind: str) -> None:
    desk.start()
    desk.sim.fault("reply_to_ticket", kind, performed=True)
    ticket = desk.opens()
    desk.run(300)
    assert desk.replies(ticket) == [ANSWER]
    assert (reply_action(desk).state, reply_action(desk).confirmed_by) == ("sent", "echo")
    assert [author for author, _, _ in desk.messages()] == ["customer", "ai"]


@pytest.mark.parametrize("kind", ["timeout", "500", "garbage"])
@pytest.mark.parametrize("source", [EMAIL, WEB_CHAT])
def test_without_an_echo_the_thread_is_read_back_after_the_quarantine(desk: DeskWorld, kind: str, source: int) -> None:
    desk.start()
    desk.says("**Look** [here](https://example.com/a)\n\n- one\n- two")
    desk.sim.fault("reply_to_ticket", kind, performed=True)
    ticket = desk.opens(source=source)
    desk.hear()
    desk.sim.webhook_url = None
    desk.run(300)
    assert len(desk.replies(ticket)) == 1
    action = reply_action(desk)
    assert (action.state, action.confirmed_by) == ("sent", "readback")
    assert outcomes(desk, action) == ["sent"]


@pytest.mark.parametrize("kind", ["timeout", "500", "503", "cut", "502-html"])
def test_a_reply_that_was_not_posted_is_posted_once_after_the_quarantine(desk: DeskWorld, kind: str) -> None:
    desk.start()
    desk.sim.fault("reply_to_ticket", kind, performed=False)
    ticket = desk.opens()
    desk.run(60)
    assert desk.replies(ticket) == []
    assert reply_action(desk).state == "uncertain"
    desk.run(300)
    assert desk.replies(ticket) == [ANSWER]
    assert outcomes(desk, reply_action(desk)) == ["unknown", "sent"]


def test_a_reply_that_takes_effect_late_is_not_doubled(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.fault("reply_to_ticket", "late", seconds=3600)
    ticket = desk.opens()
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.sim.apply_late() == 1
    desk.run(300)
    assert desk.replies(ticket) == [ANSWER]
    assert reply_action(desk).state == "sent"


def test_a_400_for_a_reply_that_was_posted_is_believed_only_after_a_look(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.fault("reply_to_ticket", "400_posted")
    ticket = desk.opens()
    desk.run(120)
    assert desk.replies(ticket) == [ANSWER]
    assert reply_action(desk).state == "sent"


def test_a_reply_that_is_refused_for_good_is_handed_to_a_human_who_is_told_why(desk: DeskWorld) -> None:
    desk.start(handoff_agent_id=desk.human.id)
    desk.sim.fault("reply_to_ticket", "400_posted", performed=False)
    ticket = desk.opens()
    desk.run(120)
    assert desk.replies(ticket) == []
    assert ("reply", "failed") in desk.actions()
    assert desk.sim.assignee(ticket) is desk.human
    assert ticket.custom_fields["cf_opencx_handed_off"] is True
    assert "could not be delivered" in desk.notes(ticket)[0]


@pytest.mark.parametrize("performed", [True, False])
@pytest.mark.parametrize("kind", ["timeout", "500", "cut"])
def test_notes_and_claims_under_the_same_faults_are_made_once(desk: DeskWorld, kind: str, performed: bool) -> None:
    desk.start()
    desk.sim.fault("update_ticket", kind, performed=performed)
    desk.sim.fault("add_note", kind, performed=performed)
    ticket = desk.opens()
    desk.run(180)
    assert desk.replies(ticket) == [ANSWER]
    assert desk.sim.assignee(ticket) is desk.ai
    assert ticket.tags == ["opencx", "opencx_autopilot"]
    desk.sim.customer_writes(ticket, "I want to speak to a human")
    desk.run(300)
    assert len(desk.notes(ticket)) == 1
    assert ("note", "sent") in desk.actions()


def test_an_identical_text_is_sent_twice_when_it_is_said_twice(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.run(300)
    desk.sim.fault("reply_to_ticket", "timeout", performed=True)
    desk.sim.customer_writes(ticket, "Hi again")
    desk.run(300)
    assert desk.replies(ticket) == [ANSWER] * 2
    with desk.runtime.db.read():
        ids = [row.vendor_id for row in ActionRow.select().where(ActionRow.kind == "reply")]
    assert len(set(ids)) == 2
