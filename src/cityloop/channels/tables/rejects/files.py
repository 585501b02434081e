"""Rows an import did not take, in a file that a spreadsheet opens: the original cells, then where and why.

A file whose name ends in .xlsx is laid out as the workbook was that the rows come from, the very cells that are wrong
marked; any other is a CSV. What is wrong with a row is decided elsewhere.
"""

import csv
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Protocol, Self

from cityloop.channels.tables.rows import Marked, Refused, Sheet
from cityloop.core.errors import NotPossible

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ADDED = ("row", "line", "field", "reason")


class RejectPaper(Protocol):
    """What rows are written on."""

    def write(self, lines: Iterable[Marked]) -> None: ...
    def close(self) -> None: ...


class Rejects:
    """Writes rejected rows; the file is made with the first of them."""

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self.path = path
        self._sheet = sheet
        self._paper: RejectPaper | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._paper:
            self._paper.close()

    @property
    def written(self) -> bool:
        """Tell whether there was any rejected row."""
        return self._paper is not None

    def add(self, refused: Iterable[Refused]) -> None:
        """Write rows that were not taken: a CSV is handed to the disk at once, a workbook when it is closed."""
        lines = [Marked(self._cells(one), _marks(one)) for one in refused]
        if lines:
            self._paper = self._paper or self._opened()
            self._paper.write(lines)

    def _opened(self) -> RejectPaper:
        # Only for the person who imports: the rows hold homes and names.
        try:
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            why = f"The rows that are not taken cannot be written to {self.path}: {error.strerror}."
            raise NotPossible("no-rejects-file", f"{why} Name another file with --rejects and go on.") from error
        if self.path.suffix.lower() == ".xlsx":
            from cityloop.channels.tables.rejects.workbooks import WorkbookPaper

            return WorkbookPaper(os.fdopen(number, "wb"), self._sheet, ADDED)
        return CsvPaper(os.fdopen(number, "w", encoding="utf-8-sig", errors="surrogateescape", newline=""), self._sheet)

    def _cells(self, refused: Refused) -> list[Any]:
        row, width = refused.row, len(self._sheet.columns)
        cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
        beyond = [f"beyond the last column: {' | '.join(map(str, row.cells[width:]))}"]
        reasons = [fault.reason for fault in refused.faults] + beyond * (len(row.cells) > width)
        fields = "; ".join(fault.field for fault in refused.faults)
        return [*cells, row.number, row.line, fields, "; ".join(reasons)]


class CsvPaper:
    """A CSV with the names of the columns in its first line."""

    def __init__(self, file: IO[str], sheet: Sheet) -> None:
        self._file = file
        self.write([Marked([*sheet.columns, *ADDED], {})])

    def write(self, lines: Iterable[Marked]) -> None:
        csv.writer(self._file).writerows([plain(cell) for cell in line.cells] for line in lines)
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _marks(refused: Refused) -> dict[int, str]:
    """Return what is wrong with each cell, several reasons one below the other."""
    marks: dict[int, str] = {}
    for place, reason in refused.marks:
        marks[place] = f"{marks[place]}\n{reason}" if place in marks else reason
    return marks


def plain(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula; a number stays one."""
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(FORMULA) and not NUMBER.fullmatch(words) else words
