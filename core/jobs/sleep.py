"""A thread that has found nothing to do sleeps: until there is news, or the next thing is due."""

from __future__ import annotations

from datetime import datetime

from core.runtime import Runtime

LONGEST = 5.0
"""Seconds after which it looks again in any case."""


def sleep_until(runtime: Runtime, due: datetime | None) -> None:
    """Sleep until a moment, `LONGEST` at most, or until another thread or process tells of work; None is no moment."""
    left = LONGEST if due is None else (due - runtime.db.now()).total_seconds()
    runtime.db.wait(min(LONGEST, max(0.0, left)))
