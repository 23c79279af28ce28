"""A record becomes the fields that are sent: chosen, renamed, left out, added, and each made of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
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
    something, and a field that is empty is as good as absent.
    """
    found: dict[str, Any] = {}
    if definition.fields:
        for name, text in definition.fields.items():
            expression = parse(text, look_ups)
            if expression.attribute in definition.exclude:
                continue
            value = evaluate(expression, record, look_up)
            if value is not MISSING:
                found[name] = value
    else:
        found = {name: value for name, value in record.items() if name not in definition.exclude}
    found |= definition.constants
    return found if template is None else _fitted(template, found, definition)


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
