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
    whatever becomes of its holder. `wait` is in seconds. Raises `GateTimeout` on entering, `OSError` if the file
    cannot be made.
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
        if self._file < 0:
            return  # left behind by a fork: the gate is the parent's
        file, self._file = self._file, -1
        _unlock(file)
        self._pass_on()

    def leave_to_parent(self) -> None:
        """In a child that was forked while a thread was in the gate: close its file, but leave it locked.

        The lock belongs to the open file, which the child shares: it would outlive the parent here.
        """
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def waiting(self) -> int:
        """How many threads of this process queue."""
        with self._lock:
            return len(self._queue)

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
        # It was handed over in the very moment the patience ended: it is ours.

    def _pass_on(self) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False

    def _lock_file(self, until: float) -> int:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _wait_for(file, until)
        except BaseException:
            os.close(file)
            raise
        return file


def _wait_for(file: int, until: float) -> int:
    """Queue at the lock in a thread of its own: a blocking lock is fair, but cannot be given up."""
    decided = threading.Lock()
    locked = threading.Event()
    given_up = False

    def queue_up() -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
        with decided:
            if given_up:
                _unlock(file)
            else:
                locked.set()

    threading.Thread(target=queue_up, name="gate", daemon=True).start()
    if not locked.wait(max(0.0, until - time.monotonic())):
        with decided:
            if not locked.is_set():
                given_up = True
                raise GateTimeout
    return file


def _unlock(file: int) -> None:
    # By name, since closing alone would leave it locked while a forked child holds the same open file.
    fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)
