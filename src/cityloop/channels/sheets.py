"""Tables in files, row by row: CSV as offices and spreadsheets write it, Parquet, and by way of workbooks.py the rest.

What the cells mean is not known here. CSV and Parquet are read as a stream: memory does not grow with their length.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cityloop.channels.habits import without_totals, written_out
from cityloop.channels.rows import Row, Sheet, Wanted
from cityloop.core.errors import Fault, Invalid, NotPossible

DELIMITERS = (",", ";", "\t")
PIECE = 1 << 20  # bytes
PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX and ODS are archives, XLS is not


def open_sheet(path: Path, wanted: Wanted | None = None) -> Sheet:
    """Return the table in a CSV, a Parquet file or a workbook; raise Invalid where the file holds none."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == PARQUET:
        return _parquet(path)
    if start in WORKBOOKS:
        from cityloop.channels.workbooks import open_workbook

        return open_workbook(path, wanted or Wanted())
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
    totals: list[int] = []
    whole = written_out(without_totals(_checked(rows, len(names)), totals))
    return Sheet(names, max(lines - 1, 0), whole, totals)


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
            yield replace(row, fault=why)
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
