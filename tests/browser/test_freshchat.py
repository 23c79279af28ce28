"""A support lead's first afternoon with Freshchat, in a browser: from the first link to a resolved conversation."""

from __future__ import annotations

import requests

from tests.browser.conftest import Site
from tests.browser.looking import Person

PASSWORD = "a password for this afternoon"


def test_from_the_first_link_to_a_resolved_conversation(site: Site, person: Person) -> None:
    sim = site.freshchat
    robin = sim.add_agent("robin@example.com", "Robin Assistant")
    hanna = sim.add_agent("hanna@example.com", "Hanna Human")
    ada = sim.customer("ada@example.com", "Ada Customer")
    person.expected = ["422", "409", "401"]

    # The one-time link that the service has printed makes the first administrator.
    person.go(site.first_link)
    person.look("1-welcome")
    person.fill(email="lead@example.com", name="Lea Lead", password=PASSWORD, again=PASSWORD)
    person.press("Set password and sign in")
    person.sees("No helpdesk is connected yet.")
    person.look("2-inbox-empty")
    person.page.locator(".own summary").click()
    person.press("Sign out")
    person.look("3-sign-in")
    person.fill(email="lead@example.com", password="not the password")
    person.press("Sign in")
    person.sees("The e-mail address or the password is wrong.")
    person.fill(password=PASSWORD)
    person.press("Sign in")

    # A wrong token is told at its field, and nothing is kept; with the right one there is an identity.
    person.press("Connect one")
    person.look("4-integrations-empty")
    person.press("Connect Freshchat")
    person.look("5-connect-freshchat")
    person.page.locator("#advanced summary").click()
    person.fill(name="support", access_token="a-wrong-token", default_agent_email="robin@example.com")
    person.fill(api_url=sim.api_url)
    person.press("Test & Save")
    person.sees("Failed to verify credentials")
    person.sees("Nothing was kept.")
    person.look("6-wrong-token")
    assert "a-wrong-token" not in person.page.content()
    person.fill(access_token=sim.token)
    person.press("Test & Save")
    person.sees("speaks as Robin Assistant")
    person.sees("Waiting for the first webhook…")
    assert sim.token not in person.page.content()
    person.look("7-set-up")

    # The address is copied with one click, and pasted at the vendor.
    button = person.page.locator("[data-copy]").first
    address = person.page.locator(str(button.get_attribute("data-copy"))).inner_text()
    button.click()
    person.sees("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == address
    sim.webhook_url = address

    # A customer writes: what waited for it turns by itself, and the session appears without reloading.
    conversation = sim.customer_writes(ada, "How long does delivery take?")
    person.sees("Events arrive.")
    person.go("/")
    person.sees("Ada Customer")
    grace = sim.customer("grace@example.com", "Grace Customer")
    person.page.evaluate("window.untouched = true")
    sim.customer_writes(grace, "Can I pay by PayPal?")
    person.sees("Grace Customer")
    person.sees("AI answers", ".inbox")
    assert person.page.evaluate("window.untouched"), "the page was reloaded"
    person.look("8-inbox")

    # The AI answers; then a human is asked for, and the note is unmistakably private.
    person.page.get_by_role("link", name="Ada Customer").click()
    person.sees("Parcels are delivered", ".thread .ai")
    person.look("9-session")
    sim.customer_writes(ada, "Thanks, but I would like to talk to a human, please.")
    person.sees("I would like to talk to a human", ".thread .customer")
    note = person.sees("Handed off by the AI", ".thread .private")
    assert note.is_visible()
    person.sees("Private note", ".thread .private")
    person.sees("handed off", ".session-head")
    person.look("10-handed-off")

    # A person takes over, answers, and resolves on both sides.
    person.page.locator("#more summary").click()
    person.page.get_by_label("Take over, and assign").select_option(label="Hanna Human")
    person.press("Take over and assign")
    person.sees("You have the session now.")
    assert sim.wait_for(lambda: sim.assignee(conversation) is hanna, 20)
    person.fill(text="Hi Ada, this is Lea. Your parcel is on its way.")
    person.press("Send to the customer")
    person.sees("Your parcel is on its way.", ".thread .agent")
    person.sees("lead@example.com", ".thread .agent")
    assert _public(sim, conversation)[-1] == (robin.id, "Hi Ada, this is Lea. Your parcel is on its way.")
    person.page.get_by_role("button", name="Resolve", exact=True).click()
    person.sees("Closed here, and the helpdesk is told.")
    person.sees("resolved", ".session-head")
    assert sim.wait_for(lambda: conversation.status == "resolved", 20)
    person.look("11-resolved")
    assert requests.get(f"{site.url}/readyz", timeout=10).ok


def _public(sim: object, conversation: object) -> list[tuple[str, str]]:
    thread = sim.thread(conversation)  # type: ignore[attr-defined]
    return [(message.actor_id, message.text) for message in thread if message.message_type == "normal"]
