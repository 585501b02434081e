"""Legal working time: when a limit falls due, and how much of it two moments have used.

Only arithmetic is here. Which limit applies is decided in casework; a clock that is paused, extended or restarted is
in clocks.py, many moments at once in worktime_many.py, the calendar in timetable.py. Units and rules:
GB/T 30428.8-2020.

Moments are aware datetimes, else ValueError. They are cut to the whole second, so that counted time adds up
exactly; results are in UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Self

from cityloop.core.clocks.timetable import (
    Calendar,
    ClosingRule,
    Season,
    Timetable,
    Window,
    WorkDayRule,
)
from cityloop.core.invalid_values import InvalidValue

__all__ = [
    "YELLOW_SHARE",
    "Calendar",
    "ClosingRule",
    "DueMoment",
    "Lamp",
    "Limit",
    "LimitUnit",
    "Season",
    "Window",
    "WorkDayRule",
    "counted_seconds",
    "due",
    "joined",
    "lamp",
    "spent",
    "whole_second",
    "windows_between",
]

YELLOW_SHARE = Fraction(4, 5)  # of the limit; a lamp turns yellow there (standards in use: 80 %)


class LimitUnit(StrEnum):
    """What a limit is counted in, with its length in seconds; a 工作日 is as long as the calendar says.

    All but 工作时 and 工作日 run on through nights and holidays (`is_continuous`).
    """

    _value_: str
    seconds: int | None
    is_continuous: bool

    def __new__(cls, word: str, seconds: int | None = None, is_continuous: bool = True) -> Self:
        """Return the unit of that name."""
        unit = str.__new__(cls, word)
        unit._value_ = word
        unit.seconds, unit.is_continuous = seconds, is_continuous
        return unit

    MINUTE = "minute", 60, True
    HOUR = "hour", 3600, True  # 小时
    DAY = "day", 86400, True  # 自然日, 24 hours each
    URGENT_HOUR = "urgent_hour", 3600, True  # 紧急工作时
    URGENT_DAY = "urgent_day", 86400, True  # 紧急工作日, 24 hours each
    WORK_HOUR = "work_hour", 3600, False  # 工作时
    WORK_DAY = "work_day", None, False  # 工作日


class Lamp(StrEnum):
    """The lamp of a clock: green, then yellow from 80 % of its limit, red once over it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time as the catalogue states it: 4 工作时, 15 minutes. ValueError unless positive."""

    amount: int
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise InvalidValue("limit-not-positive", {"amount": self.amount})

    def __str__(self) -> str:
        """Write it as in packs and events: 4 work_hour."""
        return f"{self.amount} {self.unit.value}"

    @classmethod
    def read(cls, words: str) -> Self:
        """Return the limit written so; ValueError otherwise."""
        amount, _, unit = words.partition(" ")
        if not amount.isdecimal() or unit not in set(LimitUnit):
            raise InvalidValue("limit-not-readable", {"value": words, "units": ", ".join(LimitUnit)})
        return cls(int(amount), LimitUnit(unit))

    def seconds(self, start: datetime, calendar: Calendar) -> int:
        """Return its length in counted seconds when it is counted forward from `start`.

        A 工作日 is as long, by the wall clock, as the working day on which it starts counting, and so are those that
        follow it, even into another season: a limit that has begun does not change its length.
        """
        if seconds := self.unit.seconds:
            return self.amount * seconds
        second = int(whole_second(start).timestamp())
        return self.amount * calendar.table(second, second).day_length(second)

    def follows_day_ends(self, calendar: Calendar) -> bool:
        """Return whether it ends with a working day, instead of being counted forward."""
        return self.unit is LimitUnit.WORK_DAY and calendar.work_day_rule is WorkDayRule.END_OF_DAY


@dataclass(frozen=True, slots=True)
class DueMoment:
    """A due moment and the windows that add up to it; provisional while holidays on the way may change."""

    at: datetime
    windows: tuple[Window, ...]
    provisional: bool

    @property
    def seconds(self) -> int:
        """The counted seconds from the start to the due moment: what the lamp measures against."""
        return sum(window.seconds for window in self.windows)

    def reached(self, share: Fraction) -> datetime:
        """Return the moment at which this share of the counted time is used; the due moment for all of it."""
        left = -(-self.seconds * share.numerator // share.denominator)
        for window in self.windows if share < 1 else ():
            if window.seconds >= left:
                return window.opens_at + timedelta(seconds=left)
            left -= window.seconds
        return self.at


def due(start: datetime, limit: Limit, calendar: Calendar) -> DueMoment:
    """Return when `limit`, started at `start`, is used up.

    A working unit started outside working time starts at the next opening; a limit used up exactly at a closing
    is due then, or at the next opening, by the calendar's rule. GB/T 30428.8-2020, time units.
    """
    start = whole_second(start)
    unit = limit.unit
    if unit.is_continuous:
        return spent(start, limit.seconds(start, calendar), unit, calendar)
    second = int(start.timestamp())
    table = calendar.table(second, second)
    if limit.follows_day_ends(calendar):
        return _with_the_day(start, second, limit.amount, table, calendar)
    return _forward(start, second, limit.amount * (unit.seconds or table.day_length(second)), table, calendar)


def spent(start: datetime, seconds: int, unit: LimitUnit, calendar: Calendar) -> DueMoment:
    """Return when this many counted seconds of `unit` after `start` are used up; ValueError unless positive."""
    start = whole_second(start)
    if seconds <= 0:
        raise ValueError(f"Time to be spent must be positive, not {seconds}.")
    if unit.is_continuous:
        at = start + timedelta(seconds=seconds)
        return DueMoment(at, (Window(start, at),), provisional=False)
    second = int(start.timestamp())
    return _forward(start, second, seconds, calendar.table(second, second), calendar)


def counted_seconds(start: datetime, end: datetime, unit: LimitUnit, calendar: Calendar) -> int:
    """Return the seconds from `start` to `end` that count in `unit`; 0 where `end` is not after `start`."""
    start, end = whole_second(start), whole_second(end)
    if end <= start:
        return 0
    if unit.is_continuous:
        return Window(start, end).seconds
    first, last = int(start.timestamp()), int(end.timestamp())
    table = calendar.table(first, last)
    return table.counted(last) - table.counted(first)


def windows_between(start: datetime, end: datetime, unit: LimitUnit, calendar: Calendar) -> tuple[Window, ...]:
    """Return the windows from `start` to `end` that count in `unit`."""
    start, end = whole_second(start), whole_second(end)
    if end <= start:
        return ()
    if unit.is_continuous:
        return (Window(start, end),)
    first, last = int(start.timestamp()), int(end.timestamp())
    table = calendar.table(first, last)
    row = bisect_left(table.opens, last) - 1
    return _cut(table, start, first, row, min(end, table.windows[row].closes_at)) if row >= 0 else ()


def lamp(counted: int, limit: int) -> Lamp:
    """Return the lamp after `counted` of `limit` seconds: green below 80 %, red above 100 %, else yellow."""
    if limit <= 0:
        raise ValueError(f"A limit must be positive, not {limit}.")
    if counted > limit:
        return Lamp.RED
    return Lamp.GREEN if counted < limit * YELLOW_SHARE else Lamp.YELLOW


def _forward(start: datetime, second: int, seconds: int, table: Timetable, calendar: Calendar) -> DueMoment:
    target = table.counted(second) + seconds
    while table.totals[-1] <= target:
        table = calendar.longer(table)
    last = bisect_left(table.totals, target)
    at = table.windows[last].opens_at + timedelta(seconds=target - table.before[last])
    windows = _cut(table, start, second, last, at)
    if calendar.closing_rule is ClosingRule.NEXT_OPENING and target == table.totals[last]:
        at = table.windows[last + 1].opens_at
    return DueMoment(at, windows, at > calendar.provisional_after)


def _with_the_day(start: datetime, second: int, ordinal: int, table: Timetable, calendar: Calendar) -> DueMoment:
    """Return the last closing of the `ordinal`-th working day after the day of `start`.

    The day of the start is not counted (Civil Code, article 201).
    """
    day = bisect_right(table.midnights, second) + ordinal - 1
    while day >= len(table.last_rows):
        table = calendar.longer(table)
    last = table.last_rows[day]
    at = table.windows[last].closes_at
    return DueMoment(at, _cut(table, start, second, last, at), at > calendar.provisional_after)


def _cut(table: Timetable, start: datetime, second: int, last: int, closes_at: datetime) -> tuple[Window, ...]:
    """Return the windows from `start` up to row `last`, which is cut at `closes_at`."""
    first = bisect_right(table.closes, second)
    if first > last:
        return ()
    opens_at = max(start, table.windows[first].opens_at)
    if first == last:
        return (Window(opens_at, closes_at),)
    head, tail = Window(opens_at, table.windows[first].closes_at), Window(table.windows[last].opens_at, closes_at)
    windows = (head, *table.windows[first + 1 : last], tail)
    return tuple(joined(windows)) if table.has_touching else windows


def joined(windows: Iterable[Window]) -> list[Window]:
    """Return the windows, those in one where no time lies between them."""
    joined: list[Window] = []
    for window in windows:
        if joined and joined[-1].closes_at == window.opens_at:
            window = Window(joined.pop().opens_at, window.closes_at)  # noqa: PLW2901
        joined.append(window)
    return joined


def whole_second(moment: datetime) -> datetime:
    """Return a moment in UTC, cut to the second; ValueError where it has no time zone."""
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            raise ValueError("A moment must carry its time zone.")
        moment = moment.astimezone(UTC)
    return moment.replace(microsecond=0) if moment.microsecond else moment
