"""What a person does on a session's page, by its forms: each once, said plainly, and nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import Silence
from core.domain import Reason
from core.jobs.names import refresh_due
from core.store.models import ActionRow, AttachmentRow, MessageRow
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, Visitor, words
from tests.end_to_end.worlds import World

ASSIST = '[channels.web]\nmode = "assist"\nassist_footer = "Drafted by the AI."'


@pytest.fixture
def asked(quick: World) -> World:
    """A chat that the AI has answered."""
    quick.start(server=ADMINISTRATOR)
    quick.says("In two days.")
    quick.sim.customer_writes(quick.ada, "When does it come?")
    quick.run(30)
    return quick


@pytest.fixture
def lead(asked: World) -> Visitor:
    """Somebody who looks at it."""
    return Visitor(asked.url).sign_in()


def page_of(world: World) -> str:
    return f"/sessions/{world.session().id}"


def press(world: World, visitor: Visitor, button: str, **fields: Any) -> str:
    """Press a button of the page; it belongs to the form that holds the token against forgery."""
    page = visitor.read(page_of(world))
    pressed = next(one for one in page.select("button") if words(one) == button)
    token = page.select_one("#hand [name=csrf_token]")["value"]
    named = {pressed["name"]: pressed["value"]} if pressed.get("name") else {}
    visitor.post(pressed["formaction"], forgery=token, **named, **fields)
    world.run(30)
    return words(visitor.page.main)


def write(world: World, visitor: Visitor, text: str, how: str) -> str:
    visitor.submit(page_of(world), form=".write form", button=how, text=text)
    world.run(30)
    return words(visitor.page.main)


def test_taking_over_and_giving_back_is_said_and_done_at_the_helpdesk(asked: World, lead: Visitor) -> None:
    [conversation] = asked.sim.conversations
    assert "You have the session now." in press(asked, lead, "Take over")
    assert asked.session().owner == "human"
    assert asked.sim.assignee(conversation) is None
    assert "The AI has the session again." in press(asked, lead, "Give back to the AI")
    assert asked.session().owner == "ai"
    assert asked.sim.assignee(conversation) is asked.ai


def test_whoever_takes_over_may_assign_it_in_the_helpdesk(asked: World, lead: Visitor) -> None:
    refresh_due(asked.runtime)
    page = lead.read(page_of(asked))
    agents = [words(one) for one in page.select("#assignee option")]
    assert agents == ["nobody yet", "Hanna Human", "Olga Owner"], "the AI's own agent is no person"
    press(asked, lead, "Take over and assign", assignee=asked.human.id)
    [conversation] = asked.sim.conversations
    assert asked.sim.assignee(conversation) is asked.human
    assert "assigned to Hanna Human" in words(lead.read(page_of(asked)).select_one(".session-head"))


def test_writing_to_the_customer_takes_over_and_bears_the_persons_name_here(asked: World, lead: Visitor) -> None:
    assert "The reply is on its way." in write(asked, lead, "Hello Ada, this is Lea.", "Send to the customer")
    [conversation] = asked.sim.conversations
    assert asked.replies(conversation) == ["In two days.", "Hello Ada, this is Lea."]
    assert asked.session().owner == "human"
    [*_, mine] = lead.read(page_of(asked)).select(".thread > li")
    assert words(mine.select_one(".by strong")) == EMAIL
    assert "agent" in mine["class"]


def test_a_note_is_for_colleagues_and_takes_nothing_over(asked: World, lead: Visitor) -> None:
    assert "The note is on its way." in write(asked, lead, "She is a good customer.", "Add as private note")
    [conversation] = asked.sim.conversations
    assert asked.replies(conversation) == ["In two days."]
    assert any("She is a good customer." in note for note in asked.notes(conversation))
    assert asked.session().owner == "ai"


def test_a_form_that_is_sent_twice_writes_once(asked: World, lead: Visitor) -> None:
    page = lead.read(page_of(asked))
    form = page.select_one(".write form")
    fields = {one["name"]: one["value"] for one in form.select("input[name]")}
    for _ in range(2):
        lead.post(form["action"], **fields, text="Once, please.", **{"as": "reply"})
    asked.run(30)
    [conversation] = asked.sim.conversations
    assert asked.replies(conversation) == ["In two days.", "Once, please."]


def test_what_is_changed_after_going_back_is_another_message(asked: World, lead: Visitor) -> None:
    form = lead.read(page_of(asked)).select_one(".write form")
    fields = {one["name"]: one["value"] for one in form.select("input[name]")}
    for text, how in (("On Monday.", "reply"), ("On Tuesday.", "reply"), ("On Tuesday.", "note")):
        lead.post(form["action"], **fields, text=text, **{"as": how})
    asked.run(30)
    [conversation] = asked.sim.conversations
    assert asked.replies(conversation) == ["In two days.", "On Monday.", "On Tuesday."]
    assert [note.splitlines()[0] for note in asked.notes(conversation)] == ["On Tuesday."]


@pytest.mark.parametrize(
    ("text", "told"), [("   ", "A message needs a text."), ("x" * 20_001, "A message has at most 20000 characters")]
)
def test_a_message_that_cannot_be_sent_is_refused_in_words(asked: World, lead: Visitor, text: str, told: str) -> None:
    assert told in write(asked, lead, text, "Send to the customer")
    assert lead.answer.status_code == 409
    assert lead.page.select_one("#text").text.strip() == text.strip()
    assert asked.session().owner == "ai", "nothing was said, so nothing was taken over"


def test_a_reply_sent_once_more_after_giving_back_takes_nothing_over(asked: World, lead: Visitor) -> None:
    form = lead.read(page_of(asked)).select_one(".write form")
    fields = {one["name"]: one["value"] for one in form.select("input[name]")}
    lead.post(form["action"], **fields, text="On Monday.", **{"as": "reply"})
    asked.run(30)
    press(asked, lead, "Give back to the AI")
    lead.post(form["action"], **fields, text="On Monday.", **{"as": "reply"})
    asked.run(30)
    [conversation] = asked.sim.conversations
    assert (asked.session().owner, asked.sim.assignee(conversation)) == ("ai", asked.ai)
    assert asked.replies(conversation) == ["In two days.", "On Monday."]


def test_what_was_written_into_a_session_closed_meanwhile_is_not_lost(asked: World, lead: Visitor) -> None:
    page = lead.read(page_of(asked))
    form = page.select_one(".write form")
    fields = {one["name"]: one["value"] for one in form.select("input[name]")}
    press(asked, Visitor(asked.url).sign_in(), "Resolve")
    lead.post(form["action"], **fields, text="A long answer.", **{"as": "reply"})
    assert lead.answer.status_code == 409
    assert "The session is closed; open it again first." in words(lead.page.main)
    assert lead.page.select_one("#text").text.strip() == "A long answer."


@pytest.mark.parametrize(
    ("button", "status", "vendor", "told"),
    [
        ("Resolve", "closed_resolved", "resolved", "Closed here, and the helpdesk is told."),
        ("Resolve here only", "closed_resolved", "assigned", "Closed here. The helpdesk was left as it is."),
        ("Close as unresolved", "closed_unresolved", "resolved", "Closed here, and the helpdesk is told."),
        (
            "Close as unresolved, here only",
            "closed_unresolved",
            "assigned",
            "Closed here. The helpdesk was left as it is.",
        ),
    ],
)
def test_closing_tells_the_helpdesk_or_leaves_it(
    asked: World, lead: Visitor, button: str, status: str, vendor: str, told: str
) -> None:
    assert told in press(asked, lead, button)
    [conversation] = asked.sim.conversations
    assert (asked.session().status, conversation.status) == (status, vendor)


def test_a_closed_session_is_opened_again(asked: World, lead: Visitor) -> None:
    press(asked, lead, "Resolve")
    assert "Open again, here and in the helpdesk." in press(asked, lead, "Open again")
    assert asked.session().status == "open"
    press(asked, lead, "Resolve here only")
    assert "Open again here." in press(asked, lead, "Open again here only")
    assert asked.session().status == "open"


def test_a_parked_reply_is_tried_again_or_given_up(asked: World, lead: Visitor) -> None:
    with asked.runtime.db.write():
        ActionRow.update(state="parked", vendor_id=None).where(ActionRow.kind == "reply").execute()
        MessageRow.delete().where(MessageRow.author == "ai").execute()
    assert "It is tried again" in press(asked, lead, "Try again")
    asked.run(300)
    [conversation] = asked.sim.conversations
    assert asked.replies(conversation) == ["In two days."], "it was there, and is found"
    assert ("reply", "sent") in asked.actions()
    with asked.runtime.db.write():
        ActionRow.update(state="parked").where(ActionRow.kind == "reply").execute()
    assert "It is given up." in press(asked, lead, "Discard")
    assert ("reply", "cancelled") in asked.actions()


def _rows(world: World) -> list[ActionRow]:
    with world.runtime.db.read():
        return list(ActionRow.select().order_by(ActionRow.id))


def drafted(world: World, text: str) -> Visitor:
    """Somebody who looks at a chat that a person has, for which the AI has drafted an answer."""
    world.start(server=ADMINISTRATOR, extra=ASSIST)
    world.says(text)
    conversation = world.sim.customer_writes(world.ada, "When does it come?")
    world.sim.agent_assigns(conversation, world.human)
    world.run(30)
    world.sim.customer_writes(world.ada, "Hello?")
    world.run(30)
    return Visitor(world.url).sign_in()


def test_a_draft_is_sent_as_it_is_edited_and_once(quick: World) -> None:
    quick.start(server=ADMINISTRATOR, extra=ASSIST)
    quick.ai_plugin.answer = lambda turn: Silence(Reason.NOT_USEFUL)
    conversation = quick.sim.customer_writes(quick.ada, "When does it come?")
    quick.sim.agent_assigns(conversation, quick.human)
    quick.run(30)
    quick.says("In two days.")
    quick.sim.customer_writes(quick.ada, "Hello?")
    quick.run(30)
    lead = Visitor(quick.url).sign_in()
    [draft] = lead.read(page_of(quick)).select(".draft textarea")
    assert draft.text.strip() == "In two days.", "without the footer"
    edited = {draft["name"]: "In two days,\r\nAda."}
    assert "The draft is on its way as your reply." in press(quick, lead, "Send it as your reply", **edited)
    assert [text for _, text in quick.public(conversation)][-1] == "In two days,\nAda."
    assert lead.read(page_of(quick)).select(".draft") == []
    # Sent once more after going back: the same is the same, and what was changed is not lost.
    [action] = [row.id for row in _rows(quick) if row.purpose == "draft"]
    token = lead.page.select_one("#hand [name=csrf_token]")["value"]
    lead.post(f"/drafts/{action}/send", forgery=token, **edited)
    assert "The draft is on its way as your reply." in words(lead.page.main)
    lead.post(f"/drafts/{action}/send", forgery=token, **{draft["name"]: "In three days, Ada."})
    assert (lead.answer.status_code, lead.page.select_one("#text").text.strip()) == (409, "In three days, Ada.")
    assert f"This draft was sent already, by {EMAIL}." in words(lead.page.main)
    quick.run(30)
    assert len([text for _, text in quick.public(conversation) if "days" in text]) == 1


def test_a_draft_of_several_lines_that_is_sent_as_it_is_counts_as_approved(quick: World) -> None:
    lead = drafted(quick, "In two days.\n\nRegards")
    [draft] = lead.read(page_of(quick)).select(".draft textarea")
    as_it_is = {draft["name"]: draft.text.strip().replace("\n", "\r\n")}  # so do browsers
    press(quick, lead, "Send it as your reply", **as_it_is)
    assert [row.verdict for row in _rows(quick) if row.purpose == "draft"][-1] == "approved"


def test_a_draft_is_put_aside(quick: World) -> None:
    lead = drafted(quick, "In two days.")
    assert "The draft is put aside." in press(quick, lead, "Put it aside")
    assert lead.read(page_of(quick)).select(".draft") == []


@pytest.mark.parametrize(
    ("name", "kind", "shown", "disposition"),
    [
        ("a.png", "image/png", "image/png", "inline"),
        ("a.html", "text/html", "application/octet-stream", "attachment"),
        ("a.svg", "image/svg+xml", "application/octet-stream", "attachment"),
    ],
)
def test_a_file_is_looked_at_or_kept_and_runs_nothing(
    asked: World, lead: Visitor, name: str, kind: str, shown: str, disposition: str
) -> None:
    with asked.runtime.db.write():
        message = MessageRow.select().where(MessageRow.author == "customer").get()
        AttachmentRow.create(
            message=message, name=name, content_type=kind, state="stored", content=b"<script>1</script>"
        )
    link = lead.read(page_of(asked)).select_one(".file a")["href"]
    answer = lead.get(link)
    assert answer.content == b"<script>1</script>"
    assert answer.headers["Content-Type"].startswith(shown)
    assert answer.headers["Content-Disposition"].startswith(disposition)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "no-store"
    assert lead.get("/attachments/999").status_code == 404


def test_the_live_part_is_sent_only_when_it_has_changed(asked: World, lead: Visitor) -> None:
    path = f"/live{page_of(asked)}"
    version = lead.get(path).headers["ETag"]
    assert lead.get(path, headers={"If-None-Match": version}).status_code == 304
    asked.sim.customer_writes(asked.ada, "And my invoice?")
    asked.run(30)
    changed = lead.get(path, headers={"If-None-Match": version})
    assert changed.status_code == 200
    assert "And my invoice?" in changed.text
    asked.clock.advance(timedelta(days=2).total_seconds())
    assert lead.get(path, headers={"X-Live": "1"}).status_code == 401, "the script is told, and leads to signing in"
