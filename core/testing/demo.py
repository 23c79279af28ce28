"""What a vendor's round of `relaydesk demo` is made of: an account, the people in it, and steps that are checked.

A plugin takes part by a module `simulator_demo` beside its simulator that holds a `Round` under the name `ROUND`. A
step does something at the simulated vendor and then says what must come true, judged by the vendor's own record.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.testing.simulator import Simulator
from core.testing.webhook_delivery import Delivery
from core.testing.webhook_sender import WebhookSender

PATIENCE = 15.0
"""Seconds of real time within which each check must come true."""
QUIET = 6.0
"""Seconds of real time in which the AI must not speak: longer than a turn waits for more messages (4 by default)."""

Check = tuple[str, Callable[[], Any]]
"""What must come true, in words, and how the record tells."""
Say = Callable[[str], None]


class StepFailed(Exception):
    """A step of the demo did not happen; the text says what was expected and what was seen."""


class Service(Protocol):
    """What a step may ask the service about its side of a conversation."""

    def knows(self, conversation_id: str) -> bool:
        """Whether there is a session of it."""

    def closed(self, conversation_id: str) -> bool:
        """Whether its session is closed as resolved."""

    def imported(self) -> bool:
        """Whether what waited at the vendor when it was connected has been imported to the end."""


class Stage(abc.ABC):
    """A vendor's simulated account as the steps see it; each vendor adds its people and its conversation."""

    def __init__(self, sim: Simulator, webhooks: WebhookSender, service: Service, say: Say) -> None:
        self.webhooks = webhooks
        self.service = service
        self.say = say
        self.patience = PATIENCE
        self.quiet = QUIET
        self.answers = 0
        """How often the AI had answered the customer when it was last due: `is_silent` compares with that."""
        self._sim = sim

    @abc.abstractmethod
    def spoken(self) -> int:
        """How often the AI has spoken to the customer so far."""

    @abc.abstractmethod
    def seen(self) -> Sequence[str]:
        """The present state of the conversation at the vendor, a line each."""

    def expect(self, *checks: Check) -> None:
        """Wait until all checks hold; raises `StepFailed` for the first that does not."""
        for words, holds in checks:
            if not self._sim.wait_for(holds, self.patience):
                raise StepFailed(f"expected: {words}\nseen:     " + "\n          ".join(self._state()))
            self.say(f"   ok: {words}")

    def tell(self, who: str, text: str) -> None:
        """Tell what somebody says; further lines are set off from those of the demo itself."""
        first, *rest = text.split("\n")
        self.say("\n".join([f"   {who}: {first}", *(f"   | {line}".rstrip() for line in rest)]))

    def is_silent(self) -> bool:
        """Whether the AI has said nothing to the customer since it was last due to."""
        return self.spoken() == self.answers

    def listen(self) -> None:
        """Give the AI time to speak where it should not; ends early if it does."""
        self._sim.wait_for(lambda: not self.is_silent(), self.quiet)

    def all_taken(self) -> bool:
        """Whether the service has taken every webhook."""
        return bool(self.webhooks.deliveries) and all(map(taken, self.webhooks.deliveries))

    def _state(self) -> list[str]:
        sent, calls = self.webhooks.deliveries, self._sim.record.calls()
        lines = [*self.seen(), f"{sum(map(taken, sent))} of {len(sent)} webhooks taken, {len(calls)} calls made"]
        return lines + [f"the latest call: {call.method} {call.path} was answered {call.status}" for call in calls[-1:]]


Step = tuple[str, Callable[[Any], None]]
"""A step's title, and what it does with the vendor's stage."""


@dataclass(frozen=True)
class Round:
    """A vendor's part. `build(port=…)` gives its simulated account, not started yet.

    `settings` are the keys of a [[connections]] table that leads to the account, once it runs; secrets among them are
    `core.Secret`. `stage` puts the people on it, `steps` are played on that.
    """

    label: str
    build: Callable[..., Any]
    settings: Callable[[Any], Mapping[str, Any]]
    stage: Callable[[Any, Service, Say], Stage]
    steps: Sequence[Step]

    def play(self, stage: Stage) -> None:
        """Play all steps; raises `StepFailed` naming the step that did not happen."""
        for number, (title, step) in enumerate(self.steps, 1):
            stage.say(f"{number}. {title}")
            try:
                step(stage)
            except StepFailed as failure:
                raise StepFailed(f"{self.label}: step {number} ({title}) did not happen\n{failure}") from None


def taken(delivery: Delivery) -> bool:
    """Whether the service has taken a webhook."""
    return any(attempt.accepted for attempt in delivery.attempts)
