"""Check the form of area codes: district 6 digits, street 9, community 12, unit grid 15 (14 of the old kind),
each beginning with the code of the level above.

A code of another form is foreign and taken as it is: only its city knows whether it is right.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable

from cityloop.core.place.areas import spoken
from cityloop.core.sentences import Values

NATIONAL = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)\d+")  # GB/T 2260: the provinces
LEVELS = {6: "district", 9: "street", 12: "community", 14: "unit_grid", 15: "unit_grid"}
OLD_GRID = 14  # CJ/T 213-2005: 2 digits for the grid
ALIKE = str.maketrans("OoQDIl|SB", "000011158")  # letters that are typed, or read by a scanner, instead of a digit


def plain(code: str) -> str:
    """Return a code as it is stored: full-width characters made half-width, no blanks around it."""
    return unicodedata.normalize("NFKC", code).strip()


def form(code: str) -> str | None:
    """Return the level whose form a code has, or None for a foreign one."""
    return LEVELS.get(len(code)) if NATIONAL.fullmatch(code) else None


def doubt(code: str, level: str, parent: str | None) -> tuple[str, Values] | None:
    """Return the sentence (its code and values) that says why an area's code may be wrong, or None."""
    has = form(code)
    if has is None:
        digits = code.translate(ALIKE)
        return ("area-code-has-letters", {"digits": digits}) if form(digits) == level else None
    if has != level and not (level == "city" and has == "district" and code.endswith("00")):
        return "area-code-of-other-level", {"count": len(code), "level": spoken(has)}
    if parent and form(parent) and not code.startswith(parent.removesuffix("00") if len(parent) == 6 else parent):
        return "area-code-not-of-parent", {"parent": parent, "beginning": code[: len(parent)]}
    return None


def within(code: str, known: Collection[str]) -> str | None:
    """Return the longest of the known codes of the national form with which a code of that form begins."""
    if form(code) is None:
        return None
    beginnings = (code[:length] for length in sorted(LEVELS, reverse=True) if length < len(code))
    return next((beginning for beginning in beginnings if beginning in known and form(beginning)), None)


def foreign(codes: Iterable[str]) -> list[str]:
    """Return the codes that have not the national form, in order."""
    return sorted(code for code in codes if form(code) is None)


def old_grids(codes: Iterable[str]) -> list[str]:
    """Return the codes of unit grids of the old form, in order."""
    return sorted(code for code in codes if form(code) == "unit_grid" and len(code) == OLD_GRID)
