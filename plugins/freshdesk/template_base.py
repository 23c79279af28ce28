"""What Freshdesk's templates of destinations share: how a record becomes a body, and how an answer is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from core import BadRecord, DestinationTemplate, FieldKind, OutcomeUnknown, TemplateField, VendorCall
from core.witness import normalise_text
from plugins.freshdesk.client import identifier_in
from plugins.freshdesk.schemas import mapping, word

CUSTOM = (
    TemplateField(
        "cf_*",
        "A custom field by its API name, such as cf_order_number; from a CSV file it is a text.",
        kind=FieldKind.ANY,
    ),
    TemplateField(
        "custom_fields",
        "Custom fields of any type, by their API names: an object with true or false for checkboxes and numbers for "
        "numbers.",
        kind=FieldKind.OBJECT,
    ),
)
"""How records fill the fields that an account made itself."""


class FreshdeskTemplate(DestinationTemplate):
    """A template of Freshdesk, which takes one record a call."""

    connector: ClassVar[str] = "freshdesk"
    aside: ClassVar[tuple[str, ...]] = ()
    """The fields that are not sent as they are: an id that stands in the path, a text that is to be formatted."""

    def captured(self, call: VendorCall, data: Any) -> str:
        identifier = word(mapping(data).get("id"))
        if identifier:
            return identifier
        if call.verb == "PUT":
            return identifier_in(call.path)
        raise OutcomeUnknown("Freshdesk accepted the record but gave no id for it")

    def _body(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a record as the vendor wants them, its custom fields in an object of their own."""
        body: dict[str, Any] = {}
        custom = dict(record.get("custom_fields") or {})
        for name, value in record.items():
            field = self.field(name)
            if field is None or name == "custom_fields" or name in self.aside:
                continue
            if field.name == "cf_*":
                custom[name] = value
            else:
                body[name] = _fitting(field, name, value)
        return body | ({"custom_fields": custom} if custom else {})


def _fitting(field: TemplateField, name: str, value: Any) -> Any:
    if field.kind is FieldKind.NUMBER:
        return whole(name, value)
    if field.kind is FieldKind.LIST:
        return _texts(name, value)
    return value


def _texts(name: str, value: Sequence[Any]) -> list[str]:
    """A list of texts. Raises `BadRecord`."""
    if any(isinstance(each, Mapping | list) for each in value):
        raise BadRecord(name, "must be a list of texts, and has something else in it")
    return [str(each) for each in value]


def the_one(records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The record of a call, of which there is one."""
    [record] = records
    return record


def whole(name: str, value: Any) -> int:
    """A whole number, such as an id. Raises `BadRecord`."""
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        raise BadRecord(name, f"must be a whole number, and is {value}")
    return int(value)


def identifier(record: Mapping[str, Any], name: str) -> str:
    """The id that stands in a path. Raises `BadRecord`."""
    found = whole(name, record[name])
    if found < 1:
        raise BadRecord(name, f"must be an id of Freshdesk, and is {found}")
    return str(found)


def said(record: Mapping[str, Any], name: str) -> str:
    """A text that says something: without words nothing could tell it from another. Raises `BadRecord`."""
    text = str(record[name])
    if not normalise_text(text):
        raise BadRecord(name, "has no words in it")
    return text
