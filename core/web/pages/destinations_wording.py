"""What the pages of destinations say of them: what they write, from where, and what becomes of each record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.connector import Connector
from core.destination_settings import EVENTS, Batching, Definition
from core.destination_template import DestinationTemplate
from core.destinations.catalogue import Destination, Destinations, DestinationState

RECORD_STATES = {
    "waiting": "waiting",
    "arriving": "waiting",
    "sending": "on its way",
    "uncertain": "uncertain",
    "sent": "written",
    "skipped": "left out",
    "failed": "failed",
    "parked": "parked",
    "dropped": "given up",
}
"""What the states of a record are called."""
MEANINGS = {
    "waiting": "It has not been sent yet.",
    "arriving": "It has not been looked at yet.",
    "sending": "It is being sent at this moment.",
    "uncertain": "It was sent, and no answer came. It is looked for at the helpdesk, and not sent again before that.",
    "sent": "The helpdesk has it.",
    "skipped": "It was not sent: there is no need to.",
    "failed": "The helpdesk certainly does not have it. Mend what is wrong, and send it again.",
    "parked": "Nobody knows whether it arrived. Look at the helpdesk, and say here what you found.",
    "dropped": "Somebody decided that it is not sent.",
}
"""What each of them means, in a sentence."""
OUTCOMES = RECORD_STATES
"""What the outcomes of an answer are called."""
CALLS = {
    "sending": "on its way",
    "uncertain": "uncertain",
    "sent": "taken",
    "failed": "refused",
    "postponed": "put off",
    "parked": "parked",
}
"""What the states of a call are called."""
LONGEST_SHOWN, SHORT_NUMBER = 60, 12
"""Characters of a key in a list, and of one that is nothing but a digest."""
_DIGEST = re.compile("[0-9a-f]{64}")
BADGES = {
    "waiting": "warn",
    "arriving": "warn",
    "sending": "warn",
    "uncertain": "warn",
    "sent": "good",
    "failed": "bad",
    "parked": "bad",
}
"""How a state is marked."""
DESTINATION_STATES = {
    DestinationState.INACTIVE: ("not active", ""),
    DestinationState.ACTIVE: ("active", "good"),
    DestinationState.PAUSED: ("paused", "warn"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A destination as the pages show it: `writes` says what, `words` whether it does, `badge` how that is marked."""

    destination: Destination
    writes: str
    words: str
    badge: str


def shown(kept: Destinations, one: Destination) -> Shown:
    """A destination with the words for it."""
    words, badge = DESTINATION_STATES[one.state]
    if one.state is DestinationState.ACTIVE and one.held_reason:
        words, badge = "held back", "bad"
    return Shown(one, writes(one.definition, kept.template(one.definition)), words, badge)


def writes(definition: Definition, template: DestinationTemplate | None) -> str:
    """What a destination writes, in a few words."""
    if template is not None:
        return template.label
    if definition.template:
        return f"{definition.template} (there is no such template any more)"
    return f"{definition.method} {definition.url}"


def source_words(definition: Definition) -> str:
    """Where records come from, as a sentence."""
    if definition.source == EVENTS:
        return f"What happens here is written by itself: {', '.join(definition.events)}."
    if definition.upstream:
        return f"What the helpdesk answered to {definition.upstream} is written by itself."
    return "Records come from files and from programs."


def consequences(
    definition: Definition, template: DestinationTemplate | None, connector: Connector, answers_to: str
) -> Iterator[str]:
    """What the settings lead to beside the requests themselves, sentence by sentence."""
    yield source_words(definition)
    if definition.source != EVENTS and not definition.upstream:
        yield f"Programs post them to /api/v1/destinations/{definition.name}/records."
    if definition.exclude:
        yield f"Never sent: {', '.join(definition.exclude)}."
    known = f"its {definition.key}" if definition.key else "all that it holds"
    yield f"A record is known by {known}, and never written twice."
    if definition.unique:
        yield f"Of those equal in {definition.unique}, the {definition.keep} is written."
    if template is not None and template.finds_existing:
        then = {
            "fail": "the record fails",
            "skip": "the record is left out",
            "update": "it is brought up to date",
        }
        yield f"Where {connector.label} has it already, {then[definition.exists]}."
    yield _together(definition.batch)
    if definition.response:
        posted = f", and posted to {answers_to}" if answers_to else ""
        yield f"Every answer is kept as responses:{definition.name}{posted}."


def _together(batch: Batching | None) -> str:
    if batch is None:
        return "Each record is a call of its own."
    which = {
        "count": "",
        "field": f" that are equal in {batch.field}",
        "bytes": f" that make no more than {batch.bytes:,} bytes",
        "time": f" that come within {batch.seconds:g} s",
    }
    under = f", in a list called {batch.under}" if batch.under else ""
    wait = f" A call that is not full waits {batch.seconds:g} s for more."
    return f"Up to {batch.size:,} records{which[batch.group_by]} go into one call{under}.{wait}"


def as_json(value: Any) -> str:
    """A value as a person reads it: JSON with its lines, and what is none as it stands."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return str(value)
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def shortened(text: str) -> str:
    """A key as it stands in a list: that of a record which is known by all it holds is a long number."""
    longest = SHORT_NUMBER if _DIGEST.fullmatch(text) else LONGEST_SHOWN
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
