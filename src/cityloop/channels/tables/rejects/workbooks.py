"""Writes rejected rows to a workbook with the layout of their own: its titles and heading, then rows and reasons.

The wrong cells are filled and have the reason as a note. Nothing is ever written as a formula or a link. Rows are
written to the disk one by one: memory does not grow with their number.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any

import xlsxwriter

from cityloop.channels.tables.rows import Marked, Sheet, SheetLayout
from cityloop.core.errors import NotPossible

LINES, CELL = 1_048_576, 32_767  # the limits of a workbook: lines of a sheet, characters of a cell
EXACT = 10**15  # a longer number would lose digits
NOTES = 5_000  # notes are kept in memory and slow a spreadsheet down; the reasons are in a column, too
REFUSED_COLOUR = "#F8D7DA"  # the fill of a cell that is wrong
NOTE = {"author": "CityLoop", "x_scale": 2.0, "font_size": 9}
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm:ss", timedelta: "[h]:mm:ss"}
FORMULA_CHARACTERS = "=+-@＝＋－＠"  # a spreadsheet takes them for the beginning of a formula
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


class WorkbookPaper:
    """A workbook with one sheet; it is complete when it is closed."""

    def __init__(self, file: IO[bytes], sheet: Sheet, added: Sequence[str]) -> None:
        self._file = file
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "date_1904": sheet.first_day.year == 1904})
        layout = sheet.layout or SheetLayout("Sheet1", (0, 0), (sheet.columns,), ())
        self._sheet = self._book.add_worksheet(FORBIDDEN.sub(" ", layout.name)[:31])
        self._styles: dict[tuple[Any, bool], Any] = {}
        self._notes = 0
        self._line, self._left = layout.origin
        # merge_range would begin the second line of a heading before the first is written, which a stream cannot.
        self._sheet.merge.extend([self._line + r, self._left + c, self._line + r2, self._left + c2]
                                 for r, c, r2, c2 in layout.merged)  # fmt: skip
        *above, lowest = layout.top
        for cells in [*above, [*lowest, *added]]:
            self._write(cells, {})

    def write(self, lines: Iterable[Marked]) -> None:
        for line in lines:
            self._write(line.cells, line.marks)

    def close(self) -> None:
        self._book.close()
        self._file.close()

    def _write(self, cells: Sequence[Any], marks: Mapping[int, str]) -> None:
        if self._line == LINES:
            raise NotPossible("too-many-rejects", {"most": f"{LINES:,}"})
        for place, value in enumerate(cells):
            self._put(self._left + place, value, is_refused=place in marks)
        for place, reason in marks.items() if self._notes < NOTES else ():
            self._sheet.write_comment(self._line, self._left + place, reason[:CELL], NOTE)
            self._notes += 1
        self._line += 1

    def _put(self, place: int, value: Any, *, is_refused: bool) -> None:
        """Write a cell; a value of a type that workbooks do not have is written as text."""
        plain = self._style({}, is_refused=is_refused)
        if isinstance(value, bool):
            self._sheet.write_boolean(self._line, place, value, plain)
        elif isinstance(value, int | float) and abs(value) < EXACT:
            self._sheet.write_number(self._line, place, value, plain)
        elif (form := FORMATS.get(type(value))) and _is_in_calendar(value):
            self._sheet.write_datetime(
                self._line, place, value, self._style({"num_format": form}, is_refused=is_refused)
            )
        elif value is None or value == "":
            self._sheet.write_blank(self._line, place, None, plain)
        else:
            text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:CELL]
            # Marked as text, so that it does not become a formula when somebody edits the cell.
            style = (
                self._style({"quote_prefix": True}, is_refused=is_refused) if text[0] in FORMULA_CHARACTERS else plain
            )
            self._sheet.write_string(self._line, place, text, style)

    def _style(self, options: Mapping[str, Any], *, is_refused: bool) -> Any:
        """Return a format, created the first time; None for one without options."""
        key = (tuple(options.items()), is_refused)
        if key not in self._styles:
            filled = {**options, **({"bg_color": REFUSED_COLOUR} if is_refused else {})}
            self._styles[key] = self._book.add_format(filled) if filled else None
        return self._styles[key]


def _is_in_calendar(value: date | time | timedelta) -> bool:
    if isinstance(value, datetime) and value.tzinfo:
        return False
    return not isinstance(value, date) or value.year >= 1904
