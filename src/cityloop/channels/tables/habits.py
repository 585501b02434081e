"""What people write into tables for other people's eyes: totals between the rows, and "the same as above".

Merged cells are a matter of workbooks and are not known here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from cityloop.channels.tables.rows import TableRow

TOTAL = re.compile(r"(\S{0,20}(合计|小计|总计|共计)|(sub|grand)?total)[:：]?", re.IGNORECASE)
AMOUNT = re.compile(r"[+-]?[\d.,，]+\s*[%％件条个起宗处元]?")
DITTO = {"同上", "同前", "〃", "″", "”", '"', "''"}
NOTHING_ABOVE = "says the same as above, but the row above it cannot be read"


def without_totals(rows: Iterable[TableRow], totals: list[int]) -> Iterator[TableRow]:
    """Yield the rows that report something; add the lines of those that only add up others to `totals`."""
    for row in rows:
        if row.fault is None and is_total(row.cells):
            totals.append(row.line or row.number)
        else:
            yield row


def is_total(cells: Sequence[Any]) -> bool:
    """Tell whether a row only adds up others: it begins with a word for that, and then there are amounts only."""
    said = (words for cell in cells if (words := _squeezed(cell)))
    return TOTAL.fullmatch(next(said, "")) is not None and all(AMOUNT.fullmatch(other) for other in said)


def written_out(rows: Iterable[TableRow]) -> Iterator[TableRow]:
    """Yield the rows, every "同上" replaced by what it stands for."""
    above: tuple[Any, ...] | None = None
    for row in rows:
        whole = row if row.fault else _written_out(row, above)
        # Behind a row that cannot be read nobody knows what "above" was.
        above = None if whole.fault else whole.cells
        yield whole


def _written_out(row: TableRow, above: tuple[Any, ...] | None) -> TableRow:
    places = [place for place, cell in enumerate(row.cells) if isinstance(cell, str) and _is_ditto(cell)]
    if not places:
        return row
    if above is None:
        return replace(row, fault=NOTHING_ABOVE)
    cells = list(row.cells)
    for place in places:
        cells[place] = above[place]
    return replace(row, cells=tuple(cells))


def _is_ditto(cell: str) -> bool:
    return len(cell) < 20 and _squeezed(cell) in DITTO  # most cells are longer, and there are millions


def _squeezed(cell: Any) -> str:
    return "" if cell is None else re.sub(r"\s", "", str(cell))
