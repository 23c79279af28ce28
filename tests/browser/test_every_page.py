"""Every page there is, at both widths, light and dark: with something to show, with nothing, and with trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from core.app import create_app
from core.runtime import Runtime
from core.testing.receiver import WebhookReceiver
from core.web.guard import OWN, need_of
from tests.browser.conftest import Site
from tests.browser.furnished import LEAD, OPERATOR, PASSWORD, furnish, open_runtime
from tests.browser.looking import NARROW, WIDE, Person


@dataclass(frozen=True)
class Look:
    """A page to look at: its endpoint, its address with ids by what they are of, and how it answers.

    `by` is who looks. What is `filled` is entered, and the button pressed that reads `press`: the answer is looked at.
    """

    name: str
    endpoint: str
    path: str
    status: int = 200
    by: str = "lead"
    filled: dict[str, str] = field(default_factory=dict)
    press: str = ""


BEFORE = (
    Look("inbox-empty", "inbox.inbox", "/"),
    Look("integrations-empty", "integrations.index", "/integrations"),
    Look("activity-empty", "activity.overview", "/activity"),
    Look("events-empty", "activity.events", "/activity/events"),
    Look("decisions-empty", "activity.decisions", "/activity/decisions"),
    Look("actions-empty", "activity.actions", "/activity/actions"),
    Look("dead-empty", "activity.dead", "/activity/dead"),
    Look("destinations-empty", "destinations.index", "/destinations"),
    Look("destinations-choose-empty", "destinations.new", "/destinations/new"),
    Look("outbound-empty", "outbound.index", "/outbound"),
    Look("tokens-empty", "people.list_tokens", "/tokens"),
)
"""While nothing is connected yet."""
AFTER = (
    Look("inbox", "inbox.inbox", "/?tab=all"),
    Look("inbox-searched", "inbox.inbox", "/?q=delivery&channel=web&connection=support"),
    Look("inbox-not-found", "inbox.inbox", "/?q=nowhere+to+be+found"),
    Look("inbox-lost", "inbox.inbox", "/?cursor=none"),
    Look("session-answered", "session.session", "/sessions/{answered}"),
    Look("session-handed-off", "session.session", "/sessions/{handed_off}"),
    Look("session-drafted", "session.session", "/sessions/{drafted}"),
    Look("session-resolved", "session.session", "/sessions/{resolved}"),
    Look("integrations", "integrations.index", "/integrations"),
    Look("connection-freshchat", "integrations.connection", "/integrations/{support}"),
    Look("connection-freshdesk", "integrations.connection", "/integrations/{tickets}"),
    Look("connection-cut", "integrations.connection", "/integrations/{former}"),
    Look("connection-operator", "integrations.connection", "/integrations/{tickets}", by="operator"),
    Look("connect-freshchat", "integrations.new", "/integrations/new/freshchat"),
    Look("connect-freshdesk", "integrations.new", "/integrations/new/freshdesk"),
    Look("connect-wrong", "integrations.new", "/integrations/new/freshdesk", 422, press="Verify"),
    Look("edit-freshchat", "integrations.edit", "/integrations/{support}/edit"),
    Look("edit-freshdesk", "integrations.edit", "/integrations/{tickets}/edit"),
    Look("connect-again", "integrations.edit", "/integrations/{former}/edit"),
    Look("disconnect", "integrations.ask", "/integrations/{tickets}/disconnect"),
    Look("activity", "activity.overview", "/activity"),
    Look("events", "activity.events", "/activity/events"),
    Look("events-none", "activity.events", "/activity/events?state=failed&kind=nothing"),
    Look("event", "activity.event", "/activity/events/{event}"),
    Look("event-failed", "activity.event", "/activity/events/{failed}"),
    Look("event-rejected", "activity.event", "/activity/events/{rejected}"),
    Look("event-operator", "activity.event", "/activity/events/{failed}", by="operator"),
    Look("decisions", "activity.decisions", "/activity/decisions"),
    Look("decisions-none", "activity.decisions", "/activity/decisions?session=999"),
    Look("actions", "activity.actions", "/activity/actions"),
    Look("actions-lost", "activity.actions", "/activity/actions?cursor=none"),
    Look("dead", "activity.dead", "/activity/dead"),
    Look("destinations", "destinations.index", "/destinations"),
    Look("destinations-operator", "destinations.index", "/destinations", by="operator"),
    Look("destination-choose", "destinations.new", "/destinations/new"),
    Look("destination-new", "destinations.new", "/destinations/new?connection=support&template=create_conversation"),
    Look("destination-manual", "destinations.new", "/destinations/new?connection=tickets"),
    Look(
        "destination-wrong",
        "destinations.new",
        "/destinations/new?connection=tickets",
        422,
        filled={"url": "ftp://nowhere"},
        press="Save",
    ),
    Look("destination-edit", "destinations.edit", "/destinations/people/edit"),
    Look("destination", "destinations.destination", "/destinations/people"),
    Look("destination-failed", "destinations.destination", "/destinations/people?state=failed"),
    Look("destination-none", "destinations.destination", "/destinations/people?state=skipped"),
    Look("destination-lost", "destinations.destination", "/destinations/people?cursor=none"),
    Look("destination-waiting", "destinations.destination", "/destinations/next"),
    Look("destination-operator", "destinations.destination", "/destinations/people", by="operator"),
    Look("record-sent", "destinations.record", "/destinations/people/records/{record}"),
    Look("record-failed", "destinations.record", "/destinations/people/records/{broken}"),
    Look("record-parked", "destinations.record", "/destinations/people/records/{unknown}"),
    Look("record-operator", "destinations.record", "/destinations/people/records/{broken}", by="operator"),
    Look("answers", "destinations.answers", "/destinations/people/responses"),
    Look("answers-none", "destinations.answers", "/destinations/next/responses"),
    Look("outbound", "outbound.index", "/outbound"),
    Look("subscription", "outbound.subscription", "/outbound/{subscription}"),
    Look("subscription-paused", "outbound.subscription", "/outbound/{paused}"),
    Look("subscription-none", "outbound.subscription", "/outbound/{subscription}?state=cancelled"),
    Look("subscription-operator", "outbound.subscription", "/outbound/{subscription}", by="operator"),
    Look("subscribe", "outbound.new", "/outbound/new"),
    Look("subscribe-wrong", "outbound.new", "/outbound/new", 422, filled={"url": "ftp://nowhere"}, press="Subscribe"),
    Look("subscription-edit", "outbound.edit", "/outbound/{subscription}/edit"),
    Look("users", "people.list_users", "/users"),
    Look("users-wrong", "people.list_users", "/users", 422, filled={"email": "nobody"}, press="Make the link"),
    Look("users-link", "people.list_users", "/users", filled={"email": "new@example.com"}, press="Make the link"),
    Look("tokens", "people.list_tokens", "/tokens"),
    Look("tokens-wrong", "people.list_tokens", "/tokens", 422, press="Make the token"),
    Look("tokens-made", "people.list_tokens", "/tokens", filled={"name": "till"}, press="Make the token"),
    Look("audit", "records.entries", "/audit"),
    Look("audit-end", "records.entries", "/audit?before=1"),
    Look("account", "account.own", "/account"),
    Look("account-wrong", "account.own", "/account", 422, press="Change password"),
    Look("docs", "documentation.docs", "/api/v1/docs", by="nobody"),
    Look("sign-in", "sign_in.form", "/login", by="nobody"),
    Look("sign-in-wrong", "sign_in.form", "/login", 422, by="nobody", press="Sign in"),
    Look("welcome", "sign_in.welcome", "/welcome/{secret}", by="nobody"),
    Look("welcome-wrong", "sign_in.welcome", "/welcome/{secret}", 422, by="nobody", press="Set password"),
    Look("welcome-over", "sign_in.welcome", "/welcome/over", 404, by="nobody"),
    Look("not-allowed", "records.entries", "/audit", 403, by="operator"),
    Look("not-there", "", "/nowhere", 404),
    Look("not-there-nobody", "", "/nowhere", 404, by="nobody"),
)
"""Once there is something of everything."""
NO_PAGES = {
    "pages.static",
    "bootstrap.static",
    "health.healthz",
    "health.readyz",
    "session.attachment",
    "documentation.openapi",
    "destinations.export",
    "destinations.export_answers",
}
"""What answers to GET, and is none: files, JSON, a word to a load balancer."""
SHORTER = """() => {
  for (const list of document.querySelectorAll("main section, #schemas")) {
    [...list.children].slice(4).forEach((one) => one.remove());
  }
}"""
"""Leaves little of each part of the page of the API: axe takes minutes for all of it, and it is the same all over."""


@pytest.fixture(scope="module")
def runtime(site: Site) -> Iterator[Runtime]:
    """One of our own, beside those of the service."""
    made = open_runtime(site)
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(site: Site, chromium: Browser) -> Iterator[Callable[[str], Person]]:
    """Who looks at the pages, each with a browser of their own; signed in, but for nobody."""
    came: dict[str, Person] = {}

    def who(name: str) -> Person:
        if name not in came:
            came[name] = Person(chromium, site.url, Path(__file__).stem)
            if name == "lead":
                came[name].go(site.first_link)
                came[name].fill(email=LEAD, name="Lea Lead", password=PASSWORD, again=PASSWORD)
                came[name].press("Set password and sign in")
                came[name].sees("No helpdesk is connected yet.")
            elif name == "operator":
                came[name].go("/login")
                came[name].fill(email=OPERATOR, password=PASSWORD)
                came[name].press("Sign in")
                came[name].sees("Inbox", "h1")
        return came[name]

    yield who
    for person in came.values():
        person.leave()


@pytest.fixture(scope="module")
def places(site: Site, runtime: Runtime, people: Callable[[str], Person]) -> Iterator[dict[str, Any]]:
    """The ids of what there is, once there is something of everything."""
    people("lead")
    with WebhookReceiver() as receiver:
        yield furnish(site, runtime, receiver)


@pytest.mark.parametrize("look", BEFORE, ids=lambda look: look.name)
def test_a_page_with_nothing_to_show_can_be_shown(look: Look, people: Callable[[str], Person]) -> None:
    _look(look, people(look.by), look.path)


@pytest.mark.parametrize("look", AFTER, ids=lambda look: look.name)
def test_every_page_can_be_shown_in_any_state(
    look: Look, people: Callable[[str], Person], places: dict[str, Any]
) -> None:
    _look(look, people(look.by), look.path.format(**places))


def test_the_menus_open_within_the_page(people: Callable[[str], Person], places: dict[str, Any]) -> None:
    lead = people("lead")
    lead.go(f"/sessions/{places['answered']}")
    for size in (NARROW, WIDE):
        lead.page.set_viewport_size(size)
        for menu in ("#more", ".own"):
            lead.page.locator(f"{menu} > summary").click()
            lead.fits(f"menu-{menu[1:]}", size)
            lead.has_no_barrier(f"{menu} open")
            box = lead.page.locator(f"{menu} > div").bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size["width"]
            lead.page.locator(f"{menu} > summary").click()


def test_no_page_is_left_out(runtime: Runtime) -> None:
    app = create_app(runtime)
    seen = {look.endpoint for look in (*BEFORE, *AFTER) if look.status in (200, 422)}
    assert seen == _pages(app)


def _pages(app: Flask) -> set[str]:
    """The endpoints of all pages, but for the parts of them that stay up to date."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.endpoint not in NO_PAGES
        and not rule.rule.startswith("/live/")
        and need_of(app, rule.endpoint) != OWN
    }


def _look(look: Look, person: Person, path: str) -> None:
    person.complaints.clear()
    person.expected = [f"status of {look.status}"] if look.status >= 400 else []
    answer = person.page.goto(f"{person.url}{path}")
    if look.press:
        person.fill(**look.filled)
        with person.page.expect_navigation() as going:
            person.page.get_by_role("main").get_by_role("button", name=look.press).first.click()
        answer = going.value
    assert answer
    assert answer.status == look.status
    if look.name == "docs":
        person.fits("docs-whole", NARROW)
        person.page.evaluate(SHORTER)
    person.look(look.name)
    person.look_in_the_dark(look.name)
    person.had_no_trouble()
