"""Limits as offices spell them: "4工作时", "2 个工作日", "3天", "半小时内". Which limit applies is not decided here."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cityloop.core.clocks.worktime import Limit, LimitUnit

Plain = Literal["working", "natural"]

UNITS: Mapping[str, LimitUnit] = {
    "紧急工作时": LimitUnit.URGENT_HOUR,
    "紧急工作小时": LimitUnit.URGENT_HOUR,
    "紧急工作日": LimitUnit.URGENT_DAY,
    "工作时": LimitUnit.WORK_HOUR,
    "工作小时": LimitUnit.WORK_HOUR,
    "工作日": LimitUnit.WORK_DAY,
    "自然日": LimitUnit.DAY,
    "分钟": LimitUnit.MINUTE,
}
# Plain words: in one city they mean working units, in another the clock on the wall.
PLAIN: Mapping[str, Mapping[Plain, LimitUnit]] = {
    "小时": {"working": LimitUnit.WORK_HOUR, "natural": LimitUnit.HOUR},
    "时": {"working": LimitUnit.WORK_HOUR, "natural": LimitUnit.HOUR},
    "天": {"working": LimitUnit.WORK_DAY, "natural": LimitUnit.DAY},
    "日": {"working": LimitUnit.WORK_DAY, "natural": LimitUnit.DAY},
}
NUMERALS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
NAMES = "|".join(sorted([*UNITS, *PLAIN], key=len, reverse=True))
SPELLED = re.compile(rf"(?P<amount>\d+|[一二两三四五六七八九十]+|半)个?(?P<unit>{NAMES})")
HALVES = {LimitUnit.HOUR: Limit(30, LimitUnit.MINUTE), LimitUnit.DAY: Limit(12, LimitUnit.HOUR)}
NOTHING_TO_SAY = re.compile(r"(不超过|以内|之内|内|限|完成|时限|[\s,.;:()]|≤)*")
NO_LIMIT = "no amount with a unit is in it"
WHICH_HOURS = "these may be working hours and days or those of the clock: the mapping must say plain_units"
SEVERAL = "it names more than one limit"


@dataclass(frozen=True, slots=True)
class Spelled:
    """A limit as it was spelled: what it means, the words that stood beside it, why it was not understood."""

    words: str
    limit: Limit | None
    beside: str = ""
    fault: str = ""


def read_limit(words: str, plain: Plain | None = None) -> Spelled:
    """Return what a spelling means; plain 小时 and 天 as `plain` says, not understood without it."""
    squeezed = re.sub(r"\s", "", unicodedata.normalize("NFKC", words))
    found = list(SPELLED.finditer(squeezed))
    if len(found) != 1:
        return Spelled(words, None, fault=SEVERAL if found else NO_LIMIT)
    unit = UNITS.get(name := found[0]["unit"]) or (PLAIN[name][plain] if plain else None)
    if unit is None:
        return Spelled(words, None, fault=WHICH_HOURS)
    try:
        limit = _limit(found[0]["amount"], unit)
    except ValueError as error:
        return Spelled(words, None, fault=str(error))
    left = squeezed[: found[0].start()] + " " + squeezed[found[0].end() :]
    return Spelled(words, limit, "" if NOTHING_TO_SAY.fullmatch(left) else left.strip())


def _limit(amount: str, unit: LimitUnit) -> Limit:
    if amount == "半":
        if unit not in HALVES:
            raise ValueError(f"half a {unit} is not a length of its own")
        return HALVES[unit]
    return Limit(int(amount) if amount.isdigit() else _numeral(amount), unit)


def _numeral(words: str) -> int:
    """Return a number below 100 in Chinese numerals."""
    tens, has_tens, ones = words.partition("十")
    if not has_tens:
        tens, ones = "", words
    try:
        ten = NUMERALS[tens] if tens else 1
        return (10 * ten if has_tens else 0) + (NUMERALS[ones] if ones else 0)
    except KeyError:
        raise ValueError(f"{words} is no number") from None


def parse_limit(words: str) -> Limit:
    """Return the limit written as an amount and a unit, such as "4 work_hour"; raise ValueError otherwise."""
    return Limit.read(words)


def limit_fault(words: str) -> str | None:
    """Return why the words are no limit, None where they are one."""
    try:
        parse_limit(words)
    except ValueError as error:
        return str(error)
    return None
