"""What `HttpClient` does when the wire itself misbehaves: against real sockets on the loopback."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from core.clock import SystemClock
from core.errors import OutcomeUnknown, Refused, RetryLater, VendorError
from core.http import HttpClient
from core.http_transport import is_public

Script = Callable[[socket.socket], None]
pytestmark = pytest.mark.xdist_group("real time")  # one after the other: their limits are in seconds
TIMEOUT = 0.4


@contextmanager
def peer(script: Script) -> Iterator[tuple[int, list[int]]]:
    """A server that runs `script` on each connection; yields its port and the list of connections it accepted."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepted: list[int] = []
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                accepted.append(1)
                threading.Thread(target=run, args=(connection,), daemon=True).start()

    def run(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            script(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], accepted
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def request_of(connection: socket.socket) -> bytes:
    """Read one request to the end of its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def client(port: int, *, scheme: str = "http", **options: Any) -> HttpClient:
    options = {"timeout_seconds": TIMEOUT, "allow_private": True} | options
    return HttpClient(
        f"{scheme}://127.0.0.1:{port}/v2", {"Authorization": "Bearer canary-token"}, SystemClock(), **options
    )


def drip(piece: bytes, *, first: bytes = b"") -> Script:
    def script(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(first)
        while True:
            connection.sendall(piece)
            time.sleep(0.02)

    return script


def drip_tls(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"\x16\x03\x03\x40\x00")  # a handshake record of 16 kB that never ends
    while True:
        connection.sendall(b"\x02")
        time.sleep(0.02)


def silent(connection: socket.socket) -> None:
    request_of(connection)
    time.sleep(5)


def reset(connection: socket.socket) -> None:
    request_of(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def half_closed(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":')


def closed_at_once(connection: socket.socket) -> None:
    request_of(connection)


def no_http(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"SSH-2.0-hello\r\n")


FAULTS: dict[str, Script] = {
    "silence": silent,
    "headers that drip": drip(b"X: 1\r\n", first=b"HTTP/1.1 200 OK\r\n"),
    "a body that drips": drip(b" ", first=b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
    "a body without length that drips": drip(b" ", first=b"HTTP/1.1 200 OK\r\n\r\n{}"),
    "chunks that drip": drip(b"1\r\n \r\n", first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "an error that drips": drip(b" ", first=b"HTTP/1.1 500 Oops\r\n\r\n"),
    "a reset": reset,
    "a half-closed answer": half_closed,
    "no answer": closed_at_once,
    "no HTTP": no_http,
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_broken_answer_leaves_a_write_unknown_and_a_read_for_later_within_the_deadline(fault: str) -> None:
    with peer(FAULTS[fault]) as (port, accepted):
        for call, expected in (
            (lambda http: http.get("/x"), RetryLater),
            (lambda http: http.post("/x", {"a": 1}), OutcomeUnknown),
        ):
            before = time.monotonic()
            with pytest.raises(VendorError) as caught:
                call(client(port))
            assert type(caught.value) is expected
            assert time.monotonic() - before < TIMEOUT + 1.0
            assert caught.value.__context__ is None
        assert len(accepted) == 2  # one connection a call: nothing is tried again behind our back


def test_a_tls_handshake_that_drips_ends_at_the_deadline_with_nothing_sent() -> None:
    with peer(drip_tls) as (port, _):
        before = time.monotonic()
        with pytest.raises(RetryLater, match="nothing was sent"):
            client(port, scheme="https").post("/x", {})
        assert time.monotonic() - before < TIMEOUT + 1.0


def test_tls_that_fails_before_the_request_is_certainly_not_applied() -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 plain\r\n\r\n")

    with peer(plain) as (port, _), pytest.raises(RetryLater, match="TLS was not accepted; nothing was sent"):
        client(port, scheme="https").post("/x", {})


def test_a_refused_connection_is_certainly_not_applied() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RetryLater, match="cannot be reached"):
        client(port).post("/x", {})


def test_a_peer_that_does_not_read_a_large_request_ends_at_the_deadline_unknown() -> None:
    with peer(lambda connection: time.sleep(5)) as (port, _):
        before = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            client(port).post("/x", {"text": "x" * 20_000_000})
        assert time.monotonic() - before < TIMEOUT + 1.5


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"x" * 30_000_000)

    def script(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb)

    with peer(script) as (port, _), pytest.raises(Refused, match="larger than 100000 bytes"):
        client(port, limit_bytes=100_000, timeout_seconds=5).get("/x")


def test_a_whole_answer_is_read_and_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(connection: socket.socket) -> None:
        head = request_of(connection).lower()
        assert b"authorization: bearer canary-token" in head
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Trace-ID: t\r\n\r\n{"id": "1"}')

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with peer(script) as (port, _):
        answer = client(port).post("/x", {"a": 1})
    assert (answer.data, answer.trace_id) == ({"id": "1"}, "t")


# ------------------------------------------------------------------------------------------ address guard


def test_a_private_address_is_refused_before_a_connection_is_made() -> None:
    with peer(silent) as (port, accepted):
        with pytest.raises(Refused, match="not on the public internet"):
            client(port, allow_private=False).post("/x", {})
        with pytest.raises(Refused):
            client(port, allow_private=False).download(f"https://127.0.0.1:{port}/x", ("127.0.0.1",), 100)
        time.sleep(0.05)
        assert accepted == []


def test_a_name_that_leads_to_a_private_address_is_refused_at_the_moment_of_connecting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def rebound(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    http = HttpClient("https://acme.freshchat.com/v2", {}, SystemClock(), timeout_seconds=TIMEOUT)
    with pytest.raises(Refused, match=r"acme\.freshchat\.com leads to an address"):
        http.get("/x")
    assert asked == ["acme.freshchat.com"]


def test_a_name_server_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        release.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    before = time.monotonic()
    with pytest.raises(RetryLater, match="cannot be resolved"):
        HttpClient("https://acme.freshchat.com/v2", {}, SystemClock(), timeout_seconds=TIMEOUT).post("/x", {})
    assert time.monotonic() - before < TIMEOUT + 1.0
    release.set()


def test_an_unknown_name_is_certainly_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(RetryLater, match="cannot be resolved: Name or service not known"):
        HttpClient("https://acme.freshchat.com/v2", {}, SystemClock()).post("/x", {})


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200"),
        *("0.0.0.0", "0.1.2.3", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("168.63.129.16", "192.0.0.192", "192.88.99.1", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1"),
        *("::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "no address", ""),
    ],
)
def test_no_address_of_a_private_range_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "52.216.0.1", "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


# ---------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS context whose certificate, made for this test, is trusted in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def over_tls(context: ssl.SSLContext, script: Script) -> Script:
    def wrapped(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            script(secured)

    return wrapped


def test_an_answer_is_read_over_tls(certificate: ssl.SSLContext) -> None:
    def script(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with peer(over_tls(certificate, script)) as (port, _):
        assert client(port, scheme="https", timeout_seconds=5).post("/x", {}).data == {}


@pytest.mark.parametrize("fault", ["silence", "headers that drip", "a body without length that drips"])
def test_the_deadline_ends_a_call_over_tls_too_and_a_write_is_then_unknown(
    certificate: ssl.SSLContext, fault: str
) -> None:
    with peer(over_tls(certificate, FAULTS[fault])) as (port, _):
        before = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            client(port, scheme="https").post("/x", {})
        assert time.monotonic() - before < TIMEOUT + 1.0


def test_a_certificate_nobody_vouches_for_stops_the_call_before_anything_is_sent(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[bytes] = []
    monkeypatch.undo()
    with (
        peer(over_tls(certificate, lambda connection: received.append(request_of(connection)))) as (port, _),
        pytest.raises(RetryLater, match="certificate or TLS was not accepted; nothing was sent"),
    ):
        client(port, scheme="https", timeout_seconds=5).post("/x", {})
    assert received == []
