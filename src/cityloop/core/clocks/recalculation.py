"""What a changed calendar does to a clock: the due moment before and after, and why. Facts stay as they are.

Notifying people and storing the new moment is done in casework.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cityloop.core.clocks.counting import Clock, due
from cityloop.core.clocks.worktime import Calendar, DueMoment


class RecalculationReason(StrEnum):
    """Why a due moment changed."""

    ANNOUNCED = "announced"  # it was provisional and is final now, moved or not
    DAYS_CHANGED = "days_changed"  # a day before it became a working day or a day off
    HOURS_CHANGED = "hours_changed"  # the working hours or a rule of the calendar


@dataclass(frozen=True, slots=True)
class Recalculation:
    """A due moment before and after a change of the calendar; `days` are those before it whose kind differs."""

    old: DueMoment
    new: DueMoment
    why: RecalculationReason
    days: tuple[date, ...]


def recalculated(clock: Clock, old_calendar: Calendar, new_calendar: Calendar) -> Recalculation | None:
    """Return what the new calendar changes for the clock; None if nothing changes or it has no due moment now."""
    old, new = due(clock, old_calendar), due(clock, new_calendar)
    if old is None or new is None or old == new:
        return None
    days = _changed_days(clock, max(old, new, key=lambda moment: moment.at), old_calendar, new_calendar)
    if old.provisional and not new.provisional:
        return Recalculation(old, new, RecalculationReason.ANNOUNCED, days)
    return Recalculation(
        old, new, RecalculationReason.DAYS_CHANGED if days else RecalculationReason.HOURS_CHANGED, days
    )


def _changed_days(clock: Clock, later: DueMoment, old: Calendar, new: Calendar) -> tuple[date, ...]:
    first, last = new.local_date(clock.facts[0].at), new.local_date(later.at)
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return tuple(day for day in days if old.is_workday(day) != new.is_workday(day))
