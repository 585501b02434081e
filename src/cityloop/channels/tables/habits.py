"""What people write into tables for human readers: totals between the rows, and "the same as above".

Merged cells, which only workbooks have, are in tables/layout.py.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from cityloop.channels.tables.rows import TableRow
from cityloop.core.errors import Fault

TOTAL = re.compile(r"(\S{0,20}(合计|小计|总计|共计)|(sub|grand)?total)[:：]?", re.IGNORECASE)
AMOUNT = re.compile(r"[+-]?[\d.,，]+\s*[%％件条个起宗处元]?")
DITTO = {"同上", "同前", "〃", "″", "”", '"', "''"}


def without_totals(rows: Iterable[TableRow], totals: list[int]) -> Iterator[TableRow]:
    """Yield the rows except totals, whose line numbers are added to `totals`."""
    for row in rows:
        if row.fault is None and is_total(row.cells):
            totals.append(row.line or row.number)
        else:
            yield row


def is_total(cells: Sequence[Any]) -> bool:
    """Return whether a row is a total: it begins with a word for that, followed only by amounts."""
    texts = (text for cell in cells if (text := _squeezed(cell)))
    return TOTAL.fullmatch(next(texts, "")) is not None and all(AMOUNT.fullmatch(other) for other in texts)


def written_out(rows: Iterable[TableRow]) -> Iterator[TableRow]:
    """Yield the rows with every "同上" replaced by the value that it means."""
    above: tuple[Any, ...] | None = None
    for row in rows:
        whole = row if row.fault else _written_out(row, above)
        # After a row that cannot be read, "above" is unknown.
        above = None if whole.fault else whole.cells
        yield whole


def _written_out(row: TableRow, above: tuple[Any, ...] | None) -> TableRow:
    places = [place for place, cell in enumerate(row.cells) if isinstance(cell, str) and _is_ditto(cell)]
    if not places:
        return row
    if above is None:
        return replace(row, fault=Fault("row", "row-nothing-above"))
    cells = list(row.cells)
    for place in places:
        cells[place] = above[place]
    return replace(row, cells=tuple(cells))


def _is_ditto(cell: str) -> bool:
    return len(cell) < 20 and _squeezed(cell) in DITTO  # most cells are longer, and there are millions


def _squeezed(cell: Any) -> str:
    return "" if cell is None else re.sub(r"\s", "", str(cell))
