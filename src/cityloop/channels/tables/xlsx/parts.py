"""The parts of an XLSX around its cells: its sheets, its number formats that are dates, its shared texts.

Parts are XML in an archive and are read as a stream. tables/xlsx/cells.py reads the cells.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from xml.parsers import expat
from zipfile import ZipFile

PIECE = 1 << 16  # bytes
UNPACKED = 8 << 30  # bytes of one part: a full sheet of 50 columns has three
SMALL, TIMES = 64 << 20, 300  # a part may unpack to so many bytes, or to so many times its size: tables reach a hundred
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # characters that XML cannot contain, such as _x000D_
DAY, MOMENT, HOUR, SPAN = "day", "moment", "hour", "span"  # what a number with a date format is
BUILT_IN = (
    dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), DAY)
    | dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), HOUR)
    | {22: MOMENT, 46: SPAN}
)
UNMEANT = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|am/pm|a/p|(?<=s)\.0+')
FIRST_DAYS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001  # day 0 of a calendar

Attributes = dict[str, str]


class Damaged(Exception):
    """The file is not a workbook that can be read; the argument is the reason."""


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet: its name, its part of the archive, and whether it is visible."""

    name: str
    path: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What the cells of a workbook need: its sheets, the part of its texts, its date formats, day 0 of its calendar."""

    sheets: tuple[SheetPart, ...]
    texts: str | None
    kinds: tuple[str | None, ...]  # by style of a cell
    first_day: datetime


def contents(archive: ZipFile) -> Contents:
    """Return the contents of a workbook; raise Damaged where it is not one."""
    book = next((to for kind, _, to in _related(archive, "") if kind == "officeDocument"), "xl/workbook.xml")
    related = {key: (kind, to) for kind, key, to in _related(archive, book)}
    parts = dict(related.values())
    sheets, old = [], False
    for around, name, attributes in elements(archive, book):
        kind, path = related.get(attributes.get("id", ""), ("", ""))
        if name == "sheet" and kind == "worksheet":
            is_shown = attributes.get("state", "visible") == "visible"
            sheets.append(SheetPart(attributes.get("name", ""), path, is_shown))
        # A newer element of the same name, within an extension, says nothing of the calendar.
        if name == "workbookPr" and around == "workbook":
            old = attributes.get("date1904", "0") in ("1", "true", "on")
    kinds = tuple(_kinds(archive, parts["styles"])) if "styles" in parts else ()
    return Contents(tuple(sheets), parts.get("sharedStrings"), kinds, FIRST_DAYS[old])


def opened(archive: ZipFile, path: str) -> IO[bytes]:
    """Return an open part of an archive; raise Damaged where it is missing or unpacks to too much."""
    names = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
    if (name := names.get(path.lower())) is None:
        raise Damaged(f"its part {path} is missing")
    part = archive.getinfo(name)
    if part.file_size > UNPACKED:
        raise Damaged(f"its part {path} unpacks to more than {UNPACKED >> 30} GiB")
    if part.file_size > max(SMALL, TIMES * part.compress_size):
        raise Damaged(f"its part {path} unpacks to {part.file_size // (part.compress_size or 1)} times its size")
    return archive.open(name)


def parser() -> Any:
    """Return a parser of XML that refuses document types: a workbook has none, an attack has."""
    reader = expat.ParserCreate()
    reader.buffer_text = True
    reader.StartDoctypeDeclHandler = _refuse
    return reader


def fed(reader: Any, file: IO[bytes], ready: list[Any], is_done: Callable[[], bool] = lambda: False) -> Iterator[Any]:
    """Feed a file to a parser whose handlers append their results to `ready`, and yield those piece by piece."""
    while not is_done():
        piece = file.read(PIECE)
        reader.Parse(piece, not piece)
        yield from ready
        ready.clear()
        if not piece:
            return


def elements(archive: ZipFile, path: str) -> Iterator[tuple[str, str, Attributes]]:
    """Yield every element of a part as (name of its parent, name, attributes), names without their prefixes."""
    ready: list[tuple[str, str, Attributes]] = []
    around = [""]
    reader = parser()

    def start(name: str, attributes: Attributes) -> None:
        ready.append((around[-1], plain(name), {plain(key): value for key, value in attributes.items()}))
        around.append(plain(name))

    reader.StartElementHandler = start
    reader.EndElementHandler = lambda name: around.pop()
    with opened(archive, path) as file:
        yield from fed(reader, file, ready)


def texts(archive: ZipFile, path: str) -> Iterator[str]:
    """Yield the texts that cells share, without their phonetic runs."""
    ready: list[str] = []
    pieces: list[str] = []
    inside: set[str] = set()
    reader = parser()

    def end(name: str) -> None:
        inside.discard(plain(name))
        if plain(name) == "si":
            ready.append(unescaped("".join(pieces)))
            pieces.clear()

    reader.StartElementHandler = lambda name, _: inside.add(plain(name))
    reader.EndElementHandler = end
    reader.CharacterDataHandler = lambda text: pieces.append(text) if "t" in inside and "rPh" not in inside else None
    with opened(archive, path) as file:
        yield from fed(reader, file, ready)


def unescaped(text: str) -> str:
    """Return a text with its escaped characters, which XML cannot contain."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).replace("\0", "") if "_x" in text else text


def plain(name: str) -> str:
    """Return the name of an element without its prefix."""
    return name.rpartition(":")[2] if ":" in name else name


def kind_of(code: str) -> str | None:
    """Return what a number with a custom format is: a day, a moment, an hour, a span, or None for a plain number."""
    pattern = UNMEANT.sub("", code.lower().partition(";")[0])
    if "general" in pattern:
        return None
    if "[" in pattern:
        return SPAN
    has_day = bool(re.search(r"[yd]|aaa|mmm", pattern) or re.fullmatch(r"[^hs0#]*m[^hs0#]*", pattern))
    has_hour = bool(re.search(r"[hs]", pattern))
    return {(True, True): MOMENT, (True, False): DAY, (False, True): HOUR}.get((has_day, has_hour))


def _kinds(archive: ZipFile, path: str) -> Iterator[str | None]:
    own: dict[int, str | None] = {}
    for around, name, attributes in elements(archive, path):
        if name == "numFmt" and around == "numFmts":
            own[int(attributes["numFmtId"])] = kind_of(attributes.get("formatCode", ""))
        if name == "xf" and around == "cellXfs":
            number = int(attributes.get("numFmtId", 0))
            yield own[number] if number in own else BUILT_IN.get(number)


def _related(archive: ZipFile, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, key, part) of the relationships of a part of the archive."""
    folder, name = posixpath.split(path)
    for _, kind, attributes in elements(archive, posixpath.join(folder, "_rels", f"{name}.rels")):
        if kind == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"].replace("\\", "/")))
            yield attributes["Type"].rpartition("/")[2], attributes["Id"], target.lstrip("/")


def _refuse(*_: object) -> None:
    raise Damaged("its XML has a document type, which no spreadsheet program writes")
