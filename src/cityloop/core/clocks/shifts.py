"""Shifts as rosters write them: hours of a day, which may go over midnight. Who stands on duty is kept above."""

from datetime import date, datetime, time, timedelta, tzinfo

from cityloop.core.errors import Invalid
from cityloop.core.invalid_values import InvalidValue

SIGNS = str.maketrans({"：": ":", **dict.fromkeys("－—–~～至到", "-")})


def shift_hours(words: str) -> tuple[time, time]:
    """Return from when to when a shift lasts, such as 20:00-08:00; ValueError where that cannot be read."""
    parts = (part.strip().rjust(5, "0") for part in words.translate(SIGNS).split("-"))
    try:
        first, last = (time.fromisoformat("00:00" if part == "24:00" else part) for part in parts)
    except ValueError:
        raise InvalidValue("not-a-shift", {"value": words}) from None
    if first.tzinfo or last.tzinfo:
        raise InvalidValue("not-a-shift", {"value": words})
    return first, last


def shift_moments(day: date, hours: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the moments of a shift that begins on a day: one that ends no later than it begins goes over midnight.

    Raise Invalid where the hours cannot be read.
    """
    try:
        first, last = shift_hours(hours)
    except InvalidValue as error:
        raise Invalid([error.fault("hours")]) from error
    return datetime.combine(day, first, zone), datetime.combine(day + timedelta(days=last <= first), last, zone)
