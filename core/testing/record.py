"""The record of every call a simulator was sent, by which a test or a demonstration judges what really happened."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.testing.waiting import Changes

HIDDEN = "***"
_SECRET_KEY = re.compile(r"token|secret|password|api_?key|authorization", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the simulator took it.

    `status` is what the caller was answered, None if no answer was given. `performed` tells whether the
    call did its work, whatever was answered. A call performed late stands here twice: when it came
    (not performed) and when it took effect (`fault` is "late-effect").
    """

    at: datetime
    method: str
    path: str
    status: int | None
    performed: bool
    body: Any = None
    endpoint: str = ""
    query: str = ""
    fault: str = ""
    credential: bool = False
    """Whether an Authorization header came with it; its value is never kept."""

    def shown(self) -> dict[str, Any]:
        """The call as JSON values."""
        return {**asdict(self), "at": self.at.isoformat()}


class Record:
    """All calls in the order in which they were answered; credentials are replaced before anything is kept."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._hidden: set[str] = set()

    def hide(self, secret: str) -> None:
        """Replace this text wherever it occurs in later calls."""
        if secret:
            with self._lock:
                self._hidden.add(secret)

    def clean(self, value: Any) -> Any:
        """`value` (JSON values) without hidden texts and without the values of keys that name credentials."""
        if isinstance(value, str):
            for secret in tuple(self._hidden):
                value = value.replace(secret, HIDDEN)
            return value
        if isinstance(value, Mapping):
            return {key: HIDDEN if _SECRET_KEY.search(str(key)) else self.clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        return value

    def add(self, call: Call) -> None:
        """Keep a call whose path, query and body have been cleaned."""
        with self._lock:
            self._calls.append(call)
        self._changes.note()

    def calls(
        self,
        endpoint: str | None = None,
        *,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        performed: bool | None = None,
        since: datetime | None = None,
    ) -> list[Call]:
        """The calls that agree with everything given; `path` is a regular expression found anywhere in the path."""
        with self._lock:
            calls = list(self._calls)
        return [
            call
            for call in calls
            if (endpoint is None or call.endpoint == endpoint)
            and (method is None or call.method == method)
            and (path is None or re.search(path, call.path))
            and (status is None or call.status == status)
            and (performed is None or call.performed is performed)
            and (since is None or call.at >= since)
        ]

    def refused(self) -> int:
        """How many calls were answered 429."""
        return len(self.calls(status=429))

    def per_minute(self, calls: Iterable[Call] | None = None) -> int:
        """The most calls that fell into any 60 seconds: what must stay within a rate limit."""
        moments = sorted(call.at for call in (self.calls() if calls is None else calls) if call.fault != "late-effect")
        most = start = 0
        for end, moment in enumerate(moments):
            while (moment - moments[start]).total_seconds() >= 60:
                start += 1
            most = max(most, end - start + 1)
        return most

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self._calls.clear()

    def __len__(self) -> int:
        return len(self._calls)
