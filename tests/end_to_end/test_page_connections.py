"""Connections that are made on the pages: tried first, stored sealed, changed, cut and connected again."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from core.choices import choices, choices_for_form
from core.config import check_plugin_settings, load_config
from core.connecting import NoConnection, ReadOnly, delete, disconnect, test_and_save
from core.connections import Connections
from core.directory import names
from core.errors import ConfigError
from core.forms import NotSaved
from core.jobs.dispatch import drain_all_due
from core.jobs.names import refresh_due
from core.logs import redact
from core.overview import overviews, setup
from core.provisioning import provision
from core.runtime import Runtime
from core.sealing import Sealer
from core.store.models import (
    ActionRow,
    BackfillRow,
    BudgetRow,
    ConnectionRow,
    CursorRow,
    DirectoryRow,
    LeaseRow,
)
from plugins.freshchat.simulator import FreshchatSimulator
from tests.end_to_end.test_connection_life import command

ANN = "ann@acme.example"
BOB = "bob@acme.example"
HELLO = "Hello from the AI."
WRONG = "canary-wrong-token-0123456789"
KEY = "a secret key that is only good for these tests, and long"


def everything(runtime: Runtime) -> dict[str, list[dict[str, Any]]]:
    """What the tables around connections hold; the budget is left out, which every call changes."""
    tables = (ConnectionRow, CursorRow, BackfillRow, DirectoryRow, LeaseRow)
    with runtime.db.read():
        return {table.__name__: list(table.select().order_by(table.id).dicts()) for table in tables}


def row(world: Any, name: str = "support") -> ConnectionRow:
    with world.runtime.db.read():
        found: ConnectionRow = ConnectionRow.get(ConnectionRow.name == name, ~ConnectionRow.provisioned)
    return found


def change(world: Any, *, by: str = BOB, **given: Any) -> Any:
    return test_and_save(world.runtime, world.connector, "support", given, by, existing=row(world).id)


def again(world: Any) -> Runtime:
    """The runtime of another process on the same file and store: it shares nothing but the store."""
    runtime = world.runtime
    config = check_plugin_settings(load_config(world.folder / "config.toml"), runtime.plugins)
    sealer = Sealer(config.server.secret_key, config.server.former_secret_keys)
    connections = Connections(config, runtime.plugins, runtime.db, world.clock, sealer)
    return dataclasses.replace(runtime, config=config, sealer=sealer, connections=connections)


def answered(world: Any, text: str = "Hi") -> None:
    before = world.sim.customer_writes(world.sim.customer(f"{len(text)}{text[:2]}@example.com"), text)
    world.run(30)
    assert world.replies(before) == [HELLO], world.decisions()


# ------------------------------------------------------------------------------------------------- test and save


@pytest.mark.parametrize(
    ("wrong", "key", "words"),
    [
        ({"access_token": WRONG}, "access_token", "does not accept the token"),
        ({"default_agent_email": "nobody@example.com"}, "default_agent_email", "has no agent with the email"),
        ({"access_token": ""}, "access_token", "is missing"),
        ({"default_agent_email": "robin"}, "default_agent_email", "not a valid email"),
        ({"acess_token": "x"}, "acess_token", "there is no such setting"),
        ({"requests_per_minute": "many"}, "requests_per_minute", "not a valid integer"),
        ({"api_url": "http://127.0.0.1:9/v2"}, "", "127.0.0.1:9 gave no usable answer"),
        ({"access_token": {"file": "/etc/hostname"}}, "access_token", "must be a text, and not a reference"),
    ],
)
def test_b17_what_does_not_work_is_told_by_field_and_nothing_of_it_is_kept(
    world: Any, wrong: dict[str, Any], key: str, words: str
) -> None:
    world.start(empty=True)
    before = everything(world.runtime)
    with pytest.raises(NotSaved) as caught:
        world.connect(**wrong)
    assert (caught.value.key, words in caught.value.problem) == (key, True), caught.value
    assert caught.value.mend or "; make a token" in caught.value.problem, "what is to be done is told once"
    assert WRONG not in str(caught.value) + repr(caught.value)
    assert everything(world.runtime) == before
    assert world.connections.named("support") is None


def test_b19_a_refused_credential_is_told_in_the_words_that_users_know(world: Any) -> None:
    world.start(empty=True)
    with pytest.raises(NotSaved, match=r"^Failed to verify credentials: access_token: ") as caught:
        world.connect(access_token=WRONG)
    assert caught.value.headline == "Failed to verify credentials"


def test_all_mistakes_of_a_form_are_told_at_once(world: Any) -> None:
    world.start(empty=True)
    with pytest.raises(NotSaved) as caught:
        world.connect(default_agent_email="robin", requests_per_minute="many", update_verb="POST")
    assert {each.key for each in caught.value.errors} == {"default_agent_email", "requests_per_minute", "update_verb"}


def test_b16_b17_what_works_is_stored_with_its_identity_and_answers_customers(world: Any) -> None:
    world.start(empty=True)
    identity = world.connect()
    assert identity.agent_email == "robin@example.com"
    answered(world)
    [each] = overviews(world.runtime)
    assert (each.name, each.origin, each.state, each.error, each.editable) == ("support", "pages", "active", "", True)
    assert (each.saved_by, each.saved_at is not None, each.place) == (ANN, True, "")
    assert each.identity == identity


def test_a_name_that_is_taken_by_page_or_file_or_is_no_name_is_refused(world: Any) -> None:
    world.start(server="api_url_on_pages = true")
    for name, words in {"support": "the configuration file has a connection", "Not good": "must be small"}.items():
        with pytest.raises(NotSaved, match=words) as caught:
            test_and_save(world.runtime, world.connector, name, world.given(), ANN)
        assert caught.value.key == "name"
    other_agent = world.given(default_agent_email="hanna@example.com")
    test_and_save(world.runtime, world.connector, "second", other_agent, ANN)
    with pytest.raises(NotSaved, match="there is a connection of this name"):
        test_and_save(world.runtime, world.connector, "second", other_agent, ANN)


def test_two_people_who_make_the_same_connection_at_once_make_one(world: Any) -> None:
    world.start(empty=True)
    meanwhile = [True]
    connector = world.runtime.plugins.connectors[world.connector]
    verify = connector.verify

    def slow(settings: Any, http: Any) -> Any:
        if meanwhile.pop() if meanwhile else False:
            world.connect()
        return verify(settings, http)

    connector.verify = slow
    with pytest.raises(NotSaved, match="there is a connection of this name"):
        test_and_save(world.runtime, world.connector, "support", world.given(), BOB)
    assert row(world).saved_by == ANN


def test_an_address_that_is_not_the_vendors_is_refused_unless_the_file_allows_it(world: Any) -> None:
    world.start()
    for address in (world.sim.api_url, "http://acme.freshchat.com/v2", "https://acme.freshchat.com.evil.example/v2"):
        with pytest.raises(NotSaved, match="is not an address of Freshchat's own") as caught:
            test_and_save(world.runtime, world.connector, "second", world.given(api_url=address), ANN)
        assert caught.value.key == "api_url"
    assert len(overviews(world.runtime)) == 1


def test_an_address_that_the_file_does_not_allow_any_more_is_not_used(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    file = world.folder / "config.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("api_url_on_pages = true", ""), encoding="utf-8")
    other = again(world)
    [each] = overviews(other)
    assert each.state == "off"
    assert "is not an address of Freshchat's own" in each.error
    assert other.connections.get(each.id) is None


# ---------------------------------------------------------------------------------- one account, one connection


def second(world: Any, **changed: Any) -> Any:
    return test_and_save(world.runtime, world.connector, "second", world.given(**changed), BOB)


def test_an_account_that_has_a_connection_gets_no_second_one_which_would_answer_everybody_twice(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    before = everything(world.runtime)
    with pytest.raises(NotSaved) as caught:
        second(world)
    account = world.sim.url.removeprefix("http://")
    assert caught.value.problem == (
        f"the connection support speaks as Robin Assistant at {account} already, and both would answer every customer"
    )
    assert caught.value.mend == "Keep to support, or disconnect it first."
    assert everything(world.runtime) == before
    answered(world)
    second(world, default_agent_email="hanna@example.com")
    other, same = row(world, "second").id, {"default_agent_email": "robin@example.com"}
    with pytest.raises(NotSaved, match="the connection support speaks as Robin Assistant"):
        test_and_save(world.runtime, world.connector, "second", same, BOB, existing=other)
    change(world, auto_handle_all=False)


def test_an_account_whose_connection_was_cut_may_be_connected_under_another_name_and_then_not_under_the_first(
    world: Any,
) -> None:
    world.start(empty=True)
    world.connect()
    disconnect(world.runtime, row(world).id, BOB)
    second(world)
    with pytest.raises(NotSaved, match="the connection second speaks as Robin Assistant"):
        change(world, access_token=world.sim.token)
    assert [each.state for each in overviews(world.runtime)] == ["active", "disconnected"]


def test_two_people_who_connect_an_account_under_two_names_at_once_make_one_connection(world: Any) -> None:
    world.start(empty=True)
    connector = world.runtime.plugins.connectors[world.connector]
    verify, both = connector.verify, threading.Barrier(2)

    def together(settings: Any, http: Any) -> Any:
        found = verify(settings, http)
        both.wait(20)
        return found

    connector.verify = together
    told: list[str] = []

    def save(name: str) -> None:
        try:
            test_and_save(world.runtime, world.connector, name, world.given(), ANN)
            told.append("saved")
        except NotSaved as problem:
            told.append(problem.problem.partition(" speaks")[2][:22])

    threads = [threading.Thread(target=save, args=(name,)) for name in ("support", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == [" as Robin Assistant at", "saved"]
    assert len(overviews(world.runtime)) == 1


def test_of_two_connections_of_the_file_to_one_account_the_later_is_off_and_says_why(world: Any) -> None:
    world.start(empty=True)
    file = world.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    for name in ("support", "chats"):
        text += f'\n[[connections]]\nname = "{name}"\nconnector = "freshchat"\napi_url = "{world.sim.api_url}"\n'
        text += f'access_token = "{world.sim.token}"\ndefault_agent_email = "robin@example.com"\n'
    file.write_text(text, encoding="utf-8")
    world.connections.read_again()
    provision(world.runtime)
    first, other = overviews(world.runtime)
    assert (first.name, first.state, other.name, other.state) == ("support", "active", "chats", "off")
    assert other.error.startswith("chats: the connection support speaks as Robin Assistant")
    assert "Keep to support, or take it out of" in other.error
    verified = command(world, "connections", "verify", "chats")
    assert (verified.returncode, "the connection support speaks as" in verified.stderr) == (2, True)
    with pytest.raises(NotSaved, match="the connection support speaks as Robin Assistant"):
        second(world)
    assert command(world, "connections", "disconnect", "support", "--yes").returncode == 0
    assert command(world, "connections", "verify", "chats").returncode == 0
    assert command(world, "connections", "reconnect", "support").returncode == 2
    assert [each.state for each in overviews(world.runtime)] == ["disconnected", "active"]


def test_connections_that_already_share_an_account_say_so_once_they_are_looked_at_again(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    second(world, default_agent_email="hanna@example.com")
    with world.runtime.db.write():
        made = ConnectionRow.get(ConnectionRow.name == "support")
        same = {"settings": made.settings, "identity": made.identity, "settings_hash": made.settings_hash}
        ConnectionRow.update(same).where(ConnectionRow.name == "second").execute()
    world.clock.advance(3601)
    provision(world.runtime)
    assert [(each.state, each.error.partition(" speaks")[0]) for each in overviews(world.runtime)] == [
        ("active", "second: the connection support"),
        ("active", "support: the connection second"),
    ]


# ------------------------------------------------------------------------------------------------------ changing


def test_b23_a_secret_left_blank_stays_and_a_rotated_one_keeps_the_webhook_address(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    url = world.webhook_url
    change(world, access_token="", auto_handle_all=False)
    assert world.connections.named("support").settings["auto_handle_all"] is False
    assert world.connections.named("support").settings["access_token"].reveal() == world.sim.token
    change(world, auto_handle_all=None)
    new = world.sim.rotate_token()
    change(world, access_token=new)
    assert world.connections.named("support").settings["access_token"].reveal() == new
    assert world.webhook_url == url
    answered(world)
    assert row(world).saved_by == BOB


def test_a_stored_secret_is_never_sent_to_a_new_address(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    with FreshchatSimulator(clock=world.clock) as other:
        before = everything(world.runtime)
        with pytest.raises(NotSaved, match="must be entered again") as caught:
            change(world, api_url=other.api_url)
        assert caught.value.key == "access_token"
        assert other.record.calls() == []
        assert everything(world.runtime) == before
        other.add_agent("robin@example.com", "Robin Assistant")
        change(world, api_url=other.api_url, access_token=other.token)
        assert other.record.calls()


def test_another_account_never_gets_into_a_connection_that_has_conversations(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    answered(world)
    with FreshchatSimulator(clock=world.clock) as other:
        other.add_agent("robin@example.com", "Robin Assistant")
        before = everything(world.runtime)
        with pytest.raises(NotSaved, match="Make a new connection for another account"):
            change(world, api_url=other.api_url, access_token=other.token)
    assert everything(world.runtime) == before


def test_b17_a_change_that_fails_leaves_the_old_settings_at_work(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    before = everything(world.runtime)
    for wrong in ({"access_token": WRONG}, {"default_agent_email": "nobody@example.com"}, {"timeout_seconds": "soon"}):
        with pytest.raises(NotSaved):
            change(world, **wrong)
    assert everything(world.runtime) == before
    assert [each.error for each in overviews(world.runtime)] == [""]
    answered(world)


def test_a_change_of_what_somebody_else_has_changed_meanwhile_is_refused(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    seen = row(world).revision
    change(world, auto_handle_all=False)
    with pytest.raises(NotSaved, match=f"was changed by {BOB} in the meantime"):
        test_and_save(world.runtime, world.connector, "support", {}, ANN, existing=row(world).id, revision=seen)
    connector = world.runtime.plugins.connectors[world.connector]
    verify = connector.verify

    def slow(settings: Any, http: Any) -> Any:
        connector.verify = verify
        change(world, auto_handle_all=True)
        return verify(settings, http)

    connector.verify = slow
    with pytest.raises(NotSaved, match="in the meantime"):
        change(world, by=ANN, auto_handle_all=False)
    assert world.connections.named("support").settings["auto_handle_all"] is True


def test_a_look_at_old_settings_says_nothing_of_those_that_were_saved_meanwhile(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    world.clock.advance(3601)
    connector = world.runtime.plugins.connectors[world.connector]
    verify = connector.verify

    def overtaken(settings: Any, http: Any) -> Any:
        connector.verify = verify
        found = verify(settings, http)
        change(world, default_agent_email="hanna@example.com")
        return found

    connector.verify = overtaken
    provision(world.runtime)
    assert world.connections.named("support").agent_id == world.human.id


def test_a_reply_in_doubt_is_parked_when_another_agent_is_to_write(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    world.sim.fault("send_message", "500", performed=True)
    conversation = world.sim.customer_writes(world.ada, "Hi")
    world.sim.webhooks.drop(times=100, kind="message_create")
    world.run(10)
    assert ("reply", "uncertain") in world.actions()
    change(world, default_agent_email="hanna@example.com")
    world.run(600)
    with world.runtime.db.read():
        action = ActionRow.get(ActionRow.kind == "reply")
    assert action.state == "parked"
    assert action.error.endswith("was given another agent while it was being sent")
    assert [message.text for message in world.sim.thread(conversation)].count(HELLO) == 1


def test_a_connection_that_works_is_looked_at_again_and_shows_a_revoked_credential(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    world.sim.revoke_token()
    world.clock.advance(3601)
    provision(world.runtime)
    [each] = overviews(world.runtime)
    assert each.state == "active"
    assert each.error == "the vendor refuses the credential (401): if it was rotated, enter the new one on its page"
    change(world, access_token=world.sim.rotate_token())
    assert [each.error for each in overviews(world.runtime)] == [""]


# ------------------------------------------------------------------------------------------------------- secrets


def stored_bytes(world: Any) -> bytes:
    """All that the store holds, as whoever steals it has it."""
    if world.database_url.startswith("sqlite"):
        return b"".join(path.read_bytes() for path in Path(world.folder).glob("relaydesk.db*"))
    with world.runtime.db.read():
        tables = world.runtime.db.native.get_tables()
        rows = [list(world.runtime.db.native.execute_sql(f'SELECT * FROM "{table}"')) for table in tables]
    return repr(rows).encode()


def test_secrets_are_sealed_in_the_store_and_in_no_repr_or_log(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.start(empty=True)
    world.connect()
    token = world.sim.token
    assert token.encode() not in stored_bytes(world)
    assert b"robin@example.com" in stored_bytes(world), "the store was looked at"
    connection = world.connections.named("support")
    shown = repr([connection, world.connections.configured, overviews(world.runtime), row(world).settings])
    assert token not in shown + caplog.text
    assert redact(f"token {token}", world.connections.secrets()) == "token ***"
    with pytest.raises(NotSaved):
        change(world, access_token=WRONG)
    assert WRONG not in caplog.text
    assert redact(WRONG, world.connections.secrets()) == WRONG, "what was only tried is remembered"


def test_secrets_that_are_just_tried_are_left_out_of_the_logs(world: Any) -> None:
    world.start(empty=True)
    connector = world.runtime.plugins.connectors[world.connector]
    seen: list[str] = []
    verify = connector.verify

    def looking(settings: Any, http: Any) -> Any:
        seen.append(redact(WRONG, world.connections.secrets()))
        return verify(settings, http)

    connector.verify = looking
    with pytest.raises(NotSaved):
        world.connect(access_token=WRONG)
    assert seen == ["***"]


def test_a_changed_key_of_the_server_is_told_and_entering_the_secret_mends_it(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    file = world.folder / "config.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(KEY, "quite another key, which is long enough too"))
    other = again(world)
    [each] = overviews(other)
    assert each.state == "off"
    assert each.error.startswith("server.secret_key: it does not open a secret that the store holds")
    listed = command(world, "connections")
    assert listed.returncode == 0, listed.stderr
    with pytest.raises(NotSaved) as caught:
        test_and_save(other, world.connector, "support", {"auto_handle_all": True}, ANN, existing=each.id)
    assert (caught.value.key, caught.value.problem[:10]) == ("access_token", "is missing")
    test_and_save(other, world.connector, "support", {"access_token": world.sim.token}, ANN, existing=each.id)
    assert [each.state for each in overviews(other)] == ["active"]


# ----------------------------------------------------------------------------------------------------- processes


def test_what_one_process_saves_counts_in_another_at_once(world: Any) -> None:
    world.start(empty=True)
    other = again(world)
    assert list(other.connections.all()) == []
    world.connect()
    assert other.connections.named("support").settings["auto_handle_all"] is True
    change(world, auto_handle_all=False)
    assert other.connections.named("support").settings["auto_handle_all"] is False
    disconnect(other, row(world).id, BOB)
    assert not world.connections.named("support").active
    assert not world.connections.named("support").settings["access_token"]


def test_the_command_line_serves_connections_of_both_kinds(world: Any) -> None:
    world.start(server="api_url_on_pages = true")
    hanna = {"default_agent_email": "hanna@example.com"}
    test_and_save(world.runtime, world.connector, "second", world.given(**hanna), ANN)
    listed = json.loads(command(world, "connections", "--json").stdout)
    assert [(each["name"], each["origin"], each["state"]) for each in listed] == [
        ("support", "file", "active"),
        ("second", "pages", "active"),
    ]
    checked = command(world, "check")
    assert "second (freshchat): speaks as Hanna Human" in checked.stdout
    verified = command(world, "connections", "verify", "second")
    assert verified.stdout.startswith("second speaks as Hanna Human"), verified.stderr
    url = command(world, "webhook-url", "second").stdout.strip()
    assert url == setup(world.runtime, row(world, "second").id).url.replace(world.url, "http://127.0.0.1:8000")
    agents = command(world, "connections", "list", "second", "agents", "--format", "json")
    assert "robin@example.com" in agents.stdout
    gone = command(world, "connections", "disconnect", "second", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert "Take it out of" not in gone.stdout
    back = command(world, "connections", "reconnect", "second")
    assert (back.returncode, back.stderr) == (
        2,
        "relaydesk: second: it is disconnected, and its credential erased. Connect it again on its page.\n",
    )


def test_a_connection_whose_plugin_is_not_enabled_any_more_is_shown_and_its_vendor_tries_again(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    url = world.webhook_url
    world.runtime.plugins._connectors = {}
    world.connections._stored._connectors = {}
    world.connections._stored._known = {}
    [each] = overviews(world.runtime)
    assert (each.state, each.error[:48]) == ("off", 'connector: no enabled plugin offers "freshchat".')
    assert world.post(b"{}", url=url).status_code == 503
    assert setup(world.runtime, each.id).guide is None
    provision(world.runtime)
    drain_all_due(world.runtime)
    ended, farewell = disconnect(world.runtime, each.id, BOB)
    assert (ended.cancelled, farewell) == (0, None)
    assert world.post(b"{}", url=url).status_code == 404


def test_a_connection_of_the_file_wins_over_one_of_its_name_until_it_leaves_the_file(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    file = world.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    table = f'\n[[connections]]\nname = "support"\nconnector = "freshchat"\napi_url = "{world.sim.api_url}"\n'
    table += f'access_token = "{world.sim.token}"\ndefault_agent_email = "hanna@example.com"\n'
    file.write_text(text + table, encoding="utf-8")
    world.connections.read_again()
    provision(world.runtime)
    first, second = overviews(world.runtime)
    assert (first.origin, first.state, first.identity.agent_id) == ("file", "active", world.human.id)
    assert (second.origin, second.state) == ("pages", "clashing")
    assert "the configuration file has a connection support too, and the file's counts: take it out" in second.error
    assert world.connections.named("support").id == first.id
    assert not world.connections.get(second.id).active
    with pytest.raises(NotSaved, match="the file's counts"):
        change(world, auto_handle_all=False)
    file.write_text(text, encoding="utf-8")
    world.connections.read_again()
    provision(world.runtime)
    [left] = overviews(world.runtime)
    assert (left.id, left.state) == (second.id, "active")
    assert world.connections.named("support").id == second.id


# ------------------------------------------------------------------------------- cut, connected again, and deleted


def test_b22_b24_b60_disconnecting_erases_the_secret_and_reconnecting_makes_a_new_address(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    answered(world)
    connection_id, old = row(world).id, world.webhook_url
    _, farewell = disconnect(world.runtime, connection_id, BOB)
    assert "Delete the API token" in farewell.text
    assert row(world).settings["default_agent_email"] == "robin@example.com"
    assert "access_token" not in row(world).settings
    [each] = overviews(world.runtime)
    assert (each.state, each.error) == ("disconnected", "disconnected; its page connects it again")
    assert setup(world.runtime, connection_id).url is None
    assert world.post(b"{}", url=old).status_code == 404
    with pytest.raises(ConfigError, match="it is disconnected already"):
        disconnect(world.runtime, connection_id, BOB)
    with pytest.raises(NotSaved, match="access_token: is missing"):
        test_and_save(world.runtime, world.connector, "support", {}, BOB, existing=connection_id)
    again = {"access_token": world.sim.token}
    test_and_save(world.runtime, world.connector, "support", again, BOB, existing=connection_id)
    assert world.webhook_url != old
    assert row(world).id == connection_id
    world._register()
    answered(world, "And now?")


def test_a_connection_of_the_file_is_read_only_and_says_where_it_stands(world: Any) -> None:
    world.start()
    [each] = overviews(world.runtime)
    assert (each.origin, each.editable) == ("file", False)
    attempts = (
        lambda: test_and_save(world.runtime, world.connector, "support", world.given(), ANN, existing=each.id),
        lambda: disconnect(world.runtime, each.id, ANN),
        lambda: delete(world.runtime, each.id, ANN),
    )
    for attempt in attempts:
        with pytest.raises(ReadOnly) as caught:
            attempt()
        place = f'{world.folder}/config.toml, in the table [[connections]] with name = "support"'
        assert str(caught.value) == f"support is read-only here: it stands in {place}. Change it there"
    with pytest.raises(NoConnection):
        delete(world.runtime, 999, ANN)


def test_only_a_connection_that_was_never_used_can_be_deleted(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    refresh_due(world.runtime)
    delete(world.runtime, row(world).id, BOB)
    assert overviews(world.runtime) == []
    with world.runtime.db.read():
        assert not BudgetRow.select().exists()
        assert not DirectoryRow.select().exists()
    world.connect()
    answered(world)
    with pytest.raises(ConfigError, match="it has conversations, which are kept"):
        delete(world.runtime, row(world).id, BOB)


def test_the_address_of_a_connection_that_was_deleted_is_void_for_the_next_one_made(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    old = world.webhook_url
    delete(world.runtime, row(world).id, BOB)
    assert world.post(b"{}", url=old).status_code == 404
    world.connect()
    assert world.webhook_url != old
    assert world.post(b"{}", url=old).status_code == 404
    disconnect(world.runtime, row(world).id, BOB)
    world.connections.read_again()
    assert world.post(b"{}", url=old).status_code == 404


# ------------------------------------------------------------------------------------------------- the set-up page


def test_b20_the_set_up_shows_the_address_the_steps_and_waits_for_the_first_event(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    shown = setup(world.runtime, row(world).id)
    assert shown.overview.waits_for_first_event
    assert [copy.text for copy in shown.guide.copies] == [shown.url]
    assert (shown.can_backfill, shown.backfill) == (False, None)
    answered(world)
    assert not setup(world.runtime, row(world).id).overview.waits_for_first_event
    with pytest.raises(NoConnection):
        setup(world.runtime, 999)


def test_the_directory_names_agents_and_is_read_again_every_hour(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    connection_id = row(world).id
    assert names(world.runtime.db, connection_id) == {}
    assert refresh_due(world.runtime) == 1
    assert names(world.runtime.db, connection_id)["agent", world.human.id] == "Hanna Human"
    late = world.sim.add_agent("late@example.com", "Late Agent")
    assert refresh_due(world.runtime) == 0
    world.clock.advance(3601)
    world.sim.fault("list_groups", "500", times=None)
    assert refresh_due(world.runtime) == 1
    assert names(world.runtime.db, connection_id)["agent", late.id] == "Late Agent"


def test_choices_need_a_connection_that_works_and_name_what_is_wrong(world: Any) -> None:
    world.start(empty=True)
    world.connect()
    connection = world.connections.named("support")
    assert choices(world.runtime, connection, "checkbox_fields").choices == ()
    world.sim.add_agent("gone@example.com", "Gone Agent", deactivated=True)
    offered = [each.label for each in choices(world.runtime, connection, "agents").choices]
    assert [label.rpartition("<")[2] for label in offered] == ["hanna@example.com>", "owner@example.com>"]
    with pytest.raises(NotSaved) as caught:
        choices_for_form(world.runtime, world.connector, world.given(access_token=WRONG), ["agents"])
    assert caught.value.key == "access_token"
    with pytest.raises(ConfigError, match="agents, groups, checkbox_fields"):
        choices(world.runtime, connection, "users")
    world.sim.revoke_token()
    told = choices(world.runtime, connection, "agents")
    assert told.choices == ()
    assert told.problem.startswith("Freshchat did not tell its agents: ")
    disconnect(world.runtime, connection.id, BOB)
    assert "switched off" in choices(world.runtime, world.connections.named("support"), "agents").problem
