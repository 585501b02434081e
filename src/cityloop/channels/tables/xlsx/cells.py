"""Reads the cells of an XLSX line by line as a stream: values as a spreadsheet shows them, never formulas.

tables/layout.py finds out which lines are titles, heading or rows.
"""

import re
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Self
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from cityloop.channels.tables.xlsx.parts import (
    DAY,
    HOUR,
    PIECE,
    SPAN,
    Attributes,
    Contents,
    Damaged,
    SheetPart,
    contents,
    fed,
    opened,
    parser,
    plain,
    texts,
    unescaped,
)
from cityloop.channels.tables.xlsx.strings import SharedTexts

LINES, COLUMNS = 1_048_576, 16_384  # the limits of a sheet
LAST_DAY = 2_958_466  # the day after 9999-12-31
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
LONGEST = 1 << 24  # bytes of one element

Line = tuple[int, list[Any]]  # number of the line from 0, its cells from the first column


class XlsxBook:
    """An open XLSX: its sheets and their cells."""

    def __init__(self, path: Path) -> None:
        with ExitStack() as parts:
            self._archive = parts.enter_context(ZipFile(path))
            self._contents = contents(self._archive)
            shared = texts(self._archive, self._contents.texts) if self._contents.texts else ()
            self._texts = parts.enter_context(SharedTexts(shared))
            self._parts = parts.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and remove the temporary files."""
        self._parts.close()

    @property
    def sheets(self) -> tuple[SheetPart, ...]:
        """The sheets in their order."""
        return self._contents.sheets

    @property
    def first_day(self) -> datetime:
        """Day 0 of its calendar."""
        return self._contents.first_day

    def lines(self, sheet: SheetPart, width: int) -> "Lines":
        """Return the non-empty lines of a sheet; cells to the right of the first `width` columns are skipped."""
        return Lines(opened(self._archive, sheet.path), self._contents, self._texts, width)

    def survey(self, sheet: SheetPart) -> tuple[int, NDArray[np.int32]]:
        """Return how many lines a sheet has, and its merged ranges by line: line, column, last line, last column.

        In the file the ranges come after the cells, but they are needed before them.
        """
        count, found, rest = 0, array("i"), b""
        with opened(self._archive, sheet.path) as file:
            while piece := file.read(PIECE):
                text = rest + piece
                whole = max(text.rfind(b"<"), 0)  # the last element may be cut in two
                count += len(ROW.findall(text, 0, whole))
                for left, top, right, bottom in MERGED.findall(text, 0, whole):
                    found.extend((int(top) - 1, column_of(left.decode()), int(bottom) - 1, column_of(right.decode())))
                if len(rest := text[whole:]) > LONGEST:
                    raise Damaged("its XML has an element without an end")
        ranges = np.frombuffer(found, dtype=np.int32).reshape(-1, 4) if found else np.empty((0, 4), np.int32)
        return count, ranges[np.lexsort((ranges[:, 1], ranges[:, 0]))]


class Lines:
    """The non-empty lines of a sheet, in their order, which can be read once."""

    def __init__(self, file: IO[bytes], book: Contents, shared: SharedTexts, width: int) -> None:
        self.width = width  # may be made smaller while reading
        self._file, self._book, self._shared = file, book, shared
        self._ready: list[Line] = []
        self._line, self._cells, self._is_done = -1, [], False  # type: tuple[int, list[Any], bool]
        self._place, self._kind, self._style = -1, "n", 0
        self._texts: list[str] = []
        self._is_value = self._is_phonetic = False

    def __iter__(self) -> Iterator[Line]:
        reader = parser()
        reader.StartElementHandler = self._start
        reader.EndElementHandler = self._end
        reader.CharacterDataHandler = self._add_text
        with self._file:
            yield from fed(reader, self._file, self._ready, lambda: self._is_done)

    def _start(self, name: str, attributes: Attributes) -> None:
        name = plain(name)
        if name == "c":
            ref = attributes.get("r")
            self._place = column_of(ref.rstrip("0123456789")) if ref else self._place + 1
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
            self._texts.clear()
        elif name in {"v", "t"}:
            self._is_value = not self._is_phonetic
        elif name == "rPh":
            self._is_phonetic = True
        elif name == "row":
            line = int(attributes["r"]) - 1 if "r" in attributes else self._line + 1
            if not self._line < line < LINES:
                raise Damaged(f"its line {line + 1} is below line {self._line + 1}")
            self._line, self._cells, self._place = line, [], -1

    def _add_text(self, text: str) -> None:
        if self._is_value:
            self._texts.append(text)

    def _end(self, name: str) -> None:
        name = plain(name)
        if name == "c":
            if self._texts and self._place < self.width:
                self._put(self._value("".join(self._texts)))
        elif name in {"v", "t"}:
            self._is_value = False
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "row":
            if self._cells:
                self._ready.append((self._line, self._cells))
        elif name == "sheetData":
            self._is_done = True

    def _put(self, value: Any) -> None:
        cells = self._cells
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        cells.extend([""] * (self._place + 1 - len(cells)))
        cells[self._place] = value

    def _value(self, text: str) -> Any:
        match self._kind:
            case "s":
                return self._text(text)
            case "n":
                return self._number(text)
            case "b":
                return text.strip() in ("1", "true")
            case "e":  # such as #N/A
                return None
            case "d":
                return _iso(text)
        return unescaped(text)

    def _text(self, number: str) -> str:
        try:
            return self._shared[int(number)]
        except (IndexError, ValueError):
            raise Damaged(f"a cell in line {self._line + 1} refers to text {number}, which does not exist") from None

    def _number(self, text: str) -> Any:
        kinds = self._book.kinds
        kind = kinds[self._style] if self._style < len(kinds) else None
        try:
            if kind is None:
                return int(text) if text.isdigit() and len(text) < 16 else float(text)
            return dated(float(text), kind, self._book.first_day)
        except ValueError:
            return text


def dated(number: float, kind: str, first: datetime) -> Any:
    """Return a number with a date format as a date or time; one outside the calendar stays a number."""
    if not 0 <= number < LAST_DAY:
        return number
    # A spreadsheet's calendar of 1900 has a 29 February, which that year did not have.
    days = number + 1 if first.year == 1899 and number < 60 else number
    if kind == SPAN:
        return timedelta(milliseconds=round(number * 86_400_000))
    moment = first + timedelta(milliseconds=round(days * 86_400_000))
    if kind == HOUR and number < 1:
        return moment.time()
    return moment.date() if kind == DAY and moment.time() == time() else moment


@lru_cache(COLUMNS)
def column_of(letters: str) -> int:
    """Return the number of a column from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _iso(text: str) -> date | str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.date() if len(text) == 10 else moment
