"""Reads tables in workbooks (XLSX, XLS, ODS) as offices keep them: chooses the sheet, refuses what cannot be read.

The values of formulas are read, never the formulas. An XLSX is read as a stream; any other workbook is kept in memory,
so large ones are refused. tables/columns.py knows what the cells mean.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

import numpy as np
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from cityloop.channels.tables.layout import ACROSS, Line, is_blank, table_of
from cityloop.channels.tables.rows import Sheet, WantedTable
from cityloop.channels.tables.xlsx.binary import first_day_of_xls, first_day_of_xlsb
from cityloop.channels.tables.xlsx.cells import Lines, XlsxBook
from cityloop.channels.tables.xlsx.parts import Damaged, SheetPart
from cityloop.core.errors import Fault, Invalid, NotPossible

ARCHIVE = b"PK\x03\x04"
# Unpacked bytes of a workbook that is kept in memory while it is read: either becomes about 230 MiB.
HELD_BINARY, HELD_XML = 40 << 20, 200 << 20
PROTECTED = "EncryptedPackage".encode("utf-16-le")  # an XLSX with a password is in a container of the old kind
BROKEN = (
    ExpatError,
    BadZipFile,
    Damaged,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ValueError,
    struct.error,
    zlib.error,
)


def open_workbook(path: Path, wanted: WantedTable) -> Sheet:
    """Return the table on the sheet that is wanted, or else on the first that is visible and not empty."""
    try:
        is_streamed = _is_xlsx(path)
        return _streamed(path, wanted) if is_streamed else _held(path, wanted)
    except PasswordError as error:
        raise _protected(path) from error
    except CalamineError as error:
        if "Cell limit" in str(error):
            raise Invalid([Fault(path.name, "workbook-far-cell")]) from error
        raise _unreadable(path, error) from error
    except BROKEN as error:
        raise _unreadable(path, error) from error


def _is_xlsx(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(4) != ARCHIVE:
            with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
                if content.find(PROTECTED) >= 0:
                    raise _protected(path)
            return False
    with ZipFile(path) as archive:
        if any(part.flag_bits & 1 for part in archive.infolist()):
            raise _protected(path)
        names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    return "[content_types].xml" in names and not any(name.endswith("/workbook.bin") for name in names)


def _streamed(path: Path, wanted: WantedTable) -> Sheet:
    book = XlsxBook(path)
    try:
        part, lines, first = _chosen(book, path, wanted.sheet)
        length, merged = book.survey(part)

        def narrow(width: int) -> None:
            lines.width = width

        sheet = table_of(path, part.name, _read_on(path, book, first), merged, length, wanted, narrow)
        return replace(sheet, first_day=book.first_day)
    except NotPossible as error:  # damaged before the first row
        book.close()
        raise _unreadable(path, error.__cause__ or error) from error
    except BaseException:
        book.close()
        raise


def _chosen(book: XlsxBook, path: Path, name: str | None) -> tuple[SheetPart, Lines, Iterator[Line]]:
    """Return the sheet that is wanted, its reader, and its lines from the first that is not empty."""
    parts = [part for part in book.sheets if (part.is_shown if name is None else part.name == name)]
    if name is not None and not parts:
        raise _no_sheet(path, name, [part.name for part in book.sheets])
    for part in parts:
        reading = book.lines(part, ACROSS)
        lines = iter(reading)
        if (first := next(lines, None)) is not None:
            return part, reading, chain([first], lines)
    raise _empty(path, name)


def _read_on(path: Path, book: XlsxBook, lines: Iterator[Line]) -> Iterator[Line]:
    """Yield lines; raise NotPossible with the last line read where the file turns out to be damaged."""
    last = 0
    with book:
        try:
            for line in lines:
                last = line[0] + 1
                yield line
        except BROKEN as error:
            details = {"file": path.name, "place": f"line {last}", "error": str(error)}
            raise NotPossible("damaged-file", details) from error


def _held(path: Path, wanted: WantedTable) -> Sheet:
    _check_size(path)
    with CalamineWorkbook.from_path(path) as book:
        sheet = _chosen_held(book, path, wanted.sheet)
        top, left = sheet.start or (0, 0)
        # iter_rows leaves out the empty columns on the left, but not the empty lines above.
        grid = enumerate(islice(sheet.iter_rows(), top, None), start=top)
        lines = ((line, [""] * left + list(cells)) for line, cells in grid if not is_blank(cells))
        merged = sorted((*first, *last) for first, last in sheet.merged_cell_ranges or ())
        ranges = np.array(merged, dtype=np.int32).reshape(-1, 4)
        found = table_of(path, sheet.name, lines, ranges, top + sheet.height, wanted)
        return replace(found, first_day=_first_day(path))


def _first_day(path: Path) -> datetime:
    """Return day 0 of the calendar of a workbook that is kept in memory; in an ODS, days are not numbers."""
    if not _is_archive(path):
        return first_day_of_xls(path)
    with ZipFile(path) as archive:
        return first_day_of_xlsb(archive)


def _check_size(path: Path) -> None:
    """Raise Invalid for a workbook that would take too much memory."""
    parts = {path.name: path.stat().st_size}
    if _is_archive(path):
        with ZipFile(path) as archive:
            parts = {part.filename: part.file_size for part in archive.infolist()}
    most = HELD_XML if "content.xml" in parts else HELD_BINARY
    if sum(parts.values()) > most:
        raise Invalid([Fault(path.name, "workbook-too-large", {"most": most >> 20})])


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == ARCHIVE


def _chosen_held(book: CalamineWorkbook, path: Path, name: str | None) -> CalamineSheet:
    if name is not None and name not in book.sheet_names:
        raise _no_sheet(path, name, book.sheet_names)
    shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
    for candidate in [name] if name is not None else shown:
        sheet = book.get_sheet_by_name(candidate)
        if sheet.start is not None:
            return sheet
    raise _empty(path, name)


def _protected(path: Path) -> Invalid:
    return Invalid([Fault(path.name, "workbook-password")])


def _unreadable(path: Path, error: BaseException) -> Invalid:
    return Invalid([Fault(path.name, "workbook-unreadable", {"error": str(error)})])


def _no_sheet(path: Path, name: str, names: Sequence[str]) -> Invalid:
    return Invalid([Fault(path.name, "workbook-no-sheet", {"name": name, "names": ", ".join(names)})])


def _empty(path: Path, name: str | None) -> Invalid:
    fault = Fault(path.name, "workbook-sheet-empty", {"name": name}) if name else Fault(path.name, "workbook-empty")
    return Invalid([fault])
