"""The calendar of binary workbooks (XLS, XLSB), which their reader does not tell: a bare number may be a day of it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from struct import unpack_from
from zipfile import ZipFile

from olefile import OleFileIO

from cityloop.channels.tables.xlsx.parts import FIRST_DAYS, Damaged

XLS_CALENDAR, XLS_END = 0x22, 0x0A  # DATEMODE, EOF of [MS-XLS]
XLSB_PROPERTIES = 0x99  # BrtWbProp of [MS-XLSB]


def first_day_of_xls(path: Path) -> datetime:
    """Return day 0 of the calendar of an XLS."""
    with OleFileIO(path) as container:
        name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        if name is None:
            raise Damaged("it has no workbook")
        records, place = container.openstream(name).read(), 0
    while place + 4 <= len(records):
        kind, length = unpack_from("<HH", records, place)
        if kind == XLS_CALENDAR:
            return FIRST_DAYS[unpack_from("<H", records, place + 4)[0] == 1]
        if kind == XLS_END:
            break
        place += 4 + length
    return FIRST_DAYS[False]


def first_day_of_xlsb(archive: ZipFile) -> datetime:
    """Return day 0 of the calendar of an XLSB."""
    part = next((name for name in archive.namelist() if name.lower().endswith("workbook.bin")), None)
    records = iter(archive.read(part)) if part else iter(())
    while (kind := _number(records, 2)) is not None:
        content = bytes(islice(records, _number(records, 4) or 0))
        if kind == XLSB_PROPERTIES:
            return FIRST_DAYS[bool(content[0] & 1)]
    return FIRST_DAYS[False]


def _number(records: Iterator[int], most: int) -> int | None:
    """Return a number of 7 bits in each of at most so many bytes."""
    number = None
    for place in range(most):
        byte = next(records, None)
        if byte is None:
            break
        number = (number or 0) | (byte & 0x7F) << 7 * place
        if byte < 0x80:
            break
    return number
