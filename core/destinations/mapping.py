"""A record becomes the fields that are sent: chosen, renamed, left out, added, and each made of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from core.destination_settings import Definition
from core.destination_template import DestinationTemplate, FieldKind, TemplateField
from core.destinations.expressions import MISSING, LookUpFunction, evaluate, parse
from core.domain import LookUp
from core.errors import BadRecord

LookUps = Mapping[str, LookUp]
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def mapped(
    definition: Definition,
    record: Mapping[str, Any],
    template: DestinationTemplate | None,
    look_ups: LookUps,
    look_up: LookUpFunction,
) -> dict[str, Any]:
    """The fields that are sent for a record. Raises `BadRecord` naming the field, by the name that the source has.

    With a template only what it takes is sent: attributes that it does not know are left out unless they are mapped to
    something, and a field that is empty is as good as absent. What is excluded is not sent as it is, nor inside of
    something that is; what is looked up by it can be.
    """
    found: dict[str, Any] = {}
    excluded = frozenset(definition.exclude)
    if definition.fields:
        for name, text in definition.fields.items():
            expression = parse(text, look_ups)
            as_it_is = not expression.look_ups
            if as_it_is and _is_excluded(expression.attribute, excluded):
                continue
            value = evaluate(expression, record, look_up)
            if value is not MISSING:
                found[name] = _without(value, expression.attribute, excluded) if as_it_is else value
    else:
        found = {
            name: _without(value, name, excluded) for name, value in record.items() if not _is_excluded(name, excluded)
        }
    found |= definition.constants
    return found if template is None else _fitted(template, found, definition)


def _is_excluded(attribute: str, excluded: Collection[str]) -> bool:
    """Whether an attribute is excluded, or one in which it is."""
    if not excluded:
        return False
    parts = attribute.split(".")
    return any(".".join(parts[:length]) in excluded for length in range(1, len(parts) + 1))


def _without(value: Any, path: str, excluded: Collection[str]) -> Any:
    """What stands at a path, without what is excluded inside of it, also in the objects of a list."""
    if not any(each.startswith(f"{path}.") for each in excluded):
        return value
    if isinstance(value, Mapping):
        inner = {name: f"{path}.{name}" for name in value}
        return {name: _without(value[name], at, excluded) for name, at in inner.items() if at not in excluded}
    return [_without(each, path, excluded) for each in value] if isinstance(value, list) else value


def _fitted(template: DestinationTemplate, given: Mapping[str, Any], definition: Definition) -> dict[str, Any]:
    fitted: dict[str, Any] = {}
    for name, value in given.items():
        field = template.field(name)
        if field is not None and value is not None and value != "":
            fitted[name] = converted(field, value, _source_of(name, definition))
    for field in template.fields:
        if field.required and not field.name.endswith("*") and field.name not in fitted:
            raise BadRecord(_source_of(field.name, definition), "is missing, and the vendor wants it")
    return fitted


def _source_of(name: str, definition: Definition) -> str:
    """What the source calls a field."""
    return definition.fields.get(name, name)


def converted(field: TemplateField, value: Any, called: str) -> Any:
    """A value as the kind that a field has. Raises `BadRecord`."""
    made: Any
    match field.kind:
        case FieldKind.TEXT:
            made = _text(value, called)
        case FieldKind.NUMBER:
            made = _number(value, called)
        case FieldKind.FLAG:
            made = value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())
            if made is None:
                raise BadRecord(called, f"must be true or false, and is {shown(value)}")
        case FieldKind.LIST:
            made = _list(value, called)
        case FieldKind.OBJECT:
            made = _object(value, called)
        case FieldKind.ANY:
            made = value
    if field.choices and made not in field.choices:
        choices = ", ".join(str(each) for each in field.choices)
        raise BadRecord(called, f"must be one of {choices}, and is {shown(value)}")
    return made


def _text(value: Any, called: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadRecord(called, f"must be a text, and is {shown(value)}")
    return str(value)


def _number(value: Any, called: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        # A spreadsheet writes a whole number as 12.0 at times.
        return int(re.sub(r"\.0+\Z", "", str(value).strip(), count=1))
    except ValueError:
        raise BadRecord(called, f"must be a whole number, and is {shown(value)}") from None


def _list(value: Any, called: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            return _parsed(value, list, called, "a list")  # type: ignore[no-any-return]
        return [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    raise BadRecord(called, f"must be a list, and is {shown(value)}")


def _object(value: Any, called: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return _parsed(value, dict, called, "an object")  # type: ignore[no-any-return]
    raise BadRecord(called, f"must be an object, and is {shown(value)}")


def _parsed(text: str, kind: type, called: str, what: str) -> Any:
    try:
        made = json.loads(text)
    except (ValueError, RecursionError):
        made = None
    if not isinstance(made, kind):
        raise BadRecord(called, f"must be {what} in JSON, and is {shown(text)}")
    return made


def shown(value: Any) -> str:
    """A value as it is quoted in an error."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"
