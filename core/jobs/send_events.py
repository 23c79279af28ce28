"""Outbound events are sent: each try a POST that is signed anew, several receivers at a time."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from standardwebhooks import Webhook

from core.errors import VendorError
from core.http import post_bytes
from core.http_answers import retry_after, vendor_words
from core.jobs.deliveries import Outcome, Sending, go_on, next_moment, take
from core.runtime import Runtime

log = logging.getLogger(__name__)

TIMEOUT = 15.0
"""Seconds that a receiver has to answer."""
SENDERS = 8
"""Receivers that are served at a time: a slow one keeps one sender busy, and itself waiting."""
LONGEST_SLEEP = 5.0
WORDS = 500
"""Characters kept of what went wrong."""

Halted = Callable[[], bool]


def send_due(runtime: Runtime) -> int:
    """Make, in this thread, every try that is due now; returns how many there were."""
    made = 0
    while (sending := take(runtime)) is not None:
        made += serve(runtime, sending)
    return made


def serve(runtime: Runtime, sending: Sending, halted: Halted = lambda: False) -> int:
    """Make a try, and those after it that are due for the same subscription; returns how many there were."""
    made = 0
    going: Sending | None = sending
    while going is not None:
        outcome = post(runtime, going)
        made += 1
        going = go_on(runtime, going, outcome, more=not halted())
    return made


def post(runtime: Runtime, sending: Sending) -> Outcome:
    """Make a try: one POST, signed with the present moment, of which only the answer's status counts."""
    now = runtime.db.now()
    signatures = [Webhook(each.reveal()).sign(sending.message_id, now, sending.payload) for each in sending.secrets]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": sending.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    allowed = runtime.config.server.allow_private_webhooks
    try:
        raw = post_bytes(sending.url, sending.payload.encode(), headers, timeout_seconds=TIMEOUT, allow_private=allowed)
    except VendorError as problem:
        return Outcome(None, problem.words[:WORDS])
    except Exception as problem:
        log.exception("event %s could not be sent", sending.message_id)
        return Outcome(None, f"it could not be sent ({type(problem).__name__})")
    if 300 <= raw.status < 400:
        return Outcome(raw.status, f"it answered {raw.status} and points elsewhere; redirects are not followed")
    words = vendor_words(raw.content)
    said = f"it answered {raw.status}" + (f": {words}" if words else "")
    return Outcome(raw.status, said[:WORDS], retry_after(raw.headers, now) if raw.status in (429, 503) else None)


class EventSender:
    """The threads that send outbound events in the elected process: one looks for work, the others wait for answers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._halt = threading.Event()
        self._free = threading.Semaphore(SENDERS)
        self._begun: queue.SimpleQueue[Sending | None] = queue.SimpleQueue()
        # All are there from the start, for none could be started while the process ends.
        self._looks = threading.Thread(target=self._look, name="events", daemon=True)
        self._senders = [
            threading.Thread(target=self._send, name=f"events-{number}", daemon=True) for number in range(SENDERS)
        ]

    def start(self) -> None:
        """Start sending."""
        for thread in (self._looks, *self._senders):
            thread.start()

    def halt(self) -> None:
        """Begin nothing new."""
        self._halt.set()
        self._runtime.db.signal()

    def finish(self, wait: float | None) -> None:
        """Wait up to `wait` seconds for the answers that are due (None: as long as it takes).

        What has none by then is sent again by another process, once the lease is over.
        """
        until = None if wait is None else time.monotonic() + wait
        for thread in (self._looks, *self._senders):
            thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def _look(self) -> None:
        while not self._halt.is_set():
            try:
                self._hand_on()
            except Exception:
                log.exception("the sending of events goes on after a fault")
                self._halt.wait(1.0)
        for _ in self._senders:
            self._begun.put(None)

    def _hand_on(self) -> None:
        """Give what is due to a sender that is free; without either, wait."""
        if not self._free.acquire(timeout=1.0):
            return
        sending = None
        try:
            sending = take(self._runtime)
        finally:
            if sending is None:
                self._free.release()
        if sending is None:
            self._runtime.db.wait(self._until_next())
        else:
            self._begun.put(sending)

    def _send(self) -> None:
        while (sending := self._begun.get()) is not None:
            try:
                serve(self._runtime, sending, self._halt.is_set)
            except Exception:
                log.exception("what became of event %s is not known; it is sent again", sending.message_id)
            finally:
                self._free.release()

    def _until_next(self) -> float:
        due = next_moment(self._runtime)
        if due is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, (due - self._runtime.db.now()).total_seconds()))
