"""What the vendor was asked for by name is remembered for a while, so that a thousand records ask once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from core.clock import Clock
from core.connector import Connector
from core.domain import Connection
from core.errors import BadRecord, Refused
from core.http import HttpClient

MOST_REMEMBERED = 20_000
NOT_FOUND = timedelta(seconds=30)
"""How long it is believed that there is nothing of a name: whoever makes it then tries again."""


class LookUpCache:
    """The look-ups of one process, over all its connections; safe to use from all its threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[tuple[int, str, str], tuple[str, str, datetime]] = {}
        """The id or else the words why there is none, and until when it is believed."""

    def find(self, connector: Connector, connection: Connection, what: str, value: str, http: HttpClient) -> str:
        """The vendor's id of what is called `value`. Raises `BadRecord`, in words, where there is none."""
        key = (connection.id, what, value)
        now = self._clock.now()
        with self._lock:
            known = self._found.get(key)
        if known is None or known[2] <= now:
            known = self._ask(connector, connection, what, value, http, now)
            with self._lock:
                if len(self._found) >= MOST_REMEMBERED:
                    self._found.clear()
                self._found[key] = known
        if not known[0]:
            raise BadRecord("", known[1])
        return known[0]

    def _ask(
        self, connector: Connector, connection: Connection, what: str, value: str, http: HttpClient, now: datetime
    ) -> tuple[str, str, datetime]:
        try:
            identifier = connector.look_up(what, value, connection, http)
        except Refused as problem:
            return "", problem.words, now + NOT_FOUND
        kept = next((each.keep_seconds for each in connector.look_ups if each.name == what), 0.0)
        return identifier, "", now + timedelta(seconds=kept)
