"""Reads tables in Parquet files row by row as a stream. tables/columns.py knows what the cells mean."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.core.errors import Fault, Invalid, NotPossible


def open_parquet(path: Path) -> Sheet:
    """Return the table in a Parquet file; raise Invalid where it cannot be read."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise Invalid([Fault(path.name, "table-not-parquet", {"error": str(error)})]) from error
    return Sheet(tuple(file.schema_arrow.names), file.metadata.num_rows, _rows(path, file))


def _rows(path: Path, file: pq.ParquetFile) -> Iterator[TableRow]:
    number = 1
    try:
        for batch in file.iter_batches(batch_size=1000):
            for cells in zip(*(_cells(column) for column in batch.columns), strict=True):
                yield TableRow(number, None, cells)
                number += 1
    except (pa.ArrowException, OSError) as error:
        details = {"file": path.name, "place": f"row {number - 1}", "error": str(error)}
        raise NotPossible("damaged-file", details) from error
    finally:
        file.close()


def _cells(column: pa.Array) -> list[Any]:
    """Return the values of a column; one that Python cannot represent (nanoseconds, far years) as text."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError, ImportError):
        return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
