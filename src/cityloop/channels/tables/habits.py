"""What people write into tables for human readers: totals between the rows, and "the same as above".

Merged cells, which only workbooks have, are in tables/layout.py.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from cityloop.channels.tables.rows import TableRow
from cityloop.core.errors import Fault

SUM = r"(?:合计|小计|总计|共计|累计|汇总|总数|总和|总共|总量|合共|合計|小計|總計|共計|累計|(?:sub|grand)?total)"
JOINT = r"(?:[(（][^()（）\d]{1,6}[)）])?(?:数量?|为|有|是|[:：=])*"
NUMERAL = r"[+-]?(?:\d[\d.,，]*|[零〇一二两三四五六七八九十百千万]+)"
# 17盏, 1家, 25.5平方米, 17/20, 85%, (17), 17件(含补报3件), and a dash
AMOUNT_SHAPE = (
    rf"(?:[(（\[【]?[约共]?{NUMERAL}(?:[/／]{NUMERAL})?[%％‰]?"
    r"(?:[^\W\d_]{0,3}|[a-z]{0,12}|[^\W\d_]记录)[²³]?[)）\]】]?(?:[(（][^()（）]{1,20}[)）])?|[-—–－/／*×]+)"
)
TOTAL = re.compile(
    rf"(?P<words>[^\d,，。；;]{{0,20}}?){SUM}{JOINT}(?:{AMOUNT_SHAPE})?|共[计有]?{AMOUNT_SHAPE}", re.IGNORECASE
)
AMOUNT = re.compile(AMOUNT_SHAPE, re.IGNORECASE)
LONGEST = 40  # characters of a cell that says that its row is a total
LOOKED_AT = 3  # cells of a row that may say so
DITTO = {"同上", "同前", "〃", "″", "”", '"', "''"}


def without_totals(rows: Iterable[TableRow], totals: list[int]) -> Iterator[TableRow]:
    """Yield the rows except totals, whose line numbers are added to `totals`; what may be one gets a fault."""
    for row in rows:
        is_one = False if row.fault else is_total(row.cells)
        if is_one:
            totals.append(row.line or row.number)
        elif is_one is None:
            yield replace(row, fault=Fault("row", "row-maybe-total"))
        else:
            yield row


def is_total(cells: Sequence[Any]) -> bool | None:
    """Return whether a row is a total: a word for that among its first cells, and only amounts in the others.

    None where it begins with such a word and goes on with something else.
    """
    texts = [text for cell in cells if (text := _squeezed(cell))]
    place = next((place for place, text in enumerate(texts[:LOOKED_AT]) if _says_total(text)), None)
    if place is None:
        return False
    if all(AMOUNT.fullmatch(text) for text in texts[:place] + texts[place + 1 :]):
        return True
    found = TOTAL.fullmatch(texts[0])
    return None if found and found["words"] is not None and len(found["words"]) < 5 else False


def _says_total(text: str) -> bool:
    return len(text) <= LONGEST and TOTAL.fullmatch(text) is not None


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
    return "" if cell is None else "".join(str(cell).split())
