"""What the columns of a foreign table mean: a file of YAML, read and checked, and applied to a row.

Whether the content makes a report is decided by intake, as for every other channel.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from cityloop.channels.rows import Row, Sheet, Wanted
from cityloop.core.errors import Fault, Invalid
from cityloop.registry.yaml_files import Strict, faults_at, read_yaml

# An id of 17 digits that a spreadsheet has taken for a number: the digits left out cannot be brought back.
SHORTENED = re.compile(r"\d(\.\d+)?[eE]\+\d{2,3}")
WHOLE = 2**53  # floats hold every whole number up to here
FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # day 0 of a spreadsheet's calendar (1900 system)
SERIALS = (20_000, 80_000)  # days of the years 1954 to 2119; 20261101 is a date written without signs
# As people write moments: 2026/11/1 8:05, 2026.11.1, 2026年11月1日 8时5分
MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*(?:(\d{1,2})[:时点](?:(\d{1,2})分?(?::?(\d{1,2})秒?)?)?)?"
)
DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
SIGNS = DIGITS | str.maketrans("．：－／，　", ".:-/, ")
NARROWED = {"external_id": DIGITS, "category": DIGITS, "reporter_phone": SIGNS, "lon": SIGNS, "lat": SIGNS}
REPORTER = {"reporter_name": "name", "reporter_phone": "phone"}

Content = dict[str, Any]
Reading = Callable[[Sequence[Any]], Any]


class Source(Strict):
    """Where a field comes from: a column, several joined by a blank, or the same words in every row."""

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    words: dict[str, str] = Field(default_factory=dict)  # the table's word → ours; others stay as they are

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if [self.column is not None, bool(self.columns), self.constant is not None].count(True) != 1:
            raise ValueError("give one of: column, columns, constant")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return (self.column,) if self.column is not None else self.columns


class MomentSource(Source):
    """Where a moment comes from; without formats it is written as ISO 8601 does, 2026-11-21 15:00:00."""

    format: str | tuple[str, ...] = ()

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format


class Fields(Strict):
    """The fields of a report, as POST /api/v1/reports names them."""

    external_id: Source
    text: Source
    lon: Source | None = None
    lat: Source | None = None
    crs: Source | None = None
    category: Source | None = None
    address: Source | None = None
    reported_at: MomentSource | None = None
    reporter_name: Source | None = None
    reporter_phone: Source | None = None

    def sources(self) -> dict[str, Source]:
        return {name: source for name in type(self).model_fields if (source := getattr(self, name)) is not None}


class MappingText(Strict):
    channel: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")
    sheet: str | None = None  # of a workbook; left out, the first that is not empty
    heading: Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], ...] = ()  # lines; left out, found
    fields: Fields


def wanted(path: Path) -> Wanted:
    """Return what a mapping says about where its table is; raise Invalid for what is wrong in it."""
    text = read_yaml(path, MappingText)
    names = {name for source in text.fields.sources().values() for name in source.names}
    return Wanted(frozenset(names), text.sheet, (text.heading,) if isinstance(text.heading, int) else text.heading)


@dataclass(frozen=True)
class ReportMapping:
    """A mapping that fits a table: turns its rows into what intake reads."""

    channel: str
    readings: Mapping[str, Reading]
    columns: Mapping[str, str]  # by field, as a person finds them in the table

    @classmethod
    def read(cls, path: Path, sheet: Sheet, is_class: Callable[[str], bool]) -> Self:
        """Return the mapping in a file; raise Invalid for what is wrong in it or does not fit the table."""
        text = read_yaml(path, MappingText)
        sources = text.fields.sources()
        if faults := _unfit(sources, sheet, is_class):
            raise Invalid(faults_at(path, faults))
        return cls(
            channel=text.channel,
            readings={name: _reading(name, source, sheet.columns) for name, source in sources.items()},
            columns={name: " + ".join(source.names) for name, source in sources.items() if source.names},
        )

    def content(self, row: Row) -> Content:
        """Return what a row says, by field; raise Invalid for a row that cannot be taken apart."""
        if row.fault:
            raise Invalid([Fault("row", row.fault)])
        said: Content = {name: reading(row.cells) for name, reading in self.readings.items()}
        reporter = {ours: said.pop(name) for name, ours in REPORTER.items() if name in said}
        return {"channel": self.channel, **said, "reporter": reporter}

    def name(self, field: str) -> str:
        """Return a field with the column it comes from: `lon (long)`."""
        column = self.columns.get(field.replace(".", "_"))
        return f"{field} ({column})" if column else field


def _unfit(
    sources: Mapping[str, Source], sheet: Sheet, is_class: Callable[[str], bool]
) -> list[tuple[tuple[str, ...], str]]:
    faults: list[tuple[tuple[str, ...], str]] = []
    for field, source in sources.items():
        where = ("fields", field, "column" if source.column is not None else "columns")
        for name in source.names:
            if (times := sheet.columns.count(name)) != 1:
                problem = f"there is no column {name!r}" if not times else f"there are {times} columns {name!r}"
                faults.append((where, f"{problem} in the file; it has: {', '.join(sheet.columns)}"))
    for word, code in (sources["category"].words if "category" in sources else {}).items():
        if not is_class(code):
            faults.append((("fields", "category", "words", word), f"the catalogue has no class {code}"))
    return faults


def _reading(field: str, source: Source, columns: Sequence[str]) -> Reading:
    places = [columns.index(name) for name in source.names]
    if source.constant is not None:
        constant = source.constant
        return lambda cells: constant
    if isinstance(source, MomentSource):
        formats = source.formats
        return lambda cells: _moment(_joined(cells, places), formats)
    if field in ("lon", "lat") and not source.words:
        return lambda cells: _narrow(_joined(cells, places))
    words, narrow, check = source.words, NARROWED.get(field, {}), _whole_id if field == "external_id" else _same
    return lambda cells: check(words.get(said := _words(_joined(cells, places)), said.translate(narrow)))


def _joined(cells: Sequence[Any], places: Sequence[int]) -> Any:
    """Return the cell, or several as words with a blank between them; None for what pandas writes for nothing."""
    if len(places) > 1:
        return " ".join(said for place in places if (said := _words(cells[place])))
    value = cells[places[0]]
    return None if isinstance(value, float) and math.isnan(value) else value


def _words(value: Any) -> str:
    """Return a cell as words: an id kept as 12.0 by a table that knows only floats is 12."""
    if isinstance(value, str):
        return value.strip()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    return str(value)


def _moment(value: Any, formats: Sequence[str]) -> Any:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    words = _words(value).translate(SIGNS)
    for layout in formats if words else ():
        try:
            return datetime.strptime(words, layout)  # noqa: DTZ007  # intake puts it into the city's zone
        except ValueError:
            continue
    if isinstance(value, int | float) and SERIALS[0] <= value <= SERIALS[1]:
        return FIRST_DAY + timedelta(seconds=round(value * 86_400))
    if words and formats:
        raise Invalid([Fault("reported_at", f"is not written as {' or '.join(formats)}")])
    return _spelled(words)


def _spelled(words: str) -> datetime | str:
    """Return a moment as people write it; what is not one of those spellings stays for intake to read."""
    parts = MOMENT.fullmatch(words)
    try:
        return datetime(*(int(part or 0) for part in parts.groups())) if parts else words  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return words


def _narrow(value: Any) -> Any:
    return value.translate(SIGNS) if isinstance(value, str) else value


def _whole_id(words: str) -> str:
    if SHORTENED.fullmatch(words):
        raise Invalid([Fault("external_id", "was shortened by a spreadsheet; take the file from where it was made")])
    return words


def _same(words: str) -> str:
    return words
