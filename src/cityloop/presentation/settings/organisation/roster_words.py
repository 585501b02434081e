"""A week of rosters as a page shows it: who is on duty on which day, and who is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.timezone import localtime

from cityloop.presentation.settings.organisation.words import hours_words, role_words
from cityloop.registry.city.city import City
from cityloop.registry.organisation.queries import Shift, shifts

DAYS = 7


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """A shift as text, its moments in the city's time zone."""

    shift: Shift
    unit: str
    role: str
    hours: str
    starts_at: datetime
    ends_at: datetime
    is_now: bool


@dataclass(frozen=True, slots=True)
class RosterPost:
    """A role in a unit with its shifts by day."""

    unit: str
    role: str
    days: tuple[tuple[ShiftLine, ...], ...]


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday on."""

    monday: date
    days: tuple[date, ...]
    shifts: tuple[ShiftLine, ...]
    posts: tuple[RosterPost, ...]

    @property
    def before(self) -> date:
        return self.monday - timedelta(days=DAYS)

    @property
    def after(self) -> date:
        return self.monday + timedelta(days=DAYS)

    @property
    def on_duty(self) -> tuple[ShiftLine, ...]:
        return tuple(line for line in self.shifts if line.is_now)


def week_of(now: datetime, city: City, unit: str = "", day: date | None = None) -> Week:
    """Return the week of a day (None: today), of one unit or of all. A shift is shown on the day it begins."""
    today = localtime(now).date()
    monday = (day or today) - timedelta(days=(day or today).weekday())
    calendar = city.calendar
    first, after = calendar.midnight(monday), calendar.midnight(monday + timedelta(days=DAYS))
    lines = tuple(_line(shift, city, now) for shift in shifts(first, after, unit))
    days = tuple(monday + timedelta(days=number) for number in range(DAYS))
    return Week(monday, days, lines, _posts(lines, days))


def _posts(lines: Sequence[ShiftLine], days: Sequence[date]) -> tuple[RosterPost, ...]:
    found: dict[tuple[str, str], list[ShiftLine]] = {}
    for line in lines:
        found.setdefault((line.unit, line.role), []).append(line)
    return tuple(
        RosterPost(unit, role, tuple(tuple(line for line in own if _day(line, days[0]) == day) for day in days))
        for (unit, role), own in sorted(found.items())
    )


def _day(line: ShiftLine, first: date) -> date:
    """Return the day that a shift is shown on: the first, where it began the week before."""
    return max(line.starts_at.date(), first)


def _line(shift: Shift, city: City, now: datetime) -> ShiftLine:
    unit = city.units.get(shift.unit)
    starts_at, ends_at = localtime(shift.starts_at), localtime(shift.ends_at)
    return ShiftLine(
        shift,
        unit.name if unit else shift.unit,
        role_words(shift.role, city),
        hours_words(starts_at, ends_at),
        starts_at,
        ends_at,
        is_now=shift.starts_at <= now < shift.ends_at,
    )
