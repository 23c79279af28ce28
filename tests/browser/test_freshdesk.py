"""The same afternoon with Freshdesk: tickets that waited are imported, one is answered, handed over and given back."""

from __future__ import annotations

from typing import Any

from plugins.freshdesk.simulator_rule_setup import install_rules
from tests.browser.conftest import Site
from tests.browser.looking import Person

PASSWORD = "a password for this afternoon"


def _account(sim: Any) -> tuple[Any, Any, Any]:
    robin = sim.add_agent("robin@example.com", "Robin Assistant", admin=True)
    hanna = sim.add_agent("hanna@example.com", "Hanna Human")
    sim.add_group("Support", hanna)
    sim.add_field("cf_opencx_handed_off", "custom_checkbox")
    ada = sim.customer("ada@example.com", "Ada Customer")
    for number in range(12):
        sim.customer_opens(
            sim.customer(f"old{number}@example.com", f"Old Customer {number}"), f"Old {number}", "Hello?"
        )
    return robin, hanna, ada


def test_from_the_import_to_a_ticket_that_is_given_back(site: Site, person: Person) -> None:
    sim = site.freshdesk
    robin, hanna, ada = _account(sim)
    person.expected = ["422", "409"]
    person.go(site.first_link)
    person.fill(email="lead@example.com", password=PASSWORD, again=PASSWORD)
    person.press("Set password and sign in")

    person.go("/integrations")
    person.press("Connect Freshdesk")
    person.look("1-connect")
    person.page.locator("#advanced summary").click()
    person.fill(name="tickets", api_key="a wrong key", api_url=sim.api_url)
    person.press("Verify")
    person.sees("Nothing was kept.")
    person.fill(api_key=sim.key_for(robin))
    person.press("Load choices from Freshdesk")
    person.sees("has told what there is to choose from")
    person.look("2-choices")
    person.fill(api_key=sim.key_for(robin))
    person.page.get_by_label("Handoff Group").select_option(label="Support")
    person.press("Verify")
    person.sees("speaks as Robin Assistant")

    # Both texts to paste are there, and the import goes on by itself to its end.
    assert person.page.locator("[data-copy]").count() >= 3
    person.look("3-set-up")
    person.sees("12 conversations imported")
    person.look("4-imported")
    url = person.page.locator(str(person.page.locator("[data-copy]").first.get_attribute("data-copy"))).inner_text()
    install_rules(sim, url)

    ticket = sim.customer_opens(ada, "My order", "Hello, how long does delivery take?")
    person.go("/")
    person.sees("My order")
    person.look("5-inbox")
    person.page.get_by_role("link", name="My order").click()
    person.sees("Parcels are delivered", ".thread .ai")
    sim.customer_writes(ticket, "Thanks, but I would like to talk to a human, please.")
    person.sees("Handed off by the AI", ".thread .private")
    person.sees("group ", ".session-head")
    person.look("6-handed-off")

    person.press("Give back to the AI")
    person.sees("The AI has the session again.")
    sim.customer_writes(ticket, "Good. And can I pay by PayPal?")
    person.sees("PayPal and bank transfer", ".thread .ai")
    person.press("Take over")
    person.sees("You have the session now.")
    person.fill(text="This is Lea; I have your order here.")
    person.press("Add as private note")
    person.sees("I have your order here.", ".thread .private")
    sim.agent_resolves(ticket, hanna)
    person.sees("resolved", ".session-head .tags")
    person.look("7-resolved")
