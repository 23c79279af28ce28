"""Pages that stay up to date by themselves leave people at peace: focus, menus, and what they are typing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.jobs.names import refresh_due
from core.testing.clock import FakeClock
from tests.browser.looking import Person
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, PASSWORD, Visitor
from tests.end_to_end.worlds import World

FOCUSED = "() => document.activeElement.id || document.activeElement.getAttribute('href')"


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[World]:
    """A chat that a human has, for which the AI has drafted an answer."""
    made = World(tmp_path, sqlite_url, clock)
    made.start(server=ADMINISTRATOR, extra='[channels.web]\nmode = "assist"')
    made.says("In two days.")
    made.sim.customer_writes(made.ada, "When does it come?")
    made.run(30)
    yield made
    made.stop()


@pytest.fixture
def person(world: World, chromium: Browser) -> Iterator[Person]:
    """Somebody who is signed in."""
    somebody = Person(chromium, world.url, "test_live")
    _sign_in(somebody)
    yield somebody
    somebody.leave()


def _sign_in(person: Person) -> None:
    person.go("/login")
    person.fill(email=EMAIL, password=PASSWORD)
    person.press("Sign in")
    expect(person.page.locator(".own")).to_be_visible()


def _writes(world: World, text: str) -> None:
    world.sim.customer_writes(world.ada, text, conversation=world.sim.conversations[0])
    world.run(30)


def test_who_is_typing_into_a_draft_goes_on_typing_there_whatever_arrives(world: World, person: Person) -> None:
    person.go(f"/sessions/{world.session().id}")
    field = person.page.locator(".draft textarea")
    field.focus()
    field.press("End")
    person.page.keyboard.type(" D")
    before = world.session()
    Visitor(world.url).sign_in().submit(
        f"/sessions/{before.id}", form=".write form", button="Add as private note", text="Carrier asked."
    )
    world.run(30)
    person.sees("Carrier asked.", ".thread")
    person.page.keyboard.type("ear tobe")  # these letters are commands wherever nothing is typed into
    assert field.input_value() == "In two days. Dear tobe"
    assert (world.session().status, world.session().owner) == (before.status, before.owner)


def test_a_draft_that_somebody_has_changed_outlives_its_withdrawal(world: World, person: Person) -> None:
    person.go(f"/sessions/{world.session().id}")
    field = person.page.locator(".draft textarea").first
    field.fill("In two days, Ada, with the green van.")
    world.says("In three days.")
    _writes(world, "And to Spain?")
    person.sees("There is a newer draft, or somebody has dealt with this one.", ".draft")
    assert field.input_value() == "In two days, Ada, with the green van."
    drafts = person.page.locator(".draft textarea")
    expect(drafts).to_have_count(2)
    assert drafts.nth(1).input_value() == "In three days."
    person.press("Send it as your reply")
    person.sees("The draft is on its way as your reply.")
    world.run(30)
    person.sees("In two days, Ada, with the green van.", ".thread .agent")


def test_letters_are_no_commands_while_something_is_typed_and_not_sent(world: World, person: Person) -> None:
    person.go(f"/sessions/{world.session().id}")
    person.page.locator("#text").fill("Half a sentence")
    person.page.locator("#text").blur()
    for letter in "teb":
        person.page.keyboard.press(letter)
    person.page.keyboard.press("r")
    assert person.page.evaluate(FOCUSED) == "text", "the letter that only goes somewhere still does"
    assert person.page.locator("#text").input_value() == "Half a sentence"
    assert world.session().status == "open"


def test_an_open_menu_stays_open_with_what_was_chosen_in_it(world: World, person: Person, clock: FakeClock) -> None:
    refresh_due(world.runtime)
    person.go(f"/sessions/{world.session().id}")
    person.page.locator("#more summary").click()
    chosen = person.page.locator("#assignee")
    chosen.select_option(label="Hanna Human")
    clock.advance(61)
    _writes(world, "Hello?")
    person.sees("Hello?", ".thread")
    assert person.page.evaluate("document.getElementById('more').open")
    assert chosen.input_value() == world.human.id


def test_the_line_that_has_the_focus_keeps_it_when_ages_change_and_lines_move(
    world: World, person: Person, clock: FakeClock
) -> None:
    bob = world.sim.customer("bob@example.com", "Bob Builder")
    world.sim.customer_writes(bob, "Hi there?")
    world.run(30)
    person.go("/")
    person.page.keyboard.press("j")
    person.page.keyboard.press("j")
    line = person.page.evaluate(FOCUSED)
    assert line == f"/sessions/{world.session(world.sim.conversations[0]).id}"
    clock.advance(61)
    _writes(world, "Hello?")  # its line is the first now
    person.sees("Hello?", ".inbox")
    assert person.page.evaluate(FOCUSED) == line
    person.page.keyboard.press("j")
    assert person.page.evaluate(FOCUSED) != line


def test_what_has_not_changed_is_not_said_again(world: World, person: Person, clock: FakeClock) -> None:
    person.go(f"/sessions/{world.session().id}")
    person.page.evaluate("""() => {
      window.exchanged = [];
      new MutationObserver((told) => told.forEach((one) => window.exchanged.push(
        ...[...one.addedNodes, ...one.removedNodes].filter((node) => node.id).map((node) => node.id)
      ))).observe(document.getElementById("content"), { childList: true, subtree: true });
    }""")
    with person.page.expect_response(lambda answer: "/live/" in answer.url and answer.status == 200):
        clock.advance(61)
    _writes(world, "Hello?")
    person.sees("Hello?", ".thread")
    exchanged = person.page.evaluate("window.exchanged")
    assert "messages" not in exchanged
    assert [each for each in exchanged if each.startswith("m")] == ["m3", "m4"], "what was new"
    expect(person.page.locator("#voice")).to_contain_text("4 messages")


def test_what_was_there_when_the_page_was_opened_is_not_said(world: World, person: Person) -> None:
    with person.page.expect_response(lambda answer: "/live/" in answer.url):
        person.go(f"/sessions/{world.session().id}")
    person.page.wait_for_timeout(100)
    assert person.page.locator("#voice").count() == 0


def test_what_is_typed_outlives_the_end_of_the_sign_in_and_is_sent_after_the_next(world: World, person: Person) -> None:
    person.expected = ["401"]
    person.go(f"/sessions/{world.session().id}")
    person.page.locator("#text").fill("A long answer.")
    other = person.beside()
    other.go("/account")
    other.press("Sign out everywhere")
    person.sees("You are signed out. Sign in in another tab")
    assert person.page.locator("#text").input_value() == "A long answer."
    _sign_in(other)
    expect(person.page.locator("#signed-out")).to_have_count(0, timeout=20_000)
    person.press("Send to the customer")
    person.sees("The reply is on its way.")


def test_without_a_script_what_was_typed_is_shown_when_it_could_not_be_sent(world: World, chromium: Browser) -> None:
    plain = Person(chromium, world.url, "test_live", java_script_enabled=False)
    _sign_in(plain)
    plain.go(f"/sessions/{world.session().id}")
    plain.page.locator("#text").fill("A long answer.")
    plain.page.context.clear_cookies()
    plain.expected = ["400", "401"]
    plain.press("Send to the customer")
    plain.sees("What you wrote was not sent.")
    assert plain.page.locator("textarea").input_value() == "A long answer."
    plain.leave()
