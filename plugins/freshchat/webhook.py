"""Freshchat's webhooks as they arrive: their signature over the raw bytes, and the facts in their body.

Vendor documentation: support.freshchat.com, solution article 239404, "Conversation webhooks".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core import AuthFailed, BadPayload, Inbound
from core.payload import clean
from plugins.freshchat.schemas import (
    ID_LIMIT,
    MessageSchema,
    inner,
    is_message,
    load,
    thread_of,
    word,
)

SIGNATURE_HEADER = "X-Freshchat-Signature"


def load_key(text: str) -> rsa.RSAPublicKey:
    """Read Freshchat's public key in any of the spellings it is met in; raises ValueError saying what is wrong.

    Freshchat heads the text "RSA PUBLIC KEY" and yet gives SubjectPublicKeyInfo, most often on one line with
    spaces; cryptography reads the latter and PKCS#1 proper alike once the armour is gone.
    """
    body = re.sub(r"-----[^-]*-----", "", text.replace("\\n", "\n").replace("\\r", ""))
    body = re.sub(r"[\s\"']", "", body)
    if not body:
        raise ValueError("holds no key")
    try:
        key = load_der_public_key(base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise ValueError("is not a public key") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("is not an RSA key")
    return key


def verify(raw: bytes, signature: str, key_text: str) -> None:
    """Check a webhook's signature: RSASSA-PKCS1-v1_5 with SHA-256 over the body as it arrived, in base64.

    Raises `AuthFailed` if it is missing or not of this key, ValueError if the key itself cannot be read.
    """
    key = load_key(key_text)
    if not signature.strip():
        raise AuthFailed(f"the header {SIGNATURE_HEADER} is missing")
    try:
        key.verify(
            base64.b64decode(re.sub(r"\s", "", signature), validate=True), raw, padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, binascii.Error, ValueError):
        problem = AuthFailed(f"the header {SIGNATURE_HEADER} does not fit the body and the connection's public_key")
    else:
        return
    raise problem


def sign(raw: bytes, private_key: rsa.RSAPrivateKey) -> str:
    """The header value Freshchat would send with this body: the counterpart of `verify`."""
    return base64.b64encode(private_key.sign(raw, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")


def signature_of(headers: Mapping[str, str]) -> str:
    """The signature among the headers, whose case Freshchat varies; "" if there is none."""
    return next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), "")


def split(raw: bytes) -> list[Inbound]:
    """The one fact of a webhook body. Raises `BadPayload` naming the field that cannot be read."""
    payload = _parse(raw)
    if not isinstance(payload, dict):
        raise BadPayload("body: is not a JSON object")
    action = word(payload.get("action"))
    if not action or len(action) > ID_LIMIT:
        raise BadPayload(f"action: {'is too long' if action else 'is missing'}")
    if is_message(action):
        message = load(MessageSchema, inner(payload, "message"), "data.message")
        return [Inbound(f"message:{message['id']}", action, message["conversation_id"], payload)]
    thread = thread_of(payload)
    return [Inbound(f"{action[:100]}:{_digest(payload, thread)}", action, thread.conversation_id, payload)]


def _digest(payload: Mapping[str, Any], thread: Any) -> str:
    """What makes two deliveries the same event: what happened where and when; the whole body where that is not said."""
    action_time = word(payload.get("action_time"))
    parts = [word(payload.get("action")), thread.conversation_id, thread.interaction_id, action_time, thread.assignee]
    if not thread.conversation_id or not action_time:
        parts = [json.dumps(payload, sort_keys=True)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def _parse(raw: bytes) -> Any:
    try:
        value = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise BadPayload("body: is nested too deeply") from None
    except ValueError as error:
        raise BadPayload(f"body: is not JSON ({type(error).__name__})") from None
    return clean(value)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
