"""What the commands around destinations share: the store they look into, and why nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from core.cli.look import open_runtime
from core.destinations.catalogue import Destination, Destinations, DestinationState, UnknownDestination
from core.destinations.provision import provision_destinations
from core.errors import ConfigError
from core.provisioning import provision
from core.runtime import Runtime
from core.settings import nearest


@contextmanager
def opened(config_path: str, *, connected: bool = False) -> Iterator[Runtime]:
    """The runtime, with the destinations of the file in the store; `connected`, with its connections there too."""
    with closing(open_runtime(config_path)) as runtime:
        if connected:
            provision(runtime)
        provision_destinations(runtime)
        yield runtime


def found(runtime: Runtime, name: str) -> Destination:
    """A destination; raises `ConfigError` naming those there are."""
    try:
        return Destinations(runtime).get(name)
    except UnknownDestination:
        known = [each.name for each in Destinations(runtime).list()]
        raise ConfigError(name, "there is no such destination", nearest(name, known, "There are")) from None


def nothing_sent(destination: Destination) -> str:
    """Why a destination sends nothing, and what to do; "" if it sends."""
    name = destination.name
    if destination.state is DestinationState.PAUSED:
        return f"{name} is paused: nothing is sent before `relaydesk destinations resume {name}`."
    if destination.state is DestinationState.ACTIVE:
        return ""
    if destination.provisioned:
        why = f" It cannot be: {destination.held_reason}" if destination.held_reason else ""
        return f"{name} is not active: nothing is sent before it has active = true in the configuration file.{why}"
    return f"{name} is not active: nothing is sent before `relaydesk destinations activate {name}`."


def pretty(value: Any) -> str:
    """A JSON value for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)
