"""The pages over HTTP: who may see them, what they show of a conversation, and what they never do with its text."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup

from core import Handoff, Sentiment, Summary
from core.store.models import ActionRow, AttachmentRow, LeaseRow, MessageRow, SessionRow
from core.web.queries.sessions import PAGE
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, PASSWORD, Visitor, words

NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def site(world: Any) -> Any:
    """A running service with an administrator."""
    return world.start(server=ADMINISTRATOR)


def read(world: Any, path: str = "/") -> BeautifulSoup:
    """A page that must be there, as the administrator sees it."""
    return Visitor(world.url).sign_in().read(path)


def get(world: Any, path: str = "/") -> requests.Response:
    """What comes back from an address, for the administrator."""
    return Visitor(world.url).sign_in().get(path)


def add_sessions(world: Any, number: int) -> None:
    """Put sessions with one message each into the store, a minute apart, the last one the newest."""
    connection = world.connections.named("support").id
    with world.runtime.db.write():
        for index in range(number):
            at = world.clock.now() + timedelta(minutes=index)
            lease = LeaseRow.create(connection=connection, conversation_id=f"made-{index}")
            row = SessionRow.create(
                connection=connection,
                lease=lease,
                conversation_id=f"made-{index}",
                channel="web",
                mode="autopilot",
                created_at=at,
                updated_at=at,
            )
            MessageRow.create(
                session=row,
                connection=connection,
                external_id=f"m-{index}",
                author="customer",
                text=f"question {index}",
                at=at,
                received_at=at,
            )


def test_closed_pages_do_not_close_the_webhook_or_the_health_check(world: Any) -> None:
    world.start()
    assert requests.get(f"{world.url}/healthz", timeout=10).status_code == 200
    world.sim.customer_writes(world.ada, "Anybody there?")
    world.hear()
    assert world.events()


# ------------------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize("path", ["/", "/sessions/999", "/assets/pages.css"])
def test_every_answer_forbids_scripts_frames_and_guessing(site: Any, path: str) -> None:
    headers = get(site, path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_kept_nowhere_on_the_way_and_need_nothing_inline(site: Any) -> None:
    answer = get(site)
    assert answer.headers["Cache-Control"] == "no-store"
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.find_all("style") == []
    assert page.find_all(style=True) == []
    for script in page.find_all("script"):
        assert script.text == ""
        assert get(site, str(script["src"])).headers["Content-Type"].startswith("text/javascript")
    for link in page.find_all("link", rel="stylesheet"):
        assert get(site, str(link["href"])).headers["Content-Type"].startswith("text/css")


# ------------------------------------------------------------------------------------------------------ the inbox


def test_an_empty_inbox_says_how_conversations_get_there(site: Any) -> None:
    empty = words(read(site).main)
    assert "No open conversations" in empty
    assert "see the integrations" in empty


def test_an_empty_inbox_without_a_connection_says_what_to_add(site: Any, world: Any) -> None:
    # The same service, after its last connection was taken out of the file.
    object.__setattr__(world.runtime.config, "connections", ())
    world.runtime.connections._configured.clear()
    main = read(site).main
    assert "No helpdesk is connected yet. Connect one" in words(main)
    assert get(site, str(main.select_one("#nothing a")["href"])).status_code == 200


def test_the_inbox_shows_who_wrote_what_and_who_answers(site: Any) -> None:
    site.says("In two days.")
    site.sim.customer_writes(site.ada, "When does it come?")
    site.run(30)
    [line] = read(site).select(".inbox li")
    assert words(line.select_one(".who")) == "Ada Customer"
    assert words(line.select_one(".last")) == "AI: In two days."
    for tag in ("open", "AI answers", "web", "support"):
        assert tag in words(line.select_one(".tags"))


def test_the_inbox_shows_the_last_public_message_and_no_private_note(site: Any) -> None:
    site.ai_plugin.answer = lambda turn: Handoff(summary=Summary("A note for agents alone."))
    conversation = site.sim.customer_writes(site.ada, "That is too late!")
    site.run(30)
    assert any("A note for agents alone." in note for note in site.notes(conversation))
    [line] = read(site).select(".inbox li")
    assert words(line.select_one(".last")) == "That is too late!"
    assert "Human answers" in words(line.select_one(".tags"))


def test_the_inbox_goes_on_on_further_pages_newest_first(site: Any) -> None:
    add_sessions(site, PAGE + 3)
    first = read(site)
    lines = [words(line) for line in first.select(".inbox .last")]
    assert lines == [f"question {number}" for number in range(PAGE + 2, 2, -1)]
    assert first.select('a[rel="prev"]') == []
    second = read(site, str(first.select_one('a[rel="next"]')["href"]))
    assert [words(line) for line in second.select(".inbox .last")] == ["question 2", "question 1", "question 0"]
    assert second.select('a[rel="next"]') == []
    assert words(read(site, str(second.select_one('a[rel="prev"]')["href"])).select_one(".last")) == lines[0]


def test_an_address_of_before_cursors_shows_the_first_page(site: Any) -> None:
    add_sessions(site, 1)
    assert len(read(site, "/?page=7").select(".inbox li")) == 1


def test_a_place_that_is_none_leads_back_to_the_first_page(site: Any) -> None:
    add_sessions(site, 1)
    main = read(site, "/?cursor=nonsense").main
    assert "Nothing on this page" in words(main)
    assert [link["href"] for link in main.select("#nothing a")] == ["/"]


def test_a_connection_that_is_switched_off_shows_why(world: Any) -> None:
    world.start(server=ADMINISTRATOR, default_agent_email="gone@example.com")
    alarm = words(read(world).select_one('[role="alert"]'))
    assert alarm.startswith("support is switched off:")
    assert "gone@example.com" in alarm


def test_what_a_person_must_look_at_is_counted(site: Any) -> None:
    site.sim.customer_writes(site.ada, "Hello?")
    site.hear()
    site.post(b'{"action": "tea_was_made", "actor": {}, "data": {}}')
    site.post(b"not json at all")
    page = read(site)
    assert "1 call of the webhook could not be read" in words(page.select_one(".remark"))
    notice = words(page.select_one("div.notice"))
    assert "1 event of kinds that are not understood" in notice
    assert "parked" not in notice


# ---------------------------------------------------------------------------------------------------- one session


@pytest.fixture
def told(site: Any) -> BeautifulSoup:
    """The page of a conversation that was answered once and then handed off with a note."""
    site.says("In two days.")
    site.sim.customer_writes(site.ada, "When does it come?")
    site.run(30)
    summary = Summary("Ada wants her parcel sooner.", Sentiment.ANGRY)
    site.ai_plugin.answer = lambda turn: Handoff(detail="no such answer", summary=summary, topic="delivery")
    site.sim.customer_writes(site.ada, "That is too late!")
    site.run(30)
    return read(site, f"/sessions/{site.session().id}")


def test_the_session_shows_the_thread_in_order_with_who_said_it(told: BeautifulSoup) -> None:
    thread = told.select(".thread > li")
    said = [(words(line.select_one(".by strong")), words(line.select_one(".text"))) for line in thread]
    ada = "Ada Customer"
    assert said[:3] == [(ada, "When does it come?"), ("AI", "In two days."), (ada, "That is too late!")]


def test_a_private_note_is_unmistakable_without_colours_too(told: BeautifulSoup) -> None:
    private = told.select(".thread > li.private")
    assert [words(line.select_one(".private-mark")) for line in private] == [
        "Private note : the customer does not see it"
    ]
    assert "Ada wants her parcel sooner." in words(private[0])
    public = told.select(".thread > li.public")
    assert len(public) == 3
    assert not any("rivate" in words(line.select_one(".by")) for line in public)


def test_the_session_shows_its_decisions_with_their_reasons(told: BeautifulSoup) -> None:
    decisions = [words(line) for line in told.select("#decisions + ol > li")]
    assert decisions[1].startswith("reply · it had an answer · confidence 1.00")
    assert decisions[0].startswith("handoff · it found no answer · about delivery · customer angry")
    assert "no such answer" in decisions[0]


def test_the_session_shows_its_actions_and_what_became_of_them(told: BeautifulSoup) -> None:
    actions = [words(line) for line in told.select("#actions + ol > li")]
    assert [line.split(" ")[0] for line in actions] == ["note", "unassign", "reply", "assign"]
    assert all("· sent" in line and "proven by" in line for line in actions)


def test_the_session_shows_its_timeline_and_that_times_are_utc(told: BeautifulSoup) -> None:
    timeline = [words(line) for line in told.select("#timeline + ol > li")]
    assert any(line.endswith(" the AI handed it off, because it found no answer") for line in timeline)
    assert "All times are UTC" in words(told.main)


def test_a_parked_reply_shows_its_text_and_asks_a_person_to_look(site: Any) -> None:
    site.says("In two days.")
    site.sim.customer_writes(site.ada, "When does it come?")
    site.run(30)
    with site.runtime.db.write():
        ActionRow.update(state="parked", error="it cannot be told").where(ActionRow.kind == "reply").execute()
    [reply, _] = read(site, f"/sessions/{site.session().id}").select("#actions + ol > li")
    for shown in ("reply · parked", "it cannot be told", "In two days.", "Look in the helpdesk"):
        assert shown in words(reply)
    assert "1 action is parked" in words(read(site).select_one(".notice"))


def test_an_attachment_without_content_says_why(site: Any) -> None:
    site.sim.customer_writes(site.ada, "Here is a photo.")
    site.run(30)
    with site.runtime.db.write():
        message = MessageRow.get(MessageRow.author == "customer")
        AttachmentRow.create(
            message=message, name="a.exe", state="placeholder", placeholder="not of a kind that is kept"
        )
        AttachmentRow.create(message=message, name="b.png", state="stored", size=20_480, content=b"x")
    files = [words(line) for line in read(site, f"/sessions/{site.session().id}").select(".file")]
    assert files == ["a.exe — not of a kind that is kept", "b.png (20.5 kB)"]


@pytest.mark.parametrize("path", ["/sessions/999", "/sessions/x", "/sessions/-1", "/sessions/99999999999999999999999"])
def test_a_session_that_is_not_there_is_not_found(site: Any, path: str) -> None:
    assert get(site, path).status_code == 404


def test_an_open_session_is_made_anew_only_when_it_has_changed_or_a_minute_is_over(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sim.customer_writes(site.ada, "Where is it?")
    site.run(30)
    visitor, path = Visitor(site.url).sign_in(), f"/live/sessions/{site.session().id}"
    known = {"If-None-Match": visitor.get(path).headers["ETag"]}
    with monkeypatch.context() as patched:
        patched.setattr("core.web.queries.thread.opened", None)  # nothing is read or made where nothing has changed
        unchanged = visitor.get(path, headers=known)
    assert (unchanged.status_code, unchanged.text, unchanged.headers["ETag"]) == (304, "", known["If-None-Match"])
    site.sim.customer_writes(site.ada, "Hello?")
    site.run(1)
    changed = visitor.get(path, headers=known)
    assert (changed.status_code, "Hello?" in changed.text) == (200, True)
    site.clock.advance(60)
    assert visitor.get(path, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200
    assert visitor.get("/live/sessions/999", headers=known).status_code == 404


# ------------------------------------------------------------------------------------------------- hostile content


def test_what_customers_and_vendors_write_is_shown_as_text(site: Any) -> None:
    site.says(f"AI says {NASTY}")
    mallory = site.sim.customer("mallory@example.com", f"Mallory {NASTY}")
    site.sim.customer_writes(mallory, f"Customer says {NASTY}")
    site.run(30)
    with site.runtime.db.write():
        AttachmentRow.create(message=MessageRow.get(), name=NASTY, state="placeholder", placeholder=NASTY)
    for path in ("/", f"/sessions/{site.session().id}"):
        page = read(site, path)
        assert page.main.find_all(["script", "img"]) == []
        assert f"AI says {NASTY}" in words(page)
    assert f"Customer says {NASTY}" in words(page)


@pytest.mark.parametrize(("url", "links"), [("https://vendor.example/c/1", 1), ("javascript:alert(1)", 0), ("", 0)])
def test_only_a_web_address_becomes_the_link_to_the_helpdesk(site: Any, url: str, links: int) -> None:
    add_sessions(site, 1)
    with site.runtime.db.write():
        SessionRow.update(url=url).execute()
    found = read(site, f"/sessions/{site.session().id}").select('main a[target="_blank"]')
    assert [link["href"] for link in found] == [url] * links


# ------------------------------------------------------------------------------------------------------------ cost


@pytest.mark.parametrize("path", ["/", "/sessions/{}"])
def test_a_page_asks_the_store_the_same_number_of_times_however_much_it_shows(
    site: Any, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    def asked(page: str) -> int:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="peewee"):
            read(site, page)
        return sum(1 for record in caplog.records if record.name == "peewee" and "SELECT" in str(record.msg))

    add_sessions(site, 2)
    with site.runtime.db.read():
        few, many = SessionRow.select().order_by(SessionRow.id)
    before = asked(path.format(few.id))
    with site.runtime.db.write():
        for number in range(20):
            at = site.clock.now() + timedelta(seconds=number)
            message = MessageRow.create(
                session=many, connection=many.connection_id, author="customer", text="more", at=at, received_at=at
            )
            AttachmentRow.create(message=message, name="file.txt")
            lease = LeaseRow.create(connection=many.connection_id, conversation_id=f"further-{number}")
            SessionRow.create(
                connection=many.connection_id,
                lease=lease,
                conversation_id=f"further-{number}",
                channel="web",
                mode="autopilot",
                created_at=at,
                updated_at=at,
            )
    after = asked(path.format(many.id))
    assert before > 0
    assert after == before


def test_a_reply_says_nothing_of_the_password_in_the_log(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        get(site)
        Visitor(site.url).sign_in(EMAIL, "a wrong one")
    assert PASSWORD not in caplog.text
    assert "a wrong one" not in caplog.text
