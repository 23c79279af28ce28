"""When the humans are there (behaviour 114, gap G8): weeks, holidays, and clocks that are put forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.office_hours import WHOLE_DAY, OfficeHours, closed_since, is_open, merged, next_opening, shown

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = ((540, 750), (810, 1020))  # 09:00-12:30 and 13:30-17:00
WEEKDAYS = OfficeHours(BERLIN, (*(OFFICE,) * 5, (), ()))


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02 08:59:59", False),
        ("2026-03-02 09:00", True),
        ("2026-03-02 12:29:59", True),
        ("2026-03-02 12:30", False),
        ("2026-03-02 13:30", True),
        ("2026-03-02 17:00", False),
        ("2026-03-07 10:00", False),
        ("2026-03-08 10:00", False),
    ],
)
def test_b114_somebody_is_there_from_the_first_moment_of_a_span_to_the_last(moment: str, expected: bool) -> None:
    assert is_open(WEEKDAYS, berlin(moment)) is expected


def test_b114_the_next_opening_passes_over_the_weekend_and_holidays() -> None:
    hours = OfficeHours(BERLIN, WEEKDAYS.week, frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
    assert next_opening(hours, berlin("2026-12-24 12:45")) == berlin("2026-12-24 13:30")
    assert next_opening(hours, berlin("2026-12-24 18:00")) == berlin("2026-12-29 09:00")
    assert not is_open(hours, berlin("2026-12-25 10:00"))
    assert closed_since(hours, berlin("2026-12-27 10:00")) == berlin("2026-12-24 17:00")


def test_a_week_without_hours_of_its_own_is_open_round_the_clock_but_for_holidays() -> None:
    hours = OfficeHours(BERLIN, None, frozenset({date(2026, 12, 25)}))
    assert is_open(hours, berlin("2026-12-24 23:59"))
    assert not is_open(hours, berlin("2026-12-25 00:00"))
    assert next_opening(hours, berlin("2026-12-25 08:00")) == berlin("2026-12-26 00:00")
    assert closed_since(hours, berlin("2026-12-25 08:00")) == berlin("2026-12-25 00:00")


def test_in_spring_the_hours_begin_at_the_same_time_on_the_wall() -> None:
    """2026-03-29 the clocks of Berlin go from 02:00 to 03:00."""
    assert next_opening(WEEKDAYS, berlin("2026-03-27 18:00")) == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    assert next_opening(WEEKDAYS, berlin("2026-03-20 18:00")) == datetime(2026, 3, 23, 8, 0, tzinfo=UTC)


def test_hours_in_the_hour_that_is_left_out_in_spring_begin_with_the_change() -> None:
    night = OfficeHours(BERLIN, (*((),) * 6, ((150, 240),)))  # Sunday 02:30-04:00
    assert next_opening(night, berlin("2026-03-29 01:00")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    lost = OfficeHours(BERLIN, (*((),) * 6, ((130, 170),)))  # Sunday 02:10-02:50
    assert next_opening(lost, berlin("2026-03-29 01:00")) == berlin("2026-04-05 02:10")
    until = OfficeHours(BERLIN, (*((),) * 6, ((0, 150),)))  # Sunday 00:00-02:30
    assert closed_since(until, berlin("2026-03-29 04:00")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_an_hour_that_comes_twice_in_autumn_is_open_both_times() -> None:
    """2026-10-25 the clocks of Berlin go from 03:00 back to 02:00."""
    night = OfficeHours(BERLIN, (*((),) * 6, ((120, 180),)))  # Sunday 02:00-03:00
    for fold in (0, 1):
        assert is_open(night, berlin("2026-10-25 02:30", fold))
    assert closed_since(night, berlin("2026-10-25 12:00")) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_a_day_that_begins_with_a_change_of_the_clocks_begins_then() -> None:
    """In Santiago the clocks go forward at midnight, so that this day has no 00:00."""
    santiago = OfficeHours(ZoneInfo("America/Santiago"), (*((),) * 6, ((0, WHOLE_DAY),)))
    opening = next_opening(santiago, datetime(2026, 9, 5, 12, 0, tzinfo=UTC))
    assert opening == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)
    assert is_open(santiago, opening)


def test_a_moment_is_shown_on_the_clock_of_the_schedule() -> None:
    assert shown(WEEKDAYS, datetime(2026, 11, 23, 8, 0, tzinfo=UTC)) == "Monday 2026-11-23 09:00 (Europe/Berlin)"


def test_a_schedule_that_never_opens_is_an_error() -> None:
    never = OfficeHours(BERLIN, ((),) * 7)
    for ask in (next_opening, closed_since):
        with pytest.raises(ValueError, match="no hours at all"):
            ask(never, berlin("2026-03-02 09:00"))


def test_spans_that_touch_or_overlap_are_one() -> None:
    assert merged([(600, 660), (540, 600), (620, 640), (700, 710)]) == ((540, 660), (700, 710))


# -------------------------------------------------------------------------------------------------- properties

spans = st.tuples(st.integers(0, WHOLE_DAY - 60), st.integers(60, WHOLE_DAY)).filter(
    lambda span: span[0] + 30 < span[1]
)
weeks = st.lists(st.lists(spans, max_size=3).map(merged), min_size=7, max_size=7).map(tuple).filter(any)
moments = st.integers(0, 3 * 365 * 86400).map(lambda past: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=past))
schedules = st.builds(
    OfficeHours,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]).map(
        ZoneInfo
    ),
    week=st.none() | weeks,
    holidays=st.frozensets(st.dates(date(2025, 1, 1), date(2028, 1, 1)), max_size=20),
)


@given(schedules, moments)
@settings(max_examples=300, deadline=None)
def test_an_opening_is_later_and_somebody_is_there_then(hours: OfficeHours, now: datetime) -> None:
    opening = next_opening(hours, now)
    assert opening > now
    assert is_open(hours, opening)


@given(schedules, moments)
@settings(max_examples=300, deadline=None)
def test_while_it_is_closed_nobody_is_there_from_its_beginning_to_the_opening(
    hours: OfficeHours, now: datetime
) -> None:
    if is_open(hours, now):
        return
    since, until = closed_since(hours, now), next_opening(hours, now)
    assert since <= now < until
    assert not is_open(hours, since)
    assert not is_open(hours, until - timedelta(microseconds=1))
    assert not is_open(hours, since + (until - since) / 2)
    assert is_open(hours, since - timedelta(microseconds=1))
    assert closed_since(hours, until - timedelta(microseconds=1)) == since
    assert next_opening(hours, since) == until


@given(schedules, moments, st.timedeltas(timedelta(), timedelta(days=9)))
@settings(max_examples=300, deadline=None)
def test_a_later_moment_never_has_an_earlier_opening(hours: OfficeHours, now: datetime, later: timedelta) -> None:
    assert next_opening(hours, now) <= next_opening(hours, now + later)
    assert closed_since(hours, now) <= closed_since(hours, now + later)
