"""A Freshdesk account connected on the pages: pickers, the marker's warning, the guide, and the import of the past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.choices import Choices, choices, choices_for_form
from core.connecting import test_and_save
from core.directory import names
from core.errors import ConfigError
from core.forms import Choice, NotSaved, form_fields
from core.jobs.backfill import run_due
from core.jobs.backfill_requests import cancel_backfill, expected, progress, request_backfill
from core.overview import overviews, setup
from core.store.models import ConnectionRow
from tests.end_to_end.worlds import DeskWorld

ANN = "ann@acme.example"
HELLO = "Hello from the AI."


def saved(desk: DeskWorld, **given: Any) -> None:
    with desk.runtime.db.read():
        existing = ConnectionRow.get(ConnectionRow.name == "support").id
    test_and_save(desk.runtime, "freshdesk", "support", given, ANN, existing=existing)


def test_b65_b87_the_pickers_offer_what_the_account_has_and_not_the_ais_own_agent(desk: DeskWorld) -> None:
    desk.start(empty=True)
    desk.sim.add_field("cf_colour", "custom_text")
    wanted = {
        "agents": (
            Choice(str(desk.human.id), "Hanna Human <hanna@example.com>"),
            Choice(str(desk.sim.owner.id), "Olga Owner <owner@example.com>"),
        ),
        "groups": (Choice(str(desk.support.id), "Support"),),
        "checkbox_fields": (Choice("cf_opencx_handed_off", desk.marker.label),),
    }
    found = choices_for_form(desk.runtime, "freshdesk", desk.given(), wanted)
    assert found == {what: Choices(offered) for what, offered in wanted.items()}
    desk.connect(handoff_agent_id=desk.human.id)
    connection = desk.connections.named("support")
    assert {what: choices(desk.runtime, connection, what).choices for what in wanted} == wanted
    assert names(desk.runtime.db, connection.id) == {
        ("agent", str(desk.sim.owner.id)): "Olga Owner",
        ("agent", str(desk.ai.id)): "Robin Assistant",
        ("agent", str(desk.human.id)): "Hanna Human",
        ("group", str(desk.support.id)): "Support",
    }


def test_pickers_end_at_500_and_come_by_name(desk: DeskWorld) -> None:
    desk.start(empty=True)
    for number in range(520):
        desk.sim.add_group(f"Group {519 - number:03}")
    desk.connect()
    found = choices(desk.runtime, desk.connections.named("support"), "groups")
    assert (len(found.choices), found.more) == (500, True)
    labels = [each.label for each in found.choices]
    assert labels == sorted(labels)
    assert len(names(desk.runtime.db, desk.connections.named("support").id)) == 500


def test_choices_of_a_change_use_the_stored_key_at_the_stored_address_alone(desk: DeskWorld) -> None:
    desk.start(empty=True)
    desk.connect()
    with desk.runtime.db.read():
        existing = ConnectionRow.get().id
    found = choices_for_form(desk.runtime, "freshdesk", {"api_key": ""}, ["groups"], existing)
    assert [each.label for each in found["groups"].choices] == ["Support"]
    with pytest.raises(NotSaved, match="api_key: must be entered again"):
        choices_for_form(desk.runtime, "freshdesk", {"api_url": "http://127.0.0.1:9/api/v2"}, ["groups"], existing)


def test_b66_b67_a_key_without_admin_rights_and_a_wrong_one_are_told_apart(desk: DeskWorld) -> None:
    desk.start(empty=True)
    with pytest.raises(NotSaved, match="no admin privileges") as caught:
        desk.connect(api_key=desk.sim.key_for(desk.human))
    assert (caught.value.key, caught.value.headline) == ("api_key", "Nothing was saved")
    with pytest.raises(NotSaved, match=r"^Failed to verify credentials: api_key: ") as caught:
        desk.connect(api_key="canary-wrong-key-01234")
    assert "canary" not in str(caught.value)
    assert overviews(desk.runtime) == []


def test_b88_b106_a_missing_marker_is_a_warning_and_saving_works(desk: DeskWorld) -> None:
    desk.start(empty=True)
    desk.connect(marker_field="cf_gone")
    [each] = overviews(desk.runtime)
    assert (each.state, each.error) == ("active", "")
    [remark] = each.remarks
    assert "marker_field: the account has no field cf_gone" in remark
    assert "add a Checkbox" in remark
    saved(desk, marker_field="")
    assert desk.connections.named("support").settings["marker_field"] == ""
    assert overviews(desk.runtime)[0].remarks == ()
    saved(desk, marker_field=None)
    assert desk.connections.named("support").settings["marker_field"] == "cf_opencx_handed_off"


def test_an_optional_secret_is_kept_by_a_blank_and_removed_by_none(desk: DeskWorld) -> None:
    desk.start(empty=True)
    desk.connect(webhook_secret="canary-secret")
    saved(desk, webhook_secret="")
    assert desk.connections.named("support").settings["webhook_secret"].reveal() == "canary-secret"
    [field] = [one for one in form_fields(*_shown(desk)) if one.name == "webhook_secret"]
    assert (field.secret_is_set, field.value, field.default) == (True, None, None)
    saved(desk, webhook_secret=None)
    assert desk.connections.named("support").settings["webhook_secret"] is None


def _shown(desk: DeskWorld) -> tuple[Any, Any]:
    connection = desk.connections.named("support")
    return desk.connections.connector(connection), connection.settings


def test_b72_the_set_up_has_both_contents_and_the_address_to_copy(desk: DeskWorld) -> None:
    desk.start(empty=True)
    desk.connect()
    shown = setup(desk.runtime, overviews(desk.runtime)[0].id)
    assert [copy.label for copy in shown.guide.copies] == [
        "URL",
        "Content of Rule 1, Ticket Creation",
        "Content of Rule 2, Ticket Updates",
    ]
    assert shown.guide.copies[0].text == shown.url
    ticket = desk.opens()
    desk.run(60)
    assert desk.replies(ticket) == [HELLO]


def test_b93_the_first_connection_imports_the_past_and_a_person_can_ask_for_more(desk: DeskWorld) -> None:
    desk.start(empty=True)
    for _ in range(3):
        desk.opens()
    desk.clock.advance(3600)
    desk.connect(backfill_days=180)
    connection = desk.connections.named("support")
    assert progress(desk.runtime, connection.id).state == "waiting"
    told = expected(desk.runtime, connection, 10)
    assert told.since == progress(desk.runtime, connection.id).row.until - timedelta(days=10)
    assert (told.conversations, told.calls is not None, told.minutes is not None) == (3, True, True)
    with pytest.raises(ConfigError, match="its backfill is under way"):
        request_backfill(desk.runtime, connection, 10, ANN)
    run_due(desk.runtime, lambda: False)
    shown = setup(desk.runtime, connection.id)
    assert (shown.can_backfill, shown.backfill.state, shown.backfill.done, shown.backfill.total) == (True, "done", 3, 3)
    assert request_backfill(desk.runtime, connection, 10, ANN).requested_by == ANN
    assert progress(desk.runtime, connection.id).unfinished
    for days in (0, -1, 100_000):
        with pytest.raises(ConfigError, match="days: must be more than 0"):
            expected(desk.runtime, connection, days)


def test_a_backfill_that_is_called_off_stops_and_stays_so(desk: DeskWorld) -> None:
    desk.start(empty=True)
    for _ in range(3):
        desk.opens()
    desk.clock.advance(3600)
    desk.connect(backfill_days=180)
    connection = desk.connections.named("support")
    asked = []

    def halted() -> bool:
        asked.append(cancel_backfill(desk.runtime, connection))
        return False

    run_due(desk.runtime, halted)
    assert True in asked
    found = progress(desk.runtime, connection.id)
    assert (found.state, found.row.ended_at is not None) == ("cancelled", True)
    assert run_due(desk.runtime, lambda: False) == 0
    assert not cancel_backfill(desk.runtime, connection)
    request_backfill(desk.runtime, connection, by=ANN)
    run_due(desk.runtime, lambda: False)
    assert (progress(desk.runtime, connection.id).state, len(desk.messages())) == ("done", 3)
