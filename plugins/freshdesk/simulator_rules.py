"""The simulated account's automation rules on ticket creation and on ticket updates: when they fire and what they do.

Vendor: the API reference on automations (https://developers.freshdesk.com/api/#automations) for their parts, and its
help pages on "ticket updates" rules for who runs when. Hourly rules are not simulated.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.clock import Clock
from core.testing.webhook_sender import WebhookSender
from plugins.freshdesk.simulator_happenings import Directory, Happening, Performer
from plugins.freshdesk.simulator_placeholders import placeholder_values
from plugins.freshdesk.simulator_webhook_quirks import WebhookQuirks
from plugins.freshdesk.simulator_webhooks import Webhook, change_event

CREATION, UPDATES = 1, 4
"""The API's numbers of the kinds of rules; 3 is the hourly ones."""
PERFORMERS: Mapping[str, frozenset[str]] = {
    "agent": frozenset({"agent"}),
    "requester": frozenset({"requester"}),
    "agent_or_requester": frozenset({"agent", "requester"}),
    "system": frozenset({"system"}),
}
"""What an update rule can wait for, with the kinds of `Performer` that this takes in."""
ANY = "--"
"""How rules write "any", on either side of a change."""
LONGEST_CHAIN = 5
"""How often what a rule does may trigger rules that trigger rules; what the vendor's limit is, nobody has said."""

SYSTEM = Performer("system")
FIELDS = {"ticket_type": "type"}
"""Where a rule's name of a field is not that of the ticket."""
SETTABLE = ("status", "priority", "ticket_type", "responder_id", "group_id", "tags")
"""The fields, by the rules' names, that a rule can set beside custom ones."""
OPERATORS = ("is", "is_not", "in", "not_in", "contains", "is_any")

Change = Callable[[Any, Mapping[str, Any], Performer], Any]
"""Sets fields of a ticket in somebody's name; the account tells of it as of any other change."""


@dataclass(frozen=True)
class Event:
    """What an update rule waits for, in the words of the API.

    `name` is reply_sent, note_type (`value` public, private or any), ticket_action (`value` update or delete), or a
    field (status, priority, ticket_type, responder_id, group_id, cf_...) that changes from `before` to `after`.
    """

    name: str
    value: Any = ANY
    before: Any = ANY
    after: Any = ANY

    def matches(self, happening: Happening) -> bool:
        """Whether this happening is what the rule waits for."""
        if self.name == "reply_sent":
            return happening.kind == "reply_sent"
        if self.name == "note_type":
            return happening.kind == "note_added" and self.value in (ANY, happening.note_type)
        if self.name == "ticket_action":
            kinds = {"update": "ticket_updated", "delete": "ticket_deleted"}
            return happening.kind == kinds.get(self.value)
        change = happening.changes.get(FIELDS.get(self.name, self.name))
        return change is not None and self.before in (ANY, change[0]) and self.after in (ANY, change[1])

    def told(self, happening: Happening, quirks: WebhookQuirks) -> str:
        """What `{{triggered_event}}` says of it."""
        if self.name == "reply_sent":
            return quirks.reply_event
        if self.name == "note_type":
            return f"{{note_type:{happening.note_type}}}"
        if self.name == "ticket_action":
            return f"{{ticket_action:{self.value}}}"
        before, after = happening.changes[FIELDS.get(self.name, self.name)]
        return change_event(self.name, before, after, quirks.nobody)


@dataclass(frozen=True)
class Condition:
    """What a ticket must be like, by the API's name of the field; `operator` is one of `OPERATORS`."""

    name: str
    operator: str = "is_any"
    value: Any = None

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ValueError(f"there is no operator {self.operator!r}; the operators are: {', '.join(OPERATORS)}")

    def holds(self, ticket: Any) -> bool:
        """Whether the ticket is like that."""
        own = ticket.custom_fields.get(self.name) if self.name.startswith("cf_") else _attribute(ticket, self.name)
        have = set(own) if isinstance(own, list) else {own}
        wanted = set(self.value) if isinstance(self.value, list | tuple) else {self.value}
        if self.operator == "contains":
            return any(str(one).lower() in str(own or "").lower() for one in wanted)
        if self.operator == "is_any":
            return True
        return bool(have & wanted) == (self.operator in ("is", "in"))


def _attribute(ticket: Any, name: str) -> Any:
    return getattr(ticket, {"tag_names": "tags", **FIELDS}.get(name, name), None)


@dataclass(frozen=True)
class SetValues:
    """An action that sets fields of the ticket, such as an assignment to an agent or a group.

    Raises `ValueError` for a field that is neither one of `SETTABLE` nor a custom one.
    """

    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        unknown = [name for name in self.values if name not in SETTABLE and not name.startswith("cf_")]
        if unknown:
            raise ValueError(f"no rule can set {', '.join(unknown)}; the fields are: {', '.join(SETTABLE)}")


Action = Webhook | SetValues


@dataclass
class Rule:
    """One rule as an administrator has set it up; `match_all` says whether all conditions must hold or one of them.

    A rule of `type` UPDATES needs a performer and an event, as the vendor's form does. Raises `ValueError` without.
    """

    name: str
    type: int
    actions: Sequence[Action]
    performer: str = ""
    events: Sequence[Event] = ()
    conditions: Sequence[Condition] = ()
    match_all: bool = True
    active: bool = True
    id: int = 0

    def __post_init__(self) -> None:
        if self.type not in (CREATION, UPDATES):
            raise ValueError(f"there are rules of type {CREATION} (ticket creation) and {UPDATES} (ticket updates)")
        if self.type == UPDATES and self.performer not in PERFORMERS:
            raise ValueError(f"an update rule needs a performer, one of: {', '.join(PERFORMERS)}")
        if self.type == UPDATES and not self.events:
            raise ValueError("an update rule needs an event")

    def event(self, happening: Happening) -> Event | None:
        """The first of this update rule's events that happened, if its performer did it and the conditions hold."""
        if happening.performer.kind not in PERFORMERS[self.performer] or not self.suits(happening.ticket):
            return None
        return next((event for event in self.events if event.matches(happening)), None)

    def suits(self, ticket: Any) -> bool:
        """Whether the conditions hold for the ticket; a rule without conditions takes every ticket."""
        held = [condition.holds(ticket) for condition in self.conditions]
        return all(held) if self.match_all or not held else any(held)


@dataclass(frozen=True)
class Firing:
    """A line of the rules' activity log: which rule ran for which ticket, and what `{{triggered_event}}` was."""

    at: datetime
    rule_id: int
    rule: str
    ticket_id: int
    triggered_event: str


@dataclass
class Automations:
    """The rules of one account. Told of what happens, it fires them: in order, and before `happened` returns.

    `portal` gives the address of the account's pages. Of the creation rules only the first that suits runs, unless
    `execute_all` is on; of the update rules all that suit.
    """

    directory: Directory
    clock: Clock
    sender: WebhookSender
    change: Change
    quirks: Callable[[], WebhookQuirks]
    portal: Callable[[], str] = lambda: "https://example.freshdesk.com"
    execute_all: bool = False
    rules: list[Rule] = field(default_factory=list)
    log: list[Firing] = field(default_factory=list)
    _depth: int = 0
    _ids: Any = field(default_factory=lambda: itertools.count(43000701001))

    def add(self, rule: Rule, position: int | None = None) -> Rule:
        """Put a rule behind those of its type, or at this position (from 1) among them; returns it, with an id."""
        rule.id = rule.id or next(self._ids)
        later = self.of(rule.type)[position - 1 :] if position else []
        self.rules.insert(self.rules.index(later[0]) if later else len(self.rules), rule)
        return rule

    def of(self, type: int) -> list[Rule]:
        """The rules of a type, in their order."""
        return [rule for rule in self.rules if rule.type == type]

    def happened(self, happening: Happening) -> None:
        """Run the rules that this triggers. What they change may trigger others, up to `LONGEST_CHAIN` deep."""
        if self._depth > LONGEST_CHAIN:
            return
        self._depth += 1
        try:
            for rule, triggered in self._triggered(happening):
                self._run(rule, happening, triggered)
        finally:
            self._depth -= 1

    def _triggered(self, happening: Happening) -> list[tuple[Rule, str]]:
        if happening.kind == "ticket_created":
            fitting = [rule for rule in self.of(CREATION) if rule.active and rule.suits(happening.ticket)]
            told = "{ticket_action:created}"
            return [(rule, told) for rule in (fitting if self.execute_all else fitting[:1])]
        met = [(rule, rule.event(happening)) for rule in self.of(UPDATES) if rule.active]
        return [(rule, event.told(happening, self.quirks())) for rule, event in met if event is not None]

    def _run(self, rule: Rule, happening: Happening, triggered: str) -> None:
        ticket, quirks = happening.ticket, self.quirks()
        self.log.append(Firing(self.clock.now(), rule.id, rule.name, ticket.id, triggered))
        for action in rule.actions:
            if isinstance(action, SetValues):
                self.change(ticket, {FIELDS.get(name, name): value for name, value in action.values.items()}, SYSTEM)
            elif quirks.webhook_action:
                quoting = quirks.webhook_comment_quotes_history
                values = placeholder_values(ticket, self.directory, triggered, self.portal(), quote_history=quoting)
                outgoing = action.outgoing(values, escape_quotes=quirks.escape_quotes)
                self.sender.post("ticket_created" if rule.type == CREATION else "ticket_updated", outgoing)
