"""The simulated Freshdesk API, asked over real HTTP by a plain client: credentials, errors, people and set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator, build

Call = Callable[..., requests.Response]


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


# ------------------------------------------------------------------------------------------ credentials, errors


def test_a_wrong_key_is_401_with_code_and_message(call: Call) -> None:
    answer = call("GET", "/agents/me", auth=("wrong", "X"))
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_credentials"
    assert set(answer.json()) == {"code", "message"}


def test_the_password_beside_a_key_does_not_matter(sim: FreshdeskSimulator, call: Call) -> None:
    assert call("GET", "/agents/me", auth=(sim.api_key, "anything")).status_code == 200


def test_a_reset_key_ends_at_once_and_a_revoked_one_too(sim: FreshdeskSimulator, call: Call) -> None:
    old = (sim.api_key, "X")
    sim.rotate_key()
    assert call("GET", "/agents/me", auth=old).status_code == 401
    assert call("GET", "/agents/me").status_code == 200
    new = (sim.api_key, "X")
    sim.revoke_key()
    assert sim.api_key is None
    assert call("GET", "/agents/me", auth=new).status_code == 401


@pytest.mark.parametrize("status", [401, 403])
def test_the_key_of_a_deactivated_agent_ends_to_work(sim: FreshdeskSimulator, call: Call, status: int) -> None:
    """Behaviour 69: deactivation stops the integration."""
    agent = sim.add_agent("hal@example.com")
    sim.quirks.deactivated_status = status
    sim.deactivate(agent)
    assert call("GET", "/agents/me", auth=(sim.key_for(agent), "X")).status_code == status


@pytest.mark.parametrize("path", ["/agents", "/roles", "/groups", "/admin/groups", "/admin/ticket_fields"])
def test_what_only_administrators_may_is_403_access_denied_for_others(
    sim: FreshdeskSimulator, call: Call, path: str
) -> None:
    """Vendor facts, section 4: the only reliable test of whether a key is an administrator's."""
    agent = sim.add_agent("hal@example.com")
    answer = call("GET", path, auth=(sim.key_for(agent), "X"))
    assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")
    assert call("GET", path).status_code == 200


def test_me_works_for_any_agent_and_says_nothing_of_administrators(sim: FreshdeskSimulator, call: Call) -> None:
    agent = sim.add_agent("hal@example.com", "Hal")
    shown = call("GET", "/agents/me", auth=(sim.key_for(agent), "X")).json()
    assert (shown["id"], shown["contact"]["email"], shown["contact"]["name"]) == (agent.id, "hal@example.com", "Hal")
    assert "email" not in shown
    assert "admin" not in str(shown).lower()


def test_what_does_not_exist_is_404_with_an_empty_body(call: Call) -> None:
    answer = call("GET", "/tickets/4711")
    assert (answer.status_code, answer.content) == (404, b"")
    assert call("GET", "/nothing").content == b""


def test_an_unknown_subdomain_answers_404_with_a_page(sim: FreshdeskSimulator, call: Call) -> None:
    sim.quirks.unknown_domain = True
    answer = call("GET", "/agents/me")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_wrong_verb_is_405_and_says_which_are_allowed(call: Call) -> None:
    answer = call("PATCH", "/tickets/1", json={})
    assert answer.status_code == 405
    assert {"GET", "PUT", "DELETE"} <= {one.strip() for one in answer.headers["Allow"].split(",")}


def test_content_that_is_neither_json_nor_a_form_is_415(call: Call) -> None:
    assert call("POST", "/tickets", data="subject=x", headers={"Content-Type": "text/plain"}).status_code == 415


def test_a_client_that_takes_no_json_is_406(call: Call) -> None:
    assert call("GET", "/agents/me", headers={"Accept": "text/html"}).status_code == 406


def test_broken_json_is_400_with_a_code_of_the_other_family(call: Call) -> None:
    answer = call("POST", "/tickets", data="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_a_fault_strikes_an_endpoint_by_its_name(sim: FreshdeskSimulator, call: Call) -> None:
    sim.fault("me", "503")
    assert call("GET", "/agents/me").status_code == 503
    assert call("GET", "/agents/me").status_code == 200


# -------------------------------------------------------------------------------------------- agents, groups


def test_agents_are_found_by_email_in_a_bare_array(sim: FreshdeskSimulator, call: Call) -> None:
    agent = sim.add_agent("Hal@example.com")
    found = call("GET", "/agents", params={"email": "hal@example.com"}).json()
    assert [one["id"] for one in found] == [agent.id]
    assert call("GET", "/agents", params={"email": "nobody@example.com"}).json() == []


def test_lists_have_30_a_page_and_a_link_header_until_the_last(sim: FreshdeskSimulator, call: Call) -> None:
    for number in range(34):
        sim.add_agent(f"agent{number}@example.com")
    first = call("GET", "/agents")
    assert len(first.json()) == 30
    assert first.links["next"]["url"] == f"{sim.api_url}/agents?page=2"
    second = requests.get(first.links["next"]["url"], auth=(sim.api_key, "X"), timeout=5)
    assert len(second.json()) == 5
    assert "Link" not in second.headers


def test_more_than_100_a_page_are_refused(call: Call) -> None:
    answer = call("GET", "/agents?per_page=101")
    assert answer.status_code == 400
    assert answer.json()["description"] == "Validation failed"
    assert answer.json()["errors"][0]["field"] == "per_page"


def test_the_names_of_roles_tell_what_role_ids_mean(sim: FreshdeskSimulator, call: Call) -> None:
    names = {one["id"]: one["name"] for one in call("GET", "/roles").json()}
    assert names[call("GET", "/agents/me").json()["role_ids"][0]] == "Account Administrator"


def test_a_group_tells_its_agents_and_a_removed_one_is_gone(sim: FreshdeskSimulator, call: Call) -> None:
    agent = sim.add_agent("hal@example.com")
    group = sim.add_group("Billing", agent)
    assert call("GET", f"/groups/{group.id}").json()["agent_ids"] == [agent.id]
    sim.remove_group(group)
    assert call("GET", f"/groups/{group.id}").status_code == 404


def test_a_deleted_agent_becomes_a_contact_with_the_same_id(sim: FreshdeskSimulator, call: Call) -> None:
    agent = sim.add_agent("hal@example.com", "Hal")
    assert call("GET", f"/contacts/{agent.id}").status_code == 404
    ticket = sim.customer_opens(sim.customer("ada@example.com"), "Parcel", "Where?", responder_id=agent.id)
    sim.remove_agent(agent)
    assert call("GET", f"/agents/{agent.id}").status_code == 404
    assert call("GET", f"/contacts/{agent.id}").json()["name"] == "Hal"
    assert ticket.responder_id is None


# --------------------------------------------------------------------------------------------------- contacts


def test_contacts_are_found_by_email_whatever_its_case(sim: FreshdeskSimulator, call: Call) -> None:
    ada = sim.customer("Ada+shop@example.com", "Ada")
    sim.customer("bob@example.com", "Bob")
    found = call("GET", "/contacts", params={"email": "ada+shop@example.com"}).json()
    assert [one["id"] for one in found] == [ada.id]


def test_a_plus_that_was_not_encoded_finds_nobody(sim: FreshdeskSimulator, call: Call) -> None:
    sim.customer("ada+shop@example.com", "Ada")
    assert call("GET", "/contacts?email=ada+shop@example.com").json() == []


def test_blocked_and_deleted_contacts_are_listed_only_if_asked_for(sim: FreshdeskSimulator, call: Call) -> None:
    sim.customer("bad@example.com", "Bad", blocked=True)
    assert call("GET", "/contacts").json() == []
    assert [one["name"] for one in call("GET", "/contacts?state=blocked").json()] == ["Bad"]


def test_a_second_contact_with_an_email_is_a_conflict(sim: FreshdeskSimulator, call: Call) -> None:
    ada = sim.customer("ada@example.com", "Ada")
    answer = call("POST", "/contacts", json={"name": "Other", "email": "ada@example.com"})
    assert answer.status_code == 409
    problem = answer.json()["errors"][0]
    assert (problem["field"], problem["code"]) == ("email", "duplicate_value")
    assert problem["additional_info"] == {"user_id": ada.id}


def test_a_contact_is_created_and_changed(call: Call) -> None:
    made = call("POST", "/contacts", json={"name": "Ada", "phone": "+49123"})
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["phone"]) == (None, "+49123")
    path = f"/contacts/{made.json()['id']}"
    assert call("PUT", path, json={"email": "ada@example.com"}).json()["email"] == "ada@example.com"
    assert len(call("GET", "/contacts?email=ada@example.com").json()) == 1


def test_an_account_can_hide_the_email_of_contacts(sim: FreshdeskSimulator, call: Call) -> None:
    ada = sim.customer("ada@example.com")
    ticket = sim.customer_opens(ada, "Parcel", "Where?")
    sim.quirks.hidden_contact_email = True
    assert call("GET", f"/contacts/{ada.id}").json()["email"] is None
    assert call("GET", f"/tickets/{ticket.id}?include=requester").json()["requester"]["email"] is None


# ----------------------------------------------------------------------------------------- fields, the account


def test_ticket_fields_show_a_checkbox_by_name_and_type(sim: FreshdeskSimulator, call: Call) -> None:
    sim.add_field("handed_off")
    found = call("GET", "/ticket_fields?type=custom_checkbox").json()
    assert [(one["name"], one["type"], one["default"]) for one in found] == [
        ("cf_handed_off", "custom_checkbox", False)
    ]
    sim.remove_field("cf_handed_off")
    assert call("GET", "/ticket_fields?type=custom_checkbox").json() == []


def test_old_accounts_append_a_number_to_the_names_of_fields(sim: FreshdeskSimulator, call: Call) -> None:
    sim.quirks.field_suffix = "_12345"
    sim.add_field("handed_off")
    assert call("GET", "/ticket_fields?type=custom_checkbox").json()[0]["name"] == "cf_handed_off_12345"


def test_the_status_field_tells_the_labels_of_custom_statuses(sim: FreshdeskSimulator, call: Call) -> None:
    number = sim.add_status("Waiting on Customer")
    choices = call("GET", "/ticket_fields?type=default_status").json()[0]["choices"]
    assert number == 6
    assert choices["2"][0] == "Open"
    assert choices["6"][0] == "Waiting on Customer"


def test_settings_and_account_are_shown(sim: FreshdeskSimulator, call: Call) -> None:
    sim.plan = "pro"
    assert call("GET", "/settings/helpdesk").json()["primary_language"] == "en"
    assert call("GET", "/account").json()["tier_type"] == "Pro"


def test_an_account_for_demonstrations_has_the_key_at_its_ai() -> None:
    with build(token="secret-key", agent_email="robin@example.com", clock=FakeClock()) as sim:
        shown = requests.get(f"{sim.api_url}/agents/me", auth=("secret-key", "X"), timeout=5).json()
        assert shown["contact"]["email"] == "robin@example.com"
        assert sim.api_key == "secret-key"
        assert any("secret-key" in line for line in sim.banner())
        assert [one["contact"]["email"] for one in sim.state()["agents"]][1:] == [
            "robin@example.com",
            "hanna@example.com",
        ]
