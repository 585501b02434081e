"""The holidays and make-up working days of mainland China, as exceptions to the weekdays of any working week.

Only this module reads chinese_calendar. A city's own exceptions come from its pack and from calendar/actions.py.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

import chinese_calendar

FIRST_KNOWN_YEAR = 2004

# 全国年节及纪念日放假办法 (2024 revision), article 2: the days fixed in the solar calendar. Spring Festival,
# Qingming, Dragon Boat and Mid-Autumn move, and are known from the State Council's notice.
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


class DayKinds(NamedTuple):
    """Exceptions to the weekdays (True: working day) and the last day for which they are announced.

    They include holidays at a weekend, for cities that work on Saturdays.
    """

    day_kinds: Mapping[date, bool]
    announced_until: date


@cache
def chinese_day_kinds(first: date, last: date) -> DayKinds:
    """Return the holidays and make-up working days from `first` to `last`, both included.

    Years that the State Council has not announced have only the fixed statutory holidays and are after
    `announced_until`. Raise ValueError before 2004, or if `last` is before `first`.
    """
    if first.year < FIRST_KNOWN_YEAR or last < first:
        raise ValueError(f"Holidays are known from {FIRST_KNOWN_YEAR}; {first} to {last} cannot be answered.")
    announced_until = _announced_until(first, last)
    day_kinds: dict[date, bool] = {}
    for day in _days(first, last):
        kind = _announced_kind(day) if day <= announced_until else _expected_kind(day)
        if kind is not None:
            day_kinds[day] = kind
    return DayKinds(day_kinds, announced_until)


def _announced_until(first: date, last: date) -> date:
    for year in range(first.year, last.year + 1):
        try:
            chinese_calendar.is_workday(date(year, 1, 1))
        except NotImplementedError:
            return max(date(year, 1, 1), first) - timedelta(days=1)
    return last


def _announced_kind(day: date) -> bool | None:
    """Return whether a day with a name of its own is a working day; None for a day like any other."""
    is_holiday, name = chinese_calendar.get_holiday_detail(day)
    return None if name is None else not is_holiday


def _expected_kind(day: date) -> bool | None:
    return False if (day.month, day.day) in _FIXED_HOLIDAYS else None


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
