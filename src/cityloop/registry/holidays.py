"""The holidays and make-up working days of mainland China, as exceptions to Monday–Friday.

The one place that reads chinese_calendar. A city's own exceptions are not here: its calendar adds them.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import chinese_calendar

_FIRST_KNOWN_YEAR = 2004

# 全国年节及纪念日放假办法 (2024 revision), article 2: the days fixed in the solar calendar. Spring Festival,
# Qingming, Dragon Boat and Mid-Autumn move, and wait for the State Council's notice.
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


class DayKinds(NamedTuple):
    """Exceptions to Monday–Friday (True: working day) and the last day for which they are announced."""

    day_kinds: Mapping[date, bool]
    announced_until: date


def chinese_day_kinds(first: date, last: date) -> DayKinds:
    """Return the holidays and make-up working days from `first` to `last`, both included.

    Years that the State Council has not announced hold the fixed statutory holidays only and lie after
    `announced_until`. Raises ValueError before 2004, or where `last` is before `first`.
    """
    if first.year < _FIRST_KNOWN_YEAR or last < first:
        raise ValueError(f"Holidays are known from {_FIRST_KNOWN_YEAR}; {first} to {last} cannot be answered.")
    announced_until = _announced_until(first, last)
    day_kinds: dict[date, bool] = {}
    for day in _days(first, last):
        is_workday = _is_announced_workday(day) if day <= announced_until else _is_expected_workday(day)
        if is_workday != (day.weekday() < 5):
            day_kinds[day] = is_workday
    return DayKinds(day_kinds, announced_until)


def _announced_until(first: date, last: date) -> date:
    for year in range(first.year, last.year + 1):
        try:
            chinese_calendar.is_workday(date(year, 1, 1))
        except NotImplementedError:
            return max(date(year, 1, 1), first) - timedelta(days=1)
    return last


def _is_announced_workday(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def _is_expected_workday(day: date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
