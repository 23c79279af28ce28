"""The humans' office hours on the path: what the AI does while nobody is there, and what it tells of that (gap G8)."""

from __future__ import annotations

from core.domain import Handoff, Mode, Reason, Session, Turn
from core.flow import history
from core.flow.plan import PRESENT, Absence, Hold
from core.office_hours import Outside, closed_since, is_open, next_opening, shown
from core.runtime import Runtime


def outside(runtime: Runtime, turn: Turn) -> Handoff | Hold | None:
    """What follows from the hour alone; None where the AI goes on. An assistant drafts for a human who is there."""
    schedule = runtime.config.handoff.office_hours.get(turn.session.channel)
    now = runtime.db.now()
    if schedule is None or turn.mode is Mode.ASSIST or is_open(schedule, now):
        return None
    until = next_opening(schedule, now)
    match schedule.outside:
        case Outside.CONTINUE:
            return None
        case Outside.HANDOFF:
            return Handoff(Reason.OUTSIDE_OFFICE_HOURS, f"nobody is there until {shown(schedule, until)}")
        case Outside.HOLD:
            detail = f"the turn waits until {shown(schedule, until)}"
            notice = absence(runtime, turn.session).notice
            return Hold(Reason.OUTSIDE_OFFICE_HOURS, detail, until=until, notice=notice)


def absence(runtime: Runtime, session: Session) -> Absence:
    """Until when nobody is there, and what the customer is to be told: once in each period without anybody."""
    schedule = runtime.config.handoff.office_hours.get(session.channel)
    now = runtime.db.now()
    if schedule is None or is_open(schedule, now):
        return PRESENT
    with runtime.db.read():
        told = history.was_told(session.id, closed_since(schedule, now))
    return Absence(shown(schedule, next_opening(schedule, now)), "" if told else schedule.notice)
