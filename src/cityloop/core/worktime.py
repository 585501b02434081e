"""Legal working time: when a limit falls due, and how much of it two moments have used.

Only arithmetic is here. Which limit applies, when a clock starts, pauses or stops, is decided in casework;
which days are holidays comes in with the calendar (registry.holidays). Units and rules: GB/T 30428.8-2020.

Moments are aware datetimes, else ValueError. They are cut to the whole second, so that counted time adds up
exactly; results are in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)
_MIDNIGHT = time(0)

YELLOW_SHARE = Fraction(4, 5)  # of the limit; a lamp turns yellow there (standards in use: 80 %)


class Unit(StrEnum):
    """What a limit is counted in. All run day and night, except 工作时 and 工作日."""

    MINUTE = "minute"
    HOUR = "hour"  # 小时
    DAY = "day"  # 自然日, 24 hours each
    URGENT_HOUR = "urgent_hour"  # 紧急工作时
    URGENT_DAY = "urgent_day"  # 紧急工作日, 24 hours each
    WORK_HOUR = "work_hour"  # 工作时
    WORK_DAY = "work_day"  # 工作日

    @property
    def is_continuous(self) -> bool:
        """Whether the unit runs through nights and holidays."""
        return self not in (Unit.WORK_HOUR, Unit.WORK_DAY)


_SECONDS = {
    Unit.MINUTE: 60,
    Unit.HOUR: 3600,
    Unit.DAY: 86400,
    Unit.URGENT_HOUR: 3600,
    Unit.URGENT_DAY: 86400,
    Unit.WORK_HOUR: 3600,
}


class WorkDayRule(StrEnum):
    """How a city reads one 工作日: both readings are in use."""

    FORWARD = "forward"  # one working day's length from the start: 15:00 becomes 15:00
    END_OF_DAY = "end_of_day"  # the last closing of the n-th working day after the day of the start


class Lamp(StrEnum):
    """The lamp of a clock: green, then yellow from 80 % of its limit, red once over it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Window(NamedTuple):
    """One stretch of counted time: `closes_at` is no longer part of it."""

    opens_at: datetime
    closes_at: datetime

    @property
    def seconds(self) -> int:
        """Its length in whole seconds."""
        return (self.closes_at - self.opens_at) // _ONE_SECOND


@dataclass(frozen=True, eq=False)
class Calendar:
    """The working time of one city: the hours of a working day and which days are working days.

    `hours` are local wall times in order, without overlap; a closing of 00:00 is the midnight ending the day.
    `day_kinds` holds the exceptions to Monday–Friday (True: working day), `announced_until` the last day it is
    known for (None: nothing is awaited). ValueError where there is no working time or it is not in order.
    """

    time_zone: tzinfo
    hours: tuple[tuple[time, time], ...]
    day_kinds: Mapping[date, bool] = field(default_factory=dict)
    announced_until: date | None = None
    work_day_rule: WorkDayRule = WorkDayRule.FORWARD
    seconds_per_day: int = field(init=False)
    _windows: dict[date, tuple[Window, ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        _check_hours(self.hours)
        lengths = [_second_of_day(closes) - _second_of_day(opens, opening=True) for opens, closes in self.hours]
        object.__setattr__(self, "seconds_per_day", sum(lengths))
        # The windows are remembered by date, so a later change of the caller's mapping must not show.
        object.__setattr__(self, "day_kinds", MappingProxyType(dict(self.day_kinds)))

    def is_workday(self, day: date) -> bool:
        """Return whether `day` is a working day, by exception or else by weekday."""
        return self.day_kinds.get(day, day.weekday() < 5)

    def is_provisional(self, day: date) -> bool:
        """Return whether the holidays of `day` are not yet announced, so that its kind may still change."""
        return self.announced_until is not None and day > self.announced_until

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """Return the working windows of a local day, in order and in UTC; none on a day off."""
        windows = self._windows.get(day)
        if windows is None:
            windows = self._windows[day] = tuple(self._lay_out(day)) if self.is_workday(day) else ()
        return windows

    def windows_from(self, start: datetime) -> Iterator[Window]:
        """Yield the working windows after `start`, the first one cut at it; does not end by itself."""
        day = self.local_date(start)
        while True:
            for window in self.windows_on(day):
                if window.opens_at >= start:
                    yield window
                elif window.closes_at > start:
                    yield Window(start, window.closes_at)
            day += _ONE_DAY

    def local_date(self, moment: datetime) -> date:
        """Return the date that the city's wall clock shows at `moment`."""
        return moment.astimezone(self.time_zone).date()

    def _lay_out(self, day: date) -> Iterator[Window]:
        open_from = datetime.min.replace(tzinfo=UTC)
        for opens, closes in self.hours:
            last_day = day + _ONE_DAY if closes == _MIDNIGHT else day
            # Where the wall clock is put forward, a window can shrink to nothing or run into the next one.
            opens_at = max(open_from, datetime.combine(day, opens, self.time_zone).astimezone(UTC))
            closes_at = datetime.combine(last_day, closes, self.time_zone).astimezone(UTC)
            if opens_at < closes_at:
                yield Window(opens_at, closes_at)
                open_from = closes_at


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time as the catalogue states it: 4 工作时, 15 minutes. ValueError unless positive."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"A limit must be positive, not {self.amount}.")

    def seconds(self, calendar: Calendar) -> int:
        """Return its length in counted seconds; a 工作日 is as long as the calendar's working day."""
        return self.amount * (_SECONDS.get(self.unit) or calendar.seconds_per_day)


@dataclass(frozen=True, slots=True)
class Due:
    """A due moment and the windows that add up to it; provisional while holidays on the way may change."""

    at: datetime
    windows: tuple[Window, ...]
    provisional: bool

    @property
    def seconds(self) -> int:
        """The counted seconds from the start to the due moment: what the lamp measures against."""
        return sum(window.seconds for window in self.windows)

    def reached(self, share: Fraction) -> datetime:
        """Return the moment at which this share of the counted time is used."""
        left = -(-self.seconds * share.numerator // share.denominator)
        for window in self.windows:
            if window.seconds >= left:
                return window.opens_at + timedelta(seconds=left)
            left -= window.seconds
        return self.at


def due(start: datetime, limit: Limit, calendar: Calendar) -> Due:
    """Return when `limit`, started at `start`, is used up.

    A working unit started outside working time starts at the next opening; a limit used up exactly at a closing
    is due at that closing. GB/T 30428.8-2020, time units.
    """
    start = _whole_second(start)
    if limit.unit.is_continuous:
        at = start + timedelta(seconds=limit.seconds(calendar))
        return Due(at, (Window(start, at),), provisional=False)
    if limit.unit is Unit.WORK_DAY and calendar.work_day_rule is WorkDayRule.END_OF_DAY:
        windows = _until(start, _end_of_workday(start, limit.amount, calendar), calendar)
    else:
        windows = _spend(start, limit.seconds(calendar), calendar)
    at = windows[-1].closes_at
    # A second earlier: a day that closes at midnight is due on that day, not on the next.
    return Due(at, tuple(windows), calendar.is_provisional(calendar.local_date(at - _ONE_SECOND)))


def counted_seconds(start: datetime, end: datetime, unit: Unit, calendar: Calendar) -> int:
    """Return the seconds from `start` to `end` that count in `unit`; 0 where `end` is not after `start`."""
    start, end = _whole_second(start), _whole_second(end)
    if end <= start:
        return 0
    if unit.is_continuous:
        return Window(start, end).seconds
    return sum(window.seconds for window in _until(start, end, calendar))


def lamp(counted: int, limit: int) -> Lamp:
    """Return the lamp after `counted` of `limit` seconds: green below 80 %, red above 100 %, else yellow."""
    if limit <= 0:
        raise ValueError(f"A limit must be positive, not {limit}.")
    if counted > limit:
        return Lamp.RED
    return Lamp.GREEN if counted < limit * YELLOW_SHARE else Lamp.YELLOW


def _spend(start: datetime, seconds: int, calendar: Calendar) -> list[Window]:
    windows: list[Window] = []
    for window in calendar.windows_from(start):
        if window.seconds >= seconds:
            _append(windows, Window(window.opens_at, window.opens_at + timedelta(seconds=seconds)))
            break
        _append(windows, window)
        seconds -= window.seconds
    return windows


def _until(start: datetime, end: datetime, calendar: Calendar) -> list[Window]:
    windows: list[Window] = []
    for window in calendar.windows_from(start):
        if window.opens_at >= end:
            break
        _append(windows, Window(window.opens_at, min(window.closes_at, end)))
    return windows


def _append(windows: list[Window], window: Window) -> None:
    """Add a window, joined to the last one where no time lies between them."""
    if windows and windows[-1].closes_at == window.opens_at:
        window = Window(windows.pop().opens_at, window.closes_at)
    windows.append(window)


def _end_of_workday(start: datetime, ordinal: int, calendar: Calendar) -> datetime:
    """Return the last closing of the `ordinal`-th working day after the day of `start`.

    The day of the start is not counted (Civil Code, article 201).
    """
    day = calendar.local_date(start)
    while ordinal:
        day += _ONE_DAY
        ordinal -= bool(calendar.windows_on(day))
    return calendar.windows_on(day)[-1].closes_at


def _whole_second(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("A moment must carry its time zone.")
    return moment.astimezone(UTC).replace(microsecond=0)


def _check_hours(hours: tuple[tuple[time, time], ...]) -> None:
    if not hours:
        raise ValueError("A calendar needs working hours.")
    if any(moment.tzinfo or moment.microsecond for window in hours for moment in window):
        raise ValueError("Working hours are local wall times in whole seconds.")
    bounds = [
        bound for opens, closes in hours for bound in (_second_of_day(opens, opening=True), _second_of_day(closes))
    ]
    opening_late = any(opens >= closes for opens, closes in zip(bounds[::2], bounds[1::2], strict=True))
    if opening_late or bounds != sorted(bounds):
        raise ValueError("Working hours must open before they close, in order and without overlap.")


def _second_of_day(moment: time, *, opening: bool = False) -> int:
    if moment == _MIDNIGHT and not opening:
        return 86400
    return moment.hour * 3600 + moment.minute * 60 + moment.second
