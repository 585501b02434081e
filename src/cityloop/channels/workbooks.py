"""Tables in workbooks (XLSX, XLS, ODS) as offices keep them: titles above, headings of two rows, merged cells.

The values of formulas are read, never the formulas. A sheet is held in memory while it is read: docs/how-to says how
much that takes. What the cells mean is not known here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from cityloop.channels.habits import without_totals, written_out
from cityloop.channels.rows import Layout, Range, Row, Sheet, Wanted
from cityloop.core.errors import Fault, Invalid

LOOKED_AT = 30  # rows in which the heading is looked for
EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
CHINESE = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
GAP = re.compile(rf"(?<=[{CHINESE}])\s+(?=[{CHINESE}])")  # "编 号"

Cells = Sequence[Any]


def open_workbook(path: Path, wanted: Wanted) -> Sheet:
    """Return the table on the sheet that is wanted, else on the first that is not empty."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            return _table(path, _chosen(book, path, wanted.sheet), wanted)
    except PasswordError as wrong:
        raise Invalid([Fault(path.name, "is protected by a password; save it without one")]) from wrong
    except CalamineError as wrong:
        why = f"is not a workbook that can be read ({wrong}); save the sheet as XLSX or CSV UTF-8 and import that"
        raise Invalid([Fault(path.name, why)]) from wrong


def _chosen(book: CalamineWorkbook, path: Path, name: str | None) -> CalamineSheet:
    if name is not None and name not in book.sheet_names:
        raise Invalid([Fault(path.name, f"has no sheet {name!r}; it has: {', '.join(book.sheet_names)}")])
    shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
    for candidate in [name] if name is not None else shown:
        sheet = book.get_sheet_by_name(candidate)
        if sheet.start is not None:
            return sheet
    raise Invalid([Fault(path.name, f"has nothing on the sheet {name!r}" if name else "is empty: no sheet has a cell")])


def _table(path: Path, sheet: CalamineSheet, wanted: Wanted) -> Sheet:
    origin, merged = sheet.start or (0, 0), tuple(_merged(sheet))
    # iter_rows leaves out the empty columns on the left, but not the empty lines above.
    grid = (tuple(_value(cell) for cell in cells) for cells in islice(sheet.iter_rows(), origin[0], None))
    head = list(islice(grid, LOOKED_AT))
    heading = _heading(path, head, merged, wanted, origin[0])
    below, first = heading.stop, origin[0] + heading.stop + 1
    rows = (
        Row(number, first + number - 1, cells)
        for number, cells in enumerate(chain(head[below:], grid), start=1)
        if any(cell not in ("", None) and str(cell).strip() for cell in cells)
    )
    totals: list[int] = []
    down = [(r - below + 1, c, last - below + 1) for r, c, last, _ in merged if r >= below and last > r]
    whole = written_out(_unmerged(without_totals(rows, totals), down))
    above = tuple(part for part in merged if part[2] < below)
    layout = Layout(sheet.name, origin, tuple(head[:below]), above)
    return Sheet(_names(head, merged, heading), sheet.height - below, whole, totals, layout)


def _merged(sheet: CalamineSheet) -> Iterator[Range]:
    """Yield the merged ranges, counted from the first cell of the table."""
    top, left = sheet.start or (0, 0)
    for (row, column), (last_row, last_column) in sheet.merged_cell_ranges or ():
        if row >= top and column >= left and column - left < sheet.width:
            yield row - top, column - left, last_row - top, min(last_column - left, sheet.width - 1)


def _value(cell: Any) -> Any:
    """Return a cell; a whole number without ".0", and one longer than a spreadsheet keeps as it shows it, shortened."""
    if not isinstance(cell, float) or not cell.is_integer():
        return cell
    return int(cell) if abs(cell) < EXACT else f"{cell:.14E}"


def _unmerged(rows: Iterable[Row], down: Iterable[tuple[int, int, int]]) -> Iterator[Row]:
    """Yield the rows, a cell merged downwards (first row, column, last row) repeated in each of its rows."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for first, column, last in down:
        starts.setdefault(first, []).append((column, last))
    held: dict[int, tuple[int, Any]] = {}
    for row in rows:
        held |= {column: (last, row.cells[column]) for column, last in starts.get(row.number, ())}
        held = {column: (last, value) for column, (last, value) in held.items() if last >= row.number}
        cells = [held[place][1] if place in held else cell for place, cell in enumerate(row.cells)]
        yield replace(row, cells=tuple(cells)) if held else row


def _heading(path: Path, head: Sequence[Cells], merged: Sequence[Range], wanted: Wanted, top: int) -> range:
    """Return the rows of the heading: those given, else those that name most of the columns that are wanted."""
    if wanted.heading:
        given = range(min(wanted.heading) - 1 - top, max(wanted.heading) - top)
        if given.start >= 0 and given.stop <= len(head):
            return given
        raise Invalid([Fault(path.name, f"has no heading in line {wanted.heading[0]}: it has {top + len(head)} lines")])
    likely = [range(row, row + _depth(head, merged, row)) for row in range(len(head))]
    others = [range(row.start, row.start + 3 - len(row)) for row in likely if row.start + 3 - len(row) <= len(head)]
    best = max([*likely, *others], key=lambda rows: len(wanted.columns & set(_names(head, merged, rows))))
    if wanted.columns & set(_names(head, merged, best)):
        return best
    for rows in likely:
        if len(set(_names(head, merged, rows)) - {""}) > 1:
            return rows
    raise Invalid([Fault(path.name, "has no line that names the columns")])


def _depth(head: Sequence[Cells], merged: Sequence[Range], row: int) -> int:
    """Return 2 where a row and the next one look like one heading, else 1."""
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


def _names(head: Sequence[Cells], merged: Sequence[Range], heading: range) -> tuple[str, ...]:
    """Return the name of every column; of a heading in several rows, the upper words and the lower: "坐标 经度"."""
    spread = [_spread(head, merged, row, is_last=row == heading[-1]) for row in heading]
    names = []
    for place, lowest in enumerate(head[heading[-1]]):
        parts = [words[place] for words in spread[:-1]]
        own = _tidy(lowest)
        above = [_tidy(head[row][place]) for row in heading[:-1]]
        names.append(" ".join(dict.fromkeys(part for part in ([*parts, own] if own else above) if part)))
    return tuple(names)


def _spread(head: Sequence[Cells], merged: Sequence[Range], row: int, *, is_last: bool) -> list[str]:
    """Return the words of a row of a heading, each over all the columns it stands for."""
    words = [_tidy(cell) for cell in head[row]]
    if is_last:
        return words
    parts = [part for part in merged if part[0] == row]
    for _, first, _, last in parts:
        words[first : last + 1] = [words[first]] * (last + 1 - first)
    if not parts:  # not merged, or nobody knows: an empty cell belongs to the one before it
        for place in range(1, len(words)):
            words[place] = words[place] or words[place - 1]
    return words


def _tidy(cell: Any) -> str:
    return GAP.sub("", " ".join(str("" if cell is None else cell).split()))
