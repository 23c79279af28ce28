"""How pages and API word moments, numbers, and what is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from markupsafe import Markup

from core.domain import Identity
from core.errors import ConfigError

_MINUTES, _SECONDS = len("2026-01-01 00:00"), len("2026-01-01 00:00:00")

_STEPS = ((3600, 60, "min"), (86400, 3600, "h"), (86400 * 60, 86400, "d"))


def moment(at: datetime | None) -> str:
    """A moment in full, in UTC."""
    return "" if at is None else f"{at.isoformat(' ')[:_SECONDS]} UTC"


def to_minute(at: datetime) -> Markup:
    """A moment to the minute, for a page."""
    return time_tag(at, shown=_MINUTES)


def to_second(at: datetime) -> Markup:
    """The same to the second."""
    return time_tag(at, shown=_SECONDS)


def time_tag(at: datetime, words: str = "", shown: int = 0) -> Markup:
    """A moment for a page, in words of ours or as so many characters of it; the full one shows beside the pointer.

    A thread has hundreds of them, so that each is written out but once.
    """
    full = at.isoformat(" ")
    words = words or full[:shown]
    whole = f'<time datetime="{full.replace(" ", "T")}" title="{full[:_SECONDS]} UTC">{words}</time>'
    return Markup(whole)  # noqa: S704  # nothing in it is anybody's text


def ago(at: datetime | None, now: datetime) -> str:
    """How long a moment is over, or how far off it is, in one unit; "" for none."""
    if at is None:
        return ""
    gone = now - at
    seconds = abs(gone.total_seconds())
    if seconds < 60:
        return "just now" if gone >= timedelta() else "in a moment"
    if seconds >= timedelta(days=60).total_seconds():
        return at.strftime("%Y-%m-%d")
    words = next(f"{int(seconds // unit)} {name}" for below, unit, name in _STEPS if seconds < below)
    return f"{words} ago" if gone > timedelta() else f"in {words}"


def plural(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(words: str) -> str:
    """Words that an error or a help text has, as a sentence."""
    end = "" if words.endswith((".", "!", "?")) else "."
    return f"{words[:1].upper()}{words[1:]}{end}" if words else ""


def words_of(problem: Exception) -> str:
    """What an error tells a person: what is wrong and, where it names a mend, that too."""
    if isinstance(problem, ConfigError):
        return f"{sentence(problem.problem)} {problem.mend}"
    return sentence(str(problem))


def speaks_as(identity: Identity) -> str:
    """Who a connection speaks as, and where, as the rest of a sentence."""
    email = f" <{identity.agent_email}>" if identity.agent_email else ""
    place = f" at {identity.account}" if identity.account else ""
    return f"speaks as {identity.agent_name or identity.agent_id}{email}{place}"


def span(seconds: float) -> str:
    """How long something takes, in one unit."""
    if seconds < 60:
        return f"{seconds:.1f} s" if 0 < seconds < 10 and seconds % 1 else f"{seconds:.0f} s"
    unit, name = next(((unit, name) for below, unit, name in _STEPS if seconds < below), (86400, "d"))
    return f"{int(seconds // unit)} {name}"
