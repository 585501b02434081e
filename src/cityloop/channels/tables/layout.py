"""Extracts a table from the lines of a sheet: finds its heading, repeats merged cells downwards, leaves out totals.

tables/workbooks.py reads the lines from a file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cityloop.channels.tables.habits import without_totals, written_out
from cityloop.channels.tables.headings import LOOKED_AT, heading_of, likeliest, names_of
from cityloop.channels.tables.rows import Range, Sheet, SheetLayout, TableRow, WantedTable
from cityloop.core.errors import Fault, Invalid

ACROSS = 1_000  # columns that are searched for the heading
BEYOND = 20  # columns without a name that are kept to the right of the last one with a name
EXACT = 10**15  # a spreadsheet keeps 15 digits of a number

Line = tuple[int, Sequence[Any]]  # number of the line from 0, its cells from the first column of the sheet


def table_of(
    path: Path,
    name: str,
    lines: Iterator[Line],
    merged: NDArray[np.int32],
    length: int,
    wanted: WantedTable,
    narrow: Callable[[int], None] = lambda width: None,
) -> Sheet:
    """Return the table in the non-empty lines of a sheet; `narrow` is called with the number of columns that are used.

    Merged ranges are (line, column, last line, last column), by line. Raise Invalid where there is no heading.
    """
    first, after = _until(lines, LOOKED_AT)
    top, left = first[0][0], min(_leftmost(cells) for _, cells in first)
    head = _squared(first, top, left)
    above = _within(merged, top, left, head)
    heading = heading_of(head, above, wanted, top)
    if heading is None and wanted.heading:
        raise Invalid([Fault(path.name, "table-no-heading-in-line", {"line": wanted.heading[0]})])
    heading = heading or likeliest(head, above)
    if heading is None:
        raise Invalid([Fault(path.name, "table-no-heading")])
    names = names_of(head, above, heading)
    names = names[: max(place for place, column in enumerate(names) if column) + 1 + BEYOND] if any(names) else names
    width, below = len(names), top + heading.stop
    narrow(left + width)
    totals: list[int] = []
    rows = _rows(chain((line for line in first if line[0] >= below), after, lines), below, left, width)
    down = merged[(merged[:, 0] >= below) & (merged[:, 2] > merged[:, 0])] - (below - 1, left, below - 1, left)
    down = down[(down[:, 1] >= 0) & (down[:, 1] < width)]
    across = _across(merged - (below - 1, left, below - 1, left), names, wanted)
    whole = written_out(_unmerged(_with_faults(without_totals(rows, totals), across), down))
    parts = tuple((r, c, r2, min(c2, width - 1)) for r, c, r2, c2 in above if r2 < heading.stop and c < width)
    layout = SheetLayout(name, (top, left), tuple(cells[:width] for cells in head[: heading.stop]), parts)
    return Sheet(names, max(length - below, 0), whole, totals, layout)


def plain(cell: Any) -> Any:
    """Return a cell; a whole number without ".0", and one with more digits than a spreadsheet keeps as it shows it."""
    if isinstance(cell, int) and abs(cell) >= EXACT:
        cell = float(cell)
    if not isinstance(cell, float) or not cell.is_integer():
        return cell
    return int(cell) if abs(cell) < EXACT else f"{cell:.14E}"


def is_blank(cells: Iterable[Any]) -> bool:
    """Return whether a line has nothing visible in it."""
    return all(cell is None or cell == "" or (isinstance(cell, str) and cell.isspace()) for cell in cells)


def _until(lines: Iterator[Line], count: int) -> tuple[list[Line], list[Line]]:
    """Return the lines within `count` of the first, and the next one, which had to be read to know the end."""
    first: list[Line] = []
    for line in lines:
        if first and line[0] >= first[0][0] + count:
            return first, [line]
        first.append(line)
    return first, []


def _leftmost(cells: Sequence[Any]) -> int:
    return next((place for place, cell in enumerate(cells) if cell not in ("", None)), ACROSS)


def _squared(lines: Sequence[Line], top: int, left: int) -> list[tuple[Any, ...]]:
    """Return lines as a grid without gaps."""
    width = min(max(len(cells) for _, cells in lines), ACROSS) - left
    filled = {line - top: _cells(cells, left, width) for line, cells in lines}
    return [filled.get(line, ("",) * width) for line in range(max(filled) + 1)]


def _cells(cells: Sequence[Any], left: int, width: int) -> tuple[Any, ...]:
    filled = tuple("" if cell is None else plain(cell) for cell in cells[left : left + width])
    return filled + ("",) * (width - len(filled))


def _within(merged: NDArray[np.int32], top: int, left: int, head: Sequence[Sequence[Any]]) -> list[Range]:
    """Return the merged ranges that begin in a grid, relative to its corner and cut at its right edge."""
    width = len(head[0])
    found: list[Range] = []
    for row, column, last, right in (merged[merged[:, 0] < top + len(head)] - (top, left, top, left)).tolist():
        if row >= 0 and 0 <= column < width:
            found.append((row, column, last, min(right, width - 1)))
    return found


def _rows(lines: Iterable[Line], below: int, left: int, width: int) -> Iterator[TableRow]:
    for line, cells in lines:
        row = _cells(cells, left, width)
        if not is_blank(row):
            yield TableRow(line - below + 1, line + 1, row)


def _across(merged: NDArray[np.int32], names: Sequence[str], wanted: WantedTable) -> dict[int, str]:
    """Return the names of the columns that a cell below the heading is merged across, by row; only of those wanted."""
    found: dict[int, str] = {}
    for row, column, last, right in merged[(merged[:, 2] >= 1) & (merged[:, 3] > merged[:, 1])].tolist():
        covered = [name for name in names[max(column, 0) : right + 1] if name and name in (wanted.columns or names)]
        if len(covered) > 1:
            found |= dict.fromkeys(range(row, last + 1), " + ".join(covered))
    return found


def _with_faults(rows: Iterable[TableRow], across: Mapping[int, str]) -> Iterator[TableRow]:
    """Yield the rows; one with a cell merged across columns gets a fault: which of them it fills is not known."""
    for row in rows:
        columns = across.get(row.number) if row.fault is None else None
        yield replace(row, fault=Fault("row", "row-merged-across", {"columns": columns})) if columns else row


def _unmerged(rows: Iterable[TableRow], down: NDArray[np.int32]) -> Iterator[TableRow]:
    """Yield the rows; a cell merged downwards (first row, column, last row, by row) is repeated in each of its rows."""
    following = 0
    held: dict[int, tuple[int, Any]] = {}
    for row in rows:
        held = {column: (last, value) for column, (last, value) in held.items() if last >= row.number}
        while following < len(down) and down[following, 0] <= row.number:
            first, column, last = down[following, :3].tolist()
            following += 1
            if first == row.number:
                held[column] = (last, row.cells[column])
        cells = [held[place][1] if place in held else cell for place, cell in enumerate(row.cells)] if held else ()
        yield replace(row, cells=tuple(cells)) if held else row
