"""The activity pages: how connections fare, and every event, decision and action, opened, explained and tried again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import BadPayload
from core.flow.disconnect import disconnect
from core.jobs.send_events import send_due
from core.store.models import ActionRow, EventRow
from core.subscriptions import Subscriptions
from core.testing.receiver import WebhookReceiver
from tests.end_to_end.test_access import with_operator
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, Visitor, words
from tests.end_to_end.worlds import World

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
BROKEN = b'{"action": '
UNKNOWN = json.dumps({"actor": {"actor_type": "system"}, "action": "agent_intelliassign_activity", "data": {}})


@pytest.fixture
def site(quick: World) -> World:
    """A running service with an administrator."""
    return quick.start(server=f"{ADMINISTRATOR}\nallow_private_webhooks = true", uncertain="park")


@pytest.fixture
def lead(site: World) -> Visitor:
    return Visitor(site.url).sign_in()


def event(site: World, state: str) -> EventRow:
    with site.runtime.db.read():
        return EventRow.select().where(EventRow.state == state).order_by(EventRow.id.desc()).get()


def told(visitor: Visitor, row: EventRow) -> str:
    """What the page of an event says of it."""
    return words(visitor.read(f"/activity/events/{row.id}").select_one("[aria-label='What happened']"))


def lines(visitor: Visitor, path: str) -> list[str]:
    return [words(each) for each in visitor.read(path).select("main ul.inbox > li, main ul.cards > li")]


def misread(site: World, text: str = "Hi") -> Any:
    """A conversation whose first message the plugin could not read, and what mends the plugin."""
    patch = pytest.MonkeyPatch()
    patch.setattr(type(site.connections.connector(site.connections.named("support"))), "normalise", _cannot)
    conversation = site.sim.customer_writes(site.ada, text)
    site.run(10)
    patch.undo()
    return conversation


def _cannot(*_: Any) -> Any:
    raise BadPayload("message.parts: missing")


def parked(site: World) -> Any:
    """A conversation in which it is not known whether the AI's reply was sent."""
    site.sim.fault("send_message", "timeout", performed=False, when=lambda body: body["message_type"] == "normal")
    conversation = site.sim.customer_writes(site.ada, "Hi")
    site.run(300)
    return conversation


# ------------------------------------------------------------------------------------------------------ connections


def test_the_overview_tells_how_a_connection_fares_and_leads_to_what_it_counts(site: World, lead: Visitor) -> None:
    site.post(BROKEN)
    site.post(UNKNOWN.encode())
    misread(site, "Nobody can read this")
    site.sim.webhooks.hold()
    other = site.sim.customer("bea@example.com", "Bea Customer")
    site.sim.customer_writes(other, "Where is my parcel?")
    site.clock.advance(90)
    site.sim.webhooks.release()
    site.run(10)
    parked(site)
    site.poll(1)
    page = lead.read("/activity")
    told = words(page.select_one("#accounts"))
    assert "support active freshchat" in told
    for counted in ("1 ignored", "1 failed", "1 rejected", "Dead 1 action"):
        assert counted in told
    assert "of 60 calls a minute" in told
    assert page.select_one("meter")["max"] == "60"
    assert "none took longer than 1 min" in told
    assert "the helpdesk was last asked" in told
    assert "1 event failed, and 1 action is parked for a person" in words(page.select_one("#troubles"))
    for path, number in (("state=failed", 1), ("state=rejected", 1), ("state=dead", 1)):
        [link] = [each["href"] for each in page.select("#accounts a") if path in each["href"]]
        assert len(lines(lead, link)) == number


def test_the_overview_tells_what_waits_since_when_and_that_the_helpdesk_is_not_asked_any_more(
    site: World, lead: Visitor
) -> None:
    site.poll(1)
    site.sim.fault("update_conversation", "429", retry_after=3600)
    site.sim.customer_writes(site.ada, "Hi")
    site.run(30)
    site.clock.advance(600)
    told = words(lead.read("/activity").select_one("#accounts"))
    assert "To be sent 2 actions, the oldest is from 10 min ago" in told
    assert "The helpdesk allows no call until" in told
    assert "that should happen every 1 min" in told


def test_the_overview_stays_up_to_date_and_is_sent_only_when_it_has_changed(site: World, lead: Visitor) -> None:
    part = lead.read("/activity").select_one("[data-live]")["data-live"]
    version = lead.get(part).headers["ETag"]
    assert lead.get(part, headers={"If-None-Match": version}).status_code == 304
    site.post(UNKNOWN.encode())
    assert lead.get(part, headers={"If-None-Match": version}).status_code == 200
    assert "1 ignored" in lead.answer.text


def test_a_connection_that_is_cut_says_so(site: World, lead: Visitor) -> None:
    disconnect(site.runtime, site.connections.named("support"))
    assert "disconnected freshchat disconnected; " in words(lead.read("/activity").select_one("#accounts"))


def test_where_there_is_nothing_each_page_says_what_would_be_there(quick: World) -> None:
    made = quick.start(server=f"{ADMINISTRATOR}\n", empty=True)
    olga = with_operator(made)
    for path, said in (
        ("/activity", "No helpdesk is connected Once one is, this page shows what comes from it"),
        ("/activity/events", "No events yet"),
        ("/activity/decisions", "No decisions yet"),
        ("/activity/actions", "No actions yet"),
        ("/activity/dead", "No dead letters"),
        ("/activity/events?state=failed", "No event is like that Show all of them"),
        ("/activity/actions?cursor=nonsense", "This place in the list is not known. Go to its first page"),
    ):
        assert said in words(olga.read(path).select_one("main .empty")), path
    assert Visitor(made.url).sign_in().read("/activity").select_one("main .empty a")["href"] == "/integrations"


# ------------------------------------------------------------------------------------------------- events, explained


def test_an_event_tells_what_came_of_it(site: World, lead: Visitor) -> None:
    conversation = site.sim.customer_writes(site.ada, "Hi")
    site.run(1)
    with site.runtime.db.read():
        first = EventRow.get(EventRow.kind == "message_create")
    assert "It began session 1 and brought a message of the customer. Nothing is decided about it yet." in told(
        lead, first
    )
    site.run(60)
    assert told(lead, first) == (
        "It came by webhook at 2026-03-02 09:00:00 UTC, was stored, and was read. "
        "It began session 1 and brought a message of the customer. "
        "The AI decided to reply, because it had an answer (assignment and reply: sent). "
        "It cannot be replayed: it was read already; reading it once more would change nothing."
    )
    page = lead.page
    assert page.select_one("aside a[href='/sessions/1']")
    assert "reply : it had an answer" in words(page.select_one("aside"))
    assert "Lease free" in words(page.select_one("aside"))
    assert json.loads(page.select_one("#payload").get_text())["action"] == "message_create"
    site.sim.agent_assigns(conversation, site.human)
    site.run(10)
    site.sim.agent_resolves(conversation, site.human)
    site.run(10)
    everything = " ".join(told(lead, row) for row in _every_event(site))
    assert "It belongs to session 1 and gave it to a human." in everything
    assert "closed it." in everything
    assert lead.get("/activity/events/4711").status_code == 404


def _every_event(site: World) -> list[EventRow]:
    with site.runtime.db.read():
        return list(EventRow.select().order_by(EventRow.id))


def test_what_was_ignored_rejected_or_failed_says_why(site: World, lead: Visitor) -> None:
    for _ in range(2):
        site.post(BROKEN)
    site.post(UNKNOWN.encode())
    misread(site)
    why = "the connector does not understand the kind agent_intelliassign_activity"
    assert f"and was ignored: {why}. It cannot be replayed: the kind" in told(lead, event(site, "ignored"))
    assert "2 times, at first at" in told(lead, event(site, "rejected"))
    assert "and was rejected: the body of the call could not be read: " in told(lead, event(site, "rejected"))
    assert "It cannot be replayed: it still cannot be read: " in told(lead, event(site, "rejected"))
    failed = told(lead, event(site, "failed"))
    assert "and could not be worked on: it is not as the connector expects it: message.parts: missing." in failed
    assert "A replay has it read again as if it had just come." in failed
    assert [line.partition(" ")[0] for line in lines(lead, "/activity/events?state=ignored")] == ["agent"]
    assert why.capitalize()[:20] in lines(lead, "/activity/events?state=ignored")[0]


def test_what_waits_says_what_it_waits_for(site: World, lead: Visitor) -> None:
    site.sim.customer_writes(site.ada, "Hi")
    site.hear()
    assert "was stored, and waits to be read." in told(lead, event(site, "pending"))
    assert "It cannot be replayed: it is about to be read." in told(lead, event(site, "pending"))


def test_a_payload_is_shown_as_the_text_it_is_whatever_it_holds(site: World, lead: Visitor) -> None:
    kind = "<b onclick=x>"
    site.post(json.dumps({"actor": {"actor_type": "system"}, "action": kind, "data": {"text": HOSTILE}}).encode())
    site.post(f"{{{HOSTILE}".encode())
    site.sim.customer_writes(site.ada, HOSTILE)
    site.run(60)
    paths = [f"/activity/events/{row.id}" for row in _every_event(site)]
    for path in ("/activity", "/activity/events", "/activity/actions", "/activity/dead", *paths):
        page = lead.read(path)
        assert page.select("main script, main img, main b") == [], path
    assert HOSTILE in lead.read(f"/activity/events/{event(site, 'rejected').id}").select_one("#payload").get_text()
    assert kind in words(lead.read("/activity/events?state=ignored"))


def test_no_secret_of_ours_is_shown_where_a_vendor_repeats_it(site: World, lead: Visitor) -> None:
    token = site.webhook_url.rpartition("/")[2]
    site.post(json.dumps({"action": "told", "data": {"to": site.webhook_url, "with": site.sim.token}}).encode())
    site.post(f"{{ {site.webhook_url} {site.sim.token}".encode())
    for row in _every_event(site):
        shown = lead.get(f"/activity/events/{row.id}").text
        assert "/webhooks/freshchat/" in shown
        assert token not in shown
        assert site.sim.token not in shown


# ------------------------------------------------------------------------------------------------- filters and paging


def test_events_are_chosen_by_state_kind_source_connection_and_session(site: World, lead: Visitor) -> None:
    site.post(UNKNOWN.encode())
    site.sim.customer_writes(site.ada, "Hi")
    site.run(60)
    every = len(_every_event(site))
    expected = {
        "": every,
        "state=ignored": 1,
        "state=done": every - 1,
        "kind=agent_intelliassign_activity": 1,
        "source=webhook": every,
        "source=poll": 0,
        "connection=support": every,
        "connection=nobody": 0,
        "session=1": every - 1,
        "session=2": 0,
        "session=x": 0,
        f"session={2**70}": 0,
        "state=nonsense&source=nonsense": every,
        "state=ignored&kind=agent_intelliassign_activity&source=webhook&connection=support": 1,
        "kind=%00": every,
    }
    assert {wanted: len(lines(lead, f"/activity/events?{wanted}")) for wanted in expected} == expected
    form = lead.read("/activity/events?state=ignored&session=1").select_one("main form.search")
    assert form.select_one("#state option[selected]")["value"] == "ignored"
    assert form.select_one("#session")["value"] == "1"
    assert [one["value"] for one in form.select("#kind option")][1] == "agent_intelliassign_activity"


def test_decisions_give_their_reason_in_words_and_are_chosen_by_it(site: World, lead: Visitor) -> None:
    conversation = site.sim.customer_writes(site.ada, "Hi")
    site.run(60)
    site.sim.customer_writes(site.ada, "I want to talk to a human agent", conversation=conversation)
    site.run(60)
    handoff, reply = lines(lead, "/activity/decisions")
    assert handoff.startswith("Handoff in session 1")
    assert "The customer asked for a person." in handoff
    assert "It had an answer." in reply
    expected = {"outcome=reply": 1, "reason=explicit_request": 1, "session=1": 2, "session=9": 0, "outcome=x": 2}
    assert {wanted: len(lines(lead, f"/activity/decisions?{wanted}")) for wanted in expected} == expected


def test_a_list_goes_on_from_page_to_page_with_its_filters_and_back(site: World, lead: Visitor) -> None:
    for number in range(120):
        site.post(json.dumps({"action": "odd", "data": {"number": number}, "action_time": f"{number}"}).encode())
    stored = [row.id for row in _every_event(site)]
    assert len(stored) == 120
    path, seen, pages = "/activity/events?kind=odd&state=ignored", [], 0
    while path:
        page = lead.read(path)
        seen += [int(one["href"].rpartition("/")[2]) for one in page.select("a[data-line]")]
        older = page.select_one(".paging a[rel=next]")
        path, pages = older["href"] if older else "", pages + 1
    assert seen == sorted(stored, reverse=True)
    assert pages > 2
    newer = page.select_one(".paging a[rel=prev]")["href"]
    assert "kind=odd" in newer
    assert len(lines(lead, newer)) > 0


# --------------------------------------------------------------------------------------- tried again, and given up


def test_an_event_that_failed_is_replayed_and_says_who_had_it_read_again(site: World, lead: Visitor) -> None:
    conversation = misread(site)
    row = event(site, "failed")
    lead.submit(f"/activity/events/{row.id}", button="Replay")
    assert "It is read again." in words(lead.page)
    site.run(60)
    assert len(site.replies(conversation)) == 1
    assert f"{EMAIL} had it read again." in told(lead, row)
    assert lead.page.select("form[action$=replay]") == []


def test_a_rejected_body_that_can_be_read_by_now_is_replayed(site: World, lead: Visitor) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(site.connections.connector(site.connections.named("support"))), "split", _cannot)
        conversation = site.sim.customer_writes(site.ada, "Hi")
        site.hear()
    row = event(site, "rejected")
    assert row.state == "rejected"
    lead.submit(f"/activity/events/{row.id}", button="Replay")
    site.run(60)
    assert len(site.replies(conversation)) == 1
    assert "was read again later; what is in it is stored as events of their own" in told(lead, row)


def test_a_replay_that_cannot_be_is_refused_in_words(site: World, lead: Visitor) -> None:
    site.sim.customer_writes(site.ada, "Hi")
    site.run(60)
    forgery = lead.read("/account").select_one("[name=csrf_token]")["value"]
    lead.post("/activity/events/1/replay", forgery)
    assert "It is not read again: it was read already; reading it once more would change nothing." in words(lead.page)
    assert lead.post("/activity/events/4711/replay", forgery).status_code == 404
    misread(site)
    disconnect(site.runtime, site.connections.named("support"))
    assert "It cannot be replayed: the connection is disconnected" in told(lead, event(site, "failed"))


def test_an_operator_reads_everything_and_tries_actions_again_and_leaves_replays_to_others(site: World) -> None:
    misread(site)
    row = event(site, "failed")
    olga = with_operator(site)
    assert "It can be replayed; an administrator may do that." in told(olga, row)
    assert olga.page.select("form[action$=replay]") == []
    forgery = olga.read("/account").select_one("[name=csrf_token]")["value"]
    assert olga.post(f"/activity/events/{row.id}/replay", forgery).status_code == 403
    assert event(site, "failed").retried_by == ""
    parked(site)
    assert len(olga.read("/activity/dead").select("button[formaction$=retry]")) == 1


def press(visitor: Visitor, path: str, words_on_it: str) -> None:
    """Press a button of a line, which belongs to the page's one form."""
    page = visitor.read(path)
    found = [one for one in page.select("button[formaction]") if one.get_text().startswith(words_on_it)]
    hand = {one["name"]: one["value"] for one in page.select("#hand [name]")}
    visitor.post(found[0]["formaction"], hand.pop("csrf_token"), **hand)


def test_all_that_is_dead_stands_on_one_page_and_is_tried_again_from_there(site: World, lead: Visitor) -> None:
    misread(site, "Nobody can read this")
    conversation = parked(site)
    page = lead.read("/activity/dead")
    assert [words(title) for title in page.select("main section h2")] == [
        "Events that could not be worked on",
        "Actions that failed, or must be looked at",
    ]
    assert "reply may have been sent, and must be looked at by a person support session 1" in words(page)
    assert "no answer within" in words(page)
    with site.runtime.db.read():
        assert ActionRow.get(ActionRow.state == "parked").text in words(page)
    press(lead, "/activity/dead", "Try again")
    # The AI's reply would speak into a human's session: it is said why not, where it was asked for.
    assert lead.answer.url == f"{site.url}/activity/dead"
    assert "A human has the session; give it back to the AI first" in words(lead.page)
    lead.submit("/sessions/1", form="#hand")
    site.sim.agent_assigns(conversation, site.ai, by=site.human)
    site.run(10)
    press(lead, "/activity/dead", "Try again")
    assert "It is tried again; a message is first looked for in the helpdesk." in words(lead.page)
    site.run(300)
    assert len(site.replies(conversation)) == 1
    assert [line.partition(" ")[0] for line in lines(lead, "/activity/actions?state=dead")] == []


def test_an_action_is_given_up_from_the_list_and_the_list_keeps_its_filter(site: World, lead: Visitor) -> None:
    parked(site)
    path = "/activity/actions?state=parked&connection=support"
    assert len(lines(lead, path)) == 1
    press(lead, path, "Discard")
    assert lead.answer.url == f"{site.url}{path}"
    assert "It is given up." in words(lead.page)
    assert "No action is like that" in words(lead.page)
    [line] = lines(lead, "/activity/actions?state=cancelled")
    assert f"reply was not sent support session 1 by the AI 4 min ago 1 attempt discarded by {EMAIL}" in line
    forgery = lead.read("/account").select_one("[name=csrf_token]")["value"]
    lead.post("/activity/actions/4711/retry", forgery)
    assert lead.answer.status_code == 404
    for elsewhere in ("https://evil.example/", "//["):
        lead.post("/activity/actions/1/discard", forgery, next=elsewhere)
        assert lead.answer.url == f"{site.url}/"
        assert "It was sent already." in words(lead.page)


def test_deliveries_that_no_receiver_took_are_among_the_dead(site: World, lead: Visitor) -> None:
    with WebhookReceiver() as receiver:
        receiver.answers = [410]
        kept = Subscriptions(site.runtime)
        kept.send_test(kept.create(receiver.url, ["*"], "", EMAIL)[0].id, EMAIL)
        send_due(site.runtime)
    page = lead.read("/activity/dead")
    assert "subscription.test · it answered 410 · after 1 attempt" in words(page)
    assert "it answered 410" in words(lead.read(page.select_one("main section a")["href"]))
