"""Hostile text, from wherever it may come: it is shown as the text it is, and nothing of it is ever done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Dialog, Request, expect

from core.access import tokens
from core.access.tokens import Scope
from core.access.users import Role, Users
from core.runtime import Runtime
from core.store.models import ActionRow, EventRow
from core.subscriptions import Subscriptions
from core.testing.receiver import WebhookReceiver
from plugins.freshdesk.simulator_state import PHONE
from tests.browser.conftest import Site
from tests.browser.furnished import LEAD, PASSWORD, connect_both, open_runtime, session_of, webhook_url
from tests.browser.hostile import FOREIGN, RUN, VECTORS, in_parts
from tests.browser.looking import NARROW, PATIENCE, WIDE, Person

NAME = f"<img src=x onerror={RUN}>\"'><script>{RUN}</script>"
CHAT, TICKET = in_parts(12), in_parts(40)
IMAGE = f'"><svg onload={RUN}>'
OURS = (
    "a article aside b body br button code dd details dialog div dl dt em fieldset footer form h1 h2 h3 h4 header hr "
    "html i input label legend li link main meta meter nav ol option p pre progress script section select small span "
    "strong summary textarea time title head ul"
)
"""The elements that our own pages consist of."""
FORBIDDEN = """(ours) => [...document.querySelectorAll("*")].filter((one) => {
  const attributes = [...one.attributes];
  const elsewhere = (name) => {
    const to = one.getAttribute(name);
    if (to === null) return false;
    const url = new URL(to, document.baseURI);
    const allowed = [location.origin, ...ours.origins];
    return !["http:", "https:"].includes(url.protocol) || !allowed.includes(url.origin);
  };
  const names = attributes.map((each) => each.name);
  return !ours.elements.split(" ").includes(one.localName) || names.some((each) => /^(on|style$|srcdoc$)/i.test(each))
    || (one.localName === "script" && !one.src) || ["href", "src", "action", "formaction", "data-live"].some(elsewhere);
}).map((one) => one.outerHTML.slice(0, 200))"""
"""What is in a page and is none of ours: elements, handlers, scripts within it, and ways out of it."""


class Witness:
    """Somebody at the pages, whose browser tells of all that happens beside what is meant to."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.person = Person(browser, site.url, "test_hostile")
        self.page = self.person.page
        self.dialogs: list[str] = []
        self.asked: list[str] = []
        self._host = urlsplit(site.url).netloc
        self._outside = [f"http://{urlsplit(sim.api_url).netloc}" for sim in (site.freshchat, site.freshdesk)]
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', (one) => console.error(`violation: ${one.blockedURI}`))"
        )
        self.page.on("dialog", self._dismiss)
        self.page.on("request", self._note)
        self.page.context.on("page", lambda page: self.asked.append(f"a new window: {page.url}"))

    def reads(self, path: str, status: int = 200) -> None:
        """Open a page, and find nothing in it and around it but what is ours."""
        self.person.expected = [f"status of {status}"] if status >= 400 else []
        answer = self.page.goto(f"{self.person.url}{path}")
        assert answer
        assert answer.status == status, path
        self.is_safe(path)

    def is_safe(self, told: str) -> None:
        """Find nothing in the page as it is now, and around it, but what is ours."""
        self.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        ours = {"elements": OURS, "origins": [*self._outside, "https://www.standardwebhooks.com"]}
        assert self.page.evaluate(FORBIDDEN, ours) == [], told
        assert self.page.evaluate("window.pwned === undefined"), told
        assert self.dialogs == [], told
        assert self.asked == [], told
        self.person.had_no_trouble()

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _note(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self._host and not request.url.startswith("data:image/svg"):
            self.asked.append(request.url)


@dataclass(frozen=True)
class Stage:
    """The site with hostile text in every place, and the ids of its sessions."""

    site: Site
    runtime: Runtime
    chat: int
    ticket: int
    call: int
    conversation: Any


@pytest.fixture(scope="module")
def witness(site: Site, chromium: Browser) -> Iterator[Witness]:
    made = Witness(chromium, site)
    made.person.go(site.first_link)
    made.person.fill(email=LEAD, name=NAME, password=PASSWORD, again=PASSWORD)
    made.person.press("Set password and sign in")
    yield made
    made.person.leave()


@pytest.fixture(scope="module")
def stage(site: Site, witness: Witness) -> Iterator[Stage]:
    """Whatever somebody else can write anywhere is hostile."""
    runtime = open_runtime(site)
    with WebhookReceiver() as receiver:
        Subscriptions(runtime).create(receiver.url, ["*"], NAME, LEAD)
        site.freshchat.add_agent("hanna@example.com", NAME)
        hanna = site.freshdesk.add_agent("hanna@example.com", NAME)
        site.freshdesk.add_group(NAME, hanna)
        connect_both(site, runtime)
        Users(runtime.db, runtime.config.server).invite("late@example.com", Role.OPERATOR, LEAD, NAME)
        tokens.make(runtime.db, NAME[:100], (Scope.READ,), LEAD)
        chat = _chat(site)
        ticket, call = _tickets(site, hanna)
        for body in (f'{{"action": {IMAGE}', json.dumps({"action": NAME, "actor": {}, "data": {"conversation": NAME}})):
            requests.post(webhook_url(site, runtime, "support"), data=body.encode(), timeout=10)
        witness.person.go("/?tab=all")
        expect(witness.page.locator("ul.inbox > li")).to_have_count(3, timeout=PATIENCE)
        numbers = [session_of(runtime, one) or 0 for one in (chat, ticket, call)]
        for path, written in ((numbers[0], len(CHAT) + 1), (numbers[1], len(TICKET) + 3)):
            witness.person.go(f"/sessions/{path}")
            expect(witness.page.locator(f"#messages > li:nth-child({written})")).to_be_attached(timeout=PATIENCE)
        yield Stage(site, runtime, *numbers, conversation=chat)
    runtime.close()


def _chat(site: Site) -> Any:
    sim = site.freshchat
    user = sim.customer("ada@example.com", NAME)
    for text in CHAT:
        conversation = sim.customer_writes(user, text, file=(f"{IMAGE}.pdf", b"%PDF-1.4"))
    sim.agent_writes(conversation, sim.agents[-1], NAME, private=True)
    return conversation


def _tickets(site: Site, hanna: Any) -> tuple[Any, Any]:
    """A ticket whose body is the markup itself, and one whose text reads like it."""
    sim = site.freshdesk
    sim.webhooks.hold()
    customer = sim.customer("grace@example.com", NAME)
    ticket = sim.customer_opens(
        customer, NAME, "x", attachments=[(f"{IMAGE}.png", b"GIF89a"), (f"{NAME}.html", b"<b>")]
    )
    ticket.description = "\n".join(VECTORS)
    for text in TICKET:
        sim.customer_writes(ticket, text)
    sim.customer_writes(ticket, "x").body = "\n".join(reversed(VECTORS))
    sim.agent_notes(ticket, hanna, "\n".join(VECTORS[:40]))
    call = sim.customer_opens(customer, "Call", "Can I pay by PayPal?", source=PHONE)
    sim.webhooks.release()
    assert sim.wait_for(lambda: len(sim.thread(call)) > 1, PATIENCE / 1000), "there is no draft"
    return ticket, call


def test_there_are_enough_of_them() -> None:
    assert len(set(VECTORS)) >= 100


def test_what_the_watching_looks_for_is_found_where_there_is_no_escaping(witness: Witness) -> None:
    page = witness.page.context.browser.new_page()  # type: ignore[union-attr]
    ours = {"elements": OURS, "origins": []}
    page.route("**/*", lambda route: route.abort())
    seen = 0
    for vector in VECTORS:
        page.set_content(f"<p>{vector}</p>", wait_until="commit")
        seen += bool(page.evaluate(FORBIDDEN.replace("document.baseURI", "'http://localhost/'"), ours))
    page.close()
    assert seen > 100


def test_a_session_shows_hostile_messages_as_they_were_written(witness: Witness, stage: Stage) -> None:
    witness.reads(f"/sessions/{stage.chat}")
    shown = _plain(witness.page.locator("#messages").text_content() or "")
    assert [vector for vector in VECTORS if _plain(vector) not in shown] == []
    for size in (NARROW, WIDE):
        witness.person.fits("session", size)


def test_what_arrives_while_a_page_is_open_is_text_too(witness: Witness, stage: Stage) -> None:
    witness.reads(f"/sessions/{stage.chat}")
    sim = stage.site.freshchat
    sim.customer_writes(stage.conversation.user, f"{NAME}\nnow", conversation=stage.conversation)
    witness.person.sees(f"{NAME}\nnow", "#messages li:last-child")
    witness.is_safe("a session that has changed")


def test_a_ticket_of_hostile_markup_does_nothing(witness: Witness, stage: Stage) -> None:
    witness.reads(f"/sessions/{stage.ticket}")
    shown = _plain(witness.page.locator("#messages").text_content() or "")
    assert [vector for vector in VECTORS[:120] if _plain(vector) not in shown] == []
    assert _plain(NAME) in _plain(witness.page.locator("#head").text_content() or "")
    for file in witness.page.locator(".file a").all():
        answer = witness.page.request.get(f"{witness.person.url}{file.get_attribute('href')}")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["content-type"] in ("image/png", "application/octet-stream")


def test_every_other_page_shows_hostile_text_as_text(witness: Witness, stage: Stage) -> None:
    numbers = {one.name: one.id for one in stage.runtime.connections.made_on_pages()}
    for path in (
        "/?tab=all",
        f"/?q={quote(NAME)}",
        "/?q=pwned&channel=%3Cscript%3E",
        f"/activity/events?kind={quote(NAME)}",
    ):
        witness.reads(path)
    for path in ("/activity", "/activity/events", "/activity/decisions", "/activity/actions", "/activity/dead"):
        witness.reads(path)
    for number in numbers.values():
        witness.reads(f"/integrations/{number}")
        witness.reads(f"/integrations/{number}/edit")
    for path in (
        "/integrations",
        "/outbound",
        "/outbound/1",
        "/users",
        "/tokens",
        "/audit",
        "/account",
        "/api/v1/docs",
    ):
        witness.reads(path)
    witness.reads(f"/nowhere/{quote(NAME)}", 404)


def test_every_event_shows_its_hostile_payload_as_text(witness: Witness, stage: Stage) -> None:
    with stage.runtime.db.read():
        kinds = [(row.kind, row.state, row.id) for row in EventRow.select().order_by(EventRow.id)]
    of_each = {(kind, state): number for kind, state, number in kinds}
    assert ("malformed", "rejected") in of_each
    for number in of_each.values():
        witness.reads(f"/activity/events/{number}")


def test_a_hostile_reply_and_a_hostile_draft_are_text_too(witness: Witness, stage: Stage) -> None:
    text = "\n".join(VECTORS[:100]).replace("\x00", "")
    with stage.runtime.db.write():
        draft = ActionRow.get(ActionRow.session == stage.call, ActionRow.purpose == "draft")
        ActionRow.update(text=text).where(ActionRow.id == draft.id).execute()
    witness.reads(f"/sessions/{stage.call}")
    written = witness.page.locator(f"#draft-{draft.id}").input_value()
    assert _plain(written) == _plain(text)
    witness.person.fill(text=f"{NAME} {IMAGE}")
    witness.person.press("Send to the customer")
    witness.person.sees(f"{NAME} {IMAGE}", ".thread .agent")
    witness.is_safe("a reply")
    assert FOREIGN in text


def _plain(text: str) -> str:
    """A text without what is not seen of it, and what is kept of it differently."""
    return re.sub(r"[\s\x00-\x1f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+", "", text)
