"""Freshdesk's settings: each mistake names its key and the mend (behaviour 65, 67)."""

from __future__ import annotations

from pathlib import Path
from subprocess import run
from sys import executable
from typing import Any

import pytest
from marshmallow import ValidationError

from core import Secret
from plugins.freshdesk.settings import FreshdeskSettings

GOOD = {"domain": "acme.freshdesk.com", "api_key": "canary-key"}
README = Path(__file__).parents[2] / "plugins" / "freshdesk" / "README.md"


def problems(**changes: Any) -> dict[str, Any]:
    with pytest.raises(ValidationError) as caught:
        FreshdeskSettings().load({key: value for key, value in (GOOD | changes).items() if value is not None})
    return caught.value.messages_dict


def test_the_defaults_are_those_of_the_documents() -> None:
    settings = FreshdeskSettings().load(GOOD)
    assert settings["auto_handle_all"] is True
    assert settings["marker_field"] == "cf_opencx_handed_off"
    assert settings["tag_prefix"] == "opencx"
    assert settings["backfill_days"] == 180
    assert settings["requests_per_minute"] == 200
    assert settings["webhook_secret"] is None
    names = ("default_group_id", "handoff_agent_id", "handoff_group_id", "api_url")
    assert [settings[name] for name in names] == [""] * 4


@pytest.mark.parametrize("host", ["acme.freshdesk.com", " ACME.Freshdesk.com", "a-1.freshdesk.com"])
def test_the_vendors_hosts_are_taken(host: str) -> None:
    assert FreshdeskSettings().load(GOOD | {"domain": host})["domain"] == host.strip().lower()


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.freshdesk.com",
        "https://acme.freshdesk.com/a/tickets/1?x=2",
        "acme.freshdesk.com:443",
        "acme.freshdesk.com.",
    ],
)
def test_65_a_domain_with_scheme_or_path_is_refused_and_the_clean_form_offered(text: str) -> None:
    assert problems(domain=text)["domain"] == [
        'must be the host name alone, without scheme, port or path; write "acme.freshdesk.com"'
    ]


def test_65_the_first_part_of_a_host_alone_is_refused_and_the_full_one_offered() -> None:
    assert problems(domain="acme")["domain"] == ['must be the full host name; write "acme.freshdesk.com"']


@pytest.mark.parametrize(
    "text",
    [
        "freshdesk.com",
        "support.acme.example",
        "acme.freshdesk.com.evil.example",
        "evilfreshdesk.com",
        "a.b.freshdesk.com",
        "acme.freshdesk.com@evil.example",
        "acme.freshd\u0435sk.com",
        "-.freshdesk.com",
        "127.0.0.1",
    ],
)
def test_a_domain_that_is_not_the_vendors_is_refused(text: str) -> None:
    assert "below freshdesk.com" in problems(domain=text)["domain"][0]


def test_a_missing_key_says_how_to_mend_it() -> None:
    assert "profile settings" in problems(api_key=None)["api_key"][0]
    assert "give the full host" in problems(domain=None)["domain"][0]
    assert "domian" in problems(domian="x")


def test_a_key_is_freed_of_white_space_and_never_shown() -> None:
    settings = FreshdeskSettings().load(GOOD | {"api_key": " canary-key\n"})
    assert settings["api_key"] == Secret("canary-key")
    assert "canary" not in repr(settings)
    for broken in ("canary key", "canary:key", "canary-k\u00e9y", ""):
        said = problems(api_key=broken)["api_key"]
        assert "copy the key once more" in said[0]
        assert "canary" not in str(said)


@pytest.mark.parametrize(
    ("given", "kept"), [(17, "17"), ("150006383528", "150006383528"), (" 8 ", "8"), ("", ""), (0, "")]
)
def test_ids_are_numbers_or_texts_and_kept_as_text(given: Any, kept: str) -> None:
    assert FreshdeskSettings().load(GOOD | {"handoff_agent_id": given})["handoff_agent_id"] == kept


@pytest.mark.parametrize("given", [True, -1, 1.5, "ada@acme.example", "1e3", [], "9" * 30])
def test_an_id_that_is_none_is_refused(given: Any) -> None:
    assert "must be an id" in problems(handoff_group_id=given)["handoff_group_id"][0]


@pytest.mark.parametrize("name", ["opencx_handed_off", "cf_Upper", "cf_a b", "cf_"])
def test_a_marker_that_is_no_api_name_is_refused(name: str) -> None:
    assert "beginning with cf_" in problems(marker_field=name)["marker_field"][0]


def test_a_marker_may_be_done_without() -> None:
    assert FreshdeskSettings().load(GOOD | {"marker_field": ""})["marker_field"] == ""


def test_the_days_of_a_backfill_are_none_or_more() -> None:
    assert FreshdeskSettings().load(GOOD | {"backfill_days": 0})["backfill_days"] == 0
    assert "backfill_days" in problems(backfill_days=-1)


@pytest.mark.parametrize("prefix", ["", "a b", "a,b", "x" * 17])
def test_a_tag_that_freshdesk_would_change_is_refused(prefix: str) -> None:
    assert "tag_prefix" in problems(tag_prefix=prefix)


def test_a_webhook_secret_is_kept_secret_and_must_not_be_short() -> None:
    assert FreshdeskSettings().load(GOOD | {"webhook_secret": "canary-secret "})["webhook_secret"] == Secret(
        "canary-secret"
    )
    for weak in ("canary", "canary secret 1"):
        said = problems(webhook_secret=weak)["webhook_secret"]
        assert "8 or more" in said[0]
        assert "canary" not in str(said)


def test_an_api_url_replaces_the_domain() -> None:
    settings = FreshdeskSettings().load({"api_key": "k", "api_url": "http://127.0.0.1:8900/api/v2/"})
    assert (settings["domain"], settings["api_url"]) == ("", "http://127.0.0.1:8900/api/v2")


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8900",
        "ftp://h/api/v2",
        "http://u:p@h/api/v2",
        "http://h/api/v2?x=1",
        "http:///api/v2",
        "http://h:x/api/v2",
    ],
)
def test_an_api_url_that_is_none_is_named(text: str) -> None:
    assert "ends in /api/v2" in problems(api_url=text)["api_url"][0]


def test_the_readme_lists_the_settings_as_they_are() -> None:
    command = [executable, "-m", "cogapp", "--check", str(README.relative_to(Path(__file__).parents[2]))]
    done = run(command, cwd=README.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `python -m cogapp -r plugins/freshdesk/README.md`: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("row", range(96, 108))
def test_the_readme_has_a_row_for_each_trouble_of_the_documents(row: int) -> None:
    table = README.read_text(encoding="utf-8").partition("## When something is not as it should be")[2]
    assert len([line for line in table.splitlines() if line.startswith("| ")]) == 1 + len(range(96, 108))
    words = {
        96: "No ticket is ever answered",
        97: "Reply is sent",
        98: "default_group_id",
        99: "routed by your rule",
        100: "Status is changed",
        101: "admin privileges",
        102: "Failed to verify credentials",
        103: "no webhooks",
        104: "whoever has them",
        105: "was deleted",
        106: "marker_field",
        107: "next message",
    }
    assert words[row] in table
