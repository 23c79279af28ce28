"""The simulated Freshdesk's contacts over real HTTP, made and changed with all they may have, and the refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_state import Contact

Call = Callable[..., requests.Response]
FULL = {
    "name": "Ada",
    "email": "ada@example.com",
    "phone": "+44 1",
    "mobile": "+44 2",
    "twitter_id": "ada",
    "unique_external_id": "ada-1",
    "other_emails": ["second@example.com"],
    "job_title": "Engineer",
    "description": "The first.",
    "address": "London",
    "language": "de",
    "time_zone": "London",
    "tags": ["vip"],
    "company_id": 7,
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        yield running


@pytest.fixture
def call(sim: FreshdeskSimulator) -> Call:
    def send(method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, sim.api_url + path, **{"auth": (sim.api_key, "X"), "timeout": 5, **options})

    return send


@pytest.fixture
def ada(sim: FreshdeskSimulator) -> Contact:
    return sim.customer("ada@example.com", "Ada", unique_external_id="ada-1", twitter_id="ada")


def problems(answer: requests.Response) -> tuple[int, list[tuple[str, str]]]:
    assert answer.json()["description"] == "Validation failed"
    return answer.status_code, [(one["field"], one["code"]) for one in answer.json()["errors"]]


def test_a_contact_shows_all_it_was_made_with(sim: FreshdeskSimulator, call: Call) -> None:
    sim.add_contact_field("department")
    sim.add_contact_field("permanent", "custom_checkbox")
    made = call("POST", "/contacts", json={**FULL, "custom_fields": {"department": "Sales"}})
    assert made.status_code == 201
    assert made.headers["Location"] == f"{sim.api_url}/contacts/{made.json()['id']}"
    shown = call("GET", f"/contacts/{made.json()['id']}").json()
    assert {name: shown[name] for name in FULL} == FULL
    assert shown["custom_fields"] == {"department": "Sales", "permanent": None}


def test_a_change_replaces_lists_and_merges_custom_fields(sim: FreshdeskSimulator, call: Call) -> None:
    sim.add_contact_field("department")
    sim.add_contact_field("region")
    path = f"/contacts/{call('POST', '/contacts', json=FULL).json()['id']}"
    call("PUT", path, json={"custom_fields": {"department": "Sales"}, "tags": ["new"]})
    shown = call("PUT", path, json={"custom_fields": {"region": "North"}, "other_emails": []}).json()
    assert shown["custom_fields"] == {"department": "Sales", "region": "North"}
    assert (shown["tags"], shown["other_emails"], shown["name"]) == (["new"], [], "Ada")


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({}, [("name", "missing_field"), ("email", "missing_field")]),
        ({"name": "Bo"}, [("email", "missing_field")]),
        ({"name": "Bo", "email": "nobody"}, [("email", "invalid_value")]),
        ({"name": "Bo", "phone": 12}, [("phone", "datatype_mismatch")]),
        ({"name": " ", "phone": "12"}, [("name", "invalid_value")]),
        ({"name": "Bo", "phone": "12", "tags": "vip"}, [("tags", "datatype_mismatch")]),
        ({"name": "Bo", "phone": "12", "other_emails": [1]}, [("other_emails", "invalid_value")]),
        ({"name": "Bo", "phone": "12", "company_id": "7"}, [("company_id", "datatype_mismatch")]),
        ({"name": "Bo", "phone": "12", "colour": "red"}, [("colour", "invalid_field")]),
        ({"name": "Bo", "phone": "12", "custom_fields": {"x": 1}}, [("x", "invalid_field")]),
        ({"name": "Bo", "phone": "12", "custom_fields": {"permanent": "yes"}}, [("permanent", "datatype_mismatch")]),
    ],
)
def test_a_contact_that_is_not_valid_is_refused(
    sim: FreshdeskSimulator, call: Call, sent: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    sim.add_contact_field("permanent", "custom_checkbox")
    assert problems(call("POST", "/contacts", json=sent)) == (400, found)
    assert sim.account.contacts == {}


@pytest.mark.parametrize("verb", ["POST", "PUT"])
@pytest.mark.parametrize(
    "taken",
    [
        {"email": "ADA@example.com"},
        {"unique_external_id": "ada-1"},
        {"twitter_id": "ada"},
        {"other_emails": ["ada@example.com"]},
    ],
)
def test_what_is_unique_is_a_conflict_that_names_whose_it_is(
    sim: FreshdeskSimulator, call: Call, ada: Contact, verb: str, taken: dict[str, Any]
) -> None:
    path = "/contacts" if verb == "POST" else f"/contacts/{sim.customer('bo@example.com').id}"
    answer = call(verb, path, json={"name": "Bo", "phone": "12", **taken})
    assert problems(answer) == (409, [(next(iter(taken)), "duplicate_value")])
    assert answer.json()["errors"][0]["additional_info"] == {"user_id": ada.id}


def test_a_contact_may_be_given_what_it_has_already(call: Call, ada: Contact) -> None:
    sent = {"email": "ada@example.com", "unique_external_id": "ada-1", "name": "Ada Byron"}
    assert call("PUT", f"/contacts/{ada.id}", json=sent).json()["name"] == "Ada Byron"


def test_phone_numbers_may_be_shared(call: Call) -> None:
    for name in ("Ada", "Bo"):
        assert call("POST", "/contacts", json={"name": name, "phone": "+44 1"}).status_code == 201
    assert [one["name"] for one in call("GET", "/contacts", params={"phone": "+44 1"}).json()] == ["Ada", "Bo"]


@pytest.mark.parametrize("state", ["blocked", "deleted"])
def test_a_blocked_or_deleted_contact_cannot_be_changed(call: Call, ada: Contact, state: str) -> None:
    """Documentation, changelog of April 2016."""
    setattr(ada, state, True)
    answer = call("PUT", f"/contacts/{ada.id}", json={"name": "x"})
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (405, b"", "GET")
    assert ada.name == "Ada"


def test_a_contact_that_is_not_there_is_404_with_an_empty_body(sim: FreshdeskSimulator, call: Call) -> None:
    answer = call("PUT", f"/contacts/{sim.owner.id}", json={"name": "x"})
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("name", ["email", "phone", "mobile", "unique_external_id"])
def test_contacts_are_listed_by_what_they_are_known_by(call: Call, name: str) -> None:
    made = call("POST", "/contacts", json=FULL).json()
    call("POST", "/contacts", json={"name": "Bo", "email": "bo@example.com"})
    assert [one["id"] for one in call("GET", "/contacts", params={name: FULL[name]}).json()] == [made["id"]]
    assert call("GET", "/contacts", params={name: "other@example.com"}).json() == []


def test_an_account_may_have_no_filter_by_external_id(sim: FreshdeskSimulator, call: Call) -> None:
    sim.quirks.external_id_filter = False
    answer = call("GET", "/contacts?unique_external_id=ada-1")
    assert problems(answer) == (400, [("unique_external_id", "invalid_field")])
