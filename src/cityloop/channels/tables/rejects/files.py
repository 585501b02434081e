"""Writes rows that were not imported to a file for a spreadsheet: the original cells, then the place and the reason.

A file whose name ends in .xlsx has the layout of the workbook that the rows come from, with the wrong cells marked;
any other file is a CSV.
"""

import csv
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Protocol, Self

from cityloop.channels.tables.rows import Marked, Refused, Sheet
from cityloop.core.errors import Fault, NotPossible

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ADDED = ("row", "line", "field", "reason")


class RejectPaper(Protocol):
    """A file that rejected rows are written to."""

    def write(self, lines: Iterable[Marked]) -> None: ...
    def close(self) -> None: ...


class Rejects:
    """Writes rejected rows; the file is created with the first one."""

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
        """Whether there was a rejected row."""
        return self._paper is not None

    def add(self, refused: Iterable[Refused]) -> None:
        """Write rows that were not imported: a CSV is written at once, a workbook when it is closed."""
        lines = [Marked(self._cells(row), _marks(row)) for row in refused]
        if lines:
            self._paper = self._paper or self._opened()
            self._paper.write(lines)

    def _opened(self) -> RejectPaper:
        # Only for the person who imports: the rows contain names and addresses.
        try:
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise NotPossible("no-rejects-file", {"path": self.path, "error": error.strerror}) from error
        if self.path.suffix.lower() == ".xlsx":
            from cityloop.channels.tables.rejects.workbooks import WorkbookPaper

            return WorkbookPaper(os.fdopen(number, "wb"), self._sheet, ADDED)
        return CsvPaper(os.fdopen(number, "w", encoding="utf-8-sig", errors="surrogateescape", newline=""), self._sheet)

    def _cells(self, refused: Refused) -> list[Any]:
        row, width = refused.row, len(self._sheet.columns)
        cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
        reasons = [fault.reason for fault in refused.faults]
        if len(row.cells) > width:
            reasons.append(Fault("row", "row-cells-beyond", {"cells": " | ".join(map(str, row.cells[width:]))}).reason)
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
    """Return what is wrong with each cell, one reason on a line."""
    marks: dict[int, str] = {}
    for place, reason in refused.marks:
        marks[place] = f"{marks[place]}\n{reason}" if place in marks else reason
    return marks


def plain(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula; a number stays a number."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
