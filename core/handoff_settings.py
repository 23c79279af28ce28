"""The section `[handoff]` of the configuration: its keys, its two exclusive styles, and the values it becomes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from marshmallow import ValidationError, fields, validate

from core.domain import NOTHING, Channel
from core.errors import ConfigError
from core.office_hours import DAYS, WHOLE_DAY, OfficeHours, Outside, Span, merged
from core.settings import PluginSettings

LEVELS = "levels"
ADVANCED = "advanced"
TRIGGERS = (
    "explicit_request",
    "cannot_resolve",
    "low_confidence",
    "frustration",
    "forbidden_topic",
    "topic_not_allowed",
)
"""The switches of the advanced style."""
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class HandoffConfig:
    """When the AI lets a human go on: `level` counts in the style "levels", the switches in the style "advanced".

    `office_hours` has the humans' schedule of each channel; a channel that is missing is always open.
    """

    style: str = LEVELS
    level: int = 1
    explicit_request: bool = True
    cannot_resolve: bool = True
    low_confidence: bool = True
    frustration: bool = True
    forbidden_topic: bool = True
    topic_not_allowed: bool = True
    confidence: float = 0.5
    topics_allowed: tuple[str, ...] = ()
    topics_forbidden: tuple[str, ...] = ()
    office_hours: Mapping[Channel, OfficeHours] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------- the schemas


def _zone(key: str) -> None:
    try:
        ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        close = difflib.get_close_matches(key, available_timezones(), n=1)
        meant = f'did you mean "{close[0]}"?' if close else 'zones are called like "Europe/Berlin"'
        raise ValidationError(f'there is no zone "{key}" ({meant})') from None


def _span(text: str) -> None:
    found = _SPAN.fullmatch(text)
    if not found or _minutes(text)[1] > WHOLE_DAY:
        raise ValidationError('must be a span of a day such as "09:00-17:30", at most "00:00-24:00"')
    start, end = _minutes(text)
    if end <= start:
        raise ValidationError("ends before it begins; what lies past midnight belongs to the next day")


def _minutes(text: str) -> Span:
    start, end = text.split("-")
    return _minute(start), _minute(end)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class HolidayField(fields.Field[date]):
    """A day, as a text ("2026-12-25") or as a date of TOML."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError('must be a day such as "2026-12-25"') from None


def _day(name: str) -> fields.List[str]:
    return fields.List(
        fields.String(validate=_span),
        metadata={"help": f'when humans are there on {name}, such as ["09:00-12:30", "13:30-17:00"]'},
    )


def _topics(text: str) -> fields.List[str]:
    word = fields.String(validate=validate.Regexp(r"\s*\S", error="must name a topic"))
    return fields.List(word, load_default=list, metadata={"help": text})


def _trigger(text: str) -> fields.Boolean:
    # Only TOML's own true and false: marshmallow would read "no" and "off" too, and so hide a misunderstanding.
    return fields.Boolean(
        load_default=True, truthy={True}, falsy={False}, metadata={"help": f'with style = "advanced": {text}'}
    )


class ChannelHoursSchema(PluginSettings):
    """`[handoff.office_hours.channels.email]`: what it leaves out is as in `[handoff.office_hours]`."""

    zone = fields.String(
        validate=_zone, metadata={"help": "the time zone of the hours and holidays, such as Europe/Berlin"}
    )
    mon = _day("Mondays")
    tue = _day("Tuesdays")
    wed = _day("Wednesdays")
    thu = _day("Thursdays")
    fri = _day("Fridays")
    sat = _day("Saturdays")
    sun = _day("Sundays")
    holidays = fields.List(HolidayField(), metadata={"help": 'days on which nobody is there, such as ["2026-12-25"]'})
    outside = fields.Enum(
        Outside,
        by_value=True,
        metadata={"help": "outside the hours the AI goes on (continue), hands off at once (handoff), or waits (hold)"},
    )
    notice = fields.String(
        metadata={"help": "what the customer is told outside the hours: when the AI hands off, or begins to wait"}
    )


class ChannelsHoursSchema(PluginSettings):
    """`[handoff.office_hours.channels]`"""

    web = fields.Nested(ChannelHoursSchema, metadata={"help": "other hours for the web"})
    email = fields.Nested(ChannelHoursSchema, metadata={"help": "other hours for email"})
    phone = fields.Nested(ChannelHoursSchema, metadata={"help": "other hours for the phone"})


class OfficeHoursSchema(ChannelHoursSchema):
    """`[handoff.office_hours]`: when humans are there. A day left out is closed; with none given they always are."""

    zone = fields.String(
        required=True,
        validate=_zone,
        metadata={"help": "the time zone of the hours and holidays, such as Europe/Berlin"},
    )
    outside = fields.Enum(
        Outside,
        by_value=True,
        load_default=Outside.CONTINUE,
        metadata={"help": "outside the hours the AI goes on (continue), hands off at once (handoff), or waits (hold)"},
    )
    channels = fields.Nested(ChannelsHoursSchema, metadata={"help": "hours of single channels"})


class HandoffSchema(PluginSettings):
    """`[handoff]`: when the AI lets a human go on."""

    style = fields.String(
        load_default=LEVELS,
        validate=validate.OneOf([LEVELS, ADVANCED]),
        metadata={"help": 'one `level` for everything ("levels"), or a switch for each trigger ("advanced")'},
    )
    level = fields.Integer(
        load_default=1,
        validate=validate.Range(min=0, max=3),
        strict=True,
        metadata={
            "help": 'with style = "levels": 0 never hands off, 1 at once, 2 tries and asks first, 3 tries hardest'
        },
    )
    confidence = fields.Float(
        load_default=0.5,
        validate=validate.Range(min=0, max=1),
        metadata={"help": "a reply less sure than this (0 to 1) is not sent"},
    )
    topics_allowed = _topics("topics the AI may speak about, all if there are none")
    topics_forbidden = _topics("topics the AI never speaks about")
    explicit_request = _trigger("whether to hand off when the customer asks for a person")
    cannot_resolve = _trigger("whether to hand off when the responder says that it cannot help")
    low_confidence = _trigger("whether to hand off when a reply is less sure than `confidence`; if not, it is sent")
    frustration = _trigger("whether to hand off when the customer is angry")
    forbidden_topic = _trigger("whether to hand off at a forbidden topic; if not, it is declined")
    topic_not_allowed = _trigger("whether to hand off at a topic that is not allowed; if not, it is declined")
    office_hours = fields.Nested(OfficeHoursSchema, metadata={"help": "when humans are there; left out, always"})


# -------------------------------------------------------------------------------------------- the frozen values


def handoff_config(loaded: Mapping[str, Any], given: Mapping[str, Any]) -> HandoffConfig:
    """What `HandoffSchema` loaded from the table `given`, as one value.

    Raises `ConfigError` where the two styles are mixed, or the hours contradict the rest.
    """
    _one_style(loaded["style"], given)
    values = {key: value for key, value in loaded.items() if key != "office_hours"}
    values["topics_allowed"] = tuple(loaded["topics_allowed"])
    values["topics_forbidden"] = tuple(loaded["topics_forbidden"])
    table = loaded.get("office_hours")
    hours = {} if table is None else _office_hours(table)
    if loaded["style"] == LEVELS and loaded["level"] == 0:
        for channel, schedule in hours.items():
            if schedule.outside is Outside.HANDOFF:
                raise ConfigError(
                    _place(table or NOTHING, channel, "outside"),
                    'it is "handoff", and level 0 never hands off',
                    'Make it "continue" or "hold", or choose another handoff.level.',
                )
    return HandoffConfig(**values, office_hours=hours)


def _one_style(style: str, given: Mapping[str, Any]) -> None:
    if style == ADVANCED and "level" in given:
        raise ConfigError(
            "handoff.level", 'it belongs to style = "levels", and the style is "advanced"', "Remove one of the two."
        )
    switches = [key for key in TRIGGERS if key in given]
    if style == LEVELS and switches:
        raise ConfigError(
            f"handoff.{switches[0]}",
            'it belongs to style = "advanced", and the style is "levels"',
            'Remove it and choose a level, or set style = "advanced" and remove the level.',
        )


def _office_hours(table: Mapping[str, Any]) -> dict[Channel, OfficeHours]:
    """The schedule of each channel. A channel's table that names any day has a week of its own."""
    single = table.get("channels", {})
    made = {}
    for channel in Channel:
        own = single.get(channel.value, {})
        place = f"handoff.office_hours.channels.{channel.value}" if own else "handoff.office_hours"
        week = own if any(day in own for day in DAYS) else table
        whole = {**table, **own}
        made[channel] = OfficeHours(
            zone=ZoneInfo(whole["zone"]),
            week=_week(week, place),
            holidays=frozenset(whole.get("holidays", ())),
            outside=whole["outside"],
            notice=whole.get("notice", "").strip(),
        )
    return made


def _week(table: Mapping[str, Any], place: str) -> tuple[tuple[Span, ...], ...] | None:
    if not any(day in table for day in DAYS):
        return None
    week = tuple(merged([_minutes(text) for text in table.get(day, ())]) for day in DAYS)
    if not any(week):
        raise ConfigError(
            place, "no day has any hours, so that nobody would ever be there", "Give a day hours, or remove the days."
        )
    return week


def _place(table: Mapping[str, Any], channel: Channel, key: str) -> str:
    """Where a setting of a channel's hours stands."""
    own = key in table.get("channels", {}).get(channel.value, {})
    return f"handoff.office_hours.channels.{channel.value}.{key}" if own else f"handoff.office_hours.{key}"
