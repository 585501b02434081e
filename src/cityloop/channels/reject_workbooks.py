"""Rejected rows as a workbook, laid out as the one they come from: its titles and heading, then rows and reasons.

Nothing is ever written as a formula or a link. Rows go to the disk as they come: memory does not grow with them.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any

import xlsxwriter

from cityloop.channels.rows import Layout, Sheet
from cityloop.core.errors import NotPossible

LINES, CELL = 1_048_576, 32_767  # what a workbook holds: lines of a sheet, characters of a cell
EXACT = 10**15  # a longer number would lose digits
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm:ss", timedelta: "[h]:mm:ss"}
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


class WorkbookPaper:
    """A workbook with one sheet; it is whole when it is closed."""

    def __init__(self, file: IO[bytes], sheet: Sheet, added: Sequence[str]) -> None:
        self._file = file
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True})
        layout = sheet.layout or Layout("Sheet1", (0, 0), (sheet.columns,), ())
        self._sheet = self._book.add_worksheet(FORBIDDEN.sub(" ", layout.name)[:31])
        self._formats = {kind: self._book.add_format({"num_format": words}) for kind, words in FORMATS.items()}
        # Marked as text, so that it does not become a formula either when somebody types into the cell.
        self._text = self._book.add_format({"quote_prefix": True})
        self._line, self._left = layout.origin
        # merge_range would begin the second line of a heading before the first is done, which a stream cannot.
        self._sheet.merge.extend([self._line + r, self._left + c, self._line + r2, self._left + c2]
                                 for r, c, r2, c2 in layout.merged)  # fmt: skip
        self.write([*layout.top[:-1], [*layout.top[-1], *added]])

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            if self._line == LINES:
                why = f"More than {LINES:,} lines do not fit on a sheet: name a .csv file with --rejects and go on."
                raise NotPossible("too-many-rejects", why)
            for place, value in enumerate(row, start=self._left):
                self._put(place, value)
            self._line += 1

    def close(self) -> None:
        self._book.close()
        self._file.close()

    def _put(self, place: int, value: Any) -> None:
        """Write a cell; what a workbook has no kind for is written as words."""
        if isinstance(value, bool):
            self._sheet.write_boolean(self._line, place, value)
        elif isinstance(value, int | float) and abs(value) < EXACT:
            self._sheet.write_number(self._line, place, value)
        elif (layout := self._formats.get(type(value))) and _is_in_calendar(value):
            self._sheet.write_datetime(self._line, place, value, layout)
        elif value is not None and value != "":
            words = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:CELL]
            self._sheet.write_string(self._line, place, words, self._text if words[0] in "=+-@＝＋－＠" else None)


def _is_in_calendar(value: date | time | timedelta) -> bool:
    if isinstance(value, datetime) and value.tzinfo:
        return False
    return not isinstance(value, date) or value.year >= 1900
