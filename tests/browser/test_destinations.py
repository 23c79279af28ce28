"""The editor of destinations shows what each setting does; one is tried, activated, fed and mended at each vendor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site
from tests.browser.furnished import LEAD, PASSWORD, connect_both, open_runtime
from tests.browser.looking import NARROW, PATIENCE, WIDE, Person

RECORDS = json.dumps(
    [
        {"id": 1, "city": "Rome", "email": "ann@x.example", "secret": "of Ann"},
        {"id": 2, "city": "Oslo", "email": "bob@x.example", "secret": "of Bob"},
        {"id": 3, "city": "Rome", "email": "cid@x.example", "secret": "of Cid"},
    ]
)
MANUAL = "/destinations/new?connection=tickets"
PEOPLE = "/destinations/new?connection=support&template=create_end_user"


@pytest.fixture(scope="module")
def lead(site: Site, chromium: Browser) -> Iterator[Person]:
    """Who has connected both helpdesks, and is signed in."""
    somebody = Person(chromium, site.url, "test_destinations")
    somebody.expected = ["422"]
    somebody.go(site.first_link)
    somebody.fill(email=LEAD, password=PASSWORD, again=PASSWORD)
    somebody.press("Set password and sign in")
    runtime = open_runtime(site)
    connect_both(site, runtime)
    runtime.close()
    yield somebody
    somebody.leave()


# --------------------------------------------------------------------------------------------------- every setting


def fill(**fields: str) -> Callable[[Person], None]:
    return lambda person: person.fill(**fields)


def choose(name: str, value: str) -> Callable[[Person], None]:
    return lambda person: _void(person.page.locator(f"[name='{name}']").select_option(value))


def tick(name: str) -> Callable[[Person], None]:
    return lambda person: person.page.locator(f"#{name}").check()


def _void(_: Any) -> None:
    return None


@dataclass(frozen=True)
class Change:
    """A setting that is changed, after others that it takes for granted: then some `words` are in the samples.

    What is `gone` was there before, and is not any more.
    """

    name: str
    do: Callable[[Person], None]
    words: str = ""
    gone: str = ""
    first: tuple[Callable[[Person], None], ...] = ()
    path: str = MANUAL


BATCHED = (tick("f-batch"),)
NAMED = (fill(**{"always:first_name": "Ann"}),)
CHANGES = (
    Change("name", fill(name="other"), "/api/v1/destinations/other/records", "/api/v1/destinations/freshdesk-records/"),
    Change("method", choose("method", "PATCH"), "PATCH", "POST http"),
    Change("url", fill(url="/things/{id}"), "/things/3", "/contacts"),
    Change("take", tick("take-chosen"), "No attribute is chosen."),
    Change("attribute", fill(row0_from="city"), '"town": "Rome"', "", (tick("take-chosen"), fill(row0_name="town"))),
    Change("constant", fill(row0_always="true"), '"vip": true', "", (fill(row0_name="vip"),)),
    Change("field", fill(row0_name="vip"), '"vip": 7', "It is missing", (fill(row0_always="7"),)),
    Change("exclude", fill(exclude="secret"), "Never sent: secret.", '"secret"'),
    Change("headers", fill(headers="X-Team:sales,X-Desk:7"), "X-Desk: 7"),
    Change("key", fill(key="id"), "A record is known by its id", "all that it holds"),
    Change("unique", fill(unique="city"), "Of those equal in city, the first is written."),
    Change("keep", choose("keep", "last"), "the last is written", "the first is written", (fill(unique="city"),)),
    Change("batch", tick("f-batch"), "3 records", "Each record is a call of its own."),
    Change("batch_size", fill(batch_size="2"), "2 records", "3 records", BATCHED),
    Change(
        "group_by", choose("batch_group_by", "field"), "it says by which attribute records are grouped", "", BATCHED
    ),
    Change(
        "batch_field",
        fill(batch_field="id"),
        "that are equal in id",
        "2 records",
        (*BATCHED, choose("batch_group_by", "field"), fill(batch_field="city")),
    ),
    Change(
        "batch_bytes",
        fill(batch_bytes="150"),
        "no more than 150 bytes",
        "3 records",
        (*BATCHED, choose("batch_group_by", "bytes")),
    ),
    Change("batch_time", choose("batch_group_by", "time"), "that come within 1 s", "", BATCHED),
    Change("batch_seconds", fill(batch_seconds="30"), "waits 30 s for more", "waits 1 s", BATCHED),
    Change("batch_under", fill(batch_under="contacts"), '"contacts": [', "", BATCHED),
    Change("source", choose("source", "events"), "It names none."),
    Change(
        "events",
        lambda person: person.page.get_by_label("A conversation was closed").check(),
        "What happens here is written by itself: conversation.closed.",
        "",
        (choose("source", "events"),),
    ),
    Change("response", tick("f-response"), "Every answer is kept as responses:freshdesk-records."),
    Change(
        "answers_to",
        fill(answers_to="https://x.example/hook"),
        "posted to https://x.example/hook",
        "",
        (tick("f-response"),),
    ),
    Change("records", fill(records='[{"id": 77}]'), '"id": 77', '"id": 3'),
    Change("exists", choose("exists", "update"), "it is brought up to date", "the record fails", (), PEOPLE),
    Change("of a template", fill(**{"always:last_name": "Byron-King"}), '"last_name": "Byron-King"', "", NAMED, PEOPLE),
    Change(
        "attribute of a template",
        fill(**{"from:email": "secret"}),
        '"email": "of Ann"',
        '"phone"',
        (tick("take-chosen"), fill(**{"from:first_name": "id"})),
        PEOPLE,
    ),
    Change("look-up", fill(url="/contacts/{user(email)}"), "‹user ann@x.example›"),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_setting_changes_the_samples(lead: Person, change: Change) -> None:
    lead.go(change.path)
    lead.fill(records=RECORDS)
    if change.path == MANUAL:
        lead.fill(url="/contacts")
    for before in change.first:
        before(lead)
    samples = lead.page.locator("#samples")
    if change.gone:
        expect(samples).to_contain_text(change.gone, timeout=PATIENCE)
    change.do(lead)
    expect(samples).to_contain_text(change.words, timeout=PATIENCE)
    if change.gone:
        expect(samples).not_to_contain_text(change.gone, timeout=PATIENCE)
    lead.had_no_trouble()


def test_what_is_wrong_is_told_while_it_is_entered_and_what_is_opened_stays_open(lead: Person) -> None:
    lead.go(PEOPLE)
    lead.fill(records=json.dumps([{"first_name": "Ann", "email": "ann@x.example"}, {"email": "bob@x.example"}]))
    lead.sees("First_name: is missing, and the vendor wants it.", "#samples")
    lead.look("broken-sample")
    lead.page.locator("#samples summary").first.click()
    lead.fill(headers="nonsense")
    lead.sees('"nonsense" is not of the form name:value', "#samples")
    lead.fill(headers="X-Team:sales")
    lead.sees("X-Team: sales", "#samples")


# ------------------------------------------------------------------------------------------------ from new to mended


@dataclass(frozen=True)
class Vendor:
    """Where people are written to."""

    connection: str
    template: str
    label: str
    first: str
    """The field that holds a name."""


VENDORS = (
    Vendor("support", "create_end_user", "Create end-user", "first_name"),
    Vendor("tickets", "create_contact", "Create a contact", "name"),
)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.connection)
def test_a_file_is_written_to_a_vendor_and_what_failed_is_mended(lead: Person, vendor: Vendor) -> None:
    page, name = lead.page, f"people-{vendor.connection}"
    lead.go("/destinations")
    lead.press("New destination")
    page.get_by_role("link", name=f"Choose {vendor.label} for {vendor.connection}").click()
    lead.fill(name=name, key="E-mail")
    page.get_by_label("Choose what is sent").check()
    lead.fill(**{f"from:{vendor.first}": "Name", "from:email": "E-mail"})
    lead.fill(records=json.dumps([{"Name": "Test Person", "E-mail": f"test-{vendor.connection}@x.example"}]))
    lead.sees(f'"{vendor.first}": "Test Person"', "#samples")
    lead.press("Send test data")
    lead.sees("has taken it", "#tested")
    lead.look(f"{name}-tested")
    page.get_by_label("Keep every answer").check()
    lead.press("Save")
    lead.sees("Saved. Nothing is sent before you activate it.")
    rows = f"Name,E-mail\nAnn A,ann-{vendor.connection}@x.example\n,bob-{vendor.connection}@x.example\n"
    page.locator("#file").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    lead.press("Take it in")
    lead.sees("2 records read: 1 accepted, 0 known before, 0 duplicates, 1 broken.")
    lead.look(f"{name}-taken-in")
    lead.press("Activate")
    # The service sends it, and the page asks for how far it has come.
    lead.sees("1 of 2 written", "#state")
    page.locator("#state").get_by_role("link", name="1 failed").click()
    page.get_by_role("link", name=f"bob-{vendor.connection}@x.example").click()
    lead.sees("is missing, and the vendor wants it")
    lead.look(f"{name}-failed")
    lead.fill(text=json.dumps({"Name": "Bob B", "E-mail": f"bob-{vendor.connection}@x.example"}))
    lead.press("Send again")
    lead.sees("It is sent again as it stands now.")
    lead.go(f"/destinations/{name}")
    lead.sees("2 of 2 written", "#state")
    lead.look(f"{name}-written")
    page.get_by_role("link", name=f"Kept as responses:{name}").click()
    expect(page.locator("#lines > li")).to_have_count(2, timeout=PATIENCE)


# ----------------------------------------------------------------------------------------- keyboard, and no script


def test_a_destination_is_made_by_keyboard_alone_at_phone_width(lead: Person) -> None:
    page, keys = lead.page, lead.page.keyboard
    page.set_viewport_size(NARROW)
    lead.go("/")
    keys.press("g")
    keys.press("d")
    lead.sees("Destinations", "h1")
    lead.go(PEOPLE)
    _tab_to(lead, "f-name")
    keys.press("Control+A")
    keys.type("by-keyboard")
    _tab_to(lead, "take-same")
    keys.press("ArrowDown")
    _tab_to(lead, "f-from:first_name")
    keys.type("email")
    _tab_to(lead, "f-from:email")
    keys.type("email")
    lead.sees('"first_name": "ada@example.com"', "#samples")
    # Enter makes samples, and neither saves nor sends.
    keys.press("Enter")
    expect(page.locator("#f-name")).to_have_value("by-keyboard", timeout=PATIENCE)
    expect(page).to_have_url(f"{lead.url}{PEOPLE}")
    page.set_viewport_size(WIDE)


def _tab_to(person: Person, identifier: str) -> None:
    for _ in range(60):
        person.page.keyboard.press("Tab")
        if person.page.evaluate("document.activeElement.id") == identifier:
            return
    raise AssertionError(f"no {identifier} by keyboard")


def test_the_editor_works_without_a_script(lead: Person, site: Site, chromium: Browser) -> None:
    plain = Person(chromium, site.url, "plain", java_script_enabled=False)
    plain.go("/login")
    plain.fill(email=LEAD, password=PASSWORD)
    plain.press("Sign in")
    plain.go(MANUAL)
    plain.fill(name="no-script", url="/contacts", records=RECORDS)
    plain.press("Update samples")
    plain.sees('"city": "Rome"', "#samples")
    lines = plain.page.locator("[name$='_name']").count()
    plain.press("More lines")
    expect(plain.page.locator("[name$='_name']")).to_have_count(lines + 3, timeout=PATIENCE)
    plain.press("Save")
    plain.sees("Saved. Nothing is sent before you activate it.")
    plain.leave()
