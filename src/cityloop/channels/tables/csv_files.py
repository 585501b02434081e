"""Reads CSV as offices and spreadsheets write it: finds encoding, delimiter and heading, and streams the rows.

tables/columns.py knows what the cells mean.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import IO

from cityloop.channels.tables.habits import without_totals, written_out
from cityloop.channels.tables.headings import LOOKED_AT, heading_of, likeliest, names_of
from cityloop.channels.tables.rows import Sheet, TableRow, WantedTable
from cityloop.core.errors import Fault, Invalid

DELIMITERS = (",", ";", "\t")
PIECE = 1 << 20  # bytes
COLUMNS = 16_384  # the limit of a sheet
WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # with a byte-order mark, as "Unicode text" is saved
LOOKED_INTO = 4_096  # bytes that are searched for the zeros of UTF-16 without a mark

Grid = Sequence[Sequence[str]]


def open_csv(path: Path, wanted: WantedTable) -> Sheet:
    """Return the table in a CSV; raise Invalid where it names no columns."""
    encoding, lines = _survey(path)
    delimiter = _delimiter(path, encoding, wanted)
    records = _records(path, encoding, delimiter)
    head = list(islice(records, LOOKED_AT))
    _check_width(path, head)
    heading = _heading(path, head, wanted)
    width = max(len(head[place].cells) for place in heading)
    names = names_of([cells[:width] for cells in _squared(head)], (), heading)
    totals: list[int] = []
    rows = (replace(row, number=row.number - heading.stop + 1) for row in chain(head[heading.stop :], records))
    whole = written_out(without_totals(_checked(rows, width), totals))
    return Sheet(names, max(lines - heading.stop, 0), whole, totals)


def _check_width(path: Path, head: Sequence[TableRow]) -> None:
    """Raise Invalid for a line with more cells than a sheet has columns: hardly a table, and slow to compare."""
    for row in head:
        if len(row.cells) > COLUMNS:
            values = {"line": row.line or 1, "count": len(row.cells), "most": COLUMNS}
            raise Invalid([Fault(path.name, "table-too-wide", values)])


def _heading(path: Path, head: Sequence[TableRow], wanted: WantedTable) -> range:
    """Return which of the first records are the heading: found as in a workbook, or else the first one."""
    if not head or not any(cell.strip() for cell in head[0].cells):
        raise Invalid([Fault(path.name, "table-empty")])
    if wanted.heading:
        given = [
            place for place, row in enumerate(head) if min(wanted.heading) <= (row.line or 0) <= max(wanted.heading)
        ]
        if not given:
            raise Invalid([Fault(path.name, "table-no-heading-in-line", {"line": wanted.heading[0]})])
        return range(given[0], given[-1] + 1)
    if not wanted.columns:
        return range(1)
    grid = _squared(head)
    return heading_of(grid, (), wanted) or likeliest(grid, ()) or range(1)


def _squared(head: Sequence[TableRow]) -> Grid:
    width = max(len(row.cells) for row in head)
    return [(*row.cells, *[""] * (width - len(row.cells))) for row in head]


def _delimiter(path: Path, encoding: str, wanted: WantedTable) -> str:
    """Return the delimiter that gives most of the columns wanted, else most cells in the first line, else in any."""

    def found(delimiter: str) -> tuple[int, int, int]:
        head = [row.cells for row in islice(_records(path, encoding, delimiter), LOOKED_AT)]
        hits = max((len(wanted.columns & {cell.strip() for cell in cells}) for cells in head), default=0)
        return hits, len(head[0]) if head else 0, max(map(len, head), default=0)

    return max(DELIMITERS, key=found)


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[TableRow]:
    """Yield every record, numbered from 0; an empty line is not a record."""
    with _opened(path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error:
                yield TableRow(number, line, (), Fault("row", "row-open-quotation"))
                number += 1
                continue
            if cells is None:
                return
            if any(cell and not cell.isspace() for cell in cells):
                yield TableRow(number, line, tuple(cells))
                number += 1


def _opened(path: Path, encoding: str) -> IO[str]:
    # An undecodable byte becomes a lone surrogate: only its own row is refused, and it can be written back unchanged.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    return path.open(encoding=encoding, errors=errors, newline="")


def _checked(rows: Iterator[TableRow], width: int) -> Iterator[TableRow]:
    """Yield the rows; one whose cells are shifted gets a fault."""
    for row in rows:
        if row.fault is None and len(row.cells) != width:
            counts = {"cells": len(row.cells), "columns": width}
            yield replace(row, fault=Fault("row", "row-cell-count", counts))
        else:
            yield row


def _survey(path: Path) -> tuple[str, int]:
    """Return the encoding of a text file and the number of its lines (about)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        encoding, lines = _wide(file.read(LOOKED_INTO)), 0
        file.seek(0)
        while piece := file.read(PIECE):
            lines += piece.count(b"\n")
            try:
                encoding or decoder.decode(piece)
            except UnicodeDecodeError:
                encoding = _likelier(piece)
    return encoding or "utf-8-sig", lines


def _wide(start: bytes) -> str:
    """Return the UTF-16 that a text is in, or nothing: only there zeros are next to delimiters and line ends."""
    if b"\0" not in start or start[:2] in WIDE:
        return WIDE.get(start[:2], "")
    return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"


def _likelier(piece: bytes) -> str:
    """Return the encoding of a piece that is not quite UTF-8: damaged UTF-8 has more characters than bad bytes."""
    text = piece.decode("utf-8", "surrogateescape")
    broken = len(re.findall("[\udc80-\udcff]", text))
    whole = len(re.findall("[\u0080-\ud7ff\ue000-\U0010ffff]", text))
    return "utf-8-sig" if whole > broken else "gb18030"
