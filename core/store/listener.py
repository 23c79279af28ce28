"""The listener on PostgreSQL: hears other processes signal, on a connection of its own."""

from __future__ import annotations

import logging
import os
import selectors
import threading
from collections.abc import Callable

import psycopg

log = logging.getLogger(__name__)

CHANNEL = "relaydesk"
RECONNECT_SECONDS = 1.0
PROBE_SECONDS = 30.0
"""How often a silent connection is tried: one that was cut without a word would stay silent for ever."""
STOP_SECONDS = 2.0


class Listener:
    """Calls `heard` for each signal that is not `own`, in a thread that is there while it is wanted.

    A connection that is lost is opened again; `heard` is called then as well, since signals may have been missed.
    """

    def __init__(self, url: str, own: str, heard: Callable[[], None]) -> None:
        self._url = url
        self._own = own
        self._heard = heard
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = -1

    def start(self) -> None:
        """Listen, if this is not done already."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            stopped, self._wake = os.pipe()
            self._thread = threading.Thread(target=self._run, args=(stopped,), name="store-listener", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            os.close(self._wake)
        thread.join(STOP_SECONDS)

    def _run(self, stopped: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(stopped, selectors.EVENT_READ)
            while not self._is_stopped(selector):
                try:
                    with psycopg.connect(self._url, autocommit=True) as connection:
                        self._listen(connection, selector)
                except psycopg.Error as error:
                    log.warning("the signals of other processes are not heard for now: %s", type(error).__name__)
                    selector.select(RECONNECT_SECONDS)
        os.close(stopped)

    def _is_stopped(self, selector: selectors.BaseSelector) -> bool:
        return bool(selector.select(0))

    def _listen(self, connection: psycopg.Connection[tuple[object, ...]], selector: selectors.BaseSelector) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        self._heard()
        socket = connection.fileno()
        selector.register(socket, selectors.EVENT_READ)
        try:
            while True:
                ready = {key.fd for key, _ in selector.select(PROBE_SECONDS)}
                if ready - {socket}:
                    return
                if not ready:
                    connection.execute("SELECT 1")
                senders = {note.payload for note in connection.notifies(timeout=0)}
                if senders - {self._own}:
                    self._heard()
        finally:
            selector.unregister(socket)
