"""Versions of the working calendar: as JSON and back, how two of them differ, and those that were ever in force.

actions.py adopts one; registry/packs/texts/calendar.py reads the calendar of a pack.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from cityloop.core import chain
from cityloop.core.clocks.worktime import Calendar, ClosingRule, Season, WorkDayRule
from cityloop.registry.models import DeclaredDay, WorkingCalendar
from cityloop.registry.packs.reading import Pack
from cityloop.registry.packs.texts import calendar as calendars

ONE_DAY = timedelta(days=1)
RULES = (
    "time_zone",
    "seasons",
    "weekdays",
    "work_day",
    "due_at",
)  # fields of a text not about single days

Text = dict[str, Any]


class Adopted(NamedTuple):
    """A calendar and the number under which it was adopted."""

    number: int
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class CalendarDifference:
    """How a calendar differs from the one before it.

    `days` are those whose kind has changed (True: now a working day); `rules` whether the hours, the week, the meaning
    of a limit or the time zone have changed; `announced` whether holidays are announced until another day.
    """

    days: Mapping[date, bool]
    rules: bool
    announced: bool
    first_day: date | None  # before it nothing has changed; None if the rules changed


def calendar_text(calendar: Calendar) -> Text:
    """Return a calendar as JSON, from which read_calendar makes one that counts the same."""
    until = calendar.announced_until
    return {
        "time_zone": str(calendar.time_zone),
        "seasons": [
            {"from": [season.month, season.day], "hours": [[bound.isoformat() for bound in w] for w in season.hours]}
            for season in calendar.seasons
        ],
        "weekdays": sorted(calendar.weekdays),
        "days_off": _days(calendar, is_workday=False),
        "days_on": _days(calendar, is_workday=True),
        "announced_until": until.isoformat() if until else None,
        "work_day": calendar.work_day_rule.value,
        "due_at": calendar.closing_rule.value,
    }


def read_calendar(text: Mapping[str, Any]) -> Calendar:
    """Return the calendar of a text by calendar_text."""
    until = text["announced_until"]
    kinds = ((text["days_off"], False), (text["days_on"], True))
    return Calendar(
        time_zone=ZoneInfo(text["time_zone"]),
        hours=tuple(_season(season["from"], season["hours"]) for season in text["seasons"]),
        day_kinds={date.fromisoformat(day): kind for days, kind in kinds for day in days},
        announced_until=date.fromisoformat(until) if until else None,
        work_day_rule=WorkDayRule(text["work_day"]),
        weekdays=frozenset(text["weekdays"]),
        closing_rule=ClosingRule(text["due_at"]),
    )


def digest(text: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a calendar's text in hexadecimal, which the history records."""
    return hashlib.sha256(chain.canonical(text)).hexdigest()


def difference(old: Calendar, new: Calendar) -> CalendarDifference | None:
    """Return how the new calendar differs; None if both count the same, however they are written."""
    days = {
        day: new.is_workday(day)
        for day in sorted({*old.day_kinds, *new.day_kinds})
        if old.is_workday(day) != new.is_workday(day)
    }
    before, after = calendar_text(old), calendar_text(new)
    rules = any(before[name] != after[name] for name in RULES)
    announced = old.announced_until != new.announced_until
    if not (days or rules or announced):
        return None
    ends = {until + ONE_DAY for until in (old.announced_until, new.announced_until) if until and announced}
    return CalendarDifference(days, rules, announced, None if rules else min({*days, *ends}))


def worked_out(packs: Sequence[Pack], now: datetime) -> Calendar:
    """Return the calendar of the last pack that has one, with the national days and the days that the city declared."""
    text = next((pack.calendar for pack in reversed(packs) if pack.calendar), None)
    calendar = calendars.working_calendar(text, settings.CITYLOOP.zone, now.year)
    declared = dict(DeclaredDay.objects.values_list("day", "is_workday"))
    return replace(calendar, day_kinds={**calendar.day_kinds, **declared})


def last_adopted() -> Adopted | None:
    """Return the calendar in force; None if none was ever adopted."""
    row = WorkingCalendar.objects.order_by("-number").values_list("number", "content").first()
    return Adopted(row[0], read_calendar(row[1])) if row else None


def adopted(number: int) -> Calendar:
    """Return the calendar that was adopted under a number."""
    return read_calendar(WorkingCalendar.objects.values_list("content", flat=True).get(number=number))


def _days(calendar: Calendar, *, is_workday: bool) -> list[str]:
    return [day.isoformat() for day, kind in sorted(calendar.day_kinds.items()) if kind is is_workday]


def _season(begins: Sequence[int], hours: Sequence[Sequence[str]]) -> Season:
    month, day = begins
    windows = ((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in hours)
    return Season(month, day, tuple(windows))
