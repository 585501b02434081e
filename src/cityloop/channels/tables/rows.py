"""A table from a file: its columns, its rows (once) and its layout. tables/sheets.py reads files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cityloop.core.errors import Fault

Range = tuple[int, int, int, int]  # first row, first column, last row, last column, from 0
FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # day 0 of a spreadsheet's calendar, unless it says 1904


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its number (the first below the heading is 1), its line in the file, its cells, its fault if any."""

    number: int
    line: int | None
    cells: tuple[Any, ...]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not imported, why, and which of its cells (place from 0) are wrong for which reason."""

    row: TableRow
    faults: tuple[Fault, ...]
    marks: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """A row of the rejects: all its cells, and what is wrong with which of them (place from 0)."""

    cells: Sequence[Any]
    marks: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """The layout of a workbook's table on its sheet: where it begins, and everything above its first row."""

    name: str
    origin: tuple[int, int]
    top: tuple[tuple[Any, ...], ...]
    merged: tuple[Range, ...]  # within top


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table in a file: its columns, how many rows it has (about), and the rows, which can be read once."""

    columns: tuple[str, ...]
    length: int
    rows: Iterator[TableRow]
    totals: list[int] = field(default_factory=list)  # lines of totals left out; complete when all rows are read
    layout: SheetLayout | None = None  # of a workbook
    first_day: datetime = FIRST_DAY  # day 0 of its serial numbers


@dataclass(frozen=True, slots=True)
class WantedTable:
    """What to look for in a file: columns that its heading must name, its sheet, the lines of its heading."""

    columns: frozenset[str] = frozenset()
    sheet: str | None = None
    heading: tuple[int, ...] = ()
