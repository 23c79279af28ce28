"""The integrations pages over HTTP: connected, changed, cut and connected again by a person, at both vendors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup

from core.access import audit
from core.access.users import Role, Users
from core.flow.disconnect import disconnect
from core.jobs.backfill import run_due
from core.overview import overviews
from core.store.models import BackfillRow
from core.testing.clock import FakeClock
from plugins.freshdesk.simulator_rule_setup import install_rules
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, PASSWORD, Visitor, words
from tests.end_to_end.worlds import DeskWorld, World
from tests.unit.test_forms import Plain

WRONG = "canary-wrong-0123456789"
OPERATOR = "olga@example.com"
HELLO = "Hello from the AI."


@pytest.fixture
def chat(quick: World) -> World:
    """A Freshchat account, and a service that is not connected to it yet."""
    return quick.start(empty=True, server=f"{ADMINISTRATOR}\n")


@pytest.fixture
def tickets(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[DeskWorld]:
    """A Freshdesk account, and a service that is not connected to it yet."""
    made = DeskWorld(tmp_path, sqlite_url, clock)
    made.start(empty=True, server=f"{ADMINISTRATOR}\n")
    yield made
    made.stop()


def admin(world: World) -> Visitor:
    return Visitor(world.url).sign_in()


def operator(world: World) -> Visitor:
    users = Users(world.runtime.db, world.runtime.config.server)
    users.accept(users.invite(OPERATOR, Role.OPERATOR, EMAIL), PASSWORD, "Olga", OPERATOR)
    return Visitor(world.url).sign_in(OPERATOR)


def entered(world: World, **changed: Any) -> dict[str, str]:
    """What a person types into the form."""
    given = {"name": "support", **world.given(), **changed}
    return {key: str(value) for key, value in given.items()}


def connect(world: World, **changed: Any) -> Visitor:
    """Connect the account on the pages; the visitor then looks at the connection's page."""
    visitor = admin(world)
    visitor.submit(f"/integrations/new/{world.connector}", **entered(world, **changed))
    assert visitor.answer.status_code == 200, words(visitor.page.main)
    return visitor


def place(world: World) -> str:
    """The path of the connection's page."""
    return f"/integrations/{overviews(world.runtime)[0].id}"


def press(visitor: Visitor, path: str, button: str, **fields: str) -> str:
    """Press a button of a connection's page, whose form stands apart; returns what is then to be read."""
    page = visitor.read(path)
    [pressed] = [one for one in page.select("button[formaction]") if words(one) == button]
    visitor.post(str(pressed["formaction"]), str(page.select_one("#hand [name=csrf_token]")["value"]), **fields)
    return words(visitor.page.main)


def copied(world: World, page: BeautifulSoup, label: str) -> str:
    """What the button beside a label copies; our own address in it as the vendor of this test reaches it."""
    beside = next(one for one in page.select(".to-copy") if words(one.select_one(".to-copy-label")) == label)
    text = page.select_one(str(beside.select_one("button")["data-copy"])).get_text()
    return str(text).replace(world.runtime.config.server.base_url, world.url)


def options(page: BeautifulSoup, name: str) -> list[str]:
    """What a field offers."""
    return [words(one) for one in page.select(f"select[name={name}] option")]


def noted(world: World) -> list[str]:
    """What is in the record of changes, the first one first."""
    found, _ = audit.entries(world.runtime.db)
    return [f"{one.what} by {one.by}" for one in reversed(found) if one.what.startswith(("connection", "backfill"))]


# ---------------------------------------------------------------------------------------------------- connecting


def test_without_a_connection_the_page_says_what_there_is_to_connect_and_how_long_it_takes(chat: World) -> None:
    page = words(admin(chat).read("/integrations").main)
    assert "No helpdesk is connected yet" in page
    assert "Connect Freshchat takes about 5 minutes" in page
    seen = words(operator(chat).read("/integrations").main)
    assert "An administrator can connect one" in seen
    assert "Connect Freshchat" not in seen


def test_b17_b19_a_wrong_token_is_told_at_its_field_and_nothing_is_kept(chat: World) -> None:
    visitor = admin(chat)
    answer = visitor.submit("/integrations/new/freshchat", button="Test & Save", **entered(chat, access_token=WRONG))
    assert answer.status_code == 422
    page = visitor.page
    assert "Failed to verify credentials" in words(page.select_one("#errors"))
    assert "does not accept the token" in words(page.select_one("#error-access_token"))
    assert page.select_one("[name=default_agent_email]")["value"] == "robin@example.com"
    assert page.select_one("[name=access_token]").get("value") is None
    assert WRONG not in answer.text
    assert overviews(chat.runtime) == []
    assert noted(chat) == []


def test_b16_the_right_token_connects_and_shows_who_it_speaks_as(chat: World) -> None:
    visitor = connect(chat)
    page = words(visitor.page.main)
    assert "Speaks as Robin Assistant <robin@example.com> at 127.0.0.1" in page
    assert "Waiting for the first webhook" in page
    assert noted(chat) == [f"connection.made by {EMAIL}"]
    listed = words(visitor.read("/integrations").main)
    assert "support Freshchat connected waits for its first webhook" in listed
    assert "Connect another helpdesk" in listed


def test_b20_the_copied_address_brings_conversations_and_the_waiting_ends_by_itself(chat: World) -> None:
    visitor = connect(chat)
    live = f"/live{place(chat)}"
    first = visitor.get(live)
    unchanged = visitor.get(live, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, unchanged.status_code) == (200, 304)
    chat.sim.webhook_url = copied(chat, visitor.read(place(chat)), "Webhook address")
    conversation = chat.sim.customer_writes(chat.ada, "Hi")
    chat.run(30)
    assert chat.replies(conversation) == [HELLO]
    after = visitor.get(live, headers={"If-None-Match": first.headers["ETag"]})
    assert "Events arrive" in after.text
    assert "Waiting for the first webhook" not in after.text
    assert "Ada Customer" in words(visitor.read("/").main)


def test_b72_both_rules_are_made_of_what_is_to_be_copied(tickets: DeskWorld) -> None:
    page = connect(tickets).page
    assert copied(tickets, page, "Content of Rule 1, Ticket Creation").startswith('{"event":"ticket_created"')
    assert '"{{triggered_event}}"' in copied(tickets, page, "Content of Rule 2, Ticket Updates")
    install_rules(tickets.sim, copied(tickets, page, "URL"))
    ticket = tickets.opens()
    tickets.run(60)
    assert tickets.replies(ticket) == [HELLO]


def test_a_connector_of_a_plugin_has_a_form_without_a_template_of_its_own(
    chat: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat.runtime.plugins, "_connectors", {"plain": Plain()})
    page = admin(chat).read("/integrations/new/plain")
    kinds = {one["name"]: one.get("type", one.name) for one in page.select(".sheet [name]")}
    assert [kinds[name] for name in ("shop_id", "api_token", "speed", "loud")] == [
        "text",
        "password",
        "select",
        "checkbox",
    ]
    assert page.select_one(".sheet .btn-primary")


# ------------------------------------------------------------------------------------------------------ changing


def test_b23_a_blank_secret_stays_and_a_failed_change_leaves_the_old_at_work(chat: World) -> None:
    visitor = connect(chat)
    edit = f"{place(chat)}/edit"
    address = copied(chat, visitor.page, "Webhook address")
    assert "leave blank to keep it" in visitor.read(edit).select_one("[name=access_token]")["placeholder"]
    for wrong, field in (({"access_token": WRONG}, "access_token"), ({"timeout_seconds": "soon"}, "timeout_seconds")):
        assert visitor.submit(edit, **wrong).status_code == 422
        assert visitor.page.select_one(f"#error-{field}")
        assert "what was there goes on as before" in words(visitor.page.select_one("#errors"))
    assert visitor.page.select_one("details#advanced").has_attr("open")
    visitor.submit(edit, auto_handle_all="false")
    assert "Only those assigned to the AI's agent" in words(visitor.page.main)
    settings = chat.connections.named("support").settings
    assert (settings["access_token"].reveal(), settings["auto_handle_all"]) == (chat.sim.token, False)
    visitor.submit(edit, access_token=chat.sim.rotate_token())
    assert "webhook address is the same as before" in words(visitor.page.main)
    assert copied(chat, visitor.page, "Webhook address") == address
    assert noted(chat)[1:] == [f"connection.changed by {EMAIL}"] * 2


def test_a_new_address_asks_for_the_secret_again_at_its_field(chat: World) -> None:
    visitor = connect(chat)
    assert visitor.submit(f"{place(chat)}/edit", api_url="http://127.0.0.1:9/v2").status_code == 422
    assert "Must be entered again, because" in words(visitor.page.select_one("#error-access_token"))


def test_whoever_saves_a_form_that_is_out_of_date_is_told(chat: World) -> None:
    visitor = connect(chat)
    edit = f"{place(chat)}/edit"
    old = visitor.read(edit).select_one("[name=_revision]")["value"]
    visitor.submit(edit, auto_handle_all="false")
    assert visitor.submit(edit, _revision=old, auto_handle_all="true").status_code == 422
    told = visitor.page.select_one("#errors")
    assert f"was changed by {EMAIL} in the meantime" in words(told)
    assert told.select_one(f"a[href='{edit}']")
    assert chat.connections.named("support").settings["auto_handle_all"] is False


def test_verifying_again_tells_how_it_went_and_keeps_everything(chat: World) -> None:
    visitor = connect(chat)
    assert "Verified: it speaks as Robin Assistant" in press(visitor, place(chat), "Verify again")
    chat.sim.revoke_token()
    assert "Failed to verify credentials" in press(visitor, place(chat), "Verify again")
    assert noted(chat)[1:] == [f"connection.verified by {EMAIL}"]


# ------------------------------------------------------------------------------------------------------- pickers


def test_b65_b87_pickers_offer_what_the_account_has_and_show_names_afterwards(tickets: DeskWorld) -> None:
    tickets.sim.add_field("cf_colour", "custom_text")
    visitor = connect(tickets)
    edit = f"{place(tickets)}/edit"
    page = visitor.read(edit)
    assert options(page, "handoff_agent_id") == [
        "None",
        "Hanna Human <hanna@example.com>",
        "Olga Owner <owner@example.com>",
    ]
    assert options(page, "default_group_id") == ["None", "Support"]
    assert options(page, "marker_field") == ["None", tickets.marker.label], "checkboxes only"
    visitor.submit(edit, button="Verify", handoff_agent_id=str(tickets.human.id))
    assert "Handoff Agent Hanna Human" in words(visitor.page.main)
    assert tickets.connections.named("support").settings["handoff_agent_id"] == str(tickets.human.id)


def test_where_the_vendor_does_not_answer_a_picker_is_typed_into(tickets: DeskWorld) -> None:
    visitor = connect(tickets, default_group_id=str(tickets.support.id))
    tickets.sim.fault("list_groups", "503", times=None)
    page = visitor.read(f"{place(tickets)}/edit")
    field = page.select_one("input[name=default_group_id]")
    assert field["value"] == str(tickets.support.id)
    assert "Freshdesk did not tell its groups" in words(field.find_parent(class_="field"))


def test_choices_can_be_loaded_before_anything_is_saved(tickets: DeskWorld) -> None:
    visitor = admin(tickets)
    new = "/integrations/new/freshdesk"
    given = entered(tickets, backfill_days="7")
    assert visitor.submit(new, button="Load choices", **given).status_code == 200
    page = visitor.page
    assert options(page, "handoff_group_id") == ["None", "Support"]
    assert page.select_one("[name=backfill_days]")["value"] == "7"
    assert given["api_key"] not in visitor.answer.text
    assert visitor.submit(new, button="Load choices", **{**given, "api_key": WRONG}).status_code == 422
    assert visitor.page.select_one("#error-api_key")
    assert overviews(tickets.runtime) == []


def test_b88_b106_a_missing_marker_field_is_a_warning_on_the_pages(tickets: DeskWorld) -> None:
    visitor = connect(tickets, marker_field="cf_gone")
    assert "the account has no field cf_gone" in words(visitor.page.select_one(".remark"))
    assert "the account has no field cf_gone" in words(visitor.read("/integrations").main)
    assert options(visitor.read(f"{place(tickets)}/edit"), "marker_field")[1] == "cf_gone (not found in the account)"


# --------------------------------------------------------------------------------------- cut, and connected again


def test_disconnecting_and_connecting_again_say_what_becomes_of_the_address(chat: World) -> None:
    visitor = connect(chat)
    old = copied(chat, visitor.page, "Webhook address")
    chat.sim.webhook_url = old
    chat.sim.customer_writes(chat.ada, "Hi")
    chat.run(30)
    asked = words(visitor.read(f"{place(chat)}/disconnect").main)
    assert "new webhook address" in asked
    assert "Delete the API token" in asked
    assert "Or delete it" not in asked
    visitor.submit(f"{place(chat)}/disconnect", button="Disconnect support")
    told = words(visitor.page.main)
    assert "Disconnected. 1 open conversation must be assigned to somebody else there." in told
    assert "What to delete at Freshchat" in told
    assert not visitor.page.select(".to-copy")
    assert requests.post(old, data=b"{}", timeout=10).status_code == 404
    again = f"{place(chat)}/edit"
    assert "new webhook address" in words(visitor.read(again).main)
    assert visitor.submit(again).status_code == 422, "the secret was erased"
    visitor.submit(again, access_token=chat.sim.token)
    assert "webhook address is NEW" in words(visitor.page.main)
    assert copied(chat, visitor.page, "Webhook address") != old
    assert noted(chat)[1:] == [f"connection.{what} by {EMAIL}" for what in ("disconnected", "reconnected")]


def test_a_connection_is_deleted_only_if_nothing_ever_came_in_for_it(chat: World) -> None:
    visitor = connect(chat)
    path = place(chat)
    chat.sim.webhook_url = copied(chat, visitor.page, "Webhook address")
    page = visitor.read(f"{path}/disconnect")
    forgery = str(page.select_one("[name=csrf_token]")["value"])
    chat.sim.customer_writes(chat.ada, "Hi")
    chat.run(30)
    visitor.post(f"{path}/delete", forgery)
    assert "It has conversations, which are kept. Disconnect it instead." in words(visitor.page.main)
    connect_second = entered(chat, name="second", default_agent_email="hanna@example.com")
    visitor.submit("/integrations/new/freshchat", **connect_second)
    second = visitor.answer.url.removeprefix(chat.url)
    visitor.submit(f"{second}/disconnect", form="form[action$=delete]", button="Delete second")
    assert "The connection is deleted." in words(visitor.page.main)
    assert [one.name for one in overviews(chat.runtime)] == ["support"]
    assert noted(chat)[-1] == f"connection.deleted by {EMAIL}"


# ---------------------------------------------------------------------------------------------- the import of the past


def test_b93_a_backfill_is_estimated_begun_watched_and_called_off_on_the_page(tickets: DeskWorld) -> None:
    for _ in range(3):
        tickets.opens()
    tickets.clock.advance(3600)
    visitor = connect(tickets)
    path = place(tickets)
    assert "3 conversations wait there" in press(visitor, path, "How much is it?", days="10")
    assert visitor.page.select_one("[name=days]")["value"] == "10"
    assert "Must be more than 0" in press(visitor, path, "How much is it?", days="many")
    assert "The import begins" in press(visitor, path, "Import", days="10")
    assert "it begins shortly" in words(visitor.page.select_one("#bar"))
    assert "called off" in press(visitor, path, "Call it off")
    press(visitor, path, "Import again", days="10")
    run_due(tickets.runtime, lambda: False)
    assert "3 conversations imported" in words(visitor.read(path).select_one("#result"))
    begun = f"backfill.begun by {EMAIL}"
    assert noted(tickets)[1:] == [begun, f"backfill.called_off by {EMAIL}", begun]


def test_an_import_shows_how_far_it_is_and_how_long_it_takes(tickets: DeskWorld) -> None:
    visitor = connect(tickets)
    connection = overviews(tickets.runtime)[0].id
    now = tickets.clock.now()
    with tickets.runtime.db.write():
        BackfillRow.create(
            connection=connection,
            state="running",
            since=now,
            until=now,
            created_at=now,
            started_at=now,
            found=250,
            imported=250,
            expected=1000,
        )
    tickets.clock.advance(300)
    for path in (place(tickets), "/integrations"):
        page = visitor.read(path)
        assert "250 of about 1,000 so far; about 15 minutes left" in words(page.main)
        assert (page.progress["value"], page.progress["max"]) == ("250", "1000")


# ------------------------------------------------------------------------------------------- who may see and do what


def test_a_connection_of_the_file_is_read_only_and_says_where_it_stands(tmp_path: Path, clock: FakeClock) -> None:
    world = World(tmp_path, f"sqlite:///{tmp_path}/relaydesk.db", clock)
    try:
        world.start(server=ADMINISTRATOR)
        visitor = admin(world)
        page = visitor.read(place(world))
        assert f"{tmp_path}/config.toml" in words(page.main)
        assert 'name = "support"' in words(page.main)
        assert copied(world, page, "Webhook address") == world.webhook_url
        assert "Edit" not in [words(one) for one in page.select(".btn")]
        assert "Verified: it speaks as" in press(visitor, place(world), "Verify again")
        forgery = str(page.select_one("[name=csrf_token]")["value"])
        for what in ("edit", "disconnect", "delete"):
            visitor.post(f"{place(world)}/{what}", forgery)
            assert "is read-only here" in words(visitor.page.main)
        assert visitor.get(f"{place(world)}/disconnect").url.endswith(place(world))
    finally:
        world.stop()


def test_verifying_again_does_not_connect_what_somebody_disconnects_meanwhile(tmp_path: Path, clock: FakeClock) -> None:
    world = World(tmp_path, f"sqlite:///{tmp_path}/relaydesk.db", clock)
    try:
        world.start(server=ADMINISTRATOR)
        connector = world.runtime.plugins.connectors[world.connector]
        verify = connector.verify

        def overtaken(settings: Any, http: Any) -> Any:
            connector.verify = verify  # type: ignore[method-assign]
            found = verify(settings, http)
            disconnect(world.runtime, world.connections.named("support"))  # type: ignore[arg-type]
            return found

        visitor, old = admin(world), world.webhook_url
        connector.verify = overtaken  # type: ignore[method-assign]
        told = press(visitor, place(world), "Verify again")
        assert "It was changed or disconnected while the vendor was asked. Look at what it is now." in told
        [left] = overviews(world.runtime)
        assert (left.state, left.connection.active) == ("disconnected", False)
        assert requests.post(old, data=b"{}", timeout=10).status_code == 404
    finally:
        world.stop()


def test_operators_read_the_integrations_without_the_address_and_change_nothing(tickets: DeskWorld) -> None:
    connect(tickets)
    olga = operator(tickets)
    path = place(tickets)
    for at in ("/integrations", path, f"/live{path}", "/live/integrations"):
        text = olga.get(at).text
        assert "Robin Assistant" in text
        assert "/webhooks/" not in text
    page = olga.read(path)
    assert "an administrator sees it here" in words(page.main)
    assert page.select("main form, main button[formaction]") == []
    for target in (f"{path}/edit", f"{path}/disconnect", "/integrations/new/freshdesk"):
        assert olga.get(target).status_code == 403


def test_no_secret_gets_into_any_page(tickets: DeskWorld) -> None:
    canary = "canary-webhook-secret-0123"
    visitor = connect(tickets, webhook_secret=canary)
    key = str(tickets.given()["api_key"])
    path = place(tickets)
    for at in ("/integrations", path, f"/live{path}", f"{path}/edit", f"{path}/disconnect", "/audit"):
        text = visitor.get(at).text
        assert visitor.answer.status_code == 200
        assert not [secret for secret in (key, canary) if secret in text]
    visitor.submit(f"{path}/edit", api_key=WRONG, webhook_secret="short")
    assert visitor.answer.status_code == 422
    assert not [secret for secret in (WRONG, "short", canary) if f'"{secret}"' in visitor.answer.text]
    assert not visitor.page.select_one("[name=_remove_webhook_secret]").has_attr("checked")
    visitor.submit(f"{path}/edit", _remove_webhook_secret="1", requests_per_minute="many")
    assert visitor.answer.status_code == 422
    again = visitor.page.select_one("[name=_remove_webhook_secret]")
    assert again.has_attr("checked"), "what was ticked is lost, and the next save keeps the secret"
    visitor.submit(f"{path}/edit", _remove_webhook_secret="1")
    assert tickets.connections.named("support").settings["webhook_secret"] is None
