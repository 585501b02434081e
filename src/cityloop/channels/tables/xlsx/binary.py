"""The calendar of binary workbooks (XLS, XLSB), which their reader does not tell: a bare number may be a day of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from struct import unpack, unpack_from
from zipfile import ZipFile

from cityloop.channels.tables.xlsx.parts import FIRST_DAYS, Damaged

NOTHING = 0xFFFFFFFA  # from here on, a number is not that of a sector
DIRECTORY = 128  # bytes of an entry
XLS_CALENDAR, XLS_END = 0x22, 0x0A  # DATEMODE, EOF of [MS-XLS]
XLSB_PROPERTIES = 0x99  # BrtWbProp of [MS-XLSB]


def first_day_of_xls(content: bytes) -> datetime:
    """Return day 0 of the calendar of an XLS."""
    records, place = _workbook(content), 0
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


def _workbook(content: bytes) -> bytes:
    """Return the stream of the workbook in a compound file; all programs make it too long for the small streams."""
    size = 1 << unpack_from("<H", content, 30)[0]
    sectors = [content[at : at + size] for at in range(size, len(content), size)]
    following, table_parts = unpack_from("<I", content, 68)[0], list(unpack_from("<109I", content, 76))
    while following < NOTHING:
        *more, following = _numbers(sectors[following])
        table_parts += more
    table = [number for part in table_parts if part < NOTHING for number in _numbers(sectors[part])]
    directory = _chain(unpack_from("<I", content, 48)[0], table, sectors)
    for entry in (directory[at : at + DIRECTORY] for at in range(0, len(directory), DIRECTORY)):
        length = unpack_from("<H", entry, 64)[0]
        if entry[: max(length - 2, 0)].decode("utf-16-le").lower() in ("workbook", "book"):
            return _chain(unpack_from("<I", entry, 116)[0], table, sectors)
    raise Damaged("it has no workbook")


def _numbers(sector: bytes) -> tuple[int, ...]:
    return unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])


def _chain(start: int, table: Sequence[int], sectors: Sequence[bytes]) -> bytes:
    """Return the sectors from `start`, each followed by the one that the table names."""
    found: list[bytes] = []
    while start < NOTHING:
        found.append(sectors[start])
        if len(found) > len(sectors):
            raise Damaged("its sectors go round in a circle")
        start = table[start]
    return b"".join(found)
