"""Freshchat's settings: each mistake names its key and the mend (behaviour 15, 19, 57)."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from core import Secret
from plugins.freshchat.settings import FreshchatSettings

GOOD = {
    "domain": "acme.freshchat.com",
    "access_token": "canary-token",
    "default_agent_email": "ai@acme.example",
}


def problems(**changes: Any) -> dict[str, Any]:
    with pytest.raises(ValidationError) as caught:
        FreshchatSettings().load({key: value for key, value in (GOOD | changes).items() if value is not None})
    return caught.value.messages_dict


def test_the_defaults_are_those_of_the_documents() -> None:
    settings = FreshchatSettings().load(GOOD)
    assert settings["auto_handle_all"] is True
    assert settings["update_verb"] == "PUT"
    assert settings["public_key"] == ""
    assert settings["api_url"] == ""
    assert (settings["timeout_seconds"], settings["dedupe_hours"], settings["requests_per_minute"]) == (10.0, 24.0, 60)


@pytest.mark.parametrize(
    "host", ["acme.freshchat.com", "ACME.Freshchat.com ", "api.eu.freshchat.com", "a-1.myfreshworks.com"]
)
def test_the_vendors_hosts_are_taken(host: str) -> None:
    assert FreshchatSettings().load(GOOD | {"domain": host})["domain"] == host.strip().lower()


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.freshchat.com",
        "https://acme.freshchat.com/v2",
        "acme.freshchat.com/a/123/inbox",
        "HTTP://Acme.freshchat.com:443/",
        "acme.freshchat.com.",
    ],
)
def test_15_a_domain_with_scheme_or_path_is_refused_and_the_clean_form_offered(text: str) -> None:
    assert problems(domain=text)["domain"] == [
        'must be the host name alone, without scheme, port or path; write "acme.freshchat.com"'
    ]


@pytest.mark.parametrize(
    "text",
    [
        "acme",
        "freshchat.com",
        "evil.example",
        "acme.freshchat.com.evil.example",
        "evilfreshchat.com",
        "acme.freshchat.com@evil.example",
        "https://evil.example/acme.freshchat.com",
        "acme.freshch\u0430t.com",
        "127.0.0.1",
        "-.freshchat.com",
    ],
)
def test_a_domain_that_is_not_the_vendors_is_refused(text: str) -> None:
    assert "below freshchat.com or myfreshworks.com" in problems(domain=text)["domain"][0]


def test_a_missing_key_says_how_to_mend_it() -> None:
    assert "make a token" in problems(access_token=None)["access_token"][0]
    assert "email address of the agent" in problems(default_agent_email=None)["default_agent_email"][0]
    assert "give the full host" in problems(domain=None)["domain"][0]
    assert "default_agent_email" in problems(default_agent_email="nobody")
    assert "tokn" in problems(tokn="x")


def test_a_token_is_freed_of_what_was_copied_with_it_and_never_shown() -> None:
    settings = FreshchatSettings().load(GOOD | {"access_token": "  Bearer canary-token\n"})
    assert settings["access_token"] == Secret("canary-token")
    assert "canary" not in repr(settings)
    for broken in ("canary token", "canary\ntoken", "canary-tok\u00e9n", ""):
        said = problems(access_token=broken)["access_token"]
        assert "copy the token once more" in said[0]
        assert "canary" not in str(said)


def test_a_public_key_that_is_none_is_named() -> None:
    assert problems(public_key="-----BEGIN RSA PUBLIC KEY----- hello -----END RSA PUBLIC KEY-----")["public_key"] == [
        "is not a public key; copy the whole key from Freshchat's webhook page once more"
    ]
    assert "holds no key" in problems(public_key="-----BEGIN PUBLIC KEY-----")["public_key"][0]


def test_142_the_update_verb_is_put_or_patch() -> None:
    assert FreshchatSettings().load(GOOD | {"update_verb": "PATCH"})["update_verb"] == "PATCH"
    assert "update_verb" in problems(update_verb="POST")


def test_an_api_url_replaces_the_domain() -> None:
    settings = FreshchatSettings().load(
        {key: value for key, value in GOOD.items() if key != "domain"} | {"api_url": "http://127.0.0.1:8900/v2/"}
    )
    assert (settings["domain"], settings["api_url"]) == ("", "http://127.0.0.1:8900/v2")


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:8900/v2",
        "http://127.0.0.1:8900",
        "ftp://127.0.0.1/v2",
        "http://u:p@127.0.0.1/v2",
        "http://127.0.0.1/v2?x=1",
        "http://127.0.0.1:x/v2",
        "http:///v2",
    ],
)
def test_an_api_url_that_is_none_is_named(text: str) -> None:
    assert "ends in /v2" in problems(api_url=text)["api_url"][0]
