"""Normalizes the text of addresses. Parsing is in reading.py.

The normalized text is for comparing, not for showing: simplified, half-width, without blanks, 三段 and 六街 but 9号 and
399巷.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

LONGEST = 256  # characters of a description of a place: GB/T 47678.5-2026, table 3

Script = Mapping[int, str]  # a character's code point → the simplified character, as str.translate takes it
AS_WRITTEN: Script = MappingProxyType({})

HAN = "㐀-鿿\U00020000-\U0003134f"
DIGITS = "〇一二三四五六七八九"
_NUMERAL = "[〇零一二三四五六七八九十百]"

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("—–―‐‑‒−－ー~〜～∼^﹣", "-"),
        **dict.fromkeys("、，。．,.;；:：·•", ","),
        **dict.fromkeys("([（【「『〔《<", "("),
        **dict.fromkeys(")]）】」』〕》>", ")"),
        **dict.fromkeys("/|＋+＊*&＆×\\", "/"),
        **dict.fromkeys("○", "〇"),
        **dict.fromkeys("_＿", "-"),
        **dict.fromkeys("臺", "台"),
        **dict.fromkeys("衞", "卫"),
        **dict.fromkeys("塩", "盐"),
        **dict.fromkeys("號", "号"),
        **dict.fromkeys("樓", "楼"),
    }
)

_BLANK_IN_NUMBERS = re.compile(r"(?<=\d)\s+(?=\d)")
_INVISIBLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060\ufeff\ufe00-\ufe0f]+")
_DASH_FOR_ONE = re.compile(r"(?<=[路街道])-(?=段)")
_TO_FIGURES = re.compile(rf"(?<!第)({_NUMERAL}+)(?=巷|弄|号|楼|室|单元|栋|幢|之\d)|(?<=[之号])({_NUMERAL}+)(?=号|$)")
_TO_NUMERALS = re.compile(rf"(?<=[{HAN}])(\d{{1,2}})(?=段|街|路|大道)")


def normalized(words: str, simplified: Script = AS_WRITTEN) -> str:
    """Return the normalized text of an address, at most LONGEST characters; normalizing it again changes nothing."""
    text = unicodedata.normalize("NFKC", words).translate(_CHARACTERS)[: 2 * LONGEST]
    text = unicodedata.normalize("NFKC", text.translate(simplified)).translate(_CHARACTERS).upper()
    text = _INVISIBLE.sub("", _BLANK_IN_NUMBERS.sub(",", text))[:LONGEST]
    text = _DASH_FOR_ONE.sub("一", text)
    before = ""
    while before != text:  # a figure may turn the numeral next to it into a figure: 一之一 is 一之1, and then 1之1
        before, text = text, _TO_FIGURES.sub(lambda found: figures(found[1] or found[2]), text)
    return _TO_NUMERALS.sub(lambda found: numerals(int(found[1])) or found[1], text)


def figures(numeral: str) -> str:
    """Return a numeral below 1000 in figures: 七十一 as 71, 三二 as 32; other text unchanged."""
    if not set(numeral) & {"十", "百"}:
        return numeral.translate({ord(character): str(value) for value, character in enumerate(DIGITS)}).replace(
            "零", "0"
        )
    total, digit = 0, 0
    for character in numeral:
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
    return str(total + digit)


def numerals(number: int) -> str:
    """Return 1 to 99 as a numeral: 21 as 二十一; nothing for other numbers."""
    if not 0 < number < 100:
        return ""
    tens, ones = divmod(number, 10)
    return (DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (DIGITS[ones] if ones else "")
