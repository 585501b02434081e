"""Codes of areas checked by their form: district 6 digits, street 9, community 12, grid 14 or 15, each within the last.

A code of another form is foreign and stands as it is: whether it is right, only its city knows.
"""

import re
from collections.abc import Iterable

NATIONAL = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)\d+")  # GB/T 2260: the provinces
LEVELS = {6: "district", 9: "street", 12: "community", 14: "grid", 15: "grid"}


def form(code: str) -> str | None:
    """Return the level whose form a code has, or None for a foreign one."""
    return LEVELS.get(len(code)) if NATIONAL.fullmatch(code) else None


def doubt(code: str, level: str, parent: str | None) -> str | None:
    """Return what speaks against a code of a level under a parent, or None."""
    has = form(code)
    if has and has != level:
        return f"its code has {len(code)} digits, as codes of a {has} have"
    if has and parent and form(parent) and not code.startswith(parent):
        return f"lies in {parent}, but its code begins with {code[: len(parent)]}"
    return None


def foreign(codes: Iterable[str]) -> list[str]:
    """Return the codes of no national form, in order."""
    return sorted(code for code in codes if form(code) is None)
