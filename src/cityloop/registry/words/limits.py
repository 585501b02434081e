"""Parse limits as offices write them: "4工作时", "2 个工作日", "3天", "半小时内"."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.errors import Fault

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
# Plain words: in one city they mean working hours and days, in another those of the clock.
PLAIN: Mapping[str, Mapping[Plain, LimitUnit]] = {
    "小时": {"working": LimitUnit.WORK_HOUR, "natural": LimitUnit.HOUR},
    "时": {"working": LimitUnit.WORK_HOUR, "natural": LimitUnit.HOUR},
    "天": {"working": LimitUnit.WORK_DAY, "natural": LimitUnit.DAY},
    "日": {"working": LimitUnit.WORK_DAY, "natural": LimitUnit.DAY},
}
NUMERALS = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"两": 2}
NAMES = "|".join(sorted([*UNITS, *PLAIN], key=len, reverse=True))
SPELLED = re.compile(rf"(?P<amount>\d+|[一二两三四五六七八九十]+|半)个?(?P<unit>{NAMES})")
HALVES = {LimitUnit.HOUR: Limit(30, LimitUnit.MINUTE), LimitUnit.DAY: Limit(12, LimitUnit.HOUR)}
NOTHING_TO_SAY = re.compile(r"(不超过|以内|之内|内|限|完成|时限|[\s,.;:()]|≤)*")


@dataclass(frozen=True, slots=True)
class SpelledLimit:
    """A limit as somebody wrote it: what it means, the other words with it, or why it was not understood."""

    words: str
    limit: Limit | None
    extra: str = ""
    fault: Fault | None = None


def read_limit(words: str, plain: Plain | None = None) -> SpelledLimit:
    """Return the limit that words mean; `plain` says what 小时 and 天 mean, and without it they are not understood."""
    squeezed = re.sub(r"\s", "", unicodedata.normalize("NFKC", words))
    found = list(SPELLED.finditer(squeezed))
    if len(found) != 1:
        return _not_understood(words, "several-limits" if found else "no-limit")
    unit = UNITS.get(name := found[0]["unit"]) or (PLAIN[name][plain] if plain else None)
    if unit is None:
        return _not_understood(words, "unclear-hours")
    amount = found[0]["amount"]
    if amount == "半":
        limit = HALVES.get(unit)
    else:
        number = int(amount) if amount.isdigit() else _numeral(amount)
        limit = Limit(number, unit) if number else None
    if limit is None:
        return _not_understood(words, "no-such-amount")
    left = squeezed[: found[0].start()] + " " + squeezed[found[0].end() :]
    return SpelledLimit(words, limit, "" if NOTHING_TO_SAY.fullmatch(left) else left.strip())


def _not_understood(words: str, code: str) -> SpelledLimit:
    return SpelledLimit(words, None, fault=Fault("limit", code, {"limit": words.strip()}))


def _numeral(words: str) -> int:
    """Return a number below 100 in Chinese numerals, 0 for one that is not well formed."""
    tens, has_tens, ones = words.partition("十")
    if not has_tens:
        tens, ones = "", words
    try:
        ten = NUMERALS[tens] if tens else 1
        return (10 * ten if has_tens else 0) + (NUMERALS[ones] if ones else 0)
    except KeyError:
        return 0


def parse_limit(words: str) -> Limit:
    """Return the limit written as an amount and a unit, such as "4 work_hour"; raise ValueError otherwise."""
    return Limit.read(words)
