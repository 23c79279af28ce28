"""The keys of a Freshchat connection in the configuration, and what makes each of them good."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from core import ConnectorSettings, Secret, SecretField
from core.settings import is_api_url
from plugins.freshchat.webhook import load_key

DOMAINS = ("freshchat.com", "myfreshworks.com")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+(freshchat|myfreshworks)\.com")


class DomainField(fields.String):
    """The account's full host name, in lower case."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip().lower()
        if _HOST.fullmatch(text):
            return text
        bare = re.sub(r"^[a-z]+:/*", "", text).partition("/")[0].partition("?")[0].partition(":")[0].rstrip(".")
        if _HOST.fullmatch(bare):
            raise ValidationError(f'must be the host name alone, without scheme, port or path; write "{bare}"')
        raise ValidationError(
            'must be a host below freshchat.com or myfreshworks.com, such as "yourcompany.freshchat.com"; '
            "copy it from the Chat URL on Freshchat's API settings page"
        )


class FreshchatSettings(ConnectorSettings):
    """What Freshchat's own API settings page gives, and how the AI shall work there."""

    domain = DomainField(
        load_default="", metadata={"label": "Domain", "help": 'the full host, such as "yourcompany.freshchat.com"'}
    )
    access_token = SecretField(
        required=True,
        error_messages={"required": "is missing; make a token on Freshchat's API settings page and give it here"},
        metadata={
            "label": "Access Token",
            "help": "the API token, made by an account admin on Freshchat's API settings page",
        },
    )
    default_agent_email = fields.Email(
        required=True,
        error_messages={"required": "is missing; give the email address of the agent the AI shall write as"},
        metadata={
            "label": "Default Agent Email",
            "help": "the agent the AI writes as: customers see this agent's name and picture",
        },
    )
    auto_handle_all = fields.Boolean(
        load_default=True,
        metadata={
            "label": "Auto Handle All Incoming Chats",
            "group": "routing",
            "words": ("Answer every new conversation", "Only those assigned to the AI's agent"),
            "help": "true: claim every unassigned chat; false: answer only chats assigned to the agent",
        },
    )
    public_key = fields.String(
        load_default="",
        metadata={
            "label": "Public key of the webhook",
            "multiline": True,
            "help": "the public key shown beside the webhook; with it, every webhook's signature is checked",
        },
    )
    update_verb = fields.String(
        load_default="PUT",
        validate=validate.OneOf(["PUT", "PATCH"]),
        metadata={"group": "advanced", "help": "the verb of the call that updates a conversation: PUT or PATCH"},
    )
    api_url = fields.String(
        load_default="",
        metadata={
            "label": "API address",
            "help": "another address of the API, ending in /v2 (a simulator or proxy); replaces the domain's",
        },
    )

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check(self, data: dict[str, Any], given: Mapping[str, Any], **_: Any) -> None:
        problems: dict[str, list[str]] = {}
        if not given.get("domain") and not given.get("api_url"):
            problems["domain"] = ['is missing; give the full host, such as "yourcompany.freshchat.com"']
        if data.get("api_url") and not is_api_url(data["api_url"], "/v2"):
            problems["api_url"] = ['must be an http or https address that ends in /v2, as "http://127.0.0.1:8900/v2"']
        if data.get("public_key"):
            try:
                load_key(data["public_key"])
            except ValueError as error:
                problems["public_key"] = [f"{error}; copy the whole key from Freshchat's webhook page once more"]
        token = data.get("access_token")
        if isinstance(token, Secret) and not re.fullmatch(r"[!-~]+", _bare(token)):
            problems["access_token"] = ["holds white space or unprintable characters; copy the token once more"]
        if problems:
            raise ValidationError(problems)

    @post_load
    def _tidy(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data["access_token"] = Secret(_bare(data["access_token"]))
        data["api_url"] = data["api_url"].rstrip("/")
        return data


def _bare(token: Secret) -> str:
    """The token without what is easily copied along with it."""
    return re.sub(r"^bearer\s+", "", token.reveal().strip(), flags=re.IGNORECASE)
