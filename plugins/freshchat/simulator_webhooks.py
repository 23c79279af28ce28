"""The simulated account's webhooks: their payloads in the shapes seen over the years, and its signing key.

Shapes: https://support.freshchat.com/support/solutions/articles/239404 (the four actions and the headers).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from plugins.freshchat.simulator_state import Actor, Conversation, Message, Quirks, User, stamp

EVENTS = ("message_create", "conversation_assignment", "conversation_resolution", "conversation_reopen")
EVENT_SETS: Mapping[str, tuple[str, ...]] = {"all": EVENTS, "guide": ("message_create", "conversation_resolution")}
"""All the vendor's events, or those that set-up guides have people tick (behaviour 25): Message Created, Conversation
Resolved and Conversation Closed. For the last the vendor has no event: whatever name it goes by, it is always on."""
CLOSE_SPELLINGS = (
    "conversation_close",
    "conversation_closed",
    "conversation_closure",
    "conversation_resolve",
    "conversation_resolved",
)
"""Names that a Closed event might go by: set-up guides speak of it, the vendor's reference does not know it."""
KEY_SPELLINGS = ("one-line", "lines", "bare", "spki", "pkcs1", "crlf")


class SigningKey:
    """The account's RSA key: RSASSA-PKCS1-v1_5 with SHA-256 over the exact body, in base64.

    `pem` is a private key of one's own; without it one is made up, the same for all accounts of this process. Raises
    `ValueError` saying what is wrong with it.
    """

    def __init__(self, pem: bytes | None = None) -> None:
        self._key = _made_up() if pem is None else _load(pem)

    def sign(self, body: bytes) -> str:
        """The value of X-Freshchat-Signature for this body."""
        return base64.b64encode(self._key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()

    def public_text(self, spelling: str = "one-line") -> str:
        """The public key as the admin pages may show it; see `KEY_SPELLINGS`.

        "one-line" and "lines" say RSA PUBLIC KEY around what is really SubjectPublicKeyInfo, as the vendor does;
        "bare" is its base64 alone, "crlf" has Windows line ends; "spki" and "pkcs1" are what OpenSSL would write.
        """
        if spelling not in KEY_SPELLINGS:
            raise ValueError(f"there is no spelling {spelling!r}; the spellings are: {', '.join(KEY_SPELLINGS)}")
        public = self._key.public_key()
        spki = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()
        vendor = spki.replace("BEGIN PUBLIC", "BEGIN RSA PUBLIC").replace("END PUBLIC", "END RSA PUBLIC")
        return {
            "one-line": vendor.replace("\n", " "),
            "lines": vendor,
            "bare": re.sub(r"-----[^-]+-----|\s", "", spki),
            "spki": spki,
            "pkcs1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode().strip(),
            "crlf": vendor.replace("\n", "\r\n"),
        }[spelling]


@cache
def _made_up() -> rsa.RSAPrivateKey:
    """Once in a process: making one takes longer than most tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _load(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError("is locked with a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds no private key in PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("is not an RSA key")
    return key


def message_create(app_id: str, conversation: Conversation, message: Message, quirks: Quirks) -> dict[str, Any]:
    """A message was written, by whomever: also those posted by API come back this way."""
    shape = quirks.payload_shape
    data = shown_message(app_id, conversation, message)
    if quirks.attachments_pending:
        data["message_parts"] = [_without_url(part) for part in data["message_parts"]]
    if shape == "2018":
        data["msg_parts"] = [_old_part(part) for part in data.pop("message_parts")]
    if shape in ("2018", "2019"):
        for key in ("user_id", "interaction_id", "message_source", "org_actor_id", "meta_data", "reply_parts"):
            data.pop(key, None)
    if shape in ("2018", "2019", "2021"):
        for key in ("freshchat_conversation_id", "freshchat_channel_id", "meta_data", "reply_parts"):
            data.pop(key, None)
    if shape == "2022":
        data["restrictResponse"] = False
        data["botsPrivateNote"] = message.private and message.actor_type == "bot"
        if message.message_type == "normal" or data["botsPrivateNote"]:
            del data["message_type"]
    actor = Actor(message.actor_type, message.actor_id)
    return envelope(actor, "message_create", message.created_time, {"message": data})


def conversation_assignment(
    app_id: str, conversation: Conversation, actor: Actor, at: datetime, before: tuple[str, str]
) -> dict[str, Any]:
    """Assigned or unassigned; `before` are the agent and the group until now. An empty string is nobody."""
    from_agent, from_group = before
    assignment = {
        "assignor": actor.type,
        "assignor_id": actor.id,
        "to_agent_id": conversation.assigned_agent_id,
        "to_group_id": conversation.assigned_group_id,
        "from_agent_id": from_agent,
        "from_group_id": from_group,
        "conversation": {
            **_brief(app_id, conversation),
            "assigned_agent_id": conversation.assigned_agent_id,
            "assigned_org_agent_id": conversation.assigned_agent_id,
            "assigned_group_id": conversation.assigned_group_id,
            "skill_id": 0,
            "sla_policy_id": 0,
            "sla_breached": False,
        },
        "interaction_id": conversation.interaction_id,
    }
    return envelope(actor, "conversation_assignment", at, {"assignment": assignment})


def conversation_resolution(
    app_id: str,
    conversation: Conversation,
    actor: Actor,
    at: datetime,
    *,
    user: User | None = None,
    action: str = "conversation_resolution",
) -> dict[str, Any]:
    """Resolved (or, by another `action` name, closed). The inner key is not the action's name."""
    resolve = {
        "resolver": actor.type,
        "resolver_id": actor.id,
        "conversation": {**_brief(app_id, conversation), "assigned_agent_id": conversation.assigned_agent_id},
        "interaction_id": conversation.interaction_id,
    }
    if user is not None:
        resolve["user"] = user.shown()
    return envelope(actor, action, at, {"resolve": resolve})


def conversation_reopen(app_id: str, conversation: Conversation, actor: Actor, at: datetime) -> dict[str, Any]:
    """Reopened, most often by the customer's next message."""
    reopen = {
        "reopener": actor.type,
        "reopener_id": actor.id,
        "conversation": _brief(app_id, conversation),
        "interaction_id": conversation.interaction_id,
    }
    return envelope(actor, "conversation_reopen", at, {"reopen": reopen})


def shown_message(app_id: str, conversation: Conversation, message: Message) -> dict[str, Any]:
    """A message as the list of messages gives it: `user_id` is the customer, whoever wrote."""
    return {
        "message_parts": [dict(part) for part in message.parts],
        "reply_parts": [],
        "app_id": app_id,
        "actor_id": message.actor_id,
        "org_actor_id": message.actor_id,
        "id": message.id,
        "channel_id": conversation.channel.id,
        "freshchat_channel_id": str(int(conversation.channel.id[:8], 16)),
        "conversation_id": conversation.id,
        "freshchat_conversation_id": str(conversation.internal_id),
        "interaction_id": message.interaction_id,
        "message_type": message.message_type,
        "actor_type": message.actor_type,
        "created_time": stamp(message.created_time),
        "user_id": conversation.user.id,
        "message_source": message.message_source,
        "meta_data": {"isResolved": False, "isReopen": False},
    }


def envelope(actor: Actor, action: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """What every webhook has around its own data."""
    return {
        "actor": {"actor_type": actor.type, "actor_id": actor.id},
        "action": action,
        "action_time": stamp(at),
        "data": dict(data),
    }


def _brief(app_id: str, conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": conversation.id,
        "app_id": app_id,
        "status": conversation.status,
        "channel_id": conversation.channel.id,
    }


def _old_part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind, content = next(iter(part.items()))
    properties = {"text": content["content"]} if kind == "text" else dict(content)
    return {"part_type": kind, "properties": properties}


def _without_url(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        kind: {key: value for key, value in content.items() if key != "url"} if kind in ("image", "file") else content
        for kind, content in part.items()
    }
