"""Working calendars: which days are working days, and the windows of working time with running totals.

No limit is counted here (worktime.py); holidays come from registry/calendar.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)
_MIDNIGHT = time(0)
_DAY_SECONDS = 86400
_LONGEST_NIGHT = 16 * 3600  # 12:00-08:00 is a typing error, not a night
_LAST_YEAR = 9998  # so that the midnight after it can still be represented

MONDAY_TO_FRIDAY = frozenset(range(5))

Hours = tuple[tuple[time, time], ...]


class WorkDayRule(StrEnum):
    """How a city interprets one 工作日: both interpretations are in use."""

    FORWARD = "forward"  # one working day's length from the start: 15:00 becomes 15:00
    END_OF_DAY = "end_of_day"  # the last closing of the n-th working day after the day of the start


class ClosingRule(StrEnum):
    """When a working limit is due that is used up exactly at a closing. Both are as late in counted time."""

    THAT_CLOSING = "that_closing"
    NEXT_OPENING = "next_opening"


class Window(NamedTuple):
    """One stretch of counted time: `closes_at` is no longer part of it."""

    opens_at: datetime
    closes_at: datetime

    @property
    def seconds(self) -> int:
        """Its length in whole seconds."""
        return (self.closes_at - self.opens_at) // _ONE_SECOND


@dataclass(frozen=True, slots=True)
class Season:
    """The hours in force from a day of every year, such as 1 May, until the next season begins."""

    month: int
    day: int
    hours: Hours

    def __post_init__(self) -> None:
        date(2000, self.month, self.day)  # ValueError if there is no such day
        _check_hours(self.hours)

    @property
    def seconds(self) -> int:
        """The length of a working day by the wall clock."""
        bounds = _bounds(self.hours)
        return sum(closes - opens for opens, closes in zip(bounds[::2], bounds[1::2], strict=True))


@dataclass(frozen=True, eq=False)
class Calendar:
    """The working time of one city: the hours of a working day and which days are working days.

    `hours` are local wall times in order, without overlap; a closing of 00:00 is the midnight ending the day. The last
    may go over midnight, until the first opening at most, and belongs to the day on which it begins. They are the same
    all the year, or given by season. `day_kinds` holds the exceptions to `weekdays` (0: Monday; True: working day),
    `announced_until` the last day it is known for (None: none is expected). ValueError if there is no working time or
    it is not in order.
    """

    time_zone: tzinfo
    hours: Hours | tuple[Season, ...]
    day_kinds: Mapping[date, bool] = field(default_factory=dict)
    announced_until: date | None = None
    work_day_rule: WorkDayRule = WorkDayRule.FORWARD
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    closing_rule: ClosingRule = ClosingRule.THAT_CLOSING
    seasons: tuple[Season, ...] = field(init=False)
    _table: "Timetable | None" = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seasons", _seasons(self.hours))
        if max(_bounds(season.hours)[-1] for season in self.seasons) - _DAY_SECONDS > min(
            _bounds(season.hours)[0] for season in self.seasons
        ):
            raise ValueError("Working hours must open before they close, in order and without overlap.")
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise ValueError("A calendar needs working weekdays, from 0 (Monday) to 6.")
        if self.work_day_rule is WorkDayRule.END_OF_DAY and self.closing_rule is ClosingRule.NEXT_OPENING:
            raise ValueError("Where a working day ends with its closing, its limits are due at that closing.")
        # Windows are cached, so a later change of the caller's mapping must not take effect.
        object.__setattr__(self, "day_kinds", MappingProxyType(dict(self.day_kinds)))

    def is_workday(self, day: date) -> bool:
        """Return whether `day` is a working day, by exception or else by weekday."""
        return self.day_kinds.get(day, day.weekday() in self.weekdays)

    def is_provisional(self, day: date) -> bool:
        """Return whether the holidays of `day` are not yet announced, so that its kind may still change."""
        return self.announced_until is not None and day > self.announced_until

    def season_on(self, day: date) -> Season:
        """Return the season that a day lies in; before the first one of a year, the last one continues."""
        if len(self.seasons) == 1:
            return self.seasons[0]
        begun = [season for season in self.seasons if (season.month, season.day) <= (day.month, day.day)]
        return (begun or self.seasons)[-1]

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """Return the working windows of a local day, in order and in UTC; none on a day off."""
        return tuple(self._lay_out(day)) if self.is_workday(day) else ()

    def local_date(self, moment: datetime) -> date:
        """Return the date that the city's wall clock shows at `moment`."""
        return moment.astimezone(self.time_zone).date()

    @cached_property
    def provisional_after(self) -> datetime:
        """The midnight that ends the last announced day: what is due at a later moment may still change."""
        if self.announced_until is None:
            return datetime.max.replace(tzinfo=UTC)
        return self.midnight(self.announced_until + _ONE_DAY)

    def midnight(self, day: date) -> datetime:
        """Return the moment at which a local day begins, in UTC."""
        return datetime.combine(day, _MIDNIGHT, self.time_zone).astimezone(UTC)

    def table(self, earliest: int, latest: int) -> "Timetable":
        """Return the windows around these moments (seconds since 1970), with at least one that closes after them.

        OverflowError beyond the last year that can be represented.
        """
        table = self._table
        if table is None or earliest < table.begins or latest >= table.ends:
            # A day earlier: in the west the old year still goes on when the new one has begun in UTC.
            table = self._laid_out(_year(earliest - 86400), _year(latest) + 1, table)
        while not table.closes or table.closes[-1] <= latest:
            table = self.longer(table)
        return table

    def longer(self, table: "Timetable") -> "Timetable":
        """Return a table that begins with this one and goes on after it."""
        return self._laid_out(table.first_year, table.last_year + 1, table)

    def _laid_out(self, first_year: int, last_year: int, known: "Timetable | None") -> "Timetable":
        if last_year > _LAST_YEAR:
            raise OverflowError(f"No working time is laid out after the year {_LAST_YEAR}.")
        if known:
            # Twice as long each time, so that a far moment does not lay out the same days again and again.
            more = known.last_year - known.first_year + 1 if last_year > known.last_year else 0
            last_year = max(known.last_year, min(max(last_year, known.last_year + more), _LAST_YEAR))
            first_year = min(known.first_year, first_year)
        # Replaced as a whole and never altered: another thread may be reading the former one.
        table = Timetable(self, max(first_year, 2), last_year)
        object.__setattr__(self, "_table", table)
        return table

    def _lay_out(self, day: date) -> Iterator[Window]:
        open_from = datetime.min.replace(tzinfo=UTC)
        for opens, closes in self.season_on(day).hours:
            last_day = day + _ONE_DAY if closes <= opens or closes == _MIDNIGHT else day
            # Where the wall clock is put forward, a window can shrink to nothing or run into the next one.
            opens_at = max(open_from, datetime.combine(day, opens, self.time_zone).astimezone(UTC))
            closes_at = datetime.combine(last_day, closes, self.time_zone).astimezone(UTC)
            if opens_at < closes_at:
                yield Window(opens_at, closes_at)
                open_from = closes_at


class Timetable:
    """The windows of some whole years with their running totals, so that counting is a binary search.

    Moments are seconds since 1970. Row i is a window: it opens, closes, and is preceded by `before[i]` counted
    seconds; `day_seconds[i]` is how long its day is by the wall clock. Day k is a working day: it begins at
    `midnights[k]` and its last window is row `last_rows[k]`.
    """

    def __init__(self, calendar: Calendar, first_year: int, last_year: int) -> None:
        self.first_year, self.last_year = first_year, last_year
        first, last = date(first_year, 1, 1), date(last_year, 12, 31)
        self.begins, self.ends = (_second(calendar.midnight(day)) for day in (first, last + _ONE_DAY))
        self.windows: list[Window] = []
        self.day_seconds: list[int] = []
        self.midnights: list[int] = []
        self.last_rows: list[int] = []
        # From the day before: its hours may go over midnight.
        for day in (first + timedelta(days=offset) for offset in range(-1, (last - first).days + 1)):
            if windows := calendar.windows_on(day):
                self.windows += windows
                self.day_seconds += [calendar.season_on(day).seconds] * len(windows)
                self.midnights.append(_second(calendar.midnight(day)))
                self.last_rows.append(len(self.windows) - 1)
        self.opens = [_second(window.opens_at) for window in self.windows]
        self.closes = [_second(window.closes_at) for window in self.windows]
        lengths = [closes - opens for opens, closes in zip(self.opens, self.closes, strict=True)]
        self.before = [0, *accumulate(lengths)]  # one more than rows: the last is the total
        self.totals = self.before[1:]
        self.has_touching = any(a == b for a, b in zip(self.closes, self.opens[1:], strict=False))

    @cached_property
    def columns(self) -> "Columns":
        """The same as arrays, for many moments at once."""
        lists = (self.opens, self.closes, self.before, self.day_seconds, self.midnights, self.last_rows)
        return Columns(*(np.array(each, dtype=np.int64) for each in lists))

    def counted(self, moment: int) -> int:
        """Return the counted seconds from the beginning of the table to a moment within it."""
        row = bisect_right(self.opens, moment) - 1
        return self.before[row] + min(moment, self.closes[row]) - self.opens[row] if row >= 0 else 0

    def day_length(self, moment: int) -> int:
        """Return the length by the wall clock of the working day on which time after a moment starts counting."""
        return self.day_seconds[bisect_right(self.closes, moment)]


class Columns(NamedTuple):
    """The lists of a Table as arrays."""

    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    before: NDArray[np.int64]
    day_seconds: NDArray[np.int64]
    midnights: NDArray[np.int64]
    last_rows: NDArray[np.int64]


def _seasons(hours: Hours | tuple[Season, ...]) -> tuple[Season, ...]:
    seasons = tuple(part for part in hours if isinstance(part, Season))
    if not seasons:
        return (Season(1, 1, tuple(part for part in hours if not isinstance(part, Season))),)
    days = [(season.month, season.day) for season in seasons]
    if len(seasons) != len(hours) or days != sorted(set(days)):
        raise ValueError("Seasons must begin on different days, in the order of the year.")
    return seasons


def _check_hours(hours: Hours) -> None:
    if not hours:
        raise ValueError("A calendar needs working hours.")
    if any(moment.tzinfo or moment.microsecond for window in hours for moment in window):
        raise ValueError("Working hours are local wall times in whole seconds.")
    bounds = _bounds(hours)
    opening_late = any(opens >= closes for opens, closes in zip(bounds[::2], bounds[1::2], strict=True))
    if opening_late or bounds != sorted(bounds) or bounds[-1] - _DAY_SECONDS > bounds[0]:
        raise ValueError("Working hours must open before they close, in order and without overlap.")


def _bounds(hours: Hours) -> list[int]:
    """Return the openings and closings as seconds of their day; the last closing may be on the next one."""
    bounds = [_second_of_day(bound) for window in hours for bound in window]
    for place in range(1, len(bounds), 2):
        is_last = place == len(bounds) - 1
        is_night = is_last and 0 < (bounds[place] - bounds[place - 1]) % _DAY_SECONDS < _LONGEST_NIGHT
        if bounds[place] == 0 or (is_night and bounds[place] < bounds[place - 1]):
            bounds[place] += _DAY_SECONDS
    return bounds


def _second_of_day(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _year(second: int) -> int:
    return datetime.fromtimestamp(second, UTC).year
