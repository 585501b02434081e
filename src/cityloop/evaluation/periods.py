"""Periods that figures are counted for: half-open intervals between two moments, by the city's own clocks.

A *rhythm* defines where days and months begin: at midnight and on the 1st, or at noon, or on the 19th. A day that
begins at noon has the name of the date it ends on, a month that begins on the 19th the name of the month it ends in.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

MIDNIGHT = time()


class Length(StrEnum):
    """How long a period is; `months` where it consists of months."""

    _value_: str
    months: int

    def __new__(cls, word: str, months: int = 0) -> "Length":
        """Return the length of that name."""
        length = str.__new__(cls, word)
        length._value_ = word
        length.months = months
        return length

    DAY = "day"
    WEEK = "week"
    MONTH = "month", 1
    QUARTER = "quarter", 3
    HALF_YEAR = "half_year", 6
    YEAR = "year", 12


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment to another, which is excluded. ValueError unless it ends after it starts."""

    name: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise ValueError(f"{self.name}: a period ends after it starts, and both are aware moments")

    def counted_until(self, as_of: datetime) -> datetime:
        """Return its end or, while it still runs, the moment of the facts: what is due after it is not overdue yet."""
        return max(min(self.end, as_of), self.start)


class _Name(NamedTuple):
    """The name of a period: its length, and the date of its first day in a plain rhythm."""

    length: Length
    first: date


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Where days and months begin. ValueError unless every month has that day (1 to 28)."""

    zone: tzinfo
    month_begins_on: int = 1
    day_begins_at: time = MIDNIGHT

    def __post_init__(self) -> None:
        if not 1 <= self.month_begins_on <= 28:
            raise ValueError(f"A month begins on a day from 1 to 28, not {self.month_begins_on}.")

    def period(self, length: Length, of: date) -> Period:
        """Return the period of that length which has the name of a date: its day, its week, its month."""
        first = _first(length, of)
        return Period(_named(length, first), self._begins(length, first), self._begins(length, _next(length, first)))

    def containing(self, length: Length, moment: datetime) -> Period:
        """Return the period of that length that contains a moment."""
        local = moment.astimezone(self.zone).date()
        period = self.period(length, local)
        if moment < period.end:
            return period
        return self.period(length, _next(length, _first(length, local)))  # named by the day or month it ends in

    def before(self, length: Length, period: Period) -> Period:
        """Return the period of that length which ends where another starts."""
        return self.containing(length, period.start - timedelta(microseconds=1))

    def within(self, length: Length, whole: Period) -> tuple[Period, ...]:
        """Return the periods of that length that begin within another, in order."""
        found = [self.containing(length, whole.start)]
        while found[-1].end < whole.end:
            found.append(self.containing(length, found[-1].end))
        return tuple(period for period in found if whole.start <= period.start < whole.end)

    def _begins(self, length: Length, first: date) -> datetime:
        """Return when a period begins in this rhythm, from the date on which it begins in a plain rhythm."""
        if length.months and self.month_begins_on > 1:
            first = (first - timedelta(days=1)).replace(day=self.month_begins_on)
        if self.day_begins_at > MIDNIGHT:
            first -= timedelta(days=1)
        return datetime.combine(first, self.day_begins_at, self.zone).astimezone(UTC)


def read_period(text: str, rhythm: Rhythm) -> Period:
    """Return the period of a name; ValueError with how a period is written.

    2026-06-19 a day, 2026-W25 a week, 2026-06 a month, 2026-Q2, 2026-H1, 2026; or two dates or moments and the time
    between them: 2026-06-19..2026-07-18 with its last day, 2026-06-19T12:00..2026-06-20T12:00 without its last moment.
    """
    try:
        if ".." in text:
            return _between(text, rhythm)
        length, first = _read_name(text)
        return rhythm.period(length, first)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is not a period: write 2026, 2026-H1, 2026-Q2, 2026-06, 2026-W25, 2026-06-19, "
            "2026-06-19..2026-07-18 or 2026-06-19T12:00..2026-06-20T12:00"
        ) from error


def _between(text: str, rhythm: Rhythm) -> Period:
    start, _, end = text.partition("..")
    if "T" in text:
        first, last = (datetime.fromisoformat(part) for part in (start, end))
        moments = (part if part.tzinfo else part.replace(tzinfo=rhythm.zone) for part in (first, last))
        return Period(text, *moments)
    days = [rhythm.period(Length.DAY, date.fromisoformat(part)) for part in (start, end)]
    return Period(text, days[0].start, days[1].end)


def _read_name(text: str) -> _Name:
    if part := re.fullmatch(r"(\d{4})-([QH])(\d)", text):
        length = Length.QUARTER if part[2] == "Q" else Length.HALF_YEAR
        return _Name(length, date(int(part[1]), (int(part[3]) - 1) * length.months + 1, 1))
    if re.fullmatch(r"\d{4}", text):
        return _Name(Length.YEAR, date(int(text), 1, 1))
    if re.fullmatch(r"\d{4}-\d\d", text):
        return _Name(Length.MONTH, date.fromisoformat(f"{text}-01"))
    if re.fullmatch(r"\d{4}-W\d\d", text):
        return _Name(Length.WEEK, date.fromisoformat(f"{text}-1"))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return _Name(Length.DAY, date.fromisoformat(text))
    raise ValueError(text)


def _named(length: Length, first: date) -> str:
    year, week, _ = first.isocalendar()
    part = (first.month - 1) // length.months + 1 if length.months else 0
    return {
        Length.DAY: first.isoformat(),
        Length.WEEK: f"{year}-W{week:02}",
        Length.MONTH: f"{first:%Y-%m}",
        Length.QUARTER: f"{first:%Y}-Q{part}",
        Length.HALF_YEAR: f"{first:%Y}-H{part}",
        Length.YEAR: f"{first:%Y}",
    }[length]


def _first(length: Length, day: date) -> date:
    """Return the first day of the plain period around a date."""
    if length.months:
        return day.replace(month=(day.month - 1) // length.months * length.months + 1, day=1)
    return day - timedelta(days=day.weekday()) if length is Length.WEEK else day


def _next(length: Length, first: date) -> date:
    """Return the first day of the plain period after the one that begins on a date."""
    if length.months:
        months = first.month - 1 + length.months
        return date(first.year + months // 12, months % 12 + 1, 1)
    return first + timedelta(days=7 if length is Length.WEEK else 1)
