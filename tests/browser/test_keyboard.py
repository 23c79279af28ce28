"""Everything by keyboard alone, and without a script."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site
from tests.browser.looking import PATIENCE, Person

PASSWORD = "a password for this afternoon"


def test_a_conversation_is_worked_by_keyboard_alone_at_phone_width_and_then_without_a_script(
    site: Site, person: Person, chromium: Browser
) -> None:
    sim = site.freshchat
    sim.add_agent("robin@example.com", "Robin Assistant")
    page, keys = person.page, person.page.keyboard
    page.set_viewport_size({"width": 390, "height": 844})
    person.go(site.first_link)
    for text in ("lead@example.com", "Lea Lead", PASSWORD, PASSWORD):
        _tab_to(person, "INPUT")
        keys.type(text)
    keys.press("Enter")
    person.sees("No helpdesk is connected yet.")

    # To the integrations by a key, and through the form field by field.
    keys.press("g")
    keys.press("c")
    person.sees("Connect a helpdesk")
    _tab_to(person, "A", "Connect Freshchat")
    keys.press("Enter")
    person.sees("Test & Save")
    wanted = {
        "f-name": "support",
        "f-access_token": sim.token,
        "f-default_agent_email": "robin@example.com",
        "f-api_url": sim.api_url,
    }
    for identifier, text in wanted.items():
        if identifier == "f-api_url":
            _tab_to(person, "SUMMARY", "Advanced")
            keys.press("Enter")
        _tab_to(person, "INPUT", identifier=identifier)
        keys.press("Control+A")
        keys.type(text)
    keys.press("Enter")
    person.sees("speaks as Robin Assistant")
    button = page.locator("[data-copy]").first
    sim.webhook_url = page.locator(str(button.get_attribute("data-copy"))).inner_text()

    ada = sim.customer("ada@example.com", "Ada Customer")
    sim.customer_writes(ada, "How long does delivery take?")
    keys.press("g")
    keys.press("i")
    person.sees("Ada Customer")
    keys.press("j")
    keys.press("Enter")
    person.sees("Parcels are delivered", ".thread .ai")
    keys.press("t")
    person.sees("You have the session now.")
    keys.press("r")
    keys.type("Hello Ada, Lea here.")
    _tab_to(person, "BUTTON", "Send to the customer")
    keys.press("Enter")
    person.sees("Hello Ada, Lea here.", ".thread .agent")
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    person.look("keys")
    keys.press("Escape")
    keys.press("e")
    person.sees("Closed here, and the helpdesk is told.")
    keys.press("/") if page.locator("#q").count() else keys.press("u")
    _work_without_a_script(site, chromium)


def _work_without_a_script(site: Site, chromium: Browser) -> None:
    plain = Person(chromium, site.url, "plain", java_script_enabled=False)
    plain.go("/login")
    plain.fill(email="lead@example.com", password=PASSWORD)
    plain.press("Sign in")
    plain.go("/?tab=all")
    plain.page.get_by_role("link", name="Ada Customer").click()
    plain.page.get_by_role("button", name="Open again", exact=True).click()
    plain.sees("Open again, here and in the helpdesk.")
    plain.fill(text="Written without a script.")
    plain.press("Add as private note")
    plain.sees("The note is on its way.")
    plain.leave()


def _tab_to(person: Person, tag: str, words: str = "", identifier: str = "") -> None:
    """Go on by the tabulator until the right thing has the focus; what has it can be seen."""
    for _ in range(80):
        person.page.keyboard.press("Tab")
        focused = person.page.evaluate(
            "() => { const at = document.activeElement;"
            " return [at.tagName, at.innerText || '', at.id, getComputedStyle(at).outlineStyle]; }"
        )
        if focused[0] == tag and words in focused[1] and identifier in ("", focused[2]):
            return
    raise AssertionError(f"no {tag} {words or identifier} by keyboard")
