"""The pages of outbound events: receivers are made, changed and removed there, and each delivery is told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.domain import Secret
from core.flow.announce import as_payload, queue
from core.jobs.deliveries import RETRIES
from core.jobs.send_events import send_due
from core.receivers import MOST_FORMER
from core.store.models import SubscriptionRow
from core.subscriptions import PAGE, Subscriptions
from core.testing.receiver import WebhookReceiver
from tests.end_to_end.signed import verified
from tests.end_to_end.test_access import with_operator
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, Visitor, words
from tests.end_to_end.worlds import World

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
def site(quick: World) -> World:
    """A running service with an administrator."""
    return quick.start(server=f"{ADMINISTRATOR}\nallow_private_webhooks = true")


@pytest.fixture
def lead(site: World) -> Visitor:
    return Visitor(site.url).sign_in()


def subscribed(site: World, url: str, *events: str) -> int:
    return Subscriptions(site.runtime).create(url, list(events) or ["*"], "The data warehouse", EMAIL)[0].id


def happens(site: World, number: int, text: str = "") -> int:
    """Announce something to a subscription; returns the delivery."""
    with site.runtime.db.write():
        now = site.runtime.db.now()
        payload = as_payload("conversation.closed", "x:y", now, {"text": text})
        return int(queue(number, "conversation.closed", payload, now).id)


def dies(site: World, receiver: WebhookReceiver) -> None:
    """Let every try fail until nothing is tried any more."""
    receiver.answers = [500] * 100
    send_due(site.runtime)
    for pause in RETRIES:
        site.clock.advance(pause * 1.2)
        send_due(site.runtime)
    receiver.answers = []


def died(site: World, receiver: WebhookReceiver) -> int:
    """A subscription of which one event has died."""
    number = subscribed(site, receiver.url)
    happens(site, number)
    dies(site, receiver)
    return number


def press(visitor: Visitor, path: str, words_on_it: str) -> Any:
    """Press a button that belongs to the page's one form; returns the page that follows."""
    page = visitor.read(path)
    found = [one for one in page.select("button[formaction]") if one.get_text().startswith(words_on_it)]
    assert found, f"there is no button {words_on_it} at {path}"
    visitor.post(found[0]["formaction"], page.select_one("#hand [name=csrf_token]")["value"])
    return visitor.page


def forgery(visitor: Visitor) -> str:
    return str(visitor.read("/account").select_one("[name=csrf_token]")["value"])


def deliveries(visitor: Visitor, path: str) -> list[str]:
    return [words(each) for each in visitor.read(path).select("ul#lines > li")]


# ------------------------------------------------------------------------------------------------- making and changing


def test_an_address_is_subscribed_and_its_secret_shown_once(
    site: World, lead: Visitor, receiver: WebhookReceiver
) -> None:
    assert "Nobody is told of anything yet" in words(lead.read("/outbound"))
    events = ["conversation.closed", "handoff.*"]
    lead.submit("/outbound/new", url=receiver.url, description="The data warehouse", events=events)
    assert "Copy it now: it is not shown again." in words(lead.page)
    secret = lead.page.select_one("#secret").get_text()
    assert lead.page.select_one("[data-copy='#secret']")
    for path in ("/outbound", "/outbound/1", "/outbound/1/edit", "/live/outbound/1", "/audit"):
        assert secret not in lead.get(path).text, path
    with site.runtime.db.read():
        stored = site.runtime.db.native.execute_sql("SELECT * FROM subscription").fetchone()
    assert secret not in repr(stored)
    shown = words(lead.read("/outbound"))
    assert "/hook The data warehouse active nothing delivered yet conversation.closed handoff.*" in shown
    press(lead, "/outbound/1", "Send a test event")
    assert "A test event is on its way." in words(lead.page)
    assert deliveries(lead, "/outbound/1")[0].startswith("subscription.test on its way")
    send_due(site.runtime)
    told = verified(receiver.received[0], Secret(secret), site.clock.now())
    assert told["event"] == "subscription.test"
    assert deliveries(lead, "/outbound/1")[0].startswith("subscription.test delivered just now 1 attempt answered 200")
    assert "last delivered just now" in words(lead.read("/outbound"))


def test_a_page_that_is_loaded_again_subscribes_nobody_twice(
    site: World, lead: Visitor, receiver: WebhookReceiver
) -> None:
    subscribed(site, receiver.url, "handoff.*", "conversation.closed")
    lead.submit("/outbound/new", url=receiver.url, description="", events=["conversation.closed", "handoff.*"])
    assert lead.answer.status_code == 422
    assert "The address is subscribed to these events already. Change that one, or delete it first." in words(lead.page)
    lead.submit("/outbound/new", url=receiver.url, description="", events=["conversation.closed"])
    assert "Copy it now" in words(lead.page)
    assert len(Subscriptions(site.runtime).list()) == 2


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"url": "ftp://example.com/", "events": ["*"]}, "It does not begin with https://. Give the address"),
        ({"url": "https://u:p@example.com/", "events": ["*"]}, "It holds a user or a #. Leave them out"),
        ({"url": "", "events": ["*"]}, "Give the receiver's address."),
        ({"url": "https://example.com/"}, "It names none. Choose from: *, "),
        ({"url": "https://example.com/", "events": ["all"]}, "'all' is not a valid choice"),
    ],
)
def test_an_address_or_a_choice_that_will_not_do_is_told_at_the_field(
    site: World, lead: Visitor, fields: dict[str, Any], told: str
) -> None:
    lead.submit("/outbound/new", description="kept as it was written", **fields)
    assert lead.answer.status_code == 422
    assert told in words(lead.page)
    assert lead.page.select_one("#description")["value"] == "kept as it was written"
    assert "Nobody is told of anything yet" in words(lead.read("/outbound"))


def test_a_subscription_is_changed_paused_and_resumed_and_the_record_says_by_whom(site: World, lead: Visitor) -> None:
    number = subscribed(site, "https://example.com/hooks/x?key=canary", "handoff.*")
    page = lead.read(f"/outbound/{number}/edit")
    assert [one["value"] for one in page.select("input[name=events][checked]")] == ["handoff.*"]
    assert page.select_one("#url")["value"] == "https://example.com/hooks/x?key=canary"
    lead.submit(f"/outbound/{number}/edit", url="https://example.org/new?key=canary", events=["conversation.closed"])
    assert "Saved. What waits goes to the address as it is now." in words(lead.page)
    assert "A conversation was closed conversation.closed" in words(lead.page)
    lead.submit(f"/outbound/{number}/edit", url="nonsense")
    assert lead.answer.status_code == 422
    assert f"paused Nothing is sent: paused by {EMAIL}." in _squeezed(press(lead, f"/outbound/{number}", "Pause"))
    assert lead.page.select("button[formaction$=test]") == []
    lead.post(f"/outbound/{number}/test", forgery(lead))
    assert f"Nothing is sent to it (paused by {EMAIL}). Resume it first." in words(lead.page)
    press(lead, f"/outbound/{number}", "Resume")
    assert "Resumed. What has waited is sent first." in words(lead.page)
    press(lead, f"/outbound/{number}", "Make a new secret")
    record = words(lead.read("/audit"))
    for what in ("made · example.com", "changed · example.org", "paused", "resumed", "secret replaced"):
        assert f"{EMAIL} · subscription {what}" in record
    assert "canary" not in record


def _squeezed(page: Any) -> str:
    return words(page).replace("nothing delivered yet ", "")


def test_a_new_secret_is_shown_once_and_the_old_one_is_good_for_a_day(
    site: World, lead: Visitor, receiver: WebhookReceiver
) -> None:
    made, old = Subscriptions(site.runtime).create(receiver.url, ["*"], "", EMAIL)
    number = made.id
    page = press(lead, f"/outbound/{number}", "Make a new secret")
    new = Secret(page.select_one("#secret").get_text())
    assert "For a day everything is signed with the old one too" in words(page)
    assert new != old
    assert new.reveal() not in lead.get(f"/outbound/{number}").text
    happens(site, number)
    send_due(site.runtime)
    for secret in (old, new):
        assert verified(receiver.received[0], secret, site.clock.now())
    for _ in range(MOST_FORMER):
        press(lead, f"/outbound/{number}", "Make a new secret")
    assert "It was replaced 10 times within a day, and all of these still sign." in words(lead.page)


def test_a_deleted_subscription_is_gone_and_what_waited_is_cancelled(site: World, lead: Visitor) -> None:
    number = subscribed(site, "https://example.com/hook")
    happens(site, number)
    page = lead.read(f"/outbound/{number}")
    assert "Nothing more is sent to example.com, 1 event on the way is cancelled" in words(page)
    press(lead, f"/outbound/{number}", "Delete it for good")
    assert "The subscription of example.com is deleted." in words(lead.page)
    assert "Nobody is told of anything yet" in words(lead.page)
    token = forgery(lead)
    for path in (f"/outbound/{number}", f"/outbound/{number}/edit", f"/live/outbound/{number}", "/outbound/99"):
        assert lead.get(path).status_code == 404, path
    for path in ("pause", "test", "secret", "delete"):
        assert lead.post(f"/outbound/{number}/{path}", token).status_code == 404, path
    with site.runtime.db.read():
        assert SubscriptionRow.get_by_id(number).secret == ""


# ---------------------------------------------------------------------------------------------------------- deliveries


def test_deliveries_tell_their_state_and_are_sent_again_one_by_one_or_all_that_died(
    site: World, lead: Visitor, receiver: WebhookReceiver
) -> None:
    number = subscribed(site, receiver.url)
    for _ in range(3):
        happens(site, number)
    dies(site, receiver)
    happens(site, number)
    lead.sign_in()
    assert "every try fails since 3 d ago 1 on its way 3 dead" in words(lead.read("/outbound"))
    dead = deliveries(lead, f"/outbound/{number}?state=dead")
    assert len(dead) == 3
    assert dead[0].startswith("conversation.closed dead 3 d ago 10 attempts answered 500 it answered 500")
    assert len(deliveries(lead, f"/outbound/{number}?state=pending")) == 1
    assert "None is delivered Show all deliveries" in words(lead.read(f"/outbound/{number}?state=delivered"))
    press(lead, f"/outbound/{number}?state=dead", "Send again")
    assert "It is sent again, under its own id." in words(lead.page)
    assert f"sent again by {EMAIL}" in words(lead.page)
    lead.submit(f"/outbound/{number}", form="form[action$=replay-dead]", since="2026-03-01T00:00")
    assert "2 events are sent again." in words(lead.page)
    send_due(site.runtime)
    assert len(deliveries(lead, f"/outbound/{number}?state=delivered")) == 4
    token = forgery(lead)
    lead.post(f"/outbound/{number}/replay-dead", token, since="2026-03-01T00:00")
    assert "Nothing has died since then." in words(lead.page)
    lead.post(f"/outbound/{number}/replay-dead", token, since="yesterday")
    assert "Not a valid datetime value" in words(lead.page)
    waiting = happens(site, number)
    lead.post(f"/outbound/{number}/deliveries/{waiting}/replay", token)
    assert "It is still on its way. Wait until it is delivered or dead." in words(lead.page)
    assert lead.post(f"/outbound/{number}/deliveries/4711/replay", token).status_code == 404


def test_only_what_has_died_since_the_moment_is_sent_again(
    site: World, lead: Visitor, receiver: WebhookReceiver
) -> None:
    number = died(site, receiver)
    site.clock.advance(2 * 86400)
    happens(site, number)
    since = site.clock.now()
    dies(site, receiver)
    lead.sign_in()
    lead.submit(f"/outbound/{number}", form="form[action$=replay-dead]", since=since.strftime("%Y-%m-%dT%H:%M"))
    assert "1 event is sent again." in words(lead.page)


def test_what_died_within_the_last_day_is_sent_again_with_the_moment_that_the_page_proposes(
    site: World, lead: Visitor, receiver: WebhookReceiver
) -> None:
    number = died(site, receiver)
    site.clock.advance(12 * 3600)
    lead.sign_in()
    lead.submit(f"/outbound/{number}", form="form[action$=replay-dead]")
    assert "1 event is sent again." in words(lead.page)


def test_deliveries_go_on_from_page_to_page(site: World, lead: Visitor) -> None:
    number = subscribed(site, "https://example.com/hook")
    made = [happens(site, number) for _ in range(PAGE + 5)]
    first = lead.read(f"/outbound/{number}?state=pending")
    older = first.select_one(".paging a[rel=next]")["href"]
    second = lead.read(older)
    shown = [one["id"] for page in (first, second) for one in page.select("ul#lines > li")]
    assert shown == [f"d{each}" for each in reversed(made)]
    assert words(second.select_one(".paging")) == "Newest"
    lost = words(lead.read(f"/outbound/{number}?cursor=nonsense"))
    assert "This place in the list is not known. Go to its first page" in lost


def test_a_payload_is_shown_as_the_text_it_is(site: World, lead: Visitor) -> None:
    number = subscribed(site, "https://example.com/hook")
    happens(site, number, HOSTILE)
    page = lead.read(f"/outbound/{number}")
    assert page.select("main script, main img") == []
    assert '<script>alert(1)</script><img src=x onerror=\\"alert(2)\\">' in page.select_one("pre.payload").get_text()


def test_answers_of_a_destination_stay_subscribed_to_when_the_rest_is_changed(site: World, lead: Visitor) -> None:
    number = subscribed(site, "http://127.0.0.1:9/hook", "responses:people", "handoff.*")
    assert "responses:people" in lead.get(f"/outbound/{number}").text
    lead.submit(f"/outbound/{number}/edit", events=["conversation.*"])
    assert Subscriptions(site.runtime).get(number).events == ("conversation.*", "responses:people")
    lead.submit(f"/outbound/{number}/edit", events=[])
    assert Subscriptions(site.runtime).get(number).events == ("responses:people",)


def test_the_deliveries_stay_up_to_date_and_are_sent_only_when_they_have_changed(site: World, lead: Visitor) -> None:
    number = subscribed(site, "https://example.com/hook")
    part = lead.read(f"/outbound/{number}?state=pending").select_one("[data-live]")["data-live"]
    version = lead.get(part).headers["ETag"]
    assert lead.get(part, headers={"If-None-Match": version}).status_code == 304
    happens(site, number)
    assert lead.get(part, headers={"If-None-Match": version}).status_code == 200


def test_an_operator_reads_it_all_but_the_secret_part_of_an_address_and_changes_nothing(site: World) -> None:
    number = subscribed(site, "https://example.com/hooks/canary?key=canary")
    happens(site, number)
    olga = with_operator(site)
    for path in ("/outbound", f"/outbound/{number}", f"/live/outbound/{number}"):
        page = olga.read(path)
        assert "example.com" in words(page) or path.startswith("/live")
        assert "canary" not in olga.answer.text
        assert page.select("main button:not([data-copy])") == []
    assert len(deliveries(olga, f"/outbound/{number}")) == 1
    assert olga.get("/outbound/new").status_code == 403
    assert olga.get(f"/outbound/{number}/edit").status_code == 403
    token = forgery(olga)
    for path in ("pause", "resume", "test", "secret", "delete", "replay-dead", "deliveries/1/replay"):
        assert olga.post(f"/outbound/{number}/{path}", token).status_code == 403, path
    Subscriptions(site.runtime).delete(number, EMAIL)
    assert "An administrator can subscribe an address." in words(olga.read("/outbound"))
