"""What a single cell says: words, a number, a moment, a day, yes or no, as people and spreadsheets write them.

Which column a cell stands in, and what it is for, is not known here. What cannot be read raises ValueError with the
reason in words.
"""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

WHOLE = 2**53  # floats hold every whole number up to here
FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # day 0 of a spreadsheet's calendar (1900 system)
SERIALS = (20_000, 80_000)  # days of the years 1954 to 2119; 20261101 is a date written without signs
# As people write moments: 2026/11/1 8:05, 2026.11.1, 2026年11月1日 8时5分
MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*(?:(\d{1,2})[:时点](?:(\d{1,2})分?(?::?(\d{1,2})秒?)?)?)?"
)
DAY = re.compile(r"(\d{4})(?:-(\d\d?)-|/(\d\d?)/|\.(\d\d?)\.|年(\d\d?)月|(\d\d)(?=\d\d$))(\d\d?)日?")
# An id of 17 digits that a spreadsheet has taken for a number: the digits left out cannot be brought back.
SHORTENED = re.compile(r"\d(\.\d+)?[eE]\+\d{2,3}")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
SEVERAL = re.compile(r"\s*[、,，;；|\n]\s*")
DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
SIGNS = DIGITS | str.maketrans("．：－／，　", ".:-/, ")
YES = {"是", "有", "对", "√", "✓", "y", "yes", "true", "1"}
NO = {"否", "无", "不", "×", "✗", "n", "no", "false", "0"}


def is_nothing(value: Any) -> bool:
    """Tell whether a cell holds nothing; pandas writes nothing as a number that is none."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def as_words(value: Any) -> str:
    """Return a cell as words: an id kept as 12.0 by a table that knows only floats is 12."""
    if isinstance(value, str):
        return value.strip()
    if is_nothing(value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    return str(value)


def as_id(value: str) -> str:
    """Return an id with its digits half-width; raise ValueError for one that lost digits in a spreadsheet."""
    if SHORTENED.fullmatch(value):
        raise ValueError("was shortened by a spreadsheet; take the file from where it was made")
    return value.translate(DIGITS)


def as_number(value: Any) -> Any:
    """Return a number as it is, or the words of one ready to be read by whoever knows its unit; None for nothing."""
    if is_nothing(value):
        return None
    if not isinstance(value, str):
        return value
    words = value.translate(SIGNS).strip()
    return (words.replace(",", "") if THOUSANDS.fullmatch(words) else words) or None


def as_moment(value: Any, formats: Sequence[str] = ()) -> datetime | str | None:
    """Return a moment without a zone; of words that are not in any known spelling, the words."""
    if is_nothing(value) or isinstance(value, datetime):
        return None if is_nothing(value) else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    words = as_words(value).translate(SIGNS)
    if (found := _by_format(words, formats)) or (found := _of_serial(value)):
        return found
    if words and formats:
        raise ValueError(f"is not written as {' or '.join(formats)}")
    parts = MOMENT.fullmatch(words)
    try:
        return datetime(*(int(part or 0) for part in parts.groups())) if parts else words or None  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return words


def as_day(value: Any, formats: Sequence[str] = ()) -> date | None:
    """Return a day; raise ValueError for words that are none."""
    if isinstance(value, datetime) or is_nothing(value):
        return value.date() if isinstance(value, datetime) else None
    if isinstance(value, date):
        return value
    words = as_words(value).translate(SIGNS)
    if (found := _by_format(words, formats)) or (found := _of_serial(value)):
        return found.date()
    if not words:
        return None
    spelled = as_moment(words) if not formats else words
    match = DAY.fullmatch(words) if isinstance(spelled, str) and not formats else None
    parts = [int(part) for part in match.groups() if part] if match else []
    try:
        return spelled.date() if isinstance(spelled, datetime) else date(*parts)
    except (TypeError, ValueError):
        raise ValueError(f"{words!r} is no day: write it such as 2026-03-05") from None


def as_flag(value: Any) -> bool | None:
    """Return yes or no; None for nothing, ValueError for other words."""
    if isinstance(value, bool) or is_nothing(value):
        return value if isinstance(value, bool) else None
    words = as_words(value).translate(DIGITS).lower()
    if words and words not in YES | NO:
        raise ValueError(f"{words!r} is neither yes nor no: write 是 or 否")
    return words in YES if words else None


def as_several(value: Any) -> tuple[str, ...]:
    """Return the words of a cell that lists them, parted by commas, semicolons, 、, bars or lines."""
    return tuple(dict.fromkeys(word for word in SEVERAL.split(as_words(value)) if word))


def _by_format(words: str, formats: Sequence[str]) -> datetime | None:
    for layout in formats if words else ():
        try:
            return datetime.strptime(words, layout)  # noqa: DTZ007  # whoever takes it puts it into the city's zone
        except ValueError:
            continue
    return None


def _of_serial(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and SERIALS[0] <= value <= SERIALS[1]:
        return FIRST_DAY + timedelta(seconds=round(value * 86_400))
    return None
