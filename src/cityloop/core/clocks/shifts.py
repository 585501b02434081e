"""Shifts as rosters write them: hours of a day, which may go over midnight. Who is on duty is stored in registry."""

import re
from datetime import date, datetime, time, timedelta, tzinfo

from cityloop.core.clocks.hours import read_hour
from cityloop.core.errors import Invalid
from cityloop.core.invalid_values import InvalidValue

DASHES = re.compile(r"\s*[-－—–―─~～〜至到]+\s*")
NEXT_DAY = re.compile(r"^(?:次日|翌日|第二天|明天|隔日)\s*|\s*[(（](?:次日|翌日|第二天|\+1)[)）]$")
DAY = timedelta(days=1)


def shift_hours(words: str) -> tuple[time, time]:
    """Return from when to when a shift lasts, such as 20:00-08:00, 8点-20点 or 20:00—次日8:00; the end may be 00:00.

    InvalidValue where that cannot be read, or the next day is named and the shift would last longer than a day.
    """
    try:
        begins, ends = DASHES.split(words.strip())
        begins += ends[-1] if begins.isdecimal() and ends.endswith(("点", "时")) else ""  # 8-20点
        first, last = (read_hour(NEXT_DAY.sub("", part)) for part in (begins, ends))
    except ValueError:
        raise InvalidValue("not-a-shift", {"value": words}) from None
    names_next_day = NEXT_DAY.search(ends) is not None
    if first == DAY or NEXT_DAY.search(begins) or (names_next_day and first < last):
        raise InvalidValue("not-a-shift", {"value": words})
    return time_of(first), time_of(last)


def time_of(past: timedelta) -> time:
    """Return a time since midnight as a time of the clock, 24:00 as 00:00."""
    seconds = int(past.total_seconds()) % 86400
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def shift_moments(day: date, hours: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the moments of a shift that begins on a day: one that ends no later than it begins goes over midnight.

    Raise Invalid where the hours cannot be read.
    """
    try:
        first, last = shift_hours(hours)
    except InvalidValue as error:
        raise Invalid([error.fault("hours")]) from error
    return datetime.combine(day, first, zone), datetime.combine(day + timedelta(days=last <= first), last, zone)
