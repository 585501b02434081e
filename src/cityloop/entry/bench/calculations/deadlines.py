"""The deadlines benchmark: due moments and counted times per second, singly and in bulk, against bare additions.

No calendar can be faster than the floors: `datetime + timedelta` for one moment, one NumPy addition for an array.
"""

import time as timer
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from cityloop.core.clocks.worktime import (
    Calendar,
    DueMoment,
    Limit,
    LimitUnit,
    Season,
    counted_seconds,
    due,
)
from cityloop.core.clocks.worktime_many import Moments, counted_many, due_many
from cityloop.registry.words.holidays import chinese_day_kinds

AIM = 200_000  # due moments per second on one core, vectorised
LIMITS = (Limit(4, LimitUnit.WORK_HOUR), Limit(5, LimitUnit.WORK_DAY), Limit(2, LimitUnit.URGENT_HOUR))
ROUNDS = 5  # the fastest is used: other load on the machine only slows


@dataclass(frozen=True, slots=True)
class DeadlineFigures:
    """The measured number per second, and that of the bare addition."""

    name: str
    rate: float
    floor: float

    @property
    def ratio(self) -> float:
        return self.rate / self.floor


def measure(many: int = 1_000_000, single: int = 50_000) -> Iterator[DeadlineFigures]:
    """Yield the figures for starts spread evenly over two years, in random order."""
    calendar = _calendar()
    starts = np.random.default_rng(1).integers(*_two_years(), size=many)
    moments = [datetime.fromtimestamp(second, UTC) for second in starts[:single].tolist()]
    yield from _many(starts, calendar)
    yield from _one_by_one(moments, calendar)


def _many(starts: Moments, calendar: Calendar) -> Iterator[DeadlineFigures]:
    floor = _rate(len(starts), lambda: starts + 3600)
    for limit in LIMITS:
        rate = _rate(len(starts), partial(due_many, starts, limit, calendar))
        yield DeadlineFigures(f"due, {limit.amount} {limit.unit}, many at once", rate, floor)
    ends = due_many(starts, LIMITS[1], calendar)
    rate = _rate(len(starts), lambda: counted_many(starts, ends, LimitUnit.WORK_HOUR, calendar))
    yield DeadlineFigures("counted, work_hour, many at once", rate, floor)


def _one_by_one(moments: list[datetime], calendar: Calendar) -> Iterator[DeadlineFigures]:
    hour = timedelta(hours=1)
    floor = _rate(len(moments), lambda: [moment + hour for moment in moments])
    for limit in LIMITS:
        rate = _rate(len(moments), partial(_each_due, moments, limit, calendar))
        yield DeadlineFigures(f"due, {limit.amount} {limit.unit}, one by one", rate, floor)
    pairs = [(moment, moment + timedelta(days=5)) for moment in moments]
    rate = _rate(len(pairs), lambda: [counted_seconds(*pair, LimitUnit.WORK_HOUR, calendar) for pair in pairs])
    yield DeadlineFigures("counted, work_hour, one by one", rate, floor)


def _each_due(moments: list[datetime], limit: Limit, calendar: Calendar) -> list[DueMoment]:
    return [due(moment, limit, calendar) for moment in moments]


def _rate(count: int, work: Callable[[], object]) -> float:
    """Return the number per second of this process's own time; other processes on the machine do not count."""
    work()
    return count / min(_seconds(work) for _ in range(ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    began_at = timer.process_time()
    work()
    return timer.process_time() - began_at


def _calendar() -> Calendar:
    """Return a calendar with everything that costs time: seasons, midday breaks, holidays and make-up days."""
    holidays = chinese_day_kinds(date(2025, 1, 1), date(2026, 12, 31))
    summer = Season(5, 1, ((time(8), time(12)), (time(14, 30), time(18, 30))))
    winter = Season(10, 1, ((time(8, 30), time(12)), (time(13, 30), time(17))))
    return Calendar(ZoneInfo("Asia/Shanghai"), (summer, winter), holidays.day_kinds, holidays.announced_until)


def _two_years() -> tuple[int, int]:
    return int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2026, 12, 31, tzinfo=UTC).timestamp())
