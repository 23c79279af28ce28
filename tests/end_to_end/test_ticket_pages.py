"""What the pages show of tickets, and of how a connection fares: its import, its warnings, what its rules miss."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from core import Handoff, Reason
from core.flow import misses
from core.store.models import ActionRow, BackfillRow, ConnectionRow, CursorRow
from tests.end_to_end.visitor import ADMINISTRATOR, Visitor, words
from tests.end_to_end.worlds import DeskWorld

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def site(desk: DeskWorld) -> DeskWorld:
    """A running service with an administrator."""
    return desk.start(server=ADMINISTRATOR)


def read(site: DeskWorld, path: str = "/") -> BeautifulSoup:
    visitor = Visitor(site.url).sign_in()
    page = visitor.read(path)
    assert NASTY not in visitor.answer.text
    return page


def test_a_ticket_is_listed_and_headed_with_its_subject_and_channel(site: DeskWorld) -> None:
    ticket = site.answered(subject=f"My order {NASTY}")
    [line] = read(site).select(".inbox li")
    assert words(line.select_one(".who")) == f"Ada Customer · My order {NASTY}"
    assert "email" in [words(tag) for tag in line.select(".tag")]
    page = read(site, f"/sessions/{site.session(ticket).id}")
    assert words(page.select_one(".subject")) == f"My order {NASTY}"
    assert page.select_one("a[rel]")["href"].endswith(f"/a/tickets/{ticket.id}")


def test_the_group_of_a_ticket_is_shown(site: DeskWorld) -> None:
    ticket = site.answered()
    assert not [tag for tag in read(site, "/sessions/1").select(".tag") if "group" in words(tag)]
    site.sim.agent_assigns(ticket, site.human, group=site.support)
    site.run(60)
    page = read(site, f"/sessions/{site.session(ticket).id}")
    assert f"group {site.support.id}" in [words(tag) for tag in page.select(".tag")]


def test_quoted_history_is_folded_away_below_what_was_written(site: DeskWorld) -> None:
    site.sim.quirks.body_quotes_history = True
    ticket = site.answered("Where is parcel 4711?")
    site.sim.customer_writes(ticket, "And when will it come?")
    site.run(60)
    thread = read(site, f"/sessions/{site.session(ticket).id}").select(".thread li.customer")
    assert thread[0].details is None
    assert words(thread[1].select_one("p.text")) == "And when will it come?"
    assert thread[1].details.summary.get_text() == "Quoted history"
    assert not thread[1].details.has_attr("open")
    assert words(thread[1].details.p)


def test_the_remark_of_an_action_is_shown_with_it(site: DeskWorld) -> None:
    site.answered()
    with site.runtime.db.write():
        ActionRow.update(remark=f"a file was refused {NASTY}").where(ActionRow.kind == "reply").execute()
    actions = read(site, "/sessions/1").select_one("#actions").find_next("ol").select("li")
    [reply] = [words(one) for one in actions if words(one).startswith("reply")]
    assert f"a file was refused {NASTY}" in reply
    assert sum("a file was refused" in words(one) for one in actions) == 1


def test_a_handed_over_ticket_shows_its_note_as_private(site: DeskWorld) -> None:
    site.ai_plugin.answer = lambda turn: Handoff(Reason.CANNOT_RESOLVE)
    ticket = site.opens()
    site.run(60)
    page = read(site, f"/sessions/{site.session(ticket).id}")
    assert "Private note" in words(page.select_one(".thread li.private"))


def test_a_running_import_tells_how_far_it_is_and_a_finished_one_nothing(site: DeskWorld) -> None:
    connection = site.connections.named("support")
    assert connection
    assert read(site).select(".import") == []
    now = site.clock.now()
    with site.runtime.db.write():
        row = BackfillRow.create(
            connection=connection.id,
            since=now - timedelta(days=9),
            until=now,
            created_at=now,
            state="running",
            expected=40,
            imported=17,
            error="the vendor asks for a pause",
        )
    [told] = read(site).select(".import")
    assert words(told).startswith("support imports what waited in the helpdesk: 17 of about 40 so far; it waits: the")
    with site.runtime.db.write():
        BackfillRow.update(state="done", error="").where(BackfillRow.id == row.id).execute()
    assert read(site).select(".import") == []


def test_what_the_webhooks_miss_is_told_with_how_late_it_was_found(site: DeskWorld) -> None:
    connection = site.connections.named("support")
    assert connection
    assert read(site).select(".remark") == []
    value = {"told": 15, "missed": 5, "latest_lag": 61.4, "longest_lag": 300.0}
    with site.runtime.db.write():
        CursorRow.create(connection=connection.id, name=misses.NAME, value=value, updated_at=site.clock.now())
    [told] = read(site).select(".remark")
    assert words(told) == (
        "support : 5 of 20 changes were told by no webhook and found by asking, the last one after 61 s, "
        "none later than 300 s"
    )


def test_b22_b72_calls_at_an_earlier_address_are_told_on_the_page(site: DeskWorld) -> None:
    with site.runtime.db.write():
        ConnectionRow.update(stale_calls=2).execute()
    [told] = read(site).select(".remark")
    assert words(told).startswith("support : 2 calls at an address of an earlier connection: copy the present one")


def test_the_warnings_of_a_connection_are_shown(desk: DeskWorld) -> None:
    desk.sim.remove_field("cf_opencx_handed_off")
    site = desk.start(server=ADMINISTRATOR)
    [warning] = read(site).select(".remark")
    assert "cf_opencx_handed_off" in words(warning)


def test_a_connection_without_anything_to_tell_has_no_line(site: DeskWorld) -> None:
    assert read(site).select(".alarm, .remark, .import") == []
