"""The raw connection of one call, for the faults that no well-behaved web server can be made to show."""

from __future__ import annotations

import select
import socket
import struct
import threading
from typing import NoReturn

from werkzeug.wrappers import Response

LOOK_SECONDS = 0.05
"""How often a held connection is looked at, to see whether the caller left."""
HUGE_PIECE = b"x" * 65536


class Gone(ConnectionAbortedError):
    """The connection was dealt with by hand; the web server has nothing left to answer."""


class Wire:
    """What can be done to a caller's connection. Every method but `pause` ends it, so none of them returns."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the simulator runs."""
        self._stopping.wait(seconds)

    def hold(self) -> NoReturn:
        """Say nothing until the caller leaves or the simulator stops."""
        while not self._stopping.is_set() and not self._left():
            self._stopping.wait(LOOK_SECONDS)
        self._close()

    def reset(self) -> NoReturn:
        """Cut the connection so that the caller sees a reset instead of an end."""
        # Without lingering the kernel sends RST on close. It must be the first thing sent, hence the file
        # descriptor is closed here: the web server would send a regular end (FIN) first.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._close()

    def half(self, answer: Response) -> NoReturn:
        """Send an answer's head and half of its body, then close."""
        body = answer.get_data() or b'{"half": "of this is missing"}'
        self._send(_head(answer, len(body)) + body[: len(body) // 2])
        self._close()

    def drip(self, answer: Response, seconds: float) -> NoReturn:
        """Send an answer with a wait of `seconds` before each byte of its body."""
        body = answer.get_data()
        self._send(_head(answer, len(body)))
        for byte in body:
            self._stopping.wait(seconds)
            if self._stopping.is_set() or self._left() or not self._send(bytes([byte])):
                break
        self._close()

    def huge(self) -> NoReturn:
        """Send a body without end, until the caller leaves or the simulator stops."""
        self._connection.settimeout(LOOK_SECONDS)
        self._send(_head(Response(mimetype="application/json"), None))
        while not self._stopping.is_set() and self._send(HUGE_PIECE):
            pass
        self._close()

    def _left(self) -> bool:
        try:
            readable, _, _ = select.select([self._connection], [], [], 0)
            return bool(readable) and not self._connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _send(self, data: bytes) -> bool:
        while data:
            try:
                data = data[self._connection.send(data) :]
            except TimeoutError:
                if self._stopping.is_set():
                    return False
            except OSError:
                return False
        return True

    def _close(self) -> NoReturn:
        socket.close(self._connection.detach())
        raise Gone


def _head(answer: Response, length: int | None) -> bytes:
    lines = [f"HTTP/1.1 {answer.status}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() != "content-length"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1")
