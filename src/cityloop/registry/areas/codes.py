"""Codes of areas checked by their form: district 6 digits, street 9, community 12, unit grid 15 (14 of the old kind),
each within the last.

A code of another form is foreign and stands as it is: whether it is right, only its city knows.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable

NATIONAL = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)\d+")  # GB/T 2260: the provinces
LEVELS = {6: "district", 9: "street", 12: "community", 14: "unit_grid", 15: "unit_grid"}
OLD_GRID = 14  # CJ/T 213-2005: 2 digits for the grid
ALIKE = str.maketrans("OoQDIl|SB", "000011158")  # letters that are typed, or read by a scanner, for a digit


def plain(code: str) -> str:
    """Return a code as it is kept: full-width signs narrow, without blanks around it."""
    return unicodedata.normalize("NFKC", code).strip()


def form(code: str) -> str | None:
    """Return the level whose form a code has, or None for a foreign one."""
    return LEVELS.get(len(code)) if NATIONAL.fullmatch(code) else None


def doubt(code: str, level: str, parent: str | None) -> str | None:
    """Return what speaks against a code of a level under a parent, or None."""
    has = form(code)
    if has is None:
        digits = code.translate(ALIKE)
        return f"its code has letters for digits: {digits} is meant perhaps" if form(digits) == level else None
    if has != level and not (level == "city" and has == "district" and code.endswith("00")):
        return f"its code has {len(code)} digits, as codes of a {has.replace('_', ' ')} have"
    if parent and form(parent) and not code.startswith(parent.removesuffix("00") if len(parent) == 6 else parent):
        return f"lies in {parent}, but its code begins with {code[: len(parent)]}"
    return None


def within(code: str, known: Collection[str]) -> str | None:
    """Return the longest of the known codes of the national form with which a code of that form begins."""
    if form(code) is None:
        return None
    beginnings = (code[:length] for length in sorted(LEVELS, reverse=True) if length < len(code))
    return next((one for one in beginnings if one in known and form(one)), None)


def foreign(codes: Iterable[str]) -> list[str]:
    """Return the codes of no national form, in order."""
    return sorted(code for code in codes if form(code) is None)


def old_grids(codes: Iterable[str]) -> list[str]:
    """Return the codes of unit grids of the old form, in order."""
    return sorted(code for code in codes if form(code) == "unit_grid" and len(code) == OLD_GRID)
