"""The sections of the configuration file that core owns: every key, its default, its bounds and what it is for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import INCLUDE, ValidationError, fields, pre_load, validate

from core.destination_settings import NAME, DestinationSchema
from core.domain import Channel, Mode, Secret
from core.handoff_settings import HandoffSchema
from core.settings import PluginSettings, SecretField

SECRET_KEY_LENGTH = 32


def _web_address(text: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError("must be an address that begins with https:// or http://")
    if parts.query or parts.fragment or parts.username:
        raise ValidationError("must be a plain address, without a user, ? or #")


def _secret_key(secret: Secret) -> None:
    text = secret.reveal()
    if len(text) < SECRET_KEY_LENGTH:
        raise ValidationError(f"must have at least {SECRET_KEY_LENGTH} characters, and has {len(text)}")
    if text.lower().startswith(("change-me", "changeme", "change_me")):
        raise ValidationError("is still the placeholder of an example, which everybody knows")


def _database_url(secret: Secret) -> None:
    scheme, _, rest = secret.reveal().partition("://")
    if scheme in ("postgresql", "postgres"):
        if not urlsplit(secret.reveal()).hostname and "host=" not in rest:
            raise ValidationError("names no host; write postgresql://user:password@host/database")
    elif scheme == "sqlite":
        if not rest.startswith("/"):
            raise ValidationError("needs three slashes before a relative path, and four before an absolute one")
        if rest.strip("/") in ("", ":memory:"):
            raise ValidationError("names no file, and what is kept in memory alone is lost with the process")
    else:
        raise ValidationError("must begin with sqlite:/// or postgresql://")


def _seconds(default: float, text: str, least: float) -> fields.Float:
    return fields.Float(
        load_default=default, validate=validate.Range(min=least), metadata={"help": f"{text}, in seconds"}
    )


def _settle(default: float) -> fields.Float:
    return _seconds(default, "how long a turn waits after a customer's first message, so that more may come", least=0)


def _resolve_after(default: float) -> fields.Float:
    return fields.Float(
        load_default=default,
        validate=validate.Range(min=0),
        metadata={
            "help": "how long after the AI's answer a silent conversation counts as resolved, in minutes; 0 is never"
        },
    )


def _replies(default: int) -> fields.Integer:
    return fields.Integer(
        load_default=default,
        validate=validate.Range(min=1),
        metadata={"help": "how often the AI answers one conversation within an hour before it hands it off"},
    )


def _switch(text: str, *, default: bool = True) -> fields.Boolean:
    # Only TOML's own true and false: marshmallow would read "no" and "off" too, and so hide a misunderstanding.
    return fields.Boolean(load_default=default, truthy={True}, falsy={False}, metadata={"help": text})


class ServerSchema(PluginSettings):
    """`[server]`"""

    base_url = fields.String(
        required=True,
        validate=_web_address,
        metadata={"help": "the address under which vendors and people reach this service"},
    )
    secret_key = SecretField(
        required=True,
        validate=_secret_key,
        metadata={
            "help": f"signs webhook addresses and sign-ins, and seals stored secrets; {SECRET_KEY_LENGTH} random "
            "characters or more"
        },
    )
    former_secret_keys = fields.List(
        SecretField(),
        load_default=list,
        metadata={"help": "earlier values of secret_key, each as a secret, so that what they sealed can be opened"},
    )
    admin_email = fields.String(
        load_default="", metadata={"help": "with which email address the administrator signs in to the pages"}
    )
    admin_password_hash = SecretField(
        load_default=None,
        metadata={"help": "the administrator's password as an argon2 hash; without it nobody signs in"},
    )
    session_hours = fields.Float(
        load_default=12.0,
        validate=validate.Range(min=0.1, max=24 * 30),
        metadata={"help": "how long somebody stays signed in to the pages without using them, in hours"},
    )
    proxies = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=5),
        metadata={
            "help": "how many reverse proxies stand before the service, whose word on a caller's address is taken"
        },
    )
    embedded_worker = _switch("whether the web service also does the worker's part, in one elected process")
    allow_private_webhooks = _switch(
        "whether outbound events may go to addresses that are not on the public internet, and over plain http",
        default=False,
    )
    api_url_on_pages = _switch(
        "whether connections made on the pages may lead to hosts that are not their vendor's: for simulators only",
        default=False,
    )


class DatabaseSchema(PluginSettings):
    """`[database]`"""

    url = SecretField(
        load_default=Secret("sqlite:///relaydesk.db"),
        validate=_database_url,
        metadata={"help": "where everything is stored, as sqlite:///file or postgresql://user:password@host/database"},
    )


class PluginsSchema(PluginSettings):
    """`[plugins]`; every further table in it is the section of one plugin, checked by that plugin's own schema."""

    enabled = fields.List(
        fields.String(validate=validate.Length(min=1)),
        load_default=list,
        metadata={"help": "the plugins in use by name, the most important first"},
    )
    paths = fields.List(
        fields.String(validate=validate.Length(min=1)),
        load_default=list,
        metadata={"help": "further folders in which plugins are looked for"},
    )

    class Meta:
        unknown = INCLUDE


class ChannelSchema(PluginSettings):
    """`[channels.phone]`, and what the other channels change of it."""

    mode = fields.Enum(
        Mode,
        by_value=True,
        load_default=Mode.AUTOPILOT,
        metadata={"help": "answer (autopilot), draft for an agent (assist), only decide (shadow), or do nothing (off)"},
    )
    settle_seconds = _settle(4.0)
    debounce_seconds = _seconds(1.0, "how long a turn waits after a customer's latest message", least=0)
    assist_footer = fields.String(
        load_default="", metadata={"help": "a line put under every draft that an agent is given in assist mode"}
    )
    resolve_after_minutes = _resolve_after(0.0)
    replies_per_hour = _replies(60)


class WebSchema(ChannelSchema):
    """`[channels.web]`: a chat that has gone quiet is over."""

    resolve_after_minutes = _resolve_after(30.0)


class EmailSchema(ChannelSchema):
    """`[channels.email]`: people send a second mail more slowly than a second line of chat."""

    settle_seconds = _settle(30.0)
    replies_per_hour = _replies(6)


class ChannelsSchema(PluginSettings):
    """`[channels]`"""

    web = fields.Nested(WebSchema)
    email = fields.Nested(EmailSchema)
    phone = fields.Nested(ChannelSchema)

    @pre_load
    def every_channel_is_there(self, data: Any, **kwargs: Any) -> Any:
        """Give a channel that the file does not name its defaults."""
        return {**{channel.value: {} for channel in Channel}, **data} if isinstance(data, dict) else data


class WorkerSchema(PluginSettings):
    """`[worker]`: the figures of the path behind the inbox."""

    threads = fields.Integer(
        load_default=4,
        validate=validate.Range(min=1, max=64),
        metadata={"help": "how many conversations one process works on at a time"},
    )
    lease_seconds = _seconds(60.0, "how long a worker holds a conversation before another may take it over", least=0.5)
    quarantine_seconds = _seconds(
        60.0, "how long an uncertain send waits before it is looked for at the vendor", least=0
    )
    second_read_seconds = _seconds(30.0, "how long after a fruitless look the second one follows", least=0)
    election_seconds = _seconds(
        10.0, "how long the elected process stays elected after its last sign of life", least=0.5
    )
    turn_attempts = fields.Integer(
        load_default=5,
        validate=validate.Range(min=1, max=20),
        metadata={"help": "how often a failing turn is tried before the conversation is handed off"},
    )


class ConnectionSchema(PluginSettings):
    """`[[connections]]`: what core reads of it; the connector's own keys are checked when the plugins are loaded."""

    name = fields.String(
        required=True,
        validate=validate.Regexp(
            rf"{NAME}\Z", error='must be small letters, digits, "-" and "_" only, beginning with a letter or digit'
        ),
        metadata={"help": "what this account is called here, in addresses, on pages and in logs"},
    )
    connector = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"help": "which connector it uses, such as freshchat"},
    )

    class Meta:
        unknown = INCLUDE


class FileSchema(PluginSettings):
    """The whole file."""

    server = fields.Nested(ServerSchema)
    database = fields.Nested(DatabaseSchema)
    plugins = fields.Nested(PluginsSchema)
    channels = fields.Nested(ChannelsSchema)
    handoff = fields.Nested(HandoffSchema)
    worker = fields.Nested(WorkerSchema)
    connections = fields.List(fields.Nested(ConnectionSchema), load_default=list)
    destinations = fields.List(fields.Nested(DestinationSchema), load_default=list)

    @pre_load
    def every_section_is_there(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Give a section that the file leaves out its defaults."""
        sections = (name for name, field in self.fields.items() if isinstance(field, fields.Nested))
        return {**{name: {} for name in sections}, **data}
