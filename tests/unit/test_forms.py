"""Forms made of schemas: every field has what a page needs, a plain schema has it too, and a secret is never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from marshmallow import fields, validate

from core import ConnectorSettings, Secret, SecretField
from core.forms import Before, Choice, NotSaved, form_fields, read_form
from core.settings import load_settings
from plugins.freshchat.connector import Freshchat
from plugins.freshdesk.connector import Freshdesk

HERE = Path()
FRESHDESK = {"domain": "acme.freshdesk.com", "api_key": "canary-key-0123"}


class PlainSettings(ConnectorSettings):
    """What an author writes who has never heard of forms."""

    shop_id = fields.String(required=True)
    api_token = SecretField(required=True)
    speed = fields.String(load_default="fast", validate=validate.OneOf(["fast", "slow"]))
    level = fields.Integer(load_default=3)
    loud = fields.Boolean(load_default=False)


class Plain(Freshchat):
    """A connector with a plain schema."""

    settings_schema = PlainSettings
    domains: ClassVar[tuple[str, ...]] = ("shop.example",)

    def base_url(self, settings: Any) -> str:
        return f"https://{settings['shop_id']}.shop.example/v1"


def by_name(*given: Any, **options: Any) -> dict[str, Any]:
    return {field.name: field for field in form_fields(*given, **options)}


def test_b65_the_fields_of_freshdesk_stand_in_groups_with_their_labels_and_pickers() -> None:
    found = form_fields(Freshdesk())
    assert list(dict.fromkeys(field.group for field in found)) == ["account", "routing", "handoff", "advanced"]
    assert [field.label for field in found if field.group != "advanced"] == [
        "Domain",
        "API Key",
        "Auto Handle All Incoming Tickets",
        "Default Group",
        "Handoff Agent",
        "Handoff Group",
        "Marker Field",
    ]
    picks = {field.name: field.picks for field in found if field.kind == "picker"}
    assert picks == {
        "default_group_id": "groups",
        "handoff_agent_id": "agents",
        "handoff_group_id": "groups",
        "marker_field": "checkbox_fields",
    }


def test_b15_the_fields_of_freshchat_are_those_its_users_know() -> None:
    found = form_fields(Freshchat())
    labels = ["Domain", "Access Token", "Default Agent Email", "Public key of the webhook"]
    assert [field.label for field in found if field.group == "account"] == labels
    assert by_name(Freshchat())["auto_handle_all"].label == "Auto Handle All Incoming Chats"
    assert by_name(Freshchat())["public_key"].multiline


@pytest.mark.parametrize("connector", [Freshchat(), Freshdesk()])
def test_every_field_explains_itself_and_the_other_address_is_offered_only_where_it_is_allowed(connector: Any) -> None:
    assert all(field.help and field.label for field in form_fields(connector))
    assert "api_url" not in by_name(connector)
    assert by_name(connector, with_api_url=True)["api_url"].group == "advanced"


def test_a_schema_without_metadata_makes_a_form_all_the_same() -> None:
    found = by_name(Plain())
    shown = {name: (field.label, field.kind, field.group, field.default) for name, field in found.items()}
    assert shown["shop_id"] == ("Shop id", "text", "account", None)
    assert shown["api_token"] == ("Api token", "secret", "account", None)
    assert shown["speed"] == ("Speed", "choice", "account", "fast")
    assert found["speed"].choices == (Choice("fast", "fast"), Choice("slow", "slow"))
    assert shown["level"] == ("Level", "number", "account", 3)
    assert shown["loud"] == ("Loud", "switch", "account", False)
    assert shown["timeout_seconds"][2] == "advanced"
    assert found["shop_id"].required


def test_the_fields_show_what_is_set_and_of_a_secret_only_that_it_is() -> None:
    settings = load_settings(Freshdesk().settings_schema(), FRESHDESK, "", HERE)
    found = by_name(Freshdesk(), settings)
    assert (found["domain"].value, found["api_key"].value) == ("acme.freshdesk.com", None)
    assert (found["api_key"].secret_is_set, found["webhook_secret"].secret_is_set) == (True, False)
    assert "canary" not in repr(found)


def test_what_is_left_out_stays_a_blank_secret_too_and_none_is_the_default() -> None:
    before = Before({"domain": "acme.freshdesk.com", "api_key": Secret("old-key"), "backfill_days": 7}, address())
    entered = read_form(Freshdesk(), {"api_key": "", "max_retries": "5"}, before, HERE, any_host=False)
    assert (entered.settings["api_key"].reveal(), entered.settings["backfill_days"]) == ("old-key", 7)
    assert entered.settings["max_retries"] == 5
    entered = read_form(Freshdesk(), {"backfill_days": None, "max_retries": ""}, before, HERE, any_host=False)
    assert (entered.settings["backfill_days"], entered.settings["max_retries"]) == (180, 3)
    assert "old-key" not in repr(entered) + repr(before)


def address() -> str:
    return "https://acme.freshdesk.com/api/v2"


@pytest.mark.parametrize("kept", ["api_key", "webhook_secret"])
def test_every_secret_must_be_entered_again_for_a_new_address(kept: str) -> None:
    before = Before({**FRESHDESK, "webhook_secret": "12345678"}, address())
    secrets = {"api_key": "another-key", "webhook_secret": "abcdefgh"}
    entered = {"domain": "other.freshdesk.com", **{key: value for key, value in secrets.items() if key != kept}}
    with pytest.raises(NotSaved) as caught:
        read_form(Freshdesk(), entered, before, HERE, any_host=False)
    assert [error.key for error in caught.value.errors] == [kept]
    assert read_form(Freshdesk(), {**entered, kept: secrets[kept]}, before, HERE, any_host=False)


@pytest.mark.parametrize("value", [{"env": "HOME"}, {"file": "/etc/passwd"}])
def test_a_secret_by_reference_is_refused_and_not_followed(value: dict[str, str]) -> None:
    with pytest.raises(NotSaved, match="api_key: must be a text, and not a reference"):
        read_form(Freshdesk(), {"domain": "acme.freshdesk.com", "api_key": value}, None, HERE, any_host=True)


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example/api/v2",
        "http://acme.freshdesk.com/api/v2",
        "https://acme.freshdesk.com.evil.example/api/v2",
        "http://169.254.169.254/api/v2",
    ],
)
def test_an_address_outside_the_vendors_hosts_is_refused(foreign: str) -> None:
    given = {"api_key": "canary-key-0123", "api_url": foreign}
    with pytest.raises(NotSaved, match="is not an address of Freshdesk's own") as caught:
        read_form(Freshdesk(), given, None, HERE, any_host=False)
    assert caught.value.key == "api_url"
    assert read_form(Freshdesk(), given, None, HERE, any_host=True).settings["api_url"] == foreign


def test_a_connector_without_hosts_of_its_own_cannot_be_connected_on_the_pages() -> None:
    connector = Plain()
    entered = {"shop_id": "tea", "api_token": "x"}
    assert read_form(connector, entered, None, HERE, any_host=False).settings["shop_id"] == "tea"
    connector.domains = ()  # type: ignore[misc]
    with pytest.raises(NotSaved, match="is not an address of"):
        read_form(connector, entered, None, HERE, any_host=False)


def test_the_errors_of_a_form_name_field_problem_and_what_is_wanted() -> None:
    with pytest.raises(NotSaved) as caught:
        read_form(Plain(), {"level": "much", "spede": "fast"}, None, HERE, any_host=False)
    told = {error.key: (error.problem, error.mend) for error in caught.value.errors}
    assert told["spede"] == ("there is no such setting", 'Did you mean "speed"?')
    assert told["shop_id"] == ("is missing", "Correct it.")
    assert told["level"][0] == "not a valid integer"
    assert caught.value.headline == "Nothing was saved"
