"""The guarded connection below `HttpClient`: one socket a call, a deadline for the whole of it, public peers only."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from core.errors import OutcomeUnknown, Refused, RelaydeskError, RetryLater, VendorError

CONNECT_SECONDS = 3.05
"""At most this long for one address to answer; a little over a multiple of TCP's three-second retransmission."""

# What `ipaddress` of Python 3.11 still counts as global although nothing of the public internet lives there, and the
# addresses at which clouds answer their own machines: 168.63.129.16 is Azure's, and looks public.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

CHUNK = 64 * 1024

Address = tuple[socket.AddressFamily, Any]


def is_public(text: str) -> bool:
    """Whether an IP address (as text, with or without a zone) belongs to the public internet."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    if any(address.version == network.version and address in network for network in _NEVER_PUBLIC):
        return False
    return address.is_global and not address.is_multicast


class Attempt:
    """One try at a call: knows how long it may last and how far it came.

    A context manager. When the time is up while it is open, a timer shuts the socket, so that a peer which
    drips TLS records, headers or a body byte by byte cannot hold the caller: time-outs of a single read cannot
    do that. `sending` is None until this attempt connects, False until the connection (with TLS) stands, and
    True from then on: only then can the vendor have applied anything.
    """

    def __init__(self, seconds: float, *, allow_private: bool) -> None:
        self.ends_at = time.monotonic() + seconds
        self.seconds = seconds
        self.allow_private = allow_private
        self.expired = False
        self.sending: bool | None = None
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    @property
    def remaining(self) -> float:
        """Seconds until the deadline; never negative."""
        return max(0.0, self.ends_at - time.monotonic())

    def open(self, host: str, port: int) -> socket.socket:
        """Connect to the first address of `host` that answers.

        Raises `Refused` if all its addresses are private ones, `RetryLater` if none can be reached in time.
        """
        found = self._resolve(host, port)
        allowed = [entry for entry in found if self.allow_private or is_public(str(entry[1][0]))]
        if not allowed:
            raise Refused(f"{host} leads to an address that is not on the public internet; such hosts are not called")
        problem = "no address answered in time"
        for family, address in allowed:
            if not self.remaining:
                break
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(min(CONNECT_SECONDS, self.remaining))
            try:
                sock.connect(address)
            except OSError as error:
                sock.close()
                problem = error.strerror or str(error) or type(error).__name__
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(0.001, self.remaining))
            self._hold(sock)
            return sock
        raise RetryLater(f"{host} cannot be reached: {problem}")

    def _resolve(self, host: str, port: int) -> list[Address]:
        """Look the name up in a thread of its own: the system's resolver takes no time-out."""
        answers: queue.SimpleQueue[list[Address] | OSError | UnicodeError] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                answers.put(error)
            else:
                answers.put([(entry[0], entry[4]) for entry in found])

        threading.Thread(target=look_up, daemon=True, name="resolve").start()
        try:
            answer = answers.get(timeout=max(0.001, self.remaining))
        except queue.Empty:
            answer = TimeoutError("the name server did not answer in time")
        if isinstance(answer, list):
            return answer
        raise RetryLater(f"{host} cannot be resolved: {getattr(answer, 'strerror', None) or answer}")

    def _hold(self, sock: socket.socket) -> None:
        # A duplicate, because wrapping a socket in TLS takes the descriptor away from the one we made, and because
        # it keeps the number from being given to another connection while the timer may still fire.
        with self._lock:
            self._handle = sock.dup()
        if self.expired:
            self._expire()

    def _expire(self) -> None:
        self.expired = True
        with self._lock:
            if self._handle is not None:
                try:
                    self._handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # the peer was faster


class _GuardedHttp(HTTPConnection):
    attempt: Attempt

    def _new_conn(self) -> socket.socket:
        return self.attempt.open(self._dns_host, self.port)

    def connect(self) -> None:
        super().connect()
        self.attempt.sending = True


class _GuardedHttps(HTTPSConnection):
    attempt: Attempt

    def _new_conn(self) -> socket.socket:
        return self.attempt.open(self._dns_host, self.port)

    def connect(self) -> None:
        super().connect()
        self.attempt.sending = True


class GuardedAdapter(HTTPAdapter):
    """A `requests` adapter for one `Attempt`: no retries, no proxies, no connection kept for later.

    A kept connection that the vendor has meanwhile closed would make a write look uncertain, so none is kept.
    """

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._plain = type("PlainConnection", (_GuardedHttp,), {"attempt": attempt})
        self._tls = type("TlsConnection", (_GuardedHttps,), {"attempt": attempt})
        self._attempt = attempt

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        found = super().get_connection_with_tls_context(request, verify, None, cert)
        pool = cast("HTTPConnectionPool", found)
        pool.ConnectionCls = self._tls if pool.scheme == "https" else self._plain
        self._attempt.sending = False
        return pool


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer, whatever its status, with its body, or as much of it as was wanted."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _TooLargeError(Exception):
    """An answer's decoded body is larger than allowed."""


def exchange(
    prepared: requests.PreparedRequest, attempt: Attempt, *, write: bool, limit: int, whole: bool = True
) -> Raw:
    """Send one request and read its answer, at most `limit` bytes of it; every failure becomes one of our errors.

    An answer that is larger is a failure where the `whole` of it is wanted; else its beginning will do.
    The new error is raised outside of the `except` blocks: the ones caught there keep the request, headers and
    all, alive in a traceback.
    """
    problem: RelaydeskError
    with attempt:
        try:
            raw = _send(prepared, attempt, limit, whole=whole)
        except _TooLargeError:
            words = f"the answer is larger than {limit} bytes"
            problem = OutcomeUnknown(words) if write else Refused(words)
        except RelaydeskError as error:
            problem = error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            problem = _failure(error, attempt, write=write)
        else:
            if not attempt.expired:
                return raw
            # Shutting the socket looks like the end of a body that has no length: what we hold may be a part.
            problem = _failure(TimeoutError(), attempt, write=write)
    raise problem


def _send(prepared: requests.PreparedRequest, attempt: Attempt, limit: int, *, whole: bool) -> Raw:
    with requests.Session() as session:
        session.trust_env = False
        adapter = GuardedAdapter(attempt)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # The socket's own time-outs are a second line: the attempt's timer is what ends a call.
        timeout = (min(CONNECT_SECONDS, attempt.seconds), attempt.seconds)
        with session.send(prepared, stream=True, timeout=timeout, allow_redirects=False) as response:
            content = bytearray()
            for chunk in response.iter_content(CHUNK):
                content += chunk
                if len(content) > limit:
                    if whole:
                        raise _TooLargeError
                    break
            return Raw(response.status_code, CaseInsensitiveDict(response.headers), bytes(content[:limit]))


def _failure(error: Exception, attempt: Attempt, *, write: bool) -> VendorError:
    """What a call that brought no whole answer means. `error` is read, never kept."""
    timed_out = attempt.expired or isinstance(error, TimeoutError | requests.Timeout)
    what = f"no answer within {attempt.seconds:g} s" if timed_out else f"the connection failed ({type(error).__name__})"
    if attempt.sending is False or isinstance(error, requests.ConnectTimeout):
        if isinstance(error, requests.exceptions.SSLError) and not attempt.expired:
            what = "no secure connection: the host's certificate or TLS was not accepted"
        return RetryLater(f"{what}; nothing was sent")
    return OutcomeUnknown(what) if write else RetryLater(what)
