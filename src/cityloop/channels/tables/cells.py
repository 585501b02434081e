"""Parses one cell: text, a number, a moment, a day, yes or no, as people and spreadsheets write them.

A cell that cannot be parsed raises InvalidValue with the code of the reason. tables/columns.py knows the columns.
"""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from cityloop.core.invalid_values import InvalidValue

WHOLE = 2**53  # floats represent every whole number up to here
FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # day 0 of a spreadsheet's calendar (1900 system)
SERIALS = (20_000, 80_000)  # days of the years 1954 to 2119; 20261101 is a date written without separators
# As people write moments: 2026/11/1 8:05, 2026.11.1, 2026年11月1日 8时5分
MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*(?:(\d{1,2})[:时点](?:(\d{1,2})分?(?::?(\d{1,2})秒?)?)?)?"
)
DAY = re.compile(r"(\d{4})(?:-(\d\d?)-|/(\d\d?)/|\.(\d\d?)\.|年(\d\d?)月|(\d\d)(?=\d\d$))(\d\d?)日?")
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


def as_moment(value: Any, formats: Sequence[str] = ()) -> datetime | str | None:
    """Return a moment without a zone; the text itself where it has no known form; None if empty."""
    if is_nothing(value) or isinstance(value, datetime):
        return None if is_nothing(value) else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    text = as_words(value).translate(HALF_WIDTH)
    if (found := _by_format(text, formats)) or (found := _of_serial(value)):
        return found
    if text and formats:
        raise InvalidValue("cell-not-in-format", {"formats": " / ".join(formats)})
    parts = MOMENT.fullmatch(text)
    try:
        return datetime(*(int(part or 0) for part in parts.groups())) if parts else text or None  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return text


def as_day(value: Any, formats: Sequence[str] = ()) -> date | None:
    """Return a day; raise InvalidValue where the text is not one; None if empty."""
    if isinstance(value, datetime) or is_nothing(value):
        return value.date() if isinstance(value, datetime) else None
    if isinstance(value, date):
        return value
    text = as_words(value).translate(HALF_WIDTH)
    if (found := _by_format(text, formats)) or (found := _of_serial(value)):
        return found.date()
    if not text:
        return None
    moment = as_moment(text) if not formats else text
    match = DAY.fullmatch(text) if isinstance(moment, str) and not formats else None
    parts = [int(part) for part in match.groups() if part] if match else []
    try:
        return moment.date() if isinstance(moment, datetime) else date(*parts)
    except (TypeError, ValueError):
        raise InvalidValue("not-a-day") from None


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


def _by_format(text: str, formats: Sequence[str]) -> datetime | None:
    for layout in formats if text else ():
        try:
            return datetime.strptime(text, layout)  # noqa: DTZ007  # the caller puts it into the city's zone
        except ValueError:
            continue
    return None


def _of_serial(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and SERIALS[0] <= value <= SERIALS[1]:
        return FIRST_DAY + timedelta(seconds=round(value * 86_400))
    return None
