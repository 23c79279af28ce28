"""Receivers of outbound events: which addresses and events are taken, and how a mistake is told."""

from __future__ import annotations

import base64

import pytest

from core.errors import ConfigError
from core.receivers import EVENTS, checked_events, checked_url, new_secret


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?key=1", "https://93.184.216.34:8443/hook", "https://example.com"]
)
def test_a_public_address_is_taken(url: str) -> None:
    assert checked_url(url, allow_private=False) == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com/hook", "url: it does not begin with https://. Give the address of the receiver"),
        ("example.com/hook", "url: it does not begin with https://"),
        ("", "url: it does not begin with https://"),
        ("https://", "url: it is not an address"),
        ("https://exa mple.com", "url: it is not an address"),
        ("https://example.com:port/", "url: it is not an address"),
        ("https://[::1", "url: it is not an address"),
        ("https://zürich.example/", "url: it is not an address"),
        ("https://user:canary@example.com/", "url: it holds a user or a #"),
        ("https://example.com/#part", "url: it holds a user or a #"),
        (f"https://example.com/{'x' * 2000}", "url: it is longer than 2000 characters"),
        ("https://127.0.0.1/hook", "url: it leads to an address that is not on the public internet"),
        ("https://[::1]/hook", "url: it leads to an address that is not on the public internet"),
        ("https://169.254.169.254/", "server.allow_private_webhooks = true"),
        ("https://localhost/", "url: it leads to an address that is not on the public internet"),
        ("https://crm.internal./", "url: it leads to an address that is not on the public internet"),
        ("https://intranet/", "url: it leads to an address that is not on the public internet"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_and_the_mend_told(url: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_url(url, allow_private=False)
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/hook", "http://crm.internal/", "https://10.0.0.1/"])
def test_where_private_addresses_are_allowed_plain_http_is_too(url: str) -> None:
    assert checked_url(url, allow_private=True) == url


def test_events_are_taken_once_each_and_a_mistyped_one_is_led_to_the_one_meant() -> None:
    assert checked_events(["handoff.*", "conversation.closed", "handoff.*"]) == ["conversation.closed", "handoff.*"]
    with pytest.raises(ConfigError, match=r'events: there is no event "conversation.close"\. Did you mean "conv'):
        checked_events(["conversation.close"])
    with pytest.raises(ConfigError, match=r"events: it names none\. Choose from: \*, conversation\.\*, handoff\.\*,"):
        checked_events([])
    assert len(EVENTS) == 12


def test_a_secret_has_the_form_of_standard_webhooks_and_is_another_one_each_time() -> None:
    secret = new_secret().reveal()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret != new_secret().reveal()
