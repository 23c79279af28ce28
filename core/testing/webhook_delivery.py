"""One webhook of a simulated vendor: what goes out, what became of it, and how many may go out in an hour."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A webhook as a vendor has made it up: the exact body, and where and how to send it."""

    url: str
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery; `status` is None if no answer came in time."""

    at: datetime
    retry: int
    headers: Mapping[str, str]
    status: int | None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Delivery:
    """One webhook: what goes out and every attempt at it. `state`: waiting, held, dropped, done or failed.

    `due` is when it is tried next, None once it is settled.
    """

    number: int
    kind: str
    outgoing: Outgoing
    at: datetime
    state: str = "waiting"
    attempts: list[Attempt] = field(default_factory=list)
    due: datetime | None = None

    @property
    def url(self) -> str:
        return self.outgoing.url

    @property
    def body(self) -> bytes:
        return self.outgoing.body

    @property
    def payload(self) -> Any:
        """The body's JSON values; of a body that is no JSON, its text."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace")

    def shown(self) -> dict[str, Any]:
        """The delivery as JSON values; its address and headers, which may hold secrets, are left out."""
        attempts = [{"at": one.at.isoformat(), "retry": one.retry, "status": one.status} for one in self.attempts]
        return {
            "number": self.number,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "state": self.state,
            "due": self.due.isoformat() if self.due else None,
            "payload": self.payload,
            "attempts": attempts,
        }


class Share:
    """Draws a share of what it is asked about: the same ones for the same seed."""

    def __init__(self, share: float = 0.0, seed: int = 0) -> None:
        self._share = share
        self._random = random.Random(seed)

    def strikes(self) -> bool:
        """Whether this one belongs to the share."""
        return self._random.random() < self._share


class HourlyQuota:
    """Admits so many in each hour of the clock; `per_hour` None admits all."""

    def __init__(self, per_hour: int | None = None) -> None:
        self.per_hour = per_hour
        self._hour: datetime | None = None
        self._used = 0

    def wait(self, now: datetime) -> float:
        """Count one: 0 if it may go out now, else the seconds until the next hour begins."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._used = hour, 0
        if self.per_hour is None or self._used < self.per_hour:
            self._used += 1
            return 0.0
        return (hour + timedelta(hours=1) - now).total_seconds()
