"""Hours of a day as people write them: 8:05, 24:00, 下午 3:05, 3:05 PM, 晚上8点半, 8时5分."""

import re
from datetime import timedelta

from cityloop.core.invalid_values import InvalidValue

DAY = timedelta(days=1)
# By word, the hours of the day that it can mean; a clock of twelve hours is put into them.
HALVES = {
    **dict.fromkeys(("上午", "午前", "am"), range(13)),
    **dict.fromkeys(("早上", "早晨", "清晨"), range(4, 12)),
    **dict.fromkeys(("凌晨", "半夜", "午夜", "零晨"), range(7)),
    **dict.fromkeys(("中午", "正午"), range(10, 16)),
    **dict.fromkeys(("下午", "午后", "pm"), range(12, 24)),
    **dict.fromkeys(("傍晚",), range(16, 21)),
    **dict.fromkeys(("晚上", "晚间", "夜间", "夜里", "晚", "夜"), range(17, 25)),
}
CHARACTERS = str.maketrans("：．點時０１２３４５６７８９", ":.点时0123456789")
WORDS = "|".join(sorted(HALVES, key=len, reverse=True))
HALF = re.compile(rf"(?:{WORDS})", re.IGNORECASE)
HOUR = re.compile(
    rf"(?P<before>{WORDS})?\s*(?P<hour>\d\d?)\s*(?P<sign>[:时点])?"
    r"\s*(?:(?P<minute>\d\d?)分?(?:\s*:?(?P<second>\d\d?)秒?)?|(?P<half>半)|整|钟)?"
    rf"\s*(?P<after>{WORDS})?",
    re.IGNORECASE,
)
WITHOUT_SIGN = re.compile(r"(\d\d)(\d\d)(\d\d)?")  # 1505, 150500


def read_hour(words: str) -> timedelta:
    """Return the time since midnight, at most 24 hours; InvalidValue where it cannot be read or contradicts itself."""
    text = words.translate(CHARACTERS).replace("a.m.", "am").replace("p.m.", "pm").strip()
    text = WITHOUT_SIGN.sub(lambda found: ":".join(filter(None, found.groups())), text) if text.isdecimal() else text
    found = HOUR.fullmatch(text)
    if found is None or (found["before"] and found["after"]):
        raise InvalidValue("not-an-hour", {"value": words})
    half = found["before"] or found["after"]
    if not (found["sign"] or half) or (found["minute"] and not found["sign"]):
        raise InvalidValue("not-an-hour", {"value": words})
    minutes = 30 if found["half"] else int(found["minute"] or 0)
    past = timedelta(hours=int(found["hour"]), minutes=minutes, seconds=int(found["second"] or 0))
    if past > DAY or minutes > 59 or int(found["second"] or 0) > 59:
        raise InvalidValue("not-an-hour", {"value": words})
    return in_half(past, half) if half else past


def in_half(past: timedelta, half: str) -> timedelta:
    """Return a time since midnight that a clock of twelve hours shows in a half of the day, such as 下午.

    InvalidValue where the half does not have that hour: 上午 15:05, 晚上 2:00.
    """
    hours = HALVES[half.lower()]
    twelve = timedelta(hours=12)
    # 12:30 in the morning is half past midnight: so spreadsheets write it. At night, 12:00 ends the day.
    turned = past % twelve if 0 in hours and past >= twelve and past < twelve + timedelta(hours=1) else past
    for likely in (turned, past + twelve):
        if likely // timedelta(hours=1) in hours and likely <= DAY:
            return likely
    raise InvalidValue("not-an-hour", {"value": f"{half} {past}"})


def half_in(text: str) -> str | None:
    """Return the word for a half of the day in a text; None where there is none."""
    found = HALF.search(text)
    return found[0] if found else None
