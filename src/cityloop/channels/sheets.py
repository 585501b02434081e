"""Tables in files, row by row: CSV as offices and spreadsheets write it, and Parquet.

What the cells mean is not known here. A file is read as a stream: memory does not grow with its length.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cityloop.core.errors import Fault, Invalid, NotPossible

DELIMITERS = (",", ";", "\t")
PIECE = 1 << 20  # bytes
PARQUET, ZIP = b"PAR1", b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number (the first below the heading is 1), its line in a CSV, its cells, what is wrong with it."""

    number: int
    line: int | None
    cells: tuple[Any, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table in a file: its columns, how many rows it has (about, for a CSV), and the rows once."""

    columns: tuple[str, ...]
    length: int
    rows: Iterator[Row]


def open_sheet(path: Path) -> Sheet:
    """Return the table in a CSV or Parquet file; raise Invalid where the file holds none."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == PARQUET:
        return _parquet(path)
    if start == ZIP:
        raise Invalid([Fault(path.name, "is a workbook or an archive; save the sheet as CSV UTF-8 and import that")])
    return _csv(path)


def _csv(path: Path) -> Sheet:
    encoding, lines = _survey(path)
    # An undecodable byte becomes a lone surrogate: only its own row is refused, and it can be written back as it was.
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        heading = file.readline(PIECE)
    delimiter = max(DELIMITERS, key=lambda sign: len(next(csv.reader([heading], delimiter=sign), [])))
    rows = _csv_rows(path, encoding, delimiter)
    columns = next(rows, None)
    if columns is None or not any(name.strip() for name in columns.cells):
        raise Invalid([Fault(path.name, "is empty: its first line must name the columns")])
    names = tuple(name.strip() for name in columns.cells)
    return Sheet(names, max(lines - 1, 0), _checked(rows, len(names)))


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    """Yield the heading as row 0 and then every row; a line without anything in it is none."""
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error:
                yield Row(number, line, (), "cannot be read: a quotation mark that opens here is never closed")
                number += 1
                continue
            if cells is None:
                return
            if cells:
                yield Row(number, line, tuple(cells))
                number += 1


def _checked(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """Yield the rows, those marked as faulty whose cells have been shifted."""
    for row in rows:
        if row.fault is None and len(row.cells) != width:
            why = f"has {len(row.cells)} cells where the heading has {width}: a delimiter is missing or one too many"
            yield Row(row.number, row.line, row.cells, why)
        else:
            yield row


def _survey(path: Path) -> tuple[str, int]:
    """Return the encoding of a text file and the number of its lines."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, lines = "", 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            lines += piece.count(b"\n")
            try:
                encoding or decoder.decode(piece)
            except UnicodeDecodeError:
                encoding = _likelier(piece)
    return encoding or "utf-8-sig", lines


def _likelier(piece: bytes) -> str:
    """Return the encoding of a piece that is not quite UTF-8: damaged UTF-8 has more whole signs than bad bytes."""
    words = piece.decode("utf-8", "surrogateescape")
    broken = len(re.findall("[\udc80-\udcff]", words))
    whole = len(re.findall("[\u0080-\ud7ff\ue000-\U0010ffff]", words))
    return "utf-8-sig" if whole > broken else "gb18030"


def _parquet(path: Path) -> Sheet:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as wrong:
        raise Invalid([Fault(path.name, f"is not a Parquet file that can be read: {wrong}")]) from wrong
    return Sheet(tuple(file.schema_arrow.names), file.metadata.num_rows, _parquet_rows(path, file))


def _parquet_rows(path: Path, file: pq.ParquetFile) -> Iterator[Row]:
    number = 1
    try:
        for batch in file.iter_batches(batch_size=1000):
            for cells in zip(*(_cells(column) for column in batch.columns), strict=True):
                yield Row(number, None, cells)
                number += 1
    except (pa.ArrowException, OSError) as wrong:
        why = f"{path.name} is damaged after row {number - 1}: {wrong}. The rows before it were handed in."
        raise NotPossible("damaged-file", why) from wrong
    finally:
        file.close()


def _cells(column: pa.Array) -> list[Any]:
    """Return the values of a column; what Python has no value for (nanoseconds, far years) as its words."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError, ImportError):
        return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
