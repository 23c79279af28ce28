"""The simulated endpoints for automation rules, for administrators.

Reference: https://developers.freshdesk.com/api/#automations. The list is not a bare array, as others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint
from werkzeug.wrappers import Response

from plugins.freshdesk.simulator_access import only_admins
from plugins.freshdesk.simulator_answers import ApiError, Invalid, answer, given, unknown_field
from plugins.freshdesk.simulator_rule_shapes import RULE_KEYS, read_rule, shown_rule
from plugins.freshdesk.simulator_rules import CREATION, UPDATES, Rule

if TYPE_CHECKING:
    from plugins.freshdesk.simulator import FreshdeskSimulator

HOURLY = 3
TYPES = (CREATION, HOURLY, UPDATES)
"""Hourly rules are listed, but there are never any."""


def add_automations(api: Blueprint, sim: FreshdeskSimulator) -> None:
    """Add the endpoints to the API's blueprint."""

    @api.get("/automations/<int:type>/rules")
    def list_rules(type: int) -> Response:
        return answer({"rules": [_shown(sim, rule) for rule in _of(sim, type)]})

    @api.get("/automations/<int:type>/rules/<int:rule_id>")
    def view_rule(type: int, rule_id: int) -> Response:
        return answer(_shown(sim, _one(sim, type, rule_id)))

    @api.post("/automations/<int:type>/rules")
    def create_rule(type: int) -> Response:
        _of(sim, type)
        values = given()
        rule = sim.automations.add(_read(type, values), values.get("position"))
        sim.changes.note()
        return answer(_shown(sim, rule), 201)

    @api.put("/automations/<int:type>/rules/<int:rule_id>")
    def update_rule(type: int, rule_id: int) -> Response:
        old, rules = _one(sim, type, rule_id), sim.automations.rules
        changes = given()
        made = _read(type, {**_shown(sim, old), **changes}, changes)
        made.id = old.id
        if "actions" not in changes:
            # What is shown of them leaves out passwords and cannot tell a typed body from an object.
            made.actions = old.actions
        rules[rules.index(old)] = made
        sim.changes.note()
        return answer(_shown(sim, made))

    @api.delete("/automations/<int:type>/rules/<int:rule_id>")
    def delete_rule(type: int, rule_id: int) -> Response:
        sim.automations.rules.remove(_one(sim, type, rule_id))
        sim.changes.note()
        return answer(None, 204)


def _of(sim: FreshdeskSimulator, type: int) -> list[Rule]:
    only_admins()
    if type not in TYPES:
        raise ApiError(404)
    return sim.automations.of(type)


def _one(sim: FreshdeskSimulator, type: int, rule_id: int) -> Rule:
    found = [rule for rule in _of(sim, type) if rule.id == rule_id]
    if not found:
        raise ApiError(404)
    return found[0]


def _shown(sim: FreshdeskSimulator, rule: Rule) -> dict[str, Any]:
    return shown_rule(rule, sim.automations.of(rule.type).index(rule) + 1)


def _read(type: int, values: dict[str, Any], sent: dict[str, Any] | None = None) -> Rule:
    unknown = [key for key in (values if sent is None else sent) if key not in RULE_KEYS]
    if unknown:
        raise Invalid(*map(unknown_field, unknown))
    try:
        return read_rule(values, type)
    except KeyError as problem:
        raise Invalid((str(problem.args[0]), "It is a mandatory field", "missing_field")) from None
    except (ValueError, TypeError, AttributeError) as problem:
        raise Invalid(("rule", str(problem), "invalid_value")) from None
