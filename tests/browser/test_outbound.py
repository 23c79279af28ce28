"""A receiver of outbound events is subscribed and tried in a browser; what the activity pages look like meanwhile."""

from __future__ import annotations

from core.testing.receiver import WebhookReceiver
from tests.browser.conftest import Site
from tests.browser.looking import Person

PASSWORD = "a password for this afternoon"


def test_an_address_is_subscribed_and_what_it_answers_appears_by_itself(site: Site, person: Person) -> None:
    person.expected = ["422"]
    person.go(site.first_link)
    person.fill(email="lead@example.com", password=PASSWORD, again=PASSWORD)
    person.press("Set password and sign in")
    for name in ("activity", "activity/events", "activity/decisions", "activity/actions", "activity/dead", "outbound"):
        person.go(f"/{name}")
        person.look(f"empty-{name.replace('/', '-')}")

    person.press("Subscribe an address")
    person.fill(url="ftp://example.com")
    person.press("Subscribe")
    person.sees("It does not begin with http")
    person.look("refused")
    with WebhookReceiver() as receiver:
        receiver.answers = [410]
        person.fill(url=receiver.url)
        person.page.get_by_label("All about handoffs").check()
        person.press("Subscribe")
        person.sees("Copy it now: it is not shown again.")
        person.look("secret")
        person.press("Send a test event")
        # The service sends it, and the page asks for what has become of it.
        person.sees("it answered 410 (gone): it wants no more events")
        person.page.locator("summary", has_text="Payload").first.click()
        person.page.locator("summary", has_text="Delete the subscription").click()
        person.look("given-up")
        person.go("/activity/dead")
        person.sees("subscription.test")
        person.look("dead")
        person.go("/outbound/1")
        person.press("Resume")
        person.press("Send again")
        person.sees("answered 200")
        assert len(receiver.received) == 2
