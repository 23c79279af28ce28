"""The keys of a Freshdesk connection in the configuration, and what makes each of them good."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from core import ConnectorSettings, Secret, SecretField
from core.settings import is_api_url

DOMAINS = ("freshdesk.com",)
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\.freshdesk\.com")
_ID = re.compile(r"[1-9][0-9]{0,18}")


class DomainField(fields.String):
    """The account's full host name, in lower case. The vendor's API answers under no other name than this one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip().lower()
        if _HOST.fullmatch(text):
            return text
        bare = re.sub(r"^[a-z]+:/*", "", text).partition("/")[0].partition("?")[0].partition(":")[0].rstrip(".")
        if _HOST.fullmatch(bare):
            raise ValidationError(f'must be the host name alone, without scheme, port or path; write "{bare}"')
        if re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", text):
            raise ValidationError(f'must be the full host name; write "{text}.freshdesk.com"')
        raise ValidationError(
            'must be the account\'s own host below freshdesk.com, such as "yourcompany.freshdesk.com"; '
            "a support portal's address of your own is not answered by the API"
        )


class IdField(fields.Field[str]):
    """The vendor's id of an agent or group: digits, given as a number or as text; "" and 0 stand for none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("must be an id, as a number or a text of digits")
        text = str(value).strip()
        if text in ("", "0"):
            return ""
        if not _ID.fullmatch(text):
            raise ValidationError(
                "must be an id, which is a number: it ends the address of the agent's or group's page"
            )
        return text


class FreshdeskSettings(ConnectorSettings):
    """What a Freshdesk agent's profile page gives, and how the AI shall work in the account."""

    requests_per_minute = fields.Integer(
        load_default=200,
        validate=validate.Range(min=1),
        metadata={
            "label": "Calls per minute",
            "help": "calls a minute that Relaydesk may make to this account, over all its processes; "
            "200 is what the plan Growth allows, and what the vendor's answers say counts where it is less",
        },
    )
    domain = DomainField(
        load_default="", metadata={"label": "Domain", "help": 'the full host, such as "yourcompany.freshdesk.com"'}
    )
    api_key = SecretField(
        required=True,
        error_messages={"required": "is missing; copy the key from the AI agent's profile settings and give it here"},
        metadata={"label": "API Key", "help": "the API key of the agent the AI writes as, who must be an admin"},
    )
    auto_handle_all = fields.Boolean(
        load_default=True,
        metadata={
            "label": "Auto Handle All Incoming Tickets",
            "group": "routing",
            "words": (
                "Answer every new conversation",
                "Only those assigned to the AI's agent, or unassigned in the default group",
            ),
            "help": "true: answer every new ticket, whoever it is assigned to; "
            "false: only those assigned to the AI agent or in the default group",
        },
    )
    default_group_id = IdField(
        load_default="",
        metadata={
            "label": "Default Group",
            "group": "routing",
            "picks": "groups",
            "help": "id of the group whose unassigned tickets are the AI's in any mode",
            "page_help": "the group whose unassigned tickets are the AI's, whichever of the above is chosen",
        },
    )
    handoff_agent_id = IdField(
        load_default="",
        metadata={
            "label": "Handoff Agent",
            "group": "handoff",
            "picks": "agents",
            "help": "id of the agent who is given the tickets that the AI hands off",
            "page_help": "the agent who is given the tickets that the AI hands off",
        },
    )
    handoff_group_id = IdField(
        load_default="",
        metadata={
            "label": "Handoff Group",
            "group": "handoff",
            "picks": "groups",
            "help": "id of the group that is given them where there is no handoff agent, or that one is gone",
            "page_help": "the group that is given them where there is no handoff agent, or that one is gone",
        },
    )
    marker_field = fields.String(
        load_default="cf_opencx_handed_off",
        validate=validate.Regexp(r"(cf_[a-z0-9_]{1,100})?\Z", error="must be a field's API name, beginning with cf_"),
        metadata={
            "label": "Marker Field",
            "group": "handoff",
            "picks": "checkbox_fields",
            "help": 'API name of the checkbox field that is ticked at a handoff; "" for none',
            "page_help": "the checkbox field that is ticked at a handoff, so that rules of yours can route by it",
        },
    )
    tag_prefix = fields.String(
        load_default="opencx",
        validate=validate.Regexp(r"[A-Za-z0-9_-]{1,16}\Z", error="must be 1 to 16 letters, digits, - or _"),
        metadata={
            "label": "Tag",
            "group": "advanced",
            "help": "the tag of every ticket the AI acted in; two further tags begin with it",
        },
    )
    backfill_days = fields.Integer(
        load_default=180,
        validate=validate.Range(min=0, max=3650),
        metadata={
            "label": "Days to import",
            "group": "advanced",
            "help": "how many days back open and pending tickets are imported on first connect; 0 for none",
        },
    )
    webhook_secret = SecretField(
        load_default=None,
        allow_none=True,
        metadata={"group": "advanced", "help": "if set, webhooks must bring it in the header X-Webhook-Secret"},
    )
    api_url = fields.String(
        load_default="",
        metadata={
            "label": "API address",
            "help": "another address of the API, ending in /api/v2 (a simulator or proxy); replaces the domain's",
        },
    )

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check(self, data: dict[str, Any], given: Mapping[str, Any], **_: Any) -> None:
        problems: dict[str, list[str]] = {}
        if not given.get("domain") and not given.get("api_url"):
            problems["domain"] = ['is missing; give the full host, such as "yourcompany.freshdesk.com"']
        if data.get("api_url") and not is_api_url(data["api_url"], "/api/v2"):
            problems["api_url"] = [
                'must be an http or https address that ends in /api/v2, as "http://127.0.0.1:8900/api/v2"'
            ]
        key = data.get("api_key")
        # A colon would end the user name of HTTP's basic authentication.
        if isinstance(key, Secret) and not re.fullmatch(r"[!-9;-~]+", key.reveal().strip()):
            problems["api_key"] = ["is empty or holds characters that no key has; copy the key once more"]
        secret = data.get("webhook_secret")
        if isinstance(secret, Secret) and secret and not re.fullmatch(r"[!-~]{8,}", secret.reveal().strip()):
            problems["webhook_secret"] = ["must be 8 or more letters, digits and signs without white space"]
        if problems:
            raise ValidationError(problems)

    @post_load
    def _tidy(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data["api_key"] = Secret(data["api_key"].reveal().strip())
        secret = data["webhook_secret"]
        data["webhook_secret"] = Secret(secret.reveal().strip()) if secret else None
        data["api_url"] = data["api_url"].rstrip("/")
        return data
