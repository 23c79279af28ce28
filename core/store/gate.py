"""The fair gate before SQLite's single writer, across the threads and the processes of one machine."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path


class GateTimeout(Exception):
    """The gate did not open in time."""


class Gate:
    """First come, first served: SQLite's own waiting polls with growing sleeps, which lets some wait for seconds.

    Threads queue in order within the process; processes queue at a lock on `path`, which the system releases
    whatever becomes of its holder.
    """

    def __init__(self, path: Path, wait: float) -> None:
        self._path = path
        self._wait = wait
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._taken = False
        self._file = -1

    def __enter__(self) -> None:
        until = time.monotonic() + self._wait
        self._take_turn(until)
        try:
            self._file = self._lock_file(until)
        except BaseException:
            self._pass_on()
            raise

    def __exit__(self, *_: object) -> None:
        os.close(self._file)  # releases the lock
        self._file = -1
        self._pass_on()

    def _take_turn(self, until: float) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._queue.append(mine)
        if mine.wait(max(0.0, until - time.monotonic())):
            return
        with self._lock:
            if mine in self._queue:
                self._queue.remove(mine)
                raise GateTimeout
        # It was handed over in the very moment the patience ended: it is ours, and goes to the next.
        self._pass_on()
        raise GateTimeout

    def _pass_on(self) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False

    def _lock_file(self, until: float) -> int:
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            os.close(file)
        return self._wait_for_file(until)

    def _wait_for_file(self, until: float) -> int:
        """Queue at the lock in a thread of its own: a blocking lock is fair, but cannot be given up."""
        handed: list[int] = []
        done = threading.Event()
        given_up = threading.Event()
        decided = threading.Lock()

        def queue_up() -> None:
            file = self._open()
            fcntl.flock(file, fcntl.LOCK_EX)
            with decided:
                if given_up.is_set():
                    os.close(file)
                else:
                    handed.append(file)
                    done.set()

        threading.Thread(target=queue_up, name="gate", daemon=True).start()
        if not done.wait(max(0.0, until - time.monotonic())):
            with decided:
                if not handed:
                    given_up.set()
                    raise GateTimeout
        return handed[0]

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
