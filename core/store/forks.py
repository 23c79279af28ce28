"""Forking: a process gives back its handles before it forks, so that no child ever inherits one."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Forkable(Protocol):
    """What holds handles that must not be shared with a child."""

    def before_fork(self) -> None:
        """Let go of all handles, and take up none until one of the two below is called."""

    def after_fork_in_parent(self) -> None:
        """Go on as before."""

    def after_fork_in_child(self) -> None:
        """Begin anew: no other thread of the parent lives on here, and its locks may be held for ever."""


class Users:
    """Counts the threads that are at work with a thing, so that it can be put down when all have left it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._barred = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be at work; waits while the thing is being put down."""
        with self._changed:
            self._changed.wait_for(lambda: not self._barred)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def bar(self, own: int, seconds: float) -> bool:
        """Let nobody in until `admit`; True when within `seconds` no more than `own` were left inside."""
        with self._changed:
            self._barred = True
            return self._changed.wait_for(lambda: self._inside <= own, seconds)

    def admit(self) -> None:
        """Let them in again."""
        with self._changed:
            self._barred = False
            self._changed.notify_all()


def watch_forks(thing: Forkable) -> None:
    """Call a thing before and after each fork of this process, for as long as it lives."""
    _watching.add(thing)


def leave_to_parent(thing: object) -> None:
    """Keep a thing of the parent's for ever: freeing it, at the child's exit at the latest, would close its handles."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


_watching: weakref.WeakSet[Forkable] = weakref.WeakSet()
_one_fork_at_a_time = threading.Lock()


def _before() -> None:
    _one_fork_at_a_time.acquire()
    for thing in list(_watching):
        thing.before_fork()


def _in_parent() -> None:
    for thing in list(_watching):
        thing.after_fork_in_parent()
    _one_fork_at_a_time.release()


def _in_child() -> None:
    for thing in list(_watching):
        thing.after_fork_in_child()
    _one_fork_at_a_time.release()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
