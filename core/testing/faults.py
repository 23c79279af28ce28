"""The fault switch of a simulator: which call goes wrong, how, and whether it did its work all the same.

| kind | what the caller sees | works by default |
|---|---|---|
| timeout | no answer; the connection is held until the caller leaves or the simulator stops | no |
| late | as `timeout`; the effect comes `seconds` later, or when `apply_late()` is called | late |
| cut | the connection is reset before any byte of an answer | no |
| half_body | a good answer, cut after half of its body | yes |
| 401, 403, 404, 500, 503 | that status, with the vendor's error body | no |
| 502-html | 502 and a proxy's HTML page | no |
| 429 | 429, with `Retry-After` unless `retry_after=None` | no |
| 400_posted | 400 with the vendor's error body, although the work was done | yes |
| 202, empty200 | 202 or 200 with an empty body | yes |
| garbage | 200 that says it is JSON and is not | yes |
| html200 | 200 and an HTML page | yes |
| redirect | 302 to `location` | no |
| slow | the good answer, after `seconds` | yes |
| drip | the good answer, one byte each `seconds`: each read is quick, the whole is not | yes |
| huge | 200 and a body without end | yes |

`performed=True`, `False` or `"late"` says otherwise for one fault.
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Performed = bool | Literal["late"]
When = Callable[[Any], bool]

KINDS: Mapping[str, Performed] = {
    "timeout": False,
    "late": "late",
    "cut": False,
    "half_body": True,
    "401": False,
    "403": False,
    "404": False,
    "500": False,
    "503": False,
    "502-html": False,
    "429": False,
    "400_posted": True,
    "202": True,
    "empty200": True,
    "garbage": True,
    "html200": True,
    "redirect": False,
    "slow": True,
    "drip": True,
    "huge": True,
}
"""Every kind of fault, and whether the call does its work unless the fault says otherwise."""


@dataclass
class Fault:
    """One thing to go wrong; see the table above.

    `endpoint` may hold `*`. The first `after` matching calls go well, then `times` of them fail (None: all).
    `when` is asked with the call's JSON body whether the call matches at all.
    """

    endpoint: str
    kind: str
    times: int | None = 1
    performed: Performed | None = None
    after: int = 0
    seconds: float | None = None
    retry_after: float | None = 30
    location: str = "/"
    when: When | None = None
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; the kinds are: {', '.join(KINDS)}")

    @property
    def works(self) -> Performed:
        """Whether the call does its work: True, False or "late"."""
        return KINDS[self.kind] if self.performed is None else self.performed

    def shown(self) -> dict[str, Any]:
        """The fault as JSON values."""
        return {
            "endpoint": self.endpoint,
            "kind": self.kind,
            "times": self.times,
            "after": self.after,
            "hits": self.hits,
        }


class FaultSwitch:
    """The faults that are set, in the order in which they were set; the first that matches a call is used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Set a fault; its `hits` tells later how often it struck."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self, endpoint: str = "*") -> None:
        """Take back the faults set for endpoints that match."""
        with self._lock:
            self._faults = [fault for fault in self._faults if not fnmatch.fnmatch(fault.endpoint, endpoint)]

    def pending(self) -> list[Fault]:
        """The faults that have not struck as often as they shall."""
        with self._lock:
            return list(self._faults)

    def take(self, endpoint: str, body: Any) -> Fault | None:
        """The fault that strikes this call, if one does; counts it."""
        with self._lock:
            for fault in self._faults:
                if not fnmatch.fnmatch(endpoint, fault.endpoint) or (fault.when and not fault.when(body)):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.hits += 1
                if fault.times is not None and fault.hits >= fault.times:
                    self._faults.remove(fault)
                return fault
        return None
