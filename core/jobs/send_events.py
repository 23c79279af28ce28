"""Outbound events are sent: each try a POST that is signed anew, several receivers at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from standardwebhooks import Webhook

from core.errors import VendorError
from core.http import post_bytes
from core.http_answers import retry_after, vendor_words
from core.jobs.deliveries import Outcome, Sending, go_on, next_moment, take
from core.jobs.senders import Senders
from core.runtime import Runtime

log = logging.getLogger(__name__)

TIMEOUT = 15.0
"""Seconds that a receiver has to answer."""
SENDERS = 8
"""Receivers that are served at a time: a slow one keeps one sender busy, and itself waiting."""
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


class EventSender(Senders[Sending]):
    """The threads that send outbound events. What has no answer when they end is sent again by another process."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime, "events", SENDERS)

    def _take(self) -> Sending | None:
        return take(self._runtime)

    def _serve(self, work: Sending) -> None:
        serve(self._runtime, work, self._halt.is_set)

    def _next_moment(self) -> datetime | None:
        return next_moment(self._runtime)

    def _after_fault(self, work: Sending) -> str:
        return f"what became of event {work.message_id} is not known; it is sent again"
