"""The keys of the section [plugins.openai_chat]."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate, validates_schema

from core import PathField, PluginSettings, Secret, SecretField

OFFICIAL = "https://api.openai.com/v1"
"""The address of the service that the client was made for."""
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
MOST_SECONDS = 28.0
"""The longest a draft may take: Relaydesk gives a responder 30 seconds."""


class Output(enum.StrEnum):
    """How the service is made to answer in our form."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"


def is_official(base_url: str) -> bool:
    """Whether an address is OpenAI's own, which takes no request without a key."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def _address(value: str) -> None:
    """Raise `ValidationError` unless `value` is a plain http or https address."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        good = parts.scheme in ("http", "https") and parts.port != 0
        good = good and bool(_HOST.fullmatch(host) or ":" in host)
    except ValueError:
        good = False
    if not good or re.search(r"[^!-~]", value):
        raise ValidationError('must be an address with http:// or https://, such as "http://127.0.0.1:11434/v1"')
    if "@" in parts.netloc:
        raise ValidationError("must not hold a user or password; the key belongs into api_key")
    if parts.query or parts.fragment:
        raise ValidationError('must end with its path, without "?" and "#"')


def _key(value: Secret) -> None:
    """Raise `ValidationError` unless the secret can stand in a header."""
    if not re.fullmatch(r"[!-~]*", value.reveal()):
        raise ValidationError("holds a space, a line break or a letter that no key has; copy it again")


def _folder(value: Path) -> None:
    if not value.is_dir():
        raise ValidationError(f"there is no folder {value}; create it, or leave the setting out")


class OpenAIChatSettings(PluginSettings):
    """Which service is asked, how long it may take, and what it is told."""

    base_url = fields.String(
        load_default=OFFICIAL,
        validate=_address,
        metadata={"help": "the address of the OpenAI-compatible service, up to the part before /chat/completions"},
    )
    api_key = SecretField(
        load_default=None,
        validate=_key,
        metadata={"help": "the service's key; a local server may do without"},
    )
    model = fields.String(
        required=True,
        validate=validate.Regexp(r"\S(.*\S)?\Z", error="must not be empty, nor begin or end with a space"),
        metadata={"help": "the model's name, as the service calls it"},
    )
    timeout_seconds = fields.Float(
        load_default=25.0,
        validate=validate.Range(min=0.1, max=MOST_SECONDS),
        metadata={"help": "how long a draft may take as a whole, with all tries, in seconds"},
    )
    max_retries = fields.Integer(
        load_default=2,
        validate=validate.Range(min=0, max=10),
        metadata={"help": "how often a request is tried again after a 429, a 5xx or a broken connection"},
    )
    max_output_tokens = fields.Integer(
        load_default=800,
        validate=validate.Range(min=50),
        metadata={"help": "how long an answer may be, in tokens; models that think first need more"},
    )
    token_limit_key = fields.String(
        load_default="auto",
        validate=validate.OneOf(["auto", "max_tokens", "max_completion_tokens"]),
        metadata={"help": "how the service calls that limit; auto is max_completion_tokens at OpenAI, else max_tokens"},
    )
    max_input_characters = fields.Integer(
        load_default=24000,
        validate=validate.Range(min=1000),
        metadata={"help": "how much of a thread is sent, in characters; the newest messages are kept"},
    )
    structured_output = fields.Enum(
        Output,
        by_value=True,
        load_default=Output.JSON_SCHEMA,
        metadata={"help": "how the form is asked for: json_schema, json_object, or prompt (in words alone)"},
    )
    instructions = fields.String(
        load_default="",
        metadata={"help": "what the model shall know and heed beside its rules: who you are, in which tone to write"},
    )
    knowledge = PathField(
        load_default=None,
        validate=_folder,
        metadata={"help": "a folder of Markdown files that are put into every prompt"},
    )
    max_knowledge_characters = fields.Integer(
        load_default=24000,
        validate=validate.Range(min=1000),
        metadata={"help": "how much of these files is sent, in characters"},
    )

    @validates_schema
    def _has_a_key(self, data: Mapping[str, Any], **_: Any) -> None:
        if is_official(data["base_url"]) and not data["api_key"]:
            raise ValidationError("it is missing, and api.openai.com takes no request without a key", "api_key")
