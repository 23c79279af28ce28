"""Automation rules as the API writes them, in both directions.

Shapes: https://developers.freshdesk.com/api/#automations, and rules that other integrations have read back from live
accounts. What a webhook's content looks like there is not documented: an object, or the text as it was typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from plugins.freshdesk.simulator_placeholders import PLACEHOLDER
from plugins.freshdesk.simulator_rules import ANY, OPERATORS, UPDATES, Action, Condition, Event, Rule, SetValues
from plugins.freshdesk.simulator_webhooks import ADVANCED, SIMPLE, Webhook

PERFORMER_NUMBERS = {"agent": 1, "requester": 2, "agent_or_requester": 3, "system": 4}
WEBHOOK = "trigger_webhook"
WEBHOOK_KEYS = (
    "field_name",
    "request_type",
    "url",
    "content_type",
    "content_layout",
    "content",
    "custom_headers",
    "auth_header",
)
RULE_KEYS = ("name", "position", "active", "performer", "events", "conditions", "operator", "actions")
"""What may be sent; anything else is refused."""


def shown_rule(rule: Rule, position: int) -> dict[str, Any]:
    """A rule as the API gives it; `position` counts from 1."""
    shown: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "position": position,
        "active": rule.active,
        "conditions": _shown_conditions(rule),
        "actions": [one for action in rule.actions for one in _shown_action(action)],
    }
    if rule.type == UPDATES:
        shown["performer"] = {"type": PERFORMER_NUMBERS[rule.performer]}
        shown["events"] = [_shown_event(event) for event in rule.events]
    return shown


def read_rule(given: Mapping[str, Any], type: int) -> Rule:
    """The rule that is meant. Raises `ValueError` in words, and `KeyError` for a key that is missing."""
    number = given.get("performer", {}).get("type")
    names = {number: name for name, number in PERFORMER_NUMBERS.items()}
    conditions, match_all = _read_conditions(given.get("conditions", []))
    return Rule(
        given["name"],
        type,
        [_read_action(one) for one in given["actions"]],
        names.get(number, "") if type == UPDATES else "",
        [_read_event(one) for one in given.get("events", [])] if type == UPDATES else [],
        conditions,
        match_all,
        given.get("active", True),
    )


def _shown_event(event: Event) -> dict[str, Any]:
    if event.name == "reply_sent":
        return {"field_name": "reply_sent"}
    if event.name in ("note_type", "ticket_action"):
        return {"field_name": event.name, "value": event.value}
    return {"field_name": event.name, "from": event.before, "to": event.after}


def _read_event(given: Mapping[str, Any]) -> Event:
    return Event(given["field_name"], given.get("value", ANY), given.get("from", ANY), given.get("to", ANY))


def _shown_conditions(rule: Rule) -> list[dict[str, Any]]:
    if not rule.conditions:
        return []
    properties = [
        {"resource_type": "ticket", "field_name": one.name, "operator": one.operator, "value": one.value}
        for one in rule.conditions
    ]
    match = "all" if rule.match_all else "any"
    return [{"name": "condition_set_1", "match_type": match, "properties": properties}]


def _read_conditions(sets: Sequence[Mapping[str, Any]]) -> tuple[list[Condition], bool]:
    if not sets:
        return [], True
    if len(sets) > 1:
        raise ValueError("this simulator takes one set of conditions")
    read = []
    for one in sets[0]["properties"]:
        if one.get("operator", "is_any") not in OPERATORS:
            raise ValueError(f"this simulator knows the operators {', '.join(OPERATORS)}")
        read.append(Condition(one["field_name"], one.get("operator", "is_any"), one.get("value")))
    return read, sets[0].get("match_type", "all") == "all"


def _shown_action(action: Action) -> list[dict[str, Any]]:
    if isinstance(action, SetValues):
        return [{"field_name": name, "value": value} for name, value in action.values.items()]
    shown: dict[str, Any] = {
        "field_name": WEBHOOK,
        "request_type": action.method,
        "url": action.url,
        "content_type": action.encoding,
        "content_layout": action.layout,
        "content": _shown_content(action),
        "custom_headers": dict(action.headers),
    }
    if action.basic_auth is not None:
        # The password is not given away again.
        shown["auth_header"] = {"username": action.basic_auth[0]}
    return [shown]


def _shown_content(action: Webhook) -> Any:
    if action.layout == SIMPLE:
        return {name.replace(".", "_"): f"{{{{{name}}}}}" for name in action.ticked}
    try:
        return json.loads(action.body)
    except ValueError:
        return action.body


def _read_action(given: Mapping[str, Any]) -> Action:
    if given["field_name"] != WEBHOOK:
        return SetValues({given["field_name"]: given.get("value")})
    unknown = sorted(set(given) - set(WEBHOOK_KEYS))
    if unknown:
        raise ValueError(f"unknown in a webhook: {', '.join(unknown)}")
    content, auth = given.get("content", ""), given.get("auth_header")
    layout = {"simple": SIMPLE, "advanced": ADVANCED}.get(str(given.get("content_layout")), given.get("content_layout"))
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return Webhook(
        given["url"],
        given.get("request_type", "POST"),
        given["content_type"],
        str(layout or ADVANCED),
        text,
        PLACEHOLDER.findall(text),
        given.get("custom_headers", {}),
        (auth["username"], auth.get("password", "")) if auth else None,
    )
