"""Holds a call to its time as a whole, whatever a peer does: a time-out of each single read cannot do that."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

Result = TypeVar("Result")


class Deadline:
    """A moment `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._ends_at - time.monotonic())


def within(deadline: Deadline, call: Callable[[], Result], give_up: Callable[[], None]) -> Result:
    """What `call` returns or raises; it runs in a thread of its own, so that the caller is free when the time is up.

    Then `give_up` is called, which must make `call` end soon, and `TimeoutError` is raised.
    """
    outcome: queue.SimpleQueue[Callable[[], Result]] = queue.SimpleQueue()

    def work() -> None:
        try:
            result = call()
        except BaseException as error:
            failure = error
            outcome.put(lambda: _fail(failure))
        else:
            outcome.put(lambda: result)

    threading.Thread(target=work, daemon=True, name="openai_chat").start()
    try:
        finished = outcome.get(timeout=max(0.001, deadline.remaining))
    except queue.Empty:
        finished = None
    if finished is None:
        give_up()
        raise TimeoutError(f"not finished within {deadline.seconds:g} s")
    return finished()


def _fail(error: BaseException) -> NoReturn:
    raise error
