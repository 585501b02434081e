"""The working calendar of a city: its pack's hours and rules, the national holidays, and the city's own days.

This checks how a pack writes a calendar; core/clocks/worktime.py counts in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, tzinfo
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cityloop.core.clocks.shifts import shift_hours
from cityloop.core.clocks.worktime import Calendar, ClosingRule, Season, WorkDayRule
from cityloop.core.invalid_values import InvalidValue
from cityloop.registry.words.holidays import FIRST_KNOWN_YEAR, chinese_day_kinds

YEARS_AHEAD = 2  # of national holidays; back, as far as they are known
DEFAULT_HOURS = ("08:00-12:00", "14:00-18:00")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Windows = tuple[tuple[time, time], ...]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise InvalidValue("unknown-time-zone", {"name": name})
    return name


@contextmanager
def _sound() -> Iterator[None]:
    """Give a code to a ValueError that has none."""
    try:
        yield
    except InvalidValue:
        raise
    except ValueError as error:
        raise InvalidValue("calendar-unsound", {"error": str(error).removesuffix(".")}) from error


class SeasonText(BaseModel):
    """The hours from a day of the year, written as month-day, until the next season."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins: str = Field(alias="from", pattern=r"^\d\d-\d\d$")
    hours: tuple[str, ...]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        self.season()
        return self

    def season(self) -> Season:
        """Return the season; InvalidValue where its day or its hours cannot be."""
        month, _, day = self.begins.partition("-")
        windows = _windows(self.hours)
        with _sound():
            return Season(int(month), int(day), windows)


class CalendarText(BaseModel):
    """The `calendar:` of a pack: either `hours` for all the year or `seasons`; everything else may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: tuple[str, ...] = ()
    seasons: tuple[SeasonText, ...] = ()
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: Literal["national", "none"] = "national"
    days_off: tuple[date, ...] = ()
    days_on: tuple[date, ...] = ()
    work_day: WorkDayRule = WorkDayRule.FORWARD
    due_at: ClosingRule = ClosingRule.THAT_CLOSING
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if bool(self.hours) == bool(self.seasons):
            raise InvalidValue("hours-or-seasons")
        if both := set(self.days_off) & set(self.days_on):
            raise InvalidValue("day-off-and-on", {"day": min(both).isoformat()})
        with _sound():
            _calendar(self, ZoneInfo("UTC"), {}, None)
        return self


def working_calendar(text: CalendarText | None, zone: tzinfo, this_year: int) -> Calendar:
    """Return the calendar that a pack describes, in the city's time zone unless the pack names another.

    The city's own days override the national ones. None: the hours that most cities have.
    """
    text = text or CalendarText(hours=DEFAULT_HOURS)
    day_kinds: dict[date, bool] = {}
    announced_until = None
    if text.holidays == "national":
        first, last = date(FIRST_KNOWN_YEAR, 1, 1), date(this_year + YEARS_AHEAD, 12, 31)
        national = chinese_day_kinds(first, last)
        day_kinds, announced_until = dict(national.day_kinds), national.announced_until
    return _calendar(text, ZoneInfo(text.time_zone) if text.time_zone else zone, day_kinds, announced_until)


def _calendar(text: CalendarText, zone: tzinfo, day_kinds: dict[date, bool], announced_until: date | None) -> Calendar:
    own = dict.fromkeys(text.days_off, False) | dict.fromkeys(text.days_on, True)
    return Calendar(
        time_zone=zone,
        hours=tuple(part.season() for part in text.seasons) or _windows(text.hours),
        day_kinds=day_kinds | own,
        announced_until=announced_until,
        work_day_rule=text.work_day,
        weekdays=frozenset(WEEK.index(day) for day in text.weekdays),
        closing_rule=text.due_at,
    )


def _windows(hours: tuple[str, ...]) -> Windows:
    return tuple(_window(words) for words in hours)


def _window(words: str) -> tuple[time, time]:
    try:
        return shift_hours(words)
    except InvalidValue:
        raise InvalidValue("not-hours", {"value": words}) from None
