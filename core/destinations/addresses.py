"""The address of a manual destination: on the connection's own host, whatever a record puts into it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from core.destinations.expressions import filled
from core.errors import BadRecord, ConfigError

_STANDS_FOR_A_VALUE = "x"


def checked_address(url: str, base_url: str) -> str:
    """The path below `base_url` that an address names, placeholders and all; complete where it is not below it.

    `url` is complete, and then on the very host of `base_url`, or a path. Raises `ConfigError`: a credential goes to
    the host that it belongs to and to no other.
    """
    base = urlsplit(base_url)
    plain = filled(url, lambda _: _STANDS_FOR_A_VALUE)
    host = f"{base.scheme}://{base.netloc}"
    wanted = f"Give a path, such as /tickets/{{id}}, or an address that begins with {host}/."
    if "{" in plain or "}" in plain:
        raise ConfigError("url", "it has a brace without its counterpart", "Write a placeholder as {attribute}.")
    if not plain.isascii() or not plain.isprintable() or any(each in plain for each in ' \\"<>^`|'):
        raise ConfigError("url", "it holds a character that does not belong into an address", wanted)
    if "#" in plain:
        raise ConfigError("url", "it holds a #", "Leave out what follows it: it is never sent.")
    if any(part in (".", "..") for part in plain.partition("?")[0].split("/")):
        raise ConfigError("url", "it has a . or .. in its path", "Write the path as it is meant.")
    is_path = plain.startswith("/") and not plain.startswith("//")
    path = url if is_path else _path_on_host(url, plain, host, wanted)
    below = f"{base.path.rstrip('/')}/"
    if path.startswith(below):
        return path[len(below) - 1 :]
    return path if is_path else f"{host}{path}"


def _path_on_host(url: str, plain: str, host: str, wanted: str) -> str:
    if "://" not in plain:
        raise ConfigError("url", "it is neither a complete address nor a path", wanted)
    try:
        parts = urlsplit(plain)
        _ = parts.port
    except ValueError:
        raise ConfigError("url", "it is not an address", wanted) from None
    if parts.scheme.lower() not in ("https", "http"):
        raise ConfigError("url", "it does not begin with https://", wanted)
    if parts.username is not None or parts.password is not None:
        raise ConfigError("url", "it names a user", "Leave it out: the connection has its own credential.")
    named = url.split("/", 3)
    # Written out, so that no placeholder can stand in it and no two readings of it can differ.
    if f"{named[0]}//{named[2]}".lower() != host.lower():
        problem = f"it leads to {parts.netloc or 'nowhere'}, which is not the connection's host"
        raise ConfigError("url", problem, wanted)
    return f"/{named[3] if len(named) > 3 else ''}"


def filled_path(path: str, value: Callable[[str], str]) -> str:
    """A path with the value of each placeholder as one piece of it. Raises `BadRecord` where that cannot be."""
    last = ""

    def piece(expression: str) -> str:
        nonlocal last
        last, text = expression, value(expression)
        if text in ("", ".", ".."):
            raise BadRecord(expression, f"cannot be a part of the address, since it is {text!r}")
        return quote(text, safe="")

    made = filled(path, piece)
    # Several placeholders of one piece may make together what none may be alone.
    for part in made.partition("?")[0].split("/"):
        if part in (".", ".."):
            raise BadRecord(last, f"cannot be a part of the address, where it makes {part!r}")
    return made
