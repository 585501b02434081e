"""Parses one cell: text, a number, a moment, a day, yes or no, as people and spreadsheets write them.

A cell that cannot be parsed raises InvalidValue with the code of the reason. tables/columns.py knows the columns.
"""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from cityloop.channels.tables.rows import FIRST_DAY
from cityloop.core.clocks.hours import half_in, in_half, read_hour
from cityloop.core.invalid_values import InvalidValue

WHOLE = 2**53  # floats represent every whole number up to here
SERIALS = (20_000, 80_000)  # days of the years 1954 to 2119; 20261101 is a date written without separators
# As people write moments: 2026/11/1 8:05, 2026.11.1, 2026年11月1日 星期日 下午 3:05, 20261101; the hour by itself.
MOMENT = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})|(\d\d)(\d\d)(?!\d))日?"
    r"[\s,T]*(?:[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?)?\s*(.*)"
)
SERIAL = re.compile(r"\d{5}(\.\d+)?")
SIDE = "[NSEWnsew]|[北南]纬|[东西]经"
DEGREES = re.compile(
    rf"(?P<before>{SIDE})?[:：]?(?P<degrees>-?\d{{1,3}}(?:\.\d+)?)[°º˚度](?:(?P<minutes>\d{{1,2}}(?:\.\d+)?)[′'’‘`分]"
    rf"(?:(?P<seconds>\d{{1,2}}(?:\.\d+)?)(?:[″\"”“秒]|''|′′|’’)?)?)?(?P<after>{SIDE})?"
)
HOUR_IN_FORMAT = re.compile(r"%-?[HIcXs]")
# An id of 17 digits that a spreadsheet took for a number: the missing digits cannot be restored.
SHORTENED = re.compile(r"\d(\.\d+)?[eE]\+\d{2,3}")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
SEVERAL = re.compile(r"\s*[、,，;；|\n]\s*")
DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
HALF_WIDTH = DIGITS | str.maketrans("．：－／，　", ".:-/, ")
YES = {"是", "有", "对", "√", "✓", "y", "yes", "true", "1"}
NO = {"否", "无", "不", "×", "✗", "n", "no", "false", "0"}


def is_nothing(value: Any) -> bool:
    """Return whether a cell is empty; pandas writes an empty cell as NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def as_words(value: Any) -> str:
    """Return a cell as text: an id stored as 12.0 in a table that knows only floats is 12."""
    if isinstance(value, str):
        return value.strip()
    if is_nothing(value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    return str(value)


def as_id(value: str) -> str:
    """Return an id with its digits half-width; raise InvalidValue for one that lost digits in a spreadsheet."""
    if SHORTENED.fullmatch(value):
        raise InvalidValue("shortened-by-spreadsheet")
    return value.translate(DIGITS)


def as_number(value: Any) -> Any:
    """Return a number as it is, or its text ready to be parsed by the caller, who knows its unit; None if empty."""
    if is_nothing(value):
        return None
    if not isinstance(value, str):
        return value
    text = value.translate(HALF_WIDTH).strip()
    return (text.replace(",", "") if THOUSANDS.fullmatch(text) else text) or None


def as_degrees(value: Any) -> Any:
    """Return degrees as decimals: 112°51′50″E, 112度51分50秒 or 东经112.5 become a number; others as `as_number`."""
    if not isinstance(value, str) or not (found := DEGREES.fullmatch("".join(value.translate(HALF_WIDTH).split()))):
        return as_number(value)
    minutes, seconds = (float(found[part] or 0) for part in ("minutes", "seconds"))
    if minutes >= 60 or seconds >= 60:
        return as_number(value)
    degrees = abs(float(found["degrees"])) + minutes / 60 + seconds / 3600
    is_west = f"{found['before'] or ''}{found['after'] or ''}".upper() in {"S", "W", "南纬", "西经"}
    return f"{-degrees if is_west or found['degrees'].startswith('-') else degrees:.7f}"


def as_moment(value: Any, formats: Sequence[str] = (), first_day: datetime = FIRST_DAY) -> datetime | str | None:
    """Return a moment without a zone, a day as its beginning; the text itself where it has no known form."""
    found = as_moment_or_day(value, formats, first_day)
    return beginning(found) if isinstance(found, date) else found


def beginning(found: date) -> datetime:
    """Return a moment, or the first one of a day."""
    return found if isinstance(found, datetime) else datetime.combine(found, time())


def end(found: date) -> datetime:
    """Return a moment, or the one that ends a day: 24:00 (Civil Code, article 203)."""
    return found if isinstance(found, datetime) else datetime.combine(found, time()) + timedelta(days=1)


def as_moment_or_day(
    value: Any, formats: Sequence[str] = (), first_day: datetime = FIRST_DAY
) -> datetime | date | str | None:
    """Return a moment without a zone; a day where the cell holds no hour; the text where it has no known form.

    None if empty. Serial numbers are days since `first_day`.
    """
    if is_nothing(value):
        return None
    if isinstance(value, date):
        return value
    text = as_words(value).translate(HALF_WIDTH)
    number = float(text) if not formats and SERIAL.fullmatch(text) else value
    if (found := _by_format(text, formats)) or (found := _of_serial(number, first_day)):
        return found
    if text and formats:
        raise InvalidValue("cell-not-in-format", {"formats": " / ".join(formats)})
    return _as_written(text) or text or None


def as_day(value: Any, formats: Sequence[str] = (), first_day: datetime = FIRST_DAY) -> date | None:
    """Return a day; raise InvalidValue where the text is not one; None if empty."""
    try:
        found = as_moment_or_day(value, formats, first_day)
    except InvalidValue:
        raise InvalidValue("not-a-day") from None
    if isinstance(found, str):
        raise InvalidValue("not-a-day")
    return found.date() if isinstance(found, datetime) else found


def as_flag(value: Any) -> bool | None:
    """Return yes or no; None if empty; raise InvalidValue for any other text."""
    if isinstance(value, bool) or is_nothing(value):
        return value if isinstance(value, bool) else None
    text = as_words(value).translate(DIGITS).lower()
    if text and text not in YES | NO:
        raise InvalidValue("cell-not-yes-or-no", {"value": text})
    return text in YES if text else None


def as_several(value: Any) -> tuple[str, ...]:
    """Return the items of a cell that lists several, separated by commas, semicolons, 、, bars or line breaks."""
    return tuple(dict.fromkeys(item for item in SEVERAL.split(as_words(value)) if item))


def _as_written(text: str) -> datetime | date | None:
    """Return the moment or day that people write so; None where there is none."""
    found = MOMENT.fullmatch(text)
    if found is None:
        return None
    *parts, hour = found.groups()
    try:
        day = date(*(int(part) for part in parts if part))
        return datetime.combine(day, time()) + read_hour(hour) if hour else day
    except (ValueError, OverflowError):
        return None


def _by_format(text: str, formats: Sequence[str]) -> datetime | date | None:
    """Return a moment in one of the formats, or a day where that has no hour; 下午 counts whatever the format says."""
    half = half_in(text) if formats else None
    # %p knows only AM and PM: the hour is read as one of the morning, then put into its half.
    western = text.replace(half, "am") if half else text
    for layout in formats if text else ():
        try:
            found = datetime.strptime(western if "%p" in layout else text, layout)  # noqa: DTZ007  # the caller puts it into the city's zone
        except ValueError:
            continue
        if not HOUR_IN_FORMAT.search(layout):
            return found.date()
        day = datetime.combine(found.date(), time())
        return day + in_half(found - day, half) if half else found
    return None


def _of_serial(value: Any, first_day: datetime) -> datetime | date | None:
    """Return what a spreadsheet's number means; a whole one is a day."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not SERIALS[0] <= value <= SERIALS[1]:
        return None
    moment = first_day + timedelta(seconds=round(value * 86_400))
    return moment.date() if value == int(value) else moment
