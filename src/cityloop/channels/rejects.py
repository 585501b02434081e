"""Rows an import did not take, as a CSV that a spreadsheet opens: the original cells, then where and why."""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Self

from cityloop.channels.importing import Refused
from cityloop.core.errors import NotPossible

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Rejects:
    """Writes rejected rows; the file is made with the first of them."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self._columns = columns
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, refused: Iterable[Refused]) -> None:
        """Write rows that were not taken, and hand them to the disk."""
        rows = [self._cells(one) for one in refused]
        if rows:
            self._file = self._file or self._opened()
            csv.writer(self._file).writerows(rows)
            self._file.flush()

    def _opened(self) -> IO[str]:
        # Only for the person who imports: the rows hold homes and names.
        try:
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as wrong:
            why = f"The rows that are not taken cannot be written to {self.path}: {wrong.strerror}."
            raise NotPossible("no-rejects-file", f"{why} Name another file with --rejects and go on.") from wrong
        file = os.fdopen(number, "w", encoding="utf-8-sig", errors="surrogateescape", newline="")
        heading = [*self._columns, "row", "line", "field", "reason"]
        csv.writer(file).writerow([plain(name) for name in heading])
        return file

    def _cells(self, refused: Refused) -> list[str]:
        row = refused.row
        cells = [*row.cells[: len(self._columns)], *[""] * (len(self._columns) - len(row.cells))]
        beyond = [f"beyond the last column: {' | '.join(row.cells[len(self._columns) :])}"]
        reasons = [fault.reason for fault in refused.faults] + beyond * (len(row.cells) > len(self._columns))
        fields = "; ".join(fault.field for fault in refused.faults)
        return [plain(cell) for cell in (*cells, row.number, row.line, fields, "; ".join(reasons))]


def plain(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula; a number stays one."""
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(FORMULA) and not NUMBER.fullmatch(words) else words
