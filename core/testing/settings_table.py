"""Writes a schema's settings down as a table, so that a page about them says what the schemas say."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator

from marshmallow import Schema, fields, missing

from core.domain import Secret
from core.settings import SecretField

HEAD = "| key | default | what it is |\n|---|---|---|"


def settings_table(*schemas: Schema, without: tuple[str, ...] = ()) -> str:
    """A Markdown table of the settings of `schemas`, a line for each, in their order; `without` are keys to leave out.

    A setting that must be given is *required*; where leaving it out means there is none, the default is empty.
    """
    return "\n".join([HEAD, *(line for schema in schemas for line in _lines(schema, without))])


def _lines(schema: Schema, without: tuple[str, ...]) -> Iterator[str]:
    for key, field in schema.fields.items():
        if key not in without:
            explained = str(field.metadata["help"]).replace("|", "\\|")
            yield f"| `{field.data_key or key}` | {_default(field)} | {explained} |"


def _default(field: fields.Field[object]) -> str:
    default = field.load_default() if callable(field.load_default) else field.load_default
    if field.required:
        return "required: a secret" if isinstance(field, SecretField) else "required"
    if isinstance(default, Secret):
        default = default.reveal()
    if isinstance(default, enum.Enum):
        default = default.value
    if default is missing or default in (None, "", []):
        return ""
    return f"`{json.dumps(default)}`"
