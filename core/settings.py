"""How settings are described and checked: the fields and base schemas of plugins, and errors that name key and mend."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

from core.domain import Secret
from core.errors import ConfigError

_folder: ContextVar[Path] = ContextVar("relaydesk_config_folder", default=Path())
"""What relative paths are relative to while `load_settings` runs: the folder of the configuration file."""


class PathField(fields.Field[Path]):
    """A file or folder; a relative path is taken from the configuration file's folder, wherever the service runs."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Path:
        if not isinstance(value, str | Path) or not str(value):
            raise ValidationError("must be a path")
        return _folder.get() / Path(value).expanduser()

    def _serialize(self, value: Path | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)


class SecretField(fields.Field[Secret]):
    """A credential, given by reference: ``{ env = "NAME" }`` or ``{ file = "path" }``; a literal text works too."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Secret:
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return Secret(value)
        if isinstance(value, Mapping) and set(value) == {"env"}:
            return self._from_environment(str(value["env"]))
        if isinstance(value, Mapping) and set(value) == {"file"}:
            return self._from_file(_folder.get() / Path(str(value["file"])).expanduser())
        raise ValidationError('must be { env = "NAME" } or { file = "path" }')

    def _from_environment(self, name: str) -> Secret:
        text = os.environ.get(name, "")
        if not text:
            raise ValidationError(f"the environment variable {name} is not set; set it, or give another reference")
        return Secret(text)

    def _from_file(self, path: Path) -> Secret:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            problem = f"the file {path} cannot be read ({error.strerror}); create it, or name another"
            raise ValidationError(problem) from None
        except UnicodeDecodeError:
            problem = f"the file {path} is not UTF-8 text; write the secret into it as plain text"
            raise ValidationError(problem) from None
        if not text:
            raise ValidationError(f"the file {path} is empty; write the secret into it")
        return Secret(text)

    def _serialize(self, value: Secret | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else "***"


class PluginSettings(Schema):
    """Base of every plugin's settings: an unknown key is an error.

    Each field carries `metadata={"help": ...}`: what the setting is, in one line with its unit. It is shown
    when the setting is wrong.
    """

    error_messages = {"type": "must be a table"}  # noqa: RUF012 - marshmallow declares it without ClassVar

    class Meta:
        unknown = RAISE


class ConnectorSettings(PluginSettings):
    """The keys every connection has, whatever its connector; a connector's own schema extends this one."""

    inbound = fields.Boolean(
        load_default=True,
        truthy={True},
        falsy={False},
        metadata={
            "label": "Customers' messages",
            "help": "whether customers' messages come in by it; false for an account to which records are only written",
            "words": ("Come in by it", "Do not: it only writes records"),
        },
    )
    timeout_seconds = fields.Float(
        load_default=10.0,
        validate=validate.Range(min=0.05, max=120),
        metadata={
            "label": "Time-out of a call",
            "help": "how long one call to the vendor may take as a whole, in seconds",
        },
    )
    dedupe_hours = fields.Float(
        load_default=24.0,
        validate=validate.Range(min=1),
        metadata={
            "label": "Repeats within hours",
            "help": "how long a delivery counts as a repeat of the same event, in hours",
        },
    )
    max_retries = fields.Integer(
        load_default=3,
        validate=validate.Range(min=0, max=10),
        metadata={
            "label": "Further tries",
            "help": "how often an effect that certainly or provably did not happen is tried again",
        },
    )
    uncertain = fields.String(
        load_default="resend",
        validate=validate.OneOf(["resend", "park"], labels=["Send it again", "Park it for a person"]),
        metadata={
            "label": "After an uncertain send",
            "help": "after an uncertain send that reading back does not find: resend, or park it for a person",
        },
    )
    requests_per_minute = fields.Integer(
        load_default=60,
        validate=validate.Range(min=1),
        metadata={
            "label": "Calls per minute",
            "help": "calls a minute that Relaydesk may make to this account, over all its processes",
        },
    )
    poll_after_minutes = fields.Float(
        load_default=5.0,
        validate=validate.Range(min=0),
        metadata={
            "label": "Minutes until polling",
            "help": "after how many minutes without a webhook the account is polled instead; 0 polls always",
        },
    )
    poll_seconds = fields.Float(
        load_default=60.0,
        validate=validate.Range(min=5),
        metadata={
            "label": "Seconds between rounds of polling",
            "help": "how long after one round of polling the next begins, in seconds",
        },
    )


# -------------------------------------------------------------------------------------- checking, and its errors

_UNKNOWN = "there is no such setting"


def load_settings(schema: Schema, given: Mapping[str, Any], key: str, folder: Path) -> Any:
    """Check the table `given`, which stands at the dotted `key`, and return what `schema` loads from it.

    Relative paths are taken from `folder`. Raises `ConfigError` for the first mistake, which also lists the others.
    """
    loaded, mistakes = check_settings(schema, given, key, folder)
    if mistakes:
        raise joined(mistakes) from None
    return loaded


def check_settings(schema: Schema, given: Mapping[str, Any], key: str, folder: Path) -> tuple[Any, list[ConfigError]]:
    """The same with all mistakes one by one; what was loaded is None if there are any."""
    token = _folder.set(folder)
    try:
        return schema.load(given), []
    except ValidationError as error:
        # Not chained: a ValidationError carries the values, and some of them are secrets.
        complaints = {complaint.key: complaint for complaint in _complaints(error.messages, schema, given, key)}
        # A mistyped key explains why another is missing, so it is told first.
        return None, sorted(complaints.values(), key=lambda each: each.problem != _UNKNOWN)
    finally:
        _folder.reset(token)


def joined(errors: list[ConfigError]) -> ConfigError:
    """The first of one or more errors, with the others told in its mend, so that one run shows all mistakes."""
    first, *others = errors
    if not others:
        return first
    mend = "\n".join([first.mend, *(f"Also {other}" for other in others)])
    return type(first)(first.key, first.problem, mend)


def nearest(word: str, known: list[str], otherwise: str) -> str:
    """A sentence that leads from a mistyped `word` to the `known` one meant, or else lists them all."""
    match = difflib.get_close_matches(word, known, n=1)
    if match:
        return f'Did you mean "{match[0]}"?'
    return f"{otherwise}: {', '.join(known)}." if known else f"{otherwise}: none."


def _complaints(messages: Any, node: Schema | fields.Field[Any] | None, given: Any, path: str) -> Iterator[ConfigError]:
    """Turn marshmallow's nested messages into errors; `node` is the schema or field they are about."""
    if not isinstance(messages, Mapping):
        for message in reversed(messages if isinstance(messages, list) else [messages]):
            yield _complaint(str(message), node, path)
        return
    schema = node.schema if isinstance(node, fields.Nested) else node
    for key, inner in messages.items():
        if key == "_schema":
            yield from _complaints(inner, node, given, path)
            continue
        there = _item(given, key)
        place = f"{path}[{_label(there, key)}]" if isinstance(key, int) else f"{path}.{key}".removeprefix(".")
        if not isinstance(schema, Schema):
            yield from _complaints(inner, schema.inner if isinstance(schema, fields.List) else None, there, place)
            continue
        known = {field.data_key or name: field for name, field in schema.fields.items()}
        if key not in known:
            mend = nearest(str(key), list(known), "The settings here are")
            yield ConfigError(place, _UNKNOWN, mend)
        elif inner == [fields.Field.default_error_messages["required"]]:
            yield ConfigError(place, "it is missing", f"Add it: {_wanted(known[key])}.")
        else:
            yield from _complaints(inner, known[key], there, place)


def _complaint(message: str, node: Schema | fields.Field[Any] | None, path: str) -> ConfigError:
    problem = message[:1].lower() + message[1:].rstrip(".")
    if isinstance(node, fields.Field) and not isinstance(node, fields.Nested):
        return ConfigError(path, problem, f"Give {_wanted(node)}{_default_of(node)}.")
    return ConfigError(path, problem, "Correct it in the configuration file.")


def _item(given: Any, key: str | int) -> Any:
    if isinstance(given, Mapping):
        return given.get(key)
    if isinstance(given, list) and isinstance(key, int) and key < len(given):
        return given[key]
    return None


def _label(item: Any, index: int) -> str:
    """How an entry of a list is called: by its name if it has one, else by its place, counted from 1."""
    name = item.get("name") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) and name else f"#{index + 1}"


_KINDS: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (SecretField, 'a secret as { env = "NAME" } or { file = "path" }'),
    (PathField, "a path"),
    (fields.Boolean, "true or false"),
    (fields.Integer, "a whole number"),
    (fields.Float, "a number"),
    (fields.List, "a list of texts"),
    (fields.String, "a text"),
    (fields.Enum, "a word"),
    (fields.Nested, "a table"),
)


def _wanted(field: fields.Field[Any]) -> str:
    kind = next((words for kind, words in _KINDS if isinstance(field, kind)), "a value")
    explained = field.metadata.get("help", "")
    return f"{kind}: {explained}" if explained else kind


def _default_of(field: fields.Field[Any]) -> str:
    default = field.load_default() if callable(field.load_default) else field.load_default
    if default is missing or default in (None, "", []):
        return ""
    return f"; left out, it is {json.dumps(default, default=str)}"


def is_api_url(text: str, ending: str) -> bool:
    """Whether a text can be the setting api_url: a plain http or https address whose path ends in `ending`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or parts.password) and port != 0
    return (
        plain
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.path.rstrip("/").endswith(ending)
        and text.isascii()
        and not re.search(r"[\s\\]", text)
    )
