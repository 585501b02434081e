"""Finds which lines of a table are its heading, and the names of its columns: below titles, in two rows, merged.

It works on the first lines of a table, as lists of one length, whatever file they come from.
"""

import re
from collections.abc import Sequence
from typing import Any

from cityloop.channels.tables.rows import Range, WantedTable

LOOKED_AT = 30  # lines that are searched for the heading
CHINESE = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
GAP = re.compile(rf"(?<=[{CHINESE}])\s+(?=[{CHINESE}])")  # "编 号"

Cells = Sequence[Any]


def heading_of(head: Sequence[Cells], merged: Sequence[Range], wanted: WantedTable, top: int = 0) -> range | None:
    """Return the lines of the heading: those given, or else those that name most of the columns wanted.

    None where the given lines do not exist, or no line names a column wanted: see `likeliest`.
    """
    if wanted.heading:
        given = range(min(wanted.heading) - 1 - top, max(wanted.heading) - top)
        return given if given.start >= 0 and given.stop <= len(head) else None
    likely = [range(row, row + _depth(head, merged, row)) for row in range(len(head))]
    others = [range(row.start, row.start + 3 - len(row)) for row in likely if row.start + 3 - len(row) <= len(head)]
    best = max([*likely, *others], key=lambda rows: len(wanted.columns & set(names_of(head, merged, rows))))
    return best if wanted.columns & set(names_of(head, merged, best)) else None


def likeliest(head: Sequence[Cells], merged: Sequence[Range]) -> range | None:
    """Return the first lines that look like a heading, with more than one name; None where there are none."""
    for row in range(len(head)):
        rows = range(row, row + _depth(head, merged, row))
        if len(set(names_of(head, merged, rows)) - {""}) > 1:
            return rows
    return None


def names_of(head: Sequence[Cells], merged: Sequence[Range], heading: range) -> tuple[str, ...]:
    """Return the name of every column; in a heading of several rows, the upper name and the lower: "坐标 经度"."""
    spread = [_spread(head, merged, row, is_last=row == heading[-1]) for row in heading]
    names = []
    for place, lowest in enumerate(head[heading[-1]]):
        parts = [names_above[place] for names_above in spread[:-1]]
        own = tidy(lowest)
        above = [tidy(head[row][place]) for row in heading[:-1]]
        names.append(" ".join(dict.fromkeys(part for part in ([*parts, own] if own else above) if part)))
    return tuple(names)


def _depth(head: Sequence[Cells], merged: Sequence[Range], row: int) -> int:
    """Return 2 where a row and the next one look like one heading, or else 1."""
    if row + 1 >= len(head):
        return 1
    upper, lower = head[row], head[row + 1]
    parts = [part for part in merged if part[0] == row]
    if parts:
        return 2 if any(last == row + 1 or 0 < right - left < len(upper) - 1 for _, left, last, right in parts) else 1
    if any(not isinstance(cell, str) for cell in (*upper, *lower)):
        return 1
    pairs = list(zip(upper, lower, strict=True))
    return 2 if any(below and not above for above, below in pairs) and any(a and not b for a, b in pairs) else 1


def _spread(head: Sequence[Cells], merged: Sequence[Range], row: int, *, is_last: bool) -> list[str]:
    """Return the names in a row of a heading, each repeated over all the columns it belongs to."""
    names = [tidy(cell) for cell in head[row]]
    if is_last:
        return names
    parts = [part for part in merged if part[0] == row]
    for _, first, _, last in parts:
        names[first : last + 1] = [names[first]] * (last + 1 - first)
    if not parts:  # not merged, or unknown: an empty cell belongs to the one before it
        for place in range(1, len(names)):
            names[place] = names[place] or names[place - 1]
    return names


def tidy(cell: Any) -> str:
    """Return a name without the blanks and line breaks that are only layout."""
    return GAP.sub("", " ".join(str("" if cell is None else cell).split()))
