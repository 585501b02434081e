"""A sheet of a workbook: texts that never become formulas, heads, column widths, A4 landscape."""

from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from cityloop.channels.tables.rejects.files import FORMULA

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | int | float

NARROW, WIDE = 8, 60  # widths in characters
CELL = 32_767  # characters that a cell can have


class SheetPaper:
    """A sheet that is written from top to bottom and keeps how wide its columns have to be."""

    def __init__(self, book: Any, sheet: "Worksheet") -> None:
        self._book, self.sheet, self._formats, self.widths = (
            book,
            sheet,
            dict[tuple[Any, ...], "Format"](),
            dict[int, int](),
        )
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer("&C&P / &N")

    def style(self, **properties: Any) -> "Format":
        known = tuple(properties.items())
        if known not in self._formats:
            self._formats[known] = self._book.add_format({"font_size": 10, "valign": "vcenter", **properties})
        return self._formats[known]

    def put(self, row: int, column: int, value: Cell, *, fits: bool = True, **properties: Any) -> None:
        """Write a number as a number, anything else as text that never becomes a formula."""
        if isinstance(value, str):
            text = value[:CELL]
            quoted = {"quote_prefix": True} if text.startswith(FORMULA) else {}
            self.sheet.write_string(row, column, text, self.style(**properties, **quoted))
        else:
            self.sheet.write_number(row, column, value, self.style(**properties))
        if fits:
            width = sum(2 if east_asian_width(character) in "WFA" else 1 for character in str(value)) + 2
            self.widths[column] = min(max(self.widths.get(column, NARROW), width), WIDE)

    def head(self, first: int, last: int, left: int, right: int, text: str) -> None:
        """Write a head over several cells."""
        style = self.style(bold=True, text_wrap=True, align="center", border=1, bg_color="#E9EEF4")
        if (first, left) == (last, right):
            self.sheet.write_string(first, left, text, style)
        else:
            self.sheet.merge_range(first, left, last, right, "", style)
            self.sheet.write_string(first, left, text, style)

    def fit(self) -> None:
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, width)
