"""Receivers of outbound events: what they may subscribe to, at which addresses, and their secrets."""

from __future__ import annotations

import base64
import ipaddress
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from core.destination_settings import NAME, RESPONSES
from core.domain import Secret
from core.errors import ConfigError
from core.flow.announce import FAMILIES, OutboundEvent
from core.http_transport import is_public
from core.settings import nearest

EVENTS = (*FAMILIES, *(event.value for event in OutboundEvent))
"""What can be subscribed to: everything, a family, or single types."""
ANSWERS = rf"{RESPONSES}{NAME}"
"""The pattern of what can be subscribed to beside these, and by name only: the answers that a destination gets."""
LONGEST_URL = 2000
BOTH_SECRETS = timedelta(hours=24)
"""How long a secret that was replaced signs too, so that a receiver can change over without losing anything."""
MOST_FORMER = 10
"""Secrets that were replaced and sign all the same: each makes a header longer, and none may go before its time."""
_LOCAL = ("localhost", "local", "internal", "lan", "home.arpa")
"""Names, and ends of names, that lead to nowhere but one's own network."""


def checked_events(events: Sequence[str], *, responses: bool = False) -> list[str]:
    """The events, if there are any and each can be subscribed to; raises `ConfigError`.

    With `responses`, the answers that a destination gets are among them: ``responses:people``.
    """
    if not events:
        raise ConfigError("events", "it names none", f"Choose from: {', '.join(EVENTS)}.")
    for event in events:
        if event not in EVENTS and not (responses and re.fullmatch(ANSWERS, event)):
            raise ConfigError("events", f'there is no event "{event}"', nearest(event, [*EVENTS], "The events are"))
    return sorted(set(events))


def checked_url(url: str, allow_private: bool) -> str:
    """The address, if it may be called; raises `ConfigError`.

    A name is looked up with each call only, and what it leads to is checked then.
    """
    schemes = ("https", "http") if allow_private else ("https",)
    wanted = "Give the address of the receiver, such as https://example.com/hooks/relaydesk."
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ConfigError("url", "it is not an address", wanted) from None
    if parts.scheme not in schemes:
        raise ConfigError("url", "it does not begin with https://", wanted)
    if not host or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ConfigError("url", "it is not an address", wanted)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ConfigError(
            "url", "it holds a user or a #", "Leave them out: events are signed, which takes no password."
        )
    if len(url) > LONGEST_URL:
        raise ConfigError("url", f"it is longer than {LONGEST_URL} characters", wanted)
    if not allow_private and _is_private(host):
        raise ConfigError(
            "url",
            "it leads to an address that is not on the public internet",
            "Give a public one, or set server.allow_private_webhooks = true for a receiver in your own network.",
        )
    return url


def _is_private(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or f".{host}".endswith(tuple(f".{each}" for each in _LOCAL))
    return not is_public(host)


def new_secret() -> Secret:
    """A secret in the form of Standard Webhooks."""
    return Secret(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}")


def not_over(former: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Those of the replaced secrets that still sign: each with its end, in seconds since 1970."""
    return [each for each in former if now.timestamp() < each["until"]]


def replaced(sealed: str, former: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The secrets that sign beside a new one: that which it replaces, and those that this one had replaced.

    Any of them may be the one that the receiver knows: where a page is loaded again or a call repeated, the new secret
    has reached nobody. Raises `ConfigError` where there are too many.
    """
    left = not_over(former, now)
    if len(left) >= MOST_FORMER:
        problem = f"it was replaced {MOST_FORMER} times within a day, and all of these still sign"
        raise ConfigError("secret", problem, "Use the latest one, or wait until the first is over.")
    return [*left, {"secret": sealed, "until": int((now + BOTH_SECRETS).timestamp())}]
