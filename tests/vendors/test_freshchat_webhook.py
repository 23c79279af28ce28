"""Freshchat's webhooks: the signature over the raw bytes, and what is kept of a body (behaviour 135-138)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from core import AuthFailed, BadPayload, ConfigError, Connection
from plugins.freshchat import webhook
from plugins.freshchat.connector import Freshchat

FIXTURES = Path(webhook.__file__).parent / "fixtures"

# The key, body and signature of a delivery that a Freshchat account really made in 2019.
RECORDED_KEY = (
    "-----BEGIN RSA PUBLIC KEY----- "
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuGJLF4hTTtxWogT6dNkGf3CEgLAR2mGJzlds5cNbr"
    "HFoJNFnmVhkRYGzLYxx4EtDiezNCZVHfyMI2AKuNSQW2fEdDatVIG+q3Zr/X9eeDl8kQOGy804J/fgCYDrN8RQu0n5Dh1inv4puca0wb29SCvoAwrWb33"
    "ehDBIvv6+rUKBdjtv2xTV65kNiVDo5VRCaYRVeE10osxeONgw55HVY4nczuxnR+dmc2282de6WHe5LXtr0ZBdJ8yttFOLIluZ/sNM5DIWZBkIWQhyT581"
    "tbA7bTpsIbrT/IMBlmioIILw8WGtI7zcmNkjU5dnq5HnlVKEDhj/Ug/dLiyno8+Vp7QIDAQAB -----END RSA PUBLIC KEY-----"
)
RECORDED_SIGNATURE = (
    "AhrmypOSWoewHG6LmIRuWjxyokuMDmPklrSU9p0gpUNjdSRCJzvpL6rjuTi5poV/ZLzWRWNM7X9yWjT5m9YFPshYrvigcd1ph4Ot2xmaJGYoUNJHijQccE6o"
    "DtDIp6i/8oLRafHgObQnGukZWPbP9OE5EiKz/VcsMP0Wv7hawI/sfIviM0w+6fNOKXWi0jDBH9ap1mj5CqOUOojni7OD5iYmIrjV/h33dyNmbvAta9E+trzc"
    "EhYqxfHIN4Z8R2FsatfRHWicoQ4PE5cQ8+UONVya8qr85nQ9w8N7Ql7yNg9fEViYG4/W/JnGEbPPEf8WrYtKzoVyuupDz4mVHdfKWg=="
)
RECORDED_BODY = (FIXTURES / "message_create__user_2019_signed.json").read_bytes().rstrip(b"\n")

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SPKI = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PKCS1 = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def connection(public_key: str = "") -> Connection:
    return Connection(1, "chat", "freshchat", {"public_key": public_key})


# ---------------------------------------------------------------------------------------------- signature


def test_135_a_signature_that_freshchat_really_made_is_good() -> None:
    webhook.verify(RECORDED_BODY, RECORDED_SIGNATURE, RECORDED_KEY)
    assert webhook.split(RECORDED_BODY)[0].external_id == "message:7a454fde-c720-4c97-a61d-0ffe70449eb6"


@pytest.mark.parametrize(
    "body",
    [
        RECORDED_BODY + b"\n",
        RECORDED_BODY.replace(b"Test 2", b"Test 3"),
        json.dumps(json.loads(RECORDED_BODY)).encode(),
        b"",
    ],
)
def test_135_a_body_changed_in_one_byte_or_written_anew_is_refused(body: bytes) -> None:
    with pytest.raises(AuthFailed, match="does not fit the body"):
        webhook.verify(body, RECORDED_SIGNATURE, RECORDED_KEY)


SPELLINGS: dict[str, Callable[[], str]] = {
    "PUBLIC KEY": lambda: SPKI,
    "RSA PUBLIC KEY over SPKI": lambda: SPKI.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
    "RSA PUBLIC KEY over PKCS#1": lambda: PKCS1,
    "one line with spaces": lambda: SPKI.replace("\n", " "),
    "one line without spaces": lambda: SPKI.replace("\n", ""),
    "literal \\n": lambda: SPKI.replace("\n", "\\n"),
    "literal \\r\\n": lambda: SPKI.replace("\n", "\\r\\n"),
    "Windows line ends": lambda: SPKI.replace("\n", "\r\n"),
    "bare base64": lambda: "".join(SPKI.splitlines()[1:-1]),
    "in quotes": lambda: f'"{SPKI}"',
}


@pytest.mark.parametrize("spelling", list(SPELLINGS))
def test_the_key_is_read_in_every_spelling(spelling: str) -> None:
    body = '{"text": "안녕하세요 👋"}'.encode()
    webhook.verify(body, webhook.sign(body, PRIVATE), SPELLINGS[spelling]())


def test_a_signature_of_another_key_is_refused() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(AuthFailed):
        webhook.verify(b"{}", webhook.sign(b"{}", other), SPKI)


@pytest.mark.parametrize("signature", ["not base64!", "AAAA", base64.b64encode(b"x" * 256).decode(), "é"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(AuthFailed):
        webhook.verify(b"{}", signature, SPKI)


def test_the_header_is_found_in_any_case_and_missed_only_when_a_key_is_set() -> None:
    freshchat, signature = Freshchat(), webhook.sign(b"{}", PRIVATE)
    for name in ("X-Freshchat-Signature", "X-FreshChat-Signature", "x-freshchat-signature"):
        freshchat.authenticate(b"{}", {"Host": "x", name: signature}, connection(SPKI))
    with pytest.raises(AuthFailed, match="X-Freshchat-Signature is missing"):
        freshchat.authenticate(b"{}", {}, connection(SPKI))
    freshchat.authenticate(b"{}", {}, connection())


def test_a_key_of_another_kind_or_none_names_the_setting() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for key, words in ((pem, "is not an RSA key"), ("nonsense", "is not a public key")):
        with pytest.raises(ConfigError, match=f"public_key: {words}") as caught:
            Freshchat().authenticate(b"{}", {"X-Freshchat-Signature": "AAAA"}, connection(key))
        assert caught.value.key == "public_key"


# -------------------------------------------------------------------------------------------------- split


def message(**changes: Any) -> bytes:
    inside = {"id": "m1", "conversation_id": "c1", "actor_type": "user", "actor_id": "u1"} | changes
    inside = {key: value for key, value in inside.items() if value is not ...}
    return json.dumps({"action": "message_create", "data": {"message": inside}}).encode()


def test_a_message_is_known_by_its_id_however_it_reaches_us() -> None:
    [found] = webhook.split(message())
    assert (found.external_id, found.kind, found.conversation_id) == ("message:m1", "message_create", "c1")
    assert found.payload["data"]["message"]["actor_id"] == "u1"


def test_ids_that_are_numbers_are_taken_as_their_digits() -> None:
    [found] = webhook.split(message(id=515435468500047, conversation_id=17))
    assert (found.external_id, found.conversation_id) == ("message:515435468500047", "17")


def resolved(**changes: Any) -> bytes:
    envelope: dict[str, Any] = json.loads((FIXTURES / "conversation_resolution__by_agent.json").read_bytes())
    return json.dumps(envelope | changes).encode()


def test_50_an_event_without_id_is_known_by_what_happened_where_and_when() -> None:
    [first] = webhook.split(resolved())
    [again] = webhook.split(json.dumps(json.loads(resolved()), indent=4).encode())
    [later] = webhook.split(resolved(action_time="2026-11-20T09:15:22.825Z"))
    assert first.external_id == again.external_id
    assert first.external_id != later.external_id
    assert first.external_id.startswith("conversation_resolution:")
    assert first.conversation_id == "f2a6c1d8-0b47-4e9a-b1f3-7c5d9e8a2b30"


def test_an_event_without_a_time_is_known_by_its_whole_body() -> None:
    [first] = webhook.split(resolved(action_time=None))
    [again] = webhook.split(resolved(action_time=None))
    [other] = webhook.split(resolved(action_time=None, actor={"actor_type": "system"}))
    assert first.external_id == again.external_id
    assert first.external_id != other.external_id


def test_two_assignments_of_one_moment_are_two_events() -> None:
    keys = {
        webhook.split((FIXTURES / f"conversation_assignment__{case}.json").read_bytes())[0].external_id
        for case in ("to_agent", "unassigned")
    }
    assert len(keys) == 2


def test_27_an_unknown_action_is_kept_under_its_own_name() -> None:
    [found] = webhook.split((FIXTURES / "conversation_transfer__unknown.json").read_bytes())
    assert found.kind == "conversation_transfer"
    assert found.conversation_id == "f2a6c1d8-0b47-4e9a-b1f3-7c5d9e8a2b30"
    assert not Freshchat().knows(found.kind)
    [bare] = webhook.split(b'{"action": "ping"}')
    assert (bare.kind, bare.conversation_id) == ("ping", "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "body: is not JSON"),
        (b"empty", "body: is not JSON"),
        (b'{"action": "message_create"', "body: is not JSON"),
        (b'{"action": "caf\xe9"}', "body: is not JSON"),
        (b'{"action": "x", "n": NaN}', "body: is not JSON"),
        (b'{"action": "x", "n": -Infinity}', "body: is not JSON"),
        (b'{"action": "x", "n": 1e400}', "body: is not JSON"),
        (b'{"action": "x", "n": ' + b"9" * 5000 + b"}", "body: is not JSON"),
        (b"[1]", "body: is not a JSON object"),
        (b'"x"', "body: is not a JSON object"),
        (b"null", "body: is not a JSON object"),
        (b"{}", "action: is missing"),
        (b'{"action": null}', "action: is missing"),
        (b'{"action": {"a": 1}}', "action: is missing"),
        (b'{"action": "' + b"x" * 201 + b'"}', "action: is too long"),
        (b'{"action": "message_create"}', "data.message: is missing"),
        (b'{"action": "message_create", "data": []}', "data.message: is missing"),
        (b'{"action": "message_create", "data": {"message": "x"}}', "data.message: is missing"),
        (message(id=...), "data.message.id: is missing"),
        (message(id=None), "data.message.id: is missing"),
        (message(id=""), "data.message.id: is missing"),
        (message(id={"a": 1}), "data.message.id: is not an id"),
        (message(id=True), "data.message.id: is not an id"),
        (message(id="x" * 201), "data.message.id: is longer than 200 characters"),
        (message(conversation_id=...), "data.message.conversation_id: is missing"),
        (message(conversation_id=[]), "data.message.conversation_id: is not an id"),
        (b'{"action": "x", "d": ' + b"[" * 32 + b"]" * 32 + b"}", "nested more than 32 levels"),
        (b'{"action": "x", "d": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_naming_the_field(body: bytes, words: str) -> None:
    with pytest.raises(BadPayload) as caught:
        webhook.split(body)
    assert words in str(caught.value)


def test_half_an_emoji_and_a_nul_are_replaced_because_no_database_takes_them() -> None:
    body = message(message_parts=[{"text": {"content": "cut \ud83d and \x00 but whole \ud83d\udc4b"}}])
    [found] = webhook.split(body)
    text = found.payload["data"]["message"]["message_parts"][0]["text"]["content"]
    assert text == "cut \ufffd and \ufffd but whole 👋"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=10), inside, max_size=4),
    max_leaves=20,
)
KEYS = [
    "message",
    "assignment",
    "resolve",
    "conversation",
    "conversation_id",
    "message_parts",
    "id",
    "text",
    "actor_id",
]
vendor_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", " ", "m1", "\ud800", "2026-11-20T09:15:22Z", "user"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=5),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        json_values.map(lambda value: json.dumps(value).encode()),
        st.tuples(
            st.sampled_from(["message_create", "conversation_assignment", "conversation_closed"]), vendor_like
        ).map(lambda pair: json.dumps({"action": pair[0], "action_time": 1, "data": pair[1]}).encode()),
    )
)
def test_no_body_does_anything_but_split_or_be_refused(body: bytes) -> None:
    try:
        found = webhook.split(body)
    except BadPayload:
        return
    for inbound in found:
        json.dumps(dict(inbound.payload), ensure_ascii=False).encode()
        assert 0 < len(inbound.external_id) <= 255
        assert len(inbound.kind) <= 255
        assert len(inbound.conversation_id) <= 255
