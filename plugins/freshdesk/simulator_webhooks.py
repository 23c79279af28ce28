"""The action "Trigger webhook" of the simulated account's rules: what it sends, and how the account delivers it.

Vendor: https://support.freshdesk.com/support/solutions/articles/132589 ("Using webhooks in automation rules"), and
its help pages on webhook retries and webhook drops. There is no signature, delivery id, attempt number or time.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from core.clock import Clock
from core.testing.waiting import Changes
from core.testing.webhook_delivery import Outgoing
from core.testing.webhook_sender import WebhookSender, unsigned
from plugins.freshdesk.simulator_placeholders import as_text, filled_in

RETRY_WAITS = (5 * 60.0, 30 * 60.0, 60 * 60.0)
"""The vendor tries three times more, after 5, 30 and 60 minutes, each counted from the failure before."""
TIMEOUT_SECONDS = 10.0
"""From one integrator's experience; the vendor names none."""

ENCODINGS = {"JSON": "application/json", "URL ENCODED": "application/x-www-form-urlencoded"}
"""What the rule's encoding is called, and the content type it is sent with; XML, which there is too, is left out."""
SIMPLE, ADVANCED = "1", "2"
"""The API's numbers for the two kinds of content: ticked placeholders, or a body typed by hand."""
ENVELOPE = "freshdesk_webhook"

TICKED = (
    "ticket.id",
    "ticket.subject",
    "ticket.status",
    "ticket.latest_public_comment",
    "ticket.contact.email",
    "triggered_event",
)
"""The placeholders that a person would tick in the simple content."""


@dataclass
class Webhook:
    """What a person fills in under "Trigger webhook".

    `encoding` is one of `ENCODINGS`. With the layout `SIMPLE` the `ticked` placeholders are sent, with `ADVANCED`
    the `body` exactly as typed, its placeholders replaced. `basic_auth` is a user name and a password. Raises
    `ValueError` for an encoding or layout that does not exist.
    """

    url: str
    method: str = "POST"
    encoding: str = "JSON"
    layout: str = ADVANCED
    body: str = ""
    ticked: Sequence[str] = TICKED
    headers: Mapping[str, str] = field(default_factory=dict)
    basic_auth: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"there is no encoding {self.encoding!r}; the encodings are: {', '.join(ENCODINGS)}")
        if self.layout not in (SIMPLE, ADVANCED):
            raise ValueError(
                f"there is no layout {self.layout!r}; there are {SIMPLE} (simple) and {ADVANCED} (advanced)"
            )

    def outgoing(self, values: Mapping[str, Any], *, escape_quotes: bool = True) -> Outgoing:
        """The request with these values of the placeholders; `escape_quotes` as in the quirk of that name."""
        body = self._simple(values) if self.layout == SIMPLE else self._typed(values, escape_quotes)
        headers = dict(self.headers)
        if self.basic_auth is not None:
            headers["Authorization"] = f"Basic {base64.b64encode(':'.join(self.basic_auth).encode()).decode()}"
        # Placeholders are allowed in the address too.
        url = filled_in(self.url, values, quote_plus)
        return Outgoing(url, body.encode(), ENCODINGS[self.encoding], headers, self.method)

    def _simple(self, values: Mapping[str, Any]) -> str:
        flat = {name.replace(".", "_"): values.get(name, "") for name in self.ticked}
        if self.encoding == "JSON":
            return json.dumps({ENVELOPE: flat}, ensure_ascii=False)
        return urlencode({f"{ENVELOPE}[{name}]": as_text(value) for name, value in flat.items()})

    def _typed(self, values: Mapping[str, Any], escape_quotes: bool) -> str:
        escape = _escape_json if self.encoding == "JSON" else quote_plus
        return filled_in(self.body, values, escape if escape_quotes else str)


def _escape_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def change_event(name: str, before: Any, after: Any, nobody: str) -> str:
    """What `{{triggered_event}}` says of a changed property: codes and ids, and no JSON.

    Seen live as `{status:{from:4,to:6}}` and `{responder_id:{from:150006383528,to:150014937111}}`.
    """
    sides = [nobody if side is None else as_text(side) for side in (before, after)]
    return f"{{{name}:{{from:{sides[0]},to:{sides[1]}}}}}"


def webhook_sender(
    clock: Clock,
    changes: Changes,
    *,
    timeout: float = TIMEOUT_SECONDS,
    retry_waits: Sequence[float] = RETRY_WAITS,
    per_hour: int | None = None,
    workers: int = 1,
) -> WebhookSender:
    """What delivers the account's webhooks as the vendor does; its waits are on `clock`.

    `per_hour` is the account's hourly quota, None for none: the vendor has one, but says nowhere how large it is.
    """
    return WebhookSender(
        unsigned,
        clock=clock,
        changes=changes,
        timeout=timeout,
        retry_waits=retry_waits,
        workers=workers,
        waits_on_clock=True,
        per_hour=per_hour,
    )
