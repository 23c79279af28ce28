"""When the humans are there: pure functions from a weekly table in a time zone, with holidays, to moments in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY = 24 * 60


class Outside(StrEnum):
    """What the AI does outside the humans' hours (gap G8)."""

    CONTINUE = "continue"
    HANDOFF = "handoff"
    HOLD = "hold"


Span = tuple[int, int]
"""From and to which minute of a day, as the clock on the wall shows them."""


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """A schedule: `week` holds the spans of each day from Monday on, or is None for round the clock.

    Holidays are closed either way. `notice` is what a customer is told outside the hours, "" for nothing.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...] | None = None
    holidays: frozenset[date] = frozenset()
    outside: Outside = Outside.CONTINUE
    notice: str = ""


def is_open(hours: OfficeHours, now: datetime) -> bool:
    """Whether somebody is there."""
    today = now.astimezone(hours.zone).date()
    return any(start <= now < end for start, end in _spans(hours, today))


def next_opening(hours: OfficeHours, now: datetime) -> datetime:
    """The first moment after `now` at which hours begin.

    A schedule that never opens raises `ValueError`; the configuration admits none.
    """
    today = now.astimezone(hours.zone).date()
    for day in _days(hours, today, forward=True):
        for start, _ in _spans(hours, day):
            if start > now:
                return start
    raise ValueError("the schedule has no hours at all")


def closed_since(hours: OfficeHours, now: datetime) -> datetime:
    """When the hours before `now` ended: where nobody is there at `now`, the present closed period began then."""
    today = now.astimezone(hours.zone).date()
    for day in _days(hours, today, forward=False):
        for _, end in reversed(list(_spans(hours, day))):
            if end <= now:
                return end
    raise ValueError("the schedule has no hours at all")


def shown(hours: OfficeHours, moment: datetime) -> str:
    """A moment as the people of the schedule would say it: "Monday 2026-11-23 09:00 (Europe/Berlin)"."""
    local = moment.astimezone(hours.zone)
    day = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[local.weekday()]
    return f"{day} {local:%Y-%m-%d %H:%M} ({hours.zone.key})"


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """Spans in their order, those that touch or overlap made one."""
    made: list[Span] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return tuple(made)


def _days(hours: OfficeHours, today: date, *, forward: bool) -> Iterator[date]:
    """Today and the days after or before it, for long enough to leave all holidays behind."""
    step = timedelta(days=1 if forward else -1)
    for number in range(-1, 7 * (len(hours.holidays) + 3)):
        yield today + step * number


def _spans(hours: OfficeHours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The hours of a day as moments in UTC; what a change of the clocks leaves out is left out."""
    if day in hours.holidays:
        return
    for start, end in ((0, WHOLE_DAY),) if hours.week is None else hours.week[day.weekday()]:
        begins, ends = _moment(hours.zone, day, start, last=False), _moment(hours.zone, day, end, last=True)
        if begins < ends:
            yield begins, ends


def _moment(zone: ZoneInfo, day: date, minute: int, *, last: bool) -> datetime:
    """When the clock on the wall shows `minute` of `day`.

    Where it does so twice, in autumn, `last` chooses; where it never does, in spring, it is the moment of the change.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    early, late = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return late if last else early
    before = early.astimezone(zone).utcoffset()
    while early < late and early.astimezone(zone).utcoffset() == before:
        early += timedelta(minutes=1)
    return early
